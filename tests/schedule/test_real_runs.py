"""Schedules whose runs are real notebooks with real kernels; longer ones are in tests/soak/test_real_runs.py."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from murmuration.reports.manifest import list_runs
from murmuration.schedule import requests

from .office import STRAY, processes_with, wait_until

SAVE = """
import murmuration as mm
import pandas as pd
run = mm.start_run("small")
posts = mm.load_posts(columns=["post_id"], as_of=run.as_of).compute()
run.answer([f"{len(posts)} posts."])
path = run.save_table(pd.DataFrame({"item": ["posts"], "value": [len(posts)]}), "counted", key=["item"])
"""


@pytest.mark.soak
def test_each_run_says_what_changed_since_the_one_before(
    make_office, add_report, take_in, write_csv, store_of_settings
):
    add_report(SAVE)
    office = make_office()
    office.ask(at=datetime(2020, 2, 29, tzinfo=UTC))
    assert office.tick() == 1
    more = [{"id": "99", "text": "late", "created_at": "2026-01-02T00:00:00Z", "author": "b"}]
    take_in(write_csv(more, "more.csv"), into=store_of_settings)
    office.ask(at=datetime(2024, 2, 29, tzinfo=UTC))
    assert office.tick() == 1
    second, first = list_runs(office.settings.reports)
    assert second.manifest["answer"] == ["4 posts."]
    assert (first.manifest["previous"], second.manifest["previous"]) == (None, first.folder.name)
    assert not (first.folder / "changes.json").exists()
    facts = json.loads((second.folder / "changes.json").read_text())
    assert (facts["first"], facts["second"]) == (first.folder.name, second.folder.name)
    [table] = facts["tables"]
    assert table["columns"] == [{"column": "value", "rows": 1, "by_at_most": 1.0}]
    assert first.folder.name in (second.folder / "changes.html").read_text()
    assert 'href="changes.html"' in (second.folder / "report.html").read_text()
    assert "changes.html" not in (first.folder / "report.html").read_text()
    done = subprocess.run(
        [sys.executable, "-m", "murmuration.cli", "compare", second.folder.name, "--json"],
        cwd=office.settings.root, capture_output=True, text=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["first"] == first.folder.name, done.stderr


def test_a_child_that_a_finished_run_left_behind_is_ended(make_office, add_report):
    mark = f"stray-{os.getpid()}-finished"
    add_report(STRAY.format(mark=mark))
    office = make_office()
    office.ask()
    office.tick()
    assert [row.state for row in office.fires()] == ["succeeded"]
    assert processes_with(mark) == []


def test_a_run_that_is_cancelled_ends_with_all_that_it_started(make_office, add_report):
    mark = f"stray-{os.getpid()}-cancelled"
    add_report(STRAY.format(mark=mark) + "time.sleep(600)")
    office = make_office(retries={"attempts": 3})
    worker = office.add_worker(beat_seconds=0.1)
    office.ask()
    assert worker.tick() == 1
    wait_until(lambda: len(processes_with(mark)) >= 2)
    assert requests.cancel(office.ledger, "one", datetime.now(UTC)).running == 1
    wait_until(lambda: worker.running == 0)
    worker.finish()
    assert processes_with(mark) == []
    assert [row.state for row in office.fires()] == ["cancelled"]
    assert list_runs(office.settings.reports) == []


def test_a_notebook_that_prints_200_mb_leaves_a_small_run(make_office, add_report):
    add_report("for _ in range(200):\n    print('x' * 1_000_000)", "print('on')")
    office = make_office()
    office.ask()
    office.tick()
    [run] = list_runs(office.settings.reports)
    assert run.status == "succeeded"
    assert sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file()) < 2_000_000
    notebook = (run.folder / "notebook.ipynb").read_text()
    assert "more was printed, and is left out" in notebook
    assert "'on'" in notebook


FULL = """
import resource, sys
from murmuration.cli import app
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))  # a page with plotly's script is larger
app(["schedule", "tick"])
"""


@pytest.mark.soak
def test_a_disk_that_is_full_while_a_run_is_published_leaves_no_half_run(make_office, add_report):
    add_report(SAVE, "import plotly.graph_objects as go\ngo.Figure(go.Bar(x=[1], y=[1]))")
    office = make_office()
    office.ask()
    done = subprocess.run(
        [sys.executable, "-c", FULL], cwd=office.settings.root, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    [fire] = office.fires()
    assert fire.state == "failed"
    assert "File too large" in fire.error
    assert list_runs(office.settings.reports) == []
    assert list(office.settings.reports.glob("small/*/report.html")) == []
