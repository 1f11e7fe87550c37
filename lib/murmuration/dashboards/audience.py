"""The dashboard `audience`: who writes, what sets segments apart, and what each writes."""

import html
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
import pandas as pd
from markdown_it import MarkdownIt

from murmuration.dashboards.chart import Chart, served_at
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
from murmuration.schema import SENSITIVE
from murmuration.show.audience import (
    advise_segments,
    describe_audience_limits,
    describe_choice,
    show_audience_quality,
    show_cards,
    show_choice,
    show_segments,
)
from murmuration.show.audience_figures import (
    plot_audience_map,
    plot_flows,
    plot_segment_feelings,
    plot_segment_times,
    plot_traits,
    segment_names,
)
from murmuration.show.words import count, listing, tidy

_AHEAD = ["segment", "rank", "kind", "term", "expected", "share"]
_NAMING = ("author_key", "post_id", "url")  # by which a post's author is known
_READ = "Click a segment to read what it writes."


def _render(text: str) -> str:
    """Give Markdown as HTML; what comes from posts stays text."""
    rendered = str(MarkdownIt("commonmark", {"html": False}).render(text))
    return rendered.replace(" %", "\u00a0%")


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
        return () if self._policy().get("export") else _NAMING

    def _policy(self) -> Mapping[str, Any]:
        """Give the policy of the source that the run pinned; nothing where it read all sources, or one without a policy."""
        source = str(self.opened.parameters.get("source", ""))
        policies = self.opened.run.manifest.get("pinned", {}).get("policies", {})
        return policies.get(source) or {} if source else {}

    def _forbidden(self) -> list[str]:
        """Give what may not be named: all of it unless a policy says otherwise."""
        return list(self._policy().get("forbids", SENSITIVE))

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
        self.advice = markup(self._draw_advice(), name="mm-text")
        self.unshown = markup(self._draw_unshown())

    def redraw(self) -> None:
        """Show the card of the segment that was chosen, what to do with it, and why not all of its posts can be read; or all."""
        self.cards.value = self._draw_cards()
        self.advice.value = self._draw_advice()
        self.unshown.value = self._draw_unshown()

    def whole(self) -> int:
        """Give how many posts the segment that was chosen wrote, where not all of them are shown as its own."""
        written, shown = self._count_posts()
        return written if shown < written else 0

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
            section("What to do with it"),
            self.advice,
            section("Posts"),
            self.unshown,
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
            section("How far this can be trusted"),
            markup(self._draw_trust(), name="mm-text"),
            *self.run_again(),
        )

    def _find(self, name: str) -> pd.DataFrame | None:
        """Give a table that not every run has: without an earlier run nobody moved, older versions foretold nothing and named no times."""
        try:
            return self.opened.table(name)
        except UnknownNameError:
            return None

    def _chosen_segments(self) -> pd.DataFrame:
        """Give the row of the segment that was chosen, or all."""
        chosen = self.boxes["segment"].value
        return self.segments[self.segments["segment"] == int(chosen)] if chosen else self.segments

    def _draw_cards(self) -> str:
        return show_cards(
            self._chosen_segments(),
            self.traits,
            self.interests,
            self.levels,
            self.nothing,
            self.ahead,
            self.best,
            timezone=self.opened.timezone,
        ).markup.replace("No posts that may be shown.", "")

    def _draw_advice(self) -> str:
        shown = self._chosen_segments()
        best = self.best
        if best is not None and self.boxes["segment"].value:
            best = best[best["segment"].isin(shown["segment"].tolist())]
        return _render(
            advise_segments(
                shown,
                self.traits,
                self.interests,
                self.levels,
                best,
                timezone=self.opened.timezone,
            )
        )

    def _count_posts(self) -> tuple[int, int]:
        """Give how many posts the segment that was chosen wrote, and how many of them are shown as its own; 0 without one."""
        chosen = self.boxes["segment"].value
        if not chosen or self.chosen:
            return 0, 0
        written = int(self._chosen_segments()["posts"].sum())
        return written, len(self.posts.select(Filter(topic=int(chosen))))

    def _draw_unshown(self) -> str:
        written, shown = self._count_posts()
        if shown >= written:
            return ""
        whose = "of the source" if self._policy() else "that holds where the catalog tells none"
        return (
            f'<p class="mm-quiet">{count(written - shown, "post")} of {written:,} cannot be shown as posts of this segment: '
            f"they have words by which the policy {whose} forbids to tell people apart "
            f"({html.escape(listing(self._forbidden()))}). They stand among the posts of all.</p>"
        )

    def _draw_trust(self) -> str:
        """Show what the segments rest on, and what the run cannot tell; where they are in the report if an older version left no tables."""
        quality, choice, coverage = map(self._find, ("quality", "choice", "coverage"))
        if quality is None or choice is None or coverage is None:
            return self._point_to_report()
        gaps = self.opened.run.manifest.get("gaps", [])
        try:
            limits = describe_audience_limits(coverage, quality, self._forbidden(), gaps)
            tried = show_choice(choice).markup
            decided = describe_choice(choice)
        except KeyError:  # columns that an older version did not have
            return self._point_to_report()
        return (
            f"{show_audience_quality(quality).markup}"
            f"<details><summary>How the number of segments was chosen</summary>{tried}{_render(decided)}</details>"
            f"<h3>Limits</h3>{_render(limits)}"
        )

    def _point_to_report(self) -> str:
        run = f"{self.opened.run.folder.parent.name}/{self.opened.run.folder.name}"
        where = "the report of this run"
        if base := served_at():
            where = f'<a href="{html.escape(f"{base}static/{run}/report.html")}">{where}</a>'
        return f"<p>How far these segments can be trusted stands in {where}, under that heading and under Limits.</p>"

    def _open_segment(self, click: Mapping[str, Any]) -> None:
        asked = str(click.get("id") or click.get("y")).partition("/")[0]
        if asked in {value for _, value in self.boxes["segment"].options}:
            self.boxes["segment"].value = asked
