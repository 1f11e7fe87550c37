"""The tables of the ledger, and how an older ledger becomes a newer one.

Times are UTC text of fixed width (``2026-03-01T06:30:00.000000Z``): they sort as they are and read the same in
SQLite and PostgreSQL. `docs/data_dictionary.md` says what every column means.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

OPEN = ("queued", "running", "publishing")
REAL = ("succeeded", "failed", "timed out")  # of those that have ended: it ran
ENDED = ("succeeded", "failed", "timed out", "skipped", "missed", "cancelled")


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept as text."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        """Write a moment."""
        del dialect
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        """Read a moment."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData()

versions = Table("ledger_version", metadata, Column("version", Integer, nullable=False))

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cron", Text, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("horizon", UtcTime, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("paused_at", UtcTime),
    Column("paused_why", Text),
)

fires = Table(
    "fires",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("schedule", String(64), ForeignKey("schedules.name"), nullable=False),
    Column("item", Text, nullable=False),
    Column("logical_time", UtcTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("recorded_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("claimed_at", UtcTime),
    Column("worker", String(128)),
    Column("lease_until", UtcTime),
    Column("cancel", Text),
    Column("batch", String(32)),
    Column("batch_limit", Integer),
    Column("run_folder", Text),
    Column("error", Text),
    Column("ended_at", UtcTime),
    UniqueConstraint("schedule", "item", "logical_time", name="one_fire"),
    Index("fires_by_state", "state", "due_at"),
    Index("fires_by_time", "schedule", "logical_time"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("fire_id", Integer, ForeignKey("fires.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("worker", String(128), nullable=False),
    Column("digest", String(16), nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
    Column("heartbeat_at", UtcTime, nullable=False),
    Column("lease_until", UtcTime, nullable=False),
    Column("kernel_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("again", Boolean),
    Column("run_folder", Text),
    Column("error", Text),
    Column("pinned", Boolean, nullable=False),
    Column("expired_at", UtcTime),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("heartbeat_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fire_id", Integer, ForeignKey("fires.id"), nullable=False),
    Column("target", String(81), nullable=False),
    Column("event", String(16), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("run_folder", Text),
    Column("attach", Boolean, nullable=False),
    Column("every_seconds", Integer, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent_at", UtcTime),
    Column("error", Text),
    Index("notices_by_state", "state", "target"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fire_id", Integer, ForeignKey("fires.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("began", UtcTime, nullable=False),
    Column("ended", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("sentence", Text, nullable=False),
    Index("alerts_by_fire", "fire_id"),
)


def _first_tables(connection: Connection) -> None:
    metadata.create_all(connection, [versions, schedules, fires, attempts, workers])


def _notices(connection: Connection) -> None:
    metadata.create_all(connection, [notices])


def _alerts(connection: Connection) -> None:
    metadata.create_all(connection, [alerts])


# Never change a step that a ledger out there may have taken; add one.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first_tables, _notices, _alerts)
