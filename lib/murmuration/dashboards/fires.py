"""When schedules fire next, as far as a person may see what they run."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from murmuration.dashboards.access import Access
from murmuration.errors import LedgerError, ReportError
from murmuration.reports.parameters import read_parameters
from murmuration.schedule.clock import next_fires
from murmuration.schedule.overview import find_paused
from murmuration.schedule.spec import Folder
from murmuration.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fire:
    """The next time that a schedule runs a report about a brand and source.

    Attributes
    ----------
    at
        That time, by the schedule's own clock.
    schedule, report
        Which.
    subject
        Key of the brand, and source; empty for all posts, and all sources.
    paused
        Whether a person holds the schedule back, so that it does not come.
    """

    at: datetime
    schedule: str
    report: str
    subject: tuple[str, str]
    paused: bool = False

    def describe(self) -> str:
        """Say when it is."""
        return f"{self.at:%a %-d %b, %H:%M %Z}"


def list_fires(settings: Settings, access: Access, *, now: datetime) -> list[Fire]:
    """Give the next fire of each schedule, brand and source in a workspace that a person may see, the soonest first."""
    found, root, paused = [], settings.root, _find_paused(settings)
    for name, schedule in Folder(root / "schedules").load().by_name.items():
        report = schedule.spec.report
        defaults = _defaults(root, report)
        runs = [defaults | dict(given) for given in schedule.items.values()]
        subjects = {
            (str(one.get("brand", "")), str(one.get("source") or ""))
            for one in runs
            if access.may_see(report, one)
        }
        if subjects:
            fire = next(next_fires(schedule.cron, schedule.zone, after=now))
            at = fire.at.astimezone(schedule.zone)
            found += [Fire(at, name, report, one, name in paused) for one in sorted(subjects)]
    return sorted(found, key=lambda one: (one.at, one.schedule, one.subject))


def _find_paused(settings: Settings) -> frozenset[str]:
    try:
        return find_paused(settings)
    except LedgerError as err:  # the page is worth reading without it
        log.warning("%s", err)
        return frozenset()


def _defaults(root: Path, report: str) -> dict[str, Any]:
    """Give what a report is about unless it is told; nothing of one that cannot be read."""
    try:
        declared = read_parameters(root / "notebooks" / "reports" / f"{report}.ipynb")
    except ReportError:
        return {}
    return {name: one.default for name, one in declared.items()}
