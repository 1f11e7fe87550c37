from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from murmuration.show.words import (
    as_markdown,
    count,
    day,
    listing,
    percent,
    percent_between,
    points,
    quoted,
    score,
    share_with_interval,
    step,
    tidy,
)

shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0001, "<1 %"), (0.005, "<1 %"), (0.0051, "1 %"), (0.4123, "41 %"), (0.994, "99 %"), (0.995, ">99 %"),
     (0.99999, ">99 %"), (1, "100 %"), (None, "–"), (float("nan"), "–"), (pd.NA, "–")],
)  # fmt: skip
def test_a_share_is_a_percentage(share, text):
    assert percent(share) == text


@given(shares)
def test_only_none_is_zero_percent_and_only_all_is_a_hundred(share):
    assert (percent(share) == "0 %") == (share == 0)
    assert (percent(share) == "100 %") == (share == 1)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.391, 0.432, "39–43 %"), (0, 0.03, "0–3 %"), (0.97, 1, "97–100 %"), (0.4101, 0.4139, "41.0–41.4 %"),
     (0.0016, 0.0024, "0.2–0.2 %"), (0.9961, 1, "99.6–100.0 %"), (None, 0.2, ""), (0.2, float("nan"), ""), (pd.NA, pd.NA, "")],
)  # fmt: skip
def test_an_interval_has_two_ends(low, high, text):
    assert percent_between(low, high) == text


def test_a_share_with_its_interval():
    assert share_with_interval(0.41, 0.39, 0.43) == "41 % (39–43 %)"
    assert share_with_interval(0.41, None, None) == "41 %"
    assert share_with_interval(0.002, 0.0011, 0.0037) == "<1 % (0.1–0.4 %)"
    assert share_with_interval(None, None, None) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "+0.12"), (-0.3, "−0.30"), (0, "0.00"), (-0.001, "0.00"), (0.001, "0.00"), (1, "+1.00"), (-1, "−1.00"),
     (None, "–"), (float("nan"), "–"), (pd.NA, "–")],
)  # fmt: skip
def test_a_sentiment_has_its_sign(value, text):
    assert score(value) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (0.08, "+8"),
        (-0.03, "−3"),
        (0.004, "+0.4"),
        (-0.0004, "0.0"),
        (0, "0.0"),
        (-0.9, "−90"),
        (1, "+100"),
    ],
)
def test_a_difference_is_in_points_with_its_sign(difference, text):
    assert points(difference) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 posts"),
        (1, "1 post"),
        (2, "2 posts"),
        (3822, "3,822 posts"),
        (1_000_000.0, "1,000,000 posts"),
    ],
)
def test_a_count_agrees_with_its_noun(number, text):
    assert count(number, "post") == text


def test_a_count_of_an_odd_noun():
    assert count(1, "post mentions", "posts mention") == "1 post mentions"
    assert count(0, "post mentions", "posts mention") == "0 posts mention"


def test_lists_read_as_in_a_sentence():
    assert listing([]) == ""
    assert listing(["a"]) == "a"
    assert listing(["a", "b"]) == "a and b"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing(["a", "b", "c"], last="or") == "a, b or c"
    assert quoted(["hold", "late flight"]) == "“hold” and “late flight”"
    assert quoted([]) == ""


def test_days_and_steps_have_names():
    moment = datetime(2015, 2, 2, 9, tzinfo=UTC)
    assert day(moment) == "Monday 2 February"
    assert step(moment, "day") == "Monday 2 February"
    assert step(moment, "week") == "The week from Monday 2 February"
    assert step(moment, "month") == "February 2015"
    assert step(moment, "hour") == "Monday 2 February from 9:00 to 10:00"
    late = datetime(2015, 2, 2, 23, tzinfo=ZoneInfo("Europe/London"))
    assert step(late, "hour") == "Monday 2 February from 23:00 to 0:00"


def test_names_are_one_line_without_anything_unseen():
    assert tidy(" a\n\tb\x00c ") == "a b c"
    assert tidy("\u202eevil\u2066\u200f") == "evil"
    assert tidy("a" * 61) == "a" * 59 + "…"
    assert tidy("a" * 60) == "a" * 60
    assert quoted(["x" * 100]) == f"“{'x' * 39}…”"
    assert tidy("שלום עולם") == "\u2068שלום עולם\u2069"
    assert tidy(tidy("late שלום")) == "\u2068late שלום\u2069"


@given(st.text(), st.integers(2, 60))
def test_a_tidy_name_is_short_and_tidy(name, longest):
    found = tidy(name, longest=longest)
    assert len(found.strip("\u2068\u2069")) <= longest
    assert tidy(found, longest=longest) == found
    assert found.isprintable() or not any(ord(char) < 32 for char in found)


@given(
    st.text()
    | st.lists(st.sampled_from([*"`*_[]()<>#|~$&!\\ab ", "&lt;", "<b>", "](x)"])).map("".join)
)
def test_markdown_shows_what_was_written(text):
    name = tidy(text, longest=1000)
    if name:
        page = (
            MarkdownIt("commonmark", {"html": False}).enable("table").parseInline(as_markdown(name))
        )
        assert {token.type for token in page[0].children} <= {"text", "text_special"}
        assert "".join(token.content for token in page[0].children) == name
