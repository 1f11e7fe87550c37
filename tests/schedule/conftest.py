"""A folder of schedules, a ledger, a clock that stands still, and a stand-in for the run of a report."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from murmuration.reports.manifest import stage_manifest
from murmuration.schedule.alerts import Alert, Watch
from murmuration.schedule.claims import Result
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.spec import Folder
from murmuration.schedule.tables import attempts, fires
from murmuration.schedule.worker import Worker

START = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)


class Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **length: float) -> None:
        self.now += timedelta(**length)


class StandIn:
    """A run that stages one folder; what happens to it may be set for each attempt."""

    def __init__(self, reports: Path) -> None:
        self.reports = reports
        self.seen: list[tuple[str, str, datetime, int]] = []
        self.next: list[Result] = []
        self.wait: Callable[..., None] = lambda job, stop: None
        self.alerts: list[Alert] = []
        self.kept: list[dict[str, object]] = []
        self.seen_until: datetime | None = None

    def __call__(self, job, *, stop, begun, may_show):
        self.seen.append((job.schedule.name, job.item, job.at, job.attempt))
        folder = self.reports / job.schedule.name / f"{job.fire}-{job.attempt}"
        folder.mkdir(parents=True)
        begun(folder)
        self.wait(job, stop)
        result = self.next.pop(0) if self.next else Result("succeeded")
        if result.outcome == "failed" and result.folder is None:
            return result
        manifest = {
            "report": job.schedule.spec.report, "status": result.outcome, "answer": ["All is well."],
            "error": result.error and {"sentence": result.error}, "kept": self.kept,
            "alerts": [json.loads(json.dumps(asdict(one), default=str)) for one in self.alerts],
        }  # fmt: skip
        stage_manifest(folder, manifest)
        shown = Result(
            result.outcome,
            str(folder),
            result.error,
            result.again,
            ("All is well.",),
            Watch(tuple(self.alerts), self.seen_until),
        )
        may_show(shown)
        return None


class Bench:
    """All of it, with one worker."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "schedules"
        self.folder.mkdir()
        self.clock = Clock()
        self.run = StandIn(tmp_path / "reports")
        self.address = f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}"
        self.ledger = Ledger(self.address)
        self.workers: list[Worker] = []
        self.worker = self.add_worker()

    def add_worker(self, **options) -> Worker:
        options = {"kind": "daemon", "at_once": 4, "beat_seconds": 0.05} | options
        worker = Worker(self.ledger, Folder(self.folder), self.run, now=self.clock, **options)
        self.workers.append(worker)
        return worker

    def write(self, name: str = "one", **fields: object) -> None:
        given = {"report": "small", "cron": "0 * * * *", "timezone": "UTC"} | fields
        (self.folder / f"{name}.yaml").write_text(json.dumps(given))

    def tick(self, worker: Worker | None = None, *, wait: bool = True) -> None:
        """Look, and wait for what began, until nothing more begins."""
        worker = worker or self.worker
        while worker.tick() and wait:
            self.join(worker)
        if wait:
            self.join(worker)

    def join(self, worker: Worker | None = None) -> None:
        for one in (worker or self.worker)._held():
            one.thread.join(20)
            assert not one.thread.is_alive()

    def fires(self, *columns: str, **where: object) -> list[tuple]:
        chosen = [fires.c[name] for name in columns or ("logical_time", "state", "reason")]
        query = select(*chosen).order_by(fires.c.logical_time, fires.c.item, fires.c.id)
        for name, value in where.items():
            query = query.where(fires.c[name] == value)
        with self.ledger.read() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def attempts(self, *columns: str) -> list[tuple]:
        chosen = [attempts.c[name] for name in columns or ("number", "state", "error")]
        with self.ledger.read() as connection:
            query = select(*chosen).order_by(attempts.c.fire_id, attempts.c.number)
            return [tuple(row) for row in connection.execute(query)]

    def shown(self) -> list[Path]:
        return sorted(path.parent for path in self.run.reports.glob("*/*/manifest.json"))

    def close(self) -> None:
        for worker in self.workers:
            worker.finish(0)
        self.ledger.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A schedule's world in a folder; the clock stands at 00:30 UTC."""
    world = Bench(tmp_path)
    yield world
    world.close()
