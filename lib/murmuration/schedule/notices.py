"""What people are told: put on record with the outcome, in one transaction, and sent later.

A notice that cannot be delivered is tried again and never fails a run. Notices to one address are gathered for a
while and sent as one message, and then at most one in so long: a broken night is one message.
"""

import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from murmuration.schedule.alerts import Watch, record_alerts
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.logs import about, title_of
from murmuration.schedule.spec import Schedule
from murmuration.schedule.tables import fires, notices

log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=1)
_GIVE_UP_AFTER = timedelta(days=3)
_GIVEN_UP_SHOWN = timedelta(days=10)  # since they were put on record
_PARTS_MAX = 20
_ATTACH_MAX = 3
_SENTENCES_MAX = 3  # of alerts of one schedule; of failures the last is enough
_HTTP_ERROR = re.compile(r"\berror=(\d{3})\b")
_WORDS = {
    "failure": ("✗", "failed"), "recovery": ("✓", "recovered"), "missed": ("!", "missed"),
    "alert": ("!", "raised an alert"), "success": ("✓", "succeeded"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to one address."""

    title: str
    body: str
    attachments: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A notice that could not be delivered so far.

    Attributes
    ----------
    schedule, item, at
        The fire that it is about.
    event
        What it tells: failure, alert and so on.
    to
        Name of the variable that holds the address.
    why
        One sentence.
    tries
        How often it was tried.
    next_at
        When it is tried again; None where it was given up.
    """

    schedule: str
    item: str
    at: datetime
    event: str
    to: str
    why: str
    tries: int
    next_at: datetime | None

    def describe(self) -> str:
        """Say it in a sentence."""
        title = " ".join(filter(None, [self.schedule, self.item]))
        again = f"tried again at {self.next_at:%Y-%m-%d %H:%M} UTC" if self.next_at else "given up"
        return (
            f"{title}, {self.event} of {self.at:%Y-%m-%d %H:%M} UTC, to {self.to}: {self.why} "
            f"(tried {self.tries} {'time' if self.tries == 1 else 'times'}, {again})."
        )


Deliver = Callable[[str, Message], str | None]


def note(
    connection: Connection,
    schedule: Schedule,
    fire: int,
    event: str,
    sentence: str,
    *,
    now: datetime,
    folder: str | None = None,
) -> None:
    """Put a notice on record for each address that wants to hear of such an event."""
    rows = [
        {
            "fire_id": fire, "target": wish.to, "event": event, "sentence": sentence,
            "run_folder": folder, "attach": wish.attach, "recorded_at": now,
            "every_seconds": int(wish.at_most_every.total_seconds()),
            "not_before": now + wish.gather, "state": "pending", "tries": 0,
        }
        for wish in schedule.spec.notify
        if event in wish.when
    ]  # fmt: skip
    if rows:
        connection.execute(notices.insert(), rows)


def note_ending(
    connection: Connection,
    schedule: Schedule,
    fire: Row[Any],
    *,
    outcome: str,
    now: datetime,
    sentence: str = "",
    answer: Sequence[str] = (),
    folder: str | None = None,
    watch: Watch | None = None,
) -> None:
    """Put on record what an ending means to people: success, failure, recovery after a failure, alerts and their end."""
    if outcome != "succeeded":
        note(connection, schedule, fire.id, "failure", sentence, now=now, folder=folder)
        return
    before = (
        select(fires.c.state)
        .where(
            fires.c.schedule == fire.schedule,
            fires.c.item == fire.item,
            fires.c.id != fire.id,
            fires.c.state.in_(("succeeded", "failed", "timed out")),
            fires.c.kind != "backfill",  # how the past goes says nothing of how it goes now
        )
        .order_by(fires.c.ended_at.desc())
        .limit(1)
    )
    recovered = fire.kind != "backfill" and (
        connection.execute(before).scalar_one_or_none() in ("failed", "timed out")
    )
    event = "recovery" if recovered else "success"
    note(connection, schedule, fire.id, event, sentence, now=now, folder=folder)
    told = record_alerts(connection, schedule, fire, watch or Watch(), now)
    if told.raised:
        raised = [alert.sentence for alert in watch.alerts] if watch else []
        # What the report says beside its alerts; those that are not told now are not in it.
        rest = [one for one in answer if one not in raised]
        note(
            connection,
            schedule,
            fire.id,
            "alert",
            " ".join([*told.raised, *rest]),
            now=now,
            folder=folder,
        )
    if told.over:
        note(connection, schedule, fire.id, "recovery", " ".join(told.over), now=now, folder=folder)


def _fresh(since: datetime) -> Any:
    return and_(notices.c.state == "pending", notices.c.tries == 0, notices.c.recorded_at >= since)


def gathers(ledger: Ledger, since: datetime, now: datetime) -> bool:
    """Tell whether a notice that was put on record since a moment still waits for others."""
    query = select(notices.c.id).where(_fresh(since), notices.c.not_before > now).limit(1)
    with ledger.read() as connection:
        return connection.execute(query).first() is not None


def stop_gathering(ledger: Ledger, since: datetime, now: datetime) -> None:
    """Let the notices that were put on record since a moment wait no longer: who would send them is about to end."""
    waiting = and_(_fresh(since), notices.c.not_before > now)
    with ledger.write() as connection:
        connection.execute(notices.update().where(waiting).values(not_before=now))


def send_due(
    ledger: Ledger, environ: Mapping[str, str], now: datetime, *, links: str = "", deliver: Deliver
) -> int:
    """Send what may be sent now: one message for each address.

    Parameters
    ----------
    ledger
        The ledger.
    environ
        Where addresses stand under their names.
    now
        This moment.
    links
        Address under which the folder of reports is served; empty for paths of this machine.
    deliver
        Sends one message; gives why it could not be sent, or None.

    Returns
    -------
    int
        Messages that were sent.
    """
    with ledger.read() as connection:
        ready = notices.c.state.in_(("pending", "sending")) & (notices.c.not_before <= now)
        targets = (
            connection.execute(select(notices.c.target).where(ready).distinct()).scalars().all()
        )
    return sum(_send(ledger, target, environ, now, links, deliver) for target in targets)


def count_waiting(ledger: Ledger) -> int:
    """Count the notices that are still to be sent."""
    waiting = notices.c.state.in_(("pending", "sending"))
    with ledger.read() as connection:
        return int(connection.execute(select(func.count()).where(waiting)).scalar_one())


def find_undelivered(connection: Connection, now: datetime) -> list[Undelivered]:
    """Give the notices that could not be delivered, newest first; those given up for a while longer."""
    late = and_(
        notices.c.state != "sent", notices.c.tries > 0,
        or_(notices.c.state != "given up", notices.c.recorded_at > now - _GIVEN_UP_SHOWN),
    )  # fmt: skip
    query = (
        select(notices, fires.c.schedule, fires.c.item, fires.c.logical_time)
        .join(fires, fires.c.id == notices.c.fire_id)
        .where(late)
        .order_by(notices.c.id.desc())
    )
    return [
        Undelivered(
            row.schedule, row.item, row.logical_time, row.event, row.target,
            row.error or "it is being sent", row.tries, None if row.state == "given up" else row.not_before,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def _send(
    ledger: Ledger,
    target: str,
    environ: Mapping[str, str],
    now: datetime,
    links: str,
    deliver: Deliver,
) -> bool:
    taken = _take(ledger, target, now)
    if not taken:
        return False
    address = environ.get(target, "")
    error = deliver(address, write_message(taken, links)) if address else _not_set(target)
    if error:
        _log_failure(taken, target, error)
    with ledger.write() as connection:
        for row in taken:
            connection.execute(
                notices.update().where(notices.c.id == row.id).values(**_after(row, error, now))
            )
    return error is None


def _log_failure(rows: Sequence[Row[Any]], target: str, error: str) -> None:
    """Log that a message could not be sent: under the name of its fire if it is about one only."""
    names = list(dict.fromkeys((row.schedule, row.item, row.logical_time) for row in rows))
    first = f"a message to {target} about {title_of(*names[0])}"
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    with about(*names[0]) if len(names) == 1 else nullcontext():
        log.warning("%s%s could not be sent: %s", first, more, error)


def _not_set(target: str) -> str:
    return f"{target} is neither set in the environment nor in .env beside the catalog"


def _after(row: Row[Any], error: str | None, now: datetime) -> dict[str, Any]:
    tries = row.tries + 1
    if error is None:
        return {"state": "sent", "sent_at": now, "tries": tries, "error": None}
    if now - row.recorded_at > _GIVE_UP_AFTER:
        return {"state": "given up", "tries": tries, "error": error}
    wait = min(timedelta(minutes=2 ** min(row.tries, 10)), _LONGEST_WAIT)
    return {"state": "pending", "tries": tries, "error": error, "not_before": now + wait}


def _take(ledger: Ledger, target: str, now: datetime) -> list[Row[Any]]:
    """Take all notices to an address that wait, unless its last message was too short a time ago."""
    waiting = (notices.c.target == target) & notices.c.state.in_(("pending", "sending"))
    with ledger.write() as connection:
        # Also those that were noted a moment ago: they go with the others.
        query = (
            select(notices, fires.c.schedule, fires.c.item, fires.c.logical_time)
            .join(fires, fires.c.id == notices.c.fire_id)
            .where(waiting)
            .order_by(notices.c.id)
            .with_for_update(of=notices)
        )
        rows = [
            row
            for row in connection.execute(query)
            if row.state == "pending" or row.not_before <= now
        ]
        if not any(row.not_before <= now for row in rows):
            return []
        last = connection.execute(
            select(func.max(notices.c.sent_at)).where(notices.c.target == target)
        ).scalar_one()
        quiet = timedelta(seconds=min(row.every_seconds for row in rows))
        if last is not None and now - last < quiet:
            return []
        connection.execute(
            notices.update()
            .where(notices.c.id.in_([row.id for row in rows]))
            .values(state="sending", not_before=now + _LEASE)
        )
        return rows


def write_message(rows: Sequence[Row[Any]], links: str) -> Message:
    """Write one message of some notices: a line for each schedule and event, the worst first."""
    groups: dict[tuple[str, str, str], list[Row[Any]]] = {}
    for row in sorted(rows, key=lambda row: list(_WORDS).index(row.event)):
        groups.setdefault((row.event, row.schedule, row.item), []).append(row)
    parts = []
    for (event, name, item), found in list(groups.items())[:_PARTS_MAX]:
        mark, word = _WORDS[event]
        times = f" {len(found)} times" if len(found) > 1 else ""
        last = found[-1]
        title = " ".join(filter(None, [name, item]))
        lines = [f"{mark} {title} {word}{times}, last for {last.logical_time:%Y-%m-%d %H:%M} UTC"]
        said = list(dict.fromkeys(row.sentence for row in found if row.sentence))
        lines += said[-_SENTENCES_MAX:] if event in ("alert", "recovery") else said[-1:]
        lines += filter(None, [_link(last.run_folder, links)])
        parts.append("\n".join(lines))
    if len(groups) > _PARTS_MAX:
        parts.append(f"And {len(groups) - _PARTS_MAX} more; see murmuration schedule status.")
    counts = [
        f"{count} {_WORDS[event][1]}"
        for event in _WORDS
        if (count := sum(key[0] == event for key in groups))
    ]
    pages = [Path(row.run_folder) / "report.html" for row in rows if row.attach and row.run_folder]
    there = tuple(page for page in dict.fromkeys(pages) if page.is_file())
    return Message(f"Murmuration: {', '.join(counts)}", "\n\n".join(parts), there[-_ATTACH_MAX:])


def _link(folder: str | None, links: str) -> str:
    if not folder:
        return ""
    path = Path(folder)
    if links:
        return f"{links.rstrip('/')}/{path.parent.name}/{path.name}/report.html"
    return str(path / "report.html")


def deliver_by_apprise(address: str, message: Message) -> str | None:
    """Send a message with apprise; give why it could not be sent, without the address, or None."""
    import apprise

    sender = apprise.Apprise()
    files = [str(path) for path in message.attachments]
    with _overheard("apprise") as said:
        if not sender.add(address):
            return "apprise knows no such address"
        try:
            sent = sender.notify(body=message.body, title=message.title, attach=files or None)
        except (TypeError, ValueError, OSError) as err:
            return f"apprise ended with {type(err).__name__}"
        return None if sent else _explain_refusal(said.getvalue())


@contextmanager
def _overheard(name: str) -> Iterator[io.StringIO]:
    """Take what a library logs aside, as it may hold what is secret."""
    logger, said = logging.getLogger(name), io.StringIO()
    before, handler = logger.propagate, logging.StreamHandler(said)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.propagate = before
        logger.removeHandler(handler)


def _explain_refusal(complaint: str) -> str:
    """Say why a message was not accepted, without anything that may be part of the address."""
    if code := _HTTP_ERROR.search(complaint):
        return f"its server answered with error {code[1]}"
    if "connection error" in complaint.lower():
        return "its server could not be reached"
    return "it was not accepted"
