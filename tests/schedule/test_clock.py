"""Fires, against a walk over every minute, on the days on which the clocks are moved."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.schedule import fires, next_fires, parse_cron

from .minute_walk import walk

HOUR = timedelta(hours=1)
# Both changes of 2024, a leap year.
CHANGES = {
    "America/New_York": (datetime(2024, 3, 10, 7, tzinfo=UTC), datetime(2024, 11, 3, 6, tzinfo=UTC)),
    "Europe/London": (datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2024, 10, 27, 1, tzinfo=UTC)),
    "Australia/Lord_Howe": (
        datetime(2024, 10, 5, 15, 30, tzinfo=UTC),
        datetime(2024, 4, 6, 15, tzinfo=UTC),
    ),
}  # fmt: skip


def found(text: str, zone: str, begin: datetime, end: datetime) -> list[datetime]:
    return [fire.at for fire in fires(parse_cron(text), ZoneInfo(zone), after=begin, until=end)]


def local(text: str, zone: str, day: str) -> list[str]:
    """Fires of a local day as HH:MM with the offset."""
    begin = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    end = (begin.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone))
    second = timedelta(seconds=1)
    return [
        at.astimezone(ZoneInfo(zone)).strftime("%H:%M%z")
        for at in found(text, zone, begin.astimezone(UTC) - second, end.astimezone(UTC) - second)
    ]


def numbers(low: int, high: int):
    """A field of cron: any, some values, or a range with a step."""
    value = st.integers(low, high)
    some = st.lists(value, min_size=1, max_size=4).map(lambda chosen: ",".join(map(str, chosen)))
    stepped = st.tuples(value, value, st.integers(1, 7)).map(
        lambda t: f"{min(t[:2])}-{max(t[:2])}/{t[2]}"
    )
    return st.one_of(st.just("*"), some, stepped, st.integers(1, high).map("*/{}".format))


crons = st.tuples(
    numbers(0, 59), numbers(0, 23),
    st.one_of(st.just("*"), numbers(1, 28)), st.just("*"), st.one_of(st.just("*"), numbers(0, 6)),
).map(" ".join)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "each"),
    [("0 12 29 2 *", 4), ("59 23 31 12 *", 1), ("0 0 1 1 *", 1), ("30 6 1 4,5 *", 0.5)],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_rule_of_some_months_is_found_without_a_walk_over_the_others(
    text, each, zone, monkeypatch
):
    from murmuration.schedule import clock

    walked = []
    real = clock._fires_within
    monkeypatch.setattr(clock, "_fires_within", lambda *now: walked.append(1) or real(*now))
    begin, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (2001, 2021))
    at = [
        moment.astimezone(ZoneInfo(zone)).strftime("%-M %-H %-d %-m") + " *"
        for moment in found(text, zone, begin, end)
    ]
    days = [text] if "," not in text else ["30 6 1 4 *", "30 6 1 5 *"]
    assert sorted(set(at)) == days
    assert abs(len(at) - 20 / each) <= 1
    assert len(walked) < 20 * 80


@settings(max_examples=120, deadline=None)
@given(
    text=crons,
    change=st.sampled_from([(zone, at) for zone, both in CHANGES.items() for at in both]),
    begin=st.integers(-20 * 60, 60),
    length=st.integers(1, 30 * 60),
)
def test_fires_around_a_change_are_those_of_a_walk_over_every_minute(text, change, begin, length):
    zone, at = change
    since = at + timedelta(minutes=begin)
    until = since + timedelta(minutes=length)
    assert found(text, zone, since, until) == walk_near(parse_cron(text), zone, at, since, until)


def walk_near(cron, zone, at, since, until):
    """Walk the days around a change once, and cut."""
    begin, end = at - timedelta(days=2), at + timedelta(days=3)
    return [moment for moment in walk(cron, zone, begin, end) if since < moment <= until]


@pytest.mark.parametrize("zone", CHANGES)
def test_fires_of_a_leap_year_are_those_of_a_walk_over_every_minute(zone):
    begin, end = datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2025, 1, 1, 1, tzinfo=UTC)
    for text in ("10 * * * *", "30 1,2 * * *", "0 0 29 2 *", "15 2 1,15 * sun"):
        assert found(text, zone, begin, end) == walk(parse_cron(text), zone, begin, end), text


@settings(max_examples=60, deadline=None)
@given(
    text=crons,
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca", "America/Caracas"]),
    begin=st.datetimes(datetime(2007, 1, 1), datetime(2012, 1, 10)),
    cuts=st.lists(st.integers(1, 50 * 3600), min_size=1, max_size=5),
)  # fmt: skip
def test_ticks_of_any_length_find_each_fire_once(text, zone, begin, cuts):
    moments = [begin.replace(tzinfo=UTC)]
    for seconds in cuts:
        moments.append(moments[-1] + timedelta(seconds=seconds))
    parts = [at for pair in pairwise(moments) for at in found(text, zone, *pair)]
    assert parts == found(text, zone, moments[0], moments[-1])


@pytest.mark.parametrize(
    ("text", "zone", "day", "expected"),
    [
        ("30 2 * * *", "America/New_York", "2024-03-10", ["03:00-0400"]),
        ("30 1 * * *", "Europe/London", "2024-03-31", ["02:00+0100"]),
        ("10 2 * * *", "Australia/Lord_Howe", "2024-10-06", ["02:30+1100"]),
        ("0 2,3 * * *", "America/New_York", "2024-03-10", ["03:00-0400"]),
        ("30 1 * * *", "America/New_York", "2024-11-03", ["01:30-0400"]),
        ("30 1 * * *", "Europe/London", "2024-10-27", ["01:30+0100"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2024-04-07", ["01:45+1100"]),
        ("*/20 2 * * *", "America/New_York", "2024-03-10", ["03:00-0400"]),
    ],
)
def test_a_daily_time_runs_once_on_a_day_when_the_clocks_are_moved(text, zone, day, expected):
    assert local(text, zone, day) == expected


def test_a_day_that_was_left_out_runs_at_the_first_moment_of_the_next():
    # Samoa went from 29 to 31 December 2011.
    assert local("30 6 * * *", "Pacific/Apia", "2011-12-31") == ["00:00+1400", "06:30+1400"]


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("minute", [0, 10, 30, 45])
def test_an_hourly_rule_never_waits_for_more_than_a_real_hour(zone, minute):
    for at in CHANGES[zone]:
        moments = found(f"{minute} * * * *", zone, at - 5 * HOUR, at + 5 * HOUR)
        assert max(b - a for a, b in pairwise(moments)) <= HOUR
        if zone != "Australia/Lord_Howe":  # whole hours: nothing but real hours
            assert {b - a for a, b in pairwise(moments)} == {HOUR}


def test_what_the_clocks_did_to_a_fire_is_said():
    zone = ZoneInfo("America/New_York")
    spring = next(next_fires(parse_cron("30 2 * * *"), zone, after=CHANGES[zone.key][0] - HOUR))
    assert spring.note == "for 02:30, which does not exist"
    autumn = next_fires(parse_cron("30 * * * *"), zone, after=CHANGES[zone.key][1] - HOUR)
    assert [fire.note for fire in islice(autumn, 3)] == [
        "first of two such times",
        "second of two such times",
        "",
    ]


def test_a_leap_day_is_found_years_ahead():
    cron = parse_cron("0 12 29 2 *")
    ahead = next_fires(cron, ZoneInfo("UTC"), after=datetime(2097, 1, 1, tzinfo=UTC))
    assert next(ahead).at == datetime(2104, 2, 29, 12, tzinfo=UTC)  # 2100 is no leap year
