"""The ledger itself: made, migrated, and what is said where it cannot be used."""

import os
import shutil
import sqlite3
import tempfile
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from murmuration.errors import LedgerError
from murmuration.schedule import ledger as module
from murmuration.schedule.ledger import Ledger, open_ledger
from murmuration.schedule.tables import MIGRATIONS
from murmuration.settings import load_settings


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "ledger.sqlite"


def open_and_close(file):
    Ledger(f"sqlite:///{file}").close()


def test_a_ledger_is_made_at_first_use_and_waits_for_other_writers(file):
    open_and_close(file)
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT version FROM ledger_version").fetchall() == [
            (len(MIGRATIONS),)
        ]
    connection.close()


def test_a_ledger_is_not_begun_in_a_folder_that_is_not_there_but_for_state(tmp_path):
    wrong = {"MURMURATION_LEDGER": f"sqlite:///{tmp_path / 'slip' / 'ledger.sqlite'}"}
    with pytest.raises(
        LedgerError, match=r"there is no such folder\. Make it, or mend the address"
    ):
        open_ledger(load_settings(wrong, start=tmp_path))
    assert not (tmp_path / "slip").exists()
    open_ledger(load_settings({}, start=tmp_path)).close()
    assert (tmp_path / ".murmuration" / "ledger.sqlite").exists()


def test_an_older_ledger_is_brought_up_to_date_with_all_its_rows(file):
    file.parent.mkdir()
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        MIGRATIONS[0](connection)
        connection.execute(text("INSERT INTO ledger_version VALUES (1)"))
        connection.execute(
            text(
                "INSERT INTO schedules (name, cron, timezone, horizon, first_seen_at) VALUES ('a','b','c','d','e')"
            )
        )
        assert not inspect(connection).has_table("notices")
    engine.dispose()
    open_and_close(file)
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        assert inspect(connection).has_table("notices")
        assert connection.execute(text("SELECT name FROM schedules")).scalars().all() == ["a"]
        assert connection.execute(text("SELECT version FROM ledger_version")).scalars().all() == [
            len(MIGRATIONS)
        ]
    engine.dispose()


def test_a_ledger_of_a_newer_version_is_left_alone(file):
    open_and_close(file)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE ledger_version SET version = 99")
    connection.close()
    with pytest.raises(
        LedgerError, match=r"is of version 99, and this Murmuration knows 3\. Use the newer"
    ):
        Ledger(f"sqlite:///{file}")


def test_a_ledger_that_another_process_keeps_locked_is_said_to_be(file, monkeypatch):
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.1)
    open_and_close(file)
    keeper = sqlite3.connect(file, isolation_level=None)
    keeper.execute("BEGIN IMMEDIATE")
    ledger = Ledger(f"sqlite:///{file}")
    with pytest.raises(LedgerError, match=r"locked\. Another process keeps it"), ledger.write():
        pass
    keeper.close()
    with ledger.write():
        pass
    ledger.close()


def test_a_ledger_that_may_not_be_written_is_said_to_be():
    folder = Path(tempfile.mkdtemp())
    open_and_close(folder / "ledger.sqlite")
    (folder / "ledger.sqlite").chmod(0o444)
    folder.chmod(0o555)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)  # root may write what nobody else may
    try:
        with (
            pytest.raises(LedgerError) as caught,
            Ledger(f"sqlite:///{folder / 'ledger.sqlite'}").write() as connection,
        ):
            connection.execute(text("DELETE FROM workers"))
    finally:
        os.seteuid(was)
    shutil.rmtree(folder)
    assert "Give this user the right to write it." in str(caught.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "is no SQL address"),
        ("mysql://me:secret@host/x", "sqlite:///FILE or on postgresql://HOST/NAME"),
        ("sqlite://", "needs a file"),
        ("postgresql://me:secret@127.0.0.1:1/x", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence_without_the_password(address, said):
    with pytest.raises(LedgerError) as caught:
        Ledger(address)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_ledger_is_said_to_be(file):
    file.parent.mkdir()
    file.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(LedgerError, match="Move that file away"):
        Ledger(f"sqlite:///{file}")


def test_a_worker_outlives_a_ledger_that_is_away_for_a_while(bench, monkeypatch):
    bench.write()
    bench.tick()
    bench.clock.advance(minutes=31)
    real, end = bench.ledger.write, time.monotonic() + 0.5
    asked = threading.Event()

    def away():
        if asked.is_set() and time.monotonic() < end:
            raise LedgerError("The ledger is away.")
        return real()

    monkeypatch.setattr(bench.ledger, "write", away)
    bench.run.wait = lambda job, stop: asked.set()
    bench.tick(wait=False)
    bench.join()
    assert bench.fires("state") == [("succeeded",)]
