"""Texts → how they are written, what repeats, and the words, hashtags, accounts and sites in them."""

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.text import find_words, stop_words

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
_PATTERNS = {
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
_LINKS = r"(?i)(?:https?://|www\.)\S+|@\w+|\brt\b"

_SITE = re.compile(r"https?://(?:www\.)?([^/?#:\s]+)", re.IGNORECASE)
# A site with its ending; texts may be cut within one.
_WHOLE = re.compile(r"[\w.-]+\.[^\W\d_][\w-]+")
_TAG = re.compile(r"[#＃](\d*[^\W\d]\w*)")
_NAME = re.compile(r"(?<![\w/@.])@(\w+)")
_WORDS_AT_ONCE = 50_000  # texts
_MOST_PIECES = 1_000_000  # that are remembered
_EMPTY = np.zeros(0, np.int64)
OPEN = "~"  # begins what stands for a handle without a key

Reader = Callable[[str], list[str]]


def measure_texts(texts: pa.Array) -> dict[str, Floats]:
    """Give how texts are written, by measure: 1 or 0, and the logarithm of the length.

    Parameters
    ----------
    texts
        Strings without null; each different one once is enough.
    """
    found = {"text_chars": np.log1p(_floats(pc.utf8_length(texts)))}
    # Addresses end in letters of any case, and in question marks.
    plain = pc.replace_substring_regex(texts, r"(?i)https?://\S+", " ")
    for name, pattern in _PATTERNS.items():
        source = texts if name == "url_share" else plain
        found[name] = _floats(pc.match_substring_regex(source, pattern).cast(pa.int8()))
    return found


def hash_texts(texts: pa.Array) -> Ints:
    """Give a number for each text, equal where all but addresses, handles and case is."""
    plain = pc.utf8_lower(pc.replace_substring_regex(texts.cast(pa.string()), _LINKS, ""))
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, r"\s+", " "))
    values = np.asarray(plain.to_numpy(zero_copy_only=False), dtype=object)
    return pd.util.hash_array(values, categorize=False).view(np.int64)


def count_terms(texts: pa.Table, key: bytes | None = None) -> dict[str, pa.Table]:
    """Count the words, hashtags, accounts and sites of texts, by kind.

    Parameters
    ----------
    texts
        `author`, rising, and `text`, each different text of an author once; null texts count nothing.
    key
        See `fingerprint`.

    Returns
    -------
    dict
        For `words`, `hashtags`, `mentions` and `domains` a table of `author`, `term` and `n`, the number of texts.
    """
    there = texts.filter(texts["text"].is_valid()).combine_chunks()
    pieces = _Pieces(_READERS | {"mentions": partial(_names, key=key)})
    authors = there["author"].to_numpy()
    counted, at = [], 0
    while at < len(there):
        # All texts of an author are in one block.
        last = authors[min(at + _WORDS_AT_ONCE, len(there)) - 1]
        end = int(np.searchsorted(authors, last, side="right"))
        counted.append(_count_block(there.slice(at, end - at), pieces))
        at = end
    return pieces.name(counted)


class _Pieces:
    """What stands between spaces, and the terms in it: most is there again and again, and is read once."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self._readers = readers
        self.terms: dict[str, dict[str, int]] = {kind: {} for kind in readers}
        self._read: dict[str, tuple[int, ...]] = {}

    def read(self, piece: str) -> tuple[int, ...]:
        """Give the codes of the terms in a piece; a code tells the kind as well."""
        found = self._read.get(piece)
        if found is None:
            if len(self._read) >= _MOST_PIECES:
                self._read.clear()
            found = self._read[piece] = tuple(
                terms.setdefault(term, len(terms)) * len(self._readers) + kind
                for kind, (read, terms) in enumerate(
                    zip(self._readers.values(), self.terms.values(), strict=True)
                )
                for term in read(piece)
            )
        return found

    def name(self, counted: Sequence[tuple[Ints, Ints, Ints]]) -> dict[str, pa.Table]:
        """Give a table for each kind of authors, codes and counts."""
        none = [(_EMPTY, _EMPTY, _EMPTY)]
        authors, codes, n = (np.concatenate(part) for part in zip(*(counted or none), strict=True))
        kinds, places = codes % len(self._readers), codes // len(self._readers)
        found = {}
        for number, (kind, terms) in enumerate(self.terms.items()):
            own = kinds == number
            names = pa.array(terms, pa.string()).take(pa.array(places[own]))
            found[kind] = pa.table({"author": authors[own], "term": names, "n": n[own]})
        return found


def _count_block(block: pa.Table, pieces: _Pieces) -> tuple[Ints, Ints, Ints]:
    """Give authors, codes of terms and the number of texts with each."""
    tokens = pc.utf8_split_whitespace(block["text"].combine_chunks())
    text_of = pc.list_parent_indices(tokens).to_numpy()
    encoded = pc.list_flatten(tokens).dictionary_encode()
    lists = [pieces.read(piece) for piece in encoded.dictionary.to_pylist()]
    sizes = np.fromiter(map(len, lists), np.int64, len(lists))
    flat = np.fromiter(chain.from_iterable(lists), np.int64, int(sizes.sum()))
    codes = encoded.indices.to_numpy()
    repeat = sizes[codes]
    starts = (np.cumsum(sizes) - sizes)[codes] - (np.cumsum(repeat) - repeat)
    places = flat[np.repeat(starts, repeat) + np.arange(repeat.sum())]
    width = int(places.max(initial=0)) + 1
    # Once a text, however often it says so.
    pairs = _different(np.repeat(text_of, repeat).astype(np.int64) * width + places)[0]
    authors = block["author"].to_numpy()[pairs // width]
    said, n = _different(authors * width + pairs % width)
    return said // width, said % width, n


def _different(values: Ints) -> tuple[Ints, Ints]:
    """Give the different values, rising, and how often each is there."""
    ordered = np.sort(values)
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[first], np.diff(np.append(first, len(ordered)))


def name_site(site: str) -> str:
    """Give what a site is called; nothing where it is cut off, or only stands for others as t.co does."""
    plain = site.lower().rstrip(".,;!)]}'\"”’")
    if plain in SHORTENERS or not _WHOLE.fullmatch(plain):
        return ""
    return _SAME_SITES.get(plain, plain)


def _sites(piece: str) -> list[str]:
    found = map(name_site, _SITE.findall(piece)) if "://" in piece else ()
    return [site for site in found if site]


def _tags(piece: str) -> list[str]:
    if "#" not in piece and "＃" not in piece:
        return []
    return [
        tag.lower() for tag in _TAG.findall(unicodedata.normalize("NFKC", _SITE.sub("", piece)))
    ]


def _names(piece: str, key: bytes | None = None) -> list[str]:
    return [fingerprint(name, key) for name in _NAME.findall(piece)] if "@" in piece else []


def _words(piece: str, stop: frozenset[str]) -> list[str]:
    if piece[0] in "#＃@" or "://" in piece:
        return []
    return find_words(piece, stop=stop)


def fingerprint(handle: str, key: bytes | None = None) -> str:
    """Give what stands for a handle, so that profiles tell accounts apart without naming them.

    With a key it is HMAC-SHA256, 32 hex digits, which nobody who has not the key can go back from. Without one a guess can
    be checked: `OPEN` and 16 hex digits, for work in memory that nothing is kept or handed on of.
    """
    plain = handle.lower().encode("utf-8", "replace")
    if key is None:
        return OPEN + blake2b(plain, digest_size=8).hexdigest()
    return hmac.digest(key, b"mention\x00" + plain, "sha256").hex()[:32]


_READERS: dict[str, Reader] = {
    "words": partial(_words, stop=stop_words()), "hashtags": _tags, "mentions": _names, "domains": _sites,
}  # fmt: skip


def _floats(values: pa.Array) -> Floats:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
