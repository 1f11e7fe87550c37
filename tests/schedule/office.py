"""A workspace whose schedule runs a real notebook with a real kernel."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import psutil
from sqlalchemy import select

from murmuration.reports.spares import Spares
from murmuration.schedule import requests
from murmuration.schedule.daemon import run_tick
from murmuration.schedule.execute import ReportExecutor
from murmuration.schedule.ledger import open_ledger
from murmuration.schedule.spec import Folder
from murmuration.schedule.tables import attempts, fires
from murmuration.schedule.worker import Worker
from murmuration.settings import get_settings

# Two children, one of which has left its session and lost its parent.
STRAY = """
import subprocess, sys, time
code = "import os, sys, time; os.setsid(); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"], start_new_session=True)
subprocess.Popen([sys.executable, "-c", f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {{code!r}}, '{mark}'])"])
"""


class Office:
    """A workspace with a report and one schedule of it."""

    def __init__(self, root, name="small", **fields):
        self.settings = get_settings()
        self.folder = root / "schedules"
        self.folder.mkdir(exist_ok=True)
        given = {"report": name, "cron": "0 0 29 2 *", "timezone": "UTC"} | fields
        (self.folder / "one.yaml").write_text(json.dumps(given))
        self.ledger = open_ledger(self.settings)

    def ask(self, at=None):
        schedule = Folder(self.folder).load().get("one")
        requests.run_now(self.ledger, schedule, datetime.now(UTC), at=at)

    def tick(self, **options):
        return run_tick(
            self.settings, os.environ, at_once=1, only=None, grace_seconds=1, **options
        ).begun

    def add_worker(self, **options):
        execute = ReportExecutor(self.settings, Spares(self.settings.state / "runs"))
        return Worker(self.ledger, Folder(self.folder), execute, kind="tick", **options)

    def start_daemon(self, *words, **environ):
        """Start the daemon as a person would; what it logs is read from its standard error."""
        command = [sys.executable, "-m", "murmuration.cli", "schedule", "run", *words]
        return subprocess.Popen(
            command,
            cwd=self.settings.root,
            env=os.environ | environ,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fires(self):
        with self.ledger.read() as connection:
            return list(connection.execute(select(fires).order_by(fires.c.logical_time)))

    def attempts(self):
        with self.ledger.read() as connection:
            return list(connection.execute(select(attempts)))


def processes_with(mark):
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if mark in (process.info["cmdline"] or []) and process.pid != os.getpid()
    ]


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)
