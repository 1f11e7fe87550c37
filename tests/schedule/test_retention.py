"""Run folders expire by the schedule's rule; the ledger keeps its rows."""

import os

import pytest
from filelock import FileLock
from sqlalchemy import select

from murmuration.errors import UnknownNameError
from murmuration.reports.context import sweep_journals
from murmuration.schedule.retention import expire_runs, forget_workers, pin_run
from murmuration.schedule.tables import attempts, workers


def run_hours(bench, hours, **fields):
    bench.write(**fields)
    bench.tick()
    for hour in range(hours):
        bench.clock.advance(minutes=31 if hour == 0 else 60)
        bench.tick()
    return bench.shown()


def expire(bench):
    schedules = bench.worker._folder.load()
    return expire_runs(bench.ledger, schedules, bench.run.reports, bench.clock.now)


def test_the_last_ones_and_the_young_ones_stay(bench):
    folders = run_hours(bench, 5, keep={"last": 2})
    assert expire(bench) == 3
    assert bench.shown() == folders[3:]
    assert expire(bench) == 0
    bench.write(keep={"days": 1})
    bench.clock.advance(hours=25)
    bench.write(keep={"last": 1, "days": 1})
    assert expire(bench) == 1
    assert bench.shown() == folders[4:]
    assert len(bench.fires()) == 5


def test_without_a_rule_nothing_expires_and_pinned_runs_never_do(bench):
    folders = run_hours(bench, 3)
    bench.clock.advance(days=1000)
    assert expire(bench) == 0
    pin_run(bench.ledger, folders[0], pinned=True)
    bench.write(keep={"last": 1})
    assert expire(bench) == 1
    assert bench.shown() == [folders[0], folders[2]]
    pin_run(bench.ledger, folders[0], pinned=False)
    assert expire(bench) == 1
    with pytest.raises(UnknownNameError, match="was not made by a schedule"):
        pin_run(bench.ledger, bench.run.reports / "one" / "other", pinned=True)


def test_what_a_lost_attempt_left_goes_after_a_while(bench):
    bench.write()
    bench.tick()
    bench.clock.advance(minutes=31)
    sleeper = bench.add_worker(beat_seconds=1000)
    bench.run.wait = lambda job, stop: job.attempt == 1 and stop.wait(20)
    bench.tick(sleeper, wait=False)
    bench.clock.advance(minutes=2)
    bench.tick()
    left = bench.run.reports / "one" / "1-1"
    assert left.exists()
    assert expire(bench) == 0
    bench.clock.advance(hours=2)
    assert expire(bench) == 1
    assert not left.exists()
    assert len(bench.shown()) == 1
    sleeper.finish(0)
    bench.workers.remove(sleeper)


def test_a_folder_outside_of_the_reports_is_never_removed(bench, tmp_path):
    run_hours(bench, 2, keep={"last": 1})
    elsewhere = tmp_path / "elsewhere"
    bench.run.reports.rename(elsewhere)
    bench.run.reports.mkdir()
    (bench.run.reports / "one").symlink_to(elsewhere / "one")
    assert expire(bench) == 0
    assert len(list(elsewhere.glob("*/*/manifest.json"))) == 2
    assert bench.attempts("expired_at") == [(None,), (None,)]


def test_a_folder_that_cannot_be_removed_or_lies_on_another_machine_has_not_expired(bench):
    first, _ = run_hours(bench, 2, keep={"last": 1})
    first.rename(first.with_name("aside"))
    first.write_text("no folder")
    assert expire(bench) == 0
    first.unlink()
    with bench.ledger.write() as connection:
        connection.execute(attempts.update().values(worker="another-machine-1-abc"))
    assert expire(bench) == 0
    assert bench.attempts("expired_at") == [(None,), (None,)]
    with bench.ledger.write() as connection:
        connection.execute(attempts.update().values(worker=bench.worker.name))
    assert expire(bench) == 1  # somebody removed it here


def test_workers_that_are_long_gone_leave_the_ledger(bench):
    bench.worker.finish(0)
    bench.clock.advance(days=6)
    late = bench.add_worker()
    late.finish(0)
    bench.clock.advance(days=1.5)
    assert forget_workers(bench.ledger, bench.clock.now) == 1
    with bench.ledger.read() as connection:
        assert connection.execute(select(workers.c.id)).scalars().all() == [late.name]


def test_what_killed_runs_have_left_goes_after_a_week(tmp_path):
    names = ("a.json", "a.jsonl", "a.running", "worker-1.err", "b.jsonl", "b.running", "kept.txt")
    for name in names:
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / "new.err").write_text("x")
    with FileLock(tmp_path / "b.running"):
        os.utime(tmp_path / "b.running", (0, 0))
        assert sweep_journals(tmp_path) == 4
        left = {path.name for path in tmp_path.iterdir()}
    assert left == {"b.jsonl", "b.running", "kept.txt", "new.err"}
