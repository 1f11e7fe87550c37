"""How soon a fire that is due has its kernel, what a run costs over its analysis, and what a tick without work costs.

    python tests/benchmarks/schedule_speed.py --fires 6

Bars, on a quiet machine: from due to the kernel's first cell 2 s (median); a run 1.5 s over what its cells take; with 500
schedules a tick without due work 1 s and the process 300 MB. The reference is the same notebook by the papermill command,
in the same minutes, so that a ratio tells more than seconds where others work on the machine too.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import psutil
from sqlalchemy import select

from murmuration.schedule.ledger import Ledger
from murmuration.schedule.spec import Folder
from murmuration.schedule.tables import attempts, fires
from murmuration.schedule.worker import Worker, utc_now

ROOT = Path(__file__).resolve().parents[2]
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
CELLS = ('note: str = ""  # anything', "import time\ntime.sleep(0.5)")


def make_workspace(root: Path) -> dict[str, str]:
    """A workspace with one small report, a store of one post, and a schedule of every minute."""
    (root / "data_catalog.yaml").write_text((ROOT / "data_catalog.yaml").read_text())
    (root / "notebooks" / "reports").mkdir(parents=True)
    (root / "schedules").mkdir()
    cells = [
        {
            "cell_type": "code", "id": f"c{n}", "metadata": {"tags": ["parameters"] if n == 0 else []},
            "source": source, "outputs": [], "execution_count": None,
        }
        for n, source in enumerate(CELLS)
    ]  # fmt: skip
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": KERNEL, "cells": cells}
    (root / "notebooks" / "reports" / "small.ipynb").write_text(json.dumps(notebook))
    (root / "posts.csv").write_text("id,text,created_at,author\n1,hello,2026-01-01T00:00:00Z,a\n")
    environ = {name: value for name, value in os.environ.items() if "MURMURATION" not in name}
    murmuration(root, environ, "import", "posts.csv", "--source", "x")
    return environ


def murmuration(root: Path, environ: dict[str, str], *words: str) -> None:
    """Run a command in the workspace."""
    command = [sys.executable, "-m", "murmuration.cli", *words]
    subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)


def measure_runs(root: Path, environ: dict[str, str], count: int) -> dict[str, float]:
    """Let a daemon run so many fires, and a papermill beside each wait."""
    (root / "schedules" / "minute.yaml").write_text(
        "report: small\ncron: '* * * * *'\ntimezone: UTC\n"
    )
    ledger = Ledger(f"sqlite:///{root / '.murmuration' / 'ledger.sqlite'}")
    command = [sys.executable, "-m", "murmuration.cli", "schedule", "run"]
    reference: list[float] = []
    with (root / "daemon.log").open("wb") as log:
        daemon = subprocess.Popen(command, cwd=root, env=environ, stdout=log, stderr=log)
        while len(rows := ended(ledger)) < count:
            time.sleep(1)
            if len(reference) < len(rows):  # between two fires
                reference.append(time_papermill(root, environ))
        memory = psutil.Process(daemon.pid).memory_info().rss / 1e6
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()
    starts = [(row.kernel_at - row.logical_time).total_seconds() for row in rows]
    costs = [
        (row.ended_at - row.claimed_at).total_seconds() - in_cells(row.run_folder) for row in rows
    ]
    return {
        "due to first cell, median s": statistics.median(starts),
        "slowest s": max(starts),
        "run over its cells, median s": statistics.median(costs),
        "papermill's command over the same cells, median s": statistics.median(reference) - 0.5,
        "daemon MB": memory,
    }


def ended(ledger: Ledger) -> list:
    """Attempts that succeeded, with the time of their fire."""
    query = select(attempts, fires.c.logical_time).join(fires, fires.c.id == attempts.c.fire_id)
    with ledger.read() as connection:
        return list(connection.execute(query.where(attempts.c.state == "succeeded")))


def in_cells(folder: str) -> float:
    """Seconds that a run's cells took, as papermill noted."""
    notebook = json.loads((Path(folder) / "notebook.ipynb").read_text())
    notes = [cell["metadata"].get("papermill", {}) for cell in notebook["cells"]]
    return sum(note.get("duration") or 0.0 for note in notes)


def time_papermill(root: Path, environ: dict[str, str]) -> float:
    """Seconds of the papermill command on the same notebook."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "papermill", "notebooks/reports/small.ipynb", "out.ipynb"]
    subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)
    return time.perf_counter() - begun


def measure_tick(root: Path, count: int) -> dict[str, float]:
    """Ticks without due work over so many schedules, in a process that could run reports."""
    import murmuration.reports.runner  # noqa: F401  as a daemon has

    folder = root / "many"
    folder.mkdir()
    for number in range(count):
        text = f"report: small\ncron: '{number % 60} 3 1 1 *'\ntimezone: Europe/Berlin\n"
        (folder / f"s{number}.yaml").write_text(text)
    ledger = Ledger(f"sqlite:///{root / 'many.sqlite'}")
    worker = Worker(
        ledger,
        Folder(folder),
        lambda *_, **__: None,
        kind="tick",
        lease=timedelta(minutes=1),
        now=utc_now,
    )
    seconds = []
    for _ in range(6):
        begun, cpu = time.perf_counter(), time.process_time()
        assert worker.tick() == 0
        worker.next_look()
        seconds.append((time.perf_counter() - begun, time.process_time() - cpu))
    memory = psutil.Process().memory_info().rss / 1e6
    worker.finish()
    return {
        "first tick s": seconds[0][0], "first tick CPU s": seconds[0][1],
        "later tick, median s": statistics.median(one for one, _ in seconds[1:]),
        "later tick, median CPU s": statistics.median(one for _, one in seconds[1:]), "MB": memory,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fires", type=int, default=6)
    parser.add_argument("--schedules", type=int, default=500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        print(f"load {os.getloadavg()}")
        for name, value in measure_tick(root, asked.schedules).items():
            print(f"{asked.schedules} schedules, {name}: {value:.3f}", flush=True)
        environ = make_workspace(root)
        for name, value in measure_runs(root, environ, asked.fires).items():
            print(f"{name}: {value:.2f}", flush=True)
        print(f"load {os.getloadavg()}")


if __name__ == "__main__":
    main()
