"""An attempt: retried, lost, stopped, cancelled, handed back; published at most once."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

import murmuration as mm
from murmuration.errors import LedgerError
from murmuration.schedule import claims, requests
from murmuration.schedule.claims import Result, wait_before
from murmuration.schedule.spec import Retries
from murmuration.schedule.tables import notices

from ..test_models import Constant, constant
from .conftest import START

AGAIN = Result("failed", "x", "the network is away", again=True)


def begin(bench, **fields):
    """Make one fire due."""
    bench.write(**fields)
    bench.tick()
    bench.clock.advance(minutes=31)


def test_an_error_that_waiting_can_help_is_tried_again_and_no_other(bench):
    begin(bench, retries={"attempts": 3, "backoff": "4m"})
    bench.run.next = [AGAIN, AGAIN, Result("succeeded")]
    bench.tick()
    assert bench.fires("state", "reason") == [("queued", "attempt 1 of 3 failed, another follows")]
    bench.clock.advance(minutes=1)
    bench.tick()
    assert len(bench.run.seen) == 1  # too early
    for _ in range(2):
        bench.clock.advance(minutes=8)
        bench.tick()
    assert bench.fires("state", "attempt") == [("succeeded", 3)]
    assert [state for _, state, _ in bench.attempts()] == ["failed", "failed", "succeeded"]
    assert len(bench.shown()) == 3  # also the failed ones, to look into

    bench.run.next = [Result("failed", "x", "a wrong parameter")]
    bench.clock.advance(hours=1)
    bench.tick()
    assert bench.fires("state", "attempt")[-1] == ("failed", 1)


def test_waits_double_up_to_the_longest_and_are_spread():
    retries = Retries(attempts=9, backoff="4m", max_backoff="10m")
    for attempt, longest in ((2, 4), (3, 8), (4, 10), (9, 10)):
        waits = {wait_before(attempt, retries) for _ in range(50)}
        assert (
            timedelta(minutes=longest / 2) <= min(waits) < max(waits) <= timedelta(minutes=longest)
        )


def test_a_worker_that_is_lost_is_replaced_and_changes_nothing_when_it_wakes(bench):
    begin(bench)
    asleep, woken = threading.Event(), threading.Event()

    def wait(job, stop):
        if job.attempt == 1:
            asleep.set()
            woken.wait(20)

    bench.run.wait = wait
    sleeper = bench.add_worker(beat_seconds=1000)
    bench.tick(sleeper, wait=False)
    assert asleep.wait(20)
    bench.clock.advance(seconds=59)
    bench.tick()
    assert bench.fires("state", "attempt") == [("running", 1)]  # its lease still holds
    bench.clock.advance(seconds=2)
    bench.tick()
    assert bench.fires("state", "attempt") == [("succeeded", 2)]
    woken.set()
    bench.join(sleeper)
    assert bench.fires("state", "attempt") == [("succeeded", 2)]
    assert [(n, state) for n, state, _ in bench.attempts()] == [(1, "lost"), (2, "succeeded")]
    assert [path.name for path in bench.shown()] == ["1-2"]


def test_a_worker_that_dies_after_the_decision_has_its_run_shown_by_the_next(
    bench, workspace, monkeypatch
):
    monkeypatch.setitem(mm.models._LOADERS, "constant", Constant.load)
    saved = mm.models.save(constant(name="team"), make_newest=False)
    bench.run.kept = [{"what": "segments", "model": saved.address, "newest": True}]
    begin(bench)
    job = claims.claim(
        bench.ledger, bench.worker._folder.load(), "dying", START, lease=timedelta(seconds=60)
    )
    assert job is None  # nothing was recorded yet
    bench.tick(bench.add_worker(at_once=0))
    schedules = bench.worker._folder.load()
    job = claims.claim(
        bench.ledger, schedules, "dying", bench.clock.now, lease=timedelta(seconds=60)
    )

    def may_show(result):
        return claims.decide_to_publish(bench.ledger, job, result)

    bench.run(job, stop=threading.Event(), begun=lambda folder: None, may_show=may_show)
    assert bench.shown() == []  # decided, and not shown
    bench.clock.advance(seconds=61)
    bench.tick()
    assert bench.fires("state", "attempt") == [("succeeded", 1)]
    assert len(bench.shown()) == len(bench.run.seen) == 1
    assert mm.models.find_newest("team").address == saved.address


def test_a_run_that_kills_its_worker_each_time_is_given_up(bench):
    begin(bench)
    for _ in range(3):
        worker = bench.add_worker(at_once=0)
        bench.tick(worker)
        schedules = worker._folder.load()
        assert claims.claim(
            bench.ledger, schedules, "dying", bench.clock.now, lease=timedelta(seconds=60)
        )
        bench.clock.advance(seconds=61)
    bench.tick()
    assert bench.fires("state", "error") == [
        ("failed", "Its worker was lost 3 times, the last time dying.")
    ]


def test_a_worker_that_is_stopped_hands_back_what_does_not_end_within_the_grace(bench):
    begin(bench)
    bench.run.wait = lambda job, stop: job.attempt == 1 and stop.wait(20)
    stopping = bench.add_worker()
    bench.tick(stopping, wait=False)
    stopping.finish(grace_seconds=0.1)
    assert bench.fires("state", "reason") == [("queued", "its worker was stopped")]
    assert bench.shown() == []
    bench.tick()
    assert bench.fires("state", "attempt") == [("succeeded", 2)]


def test_a_worker_that_is_stopped_lets_its_runs_finish_within_the_grace(bench):
    begin(bench)
    bench.run.wait = lambda job, stop: stop.wait(0.3)
    stopping = bench.add_worker()
    bench.tick(stopping, wait=False)
    stopping.finish(grace_seconds=20)
    assert bench.fires("state", "attempt") == [("succeeded", 1)]


@pytest.mark.parametrize("first", [Result("timed out", "x", "It took too long.")])
def test_a_run_that_took_its_whole_deadline_is_not_tried_again(bench, first):
    begin(bench, retries={"attempts": 3})
    bench.run.next = [first]
    bench.tick()
    assert bench.fires("state", "error") == [("timed out", "It took too long.")]


def test_a_run_whose_end_cannot_be_put_on_record_is_handed_back_not_cancelled(bench, monkeypatch):
    begin(bench)
    worker = bench.add_worker(lease=timedelta(seconds=0.2))
    decide = claims.decide_to_publish

    def away(ledger, job, result):
        if job.attempt == 1:
            raise LedgerError("The ledger is away.")
        return decide(ledger, job, result)

    monkeypatch.setattr(claims, "decide_to_publish", away)

    def execute(job, *, stop, begun, may_show):  # as a report's run does
        with suppress(LedgerError):
            bench.run(job, stop=stop, begun=begun, may_show=may_show)

    worker._execute = execute
    worker.tick()
    bench.join(worker)
    assert bench.fires("state", "reason", "tries") == [
        ("queued", "its end could not be put on record, as the ledger was away", 0)
    ]
    bench.tick()
    assert bench.fires("state", "attempt") == [("succeeded", 2)]


@pytest.fixture
def stuck(bench):
    """A run that was decided to be shown, and whose folder lies on a machine that is gone."""
    begin(bench, notify=[{"to": "TEAM"}])
    bench.tick(bench.add_worker(at_once=0))
    schedules = bench.worker._folder.load()
    minute = timedelta(seconds=60)
    job = claims.claim(bench.ledger, schedules, "far-1-a", bench.clock.now, lease=minute)
    assert claims.decide_to_publish(bench.ledger, job, Result("succeeded", "/elsewhere/one/1-1"))
    return job


def test_a_run_that_nobody_can_show_fails_after_a_while(bench, stuck):
    bench.clock.advance(minutes=10)
    bench.tick()
    assert bench.fires("state") == [("publishing",)]
    bench.clock.advance(minutes=10)
    bench.tick()
    [(state, error)] = bench.fires("state", "error")
    assert state == "failed"
    assert error.startswith("Its run 1-1 was done and could not be shown")
    assert "far-1-a did not come back within 19 minutes" in error
    with bench.ledger.read() as connection:
        assert connection.execute(select(notices.c.event)).scalars().all() == ["failure"]


def test_a_run_that_nobody_can_show_can_be_cancelled(bench, stuck):
    nothing = requests.Cancelled(0, 0)
    assert (
        requests.cancel(bench.ledger, "one", bench.clock.now) == nothing
    )  # it is being shown just now
    bench.clock.advance(minutes=2)
    assert requests.cancel(bench.ledger, "one", bench.clock.now).ended == 1
    assert bench.fires("state") == [("cancelled",)]


def test_a_mistake_of_ours_ends_neither_the_worker_nor_the_record(bench):
    begin(bench)

    def burst(job, stop):
        raise RuntimeError("a bug")

    bench.run.wait = burst
    bench.tick()
    assert bench.fires("state", "error") == [("failed", "The run ended with RuntimeError.")]
