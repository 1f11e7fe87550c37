"""The daemon as a process: metrics on its port, JSON logs, the dead man's switch, and an end in good order."""

import http.server
import json
import logging
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from datetime import timedelta

import pytest

from murmuration.errors import LedgerError
from murmuration.reports.context import this_host
from murmuration.schedule import daemon
from murmuration.schedule.changes import compare_new
from murmuration.schedule.daemon import Chores, Ticked
from murmuration.schedule.logs import JsonFormatter, note_run
from murmuration.schedule.overview import look
from murmuration.schedule.spec import Folder
from murmuration.schedule.tables import workers
from murmuration.schedule.worker import Worker, utc_now
from murmuration.settings import get_settings

from .office import wait_until


class Switch:
    """Hears who says that all is well."""

    def __init__(self):
        self.heard = heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                heard.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/alive"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def test_a_daemon_says_how_it_is_and_ends_in_good_order(make_office):
    office = make_office()  # of a report that is not there
    (office.folder / "wrong.yaml").write_text("report: [")
    switch, port = Switch(), free_port()
    started = office.start_daemon(
        "--metrics-port", str(port), MURMURATION_LOG="json", MURMURATION_PING=switch.address
    )
    said = []
    reading = threading.Thread(target=lambda: said.extend(started.stderr), daemon=True)
    reading.start()
    try:
        wait_until(lambda: switch.heard, 120)

        def metrics():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                return answer.read().decode()

        assert "murmuration_ledger_up 1.0" in metrics()
        wait_until(lambda: "murmuration_broken_schedules 2.0" in metrics())  # and one
        wait_until(lambda: (office.settings.reports / "schedule.html").exists())
    finally:
        started.send_signal(signal.SIGTERM)
        reading.join(60)
        started.wait(60)
        started.stderr.close()
        switch.close()
    assert started.returncode == 0
    lines = [json.loads(line) for line in said]
    assert any("is no valid YAML" in line["message"] and line["level"] == "error" for line in lines)
    found = [line for line in lines if "one is not in order" in line["message"]]
    assert [line["level"] for line in found] == ["warning"]
    assert "There is no report 'small'" in found[0]["message"]
    assert {"at", "level", "logger", "message"} <= lines[0].keys()
    assert switch.address not in "".join(said)


def test_a_daemon_that_cannot_do_what_it_is_told_is_not_counted(make_office):
    office = make_office()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        metrics = ("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(LedgerError, match="in use"):
            daemon.run_daemon(office.settings, {}, at_once=1, grace_seconds=1, metrics=metrics)
    assert look(office.ledger, Folder(office.folder).load(), utc_now()).daemons == 0


def test_a_worker_whose_loop_ends_with_an_error_signs_off(bench):
    assert look(bench.ledger, bench.worker.schedules, bench.clock.now).daemons == 1
    with pytest.raises(RuntimeError), bench.worker.until_ended():
        raise RuntimeError
    assert look(bench.ledger, bench.worker.schedules, bench.clock.now).daemons == 0


def test_a_killed_daemon_of_this_machine_counts_as_gone_after_two_signs_of_life_left_out(bench):
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    rows = [
        f"{this_host()}-{gone.pid}-aaaaaa",  # no such process
        f"another-{gone.pid}-cccccc",  # nobody here can tell
        f"{this_host()}-{gone.pid}-dddddd",  # perhaps in a container of this name
    ]
    with bench.ledger.write() as connection:
        for name in rows:
            began = bench.clock.now - timedelta(seconds=0 if name.endswith("d") else 11)
            connection.execute(
                workers.insert().values(
                    id=name,
                    kind="daemon",
                    at_once=1,
                    started_at=began,
                    heartbeat_at=began,
                )
            )
    found = look(bench.ledger, bench.worker.schedules, bench.clock.now)
    assert {one["id"] for one in found.workers} == {bench.worker.name, *rows[1:]}


def test_log_lines_for_machines_name_the_fire_and_the_run(bench, caplog):
    bench.write(for_each={"brand": ["a"]})
    lines = []
    listening = logging.Handler()
    listening.emit = lambda record: lines.append(json.loads(JsonFormatter().format(record)))
    log = logging.getLogger("murmuration")
    log.addHandler(listening)
    log.setLevel(logging.INFO)
    bench.run.wait = lambda job, stop: (note_run("a-run"), log.info("from deep below"))
    try:
        bench.tick()
        bench.clock.advance(minutes=31)
        bench.tick()
    finally:
        log.removeHandler(listening)
    fire = {"schedule": "one", "item": "brand=a", "fire": "2026-03-02T01:00:00Z"}
    about = {line["message"]: line for line in lines}
    assert about["one brand=a 2026-03-02T01:00:00Z: attempt 1 begins"].items() >= fire.items()
    assert about["from deep below"].items() >= (fire | {"run": "a-run"}).items()


def test_a_lost_worker_is_told_with_its_fire(bench, caplog):
    bench.write()
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.run.wait = lambda job, stop: stop.wait(20)
    sleeper = bench.add_worker(beat_seconds=3600)
    sleeper.tick()
    bench.clock.advance(minutes=5)
    bench.add_worker(at_once=0).tick()
    assert f"one 2026-03-02T01:00:00Z: worker {sleeper.name} was lost" in caplog.text


def test_the_dead_mans_switch_hears_nothing_when_ticks_fail(bench, monkeypatch):
    switch = Switch()
    monkeypatch.setenv("MURMURATION_PING", switch.address)
    get_settings.cache_clear()
    chores = Chores(bench.ledger, bench.worker, get_settings(), {})
    chores.ping()
    chores.ticked_at -= 1000
    chores.ping()
    switch.close()
    assert switch.heard == ["/alive"]


def test_the_dead_mans_switch_hears_all_is_well_while_a_comparison_takes_long(bench, monkeypatch):
    switch, begun = Switch(), threading.Event()
    monkeypatch.setenv("MURMURATION_PING", switch.address)
    get_settings.cache_clear()
    chores = Chores(bench.ledger, bench.worker, get_settings(), {})

    def compare():
        begun.set()
        chores._over.wait(60)

    monkeypatch.setattr(chores, "compare", compare)
    monkeypatch.setattr(chores, "draw", lambda: None)
    with chores.in_background():
        assert begun.wait(20)
        wait_until(lambda: switch.heard)
    switch.close()


def test_a_daemon_goes_on_where_no_process_is_to_be_had(bench, monkeypatch, caplog):
    class NoSpares:
        def fill(self, count):
            raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(daemon, "_AFTER_ERROR_SECONDS", 0.01)
    bench.write()
    chores = Chores(bench.ledger, bench.worker, get_settings(), {})
    before = chores.ticked_at
    daemon._loop_once(bench.worker, NoSpares(), chores)
    assert "Resource temporarily unavailable" in caplog.text
    assert chores.ticked_at == before


def test_a_tick_outlives_a_ledger_that_is_away_once_runs_began(make_office, monkeypatch):
    office = make_office(name="brand_health", parameters={"no_such": 1})
    office.ask()
    real, ticks = Worker.tick, []

    def tick(worker):
        ticks.append(1)
        if len(ticks) == 2:
            raise LedgerError("The ledger is away.")
        return real(worker)

    monkeypatch.setattr(Worker, "tick", tick)
    assert office.tick() == 1
    assert len(ticks) >= 3
    ticks[:] = [1]
    monkeypatch.setattr(Worker, "tick", tick)
    with pytest.raises(LedgerError, match="is away"):  # nothing has begun
        office.tick()


def test_a_tick_says_what_came_of_its_runs_in_a_line():
    failed = [("one", "No luck."), ("two brand=a", "It took too long."), ("three", "No luck.")]
    states = {"succeeded": 2, "failed": 2, "timed out": 1, "queued": 1}
    assert Ticked(6, states, failed).describe() == (
        "6 runs: 2 succeeded, 2 failed, 1 timed out, 1 to be tried again "
        "(one, three: No luck; two brand=a: It took too long)."
    )
    assert Ticked(0, {}, []).describe() == "0 runs."


@pytest.fixture
def compared(bench, monkeypatch, tmp_path):
    """A run that has one before it, and a process in place of the one that compares."""
    bench.write()
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick()
    [folder] = bench.shown()
    manifest = json.loads((folder / "manifest.json").read_text()) | {"previous": "another"}
    (folder / "manifest.json").write_text(json.dumps(manifest))

    def by(program):
        script = tmp_path / "python"
        script.write_text(f"#!/bin/sh\n{program}\n")
        script.chmod(0o755)
        monkeypatch.setattr("murmuration.schedule.changes.sys.executable", str(script))
        return folder / "changes.json"

    return by


def test_a_comparison_that_comes_to_no_end_is_said_and_not_tried_for_a_day(bench, compared):
    said = compared("exit 3")
    assert compare_new(bench.ledger, bench.worker.name, bench.clock.now) == 0
    problem = json.loads(said.read_text())["problem"]
    assert problem == "The comparison came to no end: its process ended with 3."
    said.write_text("{}")
    compare_new(bench.ledger, bench.worker.name, bench.clock.now)
    assert said.read_text() == "{}"  # not again


def test_a_comparison_does_not_hold_up_the_end_of_the_daemon(bench, compared):
    said, stop = compared("exec sleep 60"), threading.Event()
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()
    compare_new(bench.ledger, bench.worker.name, bench.clock.now, stop=stop)
    assert time.monotonic() - begun < 20
    assert not said.exists()  # whoever looks next compares it


def test_what_goes_wrong_beside_the_runs_is_logged_without_secrets(caplog):
    def fail():
        raise OSError("https://secret.example/key")

    from murmuration.schedule.daemon import _Chore

    Chores._try(_Chore("the dead man's switch", 1.0, fail))

    def away():
        raise LedgerError("The ledger is away.")

    Chores._try(_Chore("notices", 1.0, away))
    assert "secret" not in caplog.text
    assert "The ledger is away." in caplog.text
