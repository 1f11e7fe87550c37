"""Schedules with real kernels: what takes long. Shorter ones are in tests/schedule/test_real_runs.py."""

import os
import signal
import subprocess
import sys

import pytest

from murmuration.reports.manifest import list_runs

from ..schedule.office import STRAY, processes_with, wait_until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


def test_a_kernel_that_is_killed_is_named_and_tried_again(make_office, add_report):
    add_report("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    office = make_office(retries={"attempts": 2, "backoff": "1s"})
    office.ask()
    assert office.tick(until_done=True) == 2
    [fire] = office.fires()
    assert (fire.state, fire.tries) == ("failed", 2)
    assert "the kernel was killed (SIGKILL), perhaps for lack of memory" in fire.error


LIMITED = """
import resource
from murmuration.cli import app
resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))  # as ulimit -v does; what it starts has it too
app(["schedule", "tick", "--until-done"])
"""


def test_a_run_that_reaches_its_limit_of_memory_is_named_and_tried_again(make_office, add_report):
    add_report(
        "many = []\nwhile True:\n    many.append(bytes(1 << 30))"
    )  # zeros take no room on the machine
    office = make_office(retries={"attempts": 2, "backoff": "1s"})
    office.ask()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], cwd=office.settings.root, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    [fire] = office.fires()
    assert (fire.state, fire.tries) == ("failed", 2)
    assert fire.error == "Cell 2 ran out of memory: MemoryError"
    assert all(
        run.manifest["error"]["kind"] == "out of memory"
        for run in list_runs(office.settings.reports)
    )


def test_a_stopped_worker_hands_back_a_real_run_and_nothing_of_it_stays(make_office, add_report):
    add_report(
        "import os, time\nif not os.path.exists('again'):\n    open('again', 'w').close()\n    time.sleep(600)"
    )
    office = make_office()
    office.ask()
    worker = office.add_worker()
    worker.tick()
    wait_until(lambda: bool([row for row in office.attempts() if row.kernel_at]))
    wait_until(lambda: bool(list(office.settings.root.rglob("again"))))
    worker.finish(grace_seconds=0.1)
    assert [row.state for row in office.fires()] == ["queued"]
    assert list(office.settings.reports.glob("small/*")) == []
    office.tick()
    assert [(row.state, row.attempt) for row in office.fires()] == [("succeeded", 2)]


def test_a_run_that_never_ends_is_ended_at_its_deadline_with_all_that_it_started(
    make_office, add_report
):
    mark = f"stray-{os.getpid()}-deadline"
    add_report(STRAY.format(mark=mark) + "while True:\n    time.sleep(1)")
    office = make_office(deadline="20s", retries={"attempts": 3})
    office.ask()
    assert office.tick() == 1  # waiting longer does not help, so it is not tried again
    [fire] = office.fires()
    assert fire.state == "timed out"
    assert fire.error == "The run took longer than its deadline of 20 s and was ended in cell 2."
    assert processes_with(mark) == []
    [run] = list_runs(office.settings.reports)
    assert run.status == "timed out"


@pytest.mark.parametrize(("grace", "outcome"), [("120", "succeeded"), ("0", "queued")])
def test_a_daemon_that_is_asked_to_stop_lets_a_run_finish_or_hands_it_back(
    make_office, add_report, grace, outcome
):
    mark = f"stray-{os.getpid()}-{grace}"
    add_report(STRAY.format(mark=mark) + "time.sleep(8)")
    office = make_office()
    office.ask()
    daemon = office.start_daemon("--grace", grace)
    wait_until(lambda: len(processes_with(mark)) >= 2, 120)
    daemon.send_signal(signal.SIGTERM)
    daemon.communicate(timeout=300)
    assert daemon.returncode == 0
    assert [row.state for row in office.fires()] == [outcome]
    assert processes_with(mark) == []
    assert len(list_runs(office.settings.reports)) == (outcome == "succeeded")


def test_a_daemon_that_is_killed_leaves_no_process_and_its_run_is_taken_up(make_office, add_report):
    mark = f"stray-{os.getpid()}-killed"
    add_report(STRAY.format(mark=mark) + "time.sleep(3)")
    office = make_office()
    office.ask()
    daemon = office.start_daemon()
    wait_until(lambda: len(processes_with(mark)) >= 2, 120)
    daemon.kill()
    daemon.communicate()
    wait_until(lambda: processes_with(mark) == [])
    wait_until(lambda: office.tick() == 1, 200)  # when its lease has run out
    assert [(row.state, row.attempt) for row in office.fires()] == [("succeeded", 2)]
    assert len(list_runs(office.settings.reports)) == 1
