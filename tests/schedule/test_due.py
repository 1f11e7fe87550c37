"""What becomes of fires that are due: run, caught up, missed, paused, stale, in the way of one another."""

from datetime import timedelta

import pytest

from murmuration.schedule import claims, due, requests
from murmuration.schedule.claims import Result
from murmuration.schedule.spec import Schedules

from .conftest import START


def states(bench, **where):
    return [state for (state,) in bench.fires("state", **where)]


def test_a_new_schedule_begins_now_and_each_fire_is_run_once(bench):
    bench.write()
    bench.tick()
    assert bench.fires() == []
    bench.clock.advance(minutes=31)
    bench.tick()
    bench.tick()
    bench.tick(bench.add_worker())
    assert bench.fires() == [(START + timedelta(minutes=30), "succeeded", None)]
    assert len(bench.shown()) == len(bench.run.seen) == 1


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("latest", ["skipped"] * 4 + ["succeeded"]),
        ("all", ["succeeded"] * 5),
        ("skip", ["missed"] * 4 + ["succeeded"]),
    ],
)
def test_fires_of_a_time_when_nobody_was_there(bench, catch_up, expected):
    bench.write(catch_up=catch_up)
    bench.tick()
    bench.clock.advance(hours=5)
    bench.clock.advance(minutes=-25)  # the last fire is five minutes old
    bench.tick()
    assert states(bench) == expected
    assert [at for _, _, at, _ in bench.run.seen] == sorted(at for _, _, at, _ in bench.run.seen)


def test_an_old_fire_is_missed_where_none_is_caught_up(bench):
    bench.write(catch_up="skip")
    bench.tick()
    bench.clock.advance(minutes=55)
    bench.tick()
    assert bench.fires("state", "reason") == [("missed", "nobody was there to run it")]


def test_a_fire_that_is_too_late_is_skipped_as_stale(bench):
    bench.write(catch_up="all", max_staleness="90m")
    bench.tick()
    bench.clock.advance(hours=3)
    bench.tick()
    assert bench.fires("state", "reason") == [
        ("skipped", "stale: 150 minutes late, and 90 are allowed"),
        ("succeeded", None),
        ("succeeded", None),
    ]


def test_one_that_waits_for_a_free_worker_becomes_stale_too(bench):
    bench.write(max_staleness="20m")
    bench.tick()
    bench.clock.advance(minutes=31)
    idle = bench.add_worker(at_once=0)
    bench.tick(idle)
    assert states(bench) == ["queued"]
    bench.clock.advance(minutes=25)
    bench.tick()
    assert states(bench) == ["skipped"]


@pytest.mark.parametrize(
    ("overlap", "before", "after"),
    [
        ("skip", ["running", "skipped"], ["succeeded", "skipped"]),
        ("queue", ["running", "queued"], ["succeeded", "succeeded"]),
        ("replace", ["cancelled", "succeeded"], ["cancelled", "succeeded"]),
    ],
)
def test_a_fire_that_comes_while_the_one_before_still_runs(bench, overlap, before, after):
    going = [True]

    def wait(job, stop):
        while going[0] and job.at == START + timedelta(minutes=30) and not stop.wait(0.01):
            pass

    bench.run.wait = wait
    bench.write(overlap=overlap)
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick(wait=False)
    bench.clock.advance(hours=1)
    bench.tick(wait=overlap == "replace")
    if overlap == "replace":
        bench.tick()
    assert states(bench) == before
    going[0] = False
    bench.join()
    bench.tick()
    assert states(bench) == after
    assert len(bench.shown()) == after.count("succeeded")


def test_a_fire_that_is_caught_up_is_in_the_way_of_the_next_one_too(bench):
    bench.run.wait = lambda job, stop: stop.wait(20)
    bench.write(overlap="skip")
    bench.tick()
    bench.clock.advance(minutes=55)
    bench.tick(wait=False)
    assert bench.fires("kind", "state") == [("catch-up", "running")]
    bench.clock.advance(minutes=40)
    bench.tick(wait=False)
    assert states(bench) == ["running", "skipped"]


def test_runs_of_a_sweep_fail_apart(bench):
    bench.write(for_each={"brand": ["a", "b", "c"]})
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.run.next = [Result("succeeded"), Result("failed", "x", "no luck"), Result("succeeded")]
    worker = bench.add_worker(at_once=1)
    bench.tick(worker)
    assert bench.fires("item", "state", "error") == [
        ("brand=a", "succeeded", None),
        ("brand=b", "failed", "no luck"),
        ("brand=c", "succeeded", None),
    ]


def test_a_long_line_of_one_schedule_does_not_hold_up_the_others(bench):
    bench.write("busy", catch_up="all", cron="* * * * *")
    bench.write("other")
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick(bench.worker, wait=False)
    bench.join()
    names = [name for name, *_ in bench.run.seen]
    assert "other" in names[:2]


def test_what_is_due_now_goes_before_the_past(bench):
    bench.write("all", catch_up="all")
    bench.write("past")
    bench.tick()
    bench.clock.advance(hours=3)
    past = bench.worker._folder.load().get("past")
    day = timedelta(days=1)
    requests.backfill(bench.ledger, past, bench.clock.now, since=START - day, until=START)
    bench.write("other", cron="45 * * * *")
    bench.tick(bench.add_worker(at_once=0))
    bench.clock.advance(minutes=16)
    bench.tick(bench.add_worker(at_once=1), wait=False)
    bench.join(bench.workers[-1])
    for _ in range(5):
        bench.tick(bench.workers[-1], wait=False)
        bench.join(bench.workers[-1])
    assert [at for *_, at, _ in bench.run.seen][-1] < START  # the backfill
    assert [name for name, *_ in bench.run.seen][:-1] == ["other", "all", "all", "all", "past"]


def test_a_changed_rule_counts_from_the_tick_that_sees_it(bench):
    bench.write()
    bench.tick()
    bench.write(cron="15 * * * *")
    bench.clock.advance(minutes=31)
    bench.tick()  # 01:00, promised by the old rule
    bench.clock.advance(minutes=30)
    bench.tick()
    at = [f"{moment:%H:%M}" for (moment,) in bench.fires("logical_time")]
    assert at == ["01:00", "01:15"]


def test_what_is_queued_of_a_schedule_that_is_gone_is_skipped(bench):
    bench.write(for_each={"brand": ["a", "b"]})
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick(bench.add_worker(at_once=0))
    bench.write(for_each={"brand": ["a"]})
    bench.tick(bench.add_worker(at_once=0))
    assert bench.fires("state", "reason", item="brand=b") == [
        ("skipped", "its schedule has no such run any more")
    ]
    (bench.folder / "one.yaml").unlink()
    bench.tick()
    assert bench.fires("state", "reason", item="brand=a") == [("skipped", "its schedule is gone")]


@pytest.mark.parametrize("what", ["its schedule is gone", "its schedule has no such run any more"])
def test_a_retry_whose_schedule_is_gone_does_not_wait_for_ever(bench, what):
    wide = {"retries": {"attempts": 3, "backoff": "1h"}, "for_each": {"brand": ["a", "b"]}}
    bench.write(**wide)
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.run.next = [Result("failed", "x", "the network is away", again=True)] * 2
    bench.tick()
    assert states(bench) == ["queued", "queued"]
    if what == "its schedule is gone":
        (bench.folder / "one.yaml").unlink()
    else:
        bench.write(**wide | {"for_each": {"brand": ["c"]}})
    bench.tick()
    assert bench.fires("state", "reason") == [("skipped", what)] * 2


def test_a_fire_that_was_handed_back_becomes_stale_and_one_that_failed_does_not(bench):
    bench.write(max_staleness="20m")
    bench.write("two", max_staleness="20m", retries={"attempts": 2, "backoff": "1h"})
    bench.tick()
    bench.clock.advance(minutes=31)
    dying = bench.worker._folder.load()
    bench.tick(bench.add_worker(at_once=0))
    one = Schedules({"one": dying.get("one")}, {})
    assert claims.claim(bench.ledger, one, "dying", bench.clock.now, lease=timedelta(minutes=1))
    bench.run.next = [Result("failed", "x", "the network is away", again=True)]
    bench.tick()
    bench.clock.advance(minutes=25)
    bench.tick()
    assert bench.fires("schedule", "state", "reason") == [
        ("one", "skipped", "stale: 26 minutes late, and 20 are allowed"),
        ("two", "queued", "attempt 1 of 2 failed, another follows"),
    ]


def test_a_file_that_is_broken_for_a_while_loses_nothing(bench):
    bench.write(catch_up="all")
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick(bench.add_worker(at_once=0))
    (bench.folder / "one.yaml").write_text("report: [")
    bench.clock.advance(hours=1)
    bench.tick()
    assert states(bench) == ["queued"]
    bench.write(catch_up="all")
    bench.tick()
    assert states(bench) == ["succeeded", "succeeded"]


def test_a_tick_works_out_once_which_fire_a_schedule_waits_for(bench, monkeypatch):
    bench.write(cron="17 3 2 11 *")
    bench.tick()
    bench.tick()
    bench.clock.advance(days=200)
    monkeypatch.setattr(due, "next_fires", None)
    monkeypatch.setattr(due, "fires_between", None)
    bench.tick()
    assert states(bench) == []


def test_a_clock_that_jumps_runs_nothing_twice(bench, caplog):
    bench.write(catch_up="latest")
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.tick()
    bench.clock.advance(hours=-1)
    bench.tick()
    bench.clock.advance(hours=25)  # a day ahead of where it was
    bench.tick()
    bench.clock.advance(hours=-24)
    bench.tick()
    assert states(bench).count("succeeded") == 2
    bench.tick()
    assert caplog.text.count("the clock stands before the last fire") == 2  # jumps, not ticks
    moments = [at for (at,) in bench.fires("logical_time")]
    assert len(moments) == len(set(moments)) == 25
