"""``reports/schedule.html``: what ran, what is late, what comes next, how long runs take, and why some failed."""

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from murmuration.reports.index import SCHEDULE_PAGE, write_index
from murmuration.reports.page import resource, templates
from murmuration.schedule.ledger import Ledger
from murmuration.schedule.overview import FireNow, Overview, Standing, look
from murmuration.schedule.spec import Schedules

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
_GOOD, _BAD = ("succeeded",), ("failed", "timed out", "missed")
_BARS = 20
_NOTICES = 10


def write_schedule_page(ledger: Ledger, loaded: Schedules, reports: Path, now: datetime) -> Path:
    """Write the page of schedules; a reader sees the old one or the new one, never half of it."""
    found = look(ledger, loaded, now, fires_each=_BARS)
    text = (
        templates()
        .get_template("schedule.html.j2")
        .render(page=_page(found, reports), css=Markup(resource("report.css")), policy=_POLICY)  # noqa: S704  our own
    )
    reports.mkdir(parents=True, exist_ok=True)
    path = reports / SCHEDULE_PAGE
    first = not path.exists()
    fresh = reports / f".{SCHEDULE_PAGE}.{secrets.token_hex(4)}"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    if first:
        write_index(reports)  # which links to it from now on
    return path


def _page(found: Overview, reports: Path) -> dict[str, Any]:
    there = sorted(found.there, key=lambda one: not one.is_bad)  # of equals the order stays
    return {
        "at": f"{found.at:%Y-%m-%d %H:%M} UTC",
        "daemons": found.daemons,
        "unsent": len(found.undelivered),
        "undelivered": [one.describe() for one in found.undelivered[:_NOTICES]],
        "late": sum(one.late is not None for one in there),
        "failing": sum(_tone(_shown(one)) == "bad" for one in there),
        "schedules": [_card(one, reports) for one in there],
        "gone": [_card(one, reports) for one in found.gone],
    }


def _shown(one: Standing) -> FireNow | None:
    """Give the fire that says how it goes: the last that ran, unless one was missed since."""
    last = one.last[0] if one.last else None
    if last is not None and last.state == "missed":
        return last
    return one.last_real or last


def _card(one: Standing, reports: Path) -> dict[str, Any]:
    zone = ZoneInfo(one.timezone or "UTC")
    longest = max(one.seconds, default=0.0)
    shown, last = _shown(one), one.last[0] if one.last else None
    return {
        "name": one.name,
        "rule": f"{one.cron} {one.timezone}",
        "description": one.description,
        "problem": one.problem,
        "paused": one.paused,
        "next": f"{one.next_at.astimezone(zone):%a %-d %B %Y, %H:%M %Z}" if one.next_at else "",
        "status": shown.state if shown else "has not run yet",
        "since": f"the last fire, of {last.at.astimezone(zone):%-d %B %H:%M}, was {last.state}" if last and last != shown else "",
        "tone": _tone(shown),
        "bad": one.is_bad,
        "alerts": one.alerts,
        "said": shown.sentence if shown and shown.state in _BAD else "",
        "late": f"{int(one.late.total_seconds() // 60):,} minutes" if one.late else "",
        "open": [f"{fire.item or 'one run'}: {fire.state}, for {fire.at.astimezone(zone):%-d %B %H:%M}" for fire in one.open],
        "takes": one.trend,
        "bars": [
            {"height": max(2, round(28 * seconds / longest)) if longest else 2, "seconds": f"{seconds:.1f} s"}
            for seconds in one.seconds
        ],
        "fires": [_row(fire, zone, reports) for fire in one.last],
    }  # fmt: skip


def _row(fire: FireNow, zone: ZoneInfo, reports: Path) -> dict[str, Any]:
    folder = Path(fire.run_folder) if fire.run_folder else None
    there = folder is not None and (folder / "report.html").is_file()
    link = ""
    if folder is not None and there and folder.is_relative_to(reports):
        link = (folder / "report.html").relative_to(reports).as_posix()
    return {
        "at": f"{fire.at.astimezone(zone):%Y-%m-%d %H:%M}",
        "item": fire.item,
        "state": fire.state,
        "tone": _tone(fire),
        "attempt": fire.attempt,
        "seconds": "" if fire.seconds is None else f"{fire.seconds:.1f} s",
        "sentence": fire.sentence,
        "link": link,
    }


def _tone(fire: FireNow | None) -> str:
    if fire is None or fire.state not in (*_GOOD, *_BAD):
        return "plain"
    return "good" if fire.state in _GOOD else "bad"
