"""Parts of the import tests: write a file, read or import it, look at what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from murmuration.collect import ImportOptions, Receipt
from murmuration.collect.files import find_files
from murmuration.collect.importer import _normaliser, open_reader
from murmuration.collect.raw import BadRow
from murmuration.store import Store
from murmuration.store.posts import load_posts


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write text, bytes or an Arrow table as a file."""

    def run(content: str | bytes | pa.Table, name: str = "posts.csv") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pa.Table):
            pq.write_table(content, path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return run


@dataclass(frozen=True)
class Content:
    """What a file holds, as posts by id, before a store is asked."""

    posts: Mapping[str, Mapping[str, Any]]
    bad: Sequence[BadRow]
    rows: int
    notes: Mapping[str, int]
    shape: str
    mapping: Mapping[str, str]
    left_out: Sequence[str]


@pytest.fixture
def read(store: Store, write: Callable[..., Path]) -> Callable[..., Content]:
    """Write a file and read it as posts, without a store: much faster than an import."""

    def run(content: str | bytes | pa.Table, name: str = "posts.csv", **options: Any) -> Content:
        [file] = find_files([str(write(content, name))])
        wanted = ImportOptions(**options)
        reader = open_reader(file, wanted)
        normaliser = _normaliser(file, "test", "an import", store, wanted, reader)
        posts, bad, rows = {}, [], 0
        for batch in reader.batches():
            good, faulty = normaliser.posts(normaliser.with_times(batch))
            posts.update({post["post_id"]: post for post in good.to_pylist()})
            bad += faulty
            rows += len(good) + len(faulty) + batch.skipped
        return Content(
            posts, bad, rows, normaliser.notes, reader.shape, reader.mapping, reader.left_out
        )

    return run


@pytest.fixture
def posts_of(store: Store) -> Callable[..., dict[str, dict[str, Any]]]:
    """Give what readers see in a store: post id → columns."""

    def run(*columns: str, of: Store | None = None) -> dict[str, dict[str, Any]]:
        frame = load_posts(store=of or store).compute()
        rows = pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
        names = columns or tuple(frame.columns)
        found = {row["post_id"]: {name: row[name] for name in names} for row in rows}
        assert len(found) == len(rows), "readers see a post twice"
        return found

    return run


@pytest.fixture
def import_text(
    take_in: Callable[..., Receipt],
    write: Callable[..., Path],
    posts_of: Callable[..., dict[str, dict[str, Any]]],
) -> Callable[..., tuple[Receipt, dict[str, dict[str, Any]]]]:
    """Write a file, import it, give the receipt and the posts."""

    def run(
        content: str | bytes | pa.Table, name: str = "posts.csv", **options: Any
    ) -> tuple[Receipt, dict[str, dict[str, Any]]]:
        receipt = take_in(write(content, name), **options)
        return receipt, posts_of()

    return run
