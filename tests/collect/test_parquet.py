"""Parquet files with columns of any type, packed or not."""

import gzip
import os
import resource
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from murmuration.collect.fields import ALIASES
from murmuration.errors import ReadError

TABLE = pa.table({"id": ["1", "2"], "text": ["a", "b"], "likes": [3, None]})


def packed(path, how):
    content = path.read_bytes()
    other = path.with_name(f"{path.name}.{how}")
    other.write_bytes(
        gzip.compress(content) if how == "gz" else pa.compress(content, "zstd", asbytes=True)
    )
    return other


@pytest.mark.parametrize("name", ["posts.parquet", "posts.pq", "no suffix", "posts.csv"])
def test_a_parquet_file_is_known_by_what_it_holds(read, name):
    content = read(TABLE, name)
    assert content.shape == "Parquet"
    assert content.posts["1"]["like_count"] == 3
    assert content.posts["2"]["like_count"] is None


@pytest.mark.parametrize("how", ["gz", "zst"])
def test_a_packed_file_is_unpacked(take_in, write, posts_of, how):
    take_in(packed(write(TABLE, "posts.parquet"), how))
    assert posts_of("text") == {"1": {"text": "a"}, "2": {"text": "b"}}


def test_large_and_categorical_texts_are_texts(read):
    table = pa.table(
        {
            "id": pa.array(["1", "2"], pa.large_string()),
            "text": pa.array(["a", ""], pa.large_string()),
            "title": pa.array(["t", "u"], pa.string_view()),
            "created_at": pa.array(["", "2015-02-24"], pa.large_string()),
            "subreddit": pa.array(["x", "y"]).dictionary_encode(),
            "lang": pa.array(["en", None], pa.large_string()),
            "kind": pa.array(["reply", ""], pa.large_string()),
        }
    )
    content = read(table, "posts.parquet")
    assert content.bad == []
    assert (content.posts["2"]["text"], content.posts["1"]["title"]) == ("u", "t")
    assert content.posts["1"]["created_at"] is None
    assert (content.posts["1"]["kind"], content.posts["2"]["kind"]) == ("reply", "post")
    assert content.posts["2"]["community"] == "y"


def test_values_of_any_type_go_to_extra_as_text(read):
    columns = {
        "whole": pa.array([2**64 - 1], pa.uint64()), "real": [1.5], "flag": [True], "exact": [Decimal("1.50")],
        "day": [date(2015, 2, 24)], "clock": [time(12, 30)], "span": [timedelta(seconds=1)],
        "moment": [datetime(2015, 2, 24, tzinfo=UTC)], "raw": [b"\xffz"], "fixed": pa.array([b"abc"], pa.binary(3)),
        "list": [["a", "ü"]], "record": [{"a": 1, "username": "bob"}], "half": np.array([0.5], np.float16),
        "pairs": pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())), "nothing": pa.nulls(1),
        "nan": [float("nan")], "empty": [""], "none": pa.nulls(1, pa.string()),
    }  # fmt: skip
    content = read(pa.table({"id": ["1"], "text": ["a"], **columns}), "posts.parquet")
    extra = dict(content.posts["1"]["extra"])
    assert extra.pop("moment").startswith("2015-02-24 00:00:00")
    assert extra.pop("clock").startswith("12:30:00")
    assert extra == {
        "whole": str(2**64 - 1), "real": "1.5", "flag": "true", "exact": "1.50", "day": "2015-02-24", "half": "0.5",
        "span": "1000000", "raw": "\ufffdz", "fixed": "abc", "list": '["a", "ü"]', "record": '{"a": 1}',
        "pairs": '[["a", "b"]]',
    }  # fmt: skip


ODD = {
    "list": [["x"]], "record": [{"a": 1}], "binary": [b"\xff"], "flag": [True], "real": [1.5], "nothing": [None],
    "moment": [datetime(2015, 2, 24)], "day": [date(2015, 2, 24)], "clock": [time(1)], "exact": [Decimal(3)],
    "pairs": pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())), "unsigned": pa.array([2**64 - 1], pa.uint64()),
    "nan": [float("nan")], "far": pa.array([2**62]), "span": [timedelta(1)],
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_any_type_in_any_field_ends_no_import(read, kind):
    good = {"id": ["1"], "text": ["a"]}
    others = [field for field in ALIASES if field not in ("post_id", "text", "created_at")]
    changes = [dict.fromkeys(others, ODD[kind])] + [
        {name: ODD[kind]} for name in ("id", "text", "created_at")
    ]
    for k, table in enumerate(pa.table(good | change) for change in changes):
        assert read(table, f"{k}.parquet").rows == 1


def test_float_ids_that_lost_digits_are_set_aside(import_text, store):
    ids = [float(k) for k in range(9)] + [5.7030613367776051e17]
    _, posts = import_text(pa.table({"id": ids, "text": ["a"] * 10}), "posts.parquet")
    assert sorted(posts) == [str(k) for k in range(9)]
    [bad] = store.read("quarantine").to_pylist()
    assert bad["reason"].startswith("the id lost digits")


def test_rows_are_numbered_through_batches_and_row_groups(take_in, tmp_path, store):
    ids = [None if k in (7, 40_000) else str(k) for k in range(50_000)]
    texts = [None if i is None else "a" for i in ids]
    pq.write_table(
        pa.table({"id": ids, "text": texts}), tmp_path / "p.parquet", row_group_size=13_000
    )
    take_in(tmp_path / "p.parquet")
    assert sorted(store.read("quarantine")["row"].to_pylist()) == [8, 40_001]


@pytest.mark.parametrize("where", ["end", "middle", "header only"])
def test_a_damaged_file_is_one_sentence(take_in, tmp_path, store, where):
    path = tmp_path / "posts.parquet"
    table = pa.table(
        {"id": [str(k) for k in range(5_000)], "text": [os.urandom(40).hex() for _ in range(5_000)]}
    )
    pq.write_table(table, path, compression="zstd")
    content = bytearray(path.read_bytes())
    if where == "middle":
        content[2_000:60_000] = os.urandom(58_000)
    path.write_bytes(
        content[:-100] if where == "end" else b"PAR1" if where == "header only" else content
    )
    with pytest.raises(ReadError, match=r"posts.parquet is no whole Parquet file"):
        take_in(path)
    assert store.read("imports").num_rows == 0


def test_a_file_without_rows_is_refused(import_text):
    with pytest.raises(ReadError, match=r"no rows"):
        import_text(TABLE.slice(0, 0), "posts.parquet")


def test_long_texts_are_read_in_bounded_batches(take_in, tmp_path, posts_of):
    text = os.urandom(50_000).hex()  # 100,000 characters that do not pack
    table = pa.table(
        {"id": [str(k) for k in range(600)], "text": [f"{k} {text}" for k in range(600)]}
    )
    pq.write_table(table, tmp_path / "long.parquet", use_dictionary=False)
    del table
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    take_in(tmp_path / "long.parquet", detect_language=False)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert len(posts_of("kind")) == 600
    assert grown < 250  # MB


def test_many_columns_are_read_in_bounded_batches(take_in, tmp_path, posts_of):
    columns = {f"c{k}": pa.nulls(2_000, pa.string()) for k in range(3_000)}
    columns["c5"] = pa.array(["x"] * 2_000)
    pq.write_table(
        pa.table({"id": [str(k) for k in range(2_000)]} | columns), tmp_path / "wide.parquet"
    )
    take_in(tmp_path / "wide.parquet")
    assert dict(posts_of()["7"]["extra"]) == {"c5": "x"}
