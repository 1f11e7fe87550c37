"""What a kernel tells its run, whatever is in it and however it ends."""

import json
import os
import subprocess

import pytest
from filelock import FileLock

from murmuration.reports.context import Journal, read_journal, sweep_killed, this_host


def test_what_is_told_is_read_again_whatever_it_holds(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    texts = ["a\u2028b", "c\x85d", "e\x0bf\x1cg", "h\ni", "😁", "\x00"]
    for text in texts:
        journal.add("warning", text=text)
    assert [entry["text"] for entry in read_journal(journal.path)] == texts


def test_a_line_that_was_cut_by_a_kill_is_left_out(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add("warning", text="whole")
    whole = journal.path.read_bytes()
    journal.add("warning", text="schön")
    cut = journal.path.read_bytes()
    for end in range(len(whole), len(cut) - 1):
        journal.path.write_bytes(cut[:end])
        assert [entry["text"] for entry in read_journal(journal.path)] == ["whole"]


def test_a_journal_that_was_never_begun_is_empty(tmp_path):
    assert list(read_journal(tmp_path / "none.jsonl")) == []


@pytest.fixture
def leave(tmp_path):
    """Leave what a run in progress has, as a kill would."""
    (tmp_path / "runs").mkdir()

    def make(name, *files, host=None):
        folder = tmp_path / "reports" / name
        folder.mkdir(parents=True)
        for file in ("notebook.ipynb", *files):
            (folder / file).write_text("{}")
        journal = tmp_path / "runs" / f"{name}.jsonl"
        journal.with_suffix(".json").write_text(json.dumps({"folder": str(folder)}))
        journal.with_suffix(".running").touch()
        Journal(journal).add("owner", host=host or this_host())
        os.utime(journal, (1, 1))
        return folder

    return make


def test_what_a_killed_run_has_left_goes_and_what_runs_or_is_decided_stays(tmp_path, leave):
    runs = tmp_path / "runs"
    os.utime(leave("just now") and runs / "just now.jsonl")  # what it had started may still write
    killed, going, other = leave("killed"), leave("going"), leave("other", host="another-machine")
    decided, shown = leave("decided", ".manifest.json.staged"), leave("shown", "manifest.json")
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    for pid, name in ((gone.pid, "a"), (os.getpid(), "b")):
        (runs / f"worker-{this_host()}-{pid}-{name}.err").touch()
    with FileLock(runs / "going.running"):
        assert sweep_killed(runs) == [killed]
    assert not killed.exists()
    assert all(folder.exists() for folder in (going, other, decided, shown))
    assert {path.stem for path in runs.iterdir()} == {
        "going",
        "just now",
        "other",
        f"worker-{this_host()}-{os.getpid()}-b",
    }
    assert sweep_killed(tmp_path / "no such folder") == []
