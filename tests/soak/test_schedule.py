"""The long crash tests of the scheduler; short forms of them are in tests/schedule/test_crashes.py."""

import os
import random
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from ..schedule import stand_in

KILLS = 100


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_kills_over_simulated_days_lose_no_fire_and_run_none_twice(make_world):
    # Half an hour in a second: more than two days, with the change of London's clocks on 29 March.
    world = make_world(speed=1800.0)
    world.write("hourly", "0 * * * *", catch_up="all")
    world.write("daily", "30 1 * * *", catch_up="latest")
    world.write("often", "*/30 * * * *", catch_up="skip", overlap="queue")
    world.write("sweep", "15 */2 * * *", catch_up="all", overlap="queue")
    world.begin()
    dice = random.Random(7)
    for _ in range(KILLS):
        pid = world.start()
        time.sleep(dice.uniform(0.02, 1.6))
        world.kill(pid)
    until = max(world.clock(), stand_in.START + timedelta(days=2))
    world.settle(until)
    assert world.check(until) > 100
    assert sum(row.state == "lost" for row in world.attempts()) > 5


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_workers_that_sleep_past_their_leases_publish_nothing_when_they_wake(make_world):
    world = make_world(speed=600.0, work_seconds=0.3, at_once=2)
    for number in range(4):
        world.write(f"s{number}", "*/20 * * * *", catch_up="all")
    world.begin()
    dice = random.Random(11)
    pids = [world.start() for _ in range(3)]
    for _ in range(20):
        sleeper = dice.choice(pids)
        time.sleep(dice.uniform(0.1, 0.6))
        world.freeze(sleeper)
        time.sleep(dice.uniform(0.5, 1.5))
        os.kill(sleeper, signal.SIGCONT)
    until = world.clock()
    world.settle(until)
    world.stop(*pids)
    assert world.check(until) > 40
    lost = [row for row in world.attempts() if row.state == "lost"]
    assert len(lost) > 3
    assert not any(
        (Path(row.run_folder) / "manifest.json").exists() for row in lost if row.run_folder
    )


def four_daemons(world: stand_in.World) -> None:
    for number in range(20):
        world.write(f"s{number}", "1-50 12 27 3 *", catch_up="all")
    world.begin()
    pids = [world.start() for _ in range(3)]
    until = stand_in.START + timedelta(hours=1)
    world.settle(until)  # with a fourth
    world.stop(*pids)
    assert world.check(until) == 1000
    assert all(row.state == "succeeded" and row.attempt == 1 for row in world.rows())
    assert len({row.worker for row in world.attempts()}) == 4


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_four_daemons_on_one_sqlite_run_none_of_a_thousand_fires_twice(make_world):
    four_daemons(make_world(work_seconds=0.005, lease_seconds=120))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_four_daemons_on_one_postgresql_run_none_of_a_thousand_fires_twice(make_world, postgresql):
    four_daemons(make_world(ledger=postgresql, work_seconds=0.005, lease_seconds=120))
