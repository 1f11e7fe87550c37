"""Five fields of cron, read into sets: which minutes of which days of a wall clock match.

Day of month and day of week are the usual pair: where both are restricted (neither begins with ``*``) a day
matches if one of them does, as in every cron since Vixie's.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from murmuration.errors import ScheduleError, suggest

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SHORT = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\w+))?")
_LEAP_YEAR = 2024


@dataclass(frozen=True, slots=True)
class _Field:
    """What one of the five fields may hold."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _DAYS),  # 7 is Sunday as well
)


@dataclass(frozen=True)
class Cron:
    """A rule for minutes of a wall clock.

    Attributes
    ----------
    text
        As it was written.
    minutes, hours, days, months, weekdays
        What matches; Sunday is 0.
    either_day
        True where a day needs to match `days` or `weekdays`, not both.
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    @property
    def is_hourly(self) -> bool:
        """Whether it runs in every hour of the day, and so follows real time rather than the wall clock."""
        return len(self.hours) == 24

    @cached_property
    def minutes_of_day(self) -> tuple[int, ...]:
        """The minutes since midnight that match, ascending."""
        return tuple(
            60 * hour + minute for hour in sorted(self.hours) for minute in sorted(self.minutes)
        )

    def matches_day(self, day: date) -> bool:
        """Tell whether it runs on a day at all."""
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either_day else in_month and in_week


def parse_cron(text: str) -> Cron:
    """Read a cron expression.

    Parameters
    ----------
    text
        Minute, hour, day of month, month, day of week: numbers, ``*``, names (``mon``, ``jan``), lists ``1,3``,
        ranges ``1-5``, steps ``*/15`` and ``8-18/2``; or ``@hourly``, ``@daily``, ``@weekly``, ``@monthly``, ``@yearly``.

    Returns
    -------
    Cron
        A rule that matches some day of some year.

    Raises
    ------
    ScheduleError
        If it cannot be read, or no day ever matches; says which field and what is allowed.
    """
    words = _SHORT.get(text.strip().lower(), text).split()
    if len(words) == 1 and words[0].startswith("@"):
        raise ScheduleError(f"{text!r} is no shorthand of cron.{suggest(words[0], _SHORT)}")
    if len(words) != 5:
        raise ScheduleError(
            f"{text!r} has {len(words)} fields, but cron needs five: minute, hour, day of month, month, day of "
            "week, such as '30 6 * * mon-fri'."
        )
    minutes, hours, days, months, weekdays = (
        _read_field(word, field, text) for word, field in zip(words, _FIELDS, strict=True)
    )
    cron = Cron(
        text=text.strip(),
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either_day=not (words[2].startswith("*") or words[4].startswith("*")),
    )
    if not cron.either_day and not _some_day(cron):
        raise ScheduleError(
            f"{text!r} never runs: no month {_listed(months)} has a day {_listed(days)}. Mend day of month or month."
        )
    return cron


def cron_words(cron: Cron) -> list[str]:
    """Give the five fields in words that every cron understands: no shorthand, no 7 for Sunday, no range up to Sunday."""
    words = _SHORT.get(cron.text.lower(), cron.text).split()
    if re.search(r"7|sun", words[4], re.IGNORECASE):
        words[4] = ",".join(map(str, sorted(cron.weekdays)))
    return words


def _some_day(cron: Cron) -> bool:
    # Every date falls on every day of the week in some year, 29 February too.
    return any(
        day <= monthrange(_LEAP_YEAR, month)[1] for month in cron.months for day in cron.days
    )


def _listed(values: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(values)))


def _read_field(word: str, field: _Field, text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        read = _PART.fullmatch(part)
        if read is None or (read[1] == "*" and read[2]):
            raise _refuse(part, field, text)
        step = _number(read[3], field, text) if read[3] else 1
        if step < 1:
            raise ScheduleError(
                f"{text!r}, {field.name}: a step is 1 or more, but {part!r} has {step}."
            )
        found.update(range(*_span(read, field, text), step))
    return frozenset(found)


def _span(read: re.Match[str], field: _Field, text: str) -> tuple[int, int]:
    """First value, and the one after the last."""
    if read[1] == "*":
        last = field.high - (field.high == 7)  # Sunday once
        return field.low, last + 1
    first = _value(read[1], field, text)
    if read[2] is None:
        if read[3]:
            raise ScheduleError(
                f"{text!r}, {field.name}: a step needs a range before it; write {read[1]}-{field.high}/{read[3]}."
            )
        return first, first + 1
    last = _value(read[2], field, text)
    if last == 0 and field.high == 7 and first:
        last = 7  # fri-sun
    if last < first:
        raise ScheduleError(
            f"{text!r}, {field.name}: the range {read[1]}-{read[2]} runs backwards; write it as two, "
            f"{read[1]}-{field.high - (field.high == 7)},{field.low}-{read[2]}."
        )
    return first, last + 1


def _value(word: str, field: _Field, text: str) -> int:
    if word.lower() in field.names:
        return field.names.index(word.lower()) + field.low
    value = _number(word, field, text)
    if not field.low <= value <= field.high:
        raise _refuse(word, field, text)
    return value


def _number(word: str, field: _Field, text: str) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) <= 4):
        raise _refuse(word, field, text)
    return int(word)


def _refuse(part: str, field: _Field, text: str) -> ScheduleError:
    allowed = f"{field.low} to {field.high}"
    if field.names:
        allowed += f" or {field.names[0]} to {field.names[-1]}"
    near = suggest(part, field.names) if part.isalpha() and field.names else ""
    return ScheduleError(
        f"{text!r}, {field.name}: {part!r} is not allowed; use {allowed}, lists, ranges, or steps such as */5.{near}"
    )
