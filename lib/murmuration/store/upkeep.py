"""Fold months in which versions have piled up, and let files go that nothing needs any more."""

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from murmuration.schema import POSTS
from murmuration.store.delta import DataFile, Store, translated
from murmuration.store.merge import Merge
from murmuration.store.tombstones import Tombstones, mark_swept
from murmuration.store.write import new_batch, removed_on_error, write_units

FOLDED, ERASED = "murmuration_fold", "murmuration_erased"  # facts in commits
KEEP_DAYS = 30  # files that a newer version replaced stay so long for `as_of`


@dataclass(frozen=True, slots=True)
class Compaction:
    """What `compact` did: months folded, rows before and after, files removed from disk."""

    months: int
    rows_before: int
    rows_after: int
    files_removed: int


def compact(
    store: Store,
    state: Path,
    *,
    keep_versions: Sequence[int] = (),
    keep_days: int = KEEP_DAYS,
    on_month: Callable[[str, int, int], None] = lambda name, done, total: None,
) -> Compaction:
    """Fold every month that several imports wrote to the state that readers see.

    Parameters
    ----------
    store
        The store; the caller holds its write lock.
    state
        Local folder for spilled rows.
    keep_versions
        Versions of `posts` that stay readable however old they are, such as those that runs pin.
    keep_days
        Files that were replaced longer ago are removed, unless a kept version needs them.
    on_month
        Told the month, how many are done and how many there are.

    Returns
    -------
    Compaction
        Nothing that readers see changes: superseded versions and erased posts go, no others.
    """
    tombstones = Tombstones.unswept(store)
    months = _months_to_fold(store, tombstones)
    before = after = 0
    for done, month in enumerate(months):
        on_month(f"{month[0].source} {month[0].month}", done, len(months))
        before += sum(file.rows for file in month)
        after += fold(store, state, month, tombstones)
    mark_swept(store, tombstones)
    return Compaction(len(months), before, after, vacuum(store, keep_versions, keep_days))


def _months_to_fold(store: Store, tombstones: Tombstones) -> list[list[DataFile]]:
    files = store.post_files(store.open("posts"))
    found = []
    for _, group in groupby(files, key=lambda file: (file.source, file.month)):
        month = list(group)
        several = len({file.batch for file in month}) > 1
        if several or holds_hidden(store, month, tombstones):
            found.append(month)
    return found


def holds_hidden(store: Store, files: Iterable[DataFile], tombstones: Tombstones) -> bool:
    """Say whether files hold a post that a tombstone names."""
    for file in files:
        columns = tombstones.columns_for(file.source)
        if columns:
            rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=columns)
            if pc.any(tombstones.hits(rows, source=file.source)).as_py():
                return True
    return False


def fold(store: Store, state: Path, month: Sequence[DataFile], tombstones: Tombstones) -> int:
    """Rewrite the files of one month of one source as one batch; give the rows that stay.

    The commit says how many posts were erased with it, so that `doctor` can add up.
    """
    source, erased = month[0].source, set()
    with Merge(state / "tmp") as merge:
        for file in month:
            rows = _read_whole(store, file)
            hits = tombstones.hits(rows, source=source)
            erased.update(rows["post_id"].filter(hits).to_pylist())
            merge.add(rows.filter(pc.invert(hits)).select(POSTS.names))
        tally = merge.rank()
        files = write_units(store, merge, source=source, batch=new_batch("fold"))
        with removed_on_error(store, files):
            facts = {
                FOLDED: f"{source}/{month[0].month}",
                ERASED: json.dumps({source: len(erased)}),
            }
            store.commit_posts(store.open("posts"), add=files, remove=month, facts=facts)
    return tally.written


def _read_whole(store: Store, file: DataFile) -> pa.Table:
    """Read a data file with the columns that stand in its path."""
    rows = store.read_file(f"{store.uri('posts')}/{file.path}")
    for name, value in (("source", file.source), ("created_month", file.month)):
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), len(rows)))
    return rows


def vacuum(store: Store, keep_versions: Sequence[int], keep_days: int) -> int:
    """Remove files that no version of the last days and no kept version needs; say how many."""
    table = store.open("posts")
    newest = table.version()
    with translated(store.location):
        removed = table.vacuum(
            retention_hours=keep_days * 24,
            dry_run=False,
            enforce_retention_duration=False,
            full=True,
            keep_versions=sorted({newest, *(v for v in keep_versions if v <= newest)}),
        )
    return len(removed)


def remove_leftovers(state: Path) -> None:
    """Remove what a killed import spilled; the caller holds the write lock."""
    for folder in (state / "tmp").glob("merge-*"):
        shutil.rmtree(folder)
