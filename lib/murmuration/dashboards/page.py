"""What every dashboard has: who asks for what, which run that is, and a page that never shows a traceback."""

import asyncio
import html
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import ipywidgets as widgets
import pandas as pd
from ipykernel.comm.comm import BaseComm
from ipykernel.kernelbase import Kernel
from IPython.display import display

from murmuration.dashboards.access import ACCESS_VARIABLE, EVERYTHING, Access, read_access
from murmuration.dashboards.address import Address, read_address
from murmuration.dashboards.archive import (
    brand_key,
    find_newest,
    is_visible,
    name_subject,
    open_run,
    source_key,
    subject_of,
    subjects_seen,
    walk_runs,
)
from murmuration.dashboards.chart import served_at
from murmuration.dashboards.posts_widget import describe_problem
from murmuration.errors import MurmurationError, UnknownNameError
from murmuration.reports.manifest import RunResult
from murmuration.settings import get_settings
from murmuration.show.words import count, tidy

log = logging.getLogger(__name__)

_RECENT = 30  # runs that a person can choose from
_EVERY = "*"  # in an address: all brands, or all sources
_UNTIL_SENT = 0.05  # seconds until what a cell printed is on its way


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for a page, and with which address."""

    access: Access
    address: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A run that a page shows, and what there is beside it.

    Attributes
    ----------
    request
        Who asks.
    run
        The run.
    others
        Successful runs of the same report that the person may see: the newest about the same brand and source, and the
        newest one about each other.
    reports
        The folder of runs.
    """

    request: Request
    run: RunResult
    others: list[RunResult]
    reports: Path

    @property
    def parameters(self) -> dict[str, Any]:
        """With which the run was made."""
        return dict(self.run.manifest.get("parameters", {}))

    @property
    def timezone(self) -> str:
        """Whose days count."""
        return str(self.parameters.get("timezone") or "UTC")

    @property
    def name(self) -> str:
        """What the run is about: brand and source."""
        return tidy(name_subject(self.run))

    def table(self, name: str) -> pd.DataFrame:
        """Read a result table."""
        return cast(pd.DataFrame, self.run.table(name).to_pandas(types_mapper=pd.ArrowDtype))

    @property
    def posts(self) -> Path:
        """Where its posts are."""
        return self.run.folder / "tables" / "posts.parquet"


def wait_for_request() -> Request:
    """Wait until somebody asks for the page, and say who and for what.

    In a kernel that was started beforehand nobody has asked yet; elsewhere this returns at once. Outside of the
    dashboards' server, as in JupyterLab, the person owns the machine and sees everything.
    """
    if not served_at():
        return Request(EVERYTHING)
    # What a kernel prints would be part of the page; this goes to the log of the server.
    logging.basicConfig(
        stream=sys.__stderr__, force=True, format="%(levelname)s %(name)s: %(message)s"
    )
    if os.environ.get("VOILA_PREHEAT") == "True":
        import voila.utils

        # Where a busy machine lost the connection, it waits again: what was asked meanwhile is kept for it.
        while ACCESS_VARIABLE not in os.environ:
            voila.utils.wait_for_request()
            time.sleep(0.05)
    given = os.environ.get(ACCESS_VARIABLE)
    if not given:
        return Request(Access(name="nobody"))
    return Request(read_access(given), read_address(os.environ.get("QUERY_STRING", "")))


def show_page(build: Callable[[Request], widgets.Widget], request: Request) -> None:
    """Show a page, or one sentence where it cannot be made.

    On the dashboards' server the cell ends before the page is made: the browser loads its scripts meanwhile, and gets
    the whole page when it asks for the widgets.

    Parameters
    ----------
    build
        Makes the page.
    request
        From `wait_for_request`.
    """
    if not served_at():
        display(_make(build, request))  # type: ignore[no-untyped-call]
        return
    whole = widgets.VBox().add_class("mm-whole")
    display(whole)  # type: ignore[no-untyped-call]

    def fill() -> None:
        if not whole.children:
            with _untold():
                whole.children = [_make(build, request)]

    def answer(control: Any, message: dict[str, Any]) -> None:
        fill()
        widgets.Widget.handle_control_comm_opened(control, message)

    manager = Kernel.instance().comm_manager  # type: ignore[attr-defined]
    manager.register_target("jupyter.widget.control", answer)
    asyncio.get_running_loop().call_later(_UNTIL_SENT, fill)


@contextmanager
def _untold() -> Iterator[None]:
    """Make widgets without telling the browser of each.

    It asks for all of them when it has its scripts; the manager of ipywidgets 8.1 waits for ever for children whose
    beginning it did not see.
    """
    publish = BaseComm.publish_msg

    def keep(self: BaseComm, *_args: Any, **_keys: Any) -> None:
        self.kernel = Kernel.instance()  # a widget whose comm has none says nothing later either

    BaseComm.publish_msg = keep  # type: ignore[method-assign]
    try:
        yield
    finally:
        BaseComm.publish_msg = publish  # type: ignore[method-assign]


def _make(build: Callable[[Request], widgets.Widget], request: Request) -> widgets.Widget:
    try:
        return build(request)
    except UnknownNameError as err:
        return notice("Not here", str(err))
    except Exception as err:  # noqa: BLE001  a viewer must never see a traceback, which may hold posts
        log.error("the page failed: %s in %s", type(err).__name__, _place(err))
        return notice("This page could not be made", describe_problem(err))


def _place(error: BaseException) -> str:
    """Say where an error came from, without what it says."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"


def open_report(report: str, request: Request) -> Opened:
    """Give the run that an address asks for: ``?run=``, else the newest of ``?brand=`` and ``?of=``, a source, else the newest.

    Raises
    ------
    UnknownNameError
        If there is none that this person may see; says what to do.
    """
    reports = get_settings().reports
    access, address = request.access, request.address
    run_id, brand, source = address.get("run", ""), _asked(address, "brand"), _asked(address, "of")
    if run_id:
        run: RunResult | None = open_run(reports, access, run_id, report=report)
    else:
        run = find_newest(
            reports,
            access,
            report,
            wanted=lambda one: (
                brand in (None, brand_key(one)) and source in (None, source_key(one))
            ),
        )
    if run is None:
        raise UnknownNameError(_nothing(report, access, brand, source))
    if run.status != "succeeded":
        error = run.manifest.get("error") or {}
        raise UnknownNameError(
            f"This run of {report} {run.status}: {error.get('sentence') or 'it made no tables'} Open another one."
        )
    return Opened(request, run, _beside(run, access, reports), reports)


def _asked(address: Mapping[str, str], name: str) -> str | None:
    """Give the brand or source that an address asks for: nothing for all of them, None where any will do."""
    value = address.get(name)
    return "" if value == _EVERY else value


def _beside(run: RunResult, access: Access, reports: Path) -> list[RunResult]:
    """Give the newest successful runs about the same brand and source, and the newest one about each other."""
    same: list[RunResult] = []
    others: dict[tuple[str, str], RunResult] = {}
    for one in walk_runs(reports, run.folder.parent.name):
        if one.status != "succeeded" or not is_visible(one, access):
            continue
        if subject_of(one) != subject_of(run):
            others.setdefault(subject_of(one), one)
        elif len(same) < _RECENT:
            same.append(one)
    return [*same, *others.values()]


def _nothing(report: str, access: Access, brand: str | None, source: str | None) -> str:
    if not access.may_see_report(report):
        return f"The report {report} is not among those that you were given. Ask whoever runs these dashboards."
    about = f" about {tidy(brand)!r}" if brand else ""
    about += f" over posts of {tidy(source)!r}" if source else ""
    return (
        f"There is no finished run of {report}{about} that you may see yet. Make one with: python3 tasks.py report "
        f"{report}, or wait for its schedule."
    )


def notice(title: str, sentence: str) -> widgets.HTML:
    """Give a part of a page that says why there is nothing, and what to do."""
    home = f'<p><a href="{html.escape(served_at() or "/")}">Go to the start page</a></p>'
    return widgets.HTML(
        f'<section class="mm-notice" role="alert"><h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p>{home}'
        "</section>"
    )


def heading(opened: Opened, title: str, *, now: datetime | None = None) -> widgets.HTML:
    """Give the top of a page: what it is about, how fresh it is, and the answer."""
    manifest = opened.run.manifest
    answer = "".join(f"<p>{html.escape(one)}</p>" for one in manifest.get("answer", []))
    facts = [describe_period(manifest)]
    if not source_key(opened.run):  # else the title names it
        facts.append("posts of all sources")
    facts.append(describe_age(manifest, now or datetime.now(UTC)))
    base = served_at()
    if base:
        run = f"{opened.run.folder.parent.name}/{opened.run.folder.name}"
        facts_markup = " · ".join(html.escape(one) for one in facts if one)
        facts_markup += f' · <a href="{html.escape(base)}static/{run}/report.html">as a report</a>'
    else:
        facts_markup = " · ".join(html.escape(one) for one in facts if one)
    return widgets.HTML(
        f'<header class="mm-head"><h1>{html.escape(title)}</h1><p class="mm-quiet">{facts_markup}</p>'
        f"<blockquote>{answer}</blockquote></header>"
    )


def describe_period(manifest: Any) -> str:
    """Say which days a run is about, and by whose clock."""
    days = describe_days(manifest)
    zone = str((manifest.get("period") or {}).get("timezone") or "UTC")
    return f"{days} ({zone})" if days else ""


def describe_days(manifest: Any) -> str:
    """Say which days a run is about."""
    from murmuration.reports.period import Period

    period = manifest.get("period") or {}
    try:
        since, until = (datetime.fromisoformat(period[name]) for name in ("since", "until"))
        zone = str(period.get("timezone") or "UTC")
        return Period(since, until, zone).describe()
    except (KeyError, TypeError, ValueError):
        return ""


def describe_age(manifest: Any, now: datetime) -> str:
    """Say how long ago a run was made."""
    try:
        minutes = (now - datetime.fromisoformat(str(manifest["started_at"]))).total_seconds() / 60
    except (KeyError, TypeError, ValueError):
        return "made at a time that is not known"
    if minutes < 1.5:
        return "made just now"
    if minutes < 90:
        return f"made {count(round(minutes), 'minute')} ago"
    hours = minutes / 60
    return (
        f"made {count(round(hours), 'hour')} ago"
        if hours < 36
        else f"made {count(round(hours / 24), 'day')} ago"
    )


def choose_run(opened: Opened, address: Address) -> list[widgets.Widget]:
    """Give the two boxes with which another brand or source, or an earlier run is opened."""
    access = opened.request.access
    mine = subject_of(opened.run)
    subjects = {mine: opened.name} | subjects_seen(opened.others)
    about = widgets.Dropdown(
        options=[(tidy(name), key) for key, name in subjects.items()],
        value=mine,
        description="About",
    )
    same = [run for run in opened.others if subject_of(run) == mine]
    if all(run.folder != opened.run.folder for run in same):
        same = [opened.run, *same]
    run = widgets.Dropdown(
        options=name_runs(same, lambda one: _call(one, opened.timezone)),
        value=opened.run.folder.name,
        description="Run",
    )
    about.observe(
        lambda change: address.go(brand=change["new"][0] or _EVERY, of=change["new"][1] or _EVERY),
        "value",
    )
    run.observe(lambda change: address.go(run=change["new"]), "value")
    log.debug("%s chooses among %d runs", access.name, len(same))
    return [about, run]


def name_runs(runs: Sequence[RunResult], call: Callable[[RunResult], str]) -> list[tuple[str, str]]:
    """Give runs as the options of a box; those that would read the same say the end of their id."""
    names = [call(run) for run in runs]
    seen = Counter(names)
    return [
        (f"{name} ({run.folder.name[-4:]})" if seen[name] > 1 else name, run.folder.name)
        for name, run in zip(names, runs, strict=True)
    ]


def _call(run: RunResult, timezone: str) -> str:
    try:
        started = datetime.fromisoformat(str(run.manifest["started_at"]))
    except (KeyError, ValueError):
        return run.folder.name
    made = f"{started.astimezone(ZoneInfo(timezone)):%-d %b %Y, %H:%M}"
    return ", about ".join(filter(None, [made, describe_days(run.manifest)]))


def pick(
    description: str, values: Sequence[tuple[str, Any]], value: Any, *, every: str = "all"
) -> widgets.Dropdown:
    """Give a box to choose one value or all of them; a value that is not there is all."""
    options = [(every, ""), *values]
    known = {one for _, one in options}
    return widgets.Dropdown(
        options=options, value=value if value in known else "", description=description
    )


def page_number(address: Mapping[str, str]) -> int:
    """Give the page of posts that an address asks for."""
    text = address.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def bar(*children: widgets.Widget) -> widgets.Box:
    """Give controls in a row that wraps where the screen is narrow."""
    box = widgets.Box(list(children))
    box.add_class("mm-filters")
    return box


def markup(text: str, *, name: str = "") -> widgets.HTML:
    """Give HTML of ours as a widget."""
    shown = widgets.HTML(text)
    if name:
        shown.add_class(name)
    return shown


def quiet(sentence: str) -> widgets.HTML:
    """Give a sentence that explains the boxes beside it; on paper, which has none, it is left out."""
    return markup(f'<p class="mm-quiet">{html.escape(sentence)}</p>', name="mm-screen")


def section(title: str) -> widgets.HTML:
    """Give the heading of a part of a page."""
    return markup(f"<h2>{html.escape(title)}</h2>", name="mm-heading")


def page_of(*children: widgets.Widget) -> widgets.Box:
    """Put the parts of a page below each other."""
    page = widgets.VBox(list(children))
    page.add_class("mm-page")
    return page


__all__ = ["MurmurationError", "Opened", "Request", "open_report", "show_page", "wait_for_request"]
