"""Check what must always be true of a store, and say what was found."""

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from murmuration.errors import StoreError
from murmuration.store.delta import Commit, DataFile, Store, translated
from murmuration.store.keys import find_twins, keys_of
from murmuration.store.receipts import read_receipts
from murmuration.store.tombstones import Tombstones
from murmuration.store.upkeep import ERASED, FOLDED

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
    broken = yield from _check_files(store, files)
    yield from _check_orphans(store, files)
    sound = [file for file in files if file not in broken]
    # Where files are broken, that is the problem; sums over the rest of the source say nothing new.
    summed = {file.source for file in files} - {file.source for file in broken}
    on_step("keys")
    keys = {source: _key_facts(store, sound, source, state) for source in sorted(summed)}
    yield from _check_keys(keys)
    on_step("tombstones")
    yield from _check_tombstones(store, sound)
    on_step("labels")
    yield from _check_labels(store, sound)
    on_step("receipts")
    imports = store.read("imports").to_pylist()
    logged = read_receipts(store, posts)
    yield from _check_receipts(imports, logged)
    there = {row["import_id"] for row in imports}
    imports += [row for row in logged if row["import_id"] not in there]
    whole = [row for row in imports if row["source"] not in {file.source for file in broken}]
    commits = store.commits(posts)
    yield from _check_written(files, whole, _folded(commits))
    yield from _check_counts(keys, whole, _erased(commits))


@dataclass(frozen=True, slots=True)
class _KeyFacts:
    """Distinct posts of a source, those in two months, and those twice in one batch."""

    posts: int
    in_two_months: int
    twice_in_batch: int


def _check_files(
    store: Store, files: Sequence[DataFile]
) -> Generator[Finding, None, list[DataFile]]:
    """Every file that the log names is there, whole, and has as many rows as the log says."""
    broken = []
    for file in files:
        path = f"{store.uri('posts')}/{file.path}"
        try:
            rows = len(store.read_file(path, columns=["post_id", "author_key"]))
            with translated(store.location):
                size = store.files.size(path)
        except StoreError as err:
            broken.append(file)
            yield Finding("problem", f"The data file {file.path} cannot be read: {err.__cause__}.")
            continue
        if (rows, size) != (file.rows, file.bytes):
            broken.append(file)
            yield Finding(
                "problem",
                f"The data file {file.path} has {rows:,} rows and {size:,} bytes, the log says {file.rows:,} and {file.bytes:,}.",
            )
    if not broken:
        total = sum(file.rows for file in files)
        yield Finding("ok", f"{len(files):,} data files with {total:,} rows are as the log says.")
    return broken


def _check_orphans(store: Store, files: Sequence[DataFile]) -> Iterator[Finding]:
    """Files that no version names, as a killed import leaves them."""
    root = store.uri("posts").removeprefix("s3://")
    named = store.named_paths("posts") | {file.path for file in files}
    with translated(store.location):
        there = [path.removeprefix(root + "/") for path in store.files.find(root)]
    data = {path for path in there if not path.startswith("_delta_log/")}
    if data - named:
        yield Finding(
            "note",
            f"{len(data - named):,} files belong to work that did not end; `compact` removes them after its days of grace.",
        )


def _check_keys(keys: Mapping[str, _KeyFacts]) -> Iterator[Finding]:
    """Each post lives in one month, and once in every month that readers take as folded."""
    sound = True
    for source, facts in keys.items():
        if facts.in_two_months:
            sound = False
            yield Finding(
                "problem",
                f"{facts.in_two_months:,} posts of {source} live in two months; `compact` folds each into one.",
            )
        if facts.twice_in_batch:
            sound = False
            yield Finding(
                "problem",
                f"{facts.twice_in_batch:,} posts of {source} stand twice in one batch; `compact` folds them.",
            )
    if sound:
        yield Finding("ok", f"Every post of {len(keys)} sources has one key and one place.")


_TWICE = """
    SELECT count(DISTINCT post_id), (SELECT count(*) FROM (
        SELECT post_id FROM keys GROUP BY post_id, month, batch HAVING count(*) > 1)) FROM keys
"""


def _key_facts(store: Store, files: list[DataFile], source: str, state: Path) -> _KeyFacts:
    with keys_of(store, files, source, state) as keys:
        [(posts, twice)] = keys.execute(_TWICE).fetchall()
        return _KeyFacts(int(posts), find_twins(keys).posts, int(twice))


def _check_tombstones(store: Store, files: list[DataFile]) -> Iterator[Finding]:
    everything, waiting = Tombstones.load(store), Tombstones.unswept(store)
    alive = left_out = 0
    for file in files:
        columns = everything.columns_for(file.source)
        if columns:
            rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=columns)
            hidden = waiting.hits(rows, source=file.source)
            hits = everything.hits(rows, source=file.source)
            left_out += pc.sum(hidden).as_py() or 0
            alive += pc.sum(pc.and_not(hits, hidden)).as_py() or 0
    if left_out:
        yield Finding(
            "note",
            f"{left_out:,} rows wait to be erased; readers leave them out, `compact` rewrites the store without them.",
        )
    rows = store.read("tombstones")
    if pc.any(pc.and_not(pc.equal(rows["reason"], "forgotten"), rows["swept"])).as_py():
        yield Finding(
            "note",
            "A `forget` did not end: readers leave the posts out, but they may still lie in old files. Run it again.",
        )
    if alive:
        yield Finding(
            "problem",
            f"{alive:,} rows are alive that a tombstone names; run `forget` for them again.",
        )
    else:
        count = sum(map(len, everything.keys.values()))
        yield Finding("ok", f"None of {count:,} forgotten or deleted posts and authors is alive.")


def _check_labels(store: Store, files: list[DataFile]) -> Iterator[Finding]:
    """What people said is about posts that are there, and not about forgotten ones."""
    if not store.has("labels"):  # made by an older version
        return
    rows = store.read("labels")
    named = Tombstones.load(store).hits_among(rows)
    waiting = pc.sum(Tombstones.unswept(store).hits_among(rows)).as_py() or 0
    alive = (pc.sum(named).as_py() or 0) - waiting
    left = rows.filter(pc.invert(named))
    if alive:
        yield Finding(
            "problem", f"{alive:,} labels are of posts that were forgotten; `compact` erases them."
        )
    if homeless := len(left) - _count_on_posts(store, files, left):
        yield Finding(
            "note",
            f"For {homeless:,} label{'s' if homeless > 1 else ''} there is no post in the store; import it again.",
        )
    if not alive and not homeless:
        yield Finding("ok", f"{len(left):,} labels are of posts that are there.")


def _count_on_posts(store: Store, files: list[DataFile], labels: pa.Table) -> int:
    """Count the labels whose post is in one of the files."""
    found = pa.chunked_array([pa.repeat(pa.scalar(False), len(labels))])
    labelled = set(labels["source"].unique().to_pylist())
    for file in files:
        if file.source in labelled:
            ids = store.read_file(f"{store.uri('posts')}/{file.path}", columns=["post_id"])[0]
            here = pc.and_(
                pc.equal(labels["source"], file.source), pc.is_in(labels["post_id"], ids)
            )
            found = pc.or_(found, here)
    return pc.sum(found).as_py() or 0


def _check_receipts(
    imports: list[dict[str, Any]], logged: list[dict[str, Any]]
) -> Iterator[Finding]:
    """The table `imports` and the log of `posts` speak of the same imports."""
    there = {row["import_id"] for row in imports}
    in_log = {row["import_id"] for row in logged}
    if in_log - there:
        yield Finding(
            "note",
            f"{len(in_log - there)} receipts are in the log only; `compact` adds them to `imports`.",
        )
    if there - in_log:
        yield Finding(
            "problem",
            f"{len(there - in_log)} receipts in `imports` speak of imports that the log of `posts` does not know.",
        )


def _check_written(
    files: list[DataFile], imports: list[dict[str, Any]], folded: set[str]
) -> Iterator[Finding]:
    """The rows of an import are as many as its receipt says, in sources of which nothing was folded."""
    written: Counter[str] = Counter()
    for file in files:
        written[file.batch.split("-")[0]] += file.rows
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


def _folded(commits: Sequence[Commit]) -> set[str]:
    """Sources of which a month was ever folded."""
    return {commit.facts[FOLDED].split("/")[0] for commit in commits if FOLDED in commit.facts}


def _erased(commits: Sequence[Commit]) -> Counter[str]:
    """Posts of each source that were erased, as the commits that erased them say."""
    total: Counter[str] = Counter()
    for commit in commits:
        total.update(json.loads(commit.facts.get(ERASED, "{}")))
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
