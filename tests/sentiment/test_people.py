import pandas as pd
import pytest

from murmuration.errors import SchemaError
from murmuration.sentiment import count_joined, find_random, join_labels

from ..test_models import constant


class Remembers:
    """A model that can say what it learned from."""

    version = "keen-01234567"

    def has_learned(self, texts):
        return [text == "text 2" for text in texts]


def scored_by(*versions):
    numbers = [str(n) for n in range(len(versions))]
    return pd.DataFrame({
        "source": "test", "post_id": numbers, "text": [f"text {n}" for n in numbers], "sentiment_model": versions,
    })  # fmt: skip


def labels_of(*said):
    return pd.DataFrame({"source": "test", "post_id": [str(n) for n in range(len(said))], "said": said})  # fmt: skip


def test_labels_of_posts_that_vader_scored_are_used_and_those_that_nobody_could_give_are_counted():
    posts = scored_by("vader-3.3.2", "vader-3.3.2-0a1b2c3d", None, "vader-3.3.2")
    joined = join_labels(posts, labels_of("negative", None, "neutral"))
    assert joined["said"].fillna("").tolist() == ["negative", "", "neutral", ""]
    assert joined["unused"].fillna("").tolist() == ["", "undecided", "", ""]
    assert count_joined(joined) == {"used": 2, "undecided": 1, "learned": 0}


def test_a_model_is_not_corrected_by_posts_that_it_learned_from():
    posts = scored_by(*["keen-01234567"] * 4)
    labels = labels_of("negative", "positive", "neutral")
    joined = join_labels(posts, labels, models={"en": Remembers()})
    assert joined["said"].fillna("").tolist() == ["negative", "positive", "", ""]
    assert count_joined(joined) == {"used": 2, "undecided": 0, "learned": 1}


def test_a_model_that_cannot_say_what_it_learned_from_is_not_corrected_by_labels():
    silent = constant()  # as well as a linear model of an older version
    assert not hasattr(silent, "has_learned")
    posts = scored_by(silent.version, "gone-01234567", "vader-3.3.2")
    joined = join_labels(posts, labels_of(*["neutral"] * 3), models={"en": silent})
    assert count_joined(joined) == {"used": 1, "undecided": 0, "learned": 2}


def test_without_labels_nothing_is_said_and_order_and_input_are_kept():
    posts = scored_by("vader-3.3.2", "vader-3.3.2")[::-1]
    joined = join_labels(posts, None)
    assert joined["post_id"].tolist() == ["1", "0"]
    assert joined[["said", "unused"]].isna().all(axis=None)
    assert posts.columns.tolist() == ["source", "post_id", "text", "sentiment_model"]


def test_random_posts_are_found_with_those_that_have_no_label():
    rows = [("0", "ann", "negative", "random"), ("0", "ben", "positive", "double"), ("1", "ann", None, "random"),
            ("2", "ann", "neutral", "random"), ("3", "ann", "neutral", "uncertain")]  # fmt: skip
    labels = pd.DataFrame(rows, columns=["post_id", "labeller", "label", "drawn"]).assign(
        source="test"
    )
    found = find_random(labels)
    assert found["post_id"].tolist() == ["0", "1", "2"]
    assert found["said"].fillna("").tolist() == ["", "", "neutral"]
    assert find_random(labels.iloc[4:]).columns.tolist() == ["source", "post_id", "said"]


def test_missing_columns_are_named():
    with pytest.raises(SchemaError, match="sentiment_model"):
        join_labels(scored_by("x").drop(columns="sentiment_model"), None)
    with pytest.raises(SchemaError, match="said"):
        join_labels(scored_by("x"), scored_by("x"))
