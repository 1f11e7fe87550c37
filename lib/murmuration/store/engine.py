"""DuckDB for whoever ranks or counts: one that held little is kept for the next, as making one takes 20 ms."""

import atexit
import os
import threading
from pathlib import Path

import duckdb

_MOST_KEPT = 2
_FEW_ROWS = 100_000  # in all tables; of more, memory stays taken
# By process: threads of an instance do not survive a fork.
_kept: dict[int, list[duckdb.DuckDBPyConnection]] = {}
_shared: dict[int, duckdb.DuckDBPyConnection] = {}
_lock = threading.Lock()


def connect(**config: str | int) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB of its own, which prints no progress bar: in notebooks it would."""
    connection = duckdb.connect(":memory:", config=dict(config))
    return connection.execute("SET enable_progress_bar = false")


def cursor() -> duckdb.DuckDBPyConnection:
    """Give a connection to the DuckDB that all threads of this process share; what it registers is its own."""
    with _lock:
        if os.getpid() not in _shared:
            _shared[os.getpid()] = connect(threads=1)  # besides the threads that ask
        return _shared[os.getpid()].cursor()


def take(spill: Path, *, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """Give an empty DuckDB of two threads that spills to a folder, which need not be there yet."""
    try:
        connection = _kept.get(os.getpid(), []).pop()
    except IndexError:
        return connect(memory_limit=memory_limit, temp_directory=str(spill), threads=2)
    folder = str(spill).replace("'", "''")
    connection.execute(f"SET temp_directory = '{folder}'")
    return connection.execute(f"SET memory_limit = '{memory_limit}'")


def give_back(connection: duckdb.DuckDBPyConnection, spill: Path, *, sound: bool) -> None:
    """Let go of a DuckDB that `take` gave; `sound` says that nothing went wrong with it."""
    kept = _kept.setdefault(os.getpid(), [])
    if sound and not spill.exists() and len(kept) < _MOST_KEPT:
        tables = connection.execute("SELECT table_name, estimated_size FROM duckdb_tables()")
        sizes = dict(tables.fetchall())
        if sum(sizes.values()) <= _FEW_ROWS:
            for name in sizes:
                connection.execute(f'DROP TABLE "{name}"')
            kept.append(connection)
            return
    connection.close()


@atexit.register
def _close_kept() -> None:
    for connection in _kept.pop(os.getpid(), []):
        connection.close()
    if shared := _shared.pop(os.getpid(), None):
        shared.close()
