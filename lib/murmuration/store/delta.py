"""The store's tables on a folder or on S3: open them at a version, add and replace files, commit.

`posts` files are written with pyarrow, one month at a time in order of time, and enter the table in
one commit; so a long file is all or nothing and memory stays bounded. No statistics about what people
wrote go into the log, where they would outlive the posts.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import time_ns
from typing import Any, Self
from urllib.parse import unquote

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from murmuration.catalog import load_catalog
from murmuration.errors import StoreError
from murmuration.schema import POSTS, STORE_TABLES, Table
from murmuration.settings import Settings, get_settings
from murmuration.store.pseudonyms import NO_KEY, Pseudonyms, load_pseudonyms

AsOf = int | str | datetime

# The log is what `as_of` and replays read, so it is kept; files go when `compact` says so.
_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 30 days",
}
# Without statistics on these, vacuum and forget leave nothing of a person behind in the log.
_STATISTICS = {
    "posts": "created_at,observed_at",
    "imports": "import_id,imported_at",
    "quarantine": "import_id,row",
    "tombstones": "kind,at",
}


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file of `posts`: its path inside the table, its place and its rows."""

    path: str
    source: str
    month: str
    rows: int
    bytes: int

    @property
    def batch(self) -> str:
        """The import or compaction that wrote it."""
        return Path(self.path).name.split(".")[0]


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
        options = {"AWS_REGION": os.environ.get("AWS_REGION", "us-east-1")}
        if endpoint.startswith("http://"):
            options["AWS_ALLOW_HTTP"] = "true"
        return options

    @cached_property
    def files(self) -> fsspec.AbstractFileSystem:
        """The file system that data files lie on."""
        if not self.on_s3:
            return fsspec.filesystem("file")
        # Short waits: a wrong address should be a sentence, not a silent minute.
        config = {"connect_timeout": 5, "read_timeout": 60, "retries": {"max_attempts": 3}}
        return fsspec.filesystem("s3", config_kwargs=config, use_listings_cache=False)

    def without_key(self) -> Self:
        """The same store for workers that need no pseudonyms, such as those on other machines."""
        return replace(self, pseudonyms=NO_KEY)

    def uri(self, name: str) -> str:
        """Address of a table."""
        return f"{self.location}/{name}"

    def exists(self) -> bool:
        """Whether the store has been made."""
        with translated(self.location):
            return DeltaTable.is_deltatable(self.uri("posts"), storage_options=self.options)

    def open(self, name: str, as_of: AsOf | None = None) -> DeltaTable:
        """Open a table, at the newest or an older state.

        Parameters
        ----------
        name
            Name of the table.
        as_of
            Version, or time of a commit (UTC where it names no zone).

        Raises
        ------
        StoreError
            If the store is not there, cannot be read, or has no such state.
        """
        with translated(self.location):
            table = DeltaTable(self.uri(name), storage_options=self.options)
            self._check_key(table)
            if as_of is not None:
                _travel(table, as_of, self.location)
        return table

    def make(self) -> None:
        """Make the tables that are missing; `posts` comes last, so a store is whole or not there."""
        with translated(self.location):
            for table in reversed(STORE_TABLES):
                if not DeltaTable.is_deltatable(self.uri(table.name), storage_options=self.options):
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
            | {"delta.dataSkippingStatsColumns": _STATISTICS[table.name]},
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
        """Read one of the small tables (`imports`, `quarantine`, `tombstones`) as a whole."""
        table = self.open(name, as_of)
        wanted = next(known for known in STORE_TABLES if known.name == name).arrow
        with translated(self.location):
            parts = [self.read_file(uri) for uri in sorted(table.file_uris())]
        return (
            pa.concat_tables([part.cast(wanted) for part in parts])
            if parts
            else wanted.empty_table()
        )

    def append(self, name: str, rows: pa.Table) -> None:
        """Add rows to one of the small tables."""
        with translated(self.location):
            write_deltalake(self.uri(name), rows, mode="append", storage_options=self.options)

    def replace(self, name: str, rows: pa.Table, *, where: str | None = None) -> None:
        """Replace the rows of a small table, or those that a predicate selects."""
        with translated(self.location):
            write_deltalake(
                self.uri(name),
                rows,
                mode="overwrite",
                predicate=where,
                storage_options=self.options,
            )

    def path_of(self, uri: str) -> str:
        """Path of a data file for `files`, from the address that the log gives."""
        return unquote(uri.removeprefix("file://")) if not self.on_s3 else uri

    def read_file(
        self, uri: str, *, columns: Sequence[str] | None = None, filters: Any = None
    ) -> pa.Table:
        """Read one data file, only the columns and row groups that are asked for."""
        path = self.path_of(uri)
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
    ) -> int:
        """Put data files into `posts` and take others out, in one commit.

        Parameters
        ----------
        table
            `posts`, opened by `open`; it moves to the new version.
        add, remove
            Files that are in place, and files of this version that go.
        facts
            Kept in the commit, for instance an import's receipt.

        Returns
        -------
        int
            The version that was made.

        Raises
        ------
        StoreError
            If somebody else replaced the same files meanwhile; nothing was changed.
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
                json.dumps({"numRecords": file.rows}),
            )
            for file in add
        ]
        with translated(self.location):
            table.create_write_transaction(
                actions,
                "append",
                POSTS.arrow,
                list(POSTS.partition_by),
                commit_properties=CommitProperties(custom_metadata=dict(facts)),
            )
        return table.version()


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
    if location.startswith("s3://"):
        return location.rstrip("/")
    if "://" in location:
        raise StoreError(
            f"The store {location!r} is neither a folder nor an s3:// address. "
            "Set MURMURATION_STORE or `store:` in data_catalog.yaml to one of them."
        )
    return str((root / Path(location).expanduser()).resolve())


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
        raise StoreError(
            f"Somebody else changed the store {location} at the same moment; nothing was changed. "
            "Run the command again."
        ) from err
    except (OSError, DeltaError, pa.ArrowException) as err:
        raise StoreError(f"{_reason(err, location)} Nothing was committed.") from err


def _reason(err: Exception, location: str) -> str:
    text = str(err)
    known = {
        "NoSuchBucket": "the bucket does not exist. Create it, or check MURMURATION_STORE.",
        "InvalidAccessKeyId": "S3 does not know the access key. Check AWS_ACCESS_KEY_ID.",
        "SignatureDoesNotMatch": "S3 refused the secret key. Check AWS_SECRET_ACCESS_KEY.",
        "AccessDenied": "S3 denied access. Check the credentials and the bucket's policy.",
        "Forbidden": "S3 denied access. Check the credentials and the bucket's policy.",
        "InvalidToken": "S3 refused the session token. Check AWS_SESSION_TOKEN.",
        "No space left": "the disk is full. Free some space and run the command again.",
        "Read-only file system": "the file system is read-only. Choose another place.",
        "Permission denied": "it may not be written or read by this user. Check its owner.",
        "CredentialsNotLoaded": "no S3 credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        "Unable to locate credentials": "no S3 credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        "Could not connect": "the S3 server does not answer. Check AWS_ENDPOINT_URL.",
    }
    for sign, sentence in known.items():
        if sign in text:
            return f"The store {location} cannot be used: {sentence}"
    first = text.strip().splitlines()[0][:300] if text.strip() else type(err).__name__
    return f"The store {location} cannot be used: {first}."


def _travel(table: DeltaTable, as_of: AsOf, location: str) -> None:
    newest = table.version()
    if isinstance(as_of, int):
        if not 0 <= as_of <= newest:
            raise StoreError(
                f"The store {location} has versions 0 to {newest}, but as_of is {as_of}."
            )
        table.load_as_version(as_of)
        return
    moment = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    first = min(commit["timestamp"] for commit in table.history())
    if moment.timestamp() * 1000 < first:
        made = datetime.fromtimestamp(first / 1000, UTC).isoformat(timespec="seconds")
        raise StoreError(
            f"The store {location} was made at {made}, so there is no state as of {moment.isoformat()}."
        )
    table.load_as_version(moment)


def _partition(file: DataFile) -> dict[str, str | None]:
    return {"source": file.source, "created_month": file.month}
