"""The text of a CSV file: blocks of rows that Arrow reads, where it reads as `csv` would; else lines.

Arrow takes a tenth of the time of `csv`, but reads what is broken in its own way. It gets the stretches in which
every quotation mark opens a field, closes one, or stands doubled inside; there the two agree
(RFC 4180). Everything else goes row by row.
"""

import codecs
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from murmuration.collect.csv_rows import MAX_ROW_CHARS, MAX_ROW_LINES, Dialect, Lines
from murmuration.collect.encoding import is_utf8, known_encoding

BLOCK_BYTES = 4 << 20  # read at once; about ten thousand tweets
_PIECE_BYTES = 1 << 16  # taken as lines at once; few, as blocks go on behind them
_LONGEST_LINE = 4 * MAX_ROW_CHARS  # bytes, which hold as many characters as no row may have
_NUL, _NEWLINE, _RETURN, _QUOTE = b'\x00\n\r"'
_BOM = codecs.BOM_UTF8

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that Arrow has read.

    Attributes
    ----------
    columns
        Text, one array a column, each of shape (n_rows,); nothing is null.
    lines
        Line that each row begins in; int64, shape (n_rows,).
    """

    columns: Sequence[pa.Array]
    lines: Places


class CsvText(Lines):
    """The text of one file, from its first line.

    Parameters
    ----------
    stream
        Its bytes.
    encoding
        Of the bytes. Those that cannot be UTF-8 come as half characters, which `read_stray_bytes` mends.
    dialect
        How it separates and quotes.
    width
        Columns of a row.
    """

    def __init__(self, stream: IO[bytes], encoding: str, dialect: Dialect, width: int) -> None:
        super().__init__()
        self._stream = stream
        self._decoder: codecs.IncrementalDecoder | None = None
        if not is_utf8(encoding):
            with known_encoding(encoding):
                self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._bytes = b""
        self._at = 0
        self.bytes_read = 0  # as UTF-8, taken or not
        self._whole = False  # whether all of the stream was read
        self._by_line = 0  # bytes that are to be taken as lines before the next block
        self._window = BLOCK_BYTES  # bytes that a block is looked for in
        self._columns = [str(number) for number in range(width)]
        usual = (dialect.quote, dialect.escape) == ('"', None) and dialect.delimiter.isascii()
        # Blocks are asked for only where the dialect is usual.
        self._delimiter = ord(dialect.delimiter) if usual else -1
        self._fill(len(_BOM))
        if self._bytes.startswith(_BOM):
            self._at = len(_BOM)

    @property
    def ended(self) -> bool:
        """Whether there is nothing more."""
        return not self._ahead and not self._fill(1)

    @property
    def bytes_taken(self) -> int:
        """How many bytes of the text were given as lines or blocks."""
        return self.bytes_read - self._left

    @property
    def may_be_block(self) -> bool:
        """Whether it is worth while to ask for a block here, between two rows."""
        return self._delimiter >= 0 and not self._ahead and self._by_line <= 0

    @property
    def _left(self) -> int:
        return len(self._bytes) - self._at

    def block(self) -> Block | None:
        """Give the rows that come next, some thousands; None where the next ones have to be read by lines."""
        if not self.may_be_block:
            return None
        self._fill(self._window)
        data = np.frombuffer(self._bytes, np.uint8)[self._at : self._at + self._window]
        ends, numbers, all_plain = _plain_rows(data, self._delimiter)
        stop = int(ends[-1]) + 1 if len(ends) else 0
        block = self._parse(data[:stop], ends, numbers) if stop else None
        # Where much is broken, less is looked at in vain.
        if block is None or not all_plain:
            self._by_line = _PIECE_BYTES
            self._window = max(_PIECE_BYTES, self._window // 2)
        else:
            self._window = min(BLOCK_BYTES, self._window * 2)
        if block is not None:
            self._at += stop
            self.number += int(numbers[-1]) + 1
        return block

    def _parse(self, data: Bytes, ends: Places, numbers: Places) -> Block | None:
        if data[: len(_BOM)].tobytes() == _BOM:  # which Arrow would leave out
            return None
        begins = np.concatenate([[0], ends[:-1] + 1])
        lines = self.number + 1 + np.concatenate([[0], numbers[:-1] + 1])
        empty = (data[begins] == _NEWLINE) | ((data[begins] == _RETURN) & (ends == begins + 1))
        # In one piece: where a piece ends between "\r" and "\n" of a text, Arrow (26.0) drops the "\n".
        whole = {"block_size": len(data), "use_threads": False}
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(pa.py_buffer(data)),
                arrow_csv.ReadOptions(column_names=self._columns, **whole),
                arrow_csv.ParseOptions(delimiter=chr(self._delimiter), newlines_in_values=True),
                arrow_csv.ConvertOptions(column_types=dict.fromkeys(self._columns, pa.string())),
            )
        except pa.ArrowInvalid:  # another number of columns, or bytes that are no UTF-8
            return None
        if len(table) != np.count_nonzero(~empty):
            return None
        return Block([column.combine_chunks() for column in table.columns], lines[~empty])

    def _read(self) -> Sequence[str]:
        piece = self._take_lines()
        self._by_line -= len(piece)
        return io.StringIO(piece.decode("utf-8", "surrogateescape"), newline="").readlines()

    def _take_lines(self) -> bytes:
        """Take some whole lines, or the last one; of one that is far too long the beginning."""
        wanted, more = _PIECE_BYTES, self._fill(_PIECE_BYTES)
        while not (end := self._last_line_end(wanted)) and more and self._left < _LONGEST_LINE:
            wanted = self._left + BLOCK_BYTES
            more = self._fill(wanted)
        stop = end or self._at + _LONGEST_LINE
        piece, self._at = self._bytes[self._at : stop], min(stop, len(self._bytes))
        if not end:
            self._skip_line()
        return piece

    def _last_line_end(self, within: int) -> int:
        """Where the last line ends that ends within so many bytes; 0 if none does."""
        stop = self._at + within
        end = 1 + max(self._bytes.rfind(mark, self._at, stop) for mark in (b"\n", b"\r"))
        if end and self._bytes[end - 1] == _RETURN:
            if end == len(self._bytes) and self._fill(self._left + 1):
                return self._last_line_end(within + 1)
            end += self._bytes[end : end + 1] == b"\n"
        return end

    def _skip_line(self) -> None:
        while self._fill(1):
            places = [self._bytes.find(mark, self._at) for mark in (b"\n", b"\r")]
            end = min((place for place in places if place >= 0), default=-1)
            self._at = len(self._bytes) if end < 0 else end
            if end >= 0:
                self._fill(2)
                self._at += 2 if self._bytes.startswith(b"\r\n", self._at) else 1
                return

    def _fill(self, size: int) -> bool:
        """See to so many bytes, if there are as many; say whether there are."""
        while self._left < size and not self._whole:
            wanted = max(size - self._left, _PIECE_BYTES)
            read = self._stream.read(wanted)
            self._whole = len(read) < wanted
            if self._decoder is not None:
                read = self._decoder.decode(read, self._whole).encode("utf-8", "replace")
            self.bytes_read += len(read)
            self._bytes = self._bytes[self._at :] + read
            self._at = 0
            open_end = self._whole and self._bytes and not self._bytes.endswith((b"\n", b"\r"))
            if open_end and self._delimiter >= 0:
                self._bytes += b"\n"  # the last row may be of a block, so it ends like the others
        return self._left >= size


def _plain_rows(data: Bytes, delimiter: int) -> tuple[Places, Places, bool]:
    """Find the rows that Arrow and `csv` read alike, up to the first that they may not.

    Returns
    -------
    (ends, numbers, all_plain)
        Where each row ends, and the number of the line that ends there, from 0; of equal shape (n_rows,); and whether
        nothing stands in `data` that they may read in different ways.
    """
    ends = np.flatnonzero(data == _NEWLINE)
    quotes = np.flatnonzero(data == _QUOTE)
    odd = _first_odd(data, quotes, delimiter)
    outside = np.searchsorted(quotes, ends) % 2 == 0
    numbers = np.flatnonzero(outside & (ends < odd))
    long = np.flatnonzero(np.diff(numbers, prepend=-1) > MAX_ROW_LINES)
    if len(long):
        odd, numbers = 0, numbers[: long[0]]
    return ends[numbers], numbers, odd >= len(data)


def _first_odd(data: Bytes, quotes: Places, delimiter: int) -> int:
    """Where the first mark or byte stands that Arrow and `csv` may read in different ways."""
    last = len(data) - 1  # what follows it is not known yet, but it ends no row either
    opens, closes = quotes[::2], quotes[1::2]
    before = np.where(opens > 0, data[opens - 1], _NEWLINE)
    doubled = np.append(-2, closes)[: len(opens)] + 1 == opens
    opening = (before == delimiter) | (before == _NEWLINE) | doubled
    after = data[np.minimum(closes + 1, last)]
    doubled = np.append(opens[1:], -1)[: len(closes)] == closes + 1
    closing = (after == delimiter) | (after == _NEWLINE) | (after == _RETURN) | doubled
    returns = np.flatnonzero(data == _RETURN)
    alone = data[np.minimum(returns + 1, last)] != _NEWLINE
    odd = (opens[~opening], closes[~closing & (closes < last)], returns[alone & (returns < last)])
    nul = np.flatnonzero(data == _NUL)
    return min((int(places[0]) for places in (*odd, nul) if len(places)), default=len(data))
