from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from murmuration.errors import SchemaError
from murmuration.frames import TEXT
from murmuration.trends import (
    assign_period,
    assign_steps,
    choose_bucket,
    estimate_sentiment,
    fill_periods,
    find_bucket,
    list_periods,
)

TIME = pd.ArrowDtype(pa.timestamp("us", "UTC"))
ZONES = ["UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana",
         "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "America/St_Johns"]  # fmt: skip
BUCKETS = ["hour", "day", "week", "month"]


def local(zone, *moment):
    return datetime(*moment, tzinfo=ZoneInfo(zone))


def posts_at(moments):
    return pd.DataFrame(
        {"created_at": pd.array(pa.array(moments, pa.timestamp("us", "UTC")), dtype=TIME)}
    )


def steps_of(moments, bucket, timezone):
    return assign_steps(posts_at(moments), bucket=bucket, timezone=timezone)["period_start"]


def hours_between(starts):
    return (starts.diff().dropna() / pd.Timedelta(hours=1)).tolist()


@pytest.mark.parametrize(
    ("zone", "change", "hours"),
    [
        ("America/New_York", (2026, 3, 8), 23),
        ("America/New_York", (2026, 11, 1), 25),
        ("Europe/London", (2026, 3, 29), 23),
        ("Europe/London", (2026, 10, 25), 25),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
    ],
)
def test_a_day_is_a_whole_local_day_when_the_clocks_change(zone, change, hours):
    first = datetime(*change) - timedelta(days=1)
    since, until = (
        moment.replace(tzinfo=ZoneInfo(zone)) for moment in (first, first + timedelta(days=3))
    )
    starts = list_periods(since, until, bucket="day", timezone=zone)
    assert [start.tz_convert(zone).strftime("%m-%d %H:%M") for start in starts] == [
        (first + timedelta(days=day)).strftime("%m-%d 00:00") for day in range(3)
    ]
    assert hours_between(pd.Series([*starts, pd.Timestamp(until).tz_convert("UTC")])) == [
        24,
        hours,
        24,
    ]
    # The last moment of the day is still of it, the next one is not.
    midnight = datetime(*change, tzinfo=ZoneInfo(zone)) + timedelta(days=1)
    found = steps_of([midnight.astimezone(UTC) - timedelta(microseconds=1), midnight], "day", zone)
    assert found.tolist() == list(starts[1:])


@pytest.mark.parametrize(
    ("zone", "change", "walls"),
    [
        ("America/New_York", (2026, 3, 8), ["00:00", "01:00", "03:00"]),
        ("America/New_York", (2026, 11, 1), ["00:00", "01:00", "01:00", "02:00"]),
        ("Australia/Lord_Howe", (2026, 10, 4), ["00:00", "01:00", "02:30", "03:00"]),
        ("Australia/Lord_Howe", (2026, 4, 5), ["00:00", "01:00", "01:30", "02:00"]),
    ],
)
def test_an_hour_ends_when_the_clock_on_the_wall_says_so(zone, change, walls):
    since = datetime(*change, tzinfo=ZoneInfo(zone))
    starts = list_periods(since, since + timedelta(hours=5), bucket="hour", timezone=zone)
    assert [start.tz_convert(zone).strftime("%H:%M") for start in starts][: len(walls)] == walls
    assert starts.is_unique


def test_hours_of_india_are_half_hours_of_utc():
    [found] = steps_of([datetime(2026, 1, 1, 12, 29, tzinfo=UTC)], "hour", "Asia/Kolkata")
    assert found == pd.Timestamp("2026-01-01T11:30Z")


def test_a_day_without_a_midnight_begins_with_its_first_hour():
    # Brazil, until 2019: 0:00 became 1:00.
    zone = "America/Sao_Paulo"
    [found] = steps_of([local(zone, 2018, 11, 4, 15)], "day", zone)
    assert found == pd.Timestamp("2018-11-04T03:00Z")


def test_a_midnight_that_comes_twice_begins_one_day():
    # Cuba: 1:00 becomes 0:00 again.
    zone = "America/Havana"
    found = steps_of(
        [local(zone, 2025, 11, 2, 0, 30), local(zone, 2025, 11, 2, 0, 30).replace(fold=1)],
        "day",
        zone,
    )
    assert found.tolist() == [pd.Timestamp("2025-11-02T04:00Z")] * 2


def test_weeks_begin_on_monday_and_months_on_the_first():
    moment = local("Europe/London", 2026, 3, 1, 0, 30)  # a Sunday
    week, month = (steps_of([moment], bucket, "Europe/London")[0] for bucket in ("week", "month"))
    assert week == pd.Timestamp("2026-02-23T00:00Z")
    assert month == pd.Timestamp("2026-03-01T00:00Z")


moments = st.datetimes(datetime(2009, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(moments, st.floats(0.001, 60), st.sampled_from(BUCKETS), st.sampled_from(ZONES))
@settings(deadline=None, max_examples=60)
@example(datetime(2026, 4, 4, 14, tzinfo=UTC), 0.1, "hour", "Australia/Lord_Howe")
@example(datetime(2026, 10, 3, 14, tzinfo=UTC), 0.1, "hour", "Australia/Lord_Howe")
@example(datetime(2011, 12, 28, tzinfo=UTC), 5, "day", "Pacific/Apia")
def test_steps_cover_the_window_without_gap_or_overlap(since, days, bucket, zone):
    if bucket == "hour":
        days = days / 20
    until = since + timedelta(days=days)
    starts = list_periods(since, until, bucket=bucket, timezone=zone)
    assert starts.is_monotonic_increasing
    assert starts.is_unique
    assert starts[0] <= since
    assert starts[-1] < until
    # No step is missing between two: the moment before a step begins is of the step before.
    before = steps_of([start - timedelta(microseconds=1) for start in starts[1:]], bucket, zone)
    assert before.tolist() == list(starts[:-1])
    # And a step begins where it says.
    assert steps_of(list(starts), bucket, zone).tolist() == list(starts)


@given(
    moments,
    st.timedeltas(timedelta(0), timedelta(days=40)),
    st.sampled_from(BUCKETS),
    st.sampled_from(ZONES),
)
@settings(deadline=None, max_examples=60)
def test_every_post_of_the_window_is_in_a_listed_step_that_began_before_it(
    since, later, bucket, zone
):
    if bucket == "hour":
        later = later / 20
    moment = since + later
    [found] = steps_of([moment], bucket, zone)
    assert found <= moment
    assert found in list_periods(since, moment + timedelta(seconds=1), bucket=bucket, timezone=zone)
    longest = {"hour": 2, "day": 25, "week": 7 * 24 + 1, "month": 31 * 24 + 1}[bucket]
    assert moment - found < timedelta(hours=longest)


def test_an_empty_window_has_no_steps():
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert len(list_periods(moment, moment, bucket="day", timezone="UTC")) == 0


def test_posts_without_a_time_are_of_no_step_and_of_no_period():
    posts = posts_at([None, datetime(2026, 1, 1, tzinfo=UTC)])
    found = assign_steps(posts, bucket="hour", timezone="Australia/Lord_Howe")
    assert found["period_start"].isna().tolist() == [True, False]
    found = assign_period(posts, start=datetime(2026, 1, 1, tzinfo=UTC))
    assert found["period"].isna().tolist() == [True, False]


def test_this_period_begins_with_its_first_moment():
    start = local("America/New_York", 2026, 3, 8)
    moment = start.astimezone(UTC)
    posts = posts_at([moment - timedelta(microseconds=1), moment, moment + timedelta(days=1)])
    assert assign_period(posts, start=start)["period"].tolist() == ["before", "this", "this"]
    assert list(posts.columns) == ["created_at"]


def test_empty_frames_and_missing_columns():
    empty = posts_at([])
    assert len(assign_period(empty, start=datetime(2026, 1, 1, tzinfo=UTC))) == 0
    assert len(assign_steps(empty, bucket="week", timezone="UTC")) == 0
    with pytest.raises(SchemaError, match="assign_steps needs the column 'created_at'"):
        assign_steps(pd.DataFrame({"text": []}), bucket="day", timezone="UTC")
    with pytest.raises(SchemaError, match="assign_period needs the column 'created_at'"):
        assign_period(pd.DataFrame({"text": []}), start=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (1, "hour"),
        (3, "hour"),
        (4, "day"),
        (92, "day"),
        (93, "week"),
        (800, "week"),
        (801, "month"),
    ],
)
def test_a_chart_gets_a_readable_number_of_steps(days, bucket):
    since = datetime(2024, 1, 1, tzinfo=UTC)
    assert choose_bucket(since, since + timedelta(days=days)) == bucket


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("zone", ZONES)
def test_the_length_of_steps_is_read_from_their_table(zone, bucket):
    days = {"hour": 3, "day": 60, "week": 200, "month": 400}[bucket]
    since = datetime(2025, 9, 20, tzinfo=UTC)
    starts = list_periods(since, since + timedelta(days=days), bucket=bucket, timezone=zone)
    assert find_bucket(pd.Series(starts.repeat(2)[::-1])) == bucket


def test_steps_without_posts_are_there_with_no_posts_and_no_sentiment():
    posts = posts_at(
        [datetime(2026, 3, 7, 12, tzinfo=UTC), datetime(2026, 3, 9, 12, tzinfo=UTC)]
    ).assign(
        sentiment=[-0.5, 0.5],
        sentiment_label=["negative", "positive"],
        brand=pd.array(["a", "a"], dtype=TEXT),
    )
    zone = "America/New_York"
    levels = estimate_sentiment(
        assign_steps(posts, bucket="day", timezone=zone), by=["brand", "period_start"]
    )
    days = list_periods(
        local(zone, 2026, 3, 7), local(zone, 2026, 3, 10), bucket="day", timezone=zone
    )
    whole = fill_periods(levels, days, groups=["a", "quiet"])
    assert whole["brand"].tolist() == ["a"] * 3 + ["quiet"] * 3
    assert whole["period_start"].tolist() == list(days) * 2
    assert whole["posts"].tolist() == [1, 0, 1, 0, 0, 0]
    for name in ("scored", "authors", "negative", "neutral", "positive"):
        assert whole[name].isna().sum() == 0
    for name in ("mean", "negative_share", "positive_share"):
        assert whole[name].isna().tolist() == [False, True, False, True, True, True]
    assert whole["posts"].sum() == len(posts)
    assert whole.dtypes["mean"] == levels.dtypes["mean"]


def test_where_nobody_wrote_every_step_is_listed():
    days = list_periods(
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 4, tzinfo=UTC),
        bucket="day",
        timezone="UTC",
    )
    empty = posts_at([]).assign(sentiment=[], sentiment_label=[], brand=pd.array([], dtype=TEXT))
    levels = estimate_sentiment(
        assign_steps(empty, bucket="day", timezone="UTC"), by=["brand", "period_start"]
    )
    whole = fill_periods(levels, days, groups=["a"])
    assert whole["posts"].tolist() == [0, 0, 0]
    assert whole["mean"].isna().all()
