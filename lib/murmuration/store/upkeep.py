"""Fold months in which versions have piled up, and let files go that nothing needs any more."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from murmuration.errors import ParamError
from murmuration.schema import POSTS, STORE_TABLES
from murmuration.store.delta import DataFile, Store, translated
from murmuration.store.keys import find_twins, keys_of
from murmuration.store.merge import Merge
from murmuration.store.receipts import add_missing_receipts
from murmuration.store.spill import remove_leftovers, spill_folder
from murmuration.store.tombstones import Tombstones, mark_swept
from murmuration.store.write import new_batch, removed_unless_committed, write_units, write_without

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
    keep_versions: Mapping[str, Collection[int]] | None = None,
    keep_days: int = KEEP_DAYS,
    on_month: Callable[[str, int, int], None] = lambda name, done, total: None,
) -> Compaction:
    """Fold every month that several imports wrote to the state that readers see.

    The small tables become one file each, with all their rows.

    Parameters
    ----------
    store
        The store; the caller holds its write lock.
    state
        Local folder for spilled rows.
    keep_versions
        Versions of each table that stay readable however old they are, such as those that runs pin.
    keep_days
        Files that were replaced longer ago are removed, unless a kept version needs them; 1 or more.
    on_month
        Told the month, how many are done and how many there are.

    Returns
    -------
    Compaction
        Nothing that readers see changes: superseded versions and erased posts go, no others.

    Raises
    ------
    ParamError
        If `keep_days` is less than 1.
    """
    if keep_days < 1:
        raise ParamError(
            f"keep_days is {keep_days}, but files must stay for 1 day or more: those that another machine "
            "is just writing would go as well."
        )
    remove_leftovers(store, state)
    add_missing_receipts(store, whole_log=True)
    store.make()  # what an older version did not know
    _gather_small_tables(store)
    _gather_labels(store)
    tombstones = Tombstones.unswept(store)
    places = _places_to_fold(store, state, tombstones)
    before = after = 0
    for done, place in enumerate(places):
        on_month(f"{place.source} {' '.join(place.months)}", done, len(places))
        rows = fold(store, state, place.source, place.months, tombstones, gone=place.surplus)
        before, after = before + rows[0], after + rows[1]
    # Those that `forget` made are its own to finish: old files and the quarantine are not folded here.
    mark_swept(store, tombstones, reasons=["deleted"])
    months = sum(len(place.months) for place in places)
    return Compaction(months, before, after, vacuum(store, keep_versions or {}, keep_days))


def _gather_small_tables(store: Store) -> None:
    """Make one file of the many that imports leave, for every import reads them all."""
    for name in ("imports", "quarantine", "tombstones"):
        table = store.open(name)
        if len(table.file_uris()) > 1:
            store.replace(table, store.read_at(table))


def _gather_labels(store: Store) -> None:
    """The same for labels, without those of posts that are forgotten or deleted."""
    table = store.open("labels")
    rows = store.read_at(table)
    kept = rows.filter(pc.invert(Tombstones.load(store).hits_among(rows)))
    if len(kept) < len(rows) or len(table.file_uris()) > 1:
        store.replace(table, kept)


@dataclass(frozen=True, slots=True)
class _Place:
    """Months of a source to fold together: one, or those that share posts."""

    source: str
    months: tuple[str, ...]
    surplus: int = 0


def _places_to_fold(store: Store, state: Path, tombstones: Tombstones) -> list[_Place]:
    files = store.post_files(store.open("posts"))
    found = []
    for source, group in groupby(files, key=lambda file: file.source):
        own = list(group)
        with keys_of(store, own, source, state) as keys:
            twins = find_twins(keys)
        if twins.posts:
            found.append(_Place(source, twins.months, twins.surplus))
        for month in sorted({file.month for file in own} - set(twins.months)):
            there = [file for file in own if file.month == month]
            several = len({file.batch for file in there}) > 1
            if several or _holds_hidden(store, there, tombstones):
                found.append(_Place(source, (month,)))
    return found


def _holds_hidden(store: Store, files: Iterable[DataFile], tombstones: Tombstones) -> bool:
    """Say whether files hold a post that a tombstone names."""
    for file in files:
        columns = tombstones.columns_for(file.source)
        if columns:
            rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=columns)
            if pc.any(tombstones.hits(rows, source=file.source)).as_py():
                return True
    return False


def fold(
    store: Store,
    state: Path,
    source: str,
    months: Collection[str],
    tombstones: Tombstones,
    *,
    gone: int = 0,
) -> tuple[int, int]:
    """Rewrite the files of months of one source as one batch; give their rows before and after.

    A post that lives in several of them lives on where its newest version is. The commit says how many posts were
    erased with it, so that `doctor` can add up; `gone` more are that no file holds any more, or that had a place too many.
    """
    # Opened once: if another machine folds this month meanwhile, the commit below is refused.
    table = store.open("posts")
    old = [file for file in store.post_files(table, source=source) if file.month in months]
    erased: set[str] = set()
    with spill_folder(store, state) as folder, Merge(folder) as merge:
        for file in old:
            rows = _read_whole(store, file)
            hits = tombstones.hits(rows, source=source)
            erased.update(rows["post_id"].filter(hits).to_pylist())
            kept = tombstones.drop_mentions(rows.filter(pc.invert(hits)), source=source)
            merge.add(kept.select(POSTS.names))
        tally = merge.rank()
        files = write_units(store, merge, source=source, batch=new_batch("fold"))
        with removed_unless_committed(store, files):
            counts = json.dumps({source: len(erased) + gone})
            facts = {FOLDED: f"{source}/{'+'.join(months)}", ERASED: counts}
            # What came in meanwhile goes with its month, but if that is not settled it could live twice again.
            alone = len(months) > 1
            store.commit_posts(table, add=files, remove=old, facts=facts, only_next=alone)
    return sum(file.rows for file in old), tally.written


@dataclass(frozen=True, eq=False, slots=True)
class Replaced:
    """Posts that go since the file that they came from is read in another way, which gives them other ids.

    Attributes
    ----------
    source, post_ids
        Whose they are, and which.
    files
        Data files that hold some of them.
    """

    source: str
    post_ids: pa.ChunkedArray
    files: list[DataFile]

    @classmethod
    def find(
        cls, store: Store, table: DeltaTable, source: str, post_ids: pa.ChunkedArray
    ) -> "Replaced":
        """Look for them in a version of `posts`."""
        files = store.post_files(table, source=source) if len(post_ids) else []
        return cls(source, post_ids, [file for file in files if _holds(store, file, post_ids)])

    def write(self, store: Store) -> list[DataFile]:
        """Write their files without them; give what a commit may add in place of those."""
        return write_without(store, self.files, self.post_ids)

    def facts(self) -> dict[str, str]:
        """Give what the commit says of it, so that `doctor` can add up."""
        if not self.files:
            return {}
        return {
            FOLDED: f"{self.source}/replaced",
            ERASED: json.dumps({self.source: len(self.post_ids)}),
        }


def _holds(store: Store, file: DataFile, post_ids: pa.ChunkedArray) -> bool:
    rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=["post_id"])
    return pc.any(pc.is_in(rows["post_id"], post_ids)).as_py() or False


def _read_whole(store: Store, file: DataFile) -> pa.Table:
    """Read a data file with the columns that stand in its path."""
    rows = store.read_file(f"{store.uri('posts')}/{file.path}")
    for name, value in (("source", file.source), ("created_month", file.month)):
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), len(rows)))
    return rows


def vacuum(store: Store, keep_versions: Mapping[str, Collection[int]], keep_days: int) -> int:
    """Remove files that no version of the last days and no kept version needs; say how many.

    That includes files that are not committed yet, if they are older.
    """
    count = 0
    for name in (each.name for each in STORE_TABLES):
        table = store.open(name)
        newest = table.version()
        kept = {newest, *(v for v in keep_versions.get(name, ()) if v <= newest)}
        with translated(store.location):
            removed = table.vacuum(
                retention_hours=keep_days * 24,
                dry_run=False,
                enforce_retention_duration=False,
                full=True,
                keep_versions=sorted(kept),
            )
        count += len(removed)
    return count
