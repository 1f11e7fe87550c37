"""Authors of three crafts, with hashtags, accounts, links and hours of their own."""

import numpy as np
import pandas as pd
import pytest

from murmuration.audience import SegmentParams, assign_segments, fit_segments, profile_authors

CRAFTS = ("bread", "bikes", "stars")


def write_posts(authors: int = 120, *, seed: int = 0, first: int = 0, each: int = 25) -> pd.DataFrame:  # fmt: skip
    """Give posts of authors, one of three crafts each by turns."""
    rng = np.random.default_rng(seed)
    rows = []
    for author in range(first, first + authors):
        craft = CRAFTS[author % 3]
        for number in range(each):
            tag = f"{craft}{rng.integers(6)}" if rng.random() < 0.9 else f"any{rng.integers(6)}"
            link = " https://x.example" if rng.random() < 0.2 + 0.6 * (author % 3 == 1) else ""
            hour = (6 * (author % 3) + rng.integers(6)) % 24
            when = pd.Timestamp("2026-03-02", tz="UTC") + pd.Timedelta(days=int(rng.integers(60)), hours=int(hour))  # fmt: skip
            rows.append(("test", f"a{author:03d}", when, f"n{number} of {author} #{tag} @{craft}{rng.integers(5)}{link}"))  # fmt: skip
    return pd.DataFrame(rows, columns=["source", "author_key", "created_at", "text"])


@pytest.fixture(scope="session")
def crafted() -> pd.DataFrame:
    """Posts of 120 authors."""
    return write_posts()


@pytest.fixture(scope="session")
def crafters(crafted) -> pd.DataFrame:
    """Their profiles."""
    return profile_authors(crafted, key=b"a key for tests")


@pytest.fixture(scope="session")
def crafted_model(crafters):
    """Their segments."""
    return fit_segments(crafters, SegmentParams(n_segments=3))


@pytest.fixture(scope="session")
def assigned(crafters, crafted_model) -> pd.DataFrame:
    """Their profiles with segments."""
    return assign_segments(crafters, crafted_model)
