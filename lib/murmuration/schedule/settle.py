"""What is queued and may not begin any more, and what was lost with its worker."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from murmuration.schedule.claims import attempt_update, cancel_now, requeue
from murmuration.schedule.due import is_stale, stale
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.notices import note, note_ending
from murmuration.schedule.spec import Schedules
from murmuration.schedule.tables import OPEN, attempts, fires

_LOST_MAX = 3  # attempts that may die with their worker before the fire is given up


def take_up_lost(ledger: Ledger, lost: Row[Any], schedules: Schedules, now: datetime) -> bool:
    """Queue a fire again whose worker is lost, or give it up; False if somebody else did or it is alive again."""
    with ledger.write() as connection:
        row = _still_left(connection, lost, "running", now)
        if row is None:
            return False
        why = f"worker {row.worker} was lost"
        if row.cancel:
            cancel_now(connection, row, row.cancel, now)
            return True
        died = and_(attempts.c.fire_id == row.id, attempts.c.state == "lost")
        before: int = connection.execute(select(func.count()).where(died)).scalar_one()
        if before + 1 < _LOST_MAX:
            requeue(connection, row, "lost", why, now)
            return True
        ended = {"state": "lost", "error": why, "ended_at": now}
        connection.execute(attempt_update(row.id, row.attempt).values(**ended))
        error = f"Its worker was lost {before + 1} times, the last time {row.worker}."
        _fail(connection, row, error, schedules, now)
        return True


def give_up_publishing(
    ledger: Ledger, lost: Row[Any], schedules: Schedules, error: str, now: datetime
) -> None:
    """End a fire as failed whose run was to be shown and cannot be."""
    with ledger.write() as connection:
        row = _still_left(connection, lost, "publishing", now)
        if row is None:
            return
        ended = {"state": "failed", "outcome": "failed", "error": error, "ended_at": now}
        connection.execute(attempt_update(row.id, row.attempt).values(**ended))
        _fail(connection, row, error, schedules, now)


def _still_left(
    connection: Connection, lost: Row[Any], state: str, now: datetime
) -> Row[Any] | None:
    """Lock a fire that is still as its worker left it; None if somebody else took it up, or it is alive again."""
    same = and_(
        fires.c.id == lost.id, fires.c.attempt == lost.attempt,
        fires.c.state == state, fires.c.lease_until < now,
    )  # fmt: skip
    return connection.execute(select(fires).where(same).with_for_update()).one_or_none()


def _fail(
    connection: Connection, row: Row[Any], error: str, schedules: Schedules, now: datetime
) -> None:
    ended = {"state": "failed", "error": error, "ended_at": now, "lease_until": None}
    connection.execute(fires.update().where(fires.c.id == row.id).values(**ended))
    if schedule := schedules.by_name.get(row.schedule):
        note_ending(connection, schedule, row, outcome="failed", now=now, sentence=error)


def settle(ledger: Ledger, schedules: Schedules, now: datetime) -> None:
    """Skip what is queued and may not begin any more: gone, stale, or in the way of one another."""
    query = select(fires).where(fires.c.state.in_(OPEN)).order_by(fires.c.logical_time, fires.c.id)
    with ledger.read() as connection:
        open_now = connection.execute(query).all()
    lines: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in open_now:
        line = lines[row.schedule, row.item]
        line.append(row)
        if row.state != "queued":
            continue
        why, replaced = _verdict(row, line, schedules, now)
        if why is None and not replaced:
            continue
        with ledger.write() as connection:
            if why:
                _skip(connection, row, why, schedules, now)
            for other in replaced:
                ask_to_cancel(
                    connection,
                    other,
                    f"replaced by the fire of {row.logical_time:%Y-%m-%d %H:%M} UTC",
                    now,
                )


def _verdict(
    row: Row[Any], line: Sequence[Row[Any]], schedules: Schedules, now: datetime
) -> tuple[str | None, list[Row[Any]]]:
    """Say why a queued fire is skipped, if it is, and which fires it takes the place of.

    `line` are the open fires of its schedule and item up to this one, in order of logical time.
    """
    schedule = schedules.by_name.get(row.schedule)
    if schedule is None:
        return (None if row.schedule in schedules.problems else "its schedule is gone"), []
    if row.item not in schedule.items:
        return "its schedule has no such run any more", []
    if row.kind in ("manual", "backfill"):
        return None, []
    late, allowed = now - row.logical_time, schedule.spec.max_staleness
    if allowed and late > allowed and row.tries == 0:  # one that failed is to end as failed
        return stale(late, allowed), []
    if row.kind == "catch-up" or row.attempt > 0:  # nothing is in the way of one that began
        return None, []
    before = [
        other
        for other in line[:-1]  # the last is this one
        # Where every fire is to run, one that waits in line is not in the way.
        if other.kind != "backfill" and (other.attempt > 0 or schedule.spec.catch_up != "all")
    ]
    if not before:
        return None, []
    if schedule.spec.catch_up == "all" and any(other.kind == "catch-up" for other in before):
        return None, []
    if schedule.spec.overlap == "skip":
        return (
            f"overlap: the fire of {before[-1].logical_time:%Y-%m-%d %H:%M} UTC was still going",
            [],
        )
    replaced = [other for other in before if not other.cancel]
    return None, replaced if schedule.spec.overlap == "replace" else []


def _skip(
    connection: Connection, row: Row[Any], why: str, schedules: Schedules, now: datetime
) -> None:
    done = connection.execute(
        fires.update()
        .where(fires.c.id == row.id, fires.c.state == "queued", fires.c.attempt == row.attempt)
        .values(state="skipped", reason=why, ended_at=now)
    )
    if done.rowcount == 1 and is_stale(why):
        sentence = f"The fire of {row.logical_time:%Y-%m-%d %H:%M} UTC was not run; {why}."
        note(connection, schedules.by_name[row.schedule], row.id, "missed", sentence, now=now)


def ask_to_cancel(connection: Connection, row: Row[Any], why: str, now: datetime) -> None:
    """End a fire that waits now, and ask the worker of a running one to end it."""
    waiting = connection.execute(
        fires.update()
        .where(fires.c.id == row.id, fires.c.state == "queued")
        .values(state="cancelled", reason=why, ended_at=now)
    )
    if waiting.rowcount == 0:
        connection.execute(
            fires.update()
            .where(fires.c.id == row.id, fires.c.state == "running")
            .values(cancel=why)
        )
    if is_stuck(row, now):
        same = and_(fires.c.attempt == row.attempt, fires.c.state == "publishing")
        stuck = select(fires).where(fires.c.id == row.id, same).with_for_update()
        if found := connection.execute(stuck).one_or_none():
            cancel_now(connection, found, why, now)


def is_stuck(row: Row[Any], now: datetime) -> bool:
    """Tell whether a run was to be shown by a worker that gives no sign of life any more."""
    return bool(row.state == "publishing" and row.lease_until and row.lease_until < now)
