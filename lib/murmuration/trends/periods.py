"""Windows of time cut into hours, days, weeks or months of a time zone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd

from murmuration.schema import check_columns

Bucket = Literal["hour", "day", "week", "month"]


def assign_period(posts: pd.DataFrame, *, start: datetime) -> pd.DataFrame:
    """Add `period`: ``this`` for posts created from `start` on, ``before`` for earlier ones."""
    check_columns(posts.columns, ["created_at"], what="assign_period")
    later = (posts["created_at"] >= pd.Timestamp(start)).fillna(False).astype(bool)
    return posts.assign(period=later.map({True: "this", False: "before"}))


def choose_bucket(since: datetime, until: datetime) -> Bucket:
    """Give the length of a step in time that makes a readable chart of a window."""
    days = (until - since).total_seconds() / 86_400
    if days <= 3:
        return "hour"
    return "day" if days <= 92 else "week" if days <= 800 else "month"


def assign_steps(posts: pd.DataFrame, *, bucket: Bucket, timezone: str) -> pd.DataFrame:
    """Add `period_start`, the local start of the hour, day, week (Monday) or month, as UTC time."""
    check_columns(posts.columns, ["created_at"], what="assign_steps")
    created = pd.to_datetime(posts["created_at"].astype("datetime64[us, UTC]"))
    return posts.assign(period_start=_floor(pd.DatetimeIndex(created), bucket, timezone))


def list_periods(
    since: datetime, until: datetime, *, bucket: Bucket, timezone: str
) -> pd.DatetimeIndex:
    """Give the starts of all periods of a window, those without posts too, as UTC times."""
    step = {"hour": "1h", "day": "12h", "week": "3D", "month": "14D"}[bucket]
    moments = pd.date_range(since, until, freq=step, inclusive="left", tz=None).tz_convert("UTC")
    return pd.DatetimeIndex(_floor(moments, bucket, timezone).unique().sort_values())


def _floor(moments: pd.DatetimeIndex, bucket: Bucket, timezone: str) -> pd.DatetimeIndex:
    if bucket == "hour":
        return moments.floor("h")
    local = moments.tz_convert(ZoneInfo(timezone)).tz_localize(None).normalize()
    if bucket == "week":
        local = local - pd.to_timedelta(local.dayofweek, unit="D")
    elif bucket == "month":
        local = local - pd.to_timedelta(local.day - 1, unit="D")
    aware = local.tz_localize(ZoneInfo(timezone), ambiguous=True, nonexistent="shift_forward")
    return aware.tz_convert(UTC)


def fill_periods(
    levels: pd.DataFrame, periods: pd.DatetimeIndex, *, groups: Sequence[str], by: str = "brand"
) -> pd.DataFrame:
    """Add rows with zero posts for periods of a group in which there were none.

    Parameters
    ----------
    levels
        From `estimate_sentiment`, by `by` and `period_start`.
    periods
        All periods there are, from `list_periods`.
    groups
        All values of `by` there are.
    """
    counts = ["posts", "scored", "authors", "negative", "neutral", "positive"]
    index = pd.MultiIndex.from_product([groups, periods], names=[by, "period_start"])
    whole = index.to_frame(index=False)
    there = levels.assign(
        **{
            by: levels[by].astype(whole[by].dtype),
            "period_start": levels["period_start"].astype(whole["period_start"].dtype),
        }
    )
    return whole.merge(there, on=[by, "period_start"], how="left").fillna(dict.fromkeys(counts, 0))
