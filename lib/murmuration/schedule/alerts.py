"""Alerts of reports, from run to run: which are new, which go on, which are over, and what of that is told.

A run names the alerts that it saw. Each is put on record, told or not: within its grace an alert that goes on is not told
again, and not more often than its schedule allows. An alert that the next run does not see any more is over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from murmuration.schedule.spec import Alerts, Schedule
from murmuration.schedule.tables import alerts, fires

RAISED, ENDED, OVER = "raised", "ended", "over"
_REMEMBERED = 500  # sightings
_SEVERER = 2  # worth a word though the grace is not over


@dataclass(frozen=True, slots=True)
class Alert:
    """What a run says of an alert.

    Attributes
    ----------
    name
        What it is about, such as a brand: the same name is the same alert.
    severity
        1 to 10.
    began, ended
        UTC.
    ongoing
        Whether it was not over at the end of what the run read.
    sentence
        For people.
    """

    name: str
    severity: int
    began: datetime
    ended: datetime
    ongoing: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run saw.

    Attributes
    ----------
    alerts
        All that it raises.
    seen_until
        Up to when there was something to see; an alert cannot be seen to be over where nothing came in any more. None where
        the run does not say.
    """

    alerts: tuple[Alert, ...] = ()
    seen_until: datetime | None = None


def read_watch(manifest: Mapping[str, Any]) -> Watch:
    """Give what a run saw, from its manifest."""
    found = tuple(
        Alert(
            name=str(one["name"]), severity=int(one["severity"]), began=_moment(one["began"]),
            ended=_moment(one["ended"]), ongoing=bool(one["ongoing"]), sentence=str(one["sentence"]),
        )
        for one in manifest.get("alerts", ())
    )  # fmt: skip
    until = manifest.get("watched_until")
    return Watch(found, _moment(until) if until else None)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Told:
    """What people are to be told: alerts that are new, go on or got severer, and those that are over."""

    raised: Sequence[str]
    over: Sequence[str]


def record_alerts(
    connection: Connection,
    schedule: Schedule,
    fire: Row[Any],
    watch: Watch,
    now: datetime,
) -> Told:
    """Put on record what a run saw, and say what of it is told.

    Parameters
    ----------
    connection
        Within the transaction that ends the fire.
    schedule
        With its rule for alerts.
    fire
        Its row.
    watch
        What the run saw.
    now
        This moment.

    Returns
    -------
    Told
        Nothing for a run of the past: its alerts are no news.
    """
    if fire.kind == "backfill" or _is_old_news(connection, fire):
        return Told((), ())
    before, found = _history(connection, fire), watch.alerts
    seen = {
        name: [row for row in before if row.name == name]
        for name in [*(one.name for one in found), *(row.name for row in before)]
    }
    raised = [one for one in found if _is_told(one, seen[one.name], schedule.spec.alerts, now)]
    over = {
        name: _over_sentence(rows[0], found, schedule)
        for name, rows in seen.items()
        if rows
        and rows[0].state == RAISED
        and (watch.seen_until is None or watch.seen_until > rows[0].ended)
        and not any(one.name == name and one.ongoing for one in found)
    }
    was_told = {
        name: any(row.told and row.state != OVER for row in _last_episode(seen[name]))
        for name in over
    }
    rows = [
        {
            "fire_id": fire.id, "name": one.name, "state": RAISED if one.ongoing else ENDED, "severity": one.severity,
            "began": one.began, "ended": one.ended, "seen_at": now, "told": one in raised, "sentence": one.sentence,
        }
        for one in found
    ] + [
        {
            "fire_id": fire.id, "name": name, "state": OVER, "severity": seen[name][0].severity,
            "began": seen[name][0].began, "ended": seen[name][0].ended, "seen_at": now, "told": was_told[name],
            "sentence": sentence,
        }
        for name, sentence in over.items()
    ]  # fmt: skip
    if rows:
        connection.execute(alerts.insert(), rows)
    told_over = [sentence for name, sentence in over.items() if was_told[name]]
    return Told([one.sentence for one in raised], told_over)


def _is_told(one: Alert, before: Sequence[Row[Any]], rule: Alerts, now: datetime) -> bool:
    """Say whether an alert is told now; `before` is what earlier runs saw of its name, newest first."""
    if one.severity < rule.min_severity:
        return False
    sightings = [row for row in before if row.state != OVER]
    told = [row for row in sightings if row.told]
    if sum(row.seen_at > now - rule.within for row in told) >= rule.at_most:
        return False
    if told and one.severity >= told[0].severity + _SEVERER:
        return True
    known = any(row.began < one.ended and one.began < row.ended and row.told for row in sightings)
    if known and not one.ongoing:
        return False
    return not told or now - told[0].seen_at >= rule.grace


def _last_episode(rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Give the newest sightings of a name, back to where it was over the last time."""
    ends = [place for place, row in enumerate(rows) if row.state == OVER]
    return rows[: ends[0]] if ends else rows


def _over_sentence(row: Row[Any], found: Sequence[Alert], schedule: Schedule) -> str:
    began = row.began.astimezone(schedule.zone)
    ends = [one.ended for one in found if one.name == row.name and one.began < row.ended]
    since = f" since {max(ends).astimezone(schedule.zone):%A %-d %B %-H:%M}" if ends else ""
    return f"The alert about {row.name} that began on {began:%A %-d %B %-H:%M} is over{since}."


def open_alerts(connection: Connection, schedule: str) -> list[str]:
    """Give what is said of the alerts of a schedule that were going on when its last runs looked."""
    query = (
        select(alerts, fires.c.item)
        .join(fires, fires.c.id == alerts.c.fire_id)
        .where(fires.c.schedule == schedule)
        .order_by(alerts.c.id.desc())
        .limit(_REMEMBERED)
    )
    newest: dict[tuple[str, str], Row[Any]] = {}
    for row in connection.execute(query):
        newest.setdefault((row.item, row.name), row)
    return [row.sentence for row in newest.values() if row.state == RAISED]


def _is_old_news(connection: Connection, fire: Row[Any]) -> bool:
    """Say whether a run about a later time has succeeded already."""
    query = select(fires.c.id).where(
        fires.c.schedule == fire.schedule, fires.c.item == fire.item, fires.c.state == "succeeded",
        fires.c.logical_time > fire.logical_time,
    )  # fmt: skip
    return connection.execute(query.limit(1)).first() is not None


def _history(connection: Connection, fire: Row[Any]) -> list[Row[Any]]:
    """What earlier runs of this schedule and item saw, newest first."""
    query = (
        select(alerts)
        .join(fires, fires.c.id == alerts.c.fire_id)
        .where(fires.c.schedule == fire.schedule, fires.c.item == fire.item, fires.c.id != fire.id)
        .order_by(alerts.c.id.desc())
        .limit(_REMEMBERED)
    )
    return list(connection.execute(query))
