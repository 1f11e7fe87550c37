"""The dashboards, started as a person starts them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from ..conftest import ROOT


@dataclass(frozen=True)
class Server:
    """A running server: its address without a token, its token, its log."""

    address: str
    token: str
    log: Path
    process: subprocess.Popen


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def serve(folder: Path, reports: Path, *words: str) -> Iterator[Server]:
    """Serve the runs of a folder."""
    root = folder / "workspace"
    if not root.exists():
        root.mkdir(parents=True)
        shutil.copy(ROOT / "data_catalog.yaml", root)
        shutil.copytree(ROOT / "notebooks", root / "notebooks")
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("MURMURATION_")
    }
    clean |= {
        "MURMURATION_REPORTS": str(reports), "MURMURATION_STATE": str(folder / "state"),
        "MURMURATION_STORE": str(folder / "store"),
    }  # fmt: skip
    log = folder / "server.log"
    command = [
        sys.executable,
        "-m",
        "murmuration.cli",
        "dashboards",
        f"--port={free_port()}",
        *words,
    ]
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=root, env=clean, stdout=file, stderr=file,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
    try:
        yield _wait(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: subprocess.Popen, log: Path) -> Server:
    deadline = monotonic() + 90
    while monotonic() < deadline and process.poll() is None:
        found = re.search(
            r"^Dashboards: (http://\S+?/)(?:\?token=(\S+))?$", log.read_text(), re.MULTILINE
        )
        if found:
            return Server(found[1], found[2] or "", log, process)
        sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text()}")
