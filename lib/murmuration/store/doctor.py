"""Check what must always be true of a store, and say what was found."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from murmuration.errors import StoreError
from murmuration.store.delta import DataFile, Store, list_sources, translated
from murmuration.store.receipts import read_receipts
from murmuration.store.tombstones import Tombstones
from murmuration.store.upkeep import ERASED

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was checked: whether it holds, and in words what was found."""

    level: Level
    text: str


def examine(
    store: Store, state: Path, *, on_step: Callable[[str], None] = lambda name: None
) -> Iterator[Finding]:
    """Check the invariants of a store.

    Parameters
    ----------
    store
        The store.
    state
        Local folder; DuckDB spills there.
    on_step
        Told what is checked next.

    Yields
    ------
    Finding
        ``problem`` where something is wrong, with what mends it.
    """
    posts = store.open("posts")
    files = store.post_files(posts)
    on_step("files")
    yield from _check_files(store, files)
    yield from _check_orphans(store, posts.version())
    on_step("keys")
    keys = {source: _key_facts(store, files, source, state) for source in list_sources(store)}
    yield from _check_keys(keys)
    on_step("tombstones")
    yield from _check_tombstones(store, files)
    on_step("receipts")
    imports = store.read("imports").to_pylist()
    there = {row["import_id"] for row in imports}
    missing = [row for row in read_receipts(posts) if row["import_id"] not in there]
    if missing:
        yield Finding(
            "note",
            f"{len(missing)} receipts are in the log only; the next import adds them to `imports`.",
        )
    yield from _check_written(files, imports)
    yield from _check_counts(keys, imports + missing, _erased(posts))


@dataclass(frozen=True, slots=True)
class _KeyFacts:
    """Distinct posts of a source, those in two months, and those twice in one batch."""

    posts: int
    in_two_months: int
    twice_in_batch: int


def _check_files(store: Store, files: list[DataFile]) -> Iterator[Finding]:
    """Every file that the log names is there, whole, and has as many rows as the log says."""
    wrong = 0
    for file in files:
        path = f"{store.uri('posts')}/{file.path}"
        try:
            with translated(store.location), store.files.open(path, "rb") as opened:
                rows = pq.ParquetFile(opened).metadata.num_rows
            size = store.files.size(path)
        except StoreError as err:
            wrong += 1
            yield Finding("problem", f"The data file {file.path} cannot be read: {err}")
            continue
        if (rows, size) != (file.rows, file.bytes):
            wrong += 1
            yield Finding(
                "problem",
                f"The data file {file.path} has {rows:,} rows and {size:,} bytes, the log says {file.rows:,} and {file.bytes:,}.",
            )
    if not wrong:
        total = sum(file.rows for file in files)
        yield Finding("ok", f"{len(files):,} data files with {total:,} rows are as the log says.")


def _check_orphans(store: Store, version: int) -> Iterator[Finding]:
    named: set[str] = set()
    for number in range(version + 1):
        with translated(store.location):
            log = store.files.cat_file(
                f"{store.uri('posts')}/_delta_log/{number:020d}.json"
            ).decode()
        named.update(unquote(part.split('"', 1)[0]) for part in log.split('"path":"')[1:])
    root = store.uri("posts").removeprefix("s3://")
    with translated(store.location):
        there = {
            path.removeprefix(root + "/")
            for path in store.files.find(root)
            if path.endswith(".parquet")
        }
    orphans = {path for path in there if not path.startswith("_delta_log/")} - named
    if orphans:
        yield Finding(
            "note",
            f"{len(orphans):,} files belong to imports that did not end; `compact` removes them after its days of grace.",
        )


def _check_keys(keys: Mapping[str, _KeyFacts]) -> Iterator[Finding]:
    """Each post lives in one month, and once in every month that readers take as folded."""
    sound = True
    for source, facts in keys.items():
        if facts.in_two_months:
            sound = False
            yield Finding(
                "problem",
                f"{facts.in_two_months:,} posts of {source} live in two months; `forget --post` them and import again.",
            )
        if facts.twice_in_batch:
            sound = False
            yield Finding(
                "problem",
                f"{facts.twice_in_batch:,} posts of {source} stand twice in one batch; `compact` folds them.",
            )
    if sound:
        yield Finding("ok", f"Every post of {len(keys)} sources has one key and one place.")


_KEY_FACTS = """
    SELECT (SELECT count(DISTINCT post_id) FROM keys),
        (SELECT count(*) FROM (SELECT post_id FROM keys GROUP BY post_id HAVING count(DISTINCT month) > 1)),
        (SELECT count(*) FROM (SELECT post_id FROM keys GROUP BY post_id, month, batch HAVING count(*) > 1))
"""


def _key_facts(store: Store, files: list[DataFile], source: str, state: Path) -> _KeyFacts:
    spill = state / "tmp" / "doctor"
    spill.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(
        ":memory:", config={"memory_limit": "512MB", "temp_directory": str(spill), "threads": 2}
    ) as connection:
        connection.execute("CREATE TABLE keys (post_id VARCHAR, month VARCHAR, batch VARCHAR)")
        for file in files:
            if file.source == source:
                rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=["post_id"])
                for name, value in (("month", file.month), ("batch", file.batch)):
                    rows = rows.append_column(name, pa.repeat(pa.scalar(value), len(rows)))
                connection.register("incoming", rows)
                connection.execute("INSERT INTO keys SELECT * FROM incoming")
                connection.unregister("incoming")
        [(posts, in_two_months, twice)] = connection.execute(_KEY_FACTS).fetchall()
    return _KeyFacts(int(posts), int(in_two_months), int(twice))


def _check_tombstones(store: Store, files: list[DataFile]) -> Iterator[Finding]:
    everything, waiting = Tombstones.load(store), Tombstones.unswept(store)
    alive = 0
    for file in files:
        columns = everything.columns_for(file.source)
        if columns:
            rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=columns)
            alive += pc.sum(everything.hits(rows, source=file.source)).as_py() or 0
    count = sum(map(len, everything.keys.values()))
    open_keys = sum(map(len, waiting.keys.values()))
    if alive and open_keys:
        yield Finding(
            "note",
            f"{alive:,} rows wait to be erased; readers leave them out, `compact` rewrites the store without them.",
        )
    elif alive:
        yield Finding(
            "problem",
            f"{alive:,} rows are alive that a tombstone names; run `forget` for them again.",
        )
    else:
        yield Finding("ok", f"None of {count:,} forgotten or deleted posts and authors is alive.")


def _check_written(files: list[DataFile], imports: list[dict[str, Any]]) -> Iterator[Finding]:
    """The rows of an import that were not folded yet are as many as its receipt says."""
    written: Counter[str] = Counter()
    for file in files:
        written[file.batch.split("-")[0]] += file.rows
    folded = {file.source for file in files if file.batch.startswith("fold-")}
    wrong = [
        row
        for row in imports
        if row["source"] not in folded and written[row["import_id"]] != row["rows_written"]
    ]
    for row in wrong[:5]:
        yield Finding(
            "problem",
            f"The import of {row['file_name']} wrote {row['rows_written']:,} rows, but {written[row['import_id']]:,} are there.",
        )
    if not wrong:
        yield Finding("ok", f"The rows of {len(imports)} imports are all there.")


def _erased(posts: DeltaTable) -> Counter[str]:
    """Posts of each source that were erased, as the commits that erased them say."""
    total: Counter[str] = Counter()
    for commit in posts.history():
        total.update(json.loads(commit.get(ERASED, "{}")))
    return total


def _check_counts(
    keys: Mapping[str, _KeyFacts], imports: list[dict[str, Any]], erased: Counter[str]
) -> Iterator[Finding]:
    """Posts of a source = new posts of all its imports − erased ones."""
    expected: Counter[str] = Counter()
    for receipt in imports:
        expected[receipt["source"]] += receipt["rows_new"]
    for source in sorted(expected):
        found = keys[source].posts if source in keys else 0
        if found == expected[source] - erased[source]:
            yield Finding(
                "ok",
                f"{source} has {found:,} posts, as many as its imports brought and nobody erased.",
            )
        else:
            yield Finding(
                "problem",
                f"{source} has {found:,} posts, but its imports brought {expected[source]:,} and "
                f"{erased[source]:,} were erased.",
            )
