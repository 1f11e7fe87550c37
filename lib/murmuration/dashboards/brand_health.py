"""The dashboard `brand_health`: how people feel about a brand, and the posts behind every point."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import ipywidgets as widgets
import numpy as np
import pandas as pd

from murmuration.dashboards.chart import Chart
from murmuration.dashboards.page import (
    Opened,
    Request,
    bar,
    choose_run,
    heading,
    markup,
    open_report,
    page_of,
    pick,
    quiet,
    section,
)
from murmuration.dashboards.posts_file import Filter, Places
from murmuration.dashboards.posts_page import PostsPage
from murmuration.show.brand_figures import (
    plot_brands,
    plot_over_time,
    plot_share_of_voice,
    plot_terms,
)
from murmuration.show.brand_health import show_levels
from murmuration.show.words import step
from murmuration.trends import Bucket, estimate_sentiment, find_bucket

_COUNTS = ["posts", "scored", "authors", "negative", "neutral", "positive"]


def build_brand_health(request: Request) -> widgets.Widget:
    """Give the page for a request."""
    return BrandHealth(open_report("brand_health", request)).page


class BrandHealth(PostsPage):
    """The page over one run.

    Parameters
    ----------
    opened
        The run, and who looks at it.
    """

    def __init__(self, opened: Opened) -> None:
        self.brand = str(opened.parameters["brand"])
        self.over_time = opened.table("over_time")
        mine = self.over_time[self.over_time["brand"] == self.brand]
        self.steps = pd.DatetimeIndex(
            pd.to_datetime(mine["period_start"].astype("datetime64[us, UTC]")).sort_values()
        )
        self.bucket: Bucket = find_bucket(self.over_time["period_start"])
        pinned = opened.run.manifest.get("pinned", {}).get("brands", {})
        self.names = {
            key: str((pinned.get(key) or {}).get("name", key))
            for key in [self.brand, *self.over_time["brand"].unique()]
        }
        super().__init__(opened, f"{opened.name}: brand health")

    def own_boxes(self, address: Mapping[str, str]) -> dict[str, widgets.Widget]:
        """Give the box of steps in time."""
        steps = [
            (step(moment.astimezone(self.zone), self.bucket), moment.isoformat())
            for moment in self.steps
        ]
        return {"step": pick(self.bucket.title(), steps, address.get("step", ""))}

    def build(self) -> None:
        """Make the charts that answer."""
        terms = self.opened.table("terms").sort_values("rank")
        self._terms = {
            curve: terms[terms["side"] == side]["term"].tolist()
            for curve, side in enumerate(("negative", "positive"))
        }
        self.chart = Chart(
            self._draw(),
            hint="Click a point to read the posts of that time.",
            on_click=self._open_step,
        )
        self.pointed = self.chart
        self.terms = Chart(
            plot_terms(terms, name=self.names[self.brand]),
            hint="Click a bar to read posts with these words.",
            on_click=self._open_term,
        )

    def redraw(self) -> None:
        """Draw the chart over time anew."""
        self.chart.show(self._draw())

    def narrow(self, wanted: Filter) -> tuple[Filter, str]:
        """Keep the posts of the step in time that was chosen."""
        chosen = self.boxes["step"].value
        if not chosen:
            return wanted, ""
        start = pd.Timestamp(chosen)
        at = cast(int, self.steps.get_loc(start))
        wanted = replace(wanted, since=max(start, wanted.since or start))
        if at + 1 < len(self.steps):
            end = self.steps[at + 1]
            wanted = replace(wanted, until=min(end, wanted.until or end))
        return wanted, f"of {_lower(step(start.astimezone(self.zone), self.bucket))}"

    def lay_out(self) -> widgets.Widget:
        """Put the page together."""
        opened = self.opened
        levels, voice = opened.table("by_brand"), opened.table("share_of_voice")
        languages = show_levels(opened.table("by_language"), by="lang")
        return page_of(
            self.address,
            heading(opened, f"Brand health: {opened.name}"),
            bar(*choose_run(opened, self.address)),
            self.filters(),
            quiet(
                "The boxes change this chart and the posts; all below the posts is about all posts of the run."
            ),
            self.chart,
            section("Posts"),
            self.table,
            section("What the posts speak of"),
            self.terms,
            section("Against competitors"),
            Chart(plot_brands(levels, names=self.names, brand=self.brand)),
            Chart(plot_share_of_voice(voice, names=self.names, brand=self.brand)),
            section("By language"),
            markup(languages.markup),
            *self.run_again(),
        )

    def _draw(self) -> Any:
        """Draw the chart: as the run has it, or from the posts that the filters let through."""
        wanted, over_time = self.filter(), self.over_time
        if wanted != Filter():
            over_time = self.estimate(self.posts.select(wanted))
        return plot_over_time(
            over_time,
            names=self.names,
            brand=self.brand,
            bucket=self.bucket,
            timezone=self.opened.timezone,
        )

    def estimate(self, places: Places) -> pd.DataFrame:
        """Estimate the table `over_time` from some of the posts, as the report does from all."""
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

    def _open_step(self, click: Mapping[str, Any]) -> None:
        """Show the posts of the step in time that was clicked."""
        try:
            local = pd.Timestamp(str(click.get("x")))
        except ValueError:
            return
        walls = self.steps.tz_convert(self.zone).tz_localize(None)
        found = np.flatnonzero(walls == local)
        if len(found):
            self.boxes["step"].value = self.steps[int(found[0])].isoformat()

    def _open_term(self, click: Mapping[str, Any]) -> None:
        """Show the posts with the term that was clicked."""
        terms = self._terms.get(int(click.get("curve", -1)), [])
        at = int(click.get("point", -1))
        if 0 <= at < len(terms):
            self.search(terms[at])


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text.startswith("The ") else text
