"""The pieces of the dashboards for notebooks: posts to look into, and how they feel over time."""

import tempfile
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from murmuration.dashboards.chart import Chart
from murmuration.dashboards.page import bar, page_of, pick
from murmuration.dashboards.posts_file import Filter, PostsFile
from murmuration.dashboards.posts_widget import PostsTable
from murmuration.errors import SchemaError
from murmuration.frames import to_pandas
from murmuration.schema import check_columns
from murmuration.show.brand_figures import plot_over_time
from murmuration.trends import (
    assign_steps,
    choose_bucket,
    estimate_sentiment,
    fill_periods,
    list_periods,
    list_posts,
)

_TEXTS = ("source", "post_id", "author_key", "lang", "sentiment_label", "url", "text")
_ALL = "posts"
_ROW_GROUP = 16_384


def posts_table(posts: Any, *, timezone: str = "UTC") -> PostsTable:
    """Give posts as a table to sort, page, search and take along.

    Parameters
    ----------
    posts
        pandas or Dask frame (computed) with `text` and `created_at`, and whatever there is of `author_key`,
        `source`, `lang`, `sentiment`, `sentiment_label`, `url`, counts of reactions.
    timezone
        Whose clock is shown.

    Returns
    -------
    PostsTable
        A widget; shown by the cell that it ends.
    """
    return PostsTable(_keep(posts), timezone=timezone)


def sentiment_explorer(posts: Any, *, timezone: str = "UTC") -> widgets.Widget:
    """Give scored posts as a chart over time whose points open the posts behind them.

    Parameters
    ----------
    posts
        As for `posts_table`, with `sentiment` and `sentiment_label` (`murmuration.sentiment.score_posts`).
    timezone
        Whose days count.

    Returns
    -------
    ipywidgets.Widget
        Shown by the cell that it ends.
    """
    frame = to_pandas(posts)
    check_columns(
        frame.columns,
        ["sentiment", "sentiment_label", "created_at", "text"],
        what="sentiment_explorer",
    )
    kept = _keep(frame)
    table = PostsTable(kept, timezone=timezone)
    moments = pd.to_datetime(frame["created_at"].dropna().astype("datetime64[us, UTC]"))
    if moments.empty:
        return page_of(table)
    since, until = moments.min(), moments.max() + pd.Timedelta("1us")
    bucket = choose_bucket(since, until)
    stepped = assign_steps(frame.assign(brand=_ALL), bucket=bucket, timezone=timezone)
    levels = estimate_sentiment(stepped, by=["brand", "period_start"])
    periods = list_periods(since, until, bucket=bucket, timezone=timezone)
    levels = fill_periods(levels, periods, groups=[_ALL])
    label = pick("Feeling", [(one, one) for one, _ in kept.list_values("sentiment_label")], "")
    wanted: dict[str, Any] = {}

    def show() -> None:
        table.show(Filter(label=label.value, **wanted))

    def open_step(click: Any) -> None:
        walls = periods.tz_convert(timezone).tz_localize(None)
        found = (walls == pd.Timestamp(str(click.get("x")))).nonzero()[0]
        if len(found):
            at = int(found[0])
            ends = periods[at + 1] if at + 1 < len(periods) else until
            wanted.update(since=periods[at], until=ends)
            show()

    label.observe(lambda _change: show(), "value")
    figure = plot_over_time(
        levels, names={_ALL: "the posts"}, brand=_ALL, bucket=bucket, timezone=timezone
    )
    chart = Chart(figure, hint="Click a point to read the posts of that time.", on_click=open_step)
    return page_of(chart, bar(label), table)


def _keep(posts: Any) -> PostsFile:
    """Write posts where the table reads them; the file is gone with the process."""
    frame = list_posts(to_pandas(posts))
    check_columns(frame.columns, ["text", "created_at"], what="posts_table")
    columns = {}
    for name in _TEXTS:
        values = (
            frame[name].astype("string")
            if name in frame
            else pd.Series(None, frame.index, dtype="string")
        )
        columns[name] = pa.array(values, pa.string(), from_pandas=True)
    for name, kind in (("sentiment", pa.float64()), ("engagement", pa.int64())):
        numbers = (
            pd.to_numeric(frame[name])
            if name in frame
            else pd.Series(None, frame.index, dtype="Float64")
        )
        columns[name] = pa.array(
            numbers.astype("Float64" if kind == pa.float64() else "Int64"), kind, from_pandas=True
        )
    try:
        times = pd.to_datetime(frame["created_at"], utc=True).astype("datetime64[us, UTC]")
    except (TypeError, ValueError) as err:
        raise SchemaError("posts_table: `created_at` holds something that is no time.") from err
    columns["created_at"] = pa.array(times, pa.timestamp("us", tz="UTC"), from_pandas=True)
    table = pa.table(columns)
    table = table.filter(table["created_at"].is_valid()).sort_by("created_at")
    folder = tempfile.TemporaryDirectory(prefix="murmuration-posts-")
    path = Path(folder.name) / "posts.parquet"
    pq.write_table(table, path, compression="zstd", row_group_size=_ROW_GROUP)
    kept = PostsFile(path)
    kept.holds = folder
    return kept
