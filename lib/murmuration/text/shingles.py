"""Texts as sets of word runs, compared at large: compiled loops over whole columns.

All of it stands in this one file, as numba's cache does not notice a change in another.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

WORDS = 3  # of a run: two posts that share three words in a row hardly share them by chance
MIN_WORDS = 5  # shorter posts have too few runs to tell "nearly the same" from "another thing"
# What a character is: no part of a word, part of one, a word of its own (in scripts without spaces).
BREAK, LETTER, ALONE = 0, 1, 2
ROUNDS = 8  # texts of a bucket that all others of it are compared with, at most

F = TypeVar("F", bound=Callable[..., Any])
Bytes = npt.NDArray[np.uint8]
Keys = npt.NDArray[np.uint64]
Runs = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]

# FNV-1a (Fowler, Noll, Vo) for letters, the finaliser of splitmix64 (Steele, Lea, Flood 2014) for the rest.
_FNV_START, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S1, _S27 = np.uint64(1), np.uint64(27)
_S30, _S31, _S32 = np.uint64(30), np.uint64(31), np.uint64(32)


def _compiled(function: F) -> F:
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(function))


@_compiled
def _mix(value: Any) -> Any:
    value = (value ^ (value >> _S30)) * _MIX_1
    value = (value ^ (value >> _S27)) * _MIX_2
    return value ^ (value >> _S31)


@_compiled
def _decode(data: Bytes, at: int) -> Any:
    """Give the code point at a place in UTF-8, and its size in bytes."""
    byte = np.int64(data[at])
    if byte < 0x80:
        return byte, 1
    size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
    code = byte & (0x7F >> size)
    for more in range(at + 1, at + size):
        code = (code << 6) | (data[more] & 0x3F)
    return code, size


@_compiled
def _hash_words(data: Bytes, start: int, end: int, kinds: Bytes, words: Keys) -> int:
    """Write a hash of each word; gives how many."""
    count, at, inside, value = 0, start, False, _FNV_START
    while at < end:
        code, size = _decode(data, at)
        at += size
        kind = kinds[min(code, len(kinds) - 1)]
        if inside and kind != LETTER:
            words[count] = _mix(value)
            count += 1
            inside = False
        if kind == BREAK:
            continue
        value = ((value if inside else _FNV_START) ^ np.uint64(code)) * _FNV_PRIME
        inside = True
        if kind == ALONE:
            words[count] = _mix(value)
            count += 1
            inside = False
    if inside:
        words[count] = _mix(value)
        count += 1
    return count


@_compiled
def hash_texts(
    data: Bytes,
    offsets: Offsets,
    kinds: Bytes,
    room: Keys,
    texts: Keys,
    starts: Offsets,
    runs: Runs,
) -> None:
    """Hash texts, and the runs of words in them.

    Parameters
    ----------
    data, offsets
        Text n is the UTF-8 in ``data[offsets[n]:offsets[n + 1]]``.
    kinds
        For each code point `BREAK`, `LETTER` or `ALONE`; the last one for all beyond.
    room
        What one text is worked on in; as long as the longest text in bytes.
    texts
        Filled with a hash of the words in order, shape (n_texts,); 0 for a text without words.
    starts
        Filled with where the runs of each text begin, shape (n_texts + 1,).
    runs
        Filled with hashes of the runs of `WORDS` words, rising and each once within a text; none where there
        are fewer than `MIN_WORDS` words. Half as many as there are bytes, and one a text, are enough.
    """
    filled = 0
    starts[0] = 0
    for row in range(len(texts)):
        count = _hash_words(data, offsets[row], offsets[row + 1], kinds, room)
        value = np.uint64(0)
        for place in range(count):
            value = _mix((value + _GOLDEN) ^ room[place])
        texts[row] = value >> _S1  # fits a signed number
        if count >= MIN_WORDS:
            first = filled
            for place in range(count - WORDS + 1):
                value = np.uint64(0)
                for step in range(WORDS):
                    value = _mix((value + _GOLDEN) ^ room[place + step])
                runs[filled] = value >> _S32
                filled += 1
            runs[first:filled].sort()
            kept = first
            for place in range(first + 1, filled):
                if runs[place] != runs[kept]:
                    kept += 1
                    runs[kept] = runs[place]
            filled = kept + 1
        starts[row + 1] = filled


@_compiled
def take_runs(starts: Offsets, runs: Runs, rows: Offsets, new_starts: Offsets, taken: Runs) -> None:
    """Write the runs of some texts one after the other; `new_starts` says where each begins."""
    for place in range(len(rows)):
        first, last = starts[rows[place]], starts[rows[place] + 1]
        taken[new_starts[place] : new_starts[place + 1]] = runs[first:last]


@_compiled
def similarity(starts: Offsets, runs: Runs, one: int, other: int) -> Any:
    """Give the share of runs that two texts have in common, of all that either has (Jaccard), 0 to 1."""
    a, b = starts[one], starts[other]
    common = 0
    while a < starts[one + 1] and b < starts[other + 1]:
        if runs[a] == runs[b]:
            common += 1
            a += 1
            b += 1
        elif runs[a] < runs[b]:
            a += 1
        else:
            b += 1
    either = starts[one + 1] - starts[one] + starts[other + 1] - starts[other] - common
    return common / either


@_compiled
def hash_band(starts: Offsets, runs: Runs, factors: Keys, summands: Keys, keys: Keys) -> None:
    """Fill `keys` with one hash of the smallest hashes of each text's runs.

    Parameters
    ----------
    starts, runs
        As `hash_texts` gives them; every text has a run.
    factors, summands
        One hash function each, shape (n_rows,): multiply-shift (Dietzfelbinger 1996); factors are odd.
    keys
        Shape (n_texts,). Texts of Jaccard similarity s get equal keys with probability ``s ** n_rows``.
    """
    for row in range(len(keys)):
        value = np.uint64(0)
        for part in range(len(factors)):
            least = ~np.uint64(0)
            for place in range(starts[row], starts[row + 1]):
                least = min(least, np.uint64(runs[place]) * factors[part] + summands[part])
            value = _mix((value + _GOLDEN) ^ (least >> _S32))
        keys[row] = value


@_compiled
def mark_shared(keys: Keys, bits: int, shared: npt.NDArray[np.bool_]) -> None:
    """Mark texts whose key another one may have: those alone in a table of ``2 ** bits`` slots are alone."""
    shift = np.uint64(64 - bits)
    seen = np.zeros(1 << bits, np.uint8)
    for row in range(len(keys)):
        slot = keys[row] >> shift
        seen[slot] = min(seen[slot] + 1, 2)
    for row in range(len(keys)):
        shared[row] = seen[keys[row] >> shift] > 1


@_compiled
def link_band(
    starts: Offsets,
    runs: Runs,
    keys: Keys,
    order: Offsets,
    least: float,
    room: Offsets,
    band: int,
    linked: Places,
) -> None:
    """Find for each text one before it with the same key that it nearly repeats.

    The first text of a bucket is compared with all others of it; those unlike it are compared with the first of
    them, and so on for `ROUNDS` rounds. So a bucket takes time in proportion to its size, however large.

    Parameters
    ----------
    starts, runs
        As `hash_texts` gives them.
    keys, order
        Of a band, and the places of texts that may share a key, in order of key, then of place.
    least
        Least similarity of repeats.
    room
        As long as `order`.
    band, linked
        Number of the band, and for each text and band the place of the other text, −1 for none; shape (n_texts,
        n_bands), filled for this band.
    """
    low = 0
    while low < len(order):
        high = low + 1
        while high < len(order) and keys[order[high]] == keys[order[low]]:
            high += 1
        left = high - low
        room[:left] = order[low:high]
        for _ in range(ROUNDS):
            if left < 2:
                break
            first, kept = room[0], 0
            for place in range(1, left):
                one = room[place]
                known = band > 0 and linked[one, band - 1] == first
                if known or similarity(starts, runs, first, one) >= least:
                    linked[one, band] = first
                else:
                    room[kept] = one
                    kept += 1
            left = kept
        low = high


@_compiled
def join_first(starts: Offsets, runs: Runs, linked: Places, least: float, firsts: Offsets) -> None:
    """Let each text join the first text that it nearly repeats and that joined no other.

    Parameters
    ----------
    starts, runs
        As `hash_texts` gives them.
    linked
        As `link_band` gives them.
    least
        Least similarity of repeats; also a text that is alike by way of another must have it.
    firsts
        Holds the place of each text itself; filled with the place of the one it joins.
    """
    for one in range(len(linked)):
        for band in range(linked.shape[1]):
            if linked[one, band] < 0:
                continue
            other = firsts[linked[one, band]]
            if other < firsts[one] and (
                other == linked[one, band] or similarity(starts, runs, one, other) >= least
            ):
                firsts[one] = other
