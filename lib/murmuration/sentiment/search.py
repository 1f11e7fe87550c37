"""Folds that keep authors apart and time in order, and the weights that do best over them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from murmuration.errors import ParamError

Rows = npt.NDArray[np.int64]
Fold = tuple[Rows, Rows]


def make_folds(
    truth: Rows,
    *,
    alike: Rows | None = None,
    groups: npt.NDArray[Any] | None,
    times: npt.NDArray[Any] | None,
    folds: int,
    seed: int,
) -> list[Fold]:
    """Split rows into those to fit on and those to judge by.

    Parameters
    ----------
    truth
        Labels, from 0.
    alike
        Numbers; of rows of one number, such as copies of a text, none is fitted on where another is judged.
    groups
        Whose each row is; nobody's rows are on both sides.
    times
        When each row was written; what is judged by is later than what was fitted on.
    folds
        How many splits.
    seed
        Of the shuffling, which there is none of where there are times.

    Returns
    -------
    list of (rows to fit on, rows to judge by)
        Numbers of rows, rising.

    Raises
    ------
    ParamError
        If a split would leave a label without rows to fit on.
    """
    if times is not None:
        made = list(_in_time(times, groups, folds))
    elif groups is not None:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        made = list(splitter.split(truth, truth, groups))
    else:
        made = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(truth, truth))
    if alike is not None:
        made = [(fit[~np.isin(alike[fit], alike[judge])], judge) for fit, judge in made]
    n_labels = len(np.unique(truth))
    if any(len(np.unique(truth[fit])) < n_labels or not len(judge) for fit, judge in made):
        raise ParamError(
            f"{len(truth)} labelled texts cannot be split {folds} times so that each label is left to learn "
            "from. Give more texts (of more authors, over a longer time), or lower ClassifierParams.folds."
        )
    return made


def _in_time(
    times: npt.NDArray[Any], groups: npt.NDArray[Any] | None, folds: int
) -> Iterator[Fold]:
    """Judge each part of the time by what came before it, without the authors of that part."""
    moments = np.unique(times)
    edges = moments[np.arange(1, folds + 1) * len(moments) // (folds + 1)]
    part = np.searchsorted(edges, times, side="right")
    for number in range(1, folds + 1):
        fit, judge = np.flatnonzero(part < number), np.flatnonzero(part == number)
        if groups is not None:
            fit = fit[~np.isin(groups[fit], groups[judge])]
        yield fit, judge


def best_offsets(
    probabilities: npt.NDArray[np.float64], measure: Callable[[npt.NDArray[np.float64]], float]
) -> npt.NDArray[np.float64]:
    """Find what to add to the logarithms of probabilities so that the highest is the best label to name.

    Parameters
    ----------
    probabilities
        Calibrated, shape (n_texts, n_labels).
    measure
        Takes the confusion, rows true and columns given, and tells how good it is. It is given what the
        probabilities lead to expect, which varies less than what the labels of few texts happen to be.

    Returns
    -------
    numpy.ndarray
        One number a label, the middle one 0; zeros where nothing is better.
    """
    logs = np.log(np.maximum(probabilities, 1e-12))
    best, offsets = -np.inf, np.zeros(logs.shape[1])
    for step, reach in ((0.25, 6), (0.05, 4)):
        centre = offsets.copy()
        around = step * np.arange(-reach, reach + 1)
        around = around[np.argsort(np.abs(around), kind="stable")]
        for first in around:
            for last in around:
                tried = centre + np.array([first, 0.0, last])
                named = (logs + tried).argmax(axis=1)[:, None] == np.arange(logs.shape[1])
                value = measure(probabilities.T @ named)
                if value > best + 1e-12:
                    best, offsets = value, tried
    return offsets


def count_confusion(truth: Rows, given: Rows, n_labels: int = 3) -> npt.NDArray[np.int64]:
    """Count texts by true label (rows) and given label (columns)."""
    pairs = np.bincount(truth * n_labels + given, minlength=n_labels * n_labels)
    return pairs.reshape(n_labels, n_labels).astype(np.int64)


def macro_recall(confusion: npt.NDArray[Any]) -> float:
    """Give the mean over true labels of the share that was found."""
    return float(np.mean(np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1e-9)))


def macro_f1(confusion: npt.NDArray[Any]) -> float:
    """Give the mean over labels of F1, 0 for one that is never named."""
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float(np.mean(2 * np.diag(confusion) / np.maximum(both, 1e-9)))
