"""What a person asks of the ledger: run it now, pause, resume, cancel, fill in the past."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from murmuration.errors import ScheduleError, suggest
from murmuration.schedule.clock import fires as fires_between
from murmuration.schedule.clock import next_fires
from murmuration.schedule.due import fire_row, lock_schedule, record_schedule
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.settle import ask_to_cancel, is_stuck
from murmuration.schedule.spec import Schedule
from murmuration.schedule.tables import OPEN, fires, schedules

_TOO_MANY = 10_000  # fires of one backfill
_MANY = 1000  # that somebody should be sure of
_SECOND = timedelta(seconds=1)
_LOOK_BACK = (timedelta(days=2), timedelta(days=70), timedelta(days=800), timedelta(days=3000))


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancel does: fires that waited and have ended, and those that run and end within seconds."""

    ended: int
    running: int


def run_now(
    ledger: Ledger, schedule: Schedule, now: datetime, *, at: datetime | None = None
) -> list[int]:
    """Queue the runs of a schedule at once.

    Parameters
    ----------
    ledger
        The ledger.
    schedule
        Which.
    now
        This moment.
    at
        The logical time; now unless given. One that was missed, skipped, cancelled or failed is taken up again.

    Returns
    -------
    list of int
        The numbers of the fires, one for each run of a sweep.

    Raises
    ------
    ScheduleError
        If that logical time is still to come or no fire of the schedule, or a run of it has succeeded or is on its way.
    """
    moment = at or now
    if moment > now:
        raise ScheduleError(
            f"{moment:%Y-%m-%dT%H:%M:%SZ} is still to come, and a run of it now would stand in place of the fire then. "
            "Give --at a time of the past, or leave it out."
        )
    with ledger.write() as connection:
        lock_schedule(connection, schedule, now)
        there = _at(connection, schedule.name, moment)
        if at is not None and not there:
            _check_fire(schedule, moment, now)
        for row in there.values():
            if row.state in OPEN:
                raise ScheduleError(f"{_title(row)} is {row.state} already.")
        if there and all(row.state == "succeeded" for row in there.values()):
            row = next(iter(there.values()))
            raise ScheduleError(
                f"{_title(row)} has succeeded: {row.run_folder}. To compute it again, use murmuration replay."
            )
        for item in schedule.items:
            _queue(connection, schedule, item, moment, now, there.get(item), kind="manual")
        return [
            row.id
            for row in _at(connection, schedule.name, moment).values()
            if row.state == "queued"
        ]


def _check_fire(schedule: Schedule, moment: datetime, now: datetime) -> None:
    """Refuse a moment at which a schedule does not fire; the fires around it are named."""
    around = fires_between(schedule.cron, schedule.zone, after=moment - _SECOND, until=moment)
    if any(fire.at == moment for fire in around):
        return
    near = [*_fire_before(schedule, moment)]
    later = next(next_fires(schedule.cron, schedule.zone, after=moment)).at
    near += [later] if later <= now else []
    names = " and ".join(f"{one.astimezone(schedule.zone):%Y-%m-%dT%H:%M}" for one in near)
    raise ScheduleError(
        f"{schedule.name} does not fire at {say_moment(schedule, moment)}. Give --at a time of a fire"
        + (f"; the nearest {'are' if len(near) > 1 else 'is'} {names}" if near else "")
        + f". For any other time: murmuration report {schedule.spec.report} --at TIME."
    )


def _fire_before(schedule: Schedule, moment: datetime) -> Iterator[datetime]:
    """Give the last fire before a moment; none where there is none for many years."""
    for length in _LOOK_BACK:
        found = list(
            fires_between(schedule.cron, schedule.zone, after=moment - length, until=moment)
        )
        if found:
            yield found[-1].at
            return


def say_moment(schedule: Schedule, moment: datetime) -> str:
    """Give a time as the schedule's clocks show it, and in UTC."""
    local = moment.astimezone(schedule.zone)
    if schedule.zone.key == "UTC":
        return f"{local:%a %Y-%m-%d %H:%M} UTC"
    return f"{local:%a %Y-%m-%d %H:%M} {schedule.zone.key} ({moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"


def is_paused(ledger: Ledger, name: str) -> bool:
    """Tell whether a schedule is paused."""
    query = select(schedules.c.paused_at).where(schedules.c.name == name)
    with ledger.read() as connection:
        return connection.execute(query).scalar_one_or_none() is not None


def _at(connection: Connection, name: str, moment: datetime) -> dict[str, Row[Any]]:
    query = select(fires).where(fires.c.schedule == name, fires.c.logical_time == moment)
    return {row.item: row for row in connection.execute(query)}


def _title(row: Row[Any]) -> str:
    item = f" {row.item}" if row.item else ""
    return f"The fire of {row.schedule}{item} at {row.logical_time:%Y-%m-%dT%H:%M:%SZ}"


def _queue(
    connection: Connection,
    schedule: Schedule,
    item: str,
    moment: datetime,
    now: datetime,
    row: Row[Any] | None,
    *,
    kind: str,
    batch: tuple[str, int] | None = None,
) -> bool:
    """Queue a fire, one that has ended without success again; False where it has succeeded or is on its way."""
    if row is None:
        connection.execute(
            fires.insert().values(fire_row(schedule, item, moment, now, kind=kind, batch=batch))
        )
        return True
    if row.state in (*OPEN, "succeeded"):
        return False
    values: Mapping[str, Any] = {
        "kind": kind, "state": "queued", "due_at": now, "tries": 0, "reason": f"asked for again, was {row.state}",
        "cancel": None, "ended_at": None, "error": None,
        "batch": batch and batch[0], "batch_limit": batch and batch[1],
    }  # fmt: skip
    connection.execute(fires.update().where(fires.c.id == row.id).values(**values))
    return True


def pause(ledger: Ledger, schedule: Schedule, now: datetime, *, why: str = "") -> None:
    """Stop a schedule's fires from running; each that comes due meanwhile is recorded as skipped."""
    with ledger.write() as connection:
        record_schedule(connection, schedule, now)  # what was due before is not paused
        _set_pause(connection, schedule.name, now, why or None)


def resume(ledger: Ledger, schedule: Schedule, now: datetime) -> bool:
    """Let a schedule run again, from the next fire on; False if it was not paused."""
    with ledger.write() as connection:
        was = lock_schedule(connection, schedule, now).paused_at
        record_schedule(
            connection, schedule, now
        )  # what was due meanwhile is paused, also if nobody ticked
        _set_pause(connection, schedule.name, None, None)
        return was is not None


def _set_pause(connection: Connection, name: str, at: datetime | None, why: str | None) -> None:
    connection.execute(
        schedules.update().where(schedules.c.name == name).values(paused_at=at, paused_why=why)
    )


def cancel(
    ledger: Ledger, name: str, now: datetime, *, at: datetime | None = None, item: str | None = None
) -> Cancelled:
    """Cancel what is queued or running of a schedule.

    Parameters
    ----------
    ledger
        The ledger.
    name
        The schedule, which may be gone.
    now
        This moment.
    at, item
        Only the fire of this logical time, only this run of a sweep.

    Returns
    -------
    Cancelled
        How many fires; those that run end within seconds, with all that they started.
    """
    wanted = and_(fires.c.schedule == name, fires.c.state.in_(OPEN))
    if at is not None:
        wanted = and_(wanted, fires.c.logical_time == at)
    if item is not None:
        wanted = and_(wanted, fires.c.item == item)
    with ledger.write() as connection:
        # What is just being shown is over in a moment.
        found = [
            row
            for row in connection.execute(select(fires).where(wanted))
            if row.state != "publishing" or is_stuck(row, now)
        ]
        for row in found:
            ask_to_cancel(connection, row, f"cancelled at {now:%Y-%m-%d %H:%M} UTC", now)
    running = sum(row.state == "running" for row in found)
    return Cancelled(len(found) - running, running)


@dataclass(frozen=True, slots=True)
class Backfill:
    """What a backfill does: fires that it queues, and those that it leaves as they are."""

    queued: Sequence[tuple[datetime, str]]
    left: int


def backfill(
    ledger: Ledger,
    schedule: Schedule,
    now: datetime,
    *,
    since: datetime,
    until: datetime,
    at_once: int = 1,
    dry_run: bool = False,
    sure: bool = False,
) -> Backfill:
    """Queue the fires of a stretch of the past that have not succeeded.

    Parameters
    ----------
    ledger
        The ledger.
    schedule
        Which.
    now
        This moment.
    since, until
        The first included, the second not.
    at_once
        How many of them run at once, beside what else runs.
    dry_run
        Only say which.
    sure
        Queue more than a thousand runs, too.

    Returns
    -------
    Backfill
        The fires.

    Raises
    ------
    ScheduleError
        If the stretch is empty or not past, or holds more fires than anybody can mean.
    """
    if not since < until <= now:
        raise ScheduleError(
            f"A backfill goes from an earlier to a later moment of the past, but since is {since:%Y-%m-%d %H:%M} UTC "
            f"and until {until:%Y-%m-%d %H:%M} UTC."
        )
    moments: list[datetime] = []
    for fire in fires_between(
        schedule.cron, schedule.zone, after=since - _SECOND, until=until - _SECOND
    ):
        moments.append(fire.at)
        if len(moments) * len(schedule.items) > _TOO_MANY:
            raise ScheduleError(
                f"That is more than {_TOO_MANY:,} runs of {schedule.name}. Choose a shorter stretch."
            )
    batch = (f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}", at_once)
    queued: list[tuple[datetime, str]] = []
    with ledger.read() if dry_run else ledger.write() as connection:
        if not dry_run:
            lock_schedule(connection, schedule, now)
        for moment in moments:
            there = _at(connection, schedule.name, moment)
            for item in schedule.items:
                row = there.get(item)
                if dry_run:
                    goes = row is None or row.state not in (*OPEN, "succeeded")
                else:
                    goes = _queue(
                        connection, schedule, item, moment, now, row, kind="backfill", batch=batch
                    )
                if goes:
                    queued.append((moment, item))
        if len(queued) > _MANY and not (dry_run or sure):
            # Raised within the transaction, which is undone by it.
            raise ScheduleError(
                f"That is {len(queued):,} runs of {schedule.name}. Choose a shorter stretch, or say --yes to queue them all."
            )
    return Backfill(queued, len(moments) * len(schedule.items) - len(queued))


def check_name(ledger: Ledger, names: Sequence[str], name: str) -> None:
    """Refuse a name that neither a file nor the ledger knows.

    Raises
    ------
    ScheduleError
        Says the nearest one.
    """
    with ledger.read() as connection:
        known = {*names, *connection.execute(select(schedules.c.name)).scalars()}
    if name not in known:
        raise ScheduleError(f"There is no schedule {name!r}.{suggest(name, known)}")
