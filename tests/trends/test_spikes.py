"""When something goes wrong for a brand."""

import numpy as np
import pandas as pd
import pytest

from murmuration.errors import ParamError, SchemaError
from murmuration.trends import SpikeParams, find_spikes

START = pd.Timestamp("2026-01-05", tz="UTC")
HOURS = 30 * 24
WATCHED = START + pd.Timedelta(days=28)
ONSET = 28 * 24 + 9
RHYTHM = 1 + 0.6 * np.sin(2 * np.pi * (np.arange(HOURS) % 24 - 9) / 24)


def make_series(*, factor=1.0, share=0.2, spike_share=None, size=25.0, seed=0, hours=10):
    """Negative binomial counts of a brand by the hour, with a spike from `ONSET` on."""
    rng = np.random.default_rng(seed)
    mean = size * RHYTHM * rng.gamma(25, 1 / 25, HOURS)
    shares = np.full(HOURS, share)
    mean[ONSET : ONSET + hours] *= factor
    shares[ONSET : ONSET + hours] = share if spike_share is None else spike_share
    posts = rng.poisson(mean)
    return pd.DataFrame(
        {
            "period_start": START + pd.to_timedelta(np.arange(HOURS), unit="h"),
            "posts": posts,
            "scored": posts,
            "negative": rng.binomial(posts, shares),
        }
    )


def test_three_times_the_posts_are_found_within_two_hours():
    found = find_spikes(make_series(factor=3), since=WATCHED)
    assert len(found) == 1
    spike = found.iloc[0]
    onset = START + pd.Timedelta(hours=ONSET)
    assert spike["measure"] == "volume"
    assert spike["found"] <= onset + pd.Timedelta(hours=2)
    assert abs(spike["began"] - onset) <= pd.Timedelta(hours=1)
    assert spike["growth"] == pytest.approx(3, rel=0.35)


def test_posts_that_turn_negative_are_found_without_more_posts():
    found = find_spikes(make_series(spike_share=0.7), since=WATCHED)
    assert found["measure"].tolist() == ["negative_share"]
    spike = found.iloc[0]
    assert spike["negative_share"] > 0.5
    assert spike["usual_negative_share"] == pytest.approx(0.2, abs=0.05)


def test_more_and_more_negative_is_more_severe():
    mild, bad = (
        find_spikes(make_series(factor=factor, spike_share=share), since=WATCHED).iloc[0]
        for factor, share in ((2.5, 0.2), (5, 0.7))
    )
    assert bad["measure"] == "both"
    assert 1 <= mild["severity"] < bad["severity"] <= 10


def test_a_usual_day_is_no_spike_and_the_daily_peak_neither():
    assert find_spikes(make_series(seed=4), since=WATCHED).empty


def test_what_is_smaller_than_wanted_is_no_spike():
    series = make_series(size=0.5, factor=4, seed=2)
    assert len(find_spikes(series, since=WATCHED)) == 1
    assert find_spikes(series, SpikeParams(min_posts=25), since=WATCHED).empty


def test_brands_are_judged_apart():
    both = pd.concat(
        [make_series(factor=4).assign(brand="one"), make_series(seed=4).assign(brand="other")]
    )
    assert find_spikes(both, since=WATCHED)["brand"].tolist() == ["one"]


def test_days_can_be_judged_as_well_as_hours():
    rng = np.random.default_rng(0)
    posts = rng.poisson(50, 40)
    posts[-2:] *= 3
    days = pd.DataFrame({"period_start": pd.date_range(START, periods=40), "posts": posts})
    found = find_spikes(days)
    assert found["began"].tolist() == [START + pd.Timedelta(days=38)]
    assert found["negative_share"].isna().all()


def test_too_little_history_raises_no_alarm():
    assert find_spikes(make_series(factor=5).iloc[-10 * 24 :]).empty


def test_bad_input_is_said_in_a_sentence():
    series = make_series()
    with pytest.raises(SchemaError, match="posts"):
        find_spikes(series.drop(columns="posts"))
    with pytest.raises(SchemaError, match="twice"):
        find_spikes(pd.concat([series, series]))
    weeks = pd.DataFrame({"period_start": pd.date_range(START, periods=9, freq="7D"), "posts": 5})
    with pytest.raises(SchemaError, match="week"):
        find_spikes(weeks)
    for wrong in ({"history": 3}, {"false_alarms": 0}, {"timezone": "Mars/Olympus"}):
        with pytest.raises(ParamError, match=next(iter(wrong))):
            SpikeParams(**wrong)
