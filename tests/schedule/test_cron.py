"""Cron expressions: what they match, and what is said of those that cannot be meant."""

from datetime import date

import pytest

from murmuration.errors import ScheduleError
from murmuration.schedule import parse_cron


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("*/15 * * * *", "minutes", {0, 15, 30, 45}),
        ("5,7-9 * * * *", "minutes", {5, 7, 8, 9}),
        ("0 8-18/2 * * *", "hours", {8, 10, 12, 14, 16, 18}),
        ("0 0 * jan,MAR-may *", "months", {1, 3, 4, 5}),
        ("0 0 * * mon-fri", "weekdays", {1, 2, 3, 4, 5}),
        ("0 0 * * 7", "weekdays", {0}),
        ("0 0 * * 5-7", "weekdays", {5, 6, 0}),
        ("0 0 * * fri-sun", "weekdays", {5, 6, 0}),
        ("0 0 * * */2", "weekdays", {0, 2, 4, 6}),
        ("@hourly", "hours", set(range(24))),
        ("@Monthly", "days", {1}),
        ("@weekly", "weekdays", {0}),
    ],
)
def test_fields_are_read_into_the_values_that_match(text, field, values):
    assert getattr(parse_cron(text), field) == values


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("0 0 13 * fri", [date(2026, 11, 13), date(2026, 11, 20), date(2026, 10, 13)], date(2026, 11, 14)),
        ("0 0 * * fri", [date(2026, 11, 20)], date(2026, 11, 13 + 1)),
        ("0 0 */2 * fri", [date(2026, 11, 13)], date(2026, 11, 20)),  # a star, so both must hold
        ("0 0 31 * *", [date(2026, 10, 31)], date(2026, 11, 30)),
    ],
)  # fmt: skip
def test_days_of_month_and_of_week_go_together_as_in_any_cron(text, matching, other):
    cron = parse_cron(text)
    assert all(cron.matches_day(day) for day in matching)
    assert not cron.matches_day(other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 0 30 2 *", "never runs: no month 2 has a day 30"),
        ("0 0 31 4,6 *", "never runs"),
        ("60 * * * *", "minute: '60' is not allowed; use 0 to 59"),
        ("0 24 * * *", "hour: '24' is not allowed"),
        ("0 0 0 * *", "day of month: '0' is not allowed"),
        ("0 0 * * weds", "Did you mean 'wed'?"),
        ("0 0 * jam *", "Did you mean 'jan'?"),
        ("0 22-2 * * *", "runs backwards; write it as two, 22-23,0-2"),
        ("5/15 * * * *", "write 5-59/15"),
        ("*/0 * * * *", "a step is 1 or more"),
        ("* * * *", "has 4 fields, but cron needs five"),
        ("0 30 6 * * *", "has 6 fields"),
        ("@dayly", "Did you mean '@daily'?"),
        ("@reboot", "no shorthand"),
        ("", "has 0 fields"),
        ("0 0 L * *", "day of month: 'L' is not allowed"),
        ("0 0 * * 1#2", "'1#2' is not allowed"),
        ("1,,2 * * * *", "'' is not allowed"),
        ("*-5 * * * *", "'*-5' is not allowed"),
        ("٣ * * * *", "is not allowed"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(text, said):
    with pytest.raises(ScheduleError) as caught:
        parse_cron(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_leap_day_or_a_weekday_is_reason_enough_to_run():
    assert parse_cron("0 0 29 2 *").matches_day(date(2024, 2, 29))
    assert parse_cron("0 0 30 2 mon").matches_day(date(2024, 2, 5))
