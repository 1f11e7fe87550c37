"""Result tables as `brand_health` makes them, from invented posts."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from murmuration.frames import TEXT
from murmuration.sentiment import count_methods, estimate_shares
from murmuration.trends import assign_steps, estimate_sentiment, fill_periods, list_periods

FEELINGS = {"negative": -0.6, "neutral": 0.0, "positive": 0.5}
START = datetime(2026, 3, 2, tzinfo=UTC)


def scored(
    brand, period, *, negative=0, neutral=0, positive=0, unscored=0, authors=None, days=(0,)
):
    """Posts of a brand, spread over days; each of its own author unless there are fewer authors."""
    sides = (
        ["negative"] * negative
        + ["neutral"] * neutral
        + ["positive"] * positive
        + [None] * unscored
    )
    count = len(sides)
    scores = [None if side is None else FEELINGS[side] for side in sides]
    moments = [START + timedelta(days=days[n % len(days)], hours=n % 24) for n in range(count)]
    writers = [f"{brand}-{period}-{n % (authors or count)}" for n in range(count)]
    return pd.DataFrame(
        {
            "brand": pd.array([brand] * count, dtype=TEXT),
            "period": pd.array([period] * count, dtype=TEXT),
            "sentiment": pd.array(scores, dtype=pd.ArrowDtype(pa.float64())),
            "sentiment_label": pd.array(sides, dtype=TEXT),
            "author_key": pd.array(writers, dtype=TEXT),
            "created_at": pd.array(pa.array(moments, pa.timestamp("us", "UTC")), dtype=pd.ArrowDtype(pa.timestamp("us", "UTC"))),
        }
    )  # fmt: skip


class Tables:
    """Tables of a report over some posts and days."""

    def __init__(self, parts, *, brands, days=3, errors=None):
        posts = pd.concat(parts, ignore_index=True) if parts else scored("none", "this")
        self.levels = estimate_sentiment(posts, by=["brand", "period"])
        self.shares = estimate_shares(posts, by=["brand", "period"], errors=errors)
        steps = list_periods(START, START + timedelta(days=days), bucket="day", timezone="UTC")
        self.this = posts[posts["period"] == "this"]
        self.methods = count_methods(self.this, errors)
        stepped = assign_steps(self.this, bucket="day", timezone="UTC")
        over_time = estimate_sentiment(stepped, by=["brand", "period_start"])
        self.over_time = fill_periods(over_time, steps, groups=list(brands))

    def share(self, brand, label="negative"):
        rows = self.shares[(self.shares["brand"] == brand) & (self.shares["period"] == "this")]
        [row] = rows[rows["label"] == label].to_dict("records")
        return row

    def level(self, brand, period="this"):
        rows = self.levels[(self.levels["brand"] == brand) & (self.levels["period"] == period)]
        [row] = rows.to_dict("records")
        return row


@pytest.fixture(scope="session")
def make_tables():
    """Make the tables of a report."""
    return Tables


@pytest.fixture(scope="session")
def make_scored():
    """Make scored posts of a brand and a period."""
    return scored
