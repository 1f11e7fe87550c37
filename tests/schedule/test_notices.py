"""Who is told of what: gathered, rate-limited, tried again, and never in the way of a run."""

import http.server
import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import select
from typer.testing import CliRunner

from murmuration.cli import app
from murmuration.schedule import requests
from murmuration.schedule.alerts import Alert
from murmuration.schedule.claims import Result
from murmuration.schedule.metrics import LedgerCollector
from murmuration.schedule.notices import Message, count_waiting, deliver_by_apprise, send_due
from murmuration.schedule.overview import look
from murmuration.schedule.page import write_schedule_page
from murmuration.schedule.tables import notices

from .conftest import START

ALL = ["success", "failure", "recovery", "missed", "alert"]
FAILED = Result("failed", "x", "no luck")


class Post:
    """Takes messages, or refuses them."""

    def __init__(self):
        self.sent, self.refuses = [], None

    def __call__(self, address, message):
        if self.refuses is None:
            self.sent.append((address, message))
        return self.refuses


@pytest.fixture
def post():
    return Post()


def send(bench, post, environ=None, **options):
    return send_due(
        bench.ledger, environ or {"TEAM": "json://x"}, bench.clock.now, deliver=post, **options
    )


def begin(bench, name="one", **wish):
    bench.write(
        name, notify=[{"to": "TEAM", "when": ALL, "gather": "5m", "at_most_every": "6h"} | wish]
    )
    bench.tick()


def state(bench):
    with bench.ledger.read() as connection:
        return [tuple(row) for row in connection.execute(select(notices.c.event, notices.c.state))]


def test_a_broken_night_is_one_message_and_the_morning_another(bench, post):
    begin(bench)
    begin(bench, "two")
    for hour in range(5):
        bench.clock.advance(minutes=31 if hour == 0 else 60)
        bench.run.next = [FAILED, FAILED]
        bench.tick()
        bench.clock.advance(minutes=6)
        send(bench, post)
        bench.clock.advance(minutes=-6)
    [(address, message)] = post.sent
    assert address == "json://x"
    assert message.title == "Murmuration: 2 failed"
    assert "✗ one failed, last for 2026-03-02 01:00 UTC\nno luck" in message.body
    bench.clock.advance(hours=3)
    bench.tick()
    bench.clock.advance(minutes=6)
    assert send(bench, post) == 1
    assert post.sent[1][1].title == "Murmuration: 2 failed, 2 recovered"
    assert "✗ one failed 4 times" in post.sent[1][1].body
    assert "✓ one recovered" in post.sent[1][1].body


def test_a_success_comes_with_the_answer_the_link_and_the_page(bench, post):
    begin(bench, attach=True)
    bench.clock.advance(minutes=31)
    bench.run.alerts = [Alert("x", 5, START, START, True, "Many are angry since noon.")]
    bench.tick()
    [folder] = bench.shown()
    (folder / "report.html").write_text("a page")
    bench.clock.advance(minutes=6)
    send(bench, post, links="https://reports.example/")
    [(_, message)] = post.sent
    assert message.title == "Murmuration: 1 raised an alert, 1 succeeded"
    assert "All is well.\nhttps://reports.example/one/" in message.body
    assert "Many are angry since noon." in message.body
    assert message.attachments == (folder / "report.html",)


@pytest.fixture
def hook(monkeypatch):
    """Hears messages as a team's webhook would."""
    heard = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("TEAM", f"json://127.0.0.1:{server.server_address[1]}/hook")
        yield heard
        server.shutdown()


@pytest.mark.parametrize(("until_done", "gather"), [(False, "1h"), (True, "2s")])
def test_a_tick_sends_what_its_own_runs_have_to_say_before_it_returns(
    make_office, hook, until_done, gather
):
    wrong = {"parameters": {"no_such": 1}}  # fails before a kernel starts
    office = make_office(**wrong, name="brand_health", notify=[{"to": "TEAM", "gather": gather}])
    office.ask()
    begun = time.monotonic()
    assert office.tick(until_done=until_done) == 1
    assert "no parameter" in "".join(hook)
    assert time.monotonic() - begun >= 2 * until_done


def age_messages(ledger):
    """Let an hour go by since the last message."""
    with ledger.write() as connection:
        for row in connection.execute(select(notices).where(notices.c.sent_at.is_not(None))).all():
            before = row.sent_at - timedelta(hours=1)
            connection.execute(
                notices.update().where(notices.c.id == row.id).values(sent_at=before)
            )


def test_what_is_held_back_is_sent_by_the_first_tick_after_the_wait(make_office, hook):
    notify = [{"to": "TEAM", "gather": "1s", "at_most_every": "1h"}]
    office = make_office(parameters={"no_such": 1}, name="brand_health", notify=notify)
    office.ask()
    assert office.tick() == 1
    assert len(hook) == 1
    office.ask(at=datetime(2024, 2, 29, tzinfo=UTC))
    assert office.tick() == 1  # in a tick that ends before the wait does
    assert len(hook) == 1
    assert count_waiting(office.ledger) == 1
    age_messages(office.ledger)
    assert office.tick() == 0  # nothing is due but the notice
    assert len(hook) == 2
    assert count_waiting(office.ledger) == 0


def test_what_is_held_back_can_be_sent_without_a_tick(make_office, hook):
    notify = [{"to": "TEAM", "gather": "1s", "at_most_every": "1h"}]
    office = make_office(parameters={"no_such": 1}, name="brand_health", notify=notify)
    for at in (None, datetime(2024, 2, 29, tzinfo=UTC)):
        office.ask(at=at)
        assert office.tick() == 1
    done = CliRunner().invoke(app, ["schedule", "send"])
    assert done.stdout.startswith("0 messages sent, 1 notice left.")
    age_messages(office.ledger)
    done = CliRunner().invoke(app, ["schedule", "send"])
    assert done.stdout.startswith("1 message sent, 0 notices left.")
    assert len(hook) == 2


def test_an_address_may_stand_in_the_env_file_beside_the_catalog(make_office, hook, monkeypatch):
    office = make_office(
        parameters={"no_such": 1}, name="brand_health", notify=[{"to": "TEAM", "gather": "1s"}]
    )
    (office.settings.root / ".env").write_text(f"TEAM={os.environ['TEAM']}\n")
    monkeypatch.delenv("TEAM")
    office.ask()
    assert office.tick() == 1
    assert len(hook) == 1


def test_what_could_not_be_delivered_is_named_with_its_cause_and_no_address(bench):
    begin(bench)
    bench.clock.advance(minutes=31)
    bench.run.next = [FAILED]
    bench.tick()
    bench.clock.advance(minutes=6)
    here = {"TEAM": "json://user:secret@127.0.0.1:1/"}
    send(bench, deliver_by_apprise, environ=here)
    [one] = look(bench.ledger, bench.worker.schedules, bench.clock.now).undelivered
    assert one.describe() == (
        "one, failure of 2026-03-02 01:00 UTC, to TEAM: its server could not be reached (tried 1 time, tried again at "
        "2026-03-02 01:08 UTC)."
    )
    bench.clock.advance(minutes=2)
    send(bench, deliver_by_apprise, environ={"OTHER": "x"})
    [one] = look(bench.ledger, bench.worker.schedules, bench.clock.now).undelivered
    assert (one.to, one.tries) == ("TEAM", 2)
    assert one.why == "TEAM is neither set in the environment nor in .env beside the catalog"
    page = write_schedule_page(
        bench.ledger, bench.worker.schedules, bench.run.reports, bench.clock.now
    )
    assert one.why in page.read_text()
    registry = CollectorRegistry()
    registry.register(LedgerCollector(bench.ledger))
    said = generate_latest(registry).decode()
    assert 'murmuration_undelivered_notices{state="waiting"} 1.0' in said
    # Long after it was given up nobody needs to hear of it.
    bench.clock.advance(days=4)
    send(bench, deliver_by_apprise, environ=here)
    [one] = look(bench.ledger, bench.worker.schedules, bench.clock.now).undelivered
    assert one.next_at is None
    bench.clock.advance(days=10)
    assert not look(bench.ledger, bench.worker.schedules, bench.clock.now).undelivered


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("json://127.0.0.1:1/secret", "its server could not be reached"),
        ("nothing-like-it://secret", "apprise knows no such address"),
        ("REFUSING", "its server answered with error 403"),
    ],
)
def test_why_a_message_did_not_arrive_is_told_without_the_address(
    address, why, capfd, caplog, refusing
):
    problem = deliver_by_apprise(
        refusing if address == "REFUSING" else address, Message("a", "b", ())
    )
    assert problem == why
    assert "apprise" not in [record.name for record in caplog.records]
    assert "secret" not in "".join(capfd.readouterr())


@pytest.fixture
def refusing():
    """Address of a server that lets nobody in."""

    class Closed(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_address[1]}/secret"
        server.shutdown()


def test_missed_fires_are_one_notice(bench, post):
    begin(bench)
    bench.write(catch_up="skip", notify=[{"to": "TEAM", "gather": "1m"}])
    bench.clock.advance(hours=4)
    bench.tick()
    bench.clock.advance(minutes=6)
    send(bench, post)
    assert "4 fires were missed, the last of 2026-03-02 04:00 UTC." in post.sent[0][1].body


def test_fires_that_are_too_late_are_missed_too(bench, post):
    notify = [{"to": "TEAM", "when": ["missed"], "gather": "1m", "at_most_every": "1m"}]
    bench.write(max_staleness="90m", notify=notify, catch_up="all")
    bench.tick()
    bench.clock.advance(hours=3)
    bench.tick(bench.add_worker(at_once=0))  # 01:00 is stale, 02:00 and 03:00 wait
    bench.clock.advance(minutes=2)
    assert send(bench, post) == 1
    assert "1 fire was missed, the last of 2026-03-02 01:00 UTC." in post.sent[0][1].body
    bench.clock.advance(minutes=20)
    bench.tick()
    bench.clock.advance(minutes=2)
    assert send(bench, post) == 1
    assert (
        "The fire of 2026-03-02 02:00 UTC was not run; stale: 112 minutes late, and 90 are allowed."
        in post.sent[1][1].body
    )


def test_how_the_past_goes_is_no_recovery(bench, post):
    begin(bench)
    bench.clock.advance(minutes=31)
    bench.run.next = [FAILED]
    bench.tick()
    the = bench.worker._folder.load().get("one")
    past = {"since": START - timedelta(hours=3), "until": START - timedelta(hours=2)}
    requests.backfill(bench.ledger, the, bench.clock.now, **past)
    bench.tick()
    bench.clock.advance(minutes=60)
    bench.tick()
    assert [event for event, _ in state(bench)] == ["failure", "success", "recovery"]


def test_a_notice_that_is_not_accepted_is_tried_again_and_given_up_in_the_end(bench, post):
    begin(bench)
    bench.clock.advance(minutes=31)
    bench.run.next = [FAILED]
    bench.tick()
    bench.clock.advance(minutes=6)
    post.refuses = "the network is away"
    assert send(bench, post) == send(bench, post) == 0
    assert state(bench) == [("failure", "pending")]
    bench.clock.advance(minutes=2)
    post.refuses = None
    assert send(bench, post) == 1
    assert bench.fires("state")[0] == ("failed",)  # what became of the run is its own matter

    bench.clock.advance(hours=1)
    bench.run.next = [FAILED]
    bench.tick()
    bench.clock.advance(days=4)
    assert send(bench, post, environ={"OTHER": "x"}) == 0
    assert state(bench)[-1] == ("failure", "given up")


def test_a_message_reaches_a_webhook_through_apprise():
    heard = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    from murmuration.schedule.notices import Message

    message = Message("a title", "a body", ())
    with http.server.HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        port = server.server_address[1]
        assert deliver_by_apprise(f"json://127.0.0.1:{port}/hook", message) is None
    assert b"a body" in heard[0]
    assert deliver_by_apprise(f"json://127.0.0.1:{port}/hook", message) == (
        "its server could not be reached"
    )
    assert deliver_by_apprise("nonsense", message) == "apprise knows no such address"
