"""The dashboard `audience`: who writes, what sets segments apart, and what each writes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
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
from murmuration.dashboards.posts_file import Filter, PostsFile
from murmuration.dashboards.posts_page import PostsPage
from murmuration.errors import UnknownNameError
from murmuration.show.audience import show_cards, show_segments
from murmuration.show.audience_figures import (
    plot_audience_map,
    plot_flows,
    plot_segment_feelings,
    plot_segment_times,
    plot_traits,
    segment_names,
)
from murmuration.show.words import tidy

_AHEAD = ["segment", "rank", "kind", "term", "expected", "share"]
_NAMING = ("author_key", "post_id", "url")  # by which a post's author is known
_READ = "Click a segment to read what it writes."


def build_audience(request: Request) -> widgets.Widget:
    """Give the page for a request."""
    return Audience(open_report("audience", request)).page


class Audience(PostsPage):
    """The page over one run.

    Parameters
    ----------
    opened
        The run, and who looks at it.
    """

    def __init__(self, opened: Opened) -> None:
        self.segments = opened.table("segments")
        self.names = {
            one: tidy(name, longest=80) for one, name in segment_names(self.segments).items()
        }
        super().__init__(opened, f"{opened.name}: audience")

    def open_posts(self) -> PostsFile:
        """Give the posts with their segments; of a run of an older version those that it chose to be read."""
        path = self.opened.posts
        self.chosen = not path.exists()
        return PostsFile(
            path.with_name("reading.parquet") if self.chosen else path, group="segment"
        )

    def withheld(self) -> tuple[str, ...]:
        """Who wrote a post, unless it may be handed on who is in which segment."""
        source = str(self.opened.parameters.get("source", ""))
        policy = self.opened.run.manifest.get("pinned", {}).get("policies", {}).get(source) or {}
        return () if source and policy.get("export") else _NAMING

    def own_boxes(self, address: Mapping[str, str]) -> dict[str, widgets.Widget]:
        """Give the box of segments."""
        offered = [(name, str(one)) for one, name in self.names.items()]
        return {"segment": pick("Segment", offered, address.get("segment", ""))}

    def build(self) -> None:
        """Make the charts that answer."""
        opened = self.opened
        self.levels = opened.table("by_sentiment")
        self.map = Chart(
            plot_audience_map(opened.table("places"), self.segments),
            hint=_READ,
            on_click=self._open_segment,
        )
        self.pointed = self.map
        self.feelings = Chart(
            plot_segment_feelings(self.levels, self.segments),
            hint=_READ,
            on_click=self._open_segment,
        )
        self.traits, self.interests = opened.table("traits"), opened.table("interests")
        self.nothing = opened.table("reading").iloc[:0]  # the posts stand in a table of their own
        ahead = self._find("ahead")
        self.ahead = pd.DataFrame(columns=_AHEAD) if ahead is None else ahead
        self.best = self._find("best_times")
        self.cards = markup(self._draw_cards())

    def redraw(self) -> None:
        """Show the card of the segment that was chosen, or all."""
        self.cards.value = self._draw_cards()

    def narrow(self, wanted: Filter) -> tuple[Filter, str]:
        """Keep the posts of the segment that was chosen."""
        segment = self.boxes["segment"].value
        which = "that the run chose to be read" if self.chosen else ""
        if not segment:
            return wanted, which
        name = f"of “{self.names[int(segment)]}”"
        return replace(wanted, topic=int(segment)), ", ".join(
            part for part in (name, which) if part
        )

    def lay_out(self) -> widgets.Widget:
        """Put the page together."""
        opened = self.opened
        return page_of(
            self.address,
            heading(opened, f"Audience: {opened.name}"),
            bar(*choose_run(opened, self.address)),
            self.filters(),
            quiet(
                "The boxes choose posts; Segment its card as well. All figures are about all posts of the run."
            ),
            self.map,
            section("Segments"),
            self.cards,
            section("Posts"),
            self.table,
            section("Segments beside each other"),
            markup(show_segments(self.segments, self.levels, self.best).markup),
            section("What sets them apart"),
            Chart(plot_traits(self.traits, self.segments)),
            section("How they feel"),
            self.feelings,
            section("When they post"),
            Chart(
                plot_segment_times(
                    opened.table("times"),
                    self.segments,
                    self.best,
                    timezone=opened.timezone,
                )
            ),
            section("What moved since the run before"),
            Chart(plot_flows(self._find("flows"), self._find("moved"))),
            *self.run_again(),
        )

    def _find(self, name: str) -> pd.DataFrame | None:
        """Give a table that not every run has: without an earlier run nobody moved, older versions foretold nothing and named no times."""
        try:
            return self.opened.table(name)
        except UnknownNameError:
            return None

    def _draw_cards(self) -> str:
        chosen = self.boxes["segment"].value
        shown = self.segments
        if chosen:
            shown = shown[shown["segment"] == int(chosen)]
        return show_cards(
            shown,
            self.traits,
            self.interests,
            self.levels,
            self.nothing,
            self.ahead,
            self.best,
            timezone=self.opened.timezone,
        ).markup.replace("No posts that may be shown.", "")

    def _open_segment(self, click: Mapping[str, Any]) -> None:
        asked = str(click.get("id") or click.get("y")).partition("/")[0]
        if asked in {value for _, value in self.boxes["segment"].options}:
            self.boxes["segment"].value = asked
