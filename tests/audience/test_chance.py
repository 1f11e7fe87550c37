"""Authors of whom nothing but chance makes groups are one segment, and it is said why; real groups are still found."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from murmuration.audience import (
    SegmentModel,
    SegmentParams,
    assign_segments,
    count_audience_coverage,
    describe_segments,
    fit_segments,
    measure_segments,
    profile_authors,
)
from murmuration.audience.chance import has_gap
from murmuration.show import describe_audience_limits, show_choice


def write_noise(posts: np.ndarray, seed: int, **columns: object) -> pd.DataFrame:
    """Give posts at any hour and on any day, equal text, no engagement; so many of each author."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(len(posts)), posts)
    seconds = rng.integers(0, 56 * 86_400, len(who))
    return pd.DataFrame(
        {
            "author_key": [f"a{one:05d}" for one in who], "text": "the same", "like_count": 0,
            "created_at": pd.Timestamp("2026-03-02", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
        }
    ).assign(**columns)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("authors", "each"), [(20_000, 1), (2_000, 5), (60, 9)])
def test_few_posts_at_any_time_are_one_segment_with_the_reason(authors, each, seed):
    profiles = profile_authors(write_noise(np.full(authors, each), seed))
    model = fit_segments(profiles, SegmentParams(seed=seed, min_authors=20))
    assert model.ids.tolist() == [0]
    [why] = model.choice["why"]
    assert why == "No groups stand out among these authors: what is known of them differs by no more than chance makes of so few posts."  # fmt: skip
    assert why in str(show_choice(model.choice)._repr_html_())


@pytest.mark.parametrize("seed", range(4))
def test_more_and_less_without_a_gap_is_one_segment(seed):
    rng = np.random.default_rng(seed)
    many = np.maximum(1, np.round(np.exp(rng.normal(1.5, 1.0, 1_000)))).astype(int)
    profiles = profile_authors(write_noise(many, seed).drop(columns="text"))
    model = fit_segments(profiles, SegmentParams(seed=seed))
    assert model.ids.tolist() == [0]
    assert "without a gap between groups" in model.choice["why"].iloc[0]


@pytest.mark.parametrize("seed", range(2))
def test_much_and_little_with_a_gap_are_two_segments_of_nothing_else(seed):
    rng = np.random.default_rng(seed)
    heavy = rng.random(1_000) < 0.4
    posts = write_noise(np.where(heavy, rng.poisson(40, 1_000), rng.poisson(3, 1_000)) + 1, seed)
    profiles = profile_authors(posts.drop(columns="text"))
    found = assign_segments(profiles, fit_segments(profiles, SegmentParams(n_segments=2)))
    assert adjusted_rand_score(heavy, found["segment"].to_numpy(int)) > 0.9
    assert len(fit_segments(profiles, SegmentParams(seed=seed)).ids) > 1


@pytest.mark.parametrize("seed", range(2))
def test_hashtags_at_random_are_no_interests(seed):
    rng = np.random.default_rng(seed)
    posts = write_noise(np.full(1_000, 8), seed)
    tags = rng.choice(60, len(posts), p=(rarity := 1 / np.arange(1, 61)) / rarity.sum())
    texts = [f"number {at} #t{tag}" for at, tag in enumerate(tags)]
    model = fit_segments(profile_authors(posts.assign(text=texts)), SegmentParams(seed=seed))
    assert model.ids.tolist() == [0]
    assert "no more than by chance" in model.choice["why"].iloc[0]


def test_weak_interests_in_common_are_still_found():
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(400), 12)
    own = rng.random(len(who)) < 0.4
    tags = np.where(own, who % 4 * 10, 40) + rng.integers(0, np.where(own, 10, 40))
    posts = pd.DataFrame({"author_key": who.astype(str), "text": [f"n{at} #t{tag}" for at, tag in enumerate(tags)]})  # fmt: skip
    profiles = profile_authors(posts)
    found = assign_segments(profiles, fit_segments(profiles, SegmentParams(n_segments=4)))
    assert adjusted_rand_score(profiles["author_key"].astype(int) % 4, found["segment"].to_numpy(int)) > 0.8  # fmt: skip
    assert len(fit_segments(profiles).ids) >= 4


def test_the_reason_is_kept_with_the_model_and_quality_says_nothing_of_a_choice(tmp_path):
    profiles = profile_authors(write_noise(np.full(100, 2), 0))
    model = fit_segments(profiles)
    model.save(tmp_path / "model")
    again = SegmentModel.load(tmp_path / "model")
    assert again.choice["why"].tolist() == model.choice["why"].tolist()
    assert again.version == model.version
    found = assign_segments(profiles, again)
    quality = measure_segments(found, again, describe_segments(profiles, found)).set_index(
        "measure"
    )
    assert quality["value"].isna()[["stability", "jaccard", "separation", "shared"]].all()


def write_at(hours: np.ndarray, days: np.ndarray, *, each: int = 30) -> pd.DataFrame:
    """Give posts of authors around an hour of the day of their own, and on days of their own of the week."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(len(hours)), each)
    weeks = rng.integers(0, 8, len(who)) * 7
    seconds = (hours[who] + rng.normal(0, 0.7, len(who))) % 24 * 3_600
    when = pd.to_timedelta((weeks + days[who]) * 86_400 + seconds, unit="s")
    return pd.DataFrame({"author_key": [f"a{one:04d}" for one in who], "created_at": pd.Timestamp("2026-03-02", tz="UTC") + when})  # fmt: skip


@pytest.mark.parametrize(("early", "late"), [(0, 12), (3, 15), (6, 18)])
def test_groups_half_a_day_apart_are_told_apart_at_any_hour(early, late):
    second = np.arange(300) % 2 == 1
    days = np.random.default_rng(1).integers(0, 7, 300)
    profiles = profile_authors(write_at(np.where(second, late, early), days))
    model = fit_segments(profiles)
    assert len(model.ids) > 1
    segments = assign_segments(profiles, model)["segment"].to_numpy(int)
    assert not {*segments[second]} & {*segments[~second]} - {-1}


@pytest.mark.parametrize("circle", ["hour", "weekday"])
@pytest.mark.parametrize(("telling", "other"), [("cos", "sin"), ("sin", "cos")])
def test_a_gap_around_a_circle_is_seen_where_one_coordinate_tells_all(circle, telling, other):
    rng = np.random.default_rng(0)
    profiles = pd.DataFrame({"author_key": np.arange(300).astype(str), "posts": 30})
    profiles[f"{circle}_{telling}"] = np.arange(300) % 2 * 1.8 - 0.9 + rng.normal(0, 0.02, 300)
    profiles[f"{circle}_{other}"] = rng.normal(0, 0.02, 300)
    assert has_gap(profiles, [f"{circle}_{telling}"], least=20, seed=0)


def test_a_gap_in_one_number_is_seen_where_no_author_has_all_numbers():
    rng = np.random.default_rng(0)
    n = 900
    profiles = pd.DataFrame({"author_key": np.arange(n).astype(str), "posts": 200})
    profiles["url_share"] = np.where(np.arange(n) % 2, 0.9, 0.1) + rng.normal(0, 0.02, n)
    counts = ["likes_per_post", "views_per_post", "reposts_per_post"]
    for at, name in enumerate(counts):
        likes = np.exp(rng.normal(2, 1, n))
        profiles[name] = np.where(np.arange(n) // 300 == at, np.nan, likes)
    assert has_gap(profiles, ["url_share", *counts], least=20, seed=0)
    assert not has_gap(profiles, counts, least=20, seed=0)


def write_links(shares: np.ndarray, *, each: int) -> pd.DataFrame:
    """Give posts of authors, such a share of which has a link."""
    who = np.repeat(np.arange(len(shares)), each)
    linked = np.random.default_rng(0).random(len(who)) < shares[who]
    return pd.DataFrame({"author_key": [f"a{one:04d}" for one in who], "text": np.where(linked, "see https://x.example/ now", "see that now")})  # fmt: skip


def test_small_differences_of_many_posts_are_not_chance():
    second = np.arange(400) % 2 == 1
    profiles = profile_authors(write_links(np.where(second, 0.15, 0.10), each=1_000))
    for number in (2, None):
        model = fit_segments(profiles, SegmentParams(n_segments=number, set_aside=False))
        found = assign_segments(profiles, model)["segment"].to_numpy(int)
        assert adjusted_rand_score(second, found) > 0.9


def test_who_asks_for_a_number_gets_it_unless_all_authors_are_the_same():
    chance = profile_authors(write_links(np.full(200, 0.3), each=50))
    params = SegmentParams(n_segments=2, set_aside=False)
    assert len(fit_segments(chance, SegmentParams(set_aside=False)).ids) == 1
    assert len(fit_segments(chance, params).ids) == 2
    assert len(fit_segments(profile_authors(write_links(np.ones(200), each=2)), params).ids) == 1


def test_what_is_known_of_few_posts_makes_no_groups():
    """Of two posts of each author it is known whether they are replies: of these none, half or all are."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(1_500), 200)
    kinds = np.where(rng.random(len(who)) < rng.beta(2, 3, 1_500)[who], "reply", "post").astype(object)  # fmt: skip
    kinds[np.arange(len(who)) % 200 >= 2] = None
    profiles = profile_authors(pd.DataFrame({"author_key": who.astype(str), "kind": kinds}))
    assert len(fit_segments(profiles).ids) == 1
    assert profiles["known_kind"].eq(2).all()


@pytest.mark.parametrize("authors", [2, 3])
def test_the_smallest_audiences_have_segments_of_one_author(authors):
    rng = np.random.default_rng(0)
    posts = pd.DataFrame({"author_key": np.repeat([f"a{one}" for one in range(authors)], 30)})
    number = posts["author_key"].str[1:].astype(int)
    posts["like_count"], posts["author_followers"] = number * 5 + 1, 10**number
    posts["text"] = [f"text {one}" for one in rng.random(len(posts))]
    assert len(fit_segments(profile_authors(posts), SegmentParams(min_authors=1)).ids) >= 1


@pytest.mark.parametrize(("method", "said"), [("consensus", True), ("dbscan", False)])
def test_limits_point_to_the_reason_for_one_segment_only_where_one_is_given(method, said):
    rng = np.random.default_rng(0)
    many = np.maximum(1, np.round(np.exp(rng.normal(2.2, 1.0, 200)))).astype(int)
    posts = write_noise(many, 0).drop(columns="text")
    profiles = profile_authors(posts)
    model = fit_segments(profiles, SegmentParams(method=method))
    assert model.ids.tolist() == [0]
    found = assign_segments(profiles, model)
    cards = describe_segments(profiles, found)
    coverage = count_audience_coverage(posts, found, cards, searched=len(posts), quarantined=0)
    quality = measure_segments(found, model, cards)
    limits = describe_audience_limits(coverage, quality, [], choice=model.choice)
    assert ("says why" in limits) == said


def test_as_many_segments_as_were_asked_for_say_where_no_groups_stand_out():
    rng = np.random.default_rng(0)
    alike = profile_authors(write_at(rng.uniform(0, 24, 300), rng.integers(0, 7, 300), each=5))
    [row] = fit_segments(alike, SegmentParams(n_segments=3)).choice.to_dict("records")
    assert row["n_segments"] == 3
    assert "as were asked for, although no groups stand out" in row["why"]
    apart = profile_authors(write_at(np.where(np.arange(300) % 2, 6, 18), rng.integers(0, 7, 300)))
    assert fit_segments(apart, SegmentParams(n_segments=2)).choice.empty
