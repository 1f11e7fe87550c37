"""Alerts from run to run: told when they are new, go on for long or get severer, and when they are over."""

from datetime import timedelta

from sqlalchemy import select

from murmuration.schedule.alerts import Alert
from murmuration.schedule.notices import send_due
from murmuration.schedule.overview import look
from murmuration.schedule.page import write_schedule_page
from murmuration.schedule.tables import alerts, notices

from .conftest import START

NOTIFY = [{"to": "TEAM", "when": ["alert", "recovery"], "gather": "1s"}]


def alarm(
    hours: float, *, severity: int = 5, lasts: float = 4, ongoing: bool = True, name="aurora"
):
    began = START + timedelta(hours=hours)
    sentence = f"{name}, severity {severity}, since hour {hours:g}."
    return Alert(name, severity, began, began + timedelta(hours=lasts), ongoing, sentence)


def begin(bench, **rule):
    bench.write(notify=NOTIFY, alerts=rule)
    bench.tick()
    bench.clock.advance(minutes=31)


def run(bench, *found):
    """Let the run of an hour see some alerts; give what was put on record to be told."""
    bench.run.alerts = list(found)
    bench.tick()
    bench.clock.advance(hours=1)
    return told(bench)


def told(bench):
    with bench.ledger.read() as connection:
        query = select(notices.c.event, notices.c.sentence).order_by(notices.c.id)
        return [(event, sentence) for event, sentence in connection.execute(query)]


def states(bench):
    with bench.ledger.read() as connection:
        query = select(alerts.c.state, alerts.c.told).order_by(alerts.c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_an_alert_is_told_once_with_the_answer_and_its_end_too(bench):
    begin(bench)
    assert run(bench, alarm(0)) == [("alert", "aurora, severity 5, since hour 0. All is well.")]
    assert len(run(bench, alarm(0, lasts=5))) == 1  # goes on, within its grace
    said = run(bench, alarm(0, lasts=5, ongoing=False))
    assert said[1:] == [
        (
            "recovery",
            "The alert about aurora that began on Monday 2 March 0:30 is over since Monday 2 March 5:30.",
        )
    ]
    assert len(run(bench)) == 2
    assert states(bench) == [("raised", True), ("raised", False), ("ended", False), ("over", True)]


def test_an_alert_that_goes_on_stands_on_the_page_of_schedules(bench):
    begin(bench)
    run(bench, alarm(0), alarm(0, name="velora", ongoing=False))
    loaded = bench.worker._folder.load()
    [one] = look(bench.ledger, loaded, bench.clock.now).schedules
    assert one.alerts == ["aurora, severity 5, since hour 0."]
    page = write_schedule_page(bench.ledger, loaded, bench.run.reports, bench.clock.now)
    assert "aurora, severity 5, since hour 0." in page.read_text()
    run(bench)
    assert look(bench.ledger, loaded, bench.clock.now).schedules[0].alerts == []


def test_what_is_over_when_it_is_seen_is_told_once_and_does_not_recover(bench):
    begin(bench)
    assert len(run(bench, alarm(0, ongoing=False))) == 1
    assert len(run(bench, alarm(0, ongoing=False))) == 1
    assert len(run(bench)) == 1


def test_an_alert_that_goes_on_is_told_again_after_its_grace_but_not_too_often(bench):
    begin(bench, grace="2h", at_most=2, within="12h")
    counts = [len(run(bench, alarm(0, lasts=4 + hour))) for hour in range(8)]
    assert counts == [1, 1, 2, 2, 2, 2, 2, 2]
    bench.clock.advance(hours=12)
    assert len(run(bench, alarm(0, lasts=24))) == 3


def test_an_alert_that_gets_severer_by_two_is_told_at_once(bench):
    begin(bench)
    assert len(run(bench, alarm(0, severity=4))) == 1
    assert len(run(bench, alarm(0, severity=5))) == 1
    assert run(bench, alarm(0, severity=6))[1][1].startswith("aurora, severity 6")


def test_an_alert_is_not_over_because_no_posts_come_in_any_more(bench):
    begin(bench)
    run(bench, alarm(0, lasts=4))
    bench.run.seen_until = START + timedelta(hours=3)
    assert len(run(bench)) == 1
    bench.run.seen_until = START + timedelta(hours=9)
    assert [event for event, _ in run(bench)] == ["alert", "recovery"]


def test_mild_alerts_are_on_record_and_not_told_nor_is_their_end(bench):
    begin(bench, min_severity=6)
    assert run(bench, alarm(0)) == []
    assert run(bench) == []
    assert states(bench) == [("raised", False), ("over", False)]


def test_alerts_of_two_brands_are_one_notice_and_end_apart(bench):
    begin(bench)
    [(_, sentence)] = run(bench, alarm(0), alarm(0, name="velora"))
    assert "aurora, severity 5" in sentence
    assert "velora, severity 5" in sentence
    assert "about velora" in run(bench, alarm(0, lasts=5))[1][1]


def test_a_backfill_and_a_run_of_the_past_are_no_news(bench):
    from murmuration.schedule import requests

    begin(bench)
    run(bench, alarm(0))
    schedule = bench.worker._folder.load().get("one")
    bench.run.alerts = [alarm(-50, severity=9)]
    requests.backfill(
        bench.ledger, schedule, bench.clock.now,
        since=START - timedelta(hours=3), until=START - timedelta(hours=1),
    )  # fmt: skip
    requests.run_now(bench.ledger, schedule, bench.clock.now, at=START - timedelta(hours=9.5))
    bench.tick(bench.add_worker(at_once=8))
    assert len(bench.shown()) > 3
    assert [event for event, _ in told(bench)].count("alert") == 1


def test_the_message_holds_the_alert_the_answer_the_link_and_the_page(bench):
    bench.write(notify=[NOTIFY[0] | {"attach": True}])
    bench.tick()
    bench.clock.advance(minutes=31)
    run(bench, alarm(0))
    [folder] = bench.shown()
    (folder / "report.html").write_text("a page")
    sent = []

    def deliver(address, message):
        sent.append(message)

    send_due(
        bench.ledger, {"TEAM": "json://x"}, bench.clock.now, links="https://reports.example", deliver=deliver,
    )  # fmt: skip
    [message] = sent
    assert message.title == "Murmuration: 1 raised an alert"
    assert (
        "aurora, severity 5, since hour 0. All is well.\nhttps://reports.example/one/"
        in message.body
    )
    assert message.attachments == (folder / "report.html",)
