"""Labelled texts → a linear model of how texts feel.

One logistic regression per label over n-grams of words and characters and VADER's scores (Joachims 1998,
doi:10.1007/BFb0026683; Fan et al. 2008, LIBLINEAR), its strength found by search, its scores turned into
probabilities on posts that it was not fitted to.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import sparse, stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, make_scorer
from sklearn.model_selection import RandomizedSearchCV

from murmuration.errors import ModelError, ParamError, suggest
from murmuration.frames import TEXT
from murmuration.model_folder import digest_contents, read_folder, write_folder
from murmuration.sentiment.calibration import Calibration, calibration_error, fit_calibration
from murmuration.sentiment.features import (
    Counted,
    NGrams,
    add_up,
    count_ngrams,
    find_places,
    read_texts,
    weigh,
)
from murmuration.sentiment.model import (
    LABELS,
    ErrorTable,
    ModelCard,
    card_facts,
    model_version,
    read_card,
)
from murmuration.sentiment.search import (
    Fold,
    best_offsets,
    count_confusion,
    macro_f1,
    macro_recall,
    make_folds,
)
from murmuration.sentiment.vader import SCORES, vader_scores

log = logging.getLogger(__name__)

Aim = Literal["macro_recall", "macro_f1", "accuracy"]
Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Progress = Callable[[str, float], None]

_BATCH = 10_000  # texts whose features are in memory at a time
_SEARCH_FOLDS = 3  # of those that the quality is measured on, for each try
_STRENGTHS = (0.05, 5.0)  # C of logistic regression
_MIN_PER_LABEL = 5


@dataclass(frozen=True, kw_only=True)
class ClassifierParams:
    """How a classifier is trained.

    Attributes
    ----------
    seed
        The same seed gives the same model.
    words
        N-grams of up to so many words.
    chars_from, chars_to
        N-grams of so many characters within words; 0 for none.
    vader
        Whether VADER's scores are features; None where the language is English.
    min_texts
        In how many texts an n-gram has to occur.
    class_weight
        ``"balanced"`` gives each label the same weight, ``"none"`` each text, or a weight per label.
    aim
        What the label that is named is to make high.
    strength
        How closely the weights follow the texts (C); None searches.
    trials
        How many are tried in the search.
    folds
        Into how many parts the texts are split to measure quality.
    """

    seed: int = 0
    words: int = 2
    chars_from: int = 3
    chars_to: int = 5
    vader: bool | None = None
    min_texts: int = 2
    class_weight: Literal["balanced", "none"] | Mapping[str, float] = "balanced"
    aim: Aim = "macro_recall"
    strength: float | None = None
    trials: int = 8
    folds: int = 5

    def __post_init__(self) -> None:
        for name, low, high in (
            ("words", 1, 5), ("chars_to", 0, 10), ("min_texts", 1, 1000), ("trials", 1, 1000), ("folds", 2, 20),
        ):  # fmt: skip
            if not low <= (value := getattr(self, name)) <= high:
                raise ParamError(
                    f"ClassifierParams.{name} is {value}, but has to lie between {low} and {high}."
                )
        if self.aim not in get_args(Aim):
            raise ParamError(
                f"ClassifierParams.aim cannot be {self.aim!r}.{suggest(str(self.aim), get_args(Aim))}"
            )


@dataclass(frozen=True, eq=False)
class Weights:
    """What a linear model has learned.

    Attributes
    ----------
    keys, rarity, terms
        Of each n-gram its digest (rising), how rare it is, and its weight per label, shape (n_ngrams, n_labels).
    others
        The weights of VADER's scores, shape (n_others, n_labels).
    bias
        Shape (n_labels,).
    offsets
        What is added to the logarithms of probabilities before the highest is named, shape (n_labels,).
    """

    keys: npt.NDArray[np.uint64]
    rarity: Singles
    terms: Singles
    others: Floats
    bias: Floats
    offsets: Floats


class LinearModel:
    """A trained linear model; see `murmuration.sentiment.model.Model`."""

    def __init__(
        self, card: ModelCard, ngrams: NGrams, weights: Weights, calibration: Calibration
    ) -> None:
        self._card, self._ngrams, self._weights = card, ngrams, weights
        self._calibration = calibration
        self._n_words = _count_words(weights.keys)

    @property
    def card(self) -> ModelCard:
        """What is known about it."""
        return self._card

    @cached_property
    def version(self) -> str:
        """``name-xxxxxxxx``."""
        return model_version(self._card, digest_contents(self._facts(), self._arrays()))

    def predict_proba(self, texts: Iterable[str | None]) -> Floats:
        """Give probabilities, shape (n_texts, n_labels); NaN rows for missing and empty texts.

        Those of one text never depend on the others.
        """
        read = read_texts(texts)
        parts = [self._scores(read[at : at + _BATCH]) for at in range(0, len(read), _BATCH)]
        told = self._calibration.apply(np.concatenate([np.empty((0, len(LABELS))), *parts]))
        told[[not text.strip() for text in read]] = np.nan
        return told

    def predict(self, texts: Iterable[str | None]) -> "pd.Series[Any]":
        """Name the label of each text, null for missing and empty ones; the index of a Series kept.

        It is the most probable one once the probabilities are weighed as the model's aim asks for.
        """
        index = texts.index if isinstance(texts, pd.Series) else None
        probabilities = self.predict_proba(texts)
        codes = self.choose(probabilities)
        labels = pa.array(np.array(LABELS)[np.maximum(codes, 0)], pa.string(), mask=codes < 0)
        return pd.Series(pd.array(labels, dtype=TEXT), index=index)

    def choose(self, probabilities: Floats) -> Rows:
        """Give the number of the label to name for each row of probabilities; −1 for rows of NaN."""
        logs = np.log(np.maximum(probabilities, 1e-12)) + self._weights.offsets
        codes = np.where(np.isnan(logs), -np.inf, logs).argmax(axis=1)
        return np.where(np.isnan(probabilities[:, 0]), -1, codes)

    def save(self, folder: Path) -> None:
        """Write a model folder."""
        write_folder(folder, self._facts(), self._arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder.

        Raises
        ------
        ModelError
            If the folder is damaged or holds another kind of model.
        """
        contents = read_folder(folder)
        facts, arrays = dict(contents.facts), contents.arrays
        ngrams, kind = facts.pop("ngrams", None), facts.pop("calibration", None)
        try:
            weights = Weights(**{name: arrays[name] for name in Weights.__annotations__})
            calibration = Calibration(cast(Any, kind), arrays["values"], arrays["knots"])
            return cls(read_card(facts), NGrams(**ngrams), weights, calibration)
        except (KeyError, TypeError) as err:
            raise ModelError(f"The model in {folder} is no linear one: {err!r}.") from err

    def _facts(self) -> dict[str, Any]:
        return card_facts(self._card) | {
            "ngrams": asdict(self._ngrams), "calibration": self._calibration.kind,
        }  # fmt: skip

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return vars(self._weights) | {
            "values": self._calibration.values, "knots": self._calibration.knots,
        }  # fmt: skip

    def _scores(self, texts: list[str]) -> Floats:
        counted, weights = count_ngrams(texts, self._ngrams), self._weights
        places = np.empty(len(counted.keys), np.int32)
        find_places(counted.keys, weights.keys, places)
        values = np.empty(len(places), np.float32)
        weigh(counted.starts, places, counted.counts, weights.rarity, self._n_words, values)
        scores = np.tile(weights.bias, (len(texts), 1))
        add_up(counted.starts, places, values, weights.terms, scores)
        if len(weights.others):
            for column, weight in zip(_vader(texts).T, weights.others, strict=True):
                scores += column[:, None] * weight
        return scores


def train_classifier(
    texts: Iterable[str | None],
    labels: Iterable[str | None],
    *,
    groups: Iterable[Any] | None = None,
    times: Iterable[Any] | None = None,
    languages: Sequence[str] = ("en",),
    params: ClassifierParams | None = None,
    name: str = "sentiment",
    description: str = "",
    licence: str = "",
    on_progress: Progress | None = None,
) -> LinearModel:
    """Train a model on labelled texts; computes.

    Parameters
    ----------
    texts, labels
        Each label one of ``negative``, ``neutral`` and ``positive``; pairs with a missing or empty part are
        left out. Of a text that occurs several times with different labels the most frequent one counts, and
        none where there is no such.
    groups
        Who wrote each text: nobody's texts are both learned from and judged by.
    times
        When each was written: what is judged by is later than what was learned from.
    languages
        Codes of the languages of the texts.
    params
        See `ClassifierParams`.
    name
        What the model is called.
    description, licence
        Of the texts, for the model's card.
    on_progress
        Told what is being done, and the share that is done.

    Returns
    -------
    LinearModel
        Its card holds quality and confusion on texts it was not fitted to.

    Raises
    ------
    ParamError
        If a label is unknown, or there are too few texts of one.
    SchemaError
        If the texts are none.
    """
    params = params or ClassifierParams()
    tell = on_progress or (lambda step, share: None)
    data = _prepare(texts, labels, groups, times)
    folds = make_folds(
        data.truth, groups=data.groups, times=data.times, folds=params.folds, seed=params.seed
    )
    tell("counting n-grams", 0.0)
    ngrams = NGrams(words=params.words, chars_from=params.chars_from, chars_to=params.chars_to)
    with_vader = "en" in languages if params.vader is None else params.vader
    table = _count(data.texts, ngrams, params.min_texts, with_vader)
    estimator = _Logistic(
        n_words=table.n_words, n_ngrams=len(table.keys), min_texts=params.min_texts,
        class_weight=_class_weight(params), seed=params.seed, strength=params.strength or 1.0,
    )  # fmt: skip
    tell("searching", 0.1)
    if params.strength is None:
        estimator.set_params(strength=_search(estimator, table.counts, data.truth, folds, params))
    tell("measuring quality", 0.7)
    judged, scores = _leave_out(estimator, table.counts, data.truth, folds)
    tell("learning from all texts", 0.9)
    estimator.fit(table.counts, data.truth)
    quality = _judge(scores, data.truth[judged], params)
    card = ModelCard(
        name=name,
        kind="linear",
        languages=tuple(languages),
        trained_on=data.facts | {"description": description},
        params=asdict(params) | {"strength": estimator.strength, "vader": with_vader},
        metrics=quality.metrics,
        errors=ErrorTable(quality.confusion, _measured_on(len(judged), data, folds)),
        versions={one: package_version(one) for one in ("murmuration", "scikit-learn", "numpy")},
        licence=licence,
    )
    tell("done", 1.0)
    return LinearModel(
        card, ngrams, estimator.weights(table.keys, quality.offsets), quality.calibration
    )


@dataclass(frozen=True, eq=False)
class _Labelled:
    texts: list[str]
    truth: Rows
    groups: npt.NDArray[Any] | None
    times: npt.NDArray[Any] | None
    facts: dict[str, Any]


def _prepare(
    texts: Iterable[str | None],
    labels: Iterable[str | None],
    groups: Iterable[Any] | None,
    times: Iterable[Any] | None,
) -> _Labelled:
    """Leave out what has no label, what occurs twice, and what contradicts itself."""
    read = read_texts(texts)
    frame = pd.DataFrame({"text": read, "label": _column(labels, len(read), "labels")})
    for column, values in (("group", groups), ("time", times)):
        if values is not None:
            frame[column] = _column(values, len(read), f"{column}s")
    frame = frame[frame["label"].notna() & frame["text"].str.strip().ne("")]
    frame["label"] = _label_codes(frame["label"])
    kept = _settle(frame)
    facts = {
        "rows": len(kept), "fingerprint": _fingerprint(kept["text"], kept["label"]),
        "without_text_or_label": len(read) - len(frame), "repeated": len(frame) - len(kept),
        "contradictory": int(frame.groupby("text")["label"].nunique().gt(1).sum()),
    }  # fmt: skip
    if facts["contradictory"]:
        log.warning(
            "%d texts have several labels; the most frequent counts", facts["contradictory"]
        )
    _check_enough(kept["label"])
    return _Labelled(
        kept["text"].tolist(),
        kept["label"].to_numpy(np.int64),
        kept["group"].astype("category").cat.codes.to_numpy() if "group" in kept else None,
        kept["time"].to_numpy() if "time" in kept else None,
        facts,
    )


def _column(values: Iterable[Any], n_rows: int, name: str) -> "pd.Series[Any]":
    column = pd.Series(values if isinstance(values, pd.Series) else list(values)).reset_index(
        drop=True
    )
    if len(column) != n_rows:
        raise ParamError(
            f"There are {n_rows} texts but {len(column)} {name}. Give one for each text, in their order."
        )
    return column


def _label_codes(labels: "pd.Series[Any]") -> "pd.Series[Any]":
    codes = labels.map({label: code for code, label in enumerate(LABELS)})
    if codes.isna().any():
        wrong = labels[codes.isna()]
        first = wrong.iloc[0]
        raise ParamError(
            f"{len(wrong)} of {len(labels)} labels are none of {', '.join(LABELS)}: the first is {first!r}."
            f"{suggest(str(first), LABELS)}"
        )
    return codes.astype(np.int64)


def _settle(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep each text once, with its most frequent label; none of those that have no such."""
    votes = frame.groupby(["text", "label"], sort=False).size()
    highest = votes.groupby("text", sort=False).transform("max")
    winners = votes[votes == highest].reset_index()
    winners = winners.drop_duplicates("text", keep=False)
    settled = frame.drop_duplicates("text").drop(columns="label")
    return settled.merge(winners[["text", "label"]], on="text", how="inner")


def _check_enough(codes: "pd.Series[Any]") -> None:
    there = Counter(codes)
    for code, label in enumerate(LABELS):
        if there[code] < _MIN_PER_LABEL:
            found = "No text is" if not there[code] else f"Only {there[code]} texts are"
            raise ParamError(
                f"{found} labelled {label!r}, but a model has to see {_MIN_PER_LABEL} of each label. "
                "Label more posts of this kind."
            )


def _fingerprint(texts: "pd.Series[Any]", codes: "pd.Series[Any]") -> str:
    digest = hashlib.sha256()
    for text, code in zip(texts, codes, strict=True):
        digest.update(f"{LABELS[code]}\0{text}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _class_weight(params: ClassifierParams) -> str | dict[int, float] | None:
    given = params.class_weight
    if isinstance(given, str):
        return None if given == "none" else given
    return {code: float(given.get(label, 1.0)) for code, label in enumerate(LABELS)}


@dataclass(frozen=True, eq=False)
class _Table:
    """N-grams and other features of texts; n-grams first, those of words before those of characters."""

    counts: sparse.csr_matrix
    keys: npt.NDArray[np.uint64]

    @property
    def n_words(self) -> int:
        return _count_words(self.keys)


def _count_words(keys: npt.NDArray[np.uint64]) -> int:
    return int(np.searchsorted(keys, np.uint64(1 << 63)))


def _count(texts: list[str], ngrams: NGrams, min_texts: int, with_vader: bool) -> _Table:
    parts = [count_ngrams(texts[at : at + _BATCH], ngrams) for at in range(0, len(texts), _BATCH)]
    keys, n_texts = np.unique(np.concatenate([part.keys for part in parts]), return_counts=True)
    keys = keys[n_texts >= min_texts]
    rows = [_matrix(part, keys) for part in parts]
    others = sparse.csr_matrix(_vader(texts) if with_vader else np.empty((len(texts), 0)))
    whole = sparse.vstack(rows, format="csr")
    return _Table(sparse.hstack([whole, others], format="csr", dtype=np.float32), keys)


def _matrix(counted: Counted, keys: npt.NDArray[np.uint64]) -> sparse.csr_matrix:
    places = np.empty(len(counted.keys), np.int32)
    find_places(counted.keys, keys, places)
    known = places >= 0
    starts = np.concatenate([[0], np.cumsum(known)])[counted.starts]
    return sparse.csr_matrix(
        (counted.counts[known], places[known], starts), shape=(len(starts) - 1, len(keys))
    )


def _vader(texts: list[str]) -> Floats:
    scores = vader_scores(texts)[list(SCORES)]
    return np.nan_to_num(scores.to_numpy(np.float64, na_value=np.nan))


class _Logistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One logistic regression per label, over n-grams that are weighed by the texts it is fitted to."""

    def __init__(
        self,
        *,
        n_words: int = 0,
        n_ngrams: int = 0,
        min_texts: int = 1,
        class_weight: str | dict[int, float] | None = None,
        seed: int = 0,
        strength: float = 1.0,
    ) -> None:
        self.n_words = n_words
        self.n_ngrams = n_ngrams
        self.min_texts = min_texts
        self.class_weight = class_weight
        self.seed = seed
        self.strength = strength

    def fit(self, counts: sparse.csr_matrix, truth: Rows) -> Self:
        """Learn."""
        n_texts = np.bincount(counts.indices, minlength=counts.shape[1])[: self.n_ngrams]
        rarity = np.log((1 + counts.shape[0]) / (1 + n_texts)) + 1
        self.rarity_ = np.where(n_texts >= self.min_texts, rarity, 0).astype(np.float32)
        self.classes_ = np.unique(truth)
        weighed = self._weigh(counts)
        fitted = [self._fit_one(weighed, truth, label) for label in self.classes_]
        self.coef_ = np.vstack([one.coef_ for one in fitted]).T
        self.intercept_ = np.concatenate([one.intercept_ for one in fitted])
        return self

    def _fit_one(self, weighed: sparse.csr_matrix, truth: Rows, label: int) -> LogisticRegression:
        own = self.class_weight
        weight = {True: own[label], False: 1.0} if isinstance(own, dict) else own
        return LogisticRegression(
            C=self.strength, class_weight=weight, solver="liblinear", dual=True, tol=0.01,
            max_iter=1000, random_state=self.seed,
        ).fit(weighed, truth == label)  # fmt: skip

    def decision_function(self, counts: sparse.csr_matrix) -> Floats:
        """Give scores, shape (n_texts, n_labels)."""
        scores: Floats = self._weigh(counts) @ self.coef_ + self.intercept_
        return scores

    def predict(self, counts: sparse.csr_matrix) -> Rows:
        """Give the label of the highest score."""
        return cast(Rows, self.classes_[self.decision_function(counts).argmax(axis=1)])

    def _weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        left = counts[:, : self.n_ngrams]
        values = np.empty_like(left.data)
        weigh(
            left.indptr.astype(np.int64),
            left.indices,
            left.data,
            self.rarity_,
            self.n_words,
            values,
        )
        weighed = sparse.csr_matrix((values, left.indices, left.indptr), shape=left.shape)
        weighed.eliminate_zeros()
        return sparse.hstack([weighed, counts[:, self.n_ngrams :]], format="csr")

    def weights(self, keys: npt.NDArray[np.uint64], offsets: Floats) -> Weights:
        """Give what was learned."""
        used = self.rarity_ > 0
        terms, others = np.split(self.coef_, [self.n_ngrams])
        return Weights(
            keys[used], self.rarity_[used], terms[used].astype(np.float32),
            np.ascontiguousarray(others), self.intercept_, offsets,
        )  # fmt: skip


_MEASURES: dict[str, Callable[[npt.NDArray[np.int64]], float]] = {
    "macro_recall": macro_recall,
    "macro_f1": macro_f1,
    "accuracy": lambda confusion: float(np.trace(confusion) / confusion.sum()),
}


def _search(
    estimator: _Logistic, counts: sparse.csr_matrix, truth: Rows, folds: list[Fold], params: ClassifierParams
) -> float:  # fmt: skip
    measure = _MEASURES[params.aim]
    search = RandomizedSearchCV(
        estimator,
        {"strength": stats.loguniform(*_STRENGTHS)},
        n_iter=params.trials,
        scoring=make_scorer(lambda true, given: measure(count_confusion(true, given))),
        cv=folds[-_SEARCH_FOLDS:],
        refit=False,
        random_state=params.seed,
        error_score="raise",
    ).fit(counts, truth)
    return float(search.best_params_["strength"])


def _leave_out(
    estimator: _Logistic, counts: sparse.csr_matrix, truth: Rows, folds: list[Fold]
) -> tuple[Rows, Floats]:
    """Give the rows that were judged, and their scores by a model that was not fitted to them."""
    scores = [
        estimator.fit(counts[fit], truth[fit]).decision_function(counts[judge])
        for fit, judge in folds
    ]
    return np.concatenate([judge for _, judge in folds]), np.concatenate(scores)


@dataclass(frozen=True, eq=False)
class _Quality:
    calibration: Calibration
    offsets: Floats
    confusion: npt.NDArray[np.int64]
    metrics: dict[str, float]


def _judge(scores: Floats, truth: Rows, params: ClassifierParams) -> _Quality:
    """Calibrate on all scores; measure on halves that the calibration of the other half did not see."""
    parts = np.array_split(np.random.default_rng(params.seed).permutation(len(truth)), params.folds)
    told, named = np.empty_like(scores), np.empty_like(truth)
    for left_out in parts:
        known = np.setdiff1d(np.arange(len(truth)), left_out)
        calibration, offsets = _calibrate(scores[known], truth[known], params)
        told[left_out] = calibration.apply(scores[left_out])
        named[left_out] = (_logs(told[left_out]) + offsets).argmax(axis=1)
    confusion = count_confusion(truth, named)
    metrics = {name: measure(confusion) for name, measure in _MEASURES.items()}
    metrics |= {
        "log_loss": float(log_loss(truth, told)),
        "calibration_error": calibration_error(told, truth),
    }
    return _Quality(*_calibrate(scores, truth, params), confusion, metrics)


def _calibrate(scores: Floats, truth: Rows, params: ClassifierParams) -> tuple[Calibration, Floats]:
    calibration = fit_calibration(scores, truth, seed=params.seed, folds=3)
    offsets = best_offsets(_logs(calibration.apply(scores)), truth, _MEASURES[params.aim])
    return calibration, offsets


def _logs(probabilities: Floats) -> Floats:
    return np.log(np.maximum(probabilities, 1e-12))


def _measured_on(n_judged: int, data: _Labelled, folds: list[Fold]) -> str:
    split = "in time" if data.times is not None else "at random"
    apart = ", no author on both sides" if data.groups is not None else ""
    return f"{n_judged} of {len(data.texts)} texts, left out in {len(folds)} folds {split}{apart}"
