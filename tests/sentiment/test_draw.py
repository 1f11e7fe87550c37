from collections import Counter

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.errors import ParamError, SchemaError
from murmuration.frames import TEXT
from murmuration.sentiment import DrawParams, draw_posts
from murmuration.sentiment.sampling import _Draw, _uncertainty, share_out

MONTHS = pd.to_datetime(["2026-01-05", "2026-02-05", "2026-03-05"], utc=True)


def make_posts(count, *, small=5, **columns):
    """Posts of three months; the last `small` ones are positive, all others negative."""
    numbers = np.arange(count)
    posts = pd.DataFrame(
        {
            "source": pd.array(["test"] * count, dtype=TEXT),
            "post_id": pd.array([str(n) for n in numbers], dtype=TEXT),
            "text": pd.array([f"text {n}" for n in numbers], dtype=TEXT),
            "created_at": pd.Series(MONTHS[numbers % 3]).astype(pd.ArrowDtype(pa.timestamp("us", "UTC"))),
            "sentiment": pd.array(np.linspace(-1, 1, count), dtype=pd.ArrowDtype(pa.float64())),
            "sentiment_label": pd.array(["negative"] * (count - small) + ["positive"] * small, dtype=TEXT),
        }
    )  # fmt: skip
    return posts.assign(**columns)


def as_labels(queue, labeller="ann", label="neutral"):
    return queue[["source", "post_id"]].assign(labeller=labeller, label=label)


def kinds(queue):
    return dict(Counter(queue["drawn"]))


POSTS = make_posts(600)


def test_each_way_of_drawing_has_its_share():
    first = draw_posts(POSTS, DrawParams(count=50), labeller="ann")
    assert kinds(first) == {"random": 15, "uncertain": 10, "stratified": 25}  # nobody to repeat yet
    second = draw_posts(POSTS, DrawParams(count=50), labeller="ben", labels=as_labels(first))
    assert kinds(second) == {"random": 15, "uncertain": 10, "stratified": 15, "double": 10}
    assert second["post_id"].is_unique
    doubled = set(second.loc[second["drawn"] == "double", "post_id"])
    assert doubled == set(second["post_id"]) & set(first["post_id"])


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_no_more_posts_are_drawn_than_asked_for(count):
    params = DrawParams(count=count, random_share=0.5, uncertain_share=0.25, double_share=0.25)
    said = as_labels(POSTS.head(100), "ben")
    assert len(draw_posts(POSTS, params, labeller="ann", labels=said)) == count


def test_ways_of_drawing_are_mixed_so_that_none_can_be_told():
    drawn = draw_posts(POSTS, DrawParams(count=60), labeller="ann")["drawn"]
    changes = (drawn != drawn.shift()).sum()
    assert changes > 20
    assert set(drawn.head(20)) == set(drawn)


def test_a_third_labeller_meets_posts_that_two_have_labelled():
    params = DrawParams(count=40, double_share=0.5)
    first = draw_posts(POSTS, params, labeller="ann")
    said = as_labels(first)
    second = draw_posts(POSTS, params, labeller="ben", labels=said)
    said = pd.concat([said, as_labels(second, "ben")])
    third = draw_posts(POSTS, params, labeller="cat", labels=said)
    both = set(first["post_id"]) & set(second["post_id"])
    assert len(both & set(third["post_id"])) >= 5


def test_nothing_comes_twice_to_one_labeller_until_all_is_done():
    posts, said, seen = make_posts(70), None, []
    for _ in range(5):
        queue = draw_posts(posts, DrawParams(count=20), labeller="ann", labels=said)
        seen += queue["post_id"].tolist()
        # What was skipped has no label, and does not come back either.
        queue = as_labels(queue).assign(
            label=lambda rows: rows["label"].where(rows.index % 4 > 0, None)
        )
        said = pd.concat([said, queue])
    assert sorted(seen, key=int) == posts["post_id"].tolist()


def test_what_others_skipped_can_still_be_drawn():
    posts = make_posts(10)
    skipped = as_labels(posts, "ben", None)
    queue = draw_posts(posts, DrawParams(count=10), labeller="ann", labels=skipped)
    assert len(queue) == 10
    assert "double" not in kinds(queue)


def test_two_labellers_who_draw_at_once_get_other_posts():
    posts = make_posts(5_000)
    queues = [set(draw_posts(posts, labeller=name)["post_id"]) for name in ("ann", "ben")]
    assert (
        len(queues[0] & queues[1]) < 20
    )  # the five of the small strata, and a few that are uncertain


def test_small_strata_are_not_starved():
    params = DrawParams(count=40, random_share=0, uncertain_share=0, double_share=0)
    queue = draw_posts(POSTS, params, labeller="ann")
    drawn = Counter(queue["stratum"].str.split(" · ").str[0])
    assert drawn["positive"] == 5  # all there are, of 600
    more = draw_posts(POSTS, params, labeller="ben", labels=as_labels(queue))
    assert set(more["drawn"]) == {"stratified"}
    by_stratum = Counter(queue["stratum"]) + Counter(more["stratum"])
    negative = [count for name, count in by_stratum.items() if name.startswith("negative")]
    assert max(negative) - min(negative) <= 1  # what is labelled already counts


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=8), st.integers(-3, 60))
@settings(max_examples=200, deadline=None)
def test_sharing_out_fills_from_below(strata, room):
    there = np.array([n for n, _ in strata], np.int64)
    have = np.array([n for _, n in strata], np.int64)
    shares = share_out(there, have, room)
    assert shares.sum() == min(max(room, 0), there.sum())
    assert ((shares >= 0) & (shares <= there)).all()
    # Whoever was given something has at most one more than those who could have been given more.
    reached, could_more = (have + shares)[shares > 0], (have + shares)[shares < there]
    if len(reached) and len(could_more):
        assert reached.max() <= could_more.min() + 1


def test_random_posts_note_the_chance_with_which_they_are_drawn():
    fresh = pd.DataFrame({"key": [f"test\0{n}" for n in range(60)]})
    drawn: Counter = Counter()
    for seed in range(300):
        params = DrawParams(count=15, random_share=1, uncertain_share=0, double_share=0, seed=seed)
        random = _Draw(params, "ann").random(fresh)
        assert set(random["inclusion_probability"]) == {15 / 60}
        drawn.update(random["key"])
    counts = np.array([drawn[key] for key in fresh["key"]])
    expected = 300 * 15 / 60
    # Chi-squared with 59 degrees of freedom, but for the share that a draw without replacement takes off.
    assert 30 < ((counts - expected) ** 2 / (expected * 0.75)).sum() < 98


def test_stratified_posts_note_their_chance_within_the_stratum():
    params = DrawParams(count=40, random_share=0, uncertain_share=0, double_share=0)
    queue = draw_posts(POSTS, params, labeller="ann")
    for stratum, rows in queue.groupby("stratum"):
        label = stratum.split(" · ")[0]
        month = int(stratum.split(" · ")[1][-2:]) - 1
        there = ((POSTS["sentiment_label"] == label) & (np.arange(600) % 3 == month)).sum()
        assert rows["inclusion_probability"].tolist() == [len(rows) / there] * len(rows)


def test_uncertain_posts_are_those_with_a_compound_near_zero():
    params = DrawParams(count=10, random_share=0, uncertain_share=1, double_share=0)
    queue = draw_posts(POSTS, params, labeller="ann").merge(POSTS[["post_id", "sentiment"]])
    assert kinds(queue) == {"uncertain": 10}
    assert queue["sentiment"].abs().max() < 0.09  # of the fifty nearest
    assert queue["inclusion_probability"].isna().all()


@pytest.mark.parametrize(("measure", "expected"), [("entropy", {"0", "1"}), ("margin", {"1", "2"})])
def test_with_probabilities_their_entropy_or_margin_decides(measure, expected):
    rows = [(0.34, 0.33, 0.33), (0.36, 0.36, 0.28), (0.5, 0.5, 0.0), (0.9, 0.1, 0.0), (np.nan,) * 3]
    posts = make_posts(5)
    posts[["p_negative", "p_neutral", "p_positive"]] = rows
    if measure == "margin":
        posts.loc[0, ["p_negative", "p_neutral"]] = (0.5, 0.17)
    params = DrawParams(count=4, random_share=0, uncertain_share=1, double_share=0, measure=measure)
    queue = draw_posts(posts.drop(columns="sentiment"), params, labeller="ann")
    assert set(queue["post_id"]) <= {"0", "1", "2", "3"}  # never the one without a score
    values = _uncertainty(posts.drop(columns="sentiment"), measure)
    assert set(values.nlargest(2).index.map(str)) == expected
    assert values.dropna().between(0, 1).all()


def test_posts_scored_by_a_model_and_by_vader_are_ranked_apart():
    posts = make_posts(40)
    posts[["p_negative", "p_neutral", "p_positive"]] = [(0.4, 0.3, 0.3)] + [(0.98, 0.01, 0.01)] * 19 + [(None,) * 3] * 20  # fmt: skip
    params = DrawParams(count=4, random_share=0, uncertain_share=1, double_share=0)
    ranks = _uncertainty(posts, "entropy")
    assert ranks[0] == ranks[20] == 1  # the model's least certain, and the compound next to zero
    assert len(draw_posts(posts, params, labeller="ann")) == 4


@given(st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=4, deadline=None)
def test_neither_the_order_of_posts_nor_partitions_matter(random, partitions):
    posts = POSTS.iloc[random.sample(range(600), 600)]
    expected = draw_posts(POSTS, DrawParams(count=30), labeller="ann")
    pd.testing.assert_frame_equal(draw_posts(posts, DrawParams(count=30), labeller="ann"), expected)
    lazy = dd.from_pandas(posts, npartitions=partitions, sort=False)
    pd.testing.assert_frame_equal(draw_posts(lazy, DrawParams(count=30), labeller="ann"), expected)


def test_another_seed_draws_others():
    queues = [draw_posts(POSTS, DrawParams(count=30, seed=seed), labeller="ann") for seed in (0, 1)]
    assert set(queues[0]["post_id"]) != set(queues[1]["post_id"])


def test_posts_without_text_and_copies_do_not_fill_a_queue():
    texts = [None, "", "  \n"] + ["the same again"] * 40 + [f"text {n}" for n in range(57)]
    posts = make_posts(100, text=pd.array(texts, dtype=TEXT))
    params = DrawParams(count=60, random_share=0, uncertain_share=0.2, double_share=0)
    queue = draw_posts(posts, params, labeller="ann")
    assert len(queue) == 58
    assert (queue["text"] == "the same again").sum() == 1
    said = as_labels(queue[queue["text"] == "the same again"])
    later = draw_posts(posts, params, labeller="ann", labels=said)
    assert "the same again" not in set(later["text"])


def test_a_title_comes_along_and_lists_make_strata():
    posts = make_posts(30, title="a title", brands=[["one"], ["one", "two"], []] * 10)
    params = DrawParams(count=6, strata=("brands",), random_share=0, uncertain_share=0)
    queue = draw_posts(posts, params, labeller="ann")
    assert set(queue["stratum"]) == {"one", "one+two", "none"}
    assert set(queue["title"]) == {"a title"}
    assert set(draw_posts(posts, DrawParams(strata=()), labeller="ann")["stratum"]) == {"all"}


def test_no_posts_give_an_empty_queue():
    assert draw_posts(POSTS.iloc[:0], labeller="ann").empty
    everything = as_labels(POSTS)
    assert draw_posts(POSTS, labeller="ann", labels=everything).empty


@pytest.mark.parametrize(
    "wrong",
    [{"count": 0}, {"random_share": -0.1}, {"random_share": 0.9}, {"measure": "entrpy"}],
)
def test_impossible_params_are_refused(wrong):
    with pytest.raises(ParamError):
        DrawParams(**wrong)


def test_missing_columns_are_named():
    with pytest.raises(SchemaError, match=r"needs the column 'post_id'"):
        draw_posts(POSTS.drop(columns="post_id"), labeller="ann")
    with pytest.raises(SchemaError, match="Score the posts first"):
        draw_posts(POSTS.drop(columns="sentiment"), labeller="ann")
    with pytest.raises(SchemaError, match="needs the column 'sentiment_label'"):
        draw_posts(POSTS.drop(columns="sentiment_label"), labeller="ann")
