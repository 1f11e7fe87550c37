"""What people ask for: now, pause, resume, cancel, backfill."""

from datetime import timedelta

import pytest

from murmuration.errors import ScheduleError
from murmuration.schedule import requests
from murmuration.schedule.claims import Result

from .conftest import START

HOUR = timedelta(hours=1)


def the(bench, name="one"):
    return bench.worker._folder.load().get(name)


def test_now_runs_at_once_and_leaves_the_timed_fires_alone(bench):
    bench.write(parameters={})
    requests.run_now(bench.ledger, the(bench), bench.clock.now)
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick()
    assert bench.fires("kind", "state") == [("manual", "succeeded"), ("timer", "succeeded")]


def test_now_takes_up_a_fire_that_failed_and_refuses_one_that_succeeded(bench):
    bench.write(for_each={"brand": ["a", "b"]})
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.run.next = [Result("failed", "x", "no luck")]
    bench.tick(bench.add_worker(at_once=1))
    at = START + timedelta(minutes=30)
    again = requests.run_now(bench.ledger, the(bench), bench.clock.now, at=at)
    assert len(again) == 1
    with pytest.raises(ScheduleError, match="is queued already"):
        requests.run_now(bench.ledger, the(bench), bench.clock.now, at=at)
    bench.tick()
    assert bench.fires("item", "state", "attempt") == [
        ("brand=a", "succeeded", 2),
        ("brand=b", "succeeded", 1),
    ]
    with pytest.raises(ScheduleError, match=r"has succeeded: .*murmuration replay"):
        requests.run_now(bench.ledger, the(bench), bench.clock.now, at=at)


def test_now_of_a_time_to_come_is_refused_and_its_fire_runs_then(bench):
    bench.write()
    bench.tick()
    with pytest.raises(ScheduleError, match="2026-03-02T01:00:00Z is still to come"):
        requests.run_now(bench.ledger, the(bench), bench.clock.now, at=START + HOUR / 2)
    bench.clock.advance(minutes=31)
    bench.tick()
    assert bench.fires("kind", "state") == [("timer", "succeeded")]


def test_now_of_a_time_that_is_no_fire_is_refused_with_the_nearest(bench):
    bench.write(cron="0 6 * * *", timezone="Europe/Berlin")
    at = START - timedelta(days=3, hours=1)
    with pytest.raises(ScheduleError) as caught:
        requests.run_now(bench.ledger, the(bench), bench.clock.now, at=at)
    said = str(caught.value)
    assert said.startswith(
        "one does not fire at Fri 2026-02-27 00:30 Europe/Berlin (2026-02-26 23:30 UTC)."
    )
    assert "the nearest are 2026-02-26T06:00 and 2026-02-27T06:00." in said
    assert "murmuration report small --at TIME" in said
    fire = START.replace(hour=5, minute=0) - timedelta(days=1)
    requests.run_now(bench.ledger, the(bench), bench.clock.now, at=fire)
    assert bench.fires("logical_time", "state") == [(fire, "queued")]


def test_what_is_asked_for_by_hand_runs_in_a_pause_too(bench):
    bench.write()
    requests.pause(bench.ledger, the(bench), bench.clock.now)
    assert requests.is_paused(bench.ledger, "one")
    requests.run_now(bench.ledger, the(bench), bench.clock.now)
    bench.tick()
    assert bench.fires("kind", "state") == [("manual", "succeeded")]


def test_a_backfill_of_more_than_a_thousand_runs_wants_a_yes(bench):
    bench.write()
    wanted = {"since": START - 1001 * HOUR, "until": START}
    with pytest.raises(ScheduleError, match=r"1,001 runs of one\. .*--yes"):
        requests.backfill(bench.ledger, the(bench), START, **wanted)
    assert bench.fires() == []
    assert (
        len(requests.backfill(bench.ledger, the(bench), START, **wanted, sure=True).queued) == 1001
    )


@pytest.mark.parametrize("ticks", [True, False], ids=["a daemon ran meanwhile", "none did"])
def test_fires_of_a_pause_are_recorded_and_not_caught_up(bench, ticks):
    bench.write(catch_up="all")
    bench.tick()
    requests.pause(bench.ledger, the(bench), bench.clock.now, why="a move")
    bench.clock.advance(hours=2)
    if ticks:
        bench.tick()
    assert requests.resume(bench.ledger, the(bench), bench.clock.now)
    assert not requests.resume(bench.ledger, the(bench), bench.clock.now)
    bench.clock.advance(hours=1)
    bench.tick()
    assert [state for _, state, _ in bench.fires()] == ["skipped", "skipped", "succeeded"]
    assert bench.fires("reason")[0] == ("paused since 2026-03-02 00:30 UTC: a move",)


def test_what_runs_and_what_waits_is_cancelled(bench):
    bench.write(overlap="queue")
    bench.run.wait = lambda job, stop: stop.wait(20)
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick(wait=False)
    bench.clock.advance(hours=1)
    bench.tick(wait=False)
    assert [state for _, state, _ in bench.fires()] == ["running", "queued"]
    assert requests.cancel(bench.ledger, "one", bench.clock.now, at=START + HOUR * 1.5).ended == 1
    assert requests.cancel(bench.ledger, "one", bench.clock.now).running == 1
    bench.join()
    assert [(state, why) for _, state, why in bench.fires()] == [
        ("cancelled", "cancelled at 2026-03-02 02:01 UTC")
    ] * 2
    assert bench.shown() == []
    with pytest.raises(ScheduleError, match="Did you mean 'one'"):
        requests.check_name(bench.ledger, [], "onr")


def test_a_backfill_fills_in_what_has_not_succeeded_with_its_own_limit(bench):
    bench.write(catch_up="skip")
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick()  # 01:00 succeeds
    bench.clock.advance(hours=5)
    bench.tick(bench.add_worker(at_once=0))
    since, until = START - HOUR, START + 4 * HOUR
    wanted = {"since": since, "until": until, "at_once": 2}
    plan = requests.backfill(bench.ledger, the(bench), bench.clock.now, **wanted, dry_run=True)
    assert (len(plan.queued), plan.left) == (4, 1)
    assert (
        requests.backfill(bench.ledger, the(bench), bench.clock.now, **wanted).queued == plan.queued
    )
    assert requests.backfill(bench.ledger, the(bench), bench.clock.now, **wanted).queued == []
    going = []
    bench.run.wait = lambda job, stop: (going.append(bench.worker.running), stop.wait(0.1))
    bench.tick()
    fills = bench.fires("logical_time", "state", kind="backfill")
    assert fills == [(at, "succeeded") for at, _ in plan.queued]
    assert max(going) <= 3  # two of them, and the fire of 06:00


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (0, 0, "from an earlier to a later moment"),
        (0, 5, "of the past"),
        (-20_000, 0, "more than 10,000 runs"),
    ],
)
def test_a_backfill_that_cannot_be_meant_is_refused(bench, since, until, said):
    bench.write()
    with pytest.raises(ScheduleError, match=said):
        requests.backfill(
            bench.ledger, the(bench), START, since=START + since * HOUR, until=START + until * HOUR
        )
