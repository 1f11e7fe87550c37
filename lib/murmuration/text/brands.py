"""Which brands a post speaks of.

Matching knows words (“delta” is not in “deltas”, but in “Delta's” and “Deltaは”), Unicode (NFKC and case
folding, so “ＵＮＩＴＥＤ” is “united”) and exceptions (“united” but not “manchester united”).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa

from murmuration.errors import ParamError
from murmuration.frames import TEXTS, Frame, map_rows, text_list
from murmuration.schema import check_columns
from murmuration.text.letters import HANGUL, MARKS, UNSPACED

# Written inside words without being seen: soft hyphen, joiners, byte order mark.
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200d\u2060\ufeff"))
_GAP = r"[\s\u2010-]+"  # NFKC turns the hyphen that does not break into U+2010
# Between two scripts, and where a script has no spaces, a neighbouring letter is no part of the word.
# Korean writes particles onto it.
_NO_PART = UNSPACED + HANGUL
_BEFORE = f"(?<![^\\W{_NO_PART}]|[{MARKS}])"
_BEFORE_HANGUL = f"(?<![^\\W{UNSPACED}])"
_AFTER = f"(?![^\\W{_NO_PART}]|[{MARKS}])"
_LETTER = re.compile(f".[{MARKS}]*", re.DOTALL)
_IS_UNSPACED, _IS_HANGUL = re.compile(f"[{UNSPACED}]"), re.compile(f"[{HANGUL}]")


@dataclass(frozen=True, kw_only=True)
class Brand:
    """A named set of things to look for in posts.

    Attributes
    ----------
    key
        Its key in the catalog.
    name
        As people read it.
    terms
        Words or phrases.
    handles, hashtags
        With or without their sign.
    exclude
        Phrases in which a term means something else.
    competitors
        Keys of the brands it is compared with.
    lexicon
        Name of a lexicon in the catalog for sentiment around this brand.

    Raises
    ------
    ParamError
        If there is nothing to look for.
    """

    key: str
    name: str
    terms: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    lexicon: str | None = None

    def __post_init__(self) -> None:
        if not _hits(self):
            raise ParamError(
                f"The brand {self.key!r} has no terms, handles or hashtags to look for. Give it one."
            )

    @property
    def sought(self) -> list[str]:
        """What is looked for, as a person writes it: terms, @handles and #hashtags."""
        handles = [f"@{one.lstrip('@')}" for one in self.handles]
        return [*self.terms, *handles, *(f"#{one.lstrip('#')}" for one in self.hashtags)]


def assign_brands(posts: Frame, brands: Sequence[Brand]) -> Frame:
    """Say for each post which brands it mentions.

    Parameters
    ----------
    posts
        pandas or Dask frame with `text`; `title` is read as well where it is there.
    brands
        What to look for.

    Returns
    -------
    same kind as `posts`
        With the column `brands`: list of brand keys, in the order of `brands`; empty for none.

    Raises
    ------
    SchemaError
        If `text` is missing.
    """
    wanted = tuple(brands)

    def assign(part: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, ["text"], what="assign_brands")
        found = [_brands_in(text, wanted) for text in _whole_texts(part)]
        column = pd.Series(pa.array(found, pa.list_(pa.string())), dtype=TEXTS)
        return part.assign(brands=column.set_axis(part.index))

    return map_rows(posts, assign)


def drop_unmentioned(posts: Frame) -> Frame:
    """Drop the posts that mention no brand; needs `brands` from `assign_brands`."""

    def drop(part: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, ["brands"], what="drop_unmentioned")
        there = (part["brands"].list.len() > 0).fillna(False).astype(bool)
        return cast(pd.DataFrame, part[there])

    return map_rows(posts, drop)


def keep_brand(posts: Frame, brand: Brand) -> Frame:
    """Keep the posts that mention a brand; same kind as `posts`, same columns."""

    def keep(part: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, ["text"], what="keep_brand")
        return part[np.array([mentions(text, brand) for text in _whole_texts(part)], dtype=bool)]

    return map_rows(posts, keep)


def mentions(text: str, brand: Brand) -> bool:
    """Say whether a text mentions a brand."""
    return _mentions(_fold(text), brand)


def find_mentions(text: str, brand: Brand) -> list[tuple[int, int]]:
    """Say where a text mentions a brand.

    Parameters
    ----------
    text
        As written.
    brand
        What to look for.

    Returns
    -------
    list of (int, int)
        Start and end of each mention, in characters of `text`; the sign of a handle or hashtag is part of it.
        Takes time in proportion to `text`.
    """
    if not mentions(text, brand):
        return []
    if text.isascii():
        return _hit_spans(text.casefold(), brand)
    folded, places = _fold_with_places(text)
    return [(places[start], places[end]) for start, end in _hit_spans(folded, brand)]


def _hit_spans(folded: str, brand: Brand) -> list[tuple[int, int]]:
    return [hit.span() for hit in _pattern(brand).finditer(folded) if hit.lastgroup == "hit"]


def _fold_with_places(text: str) -> tuple[str, list[int]]:
    """Fold a text, and say where each character of what comes out stood in it."""
    folded: list[str] = []
    places: list[int] = []
    for letter in _LETTER.finditer(text):  # with the marks on it, which may become one with it
        folded.append(_fold(letter[0]))
        places += [letter.start()] * len(folded[-1])
    return "".join(folded), [*places, len(text)]


def _mentions(folded: str, brand: Brand) -> bool:
    # Most texts do not hold the letters at all, which is 30 times quicker to see.
    if not any(needle in folded for needle in _needles(brand)):
        return False
    return any(found.lastgroup == "hit" for found in _pattern(brand).finditer(folded))


def _brands_in(text: str, brands: tuple[Brand, ...]) -> list[str]:
    folded = _fold(text)
    return [brand.key for brand in brands if _mentions(folded, brand)]


def _whole_texts(part: pd.DataFrame) -> list[str]:
    """Title and text of each post as one string, empty where both are missing."""
    texts = text_list(part["text"])
    if "title" not in part:
        return [text or "" for text in texts]
    titles = text_list(part["title"], column="title")
    return [  # the bar keeps phrases from reaching over
        f"{title} | {text or ''}" if title and title != text else text or ""
        for title, text in zip(titles, texts, strict=True)
    ]


def _fold(text: str) -> str:
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", text).translate(_UNSEEN).casefold()


def _hits(brand: Brand) -> list[str]:
    """Give all that is looked for, folded; what is empty would be found everywhere."""
    signs = [("", brand.terms), ("@", brand.handles), ("#", brand.hashtags)]
    folded = [(sign, _tidy(text).lstrip(sign)) for sign, texts in signs for text in texts]
    return [sign + text for sign, text in folded if text]


def _tidy(phrase: str) -> str:
    return re.sub(_GAP, " ", _fold(phrase)).strip()


@cache
def _needles(brand: Brand) -> tuple[str, ...]:
    """Give words of which a text that mentions the brand holds one, as few as possible."""
    words = {max(hit.split(), key=len).lstrip("@#") for hit in _hits(brand)}
    return tuple(
        word for word in words if not any(other in word for other in words if other != word)
    )


@cache
def _pattern(brand: Brand) -> re.Pattern[str]:
    """One expression: exceptions first, so that they swallow the term inside them."""
    # "@United States" is no handle of the airline: a sign before an exception belongs to it.
    misses = _either((phrase for phrase in map(_tidy, brand.exclude) if phrase), sign="[@#]?")
    hit = f"(?P<hit>{_either(_hits(brand))})"
    return re.compile(f"(?P<miss>{misses})|{hit}" if misses else hit)


def _either(phrases: Iterable[str], *, sign: str = "") -> str:
    """Give an expression for any of some phrases, the longest first, behind a sign."""
    return "|".join(_phrase(phrase, sign) for phrase in sorted(phrases, key=len, reverse=True))


def _phrase(phrase: str, sign: str) -> str:
    before = _BEFORE_HANGUL if _IS_HANGUL.match(phrase) else _BEFORE
    return (
        ("" if _IS_UNSPACED.match(phrase) else before)
        + sign
        + _GAP.join(re.escape(word) for word in phrase.split())
        + ("" if _IS_UNSPACED.match(phrase[-1]) else _AFTER)
    )
