"""Bad rows of one import, on disk until they are committed: a fifth of a long file may be bad."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from murmuration.collect.raw import BadRow
from murmuration.errors import StoreError
from murmuration.schema import QUARANTINE
from murmuration.store.delta import explain

_SHOWN_REASONS = 5


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
                "Nothing was committed."
            ) from err

    def _values(self, row: BadRow) -> dict[str, object]:
        return self._same | {name: getattr(row, name) for name in BadRow.__slots__}

    def describe(self) -> str:
        """Say why rows are bad, the most frequent reasons first; never what stands in them."""
        return "; ".join(
            f"{reason} ({count:,} rows, the first is row {self._first[reason]:,})"
            for reason, count in self._reasons.most_common(_SHOWN_REASONS)
        )

    def table(self) -> pa.Table:
        """Give all of them, as rows of `quarantine`, from disk; no more can be added."""
        if self._writer is None:
            return QUARANTINE.arrow.empty_table()
        self._writer.close()
        with pa.ipc.open_file(pa.memory_map(str(self._path))) as reader:
            return reader.read_all()
