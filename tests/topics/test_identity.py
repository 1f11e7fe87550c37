"""How topics live on from one model to the next."""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

from murmuration.errors import SchemaError
from murmuration.topics import TopicParams, assign_topics, fit_topics, match_topics

SUBJECTS = [
    "flight luggage delay seat crew gate airport runway",
    "coffee espresso roast beans barista milk latte crema",
    "phone battery screen camera charger update app signal",
    "rain storm wind thunder forecast cloud snow umbrella",
    "tulip rose soil seed bloom spade mulch garden",
]
COLUMNS = [
    "event", "previous_id", "topic", "label", "previous_label", "similarity", "shared_posts", "previous_posts",
    "posts", "terms_gained", "terms_lost",
]  # fmt: skip


def make_posts(subjects, n=200, *, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(len(subjects), size=n)
    texts = [" ".join(rng.choice(subjects[about].split(), 5, replace=False)) for about in truth]
    return pd.DataFrame({"text": texts})


def fit(posts, n_topics):
    return fit_topics(posts, TopicParams(n_topics=n_topics, method="nmf"))


@pytest.fixture(scope="module")
def posts():
    return make_posts(SUBJECTS[:4])


@pytest.fixture(scope="module")
def four(posts):
    return fit(posts, 4)


@pytest.fixture(scope="module")
def two(posts):
    return fit(posts, 2)


def events(lineage):
    return sorted(lineage["event"])


def test_topics_of_other_posts_about_the_same_go_on(four):
    lineage = match_topics(four, fit(make_posts(SUBJECTS[:4], seed=1), 4))
    assert events(lineage) == ["continued"] * 4
    assert lineage["previous_id"].is_unique
    for row in lineage.itertuples():
        assert any(
            {*row.label.split(", "), *row.previous_label.split(", ")} <= set(s.split())
            for s in SUBJECTS
        )


def test_a_new_topic_is_born_and_an_old_one_dies(four):
    lineage = match_topics(four, fit(make_posts([*SUBJECTS[:3], SUBJECTS[4]], seed=1), 4))
    assert events(lineage) == ["born", *["continued"] * 3, "died"]
    born, died = (lineage[lineage["event"] == event].iloc[0] for event in ("born", "died"))
    assert set(born["terms_gained"]) <= set(SUBJECTS[4].split())
    assert set(died["terms_lost"]) <= set(SUBJECTS[3].split())
    assert pd.isna(born["previous_id"])
    assert pd.isna(died["topic"])
    assert max(born["similarity"], died["similarity"]) < 0.1


@pytest.mark.parametrize("ask", [False, True], ids=["by words", "by posts"])
def test_topics_part_and_join(posts, two, four, ask):
    shared = posts if ask else None
    parted, joined = match_topics(two, four, posts=shared), match_topics(four, two, posts=shared)
    assert set(parted["event"]) <= {"split", "continued"}
    assert set(joined["event"]) <= {"merged", "continued"}
    assert (parted["event"] == "split").sum() >= 2
    assert (joined["event"] == "merged").sum() == (parted["event"] == "split").sum()


def test_posts_that_both_know_are_counted(posts, two, four):
    lineage = match_topics(two, four, posts=posts)
    assert lineage["shared_posts"].sum() == len(posts)
    parts = dd.from_pandas(posts, npartitions=3)
    pd.testing.assert_frame_equal(match_topics(two, four, posts=parts), lineage)
    assert match_topics(two, four)["shared_posts"].isna().all()


def test_a_model_goes_on_in_itself(four):
    lineage = match_topics(four, four)
    assert events(lineage) == ["continued"] * 4
    assert lineage["previous_id"].tolist() == lineage["topic"].tolist()
    assert lineage["similarity"].tolist() == pytest.approx([1.0] * 4)
    assert not lineage["terms_gained"].map(len).any()


def test_nothing_is_matched_with_no_topics(four):
    none = fit(pd.DataFrame({"text": pd.Series([], dtype="str")}), None)
    assert events(match_topics(none, four)) == ["born"] * 4
    assert events(match_topics(four, none)) == ["died"] * 4
    assert list(match_topics(none, none)) == COLUMNS


def test_what_is_no_model_is_told(four, posts):
    with pytest.raises(SchemaError, match="needs two TopicModels, not DataFrame"):
        match_topics(posts, four)
    with pytest.raises(SchemaError, match="needs the column 'text'"):
        match_topics(four, four, posts=assign_topics(posts, four)[["topic"]])
