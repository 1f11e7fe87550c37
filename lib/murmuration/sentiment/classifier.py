"""Labelled texts → a linear model of how texts feel.

One logistic regression per label over n-grams of words and characters, VADER's scores and, if asked for, vectors
of a network (Joachims 1998, doi:10.1007/BFb0026683; Wang & Manning 2012, https://aclanthology.org/P12-2018),
its strength found by search, its scores turned into probabilities on posts that it was not fitted to.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.metadata import version as package_version
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, cast, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import stats
from sklearn.metrics import log_loss
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold

from murmuration.errors import ModelError, ParamError, suggest
from murmuration.frames import TEXT, is_dask
from murmuration.model_folder import digest_contents, read_folder, write_folder
from murmuration.sentiment.calibration import (
    Calibration,
    calibration_error,
    fit_calibration,
    fit_scaling,
)
from murmuration.sentiment.drift import Hashes, hash_texts, summarise_texts
from murmuration.sentiment.embedding import digest_embedding, embed_texts
from murmuration.sentiment.features import (
    READING,
    Counted,
    NGrams,
    add_up,
    count_ngrams,
    find_places,
    in_batches,
    name_ngrams,
    read_texts,
    weigh,
)
from murmuration.sentiment.labelled import Labelled, prepare_labelled_texts
from murmuration.sentiment.learner import Learner, Table, count_table, count_words
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

_NAME = re.compile(r"[a-z0-9_-]{1,64}")
_SEARCH_FOLDS = 3  # of those that the quality is measured on, for each try
_SEARCH_ROWS = 12_000  # of each fold: the best strength hardly depends on how many there are
_STRENGTHS = (0.3, 10.0)  # C of logistic regression
_MANY = 20_000  # texts, from which on n-grams that occur once are left out


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
        N-grams of so many characters within words; none where `chars_to` is 0.
    vader
        Whether VADER's scores are features. They help beyond English too, by emoji and borrowed words.
    embedding
        Name or folder of a sentence-transformers or model2vec model whose vectors are features; needs the
        extra ``embeddings``, where the model is trained and where it is used.
    min_texts
        In how many texts an n-gram has to occur; None: 1, or 2 from 20,000 texts on.
    class_weight
        ``"balanced"`` gives each label the same weight, ``"none"`` each text, or a weight per label.
    aim
        What the naming of labels is to make high.
    strength
        How closely the weights follow the texts (C); None searches.
    focus
        How far n-grams count by how well they set a label apart, 0 to 1.
    trials
        How many strengths are tried in the search.
    folds
        Into how many parts the texts are split to measure quality.
    """

    seed: int = 0
    words: int = 2
    chars_from: int = 2
    chars_to: int = 5
    vader: bool = True
    embedding: str | None = None
    min_texts: int | None = None
    class_weight: Literal["balanced", "none"] | Mapping[str, float] = "balanced"
    aim: Aim = "macro_recall"
    strength: float | None = None
    focus: float = 0.5
    trials: int = 6
    folds: int = 5

    def __post_init__(self) -> None:
        for name, low, high in (
            ("seed", 0, 2**32 - 1), ("words", 1, 5), ("chars_from", 1, 10), ("chars_to", 0, 10), ("min_texts", 1, 1000),
            ("strength", 1e-6, 1e6), ("focus", 0, 1), ("trials", 1, 1000), ("folds", 2, 20),
        ):  # fmt: skip
            value = getattr(self, name)
            self._check_type(name, value)
            if value is not None and not low <= value <= high:
                raise ParamError(
                    f"ClassifierParams.{name} is {value}, but has to lie between {low} and {high}."
                )
        if 0 < self.chars_to < self.chars_from:
            raise ParamError(
                f"ClassifierParams.chars_from is {self.chars_from}, above chars_to, {self.chars_to}. Give the shorter "
                "length first, or chars_to=0 for no n-grams of characters."
            )
        if self.aim not in get_args(Aim):
            raise ParamError(
                f"ClassifierParams.aim cannot be {self.aim!r}.{suggest(str(self.aim), get_args(Aim))}"
            )
        self._check_weights()

    def _check_type(self, name: str, value: object) -> None:
        is_optional = name in ("min_texts", "strength")
        kinds, wanted = (
            (Real, "a number") if name in ("strength", "focus") else (Integral, "a whole number")
        )
        if (value is None and is_optional) or (
            isinstance(value, kinds) and not isinstance(value, bool)
        ):
            return
        raise ParamError(f"ClassifierParams.{name} is {value!r}, but has to be {wanted}.")

    def _check_weights(self) -> None:
        given = self.class_weight
        if not isinstance(given, str | Mapping):
            raise ParamError(
                f"ClassifierParams.class_weight cannot be {given!r}. Give 'balanced', 'none', or a weight per label."
            )
        for name in [given] if isinstance(given, str) else given:
            known = ("balanced", "none") if isinstance(given, str) else LABELS
            if name not in known:
                raise ParamError(
                    f"ClassifierParams.class_weight cannot be {name!r}.{suggest(str(name), known)}"
                )
        for label, weight in () if isinstance(given, str) else given.items():
            is_number = isinstance(weight, Real) and not isinstance(weight, bool)
            if not is_number or not 0 < weight < np.inf:
                raise ParamError(
                    f"ClassifierParams.class_weight[{label!r}] is {weight!r}, but has to be a number above 0."
                )


@dataclass(frozen=True, eq=False)
class Weights:
    """What a linear model has learned.

    Attributes
    ----------
    keys, rarity, terms
        Of each n-gram its digest (rising), how rare it is, and its weight per label, shape (n_ngrams, n_labels).
    others
        The weights of VADER's scores and of vectors, shape (n_others, n_labels).
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
        self,
        card: ModelCard,
        ngrams: NGrams,
        weights: Weights,
        calibration: Calibration,
        learned: Hashes | None = None,
    ) -> None:
        self._card, self._ngrams, self._weights = card, ngrams, weights
        self._calibration, self._learned = calibration, learned
        self._n_words = count_words(weights.keys)

    def __repr__(self) -> str:
        return f"LinearModel({self.version!r})"

    def __dask_tokenize__(self) -> object:
        return self.version

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
        parts = [self._scores(batch) for batch in in_batches(read)]
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
        logs = _logs(probabilities) + self._weights.offsets
        codes = np.where(np.isnan(logs), -np.inf, logs).argmax(axis=1)
        return np.where(np.isnan(probabilities[:, 0]), -1, codes)

    def has_learned(self, texts: Iterable[str | None]) -> npt.NDArray[np.bool_] | None:
        """Say of each text whether the model was trained on it; None where the model does not know.

        White space does not count. What it was trained on is kept as hashes, from which no text can be read.
        """
        if self._learned is None:
            return None
        return np.isin(hash_texts(read_texts(texts)), self._learned)

    def save(self, folder: Path) -> None:
        """Write a model folder."""
        write_folder(folder, self._facts(), self._arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder.

        Raises
        ------
        ModelError
            If the folder is damaged, holds another kind of model, or one that learned words read otherwise.
        """
        contents = read_folder(folder)
        facts, arrays = dict(contents.facts), contents.arrays
        ngrams, kind = facts.pop("ngrams", None), facts.pop("calibration", None)
        if ngrams is not None and facts.pop("reading", 1) != READING:
            raise ModelError(
                f"The model in {folder} was trained by a version that reads words otherwise. Train it again."
            )
        try:
            weights = Weights(**{name: arrays[name] for name in Weights.__annotations__})
            calibration = Calibration(cast(Any, kind), arrays["values"], arrays["knots"])
            learned = arrays.get("learned")  # not in folders that older versions wrote
            return cls(read_card(facts), NGrams(**cast(Any, ngrams)), weights, calibration, learned)
        except (KeyError, TypeError) as err:
            raise ModelError(f"The model in {folder} is no linear one: {err!r}.") from err

    def explain(
        self, texts: Iterable[str | None], *, count: int = 8
    ) -> list[list[tuple[str, float]]]:
        """Give the terms that weighed most for or against the label that each text is given.

        Parameters
        ----------
        texts
            As for `predict`.
        count
            How many terms a text.

        Returns
        -------
        list of lists of (term, weight)
            Largest size first: words (with the n-grams of characters within them), runs of words, ``VADER`` and
            ``embedding``; how much more a term adds to the score of the label than to those of the others
            on average. Empty for missing and empty texts.
        """
        read = read_texts(texts)
        given = self.choose(self.predict_proba(read))
        return [
            self._explain(text, int(code))[:count] if code >= 0 else []
            for text, code in zip(read, given, strict=True)
        ]

    def _explain(self, text: str, code: int) -> list[tuple[str, float]]:
        against = np.full(len(LABELS), -1 / (len(LABELS) - 1))
        against[code] = 1.0
        counted, places, values = self._values([text])
        worth = values * (self._weights.terms[places] @ against) * (places >= 0) / counted.counts
        worth_of = dict(zip(counted.keys.tolist(), worth.tolist(), strict=True))
        terms: dict[str, float] = {}
        for key, name in zip(*name_ngrams(text, self._ngrams), strict=True):
            terms[name] = terms.get(name, 0.0) + worth_of[int(key)]
        others = other_features([text], self._card.params)[0] * (self._weights.others @ against)
        n_vader = len(SCORES) if self._card.params.get("vader") else 0
        terms["VADER"], terms["embedding"] = others[:n_vader].sum(), others[n_vader:].sum()
        ranked = sorted(terms.items(), key=lambda term: (-abs(term[1]), term[0]))
        return [(name, float(value)) for name, value in ranked if value]

    def _facts(self) -> dict[str, Any]:
        return card_facts(self._card) | {
            "ngrams": self._ngrams._asdict(), "reading": READING, "calibration": self._calibration.kind,
        }  # fmt: skip

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        learned = {} if self._learned is None else {"learned": self._learned}
        return vars(self._weights) | learned | {
            "values": self._calibration.values, "knots": self._calibration.knots,
        }  # fmt: skip

    def _scores(self, texts: list[str]) -> Floats:
        counted, places, values = self._values(texts)
        scores = np.tile(self._weights.bias, (len(texts), 1))
        add_up(counted.starts, places, values, self._weights.terms, scores)
        others = other_features(texts, self._card.params)
        for column, weight in zip(others.T, self._weights.others, strict=True):
            scores += column[:, None] * weight
        return scores

    def _values(self, texts: list[str]) -> tuple[Counted, npt.NDArray[np.int32], Singles]:
        """Give the n-grams of texts, their places among those known (-1 for others), and their values."""
        counted = count_ngrams(texts, self._ngrams)
        places = np.empty(len(counted.keys), np.int32)
        find_places(counted.keys, self._weights.keys, places)
        values = np.empty(len(places), np.float32)
        rarity = self._weights.rarity
        weigh(counted.starts, places, counted.counts, rarity, self._n_words, values)
        return counted, places, values


def train_classifier(
    texts: Iterable[str | None],
    labels: Iterable[str | None],
    *,
    groups: Iterable[Any] | None = None,
    times: Iterable[Any] | None = None,
    others: tuple[Iterable[str | None], Iterable[str | None]] | None = None,
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
        none where there is no such. Dask series (then all columns are, of one frame) are learned from part by
        part, in order, so rows should lie in no order of labels; a tenth of the texts or authors, or the
        latest tenth, is left out to judge by.
    groups
        Who wrote each text: nobody's texts are both learned from and judged by.
    times
        When each was written: what is judged by is later than what was learned from.
    others
        Texts and labels of other languages or fields, to learn what they have in common with these (emoji,
        names, borrowed words): what all texts say counts as much as what these say; never judged by.
    languages
        Codes of the languages of the texts.
    params
        See `ClassifierParams`.
    name
        What the model is called.
    description, licence
        Of the texts, for the model's card.
    on_progress
        Told what is being done, and the share that is done. Each step is logged as INFO in any case.

    Returns
    -------
    LinearModel
        Its card holds quality and confusion on texts it was not fitted to. Where `strength` is searched, by the log
        loss on the last three folds, what judges a fold has the strength that did best on the others.

    Raises
    ------
    ParamError
        If a label is unknown, or there are too few texts of one.
    SchemaError
        If the texts are none.
    """
    params = params or ClassifierParams()
    if not _NAME.fullmatch(name):
        raise ParamError(
            f"A model cannot be called {name!r}: a name has 1 to 64 of a-z, 0-9, _ and -."
        )
    card = ModelCard(
        name=name,
        kind="linear",
        languages=(languages,) if isinstance(languages, str) else tuple(languages),
        trained_on={"description": description},
        params=asdict(params),
        versions={one: package_version(one) for one in ("murmuration", "scikit-learn", "numpy")},
        licence=licence,
    )
    tell = _tell_log(on_progress)
    if is_dask(texts):
        if others is not None:
            raise ParamError(
                "Texts of others cannot be put beside a Dask series. Join them with it (dask.dataframe.concat), or "
                "leave them out."
            )
        from murmuration.sentiment.out_of_core import train_in_parts

        return train_in_parts(
            texts, labels, groups=groups, times=times, card=card, params=params, tell=tell
        )
    data = prepare_labelled_texts(texts, labels, groups, times, least=2 * params.folds)
    beside = prepare_labelled_texts(*(others or ((), ())), None, None, least=0)
    return _train(data, beside.without(data.texts), card, params, tell)


def _tell_log(on_progress: Progress | None) -> Progress:
    """Log each step with the seconds since the start, and hand on what is told."""
    started, steps = time.perf_counter(), set[str]()

    def tell(step: str, share: float) -> None:
        if step not in steps:
            steps.add(step)
            log.info("training: %s, after %.1f s", step, time.perf_counter() - started)
        if on_progress:
            on_progress(step, share)

    return tell


def _train(
    data: Labelled, beside: Labelled, card: ModelCard, params: ClassifierParams, tell: Progress
) -> LinearModel:
    folds = make_folds(
        data.truth,
        alike=data.alike,
        groups=data.groups,
        times=data.times,
        folds=params.folds,
        seed=params.seed,
    )
    tell("counting n-grams", 0.0)
    ngrams = NGrams(words=params.words, chars_from=params.chars_from, chars_to=params.chars_to)
    posts = _count_posts(data, beside, ngrams, params)
    learner = Learner(
        n_words=count_words(posts.table.keys), n_ngrams=len(posts.table.keys), min_texts=posts.min_texts,
        class_weight=class_weights(params), seed=params.seed, strength=params.strength or 1.0, focus=params.focus,
    )  # fmt: skip
    tell("searching", 0.1)
    strengths = _search(learner, posts, folds, params)
    tell("measuring quality", 0.6)
    judged = np.concatenate([judge for _, judge in folds])
    scores = _leave_out(
        learner, posts, folds, strengths, lambda share: tell("measuring quality", 0.6 + 0.3 * share)
    )
    quality = judge_scores(scores, data.truth[judged], params)
    tell("learning from all texts", 0.9)
    learner.set_params(strength=strengths.all)
    learner.fit(posts.table.counts, posts.truth, posts.own)
    tell("done", 1.0)
    known = replace(
        card,
        trained_on=data.facts
        | {"beside": len(beside.texts), "summary": _summarise(data, beside, card.languages)}
        | dict(card.trained_on),
        params=dict(card.params)
        | {"strength": learner.strength, "min_texts": posts.min_texts}
        | embedding_facts(params)
        | {"judged": _describe_split(data, folds), "strength_searched": params.strength is None},
        metrics=quality.metrics,
        errors=ErrorTable(quality.confusion, describe_judged(card, len(judged))),
    )
    weights = _weights(learner, posts.table.keys, quality.offsets)
    learned = np.unique(hash_texts(data.texts + beside.texts))
    return LinearModel(known, ngrams, weights, quality.calibration, learned)


def _summarise(data: Labelled, beside: Labelled, languages: Sequence[str]) -> dict[str, Any]:
    texts = data.texts + beside.texts
    is_known = len(languages) == 1 and not beside.texts
    return summarise_texts(texts, list(languages) * len(texts) if is_known else None)


@dataclass(frozen=True, eq=False)
class _Posts:
    """Features and labels of the texts, and behind them those of others."""

    table: Table
    truth: Rows
    own: npt.NDArray[np.bool_]
    min_texts: int

    def with_others(self, rows: Rows) -> Rows:
        return np.concatenate([rows, np.flatnonzero(~self.own)])


def _count_posts(
    data: Labelled, beside: Labelled, ngrams: NGrams, params: ClassifierParams
) -> _Posts:
    texts = data.texts + beside.texts
    min_texts = params.min_texts or (2 if len(texts) >= _MANY else 1)
    features = other_features(texts, asdict(params), alone=False)
    return _Posts(
        count_table(texts, features, ngrams, min_texts),
        np.concatenate([data.truth, beside.truth]),
        np.arange(len(texts)) < len(data.texts),
        min_texts,
    )


def _weights(learner: Learner, keys: npt.NDArray[np.uint64], offsets: Floats) -> Weights:
    used = learner.rarity_ > 0
    terms, others = np.split(learner.coef_, [learner.n_ngrams])
    return Weights(
        keys[used], learner.rarity_[used], terms[used].astype(np.float32),
        np.ascontiguousarray(others), learner.intercept_, offsets,
    )  # fmt: skip


def other_features(texts: list[str], params: Mapping[str, Any], *, alone: bool = True) -> Floats:
    """Give VADER's scores and vectors, as `params` says, shape (n_texts, any)."""
    parts = [np.empty((len(texts), 0))]
    if params["vader"]:
        scores = vader_scores(texts)[list(SCORES)].to_numpy(np.float64, na_value=np.nan)
        parts.append(np.nan_to_num(scores))
    if params["embedding"]:
        parts.append(embed_texts(texts, params["embedding"], alone=alone))
    return np.hstack(parts)


def embedding_facts(params: ClassifierParams) -> dict[str, str]:
    """Give the digest of the embedding that vectors came from, for the card: another of that name is refused."""
    return {"embedding_digest": digest_embedding(params.embedding)} if params.embedding else {}


def class_weights(params: ClassifierParams) -> str | dict[int, float] | None:
    """Give the weights of labels as scikit-learn takes them."""
    given = params.class_weight
    if isinstance(given, str):
        return None if given == "none" else given
    return {code: float(given.get(label, 1.0)) for code, label in enumerate(LABELS)}


_MEASURES: dict[str, Callable[[npt.NDArray[Any]], float]] = {
    "macro_recall": macro_recall,
    "macro_f1": macro_f1,
    "accuracy": lambda confusion: float(np.trace(confusion) / confusion.sum()),
}


class _Strengths(NamedTuple):
    """The strength that does best over all folds, and for each fold over the others."""

    all: float
    without: list[float]


def _search(
    learner: Learner, posts: _Posts, folds: list[Fold], params: ClassifierParams
) -> _Strengths:
    """Find the strength that does best on texts left out; on texts of one's own, as others change it little.

    What judges a fold has the strength that did best on other folds, so that no fold is judged by what was
    chosen for it.
    """
    if params.strength is not None:
        return _Strengths(params.strength, [params.strength] * len(folds))
    rng = np.random.default_rng(params.seed)
    search = RandomizedSearchCV(
        learner,
        {"strength": stats.loguniform(*_STRENGTHS)},
        n_iter=params.trials,
        scoring=_calibrated_loss,
        cv=[(_draw(fit, rng), judge) for fit, judge in folds[-_SEARCH_FOLDS:]],
        refit=False,
        random_state=params.seed,
        error_score="raise",
    ).fit(posts.table.counts, posts.truth)
    tried = np.array([one["strength"] for one in search.cv_results_["params"]])
    losses = np.array(
        [
            search.cv_results_[f"split{number}_test_score"]
            for number in range(len(folds[-_SEARCH_FOLDS:]))
        ]
    )
    return choose_strengths(tried, losses, len(folds))


def choose_strengths(tried: Floats, scores: Floats, n_folds: int) -> _Strengths:
    """Choose by the scores, shape (n_searched, n_tried), of the last folds: for each fold by those of the others."""
    first = n_folds - len(scores)
    without = [
        tried[np.delete(scores, number - first, axis=0).mean(axis=0).argmax()]
        if number >= first
        else tried[scores.mean(axis=0).argmax()]
        for number in range(n_folds)
    ]
    return _Strengths(float(tried[scores.mean(axis=0).argmax()]), [float(one) for one in without])


def _calibrated_loss(learner: Learner, counts: Any, truth: Rows) -> float:
    """Give the log loss, negative, that is left once scores are calibrated: it varies less than shares of hits."""
    scores = learner.decision_function(counts)
    return -float(log_loss(truth, fit_scaling(scores, truth).apply(scores)))


def _draw(rows: Rows, rng: np.random.Generator) -> Rows:
    if len(rows) <= _SEARCH_ROWS:
        return rows
    return np.sort(rng.choice(rows, _SEARCH_ROWS, replace=False))


def _leave_out(
    learner: Learner,
    posts: _Posts,
    folds: list[Fold],
    strengths: _Strengths,
    tell: Callable[[float], None],
) -> Floats:
    """Give the scores of the rows that are judged, each by a model that was not fitted to it."""
    scores = []
    for (fit, judge), strength in zip(folds, strengths.without, strict=True):
        rows = posts.with_others(fit)
        learner.set_params(strength=strength).fit(
            posts.table.counts[rows], posts.truth[rows], posts.own[rows]
        )
        scores.append(learner.decision_function(posts.table.counts[judge]))
        tell(len(scores) / len(folds))
    return np.concatenate(scores)


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
        named[left_out] = (_logs(told[left_out]) + offsets).argmax(axis=1)
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


def _logs(probabilities: Floats) -> Floats:
    return np.log(np.maximum(probabilities, 1e-12))


def describe_judged(card: ModelCard, n_posts: int) -> str:
    """Say on which posts quality was measured, for readers of reports."""
    description = str(card.trained_on.get("description") or "")
    posts = f"{n_posts:,} posts it was not fitted to"
    return f"{description}: {posts}" if description else posts


def _describe_split(data: Labelled, folds: list[Fold]) -> str:
    split = "in time" if data.times is not None else "at random"
    apart = ", no author on both sides" if data.groups is not None else ""
    return f"each text of {len(folds)} folds {split}{apart}"
