"""Bad rows of one import, on disk until they are committed: a fifth of a long file may be bad."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from murmuration.collect.raw import BadRow
from murmuration.errors import StoreError
from murmuration.schema import QUARANTINE
from murmuration.store.delta import explain
from murmuration.store.tombstones import Tombstones

_SHOWN_REASONS = 5
# What can be an id in a row that could not be taken apart: quoted, a cell, a word, and what is inside a word.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\[bfnrt]")  # a line break or the like, as JSON writes it
_PIECES = tuple(map(re.compile, (r"[^,;|\t]+", r'[^\s,;|"{}\[\]]+', r"[\w.-]+", r"[0-9A-Za-z]+")))
_AROUND = " \t\r\n\"':@"


class BadRows:
    """Rows for quarantine.

    Parameters
    ----------
    path
        Where they wait.
    source, import_id, file_name
        Written into every row.
    """

    def __init__(self, path: Path, *, source: str, import_id: str, file_name: str) -> None:
        self._path = path
        self._same = {"source": source, "import_id": import_id, "file_name": file_name}
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._reasons: Counter[str] = Counter()
        self._first: dict[str, int] = {}

    def __len__(self) -> int:
        return self._reasons.total()

    def add(self, rows: Sequence[BadRow]) -> None:
        """Take rows in."""
        if not rows:
            return
        for row in rows:
            self._reasons[row.reason] += 1
            self._first.setdefault(row.reason, row.row)
        table = pa.Table.from_pylist([self._values(row) for row in rows], schema=QUARANTINE.arrow)
        try:
            self._writer = self._writer or pa.ipc.new_file(self._path, QUARANTINE.arrow)
            self._writer.write_table(table)
        except OSError as err:
            raise StoreError(
                f"The folder {self._path.parent} cannot hold temporary files: {explain(err)} "
                "Nothing was lost."
            ) from err

    def _values(self, row: BadRow) -> dict[str, object]:
        kept = (name for name in QUARANTINE.names if name not in self._same)
        return self._same | {name: getattr(row, name) for name in kept}

    def describe(self) -> str:
        """Say why rows are bad, the most frequent reasons first; never what stands in them."""
        return "; ".join(
            f"{reason} ({count:,} {'row' if count == 1 else 'rows'}, the first is row {self._first[reason]:,})"
            for reason, count in self._reasons.most_common(_SHOWN_REASONS)
        )

    def table(self) -> pa.Table:
        """Give all of them, as rows of `quarantine`, from disk; no more can be added."""
        if self._writer is None:
            return QUARANTINE.arrow.empty_table()
        self._writer.close()
        with pa.ipc.open_file(pa.memory_map(str(self._path))) as reader:
            return reader.read_all()


def drop_forgotten(
    rows: Sequence[BadRow], tombstones: Tombstones, *, source: str
) -> Sequence[BadRow]:
    """Leave out bad rows of posts and authors that a tombstone names, so that their words do not come back.

    A row of which neither id nor author could be read goes if anything in it is such an id, as in `forget`.
    """
    if not tombstones.columns_for(source):
        return rows

    def is_named(post_id: str | None, author_key: str | None) -> bool:
        return (post_id is not None and tombstones.names("post", post_id, source=source)) or (
            author_key is not None and tombstones.names("author", author_key, source=source)
        )

    @lru_cache(maxsize=1 << 16)  # rows share most of their words
    def is_id(piece: str) -> bool:
        return is_named(piece, tombstones.pseudonyms.author_key(source, piece))

    def is_forgotten(row: BadRow) -> bool:
        if row.post_id is None and row.author_key is None:
            return any(map(is_id, _possible_ids(row.unread or row.content)))
        return is_named(row.post_id, row.author_key)

    return [row for row in rows if not is_forgotten(row)]


def _possible_ids(content: str) -> Iterator[str]:
    """Give all that may be an id in a row as it was found; some of it several times."""
    for quoted in _QUOTED.findall(content):
        yield quoted
        if "\\" in quoted:
            yield _unescaped(quoted)
    for pattern in _PIECES:
        for piece in pattern.findall(content) + pattern.findall(_ESCAPED.sub(" ", content)):
            yield piece
            yield piece.strip(_AROUND)


def _unescaped(quoted: str) -> str:
    try:
        return str(json.loads(f'"{quoted}"'))
    except ValueError:  # no JSON
        return quoted
