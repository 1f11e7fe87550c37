"""VADER: sentiment of English posts from a lexicon and rules.

Method: Hutto & Gilbert 2014, “VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text”, ICWSM; the scores are those of the package vaderSentiment.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Any

import pandas as pd
import pyarrow as pa
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from murmuration.frames import text_list

SCORES = ("neg", "neu", "pos", "compound")

# VADER takes time with the square of a text's length (0.3 s for 10,000 characters, 46 s for 100,000),
# and was made for posts: longer ones are judged by their beginning. It reads an emoji as the words that
# describe it, so these count, once a text could be that long.
MAX_CHARS = 10_000
_SURELY_SHORT = 250


def vader_scores(
    texts: Iterable[str | None], lexicon: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Score English texts with VADER.

    Parameters
    ----------
    texts
        A Series, an Arrow array or any iterable of texts.
    lexicon
        Single words with a feeling of their own here, −4 to 4, on top of VADER's; 0 takes a word out (a
        brand called “United” is no compliment).

    Returns
    -------
    pandas.DataFrame
        Columns `neg`, `neu`, `pos` (shares, 0 to 1) and `compound` (−1 to 1), one row a text, the index
        of a Series kept; null for a missing or empty text. Beyond 10,000 characters (an emoji counts as
        the words that describe it) a text is not read.
    """
    analyzer = _analyzer(tuple(sorted((lexicon or {}).items())))
    index = texts.index if isinstance(texts, pd.Series) else None
    known = isinstance(texts, pd.Series | pa.Array | pa.ChunkedArray)
    rows = [_score(analyzer, text) for text in text_list(texts if known else list(texts))]
    columns = {name: pa.array([row and row[name] for row in rows], pa.float64()) for name in SCORES}
    frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame if index is None else frame.set_axis(index)


def _score(analyzer: SentimentIntensityAnalyzer, text: str | None) -> dict[str, Any] | None:
    return analyzer.polarity_scores(_beginning(text, analyzer.emojis)) if text else None


def _beginning(text: str, emojis: Mapping[str, str]) -> str:
    """Give as much of a text as VADER reads in bounded time."""
    if len(text) <= _SURELY_SHORT or text.isascii():
        return text[:MAX_CHARS]
    lengths = accumulate(1 + len(emojis.get(char, "")) for char in text[:MAX_CHARS])
    return text[: sum(length <= MAX_CHARS for length in lengths)]


@lru_cache(maxsize=8)
def _analyzer(words: tuple[tuple[str, float], ...]) -> SentimentIntensityAnalyzer:
    analyzer = SentimentIntensityAnalyzer()
    for word, feeling in words:
        if feeling == 0:
            analyzer.lexicon.pop(word.lower(), None)
        else:
            analyzer.lexicon[word.lower()] = feeling
    return analyzer
