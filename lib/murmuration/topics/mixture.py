"""Groups of texts as a mixture of multinomials: each topic is a distribution over words, each text has one topic.

Vectors say well which texts belong together at the heart of a topic, and badly at its edge: k-means on short
texts ends with one large group of whatever has no clear place. So its groups are only the start: word
distributions are learned from them (Nigam et al. 2000, doi:10.1023/A:1007692713085) and every text joins the topic that
explains its words best, a few rounds over. Starts with more groups than wanted are joined by what costs least evidence
(Yin & Wang 2014, doi:10.1145/2623330.2623715, for the model; Slonim & Tishby 1999 for joining). The evidence
of the words decides between starts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import gammaln, logsumexp

from murmuration.topics.words import Counts

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

# Usual smoothing of Dirichlet multinomial mixtures (Yin & Wang 2014).
WORD_PRIOR, TOPIC_PRIOR = 0.1, 0.1
# More rounds move texts at the edge to the largest topics.
ROUNDS = 5

_WORDS_OF_ALL = 200  # words of an average text that each topic is taken to have had before
_CHUNK = 4_096  # texts at once


@dataclass(frozen=True, eq=False)
class Mixture:
    """Word distributions of topics.

    Attributes
    ----------
    log_words
        Logarithm of the probability of each word in each topic, shape (n_words, n_topics).
    log_sizes
        Logarithm of how many texts each topic has, shape (n_topics,).
    centroids
        Directions of the topics where vectors of texts count beside their words, shape (n_topics, n_dimensions).
    pull
        How much they count; 0 where the vectors were made of the same words.
    """

    log_words: Floats
    log_sizes: Floats
    centroids: Singles | None = None
    pull: float = 0.0

    def take(self, rows: Labels) -> "Mixture":
        """Give some topics, in that order."""
        centroids = None if self.centroids is None else self.centroids[rows]
        return replace(
            self,
            log_words=self.log_words[:, rows],
            log_sizes=self.log_sizes[rows],
            centroids=centroids,
        )

    def score(
        self, counts: Counts, vectors: Singles | None = None, *, quick: bool = False
    ) -> Floats:
        """Give the logarithm of how probable texts are in each topic, shape (n_texts, n_topics)."""
        scores: Floats = counts @ self.log_words + self.log_sizes
        if self.centroids is not None and vectors is not None:
            if quick:
                likeness = vectors @ self.centroids.T
            else:  # products of matrices round differently from one shape to the next; this sum does not
                likeness = np.einsum("ij,kj->ik", vectors, self.centroids, optimize=False)
            scores += self.pull * likeness
        return scores

    def chances(
        self, counts: Counts, vectors: Singles | None = None, *, quick: bool = False
    ) -> Iterator[Floats]:
        """Give how probable each topic is for texts, chunk by chunk; rows of shape (n_topics,) add up to 1.

        Those of one text never depend on the others, unless it has to be `quick`.
        """
        for at in range(0, counts.shape[0], _CHUNK):
            own = None if vectors is None else vectors[at : at + _CHUNK]
            scores = self.score(counts[at : at + _CHUNK], own, quick=quick)
            scores -= scores.max(axis=1, keepdims=True)
            np.exp(scores, out=scores)
            scores /= scores.sum(axis=1, keepdims=True)
            yield scores


def learn_words(sums: Floats, sizes: Floats) -> Mixture:
    """Give word distributions from the counts of words in topics, shape (n_words, n_topics), and their sizes."""
    totals = sums.sum(axis=0) + WORD_PRIOR * len(sums)
    return Mixture(np.log(sums + WORD_PRIOR) - np.log(totals), np.log(sizes + TOPIC_PRIOR))


def count_again(mixture: Mixture) -> sparse.coo_matrix:
    """Give the counts that word distributions were learned from, shape (n_topics, n_words).

    A word that a topic does not have is as probable in it as the smoothing says, so all others can be told from it.
    Where a topic has every word they are too low by a factor.
    """
    if not mixture.log_words.size:
        return sparse.coo_matrix(mixture.log_words.T.shape)
    rates = np.exp(mixture.log_words - mixture.log_words.min(axis=0, keepdims=True))
    counts: sparse.coo_matrix = sparse.coo_matrix(np.rint((rates.T - 1) * WORD_PRIOR))
    return counts


def learn_mixture(counts: Counts, labels: Labels, vectors: Singles | None = None) -> Mixture:
    """Give the word distributions, and the centroids if there are vectors, of labelled texts; −1 is left out."""
    there = labels >= 0
    n_topics = int(labels.max(initial=-1)) + 1
    members = _members(labels[there], n_topics)
    sizes = np.bincount(labels[there], minlength=n_topics).astype(np.float64)
    mixture = learn_words((counts[there].T @ members).toarray(), sizes)
    return (
        mixture
        if vectors is None
        else with_pull(mixture, counts, vectors, members.T @ vectors[there])
    )


def find_centroids(vectors: Singles, labels: Labels, n_topics: int | None = None) -> Singles:
    """Give the direction of each topic, of length 1, shape (n_topics, n_dimensions); 0 for one without texts."""
    there = labels >= 0
    n_topics = int(labels.max(initial=-1)) + 1 if n_topics is None else n_topics
    return unit_rows(_members(labels[there], n_topics).T @ vectors[there])


def unit_rows(vectors: npt.NDArray[Any]) -> Singles:
    """Give rows length 1; those of 0 stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Singles = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return units


def with_pull(
    mixture: Mixture, counts: Counts, vectors: Singles, sums: npt.NDArray[Any]
) -> Mixture:
    """Let vectors tell topics apart as far as words do: both scores spread alike."""
    centroids = unit_rows(sums)
    some = slice(0, _CHUNK)
    words = (counts[some] @ mixture.log_words).std(axis=1).mean()
    likeness = (vectors[some] @ centroids.T).std(axis=1).mean()
    return replace(mixture, centroids=centroids, pull=float(words / max(likeness, 1e-9)))


def refine(
    counts: Counts, labels: Labels, vectors: Singles | None = None, *, rounds: int = ROUNDS
) -> Labels:
    """Let each text join the topic that explains its words best, some rounds over.

    Parameters
    ----------
    counts
        Of words, shape (n_texts, n_words).
    labels
        Topics to begin with, each with at least one text.
    vectors
        Of texts, where they were not made of the same words; shape (n_texts, n_dimensions).
    rounds
        Of expectation and maximisation.

    Returns
    -------
    numpy.ndarray
        Labels of as many topics: the rounds end before one loses its last text.
    """
    n_topics = int(labels.max()) + 1
    mixture = learn_mixture(counts, labels, vectors)
    for _ in range(rounds):
        sums, sizes = np.zeros((counts.shape[1], n_topics)), np.zeros(n_topics)
        places = np.zeros((n_topics, 0 if vectors is None else vectors.shape[1]))
        named = np.empty(len(labels), np.int64)
        for number, chances in enumerate(mixture.chances(counts, vectors, quick=True)):
            rows = slice(number * _CHUNK, number * _CHUNK + len(chances))
            sums += counts[rows].T @ chances
            sizes += chances.sum(axis=0)
            if vectors is not None:
                places += chances.T @ vectors[rows]
            named[rows] = chances.argmax(axis=1)
        if len(np.unique(named)) < n_topics:
            break
        labels, mixture = named, learn_words(sums, sizes)
        if vectors is not None:
            mixture = with_pull(mixture, counts, vectors, places)
    return labels


def _members(labels: Labels, n_topics: int) -> Counts:
    rows = np.arange(len(labels))
    return sparse.csr_matrix((np.ones(len(labels)), (rows, labels)), shape=(len(labels), n_topics))


def count_members(counts: Counts, labels: Labels, n_topics: int) -> Counts:
    """Give the words of topics, shape (n_topics, n_words); texts of −1 are left out."""
    there = labels >= 0
    return (_members(labels[there], n_topics).T @ counts[there]).tocsr()


def evidence(counts: Counts, labels: Labels) -> float:
    """Give the logarithm of the marginal likelihood of the words, per text; higher is better.

    How large the topics are is no part of it: that would be for one large topic and many small ones.
    """
    n_topics, prior = int(labels.max()) + 1, WORD_PRIOR * counts.shape[1]
    sums = (_members(labels, n_topics).T @ counts).tocsr()
    words = gammaln(sums.data + WORD_PRIOR).sum() - len(sums.data) * gammaln(WORD_PRIOR)
    totals = np.asarray(sums.sum(axis=1)).ravel()
    lengths = n_topics * gammaln(prior) - gammaln(totals + prior).sum()
    return float(words + lengths) / len(labels)


def foretell(counts: Counts, labels: Labels, others: Counts) -> float:
    """Give the mean logarithm of the probability of texts that topics were not made of; higher is better.

    Words that a topic does not have are as probable in it as anywhere: with the smoothing of `learn_words` many
    topics of few texts each would all seem the same.

    Parameters
    ----------
    counts, labels
        Texts and their topics.
    others
        Words of other texts.
    """
    n_topics = int(labels.max()) + 1
    sums = (counts.T @ _members(labels, n_topics)).toarray()
    everywhere = sums.sum(axis=1, keepdims=True) + 1
    prior = _WORDS_OF_ALL * everywhere / everywhere.sum()
    log_words = np.log(sums + prior) - np.log(sums.sum(axis=0) + _WORDS_OF_ALL)
    log_sizes = np.log((np.bincount(labels) + TOPIC_PRIOR) / (len(labels) + n_topics * TOPIC_PRIOR))
    total = 0.0
    for at in range(0, others.shape[0], _CHUNK):
        total += logsumexp(others[at : at + _CHUNK] @ log_words + log_sizes, axis=1).sum()
    mean: float = total / max(others.shape[0], 1)
    return mean


def join(counts: Counts, labels: Labels, n_topics: int) -> Labels:
    """Join topics two by two, whichever cost least evidence.

    Parameters
    ----------
    counts
        Of words, shape (n_texts, n_words).
    labels
        Topics to begin with.
    n_topics
        How many are to be left.

    Returns
    -------
    numpy.ndarray
        Labels from 0 without gaps.
    """
    joining = _Joining(count_members(counts, labels, int(labels.max()) + 1))
    n_groups = len(joining.into)
    for _ in range(n_groups - n_topics):
        joining.join(*divmod(int(joining.gains.argmax()), n_groups))
    return np.unique(joining.into[labels], return_inverse=True)[1].astype(np.int64)


def join_while_better(counts: Counts, labels: Labels) -> Labels:
    """Join topics two by two as long as the evidence gains by it; labels from 0 without gaps."""
    joining = _Joining(count_members(counts, labels, int(labels.max()) + 1))
    while joining.gains.max() > 0:
        best = int(joining.gains.argmax())
        joining.join(*divmod(best, len(joining.into)))
    return np.unique(joining.into[labels], return_inverse=True)[1].astype(np.int64)


def weigh_joining(counts: Counts) -> Floats:
    """Give the evidence gained by joining each two topics, mostly below 0, by their words, shape (n_topics, n_words)."""
    return _Joining(counts).gains


def weigh_joining_last(counts: Counts) -> Floats:
    """Give the same for the last topic and each other one, shape (n_topics,)."""
    last = counts.shape[0] - 1
    gains: Floats = _Joining(counts, only=last).gains[last]
    return gains


class _Joining:
    """Which topics are left, and what it gains to join each two."""

    def __init__(self, counts: Counts, *, only: int | None = None) -> None:
        n = counts.shape[0]
        self.sums = counts.astype(np.int64).toarray()
        self.into = np.arange(n)
        self._alive = np.ones(n, bool)
        self._totals = self.sums.sum(axis=1)
        # What x times a word is worth; only words that both have count.
        times = np.arange(int(self.sums.sum(axis=0).max(initial=0)) + 1)
        self._worth = gammaln(times + WORD_PRIOR) - gammaln(WORD_PRIOR)
        self.gains = np.full((n, n), -np.inf)
        for topic in range(n) if only is None else (only,):
            self._weigh(topic)

    def join(self, one: int, other: int) -> None:
        self.sums[one] += self.sums[other]
        self._totals[one] += self._totals[other]
        self._alive[other] = False
        self.into[self.into == other] = one
        self.gains[other], self.gains[:, other] = -np.inf, -np.inf
        self._weigh(one)

    def _weigh(self, one: int) -> None:
        self.gains[one], self.gains[:, one] = -np.inf, -np.inf
        others = np.flatnonzero(self._alive & (np.arange(len(self.into)) != one))
        columns = np.flatnonzero(self.sums[one])
        own, theirs = self.sums[one, columns], self.sums[np.ix_(others, columns)]
        worth = self._worth
        words = (worth[theirs + own] - worth[theirs] - worth[own]).sum(axis=1)
        gain = words + self._lengths(one, others)
        self.gains[one, others] = gain
        self.gains[others, one] = gain

    def _lengths(self, one: int, others: Labels) -> Floats:
        """What is gained by having fewer distributions, whatever their words."""
        prior = WORD_PRIOR * self.sums.shape[1]
        own, theirs = self._totals[one], self._totals[others]
        apart = gammaln(own + prior) + gammaln(theirs + prior)
        gained: Floats = apart - gammaln(prior) - gammaln(own + theirs + prior)
        return gained
