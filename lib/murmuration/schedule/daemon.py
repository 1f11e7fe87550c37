"""One tick, and a loop of them: what `schedule tick` and `schedule run` do."""

import importlib
import logging
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from murmuration.errors import LedgerError
from murmuration.reports.spares import Spares
from murmuration.schedule.execute import ReportExecutor
from murmuration.schedule.ledger import Ledger, open_ledger
from murmuration.schedule.notices import deliver_by_apprise, gathers, send_due, stop_gathering
from murmuration.schedule.spec import Folder
from murmuration.schedule.tables import attempts, fires
from murmuration.schedule.worker import Worker, utc_now
from murmuration.settings import Settings, read_environ

if TYPE_CHECKING:
    from murmuration.schedule.check import Lookout

log = logging.getLogger(__name__)

_AFTER_ERROR_SECONDS = 5.0
_PATIENCE_SECONDS = 120.0
_PING_TIMEOUT_SECONDS = 10
_FAILED = ("failed", "timed out")
_STATES = {"queued": "to be tried again", "publishing": "about to be shown"}
_TOLD = 5  # reasons for which runs failed, and runs of each
_ALIVE_SECONDS = 120.0  # without a whole tick for so long, nobody is told that all is well


@dataclass(frozen=True)
class Ticked:
    """What came of a tick.

    Attributes
    ----------
    begun
        How many attempts.
    states
        How many runs of each state; those that are queued are tried again.
    failed
        Those that have failed for good: which, and why.
    """

    begun: int
    states: Mapping[str, int]
    failed: Sequence[tuple[str, str]]

    def describe(self) -> str:
        """Say it in a line: “5 runs: 4 succeeded, 1 failed (morning: Its worker was lost.)”."""
        count = sum(self.states.values())
        said = ", ".join(
            f"{number:,} {_STATES.get(state, state)}" for state, number in self.states.items()
        )
        reasons: dict[str, list[str]] = {}
        for name, sentence in self.failed:
            reasons.setdefault(sentence.rstrip("."), []).append(name)
        parts = [
            f"{', '.join(names[:_TOLD])}{_more(names)}: {why}" for why, names in reasons.items()
        ]
        why = "; ".join(parts[:_TOLD]) + _more(parts)
        return (
            f"{count:,} run{'' if count == 1 else 's'}"
            + (f": {said}" if said else "")
            + (f" ({why})" if why else "")
            + "."
        )


def _more(things: Sequence[str]) -> str:
    return f" and {len(things) - _TOLD:,} more" if len(things) > _TOLD else ""


def run_tick(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    at_once: int,
    only: str | None,
    grace_seconds: float,
    until_done: bool = False,
) -> Ticked:
    """Do what is due, and wait for it.

    Parameters
    ----------
    settings, environ
        Of this machine.
    at_once
        How many runs at once.
    only
        Nothing but this schedule.
    grace_seconds
        How long runs get to finish once the process is asked to stop.
    until_done
        Wait for retries, for runs of other workers, and until notices have been gathered, too.

    Returns
    -------
    Ticked
        What ran, and how it ended.

    Raises
    ------
    LedgerError
        If the ledger cannot be used and nothing runs that would be lost.
    """
    ledger = open_ledger(settings)
    spares = Spares(settings.state / "runs")
    worker = Worker(
        ledger, _folder(settings), ReportExecutor(settings, spares),
        kind="tick", at_once=at_once, only=only,
    )  # fmt: skip
    since, total = utc_now(), 0

    def awaited() -> bool:
        return worker.is_awaited() or gathers(ledger, since, utc_now())

    with worker.until_ended(), _stopping(worker) as stopping:
        patient_until = time.monotonic() + _PATIENCE_SECONDS
        while not stopping.is_set():
            try:
                begun = worker.tick()
                total += begun
                if begun == 0 and worker.running == 0 and not (until_done and awaited()):
                    break
                patient_until = time.monotonic() + _PATIENCE_SECONDS
            except (LedgerError, OSError) as err:
                if worker.running == 0 and (total == 0 or time.monotonic() > patient_until):
                    raise
                log.error("%s", err)
            worker.pause(1.0)
        worker.finish(grace_seconds)
    Chores(ledger, worker, settings, environ).do_after_tick(since, begun=total)
    ended = _ended(ledger, worker.name, total)
    ledger.close()
    return ended


def _ended(ledger: Ledger, worker: str, begun: int) -> Ticked:
    mine = select(attempts.c.fire_id).where(attempts.c.worker == worker)
    query = select(fires).where(fires.c.id.in_(mine)).order_by(fires.c.logical_time, fires.c.id)
    with ledger.read() as connection:
        rows = list(connection.execute(query))
    return Ticked(
        begun,
        Counter(row.state for row in rows),
        [
            (f"{row.schedule} {row.item}".strip(), row.error or row.state)
            for row in rows
            if row.state in _FAILED
        ],
    )


def run_daemon(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    at_once: int,
    grace_seconds: float,
    metrics: tuple[str, int] | None = None,
) -> None:
    """Run what is due until SIGTERM or Ctrl-C; a second one does not wait for the grace.

    Parameters
    ----------
    settings, environ
        Of this machine.
    at_once
        How many runs at once.
    grace_seconds
        How long runs get to finish once the daemon is asked to stop.
    metrics
        Where Prometheus metrics are served, if they are: host and port.
    """
    importlib.import_module(
        "murmuration.reports.runner"
    )  # now, so that the first run does not wait
    ledger = open_ledger(settings)
    spares = Spares(settings.state / "runs")
    try:
        worker = Worker(
            ledger, _folder(settings), ReportExecutor(settings, spares), kind="daemon", at_once=at_once
        )  # fmt: skip
        chores = Chores(ledger, worker, settings, environ)
        with worker.until_ended(), _stopping(worker) as stopping, chores.in_background():
            if metrics:
                from murmuration.schedule.metrics import serve_metrics

                serve_metrics(ledger, *metrics, broken=chores.count_broken)
            log.info("daemon %s, %d at once", worker.name, at_once)
            while not stopping.is_set():
                _loop_once(worker, spares, chores)
            log.info(
                "stopping; runs at work: %d, with %g s to finish", worker.running, grace_seconds
            )
            worker.finish(grace_seconds)
    finally:
        spares.close()
        ledger.close()


def _loop_once(worker: Worker, spares: Spares, chores: "Chores") -> None:
    try:
        worker.tick()
        spares.fill(1)
    except (LedgerError, OSError) as err:
        # Locked, full, away, no process to be had: it may pass, and a daemon that ended would not come back.
        log.error("%s", err)
        worker.pause(_AFTER_ERROR_SECONDS)
        return
    chores.ticked_at = time.monotonic()
    worker.pause(worker.next_look())


def _folder(settings: Settings) -> Folder:
    return Folder(settings.root / "schedules")


@contextmanager
def _stopping(worker: Worker) -> Iterator[threading.Event]:
    """Take Ctrl-C and SIGTERM as a wish to stop in good order, and a second one as a wish to hurry."""
    stopping = threading.Event()

    def stop(*_: object) -> None:
        if stopping.is_set():
            worker.hurry.set()
        worker.closing.set()  # nothing more begins
        stopping.set()  # and not `wake`: this thread may be inside its wait, and holds its lock then

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class _Chore:
    """Something to do every so often."""

    name: str
    every_seconds: float
    do: Callable[[], Any]


class Chores:
    """What a daemon does beside running: notices, the page, old folders, the dead man's switch.

    None of them can end a run or the daemon: what goes wrong is logged and tried again.
    """

    def __init__(
        self, ledger: Ledger, worker: Worker, settings: Settings, environ: Mapping[str, str]
    ) -> None:
        self.ticked_at = time.monotonic()
        self._ledger, self._worker = ledger, worker
        self._settings, self._environ = settings, environ
        self._over = threading.Event()
        self._lookout: Lookout | None = None

    def send(self) -> None:
        """Send the notices that wait."""
        send_due(
            self._ledger,
            read_environ(self._environ, self._settings.root),  # each time: somebody may mend it
            utc_now(),
            links=self._settings.links,
            deliver=deliver_by_apprise,
        )

    def look_out(self) -> None:
        """Say which schedules could not run, before their fires come."""
        if self._lookout is None:
            # Here, as a tick without due work has no need of it.
            from murmuration.schedule.check import Lookout

            self._lookout = Lookout(self._settings)
        self._lookout.look(self._worker.schedules, utc_now())

    def count_broken(self) -> int:
        """Tell how many schedules cannot run as their files are."""
        found = self._lookout.problems if self._lookout else {}
        return len(self._worker.schedules.problems) + len(found)

    def draw(self) -> None:
        """Write the page of schedules."""
        from murmuration.schedule.page import write_schedule_page

        write_schedule_page(self._ledger, self._worker.schedules, self._settings.reports, utc_now())

    def expire(self) -> None:
        """Remove run folders whose time is over, drafts that nobody works in, and what killed processes have left."""
        from murmuration.reports.context import sweep_journals, sweep_killed
        from murmuration.reports.drafts import sweep_drafts
        from murmuration.schedule.retention import expire_runs, forget_workers

        sweep_drafts()
        sweep_killed(self._settings.state / "runs")
        sweep_journals(self._settings.state / "runs")
        forget_workers(self._ledger, utc_now())
        expire_runs(self._ledger, self._worker.schedules, self._settings.reports, utc_now())

    def compare(self) -> None:
        """Say of new runs what changed since the run before."""
        from murmuration.schedule.changes import compare_new

        compare_new(self._ledger, self._worker.name, utc_now(), stop=self._over)

    def ping(self) -> None:
        """Tell the dead man's switch that all is well, if it is."""
        if self._settings.ping and time.monotonic() - self.ticked_at < _ALIVE_SECONDS:
            # An address that the administrator has set, not one from data.
            with urllib.request.urlopen(self._settings.ping, timeout=_PING_TIMEOUT_SECONDS):  # noqa: S310
                pass

    @contextmanager
    def in_background(self) -> Iterator[None]:
        """Do them in threads of their own, as long as the block lasts: what takes long holds up no word to anybody."""
        groups = [
            [_Chore("the dead man's switch", 60.0, self.ping)],
            [_Chore("notices", 10.0, self.send)],
            [_Chore("schedules that cannot run", 15.0, self.look_out)],
            [
                _Chore("the page of schedules", 60.0, self.draw),
                _Chore("what changed since the run before", 10.0, self.compare),
                _Chore("old run folders", 3600.0, self.expire),
            ],
        ]
        threads = [
            threading.Thread(target=self._work, args=(group,), daemon=True, name="chores")
            for group in groups
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def do_after_tick(self, since: datetime, *, begun: int) -> None:
        """Do once what a daemon does all the time; what the tick has noted since it began goes out now."""
        chores = [
            _Chore("notices", 0.0, lambda: stop_gathering(self._ledger, since, utc_now())),
            _Chore("notices", 0.0, self.send),
        ]
        if begun:
            chores += [
                _Chore("what changed since the run before", 0.0, self.compare),
                _Chore("old run folders", 0.0, self.expire),
                _Chore("the page of schedules", 0.0, self.draw),
            ]
        for chore in chores:
            self._try(chore)

    def _work(self, chores: Sequence[_Chore]) -> None:
        due = {chore.name: time.monotonic() for chore in chores}
        while not self._over.wait(1.0):
            for chore in chores:
                if time.monotonic() >= due[chore.name]:
                    due[chore.name] = time.monotonic() + chore.every_seconds
                    self._try(chore)

    @staticmethod
    def _try(chore: _Chore) -> None:
        try:
            chore.do()
        except Exception as err:  # noqa: BLE001  whatever goes wrong here must not end a run
            # Not the text: it may hold an address, which is a secret.
            said = str(err) if isinstance(err, LedgerError) else type(err).__name__
            log.warning("%s: %s", chore.name, said)
