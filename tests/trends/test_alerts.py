"""Alerts of a brand: a planted crisis is found, explained, and its posts are given to read."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from murmuration.frames import TEXT
from murmuration.trends import (
    choose_alert_bucket,
    find_alert_drivers,
    find_alert_posts,
    find_alerts,
    find_posts_near,
    find_posts_to_read,
)

BEGIN = datetime(2026, 2, 2, tzinfo=UTC)
UNTIL = BEGIN + timedelta(days=31)
CRISIS = UNTIL - timedelta(hours=20)
WORDS = "coffee morning staff counter queue beans latte table window seat price friendly slow cup".split()


def make_posts(*, an_hour=8.0, crisis=6, until=UNTIL):
    """A month of posts about two brands, and hours in which many complain about one of them."""
    rng = np.random.default_rng(4)
    usual = rng.poisson(an_hour, 31 * 24)
    hours = np.repeat(np.arange(len(usual)), usual).astype(float)
    first = (CRISIS - BEGIN) / timedelta(hours=1)
    wrong = np.repeat(first + np.arange(crisis), int(4 * an_hour))
    texts = [" ".join(words) for words in rng.choice(WORDS, (len(hours), 5))]
    texts += [
        f"a mouse in the kitchen {' '.join(words)}" for words in rng.choice(WORDS, (len(wrong), 3))
    ]
    texts[len(hours) + 3 :: 4] = ["look at this mouse video"] * len(texts[len(hours) + 3 :: 4])
    hours = np.concatenate([hours, wrong])
    labels = np.where(rng.random(len(hours)) < 0.2, "negative", "neutral")
    labels[len(labels) - len(wrong) :] = "negative"
    posts = pd.DataFrame(
        {
            "source": "x", "post_id": [f"p{n}" for n in range(len(hours))], "text": texts,
            "created_at": pd.Timestamp(BEGIN) + pd.to_timedelta(hours + rng.random(len(hours)), unit="h"),
            "author_key": [f"a{n}" for n in rng.integers(0, 900, len(hours))],
            "lang": "en", "sentiment": 0.0, "sentiment_label": labels,
        }
    )  # fmt: skip
    posts["brands"] = [
        ["aurora", "velora"] if n % 5 == 0 else ["aurora"] for n in range(len(posts))
    ]
    typed = posts.astype(dict.fromkeys(("text", "author_key", "sentiment_label"), TEXT))
    return typed[typed["created_at"] < until]


def alerts_of(posts, *, until=UNTIL, bucket="hour", days=2):
    since = until - timedelta(days=days)
    return find_alerts(posts, "aurora", begin=BEGIN, since=since, until=until, bucket=bucket)


@pytest.fixture(scope="module")
def posts():
    return make_posts()


def test_a_crisis_is_found_and_told_to_be_over(posts):
    [found] = alerts_of(posts).to_dict("records")
    assert found["began"] == pd.Timestamp(CRISIS)
    assert found["ended"] >= pd.Timestamp(CRISIS + timedelta(hours=6))
    assert found["negative_share"] > 0.6 > 0.3 > found["usual_negative_share"]
    assert found["severity"] >= 5
    assert not found["ongoing"]


def test_a_crisis_at_the_end_goes_on(posts):
    until = CRISIS + timedelta(hours=3)
    [found] = alerts_of(posts[posts["created_at"] < until], until=until).to_dict("records")
    assert found["ongoing"]


def test_without_a_crisis_and_for_a_brand_that_nobody_names_there_is_none():
    quiet = make_posts(crisis=0)
    assert alerts_of(quiet).empty
    nobody = find_alerts(
        quiet, "kestrel", begin=BEGIN, since=UNTIL - timedelta(days=2), until=UNTIL
    )
    assert nobody.empty


@pytest.mark.parametrize("begin", [UNTIL - timedelta(days=10), UNTIL, UNTIL + timedelta(days=1)])
def test_what_begins_too_late_is_not_looked_at_rather_than_taken_for_silence(posts, begin):
    late = posts[posts["created_at"] >= begin]
    found = find_alerts(late, "aurora", begin=begin, since=UNTIL - timedelta(days=2), until=UNTIL)
    assert found.empty


def test_it_is_said_what_drives_it_and_which_posts_to_read(posts):
    spikes = alerts_of(posts)
    near = find_posts_near(posts, spikes)
    assert near["created_at"].min() >= pd.Timestamp(CRISIS - timedelta(days=7))
    topics = pd.DataFrame({"topic": [0, 1], "label": ["beans", "mouse kitchen"]})
    assigned = near.assign(topic=np.where(near["text"].str.contains("mouse"), 1, 0))
    alerts = find_alert_drivers(spikes, assigned, topics=topics)
    [found] = alerts.to_dict("records")
    assert any("mouse" in term for term in found["terms"])
    assert found["shared_copies"] > 20
    assert found["driven_by"] == "many"
    assert list(found["brands"]) == ["velora"]
    assert found["topics"][0] == "mouse kitchen"
    reading = find_alert_posts(near, alerts, count=4)
    assert reading["rank"].tolist() == [1, 2, 3, 4]
    assert reading["text"].iloc[0] == "look at this mouse video"
    assert reading["text"].str.contains("mouse").all()
    terms = pd.DataFrame({"term": ["mouse"], "z": [3.0], "side": ["negative"]})
    everything = find_posts_to_read(posts, terms, count=2, alarming=reading)
    assert (everything["why"] == "alert").sum() == 4


def test_no_alert_has_no_drivers_and_no_posts(posts):
    none = alerts_of(posts).iloc[:0]
    near = find_posts_near(posts, none)
    alerts = find_alert_drivers(none, near)
    assert near.empty
    assert find_alert_posts(near, alerts).empty


def test_a_brand_with_few_posts_is_looked_at_by_the_day():
    few = make_posts(an_hour=0.5)
    span = {"begin": BEGIN, "until": UNTIL}
    assert choose_alert_bucket(make_posts(an_hour=2.0), "aurora", **span) == "hour"
    assert choose_alert_bucket(few, "aurora", **span) == "day"
    assert choose_alert_bucket(few, "aurora", begin=UNTIL, until=UNTIL) == "day"
    assert len(alerts_of(make_posts(an_hour=0.9, crisis=12), bucket="day")) == 1
