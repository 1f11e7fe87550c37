"""Authors of whom nothing but chance makes groups are one segment, and it is said why; real groups are still found."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from murmuration.audience import (
    SegmentModel,
    SegmentParams,
    assign_segments,
    describe_segments,
    fit_segments,
    measure_segments,
    profile_authors,
)
from murmuration.show import show_choice


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
