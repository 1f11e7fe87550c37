"""Sentiment of posts."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import pandas as pd

from murmuration.errors import ParamError, suggest
from murmuration.frames import TEXT, Frame, map_rows, text_list
from murmuration.schema import check_columns
from murmuration.sentiment.model import LABELS
from murmuration.sentiment.vader import vader_scores
from murmuration.text.language import declared_code, detect_languages

Method = Literal["auto", "vader"]


# The thresholds of VADER's authors: https://github.com/cjhutto/vaderSentiment#about-the-scoring
_POSITIVE_FROM, _NEGATIVE_TO = 0.05, -0.05
_VADER_LANGUAGE = "en"


def score_posts(
    posts: Frame, method: Method = "auto", *, lexicon: Mapping[str, float] | None = None
) -> Frame:
    """Say how posts feel.

    Parameters
    ----------
    posts
        pandas or Dask frame with `text`; `lang` is used where it is there.
    method
        ``"auto"`` scores English posts with VADER and leaves the others null; the language is detected
        where `lang` is missing or null. ``"vader"`` scores every post, whatever its language.
    lexicon
        Words with a feeling of their own, see `vader_scores`.

    Returns
    -------
    same kind as `posts`
        With `sentiment` (−1 worst to 1 best; null where it was not scored) and `sentiment_label`
        (``negative``, ``neutral``, ``positive``; null likewise).

    Raises
    ------
    ParamError
        If there is no such method.
    SchemaError
        If `text` is missing.
    """
    if method not in get_args(Method):
        raise ParamError(
            f"There is no sentiment method {method!r}.{suggest(method, get_args(Method))}"
        )
    words = dict(lexicon or {})

    def score(part: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, ["text"], what="score_posts")
        texts = part["text"] if method == "vader" else part["text"].where(_is_english(part))
        compound = vader_scores(texts, words)["compound"]
        return part.assign(sentiment=compound, sentiment_label=label_scores(compound))

    return map_rows(posts, score)


def label_scores(scores: "pd.Series[Any]") -> "pd.Series[Any]":
    """Name scores from −1 to 1 as negative, neutral or positive; null stays null."""
    labels = pd.Series(LABELS[1], index=scores.index, dtype=TEXT)
    labels = labels.mask(scores >= _POSITIVE_FROM, LABELS[2]).mask(
        scores <= _NEGATIVE_TO, LABELS[0]
    )
    return labels.where(scores.notna(), None)


def _is_english(part: pd.DataFrame) -> "pd.Series[Any]":
    texts = text_list(part["text"])
    declared = text_list(part["lang"], column="lang") if "lang" in part else [None] * len(part)
    unknown = [text if code is None else None for text, code in zip(texts, declared, strict=True)]
    detected = detect_languages(unknown).to_pylist()
    codes = (code or found for code, found in zip(declared, detected, strict=True))
    english = [declared_code(code) == _VADER_LANGUAGE for code in codes]
    return pd.Series(english, index=part.index, dtype=bool)
