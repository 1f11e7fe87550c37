"""Why a run ended early: short of memory where that can be told, and in one sentence."""

import pytest

import murmuration as mm
from murmuration.reports.endings import Ending, explain_ending
from murmuration.schedule import execute

DEAD = "nbclient.exceptions.DeadKernelError: Kernel died"
ALLOC = f"terminate called after throwing an instance of 'std::bad_alloc'\nTraceback\n{DEAD}"
SHORT, LOST = "out of memory", "lost kernel"


@pytest.mark.parametrize(
    ("ending", "kind", "said"),
    [
        ((DEAD, 2, True, 1, -9), SHORT, "in cell 2: the kernel was killed, as this machine ran out"),
        ((DEAD, 2, True, 1, None), SHORT, "the kernel was killed, as this machine ran out of memory"),
        ((DEAD, 2, True, 1, -11), LOST, "the kernel crashed (SIGSEGV) in what it called"),
        ((DEAD, 2, False, 1, -9), LOST, "was killed (SIGKILL), perhaps for lack of memory"),
        ((DEAD, 2, False, 1, None), LOST, "died, killed from outside or by what it called"),
        ((DEAD, 2, False, 1, 3), LOST, "in cell 2: the kernel ended itself with code 3"),
        ((ALLOC, 2, False, 1, -6), SHORT, "in cell 2: the kernel ran out of memory in what it called"),
        (("", 2, True, -9), SHORT, "runs the kernel was killed, as this machine ran out of memory"),
        (("", None, False, 143), LOST, "executed: the process that runs the kernel was ended by SIGTERM"),
        (("", 2, False, -50), LOST, "was ended by signal 50"),
        (("x\nMemoryError", 2, False, 1), SHORT, "process that runs the kernel ran out of memory"),
        (("RuntimeError: Kernel didn't respond in 60 seconds", 2, False, 1), LOST, "in time"),
        (("a mistake", 2, False, 1), "unknown", "in cell 2: a mistake"),
    ],
)  # fmt: skip
def test_a_process_that_was_lost_is_named_with_what_it_was_lost_to(tmp_path, ending, kind, said):
    error = explain_ending(tmp_path, Ending("failed", *ending), 10)
    assert error["kind"] == kind
    assert said in error["sentence"]
    assert (kind in execute._AGAIN) == (kind != "unknown")


LIMITED = """
import resource
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000, used + 200_000_000))
"""


def test_a_run_under_a_limit_of_memory_says_that_it_ran_out_of_it(add_report, some_posts):
    result = mm.run_report(add_report(LIMITED, "many = bytearray(2_000_000_000)"))
    assert result.status == "failed"
    error = result.manifest["error"]
    assert (error["cell"], error["kind"]) == (3, SHORT)
    assert error["sentence"] == "Cell 3 ran out of memory: MemoryError"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("SIGKILL", "the kernel was killed (SIGKILL), perhaps for lack of memory"),
        ("SIGSEGV", "the kernel crashed (SIGSEGV) in what it called"),
    ],
)
def test_a_run_whose_kernel_dies_says_by_which_signal(add_report, some_posts, number, said):
    cell = f"import os, signal\nos.kill(os.getpid(), signal.{number})"
    result = mm.run_report(add_report(cell))
    assert result.status == "failed"
    assert result.manifest["error"]["kind"] == LOST
    assert said in result.manifest["error"]["sentence"]
