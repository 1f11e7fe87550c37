"""In JupyterLab the same pieces work on posts of one's own."""

import pandas as pd
import pytest

from murmuration import dashboards
from murmuration.errors import SchemaError

from .runs import make_posts


def test_posts_of_ones_own_become_a_table():
    own = pd.DataFrame(
        {"text": ["one", None, "three"], "created_at": ["2026-01-01", "2026-01-02", "2026-01-03"]}
    )
    table = dashboards.posts_table(own)
    assert [row["text"] for row in table.shown["rows"]] == ["three", "", "one"]
    table._hear({"words": "thr"})
    assert table.count == 1


def test_a_point_of_the_explorer_opens_its_posts():
    page = dashboards.sentiment_explorer(make_posts())
    chart, _, table = page.children
    chart._hear({"click": {"curve": 1, "point": 0, "x": "2026-02-04T00:00:00", "y": "1"}})
    assert 0 < table.count <= 30


def test_posts_without_what_is_needed_are_refused_in_a_sentence():
    with pytest.raises(SchemaError, match="sentiment_explorer"):
        dashboards.sentiment_explorer(make_posts()[["text", "created_at"]])
    with pytest.raises(SchemaError, match="no time"):
        dashboards.posts_table(pd.DataFrame({"text": ["a"], "created_at": ["never"]}))
