import re
import time
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.errors import ParamError
from murmuration.sample import Plan, make_posts, planted_crises, planted_topics
from murmuration.schema import POSTS

SMALL = Plan(days=3, crises=())
HEX_KEY = r"^[0-9a-f]{32}$"


def whole(n, seed=0, **options):
    frames = list(make_posts(n, seed, **options))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def test_same_seed_gives_the_same_posts():
    pd.testing.assert_frame_equal(whole(5_000, 3), whole(5_000, 3))


def test_another_seed_gives_other_posts_by_other_authors():
    one, other = whole(2_000, 3), whole(2_000, 4)
    assert set(one["author_key"]).isdisjoint(other["author_key"])
    assert (one["text"] == other["text"]).mean() < 0.01


@pytest.mark.parametrize("chunk", [7_919, 1_000_000])
def test_the_size_of_frames_changes_no_row(chunk):
    # More than one block of the generator, so that what is remembered between them counts.
    frames = list(make_posts(36_000, 5, chunk=chunk))
    assert [len(frame) for frame in frames[:-1]] == [chunk] * (len(frames) - 1)
    pd.testing.assert_frame_equal(pd.concat(frames, ignore_index=True), whole(36_000, 5))


def test_small_frames_work_too():
    frames = list(make_posts(100, chunk=1))
    assert [len(frame) for frame in frames] == [1] * 100


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(0, 400),
    seed=st.integers(0, 2**63),
    days=st.integers(1, 40),
    hour=st.integers(0, 23),
)
def test_any_small_number_of_posts_is_whole(n, seed, days, hour):
    plan = Plan(days=days, start=datetime(2024, 2, 28, hour, 30, tzinfo=UTC))
    posts = whole(n, seed, plan=plan)
    assert len(posts) == n
    if not n:
        return
    times = posts["created_at"].dropna()
    assert times.is_monotonic_increasing
    assert times.between(plan.start, plan.end, inclusive="left").all()
    ids = posts["post_id"].dropna()
    assert ids.is_unique
    broken = posts["truth_broken"].notna()
    assert (posts["post_id"].isna() == posts["text"].isna()).all()
    assert ((posts["created_at"].isna() | posts["text"].isna()) == broken).all()
    assert posts.loc[~broken, "text"].str.len().between(1, 500).all()
    for name in ("reply_to_id", "root_id", "repost_of_id", "quote_of_id", "truth_copy_of"):
        assert set(posts[name].dropna()) <= set(ids), name


def test_columns_are_those_of_posts_with_their_types_and_the_truth(posts):
    said = [name for name in posts if not name.startswith("truth_")]
    assert set(said) <= set(POSTS.names)
    for name in said:
        assert posts[name].dtype == pd.ArrowDtype(POSTS.arrow.field(name).type), name
    assert set(posts["source"]) == set(posts["platform"]) == {"sample"}
    assert posts["title"].isna().all()
    always = ["truth_brands", "truth_topic", "truth_sentiment", "truth_lang", "truth_spam"]
    assert posts[["author_key", "kind", "truth_author_group", *always]].notna().all(axis=None)


def test_every_author_has_one_key_and_one_group(posts):
    assert posts["author_key"].str.match(HEX_KEY).all()
    assert posts.groupby("author_key")["truth_author_group"].nunique().max() == 1


def test_reposts_repeat_an_earlier_post(good):
    reposts = good[good["kind"] == "repost"]
    originals = good.set_index("post_id").loc[reposts["repost_of_id"]]
    assert (originals["text"].to_numpy() == reposts["text"].to_numpy()).all()
    assert (originals["created_at"].to_numpy() <= reposts["created_at"].to_numpy()).all()
    for name in ("truth_topic", "truth_sentiment", "truth_lang"):
        assert (originals[name].to_numpy() == reposts[name].to_numpy()).all(), name
    assert reposts[["like_count", "view_count"]].isna().all(axis=None)


def test_answers_lead_to_the_first_post_of_the_conversation(good):
    replies = good[good["kind"] == "reply"]
    parents = dict(zip(replies["post_id"], replies["reply_to_id"], strict=True))
    roots = dict(zip(replies["post_id"], replies["root_id"], strict=True))
    depths = []
    for reply, root in roots.items():
        depth = 0
        while reply in parents:
            reply, depth = parents[reply], depth + 1
        assert reply == root
        depths.append(depth)
    assert max(depths) > 1
    assert good.loc[good["kind"] != "reply", ["root_id", "reply_to_id"]].isna().all(axis=None)


def test_hashtags_and_links_are_those_of_the_text(good):
    part = good.head(10_000)
    for name, pattern in (("hashtags", r"(?<![\w&/])#(\w+)"), ("urls", r"https://\S+")):
        found = [list(dict.fromkeys(re.findall(pattern, text))) for text in part["text"]]
        listed = [[] if values is pd.NA else list(values) for values in part[name]]
        assert listed == found, name


def test_counts_are_unknown_rather_than_zero(good):
    written = good[good["kind"] != "repost"]
    assert 0.03 < written["like_count"].isna().mean() < 0.07
    assert 0.3 < written["view_count"].isna().mean() < 0.45
    assert (written["like_count"] == 0).any()


def test_memory_does_not_grow_with_the_posts():
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() - before for _ in make_posts(200_000, seed=1)]
    assert max(held) < 200e6
    assert max(held[len(held) // 2 :]) < 1.5 * max(held[: len(held) // 2])


def test_the_first_of_very_many_posts_come_at_once():
    started = time.perf_counter()
    frame = next(make_posts(20_000_000))
    assert len(frame) == 20_000
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"n": -1}, "n is -1"),
        ({"n": 1.5}, "n is 1.5"),
        ({"n": True}, "n is True"),
        ({"n": 5, "seed": -1}, "seed is -1"),
        ({"n": 5, "chunk": 0}, "chunk is 0"),
    ],
)
def test_a_number_out_of_range_is_refused_at_once(arguments, named):
    with pytest.raises(ParamError, match=named):
        make_posts(**arguments)


def test_the_truth_as_tables_names_what_the_posts_name(posts):
    crises, topics = planted_crises(), planted_topics()
    assert set(posts["truth_crisis"].dropna()) == set(crises["crisis"])
    written = set(posts.loc[~posts["truth_spam"], "truth_topic"])
    assert written == set(topics["topic"])
    assert set(crises["topic"]) <= set(topics["topic"])
    assert (crises["end"] - crises["start"]).dt.total_seconds().tolist() == [
        hours * 3600 for hours in crises["hours"]
    ]


def test_a_plan_without_crises_gives_empty_tables():
    assert planted_crises(SMALL).empty
    assert whole(1_000, plan=SMALL)["truth_crisis"].isna().all()
