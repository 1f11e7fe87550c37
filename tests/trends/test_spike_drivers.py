"""What drives a spike."""

import numpy as np
import pandas as pd
import pytest

from murmuration.errors import SchemaError
from murmuration.trends import find_spike_drivers

BEGAN = pd.Timestamp("2026-02-02 10:00", tz="UTC")
USUAL = (
    "coffee morning staff counter queue beans latte table window seat price friendly warm quick slow cup milk foam "
    "cake corner music street weekend monday order app card tip sugar roast flat white"
).split()


def make_posts(*, loud=False, seed=0):
    """A week of a brand, and six hours of complaints about a mouse, half of them one text."""
    rng = np.random.default_rng(seed)
    before = pd.DataFrame(
        {
            "created_at": BEGAN - pd.to_timedelta(rng.uniform(1, 160, 400), unit="h"),
            "text": [" ".join(words) for words in rng.choice(USUAL, (400, 5))],
            "topic": 1,
        }
    )
    texts = [f"a mouse in the kitchen, {' '.join(some)}" for some in rng.choice(USUAL, (120, 4))]
    texts[::2] = ["look at this mouse video from brightcup"] * 60
    crisis = pd.DataFrame(
        {
            "created_at": BEGAN + pd.to_timedelta(np.sort(rng.uniform(0, 6, 120)), unit="h"),
            "text": texts,
            "topic": 2,
        }
    )
    posts = pd.concat([before, crisis], ignore_index=True)
    authors = [f"a{one}" for one in rng.integers(0, 300, len(posts))]
    if loud:
        authors[-120:] = [f"loud{one % 4}" for one in range(120)]
    brands = [
        ["brightcup", "aurora"] if at >= 400 and at % 3 == 0 else ["brightcup"] for at in range(520)
    ]
    return posts.assign(
        author_key=authors, brands=brands, lang="en", post_id=[f"p{at}" for at in range(520)]
    )


def make_spikes(brand="brightcup"):
    return pd.DataFrame(
        {"brand": [brand], "began": [BEGAN], "ended": [BEGAN + pd.Timedelta(hours=6)]}
    )


def test_words_shared_texts_and_who_is_concerned_are_told():
    found = find_spike_drivers(make_posts(), make_spikes()).iloc[0]
    assert any("mouse" in term for term in found["terms"])
    assert not any("coffee" in term for term in found["terms"])
    assert list(found["shared_posts"]) == ["p400"]
    assert found["shared_copies"] == [60]
    assert found["top_text_share"] == 0.5
    assert (found["driven_by"], list(found["langs"])) == ("many", ["en"])
    assert list(found["brands"]) == ["aurora"]
    assert found["topics"] == [2]


def test_few_accounts_are_said_to_be_few():
    found = find_spike_drivers(make_posts(loud=True), make_spikes()).iloc[0]
    assert (found["driven_by"], found["authors"]) == ("few", 4)
    assert found["top_author_share"] == 0.25


def test_posts_of_another_brand_drive_nothing():
    found = find_spike_drivers(make_posts(), make_spikes("velora")).iloc[0]
    assert list(found["terms"]) == []
    assert found["driven_by"] == "unknown"


def test_without_text_it_cannot_be_told():
    with pytest.raises(SchemaError, match="text"):
        find_spike_drivers(make_posts().drop(columns="text"), make_spikes())


def test_no_spikes_have_no_drivers():
    assert find_spike_drivers(make_posts(), make_spikes().iloc[:0]).empty
