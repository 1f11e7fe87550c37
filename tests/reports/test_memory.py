"""A kernel that Linux killed for want of memory is told from one that was killed otherwise."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from murmuration.reports.context import Context
from murmuration.reports.memory import count_memory_kills
from murmuration.reports.runner import _Ending, _explain

EVENTS = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def test_kills_are_counted_over_all_places_that_count(tmp_path):
    (tmp_path / "events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 0\n")
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 4\n")
    (tmp_path / "other").write_text("nothing\n")
    names = ("events", "vmstat", "other", "missing")
    assert count_memory_kills(tuple((tmp_path / name, EVENTS) for name in names)) == 6


def test_this_machine_can_be_asked():
    assert count_memory_kills() >= 0


@pytest.mark.parametrize(
    ("short", "kind", "words"),
    [
        (True, "out of memory", "in cell 3: the kernel died, as this machine ran out of memory"),
        (
            False,
            "lost kernel",
            "in cell 3: the kernel died, killed from outside or by what it called",
        ),
    ],
)
def test_it_is_said_why_a_kernel_died(tmp_path, short, kind, words):
    context = Context(
        run_id="r", report="small", folder=tmp_path, journal=tmp_path / "j", notebook=Path("n"),
        at=datetime(2026, 3, 1, tzinfo=UTC), parameters={}, given=(), pinned={},
    )  # fmt: skip
    complaint = "nbclient.exceptions.DeadKernelError: Kernel died"
    ending = _Ending(status="failed", complaint=complaint, cell=3, out_of_memory=short, code=1)
    found = _explain(context, ending, 60.0)
    assert found["kind"] == kind
    assert words in found["sentence"]
