"""The start page: the newest run of each report, how fresh it is, and what it says."""

import html
from datetime import UTC, datetime
from itertools import islice

import ipywidgets as widgets

from murmuration.dashboards.address import Address
from murmuration.dashboards.archive import name_subject, newest_of_each, subject_of
from murmuration.dashboards.chart import served_at
from murmuration.dashboards.fires import Fire, list_fires
from murmuration.dashboards.page import Request, describe_age, describe_period, markup, page_of
from murmuration.reports.manifest import RunResult
from murmuration.settings import get_settings
from murmuration.show.words import count, tidy

PAGES = ("brand_health", "topics", "audience")
_SENTENCES = 3
_FIRES = 4


def build_home(request: Request, *, now: datetime | None = None) -> widgets.Widget:
    """Give the page for a request."""
    settings = get_settings()
    reports = settings.reports
    now = now or datetime.now(UTC)
    fires = list_fires(settings, request.access, now=now)
    newest = newest_of_each(reports, request.access)
    last = newest_of_each(reports, request.access, succeeded=False)
    return page_of(
        Address(request.address, title="Murmuration"),
        markup(
            f'<header class="mm-head"><h1>What is new</h1>{_failures(last)}{_alerts(newest, now)}{_next(fires)}'
            "</header>"
        ),
        markup(_cards(newest, fires, now)),
    )


def _cards(newest: list[RunResult], fires: list[Fire], now: datetime) -> str:
    if not newest:
        return (
            '<section class="mm-notice"><p>There is no finished run that you may see yet. Make one with: python3 '
            "tasks.py demo, or wait for a schedule.</p></section>"
        )
    return f'<div class="mm-cards">{"".join(_card(run, fires, now) for run in newest)}</div>'


def _card(run: RunResult, fires: list[Fire], now: datetime) -> str:
    manifest = run.manifest
    report = str(manifest["report"])
    base = served_at() or "/"
    address = (
        f"{base}{report}?run={run.folder.name}"
        if report in PAGES
        else f"{base}static/{report}/{run.folder.name}/report.html"
    )
    title = f"{report.replace('_', ' ').capitalize()}: {tidy(name_subject(run))}"
    mine = [one for one in fires if (one.report, one.subject) == (report, subject_of(run))]
    facts = [describe_period(manifest), describe_age(manifest, now)]
    coming = [one for one in mine if not one.paused]
    facts += [f"next on {one.describe()}" for one in coming[:1]]
    if mine and not coming:
        facts.append(f"schedule {mine[0].schedule} is paused")
    said = "".join(f"<p>{html.escape(one)}</p>" for one in manifest.get("answer", [])[:_SENTENCES])
    return (
        f'<article class="mm-card"><h2><a href="{html.escape(address)}">{html.escape(title)}</a></h2>'
        f'<p class="mm-quiet">{html.escape(" · ".join(filter(None, facts)))}</p>{said}</article>'
    )


def _alerts(newest: list[RunResult], now: datetime) -> str:
    """Name the alerts of the newest runs."""
    base = served_at() or "/"
    found = [
        f'<li><a href="{html.escape(base)}{html.escape(str(run.manifest["report"]))}?run={html.escape(run.folder.name)}">'
        f"{html.escape(tidy(name_subject(run)))}</a>, severity {int(alert.get('severity', 0))} of 10, since "
        f"{html.escape(str(alert.get('began', ''))[:16].replace('T', ' '))}: {html.escape(str(alert.get('sentence', '')))}"
        f' <span class="mm-quiet">({html.escape(describe_age(run.manifest, now))})</span></li>'
        for run in newest
        for alert in run.manifest.get("alerts", [])
    ]
    if not found:
        return ""
    return f'<section class="mm-warning" aria-label="Alerts"><strong>{count(len(found), "alert")}</strong><ul>{"".join(found)}</ul></section>'


def _next(fires: list[Fire]) -> str:
    """Say which schedules fire next, and which are paused."""
    whens = {one.schedule: one.describe() for one in fires if not one.paused}
    paused = sorted({one.schedule for one in fires if one.paused})
    said = []
    if whens:
        coming = (f"{name} on {when}" for name, when in islice(whens.items(), _FIRES))
        said.append(f"Next by schedule: {'; '.join(coming)}.")
    if paused:
        said.append(f"Paused: {', '.join(paused)}.")
    return f'<p class="mm-quiet">{html.escape(" ".join(said))}</p>' if said else ""


def _failures(last: list[RunResult]) -> str:
    """Name the reports whose newest run did not succeed."""
    failed = [
        f"{run.manifest['report']} ({tidy(name_subject(run))})"
        for run in last
        if run.status != "succeeded"
    ]
    if not failed:
        return ""
    named = html.escape(", ".join(failed[:5]))
    return f'<p class="mm-warning">The newest run of {count(len(failed), "report")} did not succeed: {named}.</p>'
