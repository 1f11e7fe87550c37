"""The slow way to find fires: look at every minute. What `murmuration.schedule.clock` is measured against.

It shares no code with the library but the parsed sets, and asks the zone for the wall time of each minute.
"""

from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@cache
def walls_of(zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """The naive wall time of each minute from begin to end, both included."""
    where = ZoneInfo(zone)
    minutes = int((end - begin) / MINUTE)
    return [(begin + n * MINUTE).astimezone(where).replace(tzinfo=None) for n in range(minutes + 1)]


@cache
def jumps_of(zone: str, begin: datetime, end: datetime) -> list[int]:
    """The minutes that do not follow on the one before."""
    walls = walls_of(zone, begin, end)
    return [n for n, (a, b) in enumerate(pairwise(walls), 1) if b - a != MINUTE]


def matches(cron, wall: datetime) -> bool:
    return wall.minute in cron.minutes and wall.hour in cron.hours and matches_day(cron, wall)


def matches_day(cron, wall: datetime) -> bool:
    fields = cron.text.split()
    day = wall.day in cron.days
    weekday = (wall.weekday() + 1) % 7 in cron.weekdays
    free = fields[2].startswith("*") or fields[4].startswith("*")
    return wall.month in cron.months and (day and weekday if free else day or weekday)


def walk(cron, zone: str, begin: datetime, end: datetime, *, warm_up: int = 1500) -> list[datetime]:
    """Fires in (begin, end]; the walk starts `warm_up` minutes before and looks an hour beyond."""
    start = begin - warm_up * MINUTE
    walls = walls_of(zone, start, end + 61 * MINUTE)
    minutes, hours = cron.minutes, cron.hours
    hits = [
        n
        for n, wall in enumerate(walls)
        if wall.minute in minutes and wall.hour in hours and matches_day(cron, wall)
    ]
    jumps = jumps_of(zone, start, end + 61 * MINUTE)
    step = hourly if len(cron.hours) == 24 else once
    found = step(cron, walls, hits, jumps)
    last = int((end - start) / MINUTE)
    return [start + n * MINUTE for n in sorted(found) if warm_up < n <= last]


def once(cron, walls, hits, jumps) -> set[int]:
    seen: set[datetime] = set()
    found = set()
    near = {n + k for n in jumps for k in range(1500)}  # only there can a wall time come twice
    before = {n - k for n in jumps for k in range(1500)}
    for n in hits:
        if n not in near or walls[n] not in seen:
            found.add(n)
        if n in near or n in before:
            seen.add(walls[n])
    for n in jumps:
        lost = walls[n - 1] + MINUTE
        while lost < walls[n]:
            if matches(cron, lost):
                found.add(n)
            lost += MINUTE
    return found


def hourly(cron, walls, hits, jumps) -> set[int]:
    found = set(hits)
    for n in jumps:
        last = max((hit for hit in hits if hit < n), default=None)
        following = min((hit for hit in hits if hit >= n), default=None)
        if last is None or n - last > 60:
            continue
        if any(matches(cron, walls[last] + k * MINUTE) for k in range(1, 61)) and (
            following is None or following - last > 60
        ):
            found.add(n)
    return found
