"""How things stand: in the terminal, on the page, for Prometheus."""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from murmuration.cli_schedule import _describe_last
from murmuration.reports.index import write_index
from murmuration.schedule import requests
from murmuration.schedule.claims import Result
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.metrics import LedgerCollector
from murmuration.schedule.overview import look, typical_seconds
from murmuration.schedule.page import write_schedule_page
from murmuration.schedule.tables import workers
from murmuration.settings import load_settings

from .conftest import START


def stand(bench):
    bench.write("good", for_each={"brand": ["a", "<b>"]}, description="An <em>hourly</em> look")
    bench.write("late", cron="15 * * * *")
    bench.write("paused")
    (bench.folder / "wrong.yaml").write_text("report: [")
    bench.tick()
    requests.pause(
        bench.ledger, bench.worker._folder.load().get("paused"), bench.clock.now, why="a move"
    )
    bench.clock.advance(minutes=31)
    bench.run.next = [
        Result("succeeded"),
        Result("failed", "x", "Cell 3 ended with ValueError: <script>"),
    ]
    bench.tick(bench.add_worker(at_once=1))
    bench.clock.advance(minutes=15)
    bench.tick(bench.add_worker(at_once=0))
    bench.clock.advance(minutes=20)
    return bench.worker._folder.load()


def test_what_ran_what_is_late_and_what_comes_next_is_told(bench):
    loaded = stand(bench)
    found = {one.name: one for one in look(bench.ledger, loaded, bench.clock.now).schedules}
    assert list(found) == ["good", "late", "paused", "wrong"]
    assert [fire.item for fire in found["good"].last] == ["brand=<b>", "brand=a"]
    assert sorted(fire.state for fire in found["good"].last) == ["failed", "succeeded"]
    assert int(found["late"].late.total_seconds() // 60) == 21
    assert found["late"].open[0].state == "queued"
    assert found["paused"].paused == "since 2026-03-02 00:30 UTC: a move"
    assert found["paused"].next_at is None
    assert "is no valid YAML" in found["wrong"].problem
    assert f"{found['good'].next_at:%H:%M}" == "02:00"


def test_the_page_shows_it_escaped_and_the_index_links_to_it(bench):
    loaded = stand(bench)
    path = write_schedule_page(bench.ledger, loaded, bench.run.reports, bench.clock.now)
    text = path.read_text()
    for words in (
        "Late by 21 minutes", "a move", "is no valid YAML", "next Mon 2 March 2026, 02:00 UTC",
        "Cell 3 ended with ValueError: &lt;script&gt;", "brand=&lt;b&gt;", "An &lt;em&gt;hourly",
    ):  # fmt: skip
        assert words in text
    assert "<script" not in text
    assert 'href="schedule.html"' in write_index(bench.run.reports).read_text()


def test_a_schedule_whose_file_is_gone_is_told_while_something_of_it_is_left(bench):
    bench.write("ran")
    bench.write("never", cron="0 0 29 2 *")
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick()
    for name in ("ran", "never"):
        (bench.folder / f"{name}.yaml").unlink()
    bench.tick()
    loaded, now = bench.worker.schedules, bench.clock.now
    found = look(bench.ledger, loaded, now)
    assert ([one.name for one in found.there], [one.name for one in found.gone]) == ([], ["ran"])
    page = write_schedule_page(bench.ledger, loaded, bench.run.reports, now).read_text()
    assert page.index("No longer there") < page.index("ran")
    assert "never" not in page
    for folder in bench.shown():
        shutil.rmtree(folder)
    assert not look(bench.ledger, loaded, now).schedules
    assert [one.name for one in look(bench.ledger, loaded, now, every=True).gone] == ["ran"]


def test_what_is_paused_shows_how_it_went_last_and_problems_come_first(bench):
    bench.write("a_good_one")
    bench.write("z_bad_one")
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.run.next = [Result("succeeded"), Result("failed", "x", "no luck")]
    bench.tick(bench.add_worker(at_once=1))
    requests.pause(bench.ledger, bench.worker._folder.load().get("a_good_one"), bench.clock.now)
    bench.clock.advance(minutes=60)
    bench.run.next = [Result("failed", "x", "no luck")]
    bench.tick()
    loaded, now = bench.worker._folder.load(), bench.clock.now
    good = look(bench.ledger, loaded, now).schedules[0]
    assert (good.last[0].state, good.last_real.state) == ("skipped", "succeeded")
    assert _describe_last(good.last[0], good.last_real) == (
        "succeeded 2026-03-02 01:00Z, then skipped 2026-03-02 02:00Z"
    )
    page = write_schedule_page(bench.ledger, loaded, bench.run.reports, now).read_text()
    assert page.index("z_bad_one") < page.index("a_good_one")
    assert "Since then the last fire, of 2 March 02:00, was skipped." in page


LOOK = """
import os, sqlite3, sys
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.tables import workers
if os.getuid() == 0:
    os.setuid(65534)
ledger = Ledger(sys.argv[1], as_it_is=True)
with ledger.read() as connection:
    print(len(connection.execute(workers.select()).all()))
"""


@pytest.mark.parametrize("at_work", [True, False])
def test_who_may_not_write_the_ledger_may_look(at_work):
    with tempfile.TemporaryDirectory() as place:  # where another user may go
        address = f"sqlite:///{place}/ledger.sqlite"
        ledger = Ledger(address)
        row = {
            "id": "a",
            "kind": "daemon",
            "at_once": 1,
            "started_at": START,
            "heartbeat_at": START,
        }
        with ledger.write() as connection:
            connection.execute(workers.insert().values(**row))
        if not at_work:
            ledger.close()
        Path(place).chmod(0o555)
        command = [sys.executable, "-c", LOOK, address]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        Path(place).chmod(0o755)
        ledger.close()
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_durations_are_told_with_their_trend(bench):
    bench.write()
    bench.tick()
    for hour in range(8):
        bench.clock.advance(minutes=31 if hour == 0 else 60)
        bench.run.wait = lambda job, stop, hour=hour: bench.clock.advance(
            seconds=10 if hour < 4 else 30
        )
        bench.tick()
    [one] = look(bench.ledger, bench.worker._folder.load(), bench.clock.now).schedules
    assert one.trend == "20.0 s, longer than before (10.0 s)"


def test_how_long_runs_take_counts_those_that_a_later_fire_replaced(bench, monkeypatch):
    bench.write(overlap="replace")
    bench.tick()
    bench.run.wait = lambda job, stop: stop.wait(20)
    bench.clock.advance(minutes=31)
    bench.tick(wait=False)
    bench.clock.advance(hours=1)
    bench.tick()
    monkeypatch.setenv("MURMURATION_LEDGER", bench.address)
    settings = load_settings(os.environ, start=bench.folder)
    assert typical_seconds(settings) == {"one": timedelta(hours=1)}


def test_prometheus_is_told_runs_by_outcome_lateness_and_the_queue(bench):
    loaded = stand(bench)
    past = {"since": START - timedelta(days=2), "until": START - timedelta(days=2, hours=-1)}
    requests.backfill(bench.ledger, loaded.get("good"), bench.clock.now, **past)
    bench.tick(bench.add_worker(only="good"))
    registry = CollectorRegistry()
    registry.register(LedgerCollector(bench.ledger, broken=lambda: 2))
    said = generate_latest(registry).decode()
    for line in (
        "murmuration_ledger_up 1.0",
        "murmuration_broken_schedules 2.0",
        'murmuration_fires_total{outcome="failed",schedule="good"} 1.0',
        'murmuration_fires_total{outcome="skipped",schedule="paused"} 1.0',
        'murmuration_open_fires{schedule="late",state="queued"} 1.0',
        'murmuration_last_lateness_seconds{schedule="good"} 60.0',
        'murmuration_last_success_timestamp_seconds{schedule="good"}',
    ):
        assert line in said
