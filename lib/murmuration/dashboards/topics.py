"""The dashboard `topics`: what is talked about, what changed, and the posts of every topic."""

import html
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
from murmuration.dashboards.posts_file import Filter
from murmuration.dashboards.posts_page import PostsPage
from murmuration.show.topic_figures import (
    needs_hours,
    plot_topic_growth,
    plot_topic_sentiment,
    plot_topics_over_time,
)
from murmuration.show.topic_maps import plot_topic_map
from murmuration.show.topics import STATUSES, changed_topics, show_topics
from murmuration.show.words import count, listing, percent, tidy

_OFFERED = 300  # topics of the box, the largest; others open by their address
_READ = "Click a topic to read its posts."


def build_topics(request: Request) -> widgets.Widget:
    """Give the page for a request."""
    return Topics(open_report("topics", request)).page


class Topics(PostsPage):
    """The page over one run.

    Parameters
    ----------
    opened
        The run, and who looks at it.
    """

    def __init__(self, opened: Opened) -> None:
        self.topics = opened.table("topics")
        self.emerging = opened.table("emerging")
        self.terms = opened.table("terms")
        self.labels = {
            int(topic): tidy(str(label), longest=60)
            for topic, label in zip(self.topics["topic"], self.topics["label"], strict=True)
        }
        super().__init__(opened, f"{opened.name}: topics")

    def own_boxes(self, address: Mapping[str, str]) -> dict[str, widgets.Widget]:
        """Give the box of topics: the largest, and the one of the address."""
        ranked = self.topics.sort_values(["posts", "topic"], ascending=[False, True])
        offered = [
            (f"{self.labels[int(topic)]} ({posts:,})", str(topic))
            for topic, posts in zip(ranked["topic"], ranked["posts"], strict=True)
        ]
        asked = address.get("topic", "")
        shown = offered[:_OFFERED] + [one for one in offered[_OFFERED:] if one[1] == asked]
        return {"topic": pick("Topic", [*shown, ("none of them", "-1")], asked)}

    def build(self) -> None:
        """Make the charts that answer."""
        self.about = markup(self._describe_topic())
        self.map = Chart(self._draw_map(), hint=_READ, on_click=self._open_topic)
        self.pointed = self.map
        self.growth = Chart(plot_topic_growth(self.emerging), hint=_READ, on_click=self._open_topic)

    def redraw(self) -> None:
        """Draw the map anew, with the posts that the filters let through."""
        self.map.show(self._draw_map())
        self.about.value = self._describe_topic()

    def narrow(self, wanted: Filter) -> tuple[Filter, str]:
        """Keep the posts of the topic that was chosen."""
        chosen = self.boxes["topic"].value
        if not chosen:
            return wanted, ""
        topic = int(chosen)
        name = f"of the topic “{self.labels[topic]}”" if topic in self.labels else "without a topic"
        return replace(wanted, topic=topic), name

    def lay_out(self) -> widgets.Widget:
        """Put the page together."""
        opened = self.opened
        changed = changed_topics(self.emerging)
        since = pd.Timestamp(opened.run.manifest["period"]["since"])
        days = opened.table("over_time")
        over_time = plot_topics_over_time(
            days,
            self.topics,
            posts=opened.table("posts") if needs_hours(days) else None,
            first=changed,
            since=since,
            timezone=opened.timezone,
        )
        levels = opened.table("by_sentiment")
        feelings = Chart(
            plot_topic_sentiment(levels, self.topics), hint=_READ, on_click=self._open_topic
        )
        return page_of(
            self.address,
            heading(opened, f"Topics: {opened.name}"),
            bar(*choose_run(opened, self.address)),
            self.filters(),
            quiet(
                "The boxes change the map and the posts; all below the posts is about all posts of the run."
            ),
            self.map,
            self.about,
            section("Posts"),
            self.table,
            section("What grew and what went"),
            self.growth,
            Chart(over_time),
            section("How topics feel"),
            feelings,
            section("All topics"),
            markup(show_topics(self.topics, self.emerging, levels).markup),
            *self.run_again(),
        )

    def _draw_map(self) -> Any:
        """Draw the map: as the run has it, or with the posts that the filters let through."""
        wanted, topics = self.filter(), self.topics
        if wanted != Filter():
            places = self.posts.select(wanted)
            found = self.posts.count_by("topic", places)
            posts = [found.get(int(topic), 0) for topic in topics["topic"]]
            share = [number / max(len(places), 1) for number in posts]
            topics = topics.assign(posts=posts, share=share)
        return plot_topic_map(topics, first=changed_topics(self.emerging))

    def _describe_topic(self) -> str:
        """Say what is known of the topic that was chosen."""
        chosen = self.boxes["topic"].value
        row = self.topics[self.topics["topic"] == int(chosen)] if chosen else self.topics[:0]
        if row.empty:
            return ""
        facts = row.iloc[0]
        terms = self.terms[self.terms["topic"] == int(chosen)].sort_values("rank")["term"].head(10)
        change = self.emerging[self.emerging["topic"] == int(chosen)]
        status = STATUSES[change.iloc[0]["status"]] if len(change) else "cannot be told"
        said = (
            f"{count(facts['posts'], 'post')}, {percent(facts['share'])} of all; against the days before: {status}. "
            f"Its words: {listing([tidy(str(term), longest=40) for term in terms])}."
        )
        return (
            f'<section class="mm-card"><h2>{html.escape(self.labels[int(chosen)])}</h2><p>{html.escape(said)}</p>'
            "</section>"
        )

    def _open_topic(self, click: Mapping[str, Any]) -> None:
        """Show the posts of the topic that was clicked."""
        asked = str(click.get("id") or click.get("y"))
        if asked in {value for _, value in self.boxes["topic"].options}:
            self.boxes["topic"].value = asked
