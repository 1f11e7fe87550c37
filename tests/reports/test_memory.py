"""Linux is asked how many processes it has killed for want of memory."""

import re

from murmuration.reports.memory import count_memory_kills

EVENTS = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def test_kills_are_counted_over_all_places_that_count(tmp_path):
    (tmp_path / "events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 0\n")
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 4\n")
    (tmp_path / "other").write_text("nothing\n")
    names = ("events", "vmstat", "other", "missing")
    assert count_memory_kills(tuple((tmp_path / name, EVENTS) for name in names)) == 6


def test_this_machine_can_be_asked():
    assert count_memory_kills() >= 0
