"""One file on its way into the store.

The order of commits makes a kill harmless: quarantine first, under an id that the same file and mapping
always get, so that a repetition replaces it; then tombstones of deleted posts; then the posts with the
receipt in the same commit; last the receipt's row in `imports`, which whoever comes next adds if it is
missing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from murmuration.collect.bad_rows import BadRows, drop_forgotten
from murmuration.collect.files import PostFile
from murmuration.collect.normalise import Normaliser
from murmuration.collect.raw import BadRow, RawBatch, Reader
from murmuration.errors import ReadError, StoreChangedError, StoreError
from murmuration.schema import DERIVED
from murmuration.store.aside import in_order
from murmuration.store.delta import DataFile, Store
from murmuration.store.forget import erase_again
from murmuration.store.merge import Merge, Tally, rank_columns
from murmuration.store.receipts import add_missing_receipts, pack_receipt
from murmuration.store.tombstones import Tombstones, bury
from murmuration.store.upkeep import Replaced
from murmuration.store.write import (
    new_batch,
    removed_on_error,
    removed_unless_committed,
    write_units,
)
from murmuration.text.language import fill_languages

_EARLY_ROWS = 20_000  # from here on, a file that is mostly broken stops before its end
_NAMED, _LONGEST = 12, 30  # columns that an error lists, and letters of each
_BEYOND_HOPE = 2  # times as many bad rows as the whole file may have: rows differ in length
_KNOWN_COLUMNS = ("post_id", "version", "observed_at", "first_seen_at", "content_hash")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the import of a file is: the step, its share from 0 to 1, and rows so far."""

    file: PostFile
    step: str
    share: float
    rows: int


@dataclass(frozen=True, slots=True)
class _Made:
    """What a batch came to, without its raw fields; `done` is the share of the file up to its end."""

    posts: pa.Table
    bad: Sequence[BadRow]
    deleted: Sequence[str]
    no_posts: int
    done: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file; see `murmuration.collect.Receipt`."""

    values: Mapping[str, Any]
    repeated_equal: int
    differing: Mapping[str, int]
    languages: Counter[str]
    bad_rows: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """Readings of this very file in other ways.

    Attributes
    ----------
    import_ids
        Theirs.
    alone
        Whether no post that they brought can have come from another file as well.
    quarantined
        Rows that the last of them could not read.
    """

    import_ids: tuple[str, ...] = ()
    alone: bool = True
    quarantined: int = 0


@dataclass
class ImportJob:
    """Everything one import holds on to; `folder` is for rows that wait on disk."""

    file: PostFile
    reader: Reader
    normaliser: Normaliser
    store: Store
    folder: Path
    max_bad_share: float
    on_progress: Callable[[Progress], None]
    earlier: Earlier = Earlier()
    merge: Merge = field(init=False)
    bad: BadRows = field(init=False)
    deleted: list[str] = field(default_factory=list, init=False)
    counts: Counter[str] = field(default_factory=Counter, init=False)
    languages: Counter[str] = field(default_factory=Counter, init=False)
    tombstones: int = field(default=0, init=False)  # of this source, that the import minds
    lock: Lock = field(default_factory=Lock, init=False)  # of what threads count together

    def __enter__(self) -> Self:
        self.merge = Merge(self.folder).__enter__()
        self.bad = BadRows(
            self.folder / "bad.arrow",
            source=self.source,
            import_id=self.normaliser.import_id,
            file_name=self.file.name,
        )
        return self

    def __exit__(self, *details: object) -> None:
        self.merge.__exit__(*details)

    @property
    def source(self) -> str:
        """The label that the posts get."""
        return self.normaliser.source

    def run(self, file_hash: str, *, detect_language: bool) -> Outcome:
        """Read the file, decide which rows count, and commit them.

        Raises
        ------
        ReadError
            If the file breaks off, has no rows, or too many bad ones; nothing was committed.
        """
        self._read()
        self._check_bad_share()
        posts = self.store.open("posts")
        known_deleted = self._add_known(self.store.post_files(posts, source=self.source))
        if self.deleted:
            self.counts["forgotten"] += self.merge.drop(pa.array(self.deleted, pa.string()))
        tally = self.merge.rank()
        differing = self._differing() if tally.repeated_rows else Counter()
        replaced = Replaced.find(self.store, posts, self.source, self._replaced())
        values = self._values(file_hash, tally)
        self._check_alone(posts.version())
        self.store.replace(
            "quarantine", self.bad.table(), where=f"import_id = '{self.normaliser.import_id}'"
        )
        self.tombstones += bury(
            self.store, "post", self.source, self.deleted, reason="deleted", alive=known_deleted
        )
        files = self._write(tally, detect_language=detect_language)
        self._commit(files, replaced, pack_receipt(values), seen=posts.version())
        self._erase_latecomers(files)
        add_missing_receipts(self.store)
        return Outcome(
            values, tally.repeated_equal_rows, differing, self.languages, self.bad.describe()
        )

    def _read(self) -> None:
        tombstones = Tombstones.load(self.store)
        self.tombstones = tombstones.count(self.source)

        def raw() -> Iterator[tuple[RawBatch, float]]:
            for batch in self.reader.batches():
                yield self.normaliser.with_times(batch), self.reader.done

        with in_order(self._made, raw()) as batches:
            for made in batches:
                self.counts["read"] += len(made.posts) + len(made.bad) + made.no_posts
                self.counts["skipped"] += made.no_posts
                self.deleted += made.deleted
                alive = tombstones.drop(made.posts, source=self.source)
                kept = drop_forgotten(made.bad, tombstones, source=self.source)
                gone = len(made.posts) + len(made.bad) - len(alive) - len(kept)
                self.counts["forgotten"] += gone
                self.bad.add(kept)
                self.merge.add(alive)
                self._check_hope(made.done)
                self._tell("reading", made.done)

    def _made(self, read: tuple[RawBatch, float]) -> "_Made":
        """Make posts of a batch, in any thread; what was repaired is counted in the end, under the lock."""
        batch, done = read
        own = replace(self.normaliser, notes=Counter())
        posts, bad = own.posts(batch)
        with self.lock:
            self.normaliser.notes.update(own.notes)
        return _Made(posts, bad, batch.deleted, batch.skipped + len(batch.deleted), done)

    def _tell(self, step: str, share: float) -> None:
        self.on_progress(Progress(self.file, step, min(share, 1.0), self.counts["read"]))

    def _check_hope(self, done: float) -> None:
        """Stop early where rows are so bad that the rest cannot make up for it: the share is that of the whole file."""
        whole = self.counts["read"] / max(done, 1e-9)  # about so many rows
        if (
            self.counts["read"] >= _EARLY_ROWS
            and len(self.bad) > _BEYOND_HOPE * self.max_bad_share * whole
        ):
            self._check_bad_share()

    def _check_bad_share(self) -> None:
        read, bad = self.counts["read"], len(self.bad)
        if read == 0:
            raise ReadError(f"{self.file.path} has column names but no rows below them.")
        if bad <= self.max_bad_share * read:
            return
        raise ReadError(
            f"{bad:,} of {read:,} rows of {self.file.path} cannot be read as posts ({bad / read:.0%}, "
            f"allowed are {self.max_bad_share:.0%}): {self.bad.describe()}. Nothing was imported. {self._way_out()}"
        )

    def _way_out(self) -> str:
        names = self.reader.columns
        if not names or {"post_id", "text"} <= set(self.reader.mapping):
            return (
                "Mend the file, say which column is which with --map, or allow more with --max-bad."
            )
        more = f" and {len(names) - _NAMED} others" if len(names) > _NAMED else ""
        return (
            f"Its columns are {', '.join(name[:_LONGEST] for name in names[:_NAMED])}{more}: say which of them hold the text and the id, in the form "
            "--map text=COLUMN,id=COLUMN."
        )

    def _add_known(self, files: list[DataFile]) -> set[str]:
        """Tell the merge what the store has of these posts; give the deleted ones that it has."""
        deleted, alive = pa.array(self.deleted, pa.string()), set()
        for file in files:
            uri = f"{self.store.uri('posts')}/{file.path}"
            more = ["import_id"] if self.earlier.import_ids else []
            rows = self.store.read_file(uri, columns=[*_KNOWN_COLUMNS, *more])
            month = pa.repeat(pa.scalar(file.month), len(rows))
            self.merge.add_known(rank_columns(rows).append_column("month", month))
            if self.earlier.import_ids:
                derived = rows.filter(pc.starts_with(rows["post_id"], DERIVED))
                self.merge.add_before(
                    derived["post_id"],
                    pc.is_in(derived["import_id"], pa.array(self.earlier.import_ids, pa.string())),
                )
            if self.deleted:
                alive.update(rows["post_id"].filter(pc.is_in(rows["post_id"], deleted)).to_pylist())
        return alive

    def _replaced(self) -> pa.ChunkedArray:
        """Give the derived ids that only earlier readings of this file know, if they may go; a note says what becomes of them."""
        found = self.merge.replaced()
        kept = ""
        if self.earlier.quarantined < len(self.bad):
            kept = "stay, since this reading has more rows in quarantine"
        elif not self.earlier.alone:
            kept = "stay, since another file may have brought them as well"
        if len(found):
            fate = kept or "replaced, since this reading gives them other ids"
            self.normaliser.notes[f"posts of earlier readings of this file, {fate}"] = len(found)
        return found.slice(0, 0) if kept else found

    def _commit(
        self, files: list[DataFile], replaced: Replaced, facts: Mapping[str, str], *, seen: int
    ) -> None:
        """Commit right behind a state that was looked at, so that nobody comes between look and commit."""
        with removed_on_error(self.store, files):
            rewritten = replaced.write(self.store)
        with removed_unless_committed(self.store, files + rewritten):
            while True:
                newest = self._check_alone(seen)
                with suppress(StoreChangedError):
                    self.store.commit_posts(
                        newest, add=files + rewritten, remove=replaced.files,
                        facts={**facts, **replaced.facts()}, only_next=True,
                    )  # fmt: skip
                    return

    def _erase_latecomers(self, files: list[DataFile]) -> None:
        """Erase again what somebody forgot between the last look at the tombstones and the commit."""
        # `forget` buries first and cleans later: what it buries after this look, it finds itself.
        tombstones = Tombstones.load(self.store)
        if tombstones.count(self.source) != self.tombstones:
            erase_again(self.store, self.folder, self.source, files, tombstones)

    def _check_alone(self, version: int) -> DeltaTable:
        """Refuse to commit if somebody on another machine changed this source meanwhile; give `posts` as it is now."""
        if Tombstones.load(self.store).count(self.source) != self.tombstones:
            raise StoreError(
                f"Posts of {self.source!r} were forgotten or deleted in {self.store.location} meanwhile, "
                "and some may be in this file. No posts were committed; run the import again."
            )
        newest = self.store.open("posts")
        if newest.version() == version:
            return newest
        mine = {file.path for file in self.store.post_files(newest, source=self.source)}
        before = self.store.open("posts", version)
        if mine != {file.path for file in self.store.post_files(before, source=self.source)}:
            raise StoreError(
                f"Posts of {self.source!r} were imported, folded or forgotten in {self.store.location} from another "
                "machine at the same time, so new and known posts cannot be told apart. No posts were "
                "committed; run the import again."
            )
        return newest

    def _write(self, tally: Tally, *, detect_language: bool) -> list[DataFile]:
        done = 0

        def finish(posts: pa.Table) -> pa.Table:
            posts = fill_languages(posts) if detect_language else posts
            with self.lock:
                for row in posts["lang"].drop_null().value_counts().to_pylist():
                    self.languages[row["values"]] += row["counts"]
            return posts

        def tell(rows: int) -> None:
            nonlocal done
            done += rows
            self._tell("detecting languages and writing", done / max(1, tally.written))

        return write_units(
            self.store, self.merge, source=self.source, batch=new_batch(self.normaliser.import_id),
            finish=finish, on_written=tell,
        )  # fmt: skip

    def _differing(self) -> Counter[str]:
        """In how many of the rows that repeat an id each column differs from the row that wins."""
        found: Counter[str] = Counter()
        for winners, losers in self.merge.differing():
            for name in winners.column_names:
                if name == "extra":
                    found.update(_differing_pairs(winners[name], losers[name]))
                elif name not in _KNOWN_COLUMNS:
                    pairs = zip(winners[name].to_pylist(), losers[name].to_pylist(), strict=True)
                    found[name] += sum(a != b for a, b in pairs)
        return +found

    def _values(self, file_hash: str, tally: Tally) -> dict[str, Any]:
        notes = sorted(self.normaliser.notes.items())
        return {
            "import_id": self.normaliser.import_id,
            "source": self.source,
            "file_name": self.file.name,
            "file_hash": file_hash,
            "file_bytes": self.file.bytes,
            "shape": self.reader.shape,
            "mapping": sorted(self.reader.mapping.items()),
            "observed_at": self.normaliser.observed_at,
            "rows_read": self.counts["read"],
            "rows_new": tally.new,
            "rows_updated": tally.updated,
            "rows_unchanged": tally.unchanged,
            "rows_older": tally.older,
            "rows_repeated": tally.repeated_rows,
            "rows_skipped": self.counts["skipped"],
            "rows_forgotten": self.counts["forgotten"],
            "rows_quarantined": len(self.bad),
            "rows_written": tally.written,
            "notes": [f"{note}: {count:,}" for note, count in notes],
        }


def _differing_pairs(winners: pa.ChunkedArray, losers: pa.ChunkedArray) -> Counter[str]:
    found: Counter[str] = Counter()
    for one, other in zip(winners.to_pylist(), losers.to_pylist(), strict=True):
        a, b = dict(one or ()), dict(other or ())
        found.update(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
    return found
