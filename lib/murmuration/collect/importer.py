"""Post files → the store: each file is one commit, all of it or nothing."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow.compute as pc
from filelock import FileLock, Timeout

from murmuration.collect.fields import check_mapping
from murmuration.collect.files import PostFile, detect_format, find_files
from murmuration.collect.job import Earlier, ImportJob, Progress
from murmuration.collect.json_files import JsonReader
from murmuration.collect.normalise import CLOCKS, Normaliser
from murmuration.collect.raw import Reader
from murmuration.collect.tabular import CsvReader, ParquetReader
from murmuration.collect.times import TimeReader
from murmuration.collect.values import Column
from murmuration.errors import ParamError, ReadError, StoreError
from murmuration.schema import SOURCE_NAME
from murmuration.store.delta import Store, explain
from murmuration.store.receipts import add_missing_receipts
from murmuration.store.spill import short_name, spill_folder
from murmuration.text.language import known_code

log = logging.getLogger(__name__)

MAX_BAD_SHARE = 0.2
_LOCK_WAIT_SECONDS = 3600
_KNOWN_BEFORE = ("rows_unchanged", "rows_updated", "rows_older")
_MOST_TIMES = 1_000  # readings of one file; each ranks a microsecond behind the one before


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How files are to be read.

    Attributes
    ----------
    mapping
        Field to column, where the names are not recognised; an empty column leaves a field out.
    encoding, delimiter
        Of CSV files, where they are not to be detected.
    timezone, time_format
        IANA zone of times that name none; `datetime.strptime` format where it is not to be guessed.
    platform, language
        For posts that do not say.
    observed_at
        When the posts were seen; the file's modification time unless given.
    detect_language
        Whether the language of posts that declare none is detected.
    max_bad_share
        Largest share of rows, 0 to 1, that may go to quarantine; more stops the import.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    timezone: str = "UTC"
    time_format: str | None = None
    platform: str | None = None
    language: str | None = None
    observed_at: datetime | None = None
    detect_language: bool = True
    max_bad_share: float = MAX_BAD_SHARE

    def __post_init__(self) -> None:
        if not 0 <= self.max_bad_share <= 1:
            raise ParamError(
                f"The share of bad rows is {self.max_bad_share}, but it must lie in 0 to 1."
            )
        object.__setattr__(self, "mapping", check_mapping(self.mapping))
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise ParamError(
                f"There is no time zone {self.timezone!r}. Use a name such as 'UTC' or 'America/New_York'."
            ) from err
        if self.language is not None:
            known_code(self.language)  # but kept as it was given: old imports were known by that


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of one file.

    Attributes
    ----------
    values
        A row of the table `imports`.
    repeated
        True if this very file was imported before, so that nothing was done.
    seconds
        How long it took.
    repeated_equal, differing
        Of the rows that repeat an id: how many are equal, and in how many each column differs.
    left_out
        Columns that were not kept because they name the author.
    languages
        Posts written, by language.
    why_quarantined
        Why rows are in quarantine, and where the first of each kind stands.
    """

    values: Mapping[str, Any]
    repeated: bool
    seconds: float
    repeated_equal: int = 0
    differing: Mapping[str, int] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    languages: Counter[str] = field(default_factory=Counter)
    why_quarantined: str = ""


def import_files(
    paths: Sequence[str],
    *,
    source: str,
    store: Store,
    state: Path,
    options: ImportOptions | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_error: Callable[[ReadError], None] | None = None,
) -> Iterator[Receipt]:
    """Take post files into the store, one after the other.

    Parameters
    ----------
    paths
        Files, folders or patterns.
    source
        The label that their posts get.
    store
        Where to; made if it is not there.
    state
        Local folder for spilled rows and the lock.
    options
        How to read them.
    on_progress
        Told about every batch of rows.
    on_error
        Told of a file that cannot be taken in, after which the next is; unless given, it is raised.

    Yields
    ------
    Receipt
        One a file, after its commit.

    Raises
    ------
    ReadError
        If there are no files; or one cannot be read or too many of its rows are bad, and nobody is told:
        nothing of that file is kept.
    ParamError
        If the source's name or the mapping is wrong.
    StoreError
        If the store cannot be used.
    """
    if not SOURCE_NAME.fullmatch(source):
        raise ParamError(
            f"The source {source!r} cannot be a name; use up to 64 of a-z, 0-9, _ and -."
        )
    options = options or ImportOptions()
    files = find_files(paths)
    with write_lock(store, state):
        store.make()
    for file in files:
        try:
            with write_lock(store, state), spill_folder(store, state) as folder:
                receipt = _import_file(file, source, store, folder, options, on_progress)
        except ReadError as err:
            if on_error is None:
                raise
            on_error(err)
        else:
            yield receipt  # with the lock free: the caller may want to write as well


@contextmanager
def write_lock(store: Store, state: Path) -> Iterator[None]:
    """Let one process of this machine write to a store at a time; the others wait."""
    lock = FileLock(state / "locks" / f"store-{short_name(store)}.lock")
    try:
        (state / "locks").mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0.1)
    except Timeout:
        log.warning("another process writes to %s; waiting for it to end", store.location)
        _wait(lock, store)
    except OSError as err:
        raise StoreError(
            f"The folder {state} cannot be used: {explain(err)} Nothing was lost."
        ) from err
    try:
        yield
    finally:
        lock.release()


def _wait(lock: FileLock, store: Store) -> None:
    try:
        lock.acquire(timeout=_LOCK_WAIT_SECONDS)
    except Timeout as err:
        raise StoreError(
            f"Another process has been writing to {store.location} for an hour. Nothing was "
            f"committed; look what holds {lock.lock_file}, then run the command again."
        ) from err


def _import_file(
    file: PostFile,
    source: str,
    store: Store,
    folder: Path,
    options: ImportOptions,
    on_progress: Callable[[Progress], None],
) -> Receipt:
    started = perf_counter()
    add_missing_receipts(store)
    file_hash = file.sha256()
    imports = _imports_of(store, source)
    readings = [row for row in imports if row["file_hash"] == file_hash]
    # Nothing is missing where languages were detected although nobody asks for it now.
    same = [
        _import_id(source, file_hash, how, turn)
        for how in (options, _detecting(options))
        for turn in range(len(readings) + 1)
    ]
    if readings and readings[-1]["import_id"] in same:
        return Receipt(values=readings[-1], repeated=True, seconds=perf_counter() - started)
    earlier = _earlier(imports, readings)
    import_id = next(one for one in same if one not in earlier.import_ids)
    reader = open_reader(file, options)
    normaliser = _normaliser(
        file, source, import_id, store, options, reader,
        again=_times_before(readings, options.observed_at or file.modified_at),
    )  # fmt: skip
    with ImportJob(
        file, reader, normaliser, store, folder, options.max_bad_share, on_progress, earlier
    ) as job:
        outcome = job.run(file_hash, detect_language=options.detect_language)
    seconds = perf_counter() - started
    rows = outcome.values["rows_read"]
    log.info("imported %s into %s: %d rows in %.1f s", file.name, source, rows, seconds)
    return Receipt(
        values=outcome.values,
        repeated=False,
        seconds=seconds,
        repeated_equal=outcome.repeated_equal,
        differing=outcome.differing,
        left_out=reader.left_out,
        languages=outcome.languages,
        why_quarantined=outcome.bad_rows,
    )


def open_reader(file: PostFile, options: ImportOptions) -> Reader:
    """Open a file with the reader for what it holds."""
    kind = detect_format(file, options.encoding)
    if kind == "parquet":
        return ParquetReader(file, options.mapping)
    if kind == "csv":
        return CsvReader(
            file, options.mapping, encoding=options.encoding, delimiter=options.delimiter
        )
    return JsonReader(file, options.mapping, lines=kind == "jsonl", encoding=options.encoding)


def _normaliser(
    file: PostFile,
    source: str,
    import_id: str,
    store: Store,
    options: ImportOptions,
    reader: Reader,
    again: int = 0,
) -> Normaliser:
    return Normaliser(
        source=source,
        import_id=import_id,
        observed_at=(options.observed_at or file.modified_at) + timedelta(microseconds=again),
        again=again,
        pseudonyms=store.pseudonyms,
        times=TimeReader(
            zone=options.timezone,
            format=options.time_format,
            whole_file=lambda: time_columns(
                open_reader(file, options)
            ),  # the other one is at work,
        ),
        platform=reader.platform or options.platform,
        language=options.language and known_code(options.language),
        id_column=reader.mapping.get("post_id", "id"),
    )


def time_columns(reader: Reader) -> Iterator[Column]:
    """Read a file once more, only for what it says about times."""
    for batch in reader.batches():
        for name in CLOCKS:
            if name in batch.fields.column_names:
                yield batch.fields[name]


def _imports_of(store: Store, source: str) -> list[dict[str, Any]]:
    """Give the receipts of a source, oldest first."""
    known = store.read("imports")
    rows: list[dict[str, Any]] = known.filter(pc.equal(known["source"], source)).to_pylist()
    return sorted(rows, key=lambda row: row["posts_version"])


def _earlier(
    imports: Sequence[Mapping[str, Any]], readings: Sequence[Mapping[str, Any]]
) -> Earlier:
    """Sum up the earlier readings of a file, which are among the imports of its source."""
    if not readings:
        return Earlier()
    since = readings[0]["posts_version"]
    others = [
        row
        for row in imports
        if row["file_hash"] != readings[0]["file_hash"] and row["posts_version"] > since
    ]
    # Which file brought a post is not kept where two did: then nobody knows whose it is.
    met = any(row[name] for row in (*others, *readings) for name in _KNOWN_BEFORE)
    is_only = all(row["file_hash"] == readings[0]["file_hash"] for row in imports)
    return Earlier(
        tuple(row["import_id"] for row in readings),
        alone=is_only or not met,
        quarantined=readings[-1]["rows_quarantined"],
    )


def _times_before(readings: Sequence[Mapping[str, Any]], observed_at: datetime) -> int:
    """How often this very file was imported from the same time on: read anew, it ranks behind itself."""
    before = [(row["observed_at"] - observed_at) // timedelta(microseconds=1) for row in readings]
    return max((n + 1 for n in before if 0 <= n < _MOST_TIMES), default=0)


def _detecting(options: ImportOptions) -> ImportOptions:
    return replace(options, detect_language=True)


def _import_id(source: str, file_hash: str, options: ImportOptions, turn: int = 0) -> str:
    """The same file read in the same way always gets the same id; another one if it was read otherwise between."""
    # How strict an import is changes nothing about what the file says.
    how = replace(options, max_bad_share=MAX_BAD_SHARE)
    usual = vars(ImportOptions())  # left out, so that an option that comes later changes no id
    given = sorted((name, value) for name, value in vars(how).items() if value != usual[name])
    words = json.dumps([source, file_hash, given, *([turn] if turn else [])], default=str)
    return sha256(words.encode()).hexdigest()[:16]
