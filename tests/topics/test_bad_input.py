"""Wrong arguments to the functions of `mm.topics`: one sentence that says what is needed."""

from datetime import UTC, datetime

import pandas as pd
import pytest

import murmuration as mm
from murmuration.errors import MurmurationError
from murmuration.topics import EmergingParams, TopicParams

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
GROWTH = {"days": 7, "baseline": 28, "min_posts": 5, "timezone": "UTC", "until": UNTIL}


@pytest.fixture(scope="module")
def parts():
    posts = pd.DataFrame({"text": ["bag gate crew late", "coffee cup milk beans"] * 30})
    model = mm.topics.fit_topics(posts, TopicParams(n_topics=2, method="nmf", embedding="lsa"))
    return {"posts": posts, "assigned": mm.topics.assign_topics(posts, model), "model": model}


topics = mm.topics
# Each takes posts, topics or terms first: none of these is.
FIRST = {
    "assign_topics": lambda bad, some: topics.assign_topics(bad, some["model"]),
    "compare_with_labels": lambda bad, some: topics.compare_with_labels(bad, ["a", "b"]),
    "count_groups": lambda bad, some: topics.count_groups(bad, by=["lang"]),
    "count_kept_neighbours": lambda bad, some: topics.count_kept_neighbours(bad, some["posts"]),
    "count_topic_coverage": lambda bad, some: topics.count_topic_coverage(bad, searched=1, quarantined=0),
    "count_topic_groups": lambda bad, some: topics.count_topic_groups(bad, by="lang"),
    "count_topic_terms": lambda bad, some: topics.count_topic_terms(bad, some["model"]),
    "count_topics": lambda bad, some: topics.count_topics(bad),
    "count_windows": lambda bad, some: topics.count_windows(bad, ["a"]),
    "estimate_coherence": lambda bad, some: topics.estimate_coherence(bad, topics.count_windows([], [])),
    "estimate_diversity": lambda bad, some: topics.estimate_diversity(bad),
    "estimate_stability": lambda bad, some: topics.estimate_stability(bad, [1, 2]),
    "estimate_topics": lambda bad, some: topics.estimate_topics(bad, some["model"]),
    "fill_lineage": lambda bad, some: topics.fill_lineage(bad),
    "find_again": lambda bad, some: topics.find_again(bad, some["model"], TopicParams()),
    "find_emerging": lambda bad, some: topics.find_emerging(bad),
    "find_growth": lambda bad, some: topics.find_growth(bad, some["model"], **GROWTH),
    "find_topic_posts": lambda bad, some: topics.find_topic_posts(bad, some["model"]),
    "fit_topics": lambda bad, some: topics.fit_topics(bad),
    "join_topics": lambda bad, some: topics.join_topics(bad),
    "match_topics": lambda bad, some: topics.match_topics(bad, some["model"]),
    "measure_topics": lambda bad, some: topics.measure_topics(bad, some["model"]),
    "merge_topics": lambda bad, some: topics.merge_topics(bad, [0, 1]),
    "place_topics": lambda bad, some: topics.place_topics(bad),
    "renew_labels": lambda bad, some: topics.renew_labels(bad, some["model"]),
}  # fmt: skip
OTHERS = {
    "no model for terms": lambda some: topics.count_topic_terms(some["assigned"], None),
    "a name for a model": lambda some: topics.estimate_topics(some["assigned"], "topics"),
    "no model for posts": lambda some: topics.find_topic_posts(some["assigned"], None),
    "no model for quality": lambda some: topics.measure_topics(some["assigned"], None),
    "no model for labels": lambda some: topics.renew_labels(some["assigned"], None),
    "no model to find again": lambda some: topics.find_again(some["assigned"], None, TopicParams()),
    "a dictionary for parameters": lambda some: topics.fit_topics(some["posts"], {"n_topics": 3}),
    "no parameters": lambda some: topics.find_again(some["assigned"], some["model"], None),
    "a number for parameters": lambda some: topics.find_emerging(some["assigned"], 7),
    "a list for posts that both know": lambda some: topics.match_topics(some["model"], some["model"], posts=["a"]),
    "one column for several": lambda some: topics.count_groups(some["assigned"], by="lang"),
    "no windows": lambda some: topics.estimate_coherence([["a", "b"]], None),
    "no terms": lambda some: topics.count_windows([["a"]], None),
    "no places": lambda some: topics.count_kept_neighbours(some["model"], None),
    "a word for a number": lambda some: TopicParams(n_topics="3"),
    "nothing for a number": lambda some: TopicParams(seed=None),
    "no embedding": lambda some: TopicParams(embedding=None),
    "a word for a window": lambda some: EmergingParams(window="7"),
}  # fmt: skip
SENTENCE = r"^[^\n]*(needs|has to)[^\n]*\.$"


def test_every_public_function_that_takes_something_is_asked_here():
    classes = {"Embedder", "EmergingParams", "Labeller", "TopicModel", "TopicParams", "Vectors"}
    assert set(FIRST) == set(topics.__all__) - classes


@pytest.mark.parametrize("bad", [["a", "b"], None, "posts.parquet"], ids=["list", "None", "str"])
@pytest.mark.parametrize("name", FIRST)
def test_what_is_no_posts_and_no_topics_is_told_in_a_sentence(name, bad, parts):
    with pytest.raises(MurmurationError, match=SENTENCE) as told:
        FIRST[name](bad, parts)
    assert str(told.value).startswith(name)


@pytest.mark.parametrize("wrong", OTHERS)
def test_other_wrong_arguments_are_told_in_a_sentence(wrong, parts):
    with pytest.raises(MurmurationError, match=SENTENCE):
        OTHERS[wrong](parts)
