"""Topics of two models, side by side: how alike their words are, and where the words of each went."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from murmuration.topics.mixture import Floats, count_again
from murmuration.topics.model import TopicModel
from murmuration.topics.words import Counts

# Of what marks a topic, said as often by others: less, and they do not know it. Of planted topics that are born or die .18
# at most is known, of those that triple .44 and more (decision 0012).
PRESENT = 0.3


@dataclass(frozen=True, eq=False)
class Profiles:
    """The words of the topics of one model, over words that another one knows as well.

    Attributes
    ----------
    counts
        How often topics have words, shape (n_topics, n_words).
    marks
        How much each word marks a topic, shape (n_topics, n_words); rows add up to 1.
    rates
        How often words are said for each thousand words, shape (n_words,).
    """

    counts: Counts
    marks: Counts
    rates: Floats

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """Take the counts of words in topics."""
        said = np.asarray(counts.sum(axis=0)).ravel()
        return cls(counts, _mark(counts, said), 1_000 * said / max(said.sum(), 1))


def make_profiles(
    one: TopicModel, other: TopicModel, *, said: bool = False
) -> tuple[Profiles, Profiles]:
    """Give the words of the topics of two models over all words that either knows.

    With `said`, as their own posts say them, where both know that: a topic that goes on is learned from what it said before
    as well, and would seem to say it still.
    """
    words = pd.Index(sorted({*one.vocabulary.words, *other.vocabulary.words}))
    said = said and one.known is not None and other.known is not None
    return _make_profiles(one, words, said), _make_profiles(other, words, said)


def _make_profiles(model: TopicModel, words: "pd.Index[Any]", said: bool) -> Profiles:
    names = model.vocabulary.words
    if said and model.known is not None:
        rows = model.known.texts_of(model.topics["id"].to_numpy(np.int64))
        return Profiles.of(widen(rows[:-1, : len(names)].tocoo(), names, words))
    return Profiles.of(widen(count_again(model.mixture), names, words))


def widen(counts: sparse.coo_matrix, words: list[str], into: "pd.Index[Any]") -> Counts:
    """Give counts of words over others, in the order of `into`."""
    columns = into.get_indexer(pd.Index(words, dtype=into.dtype))[counts.col]
    there = columns >= 0
    places = (counts.row[there], columns[there])
    return sparse.coo_matrix((counts.data[there], places), (counts.shape[0], len(into))).tocsr()


def _mark(counts: Counts, said: Floats) -> Counts:
    """Weigh words by their share of the topic, how much more frequent they are in it, and how much of them it has."""
    marks = counts.copy()
    marks.data = marks.data / np.repeat(np.maximum(_sums(counts), 1e-12), np.diff(counts.indptr))
    if counts.shape[0] > 1:
        everywhere = said / max(said.sum(), 1e-12)
        marks.data *= np.log(np.maximum(marks.data / everywhere[marks.indices], 1))
        marks.data *= counts.data / said[marks.indices]
    marks.eliminate_zeros()
    marks.data /= np.repeat(np.maximum(_sums(marks), 1e-12), np.diff(marks.indptr))
    return marks


def _sums(counts: Counts) -> Floats:
    sums: Floats = np.asarray(counts.sum(axis=1)).ravel()
    return sums


def compare_profiles(previous: Profiles, current: Profiles) -> Floats:
    """Give how alike the words of topics are, 0 to 1: cosine, shape (n_previous, n_current)."""
    one, other = (_unit(one.marks) for one in (previous, current))
    alike: Floats = np.clip((one @ other.T).toarray(), 0, 1)
    return alike


def compare_words(counts: Counts) -> Floats:
    """Give how alike all words of topics of one model are, 0 to 1: cosine, shape (n_topics, n_topics)."""
    rows = _unit(counts)
    alike: Floats = np.clip((rows @ rows.T).toarray(), 0, 1)
    return alike


def _unit(rows: Counts) -> Counts:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(lengths, 1e-12)) @ rows)


def follow_words(marks: Profiles, where: Profiles) -> Floats:
    """Give which share of the words that mark a topic the topics of the other model have, shape (n_topics, n_others)."""
    said = np.asarray(where.counts.sum(axis=0)).ravel()
    owned = where.counts @ sparse.diags(1 / np.maximum(said, 1e-12))
    shares: Floats = (marks.marks @ owned.T).toarray()
    return shares


def measure_presence(marks: Profiles, where: Profiles) -> npt.NDArray[np.float64]:
    """Give which share of what marks a topic the other model's posts say as often, 0 to 1, shape (n_topics,).

    Of a topic that nothing marks, all.
    """
    kept = np.minimum(1, where.rates / np.maximum(marks.rates, 1e-12))
    present: Floats = marks.marks @ kept
    present[np.diff(marks.marks.indptr) == 0] = 1
    return present
