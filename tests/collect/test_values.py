"""Ids, counts, flags and lists in whatever way a file writes them."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from time import perf_counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.collect.values import (
    check_rounded,
    find_in_text,
    read_counts,
    read_flags,
    read_ids,
    read_lists,
    read_text,
)
from murmuration.errors import ReadError


def ids(*values, kind=None):
    found, lost = read_ids(pa.array(values, kind))
    assert not any(lost.to_pylist())
    return found.to_pylist()


def lost(*values, kind=None):
    return read_ids(pa.array(values, kind))[1].to_pylist()


def counts(*values, kind=None, signed=False):
    notes = Counter()
    found = read_counts(pa.array(values, kind), notes, name="like_count", signed=signed)
    assert found.type == pa.int64()
    return found.to_pylist(), dict(notes)


# Ids


def test_an_id_is_the_same_as_number_text_or_short_float():
    assert ids(402) == ids("402") == ids(402.0) == ids("402.0") == ids(" 402 ") == ["402"]
    assert ids(Decimal(402)) == ids(b"402") == ids("402", kind=pa.large_string()) == ["402"]


@pytest.mark.parametrize("value", [570306133677760513, 2**63 - 1])
def test_long_whole_numbers_keep_every_digit(value):
    assert ids(value) == ids(str(value)) == ids(Decimal(value)) == [str(value)]
    assert ids(2**64 - 1, kind=pa.uint64()) == [str(2**64 - 1)]


@pytest.mark.parametrize(
    "text",
    [
        "5.70306e+17",
        "5.70306E+17",
        "5,70306E+17",
        "5E+17",
        "5.7e17",
        "1.23457E+11",
        "570306133677760512.0",
    ],
)
def test_ids_that_a_spreadsheet_or_a_float_cut_short_are_lost(text):
    assert lost(text) == [True]


def test_floats_from_where_they_stop_being_exact_are_lost():
    assert lost(2.0**53, 5.7e17, float("inf")) == [True, True, True]
    assert ids(2.0**53 - 1) == [str(2**53 - 1)]


@pytest.mark.parametrize("text", ["7e495", "12e4", "1e5", "0e1", "e17", "t3_7e495", "1E+02"])
def test_ids_to_the_base_of_36_are_no_numbers(text):
    assert ids(text) == [text]


@pytest.mark.parametrize("text", ["", "  ", "nan", "NaN", "None", "null", "NULL", "<NA>", "\\N"])
def test_words_for_nothing_are_no_id_or_all_those_posts_would_be_one(text):
    assert ids(text, "x") == [None, "x"]


def test_a_missing_float_is_no_id():
    assert ids(None, float("nan"), 5.0) == [None, None, "5"]


def test_ids_of_other_types_are_kept_as_text():
    assert ids({"$oid": "5f"}) == ['{"$oid": "5f"}']
    assert ids(None, None) == [None, None]


def test_ids_that_all_end_in_zeros_were_rounded_and_are_refused():
    rounded = pa.array([f"57030613367776{k:02d}00" for k in range(40)])
    with pytest.raises(ReadError, match=r"column 'tweet_id' end in 00.*rounded.*--map id="):
        check_rounded(rounded, column="tweet_id")
    check_rounded(pa.array([*rounded.to_pylist(), "570306133677761234"]), column="tweet_id")
    check_rounded(rounded.slice(0, 5), column="tweet_id")  # so few may end so by chance
    check_rounded(pa.array(["100"] * 40), column="id")


def test_long_ids_that_were_floats_are_refused_also_in_short_files():
    true = [570306133677760513 + 7_919 * k * k for k in range(12)]
    rounded = pa.array([str(int(float(one))) for one in true])
    with pytest.raises(
        ReadError, match=r"column 'id' are numbers that a float can hold.*--map id="
    ):
        check_rounded(rounded, column="id")
    check_rounded(pa.array(list(map(str, true))), column="id")
    check_rounded(pa.array([*rounded.to_pylist(), str(true[0])]), column="id")
    counted = [
        str((139_000_000_000 + k) << 22) for k in range(40)
    ]  # a generator that counts from 0
    check_rounded(pa.array(counted), column="id")
    check_rounded(pa.array(["1234567890123456"] * 40), column="id")  # floats are exact there
    check_rounded(rounded.slice(0, 3), column="id")


# Counts


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0), ("12", 12), (" 12 ", 12), ("+12", 12), ("12.0", 12), ("12.", 12), ("1,204", 1204), ("1.204", 1204),
        ("1 204", 1204), ("1'204", 1204), ("1\u202f204", 1204), ("1,234,567", 1234567), ("3.4K", 3400), ("3,4k", 3400),
        ("2M", 2_000_000), ("1.5B", 1_500_000_000), ("12 K", 12_000), ("0.000", 0),
        ("0.5K", 500),
    ],
)  # fmt: skip
def test_counts_as_people_and_pages_write_them(text, count):
    assert counts(text) == ([count], {})


@pytest.mark.parametrize(
    "text", ["many", "1e3", "--1", "K", "1.2.3.4", "9" * 19, "NaN", "1" * 100_000]
)
def test_what_is_no_count_is_unknown_and_counted(text):
    assert counts(text, "1") == ([None, 1], {"like_count: values that are no counts, left out": 1})


@pytest.mark.parametrize("value", ["0.683", "0,683", "0.68", "3.7", "-0.5", 3.7, 0.683])
@pytest.mark.parametrize("signed", [False, True])
def test_a_fraction_is_no_count_and_no_score(value, signed):
    noted = {"like_count: values that are no counts, left out": 1}
    assert counts(value, type(value)(1), signed=signed) == ([None, 1], noted)


def test_nothing_is_unknown_and_never_zero():
    assert counts("", " ", None, kind=pa.string()) == ([None] * 3, {})
    assert counts(float("nan"), None, float("inf")) == ([None] * 3, {})
    assert counts(None, None) == ([None] * 2, {})


@pytest.mark.parametrize("value", [-5, -5.0, "-5", "-1.5K"])
def test_negative_counts_are_unknown_and_counted(value):
    assert counts(value) == ([None], {"like_count: negative values read as unknown": 1})


def test_a_score_may_be_negative():
    assert counts(-5, 3, signed=True) == ([-5, 3], {})


def test_counts_of_odd_types_are_read_or_unknown():
    assert counts(Decimal("12.0"))[0] == [12]
    assert counts(b"12")[0] == [12]
    assert counts(7, kind=pa.uint64())[0] == [7]
    assert counts(2**64 - 1, kind=pa.uint64())[0] == [None]
    assert counts(True)[0] == [None]
    assert counts([1, 2])[0] == [None]
    assert counts({"count": 2})[0] == [None]


def test_a_long_text_that_looks_like_a_number_costs_no_time():
    started = perf_counter()
    counts("1 " * 50_000 + "x")
    assert perf_counter() - started < 1


@given(st.integers(0, 10**17))
def test_grouped_digits_mean_the_same_as_plain_ones(number):
    assert counts(f"{number:,}") == counts(str(number)) == ([number], {})


# Flags


@pytest.mark.parametrize("yes", [True, 1, 1.0, "true", "True", "TRUE", "yes", "1", " t "])
@pytest.mark.parametrize("no", [False, 0, 0.0, "false", "no", "0", "N"])
def test_flags_in_any_writing(yes, no):
    assert read_flags(pa.array([yes])).to_pylist() == [True]
    assert read_flags(pa.array([no])).to_pylist() == [False]


@pytest.mark.parametrize("value", [None, "", "maybe", 2, float("nan"), ["x"], {"a": 1}])
def test_what_is_neither_yes_nor_no_is_unknown(value):
    assert read_flags(pa.array([value])).to_pylist() == [None]


# Lists


@pytest.mark.parametrize(
    "value",
    [
        "#one, #two", "one two", "one;two", "one|two", "['one', 'two']", '["one", "two"]', ["one", "two"],
        '[{"tag": "one", "start": 3}, {"tag": "two", "start": 9}]',  # twarc-csv
        "[{'text': 'one', 'indices': [0, 4]}, {'text': 'two', 'indices': [5, 9]}]",  # printed by Python
        [{"text": "one", "indices": [0]}, {"text": "two", "indices": [5]}], "one two one", ["#one", None, "two"],
    ],
)  # fmt: skip
def test_hashtags_in_any_writing(value):
    assert read_lists(pa.array([value]), strip="#").to_pylist() == [["one", "two"]]


@pytest.mark.parametrize("value", [None, "", "[]", [], "#", ["#", ""], {"a": 1}, float("nan")])
def test_no_words_are_no_list(value):
    assert read_lists(pa.array([value]), strip="#").to_pylist() == [None]


@pytest.mark.parametrize(
    "text", ["{" * 10_000, "[{'a': __import__('os')}]", '[{"tag": "one"', "{}"]
)
def test_broken_objects_in_text_run_nothing_and_end_nothing(text):
    read_lists(pa.array([text]), strip="#")


def test_words_are_found_only_where_their_sign_stands():
    texts = pa.array(["no sign", None, "#a #b #a"])
    found = find_in_text(texts, "#", lambda text: text.replace("#", "").split())
    assert found.to_pylist() == [None, None, ["a", "b"]]


# Text


def test_text_of_any_type():
    assert read_text(pa.array(["a", "", None])).to_pylist() == ["a", None, None]
    assert read_text(pa.array([b"\xffa"])).to_pylist() == ["\ufffda"]
    assert read_text(pa.array([b"abc"], pa.binary(3))).to_pylist() == ["abc"]
    assert read_text(pa.array([1.5, np.nan])).to_pylist() == ["1.5", None]
    assert read_text(pa.array([Decimal("1.50")])).to_pylist() == ["1.50"]
    assert read_text(pa.array([["a"], [], None])).to_pylist() == ['["a"]', None, None]
    assert read_text(pa.array([{"a": "ü"}])).to_pylist() == ['{"a": "ü"}']
    assert read_text(pa.array(["a"], pa.string_view())).to_pylist() == ["a"]
    assert read_text(pa.array(["a"]).dictionary_encode()).to_pylist() == ["a"]
    assert read_text(pa.array([timedelta(seconds=1)])).to_pylist() == ["1000000"]
    assert read_text(pa.chunked_array([], pa.string())).to_pylist() == []
