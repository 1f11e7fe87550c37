"""When a schedule fires, in any time zone and across changes of the clocks.

Three rules, in the order in which a reader meets them:

- A wall time that does not exist runs at the first moment after the gap. Two fires at one moment are one.
- A wall time that comes twice runs once, the first time.
- A rule that runs in every hour follows real time: it runs at each matching wall time, also at one that comes
  twice; and where a change would make it wait for more than a real hour (Lord Howe moves its clocks by half an
  hour), it also runs at the moment of the change.

Seconds since 1970 are used throughout. Between two changes the wall clock is those seconds plus a constant, so a
stretch without a change needs no look at the zone at all.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from murmuration.schedule.cron import Cron

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_EPOCH = date(1970, 1, 1).toordinal()
_NEAR_DAYS = 4  # farther than any zone and any change can move a day
_SHIFT_MAX = 25 * _HOUR  # the farthest that a clock was ever moved, at the date line
_LAST = datetime(9999, 12, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fire:
    """A moment at which a schedule is due.

    Attributes
    ----------
    at
        The logical time, UTC.
    note
        What the clocks did to it; empty on most days.
    """

    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    """The clocks are moved: seconds of the moment, offsets from UTC before and after."""

    at: int
    before: int
    after: int


def fires(cron: Cron, zone: ZoneInfo, *, after: datetime, until: datetime) -> Iterator[Fire]:
    """Give the fires between two moments, ascending.

    Parameters
    ----------
    cron
        The rule.
    zone
        Whose wall clock it is about.
    after
        Not included.
    until
        Included.

    Yields
    ------
    Fire
        Each moment once.
    """
    begin, end = _seconds(after), _seconds(until)
    while (begin := _skip_months(cron, begin)) < end:
        stop = min(end, begin + _DAY)
        found = _fires_within(cron, zone, begin, stop)
        for moment in sorted(found):
            yield Fire(
                datetime.fromtimestamp(moment, UTC), found[moment] or _repeated(moment, zone)
            )
        begin = stop


def next_fires(cron: Cron, zone: ZoneInfo, *, after: datetime) -> Iterator[Fire]:
    """Give the fires after a moment for as long as somebody asks, up to the end of time as Python counts it."""
    yield from fires(cron, zone, after=after, until=_LAST)


def _skip_months(cron: Cron, begin: int) -> int:
    """Give the moment shortly before the next month in which a rule runs at all; `begin` where that is near."""
    first = date.fromordinal(_EPOCH + begin // _DAY - _NEAR_DAYS)
    last = first + timedelta(days=2 * _NEAR_DAYS)
    if {first.month, last.month} & cron.months or last.year == date.max.year:
        return begin
    month = last.replace(day=1)
    while month.month not in cron.months:
        month = (month + timedelta(days=31)).replace(day=1)
        if month.year == date.max.year:
            return begin
    return max(begin, (month.toordinal() - _EPOCH - _NEAR_DAYS) * _DAY)


def _fires_within(cron: Cron, zone: ZoneInfo, begin: int, end: int) -> dict[int, str]:
    """Fires in (begin, end], at most a day, with what the clocks did to them."""
    days = range(_EPOCH + begin // _DAY - 2, _EPOCH + end // _DAY + 3)
    if not any(cron.matches_day(date.fromordinal(day)) for day in days):
        return {}
    # The clocks of a few hours before still matter: what came twice, and when an hourly rule ran last.
    changes = _changes(zone, begin - _SHIFT_MAX, end)
    found: dict[int, str] = {}
    start, offset, seen = begin - _SHIFT_MAX, _offset(zone, begin - _SHIFT_MAX), -(1 << 62)
    for change in [*changes, _Change(end + 1, 0, 0)]:
        for wall in _matches(cron, max(start, begin + 1) + offset, change.at + offset):
            if cron.is_hourly or wall >= seen:
                found.setdefault(wall - offset, "")
        seen = max(seen, change.at + offset)
        if begin < change.at <= end and (note := _at_change(cron, change)):
            found[change.at] = note
        start, offset = change.at, change.after
    return found


def _repeated(moment: int, zone: ZoneInfo) -> str:
    local = datetime.fromtimestamp(moment, zone)
    if local.fold:
        return "second of two such times"
    twice = local.utcoffset() != local.replace(fold=1).utcoffset()
    return "first of two such times" if twice else ""


def _at_change(cron: Cron, change: _Change) -> str:
    """Say why a rule runs at the moment of a change; empty where it does not."""
    if not cron.is_hourly:
        lost = next(_matches(cron, change.at + change.before, change.at + change.after), None)
        return "" if lost is None else f"for {_clock(lost)}, which does not exist"
    old, new = change.at + change.before, change.at + change.after
    last = max(_matches(cron, old - _HOUR, old), default=None)
    then = next(_matches(cron, new, new + _HOUR + 1), None)
    wanted = next(_matches(cron, old, old + _HOUR + 1), None)  # had nobody moved the clocks
    if last is None or wanted is None or wanted - last > _HOUR:
        return ""
    waits = _HOUR + 1 if then is None else (then - new) + (old - last)
    return "an hourly run, as the clocks are moved" if waits > _HOUR else ""


def _matches(cron: Cron, begin: int, end: int) -> Iterator[int]:
    """Matching wall times in [begin, end), in seconds of that wall clock."""
    minutes = cron.minutes_of_day
    for day in range(begin // _DAY, -(-end // _DAY)):
        if not cron.matches_day(date.fromordinal(_EPOCH + day)):
            continue
        first = bisect_left(minutes, -(-(begin - day * _DAY) // _MINUTE))
        for minute in minutes[first:]:
            wall = day * _DAY + minute * _MINUTE
            if wall >= end:
                return
            yield wall


def _changes(zone: ZoneInfo, begin: int, end: int) -> list[_Change]:
    """The changes of the clocks in (begin, end]; not more than one every six hours."""
    found = []
    while begin < end:
        stop = min(begin + _DAY // 4, end)
        before, after = _offset(zone, begin), _offset(zone, stop)
        if before != after:
            low, high = begin, stop
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
            found.append(_Change(high, before, after))
        begin = stop
    return found


def _offset(zone: ZoneInfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    assert offset is not None  # noqa: S101  a zone always has one
    return int(offset.total_seconds())


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp() // 1)


def _clock(wall: int) -> str:
    return f"{wall % _DAY // _HOUR:02d}:{wall % _HOUR // _MINUTE:02d}"
