"""Run folders expire, the ledger stays: which folders go, by the schedule's rule, and what was left behind."""

import logging
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, and_, select

from murmuration.errors import UnknownNameError
from murmuration.reports.context import this_host
from murmuration.reports.manifest import MANIFEST
from murmuration.schedule.claims import attempt_update
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.spec import Keep, Schedules
from murmuration.schedule.tables import attempts, fires, workers
from murmuration.schedule.worker import host_of

log = logging.getLogger(__name__)

# A worker that was lost may still be writing; nothing of it will ever be shown.
_LEFT_ALONE = timedelta(hours=1)
_WORKERS_KEPT = timedelta(days=7)


def expire_runs(ledger: Ledger, schedules: Schedules, reports: Path, now: datetime) -> int:
    """Remove the run folders that their schedule no longer keeps, and what lost attempts have left.

    Parameters
    ----------
    ledger
        The ledger, which keeps its rows.
    schedules
        With their rules; a schedule without one keeps everything.
    reports
        The folder of runs; nothing outside of it is touched.
    now
        This moment.

    Returns
    -------
    int
        Folders that were removed.
    """
    query = (
        select(attempts, fires.c.schedule, fires.c.item, fires.c.logical_time)
        .join(fires, fires.c.id == attempts.c.fire_id)
        .where(
            attempts.c.run_folder.is_not(None),
            attempts.c.expired_at.is_(None),
            attempts.c.ended_at.is_not(None),
        )
        .order_by(fires.c.logical_time.desc(), attempts.c.number.desc())
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    over = [*_left_behind(rows, now), *_expired(rows, schedules, now)]
    gone = [row for row in over if _remove(row, reports)]
    for row in gone:
        with ledger.write() as connection:
            connection.execute(attempt_update(row.fire_id, row.number).values(expired_at=now))
    if gone:
        from murmuration.reports.index import write_index

        write_index(reports)
        log.info("%d run folders removed", len(gone))
    return len(gone)


def _left_behind(rows: Sequence[Row[Any]], now: datetime) -> Iterator[Row[Any]]:
    for row in rows:
        shown = row.state in ("succeeded", "failed", "timed out")
        if not shown and not row.pinned and row.ended_at < now - _LEFT_ALONE:
            yield row


def _expired(rows: Sequence[Row[Any]], schedules: Schedules, now: datetime) -> Iterator[Row[Any]]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:  # newest first
        schedule = schedules.by_name.get(row.schedule)
        if schedule is None or row.state not in ("succeeded", "failed", "timed out"):
            continue
        counts[row.schedule, row.item] += 1
        if not row.pinned and _is_over(
            schedule.spec.keep, counts[row.schedule, row.item], now - row.ended_at
        ):
            yield row


def _is_over(keep: Keep, place: int, age: timedelta) -> bool:
    """Tell whether a run is neither among the last nor young enough; without a rule none is."""
    if keep.last is None and keep.days is None:
        return False
    among_last = keep.last is not None and place <= keep.last
    young = keep.days is not None and age <= timedelta(days=keep.days)
    return not (among_last or young)


def _remove(row: Row[Any], reports: Path) -> bool:
    """Remove a run's folder, first its manifest, so that it is no run before it is half of one; False if it stays."""
    folder = Path(row.run_folder)
    if not folder.exists():  # one that another machine made may lie there
        return bool(host_of(row.worker) == this_host())
    if (
        not folder.resolve().is_relative_to(reports.resolve())
        or folder.resolve() == reports.resolve()
    ):
        log.warning("%s lies outside of %s and is left alone", folder, reports)
        return False
    try:
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder)
    except OSError as err:
        log.warning("%s cannot be removed: %s", folder, err.strerror)
        return False
    return True


def forget_workers(ledger: Ledger, now: datetime) -> int:
    """Take workers out of the ledger that gave their last sign of life long ago; give how many."""
    old = workers.delete().where(workers.c.heartbeat_at < now - _WORKERS_KEPT)
    with ledger.write() as connection:
        return int(connection.execute(old).rowcount)


def pin_run(ledger: Ledger, folder: Path, *, pinned: bool) -> None:
    """Keep a run's folder for good, or no longer.

    Raises
    ------
    UnknownNameError
        If no schedule made it, or it has expired.
    """
    wanted = and_(attempts.c.run_folder == str(folder), attempts.c.expired_at.is_(None))
    with ledger.write() as connection:
        done = connection.execute(attempts.update().where(wanted).values(pinned=pinned))
    if done.rowcount != 1:
        raise UnknownNameError(
            f"{folder.name} was not made by a schedule, so it does not expire, or it has expired already."
        )
