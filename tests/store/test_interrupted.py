"""Ctrl-C or SIGTERM around a commit: all of it or nothing, and no file that a version names goes."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from murmuration.store import Store
from murmuration.store.upkeep import compact

FIRST = datetime(2026, 3, 1, tzinfo=UTC)

STOPPED = """
import os, signal
from murmuration import cli
from murmuration.collect.importer import ImportOptions, import_files
from murmuration.store.delta import Store
from murmuration.store.forget import forget
from murmuration.store.upkeep import compact

def commit(store, *args, **options):
    if moment == "before":
        os.kill(os.getpid(), signal.SIGTERM)
    real(store, *args, **options)
    os.kill(os.getpid(), signal.SIGTERM)

signal.signal(signal.SIGTERM, cli._stop)
real, Store.commit_posts = Store.commit_posts, commit
try:
    if command == "import":
        options = ImportOptions(observed_at=seen, detect_language=False)
        list(import_files([path], source="test", store=store, state=state, options=options))
    elif command == "compact":
        compact(store, state)
    else:
        forget(store, state, source="test", post="1")
except cli._Stopped:
    os._exit(15)
"""


def post(number, text="x"):
    return {"id": str(number), "created_at": "2026-01-05T12:00:00Z", "text": text}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("command", ["import", "compact", "forget"])
def test_a_command_that_is_stopped_beside_its_commit_did_all_of_it_or_nothing(
    store, state, put, take_in, write_csv, rows_of, problems, apart, command, moment
):
    put([post(1), post(2)])
    put([post(2, "edited")], observed_at=FIRST + timedelta(days=1))
    path = write_csv([post(2, "again"), post(3)], "third.csv")
    seen, version = FIRST + timedelta(days=2), store.open("posts").version()
    stopped = apart(
        STOPPED, store=store, state=state, path=str(path), seen=seen, command=command, moment=moment
    )
    assert stopped() == 15
    done = moment == "after"
    assert store.open("posts").version() == version + done
    texts = ["x", "again", "x"] if command == "import" and done else ["x", "edited"]
    assert [row["text"] for row in rows_of()] == (texts[1:] if command == "forget" else texts)
    assert problems() == []
    folder = Path(store.uri("posts"))
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}
    assert there == store.named_paths("posts")
    if command == "import":
        assert take_in(path, observed_at=seen, detect_language=False).repeated == done
        assert [row["text"] for row in rows_of()] == ["x", "again", "x"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")
def test_files_are_on_disk_before_the_log_names_them(put, state, store, monkeypatch):
    put([post(1)])
    settled, real, commit = [], os.fsync, Store.commit_posts

    def fsync(number):
        settled.append(str(Path(f"/proc/self/fd/{number}").readlink()))
        real(number)

    def commit_posts(self, table, *, add, **options):
        assert [f"{self.uri('posts')}/{file.path}" for file in add] == settled
        commit(self, table, add=add, **options)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Store, "commit_posts", commit_posts)
    put([post(2)])
    assert len(settled) == 1
    settled.clear()
    compact(store, state)
    assert len(settled) == 1
