"""CSV and Parquet files: rows under named columns."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from murmuration.collect.csv_rows import (
    MAX_ROW_CHARS,
    ONE_COLUMN,
    Row,
    detect_dialect,
    physical_lines,
    read_rows,
)
from murmuration.collect.csv_text import CsvText
from murmuration.collect.encoding import detect_encoding, known_encoding, read_stray_bytes
from murmuration.collect.fields import EXTRA, find_mapping
from murmuration.collect.files import ByteStream, PostFile
from murmuration.collect.raw import (
    BATCH_BYTES,
    STRAY_BYTES,
    BadRow,
    RawBatch,
    batch_rows,
    extra_pairs,
    extra_text,
    names_author,
    text_array,
)
from murmuration.collect.values import plain, read_text
from murmuration.errors import ReadError

_SAMPLE_BYTES = 1 << 18
# What stands in a column rather than above one; a line with two of these kinds is no header.
_SAID = {
    "number": re.compile(r"[+-]?\d+([.,]\d+)?"),
    "time": re.compile(r"\d{4}-\d\d?-\d\d?[T ]\d\d?:\d\d.*"),
    "address": re.compile(r"https?://\S+"),
    "sentence": re.compile(r"\S+(\s+\S+){4,}", re.DOTALL),
}


class CsvReader:
    """Reads a CSV file of any delimiter, quoting and encoding.

    Parameters
    ----------
    file
        The file.
    given
        Field to column, where it is not to be recognised.
    encoding, delimiter
        Where they are not to be detected.
    """

    platform: str | None = None

    def __init__(
        self,
        file: PostFile,
        given: Mapping[str, str],
        *,
        encoding: str | None = None,
        delimiter: str | None = None,
    ) -> None:
        self._file = file
        self._stream: ByteStream | None = None
        self._text: CsvText | None = None
        self._given = 0.0  # bytes of the text that batches were made of, about
        with file.open() as stream:
            start = stream.read(_SAMPLE_BYTES)
        self._encoding = encoding or detect_encoding(start)
        with known_encoding(self._encoding):
            sample = start.decode(self._encoding, "replace")
        self._dialect = detect_dialect(sample, delimiter)
        self._header = self._read_header(sample, given)
        self.mapping: Mapping[str, str] = find_mapping(self._header, given)
        self.left_out: Sequence[str] = _left_out(self._header, self.mapping)
        self.columns: Sequence[str] = self._header
        delimiter_name = {
            "\t": "tab",
            ",": "comma",
            ";": "semicolon",
            ONE_COLUMN: "one column",
        }.get(self._dialect.delimiter, repr(self._dialect.delimiter))
        self.shape = f"CSV ({delimiter_name}, {self._encoding})"

    def _read_header(self, sample: str, given: Mapping[str, str]) -> list[str]:
        try:
            header = next(csv.reader(physical_lines(sample), **self._dialect.options))
        except (csv.Error, StopIteration) as err:
            raise ReadError(
                f"The first line of {self._file.path} cannot be read as column names: {err}."
            ) from err
        names = [name.strip().lstrip("\ufeff") for name in header]
        if not any(names):
            raise ReadError(f"The first line of {self._file.path} names no columns.")
        kinds = {kind for kind, form in _SAID.items() if any(map(form.fullmatch, names))}
        if len(kinds) > 1 and set(names).isdisjoint(given.values()):
            raise ReadError(
                f"The first line of {self._file.path} looks like a post and not like names of columns. Put a line "
                "of names above it, such as id,text,created_at, and import the file again."
            )
        return [name or f"column_{number}" for number, name in enumerate(names, 1)]

    @property
    def done(self) -> float:
        """Share of the file that was read."""
        if self._stream is None or self._text is None:
            return 0.0
        share = self._given / max(1, self._text.bytes_read)
        return self._stream.position() / max(1, self._file.bytes) * share

    def batches(self) -> Iterator[RawBatch]:
        """Read the rows below the first line."""
        csv.field_size_limit(MAX_ROW_CHARS)
        with self._file.open() as stream:
            self._stream = stream
            text = CsvText(stream, self._encoding, self._dialect, len(self._header))
            self._text, self._given = text, 0.0
            next(read_rows(text, self._dialect, width=len(self._header)), None)
            yield from self._batches(text)

    def _batches(self, text: CsvText) -> Iterator[RawBatch]:
        most = batch_rows(len(self._header))
        parts: list[_Part] = []
        rows = size = 0
        while not text.ended:
            block = text.block()
            parts.append(_Part(block.columns, block.lines) if block else self._read_part(text))
            rows += len(parts[-1].lines) + len(parts[-1].bad)
            size += sum(column.nbytes for column in parts[-1].columns)
            if rows and (rows >= most or size >= BATCH_BYTES or text.ended):
                yield from self._cut(parts, most, text.bytes_taken)
                parts, rows, size = [], 0, 0

    def _read_part(self, text: CsvText) -> "_Part":
        """Read row by row until a block may come again."""
        most, size = batch_rows(len(self._header)), 0
        good: list[Row] = []
        bad: list[BadRow] = []
        for row in read_rows(text, self._dialect, width=len(self._header)):
            size += row.size if isinstance(row, Row) else len(row.unread)
            bad.append(_printable(row)) if isinstance(row, BadRow) else good.append(row)
            if len(good) + len(bad) >= most or size >= BATCH_BYTES or text.may_be_block:
                break
        notes: Counter[str] = Counter()
        columns = list(zip(*(row.values for row in good), strict=True)) or [()] * len(self._header)
        arrays = [_text_column(column, notes) for column in columns]
        return _Part(arrays, np.array([row.line for row in good], np.int64), bad, notes)

    def _cut(self, parts: Sequence["_Part"], most: int, end: int) -> Iterator[RawBatch]:
        """Give parts, which go up to byte `end`, as batches of at most so many rows.

        Bad rows come with the first: how bad a file is shows early rather than late.
        """
        columns = [
            _empty_is_null(pa.concat_arrays(column))
            for column in zip(*(part.columns for part in parts), strict=True)
        ]
        lines = pa.array(np.concatenate([part.lines for part in parts]))
        bad = [row for part in parts for row in part.bad]
        notes = sum((part.notes for part in parts), Counter[str]())
        begin = self._given
        for start in range(0, max(1, len(lines)), most):
            self._given = begin + (end - begin) * min(1.0, (start + most) / max(1, len(lines)))
            arrays = [column.slice(start, most) for column in columns]
            fields = to_fields(arrays, self._header, self.mapping)
            yield RawBatch(
                fields=fields, rows=lines.slice(start, most),
                bad=() if start else bad, notes={} if start else notes,
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows: a text array a column, the line of each, and those that could not be read."""

    columns: Sequence[pa.Array]
    lines: npt.NDArray[np.int64]
    bad: Sequence[BadRow] = ()
    notes: Counter[str] = field(default_factory=Counter)


def _text_column(values: Sequence[str], notes: Counter[str]) -> pa.Array:
    return text_array(list(values), pa.string(), notes, mend=read_stray_bytes, note=STRAY_BYTES)


class ParquetReader:
    """Reads a Parquet file, packed or not, a bounded number of rows at once."""

    platform: str | None = None

    def __init__(self, file: PostFile, given: Mapping[str, str]) -> None:
        self._file = file
        self.done = 0.0
        with self._open() as parquet:
            self._header = parquet.schema_arrow.names
            self._rows = parquet.metadata.num_rows
            self._row_bytes = _row_bytes(parquet.metadata)
        self.mapping: Mapping[str, str] = find_mapping(self._header, given)
        self.left_out: Sequence[str] = _left_out(self._header, self.mapping)
        self.columns: Sequence[str] = self._header
        self.shape = "Parquet"

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        with ExitStack() as stack:
            packed = not self._file.name.lower().endswith((".parquet", ".pq"))
            raw = stack.enter_context(self._file.files.open(self._file.path, "rb"))
            if packed:  # Parquet is read from its end, which a packed stream does not have
                whole = stack.enter_context(TemporaryFile())
                stream = stack.enter_context(self._file.open())
                while chunk := stream.read(1 << 20):
                    whole.write(chunk)
                raw = whole
            try:
                yield pq.ParquetFile(raw, pre_buffer=False, buffer_size=1 << 20)
            except (pa.ArrowException, OSError) as err:
                raise ReadError(f"{self._file.path} is no whole Parquet file: {err}.") from err

    def batches(self) -> Iterator[RawBatch]:
        """Read all rows."""
        first = 1
        with self._open() as parquet:
            most = min(batch_rows(len(self._header)), 1 + BATCH_BYTES // self._row_bytes)
            for batch in parquet.iter_batches(batch_size=most):
                fields = to_fields(batch.columns, self._header, self.mapping)
                rows = pa.array(np.arange(first, first + batch.num_rows))
                first += batch.num_rows
                self.done = first / max(1, self._rows)
                yield RawBatch(fields=fields, rows=rows)


def _row_bytes(metadata: pq.FileMetaData) -> int:
    """Bytes of a row where rows are longest, unpacked."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    return max((group.total_byte_size // max(1, group.num_rows) for group in groups), default=0) + 1


def to_fields(
    arrays: Sequence[pa.Array], header: Sequence[str], mapping: Mapping[str, str]
) -> pa.Table:
    """Name columns by the fields they hold; the rest goes to `extra`, but for what names the author."""
    where = {column: arrays[header.index(column)] for column in mapping.values()}
    fields = {name: where[column] for name, column in mapping.items()}
    rest: dict[str, pa.Array] = {}
    for name, array in zip(header, arrays, strict=True):
        if name not in where and array.null_count < len(array) and not names_author(name):
            rest[_free_name(name, rest)] = _extra_array(name, array)
    fields[EXTRA] = extra_pairs(rest, len(arrays[0]) if arrays else 0)
    return pa.table(fields)


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    """A name that is not taken: the second column of one name gets a number."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free


def _left_out(header: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    return [name for name in header if name not in mapping.values() and names_author(name)]


def _extra_array(name: str, array: pa.Array) -> pa.Array:
    array = plain(array)
    if pa.types.is_nested(array.type):
        return pa.array([extra_text(name, value) for value in array.to_pylist()], pa.string())
    return read_text(array)


def _empty_is_null(array: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(array, ""), None, array)


def _printable(row: BadRow) -> BadRow:
    return row if row.unread.isascii() else replace(row, unread=read_stray_bytes(row.unread))
