"""Folders of drafts: there while somebody works in them, and gone soon after."""

import os
import subprocess
import sys
import tempfile
import time

import pytest

from murmuration.reports.drafts import make_draft, sweep_drafts

MAKE = "from murmuration.reports.drafts import make_draft; print(make_draft('small'), flush=True)"


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_draft_of_a_process_that_is_gone_is_removed_and_ours_stays(temporary):
    ours = make_draft("small")
    (ours / "table.txt").write_text("what a post says")
    done = subprocess.run([sys.executable, "-c", MAKE], capture_output=True, text=True, check=True)
    theirs = temporary / done.stdout.strip()
    assert theirs.is_dir()
    assert sweep_drafts() == 1
    assert ours.is_dir()
    assert not theirs.exists()


def test_a_process_that_got_the_number_of_one_that_is_gone_owns_no_draft(temporary):
    folder = make_draft("small")
    (folder / ".owner.json").write_text(f'{{"pid": {os.getpid()}, "started": 5.0}}')
    assert sweep_drafts() == 1


def test_a_draft_that_names_nobody_stays_for_a_day(temporary):
    for name, age in (("old", 90_000), ("young", 3_000)):
        folder = temporary / f"murmuration-draft-{name}"
        folder.mkdir()
        (folder / "journal.jsonl").write_text("{}")
        os.utime(folder, (time.time() - age, time.time() - age))
    (temporary / "murmuration-draft-file").write_text("not a folder")
    assert sweep_drafts() == 1
    assert (temporary / "murmuration-draft-young").is_dir()
    assert (temporary / "murmuration-draft-file").exists()
