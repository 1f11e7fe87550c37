"""Columns of raw values as ids, counts, flags and lists; what cannot be read becomes null, counted."""

import ast
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.collect.raw import as_text
from murmuration.errors import ReadError
from murmuration.schema import STRINGS

# A spreadsheet or a float column turned the id into 5.70306e+17: its last digits are gone. Without a
# point or a plus it is an id to the base of 36, such as Reddit's 7e495.
# Spreadsheets write so from twelve digits on.
_POWER = r"(?:1[1-9]|[2-9]\d|\d{3,})"
_SCIENTIFIC = rf"^[+-]?(?:\d+[eE]\+{_POWER}|\d[.,]\d+[eE]\+?{_POWER})$"
_LONG_WITH_POINT = r"^\d{16,}\.0*$"
_SHORT_WITH_POINT = r"^(\d{1,15})\.0*$"
# What programs write for nothing; taken as an id, all those posts would be the same post.
_NOTHING = ("nan", "NaN", "None", "null", "NULL", "<NA>", "N/A", "NaT", "\\N", "undefined")
_EXACT = 2.0**53  # integers beyond are rounded in a float
_LONG_NUMBER = r"^\d{16,}$"
_SURE_BITS = 40  # that are zero by chance once in 10**12
_ROUNDED_SAMPLE = 30  # ids; by chance all of so many end in 00 once in 10**60

_COUNT = re.compile(r"\s*([+-]?\d[\d,.'\u00a0\u202f ]*?)\s*([kKmMbB]?)\s*")
_FACTOR = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
# Where the word stands in an object; the first that is there.
_NAMES = ("tag", "text", "name", "id", "username", "screen_name", "expanded_url", "url")
_TRUE = ("true", "1", "yes", "y", "t", "1.0")
_FALSE = ("false", "0", "no", "n", "f", "0.0")
_PARTS = re.compile(r"[^\s,;|\[\]'\"]+")
_LONGEST_COUNT = 32  # characters; a longer text is no number
_LONGEST_LIST = 100_000  # characters; so many hashtags has nobody

_CAST_TO_TEXT = (
    pa.types.is_string, pa.types.is_null, pa.types.is_integer, pa.types.is_boolean,
    pa.types.is_temporal, pa.types.is_decimal,
)  # fmt: skip

Column = Any  # pa.Array or pa.ChunkedArray, which have no types of their own


def plain(column: Column) -> pa.Array:
    """Give a column as one array without dictionary encoding, text in the usual type."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # combining no chunks gives no array
        array = pa.nulls(0, column.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    is_text = pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type)
    return array.cast(pa.string()) if is_text else array


def read_text(column: Column) -> pa.Array:
    """Give text, null where it is empty; what is no text and no number as JSON."""
    array = plain(column)
    kind = array.type
    if pa.types.is_floating(kind):
        text = pc.if_else(pc.is_nan(array), None, array).cast(pa.string())
    elif any(is_kind(kind) for is_kind in _CAST_TO_TEXT):
        text = array.cast(pa.string())
    else:
        text = pa.array([as_text(value) for value in array.to_pylist()], pa.string())
    return pc.if_else(pc.equal(text, ""), None, text)


def without_nothing(texts: pa.Array) -> pa.Array:
    """Give texts, null where they say that there is nothing, such as "NaN" or "None"."""
    return pc.if_else(pc.is_in(texts, pa.array(["", *_NOTHING])), None, texts)


def read_ids(column: Column) -> tuple[pa.Array, pa.Array]:
    """Give ids as text, and say which have lost digits.

    Returns
    -------
    (ids, lost)
        Text, null where there is none, and booleans without nulls; both of shape (n_rows,).
    """
    array = plain(column)
    if pa.types.is_null(array.type):
        return array.cast(pa.string()), pa.repeat(pa.scalar(False), len(array))
    if pa.types.is_floating(array.type):
        return _float_ids(array)
    ids = without_nothing(pc.utf8_trim_whitespace(read_text(array)))
    scientific = pc.match_substring_regex(ids, f"{_SCIENTIFIC}|{_LONG_WITH_POINT}")
    ids = pc.replace_substring_regex(ids, _SHORT_WITH_POINT, r"\1")
    return ids, pc.fill_null(scientific, False)


def _float_ids(array: pa.Array) -> tuple[pa.Array, pa.Array]:
    numbers = array.cast(pa.float64())
    missing = pc.or_kleene(pc.is_null(numbers), pc.is_nan(numbers))
    lost = pc.fill_null(pc.greater_equal(pc.abs(numbers), _EXACT), False)
    safe = pc.if_else(pc.or_(pc.fill_null(missing, True), lost), None, numbers)
    whole = pc.equal(safe, pc.floor(safe))
    text = pc.if_else(
        whole, pc.floor(safe).cast(pa.int64(), safe=False).cast(pa.string()), safe.cast(pa.string())
    )
    return text, lost


def check_rounded(ids: pa.Array, *, column: str) -> None:
    """Refuse ids that lost digits on their way: all long ones end in zeros, or are numbers that a float can hold.

    Raises
    ------
    ReadError
        If so; two posts could share one id.
    """
    long = ids.filter(pc.fill_null(pc.match_substring_regex(ids, _LONG_NUMBER), False))
    if len(long) >= _ROUNDED_SAMPLE and pc.all(pc.ends_with(long, "00")).as_py():
        raise ReadError(
            f"All ids in the column {column!r} end in 00, so a spreadsheet has rounded them and two posts "
            "could share one. Export again with ids as text, or leave the ids out with --map id= and "
            "have them derived."
        )
    if _were_floats(long):
        raise ReadError(
            f"All long ids in the column {column!r} are numbers that a float can hold, so a program has rounded them "
            "and two posts could share one. Export again with ids as text, or leave the ids out with --map id= and "
            "have them derived."
        )


def _were_floats(ids: pa.Array) -> bool:
    """Whether numbers are all multiples of the distance of floats there, beyond chance.

    Generators of ids that count from zero give multiples as well, but of far more: of rounded ones half are odd.
    """
    fit = pc.match_substring_regex(ids, r"^(?:\d{16,18}|[1-8]\d{18})$")
    numbers = pc.unique(ids.filter(fit)).cast(pa.int64()).to_numpy()
    distance = np.spacing(numbers.astype(np.float64))
    numbers, distance = numbers[distance > 1], distance[distance > 1].astype(np.int64)
    if np.log2(distance).sum() < _SURE_BITS or (numbers % distance).any():
        return False
    return bool((numbers // distance % 2).any())


def read_counts(
    column: Column, notes: Counter[str], *, name: str, signed: bool = False
) -> pa.Array:
    """Give counts as integers.

    Parameters
    ----------
    column
        Numbers, or text such as "1,204" or "3.4K".
    notes
        Counts values that are negative, fractions or no numbers, which become null: withheld, not zero.
    name
        For the notes.
    signed
        Whether a negative value means something (a score of votes).
    """
    array = plain(column)
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), pa.int64())
    if pa.types.is_boolean(array.type):
        notes[f"{name}: values that are no counts, left out"] += len(array) - array.null_count
        return pa.nulls(len(array), pa.int64())
    if pa.types.is_uint64(array.type):
        array = array.cast(pa.string())  # may lie beyond the largest count
    if pa.types.is_integer(array.type):
        counts = array.cast(pa.int64())
    elif pa.types.is_floating(array.type):
        counts = _whole_numbers(array, notes, name)
    else:
        counts = _text_counts(read_text(array), notes, name)
    if signed:
        return counts
    negative = pc.fill_null(pc.less(counts, 0), False)
    found = pc.sum(negative).as_py() or 0
    if found:
        notes[f"{name}: negative values read as unknown"] += found
        counts = pc.if_else(negative, None, counts)
    return counts


def _whole_numbers(array: pa.Array, notes: Counter[str], name: str) -> pa.Array:
    numbers = array.cast(pa.float64())
    usable = pc.and_(pc.is_finite(numbers), pc.less(pc.abs(numbers), _EXACT))
    usable = pc.fill_null(usable, False)
    whole = pc.and_(usable, pc.fill_null(pc.equal(numbers, pc.floor(numbers)), False))
    _note_unread(pc.sum(pc.and_not(usable, whole)).as_py() or 0, notes, name)
    return pc.if_else(whole, numbers, None).cast(pa.int64())


def _note_unread(count: int, notes: Counter[str], name: str) -> None:
    if count:
        notes[f"{name}: values that are no counts, left out"] += count


def _text_counts(text: pa.Array, notes: Counter[str], name: str) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(text)
    usual = pc.match_substring_regex(trimmed, r"^[+-]?\d{1,18}(?:\.0*)?$")
    digits = pc.replace_substring_regex(pc.if_else(usual, trimmed, None), r"^\+|\.0*$", "")
    counts = digits.cast(pa.int64())
    odd = pc.and_(
        pc.fill_null(pc.invert(usual), False), pc.fill_null(pc.not_equal(trimmed, ""), False)
    )
    if not pc.any(odd).as_py():
        return counts
    read = [_odd_count(value) for value in pc.if_else(odd, trimmed, None).to_pylist()]
    unread = sum(a is None and b for a, b in zip(read, odd.to_pylist(), strict=True))
    _note_unread(unread, notes, name)
    return pc.coalesce(counts, pa.array(read, pa.int64()))


def _odd_count(text: str | None) -> int | None:
    found = _COUNT.fullmatch(text) if text and len(text) <= _LONGEST_COUNT else None
    if not found:
        return None
    factor = _FACTOR[found[2].lower()]
    digits = re.sub(r"['\u00a0\u202f ]", "", found[1])
    # "1,204" and "1.204" both mean a thousand: nothing has half a like. Other fractions, such as "0.683",
    # are shares or averages, and no counts.
    if factor == 1:
        grouped = re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:[.,]\d{3})+", digits)
        plain_number = re.fullmatch(r"[+-]?\d{1,18}(?:[.,]0*)?", digits)
        digits = re.sub(r"[.,]", "", digits) if grouped else re.split(r"[.,]", digits)[0]
        return int(digits) if (grouped or plain_number) and len(digits) <= 18 else None
    try:
        return round(float(digits.replace(",", ".")) * factor)
    except ValueError:
        return None


def read_flags(column: Column) -> pa.Array:
    """Give yes or no, null where it is neither."""
    array = plain(column)
    if pa.types.is_boolean(array.type):
        return array
    text = pc.utf8_lower(pc.utf8_trim_whitespace(read_text(array)))
    yes, no = (pc.is_in(text, pa.array(words)) for words in (_TRUE, _FALSE))
    return pc.if_else(yes, True, pc.if_else(no, False, pa.scalar(None, pa.bool_())))


def read_lists(column: Column, *, strip: str) -> pa.Array:
    """Give lists of words, from lists or from text such as "a, b", "['a', 'b']" or '[{"tag": "a"}]'."""
    array = plain(column)
    is_list = pa.types.is_nested(array.type)
    values = array.to_pylist() if is_list else map(parts_of, read_text(array).to_pylist())
    return pa.array([_stripped(parts, strip) for parts in values], STRINGS)


def parts_of(text: str | None) -> Sequence[Any] | None:
    """Take text apart that stands for a list: as JSON or Python print it, or with commas, bars or spaces."""
    if text is None:
        return None
    if "{" in text and len(text) <= _LONGEST_LIST:  # objects, as JSON or as Python prints them
        for read in (json.loads, ast.literal_eval):
            try:
                value = read(text)
            except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
                continue
            return value if isinstance(value, list) else [value]
    return _PARTS.findall(text)


def _stripped(parts: object, strip: str) -> list[str] | None:
    if not isinstance(parts, list | tuple):
        return None
    named = [name for part in parts if (name := name_of(part))]
    words = [word for name in named if (word := name.strip().lstrip(strip))]
    return list(dict.fromkeys(words)) or None


def name_of(part: object) -> str | None:
    """Give the one word that matters of a hashtag, mention or link, also where it is an object."""
    if isinstance(part, Mapping):
        for key in _NAMES:
            if part.get(key):
                return str(part[key])
        return None
    return str(part) if part is not None else None


def find_in_text(texts: pa.Array, sign: str, find: Callable[[str], list[str]]) -> pa.Array:
    """Give the distinct words that `find` sees in each text; asked only where `sign` occurs."""
    there = pc.fill_null(pc.match_substring(texts, sign), False)
    rows = np.flatnonzero(there.to_numpy(zero_copy_only=False))
    found: list[Any] = [None] * len(texts)
    for row, text in zip(rows.tolist(), texts.filter(there).to_pylist(), strict=True):
        words = find(text)
        found[row] = (list(dict.fromkeys(words)) if len(words) > 1 else words) or None
    return pa.array(found, STRINGS)
