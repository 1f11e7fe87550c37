"""A worker: looks what is due, runs some of it at once, keeps its leases alive, and ends in good order.

`tick` is one look and may be repeated at will. A daemon is a loop of them; `schedule tick` is one of them, and
waits for what it began.
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Row, select

from murmuration.errors import LedgerError, MurmurationError, ReportError
from murmuration.reports.context import this_host
from murmuration.reports.manifest import MANIFEST, load_run
from murmuration.reports.publish import publish_run
from murmuration.schedule import claims
from murmuration.schedule.claims import Job, Result
from murmuration.schedule.clock import next_fires
from murmuration.schedule.due import record_due
from murmuration.schedule.execute import Executor, result_of
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.logs import about, title_of
from murmuration.schedule.settle import give_up_publishing, settle, take_up_lost
from murmuration.schedule.spec import Folder, Schedules
from murmuration.schedule.tables import OPEN, fires, workers

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BEAT_SECONDS = 5.0
POLL_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 30.0
_SHOWN_WITHIN = timedelta(minutes=15)  # of the lease's end, by a machine that has the folder
HANDED_BACK = "its worker was stopped"
_NOT_RECORDED = "its end could not be put on record, as the ledger was away"
T = TypeVar("T")


def host_of(worker: str) -> str:
    """Give the machine of a worker by its name."""
    return worker.rsplit("-", 2)[0]


def utc_now() -> datetime:
    """Give this moment."""
    return datetime.now(UTC)


@dataclass
class _Running:
    """An attempt in a thread of this process."""

    job: Job
    stop: threading.Event = field(default_factory=threading.Event)
    why: str = ""
    thread: threading.Thread | None = None


class Worker:
    """Runs what is due.

    Parameters
    ----------
    ledger
        The ledger.
    folder
        The schedules.
    execute
        Does the work of an attempt.
    kind
        ``daemon`` or ``tick``, for those who look.
    at_once
        How many runs at once.
    only
        Nothing but this schedule.
    lease, beat_seconds
        How long an attempt is held without a sign of life, and how often that is given.
    now
        The clock.
    show
        Makes a decided run exist.
    """

    def __init__(
        self,
        ledger: Ledger,
        folder: Folder,
        execute: Executor,
        *,
        kind: str,
        at_once: int = 1,
        only: str | None = None,
        lease: timedelta = LEASE,
        beat_seconds: float = BEAT_SECONDS,
        now: Callable[[], datetime] = utc_now,
        show: Callable[[Path], None] = publish_run,
    ) -> None:
        self.name = f"{this_host()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.wake, self.hurry, self.closing = (
            threading.Event(),
            threading.Event(),
            threading.Event(),
        )
        self.schedules = Schedules({}, {})
        self._ledger, self._folder, self._execute = ledger, folder, execute
        self._kind, self._at_once, self._only = kind, at_once, only
        self._lease, self._beat_seconds, self._now, self._show = lease, beat_seconds, now, show
        self._running: dict[int, _Running] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._told: dict[str, str] = {}
        self._show_again: dict[int, float] = {}
        self._ahead: set[str] = set()
        self._next: dict[str, tuple[str, datetime]] = {}
        with ledger.write() as connection:
            connection.execute(
                workers.insert().values(
                    id=self.name, kind=kind, at_once=at_once, started_at=now(), heartbeat_at=now()
                )
            )
        self._beating = threading.Thread(target=self._beat, daemon=True, name="schedule-heartbeat")
        self._beating.start()

    def tick(self) -> int:
        """Look once: record what is due, take up what was lost, begin what may begin; give how many began."""
        self.schedules = self._folder.load()
        self._tell_problems()
        mine = self._mine()
        now = self._now()
        record_due(self._ledger, mine, now, ahead=self._ahead)
        self._take_up_lost()
        settle(self._ledger, self.schedules, now)
        begun = 0
        while not self.closing.is_set() and self.running < self._at_once:
            job = claims.claim(self._ledger, mine, self.name, self._now(), lease=self._lease)
            if job is None:
                break
            self._begin(job)
            begun += 1
        return begun

    @property
    def running(self) -> int:
        """How many attempts this worker holds."""
        with self._lock:
            return len(self._running)

    def is_awaited(self) -> bool:
        """Whether something of what this worker looks after is still to come: a retry, or a fire in line."""
        names = list(self._mine().by_name)
        query = (
            select(fires.c.id).where(fires.c.schedule.in_(names), fires.c.state.in_(OPEN)).limit(1)
        )
        with self._ledger.read() as connection:
            return connection.execute(query).first() is not None

    def next_look(self) -> float:
        """Give the seconds until the next tick is worth while: the next fire, or a moment to look for wishes."""
        now = self._now()
        soonest = min((self._next_fire(name, now) for name in self._mine().by_name), default=None)
        if soonest is None:
            return POLL_SECONDS
        return min(POLL_SECONDS, max(0.0, (soonest - now).total_seconds()))

    def _next_fire(self, name: str, now: datetime) -> datetime:
        schedule = self.schedules.by_name[name]
        digest, at = self._next.get(name, ("", now))
        if digest != schedule.digest or at <= now:
            fire = next(next_fires(schedule.cron, schedule.zone, after=now))
            self._next[name] = (schedule.digest, fire.at)
            return fire.at
        return at

    def finish(self, grace_seconds: float = float("inf")) -> None:
        """Begin nothing more, wait for what runs; after the grace, hand it back."""
        self.closing.set()
        self._join(grace_seconds)
        for one in self._held():
            one.why = one.why or HANDED_BACK
            one.stop.set()
        for one in self._held():
            if one.thread:
                one.thread.join()
        self._sign_off()

    @contextmanager
    def until_ended(self) -> Iterator[None]:
        """Take this worker off the list of those alive when the block ends, however it does."""
        try:
            yield
        finally:
            if not self._over.is_set():
                self._sign_off()

    def _sign_off(self) -> None:
        self._over.set()
        self._beating.join()
        ended = workers.update().where(workers.c.id == self.name).values(ended_at=self._now())
        try:
            with self._ledger.write() as connection:
                connection.execute(ended)
        except LedgerError as err:  # a worker without a sign of life counts as ended, too
            log.error("%s", err)

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than until something ends."""
        self.wake.wait(seconds)
        self.wake.clear()

    def _join(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.running and time.monotonic() < end and not self.hurry.is_set():
            self.pause(0.2)

    def _held(self) -> list[_Running]:
        with self._lock:
            return list(self._running.values())

    def _mine(self) -> Schedules:
        if self._only is None:
            return self.schedules
        found = self.schedules.by_name.get(self._only)
        named = {self._only: found} if found else {}
        return Schedules(named, self.schedules.problems)

    def _tell_problems(self) -> None:
        """Log what is wrong with a file, once for each state of it."""
        for name, problem in self.schedules.problems.items():
            if self._told.get(name) != problem:
                log.error("%s", problem)
        self._told = dict(self.schedules.problems)

    def _take_up_lost(self) -> None:
        for lost in claims.lost_fires(self._ledger, self._now()):
            with self._lock:
                own = self._running.get(lost.id)
            if own is not None and own.job.attempt == lost.attempt:
                self._renew(own)  # the clock jumped, or this machine slept
            elif lost.state == "publishing":
                self._carry_out_late(lost)
            elif take_up_lost(self._ledger, lost, self.schedules, self._now()):
                with about(lost.schedule, lost.item, lost.logical_time):
                    log.warning("%s: worker %s was lost", _title(lost), lost.worker)

    def _carry_out_late(self, lost: Row[Any]) -> None:
        """Show a run whose worker did not come to it; one that nobody could show for a while has failed."""
        folder, late = Path(lost.run_folder), self._now() - lost.lease_until
        there = (folder / MANIFEST).exists()
        if late < _SHOWN_WITHIN or there:
            if time.monotonic() >= self._show_again.get(lost.id, 0.0):
                self._show_again[lost.id] = time.monotonic() + _LONGEST_WAIT_SECONDS
                at_last = there and late >= _SHOWN_WITHIN
                self._carry_out(lost.id, lost.attempt, folder, at_last=at_last)
            return
        error = (
            f"Its run {folder.name} was done and could not be shown: its folder is not to be found on this machine, "
            f"and {lost.worker} did not come back within {int(late.total_seconds() // 60):,} minutes."
        )
        with about(lost.schedule, lost.item, lost.logical_time, folder=folder):
            log.error("%s: %s", _title(lost), error)
        give_up_publishing(self._ledger, lost, self.schedules, error, self._now())

    def _begin(self, job: Job) -> None:
        one = _Running(job)
        one.thread = threading.Thread(
            target=self._work, args=(one,), name=f"run-{job.fire}", daemon=True
        )
        with self._lock:
            self._running[job.fire] = one
        with about(job.schedule.name, job.item, job.at):
            log.info("%s: attempt %d begins", job.title, job.attempt)
        try:
            one.thread.start()
        except RuntimeError as err:  # this machine has no thread for it
            with self._lock:
                del self._running[job.fire]
            claims.hand_back(self._ledger, job, "handed back", str(err), self._now())
            raise OSError(f"An attempt could not begin: {err}.") from err

    def _work(self, one: _Running) -> None:
        job = one.job
        try:
            with about(job.schedule.name, job.item, job.at):
                try:
                    self._attempt(one)
                except LedgerError as err:
                    # What is decided is carried out and what is lost is taken up by whoever looks next.
                    log.error("%s: %s", job.title, err)
        finally:
            with self._lock:
                del self._running[one.job.fire]
            self.wake.set()

    def _attempt(self, one: _Running) -> None:
        job, decided = one.job, list[Result]()

        def may_show(result: Result) -> bool:
            if one.stop.is_set():
                return False
            shown = self._insist(lambda: claims.decide_to_publish(self._ledger, job, result))
            if shown:
                decided.append(result)
            return shown

        def begun(folder: Path) -> None:
            try:
                claims.note_kernel(self._ledger, job, str(folder), self._now())
            except LedgerError as err:  # for those who look; the run itself goes on
                log.warning("%s: %s", job.title, err)

        try:
            result = self._execute(job, stop=one.stop, begun=begun, may_show=may_show)
        except Exception as err:
            log.exception("%s", job.title)
            result = Result("failed", error=f"The run ended with {type(err).__name__}.")
        if decided:
            self._carry_out(job.fire, job.attempt, Path(decided[0].folder or ""), decided[0])
        elif one.stop.is_set() or result is None:
            self._insist(lambda: self._give_up(one))
        else:
            ended = result
            self._insist(lambda: claims.end(self._ledger, job, ended, self._now()))
            log.warning("%s: %s, %s", job.title, ended.outcome, ended.error)

    def _give_up(self, one: _Running) -> bool:
        """End an attempt that has nothing to show: handed back, cancelled, or taken from us."""
        why = one.why or claims.beat(self._ledger, one.job, self._now(), lease=self._lease)
        why = why or _NOT_RECORDED  # nobody asked for its end
        log.info("%s: stopped, %s", one.job.title, why)
        if why in (HANDED_BACK, _NOT_RECORDED):
            return claims.hand_back(self._ledger, one.job, "handed back", why, self._now())
        if why == claims.LOST:
            return False
        return claims.end_cancelled(self._ledger, one.job, why, self._now())

    def _carry_out(
        self,
        fire: int,
        attempt: int,
        folder: Path,
        result: Result | None = None,
        *,
        at_last: bool = False,
    ) -> None:
        """Show a run that the ledger has decided to show, and end its attempt; repeating it changes nothing.

        `at_last` ends it even where the names of what it kept cannot be set.
        """
        try:
            self._show(folder)
        except (OSError, MurmurationError) as err:
            log.error("%s cannot be shown yet: %s", folder, err)
            if not at_last:
                return
        said = result or _said(folder)
        self._insist(
            lambda: claims.end_published(
                self._ledger,
                fire,
                attempt,
                self.schedules,
                self._now(),
                said=(said.answer, said.watch),
            )
        )
        log.info("%s: %s", folder, said.outcome)

    def _insist(self, write: Callable[[], T]) -> T:
        """Write to the ledger, again and again while it cannot be written and the lease may still hold."""
        wait, end = 0.1, time.monotonic() + self._lease.total_seconds()
        while True:
            try:
                return write()
            except LedgerError:
                if time.monotonic() > end:
                    raise
                time.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    def _renew(self, one: _Running) -> None:
        why = claims.beat(self._ledger, one.job, self._now(), lease=self._lease)
        if why and not one.stop.is_set():
            one.why = one.why or why
            one.stop.set()

    def _beat(self) -> None:
        while not self._over.wait(self._beat_seconds):
            try:
                for one in self._held():
                    self._renew(one)
                with self._ledger.write() as connection:
                    alive = workers.update().where(workers.c.id == self.name)
                    connection.execute(alive.values(heartbeat_at=self._now()))
            except LedgerError as err:
                log.error("%s", err)


def _title(fire: Row[Any]) -> str:
    return title_of(fire.schedule, fire.item, fire.logical_time)


def _said(folder: Path) -> Result:
    try:
        return result_of(load_run(folder))
    except ReportError:
        return Result("succeeded", str(folder))
