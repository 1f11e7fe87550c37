"""Whether topics that are found once more, with another seed, are the same."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from murmuration.topics import (
    TopicParams,
    assign_topics,
    estimate_topics,
    find_again,
    fit_topics,
    measure_topics,
)

SUBJECTS = [
    "flight luggage delay seat crew gate airport runway",
    "coffee espresso roast beans barista milk latte crema",
    "phone battery screen camera charger update app signal",
]
ASKED = TopicParams(n_topics=3, method="nmf")


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    about = rng.integers(len(SUBJECTS), size=240)
    texts = [" ".join(rng.choice(SUBJECTS[one].split(), 5, replace=False)) for one in about]
    posts = pd.DataFrame({"text": texts})
    model = fit_topics(posts, ASKED)
    return assign_topics(posts, model), model


def test_a_clear_topic_is_found_again(found):
    posts, model = found
    again = find_again(posts, model, ASKED)
    table = estimate_topics(posts, model, again=again)
    assert table["found_again"].tolist() == ["itself"] * 3
    assert table["stability"].min() > 0.9


def test_a_topic_whose_posts_are_together_in_a_larger_one_is_not_said_to_be_lost(found):
    posts, model = found
    again = find_again(posts, model, replace(ASKED, n_topics=1))
    table = estimate_topics(posts, model, again=again)
    assert table["found_again"].tolist() == ["joined"] * 3
    assert table["stability"].tolist() == [1.0] * 3
    # Over all topics each one that is found again stands for one only.
    measured = measure_topics(posts, model, again=again).set_index("measure")["value"]
    assert measured["stability"] == pytest.approx(table["posts"].max() / len(posts))


def test_of_few_posts_nothing_is_said_and_of_pieces_that_they_are(found):
    posts, model = found
    ids = model.topics["id"].tolist()
    again = pd.DataFrame(
        {"topic": ids, "of": [9, 40, 40], "kept": 0, "together": [9, 19, 20], "among": [9, 19, 20]}
    )
    table = estimate_topics(posts, model, again=again).set_index("topic").loc[ids]
    assert table["found_again"].fillna("-").tolist() == ["-", "parted", "itself"]
    assert table["stability"].isna().tolist() == [True, False, False]
    unasked = estimate_topics(posts, model)
    assert unasked["found_again"].isna().all()
    assert unasked["stability"].isna().all()


def test_in_a_part_of_the_posts_the_smallest_topic_is_smaller(found, monkeypatch):
    posts, model = found
    monkeypatch.setattr("murmuration.topics.summary._FOUND_AGAIN", len(posts) // 3)
    least = TopicParams(max_topics=3, min_posts=50, method="nmf")
    again = find_again(posts, model, least)
    assert again["of"].sum() == len(posts) // 3
    assert (again["among"] < 50).all()
