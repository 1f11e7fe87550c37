"""Windows of time cut into hours, days, weeks or months of a time zone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd

from murmuration.frames import TEXT, Frame, map_rows
from murmuration.schema import check_columns

Bucket = Literal["hour", "day", "week", "month"]


def assign_period(posts: Frame, *, start: datetime) -> Frame:
    """Add `period`: ``this`` for posts created from `start` on, ``before`` for earlier ones.

    Null where it is not known when a post was created. Keeps the kind of frame, and lazy ones lazy.
    """

    def assigned(part: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, ["created_at"], what="assign_period")
        created = part["created_at"].astype("datetime64[us, UTC]")
        later = (created >= pd.Timestamp(start)).map({True: "this", False: "before"}).astype(TEXT)
        return part.assign(period=later.where(created.notna(), None))

    return map_rows(posts, assigned)


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
    # Shorter than any period, so that none is stepped over.
    step = {"hour": "15min", "day": "12h", "week": "3D", "month": "14D"}[bucket]
    start, end = pd.Timestamp(since).tz_convert("UTC"), pd.Timestamp(until).tz_convert("UTC")
    moments = pd.date_range(start, end, freq=step, inclusive="left").to_list()
    if moments:
        moments.append(end - pd.Timedelta("1us"))
    starts = _floor(pd.DatetimeIndex(moments, tz="UTC"), bucket, timezone)
    return pd.DatetimeIndex(starts.unique().sort_values())


def find_bucket(period_starts: "pd.Series[Any]") -> Bucket:
    """Give the length of the steps in time of a table that lists all of them."""
    gap = pd.to_datetime(period_starts).drop_duplicates().sort_values().diff().min()
    if pd.isna(gap):
        return "day"
    days = gap / pd.Timedelta(days=1)
    # The clocks change by an hour at most, once in a period.
    return "hour" if days < 0.5 else "day" if days < 3 else "week" if days < 14 else "month"


def _floor(moments: pd.DatetimeIndex, bucket: Bucket, timezone: str) -> pd.DatetimeIndex:
    zone = ZoneInfo(timezone)
    if bucket == "hour":
        return _floor_hour(moments, zone)
    local = moments.tz_convert(zone).tz_localize(None).normalize()
    if bucket == "week":
        local = local - pd.to_timedelta(local.day_of_week, unit="D")
    elif bucket == "month":
        local = local - pd.to_timedelta(local.day - 1, unit="D")
    aware = local.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return aware.tz_convert(UTC)


def _floor_hour(moments: pd.DatetimeIndex, zone: ZoneInfo) -> pd.DatetimeIndex:
    """Give the start of the local hour, which in India is a half hour of UTC."""
    offset = _offset(moments, zone)
    starts = moments - ((moments + offset) - (moments + offset).floor("h"))
    # Where the clocks change within the hour (Lord Howe), a new one begins.
    odd = (_offset(starts, zone) != offset) & starts.notna()
    for start in starts[odd].unique():
        minutes = pd.date_range(start, periods=61, freq="min")
        offsets = _offset(minutes, zone)
        change = minutes[int((offsets != offsets[0]).argmax())]
        starts = pd.DatetimeIndex(starts.where(~(odd & (starts == start)), change))
    return starts


def _offset(moments: pd.DatetimeIndex, zone: ZoneInfo) -> pd.TimedeltaIndex:
    return moments.tz_convert(zone).tz_localize(None) - moments.tz_localize(None)


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
