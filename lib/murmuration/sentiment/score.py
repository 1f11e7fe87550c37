"""Sentiment of posts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as package_version
from typing import Any, Literal, Protocol, cast, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.errors import ModelError, ParamError, SchemaError, suggest
from murmuration.frames import TEXT, Frame, map_rows, text_list
from murmuration.schema import check_columns
from murmuration.sentiment.model import LABELS, Model
from murmuration.sentiment.vader import vader_scores
from murmuration.text.language import declared_code, detect_languages

Method = Literal["auto", "vader"]

PROBABILITIES = tuple(f"p_{label}" for label in LABELS)

# The thresholds of VADER's authors: https://github.com/cjhutto/vaderSentiment#about-the-scoring
_POSITIVE_FROM, _NEGATIVE_TO = 0.05, -0.05
_VADER_LANGUAGE = "en"
_ANY = "*"  # every language, known or not
_NUMBER = pd.ArrowDtype(pa.float64())
_COLUMNS = {
    "sentiment": _NUMBER,
    "sentiment_label": TEXT,
    "sentiment_model": TEXT,
    **dict.fromkeys(PROBABILITIES, _NUMBER),
}


def score_posts(
    posts: Frame,
    method: Method | Model = "auto",
    *,
    lexicon: Mapping[str, float] | None = None,
    models: Mapping[str, Model] | None = None,
) -> Frame:
    """Say how posts feel.

    Parameters
    ----------
    posts
        pandas or Dask frame with `text`; `lang` is used where it is there.
    method
        ``"auto"`` scores a post with the model of its language, English posts with VADER where `models`
        has none, and leaves the others null; the language is detected where `lang` is missing or null. A
        model scores the posts in its languages only. ``"vader"`` scores every post, whatever its language.
    lexicon
        Words with a feeling of their own for VADER, see `vader_scores`.
    models
        Code of a language to the model that ``"auto"`` uses for it; `murmuration.models` knows those of the
        store, and `run.sentiment_models` those that a report is pinned to.

    Returns
    -------
    same kind as `posts`
        With `sentiment` (−1 worst to 1 best: VADER's compound, or P(positive) − P(negative) of a model; null
        where it was not scored), `sentiment_label` (``negative``, ``neutral``, ``positive``),
        `sentiment_model` (the version of what scored it) and a model's `p_negative`, `p_neutral` and
        `p_positive` (null for VADER, which knows no probabilities).

    Raises
    ------
    ParamError
        If there is no such method, or `models` are given to a method that asks for none.
    ModelError
        If a model gives other labels.
    SchemaError
        If `text` is missing.
    """
    if not hasattr(posts, "columns"):
        raise SchemaError(
            "score_posts takes a frame with the column 'text'. Make one: pandas.DataFrame({'text': texts})."
        )
    plan = _Plan(_choose_scorers(method, dict(lexicon or {}), dict(models or {})))
    return map_rows(posts, _score, plan)


def label_scores(scores: "pd.Series[Any]") -> "pd.Series[Any]":
    """Name VADER's scores from −1 to 1 as negative, neutral or positive; null stays null."""
    labels = pd.Series(LABELS[1], index=scores.index, dtype=TEXT)
    labels = labels.mask(scores >= _POSITIVE_FROM, LABELS[2]).mask(
        scores <= _NEGATIVE_TO, LABELS[0]
    )
    return labels.where(scores.notna(), None)


@cache
def vader_version(lexicon: tuple[tuple[str, float], ...] = ()) -> str:
    """Name what VADER's scores come from: the package's version and, where there is one, a digest of the lexicon."""
    version = f"vader-{package_version('vaderSentiment')}"
    if not lexicon:
        return version
    return f"{version}-{hashlib.sha256(json.dumps(sorted(lexicon)).encode()).hexdigest()[:8]}"


class _Scorer(Protocol):
    @property
    def version(self) -> str: ...

    def score(self, texts: "pd.Series[Any]") -> pd.DataFrame:
        """Give some or all of the columns for each text, with the index of `texts`."""


@dataclass(frozen=True)
class _Vader:
    words: Mapping[str, float]

    @property
    def version(self) -> str:
        return vader_version(tuple(sorted(self.words.items())))

    def score(self, texts: "pd.Series[Any]") -> pd.DataFrame:
        compound = vader_scores(texts, self.words)["compound"]
        return pd.DataFrame({"sentiment": compound, "sentiment_label": label_scores(compound)})


@dataclass(frozen=True)
class _Trained:
    model: Model

    @property
    def version(self) -> str:
        return self.model.version

    def score(self, texts: "pd.Series[Any]") -> pd.DataFrame:
        given = self.model.predict_proba(text_list(texts))
        codes = self.model.choose(given)
        there = codes >= 0
        shares = self._in_order(given)
        columns = dict(zip(PROBABILITIES, shares.T, strict=True))
        columns["sentiment"] = shares[:, 2] - shares[:, 0]
        found = pd.DataFrame(
            {name: _nullable(values, there) for name, values in columns.items()}, index=texts.index
        )
        # Not always the most probable one: a model may weigh labels.
        named = np.array(self.model.card.labels)[codes]
        labels = pa.array(named, pa.string(), mask=~there)
        return found.assign(sentiment_label=pd.array(cast(Any, labels), dtype=TEXT))

    def _in_order(self, given: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Give shape (n_texts, 3) in the order of `LABELS`; 0 for a label that the model lacks."""
        shares = np.zeros((len(given), len(LABELS)))
        shares[:, [LABELS.index(label) for label in self.model.card.labels]] = given
        return shares


@dataclass(frozen=True)
class _Plan:
    """Who scores the posts of which language."""

    scorers: Mapping[str, _Scorer]

    def __dask_tokenize__(self) -> object:
        return {language: scorer.version for language, scorer in self.scorers.items()}


def _choose_scorers(
    method: Method | Model, words: Mapping[str, float], models: Mapping[str, Model]
) -> dict[str, _Scorer]:
    if models and method != "auto":
        raise ParamError(
            "Only the method 'auto' chooses among models. Leave out method, or models."
        )
    vader = _Vader(words)
    if method == "vader":
        return {_ANY: vader}
    if method == "auto":
        trained = {_code(language): _trained(model) for language, model in models.items()}
        return {_VADER_LANGUAGE: vader, **trained}
    if isinstance(method, Model):
        return dict.fromkeys(map(_code, method.card.languages), _trained(method))
    raise ParamError(
        f"There is no sentiment method {method!r}.{suggest(str(method), get_args(Method))} Or give a model, "
        "such as murmuration.models.load(name)."
    )


def _trained(model: Model) -> _Scorer:
    if not hasattr(model, "predict_proba"):
        raise ParamError(
            f"{model!r:.60} is no model. Load it first: murmuration.models.load(name)."
        )
    if unknown := set(model.card.labels) - set(LABELS):
        raise ModelError(
            f"The model {model.version} gives {', '.join(sorted(unknown))}, but posts are scored as "
            f"{', '.join(LABELS)}. Train it with these labels."
        )
    return _Trained(model)


def _code(language: str) -> str:
    return declared_code(language) or language


def _score(part: pd.DataFrame, plan: _Plan) -> pd.DataFrame:
    check_columns(part.columns, ["text"], what="score_posts")
    texts = part["text"].reset_index(drop=True)
    # One call for all posts of a scorer, in however many languages.
    scorers = {scorer.version: scorer for scorer in plan.scorers.values()}
    wanted = _find_languages(part, plan).map(
        {language: scorer.version for language, scorer in plan.scorers.items()}
    )
    found = [_score_some(texts[wanted == version], scorer) for version, scorer in scorers.items()]
    whole = pd.concat(found).reindex(range(len(part)))
    return part.assign(**whole.set_axis(part.index))


def _score_some(texts: "pd.Series[Any]", scorer: _Scorer) -> pd.DataFrame:
    # A model may be slow to wake up, and no post is no reason to.
    found = scorer.score(texts) if len(texts) else pd.DataFrame(index=texts.index)
    found = found.reindex(columns=list(_COLUMNS)).astype(_COLUMNS)
    return found.assign(
        sentiment_model=found["sentiment_model"].mask(found["sentiment"].notna(), scorer.version)
    )


def _find_languages(part: pd.DataFrame, plan: _Plan) -> "pd.Series[Any]":
    if _ANY in plan.scorers:
        return pd.Series(_ANY, index=range(len(part)), dtype=object)
    texts = text_list(part["text"])
    declared = text_list(part["lang"], column="lang") if "lang" in part else [None] * len(part)
    unknown = [text if code is None else None for text, code in zip(texts, declared, strict=True)]
    detected = detect_languages(unknown).to_pylist()
    codes = (code or found for code, found in zip(declared, detected, strict=True))
    return pd.Series([declared_code(code) for code in codes], dtype=object)


def _nullable(values: npt.NDArray[np.float64], there: npt.NDArray[np.bool_]) -> Any:
    return pd.array(pa.array(values, pa.float64(), mask=~there), dtype=_NUMBER)
