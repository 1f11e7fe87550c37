"""How things stand: for each schedule what ran, what is late, what comes next, and how long it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from sqlalchemy import Connection, Row, and_, or_, select

from murmuration.errors import LedgerError
from murmuration.reports.context import this_host
from murmuration.schedule.alerts import open_alerts
from murmuration.schedule.clock import next_fires
from murmuration.schedule.due import ON_TIME
from murmuration.schedule.ledger import Ledger, look_at_ledger
from murmuration.schedule.notices import Undelivered, find_undelivered
from murmuration.schedule.spec import Schedules
from murmuration.schedule.tables import ENDED, OPEN, REAL, attempts, fires, schedules, workers
from murmuration.settings import Settings

_RECENT = 20  # runs that the trend of durations looks at
_ALIVE = timedelta(seconds=60)
_SILENT = timedelta(seconds=10)  # two signs of life left out
_LOOKED_AT = 50  # attempts of a schedule whose file is gone
_TREND_LEAST = 6
_TREND_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class FireNow:
    """A fire as the ledger has it."""

    schedule: str
    item: str
    at: datetime
    kind: str
    state: str
    attempt: int
    seconds: float | None
    run_folder: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How one schedule stands.

    Attributes
    ----------
    name, cron, timezone, description
        As its file says.
    problem
        What is wrong with its file; then the rest is what the ledger knows.
    gone
        Whether its file is no longer there.
    paused
        Why, if it is.
    next_at
        The next fire; None for a schedule that is paused or wrong.
    last
        The newest fires that have ended, newest first.
    last_real
        The newest one that ran: those that were skipped, cancelled or missed say nothing of how it goes.
    open
        Fires that run or wait.
    late
        How long ago the oldest fire came due that has not begun; None where none is late.
    seconds
        Durations of its last successful runs, oldest first.
    alerts
        What is said of alerts that were going on when its last runs looked.
    """

    name: str
    cron: str
    timezone: str
    description: str
    problem: str
    gone: bool
    paused: str | None
    next_at: datetime | None
    last: Sequence[FireNow]
    last_real: FireNow | None
    open: Sequence[FireNow]
    late: timedelta | None
    seconds: Sequence[float]
    alerts: Sequence[str]

    @property
    def is_bad(self) -> bool:
        """Whether somebody should look: it cannot run, is late, or failed or was missed last."""
        last = self.last[0] if self.last else None
        missed = last is not None and last.state == "missed"
        failed = self.last_real is not None and self.last_real.state != "succeeded"
        return bool(self.problem or self.late or missed or failed)

    @property
    def trend(self) -> str:
        """Say how long runs take, and whether that has changed."""
        if not self.seconds:
            return ""
        typical = median(self.seconds)
        said = f"{typical:.1f} s" if typical < 100 else f"{typical / 60:.1f} min"
        if len(self.seconds) >= _TREND_LEAST:
            half = len(self.seconds) // 2
            before, after = median(self.seconds[:half]), median(self.seconds[half:])
            if before > 0 and abs(after / before - 1) > _TREND_SHARE:
                said += (
                    f", {'longer' if after > before else 'shorter'} than before ({before:.1f} s)"
                )
        return said


@dataclass(frozen=True, slots=True)
class Overview:
    """How all schedules stand.

    Attributes
    ----------
    at
        When that was.
    schedules
        By name.
    workers
        Those that have given a sign of life lately.
    undelivered
        Notices that could not be delivered so far, newest first.
    """

    at: datetime
    schedules: Sequence[Standing]
    workers: Sequence[Mapping[str, Any]]
    undelivered: Sequence[Undelivered]

    @property
    def daemons(self) -> int:
        """How many daemons are alive."""
        return sum(one["kind"] == "daemon" for one in self.workers)

    @property
    def there(self) -> Sequence[Standing]:
        """Those whose file is there."""
        return [one for one in self.schedules if not one.gone]

    @property
    def gone(self) -> Sequence[Standing]:
        """Those whose file is gone."""
        return [one for one in self.schedules if one.gone]


def look(
    ledger: Ledger,
    loaded: Schedules,
    now: datetime,
    *,
    fires_each: int = 10,
    every: bool = False,
) -> Overview:
    """Give how things stand.

    Parameters
    ----------
    ledger
        The ledger.
    loaded
        What the folder holds.
    now
        This moment.
    fires_each
        How many ended fires of each schedule.
    every
        Whether schedules whose file is gone are told for good, and not only while a folder of theirs is left.

    Returns
    -------
    Overview
        All schedules of the folder, and those of the ledger whose file is gone and that ever ran.
    """
    with ledger.read() as connection:
        rows = {row.name: row for row in connection.execute(select(schedules))}
        known = {*loaded.by_name, *loaded.problems}
        gone = {name for name in rows if name not in known and _is_told(connection, name, every)}
        names = sorted({*known, *gone})
        found = [
            _standing(connection, name, rows.get(name), loaded, now, fires_each) for name in names
        ]
        alive = and_(workers.c.ended_at.is_(None), workers.c.heartbeat_at > now - _ALIVE)
        there = connection.execute(select(workers).where(alive).order_by(workers.c.started_at))
        living = [row for row in map(dict, there.mappings()) if not _is_dead(row, now)]
        return Overview(now, found, living, find_undelivered(connection, now))


def _is_told(connection: Connection, name: str, every: bool) -> bool:
    """Tell whether a schedule whose file is gone ever ran, and unless all are asked for, whether anything is left of it."""
    of_it = (
        select(attempts.c.run_folder)
        .join(fires, fires.c.id == attempts.c.fire_id)
        .where(fires.c.schedule == name)
        .order_by(fires.c.id.desc())
        .limit(_LOOKED_AT)
    )
    if every:
        return connection.execute(of_it).first() is not None
    waiting = select(fires.c.id).where(fires.c.schedule == name, fires.c.state.in_(OPEN))
    if connection.execute(waiting.limit(1)).first() is not None:
        return True
    left = of_it.where(attempts.c.expired_at.is_(None), attempts.c.run_folder.is_not(None))
    return any(Path(row.run_folder).exists() for row in connection.execute(left))


def _is_dead(worker: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether a worker of this machine is no process any more; of others only their silence tells.

    Containers may share the machine's name and not its processes: who has just given a sign of life lives.
    """
    host, pid = worker["id"].rsplit("-", 2)[:2]
    if host != this_host() or not pid.isdigit() or now - worker["heartbeat_at"] < _SILENT:
        return False
    # That another process got its number within the minute of its last sign of life may be left aside.
    try:
        return bool(psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def find_paused(settings: Settings) -> frozenset[str]:
    """Give the names of schedules that are paused; none where nothing was ever scheduled."""
    ledger = look_at_ledger(settings)
    if ledger is None:
        return frozenset()
    try:
        with ledger.read() as connection:
            rows = connection.execute(
                select(schedules.c.name).where(schedules.c.paused_at.is_not(None))
            )
            return frozenset(rows.scalars())
    finally:
        ledger.close()


def typical_seconds(settings: Settings) -> dict[str, timedelta]:
    """Give how long the last runs of each schedule took, the median; nothing where there is no ledger to look at.

    Runs that a later fire took the place of count as well: a schedule may have no others.
    """
    try:
        ledger = look_at_ledger(settings)
    except LedgerError:
        return {}
    if ledger is None:
        return {}
    try:
        with ledger.read() as connection:
            names = list(connection.execute(select(schedules.c.name)).scalars())
            replaced = and_(attempts.c.state == "cancelled", attempts.c.error.like("replaced by %"))
            found = {name: _seconds(connection, name, also=replaced) for name in names}
    except LedgerError:
        return {}
    finally:
        ledger.close()
    return {name: timedelta(seconds=median(some)) for name, some in found.items() if some}


def _standing(
    connection: Connection,
    name: str,
    row: Row[Any] | None,
    loaded: Schedules,
    now: datetime,
    fires_each: int,
) -> Standing:
    schedule = loaded.by_name.get(name)
    paused = None
    if row is not None and row.paused_at is not None:
        why = f": {row.paused_why}" if row.paused_why else ""
        paused = f"since {row.paused_at:%Y-%m-%d %H:%M} UTC{why}"
    following = None
    if schedule and paused is None:
        following = next(next_fires(schedule.cron, schedule.zone, after=now)).at
    waiting = _fires(connection, fires.c.schedule == name, fires.c.state.in_(OPEN))
    overdue = [
        now - one.at
        for one in waiting
        if one.state == "queued" and one.kind in ("timer", "catch-up")
    ]
    late = max(overdue, default=timedelta(0))
    return Standing(
        name=name,
        cron=schedule.spec.cron if schedule else row.cron if row else "",
        timezone=schedule.spec.timezone if schedule else row.timezone if row else "",
        description=schedule.spec.description if schedule else "",
        problem=loaded.problems.get(name, ""),
        gone=schedule is None and name not in loaded.problems,
        paused=paused,
        next_at=following,
        last=_fires(
            connection, fires.c.schedule == name, fires.c.state.in_(ENDED), limit=fires_each
        ),
        open=waiting,
        late=late if late > ON_TIME else None,
        last_real=next(
            iter(_fires(connection, fires.c.schedule == name, fires.c.state.in_(REAL), limit=1)),
            None,
        ),
        seconds=_seconds(connection, name),
        alerts=open_alerts(connection, name),
    )


def _fires(connection: Connection, *where: Any, limit: int = 1000) -> list[FireNow]:
    query = (
        select(
            fires, attempts.c.ended_at.label("attempt_ended"), attempts.c.claimed_at.label("began")
        )
        .outerjoin(
            attempts, and_(attempts.c.fire_id == fires.c.id, attempts.c.number == fires.c.attempt)
        )
        .where(*where)
        .order_by(fires.c.logical_time.desc(), fires.c.item)
        .limit(limit)
    )
    return [
        FireNow(
            row.schedule, row.item, row.logical_time, row.kind, row.state, row.attempt,
            (row.attempt_ended - row.began).total_seconds() if row.attempt_ended else None,
            row.run_folder, row.error or row.reason or "",
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def _seconds(connection: Connection, name: str, *, also: Any = None) -> list[float]:
    query = (
        select(attempts.c.claimed_at, attempts.c.ended_at)
        .join(fires, fires.c.id == attempts.c.fire_id)
        .where(
            fires.c.schedule == name,
            attempts.c.state == "succeeded"
            if also is None
            else or_(attempts.c.state == "succeeded", also),
        )
        .order_by(attempts.c.claimed_at.desc())
        .limit(_RECENT)
    )
    found = [(row.ended_at - row.claimed_at).total_seconds() for row in connection.execute(query)]
    return found[::-1]
