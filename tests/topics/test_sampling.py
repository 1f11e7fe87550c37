"""The sample that topics are found in."""

import dask.dataframe as dd
import numpy as np
import pandas as pd

from murmuration.text import find_repeats
from murmuration.topics.known import hash_all
from murmuration.topics.sampling import count_rows, draw_rows, take_rows


def make_posts():
    times = pd.date_range("2026-01-01", periods=1_000, freq="h", tz="UTC")
    sources = np.where(np.arange(1_000) % 10 == 0, "forum", "x")
    texts = [f"a{at} b{at} c{at} d{at} e{at} f{at}" for at in range(900)]
    return pd.DataFrame(
        {
            "text": texts + ["the very same words once more"] * 100,
            "created_at": times,
            "source": sources,
        }
    )


def draw(posts, **options):
    return draw_rows(posts, find_repeats(posts), **{"size": 200, "seed": 0} | options)


def test_each_source_and_time_has_its_share():
    posts = make_posts()
    drawn = posts.iloc[draw(posts)]
    assert len(drawn) == 200
    assert 15 <= (drawn["source"] == "forum").sum() <= 25
    early = drawn["created_at"] < posts["created_at"][450]
    assert 90 <= early.sum() <= 110


def test_a_repeated_text_is_drawn_once():
    posts = make_posts()
    assert (
        posts["text"].iloc[draw(posts, size=1_000)] == "the very same words once more"
    ).sum() == 1


def test_neither_order_nor_partitions_matter():
    posts = make_posts()
    expected = posts["text"].iloc[draw(posts)].tolist()
    shuffled = posts.sample(frac=1, random_state=1)
    assert sorted(shuffled["text"].iloc[draw(shuffled)]) == sorted(expected)
    parts = dd.from_pandas(posts, npartitions=7)
    assert (
        take_rows(parts, draw(parts), "text", count_rows(parts, "text"))["text"].tolist()
        == expected
    )


def test_another_seed_draws_others():
    posts = make_posts()
    assert set(draw(posts)) != set(draw(posts, seed=1))


def test_files_that_dask_reads_together_are_no_matter(tmp_path):
    posts = make_posts().assign(title=None, lang="en", extra="x" * 200)
    for at in range(10):
        posts[at * 90 : at * 90 + 90].to_parquet(tmp_path / f"{at}.parquet")
    parts = dd.concat([dd.read_parquet(tmp_path), dd.from_pandas(posts[900:], npartitions=1)])
    rows = draw(posts)
    taken = take_rows(parts, rows, "text", count_rows(parts, "text"))
    assert len(parts[["source"]].to_delayed()) < parts.npartitions
    assert taken["text"].tolist() == posts["text"].iloc[rows].tolist()
    assert len(hash_all(parts, "text")) == len(count_rows(parts, "text"))
