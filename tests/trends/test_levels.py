import itertools

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from murmuration.errors import SchemaError
from murmuration.frames import TEXT, TEXTS
from murmuration.trends import (
    FEW_POSTS,
    compare_levels,
    count_coverage,
    estimate_sentiment,
    estimate_share_of_voice,
    explode_brands,
    find_worst_period,
)

FLOAT = pd.ArrowDtype(pa.float64())
MEASURES = {"mean": "mean", "negative": "negative_share", "positive": "positive_share"}
FEELINGS = {"negative": -0.6, "neutral": 0.0, "positive": 0.5}


def make_posts(sides, authors=None, **columns):
    """Scored posts from their sides; None is a post that was not scored."""
    scores = [None if side is None else FEELINGS[side] for side in sides]
    frame = pd.DataFrame(
        {
            "sentiment": pd.array(scores, dtype=FLOAT),
            "sentiment_label": pd.array(list(sides), dtype=TEXT),
            **columns,
        }
    )
    return frame if authors is None else frame.assign(author_key=pd.array(authors, dtype=TEXT))


def estimate(sides, authors=None):
    [row] = estimate_sentiment(make_posts(sides, authors)).to_dict("records")
    return row


def shares_of(hits, cases, others=None):
    """A row of one author a post."""
    return estimate(
        ["negative"] * hits + ["neutral"] * (cases - hits), list(map(str, range(cases)))
    )


# --- Coverage -------------------------------------------------------------------------------------

REPEATS = 300


def posts_each(manner, rng, count):
    """How many posts each author writes."""
    if manner == "one each":
        return np.ones(count, dtype=int)
    if manner == "uneven":
        return rng.geometric(0.4, count)
    return np.minimum(
        rng.zipf(2.2, count), 100
    )  # two thirds write once, the busiest tenth half of all


def simulate(*, authors, manner, alike, negative, angry_write_more, seed):
    """Give repeated samples of posts, and the true share of negative posts.

    `alike` is the correlation of two posts of one author.
    """
    rng = np.random.default_rng(seed)
    count = REPEATS * authors
    angry = rng.random(count) < (0.2 if angry_write_more else 0)
    sizes = posts_each(manner, rng, count) * np.where(angry, 2, 1)
    level = np.where(angry, 0.8, negative)
    weight = 1 / alike - 1 if alike else None
    own = rng.beta(level * weight, (1 - level) * weight) if weight else level
    writer = np.repeat(np.arange(count), sizes)
    is_negative = rng.random(len(writer)) < own[writer]
    is_positive = ~is_negative & (rng.random(len(writer)) < 0.5)
    label = np.where(is_negative, "negative", np.where(is_positive, "positive", "neutral"))
    posts = pd.DataFrame(
        {
            "sentiment": np.where(is_negative, -0.6, np.where(is_positive, 0.5, 0.0)),
            "sentiment_label": label,
            "author_key": writer,
            "sample": writer // authors,
        }
    )
    return posts, (2 * 0.2 * 0.8 + 0.8 * negative) / 1.2 if angry_write_more else negative


def measure_coverage(**situation):
    """Give the part of samples whose interval holds the truth, for each measure and for posts taken as independent."""
    posts, share = simulate(**situation)
    found = estimate_sentiment(posts, by=["sample"])
    assert len(found) == REPEATS
    truth = {"mean": -0.6 * share + 0.25 * (1 - share), "negative": share}
    truth["positive"] = 0.5 * (1 - share)
    holds = {
        name: ((found[f"{name}_low"] <= value) & (value <= found[f"{name}_high"])).mean()
        for name, value in truth.items()
    }
    hits, cases = found["negative"].to_numpy(float), found["scored"].to_numpy(float)
    low, high = beta.ppf([[0.025], [0.975]], hits + 0.5, cases - hits + 0.5)  # Jeffreys
    holds["independent"] = ((low <= share) & (share <= high)).mean()
    return holds


@pytest.fixture(scope="module")
def coverage():
    situations = itertools.product(
        (False, True), ("one each", "uneven", "very uneven"), (20, 60, 300), (0.0, 0.2, 0.5), (0.1, 0.4)
    )  # fmt: skip
    names = ["angry_write_more", "manner", "authors", "alike", "negative"]
    rows = [dict(zip(names, values, strict=True)) for values in situations]
    return pd.DataFrame(
        [row | measure_coverage(**row, seed=number) for number, row in enumerate(rows)]
    )


@pytest.mark.parametrize("measure", list(MEASURES))
def test_intervals_hold_the_truth_as_often_as_they_say(coverage, measure):
    # 300 samples of each situation: the standard error of one coverage is 1.3 points, of the average 0.2.
    usual = coverage.loc[~coverage["angry_write_more"], measure]
    assert 0.945 <= usual.mean() <= 0.96
    assert usual.min() >= 0.86
    assert usual.max() <= 0.997


@pytest.mark.parametrize("measure", list(MEASURES))
def test_intervals_hold_nearly_as_often_where_angry_authors_write_more(coverage, measure):
    angry = coverage.loc[coverage["angry_write_more"], measure]
    assert 0.935 <= angry.mean() <= 0.96
    assert angry.min() >= 0.85


def test_posts_taken_as_independent_would_be_too_sure(coverage):
    hard = coverage[(coverage["manner"] == "very uneven") & (coverage["alike"] == 0.5)]
    assert hard["independent"].max() < 0.75 < 0.86 < hard["negative"].min()


# --- Levels ---------------------------------------------------------------------------------------


def test_counts_and_means_are_those_of_the_posts():
    row = estimate(["negative", "negative", "neutral", "positive"], ["a", "b", "c", "d"])
    assert [row[name] for name in ("posts", "scored", "authors")] == [4, 4, 4]
    assert [row[name] for name in FEELINGS] == [2, 1, 1]
    assert row["mean"] == pytest.approx((-0.6 - 0.6 + 0 + 0.5) / 4)
    assert (row["negative_share"], row["positive_share"]) == (0.5, 0.25)


def test_a_post_that_was_not_scored_is_counted_but_is_not_neutral():
    some = estimate(["negative", "positive", None, None, None], list("abcde"))
    scored = estimate(["negative", "positive"], list("ab"))
    assert (some["posts"], some["scored"], some["neutral"]) == (5, 2, 0)
    assert {**some, "posts": 2} == scored


def test_where_nothing_was_scored_there_are_counts_only():
    row = estimate([None, None], ["a", "b"])
    assert (row["posts"], row["scored"], row["authors"]) == (2, 0, 0)
    assert all(pd.isna(row[name]) for name in row if name.startswith("mean") or "_" in name)


def test_one_author_has_levels_but_no_interval():
    row = estimate(["negative", "positive", "negative"], ["a"] * 3)
    assert row["negative_share"] == pytest.approx(2 / 3)
    assert pd.isna(row["negative_low"])
    assert pd.isna(row["mean_high"])


def test_the_same_posts_of_fewer_authors_are_less_evidence():
    sides = (["negative"] * 5 + ["neutral"] * 5) * 10
    many = estimate(sides, [str(n) for n in range(100)])
    few = estimate(sides, [str(n // 5) for n in range(100)])
    for measure, value in MEASURES.items():
        assert many[value] == few[value]
        reach = [row[f"{measure}_high"] - row[f"{measure}_low"] for row in (many, few)]
        assert reach[0] < reach[1] or measure == "positive"  # nobody is positive here
    assert few["negative_high"] - few["negative_low"] > 0.35


def test_few_posts_have_wide_intervals():
    row = shares_of(2, 4)
    assert row["negative_low"] < 0.16
    assert row["negative_high"] > 0.84
    at_few = shares_of(FEW_POSTS // 2, FEW_POSTS)
    assert at_few["negative_high"] - at_few["negative_low"] == pytest.approx(0.35, abs=0.02)


def test_all_alike_is_no_certainty():
    row = shares_of(8, 8)
    assert (row["negative_share"], row["negative_high"]) == (1, 1)
    assert 0.6 < row["negative_low"] < 0.7  # Wilson, 8 of 8: 0.676
    assert row["mean"] == pytest.approx(-0.6)
    assert row["mean_low"] < -0.6 < row["mean_high"]


def test_posts_without_an_author_are_authors_of_their_own():
    sides = ["negative", "positive", "neutral", "negative"]
    without = estimate(sides)
    assert without == estimate(sides, [None] * 4) == estimate(sides, list("abcd"))
    assert estimate(sides, ["a", None, "a", None])["authors"] == 3


def test_a_post_of_an_unknown_author_that_mentions_two_brands_is_one_piece_of_evidence():
    posts = make_posts(
        ["negative", "neutral", "positive"], [None] * 3, source="s", post_id=list("123")
    )
    both = pd.concat([posts, posts], ignore_index=True)
    assert estimate_sentiment(both)["authors"].tolist() == [3]


def test_groups_are_sorted_and_none_is_lost():
    posts = make_posts(["negative", "positive", None, "neutral"], list("abcd")).assign(
        lang=pd.array(["en", "de", None, "en"], dtype=TEXT)
    )
    found = estimate_sentiment(posts, by=["lang"])
    assert found["lang"].tolist()[:2] == ["de", "en"]
    assert pd.isna(found["lang"].iloc[2])
    assert found["posts"].tolist() == [1, 2, 1]


def test_empty_frames_give_empty_tables_of_the_same_types():
    posts = make_posts(["negative", "neutral"], ["a", "b"], brand=["x", "x"])
    whole = estimate_sentiment(posts, by=["brand"])
    empty = estimate_sentiment(posts.iloc[:0], by=["brand"])
    assert len(empty) == 0
    assert empty.dtypes.drop("brand").tolist() == whole.dtypes.drop("brand").tolist()
    [row] = estimate_sentiment(posts.iloc[:0]).to_dict("records")
    assert row["posts"] == 0
    assert pd.isna(row["mean"])


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="estimate_sentiment needs the column 'brand'"):
        estimate_sentiment(make_posts(["neutral"]), by=["brand"])


posts_of_any_kind = st.lists(
    st.tuples(
        st.sampled_from([None, *FEELINGS]),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from(["x", "y", None]),
    ),
    max_size=30,
)


def frame_of(rows):
    sides, authors, groups = zip(*rows, strict=True) if rows else ((), (), ())
    return make_posts(sides, list(authors), group=pd.array(list(groups), dtype=TEXT))


@given(posts_of_any_kind, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_rows_does_not_matter(rows, random):
    posts = frame_of(rows)
    places = list(range(len(posts)))
    random.shuffle(places)
    mixed = estimate_sentiment(posts.iloc[places], by=["group"])
    pd.testing.assert_frame_equal(estimate_sentiment(posts, by=["group"]), mixed, rtol=1e-9)


@given(posts_of_any_kind)
@settings(deadline=None, max_examples=60)
def test_intervals_hold_their_estimate_and_stay_in_range(rows):
    found = estimate_sentiment(frame_of(rows), by=["group"]).to_dict("records")
    assert sum(row["posts"] for row in found) == len(rows)
    for row in found:
        assert row["scored"] == sum(row[side] for side in FEELINGS) <= row["posts"]
        assert row["authors"] <= row["scored"]
        for measure, value in MEASURES.items():
            assert pd.isna(row[value]) == (row["scored"] == 0)
            assert pd.isna(row[f"{measure}_low"]) == (row["authors"] < 2)
            if row["authors"] >= 2:
                bottom = -1 if measure == "mean" else 0
                low, high = row[f"{measure}_low"], row[f"{measure}_high"]
                assert bottom <= low <= row[value] + 1e-12
                assert row[value] - 1e-12 <= high <= 1
                assert low < high


@given(posts_of_any_kind.filter(bool), st.integers(1, 3))
@settings(deadline=None, max_examples=8)
def test_pandas_and_dask_give_the_same(rows, partitions):
    posts = frame_of(rows)
    lazy = estimate_sentiment(dd.from_pandas(posts, npartitions=partitions), by=["group"])
    pd.testing.assert_frame_equal(lazy, estimate_sentiment(posts, by=["group"]))


def test_a_post_counts_for_every_brand_that_it_mentions_and_its_frame_stays():
    brands = pd.array(pa.array([["a", "b"], [], ["b"]]), dtype=TEXTS)
    posts = make_posts(["negative", "neutral", "positive"]).assign(brands=brands)
    found = explode_brands(posts)
    assert found["brand"].tolist() == ["a", "b", "b"]
    assert found["sentiment_label"].tolist() == ["negative", "negative", "positive"]
    assert "brand" not in posts
    lazy = explode_brands(dd.from_pandas(posts, npartitions=2))
    assert lazy["brand"].tolist() == ["a", "b", "b"]


# --- Changes --------------------------------------------------------------------------------------


def test_a_change_has_a_direction_only_beyond_chance():
    before = shares_of(60, 300)
    assert compare_levels(before, shares_of(120, 300)).direction == "up"
    assert compare_levels(before, shares_of(20, 300)).direction == "down"
    assert compare_levels(before, shares_of(66, 300)).direction == "unclear"


def test_of_many_comparisons_each_has_to_be_clearer():
    before, after = shares_of(60, 300), shares_of(83, 300)
    assert compare_levels(before, after).direction == "up"
    many = compare_levels(before, after, comparisons=5)
    assert many.direction == "unclear"
    # Bonferroni: the 0.995 quantile of the normal distribution in the place of the 0.975 one.
    wider = (many.high - many.difference) / (compare_levels(before, after).high - many.difference)
    assert wider == pytest.approx(2.5758 / 1.9600, rel=1e-3)


def test_few_posts_get_no_verdict():
    assert compare_levels(shares_of(0, 3), shares_of(2, 3)).direction == "unclear"
    one_author = estimate(["negative"] * 50, ["a"] * 50)
    assert compare_levels(one_author, shares_of(10, 50)) is None
    assert compare_levels(shares_of(10, 50), one_author) is None


def test_the_interval_of_a_change_is_the_published_one():
    # Newcombe 1998, table II, case (a): 56/70 − 48/80, method 10.
    change = compare_levels(shares_of(48, 80), shares_of(56, 70))
    assert change.difference == pytest.approx(0.2)
    assert (change.low, change.high) == pytest.approx((0.0524, 0.3339), abs=5e-4)


@given(st.integers(2, 60), st.integers(2, 60), st.data())
@settings(deadline=None, max_examples=30)
def test_a_change_seen_from_the_other_side_is_its_mirror_image(n, m, data):
    first = shares_of(data.draw(st.integers(0, n)), n)
    second = shares_of(data.draw(st.integers(0, m)), m)
    there, back = compare_levels(first, second), compare_levels(second, first)
    assert there.difference == pytest.approx(-back.difference)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.low <= there.difference <= there.high


def steps_of(posts):
    return estimate_sentiment(posts, by=["period_start"])


def draw_steps(rng, shares, authors=60):
    """Days with these shares of negative posts, by authors who write unequally many, alike posts."""
    parts = []
    for day, share in enumerate(shares):
        own = rng.beta(share * 4, (1 - share) * 4, authors)
        writer = np.repeat(np.arange(authors), rng.geometric(0.4, authors))
        sides = np.where(rng.random(len(writer)) < own[writer], "negative", "neutral")
        parts.append(
            make_posts(sides.tolist(), [f"{day}-{one}" for one in writer], period_start=day)
        )
    return steps_of(pd.concat(parts, ignore_index=True))


def test_a_bad_day_is_found():
    rng = np.random.default_rng(1)
    for worst in (0, 4, 9):
        shares = [0.65 if day == worst else 0.25 for day in range(10)]
        assert find_worst_period(draw_steps(rng, shares))["period_start"] == worst


def test_usual_days_rarely_raise_an_alarm():
    rng = np.random.default_rng(2)
    alarms = [find_worst_period(draw_steps(rng, [0.3] * 8)) is not None for _ in range(100)]
    assert np.mean(alarms) < 0.05 + 2 * 0.022  # standard error of 5 % in 100


def test_a_day_of_few_posts_never_stands_out():
    sides = ["negative"] * (FEW_POSTS - 1) + ["neutral"] * 400
    posts = make_posts(sides, [str(n) for n in range(len(sides))])
    days = [0] * (FEW_POSTS - 1) + [1 + n % 4 for n in range(400)]
    assert find_worst_period(steps_of(posts.assign(period_start=days))) is None
    more = [0] * FEW_POSTS + [1 + n % 4 for n in range(400)]
    posts = make_posts(["negative"] * FEW_POSTS + ["neutral"] * 400, [str(n) for n in range(430)])
    assert find_worst_period(steps_of(posts.assign(period_start=more)))["period_start"] == 0


@pytest.mark.parametrize("sides", [[], ["negative"] * 40, [None] * 80, ["neutral"] * 80])
def test_where_nothing_can_stand_out_nothing_does(sides):
    posts = make_posts(sides, [str(n) for n in range(len(sides))])
    days = [n // 40 for n in range(len(sides))]
    assert find_worst_period(steps_of(posts.assign(period_start=days))) is None


# --- Share of voice, coverage ---------------------------------------------------------------------


def test_shares_of_voice_are_of_the_brands_compared_and_add_up_to_one():
    mentions = pd.DataFrame(
        {"brand": ["a"] * 6 + ["b"] * 3 + ["other"] * 50, "author_key": [str(n) for n in range(59)]}
    )
    voice = estimate_share_of_voice(mentions, ["c", "b", "a"])
    assert voice["brand"].tolist() == ["a", "b", "c"]
    assert voice["mentions"].tolist() == [6, 3, 0]
    assert voice["share"].tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    assert voice["share"].sum() == pytest.approx(1)
    assert (voice["share_low"] <= voice["share"]).all()
    assert (voice["share"] <= voice["share_high"]).all()
    assert voice["share_high"].iloc[2] > 0.2  # none of 9 is not never


def test_nobody_mentioned_has_no_share_of_voice():
    voice = estimate_share_of_voice(pd.DataFrame({"brand": ["other"]}), ["b", "a"])
    assert voice["brand"].tolist() == ["a", "b"]
    assert voice["mentions"].tolist() == [0, 0]
    assert voice["share"].isna().all()


def test_coverage_counts_what_was_not_scored_and_what_was_copied():
    posts = make_posts(["negative", None, None, "neutral"], ["a", "a", "b", None]).assign(
        text=["same", "same", None, "other"], lang=["en", "und", None, "en"]
    )
    found = count_coverage(posts, searched=10, quarantined=2).set_index("item")["value"]
    assert found.to_dict() == {
        "posts_in_period": 10,
        "posts_of_brand": 4,
        "authors_of_brand": 2,
        "unscored_posts": 2,
        "unknown_language": 2,
        "copies": 1,
        "near_copies": 0,
        "quarantined_rows": 2,
    }


def test_copies_with_a_few_other_words_are_counted_apart():
    said = "the new phone of this maker lost its signal again on the way to work this morning"
    texts = [said, said, f"{said}!", f"{said} today", "quite another thing", "😀", "😀"]
    posts = make_posts([None] * 7, list("abcdefg")).assign(text=texts, lang="en")
    found = count_coverage(posts, searched=7, quarantined=0).set_index("item")["value"]
    assert found[["copies", "near_copies"]].tolist() == [2, 2]
