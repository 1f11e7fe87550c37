"""Drift: none between texts of one kind, some between others, and texts that were seen are found out."""

import json

import numpy as np
import pandas as pd
import pytest

from murmuration.collect.labelled import read_labelled
from murmuration.errors import SchemaError
from murmuration.sentiment.drift import compare_with_training, measure_drift, summarise_texts
from murmuration.sentiment.model import ModelCard

WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ala", "ebe", "iti", "ono", "uru", "ade")]


def draw(count, seed, words=WORDS, length=12):
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(words) + 1)
    return [" ".join(rng.choice(words, length, p=weights / weights.sum())) for _ in range(count)]


def measured(before, after, langs=("en", "en")):
    summary = json.loads(json.dumps(summarise_texts(before, [langs[0]] * len(before))))
    return measure_drift(summary, after, [langs[1]] * len(after)).set_index("measure")


def test_texts_of_one_kind_do_not_drift():
    found = measured(draw(4_000, 1), draw(1_000, 2))
    assert found.loc["vocabulary", "value"] < 1.5 * found.loc["vocabulary", "usual"]
    assert found.loc["unknown_words", "value"] <= 1.5 * found.loc["unknown_words", "usual"] + 1e-3
    assert found.loc["length", "value"] < 0.1
    assert found.loc["language", "value"] == 0
    assert found.loc["seen", "value"] == 0


def test_other_words_lengths_and_languages_show():
    found = measured(
        draw(2_000, 1),
        draw(1_000, 2, words=[word[::-1] for word in WORDS], length=40),
        ("en", "de"),
    )
    assert found.loc["unknown_words", "value"] > 0.9
    assert found.loc["vocabulary", "value"] > 20 * found.loc["vocabulary", "usual"]
    assert found.loc["length", "value"] > 1
    assert found.loc["language", "value"] > 1


def test_real_posts_of_other_people_do_not_drift_but_those_of_another_kind_do(real_data):
    posts = read_labelled(real_data("airline/Tweets.csv")).posts
    first = pd.util.hash_array(posts["group"].to_numpy(dtype=object)) % 2 == 0
    found = measured(posts["text"][first].tolist(), posts["text"][~first].tolist())
    assert (found["value"] <= 1.5 * found["usual"]).drop("seen").all()
    assert found.loc["seen", "value"] < 0.02
    tweets = read_labelled(real_data("semeval/semeval2013_2016_train_clean.parquet")).posts
    other = measured(tweets["text"][:8_000].tolist(), posts["text"][:4_000].tolist())
    assert (other["value"] > 1.25 * other["usual"]).drop(["seen", "language"]).all()
    assert other.loc["vocabulary", "value"] > 2.5 * other.loc["vocabulary", "usual"]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_texts_that_were_seen_is_told(share):
    before, fresh = draw(5_000, 1), draw(5_000, 9)
    cut = int(share * 4_000)
    found = measured(before, before[:cut] + fresh[: 4_000 - cut])
    assert found.loc["seen", "value"] == pytest.approx(share, abs=0.07)


def test_nothing_to_compare_is_null():
    found = measured(draw(50, 1), [])
    assert found["value"].isna().all()
    assert measured([], draw(50, 1))["value"].isna().sum() >= 3


def test_languages_that_are_not_known_are_not_compared():
    summary = summarise_texts(draw(100, 1))
    found = measure_drift(summary, draw(100, 2), ["en"] * 100).set_index("measure")
    assert found["value"].isna().tolist() == [name == "language" for name in found.index]


def test_something_else_than_a_summary_is_refused():
    with pytest.raises(SchemaError, match="no summary of texts: it needs burstiness, langs"):
        measure_drift({"words": {}}, ["a"], ["en"])


def test_only_models_that_say_what_they_learned_from_are_compared():
    class Known:
        def __init__(self, name, trained_on):
            self.card = ModelCard(
                name=name, kind="linear", languages=("en",), trained_on=trained_on
            )
            self.version = f"{name}-1"

    texts = draw(100, 1)
    models = [Known("a", {"summary": summarise_texts(texts, ["en"] * 100)}), Known("b", {})]
    found = compare_with_training(models, pd.Series(texts), ["en"] * 100, posts="labelled")
    assert found["model"].unique().tolist() == ["a-1"]
    assert found.set_index("measure").loc["seen", "value"] == 1
    assert compare_with_training([], texts, [None] * 100, posts="labelled").empty
