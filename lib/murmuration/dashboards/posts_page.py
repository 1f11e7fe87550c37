"""A page with filters, charts, and the posts behind them; its state is in its address."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import ipywidgets as widgets

from murmuration.dashboards.address import Address
from murmuration.dashboards.chart import Chart
from murmuration.dashboards.page import Opened, bar, page_number, pick, section
from murmuration.dashboards.posts_file import ORDERS, UNKNOWN, Filter, PostsFile
from murmuration.dashboards.posts_widget import PostsTable, describe_problem
from murmuration.errors import MurmurationError
from murmuration.show.words import tidy

_LABELS = [("negative", "negative"), ("neutral", "neutral"), ("positive", "positive")]
_KEPT = ("label", "lang", "source")  # boxes that the line above the posts names last
_SHOWN = 300  # values that a box offers, the most frequent ones


class PostsPage(ABC):
    """What pages over the posts of a run have in common.

    Parameters
    ----------
    opened
        The run, and who looks at it.
    title
        Of the page.

    Attributes
    ----------
    boxes
        The filters, by the names under which the address has them.
    table
        The posts that they let through.
    pointed
        The chart whose points choose posts; made by `build`.
    page
        The whole page as a widget.
    """

    pointed: Chart

    def __init__(self, opened: Opened, title: str) -> None:
        self.opened = opened
        self.zone = ZoneInfo(opened.timezone)
        self.posts = self.open_posts()
        address = opened.request.address
        run = opened.run.folder.name
        self.address = Address(address, title=title, on_back=self.go_back, same={"run": run})
        self.boxes: dict[str, widgets.Widget] = {
            "since": widgets.DatePicker(value=_day(address.get("since")), description="From"),
            "until": widgets.DatePicker(value=_day(address.get("until")), description="Before"),
            **(own := self.own_boxes(address)),
        }
        self._own = list(own)
        for name, said in (("source", "Source"), ("lang", "Language")):
            if name in self.posts.columns:
                self.boxes[name] = pick(said, self._values(name), address.get(name, ""))
        if "sentiment_label" in self.posts.columns:
            self.boxes["label"] = pick("Feeling", _LABELS, address.get("label", ""))
        wanted = replace(self.filter(), words=address.get("words", ""))
        self.clear = widgets.Button(description="Clear filters")
        self.clear.on_click(lambda _button: self._clear())
        self.table = PostsTable(
            self.posts,
            wanted,
            timezone=opened.timezone,
            file=f"{opened.run.folder.parent.name}-{run}-posts",
            on_change=self.note,
            hidden=self._hidden(),
            withheld=self.withheld(),
        )
        self._following = True
        self.table.order, self.table.descending = read_order(address.get("order", ""))
        self.build()
        self._hint = self.pointed.hint
        self._show_posts(page=page_number(address))
        for box in self.boxes.values():
            box.observe(lambda _change: self._follow(), "value")
        self.page = self.lay_out()

    def filters(self) -> widgets.Widget:
        """Give the boxes in a row, and the button that empties them."""
        return bar(*self.boxes.values(), self.clear)

    def open_posts(self) -> PostsFile:
        """Give the posts that the page is over."""
        return PostsFile(self.opened.posts)

    def withheld(self) -> tuple[str, ...]:
        """Give the columns of posts that nobody may see here."""
        return ()

    def own_boxes(self, address: Mapping[str, str]) -> dict[str, widgets.Widget]:
        """Give the filters that this page has beside those of all pages."""
        del address
        return {}

    @abstractmethod
    def build(self) -> None:
        """Make the charts."""

    @abstractmethod
    def redraw(self) -> None:
        """Draw the charts anew after a filter changed."""

    def narrow(self, wanted: Filter) -> tuple[Filter, str]:
        """Give what the page's own filters mean for its posts, and say it in words."""
        return wanted, ""

    def whole(self) -> int:
        """Of how many posts some are shown, where the page's own filters leave out posts that it cannot show; else 0."""
        return 0

    @abstractmethod
    def lay_out(self) -> widgets.Widget:
        """Put the page together."""

    def filter(self) -> Filter:
        """Give what the filters of all pages mean, but for feelings, which charts show anyway."""
        since, until = (
            datetime.combine(box.value, time(), self.zone) if box.value else None
            for box in (self.boxes["since"], self.boxes["until"])
        )
        return Filter(
            source=self._chosen("source"),
            lang=self._chosen("lang"),
            since=since,
            until=until,
        )

    def note(self) -> None:
        """Put what is shown into the address, and say it where the boxes are: the posts may stand below the screen."""
        self._tell()
        values = {
            name: box.value.isoformat() if isinstance(box.value, date) else box.value or ""
            for name, box in self.boxes.items()
        }
        values["page"] = str(self.table.page) if self.table.page > 1 else ""
        values["order"] = write_order(self.table)
        values["words"] = self.table.wanted.words
        # A link shows others the same posts, though there is a newer run then; a page that was not touched stays the newest.
        touched = any(values.values()) or "run" in self.opened.request.address
        self.address.note(**values, run=self.opened.run.folder.name if touched else "")

    def search(self, words: str) -> None:
        """Show the posts with some words."""
        wanted = replace(self.table.wanted, words=words)
        about, whole = self.table.about, self.table.whole
        self._attempt(lambda: self.table.show(wanted, about=about, whole=whole))
        self.note()

    def go_back(self, state: dict[str, str]) -> None:
        """Show what an earlier address said."""
        self._following = False
        for name, box in self.boxes.items():
            value = state.get(name, "")
            if isinstance(box, widgets.DatePicker):
                box.value = _day(value)
            else:
                box.value = value if value in {one for _, one in box.options} else ""
        self._following = True
        self.table.wanted = replace(self.table.wanted, words=state.get("words", ""))
        self.table.order, self.table.descending = read_order(state.get("order", ""))
        self._attempt(lambda: self._show(page=page_number(state)))

    def run_again(self) -> list[widgets.Widget]:
        """Give the form that runs the report again; nothing for those who may not."""
        if not self.opened.request.access.may_run:
            return []
        button = widgets.ToggleButton(value=False, description="Run again with other parameters")
        place = widgets.VBox([])

        def toggle(change: Mapping[str, bool]) -> None:
            if not change["new"]:
                place.children = []
                return
            # Made when it is asked for: reading the parameters of a report needs the catalog.
            from murmuration.dashboards.rerun import RunAgain

            form = RunAgain(
                self.opened,
                on_done=lambda run: self.address.go(run=run),
                sources=[one for one, _ in self.posts.list_values("source") if one != UNKNOWN],
            )
            place.children = [form.widget]

        button.observe(toggle, "value")
        parts = [section("Another run"), button, place]
        return [part.add_class("mm-screen") for part in parts]

    def _follow(self) -> None:
        if self._following:
            self._attempt(self._show)
            self.note()

    def _tell(self) -> None:
        filtered = any(box.value for box in self.boxes.values()) or self.table.wanted.words
        self.clear.layout.display = "" if filtered else "none"
        chosen = any(self._chosen(name) for name in self._own)
        self.pointed.hint = f"{self.table.shown['told']} See Posts below." if chosen else self._hint

    def _clear(self) -> None:
        self.go_back({"order": write_order(self.table)})
        self.note()

    def _show(self, *, page: int = 1) -> None:
        self.redraw()
        self._show_posts(page=page)

    def _attempt(self, change: Callable[[], None]) -> None:
        """Change what is shown, or say in a sentence why that cannot be: the run may be gone meanwhile."""
        try:
            change()
        except (MurmurationError, OSError, ValueError) as err:
            self.table.send({"problem": describe_problem(err)})

    def _show_posts(self, *, page: int = 1) -> None:
        wanted, about = self.narrow(self.filter())
        wanted = replace(wanted, label=self._chosen("label"), words=self.table.wanted.words)
        kept = ", ".join(tidy(one) for name in _KEPT if (one := self._chosen(name)))
        about = f"{about} ({kept})".strip() if kept else about
        self.table.show(wanted, about=about, page=page, whole=self.whole())
        self._tell()

    def _values(self, name: str) -> list[tuple[str, str]]:
        return [
            (f"{tidy(value, longest=40)} ({number:,})", value)
            for value, number in self.posts.list_values(name)[:_SHOWN]
        ]

    def _chosen(self, name: str) -> str:
        return str(self.boxes[name].value) if name in self.boxes else ""

    def _hidden(self) -> tuple[str, ...]:
        """Columns that would say the same of every post."""
        return ("source",) if len(self.posts.list_values("source")) < 2 else ()


_NEWEST_FIRST = ("created_at", True)
_UP = "-up"  # after the name of a column: its smallest value first


def write_order(table: PostsTable) -> str:
    """Say in a word in which order posts are shown; nothing for the newest first."""
    if (table.order, table.descending) == _NEWEST_FIRST:
        return ""
    return table.order if table.descending else f"{table.order}{_UP}"


def read_order(text: str) -> tuple[str, bool]:
    """Read what `write_order` wrote: column, and whether its greatest value comes first."""
    name = text.removesuffix(_UP)
    return (name, name == text) if name in ORDERS else _NEWEST_FIRST


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
