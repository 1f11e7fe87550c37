"""Authors and posts that segments can hardly be made of: sensible results, or one clear sentence."""

import numpy as np
import pandas as pd
import pytest

from murmuration.audience import (
    Policy,
    SegmentParams,
    assign_segments,
    compare_segments,
    count_times,
    describe_segments,
    drop_forbidden,
    find_aside,
    find_best_times,
    fit_interests,
    fit_segments,
    join_segments,
    measure_segments,
    name_segments,
    place_authors,
    profile_authors,
    segment_authors,
    similar_authors,
)
from murmuration.errors import MurmurationError, ParamError, SchemaError

FEW = {"n_segments": 2, "min_authors": 5}


def test_one_author_is_one_segment_that_is_not_shown():
    profiles = profile_authors(pd.DataFrame({"author_key": ["a"] * 3, "text": ["x", "y", None]}))
    found = segment_authors(profiles)
    assert found["segment"].tolist() == [0]
    cards = describe_segments(profiles, found)
    assert cards.segments.empty
    assert cards.hidden == 1


def test_a_million_authors_with_one_post_each_are_profiled():
    n = 1_000_000
    keys = pd.array(np.arange(n).astype(str), dtype="string[pyarrow]")
    profiles = profile_authors(pd.DataFrame({"author_key": keys, "like_count": np.arange(n) % 7}))
    assert len(profiles) == n
    assert (profiles["posts"] == 1).all()


def test_an_author_with_a_million_posts_is_one_row_and_set_apart():
    n = 1_000_000
    times = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(n) % (60 * 24 * 60), unit="min")  # fmt: skip
    profiles = profile_authors(pd.DataFrame({"author_key": "busy", "created_at": times}))
    assert profiles["posts"].tolist() == [n]
    assert profiles["active_days"].tolist() == [60]
    assert find_aside(profiles).tolist() == ["floods"]


def make_profiles(n: int = 60, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    texts = [f"#{'red' if at % 2 else 'blue'}{rng.integers(4)}" for at in range(n * 6)]
    posts = pd.DataFrame({"author_key": [f"a{at % n:03d}" for at in range(n * 6)], "text": texts})
    return profile_authors(posts.assign(**columns))


def test_no_engagement_at_all_is_no_reason_for_segments():
    profiles = make_profiles(like_count=0, repost_count=0, author_followers=0)
    found = segment_authors(profiles, SegmentParams(**FEW))
    assert set(found["segment"]) - {-1} == {0, 1}
    traits = describe_segments(profiles, found).traits
    assert not traits["feature"].isin(["likes_per_post", "reposts_per_post", "followers"]).any()


def test_unknown_engagement_stays_unknown():
    profiles = make_profiles(like_count=pd.array([None] * 360, dtype="Int64"))
    assert profiles["likes_per_post"].isna().all()
    assert set(segment_authors(profiles, SegmentParams(**FEW))["segment"]) - {-1} == {0, 1}


def test_infinite_and_missing_values_change_no_card():
    profiles = make_profiles(author_followers=10.0)
    known = np.arange(60)
    odd = profiles.assign(followers=np.where(known < 6, np.inf, np.where(known < 10, np.nan, 10.0)))
    labels = pd.Series(np.arange(60) % 2)
    cards = describe_segments(odd, labels)
    assert np.isfinite(cards.traits[["effect", "value", "value_rest"]].to_numpy(float)).all()


def test_a_smallest_size_larger_than_the_data_makes_one_segment():
    assert set(segment_authors(make_profiles(), SegmentParams(min_authors=1_000))["segment"]) == {0}


def test_more_segments_than_authors_are_refused_with_the_number_there_is():
    with pytest.raises(ParamError, match="n_segments is 61, but there are 60 authors"):
        fit_segments(make_profiles(), SegmentParams(n_segments=61))


def test_authors_without_a_key_are_no_author():
    posts = pd.DataFrame({"author_key": ["a", None, "b", None], "text": list("wxyz")})
    assert profile_authors(posts)["author_key"].tolist() == ["a", "b"]
    assert profile_authors(posts.assign(author_key=None)).empty


def test_more_groups_than_asked_for_that_never_meet_are_not_thrown_together():
    """Four groups of authors, each with followers and hours of its own, told to be three."""
    who = np.repeat(np.arange(240), 3)
    rng = np.random.default_rng(0)
    hours = 24 * rng.integers(0, 60, len(who)) + 6 * (who % 4) + rng.integers(0, 3, len(who))
    posts = pd.DataFrame(
        {
            "author_key": who.astype(str), "author_followers": 10 ** (1 + who % 4),
            "created_at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(hours, unit="h"),
        }
    )  # fmt: skip
    found = segment_authors(profile_authors(posts), SegmentParams(n_segments=3))
    assert set(found["segment"]) - {-1} == {0, 1, 2}


@pytest.fixture(scope="module")
def parts(crafters, crafted, crafted_model, assigned) -> dict[str, object]:
    cards = describe_segments(crafters, assigned)
    kept = crafted_model.with_members(assigned)
    return {"profiles": crafters, "posts": crafted, "model": kept, "assigned": assigned, "cards": cards}  # fmt: skip


WRONG = {
    "posts in place of profiles": lambda some: segment_authors(some["posts"]),
    "a list": lambda some: segment_authors([1]),
    "nothing": lambda some: fit_segments(None),
    "a path": lambda some: segment_authors("profiles.parquet"),
    "a number in place of parameters": lambda some: segment_authors(some["profiles"], 3),
    "an address in place of a model": lambda some: fit_segments(some["profiles"], continue_from="segments@0"),
    "model first": lambda some: assign_segments(some["model"], some["profiles"]),
    "no model": lambda some: assign_segments(some["profiles"], None),
    "authors first": lambda some: compare_segments(some["assigned"], some["model"], some["cards"]),
    "authors without segments": lambda some: compare_segments(some["model"], some["profiles"], some["cards"]),
    "no cards": lambda some: compare_segments(some["model"], some["assigned"], None),
    "members without segments": lambda some: some["model"].with_members(some["profiles"]),
    "no segments": lambda some: describe_segments(some["profiles"], None),
    "words for segments": lambda some: describe_segments(some["profiles"], ["a"] * 120),
    "model for profiles": lambda some: describe_segments(some["model"], some["profiles"]),
    "a dictionary for a policy": lambda some: describe_segments(some["profiles"], some["assigned"], policy={}),
    "no posts": lambda some: profile_authors(None),
    "interests of posts": lambda some: fit_interests(some["posts"]),
    "likeness in nothing": lambda some: similar_authors(None, "a000"),
    "places of authors without segments": lambda some: place_authors(some["profiles"], some["model"]),
    "quality of authors without segments": lambda some: measure_segments(some["profiles"], some["model"], some["cards"]),
    "posts of nobody": lambda some: join_segments(some["posts"], some["profiles"]),
    "names by no model": lambda some: name_segments(some["posts"], some["assigned"]),
    "best times of nothing": lambda some: find_best_times(None),
    "times of nothing": lambda some: count_times(None),
    "best times of posts without segments": lambda some: find_best_times(some["posts"]),
    "what is forbidden in nothing": lambda some: drop_forbidden(None, Policy()),
    "nothing in place of a policy": lambda some: drop_forbidden(some["profiles"], None),
    "bots among nothing": lambda some: find_aside(None),
    "a word for a number": lambda some: SegmentParams(n_segments="3"),
    "weights without names": lambda some: SegmentParams(weights=[1]),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_arguments_are_told_in_a_sentence_that_says_what_is_needed(parts, wrong):
    with pytest.raises(MurmurationError, match=r"(needs|has to)[^\n]*\.$"):
        WRONG[wrong](parts)


@pytest.mark.parametrize("of", [find_best_times, count_times])
def test_times_without_a_zone_are_told_with_the_way_to_read_them(of):
    posts = pd.DataFrame({"segment": [0], "author_key": ["a"], "created_at": [pd.Timestamp("2026-02-02")]})  # fmt: skip
    with pytest.raises(SchemaError, match=r"^(find_best|count)_times needs times with a time zone.*utc=True\)\.$"):  # fmt: skip
        of(posts)


def test_a_model_is_shown_in_a_line(parts):
    shown = repr(parts["model"])
    assert len(shown) < 200
    assert shown.startswith("<SegmentModel 'segments': 3 segments by behaviour, hashtags")
