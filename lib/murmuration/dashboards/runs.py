"""The dashboard `runs`: the archive of runs, to search, to open, and to compare two."""

import html
from typing import Any

import ipywidgets as widgets

from murmuration.dashboards.address import Address
from murmuration.dashboards.archive import describe_run, list_visible, open_run
from murmuration.dashboards.chart import served_at
from murmuration.dashboards.page import (
    Request,
    bar,
    describe_days,
    markup,
    name_runs,
    page_of,
    section,
)
from murmuration.dashboards.posts_widget import describe_problem
from murmuration.errors import MurmurationError
from murmuration.reports.compare import compare_runs
from murmuration.reports.manifest import RunResult
from murmuration.reports.tables import TableChange
from murmuration.settings import get_settings
from murmuration.show.words import count, tidy

LIVE = ("brand_health", "topics", "audience")  # reports that have a page of their own
_SHOWN = 50
_CHOICES = 200
_FIGURES = 15  # sentences of a comparison
_LONGEST = 300  # letters of a name or a sentence


def build_runs(request: Request) -> widgets.Widget:
    """Give the page for a request."""
    return Runs(request).page


class Runs:
    """The page over all runs that a person may see.

    Parameters
    ----------
    request
        Who asks.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.runs = list_visible(get_settings().reports, request.access)
        address = request.address
        self.address = Address(address, title="Runs", reload=(), on_back=self._go_back)
        self.words = widgets.Text(
            value=address.get("words", ""), description="Search", continuous_update=False
        )
        self.words.observe(lambda _change: self._follow(), "value")
        self.list = markup("")
        options = [
            ("choose one", ""),
            *name_runs(self.runs[:_CHOICES], _call),
        ]
        known = {value for _, value in options}
        self.first, self.second = (
            widgets.Dropdown(
                options=options,
                value=address.get(name, "") if address.get(name, "") in known else "",
                description=said,
            )
            for name, said in (("first", "Compare"), ("second", "with"))
        )
        self.said = markup("")
        for box in (self.first, self.second):
            box.observe(lambda _change: self._follow(), "value")
        self._draw()
        self.page = page_of(
            self.address,
            markup('<header class="mm-head"><h1>Runs</h1></header>'),
            bar(self.words),
            self.list,
            section("What changed between two runs"),
            bar(self.first, self.second),
            self.said,
        )

    def find(self, words: str) -> list[RunResult]:
        """Give the runs of which report, brand, id, status, day or answer hold all the words."""
        wanted = words.casefold().split()
        return [
            run
            for run in self.runs
            if all(word in " ".join(describe_run(run).values()).casefold() for word in wanted)
        ]

    def _draw(self) -> None:
        found = self.find(self.words.value)
        self.list.value = _list(found[:_SHOWN], len(found), len(self.runs))
        self.said.value = self._compare()

    def _compare(self) -> str:
        """Say what changed, in sentences."""
        if not (self.first.value and self.second.value):
            return '<p class="mm-quiet">Choose two runs of one report, the earlier one first.</p>'
        reports, access = get_settings().reports, self.request.access
        try:
            pair = [open_run(reports, access, box.value) for box in (self.first, self.second)]
            found = compare_runs(*pair, posts=False)
        except (MurmurationError, OSError, KeyError) as err:
            return f'<p class="mm-warning" role="alert">{html.escape(describe_problem(err))}</p>'
        *others, last = found.describe()
        posts = [one for one in found.tables if one.table == "posts" and not one.equal]
        sentences = [*(_describe_posts(one) for one in posts), *others]
        shown = "".join(
            f"<li>{html.escape(one)}</li>" for one in [*sentences[: _FIGURES - 1], last]
        )
        left = len(sentences) - (_FIGURES - 1)
        more = (
            f'<p class="mm-quiet">And {left} more: murmuration compare lists all, and what came in late.</p>'
            if left > 0
            else ""
        )
        return f"<ul>{shown}</ul>{more}"

    def _follow(self) -> None:
        self._draw()
        self.address.note(words=self.words.value, first=self.first.value, second=self.second.value)

    def _go_back(self, state: dict[str, Any]) -> None:
        boxes = (("words", self.words), ("first", self.first), ("second", self.second))
        for name, box in boxes:
            value = state.get(name, "")
            options = getattr(box, "options", None)
            if options is None or value in {one for _, one in options}:
                box.value = value
        self._draw()


def _describe_posts(change: TableChange) -> str:
    if not change.gone + change.new:
        return change.describe()
    return (
        f"{count(change.gone, 'post')} of the first run {'is' if change.gone == 1 else 'are'} not in the second, which has "
        f"{change.new:,} that the first has not."
    )


def _call(run: RunResult) -> str:
    facts = describe_run(run)
    days = describe_days(run.manifest)
    return ", ".join(
        filter(None, [facts["report"], tidy(facts["about"]), days, f"made {facts['started_at']}"])
    )


def _list(runs: list[RunResult], found: int, total: int) -> str:
    base = html.escape(served_at() or "/")
    told = f'<p class="mm-quiet" role="status">{found:,} of {count(total, "run")}</p>'
    if not runs:
        why = "No run has all these words." if total else "There is no run that you may see yet."
        return f"{told}<p>{why}</p>"
    rows = "".join(_row(run, base) for run in runs)
    more = f'<p class="mm-quiet">The {_SHOWN} newest are shown.</p>' if found > len(runs) else ""
    return f'{told}<ul class="mm-runs">{rows}</ul>{more}'


def _row(run: RunResult, base: str) -> str:
    said = {name: tidy(value, longest=_LONGEST) for name, value in describe_run(run).items()}
    facts = {name: html.escape(value) for name, value in said.items()}
    page = f"{base}static/{facts['report']}/{facts['run_id']}/report.html"
    live = facts["report"] in LIVE and facts["status"] == "succeeded"
    address = f"{base}{facts['report']}?run={facts['run_id']}" if live else page
    also = f' · <a href="{page}">as a report</a>' if live else ""
    return (
        f'<li><a href="{address}">{facts["report"]}: {facts["about"]}</a> <span class="mm-quiet">{facts["started_at"]} UTC, '
        f"{facts['status']}, {facts['run_id']}{also}</span><br>{facts['sentence']}</li>"
    )
