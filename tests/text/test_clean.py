import re
import time

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from murmuration.errors import SchemaError
from murmuration.frames import TEXT
from murmuration.text import mask_handles


def masked(text, **options):
    [found] = mask_handles(pd.DataFrame({"text": [text]}), **options)["text"].tolist()
    return found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@bob", "@user"),
        ("hi @Bob_1, and @eve!", "hi @user, and @user!"),
        (".@bob is late", ".@user is late"),
        ("RT @bob: so", "RT @user: so"),
        ("@bob/@eve", "@user/@user"),
        ("@bob@eve@carol", "@user"),
        ("@bob@example.social said", "@user said"),
        ("@bob.bsky.social.", "@user."),
        ("＠bob", "@user"),
        ("谢谢@bob", "谢谢@user"),
        ("@ボブ さん", "@user さん"),
        ("@\u2068bob\u2069 hi", "@user\u2069 hi"),
        ("&#64;bob &commat;bob &#x40;bob", "@user @user @user"),
        ("https://example.social/@bob/1", "https://example.social/@user/1"),
        ("@@bob", "@@user"),
        ("thanks u/bob and /u/eve-2!", "thanks @user and @user!"),
    ],
)
def test_handles_of_every_platform_are_masked(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no handle",
        "bob@example.org",
        "a @ b",
        "@",
        "r/news",
        "you/me",
        "5@home",
        "https://x.org/u/1",
    ],
)
def test_what_is_no_handle_stays(text):
    assert masked(text) == text


pieces = st.lists(
    st.sampled_from((
        "@", "＠", "&#64;", "bob", "Eve_2", ".", "-", "/", " ", "\n", "u/", "é", "谢", "1", "_", ":", "@bob", "@user", "\u200f",
    ))
).map("".join)  # fmt: skip


@given(st.text() | pieces)
@example("@a@b@c")
@example("@a.@b")
@example("U/0@0")
@example("U/0.0")
def test_masking_twice_changes_nothing_more(text):
    if not re.search("[\ud800-\udfff]", text):
        assert masked(masked(text)) == masked(text)


@given(pieces)
def test_no_handle_survives(text):
    # As X finds them, whatever stands before: https://github.com/twitter/twitter-text
    left = re.findall(r"(?<![A-Za-z0-9_])[@＠][A-Za-z0-9_]+", masked(text))
    assert set(left) <= {"@user"}


def test_another_column_and_another_mask():
    posts = pd.DataFrame({"text": ["@bob"], "title": ["to @eve"]})
    found = mask_handles(posts, column="title", mask=r"\1")
    assert found["title"].tolist() == [r"to \1"]
    assert found["text"].tolist() == ["@bob"]
    assert posts["title"].tolist() == ["to @eve"]


@settings(deadline=None, max_examples=10)
@given(st.lists(st.none() | pieces, max_size=8), st.integers(1, 3))
def test_pandas_and_dask_give_the_same(texts, partitions):
    posts = pd.DataFrame({"text": pd.array(pa.array(texts, pa.string()), dtype=TEXT)})
    lazy = mask_handles(dd.from_pandas(posts, npartitions=partitions))
    pd.testing.assert_frame_equal(lazy.compute(scheduler="sync"), mask_handles(posts))


def test_missing_text_stays_missing_and_a_missing_column_is_named():
    assert mask_handles(pd.DataFrame({"text": [None, "@a"]}))["text"].isna().tolist() == [
        True,
        False,
    ]
    with pytest.raises(SchemaError, match="mask_handles needs the column 'text'"):
        mask_handles(pd.DataFrame({"body": ["a"]}))


def test_no_handle_of_a_real_post_survives(real_data):
    posts = pd.read_csv(real_data("airline/Tweets.csv"))[["text"]]
    left = mask_handles(posts)["text"].str.findall(r"(?<![A-Za-z0-9_])@\w+").explode().dropna()
    assert set(left) == {"@user"}


@pytest.mark.parametrize("piece", ["@a", "@", "&#0", "u/", "@a.", "@a-", "@-", "@\u200f", "@a@"])
def test_time_grows_with_the_length_and_no_faster(piece):
    began = time.perf_counter()
    masked(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - began < 10  # .2 s here
