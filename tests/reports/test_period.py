"""Windows of time: whole local days, whatever the clocks do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.errors import ParamError
from murmuration.reports import resolve_period

AT = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_a_plain_date_is_midnight_in_the_time_zone():
    period = resolve_period(
        since="2015-02-16", until="2015-02-25", timezone="America/New_York", at=AT
    )
    assert (period.since, period.until) == (utc(2015, 2, 16, 5), utc(2015, 2, 25, 5))


def test_an_offset_in_a_time_counts_more_than_the_time_zone():
    period = resolve_period(
        since="2015-02-16T00:00+02:00", until="2015-02-17", timezone="UTC", at=AT
    )
    assert period.since == utc(2015, 2, 15, 22)


def test_a_window_is_whole_days_up_to_the_last_local_midnight():
    period = resolve_period(window="7d", timezone="Asia/Tokyo", at=AT)
    # 15:30 in London is 00:30 of the next day in Tokyo, so that midnight has just passed.
    assert (period.since, period.until) == (utc(2026, 3, 24, 15), utc(2026, 3, 31, 15))


def test_a_window_across_a_change_of_the_clocks_keeps_its_days():
    period = resolve_period(window="7d", timezone="Europe/London", at=AT)
    # The clocks of London went forward on 29 March 2026: seven days are 167 hours.
    assert period.until - period.since == timedelta(hours=167)
    assert period.before.until - period.before.since == timedelta(hours=168)


@pytest.mark.parametrize(
    ("window", "since", "until"),
    [
        ("4w", utc(2026, 3, 3), utc(2026, 3, 31)),
        ("day: previous", utc(2026, 3, 30), utc(2026, 3, 31)),
        ("week: previous", utc(2026, 3, 23), utc(2026, 3, 30)),
        ("month:previous", utc(2026, 2, 1), utc(2026, 3, 1)),
        ("quarter: previous", utc(2025, 10, 1), utc(2026, 1, 1)),
        ("year: previous", utc(2025, 1, 1), utc(2026, 1, 1)),
        ("48h", utc(2026, 3, 29, 15), utc(2026, 3, 31, 15)),
        ("", utc(2026, 3, 3), utc(2026, 3, 31)),
    ],
)
def test_windows_mean_what_they_say(window, since, until):
    period = resolve_period(window=window, at=AT)
    assert (period.since, period.until) == (since, until)


def test_hours_are_real_hours_also_where_the_clocks_are_moved():
    at = datetime(2026, 3, 29, 12, 30, tzinfo=UTC)
    period = resolve_period(window="24h", timezone="Europe/London", at=at)
    assert (period.since, period.until) == (utc(2026, 3, 28, 12), utc(2026, 3, 29, 12))
    india = resolve_period(window="1h", timezone="Asia/Kolkata", at=at)
    assert india.until == datetime(2026, 3, 29, 12, 30, tzinfo=UTC)


def test_the_last_days_are_local_days_and_never_more_than_there_are():
    period = resolve_period(window="7d", timezone="Europe/London", at=AT)
    assert period.last(3).until == period.until
    assert period.until - period.last(3).since == timedelta(hours=71)  # one of them has 23
    assert period.last(30) == period
    assert period.last(0).since == period.until


def test_without_until_the_period_ends_at_the_logical_time():
    assert resolve_period(since="2026-03-01", at=AT).until == AT


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"since": "2015-02-20", "until": "2015-02-10"}, ["must lie before", "Swap the two"]),
        ({"since": "2015-02-20", "until": "2015-02-20"}, ["must lie before"]),
        ({"since": "2015-02-20", "window": "7d"}, ["window='7d'", "since='2015-02-20'", "either"]),
        ({"until": "2015-02-20", "window": "7d"}, ["until='2015-02-20'"]),
        ({"window": "7 days"}, ["'7 days'", "7d, 4w or 48h", "month: previous"]),
        ({"window": "0d"}, ["'0d'"]),
        ({"window": "month: next"}, ["'month: next'"]),
        ({"since": "yesterday"}, ["since is 'yesterday'", "2026-01-31"]),
        ({"timezone": "Europe/Berln"}, ["'Europe/Berln'", "Europe/Berlin"]),
        ({"timezone": "../etc/passwd"}, ["IANA name"]),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(given, words):
    with pytest.raises(ParamError) as caught:
        resolve_period(**given, at=AT)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("2015-02-16", "2015-02-25", "16 to 24 February 2015"),
        ("2015-02-16", "2015-02-17", "16 February 2015"),
        ("2015-01-30", "2015-02-02", "30 January to 1 February 2015"),
        ("2014-12-30", "2015-01-02", "30 December 2014 to 1 January 2015"),
        (
            "2015-02-16T10:00",
            "2015-02-16T12:30",
            "16 February 2015 10:00 to 16 February 2015 12:30",
        ),
    ],
)
def test_a_period_is_described_as_people_say_it(since, until, words):
    assert resolve_period(since=since, until=until, at=AT).describe() == words


@given(
    days=st.integers(1, 400),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),
    zone=st.sampled_from(
        ["UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata"]
    ),
)
def test_the_period_before_touches_this_one_and_has_as_many_local_days(days, at, zone):
    period = resolve_period(window=f"{days}d", timezone=zone, at=at.replace(tzinfo=UTC))
    before = period.before
    assert before.until == period.since
    assert period.until <= at.replace(tzinfo=UTC) < period.until + timedelta(days=1, hours=1)
    for one in (period, before):
        local = one.until.astimezone(one.zone).date() - one.since.astimezone(one.zone).date()
        assert local == timedelta(days=days)
