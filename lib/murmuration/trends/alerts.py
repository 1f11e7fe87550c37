"""Alerts of a brand: spikes at the end of a period, with what drives them and the posts to read."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from murmuration.frames import TEXTS
from murmuration.schema import check_columns
from murmuration.trends.periods import Bucket, assign_steps, list_periods
from murmuration.trends.reading import count_engagement, find_engaged_posts, find_telling_posts
from murmuration.trends.spike_drivers import BEFORE, find_spike_drivers, is_about
from murmuration.trends.spikes import SpikeParams, find_spikes

ALERT_HISTORY = 30  # days before: 28 that say what is usual, the day between, and one that is cut
_LEAST_AN_HOUR = 1.0  # posts; under this an hour says next to nothing, and days are looked at
_LENGTHS: dict[Bucket, pd.Timedelta] = {"hour": pd.Timedelta(hours=1), "day": pd.Timedelta(days=1)}


def find_alerts(
    posts: pd.DataFrame,
    brand: str,
    *,
    begin: datetime,
    since: datetime,
    until: datetime,
    bucket: Bucket = "hour",
    timezone: str = "UTC",
    params: SpikeParams | None = None,
) -> pd.DataFrame:
    """Find the spikes of a brand.

    Parameters
    ----------
    posts
        Scored posts with `created_at`, `brands` (`murmuration.text.assign_brands`), `sentiment_label`.
    brand
        Key of the brand.
    begin
        When the posts begin, or are known to be whole; what lies before is not taken for silence.
    since, until
        Spikes are looked for from the one to the other; what lies before says what is usual.
    bucket
        ``hour`` or ``day``, see `choose_alert_bucket`.
    timezone
        Whose hours and days count.
    params
        When a brand has a spike; the defaults with this zone unless given.

    Returns
    -------
    pandas.DataFrame
        As `find_spikes` does, with `ongoing`: whether it was not yet seen to be over at `until`.
    """
    check_columns(posts.columns, ["created_at", "brands", "sentiment_label"], what="find_alerts")
    params = params or SpikeParams(timezone=timezone)
    mine = posts[is_about(posts, brand)]
    series = _count(mine, begin=begin, until=until, bucket=bucket, timezone=timezone)
    spikes = find_spikes(series.assign(brand=brand), params, since=since)
    over = spikes["ended"] + (params.grace + 1) * _LENGTHS[bucket] <= pd.Timestamp(until)
    return spikes.assign(ongoing=~over.to_numpy(dtype=bool))


def choose_alert_bucket(
    posts: pd.DataFrame, brand: str, *, begin: datetime, until: datetime
) -> Bucket:
    """Give the step in time in which alerts are looked for: an hour, or a day where a brand has less than a post an hour."""
    count, hours = int(is_about(posts, brand).sum()), (until - begin).total_seconds() / 3600
    return "hour" if hours > 0 and count / hours >= _LEAST_AN_HOUR else "day"


def _count(
    posts: pd.DataFrame, *, begin: datetime, until: datetime, bucket: Bucket, timezone: str
) -> pd.DataFrame:
    """Count posts by step, those without posts too; the first step is whole."""
    first, last = pd.Timestamp(begin), pd.Timestamp(max(begin, until))
    starts = list_periods(begin, last, bucket=bucket, timezone=timezone).as_unit("us")
    starts = starts[starts >= first]
    stepped = assign_steps(posts, bucket=bucket, timezone=timezone)
    labels = stepped["sentiment_label"]
    counted = pd.DataFrame(
        {
            "period_start": pd.DatetimeIndex(stepped["period_start"]).as_unit("us"),
            "posts": 1,
            "scored": labels.notna().to_numpy(dtype=np.int64),
            "negative": (labels == "negative").fillna(False).to_numpy(dtype=np.int64),
        }
    )
    table = counted.groupby("period_start").sum().reindex(starts, fill_value=0)
    return table.rename_axis("period_start").reset_index()


def find_posts_near(posts: pd.DataFrame, alerts: pd.DataFrame) -> pd.DataFrame:
    """Give the posts of the alerts and of the week before each."""
    created = posts["created_at"].astype("datetime64[us, UTC]")
    near = np.zeros(len(posts), dtype=bool)
    for began, ended in zip(alerts["began"], alerts["ended"], strict=True):
        inside = (created >= began - BEFORE) & (created < ended)
        near |= inside.fillna(False).to_numpy(dtype=bool)
    return posts[near]


def find_alert_drivers(
    alerts: pd.DataFrame, posts: pd.DataFrame, *, topics: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Put beside each alert what drives it.

    Parameters
    ----------
    alerts
        From `find_alerts`.
    posts
        From `find_posts_near`; with `topic` where topics are known.
    topics
        Their labels: `topic`, `label`.

    Returns
    -------
    pandas.DataFrame
        `alerts` with `terms`, `shared_copies` (how often the most shared text is there; 0 for less than three times),
        `top_text_share`, `authors`, `top_author_share`, `driven_by`, `langs`, `brands` and `topics` (labels), see
        `find_spike_drivers`; and `shared_posts`, ids for `find_alert_posts`.
    """
    found = find_spike_drivers(posts, alerts).drop(columns=["brand", "began"])
    named = {} if topics is None else dict(zip(topics["topic"], topics["label"], strict=True))
    labels = [[str(named[one]) for one in row if one in named] for row in found["topics"]]
    copies = [max(row, default=0) for row in found["shared_copies"]]
    found["topics"] = pd.array(pa.array(labels, TEXTS.pyarrow_dtype), dtype=TEXTS)
    found["shared_copies"] = np.array(copies, dtype=np.int64)
    return pd.concat([alerts.reset_index(drop=True), found], axis=1)


def find_alert_posts(posts: pd.DataFrame, alerts: pd.DataFrame, *, count: int = 5) -> pd.DataFrame:
    """Find the posts of each alert to read: those that are shared most, then those that say what many say.

    Parameters
    ----------
    posts
        Those that `find_alert_drivers` was given.
    alerts
        From `find_alert_drivers`.
    count
        How many of each alert, at most.

    Returns
    -------
    pandas.DataFrame
        Rows of `posts` with `why` (``alert``), `rank` (from 1, the severest alert first) and `engagement`.
    """
    ordered = alerts.sort_values(["severity", "began"], ascending=[False, True], kind="stable")
    parts = [_read_one(posts, row, count) for row in ordered.to_dict("records")]
    found = pd.concat(parts) if parts else posts.iloc[:0]
    found = found[~found.index.duplicated()]
    ranks = range(1, len(found) + 1)
    return found.assign(why="alert", rank=ranks, engagement=count_engagement(found))


def _read_one(posts: pd.DataFrame, alert: dict[Any, Any], count: int) -> pd.DataFrame:
    created = posts["created_at"].astype("datetime64[us, UTC]")
    inside = posts[
        is_about(posts, alert["brand"]) & (created >= alert["began"]) & (created < alert["ended"])
    ]
    shared = inside[inside["post_id"].isin(list(alert["shared_posts"]))]
    terms = pd.DataFrame({"term": list(alert["terms"]), "z": 1.0})
    telling = find_telling_posts(inside, terms, count=count).drop(columns="telling")
    engaged = find_engaged_posts(inside, count=count).drop(columns="engagement")
    found: pd.DataFrame = pd.concat([shared.head((count + 1) // 2), telling, engaged])
    return found[~found.index.duplicated()].head(count)
