"""Texts → sparse features: n-grams of words and of characters, and VADER's scores.

An n-gram is known by a digest of 64 bits, so that a model needs no list of strings. All features of a text
come from that text alone.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.frames import text_array
from murmuration.text.clean import HANDLE
from murmuration.text.markup import unescape

READING = (
    2  # raised with every change of `plain_tokens`: a model that learned other words is refused
)
MAX_CHARS = 20_000  # of a text that are read
_BATCH, _BATCH_CHARS = 10_000, 2_000_000
NEGATED = "\x01"  # stands before a word within reach of a negation

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_SOMEBODY = "\x02"  # stands for a handle until words are cut
# Words that turn what follows, up to a mark or so many words; without accents, as `plain_tokens` writes them.
_NEGATION = re.compile(
    r"not|no|never|nothing|nobody|none|nowhere|neither|nor|cannot|without|hardly|barely|\w+n't"
    r"|(?:ca|wo|do|did|does|is|was|are|could|should|would|have|has)nt"
    r"|nicht|nichts|nix|kein\w*|nie|niemals|ohne|weder"  # German
    r"|ne|pas|jamais|rien|sans|aucune?|non|mai|senza|nessun\w?|niente"  # French, Italian
    r"|sin|ni|nunca|nada|nadie|jamas|tampoco|sem|nao|nem|ninguem|nenhuma?"  # Spanish, Portuguese
    r"|नहीं|नही|ना|मत|बिना|nahi|nahin|nhi|bina|ليس|ليست|لن|لم|لا|ما|مش|مو|بدون|بلا"  # Hindi, Arabic
)
_ENDS_NEGATION = re.compile(r"[.,;:!?()।،؛؟]+|but|http|\x02")
_REACH = 4
_REPEATED = re.compile(r"([^\W\d])\1{2,}")
# What only changes how a character looks: joiners, selectors, shades of skin.
_CONTROLS = dict.fromkeys(range(32), " ")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
# What belongs to a letter: accents that no letter has taken in, vowel signs of scripts from India, and of Thai.
_SIGNS = "\u0300-\u036f\u0900-\u0963\u0966-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
# Dropped, since people leave them out: accents, and the signs and the stretching of Arabic letters.
_ACCENTS = re.compile("[\u0300-\u036f\u0640\u064b-\u065f\u0670]")
_TOKEN = re.compile(
    rf"""
    [<>]?[:;=8x][\-o*']?[()\[\]dp/\\|}}{{@3](?!\w)  # emoticons, and those that look left
    | [()\[\]d/\\|}}{{][\-o*']?[:;=](?!\w)
    | <3+
    | \#?[\w{_SIGNS}]+(?:'[\w{_SIGNS}]+)*
    | [!?]+ | \.{{2,}} | [^\w\s]
    """,
    re.VERBOSE,
)

F = TypeVar("F", bound=Callable[..., Any])
Keys = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]
Counts = npt.NDArray[np.float32]

_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a, 64 bits
_CHARS = np.uint64(1 << 63)  # set in the digest of an n-gram of characters
_SPACE, _MARK = np.uint32(32), np.uint32(ord(NEGATED))


class NGrams(NamedTuple):
    """Which n-grams are counted.

    Attributes
    ----------
    words
        Up to how many words in a row.
    chars_from, chars_to
        How many characters in a row, within a word and the spaces around it; none where `chars_to` is 0.
    bits
        How long a digest is, 1 to 63, apart from the bit that marks characters: n-grams of equal digests are
        one. 63 are as good as none equal; few make a table that is of one size whatever the texts.
    """

    words: int = 2
    chars_from: int = 3
    chars_to: int = 5
    bits: int = 63


@dataclass(frozen=True, eq=False)
class Counted:
    """How often n-grams occur in texts.

    Attributes
    ----------
    starts
        The n-grams of text i are ``[starts[i]:starts[i + 1]]`` of the others.
    keys
        Digests, rising within a text; those of characters have the highest bit.
    counts
        Above 0.
    """

    starts: Offsets
    keys: Keys
    counts: Counts


def read_texts(texts: Iterable[str | None] | pa.Array) -> list[str]:
    """Give texts as a list, a missing one as an empty one."""
    known = isinstance(texts, pd.Series | pa.Array | pa.ChunkedArray)
    return [text or "" for text in text_array(texts if known else list(texts)).to_pylist()]


def mask_text(text: str) -> str:
    """Give a text without what differs between copies of it: addresses, handles, white space, capital letters."""
    plain = _ADDRESS.sub(" http ", unescape(text[:MAX_CHARS]))
    return " ".join(HANDLE.sub("@user", plain).lower().split())


def plain_tokens(text: str) -> list[str]:
    """Give words, emoticons, emoji and marks of a post in small letters, as models are told of them.

    An address becomes ``http``, a handle ``@user``; of a letter that is repeated two are kept; accents and
    shades of emoji are dropped. A word within reach of a negation comes once more, with `NEGATED` before it (Pang, Lee
    & Vaithyanathan 2002, doi:10.3115/1118693.1118704). Beyond `MAX_CHARS` characters nothing is read.
    """
    plain = unescape(text[:MAX_CHARS]).translate(_CONTROLS)
    if not plain.isascii():
        letters = _ACCENTS.sub("", unicodedata.normalize("NFKD", _INVISIBLE.sub("", plain)))
        plain = unicodedata.normalize("NFKC", letters).replace("’", "'")
    plain = _ADDRESS.sub(" http ", plain)
    if "@" in plain or "/" in plain:  # the pattern is slow
        plain = HANDLE.sub(f" {_SOMEBODY} ", plain)
    return list(_negate(_TOKEN.findall(_REPEATED.sub(r"\1\1", plain.lower()))))


def _negate(words: list[str]) -> Iterator[str]:
    left = 0
    for word in words:
        yield "@user" if word == _SOMEBODY else word
        if _NEGATION.fullmatch(word):
            left = _REACH
        elif left and _ENDS_NEGATION.fullmatch(word):
            left = 0
        elif left:
            yield NEGATED + word
            left -= 1


def name_ngrams(text: str, which: NGrams) -> tuple[Keys, list[str]]:
    """Give each occurrence of an n-gram in a text: its digest, and the words that it stands for.

    N-grams of characters stand for the word they are part of.
    """
    words = plain_tokens(text)
    names: list[str] = []
    plain: list[str] = []
    for word in words:
        if word.startswith(NEGATED):
            names.append(f"not … {word.removeprefix(NEGATED)}")
            continue
        plain.append(word)
        names += [" ".join(plain[-n:]) for n in range(1, min(len(plain), which.words) + 1)]
        names += [word] * _count_char_ngrams(len(word) + 2, which)
    keys, ends = np.empty(len(names), np.uint64), np.zeros(2, np.int64)
    _count(*_codes([words]), which, False, keys, np.empty(0, np.float32), ends)
    return keys, names


def _count_char_ngrams(n: int, which: NGrams) -> int:
    return sum(max(0, n - size + 1) for size in range(which.chars_from, which.chars_to + 1))


def count_ngrams(texts: list[str], which: NGrams) -> Counted:
    """Count the n-grams of texts.

    Parameters
    ----------
    texts
        An empty one has none.
    which
        The n-grams to count.

    Returns
    -------
    Counted
        For each text its n-grams.
    """
    parts = [_count_batch(batch, which) for batch in in_batches(texts)]
    if len(parts) == 1:
        return parts[0]
    sizes = [np.diff(part.starts) for part in parts]
    return Counted(
        np.cumsum(np.concatenate([np.zeros(1, np.int64), *sizes])),
        np.concatenate([np.empty(0, np.uint64), *(part.keys for part in parts)]),
        np.concatenate([np.empty(0, np.float32), *(part.counts for part in parts)]),
    )


def in_batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Give texts in lists that take little memory to work on."""
    batch: list[str] = []
    n_chars = 0
    for text in texts:
        size = min(len(text), MAX_CHARS)
        if batch and (len(batch) == _BATCH or n_chars + size > _BATCH_CHARS):
            yield batch
            batch, n_chars = [], 0
        batch.append(text)
        n_chars += size
    if batch:
        yield batch


def _count_batch(texts: list[str], which: NGrams) -> Counted:
    codes, starts = _codes([plain_tokens(text) for text in texts])
    sizes = max(0, which.chars_to - which.chars_from + 1)
    room = len(codes) * (which.words + 3 * sizes)  # a word of one letter has three characters here
    keys, counts = np.empty(room, np.uint64), np.empty(room, np.float32)
    ends = np.zeros(len(starts), np.int64)
    total = _count(codes, starts, which, True, keys, counts, ends)
    return Counted(ends, keys[:total].copy(), counts[:total].copy())


def _codes(texts: list[list[str]]) -> tuple[npt.NDArray[np.uint32], Offsets]:
    """Give the code points of texts, a space between words, and where each text starts."""
    joined = [" ".join(words) for words in texts]
    starts = np.cumsum([0, *map(len, joined)], dtype=np.int64)
    return np.frombuffer("".join(joined).encode("utf-32-le"), np.uint32), starts


def _compiled(function: F) -> F:
    return cast(F, numba.njit(nogil=True, cache=True)(function))


@_compiled
def _mix(digest: Any) -> Any:
    """Spread a digest over all of its bits: the finalizer of MurmurHash3."""
    digest ^= digest >> np.uint64(33)
    digest *= np.uint64(0xFF51AFD7ED558CCD)
    digest ^= digest >> np.uint64(33)
    digest *= np.uint64(0xC4CEB9FE1A85EC53)
    return digest ^ (digest >> np.uint64(33))


@_compiled
def _count(
    codes: npt.NDArray[np.uint32],
    starts: Offsets,
    which: NGrams,
    folded: bool,
    keys: Keys,
    counts: Counts,
    ends: Offsets,
) -> int:
    """Write the n-grams of all texts one after the other, equal ones once if `folded`; give how many there are."""
    total = 0
    previous = np.empty(which.words, np.uint64)
    bits = (np.uint64(1) << np.uint64(which.bits)) - np.uint64(1)
    for row in range(len(starts) - 1):
        first, at, known = total, starts[row], 0
        while at < starts[row + 1]:
            start = at
            while at < starts[row + 1] and codes[at] != _SPACE:
                at += 1
            word = codes[start:at]
            at += 1
            if word[0] == _MARK:
                total = _word_ngrams(word, np.empty(1, np.uint64), 0, bits, keys, total)
                continue
            total = _word_ngrams(word, previous, known, bits, keys, total)
            known = min(known + 1, which.words)
            total = _char_ngrams(word, which, bits, keys, total)
        if folded:
            total = _fold(keys, counts, first, total)
        ends[row + 1] = total
    return total


@_compiled
def _word_ngrams(
    word: npt.NDArray[np.uint32], previous: Keys, known: int, bits: Any, keys: Keys, total: int
) -> int:
    """Write the n-grams that end with a word; `previous` holds digests of those that ended with the last."""
    digest = _BASIS
    for code in word:
        digest = (digest ^ np.uint64(code)) * _PRIME
    digest = _mix(digest)
    for longer in range(min(known, len(previous) - 1), 0, -1):
        previous[longer] = _mix(previous[longer - 1] * _PRIME + digest)
    previous[0] = digest
    for longer in range(min(known + 1, len(previous))):
        keys[total] = previous[longer] & bits
        total += 1
    return total


@_compiled
def _char_ngrams(
    word: npt.NDArray[np.uint32], which: NGrams, bits: Any, keys: Keys, total: int
) -> int:
    """Write the n-grams of characters within a word and the space on either side."""
    n = len(word) + 2
    for start in range(n):
        digest = _BASIS
        for place in range(start, min(n, start + which.chars_to)):
            code = word[place - 1] if 0 < place < n - 1 else _SPACE
            digest = (digest ^ np.uint64(code)) * _PRIME
            if place - start + 1 >= which.chars_from:
                keys[total] = (_mix(digest) & bits) | _CHARS
                total += 1
    return total


@_compiled
def _fold(keys: Keys, counts: Counts, first: int, total: int) -> int:
    """Sort the n-grams of a text and count those that are equal; give where they end."""
    keys[first:total].sort()
    end = first
    for place in range(first, total):
        if end > first and keys[place] == keys[end - 1]:
            counts[end - 1] += np.float32(1)
        else:
            keys[end], counts[end] = keys[place], np.float32(1)
            end += 1
    return end


@_compiled
def weigh(
    starts: Offsets,
    places: npt.NDArray[np.int32],
    counts: Counts,
    rarity: Counts,
    n_words: int,
    out: Counts,
) -> None:
    """Weigh n-grams by how often they occur and how rare they are, words and characters each to length 1.

    Parameters
    ----------
    starts, places, counts
        The n-grams of text i are numbers ``places[starts[i]:starts[i + 1]]``; −1 for one that is not known.
    rarity
        Of each n-gram, shape (n_ngrams,).
    n_words
        The first n-grams, those of words; the others are of characters.
    out
        Filled with (1 + ln count) × rarity, divided by its root mean square over the text.
    """
    for row in range(len(starts) - 1):
        words, chars = 0.0, 0.0
        for at in range(starts[row], starts[row + 1]):
            place = places[at]
            value = (1.0 + np.log(counts[at])) * rarity[place] if place >= 0 else 0.0
            out[at] = value
            if place < n_words:
                words += value * value
            else:
                chars += value * value
        words, chars = max(np.sqrt(words), 1e-12), max(np.sqrt(chars), 1e-12)
        for at in range(starts[row], starts[row + 1]):
            out[at] /= words if places[at] < n_words else chars


@_compiled
def add_up(
    starts: Offsets,
    places: npt.NDArray[np.int32],
    values: Counts,
    weights: Counts,
    out: npt.NDArray[np.float64],
) -> None:
    """Add the weights of each text's n-grams to `out`, shape (n_texts, n_labels), one after the other."""
    for row in range(len(starts) - 1):
        for at in range(starts[row], starts[row + 1]):
            if places[at] >= 0:
                for label in range(out.shape[1]):
                    out[row, label] += values[at] * weights[places[at], label]


@_compiled
def find_places(sought: Keys, known: Keys, out: npt.NDArray[np.int32]) -> None:
    """Write at which place of `known`, which rises, each key stands; −1 where it does not."""
    for at in range(len(sought)):
        place = np.searchsorted(known, sought[at])
        out[at] = place if place < len(known) and known[place] == sought[at] else -1
