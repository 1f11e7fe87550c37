"""Which brands a post speaks of.

Matching knows words (“delta” is not in “deltas”), Unicode (NFKC and case folding, so “ＵＮＩＴＥＤ”
is “united”) and exceptions (“united” but not “manchester united”).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import pandas as pd
import pyarrow as pa

from murmuration.frames import TEXTS, Frame, map_rows, text_list
from murmuration.schema import check_columns

# Scripts written without spaces: a neighbouring letter does not make another word there.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


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
    """

    key: str
    name: str
    terms: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    lexicon: str | None = None


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
        return part[[mentions(text, brand) for text in _whole_texts(part)]]

    return map_rows(posts, keep)


def mentions(text: str, brand: Brand) -> bool:
    """Say whether a text mentions a brand."""
    pattern = _pattern(brand)
    return any(found.lastgroup == "hit" for found in pattern.finditer(_fold(text)))


def _brands_in(text: str, brands: tuple[Brand, ...]) -> list[str]:
    folded = _fold(text)
    return [
        brand.key
        for brand in brands
        if any(found.lastgroup == "hit" for found in _pattern(brand).finditer(folded))
    ]


def _whole_texts(part: pd.DataFrame) -> list[str]:
    """Title and text of each post as one string, empty where both are missing."""
    texts = text_list(part["text"])
    if "title" not in part:
        return [text or "" for text in texts]
    titles = text_list(part["title"])
    return [
        f"{title}\n{text or ''}" if title and title != text else text or ""
        for title, text in zip(titles, texts, strict=True)
    ]


def _fold(text: str) -> str:
    return text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


@cache
def _pattern(brand: Brand) -> re.Pattern[str]:
    """One expression: exceptions first, so that they swallow the term inside them."""
    hits = [_phrase(term) for term in brand.terms]
    hits += [_phrase("@" + handle.lstrip("@＠")) for handle in brand.handles]
    hits += [_phrase("#" + tag.lstrip("#＃")) for tag in brand.hashtags]
    misses = "|".join(_longest_first(_phrase(phrase) for phrase in brand.exclude))
    hit = f"(?P<hit>{'|'.join(_longest_first(hits))})"
    return re.compile(f"(?P<miss>{misses})|{hit}" if misses else hit)


def _longest_first(patterns: object) -> list[str]:
    return sorted(patterns, key=len, reverse=True)  # type: ignore[call-overload,no-any-return]


def _phrase(phrase: str) -> str:
    folded = _fold(phrase.strip())
    inner = r"\s+".join(re.escape(word) for word in folded.split())
    before = "" if _UNSPACED.match(folded[:1]) else r"(?<!\w)"
    after = "" if _UNSPACED.match(folded[-1:]) else r"(?!\w)"
    return before + inner + after
