"""Which version of each post counts, worked out without holding the posts in memory.

Rows are spilled to disk in sorted runs; their keys go to DuckDB, which ranks versions out of core; the
rows that count are then gathered in order of time, a bounded number at once. Imports and `compact` are
both this.

The order of versions is (edit time or lowest, observed at, content hash), and `first_seen_at` is the
smallest of all versions. Both are a maximum or a minimum, so the order in which versions arrive, and
how often, cannot matter.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.errors import StoreError
from murmuration.schema import POSTS
from murmuration.store.delta import explain
from murmuration.store.engine import cursor, give_back, take

RUN_ROWS = 65_536  # rows sorted at once; about 50 MB of tweets
_RUN_BYTES = 64 << 20
_BATCH_ROWS = 2_048  # rows read back at once from a run; a month has few of each
UNIT_ROWS = 32_768  # rows gathered at once, some units at a time; also the largest data file
UNIT_BYTES = 32 << 20  # bytes gathered at once, for posts as long as articles
_MEMORY = "128MB"

# Null edit times are lowest. All clocks are microseconds, so DuckDB needs no time zones.
_RANK = "coalesce({0}.version, -9223372036854775807), {0}.observed, {0}.hash"
_KEY_TYPES = "seq BIGINT, post_id VARCHAR, month VARCHAR, created BIGINT, version BIGINT, observed BIGINT, hash BIGINT, first_seen BIGINT, size BIGINT"

Seqs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the rows of an import, in posts except where rows are named."""

    new: int
    updated: int
    unchanged: int
    older: int
    repeated_rows: int
    repeated_equal_rows: int
    written: int


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows to gather together: one month, a stretch of time, bounded in rows and bytes."""

    month: str
    seqs: Seqs
    first_seen: Seqs


def rank_columns(posts: pa.Table) -> pa.Table:
    """Give what ranks versions of posts; clocks as integers, in microseconds."""
    return pa.table(
        {
            "post_id": posts["post_id"],
            "version": posts["version"].cast(pa.int64()),
            "observed": posts["observed_at"].cast(pa.int64()),
            "hash": posts["content_hash"],
            "first_seen": posts["first_seen_at"].cast(pa.int64()),
        }
    )


def key_columns(posts: pa.Table) -> pa.Table:
    """Give what ranks versions of posts and places them: also month, time and size in bytes."""
    keys = rank_columns(posts).append_column("month", posts["created_month"])
    keys = keys.append_column("created", posts["created_at"].cast(pa.int64()))
    return keys.append_column("size", pa.array(_row_bytes(posts)))


def _row_bytes(posts: pa.Table) -> npt.NDArray[np.int64]:
    """Bytes of text in each row, lists and `extra` included; shape (n_posts,)."""
    total = np.zeros(len(posts), dtype=np.int64)
    for column in posts.combine_chunks().columns:
        for chunk in column.chunks:
            if pa.types.is_string(chunk.type):
                total += _lengths(chunk)
            elif pa.types.is_list(chunk.type) or pa.types.is_map(chunk.type):
                parts = [chunk.keys, chunk.items] if pa.types.is_map(chunk.type) else [chunk.values]
                for part in parts:
                    ends = np.concatenate([[0], np.cumsum(_lengths(part))])
                    total += np.diff(ends[chunk.offsets.to_numpy()])
    return total


def _lengths(texts: pa.Array) -> npt.NDArray[np.int64]:
    lengths: npt.NDArray[np.int64] = (
        pc.fill_null(pc.binary_length(texts), 0).cast(pa.int64()).to_numpy()
    )
    return lengths


class Merge:
    """Rows waiting to be ranked, on disk.

    Use it as a context manager: `add` rows, `add_known` keys that the store has, `rank`, then `units`
    and `gather`.
    """

    def __init__(self, folder: Path) -> None:
        self._parent = folder
        with self._on_disk():
            folder.mkdir(parents=True, exist_ok=True)
            self._folder = tempfile.TemporaryDirectory(dir=folder, prefix="merge-")
            home = Path(self._folder.name)
            self._spill = _Spill(home / "rows.arrow")
            self._spill_keys = home / "keys"
            self._keys = take(self._spill_keys, memory_limit=_MEMORY)
            self._keys.execute(f"CREATE TABLE mine ({_KEY_TYPES})")
            self._keys.execute(f"CREATE TABLE known ({_KEY_TYPES})")
            self._keys.execute("CREATE TABLE before (post_id VARCHAR, own BOOLEAN)")
        self._waiting: list[pa.Table] = []
        self._waiting_rows = self._waiting_bytes = 0
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *details: object) -> None:
        self.close(sound=kind is None)

    def close(self, *, sound: bool = False) -> None:
        """Remove what was spilled."""
        try:
            give_back(self._keys, self._spill_keys, sound=sound)
        finally:
            self._spill.close()
            self._folder.cleanup()

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """Turn a full or read-only disk into one sentence about the folder for spilled rows."""
        try:
            yield
        except StoreError:
            raise
        except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as err:
            raise StoreError(
                f"The folder {self._parent} cannot hold temporary files: {explain(err)} "
                "Nothing was lost."
            ) from err

    def add(self, posts: pa.Table) -> None:
        """Take rows in, with the columns of `posts` in any order."""
        self._waiting.append(posts)
        self._waiting_rows += posts.num_rows
        self._waiting_bytes += posts.nbytes
        self.rows += posts.num_rows
        if self._waiting_rows >= RUN_ROWS or self._waiting_bytes >= _RUN_BYTES:
            self._flush()

    def add_known(self, keys: pa.Table) -> None:
        """Take in keys of the store, `rank_columns` and month; only those of posts added here stay."""
        self._flush()
        self._keys.register("incoming", keys)
        with self._on_disk():
            self._keys.execute(
                "INSERT INTO known BY NAME SELECT * FROM incoming SEMI JOIN mine USING (post_id)"
            )
        self._keys.unregister("incoming")

    def add_before(self, post_ids: pa.ChunkedArray, own: pa.ChunkedArray) -> None:
        """Take in ids that the store has; `own` says which come from an earlier reading of the file at hand."""
        self._keys.register("incoming", pa.table({"post_id": post_ids, "own": own}))
        with self._on_disk():
            self._keys.execute("INSERT INTO before BY NAME SELECT * FROM incoming")
        self._keys.unregister("incoming")

    def replaced(self) -> pa.ChunkedArray:
        """Give the ids that only an earlier reading of the file knows."""
        self._flush()
        with self._on_disk():
            found = self._keys.sql("""
                SELECT post_id FROM before ANTI JOIN mine USING (post_id)
                GROUP BY post_id HAVING bool_and(own) ORDER BY post_id
            """).to_arrow_table()
        return found["post_id"]

    def drop(self, post_ids: pa.Array) -> int:
        """Leave posts out by id; say how many rows that were."""
        self._flush()
        self._keys.register("gone", pa.table({"post_id": post_ids}))
        dropped = self._keys.execute(
            "DELETE FROM mine WHERE post_id IN (SELECT post_id FROM gone)"
        ).fetchall()
        self._keys.unregister("gone")
        return int(dropped[0][0])

    def rank(self) -> Tally:
        """Decide which rows are to be written, and count what became of the others.

        A row is written if it is the newest here and would change what readers see: a higher version
        than the store's, or an earlier `first_seen_at`.
        """
        self._flush()
        rank_mine, rank_known = _RANK.format("m"), _RANK.format("k")
        with self._on_disk():
            self._keys.execute(f"""
                CREATE OR REPLACE TABLE ranked AS
                WITH m AS (
                    SELECT *, row_number() OVER newest AS place,
                        min(first_seen) OVER (PARTITION BY post_id) AS seen
                    FROM mine AS m
                    WINDOW newest AS (PARTITION BY post_id ORDER BY ({rank_mine}) DESC, seq)
                ), k AS (
                    SELECT *, min(first_seen) OVER (PARTITION BY post_id) AS seen
                    FROM known AS k
                    QUALIFY row_number() OVER (PARTITION BY post_id ORDER BY ({rank_known}) DESC) = 1
                )
                SELECT m.seq, m.post_id, m.created, m.size, coalesce(k.month, m.month) AS month,
                    least(m.seen, k.seen) AS first_seen,
                    CASE WHEN k.post_id IS NULL THEN 'new'
                         WHEN m.hash = k.hash THEN 'unchanged'
                         WHEN ({rank_mine}) > ({rank_known}) THEN 'updated'
                         ELSE 'older' END AS fate,
                    k.post_id IS NULL OR ({rank_mine}) > ({rank_known}) OR m.seen < k.seen AS kept
                FROM m LEFT JOIN k USING (post_id) WHERE m.place = 1
            """)
        return self._tally()

    def _tally(self) -> Tally:
        fates = dict(
            self._keys.execute("SELECT fate, count(*) FROM ranked GROUP BY fate").fetchall()
        )
        [(rows, posts, distinct, written)] = self._keys.execute("""
            SELECT (SELECT count(*) FROM mine), (SELECT count(*) FROM ranked),
                (SELECT count(*) FROM (SELECT DISTINCT post_id, hash FROM mine)),
                (SELECT count(*) FROM ranked WHERE kept)
        """).fetchall()
        return Tally(
            new=fates.get("new", 0),
            updated=fates.get("updated", 0),
            unchanged=fates.get("unchanged", 0),
            older=fates.get("older", 0),
            repeated_rows=rows - posts,
            repeated_equal_rows=rows - distinct,
            written=written,
        )

    def differing(self, limit: int = 10_000) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Give rows that repeat an id with other content, each beside the row that wins.

        At most `limit` of them are looked at; enough to say in what they differ.
        """
        pairs = self._keys.execute(f"""
            SELECT r.seq, m.seq FROM mine m JOIN ranked r USING (post_id) JOIN mine w ON w.seq = r.seq
            WHERE m.seq <> r.seq AND m.hash <> w.hash ORDER BY r.seq, m.seq LIMIT {limit}
        """).fetchnumpy()
        winners, losers = (np.asarray(column, dtype=np.int64) for column in pairs.values())
        for start in range(0, len(losers), _BATCH_ROWS):
            part = slice(start, start + _BATCH_ROWS)
            yield self._spill.take(winners[part]), self._spill.take(losers[part])

    def units(self) -> Iterator[Unit]:
        """Give the rows to write in order of month and time, cut into bounded units."""
        # A unit ends when either count passes a bound; their sum changes whenever one of them does.
        reader = self._keys.sql(f"""
            SELECT month, seq, first_seen,
                row_number() OVER so_far // {UNIT_ROWS} + sum(size) OVER so_far // {UNIT_BYTES} AS unit
            FROM ranked WHERE kept
            WINDOW so_far AS (PARTITION BY month ORDER BY created, post_id
                ROWS UNBOUNDED PRECEDING)
            ORDER BY month, unit, created, post_id
        """).to_arrow_reader(UNIT_ROWS)
        waiting: list[pa.Table] = []
        for batch in reader:
            for part in _stretches(pa.Table.from_batches([batch])):
                if waiting and _place(waiting[0]) != _place(part):
                    yield _unit(waiting)
                    waiting = []
                waiting.append(part)
        if waiting:
            yield _unit(waiting)

    def gather(self, unit: Unit) -> pa.Table:
        """Read the rows of a unit, in its order, with their month and first sight set."""
        with self._on_disk():
            posts = self._spill.take(unit.seqs)
        seen = pa.array(unit.first_seen).view(POSTS.arrow.field("first_seen_at").type)
        month = pa.repeat(pa.scalar(unit.month), len(posts))
        for name, column in (("first_seen_at", seen), ("created_month", month)):
            posts = posts.set_column(posts.schema.get_field_index(name), name, column)
        return posts

    def _flush(self) -> None:
        if not self._waiting:
            return
        posts = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0
        posts = posts.take(
            pc.sort_indices(posts, [("created_at", "ascending"), ("post_id", "ascending")])
        )
        with self._on_disk():
            first = self._spill.append(posts)
            seqs = pa.array(np.arange(first, first + len(posts)))
            self._keys.register("incoming", key_columns(posts).append_column("seq", seqs))
            self._keys.execute("INSERT INTO mine BY NAME SELECT * FROM incoming")
            self._keys.unregister("incoming")


class _Spill:
    """Rows on disk, appended in runs and read back by number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._reader: pa.ipc.RecordBatchFileReader | None = None
        self._starts: list[int] = []
        self._rows = 0

    def append(self, rows: pa.Table) -> int:
        """Write rows; give the number of the first."""
        if self._writer is None:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writer = pa.ipc.new_file(self._path, rows.schema, options=options)
        first = self._rows
        for batch in rows.to_batches(max_chunksize=_BATCH_ROWS):
            self._starts.append(self._rows)
            self._rows += batch.num_rows
            self._writer.write_batch(batch)
        return first

    def take(self, numbers: Seqs) -> pa.Table:
        """Read rows by number, in the order asked for; one batch of the file at once."""
        if self._reader is None:
            self.close_writer()
            # Not mapped: its pages would count as memory of this process, and grow with the import.
            self._reader = pa.ipc.open_file(pa.OSFile(str(self._path)))
        order = np.argsort(numbers)
        ascending = numbers[order]
        edges = np.searchsorted(ascending, [*self._starts, self._rows])
        parts = [
            self._reader.get_batch(number).take(pa.array(ascending[low:high] - start))
            for number, (start, (low, high)) in enumerate(
                zip(self._starts, pairwise(edges), strict=True)
            )
            if high > low
        ]
        rows = pa.Table.from_batches(parts, schema=self._reader.schema)
        return rows.take(pa.array(np.argsort(order)))

    def close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def close(self) -> None:
        with suppress(OSError):
            self.close_writer()
        self._reader = None


def _stretches(rows: pa.Table) -> Iterator[pa.Table]:
    """Cut rows where month or unit changes."""
    months = rows["month"].combine_chunks().dictionary_encode().indices.to_numpy()
    units = rows["unit"].to_numpy()
    cuts = np.flatnonzero((np.diff(months) != 0) | (np.diff(units) != 0)) + 1
    for start, stop in pairwise([0, *cuts.tolist(), len(rows)]):
        if stop > start:
            yield rows.slice(start, stop - start)


def _place(rows: pa.Table) -> tuple[str, int]:
    return rows["month"][0].as_py(), int(rows["unit"][0].as_py())


def _unit(parts: list[pa.Table]) -> Unit:
    table = pa.concat_tables(parts)
    return Unit(
        month=table["month"][0].as_py(),
        seqs=table["seq"].to_numpy(),
        first_seen=table["first_seen"].to_numpy(),
    )


_NEWEST = f"""
    SELECT seq, min(first_seen) OVER (PARTITION BY post_id) AS first_seen FROM k
    QUALIFY row_number() OVER (PARTITION BY post_id ORDER BY ({_RANK.format("k")}) DESC, seq) = 1
    ORDER BY seq
"""


def newest(posts: pa.Table) -> tuple[Seqs, Seqs]:
    """Rank the versions in one table of posts.

    Parameters
    ----------
    posts
        Any columns, among them those that `rank_columns` reads; one source.

    Returns
    -------
    (rows, first_seen)
        Positions of the newest version of each post, ascending, and for each when the post was first
        seen, in microseconds; both int64, shape (n_posts,).
    """
    keys = rank_columns(posts).append_column("seq", pa.array(np.arange(len(posts))))
    with cursor() as connection:
        connection.register("k", keys)
        found = connection.execute(_NEWEST).fetchnumpy()
    rows, first_seen = (np.asarray(found[name], dtype=np.int64) for name in ("seq", "first_seen"))
    return rows, first_seen
