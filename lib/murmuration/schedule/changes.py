"""What changed since the run before, for each run that a schedule made: compared by a process of its own, once the run is there."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select

from murmuration.errors import ReportError
from murmuration.reports.changes import FACTS
from murmuration.reports.manifest import load_run
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.tables import attempts

log = logging.getLogger(__name__)

_BACK = timedelta(days=1)  # older runs are compared on wish only
_OTHERS_AFTER = timedelta(minutes=15)  # whose worker may be gone
_LONGEST_SECONDS = 900


def compare_new(ledger: Ledger, worker: str, now: datetime) -> int:
    """Compare the runs that have succeeded lately with those before them; give how many.

    Parameters
    ----------
    ledger
        The ledger.
    worker
        Its own runs come first; those of others only once they have had the time.
    now
        This moment.
    """
    count = 0
    for folder in _not_compared(ledger, worker, now):
        command = [sys.executable, "-m", "murmuration.reports.changes", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_LONGEST_SECONDS)  # noqa: S603  our own
            count += 1
        except (OSError, subprocess.SubprocessError) as err:
            log.warning(
                "%s could not be compared with the run before: %s", folder, type(err).__name__
            )
    return count


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
