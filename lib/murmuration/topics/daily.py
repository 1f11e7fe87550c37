"""Posts by day and topic: what each topic is counted by, and who wrote it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.errors import ParamError, SchemaError
from murmuration.frames import is_dask
from murmuration.schema import check_columns
from murmuration.trends.periods import assign_steps, list_periods

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

_WHO = ("author_key", "lang", "source", "text_hash")
_EVENING = pd.Timedelta(hours=21)  # a day with posts after this is over


@dataclass(frozen=True, slots=True)
class Tally:
    """Posts by day and topic.

    Attributes
    ----------
    rows
        One row for all posts that have `day`, `topic`, `author_key`, `lang`, `source` and `text_hash` in common, as far as
        these are known, and `posts`, their number or weight.
    days
        Starts of all days, in order, without those that are not over.
    window
        How many of the last days are recent; the others are the baseline.
    timezone
        Whose days they are.
    """

    rows: pd.DataFrame
    days: pd.DatetimeIndex
    window: int
    timezone: str = "UTC"

    @property
    def weekdays(self) -> npt.NDArray[np.int64]:
        """Day of the week of each day, Monday 0."""
        return np.asarray(self.days.tz_convert(self.timezone).day_of_week, dtype=np.int64)

    @property
    def recent(self) -> pd.DataFrame:
        """Rows of the recent days."""
        return self.rows[self.rows["day"] >= self.days[self.n_baseline]]

    @property
    def n_baseline(self) -> int:
        """How many days are learned from."""
        return len(self.days) - self.window

    def as_matrix(self, topics: "pd.Index[Any]") -> Floats:
        """Give the posts of topics on days, shape (n_topics, n_days)."""
        matrix = np.zeros((len(topics), len(self.days)))
        places = (
            topics.get_indexer(pd.Index(self.rows["topic"])),
            self.days.get_indexer(pd.DatetimeIndex(self.rows["day"])),
        )
        there = (places[0] >= 0) & (places[1] >= 0)
        posts = self.rows["posts"].to_numpy(dtype=float)
        np.add.at(matrix, (places[0][there], places[1][there]), posts[there])
        return matrix


def tally_posts(
    assigned: Any,
    *,
    window: int,
    baseline: int,
    timezone: str,
    weight: str | None,
    until: datetime | None,
) -> Tally:
    """Count posts by day, topic and who wrote them; computes a Dask frame.

    Parameters
    ----------
    assigned
        pandas or Dask frame with `created_at` and `topic`; `author_key`, `lang`, `source` and `text_hash` are used where
        they are there.
    window, baseline
        Recent days, and days before them.
    timezone
        Whose days count.
    weight
        The column that says how many posts a row stands for; None for one each.
    until
        End of the last day; the end of the last day that is over unless given.
    """
    needed = ["created_at", "topic", *([weight] if weight else [])]
    check_columns(assigned.columns, needed, what="find_emerging")
    names = [*needed, *(name for name in _WHO if name in assigned.columns)]
    part = assigned[names]
    if is_dask(part):
        meta = _tally(part._meta, timezone, weight)  # noqa: SLF001
        rows = part.map_partitions(_tally, timezone, weight, meta=meta).compute()
    else:
        rows = _tally(part, timezone, weight)
    end = _find_end(rows, timezone, until)
    rows = rows[rows["day"] < end]
    if rows.empty:
        raise SchemaError(
            "find_emerging found no post with a time and a topic before the end of its period. Give it posts with "
            "`created_at`, and an `until` after the first of them."
        )
    first = max(rows["day"].min(), end - pd.Timedelta(days=window + baseline + 1))
    days = list_periods(first, end, bucket="day", timezone=timezone)[-(window + baseline) :]
    return Tally(rows[rows["day"] >= days[0]], days, min(window, len(days)), timezone)


def move_topics(tally: Tally, moves: Mapping[int, Mapping[int, float]]) -> Tally:
    """Count what earlier topics had before as that of those that came of them.

    Parameters
    ----------
    tally
        Posts by day and topic.
    moves
        For an earlier topic which topics it went into, and which share of it each took.
    """
    if not moves:
        return tally
    rows = tally.rows
    recent = rows["day"] >= tally.days[tally.n_baseline]
    moved = rows["topic"].isin(list(moves)) & ~recent
    old = rows[moved]
    parts = []
    for before, shares in moves.items():
        earlier = old[old["topic"] == before]
        for after, share in shares.items():
            parts.append(earlier.assign(topic=after, posts=earlier["posts"] * share))
    return replace(tally, rows=pd.concat([rows[~moved], *parts], ignore_index=True))


def _tally(part: pd.DataFrame, timezone: str, weight: str | None) -> pd.DataFrame:
    there = part[part["created_at"].notna() & part["topic"].notna()]
    steps = assign_steps(there, bucket="day", timezone=timezone)
    posts = there[weight].fillna(0).astype(float) if weight else np.ones(len(there))
    keys = ["day", "topic", *(name for name in _WHO if name in part)]
    created = steps["created_at"].astype("datetime64[us, UTC]")
    rows = steps.assign(
        day=steps["period_start"].astype("datetime64[us, UTC]"),
        topic=there["topic"].astype("int64"),
        posts=posts,
        last=created,
    )
    groups = rows.groupby(keys, sort=False, dropna=False, observed=True)
    return groups.agg(posts=("posts", "sum"), last=("last", "max")).reset_index()


def _find_end(rows: pd.DataFrame, timezone: str, until: datetime | None) -> pd.Timestamp:
    """End of the last day: a day that is not over would look as if all topics faded."""
    if until is not None:
        if until.tzinfo is None:
            raise ParamError(
                f"find_emerging: until is {until} without a time zone. Say tzinfo=UTC to mean UTC."
            )
        return pd.Timestamp(until).tz_convert("UTC").as_unit("us")
    if rows.empty:
        return pd.Timestamp(0, tz="UTC")
    last = rows["last"].max()
    day = last.tz_convert(timezone).normalize()
    over = last - day >= _EVENING or (rows["day"] >= day).all()
    end: pd.Timestamp = (day + pd.DateOffset(days=int(over))).tz_convert("UTC").as_unit("us")
    return end
