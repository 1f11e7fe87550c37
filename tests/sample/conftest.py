"""Enough posts to see in them what was planted; made once."""

import pandas as pd
import pytest

from murmuration.sample import make_posts


@pytest.fixture(scope="session")
def posts():
    return pd.concat(list(make_posts(100_000, seed=7)), ignore_index=True)


@pytest.fixture(scope="session")
def good(posts):
    """Posts that are not broken."""
    return posts[posts["truth_broken"].isna()]


@pytest.fixture(scope="session")
def own(good):
    """Posts with a text of their own."""
    return good[(good["kind"] != "repost") & good["truth_copy_of"].isna()]
