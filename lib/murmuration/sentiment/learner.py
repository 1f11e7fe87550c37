"""Tables of n-grams → the weights of a linear model, by scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from murmuration.sentiment.features import Counted, NGrams, count_ngrams, find_places, weigh

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Table:
    """N-grams and other features of texts.

    Attributes
    ----------
    counts
        Shape (n_texts, n_ngrams + n_others): how often each n-gram occurs, then the other features.
    keys
        Digests of the n-grams, rising, so that those of words stand before those of characters.
    """

    counts: sparse.csr_matrix
    keys: Keys


def count_words(keys: Keys) -> int:
    """Give how many of these n-grams, which rise, are of words."""
    return int(np.searchsorted(keys, np.uint64(1 << 63)))


def count_table(texts: list[str], others: Floats, ngrams: NGrams, min_texts: int) -> Table:
    """Count the n-grams of texts that occur in `min_texts` of them; put `others` beside them."""
    counted = count_ngrams(texts, ngrams)
    keys, n_texts = np.unique(counted.keys, return_counts=True)
    keys = keys[n_texts >= min_texts]
    counts = count_matrix(counted, keys)
    beside = sparse.csr_matrix(others, dtype=np.float32)
    return Table(sparse.hstack([counts, beside], format="csr"), keys)


def count_matrix(counted: Counted, keys: Keys) -> sparse.csr_matrix:
    """Give how often each of these n-grams occurs in each text, shape (n_texts, n_ngrams)."""
    places = np.empty(len(counted.keys), np.int32)
    find_places(counted.keys, keys, places)
    known = places >= 0
    starts = np.concatenate([[0], np.cumsum(known)])[counted.starts]
    return sparse.csr_matrix(
        (counted.counts[known], places[known], starts), shape=(len(starts) - 1, len(keys))
    )


def weigh_matrix(counts: sparse.csr_matrix, rarity: Singles, n_words: int) -> sparse.csr_matrix:
    """Weigh counts of n-grams, see `features.weigh`; columns beyond `rarity` stay as they are."""
    left = counts[:, : len(rarity)]
    values = np.empty_like(left.data)
    weigh(left.indptr.astype(np.int64), left.indices, left.data, rarity, n_words, values)
    weighed = sparse.csr_matrix((values, left.indices, left.indptr), shape=left.shape)
    weighed.eliminate_zeros()
    return sparse.hstack([weighed, counts[:, len(rarity) :]], format="csr")


def measure_rarity(n_texts: Rows, total: int, min_texts: int) -> Singles:
    """Weigh n-grams by in how many of all texts they occur: 1 + ln((1 + all) / (1 + those)); 0 if too few."""
    rarity = np.log((1 + total) / (1 + n_texts)) + 1
    return np.where(n_texts >= min_texts, rarity, 0).astype(np.float32)


class Learner(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One logistic regression per label, over n-grams that are weighed by the texts it is fitted to.

    Parameters
    ----------
    n_words, n_ngrams
        The first columns are n-grams of words, those up to `n_ngrams` others; all beyond are other features.
    min_texts
        In how many texts an n-gram has to occur.
    class_weight
        As in scikit-learn.
    seed
        Of the order in which texts are looked at.
    strength
        C of the regression.
    focus
        How far n-grams count by how well they set a label apart, 0 to 1: the features of Wang & Manning 2012
        (NBSVM, https://aclanthology.org/P12-2018), their weight between 1 and the size of the log-count ratio.
    rarity
        Of n-grams, see `measure_rarity`; counted in the texts that it is fitted to unless given.
    """

    def __init__(
        self,
        *,
        n_words: int = 0,
        n_ngrams: int = 0,
        min_texts: int = 1,
        class_weight: Any = None,
        seed: int = 0,
        strength: float = 1.0,
        focus: float = 0.5,
        rarity: Singles | None = None,
    ) -> None:
        self.n_words = n_words
        self.n_ngrams = n_ngrams
        self.min_texts = min_texts
        self.class_weight = class_weight
        self.seed = seed
        self.strength = strength
        self.focus = focus
        self.rarity = rarity

    def fit(
        self,
        counts: sparse.csr_matrix,
        truth: Rows,
        own: npt.NDArray[np.bool_] | None = None,
    ) -> Self:
        """Learn; labels from 0. Where some rows are not its `own`, weights are the sum of those from all and from them."""
        self.rarity_ = self.rarity if self.rarity is not None else self.count_rarity(counts)
        self.classes_ = np.unique(truth)
        weighed = self._weigh(counts)
        self.coef_, self.intercept_ = self._fit_labels(weighed, truth)
        if own is not None and not own.all():
            weights, bias = self._fit_labels(weighed[own], truth[own])
            self.coef_ = self.coef_ + weights
            self.intercept_ = self.intercept_ + bias
        return self

    def average(self, models: Sequence["Learner"]) -> Self:
        """Take the mean of what models learned that weigh n-grams alike, which varies less than each (Breiman 1996)."""
        self.rarity_, self.classes_ = models[0].rarity_, models[0].classes_
        self.coef_ = np.mean([one.coef_ for one in models], axis=0)
        self.intercept_ = np.mean([one.intercept_ for one in models], axis=0)
        return self

    def count_rarity(self, counts: sparse.csr_matrix) -> Singles:
        """Weigh n-grams by in how many texts they occur."""
        n_texts = np.bincount(counts.indices, minlength=counts.shape[1])[: self.n_ngrams]
        return measure_rarity(n_texts, counts.shape[0], self.min_texts)

    def decision_function(self, counts: sparse.csr_matrix) -> Floats:
        """Give scores, shape (n_texts, n_labels)."""
        scores: Floats = self._weigh(counts) @ self.coef_ + self.intercept_
        return scores

    def predict(self, counts: sparse.csr_matrix) -> Rows:
        """Give the label of the highest score."""
        return cast(Rows, self.classes_[self.decision_function(counts).argmax(axis=1)])

    def _weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        return weigh_matrix(counts, self.rarity_, self.n_words)

    def _fit_labels(self, weighed: sparse.csr_matrix, truth: Rows) -> tuple[Floats, Floats]:
        fitted = [self._fit_label(weighed, truth == label, label) for label in self.classes_]
        return (
            np.column_stack([weights for weights, _ in fitted]),
            np.concatenate([bias for _, bias in fitted]),
        )

    def _fit_label(
        self, weighed: sparse.csr_matrix, is_label: npt.NDArray[np.bool_], label: int
    ) -> tuple[Floats, Floats]:
        telling = self._tell_apart(weighed, is_label)
        scaled = sparse.csr_matrix(
            (weighed.data * telling[weighed.indices], weighed.indices, weighed.indptr),
            shape=weighed.shape,
        )
        own = self.class_weight
        fitted = LogisticRegression(
            C=self.strength, class_weight={True: own[label], False: 1.0} if isinstance(own, dict) else own,
            solver="liblinear", dual=True, tol=0.01, max_iter=1000, random_state=self.seed,
        ).fit(scaled, is_label)  # fmt: skip
        return fitted.coef_[0] * telling, fitted.intercept_

    def _tell_apart(self, weighed: sparse.csr_matrix, is_label: npt.NDArray[np.bool_]) -> Singles:
        """Give how far each n-gram counts, shape (n_features,); 1 for other features."""
        row_is = np.repeat(is_label, np.diff(weighed.indptr))
        inside, outside = (
            1.0 + np.bincount(weighed.indices[where], minlength=weighed.shape[1])[: self.n_ngrams]
            for where in (row_is, ~row_is)
        )
        ratio = np.log((inside / inside.sum()) / (outside / outside.sum()))
        telling = np.ones(weighed.shape[1], np.float32)
        telling[: self.n_ngrams] = (1 - self.focus) + self.focus * np.abs(ratio)
        return telling
