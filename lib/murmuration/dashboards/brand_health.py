"""The dashboard `brand_health`: how people feel about a brand, and the posts behind every point."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

import ipywidgets as widgets
import numpy as np
import pandas as pd

from murmuration.dashboards.address import Address
from murmuration.dashboards.chart import Chart
from murmuration.dashboards.page import (
    Opened,
    Request,
    bar,
    choose_run,
    heading,
    markup,
    open_report,
    page_number,
    page_of,
    pick,
    section,
)
from murmuration.dashboards.posts_file import Filter, Places, PostsFile
from murmuration.dashboards.posts_table import PostsTable
from murmuration.show.brand_figures import (
    plot_brands,
    plot_over_time,
    plot_share_of_voice,
    plot_terms,
)
from murmuration.show.brand_health import show_levels
from murmuration.show.words import step, tidy
from murmuration.trends import Bucket, estimate_sentiment, find_bucket

_COUNTS = ["posts", "scored", "authors", "negative", "neutral", "positive"]
_LABELS = [("negative", "negative"), ("neutral", "neutral"), ("positive", "positive")]


def build_brand_health(request: Request) -> widgets.Widget:
    """Give the page for a request."""
    return BrandHealth(open_report("brand_health", request)).page


class BrandHealth:
    """The page over one run.

    Parameters
    ----------
    opened
        The run, and who looks at it.
    """

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.brand = str(opened.parameters["brand"])
        self.zone = ZoneInfo(opened.timezone)
        self.over_time = opened.table("over_time")
        mine = self.over_time[self.over_time["brand"] == self.brand]
        self.steps = pd.DatetimeIndex(
            pd.to_datetime(mine["period_start"].astype("datetime64[us, UTC]")).sort_values()
        )
        self.bucket: Bucket = find_bucket(self.over_time["period_start"])
        pinned = opened.run.manifest.get("pinned", {}).get("brands", {})
        self.names = {
            key: str((pinned.get(key) or {}).get("name", key))
            for key in self.over_time["brand"].unique()
        }
        self.posts = PostsFile(opened.posts)
        self.address = Address(
            opened.request.address,
            title=f"{tidy(opened.name)}: brand health",
            on_back=self._go_back,
        )
        self._boxes = self._make_boxes(opened.request.address)
        self._following = True
        self.chart = Chart(
            self._draw(),
            hint="Click a point to read the posts of that time.",
            on_click=self._open_step,
        )
        self.terms = self._read_terms()
        address = opened.request.address
        wanted = replace(self._filter(), words=address.get("words", ""))
        self.table = PostsTable(self.posts, wanted, timezone=opened.timezone, on_change=self._note)
        self._show_posts(page=page_number(address))
        for box in self._boxes.values():
            box.observe(lambda _change: self._follow(), "value")
        self.page = self._lay_out()

    def _lay_out(self) -> widgets.Widget:
        opened = self.opened
        terms = Chart(
            plot_terms(opened.table("terms"), name=self.names.get(self.brand, self.brand)),
            hint="Click a bar to read posts with these words.",
            on_click=self._open_term,
        )
        levels = opened.table("by_brand")
        voice = opened.table("share_of_voice")
        return page_of(
            self.address,
            heading(opened, f"Brand health: {tidy(opened.name)}"),
            bar(*choose_run(opened, self.address)),
            bar(*self._boxes.values()),
            self.chart,
            section("Posts"),
            self.table,
            section("What the posts speak of"),
            terms,
            section("Against competitors"),
            Chart(plot_brands(levels, names=self.names, brand=self.brand)),
            Chart(plot_share_of_voice(voice, names=self.names, brand=self.brand)),
            section("By language"),
            markup(show_levels(opened.table("by_language"), by="lang").markup),
        )

    def _make_boxes(self, address: Mapping[str, str]) -> dict[str, widgets.Widget]:
        """Make the filters, set as the address says."""
        steps = [
            (step(moment.astimezone(self.zone), self.bucket), moment.isoformat())
            for moment in self.steps
        ]

        def values(name: str) -> list[tuple[str, str]]:
            return [
                (f"{tidy(value, longest=40)} ({number:,})", value)
                for value, number in self.posts.list_values(name)
            ]

        return {
            "since": widgets.DatePicker(value=_day(address.get("since")), description="From"),
            "until": widgets.DatePicker(value=_day(address.get("until")), description="Until"),
            "step": pick(self.bucket.title(), steps, address.get("step", "")),
            "source": pick("Source", values("source"), address.get("source", "")),
            "lang": pick("Language", values("lang"), address.get("lang", "")),
            "label": pick("Feeling", _LABELS, address.get("label", "")),
        }

    def _read_terms(self) -> dict[int, list[str]]:
        """Give the terms of the two halves of their chart, in the order in which they are drawn."""
        terms = self.opened.table("terms").sort_values("rank")
        return {
            curve: terms[terms["side"] == side]["term"].tolist()
            for curve, side in enumerate(("negative", "positive"))
        }

    def _filter(self) -> Filter:
        """Give what the filters mean for the chart; a single step in time is for the posts only."""
        since, until = (
            datetime.combine(box.value, time(), self.zone) if box.value else None
            for box in (self._boxes["since"], self._boxes["until"])
        )
        return Filter(
            source=self._boxes["source"].value,
            lang=self._boxes["lang"].value,
            since=since,
            until=until,
        )

    def _draw(self) -> Any:
        """Draw the chart: as the run has it, or from the posts that the filters let through."""
        wanted, over_time = self._filter(), self.over_time
        if wanted != Filter():
            over_time = self._estimate(self.posts.select(wanted))
        return plot_over_time(
            over_time,
            names=self.names,
            brand=self.brand,
            bucket=self.bucket,
            timezone=self.opened.timezone,
        )

    def _estimate(self, places: Places) -> pd.DataFrame:
        frame = self.posts.frame(places)
        starts = self.steps.as_unit("us").asi8
        at = np.searchsorted(starts, frame["created_at"].to_numpy(), side="right") - 1
        levels = estimate_sentiment(frame.assign(step=np.maximum(at, 0)), by=["step"])
        whole = pd.DataFrame({"step": np.arange(len(starts))}).merge(
            levels.astype({"step": "int64"}), on="step", how="left"
        )
        counted = whole[_COUNTS].fillna(0).astype("int64[pyarrow]")
        return whole.assign(
            **{name: counted[name] for name in _COUNTS}, brand=self.brand, period_start=self.steps
        )

    def _show_posts(self, *, page: int = 1) -> None:
        """Show the posts that all filters together mean."""
        wanted = replace(
            self._filter(),
            label=self._boxes["label"].value,
            words=self.table.wanted.words,
        )
        about = ""
        chosen = self._boxes["step"].value
        if chosen:
            start = pd.Timestamp(chosen)
            at = cast(int, self.steps.get_loc(start))
            wanted = replace(wanted, since=max(start, wanted.since or start))
            if at + 1 < len(self.steps):
                end = self.steps[at + 1]
                wanted = replace(wanted, until=min(end, wanted.until or end))
            about = f"of {_lower(step(start.astimezone(self.zone), self.bucket))}"
        self.table.show(wanted, about=about, page=page)

    def _follow(self) -> None:
        """Draw and list anew after a filter changed."""
        if self._following:
            self.chart.show(self._draw())
            self._show_posts()
            self._note()

    def _note(self) -> None:
        """Put what is shown into the address."""
        values = {
            name: box.value.isoformat() if isinstance(box.value, date) else box.value or ""
            for name, box in self._boxes.items()
        }
        page = str(self.table.page) if self.table.page > 1 else ""
        self.address.note(**values, words=self.table.wanted.words, page=page)

    def _go_back(self, state: dict[str, str]) -> None:
        self._following = False
        for name, box in self._boxes.items():
            value = state.get(name, "")
            if isinstance(box, widgets.DatePicker):
                box.value = _day(value)
            else:
                box.value = value if value in {one for _, one in box.options} else ""
        self._following = True
        self.table.wanted = replace(self.table.wanted, words=state.get("words", ""))
        self.chart.show(self._draw())
        self._show_posts(page=page_number(state))

    def _open_step(self, click: Mapping[str, Any]) -> None:
        """Show the posts of the step in time that was clicked."""
        local = pd.Timestamp(str(click.get("x")))
        walls = self.steps.tz_convert(self.zone).tz_localize(None)
        found = np.flatnonzero(walls == local)
        if len(found):
            self._boxes["step"].value = self.steps[int(found[0])].isoformat()

    def _open_term(self, click: Mapping[str, Any]) -> None:
        """Show the posts with the term that was clicked."""
        terms = self.terms.get(int(click.get("curve", -1)), [])
        at = int(click.get("point", -1))
        if 0 <= at < len(terms):
            self.table.show(replace(self.table.wanted, words=terms[at]), about=self.table.about)
            self._note()


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text.startswith("The ") else text
