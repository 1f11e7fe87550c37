"""Interests: people like one, what a segment may care for next, and better than naming what is popular."""

import numpy as np
import pandas as pd
import pytest

from murmuration.audience import (
    fit_interests,
    foretell_interests,
    measure_interests,
    profile_authors,
    similar_authors,
)
from murmuration.errors import ParamError

from .conftest import CRAFTS


def craft(keys: pd.Series) -> pd.Series:
    return keys.str[1:].astype(int) % 3


def test_authors_like_one_care_for_the_same(crafters):
    found = similar_authors(crafters, "a004", count=20)
    assert list(found.columns) == ["source", "author_key", "similarity"]
    assert (craft(found["author_key"]) == 4 % 3).all()
    assert found["similarity"].is_monotonic_decreasing
    assert "a004" not in set(found["author_key"])


def test_held_out_hashtags_are_foretold_better_than_by_what_is_popular(crafters):
    found = measure_interests(crafters, kinds=("hashtags",), k=3)
    assert found["authors"] > 60
    assert found["times"] > 1.5


def test_trolls_use_what_was_held_out_more_often_than_what_is_popular(real_data):
    path = real_data("trolls/trolls_segments_dev.parquet")
    table = pd.read_parquet(path, columns=["author_id", "content"])
    posts = pd.DataFrame({"author_key": table["author_id"].astype(str), "text": table["content"].where(table["content"].notna(), None).astype("string")})  # fmt: skip
    tags = posts["text"].str.contains("#", na=False).to_numpy(bool)
    assert measure_interests(profile_authors(posts[tags]))["times"] > 1.5


def test_a_segment_is_told_what_others_like_it_care_for(crafted):
    # Half of the bakers have not heard of sourdough yet.
    posts = crafted.copy()
    baker = (craft(posts["author_key"]) == 0).to_numpy(bool)
    early = (posts["author_key"].str[1:].astype(int) % 6 == 0).to_numpy(bool)
    posts["text"] = np.where(baker & early, posts["text"] + " #sourdough", posts["text"])
    profiles = profile_authors(posts)
    labels = np.where(craft(profiles["author_key"]) == 0, np.where(profiles["author_key"].str[1:].astype(int) % 6 == 0, 1, 0), 2)  # fmt: skip
    found = foretell_interests(profiles, labels, model=fit_interests(profiles, n_dimensions=3))  # fmt: skip
    late = found[(found["segment"] == 0)]
    assert "sourdough" in late["term"].tolist()
    assert late.set_index("term").loc["sourdough", "share"] == 0
    assert not late["term"].str.startswith(CRAFTS[1]).any()


def test_wrong_questions_are_told_in_a_sentence(crafters):
    with pytest.raises(ParamError, match="No author has the key 'nobody'"):
        similar_authors(crafters, "nobody")
    with pytest.raises(ParamError, match="hashtags"):
        fit_interests(crafters, kinds=("hashtag",))
    with pytest.raises(ParamError, match="Fewer than two"):
        fit_interests(crafters.head(2))
    assert foretell_interests(crafters.head(2), [0, 0]).empty
