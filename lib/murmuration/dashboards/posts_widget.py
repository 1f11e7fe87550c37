"""Posts to look into: sorted, paged, searched, and to be taken along."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import anywidget
import pyarrow.csv as csv
import pyarrow.parquet as pq
import traitlets

from murmuration.dashboards.chart import WEB
from murmuration.dashboards.posts_file import ORDERS, Filter, Places, PostsFile
from murmuration.errors import MurmurationError
from murmuration.show.posts import read_escapes
from murmuration.show.words import count, score

PAGE = 20
MOST = 100_000  # posts of one download
_WEB = ("https://", "http://")
_LONGEST = 2_000  # letters of a post that are shown
_COLUMNS = (
    {"name": "text", "title": "Post", "order": ""},
    {"name": "created_at", "title": "When", "order": "created_at"},
    {"name": "author_key", "title": "Author", "order": ""},
    {"name": "source", "title": "Source", "order": ""},
    {"name": "sentiment", "title": "Sentiment", "order": "sentiment"},
    {"name": "engagement", "title": "Reactions", "order": "engagement"},
    {"name": "url", "title": "Link", "order": ""},
)
_KINDS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class PostsTable(anywidget.AnyWidget):
    """A table of the posts of a run.

    Parameters
    ----------
    posts
        Where they are.
    wanted
        Which of them.
    timezone
        Whose clock is shown.
    on_change
        Told when the person sorts, pages or searches.
    hidden
        Columns that are left out of the page.
    withheld
        Columns that are left out of what is taken along as well.
    file
        Name of the file that is taken along, without its ending.
    """

    _esm = WEB / "posts.js"
    _css = WEB / "piece.css"
    shown = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        posts: PostsFile,
        wanted: Filter | None = None,
        *,
        timezone: str = "UTC",
        on_change: Callable[[], None] = lambda: None,
        hidden: Sequence[str] = (),
        withheld: Sequence[str] = (),
        file: str = "posts",
    ) -> None:
        self._file = file
        self._posts, self._zone, self._on_change = posts, ZoneInfo(timezone), on_change
        self._withheld = frozenset(withheld)
        self._columns = [one for one in _COLUMNS if one["name"] not in {*hidden, *withheld}]
        self.wanted = wanted or Filter()
        self.about, self.whole = "", 0
        self.page, self.order, self.descending = 1, "created_at", True
        self._places: Places = posts.select(self.wanted)
        self._sorted: Places | None = None
        self._turn = 0
        super().__init__(shown={})
        self._draw()
        self.on_msg(lambda _widget, message, _buffers: self._hear(message))

    @property
    def count(self) -> int:
        """How many posts are meant."""
        return len(self._places)

    def show(self, wanted: Filter, *, about: str = "", page: int = 1, whole: int = 0) -> None:
        """Show other posts.

        Parameters
        ----------
        wanted
            Which.
        about
            What they are, for the line above the table.
        page
            Which page of them.
        whole
            Of how many posts, where not all of them can be shown; 0 where all can.
        """
        self.wanted, self.about, self.page, self.whole = wanted, about, page, whole
        self._places, self._sorted = self._posts.select(wanted), None
        self._draw()

    def arrange(self, order: str, *, descending: bool) -> None:
        """Sort by one of the columns `ORDERS`."""
        if order in ORDERS:
            self.order, self.descending, self.page = order, descending, 1
            self._sorted = None
            self._draw()

    def _hear(self, message: Mapping[str, Any]) -> None:
        try:
            if "download" in message:
                self._deliver(str(message["download"]))
                return
            if "words" in message:
                words = str(message["words"])[:200]
                self.show(replace(self.wanted, words=words), about=self.about, whole=self.whole)
            elif "order" in message:
                self.arrange(str(message["order"]), descending=bool(message.get("descending")))
            elif "page" in message:
                self.page = int(message["page"])
                self._draw()
            self._on_change()
        except (MurmurationError, OSError, ValueError) as err:
            self.send({"problem": describe_problem(err)})

    def _draw(self) -> None:
        if self._sorted is None:
            self._sorted = self._posts.sort(self._places, by=self.order, descending=self.descending)
        pages = max(1, -(-len(self._sorted) // PAGE))
        self.page = min(max(self.page, 1), pages)
        rows = self._posts.read(self._sorted[(self.page - 1) * PAGE : self.page * PAGE])
        self._turn += 1
        self.shown = {
            "turn": self._turn,
            "rows": [self._row(row) for row in rows],
            "columns": self._columns,
            "page": self.page,
            "pages": pages,
            "where": f"page {self.page:,} of {pages:,}",
            "order": self.order,
            "descending": self.descending,
            "words": self.wanted.words,
            "caption": "Posts; the column names sort",
            "told": self._told(),
        }

    def _told(self) -> str:
        number = f"{self.count:,} of {count(self.whole, 'post')}" if self.whole else count(self.count, "post")  # fmt: skip
        found = f"{number}{f' {self.about}' if self.about else ''}"
        if self.wanted.words.strip():
            found += f" with “{self.wanted.words.strip()}”"
        since, until = self.wanted.since, self.wanted.until
        if since and until and until <= since:
            return f"{found}: the days that were chosen exclude each other. Clear one of them."
        if not self.count:
            return f"{found}. Widen the filters or take the search words away."
        return f"{found}."

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        text = read_escapes(row.get("text") or "")
        url = str(row.get("url") or "")
        reactions = row.get("engagement")
        shown = {
            "text": text[:_LONGEST] + ("…" if len(text) > _LONGEST else ""),
            "created_at": f"{row['created_at'].astimezone(self._zone):%-d %b %Y, %H:%M}",
            "author_key": (row.get("author_key") or "unknown")[:8],
            "source": row.get("source") or "",
            "sentiment": "–" if row.get("sentiment") is None else score(row["sentiment"]),
            "engagement": "–" if reactions is None else f"{reactions:,}",
            "url": url if url.lower().startswith(_WEB) else "",
        }
        return {name: value for name, value in shown.items() if name not in self._withheld}

    def _deliver(self, kind: str) -> None:
        """Send the posts that are meant to the browser, as a file."""
        if kind not in _KINDS or self._sorted is None:
            return
        if self.count > MOST:
            self.send(
                {
                    "problem": f"These are {self.count:,} posts; at most {MOST:,} can be taken along at once. Filter "
                    "them, or read tables/posts.parquet in the run's folder."
                }
            )
            return
        table = self._posts.table(self._sorted)
        table = table.drop_columns([one for one in table.column_names if one in self._withheld])
        made = io.BytesIO()
        if kind == "csv":
            csv.write_csv(_plain(table), made)
        else:
            pq.write_table(table, made, compression="zstd")
        self.send({"file": f"{self._file}.{kind}", "kind": _KINDS[kind]}, buffers=[made.getvalue()])


def _plain(table: Any) -> Any:
    """Give a table as CSV may hold it: texts that a spreadsheet would run get an apostrophe before them."""
    import pyarrow as pa

    for at, field in enumerate(table.schema):
        column = table.column(at)
        if pa.types.is_dictionary(field.type):
            column = column.cast(pa.string())
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            values = [
                f"'{value}" if value and value.startswith(_FORMULA) else value
                for value in column.to_pylist()
            ]
            column = pa.array(values, pa.string())
        table = table.set_column(at, field.name, column)
    return table


def describe_problem(error: Exception) -> str:
    """Say what went wrong as a viewer may read it: our own sentences, and nothing of others."""
    if isinstance(error, MurmurationError):
        return str(error)
    if isinstance(error, OSError):
        return "The folder of this run is gone or cannot be read. Open the newest run instead."
    return "This did not work. Load the page again; if it stays so, tell whoever runs these dashboards."
