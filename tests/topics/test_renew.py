"""The next run: topics stay while little is new, and only what is new is read."""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

from murmuration.text import find_repeats
from murmuration.topics import TopicModel, TopicParams, assign_topics, fit_topics, match_topics
from murmuration.topics.renew import renew_topics
from murmuration.topics.sampling import count_rows

SUBJECTS = [
    "flight luggage delay seat crew gate airport runway pilot cabin",
    "coffee espresso roast beans barista milk latte crema mug foam",
    "phone battery screen camera charger update app signal cable sim",
]
OTHER = "parliament election senator ballot minister vote treaty reform law mayor"


PARAMS = TopicParams(n_topics=3, method="nmf", sample_posts=1_000)


def write_posts(n, *, seed, subjects=SUBJECTS):
    rng = np.random.default_rng(seed)
    texts = [
        " ".join(rng.choice(subjects[at % len(subjects)].split(), 6, replace=False))
        for at in range(n)
    ]
    return pd.DataFrame({"text": texts})


def renew(posts, model):
    repeats, lengths = find_repeats(posts), count_rows(posts, "text")
    return renew_topics(posts, model, repeats, lengths, column="text", params=PARAMS)


@pytest.fixture(scope="module")
def before():
    return write_posts(6_000, seed=0)


@pytest.fixture(scope="module")
def model(before):
    return fit_topics(before, PARAMS)


@pytest.fixture(scope="module")
def after(before):
    return pd.concat([before[50:], write_posts(60, seed=1)], ignore_index=True)


@pytest.fixture(scope="module")
def renewed(after, model):
    return renew(after, model)


def test_texts_that_are_known_are_not_read_again(before, model, monkeypatch):
    expected = assign_topics(before, model.without_known())
    read = []
    choose = TopicModel.choose_topics

    def watch(self, prepared, *rest):
        read.append(len(prepared))
        return choose(self, prepared, *rest)

    monkeypatch.setattr(TopicModel, "choose_topics", watch)
    pd.testing.assert_frame_equal(assign_topics(before, model), expected)
    assert sum(read) == 0


def test_a_new_text_counts_whichever_of_its_posts_is_the_first_in_the_frame(before, model):
    new = write_posts(30, seed=1)
    twice = pd.concat([before, new, new], ignore_index=True)
    times = pd.Series(pd.date_range("2026-01-01", periods=len(twice), freq="min", tz="UTC"))
    counts = [
        renew(twice.assign(created_at=moments), model).known.texts_with.sum()
        for moments in (times, times[::-1].to_numpy())
    ]
    assert counts[0] == counts[1] > model.known.texts_with.sum()


def test_topics_stay_and_new_posts_are_counted(after, model, renewed):
    told = renewed.topics.set_index("id")["label"]
    assert told[model.topics["id"]].tolist() == model.topics["label"].tolist()
    assert renewed.topics["posts"].sum() + (
        assign_topics(after, renewed)["topic"] < 0
    ).sum() == len(after)
    counted = assign_topics(after, renewed)["topic"].value_counts()
    assert counted.reindex(renewed.topics["id"]).tolist() == renewed.topics["posts"].tolist()


def test_what_is_kept_of_new_texts_is_what_would_be_read(after, renewed):
    pd.testing.assert_frame_equal(
        assign_topics(after, renewed), assign_topics(after, renewed.without_known())
    )


def test_partitions_change_nothing(after, model, renewed):
    again = renew(dd.from_pandas(after, npartitions=4), model)
    pd.testing.assert_frame_equal(again.topics, renewed.topics)
    assert again.version == renewed.version


def test_a_saved_model_knows_as_much(after, model, renewed, tmp_path):
    model.save(tmp_path / "kept")
    again = renew(after, TopicModel.load(tmp_path / "kept"))
    pd.testing.assert_frame_equal(again.topics, renewed.topics)


def test_a_fit_that_continues_from_a_model_keeps_its_topics(after, model, renewed):
    found = fit_topics(after, PARAMS, continue_from=model)
    assert found.version == renewed.version
    lineage = match_topics(model, found)
    assert set(lineage["event"]) == {"continued"}
    assert lineage["shared_posts"].sum() == found.topics["posts"].sum()


def test_other_parameters_are_obeyed(after, model):
    two = TopicParams(n_topics=2, method="nmf", sample_posts=1_000)
    assert len(fit_topics(after, two, continue_from=model).topics) == 2


def test_topics_are_found_anew_where_much_is_new(before, model):
    assert renew(write_posts(6_000, seed=2), model) is None
    assert renew(before[:5_000], model) is None
    assert renew(before, model.without_known()) is None


def test_little_by_little_is_much_as_well(before, model):
    posts, found = before, model
    for seed in range(3, 20):
        posts = pd.concat([posts, write_posts(60, seed=seed)], ignore_index=True)
        found = renew(posts, found)
        if found is None:
            break
    assert 6 <= seed <= 9


def test_topics_are_found_anew_where_new_posts_say_other_things(before, model):
    usual = pd.concat([before, write_posts(250, seed=1)], ignore_index=True)
    assert renew(usual, model) is not None
    other = pd.concat([before, write_posts(250, seed=1, subjects=[OTHER])], ignore_index=True)
    assert renew(other, model) is None
