"""Scores of texts that were left out → calibration, what to name, and how good the result is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from murmuration.errors import ParamError
from murmuration.sentiment.calibration import Calibration, calibration_error, fit_calibration
from murmuration.sentiment.linear import logarithms
from murmuration.sentiment.model import LABELS, ModelCard
from murmuration.sentiment.params import ClassifierParams
from murmuration.sentiment.search import best_offsets, count_confusion, macro_f1, macro_recall

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_MEASURES: dict[str, Callable[[npt.NDArray[Any]], float]] = {
    "macro_recall": macro_recall,
    "macro_f1": macro_f1,
    "accuracy": lambda confusion: float(np.trace(confusion) / confusion.sum()),
}


@dataclass(frozen=True, eq=False)
class Quality:
    """What scores on texts left out teach, and how good the result is."""

    calibration: Calibration
    offsets: Floats
    confusion: npt.NDArray[np.int64]
    metrics: dict[str, float]


def judge_scores(scores: Floats, truth: Rows, params: ClassifierParams) -> Quality:
    """Calibrate on all scores; measure on parts that the calibration of the others did not see."""
    least = int(np.bincount(truth, minlength=len(LABELS)).min())
    if least < 2 * params.folds:
        raise ParamError(
            f"Only {least} of the texts that are left to judge by have their label, but {2 * params.folds} are "
            "needed. Give more texts (over a longer time), or lower ClassifierParams.folds."
        )
    told, named = np.empty_like(scores), np.empty_like(truth)
    parts = StratifiedKFold(params.folds, shuffle=True, random_state=params.seed)
    for known, left_out in parts.split(scores, truth):
        calibration, offsets = _calibrate(scores[known], truth[known], params)
        told[left_out] = calibration.apply(scores[left_out])
        named[left_out] = (logarithms(told[left_out]) + offsets).argmax(axis=1)
    confusion = count_confusion(truth, named)
    metrics = {name: measure(confusion) for name, measure in _MEASURES.items()}
    metrics |= {
        "log_loss": float(log_loss(truth, told)),
        "calibration_error": calibration_error(told, truth),
    }
    return Quality(*_calibrate(scores, truth, params), confusion, metrics)


def _calibrate(scores: Floats, truth: Rows, params: ClassifierParams) -> tuple[Calibration, Floats]:
    calibration = fit_calibration(scores, truth, seed=params.seed, folds=3)
    offsets = best_offsets(calibration.apply(scores), _MEASURES[params.aim])
    return calibration, offsets


def describe_judged(card: ModelCard, n_posts: int) -> str:
    """Say on which posts quality was measured, for readers of reports."""
    description = str(card.trained_on.get("description") or "")
    posts = f"{n_posts:,} posts it was not fitted to"
    return f"{description}: {posts}" if description else posts
