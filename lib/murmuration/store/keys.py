"""Where each post of a source lives, worked out without holding the ids in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from murmuration.errors import StoreError
from murmuration.store.delta import DataFile, Store, explain
from murmuration.store.engine import give_back, take

_MEMORY = "512MB"
_TWINS = """
    CREATE TEMP TABLE twins AS SELECT post_id, count(DISTINCT month) AS places
    FROM keys GROUP BY post_id HAVING places > 1
"""


@dataclass(frozen=True, slots=True)
class Twins:
    """Posts that live in several months: how many, in which months, and how many places too many."""

    posts: int
    months: tuple[str, ...]
    surplus: int


@contextmanager
def keys_of(
    store: Store, files: Sequence[DataFile], source: str, state: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the table `keys` of a source, with post_id, month and batch, in a DuckDB that spills to STATE."""
    try:
        (state / "tmp").mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=state / "tmp", prefix="keys-")
    except OSError as err:
        raise StoreError(
            f"The folder {state} cannot be used: {explain(err)} Nothing was lost."
        ) from err
    with folder as home, _database(Path(home) / "keys") as connection:
        connection.execute("CREATE TABLE keys (post_id VARCHAR, month VARCHAR, batch VARCHAR)")
        for file in files:
            if file.source == source:
                rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=["post_id"])
                for name, value in (("month", file.month), ("batch", file.batch)):
                    rows = rows.append_column(name, pa.repeat(pa.scalar(value), len(rows)))
                connection.register("incoming", rows)
                connection.execute("INSERT INTO keys SELECT * FROM incoming")
                connection.unregister("incoming")
        yield connection


@contextmanager
def _database(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection, sound = take(spill, memory_limit=_MEMORY), False
    try:
        yield connection
        sound = True
    finally:
        give_back(connection, spill, sound=sound)


def find_twins(keys: duckdb.DuckDBPyConnection) -> Twins:
    """Find the posts that live in several months, as imports on two machines at once could leave them."""
    keys.execute(_TWINS)
    [(posts, surplus)] = keys.execute("SELECT count(*), sum(places - 1) FROM twins").fetchall()
    months = keys.execute("SELECT DISTINCT month FROM keys SEMI JOIN twins USING (post_id)")
    return Twins(int(posts), tuple(sorted(row[0] for row in months.fetchall())), int(surplus or 0))
