"""Rows of a CSV text one by one: how it separates and quotes, and what of it cannot be read."""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from murmuration.collect.raw import CONTENT_SHOWN, BadRow

MAX_ROW_CHARS = 8 << 20  # longer rows are no posts; a whole book has a tenth of it
MAX_ROW_LINES = 500  # an open quotation mark swallows no more than this
ONE_COLUMN = "\x1f"  # a delimiter that no text holds, where the first line has none
_SAMPLE_ROWS = 200
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


class Row(NamedTuple):  # made for every row: a dataclass takes three times as long
    """A row, the line that it begins in, and its characters."""

    line: int
    values: list[str]
    size: int


class Lines:
    """Physical lines with their number, from 1; lines can be given back to be read again."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        self.number = 0  # of the last line that was read, given back or not
        self._ahead: deque[tuple[int, str]] = deque()
        self._put(lines)

    def take(self) -> tuple[int, str] | None:
        """Give the next line; None at the end."""
        if not self._ahead:
            self._put(self._read())
        return self._ahead.popleft() if self._ahead else None

    def give_back(self, lines: list[tuple[int, str]]) -> None:
        """Put lines that were taken in front again."""
        self._ahead.extendleft(reversed(lines))

    def _put(self, lines: Sequence[str]) -> None:
        self._ahead.extend(enumerate(lines, self.number + 1))
        self.number += len(lines)

    def _read(self) -> Sequence[str]:
        """Give some more lines, none at the end."""
        return ()


def read_rows(lines: Lines, dialect: Dialect, *, width: int) -> Iterator[Row | BadRow]:
    """Give the rows of a text; a row that cannot be read costs its first line only.

    An open quotation mark makes `csv` read on over line ends. When that ends badly, the first line is
    set aside and reading starts again behind it, so that the rows that were swallowed come back. Between
    two rows nothing is held, so whoever stops may read on in another way.

    Parameters
    ----------
    lines
        The text from the beginning of a row.
    dialect
        How it separates and quotes.
    width
        How many columns a row has.
    """
    taken: list[tuple[int, str]] = []

    def feed() -> Iterator[str]:
        size = 0
        while (line := lines.take()) is not None:
            size = size + len(line[1]) if taken else len(line[1])
            taken.append(line)
            if len(taken) > MAX_ROW_LINES or size >= MAX_ROW_CHARS:
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
                yield Row(number, values, size)
                continue
            if not values:
                continue
            reason = f"{len(values)} columns, but the first line names {width}"
        number, text = taken[0]
        lines.give_back(taken[1:])
        yield BadRow(number, reason, unread=text[:CONTENT_SHOWN].rstrip("\r\n"))
        reader = csv.reader(feed(), **dialect.options)


def physical_lines(sample: str) -> list[str]:
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
    lines = physical_lines(sample)
    if not lines:
        return Dialect(delimiter or ",")
    delimiters = [delimiter] if delimiter else [mark for mark in _DELIMITERS if mark in lines[0]]
    tries = [
        dialect
        for mark in delimiters or [ONE_COLUMN]
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
        islice(read_rows(Lines(lines), dialect, width=_width(lines, dialect)), _SAMPLE_ROWS)
    )
    good = [row for row in rows if isinstance(row, Row)]
    fitting = sum(row.size for row in good) / max(
        1, sum(row.size if isinstance(row, Row) else len(row.unread) for row in rows)
    )
    quoted = sum(line.count(dialect.delimiter + dialect.quote) for line in lines[:_SAMPLE_ROWS])
    return round(fitting, 2), len(good[0].values) if good else 0, quoted


def _width(lines: list[str], dialect: Dialect) -> int:
    try:
        return len(next(csv.reader(lines, **dialect.options), []))
    except csv.Error:
        return 0
