"""Posts of a run are narrowed, sorted and read without a row too many."""

from datetime import timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from murmuration.dashboards.posts_file import Filter, PostsFile
from murmuration.errors import ReportError

from .runs import SINCE, make_posts, make_run


@pytest.fixture
def posts(reports):
    return PostsFile(next(reports.glob("*/*/tables/posts.parquet")))


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (Filter(source="forum"), lambda row: row["source"] == "forum"),
        (Filter(lang="de", label="negative"), lambda row: row["lang"] == "de" and row["sentiment_label"] == "negative"),
        (Filter(since=SINCE + timedelta(days=2), until=SINCE + timedelta(days=3)), lambda row: 2 <= (row["created_at"] - SINCE).days < 3),
        (Filter(words="OUTAGE"), lambda row: "outage" in row["text"].lower()),
        (Filter(words="number 1", source="forum"), lambda row: "number 1" in row["text"] and row["source"] == "forum"),
        (Filter(author="0" * 31 + "5"), lambda row: row["author_key"] == "0" * 31 + "5"),
        (Filter(source="there is none"), lambda row: False),
        (Filter(), lambda row: True),
    ],
)  # fmt: skip
def test_a_filter_lets_exactly_the_posts_through_that_it_says(posts, wanted, rule):
    expected = [row["post_id"] for row in make_posts().to_dict("records") if rule(row)]
    assert [row["post_id"] for row in posts.read(posts.select(wanted))] == expected


def test_sorting_puts_unknown_values_last_both_ways(posts):
    everything = posts.select(Filter())
    for descending in (True, False):
        rows = posts.read(posts.sort(everything, by="engagement", descending=descending))
        known = [row["engagement"] for row in rows if row["engagement"] is not None]
        assert known == sorted(known, reverse=descending)
        assert all(row["engagement"] is None for row in rows[len(known) :])


@pytest.mark.parametrize("descending", [True, False])
def test_sorting_by_time_does_not_hang_on_the_order_of_the_file(posts, tmp_path, descending):
    table = pq.read_table(posts.path)
    mixed = tmp_path / "mixed.parquet"
    pq.write_table(table.take(np.random.default_rng(1).permutation(len(table))), mixed)
    expected = sorted(table["post_id"].to_pylist(), reverse=descending)  # numbered as time goes on
    for one in (posts, PostsFile(mixed)):
        places = one.sort(one.select(Filter()), by="created_at", descending=descending)
        assert [row["post_id"] for row in one.read(places)] == expected


def test_posts_come_in_the_order_of_their_places_across_parts_of_the_file(posts):
    places = np.array([200, 3, 130, 4])
    assert [row["post_id"] for row in posts.read(places)] == [
        "p00200",
        "p00003",
        "p00130",
        "p00004",
    ]


def test_values_are_counted_the_most_frequent_first(posts):
    assert posts.list_values("source") == [("sample", 168), ("forum", 42)]


def test_a_table_without_rows_answers_with_nothing(tmp_path):
    folder = make_run(tmp_path / "empty", posts=make_posts().iloc[:0])
    posts = PostsFile(folder / "tables" / "posts.parquet")
    assert posts.list_values("lang") == []
    assert len(posts.select(Filter(words="x", lang="en", since=SINCE))) == 0
    assert posts.read([]) == []


def test_a_run_of_an_older_version_says_what_to_do(reports):
    path = next(reports.glob("*/*/tables/posts.parquet"))
    path.unlink()
    with pytest.raises(ReportError, match="Run the report again"):
        PostsFile(path)
