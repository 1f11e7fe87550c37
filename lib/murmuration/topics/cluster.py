"""Vectors and word counts of texts → groups."""

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from murmuration.topics.mixture import Labels, Singles, evidence, foretell, join, refine, unit_rows
from murmuration.topics.words import Counts, find_rarity, weigh_terms

log = logging.getLogger(__name__)

MakeEstimator = Callable[..., Any]

# Starts: how many groups for each that is wanted, and how many times. Large topics among small ones are cut
# into pieces by k-means; they come out whole if there are more groups to join.
_STARTS = ((1.0, 5), (1.5, 2), (3.0, 2), (5.0, 2))
_INITS, _FEW_GROUPS = 5, 60  # k-means of few groups is quick, and better begun some times over
_MANY_GROUPS, _MOST_GROUPS = (
    200,
    500,
)  # one start of each kind from the first on, none from the second on
# Of the evidence: what starts with joining have to be better by than those without, as that costs clarity.
_BETTER = 0.005
# Components for each topic that is wanted: those after add more noise than topics.
_COMPONENTS_PER_TOPIC, _LEAST_COMPONENTS = 2.5, 50
_LEAST_PARTED = 10  # texts
# Tried where the number is not told.
_NUMBERS = (2, 3, 5, 7, 10, 14, 20, 28, 40, 56, 80, 113, 160, 226, 320)
_FITTED, _FORETOLD_BETTER, _MORE_THAN_ONE = 0.8, 0.001, 0.01


def group_texts(
    places: Singles,
    counts: Counts,
    own: Singles | None = None,
    *,
    n_topics: int | None,
    least: float,
    seed: int,
    make: MakeEstimator,
) -> Labels:
    """Group texts.

    Parameters
    ----------
    places
        Vectors of length 1 that were made of the words, the first dimensions saying most, shape (n_texts, n_dimensions).
    counts
        Of words, shape (n_texts, n_words); every text has one.
    own
        Vectors of length 1 of a network, if there is one, shape (n_texts, n_own). What they say and what the words say
        are different halves of what a text says: groups begin with both side by side (decision 0023).
    n_topics
        How many groups; None lets the evidence decide.
    least
        Texts of the smallest group where the number is not told.
    seed
        Of the starts.
    make
        Makes estimators, as `murmuration.compute.make_estimator` does.

    Returns
    -------
    numpy.ndarray
        Labels from 0, shape (n_texts,).
    """
    if n_topics is None:
        n_topics = choose_number(places, counts, own, least=least, seed=seed, make=make)
    if n_topics == 1:
        return np.zeros(len(places), np.int64)
    leading = _leading(places, own, n_topics)
    best, best_worth, best_factor = np.zeros(0, np.int64), -np.inf, 0.0
    for factor, number in _STARTS:
        n_groups = round(n_topics * factor)
        if factor > 1 and n_groups > min(_MOST_GROUPS, len(places)):
            continue
        for turn in range(number if n_groups < _MANY_GROUPS else 1):
            labels = _try(leading, counts, own, n_topics, factor, seed + turn, make)
            worth = evidence(counts, labels)
            margin = _BETTER * abs(best_worth) if factor > best_factor == 1 else 0
            if worth > best_worth + margin:
                best, best_worth, best_factor = labels, worth, factor
                log.info("%d topics from %d: evidence %.3f", n_topics, n_groups, worth)
    return best


def group_once(
    places: Singles,
    counts: Counts,
    own: Singles | None = None,
    *,
    n_groups: int,
    seed: int,
    make: MakeEstimator,
) -> Labels:
    """Group texts as `group_texts` does, from one start and without joining."""
    if n_groups < 2:
        return np.zeros(len(places), np.int64)
    return _try(_leading(places, own, n_groups), counts, own, n_groups, 1.0, seed, make)


def part_in_two(
    counts: Counts, places: Singles, *, seed: int, make: MakeEstimator
) -> tuple[float, Labels]:
    """Part texts in two.

    Returns
    -------
    gain, halves
        What the evidence of the words gains by it, per text; and 0 or 1 for each text. No halves where there are too few.
    """
    if len(places) < _LEAST_PARTED:
        return -np.inf, np.zeros(0, np.int64)
    means = make("KMeans", n_clusters=2, n_init=3, max_iter=50, random_state=seed)
    halves = _group_by(means, places[:, :_LEAST_COMPONENTS])
    if len(np.unique(halves)) < 2:
        return -np.inf, np.zeros(0, np.int64)
    halves = refine(counts, halves)
    return evidence(counts, halves) - evidence(counts, np.zeros_like(halves)), halves


def _leading(places: Singles, own: Singles | None, n_topics: int) -> Singles:
    """Give vectors that groups begin with; squared distances of both kinds add up."""
    most = max(_LEAST_COMPONENTS, round(_COMPONENTS_PER_TOPIC * n_topics))
    leading = unit_rows(places[:, :most])
    return leading if own is None else np.hstack([leading, own])


def _try(
    leading: Singles,
    counts: Counts,
    own: Singles | None,
    n_topics: int,
    factor: float,
    seed: int,
    make: MakeEstimator,
) -> Labels:
    n_groups = min(round(n_topics * factor), len(leading))
    n_init = _INITS if n_groups <= _FEW_GROUPS else 1
    means = make("KMeans", n_clusters=n_groups, n_init=n_init, max_iter=50, random_state=seed)
    labels = refine(counts, _fill(_group_by(means, leading), n_groups), own)
    if n_groups > n_topics:
        labels = refine(counts, join(counts, labels, n_topics), own)
    return labels


def _group_by(means: Any, vectors: Singles) -> Labels:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # That there are fewer places than groups is seen by their labels.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels: Labels = np.asarray(means.fit(vectors).labels_).astype(np.int64)
    return labels


def _fill(labels: npt.NDArray[Any], n_groups: int) -> Labels:
    """Give every group a text: k-means leaves some empty where vectors are equal."""
    filled = labels.astype(np.int64)
    for group in np.setdiff1d(np.arange(n_groups), filled):
        largest = np.bincount(filled).argmax()
        members = np.flatnonzero(filled == largest)
        filled[members[-max(1, len(members) // 2) :]] = group
    return filled


def factorise(counts: Counts, *, method: str, n_topics: int, seed: int) -> Labels:
    """Group texts by the topic that weighs most in them: ``nmf`` of TF-IDF, or ``lda`` of counts."""
    if n_topics == 1:
        return np.zeros(counts.shape[0], np.int64)
    # Imported here: every run loads models of topics, and few of them fit these.
    from sklearn.decomposition import NMF, LatentDirichletAllocation

    if method == "nmf":
        model = NMF(n_topics, init="nndsvda", random_state=seed, max_iter=400, tol=1e-3)
        weights = model.fit_transform(weigh_terms(counts, find_rarity(counts)))
    else:
        model = LatentDirichletAllocation(
            n_topics, random_state=seed, learning_method="online", max_iter=20
        )
        weights = model.fit_transform(counts)
    return _fill(weights.argmax(axis=1), n_topics)


def choose_number(
    places: Singles,
    counts: Counts,
    own: Singles | None = None,
    *,
    least: float,
    seed: int,
    make: MakeEstimator,
) -> int:
    """Choose how many topics there are: the number that best foretells the words of texts not looked at.

    Numbers up to one topic for each `least` texts are tried. A larger one has to be better by more than chance. There
    is one topic where two are best of those and hardly better than one.
    """
    most = min(_NUMBERS[-1], int(len(places) / least))
    if most < 2:
        return 1
    fit = np.random.default_rng(seed).random(len(places)) < _FITTED
    some = None if own is None else own[fit]
    worth = {1: foretell(counts[fit], np.zeros(fit.sum(), np.int64), counts[~fit])}
    best = 2
    for number in (one for one in _NUMBERS if one <= most):
        leading = _leading(places[fit], some, number)
        labels = _try(leading, counts[fit], some, number, 1.0, seed, make)
        worth[number] = foretell(counts[fit], labels, counts[~fit])
        log.info("%d topics foretell words by %.3f", number, worth[number])
        if worth[number] > worth[best] + _FORETOLD_BETTER * abs(worth[best]):
            best = number
    alone = worth[1] + _MORE_THAN_ONE * abs(worth[1])
    return 1 if best == 2 and worth[2] < alone else best
