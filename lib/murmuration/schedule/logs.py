"""Log lines for machines: one JSON object each, with the fire and the run that they are about."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

_about: ContextVar[dict[str, str] | None] = ContextVar("about", default=None)


def title_of(schedule: str, item: str, at: datetime) -> str:
    """Name a fire for people."""
    return " ".join(filter(None, [schedule, item, f"{at:%Y-%m-%dT%H:%M:%SZ}"]))


@contextmanager
def about(schedule: str, item: str, at: datetime, *, folder: Path | None = None) -> Iterator[None]:
    """Have the log lines of this thread name a fire, as long as the block lasts.

    Parameters
    ----------
    schedule, item, at
        The fire: its schedule, its run of a sweep (or nothing) and its logical time.
    folder
        Of its run, where it is known; see `note_run`.
    """
    facts = {"schedule": schedule, "item": item, "fire": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    token = _about.set({name: value for name, value in facts.items() if value})
    if folder is not None:
        note_run(folder.name)
    try:
        yield
    finally:
        _about.reset(token)


def note_run(run_id: str) -> None:
    """Have the log lines that follow name a run too, where they name a fire."""
    facts = _about.get()
    if facts is not None:
        facts["run"] = run_id


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        facts = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **(_about.get() or {}),
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            facts["error"] = record.exc_info[0].__name__
            facts["trace"] = self.formatException(record.exc_info)
        return json.dumps(facts, ensure_ascii=False)
