"""Erase a post or an author for good: now, in old versions, and in what is imported later.

What goes is what they wrote and what names them: all versions of their posts, the author's pseudonym in
posts that mention it, rows of the quarantine, labels of their posts. What others wrote about them stays theirs, and so does the
id of the post that they answer.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from murmuration.errors import StoreError, UnknownNameError, suggest
from murmuration.schema import QUARANTINE, STORE_TABLES
from murmuration.store.delta import STATISTICS, DataFile, Store, list_sources, translated
from murmuration.store.pseudonyms import TombstoneKind
from murmuration.store.spill import remove_leftovers
from murmuration.store.tombstones import Tombstones, bury_together, mark_swept
from murmuration.store.upkeep import fold

_PSEUDONYM = re.compile(r"[0-9a-f]{32}")
_NAMING = ["post_id", "author_key", "mention_keys"]  # columns of `posts`
_SAID = ["text", "title", "lang"]  # what the topic of a post depends on
_NO_TEXTS = pa.array([], pa.string())
_FRESH = ".new"
_ESCAPED = r"\\[bfnrt]"  # a line break or the like, as JSON writes it: its letter is none of a name
_HALF_WRITTEN = re.compile(r"\.(new|parquet#\d+)$")  # by us, by delta-rs
_YOUNG_SECONDS = 60  # a file of labels that somebody may be writing, which takes no lock
_HARMLESS = frozenset(",".join(STATISTICS.values()).split(","))


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
    labels
        Entries of labellers that went.
    models
        Saved models that knew one of the texts.
    """

    posts: int
    quarantined: int
    files: int
    labels: int = 0
    models: int = 0


@dataclass(frozen=True, slots=True)
class _Target:
    """What is to be erased: the id as people write it, and the posts and pseudonyms it stands for.

    `mentions` are further pseudonyms of the author in posts of others: names that are found in texts
    are lower-cased, so "@JNardino" has that of "jnardino". Where case matters, posts of an author
    "jnardino" are somebody else's, so those stay.
    """

    source: str
    written: str
    posts: frozenset[str]
    authors: frozenset[str]
    mentions: frozenset[str]

    @property
    def names(self) -> dict[TombstoneKind, frozenset[str]]:
        """All of them, by kind."""
        return {"post": self.posts, "author": self.authors, "mention": self.mentions}

    def is_named_in(self, rows: pa.Table) -> bool:
        """Say whether one of the posts, or a mention of the author, is among these."""
        mentioned = pc.list_flatten(rows["mention_keys"])
        return (
            pc.any(_among(rows["post_id"], self.posts)).as_py()
            or pc.any(_among(rows["author_key"], self.authors)).as_py()
            or pc.any(_among(mentioned, self.authors | self.mentions)).as_py()
        ) or False

    def is_spoken_of(self, rows: pa.Table) -> pa.ChunkedArray:
        """Say which rows of the quarantine speak of it, also inside their content."""
        hit = pc.or_(_among(rows["post_id"], self.posts), _among(rows["author_key"], self.authors))
        # As it stands and as JSON writes it; not beside a letter or digit, or "1" would be everywhere.
        quoted = {json.dumps(self.written, ensure_ascii=escaped) for escaped in (False, True)}
        for form in {self.written, *(text[1:-1] for text in quoted)}:
            alone = f"(^|[^0-9A-Za-z]|{_ESCAPED}){re.escape(form)}($|[^0-9A-Za-z])"
            found = pc.match_substring_regex(rows["content"], alone)
            hit = pc.or_(hit, pc.fill_null(found, False))
        return pc.and_(hit, pc.equal(rows["source"], self.source))


def _among(column: pa.ChunkedArray, names: frozenset[str]) -> pa.ChunkedArray:
    return pc.is_in(column, pa.array(sorted(names), pa.string()))


def forget(
    store: Store,
    state: Path,
    *,
    source: str,
    post: str | None = None,
    author: str | None = None,
    from_models: Callable[[pd.DataFrame], int] | None = None,
) -> Erasure:
    """Erase one post, or all posts of one author, of a source.

    The tombstones come first, so readers and imports leave the posts out from the first moment; then the
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
    from_models
        Erases texts from what models know, such as `murmuration.registry.forget_texts`; says how many knew one. Comes
        before the posts go, so that running it again after a kill finds the texts again.

    Returns
    -------
    Erasure
        Counts; all zero if there was nothing, which is kept out from now on all the same.

    Raises
    ------
    UnknownNameError
        If the store never had such a source.
    StoreError
        If something is left; running it again goes on where it stopped.
    """
    _check_source(store, source)
    store.make()  # what an older version did not know
    remove_leftovers(store, state)
    _remove_half_written(store, source)
    target = _target(store, source, post, author)
    # The posts as well as the author: each version of them goes, also one that names no author.
    bury_together(
        store,
        source,
        target.names,
        reason="forgotten",
        alive=frozenset().union(*target.names.values()),
        at=pc.min(_own_rows(store, target, ["author"])["at"]).as_py(),
    )
    with _said_to_be_unfinished():
        known = from_models(_read_texts(store, target)) if from_models else 0
        return replace(_erase(store, state, target), models=known)


def _read_texts(store: Store, target: _Target) -> pd.DataFrame:
    """Give what all versions of the posts say, those of old files included."""
    tombstones, found = _tombstones(store, target), [pa.table(dict.fromkeys(_SAID, _NO_TEXTS))]
    for path in _data_files(store, f"posts/source={target.source}"):
        rows = store.read_file(path, columns=_NAMING)
        hits = tombstones.hits(rows, source=target.source)
        if pc.any(hits).as_py():
            found.append(store.read_file(path, columns=_SAID).filter(hits))
    texts: pd.DataFrame = pa.concat_tables(found, promote_options="permissive").to_pandas()
    return texts


@contextmanager
def _said_to_be_unfinished() -> Iterator[None]:
    """Say of an error that it came half-way."""
    try:
        yield
    except StoreError as err:
        raise StoreError(
            f"{err} Readers and imports leave out what is to be forgotten, but it is not erased yet: "
            "run `forget` again."
        ) from err


def _erase(store: Store, state: Path, target: _Target) -> Erasure:
    source, tombstones = target.source, _tombstones(store, target)
    touched = [
        file
        for file in store.post_files(store.open("posts"), source=source)
        if _is_touched(store, f"{store.uri('posts')}/{file.path}", target, tombstones)
    ]
    erased = _count_posts(store, touched, tombstones)
    for month in sorted({file.month for file in touched}):
        fold(store, state, source, [month], tombstones)
    quarantined = _clean_quarantine(store, target)
    labels = erase_labels(store, tombstones)
    rewritten = len(touched) + _rewrite_old_files(store, target, tombstones)
    left = list(_find_traces(store, target, tombstones))
    if left:
        raise StoreError(
            f"{len(left)} files of {store.location} still hold what was to be erased, the first is {left[0]}."
        )
    mark_swept(store, tombstones, reasons=["forgotten", "deleted"])
    return Erasure(erased, quarantined, rewritten, labels)


def erase_again(
    store: Store, state: Path, source: str, files: Sequence[DataFile], tombstones: Tombstones
) -> None:
    """Erase what somebody forgot while files with it were committed, from those files as well.

    `forget` may have met them before they were committed: then they hold less than the log says.
    """
    for month in sorted({file.month for file in files}):
        cleaned, gone = {}, 0
        for file in (file for file in files if file.month == month):
            path = f"{store.uri('posts')}/{file.path}"
            rows = store.read_file(path)
            kept = tombstones.drop(rows, source=source)
            gone += file.rows - len(rows)
            with translated(store.location):
                size = store.files.size(path)
            if not kept.equals(rows) or size != file.bytes:
                cleaned[path] = kept
        if cleaned:
            fold(store, state, source, [month], tombstones, gone=gone)
        for path, kept in cleaned.items():
            _overwrite(store, path, kept)


def _check_source(store: Store, source: str) -> None:
    known = set(list_sources(store))
    for name in ("imports", "quarantine", "tombstones"):
        known.update(store.read(name)["source"].unique().to_pylist())
    if source not in known:
        raise UnknownNameError(
            f"The store has no posts of a source {source!r}.{suggest(source, known)}"
        )


def _target(store: Store, source: str, post: str | None, author: str | None) -> _Target:
    if post is not None and author is None:
        return _Target(source, post, frozenset({post}), frozenset(), frozenset())
    if author is None or post is not None:
        raise StoreError("Say either a post or an author to forget, and not both.")
    authors = {store.pseudonyms.author_key(source, author)}
    mentions = {store.pseudonyms.author_key(source, author.lower())}
    # 32 hex digits may be a pseudonym, or the id itself where an export has hashes for ids.
    if _PSEUDONYM.fullmatch(author):
        authors.add(author)
    posts: set[str] = set()
    for path in _data_files(store, f"posts/source={source}"):
        rows = store.read_file(path, columns=["post_id", "author_key"])
        own = _among(rows["author_key"], frozenset(authors))
        posts.update(rows["post_id"].filter(own).to_pylist())
    return _Target(
        source, author, frozenset(posts), frozenset(authors), frozenset(mentions - authors)
    )


def _tombstones(store: Store, target: _Target) -> Tombstones:
    """Those of the target, and of the author's posts that an interrupted run found and erased."""
    own, rows = _own_rows(store, target, target.names), store.read("tombstones")
    # Tombstones of one author have one time, so that they are known as such without the ids.
    begun = _own_rows(store, target, ["author"])["at"]
    left = pc.and_(pc.is_in(rows["at"], begun), pc.equal(rows["source"], target.source))
    left = pc.and_(left, pc.is_in(rows["kind"], pa.array(["post", "author"])))
    left = pc.and_not(left, rows["swept"])
    return Tombstones.of(store, pa.concat_tables([own, rows.filter(left)]))


def _own_rows(store: Store, target: _Target, kinds: Iterable[TombstoneKind]) -> pa.Table:
    """Rows of `tombstones` that stand for the target."""
    hide = store.pseudonyms.hidden_key
    keys = [hide(kind, target.source, name) for kind in kinds for name in target.names[kind]]
    rows = store.read("tombstones")
    return rows.filter(_among(rows["hidden_key"], frozenset(keys)))


def _is_touched(store: Store, path: str, target: _Target, tombstones: Tombstones) -> bool:
    rows = store.read_file(path, columns=_NAMING)
    hits = tombstones.hits(rows, source=target.source)
    return pc.any(hits).as_py() or target.is_named_in(rows)


def _count_posts(store: Store, files: list[DataFile], tombstones: Tombstones) -> int:
    ids: set[str] = set()
    for file in files:
        rows = store.read_file(f"{store.uri('posts')}/{file.path}", columns=_NAMING)
        ids.update(rows["post_id"].filter(tombstones.hits(rows, source=file.source)).to_pylist())
    return len(ids)


def _clean_quarantine(store: Store, target: _Target) -> int:
    table = store.open("quarantine")
    rows = store.read_at(table)
    kept = rows.filter(pc.invert(target.is_spoken_of(rows)))
    if len(kept) < len(rows):
        store.replace(table, kept)
    return len(rows) - len(kept)


def erase_labels(store: Store, tombstones: Tombstones) -> int:
    """Erase what labellers said of posts that tombstones name, also in old files; say how many entries."""
    table = store.open("labels")
    rows = store.read_at(table)
    hits = tombstones.hits_among(rows)
    if pc.any(hits).as_py():
        store.replace(table, rows.filter(pc.invert(hits)))
    for path in _data_files(store, "labels"):
        old = store.read_file(path)
        named = tombstones.hits_among(old)
        if pc.any(named).as_py():
            _overwrite(store, path, old.filter(pc.invert(named)))
    return pc.sum(hits).as_py() or 0


def _rewrite_old_files(store: Store, target: _Target, tombstones: Tombstones) -> int:
    """Rewrite files in place that only old versions, or nothing, need; say how many.

    The log of old versions names these files, so they keep their names; only rows go.
    """
    count = 0
    for path in _data_files(store, f"posts/source={target.source}"):
        if _is_touched(store, path, target, tombstones):
            rows = store.read_file(path)
            _overwrite(store, path, tombstones.drop(rows, source=target.source))
            count += 1
    for path in _data_files(store, "quarantine"):
        rows = store.read_file(path).cast(QUARANTINE.arrow)
        hits = target.is_spoken_of(rows)
        if pc.any(hits).as_py():
            _overwrite(store, path, rows.filter(pc.invert(hits)))
            count += 1
    return count


def _remove_half_written(store: Store, source: str) -> None:
    """Remove what a kill cut short: nothing names it, and what it holds could not be searched.

    Labels are written without the lock, so young files of theirs are left to their writers, who look for
    tombstones when they are done.
    """
    if store.on_s3:  # files appear whole there
        return
    young = time.time() - _YOUNG_SECONDS
    for place in (f"posts/source={source}", "quarantine", "labels"):
        for path in _files(store, place):
            if _HALF_WRITTEN.search(path):
                _unlink(Path(path), unless_after=young if place == "labels" else None)
    live = {file.path for file in store.post_files(store.open("posts"), source=source)}
    for path in _data_files(store, f"posts/source={source}"):
        if path.removeprefix(store.uri("posts") + "/") not in live and not _is_whole(store, path):
            Path(path).unlink()


def _unlink(path: Path, *, unless_after: float | None) -> None:
    with suppress(FileNotFoundError):  # a writer of labels was done meanwhile
        if unless_after is None or path.stat().st_mtime < unless_after:
            path.unlink()


def _is_whole(store: Store, path: str) -> bool:
    try:
        store.read_file(path, columns=[])
    except StoreError:
        return False
    return True


def _data_files(store: Store, place: str) -> Iterator[str]:
    """All Parquet files below a place, whether a version names them or not."""
    return (path for path in _files(store, place) if path.endswith(".parquet"))


def _files(store: Store, place: str) -> Iterator[str]:
    root = f"{store.location}/{place}"
    with translated(store.location):
        paths = store.files.find(root) if store.files.exists(root) else []
    for path in sorted(paths):
        if "/_delta_log/" not in path:
            yield f"s3://{path}" if store.on_s3 else path


def _overwrite(store: Store, path: str, rows: pa.Table) -> None:
    """Put other content into a file; a reader sees the old one or the new one."""
    with translated(store.location):
        fresh = path if store.on_s3 else f"{path}{_FRESH}"
        with store.files.open(fresh, "wb") as file:
            pq.write_table(rows, file, compression="zstd")
            store.settle(file)
        if fresh != path:
            Path(fresh).replace(path)


def _find_traces(store: Store, target: _Target, tombstones: Tombstones) -> Iterator[str]:
    """Search every file of the store, logs included; give the paths of those that name the target."""
    for path in _data_files(store, f"posts/source={target.source}"):
        if target.is_named_in(store.read_file(path, columns=_NAMING)):
            yield path
    for path in _data_files(store, "quarantine"):
        rows = store.read_file(path).cast(QUARANTINE.arrow)
        if pc.any(target.is_spoken_of(rows)).as_py():
            yield path
    for path in _data_files(store, "labels"):
        if pc.any(tombstones.hits_among(store.read_file(path))).as_py():
            yield path
    names = {target.written}.union(*target.names.values())
    for table in (each.name for each in STORE_TABLES):
        for path in store.files.find(f"{store.location}/{table}/_delta_log"):
            if any(names & _values(json.loads(text)) for text in _statistics_in(store, path)):
                yield path


def _statistics_in(store: Store, path: str) -> Iterator[str]:
    """Statistics in a file of the log: nothing else there speaks of what is inside data files."""
    if path.endswith(".json"):
        for line in store.files.cat_file(path).splitlines():
            yield json.loads(line).get("add", {}).get("stats") or "{}"
    elif path.endswith(".checkpoint.parquet"):
        added = store.read_file(f"s3://{path}" if store.on_s3 else path, columns=["add"])["add"]
        yield from pc.struct_field(added.drop_null(), "stats").drop_null().to_pylist()


def _values(part: object) -> frozenset[str]:
    """Texts inside statistics, but for the columns that are meant to have some."""
    if isinstance(part, dict):
        return frozenset().union(*(_values(part[name]) for name in part if name not in _HARMLESS))
    return frozenset({part}) if isinstance(part, str) else frozenset()
