"""Small stores, read back as plain rows, and the bytes of everything that lies in them."""

import itertools
import json
import multiprocessing
import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from murmuration.collect import Receipt
from murmuration.schema import POSTS
from murmuration.store import Store, load_posts
from murmuration.store.doctor import examine

Row = dict[str, Any]


@pytest.fixture
def put(write_csv, take_in) -> Callable[..., Receipt]:
    """Import rows as a CSV file of their own; keywords are those of `take_in`."""
    numbers = itertools.count()

    def run(rows: Sequence[Mapping[str, object]], **options: Any) -> Receipt:
        options.setdefault("detect_language", False)
        return take_in(write_csv(rows, f"put-{next(numbers)}.csv"), **options)

    return run


@pytest.fixture(scope="session")
def _stamps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stamps")


@pytest.fixture
def stamp(store: Store, _stamps: Path) -> Callable[[str, Callable[[], object]], None]:
    """Fill `store` with what a function puts there; from the second test on by copying the files."""

    def run(name: str, build: Callable[[], object]) -> None:
        kept = _stamps / name
        if kept.exists():
            shutil.copytree(kept, store.location)
        else:
            build()
            shutil.copytree(store.location, kept)

    return run


@pytest.fixture
def rows_of(store: Store) -> Callable[..., list[Row]]:
    """Read posts as mappings, in order of source and id; keywords are those of `load_posts`."""

    def run(at: Store | None = None, **options: Any) -> list[Row]:
        frame = load_posts(store=at or store, **options).compute(scheduler="synchronous")
        rows = pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
        return sorted(rows, key=lambda row: (row.get("source") or "", row.get("post_id") or ""))

    return run


@pytest.fixture
def as_posts() -> Callable[[Sequence[Mapping[str, object]]], pa.Table]:
    """Make a table with all columns of `posts`; what is not given is null."""
    return lambda rows: pa.Table.from_pylist(list(rows), schema=POSTS.arrow)


@pytest.fixture
def holders(store: Store) -> Callable[..., list[str]]:
    """Name the files of a store that hold some text anywhere; knows nothing of the library.

    Parquet is decompressed, every column of it turned into text; every other file is searched as bytes.
    """

    def run(text: str, folder: str | Path | None = None) -> list[str]:
        root = Path(folder or store.location)
        return [
            str(path.relative_to(root))
            for path in sorted(root.rglob("*"))
            if path.is_file() and any(text in part for part in _contents(path))
        ]

    return run


def _contents(path: Path) -> Iterator[str]:
    raw = path.read_bytes()
    yield raw.decode("utf-8", "replace")
    if raw[:4] == b"PAR1":
        for row in pq.ParquetFile(path).read().to_pylist():
            # Twice: as it stands, and JSON inside JSON unpacked, as the statistics in checkpoints are.
            yield json.dumps(row, default=str, ensure_ascii=False)
            yield str(row)


_CHILD = """
import os, signal

def end_at(owner, name, number=1, *, after=False):
    '''Kill this process, as a power cut would, at the n-th call of a function.'''
    real, calls = getattr(owner, name), [0]
    def ending(*args, **options):
        calls[0] += 1
        if calls[0] == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **options)
        if calls[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, ending)

"""


@pytest.fixture(scope="session")
def apart() -> Callable[..., Callable[[], int | None]]:
    """Start code in a process of its own, where names are given.

    Gives a function that waits for its end and gives the exit code, −9 after a kill.
    """
    # delta-rs does not survive a fork, so children come from a clean process that has imported it.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["murmuration.collect.importer", "murmuration.store.forget", "murmuration.store.posts"]
    )

    def run(code: str, **names: Any) -> Callable[[], int | None]:
        child = context.Process(target=exec, args=(_CHILD + textwrap.dedent(code), names))
        child.start()

        def wait() -> int | None:
            child.join(60)
            child.kill()
            return child.exitcode

        return wait

    return run


@pytest.fixture
def problems(store: Store, state: Path) -> Callable[..., list[str]]:
    """Say what `doctor` finds wrong."""

    def run(at: Store | None = None) -> list[str]:
        found = examine(at or store, state)
        return [finding.text for finding in found if finding.level == "problem"]

    return run
