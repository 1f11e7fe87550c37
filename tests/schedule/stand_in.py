"""Daemons in processes of their own, with a clock that runs fast and a run that appends one line and publishes one folder.

Run as a script it is a server: each line of the input is a daemon to fork, as JSON; it answers with the process id.
Forked from one that has imported everything, a daemon begins within milliseconds and can be killed at any moment.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401  before the fork
import sqlalchemy.dialects.sqlite  # noqa: F401
from sqlalchemy import func, select

from murmuration.errors import LedgerError
from murmuration.reports.manifest import stage_manifest
from murmuration.schedule import fires as fires_between
from murmuration.schedule.claims import Result
from murmuration.schedule.due import record_due
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.spec import Folder
from murmuration.schedule.tables import ENDED, attempts, fires
from murmuration.schedule.worker import Worker

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
FILES = ("answer.txt", "table.txt", "page.html")


class FastClock:
    """Begins at START when the file of its beginning was made, and runs `speed` times as fast as real time."""

    def __init__(self, begun: float, speed: float) -> None:
        self.begun, self.speed = begun, speed

    def __call__(self) -> datetime:
        return START + timedelta(seconds=(time.time() - self.begun) * self.speed)


def stand_in(out: Path, work_seconds: float) -> Callable[..., None]:
    """The run: one line appended, one folder published."""

    def execute(job, *, stop, begun, may_show):
        folder = out / "reports" / job.schedule.name / f"{job.fire}-{job.attempt}"
        folder.mkdir(parents=True)
        begun(folder)
        with (out / "lines.txt").open("a") as file:
            file.write(f"{job.fire} {job.attempt}\n")
        for name in FILES:
            stop.wait(work_seconds / len(FILES))
            (folder / name).write_text(job.title)
        stage_manifest(folder, {"report": "stand_in", "status": "succeeded", "fire": job.fire})
        may_show(Result("succeeded", str(folder)))

    return execute


def daemon(order: dict[str, Any]) -> None:
    """Tick until the process is killed, or asked to stop in good order."""
    out = Path(order["out"])
    ledger = Ledger(order["ledger"])
    clock = FastClock(order["begun"], order["speed"])
    worker = Worker(
        ledger, Folder(out / "schedules"), stand_in(out, order["work_seconds"]),
        kind="daemon", at_once=order["at_once"], now=clock, beat_seconds=order["lease_seconds"] / 4,
        lease=timedelta(seconds=order["lease_seconds"] * order["speed"]),
    )  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: worker.closing.set())
    while not worker.closing.is_set():
        with suppress(LedgerError):
            worker.tick()
        worker.pause(0.1)
    worker.finish()
    ledger.close()


class World:
    """A folder of schedules, their ledger, and the server that forks daemons."""

    def __init__(
        self, out: Path, server: "subprocess.Popen[str]", ledger: str = "", **options: Any
    ) -> None:
        self.out, self.server = out, server
        (out / "schedules").mkdir(parents=True)
        self.order = {
            "out": str(out), "ledger": ledger or f"sqlite:///{out / 'ledger.sqlite'}", "begun": time.time(),
            "speed": 3600.0, "work_seconds": 0.03, "lease_seconds": 0.6, "at_once": 3,
        } | options  # fmt: skip
        self.clock = FastClock(self.order["begun"], self.order["speed"])
        self.ledger = Ledger(self.order["ledger"])

    def write(self, name: str, cron: str, **fields: object) -> None:
        given = {"report": "stand_in", "cron": cron, "timezone": "Europe/London"} | fields
        (self.out / "schedules" / f"{name}.yaml").write_text(json.dumps(given))

    def start(self) -> int:
        """Fork a daemon; give its process id."""
        assert self.server.stdin
        assert self.server.stdout
        self.server.stdin.write(json.dumps(self.order) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def begin(self) -> None:
        """Make all schedules known as of START, so that how many fires there are depends on no load."""
        record_due(self.ledger, Folder(self.out / "schedules").load(), START)

    def stop(self, *pids: int) -> None:
        """Ask daemons to stop, and wait until they have."""
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        for pid in pids:
            self.wait_gone(pid)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.wait_gone(pid)

    def freeze(self, pid: int) -> None:
        """Stop a daemon, but not in the middle of a write, in which SQLite would hold up everybody."""
        file = self.order["ledger"].removeprefix("sqlite:///")
        while True:
            os.kill(pid, signal.SIGSTOP)
            with (
                closing(sqlite3.connect(file, timeout=0.2, isolation_level=None)) as connection,
                suppress(sqlite3.OperationalError),
            ):
                connection.execute("BEGIN IMMEDIATE")
                return
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.01)

    @staticmethod
    def wait_gone(pid: int, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < end, f"process {pid} does not end"
            time.sleep(0.005)

    def rows(self) -> list[Any]:
        with self.ledger.read() as connection:
            return list(connection.execute(select(fires)))

    def left(self, until: datetime) -> int:
        """How many fires up to a moment have not ended, or are not there yet."""
        loaded = Folder(self.out / "schedules").load().by_name
        with self.ledger.read() as connection:
            ended = connection.execute(
                select(func.count()).where(fires.c.state.in_(ENDED), fires.c.logical_time <= until)
            ).scalar_one()
        wanted = sum(
            1
            for one in loaded.values()
            for _ in fires_between(one.cron, one.zone, after=START, until=until)
        )
        return wanted - ended

    def attempts(self) -> list[Any]:
        with self.ledger.read() as connection:
            return list(connection.execute(select(attempts)))

    def wait_for(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it does not come"
            time.sleep(0.05)

    def settle(self, until: datetime, *, daemons: int = 1) -> None:
        """Let daemons run, unharmed, until every fire up to a moment has ended."""
        pids = [self.start() for _ in range(daemons)]
        self.wait_for(lambda: self.clock() > until and self.left(until) == 0, 600)
        self.stop(*pids)

    def check(self, until: datetime) -> int:
        """Hold the ledger and the folders against what they must be; give the number of fires."""
        loaded = Folder(self.out / "schedules").load()
        rows = [row for row in self.rows() if row.logical_time <= until]
        for name, schedule in loaded.by_name.items():
            expected = [
                fire.at
                for fire in fires_between(schedule.cron, schedule.zone, after=START, until=until)
            ]
            found = sorted(row.logical_time for row in rows if row.schedule == name)
            assert found == expected, f"{name}: fires are lost or double"
        assert {row.state for row in rows} <= set(ENDED)
        shown: dict[int, int] = {}
        for manifest in (self.out / "reports").glob("*/*/manifest.json"):
            folder = manifest.parent
            fire = json.loads(manifest.read_text())["fire"]
            shown[fire] = shown.get(fire, 0) + 1
            texts = {(folder / name).read_text() for name in FILES}
            assert len(texts) == 1, f"{folder} is half-published"
        succeeded = {row.id for row in self.rows() if row.state == "succeeded"}
        assert shown == dict.fromkeys(succeeded, 1), "a result is published twice, or not at all"
        lines = (self.out / "lines.txt").read_text().splitlines()
        assert len(lines) == len(set(lines)), "an attempt ran twice"
        return len(rows)


@contextmanager
def server() -> Iterator["subprocess.Popen[str]"]:
    """Start the server that forks daemons; all of them are gone when the block ends."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin
            process.stdin.close()


def main() -> None:
    """Fork a daemon for each line of the input; kill those that are left when it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    children = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = 1
            try:
                daemon(json.loads(line))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
        print(child, flush=True)
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
