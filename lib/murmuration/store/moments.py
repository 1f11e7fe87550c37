"""Points in time and states of the store, as people write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from murmuration.errors import ParamError

Moment = str | date | datetime


@dataclass(frozen=True, slots=True)
class State:
    """What a run saw of the store.

    Attributes
    ----------
    tables
        Version of each table that there was, by name.
    moment
        When that was noted. Posts that their platform deleted later still count, so that a run can be replayed;
        forgotten ones never do.
    """

    tables: Mapping[str, int]
    moment: datetime


def as_moment(value: Moment | None, name: str) -> datetime | None:
    """Read a point in time; a plain date is its midnight, no zone means UTC."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as err:
            raise ParamError(
                f"{name} is {value!r}, but it must be a date or time such as 2026-01-31 or "
                "2026-01-31T08:00+01:00."
            ) from err
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)


def as_state(text: str | None) -> int | datetime | None:
    """Read a state of the store: a version, or a time of a commit; no zone means UTC."""
    if text is None or not text.strip():
        return None
    return int(text) if text.strip().isdecimal() else as_moment(text, "as_of")
