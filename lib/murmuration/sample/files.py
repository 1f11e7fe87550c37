"""Sample posts as files that the import recognises, with rows that are really broken."""

import gzip
import io
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import IO, Any, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from murmuration.errors import ParamError
from murmuration.sample.draw import BROKEN
from murmuration.sample.plan import Plan
from murmuration.sample.posts import SCHEMA, TRUTH, check_whole, make_tables

log = logging.getLogger(__name__)

_ROWS = 20_000
_NO_TIME = "31/31/2026"
# Parquet's times are typed, so an unreadable one is one that no post can have.
_NO_PARQUET_TIME = datetime(2300, 1, 1, tzinfo=UTC)
_TIME, _NOTHING, _TORN = BROKEN
_PACK_LEVEL = 5
# The label of the import says it.
_LEFT_OUT = ("source",)

_Write = Callable[[pa.Table], None]


def write_posts(
    path: str | Path,
    n: int,
    seed: int = 0,
    *,
    plan: Plan | None = None,
    truth: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write invented posts to a file that ``import`` takes without a map.

    Parameters
    ----------
    path
        Where to; its end decides: ``.csv``, ``.jsonl``, both also with ``.gz``, or ``.parquet``.
    n, seed, plan
        As for `make_posts`.
    truth
        Whether to write the truth_* columns as well; the import keeps them in `extra`.
    overwrite
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path
        The file, whole: it is written under another name first. Times are ISO 8601 in UTC; lists are
        JSON in CSV. The rows of `truth_broken` cannot be read: an unreadable time, neither id nor
        text, or a line that breaks off (in Parquet, which has no lines: neither id nor text).

    Raises
    ------
    ParamError
        If a number is out of range, the file's end is none of these, its folder is not there, or it is
        there itself and may not be replaced.
    """
    target = Path(path)
    check_whole("n", n, least=0)
    check_whole("seed", seed, least=0)
    if not target.parent.is_dir():
        raise ParamError(f"There is no folder {target.parent} for {target.name}. Make it first.")
    if target.exists() and not overwrite:
        raise ParamError(f"{target} is there already. Choose another name or say overwrite=True.")
    writer = _writer_for(target.name)
    left_out = [*_LEFT_OUT, *(() if truth else TRUTH.names)]
    schema = pa.schema([field for field in SCHEMA if field.name not in left_out])
    started = perf_counter()
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file, writer(file, schema) as write:
            for table in make_tables(n, seed, plan=plan, chunk=_ROWS):
                write(table)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    log.info("wrote %d invented posts to %s in %.1f s", n, target.name, perf_counter() - started)
    return target


def _writer_for(name: str) -> Any:
    packed = name.lower().endswith(".gz")
    plain = name[:-3] if packed else name
    for suffix, writer in ((".csv", _csv_writer), (".jsonl", _jsonl_writer)):
        if plain.lower().endswith(suffix):
            return _packed(writer) if packed else writer
    if name.lower().endswith(".parquet"):
        return _parquet_writer
    raise ParamError(
        f"{name} says no format that sample posts can have. Let it end in .csv, .csv.gz, .jsonl, "
        ".jsonl.gz or .parquet."
    )


def _packed(writer: Any) -> Any:
    @contextmanager
    def write_packed(file: IO[bytes], schema: pa.Schema) -> Iterator[_Write]:
        with ExitStack() as stack:
            # No name and no clock in the header: equal posts make equal files.
            packed = stack.enter_context(
                gzip.GzipFile("", "wb", compresslevel=_PACK_LEVEL, fileobj=file, mtime=0)
            )
            buffered = stack.enter_context(io.BufferedWriter(cast(Any, packed), 1 << 20))
            yield stack.enter_context(writer(buffered, schema))

    return write_packed


@contextmanager
def _csv_writer(file: IO[bytes], schema: pa.Schema) -> Iterator[_Write]:
    file.write((",".join(schema.names) + "\n").encode())

    def write(table: pa.Table) -> None:
        # One made of text only, whose lists and times are written out.
        lines = pa.table({name: _csv_column(table, name) for name in schema.names})
        for part, torn in _torn_parts(table):
            text = _csv_lines(lines.slice(part.start, len(part)))
            file.write(_torn_csv(text) if torn else text)

    yield write


def _csv_column(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    if name == "created_at":
        return _iso_times(table)
    if pa.types.is_list(column.type):
        inner = pc.binary_join(column, '","')
        filled = pc.binary_join_element_wise('["', inner, '"]', "")
        return pc.if_else(pc.equal(pc.list_value_length(column), 0), "[]", filled)
    return column


def _iso_times(table: pa.Table) -> pa.Array:
    """ISO 8601 in UTC, and a time that is none for rows without one."""
    # Without its zone, since Arrow takes a second to load the zones of the world.
    naive = table["created_at"].combine_chunks().cast(pa.int64()).cast(pa.timestamp("us"))
    text = pc.binary_join_element_wise(
        pc.strftime(naive.cast(pa.timestamp("ms")), "%Y-%m-%dT%H:%M:%S"), "Z", ""
    )
    return pc.fill_null(text, _NO_TIME)


def _csv_lines(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(table, sink, pa_csv.WriteOptions(include_header=False))
    return cast(bytes, sink.getvalue().to_pybytes())


def _torn_csv(line: bytes) -> bytes:
    """A line whose last quotation mark was lost."""
    return line[: len(line) // 2].rstrip(b'"\n') + b',"cut off here\n'


def _torn_parts(table: pa.Table) -> Iterator[tuple[range, bool]]:
    """Runs of rows in order: whole ones, and each torn one alone."""
    torn = np.asarray(pc.fill_null(pc.equal(table["truth_broken"], _TORN), False))
    begin = 0
    for row in np.flatnonzero(torn).tolist():
        if row > begin:
            yield range(begin, row), False
        yield range(row, row + 1), True
        begin = row + 1
    if begin < len(table):
        yield range(begin, len(table)), False


@contextmanager
def _jsonl_writer(file: IO[bytes], schema: pa.Schema) -> Iterator[_Write]:
    def write(table: pa.Table) -> None:
        times = _iso_times(table).to_pylist()
        torn = np.asarray(pc.fill_null(pc.equal(table["truth_broken"], _TORN), False)).tolist()
        names = schema.names
        columns = [times if one == "created_at" else table[one].to_pylist() for one in names]
        for cut, values in zip(torn, zip(*columns, strict=True), strict=True):
            record = {
                name: value for name, value in zip(names, values, strict=True) if value is not None
            }
            line = orjson.dumps(record)
            file.write((line[: len(line) // 2] if cut else line) + b"\n")

    yield write


@contextmanager
def _parquet_writer(file: IO[bytes], schema: pa.Schema) -> Iterator[_Write]:
    with pq.ParquetWriter(file, schema) as writer:

        def write(table: pa.Table) -> None:
            late = pa.scalar(_NO_PARQUET_TIME, schema.field("created_at").type)
            place = table.schema.get_field_index("created_at")
            times = pc.fill_null(table["created_at"], late)
            writer.write_table(table.set_column(place, "created_at", times).select(schema.names))

        yield write
