"""VADER, as it is published, for whole columns of text.

Hutto & Gilbert 2014, “VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text”,
ICWSM. The scores are those of the package vaderSentiment 3.3.2 to the last bit, and its lexicons are the ones
that are read; its rules run compiled, over columns, in `kernel`.
"""

import sys
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from vaderSentiment import vaderSentiment

from murmuration.errors import ParamError
from murmuration.frames import is_dask, text_array
from murmuration.sentiment import kernel

SCORES = ("neg", "neu", "pos", "compound")

# VADER was made for posts, and takes time with the square of a text's length where feelings and a “but” crowd
# it: 4 s for this many characters. Longer texts are judged by their beginning.
MAX_CHARS = 500_000
_STRONGEST = 4
_DIGITS = (3, 3, 3, 4)
_ROLES = (
    (("no",), kernel.NO), (("or", "nor"), kernel.OR_NOR), (("least",), kernel.LEAST),
    (("at", "very"), kernel.AT_VERY), (("never",), kernel.NEVER), (("so", "this"), kernel.SO_THIS),
    (("without",), kernel.WITHOUT), (("doubt",), kernel.DOUBT), (("but",), kernel.BUT),
    (("kind",), kernel.KIND), (("of",), kernel.OF),
)  # fmt: skip


def vader_scores(
    texts: Iterable[str | None], lexicon: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Score texts with VADER.

    Parameters
    ----------
    texts
        A Series, an Arrow array or any iterable of texts; or a Dask series.
    lexicon
        Single words with a feeling of their own here, −4 to 4, on top of VADER's; 0 takes a word out (a
        brand called “United” is no compliment).

    Returns
    -------
    pandas.DataFrame, lazy for a Dask series
        Columns `neg`, `neu`, `pos` (shares, 0 to 1) and `compound` (−1 to 1), one row a text, the index
        of a Series kept; null for a missing or empty text. Beyond 500,000 characters (an emoji counts as
        the words that describe it) a text is not read.
    """
    if is_dask(texts):
        lazy = cast(Any, texts)
        meta = vader_scores(lazy._meta, lexicon)  # noqa: SLF001  the empty series that says its type
        return cast(pd.DataFrame, lazy.map_partitions(vader_scores, lexicon, meta=meta))
    index = texts.index if isinstance(texts, pd.Series) else None
    known = isinstance(texts, pd.Series | pa.Array | pa.ChunkedArray)
    column = text_array(texts if known else list(texts))
    words = tuple(sorted((lexicon or {}).items()))
    for word, feeling in words:
        if not isinstance(feeling, int | float) or not abs(feeling) <= _STRONGEST:
            raise ParamError(
                f"The lexicon gives {word!r} the feeling {feeling!r}, but it lies between -4 and 4."
            )
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    scores = np.concatenate([np.empty((0, 4)), *(_score(chunk, words) for chunk in chunks)])
    there = ~np.isnan(scores[:, 0])
    columns = {
        name: pa.array(scores[:, place], pa.float64(), mask=~there)
        for place, name in enumerate(SCORES)
    }
    frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame if index is None else frame.set_axis(index)


def _score(texts: pa.Array, lexicon: tuple[tuple[str, float], ...]) -> npt.NDArray[np.float64]:
    """Give scores, shape (n_texts, 4); NaN for a missing or empty text."""
    column = texts.cast(pa.large_string())
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    valid = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False))
    exact, rounded = np.empty((2, len(column), 4))
    kernel.score_texts(
        np.frombuffer(data or b"", np.uint8), starts, valid, _characters(), _words(lexicon),
        sys.version_info >= (3, 12), _room(starts), exact, rounded,
    )  # fmt: skip
    for row, place in np.argwhere(np.isnan(rounded) & ~np.isnan(exact)):
        rounded[row, place] = round(float(exact[row, place]), _DIGITS[place])
    if any(not word.isascii() for word, _ in lexicon):
        _score_one_by_one(column, lexicon, rounded)
    return rounded


def _score_one_by_one(
    texts: pa.Array, lexicon: tuple[tuple[str, float], ...], scores: npt.NDArray[np.float64]
) -> None:
    """Score again, with the reference, what may hold words beyond ASCII, which `kernel` cannot tell apart."""
    reference = analyzer(lexicon)
    beyond = pc.invert(pc.fill_null(pc.string_is_ascii(texts), True))
    for row in np.flatnonzero(beyond.to_numpy(zero_copy_only=False)):
        found = reference.polarity_scores(texts[int(row)].as_py()[:MAX_CHARS])
        scores[row] = [found[name] for name in SCORES]


def _room(starts: npt.NDArray[np.int64]) -> kernel.Room:
    """Make room for the longest text, in which each character may be an emoji."""
    widest = 1 + int(np.diff(_characters().starts).max())
    size = min(MAX_CHARS, widest * int(np.diff(starts).max(initial=0)))
    return kernel.Room(
        np.empty(size, np.uint8), np.empty(size, np.int32), np.empty(size, np.int32),
        np.empty(size, np.bool_), np.empty(size, np.float64),
    )  # fmt: skip


@lru_cache(maxsize=8)
def analyzer(
    lexicon: tuple[tuple[str, float], ...] = (),
) -> vaderSentiment.SentimentIntensityAnalyzer:
    """Give the reference, with words of one's own; 0 takes a word out."""
    made = vaderSentiment.SentimentIntensityAnalyzer()
    for word, feeling in lexicon:
        if feeling == 0:
            made.lexicon.pop(word.lower(), None)
        else:
            made.lexicon[word.lower()] = feeling
    return made


@cache
def _characters() -> kernel.Characters:
    """Say what each character is to VADER; beyond U+1FFFF none has case, is a space or has a description."""
    kinds = np.full(0x20000, kernel.UNCASED, np.uint8)
    emoji = np.zeros(len(kinds), np.int16)
    for code in range(0x80, len(kinds)):
        letter = chr(code)
        if letter.isupper():
            kinds[code] = kernel.UPPER
        elif letter.islower() or letter.istitle():
            kinds[code] = kernel.LOWER
        elif letter.isspace():
            kinds[code] = kernel.SPACE
    kinds[ord("\N{KELVIN SIGN}")] = kernel.KELVIN
    described = {one: words for one, words in analyzer().emojis.items() if len(one) == 1}
    for number, one in enumerate(described):
        kinds[ord(one)], emoji[ord(one)] = kernel.EMOJI, number
    letters = [_one_byte_each(words, kinds) for words in described.values()]
    bytes_ = [chr(byte) for byte in range(128)]
    spaces = np.zeros(256, bool)
    spaces[:128] = [byte.isspace() for byte in bytes_]
    spaces[kernel.SPACE] = True
    marks = np.zeros(256, bool)
    marks[:128] = [byte in vaderSentiment.string.punctuation for byte in bytes_]
    return kernel.Characters(kinds, spaces, marks, emoji, *_packed(letters))


def _one_byte_each(text: str, kinds: kernel.Bytes) -> bytes:
    return bytes(ord(one) if one.isascii() else kinds[ord(one)] for one in text)


def _packed(texts: list[bytes]) -> tuple[kernel.Ints, kernel.Bytes]:
    """Give where each text starts, and all of them in a row."""
    starts = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    return starts, np.frombuffer(b"".join(texts) or b"\0", np.uint8)


@lru_cache(maxsize=8)
def _words(lexicon: tuple[tuple[str, float], ...]) -> kernel.Words:
    """Number the words that VADER knows, and say what each means."""
    feelings = {word: value for word, value in analyzer(lexicon).lexicon.items() if _is_word(word)}
    roles: dict[str, int] = dict.fromkeys(feelings, kernel.IN_LEXICON)
    boosts = {word: value for word, value in vaderSentiment.BOOSTER_DICT.items() if _is_word(word)}
    phrases = {tuple(words.split()): value for words, value in vaderSentiment.SPECIAL_CASES.items()}
    pairs = {tuple(words.split()): value for words, value in vaderSentiment.BOOSTER_DICT.items()}
    phrases = {words: value for words, value in phrases.items() if len(words) > 1}
    pairs = {words: value for words, value in pairs.items() if len(words) > 1}
    for words, role in (*_ROLES, (boosts, kernel.BOOSTS), (vaderSentiment.NEGATE, kernel.NEGATES)):
        for word in words:
            roles[word] = roles.get(word, 0) | role
    for word in (word for words in (*phrases, *pairs) for word in words):
        roles[word] = roles.get(word, 0) | kernel.IN_PHRASE
    for word in roles:
        roles[word] |= kernel.NEGATES if "n't" in word else 0
    names = ["", *sorted(roles)]
    number = {name: place for place, name in enumerate(names)}
    return kernel.Words(
        _slots(names),
        *_packed([name.encode() for name in names]),
        np.array([roles.get(name, 0) for name in names], np.int32),
        np.array([feelings.get(name, 0.0) for name in names]),
        np.array([boosts.get(name, 0.0) for name in names]),
        np.array([[*map(number.get, words), 0][:3] for words in phrases], np.int32),
        np.array(list(phrases.values())),
        np.array([list(map(number.get, words)) for words in pairs], np.int32),
        np.array(list(pairs.values())),
    )


def _is_word(word: str) -> bool:
    """Say whether a word of a post can be it: posts are split where white space is, and lowered."""
    return word.isascii() and word == word.lower() and word.split() == [word]


def _slots(names: list[str]) -> kernel.Ints:
    """Make the hash table of `kernel.Words`: FNV-1a of 32 bits, the next free slot where one is taken."""
    slots = np.zeros(1 << (3 * len(names)).bit_length(), np.int32)
    for place, name in enumerate(names[1:], start=1):
        digest = 2166136261
        for byte in name.encode():
            digest = (digest ^ byte) * 16777619 & 0xFFFFFFFF
        while slots[digest & len(slots) - 1]:
            digest += 1
        slots[digest & len(slots) - 1] = place
    return slots
