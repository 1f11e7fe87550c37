"""What changed since the run before, for each run that a schedule made: compared by a process of its own, once the run is there."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select

from murmuration.errors import ReportError
from murmuration.reports.changes import FACTS, write_problem
from murmuration.reports.manifest import load_run
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.tables import attempts

log = logging.getLogger(__name__)

_BACK = timedelta(days=1)  # older runs are compared on wish only
_OTHERS_AFTER = timedelta(minutes=15)  # whose worker may be gone
_LONGEST_SECONDS = 900.0
_LOOK_SECONDS = 0.1


def compare_new(
    ledger: Ledger, worker: str, now: datetime, *, stop: threading.Event | None = None
) -> int:
    """Compare the runs that have succeeded lately with those before them; give how many.

    Parameters
    ----------
    ledger
        The ledger.
    worker
        Its own runs come first; those of others only once they have had the time.
    now
        This moment.
    stop
        Ends it when it is set; what is not compared then is compared by whoever looks next.
    """
    count, stop = 0, stop or threading.Event()
    for folder in _not_compared(ledger, worker, now):
        if stop.is_set():
            break
        try:
            problem = _compare(folder, stop)
        except OSError as err:  # no process, no disk: it may pass
            log.warning("%s is not compared yet: %s", folder, err.strerror)
            continue
        if problem and not stop.is_set():
            log.warning("%s could not be compared with the run before: %s", folder, problem)
            write_problem(load_run(folder), f"The comparison came to no end: {problem}.")
        count += not problem
    return count


def _compare(folder: Path, stop: threading.Event) -> str:
    """Compare a run in a process of its own; give why that came to no end, or nothing."""
    command = [sys.executable, "-m", "murmuration.reports.changes", str(folder)]
    end = time.monotonic() + _LONGEST_SECONDS
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:  # noqa: S603  our own
        try:
            while child.poll() is None:
                if stop.wait(_LOOK_SECONDS):
                    return "it was interrupted"
                if time.monotonic() > end:
                    return f"it took longer than {_LONGEST_SECONDS / 60:g} minutes"
        finally:
            child.kill()  # does nothing to one that has ended
    return f"its process ended with {child.returncode}" if child.returncode else ""


def _not_compared(ledger: Ledger, worker: str, now: datetime) -> Iterator[Path]:
    query = select(attempts.c.run_folder).where(
        attempts.c.state == "succeeded",
        attempts.c.ended_at > now - _BACK,
        attempts.c.expired_at.is_(None),
        attempts.c.run_folder.is_not(None),
        or_(attempts.c.worker == worker, attempts.c.ended_at < now - _OTHERS_AFTER),
    )
    with ledger.read() as connection:
        folders = [Path(name) for name in connection.execute(query).scalars()]
    for folder in folders:
        if not (folder / FACTS).exists() and _has_previous(folder):
            yield folder


def _has_previous(folder: Path) -> bool:
    try:
        return bool(load_run(folder).manifest.get("previous"))
    except ReportError:
        return False
