"""Daemons that are killed, stopped and many: short forms of tests/soak/test_schedule.py."""

import os
import random
import signal
import time
from datetime import timedelta
from pathlib import Path

from . import stand_in


def test_daemons_that_are_killed_lose_no_fire_and_run_none_twice(make_world):
    world = make_world()
    world.write("hourly", "0 * * * *", catch_up="all")
    world.write("daily", "30 1 * * *", catch_up="latest")
    world.write("often", "*/30 * * * *", catch_up="skip", overlap="queue")
    world.begin()
    dice = random.Random(3)
    for _ in range(5):
        pid = world.start()
        time.sleep(dice.uniform(0.05, 0.6))
        world.kill(pid)
    until = world.clock()
    world.settle(until)
    assert world.check(until) > 3
    assert any(row.state == "succeeded" for row in world.rows())


def test_a_worker_that_is_stopped_past_its_lease_publishes_nothing_when_it_wakes(make_world):
    world = make_world(speed=600.0, work_seconds=3.0, at_once=1)  # time enough to stop it
    world.write("one", "1 12 27 3 *")
    world.begin()
    sleeper = world.start()
    world.wait_for(lambda: any(row.state == "running" for row in world.rows()))
    world.freeze(sleeper)
    assert any(row.state == "running" for row in world.rows())
    other = world.start()
    world.wait_for(
        lambda: any(row.state == "succeeded" and row.attempt == 2 for row in world.rows())
    )
    os.kill(sleeper, signal.SIGCONT)
    world.stop(sleeper, other)
    assert world.check(world.clock()) == 1
    [lost] = [row for row in world.attempts() if row.state == "lost"]
    assert not (Path(lost.run_folder) / "manifest.json").exists()


def four_daemons(world: stand_in.World) -> None:
    for number in range(3):
        # Queued, as a fire that is met in its minute while the one before still runs is skipped otherwise.
        world.write(f"s{number}", "1-12 12 27 3 *", catch_up="all", overlap="queue")
    world.begin()
    pids = [world.start() for _ in range(3)]
    until = stand_in.START + timedelta(hours=1)
    world.settle(until)  # with a fourth
    world.stop(*pids)
    assert world.check(until) == 36
    assert all(row.state == "succeeded" and row.attempt == 1 for row in world.rows())
    assert len({row.worker for row in world.attempts()}) > 1


def test_four_daemons_on_one_sqlite_run_no_fire_twice(make_world):
    four_daemons(make_world(work_seconds=0.005, lease_seconds=60))


def test_four_daemons_on_one_postgresql_run_no_fire_twice(make_world, postgresql):
    four_daemons(make_world(ledger=postgresql, work_seconds=0.005, lease_seconds=60))
