"""The store's tables on a folder or on S3: open them at a version, add and replace files, commit.

`posts` files are written with pyarrow, one month at a time in order of time, and enter the table in
one commit; so a long file is all or nothing and memory stays bounded. No statistics about what people
wrote go into the log, where they would outlive the posts.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from time import time_ns
from typing import Any, Self
from urllib.parse import unquote

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from murmuration.catalog import load_catalog
from murmuration.errors import StoreChangedError, StoreError
from murmuration.schema import POSTS, STORE_TABLES, Table
from murmuration.settings import Settings, get_settings
from murmuration.store.moments import Moment, State, as_moment, as_state
from murmuration.store.pseudonyms import NO_KEY, Pseudonyms, load_pseudonyms

AsOf = int | Moment | State

# The log is what `as_of` and replays read, so it is kept; files go when `compact` says so.
_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 30 days",
}
# Without statistics on these, vacuum and forget leave nothing of a person behind in the log.
STATISTICS = {
    "posts": "created_at,observed_at",
    "imports": "import_id,imported_at",
    "quarantine": "import_id,row",
    "tombstones": "kind,at",
    "labels": "labelled_at",
}
# Short waits: a wrong address should be a sentence, not three silent minutes.
_S3_WAITS = {
    "connect_timeout": "5s",
    "timeout": "10s",
    "retry_timeout": "10s",
    "max_retries": "5",
}
_S3_FILE_WAITS = {"connect_timeout": 5, "read_timeout": 10, "retries": {"max_attempts": 1}}
# What delta-rs 1.6 stumbles over in a folder's name: it takes %20 for a space, and panics at brackets.
_UNUSABLE = re.compile(r"%[0-9A-Fa-f]{2}|[\[\]\\^|\x00-\x1f\x7f]")
_BUCKET = re.compile(r"s3://[^/]+(/.*)?")
_FIRST_ENTRY = f"_delta_log/{0:020}.json"
_LOG_ENTRY = re.compile(r"/\d{20}\.json$")
_ROOM_BYTES = 1 << 16  # for an entry in the log and what Parquet adds
_ARROWS = re.compile(r"\s*\x1b\[\d+m↳\x1b\[0m\s*")  # how delta-rs chains reasons


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file of `posts`: its path inside the table, its place and its rows.

    `first` and `last` are the days (UTC) of its earliest and latest post, as the log keeps them; None
    where no post has a time. Days, so that the log does not keep the moment of a post that was erased.
    """

    path: str
    source: str
    month: str
    rows: int
    bytes: int
    first: date | None = None
    last: date | None = None

    @property
    def batch(self) -> str:
        """The import or compaction that wrote it."""
        return Path(self.path).name.split(".")[0]


@dataclass(frozen=True, slots=True)
class Commit:
    """One entry of a table's log: its version, its time and the facts that were kept in it."""

    version: int
    at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Store:
    """Where posts are kept.

    Attributes
    ----------
    location
        Absolute folder or ``s3://bucket/prefix``.
    pseudonyms
        The workspace key.
    """

    location: str
    pseudonyms: Pseudonyms = field(repr=False)

    @property
    def on_s3(self) -> bool:
        """Whether it lies on S3."""
        return self.location.startswith("s3://")

    @cached_property
    def options(self) -> dict[str, str]:
        """What delta-rs needs to know about S3 beyond the usual AWS_ variables."""
        if not self.on_s3:
            return {}
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        options = _S3_WAITS | {"AWS_REGION": region or "us-east-1"}
        if endpoint.startswith("http://"):
            options["AWS_ALLOW_HTTP"] = "true"
        return options

    @cached_property
    def files(self) -> fsspec.AbstractFileSystem:
        """The file system that data files lie on."""
        if not self.on_s3:
            return fsspec.filesystem("file")
        return fsspec.filesystem("s3", config_kwargs=_S3_FILE_WAITS, use_listings_cache=False)

    def without_key(self) -> Self:
        """The same store for workers that need no pseudonyms, such as those on other machines."""
        return replace(self, pseudonyms=NO_KEY)

    def uri(self, name: str) -> str:
        """Address of a table."""
        return f"{self.location}/{name}"

    def exists(self) -> bool:
        """Whether the store has been made."""
        with translated(self.location):
            return self.has("posts")

    def has(self, name: str) -> bool:
        """Whether a table is there; stores that were made by an older version may lack one."""
        if not self.on_s3 and Path(self.uri(name), _FIRST_ENTRY).is_file():
            return True  # a hundredth of the time that opening it takes
        # DeltaTable.is_deltatable holds the interpreter's lock while it waits for S3.
        try:
            DeltaTable(self.uri(name), storage_options=self.options)
        except TableNotFoundError:
            return False
        return True

    def open(self, name: str, as_of: AsOf | None = None) -> DeltaTable:
        """Open a table, at the newest or an older state.

        Parameters
        ----------
        name
            Name of the table.
        as_of
            Version, time of a commit (UTC where it names no zone), or what a run saw.

        Raises
        ------
        StoreError
            If the store is not there, cannot be read, or has no such state.
        """
        with translated(self.location):
            table = DeltaTable(self.uri(name), storage_options=self.options)
            self._check_key(table)
            if as_of is not None:
                state = as_of.tables.get(name) if isinstance(as_of, State) else as_of
                # A table that was not there yet was empty, as its first version is.
                table.load_as_version(self._version_at(table, 0 if state is None else state))
        return table

    def _version_at(self, table: DeltaTable, as_of: int | Moment) -> int:
        state = as_state(as_of) if isinstance(as_of, str) else as_of
        if isinstance(state, int):
            if 0 <= state <= table.version():
                return state
            raise StoreError(
                f"The store {self.location} has versions 0 to {table.version()}, but as_of is {state}."
            )
        moment = as_moment(state, "as_of")
        if moment is None:  # an empty text
            return table.version()
        commits = self.commits(table)
        # The log's own clock: files that were copied have another time.
        there = [commit.version for commit in commits if commit.at <= moment]
        if there:
            return max(there)
        made = commits[0].at.isoformat(timespec="milliseconds")
        raise StoreError(
            f"The store {self.location} was made at {made}, so there is no state as of {moment.isoformat()}."
        )

    def named_paths(self, name: str) -> set[str]:
        """Paths inside a table of all files that any version of it ever named."""
        folder = f"{self.uri(name)}/_delta_log"
        with translated(self.location):
            entries = [p for p in self.files.ls(folder, detail=False) if _LOG_ENTRY.search(p)]
            logs = self.files.cat_ranges(entries, None, None, on_error="raise") if entries else []
        return {
            unquote(part.split(b'"', 1)[0].decode())
            for log in logs
            for part in log.split(b'"path":"')[1:]
        }

    def commits(self, table: DeltaTable, *, after: int = -1) -> list[Commit]:
        """Give the commits that led to the version that `table` is open at, oldest first.

        `DeltaTable.history` says the same, but holds the interpreter's lock while it waits for S3.
        """
        folder = f"{self.uri(table.metadata().name)}/_delta_log"
        with translated(self.location):
            paths = {
                int(Path(path).stem): path
                for path in self.files.ls(folder, detail=False)
                if _LOG_ENTRY.search(path)
            }
            wanted = sorted(v for v in paths if after < v <= table.version())
            logs = self.files.cat_ranges(
                [paths[version] for version in wanted], None, None, on_error="raise"
            )
        return [_commit(version, log) for version, log in zip(wanted, logs, strict=True)]

    def make(self) -> None:
        """Make the tables that are missing; `posts` comes last, so a store is whole or not there."""
        with translated(self.location):
            for table in reversed(STORE_TABLES):
                if not self.has(table.name):
                    self._make_table(table)

    def _make_table(self, table: Table) -> None:
        if not self.on_s3:
            Path(self.uri(table.name)).mkdir(parents=True, exist_ok=True)
        DeltaTable.create(
            self.uri(table.name),
            schema=table.arrow,
            mode="ignore",
            partition_by=list(table.partition_by),
            name=table.name,
            description=json.dumps({"key_fingerprint": self.pseudonyms.fingerprint}),
            configuration=_CONFIGURATION
            | {"delta.dataSkippingStatsColumns": STATISTICS[table.name]},
            storage_options=self.options,
        )

    def _check_key(self, table: DeltaTable) -> None:
        made_with = json.loads(table.metadata().description or "{}").get("key_fingerprint")
        if made_with not in (None, self.pseudonyms.fingerprint):
            raise StoreError(
                f"The store {self.location} was made with another workspace key, so the same author "
                "would get two pseudonyms. Set MURMURATION_KEY to the key it was made with, or copy "
                "the file 'key' from the STATE folder of the machine that made it."
            )

    def read(self, name: str, *, as_of: AsOf | None = None) -> pa.Table:
        """Read one of the small tables (all but `posts`) as a whole."""
        return self.read_at(self.open(name, as_of))

    def read_at(self, table: DeltaTable) -> pa.Table:
        """Read one of the small tables at the version that `table` is open at."""
        name = table.metadata().name
        wanted = next(known for known in STORE_TABLES if known.name == name).arrow
        parts = [part.cast(wanted) for part in self._read_files(sorted(table.file_uris()))]
        rows = pa.concat_tables(parts) if parts else wanted.empty_table()
        # Two machines that meet the same missing receipt both add it, in the same words.
        return _first_of_each(rows, "import_id") if name == "imports" else rows

    def _read_files(self, uris: Sequence[str]) -> list[pa.Table]:
        """Read many small files as a whole, as labels leave them."""
        paths = [self.path_of(uri) for uri in uris]
        with translated(self.location):
            if self.on_s3:  # several at a time, for each takes a while
                contents = (
                    self.files.cat_ranges(paths, None, None, on_error="raise") if paths else []
                )
                return [pq.ParquetFile(pa.BufferReader(content)).read() for content in contents]
            # A sixth of the time of `read_table`, which makes a dataset of each.
            return [pq.ParquetFile(path, memory_map=True).read() for path in paths]

    def append(self, name: str, rows: pa.Table) -> None:
        """Add rows to one of the small tables."""
        with translated(self.location):
            self._check_room(rows)
            write_deltalake(self.uri(name), rows, mode="append", storage_options=self.options)

    def replace(self, table: str | DeltaTable, rows: pa.Table, *, where: str | None = None) -> None:
        """Replace the rows of a small table, or those that a predicate selects.

        A table that was opened, instead of a name: rows that others added since then stay.
        """
        if where is not None and not len(rows) and self._is_empty(table):
            return  # as most imports leave the quarantine; looking for rows to go takes 20 ms
        with translated(self.location):
            self._check_room(rows)
            write_deltalake(
                self.uri(table) if isinstance(table, str) else table,
                rows,
                mode="overwrite",
                predicate=where,
                storage_options=self.options,
            )

    def _is_empty(self, table: str | DeltaTable) -> bool:
        opened = self.open(table) if isinstance(table, str) else table
        return not opened.file_uris()

    def _check_room(self, rows: pa.Table) -> None:
        """Take the room for a moment: where there is none, delta-rs 1.6 prints a panic beside its error."""
        if not self.on_s3:
            with TemporaryFile(dir=self.location) as file:
                if hasattr(os, "posix_fallocate"):  # not on macOS
                    os.posix_fallocate(file.fileno(), 0, rows.nbytes + _ROOM_BYTES)

    def settle(self, file: Any) -> None:
        """Have an open file on disk before the log names it, so that a power cut cannot leave a name for nothing."""
        if not self.on_s3:
            file.flush()
            os.fsync(file.fileno())

    def path_of(self, uri: str) -> str:
        """Path of a data file for `files`, from the address that the log gives."""
        return unquote(uri.removeprefix("file://"))

    def read_file(
        self, uri: str, *, columns: Sequence[str] | None = None, filters: Any = None
    ) -> pa.Table:
        """Read one data file, only the columns and row groups that are asked for."""
        path = self.path_of(uri)
        with translated(self.location):
            if self.on_s3:
                with self.files.open(path, "rb") as file:
                    return pq.read_table(file, columns=columns, filters=filters)
            return pq.read_table(
                path, columns=columns, filters=filters, partitioning=None, memory_map=True
            )

    def post_files(self, table: DeltaTable, *, source: str | None = None) -> list[DataFile]:
        """Data files of `posts` at the version that `table` is open at, in order of their place."""
        actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
        found = [
            DataFile(
                path=unquote(action["path"]),
                source=action["partition.source"],
                month=action["partition.created_month"],
                rows=action["num_records"],
                bytes=action["size_bytes"],
                first=_day(action.get("min.created_at")),
                last=_day(action.get("max.created_at")),
            )
            for action in actions
            if source is None or action["partition.source"] == source
        ]
        return sorted(found, key=lambda file: (file.source, file.month, file.path))

    def commit_posts(
        self,
        table: DeltaTable,
        *,
        add: Sequence[DataFile],
        remove: Sequence[DataFile] = (),
        facts: Mapping[str, str],
        only_next: bool = False,
    ) -> None:
        """Put data files into `posts` and take others out, in one commit.

        Parameters
        ----------
        table
            `posts`, opened before the files of this version were looked at.
        add, remove
            Files that are in place, and files of this version that go.
        facts
            Kept in the commit, for instance an import's receipt.
        only_next
            Whether anything that was committed since `table` was opened forbids it.

        Raises
        ------
        StoreChangedError
            If so, or if somebody else took files out since then; nothing was changed.
        """
        now = time_ns() // 1_000_000
        actions: list[AddAction | RemoveAction] = [
            RemoveAction(file.path, True, now, file.bytes, _partition(file)) for file in remove
        ]
        actions += [
            AddAction(
                file.path,
                file.bytes,
                _partition(file),
                now,
                True,
                json.dumps(_statistics(file)),
            )
            for file in add
        ]
        with translated(self.location):
            table.create_write_transaction(
                actions,
                "append",
                POSTS.arrow,
                list(POSTS.partition_by),
                commit_properties=CommitProperties(
                    custom_metadata=dict(facts),
                    # With no retries, delta-rs does not look whether it fits to what came between.
                    max_commit_retries=0 if only_next else None,
                ),
            )


def _first_of_each(rows: pa.Table, column: str) -> pa.Table:
    _, first = np.unique(rows[column].to_numpy(), return_index=True)
    return rows.take(np.sort(first))


def open_store(settings: Settings | None = None) -> Store:
    """Give the store of this workspace; it is made at the first import.

    Parameters
    ----------
    settings
        Those of this process unless given.
    """
    settings = settings or get_settings()
    location = settings.store or load_catalog(settings.catalog).store
    return Store(resolve_location(location, settings.root), load_pseudonyms(settings))


def list_sources(store: Store, as_of: AsOf | None = None) -> list[str]:
    """Names of the sources that the store has posts of, sorted."""
    return sorted({file.source for file in store.post_files(store.open("posts", as_of))})


def resolve_location(location: str, root: Path) -> str:
    """Make a store's location absolute; an ``s3://`` address stays as it is."""
    on_s3 = _BUCKET.fullmatch(location)
    if "://" in location and not on_s3:
        raise StoreError(
            f"The store {location!r} is neither a folder nor an address such as s3://bucket/prefix. "
            "Set MURMURATION_STORE or `store:` in data_catalog.yaml to one of them."
        )
    folder = location.rstrip("/") if on_s3 else str((root / Path(location).expanduser()).resolve())
    if found := _UNUSABLE.search(folder):
        raise StoreError(
            f"The store cannot lie in {folder!r}: Delta tables take no {found[0]!r} in a name. Set "
            "MURMURATION_STORE or `store:` in data_catalog.yaml to another folder."
        )
    return folder


@contextmanager
def translated(location: str) -> Iterator[None]:
    """Turn what the libraries below raise into one sentence about the store."""
    try:
        yield
    except StoreError:
        raise
    except TableNotFoundError as err:
        raise StoreError(
            f"There is no store at {location} yet. Make one with `import PATH --source NAME`, or "
            "set MURMURATION_STORE to where it is."
        ) from err
    except CommitFailedError as err:
        raise StoreChangedError(
            f"Somebody else changed the store {location} at the same moment; nothing was changed. "
            "Run the command again."
        ) from err
    except (OSError, DeltaError, BotoCoreError, ClientError, pa.ArrowException) as err:
        raise StoreError(
            f"The store {location} cannot be used: {explain(err)} Nothing was lost."
        ) from err


def explain(err: Exception) -> str:
    """Say in words what the disk or S3 complains of, and what to do."""
    text = _ARROWS.sub(": ", str(err)).strip()
    known = {
        "NoSuchBucket": "the bucket does not exist. Create it, or check MURMURATION_STORE.",
        "InvalidAccessKeyId": "S3 does not know the access key. Check AWS_ACCESS_KEY_ID.",
        "SignatureDoesNotMatch": "S3 refused the secret key. Check AWS_SECRET_ACCESS_KEY.",
        "AccessDenied": "S3 denied access. Check the credentials and the bucket's policy.",
        "Forbidden": "S3 denied access. Check the credentials and the bucket's policy.",
        "InvalidToken": "S3 refused the session token. Check AWS_SESSION_TOKEN.",
        "No space left": "the disk is full. Free some space and run the command again.",
        "quota exceeded": "the disk quota is used up. Free some space and run the command again.",
        "File too large": "a file would be longer than this process may write. Raise `ulimit -f`.",
        "Read-only file system": "the file system is read-only. Choose another place.",
        "Permission denied": "it may not be written or read by this user. Check its owner.",
        "Operation not permitted": "it is protected against changes. Choose another place, or see what `lsattr` says.",
        # Where there are no credentials, delta-rs asks for those of an EC2 machine.
        "169.254.169.254": "no S3 credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        "Unable to locate credentials": "no S3 credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        "Could not connect": "the S3 server does not answer. Check AWS_ENDPOINT_URL.",
        "error sending request": "the S3 server does not answer. Check AWS_ENDPOINT_URL.",
        "timeout on endpoint": "the S3 server does not answer. Check AWS_ENDPOINT_URL.",
    }
    for sign, sentence in known.items():
        if sign in text:
            return sentence
    first = text.splitlines()[0][:300].rstrip(".") if text else type(err).__name__
    return f"{first}."


def _commit(version: int, log: bytes) -> Commit:
    facts: dict[str, Any] = {}
    for line in log.splitlines():
        facts |= json.loads(line).get("commitInfo", {})
    return Commit(version, datetime.fromtimestamp(facts["timestamp"] / 1000, UTC), facts)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(UTC).date()


def _statistics(file: DataFile) -> dict[str, Any]:
    """Give what the log says about a file: its rows, and from which day to which its posts are."""
    found: dict[str, Any] = {"numRecords": file.rows}
    if file.first is not None and file.last is not None:
        start = datetime.combine(file.first, time(), UTC)
        end = datetime.combine(file.last, time(), UTC) + timedelta(days=1, microseconds=-1)
        for name, moment in (("minValues", start), ("maxValues", end)):
            found[name] = {"created_at": f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"}
    return found


def _partition(file: DataFile) -> dict[str, str | None]:
    return {"source": file.source, "created_month": file.month}
