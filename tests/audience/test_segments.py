"""Segments: found again, told apart, explained, and never forced where there is nothing to find."""

import os
import subprocess
import sys

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from murmuration.audience import (
    SegmentParams,
    assign_segments,
    fit_segments,
    profile_authors,
    segment_authors,
)
from murmuration.errors import ParamError

CRAFTS = ("bread", "bikes", "stars")


@pytest.fixture(scope="module")
def posts() -> pd.DataFrame:
    """Three groups of 40 authors with hashtags, accounts, links and hours of their own, 25 posts each."""
    rng = np.random.default_rng(0)
    rows = []
    for author in range(120):
        craft = CRAFTS[author % 3]
        for number in range(25):
            tag = f"{craft}{rng.integers(6)}" if rng.random() < 0.9 else f"any{rng.integers(6)}"
            link = " https://x.example" if rng.random() < 0.2 + 0.6 * (author % 3 == 1) else ""
            hour = (6 * (author % 3) + rng.integers(6)) % 24
            when = pd.Timestamp("2026-03-02", tz="UTC") + pd.Timedelta(days=int(rng.integers(60)), hours=int(hour))  # fmt: skip
            rows.append((f"a{author:03d}", when, f"n{number} of {author} #{tag} @{craft}{rng.integers(5)}{link}"))  # fmt: skip
    return pd.DataFrame(rows, columns=["author_key", "created_at", "text"])


@pytest.fixture(scope="module")
def profiles(posts) -> pd.DataFrame:
    return profile_authors(posts)


@pytest.fixture(scope="module")
def model(profiles):
    return fit_segments(profiles, SegmentParams(max_segments=5, bootstraps=3))


def planted(profiles: pd.DataFrame) -> np.ndarray:
    return profiles["author_key"].str[1:].astype(int).to_numpy() % 3


def test_the_number_of_segments_is_chosen_and_the_choice_is_shown(profiles, model):
    found = assign_segments(profiles, model)
    assert adjusted_rand_score(planted(profiles), found["segment"]) > 0.95
    choice = model.choice.set_index("n_segments")
    assert choice.index[choice["chosen"]].tolist() == [3]
    assert choice.loc[3, "stability"] > 0.95
    assert choice.loc[3, "shared"] < 0.05


@pytest.mark.parametrize("method", ["consensus", "kmeans", "gaussian", "dbscan", "hdbscan"])
def test_every_method_finds_groups_that_lie_apart(profiles, method):
    params = SegmentParams(n_segments=3, method=method, min_authors=10, weights={"text": 0})
    found = segment_authors(profiles, params)["segment"].to_numpy(int)
    assert adjusted_rand_score(planted(profiles), found) > 0.8


def test_order_of_authors_changes_nothing_and_a_seed_repeats_itself(profiles):
    params = SegmentParams(n_segments=3, seed=4)
    one = segment_authors(profiles, params)
    other = segment_authors(profiles.sample(frac=1, random_state=0), params)
    pd.testing.assert_frame_equal(one, other.sort_values("author_key", ignore_index=True))


@pytest.mark.parametrize("sample", [1_500, 50])
def test_order_changes_nothing_where_authors_of_two_sources_share_a_key(sample):
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(300), 8)
    craft = (who // 2 + who % 2) % 3 * 6
    one, two = (np.char.add(" #c", (craft + rng.integers(6, size=len(who))).astype(str)) for _ in range(2))  # fmt: skip
    texts = np.char.add(np.char.add(np.char.add("n", who.astype(str)), one), two)
    posts = pd.DataFrame({"source": np.where(who % 2, "x", "y"), "author_key": (who // 2).astype(str), "text": texts})  # fmt: skip
    profiles = profile_authors(posts)
    params = SegmentParams(n_segments=3, sample_authors=sample)
    mixed = profiles.sample(frac=1, random_state=1)
    assert fit_segments(profiles, params).version == fit_segments(mixed, params).version


def test_new_authors_are_assigned_alike_whether_lazy_or_not(posts, profiles, model):
    half = posts[posts["created_at"].dt.day % 2 == 0].assign(author_key=lambda some: "new" + some["author_key"])  # fmt: skip
    new = profile_authors(half)
    found = assign_segments(new, model)
    known = assign_segments(profiles, model)
    same = known["segment"].to_numpy(int) == found["segment"].to_numpy(int)
    assert same.mean() > 0.9
    lazy = assign_segments(dd.from_pandas(new, npartitions=3), model)
    added = ["segment", "segment_strength", "set_aside"]
    assert lazy.compute()[added].equals(found[added])


def test_segments_below_the_smallest_size_are_no_segments(profiles):
    found = segment_authors(profiles, SegmentParams(n_segments=8, min_authors=30))
    assert found["segment"].value_counts().drop(-1, errors="ignore").min() >= 25
    alone = segment_authors(profiles, SegmentParams(min_authors=500))
    assert set(alone["segment"]) == {0}


def test_weights_decide_what_segments_are_made_of(profiles):
    hours = dict.fromkeys(("volume", "style", "interests", "text"), 0)
    model = fit_segments(profiles, SegmentParams(n_segments=3, weights=hours))
    assert {name for view in model.views for name in view.space.names} <= {
        "regularity", "burst_share", "hour_cos", "hour_sin", "weekday_cos", "weekday_sin", "night_share", "weekend_share",
    }  # fmt: skip


def test_bots_are_set_apart_with_the_rule_that_did_it(profiles):
    odd = profiles.copy()
    odd.loc[0, "repeated_share"] = 0.95
    found = segment_authors(odd, SegmentParams(n_segments=3))
    assert found.loc[0, ["segment", "set_aside"]].tolist() == [-1, "repeats itself"]
    assert found["set_aside"].notna().sum() == 1
    kept = segment_authors(odd, SegmentParams(n_segments=3, set_aside=False))
    assert kept["set_aside"].isna().all()


def test_unknown_and_infinite_numbers_do_no_harm(profiles):
    odd = profiles.copy()
    odd.loc[:9, ["text_chars", "url_share"]] = None
    odd["followers"] = odd["followers"].astype(float)
    odd.loc[10:20, "followers"] = np.inf
    found = segment_authors(odd, SegmentParams(n_segments=3))
    assert adjusted_rand_score(planted(odd), found["segment"]) > 0.95


def test_authors_that_are_all_alike_are_one_segment():
    posts = pd.DataFrame({"author_key": [f"a{n}" for n in range(60)], "text": "the same"})
    found = segment_authors(profile_authors(posts))
    assert set(found["segment"]) == {0}


@pytest.mark.parametrize("n", [0, 1, 3])
def test_few_authors_are_no_error(profiles, n):
    found = segment_authors(profiles.head(n))
    assert found["segment"].tolist() == [0] * n


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"n_segments": 0}, "n_segments is 0"),
        ({"method": "kmeens"}, "kmeans"),
        ({"weights": {"styl": 1}}, "style"),
        ({"weights": {"style": -1}}, "between 0 and 100"),
        ({"least_strength": 2}, "least_strength is 2"),
    ],
)
def test_wrong_parameters_are_told_in_a_sentence(asked, says):
    with pytest.raises(ParamError, match=says):
        SegmentParams(**asked)


def test_more_segments_than_authors_are_refused(profiles):
    with pytest.raises(ParamError, match="there are 120 authors"):
        segment_authors(profiles, SegmentParams(n_segments=121))


THREADS = """
import numpy as np, pandas as pd
from threadpoolctl import threadpool_info
from murmuration.audience import SegmentParams, fit_segments, profile_authors
from murmuration.compute import make_estimator

rng = np.random.default_rng(0)
texts = [f"{rng.choice(['bread', 'bikes', 'stars'])}{n} #{rng.choice(['oven', 'wheel', 'moon'])}{n % 7}" for n in range(900)]
posts = pd.DataFrame({"author_key": [f"a{n % 60}" for n in range(900)], "text": texts})
most = []

def make(name, **given):
    most.append(max(pool["num_threads"] for pool in threadpool_info()))
    return make_estimator(name, **given)

fit_segments(profile_authors(posts), SegmentParams(n_segments=3, min_authors=5), make=make)
print(max(most))
"""


def test_threads_do_not_wait_for_each_other_also_where_libraries_are_loaded_late():
    done = subprocess.run(
        [sys.executable, "-c", THREADS],
        env={**os.environ, "OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split()[-1] == "1"


def test_density_that_finds_no_group_leaves_all_authors_out():
    rng = np.random.default_rng(0)
    profiles = profile_authors(
        pd.DataFrame(
            {
                "author_key": [f"a{n % 60}" for n in range(300)], "author_followers": np.tile(np.round(10 ** rng.uniform(1, 5, 60)), 5),
                "created_at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 10**6, 300), unit="s"),
                "like_count": rng.integers(0, 50, 300),
            }
        )
    )  # fmt: skip
    found = segment_authors(profiles, SegmentParams(method="hdbscan"))
    assert (found["segment"] == -1).all()


def test_segments_are_made_of_feelings_only_where_a_weight_says_so(posts, profiles):
    rng = np.random.default_rng(1)
    feels = rng.choice([-0.8, 0.8], len(posts))
    scored = posts.assign(
        sentiment=feels, sentiment_label=np.where(feels < 0, "negative", "positive")
    )
    felt = profile_authors(scored)
    asked = SegmentParams(n_segments=3)
    assert (
        segment_authors(felt, asked)["segment"].tolist()
        == segment_authors(profiles, asked)["segment"].tolist()
    )
    [behaviour] = [view for view in fit_segments(felt, SegmentParams(n_segments=3, weights={"feeling": 1})).views if not view.is_terms]  # fmt: skip
    assert "sentiment" in behaviour.space.names
