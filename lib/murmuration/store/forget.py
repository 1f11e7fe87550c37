"""Erase a post or an author for good: now, in old versions, and in what is imported later."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from murmuration.errors import StoreError
from murmuration.schema import QUARANTINE
from murmuration.store.delta import DataFile, Store, translated
from murmuration.store.pseudonyms import TombstoneKind
from murmuration.store.tombstones import Tombstones, bury, mark_swept
from murmuration.store.upkeep import fold, remove_leftovers

_PSEUDONYM = re.compile(r"[0-9a-f]{32}")
_COLUMN: dict[TombstoneKind, str] = {"post": "post_id", "author": "author_key"}


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased.

    Attributes
    ----------
    posts
        Live posts that went.
    quarantined
        Rows of the quarantine that went.
    files
        Data files that were rewritten, those of old versions included.
    """

    posts: int
    quarantined: int
    files: int


@dataclass(frozen=True, slots=True)
class _Target:
    """What is to be erased: the column to look in, the value there, and the id as people write it."""

    kind: TombstoneKind
    source: str
    value: str
    written: str

    def hits(self, rows: pa.Table) -> pa.Array:
        column = rows[_COLUMN[self.kind]]
        return pc.fill_null(pc.equal(column, self.value), False)


def forget(
    store: Store, state: Path, *, source: str, post: str | None = None, author: str | None = None
) -> Erasure:
    """Erase one post, or all posts of one author, of a source.

    The tombstone comes first, so readers and imports leave the posts out from the first moment; then the
    posts, the quarantine and the files of old versions are rewritten without them; last, everything
    is searched for what may be left.

    Parameters
    ----------
    store, state
        The store, whose write lock the caller holds, and the local folder for spilled rows.
    source
        The source that the post or author belongs to.
    post
        A post's id; or
    author
        an author's id on the platform, or the pseudonym.

    Returns
    -------
    Erasure
        Counts; all zero if there was nothing, which is kept out from now on all the same.

    Raises
    ------
    StoreError
        If something is left; running it again goes on where it stopped.
    """
    target = _target(store, source, post, author)
    remove_leftovers(state)
    table = store.open("posts")
    touched = [
        file for file in store.post_files(table, source=source) if _count(store, file, target)
    ]
    erased = _count_live(store, touched, target)
    bury(store, target.kind, source, [target.value], reason="forgotten", alive=[target.value])
    tombstones = Tombstones(store.pseudonyms, {(source, target.kind): _keys(store, target)})
    months = {(file.source, file.month) for file in touched}
    for month in sorted(months):
        fold(
            store,
            state,
            [
                f
                for f in store.post_files(store.open("posts"), source=source)
                if f.month == month[1]
            ],
            tombstones,
        )
    quarantined = _clean_quarantine(store, target)
    rewritten = len(touched) + _rewrite_old_files(store, target)
    left = list(find_traces(store, target.source, target.written, target.value))
    if left:
        raise StoreError(
            f"{len(left)} files of {store.location} still hold what was to be erased, the first is {left[0]}. "
            "Run the command again."
        )
    mark_swept(store, tombstones)
    return Erasure(erased, quarantined, rewritten)


def _target(store: Store, source: str, post: str | None, author: str | None) -> _Target:
    if (post is None) == (author is None):
        raise StoreError("Say either a post or an author to forget, and not both.")
    if post is not None:
        return _Target("post", source, post, post)
    assert author is not None  # noqa: S101  the line above
    known = bool(_PSEUDONYM.fullmatch(author))
    return _Target(
        "author", source, author if known else store.pseudonyms.author_key(source, author), author
    )


def _keys(store: Store, target: _Target) -> frozenset[str]:
    return frozenset({store.pseudonyms.hidden_key(target.kind, target.source, target.value)})


def _count(store: Store, file: DataFile, target: _Target) -> int:
    rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=[_COLUMN[target.kind]])
    return pc.sum(target.hits(rows)).as_py() or 0


def _count_live(store: Store, files: list[DataFile], target: _Target) -> int:
    ids: set[str] = set()
    for file in files:
        rows = store.read_file(
            f"{store.uri('posts')}/{file.path}", columns=["post_id", "author_key"]
        )
        ids.update(rows["post_id"].filter(target.hits(rows)).to_pylist())
    return len(ids)


def _clean_quarantine(store: Store, target: _Target) -> int:
    rows = store.read("quarantine")
    kept = rows.filter(pc.invert(_names(rows, target.source, target.written, target.value)))
    if len(kept) < len(rows):
        store.replace("quarantine", kept)
    return len(rows) - len(kept)


def _names(rows: pa.Table, source: str, written: str, value: str) -> pa.Array:
    """Say which rows of the quarantine speak of a post or author, also inside their content."""
    hit = pc.or_kleene(pc.equal(rows["post_id"], written), pc.equal(rows["author_key"], value))
    hit = pc.or_kleene(hit, pc.match_substring(rows["content"], written))
    return pc.and_(pc.equal(rows["source"], source), pc.fill_null(hit, False))


def _rewrite_old_files(store: Store, target: _Target) -> int:
    """Rewrite files in place that only old versions, or nothing, need; say how many.

    The log of old versions names these files, so they keep their names; only rows go.
    """
    count = 0
    for path in _data_files(store, f"posts/source={target.source}"):
        rows = store.read_file(path)
        hits = target.hits(rows)
        if pc.any(hits).as_py():
            _overwrite(store, path, rows.filter(pc.invert(hits)))
            count += 1
    for path in _data_files(store, "quarantine"):
        rows = store.read_file(path).cast(QUARANTINE.arrow)
        hits = _names(rows, target.source, target.written, target.value)
        if pc.any(hits).as_py():
            _overwrite(store, path, rows.filter(pc.invert(hits)))
            count += 1
    return count


def _data_files(store: Store, place: str) -> Iterator[str]:
    """All Parquet files below a place, whether a version names them or not."""
    root = f"{store.location}/{place}"
    with translated(store.location):
        paths = store.files.find(root) if store.files.exists(root) else []
    for path in sorted(paths):
        if path.endswith(".parquet") and "/_delta_log/" not in path:
            yield f"s3://{path}" if store.on_s3 else path


def _overwrite(store: Store, path: str, rows: pa.Table) -> None:
    """Put other content into a file; a reader sees the old one or the new one."""
    with translated(store.location):
        fresh = path if store.on_s3 else f"{path}.new"
        with store.files.open(fresh, "wb") as file:
            pq.write_table(rows, file, compression="zstd")
        if fresh != path:
            Path(fresh).replace(path)


def find_traces(store: Store, source: str, written: str, value: str) -> Iterator[str]:
    """Search every file of the store, logs included, for an erased post or author.

    Parameters
    ----------
    store
        Where to search.
    source
        The source it belonged to.
    written
        The id as the platform writes it.
    value
        The id or the author's pseudonym as the store keeps it.

    Yields
    ------
    str
        Path of a file that holds it.
    """
    needles = pa.array(sorted({written, value}))
    for path in _data_files(store, f"posts/source={source}"):
        rows = store.read_file(path, columns=["post_id", "author_key"])
        found = (pc.any(pc.is_in(rows[name], needles)).as_py() for name in rows.column_names)
        if any(found):
            yield path
    for path in _data_files(store, "quarantine"):
        if pc.any(
            _names(store.read_file(path).cast(QUARANTINE.arrow), source, written, value)
        ).as_py():
            yield path
    yield from _log_traces(store, [needle.encode() for needle in needles.to_pylist()])


def _log_traces(store: Store, needles: list[bytes]) -> Iterator[str]:
    for name in ("posts", "imports", "quarantine", "tombstones"):
        with translated(store.location):
            paths = store.files.find(f"{store.location}/{name}/_delta_log")
            for path in sorted(paths):
                content = store.files.cat_file(path)
                if any(b'"' + needle + b'"' in content for needle in needles):
                    yield str(path)
