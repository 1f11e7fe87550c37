"""The daemon as a process: metrics on its port, JSON logs, the dead man's switch, and an end in good order."""

import http.server
import json
import signal
import socket
import threading
import urllib.request

from murmuration.errors import LedgerError
from murmuration.schedule.daemon import Chores
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
    office = make_office()
    (office.folder / "wrong.yaml").write_text("report: [")
    switch, port = Switch(), free_port()
    daemon = office.start_daemon(
        "--metrics-port", str(port), MURMURATION_LOG="json", MURMURATION_PING=switch.address
    )
    said = []
    reading = threading.Thread(target=lambda: said.extend(daemon.stderr), daemon=True)
    reading.start()
    try:
        wait_until(lambda: switch.heard, 120)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            assert "murmuration_ledger_up 1.0" in answer.read().decode()
        wait_until(lambda: (office.settings.reports / "schedule.html").exists())
    finally:
        daemon.send_signal(signal.SIGTERM)
        reading.join(60)
        daemon.wait(60)
        daemon.stderr.close()
        switch.close()
    assert daemon.returncode == 0
    lines = [json.loads(line) for line in said]
    assert any("is no valid YAML" in line["message"] and line["level"] == "error" for line in lines)
    assert {"at", "level", "logger", "message"} <= lines[0].keys()
    assert switch.address not in "".join(said)


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
