"""An attempt's life in the ledger: claimed, kept alive, published at most once, ended.

What may happen to an attempt only ever happens to the newest one: every statement names the attempt's number, and
a worker that slept through its lease finds that the number has moved on. Publishing is decided here, in one
transaction, before the folder is shown: from then on no other attempt can begin, and whoever finds the decision
carries it out, so a worker that dies between the two loses nothing.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, case, func, or_, select

from murmuration.schedule.alerts import Watch
from murmuration.schedule.due import lock_schedule
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.logs import title_of
from murmuration.schedule.notices import note_ending
from murmuration.schedule.spec import Retries, Schedule, Schedules
from murmuration.schedule.tables import attempts, fires

Outcome = Literal["succeeded", "failed", "timed out"]
LOST = "its lease ran out, and another attempt took over"
_LATER = {"catch-up": 1, "backfill": 2}  # kinds that wait for the others


@dataclass(frozen=True, slots=True)
class Job:
    """An attempt that this worker holds.

    Attributes
    ----------
    fire, attempt
        The fire's number in the ledger, and that of the attempt, from 1.
    schedule
        As it was when it was claimed.
    item
        Which run of a sweep; empty without one.
    at
        The logical time.
    claimed_at
        When it was claimed.
    previous
        Folder of the run of the fire before that succeeded; None if there is none any more.
    """

    fire: int
    attempt: int
    schedule: Schedule
    item: str
    at: datetime
    claimed_at: datetime
    previous: str | None = None

    @property
    def title(self) -> str:
        """Name it for people."""
        return title_of(self.schedule.name, self.item, self.at)


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended.

    Attributes
    ----------
    outcome
        How.
    folder
        The run's folder; None if there is none.
    error
        One sentence; None if it succeeded.
    again
        Whether waiting can help.
    answer, watch
        First sentences of the report, and what it saw, for notices.
    """

    outcome: Outcome
    folder: str | None = None
    error: str | None = None
    again: bool = False
    answer: tuple[str, ...] = ()
    watch: Watch = field(default_factory=Watch)


def claim(
    ledger: Ledger, schedules: Schedules, worker: str, now: datetime, *, lease: timedelta
) -> Job | None:
    """Take the next fire that may begin, if there is one.

    Parameters
    ----------
    ledger
        The ledger.
    schedules
        What the folder holds now.
    worker
        Who takes it.
    now
        This moment.
    lease
        For how long, unless a heartbeat renews it.

    Returns
    -------
    Job or None
        Held by nobody else.
    """
    waits = (fires.c.state == "queued") & fires.c.schedule.in_(list(schedules.by_name))
    group = (fires.c.schedule, fires.c.item, fires.c.kind)
    # The first of each line only: nothing else of it may begin, and a long line must not hide the others.
    first = select(*group, func.min(fires.c.logical_time).label("at")).where(waits).group_by(*group)
    line = first.subquery()
    query = (
        select(fires)
        .join(
            line,
            and_(
                fires.c.schedule == line.c.schedule,
                fires.c.item == line.c.item,
                fires.c.kind == line.c.kind,
                fires.c.logical_time == line.c["at"],
            ),
        )
        .where(waits, fires.c.due_at <= now)
        # The past waits for what is due now, however much of it there is.
        .order_by(case(_LATER, value=fires.c.kind, else_=0), fires.c.logical_time, fires.c.id)
    )
    with ledger.read() as connection:
        # What is in the way of most is seen here already; a write that changes nothing would hold up others.
        waiting = [row for row in connection.execute(query).all() if _may_begin(connection, row)]
    for row in waiting:
        schedule = schedules.by_name[row.schedule]
        if row.item not in schedule.items:
            continue
        with ledger.write() as connection:
            lock_schedule(connection, schedule, now)
            if _may_begin(connection, row):
                job = _begin(connection, row, schedule, worker, now, lease)
                if job:
                    return job
    return None


def _may_begin(connection: Connection, fire: Row[Any]) -> bool:
    """Tell whether nothing is in the way; for certain only under the schedule's lock."""
    same = and_(fires.c.schedule == fire.schedule, fires.c.id != fire.id)
    if fire.kind == "backfill":
        busy = and_(same, fires.c.batch == fire.batch, fires.c.state.in_(("running", "publishing")))
        count: int = connection.execute(select(func.count()).where(busy)).scalar_one()
        return count < (fire.batch_limit or 1)
    ahead = and_(fires.c.state == "queued", fires.c.logical_time < fire.logical_time)
    if fire.kind == "manual":
        ahead = and_(ahead, fires.c.kind == "manual")
    busy = or_(fires.c.state.in_(("running", "publishing")), ahead)
    query = select(fires.c.id).where(
        same, fires.c.item == fire.item, fires.c.kind != "backfill", busy
    )
    return connection.execute(query.limit(1)).first() is None


def _begin(
    connection: Connection,
    fire: Row[Any],
    schedule: Schedule,
    worker: str,
    now: datetime,
    lease: timedelta,
) -> Job | None:
    number = fire.attempt + 1
    taken = connection.execute(
        fires.update()
        .where(fires.c.id == fire.id, fires.c.state == "queued", fires.c.attempt == fire.attempt)
        .values(
            state="running", attempt=number, claimed_at=now, worker=worker, lease_until=now + lease,
            reason=None, error=None,
        )
    )  # fmt: skip
    if taken.rowcount != 1:
        return None
    connection.execute(
        attempts.insert().values(
            fire_id=fire.id, number=number, worker=worker, digest=schedule.digest, claimed_at=now,
            heartbeat_at=now, lease_until=now + lease, state="running", pinned=False,
        )
    )  # fmt: skip
    return Job(
        fire.id, number, schedule, fire.item, fire.logical_time, now, _previous(connection, fire)
    )


def _previous(connection: Connection, fire: Row[Any]) -> str | None:
    """Give the folder of the newest run of an earlier fire that succeeded and is still there."""
    query = (
        select(attempts.c.run_folder)
        .join(fires, fires.c.id == attempts.c.fire_id)
        .where(
            fires.c.schedule == fire.schedule, fires.c.item == fire.item,
            fires.c.logical_time < fire.logical_time, attempts.c.state == "succeeded",
            attempts.c.expired_at.is_(None),
        )
        .order_by(fires.c.logical_time.desc())
        .limit(1)
    )  # fmt: skip
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def _this(job: Job, *states: str) -> Any:
    return and_(fires.c.id == job.fire, fires.c.attempt == job.attempt, fires.c.state.in_(states))


def beat(ledger: Ledger, job: Job, now: datetime, *, lease: timedelta) -> str | None:
    """Renew a lease; give why the attempt should stop, or None to go on."""
    with ledger.write() as connection:
        held = connection.execute(
            fires.update()
            .where(_this(job, "running", "publishing"))
            .values(lease_until=now + lease)
        )
        if held.rowcount != 1:
            return LOST
        connection.execute(
            attempt_update(job.fire, job.attempt).values(heartbeat_at=now, lease_until=now + lease)
        )
        wish: str | None = connection.execute(
            select(fires.c.cancel).where(fires.c.id == job.fire)
        ).scalar_one()
        return wish


def note_kernel(ledger: Ledger, job: Job, folder: str, now: datetime) -> None:
    """Put on record where an attempt works, and that its kernel has begun."""
    with ledger.write() as connection:
        connection.execute(
            attempt_update(job.fire, job.attempt).values(run_folder=folder, kernel_at=now)
        )


def attempt_update(fire: int, number: int) -> Any:
    """Begin a statement that changes one attempt."""
    return attempts.update().where(attempts.c.fire_id == fire, attempts.c.number == number)


def decide_to_publish(ledger: Ledger, job: Job, result: Result) -> bool:
    """Decide that an attempt's folder is shown; False if another attempt took over or it was cancelled."""
    with ledger.write() as connection:
        decided = connection.execute(
            fires.update()
            .where(_this(job, "running"), fires.c.cancel.is_(None))
            .values(state="publishing", run_folder=result.folder)
        )
        if decided.rowcount != 1:
            return False
        connection.execute(
            attempt_update(job.fire, job.attempt).values(
                state="publishing", outcome=result.outcome, error=result.error, again=result.again,
                run_folder=result.folder,
            )
        )  # fmt: skip
        return True


def end_published(
    ledger: Ledger,
    fire: int,
    number: int,
    schedules: Schedules,
    now: datetime,
    *,
    said: tuple[Sequence[str], Watch] = ((), Watch()),
) -> None:
    """End an attempt whose folder is shown; whoever finds it so may, and it happens once.

    `said` are the report's first sentences and what it saw.
    """
    with ledger.write() as connection:
        query = (
            select(fires, attempts.c.outcome, attempts.c.error.label("said"), attempts.c.again)
            .join(
                attempts,
                and_(attempts.c.fire_id == fires.c.id, attempts.c.number == fires.c.attempt),
            )
            .where(fires.c.id == fire, fires.c.attempt == number, fires.c.state == "publishing")
            .with_for_update(of=fires)
        )
        row = connection.execute(query).one_or_none()
        if row is None:
            return
        answer, watch = said
        result = Result(
            row.outcome, row.run_folder, row.said, bool(row.again), tuple(answer), watch
        )
        _end(connection, row, schedules.by_name.get(row.schedule), result, now)


def end(ledger: Ledger, job: Job, result: Result, now: datetime) -> bool:
    """End an attempt that has no folder to show; False if another attempt took over."""
    with ledger.write() as connection:
        row = connection.execute(
            select(fires).where(_this(job, "running")).with_for_update()
        ).one_or_none()
        if row is None:
            return False
        _end(connection, row, job.schedule, result, now)
        return True


def _end(
    connection: Connection, fire: Row[Any], schedule: Schedule | None, result: Result, now: datetime
) -> None:
    connection.execute(
        attempt_update(fire.id, fire.attempt).values(
            state=result.outcome, outcome=result.outcome, error=result.error, ended_at=now,
            run_folder=result.folder or attempts.c.run_folder,
        )
    )  # fmt: skip
    tries = fire.tries + 1
    retries = schedule.spec.retries if schedule else Retries()
    if (
        result.outcome != "succeeded"
        and result.again
        and tries < retries.attempts
        and not fire.cancel
    ):
        values: Mapping[str, Any] = {
            "state": "queued", "tries": tries, "due_at": now + wait_before(tries + 1, retries),
            "reason": f"attempt {tries} of {retries.attempts} failed, another follows",
        }  # fmt: skip
    else:
        values = {"state": result.outcome, "tries": tries, "ended_at": now}
        if schedule:
            note_ending(
                connection, schedule, fire, outcome=result.outcome, now=now, watch=result.watch,
                sentence=result.error or " ".join(result.answer), answer=result.answer, folder=result.folder,
            )  # fmt: skip
    connection.execute(
        fires.update()
        .where(fires.c.id == fire.id)
        .values(
            error=result.error,
            run_folder=result.folder or fire.run_folder,
            lease_until=None,
            **values,
        )
    )


def wait_before(attempt: int, retries: Retries) -> timedelta:
    """Give the wait before an attempt, doubled each time and drawn from its upper half."""
    longest: timedelta = min(retries.backoff * 2 ** (attempt - 2), retries.max_backoff)
    share = random.uniform(0.5, 1)  # noqa: S311  spreads load, hides nothing
    return longest * share


def hand_back(ledger: Ledger, job: Job, state: str, why: str, now: datetime) -> bool:
    """Give a fire back to be taken up again at once: its worker stops. Costs the fire no attempt."""
    with ledger.write() as connection:
        row = connection.execute(
            select(fires).where(_this(job, "running")).with_for_update()
        ).one_or_none()
        if row is None:
            return False
        requeue(connection, row, state, why, now)
        return True


def requeue(connection: Connection, fire: Row[Any], state: str, why: str, now: datetime) -> None:
    """End an attempt in some state, and queue its fire for another at once."""
    connection.execute(
        attempt_update(fire.id, fire.attempt).values(state=state, error=why, ended_at=now)
    )
    connection.execute(
        fires.update()
        .where(fires.c.id == fire.id)
        .values(state="queued", due_at=now, lease_until=None, reason=why)
    )


def end_cancelled(ledger: Ledger, job: Job, why: str, now: datetime) -> bool:
    """End an attempt that was cancelled on wish."""
    with ledger.write() as connection:
        row = connection.execute(
            select(fires).where(_this(job, "running")).with_for_update()
        ).one_or_none()
        if row is None:
            return False
        cancel_now(connection, row, why, now)
        return True


def cancel_now(connection: Connection, fire: Row[Any], why: str, now: datetime) -> None:
    """End an attempt and its fire as cancelled."""
    connection.execute(
        attempt_update(fire.id, fire.attempt).values(state="cancelled", error=why, ended_at=now)
    )
    connection.execute(
        fires.update()
        .where(fires.c.id == fire.id)
        .values(state="cancelled", reason=why, ended_at=now, lease_until=None)
    )


def lost_fires(ledger: Ledger, now: datetime) -> list[Row[Any]]:
    """Give the fires whose worker has let its lease run out."""
    query = select(fires).where(
        fires.c.state.in_(("running", "publishing")), fires.c.lease_until < now
    )
    with ledger.read() as connection:
        return list(connection.execute(query))
