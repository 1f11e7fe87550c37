"""Texts → stories: groups of texts by words that were hardly said before.

A quick grouping of all texts has room for what is as large as the topics; a story of some dozen texts is cut up, or lost in
one of them. So words that are fresh are looked for first, and only the texts that say them are grouped, by these words only.
"""

import numpy as np
import numpy.typing as npt

from murmuration.topics.cluster import MakeEstimator, group_once
from murmuration.topics.embed import decompose
from murmuration.topics.mixture import (
    Labels,
    count_members,
    join_while_better,
    learn_mixture,
)
from murmuration.topics.profiles import PRESENT, compare_words
from murmuration.topics.words import Counts, find_rarity, weigh_terms

_FEWEST = 5  # texts that say a fresh word
_TOGETHER = 2  # fresh words in a text that a story is made of
_TEXTS_EACH, _MOST_GROUPS = 5, 60  # groups that stories are put together from
_SAME = 0.3  # likeness of the fresh words of two groups that are one story
_SURE = 0.5  # of a text with one fresh word


def find_fresh_words(counts: Counts, before: Counts) -> Labels:
    """Give the words that were said far less often before, of those that some texts say now.

    Parameters
    ----------
    counts
        Of words in texts, shape (n_texts, n_words).
    before
        Of the same words in topics before, shape (n_topics, n_words).
    """
    said, was = (np.asarray(one.sum(axis=0)).ravel() for one in (counts, before))
    texts = np.bincount(counts.indices, minlength=counts.shape[1])
    # One more than there was: of a word that was to be expected twice, to be missing tells nothing.
    rates = said / max(said.sum(), 1), (was + 1) / max(was.sum(), 1)
    return np.flatnonzero((texts >= _FEWEST) & (rates[1] < PRESENT * rates[0]))


def find_stories(counts: Counts, before: Counts, *, seed: int, make: MakeEstimator) -> Labels:
    """Group the texts that say fresh words.

    Parameters
    ----------
    counts, before
        See `find_fresh_words`.
    seed
        Of the search.
    make
        Makes estimators, as `murmuration.compute.make_estimator` does.

    Returns
    -------
    numpy.ndarray
        Labels from 0, shape (n_texts,); −1 for texts that tell no story.
    """
    labels = np.full(counts.shape[0], -1)
    fresh = counts[:, find_fresh_words(counts, before)].tocsr()
    n_words = np.diff(fresh.indptr)
    telling = np.flatnonzero(n_words >= _TOGETHER)
    if len(telling) < _FEWEST:
        return labels
    groups = _group(fresh[telling], seed=seed, make=make)
    labels[telling] = groups
    single = np.flatnonzero((n_words > 0) & (n_words < _TOGETHER))
    labels[single] = _join_singles(fresh[single], fresh[telling], groups)
    return labels


def _group(fresh: Counts, *, seed: int, make: MakeEstimator) -> Labels:
    places, _ = decompose(weigh_terms(fresh, find_rarity(fresh)), seed=seed, make=make)
    n_groups = min(_MOST_GROUPS, fresh.shape[0] // _TEXTS_EACH)
    groups = group_once(places, fresh, n_groups=n_groups, seed=seed, make=make)
    groups = join_while_better(fresh, groups)
    while True:
        alike = compare_words(count_members(fresh, groups, int(groups.max()) + 1))
        np.fill_diagonal(alike, 0)
        one, other = sorted(divmod(int(alike.argmax()), len(alike)))
        if alike[one, other] < _SAME:
            return groups
        groups = np.where(groups == other, one, groups) - (groups > other)


def _join_singles(singles: Counts, telling: Counts, groups: Labels) -> npt.NDArray[np.int64]:
    """Give the story of texts with one fresh word where that is a word of one story."""
    chances = [
        np.where(part.max(axis=1) >= _SURE, part.argmax(axis=1), -1)
        for part in learn_mixture(telling, groups).chances(singles)
    ]
    return np.concatenate([*chances, np.zeros(0, np.int64)])
