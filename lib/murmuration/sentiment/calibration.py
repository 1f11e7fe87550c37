"""Scores of a classifier → probabilities that mean what they say, and the label to name."""

from dataclasses import dataclass
from typing import Any, Literal

import numba
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

Kind = Literal["scaling", "isotonic"]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

BINS = 15  # of confidence, as in Guo et al. 2017
KNOTS = 101  # of an isotonic curve; more are noise
_HOTTEST = 20.0  # temperature
_FLOOR = 1e-3  # an isotonic curve says 0 where it saw none, which is more than it knows


@dataclass(frozen=True, eq=False)
class Calibration:
    """Turns scores into probabilities.

    Attributes
    ----------
    kind
        ``scaling``: the softmax of a linear map of all scores, Platt's method for several classes (Guo et
        al. 2017, arXiv:1706.04599, “matrix scaling”). ``isotonic``: a rising curve per class, made to add up
        to 1 (Zadrozny & Elkan 2002, doi:10.1145/775047.775151).
    values
        Rows of the linear map, the last one its constants, shape (n_labels + 1, n_labels); or what the curves
        give at `knots`, shape (n_knots, n_labels).
    knots
        Scores, rising, shape (n_knots, n_labels); one row of zeros for ``scaling``.
    """

    kind: Kind
    values: Floats
    knots: Floats

    def apply(self, scores: Floats) -> Floats:
        """Give probabilities, shape (n_texts, n_labels); those of a row depend on that row only."""
        out = np.empty_like(scores)
        if self.kind == "scaling":
            _scale(scores, self.values, out)
        else:
            _interpolate(scores, self.values, self.knots, out)
        return out


def fit_calibration(scores: Floats, truth: Codes, *, seed: int, folds: int = 5) -> Calibration:
    """Learn what scores mean, in the way that predicts posts left out best.

    Parameters
    ----------
    scores
        Of posts that the classifier was not fitted to, shape (n_texts, n_labels).
    truth
        Their labels, from 0; each occurs at least `folds` times.
    seed
        Of the folds.
    folds
        How many parts are left out in turn to choose.

    Returns
    -------
    Calibration
        That of the lower log loss.
    """
    parts = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(scores, truth))
    losses: dict[Kind, float] = {}
    kinds: tuple[Kind, ...] = ("scaling", "isotonic")
    for kind in kinds:
        told = np.empty_like(scores)
        for known, left_out in parts:
            told[left_out] = _fit(kind, scores[known], truth[known]).apply(scores[left_out])
        losses[kind] = float(log_loss(truth, told))
    return _fit(min(kinds, key=losses.__getitem__), scores, truth)


def calibration_error(probabilities: Floats, truth: Codes) -> float:
    """Give the expected calibration error, 0 to 1: how far confidence and accuracy lie apart.

    Confidence is the probability of the most probable label, and a post is right where that is its label, whatever
    label is named; bins are those of `confidence_bins` (Guo et al. 2017, arXiv:1706.04599, eq. 3).
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    gaps = np.bincount(confidence_bins(confidence), confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(truth))


def confidence_bins(confidence: Floats) -> Codes:
    """Give the number of the bin, of `BINS` of equal width, that each probability is in."""
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def _fit(kind: Kind, scores: Floats, truth: Codes) -> Calibration:
    return fit_scaling(scores, truth) if kind == "scaling" else _fit_isotonic(scores, truth)


def fit_scaling(scores: Floats, truth: Codes) -> Calibration:
    """Learn the linear map."""
    fitted = LogisticRegression(C=100.0, max_iter=1000).fit(scores, truth)
    return Calibration(
        "scaling", np.vstack([fitted.coef_.T, fitted.intercept_]), np.zeros((1, scores.shape[1]))
    )


def fit_temperature(shares: Floats, truth: Codes) -> float:
    """Learn how sure a network may be: the temperature of least log loss (Guo et al. 2017, section 4.2).

    Parameters
    ----------
    shares
        Probabilities that a network gave posts that it was not fitted to, shape (n_texts, n_labels).
    truth
        Their labels, from 0; all occur.

    Returns
    -------
    float
        Above 1 where the network is too sure, below 1 where it is not sure enough; 0.05 to 20.
    """
    labels = np.arange(shares.shape[1])
    found = minimize_scalar(
        lambda power: log_loss(truth, temper(shares, float(np.exp(power))), labels=labels),
        bounds=(-np.log(_HOTTEST), np.log(_HOTTEST)),
        method="bounded",
    )
    return float(np.exp(found.x))


def temper(shares: Floats, temperature: float) -> Floats:
    """Divide the logits behind probabilities by a temperature; the order of labels stays, and rows of NaN do."""
    out = np.empty_like(shares)
    _temper(np.ascontiguousarray(shares), temperature, out)
    return out


def _fit_isotonic(scores: Floats, truth: Codes) -> Calibration:
    knots = np.quantile(scores, np.linspace(0, 1, KNOTS), axis=0)
    curves = [
        IsotonicRegression(out_of_bounds="clip").fit(column, truth == label)
        for label, column in enumerate(scores.T)
    ]
    values = [curve.predict(at) for curve, at in zip(curves, knots.T, strict=True)]
    return Calibration("isotonic", np.clip(np.column_stack(values), _FLOOR, 1), knots)


def _compiled(function: Any) -> Any:
    return numba.njit(nogil=True, cache=True)(function)


@_compiled
def _scale(scores: Floats, values: Floats, out: Floats) -> None:
    n_labels = scores.shape[1]
    for row in range(len(scores)):
        for label in range(n_labels):
            told = values[n_labels, label]
            for other in range(n_labels):
                told += scores[row, other] * values[other, label]
            out[row, label] = told
        highest, whole = out[row].max(), 0.0
        for label in range(n_labels):
            out[row, label] = np.exp(out[row, label] - highest)
            whole += out[row, label]
        for label in range(n_labels):
            out[row, label] /= whole


@_compiled
def _temper(shares: Floats, temperature: float, out: Floats) -> None:
    for row in range(len(shares)):
        highest, whole = shares[row].max(), 0.0
        for label in range(shares.shape[1]):
            told = (max(shares[row, label], 1e-12) / highest) ** (1 / temperature)
            out[row, label] = told if shares[row, label] >= 0 else np.nan
            whole += told
        for label in range(shares.shape[1]):
            out[row, label] /= whole


@_compiled
def _interpolate(scores: Floats, values: Floats, knots: Floats, out: Floats) -> None:
    last = len(knots) - 1
    for row in range(len(scores)):
        whole = 0.0
        for label in range(scores.shape[1]):
            score = scores[row, label]
            after = np.searchsorted(knots[:, label], score)
            if after == 0 or after > last:
                out[row, label] = values[min(after, last), label]
            else:
                left, right = knots[after - 1, label], knots[after, label]
                share = (score - left) / (right - left)
                low, high = values[after - 1, label], values[after, label]
                out[row, label] = low + share * (high - low)
            whole += out[row, label]
        for label in range(scores.shape[1]):
            out[row, label] /= whole
