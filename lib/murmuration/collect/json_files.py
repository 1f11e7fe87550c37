"""JSON lines and JSON documents: records of a known shape, or flat ones with named columns."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import orjson

from murmuration.collect.encoding import (
    detect_encoding,
    is_utf8,
    marked_encoding,
    open_text,
    read_stray_bytes,
)
from murmuration.collect.fields import EXTRA, find_mapping
from murmuration.collect.files import ByteStream, PostFile
from murmuration.collect.raw import (
    CONTENT_SHOWN,
    LISTS,
    STRAY_BYTES,
    BadRow,
    Batcher,
    Fields,
    RawBatch,
    Shape,
    extra_text,
    flatten,
    names_author,
    replace_halves,
)
from murmuration.collect.shapes import find_shape
from murmuration.collect.values import name_of, parts_of
from murmuration.errors import ReadError

_SAMPLE_RECORDS = 200
_MOST_COLUMNS = 10_000  # names beyond are data, such as ids that stand as keys
MAX_LINE_BYTES = 64 << 20  # one page of an API; a post is a thousandth of it
MAX_DOCUMENT_BYTES = 512 << 20  # a document that is no list has to be read as a whole
_CHUNK = 1 << 20
_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)
_BETWEEN = re.compile(r"[\s,]*")


class _BadRecord:
    """A record that could not be read."""

    def __init__(self, reason: str, content: str) -> None:
        self.reason, self.content = reason, content


_Records = Iterator[tuple[int, Any, int]]  # number from 1, record or _BadRecord, bytes


class JsonReader:
    """Reads JSON lines, a JSON list or a page of an API.

    Parameters
    ----------
    file
        The file.
    given
        Field to column; with one, records are taken as flat even where their shape is known.
    lines
        Whether each line is a record.
    encoding
        Where it is not to be detected.
    """

    def __init__(
        self,
        file: PostFile,
        given: Mapping[str, str],
        *,
        lines: bool,
        encoding: str | None = None,
    ) -> None:
        self._file, self._lines, self._encoding = file, lines, encoding
        self._stream: ByteStream | None = None
        self._notes: Counter[str] = Counter()
        sample = [record for _, record, _ in islice(self._records(), _SAMPLE_RECORDS)]
        good = [record for record in sample if isinstance(record, Mapping)]
        if not good:
            reason = next(
                (record.reason for record in sample if isinstance(record, _BadRecord)), "no records"
            )
            raise ReadError(f"{file.path} holds no JSON records: {reason}.")
        self._shape = None if given else find_shape(good)
        self.platform: str | None = self._shape.platform if self._shape else None
        self.mapping: Mapping[str, str] = {}
        self.left_out: Sequence[str] = []
        self.columns: Sequence[str] = []
        kind = "JSON lines" if lines else "JSON"
        self.shape = f"{self._shape.name} ({kind})" if self._shape else kind
        if self._shape is None:
            self._map_columns(good, given)

    def _map_columns(self, sample: list[Mapping[str, Any]], given: Mapping[str, str]) -> None:
        names = list(dict.fromkeys(name for record in sample for name in flatten(record)))
        self._known, self._given, self.columns = set(names), given, names
        self.mapping = find_mapping(names, given)
        self.left_out = _left_out(names, self.mapping)

    def _map_late(self, names: list[str]) -> None:
        """Take in columns that the first records do not have, where they hold a field that nothing holds yet."""
        self._known.update(names)
        taken = dict.fromkeys([*self.mapping, *self._given], "")
        self.mapping = {**self.mapping, **find_mapping(names, taken)}
        self.left_out = [*self.left_out, *_left_out(names, self.mapping)]

    @property
    def done(self) -> float:
        """Share of the file that was read."""
        return self._stream.position() / max(1, self._file.bytes) if self._stream else 0.0

    def batches(self) -> Iterator[RawBatch]:
        """Read all records."""
        batcher = Batcher()
        self._notes.clear()
        for number, record, size in self._records():
            self._add(batcher, number, record, size)
            batcher.notes.update(self._notes)
            self._notes.clear()
            if batcher.full:
                yield batcher.batch()
        yield batcher.batch()

    def _add(self, batcher: Batcher, number: int, record: Any, size: int) -> None:
        if isinstance(record, _BadRecord):
            batcher.add_bad(BadRow(number, record.reason, unread=record.content))
        elif not isinstance(record, Mapping):
            batcher.add_bad(
                BadRow(number, f"a record must be an object, but this is {type(record).__name__}")
            )
        elif self._shape is None:
            batcher.add(number, self._flat(record), size=size)
        else:
            self._add_shaped(batcher, self._shape, number, record, size)

    def _add_shaped(
        self, batcher: Batcher, shape: Shape, number: int, record: Mapping[str, Any], size: int
    ) -> None:
        try:
            for item in shape.read(record):
                batcher.add(number, item, size=size)
                size = 0
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as err:
            batcher.add_bad(
                BadRow(
                    number,
                    f"no whole record of {shape.name}: {_why(err)}",
                    unread=_dump(record),
                )
            )

    def _flat(self, record: Mapping[str, Any]) -> Fields:
        flat = flatten(record)
        if len(self._known) < _MOST_COLUMNS and not flat.keys() <= self._known:
            self._map_late([name for name in flat if name not in self._known])
        fields = {
            field: _as_list(flat.get(column)) if field in LISTS else flat.get(column)
            for field, column in self.mapping.items()
        }
        used = set(self.mapping.values())
        fields[EXTRA] = {
            name: text
            for name, value in flat.items()
            if name not in used and (text := extra_text(name, value)) is not None
        }
        return fields

    def _records(self) -> _Records:
        with self._file.open() as stream:
            self._stream = stream
            yield from self._read_lines(stream) if self._lines else self._document(stream)

    def _read_lines(self, stream: ByteStream) -> _Records:
        """Records of JSON lines; cut at line feeds only, since texts hold U+2028 and its like."""
        encoding = self._encoding or marked_encoding(stream.peek(4)) or "utf-8"
        lines: Any = stream if is_utf8(encoding) else open_text(stream, encoding, newline="\n")
        number = 0
        while line := lines.readline(MAX_LINE_BYTES):
            number += 1
            line = line if isinstance(line, bytes) else line.encode()
            if len(line) >= MAX_LINE_BYTES:
                while (part := lines.readline(MAX_LINE_BYTES)) and part[-1:] not in (b"\n", "\n"):
                    pass
                yield number, _BadRecord("the line is longer than 64 MB", ""), 0
            elif line.strip(b" \t\r\n\xef\xbb\xbf\x1e"):
                yield number, _parse(line, self._notes), len(line)

    def _document(self, stream: ByteStream) -> _Records:
        encoding = self._encoding or detect_encoding(stream.peek(_CHUNK)[:_CHUNK])
        text = open_text(stream, encoding)
        start = text.read(_CHUNK).lstrip("\ufeff \t\r\n")
        if start.startswith("["):
            yield from _read_list(text, start[1:], self._file.path)
            return
        whole = start + text.read(MAX_DOCUMENT_BYTES)
        if len(whole) > MAX_DOCUMENT_BYTES:
            raise ReadError(
                f"{self._file.path} is one JSON object of more than {MAX_DOCUMENT_BYTES >> 20} MB. "
                "Turn it into JSON lines, one post a line."
            )
        try:
            yield 1, json.loads(whole), len(whole)
        except ValueError as err:
            raise ReadError(f"{self._file.path} is no whole JSON document: {err}.") from err


def _parse(line: bytes, notes: Counter[str]) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    # The standard library also takes half characters, NaN and numbers beyond 64 bits.
    text = line.decode("utf-8-sig", "surrogateescape")
    if not text.isascii():
        mended = read_stray_bytes(text)
        if mended != text:
            notes[STRAY_BYTES] += 1
        text = mended
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as err:
        why = err.msg if isinstance(err, json.JSONDecodeError) else type(err).__name__
        return _BadRecord(f"no JSON: {why}", text[:CONTENT_SHOWN].rstrip("\r\n"))


def _read_list(text: Any, buffer: str, path: str) -> _Records:
    """Records of JSON lists, one after the other, without holding a list."""
    decoder = json.JSONDecoder()
    number = at = 0
    inside = True
    while True:
        at = _BETWEEN.match(buffer, at).end()  # type: ignore[union-attr]
        if at == len(buffer):
            buffer, at = text.read(_CHUNK), 0
            if not buffer and not inside:
                return
        if buffer.startswith("]" if inside else "[", at):  # pages follow each other as lists
            inside, at = not inside, at + 1
            continue
        record, end = None, -1
        if inside:
            with suppress(ValueError, RecursionError):
                record, end = decoder.raw_decode(buffer, at)
        # A number or word at the end of the buffer may go on behind it.
        if end < 0 or (end == len(buffer) and buffer[-1] not in ']}"'):
            more = text.read(max(_CHUNK, len(buffer) - at)) if inside else ""
            if not more or len(buffer) - at > MAX_LINE_BYTES:
                raise ReadError(
                    f"{path} is no whole JSON list: it breaks off or is broken behind record {number:,}."
                )
            buffer, at = buffer[at:] + more, 0
            continue
        number += 1
        yield number, record, end - at
        at = end


def _left_out(names: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    return [name for name in names if name not in mapping.values() and names_author(name)]


def _why(err: Exception) -> str:
    """Say what was wrong; reasons are printed, so what an error quotes of a post is left out."""
    if isinstance(err, KeyError):
        return f"{err} is missing"
    return _QUOTED.sub("…", str(err)) or type(err).__name__


def _as_list(value: Any) -> list[str] | None:
    parts = parts_of(value) if isinstance(value, str) else value
    return [text for part in parts if (text := name_of(part))] if isinstance(parts, list) else None


def _dump(record: Mapping[str, Any]) -> str:
    # Not escaped, so that what was forgotten is found in it.
    return replace_halves(json.dumps(record, ensure_ascii=False, default=str)[:CONTENT_SHOWN])
