"""Data files of `posts`: written in order of time, bounded in memory, invisible until a commit."""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from murmuration.errors import StoreError
from murmuration.schema import POSTS
from murmuration.store.aside import in_order
from murmuration.store.delta import DataFile, Store, translated
from murmuration.store.merge import Merge

_ROW_GROUP = 16_384  # rows; a report of one day reads few of them
_REWRITTEN = re.compile(r"(?<=\.\d{5})-[0-9a-f]{8}$")
_IN_PATH = set(POSTS.partition_by)
FILE_SCHEMA = pa.schema([field for field in POSTS.arrow if field.name not in _IN_PATH])


def new_batch(name: str) -> str:
    """Give a batch a name of its own, so that two writers never write the same file."""
    return f"{name}-{secrets.token_hex(4)}"


def write_file(store: Store, posts: pa.Table, *, path: str) -> int:
    """Write one Parquet file into `posts` and give its size in bytes.

    Parameters
    ----------
    store
        Where to.
    posts
        Rows in their final order, with at least the columns of `FILE_SCHEMA`.
    path
        Path inside the table.
    """
    rows = posts.select(FILE_SCHEMA.names).cast(FILE_SCHEMA)
    full = f"{store.uri('posts')}/{path}"
    with translated(store.location):
        if not store.on_s3:
            store.files.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
        with store.files.open(full, "wb") as file:
            pq.write_table(rows, file, compression="zstd", row_group_size=_ROW_GROUP)
            store.settle(file)
        return int(store.files.size(full))


def write_units(
    store: Store,
    merge: Merge,
    *,
    source: str,
    batch: str,
    finish: Callable[[pa.Table], pa.Table] = lambda posts: posts,
    on_written: Callable[[int], None] = lambda rows: None,
) -> list[DataFile]:
    """Write the rows that `merge` decided on, one file for each unit.

    Parameters
    ----------
    store, merge
        Where to and what; `merge.rank` has been called.
    source
        The source of all rows.
    batch
        Name of the import or compaction, see `new_batch`.
    finish
        Last touch for the rows that are kept, for instance language detection; for two files at a time, in threads.
    on_written
        Told the rows of each file once it is written, in the caller's thread.

    Returns
    -------
    list of DataFile
        What a commit may add. On an error the files are removed again.
    """
    written: list[DataFile] = []

    def gathered() -> Iterator[tuple[int, pa.Table]]:
        for number, unit in enumerate(merge.units()):
            posts = merge.gather(unit)
            path = f"source={source}/created_month={unit.month}/{batch}.{number:05d}.parquet"
            first, last = _days(posts)
            # Known before it is there, so that it is removed whatever happens.
            written.append(
                DataFile(path, source, unit.month, len(posts), bytes=0, first=first, last=last)
            )
            yield number, posts

    def write(unit: tuple[int, pa.Table]) -> tuple[int, int]:
        number, posts = unit
        return number, write_file(store, finish(posts), path=written[number].path)

    with removed_on_error(store, written), in_order(write, gathered()) as sizes:
        for number, size in sizes:
            written[number] = replace(written[number], bytes=size)
            on_written(written[number].rows)
    return written


def write_without(
    store: Store, files: Iterable[DataFile], post_ids: pa.ChunkedArray
) -> list[DataFile]:
    """Write files anew without some posts, each as part of its own batch; those that become empty are left out.

    Parameters
    ----------
    store
        Where to.
    files
        Files of `posts`, which stay as they are.
    post_ids
        The posts to leave out.

    Returns
    -------
    list of DataFile
        What a commit may add in place of `files`. On an error they are removed again.
    """
    written: list[DataFile] = []
    with removed_on_error(store, written):
        for file in files:
            rows = store.read_file(f"{store.uri('posts')}/{file.path}")
            rows = rows.filter(pc.invert(pc.is_in(rows["post_id"], post_ids)))
            if not len(rows):
                continue
            whole = _REWRITTEN.sub("", file.path.removesuffix(".parquet"))
            path = f"{whole}-{secrets.token_hex(4)}.parquet"
            first, last = _days(rows)
            written.append(
                replace(file, path=path, rows=len(rows), bytes=0, first=first, last=last)
            )
            written[-1] = replace(written[-1], bytes=write_file(store, rows, path=path))
    return written


def _days(posts: pa.Table) -> tuple[date | None, date | None]:
    """First and last day of the posts, without asking Arrow for the time zones of the world."""
    span = pc.min_max(posts["created_at"].cast(pa.int64()).cast(pa.timestamp("us")))
    first, last = span["min"].as_py(), span["max"].as_py()
    return first and first.date(), last and last.date()


@contextmanager
def removed_on_error(store: Store, written: list[DataFile]) -> Iterator[None]:
    """Remove files again if the work around them fails; a kill leaves them to `compact`."""
    try:
        yield
    except BaseException:
        _remove(store, written)
        raise


@contextmanager
def removed_unless_committed(store: Store, files: list[DataFile]) -> Iterator[None]:
    """Remove files again if the commit inside fails, but only those that surely no version names.

    A signal is raised when delta-rs has returned, and a disk may be full behind the entry in the log: then the posts
    are in. S3 may even carry out later what it did not confirm, so what lies there is left to `compact`.
    """
    try:
        yield
    except BaseException:
        if not store.on_s3:
            with suppress(StoreError):  # if it cannot be told, they stay
                named = store.named_paths("posts")
                _remove(store, [file for file in files if file.path not in named])
        raise


def _remove(store: Store, files: Iterable[DataFile]) -> None:
    for file in files:
        with suppress(OSError), translated(store.location):
            store.files.rm_file(f"{store.uri('posts')}/{file.path}")
