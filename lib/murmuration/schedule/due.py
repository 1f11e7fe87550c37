"""What is due goes into the ledger: each fire once, whatever was missed, paused or in the way.

A fire ends as a row whatever happens. All writes about a schedule happen under a lock on its row, so that two
daemons that tick at once cannot record a fire twice.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, and_, select

from murmuration.schedule import tables
from murmuration.schedule.clock import fires as fires_between
from murmuration.schedule.clock import next_fires
from murmuration.schedule.cron import parse_cron
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.notices import note
from murmuration.schedule.spec import Schedule, Schedules

log = logging.getLogger(__name__)

# A fire is on time when a tick sees it this soon: cron and Kubernetes call tick every few minutes.
ON_TIME = timedelta(minutes=10)
_CLOCK_SLACK = timedelta(minutes=1)
_STALE = "stale"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What becomes of a fire that is due."""

    at: datetime
    kind: str
    state: str
    reason: str | None = None

    @property
    def is_told(self) -> bool:
        """Whether nobody asked for its not being run, and no later one stands for it."""
        return self.state == "missed" or is_stale(self.reason)


def record_due(
    ledger: Ledger, schedules: Schedules, now: datetime, *, ahead: set[str] | None = None
) -> int:
    """Record every fire that came due since the last look.

    Parameters
    ----------
    ledger
        The ledger.
    schedules
        What the folder holds now. A schedule that was not there before begins now.
    now
        This moment.
    ahead
        Schedules of which it is on record that the clock stands before their last fire: said once each time.

    Returns
    -------
    int
        Rows that were added.
    """
    ahead = set() if ahead is None else ahead
    with ledger.read() as connection:
        known = {row.name: row for row in connection.execute(select(tables.schedules))}
    fresh = [one for name, one in schedules.by_name.items() if name not in known]
    if fresh:
        with ledger.write() as connection:
            for one in fresh:
                add_schedule(connection, one, now)
    added = 0
    for name, schedule in schedules.by_name.items():
        row = known.get(name)
        if row is None:
            continue
        if row.horizon > now + _CLOCK_SLACK:
            if name not in ahead:
                log.warning(
                    "%s: the clock stands before the last fire recorded, %s", name, row.horizon
                )
                ahead.add(name)
            continue
        ahead.discard(name)
        after = _fire_after(row.cron, row.timezone, row.horizon)
        if _changed(row, schedule) or (after is not None and after <= now):
            with ledger.write() as connection:
                added += record_schedule(connection, schedule, now)
    return added


def add_schedule(connection: Connection, schedule: Schedule, now: datetime) -> None:
    """Make a schedule known, unless it is; its fires count from now on."""
    if _locked(connection, schedule.name) is None:
        values = {
            "name": schedule.name, "cron": schedule.spec.cron, "timezone": schedule.spec.timezone,
            "horizon": now, "first_seen_at": now,
        }  # fmt: skip
        insert = _insert_or_nothing(connection, tables.schedules).values(values)
        connection.execute(insert)


def _insert_or_nothing(connection: Connection, table: Any) -> Any:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table).on_conflict_do_nothing()


def _locked(connection: Connection, name: str) -> Row[Any] | None:
    """Give a schedule's row and keep others from it until the transaction ends."""
    query = select(tables.schedules).where(tables.schedules.c.name == name).with_for_update()
    return connection.execute(query).one_or_none()


def lock_schedule(connection: Connection, schedule: Schedule, now: datetime) -> Row[Any]:
    """Give a schedule's row, made at need, and keep others from it until the transaction ends."""
    add_schedule(connection, schedule, now)
    row = _locked(connection, schedule.name)
    assert row is not None  # noqa: S101  was just made
    return row


def record_schedule(connection: Connection, schedule: Schedule, now: datetime) -> int:
    """Record what is due of one schedule, within a transaction; give the number of rows."""
    row = lock_schedule(connection, schedule, now)
    due = list(_due(row, now))
    moved = now if _changed(row, schedule) else max(due, default=row.horizon)
    entries = list(_decide(schedule, due, now, paused=row.paused_at and _pause(row)))
    added = _insert(connection, schedule, entries, now)
    connection.execute(
        tables.schedules.update()
        .where(tables.schedules.c.name == schedule.name)
        .values(cron=schedule.spec.cron, timezone=schedule.spec.timezone, horizon=moved)
    )
    return added


def _changed(row: Row[Any], schedule: Schedule) -> bool:
    return (row.cron, row.timezone) != (schedule.spec.cron, schedule.spec.timezone)


def _due(row: Row[Any], now: datetime) -> Iterator[datetime]:
    # By the rule that held until now: a changed one counts from the tick that sees it.
    rule, zone = parse_cron(row.cron), ZoneInfo(row.timezone)
    return (fire.at for fire in fires_between(rule, zone, after=row.horizon, until=now))


@lru_cache(maxsize=4096)
def _fire_after(cron: str, timezone: str, horizon: datetime) -> datetime | None:
    """Give the fire that a schedule waits for; it is asked for at every tick, and may be a year away."""
    fire = next(next_fires(parse_cron(cron), ZoneInfo(timezone), after=horizon), None)
    return fire.at if fire else None


def _pause(row: Row[Any]) -> str:
    why = f": {row.paused_why}" if row.paused_why else ""
    return f"paused since {row.paused_at:%Y-%m-%d %H:%M} UTC{why}"


def _decide(
    schedule: Schedule, due: Sequence[datetime], now: datetime, *, paused: str | None
) -> Iterator[_Entry]:
    """Say what becomes of each fire that is due, by the schedule's rule for catching up."""
    spec = schedule.spec
    for at in due:
        late = now - at
        kind = "timer" if late <= ON_TIME else "catch-up"
        if paused:
            yield _Entry(at, kind, "skipped", paused)
        elif spec.max_staleness and late > spec.max_staleness:
            yield _Entry(at, kind, "skipped", stale(late, spec.max_staleness))
        elif spec.catch_up == "all":
            yield _Entry(at, "timer" if len(due) == 1 and kind == "timer" else "catch-up", "queued")
        elif spec.catch_up == "skip" and late > (spec.max_staleness or ON_TIME):
            yield _Entry(at, kind, "missed", "nobody was there to run it")
        elif at != due[-1]:
            state = "skipped" if spec.catch_up == "latest" else "missed"
            yield _Entry(at, kind, state, f"caught up by the fire of {due[-1]:%Y-%m-%d %H:%M} UTC")
        else:
            yield _Entry(at, kind, "queued")


def stale(late: timedelta, allowed: timedelta) -> str:
    """Give the reason for skipping a fire that is too late."""
    minutes = int(late.total_seconds() // 60)
    return f"{_STALE}: {minutes:,} minutes late, and {int(allowed.total_seconds() // 60):,} are allowed"


def is_stale(reason: str | None) -> bool:
    """Tell whether that was the reason."""
    return (reason or "").startswith(_STALE)


def _insert(
    connection: Connection, schedule: Schedule, entries: Sequence[_Entry], now: datetime
) -> int:
    """Add rows for fires that have none; a backfill or somebody's `now` may have been there before."""
    if not entries:
        return 0
    there = _known_fires(connection, schedule.name, entries[0].at, entries[-1].at)
    rows = [
        fire_row(
            schedule, item, entry.at, now, kind=entry.kind, state=entry.state, reason=entry.reason
        )
        for entry in entries
        for item in schedule.items
        if (item, entry.at) not in there
    ]
    if rows:
        connection.execute(tables.fires.insert(), rows)
    told = {entry.at for entry in entries if entry.is_told}
    missed = told & {row["logical_time"] for row in rows}
    if missed:
        note_missed(connection, schedule, missed, now)
    return len(rows)


def note_missed(
    connection: Connection, schedule: Schedule, missed: Iterable[datetime], now: datetime
) -> None:
    """Put a notice on record for the newest of some missed fires; they are one event."""
    newest = max(missed)
    query = (
        select(tables.fires.c.id)
        .where(tables.fires.c.schedule == schedule.name, tables.fires.c.logical_time == newest)
        .limit(1)
    )
    count = len(set(missed))
    note(
        connection, schedule, connection.execute(query).scalar_one(), "missed",
        f"{count} {'fires were' if count > 1 else 'fire was'} missed, the last of {newest:%Y-%m-%d %H:%M} UTC.",
        now=now,
    )  # fmt: skip


def _known_fires(
    connection: Connection, name: str, first: datetime, last: datetime
) -> set[tuple[str, datetime]]:
    query = select(tables.fires.c.item, tables.fires.c.logical_time).where(
        and_(
            tables.fires.c.schedule == name,
            tables.fires.c.logical_time >= first,
            tables.fires.c.logical_time <= last,
        )
    )
    return {(row.item, row.logical_time) for row in connection.execute(query)}


def fire_row(
    schedule: Schedule,
    item: str,
    at: datetime,
    now: datetime,
    *,
    kind: str,
    state: str = "queued",
    reason: str | None = None,
    batch: tuple[str, int] | None = None,
) -> Mapping[str, Any]:
    """Give the row of a new fire."""
    return {
        "schedule": schedule.name,
        "item": item,
        "logical_time": at,
        "kind": kind,
        "state": state,
        "reason": reason,
        "recorded_at": now,
        "due_at": now,
        "attempt": 0,
        "tries": 0,
        "batch": batch and batch[0],
        "batch_limit": batch and batch[1],
        "ended_at": None if state == "queued" else now,
    }
