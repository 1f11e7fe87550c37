"""CSV and Parquet files: rows under named columns."""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from murmuration.collect.encoding import (
    detect_encoding,
    known_encoding,
    open_text,
    read_stray_bytes,
)
from murmuration.collect.fields import EXTRA, find_mapping
from murmuration.collect.files import ByteStream, PostFile
from murmuration.collect.raw import (
    BATCH_BYTES,
    CONTENT_SHOWN,
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

MAX_ROW_CHARS = 8 << 20  # longer rows are no posts; a whole book has a tenth of it
_MAX_ROW_LINES = 500  # an open quotation mark swallows no more than this
_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 200
_LINE_ENDS = ("\r", "\n")
_ONE_COLUMN = "\x1f"  # a delimiter that no text holds, where the first line has none
_DELIMITERS = (",", "\t", ";", "|", "^", "~", "\x01")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file separates and quotes."""

    delimiter: str
    quote: str = '"'
    escape: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Arguments for `csv.reader`; strict, so that broken quoting is noticed."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote,
            "escapechar": self.escape,
            "doublequote": self.escape is None,
            "strict": True,
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
        with file.open() as stream:
            start = stream.read(_SAMPLE_BYTES)
        self._encoding = encoding or detect_encoding(start)
        with known_encoding(self._encoding):
            sample = start.decode(self._encoding, "replace")
        self._dialect = detect_dialect(sample, delimiter)
        self._header = self._read_header(sample)
        self.mapping: Mapping[str, str] = find_mapping(self._header, given)
        self.left_out: Sequence[str] = _left_out(self._header, self.mapping)
        self.columns: Sequence[str] = self._header
        delimiter_name = {
            "\t": "tab",
            ",": "comma",
            ";": "semicolon",
            _ONE_COLUMN: "one column",
        }.get(self._dialect.delimiter, repr(self._dialect.delimiter))
        self.shape = f"CSV ({delimiter_name}, {self._encoding})"

    def _read_header(self, sample: str) -> list[str]:
        try:
            header = next(csv.reader(_physical_lines(sample), **self._dialect.options))
        except (csv.Error, StopIteration) as err:
            raise ReadError(
                f"The first line of {self._file.path} cannot be read as column names: {err}."
            ) from err
        names = [name.strip().lstrip("\ufeff") for name in header]
        if not any(names):
            raise ReadError(f"The first line of {self._file.path} names no columns.")
        return [name or f"column_{number}" for number, name in enumerate(names, 1)]

    @property
    def done(self) -> float:
        """Share of the file that was read."""
        return self._stream.position() / max(1, self._file.bytes) if self._stream else 0.0

    def batches(self) -> Iterator[RawBatch]:
        """Read the rows below the first line."""
        csv.field_size_limit(MAX_ROW_CHARS)
        with self._file.open() as stream:
            self._stream = stream
            lines = _Lines(open_text(stream, self._encoding))
            rows = _rows(lines, self._dialect, width=len(self._header))
            next(rows, None)
            yield from self._batches(rows)

    def _batches(self, rows: Iterator["_Row | BadRow"]) -> Iterator[RawBatch]:
        most, size = batch_rows(len(self._header)), 0
        good: list[_Row] = []
        bad: list[BadRow] = []
        for row in rows:
            size += row.size if isinstance(row, _Row) else len(row.unread)
            bad.append(row) if isinstance(row, BadRow) else good.append(row)
            if len(good) + len(bad) >= most or size >= BATCH_BYTES:
                yield self._batch(good, bad)
                good, bad, size = [], [], 0
        if good or bad:
            yield self._batch(good, bad)

    def _batch(self, rows: list["_Row"], bad: list[BadRow]) -> RawBatch:
        notes: Counter[str] = Counter()
        columns = list(zip(*(row.values for row in rows), strict=True)) or [()] * len(self._header)
        arrays = [_text_column(column, notes) for column in columns]
        fields = to_fields(arrays, self._header, self.mapping)
        bad = [_printable(row) for row in bad]
        return RawBatch(
            fields=fields,
            rows=pa.array([row.line for row in rows], pa.int64()),
            bad=bad,
            notes=notes,
        )


def _text_column(values: Sequence[str], notes: Counter[str]) -> pa.Array:
    if not any(values):
        return pa.nulls(len(values), pa.string())
    texts = text_array(list(values), pa.string(), notes, mend=read_stray_bytes, note=STRAY_BYTES)
    return _empty_is_null(texts)


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


class _Row(NamedTuple):  # made for every row: a dataclass takes three times as long
    line: int
    values: list[str]
    size: int


@dataclass(slots=True)
class _Lines:
    """Physical lines with their number; lines can be given back to be read again."""

    text: Any
    number: int = 0
    back: deque[tuple[int, str]] = field(default_factory=deque)

    def take(self) -> tuple[int, str] | None:
        if self.back:
            return self.back.popleft()
        line = self.text.readline(MAX_ROW_CHARS)
        if not line:
            return None
        self.number += 1
        if len(line) == MAX_ROW_CHARS and not line.endswith(_LINE_ENDS):
            self._skip_rest()
        return self.number, line

    def _skip_rest(self) -> None:
        while (part := self.text.readline(MAX_ROW_CHARS)) and not part.endswith(_LINE_ENDS):
            pass

    def give_back(self, lines: list[tuple[int, str]]) -> None:
        self.back.extendleft(reversed(lines))


def _rows(lines: _Lines, dialect: Dialect, *, width: int) -> Iterator[_Row | BadRow]:
    """Give the rows of a file; a row that cannot be read costs its first line only.

    An open quotation mark makes `csv` read on over line ends. When that ends badly, the first line is
    set aside and reading starts again behind it, so that the rows that were swallowed come back.
    """
    taken: list[tuple[int, str]] = []

    def feed() -> Iterator[str]:
        size = 0
        while (line := lines.take()) is not None:
            size = size + len(line[1]) if taken else len(line[1])
            taken.append(line)
            if len(taken) > _MAX_ROW_LINES or size >= MAX_ROW_CHARS:
                what = (
                    "is longer than 8 million characters"
                    if size >= MAX_ROW_CHARS
                    else "has a quotation mark that is never closed"
                )
                raise csv.Error(f"the row {what}")
            yield line[1]

    reader = csv.reader(feed(), **dialect.options)
    while True:
        taken.clear()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            reason = f"broken quoting: {err}"
        else:
            if len(values) == width:
                number, text = taken[0]
                size = len(text) if len(taken) == 1 else sum(len(part) for _, part in taken)
                yield _Row(number, values, size)
                continue
            if not values:
                continue
            reason = f"{len(values)} columns, but the first line names {width}"
        number, text = taken[0]
        yield BadRow(number, reason, unread=text[:CONTENT_SHOWN].rstrip("\r\n"))
        lines.give_back(taken[1:])
        reader = csv.reader(feed(), **dialect.options)


def _printable(row: BadRow) -> BadRow:
    return row if row.unread.isascii() else replace(row, unread=read_stray_bytes(row.unread))


def _physical_lines(sample: str) -> list[str]:
    """Whole lines of a sample that may end anywhere."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", sample)
    return lines[:-1] if len(lines) > 1 and not lines[-1].endswith(("\r", "\n")) else lines


def detect_dialect(sample: str, delimiter: str | None = None) -> Dialect:
    """Find out how a CSV file separates and quotes.

    Every usual way is tried on the first rows; the one wins under which most rows have as many columns
    as the first line, and among those the one with most columns.

    Parameters
    ----------
    sample
        Beginning of the file.
    delimiter
        Where it is known.
    """
    lines = _physical_lines(sample)
    if not lines:
        return Dialect(delimiter or ",")
    delimiters = [delimiter] if delimiter else [mark for mark in _DELIMITERS if mark in lines[0]]
    tries = [
        dialect
        for mark in delimiters or [_ONE_COLUMN]
        for dialect in _dialects(sample, mark, rows=len(lines) - 1)
    ]
    # max keeps the first of equals: doubled quotation marks are the standard
    return max(tries, key=lambda dialect: _score(lines, dialect))


def _dialects(sample: str, mark: str, *, rows: int) -> Iterator[Dialect]:
    """Give the ways of quoting that a sample speaks for; `csv` would read broken rows in any."""
    yield Dialect(mark)
    edge = f"[{re.escape(mark)}\r\n]"
    escaped, doubled = (
        len(re.findall(f"(?<!{edge}){quote}(?!{edge}|$)", sample)) for quote in (r'\\"', '""')
    )
    if escaped > doubled:
        yield Dialect(mark, '"', "\\")
    # An apostrophe quotes only where it usually opens a field; else 'tis a word.
    if sample.count(mark + "'") >= rows > 0:
        yield Dialect(mark, "'")


def _score(lines: list[str], dialect: Dialect) -> tuple[float, int, int]:
    rows = list(
        islice(_rows(_Lines(_Sample(lines)), dialect, width=_width(lines, dialect)), _SAMPLE_ROWS)
    )
    good = [row for row in rows if isinstance(row, _Row)]
    fitting = sum(row.size for row in good) / max(
        1, sum(row.size if isinstance(row, _Row) else len(row.unread) for row in rows)
    )
    quoted = sum(line.count(dialect.delimiter + dialect.quote) for line in lines[:_SAMPLE_ROWS])
    return round(fitting, 2), len(good[0].values) if good else 0, quoted


def _width(lines: list[str], dialect: Dialect) -> int:
    try:
        return len(next(csv.reader(lines, **dialect.options), []))
    except csv.Error:
        return 0


@dataclass(slots=True)
class _Sample:
    """Lines of a sample behind the one method of a file that `_Lines` uses."""

    lines: list[str]
    at: int = 0

    def readline(self, limit: int) -> str:
        self.at += 1
        return self.lines[self.at - 1][:limit] if self.at <= len(self.lines) else ""
