"""Texts → how they are written, what repeats, and the words, hashtags, accounts and sites in them."""

import hmac
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.audience.tally import (
    EMPTY,
    Columns,
    Floats,
    Groups,
    Ints,
    count_pairs,
    list_terms,
    make_columns,
    rank_terms,
)
from murmuration.text import clean_text, stop_words
from murmuration.text.tokens import MIN_CHARS, WORD, squeeze

DOMAIN = r"(?i)^[a-z]+://(?:www\.)?(?P<site>[^/?#:\s]+)"
# Sites that only stand for others: they say nothing about what is linked.
SHORTENERS = frozenset(
    {
        "adf.ly", "bit.do", "bit.ly", "bitly.com", "buff.ly", "cutt.ly", "dld.bz", "dlvr.it", "fb.me", "feedproxy.google.com", "goo.gl",
        "ht.ly", "hubs.ly", "ift.tt", "is.gd", "j.mp", "l.facebook.com", "lm.facebook.com", "lnkd.in", "ow.ly", "po.st", "rb.gy", "rebrand.ly",
        "shar.es", "shorturl.at", "smarturl.it", "snip.ly", "spr.ly", "su.pr", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "trib.al", "u.to",
        "v.gd", "x.co",
    }
)  # fmt: skip
# Short names of one site.
_SAME_SITES = {
    "amzn.to": "amazon.com", "bbc.in": "bbc.co.uk", "cnn.it": "cnn.com", "fxn.ws": "foxnews.com", "gu.com": "theguardian.com",
    "instagr.am": "instagram.com", "nyti.ms": "nytimes.com", "on.fb.me": "facebook.com", "redd.it": "reddit.com", "reut.rs": "reuters.com",
    "wapo.st": "washingtonpost.com", "youtu.be": "youtube.com",
}  # fmt: skip

# RE2, as Arrow has it.
PATTERNS = {
    "url_share": r"(?i)https?://|\bwww\.",
    "hashtag_share": r"(?:^|[^&/\w])[#＃]\d*[\pL_]",
    "many_hashtags_share": r"(?:[#＃]\d*[\pL_].*){3}",
    "mention_share": r"(?:^|[^\w/@.])@\w",
    "emoji_share": r"[\x{1F300}-\x{1FAFF}\x{2600}-\x{27BF}]",
    "question_share": r"[?？]",
    "exclamation_share": r"[!！]",
    "shout_share": r"\b[A-Z]{4,}\b",
    "start_lower_share": r"^[^\pL]*\p{Ll}",
}
# What is not an author's own in texts of small letters and without addresses.
_NOT_OWN = r"www\.\S+|@\w+|\brt\b"

_SITE = r"(?i:https?://(?:www\.)?)([^/?#:\s]+)"
# A site with its ending; texts may be cut within one.
_WHOLE = re.compile(r"[\w.-]+\.[^\W\d_][\w-]+")
_TEXTS_AT_ONCE = 100_000
_BETWEEN = "\n\0\n"  # pieces that are read at once: nothing that is found reaches across
_NONE, _NEXT = -1, -2  # what is no term, and where the next piece begins
OPEN = "~"  # begins what stands for a handle without a key


def drop_links(texts: pa.Array) -> pa.Array:
    """Give texts without addresses, which end in letters of any case and in question marks."""
    return pc.replace_substring_regex(texts, r"(?i)https?://\S+", " ")


def measure_texts(texts: pa.Array, plain: pa.Array) -> dict[str, Floats]:
    """Give how texts are written, by measure: 1 or 0, and the logarithm of the length.

    Parameters
    ----------
    texts
        Strings without null; each different one once is enough.
    plain
        The same from `drop_links`.
    """
    found = {"text_chars": np.log1p(_floats(pc.utf8_length(texts)))}
    for name, pattern in PATTERNS.items():
        source = texts if name == "url_share" else plain
        found[name] = _floats(pc.match_substring_regex(source, pattern).cast(pa.int8()))
    return found


def hash_texts(plain: pa.Array) -> Ints:
    """Give a number for each text from `drop_links`, equal where all but handles, case and spaces is."""
    words = pc.replace_substring_regex(pc.utf8_lower(plain), _NOT_OWN, "")
    # A single space, of which there are many, is left as it is.
    words = pc.replace_substring_regex(words, r"\s\s+|[\t\n\f\r]", " ")
    values = pc.utf8_trim_whitespace(words).to_numpy(zero_copy_only=False)
    return pd.util.hash_array(np.asarray(values, object), categorize=False).view(np.int64)


def count_terms(
    texts: pa.Table, n_authors: int, kinds: Collection[str], *, key: bytes | None = None
) -> dict[str, Columns]:
    """Count the words, hashtags, accounts and sites of authors, by kind.

    Parameters
    ----------
    texts
        `author`, rising, and `text`, encoded, each different text of an author once; null texts count nothing.
    n_authors
        How many authors there are.
    kinds
        Of `words`, `hashtags`, `mentions` and `domains`, those that are counted.
    key
        See `fingerprint`.

    Returns
    -------
    dict
        For each kind the lists of terms of authors, see `list_terms`, and of the numbers of texts with them.
    """
    there = texts.filter(texts["text"].is_valid())
    text = there["text"].combine_chunks()
    said = {kind: _Said(reader) for kind, reader in _readers(key).items() if kind in kinds}
    for at in range(0, len(text.dictionary), _TEXTS_AT_ONCE):
        some = text.dictionary.slice(at, _TEXTS_AT_ONCE)
        tokens = pc.utf8_split_whitespace(pc.replace_substring(some, "\0", " "))
        pieces = pc.list_flatten(tokens).dictionary_encode()
        for one in said.values():
            one.read(pieces, pc.list_parent_indices(tokens).to_numpy(), len(some))
    authors, which = there["author"].to_numpy(), text.indices.to_numpy()
    return {kind: one.count(authors, which, n_authors) for kind, one in said.items()}


@dataclass(frozen=True)
class _Reader:
    """How terms of a kind are found.

    Attributes
    ----------
    where
        Says which pieces, which stand between spaces, may have one.
    clean
        Makes many pieces ready.
    pattern
        What a term looks like, in its only group.
    name
        Gives what it is called; nothing where it is none.
    """

    where: Callable[[pa.Array], pa.Array]
    clean: Callable[[str], str]
    pattern: str
    name: Callable[[str], str]


class _Said:
    """The terms of a kind in texts, each once a text, however often it says so."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self._codes: dict[str, int] = {}
        self._sizes, self._terms = [EMPTY], [EMPTY]

    def read(self, pieces: pa.DictionaryArray, text_of: Ints, n_texts: int) -> None:
        """Read further texts; each different piece of them is read once."""
        places, codes = self._find(pieces.dictionary)
        found = Groups(np.bincount(places, minlength=len(pieces.dictionary)), codes)
        rows, codes = found.take(pieces.indices.to_numpy())
        texts, codes, _ = count_pairs(text_of[rows], codes)
        self._sizes.append(np.bincount(texts, minlength=n_texts))
        self._terms.append(codes.astype(np.int32))

    def _find(self, pieces: pa.Array) -> tuple[Ints, Ints]:
        """Give the places of pieces, rising, and the codes of the terms in them."""
        where = np.flatnonzero(_floats(self._reader.where(pieces).cast(pa.int8())))
        joined = self._reader.clean(_BETWEEN.join(pieces.take(pa.array(where)).to_pylist()))
        found = pa.array(re.findall(rf"\0|{self._reader.pattern}", joined), pa.string())
        encoded = found.dictionary_encode()
        names = [self._code(term) for term in encoded.dictionary.to_pylist()]
        codes = np.array(names, np.int64)[encoded.indices.to_numpy()]
        kept = codes >= 0
        return where[np.cumsum(codes == _NEXT)[kept]], codes[kept]

    def _code(self, term: str) -> int:
        if not term:  # what stands between pieces has nothing in the group
            return _NEXT
        name = self._reader.name(term)
        return self._codes.setdefault(name, len(self._codes)) if name else _NONE

    def count(self, authors: Ints, texts: Ints, n_authors: int) -> Columns:
        """Give lists of the terms of authors, who rise and have each text once, and of the numbers of texts with them."""
        places, names = rank_terms(pa.array(self._codes, pa.string()))
        said = Groups(np.concatenate(self._sizes), places[np.concatenate(self._terms)])
        lists = []
        for rows, first, past in _blocks(authors, n_authors):
            of, terms = said.take(texts[rows])
            counted = count_pairs(authors[rows][of] - first, terms)
            lists.append(list_terms(*counted, names, past - first))
        return make_columns(lists)


def _blocks(authors: Ints, n_authors: int) -> Iterator[tuple[slice, int, int]]:
    """Give rows, the first author and the one past the last: all rows of an author are in one block."""
    at = first = 0
    while first < n_authors:
        beyond = at + _TEXTS_AT_ONCE
        past = int(authors[beyond]) + 1 if beyond < len(authors) else n_authors
        end = int(np.searchsorted(authors, past))
        yield slice(at, end), first, past
        at, first = end, past


def name_site(site: str) -> str:
    """Give what a site is called; nothing where it is cut off, or only stands for others as t.co does."""
    plain = site.lower().rstrip(".,;!)]}'\"”’")
    if plain in SHORTENERS or not _WHOLE.fullmatch(plain):
        return ""
    return _SAME_SITES.get(plain, plain)


def _clean_tags(pieces: str) -> str:
    return unicodedata.normalize("NFKC", re.sub(_SITE, "", pieces))


def _clean_words(pieces: str) -> str:
    return clean_text(pieces).lower()


def _name_word(word: str) -> str:
    word = squeeze(word)
    return word if len(word) >= MIN_CHARS and word not in stop_words() else ""


def fingerprint(handle: str, key: bytes | None = None) -> str:
    """Give what stands for a handle, so that profiles tell accounts apart without naming them.

    With a key it is HMAC-SHA256, 32 hex digits, which nobody who has not the key can go back from. Without one a guess can
    be checked: `OPEN` and 16 hex digits, for work in memory that nothing is kept or handed on of.
    """
    plain = handle.lower().encode("utf-8", "replace")
    if key is None:
        return OPEN + blake2b(plain, digest_size=8).hexdigest()
    return hmac.digest(key, b"mention\x00" + plain, "sha256").hex()[:32]


def _readers(key: bytes | None) -> dict[str, _Reader]:
    has = pc.match_substring_regex
    return {
        "words": _Reader(lambda some: pc.invert(has(some, "^[#＃@]|://")), _clean_words, f"({WORD})", _name_word),
        "hashtags": _Reader(partial(has, pattern="[#＃]"), _clean_tags, r"[#＃](\d*[^\W\d]\w*)", str.lower),
        "mentions": _Reader(partial(has, pattern="@"), str, r"(?<![\w/@.])@(\w+)", partial(fingerprint, key=key)),
        "domains": _Reader(partial(has, pattern="://"), str, _SITE, name_site),
    }  # fmt: skip


def _floats(values: pa.Array) -> Floats:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
