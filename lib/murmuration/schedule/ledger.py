"""The ledger: a database of fires and attempts, in a SQLite file or on PostgreSQL.

All statements are SQLAlchemy Core and the same on both. A write on SQLite is ``BEGIN IMMEDIATE``, so that two
writers queue up instead of failing half-way; on PostgreSQL what must not be done twice is done under a lock on
the schedule's row.
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from murmuration.errors import LedgerError
from murmuration.schedule.tables import MIGRATIONS, versions
from murmuration.settings import Settings

_BUSY_SECONDS = 30.0
_CONNECT_SECONDS = 10
# A worker that is stopped in the middle of a write must not hold up the others for ever.
_PATIENCE = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=30s"
_POOL = 20  # a connection for each run at once, and a few
_MIGRATION_LOCK = 0x6D75726D  # any number of our own
_FILE = "sqlite:///"
_QUOTED_ADDRESS = re.compile(r"://[^\s@]*@")


class Ledger:
    """A ledger that is open.

    Parameters
    ----------
    address
        ``sqlite:///path`` or ``postgresql://user@host/name``.
    as_it_is
        Whether it is only looked at: then nothing is made or brought up to date.

    Raises
    ------
    LedgerError
        If it cannot be opened, or was written by a newer version of Murmuration.
    """

    def __init__(self, address: str, *, as_it_is: bool = False) -> None:
        self._engine, self.name = _make_engine(address, only_read=as_it_is)
        self._turn = threading.Lock()
        with self.read() as connection:
            known = _version(connection)
        if known != len(MIGRATIONS) and as_it_is:
            self.close()
            raise LedgerError(f"The ledger {self.name} is of another version, or not made yet.")
        if known != len(MIGRATIONS):
            with self.write() as connection:
                _migrate(connection, self.name)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection for one transaction that may write; what is raised undoes it."""
        with self._translated(), self._in_turn(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state and writes nothing."""
        with (
            self._translated(),
            self._engine.connect().execution_options(murmuration_read=True) as connection,
        ):
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let the threads of this process write to a file one after the other; SQLite's own waiting is by sleeping."""
        if self._engine.dialect.name != "sqlite":
            yield
            return
        if not self._turn.acquire(timeout=_BUSY_SECONDS):
            raise LedgerError(f"The ledger {self.name} cannot be used: it is busy. Wait a moment.")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as err:
            raise LedgerError(_explain(err, self.name)) from err


def ledger_address(settings: Settings) -> str:
    """Give the address of this workspace's ledger."""
    return settings.ledger or f"sqlite:///{settings.state / 'ledger.sqlite'}"


def open_ledger(settings: Settings) -> Ledger:
    """Open this workspace's ledger; a SQLite file is made at first use, and its folder only in STATE.

    Raises
    ------
    LedgerError
        If it cannot be opened, or the folder that MURMURATION_LEDGER names is not there.
    """
    folder = _folder_of(settings.ledger)
    if folder is not None and folder != settings.state and not folder.is_dir():
        # A slip in the address would begin a ledger that knows nothing of what has run.
        raise LedgerError(
            f"MURMURATION_LEDGER names a file in {folder}, and there is no such folder. Make it, or mend the address."
        )
    return Ledger(ledger_address(settings))


def _folder_of(address: str) -> Path | None:
    """Give the folder of a ledger that is a file; None where it is none, or where nobody named it."""
    try:
        url = make_url(address) if address else None
    except ArgumentError:  # told with the address when it is opened
        return None
    is_file = url is not None and url.get_backend_name() == "sqlite" and url.database
    return Path(str(url.database)).parent if url is not None and is_file else None


def look_at_ledger(settings: Settings) -> Ledger | None:
    """Open this workspace's ledger as it is, for those who only look: nothing is made; None where there is no file."""
    address = ledger_address(settings)
    if address.startswith(_FILE) and not os.access(address.removeprefix(_FILE), os.F_OK):
        return None
    return Ledger(address, as_it_is=True)


def _make_engine(address: str, *, only_read: bool = False) -> tuple[Engine, str]:
    try:
        url = make_url(address)
        name = url.render_as_string(hide_password=True)
        if url.get_backend_name() == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        elif url.get_backend_name() != "sqlite":
            raise LedgerError(
                f"MURMURATION_LEDGER is {name}, but a ledger is kept in sqlite:///FILE or on postgresql://HOST/NAME."
            )
        options: dict[str, Any] = {"pool_size": _POOL, "max_overflow": _POOL}
        if url.get_backend_name() == "sqlite":
            if not url.database or url.database == ":memory:":
                raise LedgerError("A ledger needs a file, as several processes look at it.")
            path = Path(url.database)
            name = str(path)
            if only_read and path.exists() and not _may_write(path):
                url = url.set(database=path.absolute().as_uri(), query=_read_only(path))
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
            options["connect_args"] = {"timeout": _BUSY_SECONDS}
        else:
            options["pool_pre_ping"] = True  # a server may have been restarted meanwhile
            options["connect_args"] = {"options": _PATIENCE, "connect_timeout": _CONNECT_SECONDS}
        engine = create_engine(url, **options)
    except (ArgumentError, NoSuchModuleError, ValueError) as err:
        raise LedgerError(
            "MURMURATION_LEDGER is no SQL address; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
        ) from err
    except OSError as err:
        raise LedgerError(f"The folder of the ledger cannot be made: {err}.") from err
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    return engine, name


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _read_only(path: Path) -> dict[str, str]:
    """Say how SQLite opens a file that this user may not write.

    Beside a log (``-wal``) somebody writes it, and SQLite reads along. Without one it would make a log even to read, and
    nobody is at work: then it takes the file as it stands.
    """
    log = path.with_name(f"{path.name}-wal")
    return {"uri": "true"} | ({"mode": "ro"} if log.exists() else {"immutable": "1"})


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        with suppress(Exception):  # a read-only file says so at the first write
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(
            "PRAGMA synchronous = FULL"
        )  # what was said to be claimed stays so after a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        reads = connection.get_execution_options().get("murmuration_read", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table(versions.name):
        return 0
    version: int = connection.execute(select(versions.c.version)).scalar_one()
    return version


def _migrate(connection: Connection, name: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    known = _version(connection)
    if known > len(MIGRATIONS):
        raise LedgerError(
            f"The ledger {name} is of version {known}, and this Murmuration knows {len(MIGRATIONS)}. Use the newer "
            "Murmuration that wrote it."
        )
    for step in MIGRATIONS[known:]:
        step(connection)
    if known == 0:
        connection.execute(versions.insert().values(version=len(MIGRATIONS)))
    elif known < len(MIGRATIONS):
        connection.execute(versions.update().values(version=len(MIGRATIONS)))


def _explain(err: SQLAlchemyError, name: str) -> str:
    """Say in one sentence what a database complains about, without the statement and without passwords."""
    found = str(err.orig) if isinstance(err, DBAPIError) else str(err)
    said = " ".join(_QUOTED_ADDRESS.sub("://…@", found).split())[:300] or type(err).__name__
    cures = {
        "readonly": " Give this user the right to write it.",
        "locked": " Another process keeps it; end that, or wait.",
        "full": " Make room on that disk.",
        "not a database": " Move that file away; a new ledger is then made.",
    }
    cure = next((cure for word, cure in cures.items() if word in said), "")
    return f"The ledger {name} cannot be used: {said.rstrip('.')}.{cure}"
