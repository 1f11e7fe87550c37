import gzip
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

from murmuration.errors import ParamError
from murmuration.sample import Plan, make_posts, write_posts
from murmuration.store import load_posts

N, SEED = 3_000, 11
# More broken rows than usual, so that each kind comes several times.
PLAN = Plan(broken_share=0.02)
SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")


@pytest.fixture(scope="module")
def made():
    return pd.concat(list(make_posts(N, SEED, plan=PLAN)), ignore_index=True)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_import_takes_the_file_without_a_map(tmp_path, take_in, store, made, suffix):
    path = write_posts(tmp_path / f"posts{suffix}", N, SEED, plan=PLAN)
    receipt = take_in(path, source="sample", detect_language=False)
    broken = made["truth_broken"].notna()
    counts = {
        name: receipt.values[f"rows_{name}"] for name in ("read", "new", "quarantined", "repeated")
    }
    assert counts == {
        "read": N, "new": (~broken).sum(), "quarantined": broken.sum(), "repeated": 0,
    }  # fmt: skip
    assert dict(receipt.values["mapping"])["author"] == "author_key"
    assert set(made["truth_broken"].dropna()) == {
        "unreadable time",
        "no id and no text",
        "torn line",
    }
    kept = load_posts("sample", store=store).compute()
    kept, wanted = (
        frame.sort_values("post_id").reset_index(drop=True) for frame in (kept, made[~broken])
    )
    for name in ("post_id", "kind", "created_at", "text", "lang", "hashtags", "urls", "root_id",
                 "like_count", "view_count", "author_followers", "sensitive", "place_name"):  # fmt: skip
        pd.testing.assert_series_equal(kept[name], wanted[name], obj=name)
    assert kept["author_key"].nunique() == wanted["author_key"].nunique()
    assert kept["extra"].isna().all()


def test_quarantine_says_what_is_wrong(tmp_path, take_in, store):
    path = write_posts(tmp_path / "posts.csv", N, SEED, plan=PLAN)
    take_in(path, source="sample", detect_language=False)
    reasons = "; ".join(store.read("quarantine")["reason"].unique().to_pylist())
    for part in ("time", "neither an id nor a text", "broken quoting"):
        assert part in reasons


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_seed_writes_the_same_bytes(tmp_path, suffix):
    one, again, other = (
        write_posts(tmp_path / f"{name}{suffix}", 1_000, seed).read_bytes()
        for name, seed in (("one", 1), ("again", 1), ("other", 2))
    )
    assert one == again
    assert one != other


def test_truth_is_written_only_where_it_is_asked_for(tmp_path):
    plain = write_posts(tmp_path / "plain.parquet", 100)
    told = write_posts(tmp_path / "told.parquet", 100, truth=True)
    assert not [name for name in pq.read_schema(plain).names if name.startswith("truth_")]
    assert "truth_crisis" in pq.read_schema(told).names


def test_truth_reaches_the_store_in_extra(tmp_path, take_in, store):
    path = write_posts(tmp_path / "told.csv", 300, truth=True)
    take_in(path, source="sample", detect_language=False)
    extra = dict(load_posts("sample", store=store).compute()["extra"].iloc[0])
    assert {"truth_topic", "truth_sentiment", "truth_author_group"} <= set(extra)


def test_lists_are_json_in_csv_and_json(tmp_path):
    csv_path = write_posts(tmp_path / "posts.csv", 2_000, plan=Plan(broken_share=0))
    tags = pd.read_csv(csv_path, dtype=str)["hashtags"].dropna().map(json.loads)
    packed = write_posts(tmp_path / "posts.jsonl.gz", 2_000, plan=Plan(broken_share=0))
    lines = gzip.decompress(packed.read_bytes()).decode().splitlines()
    records = [json.loads(line) for line in lines]
    assert tags.tolist() == [record["hashtags"] for record in records if "hashtags" in record]


def test_a_file_is_replaced_only_when_told_to(tmp_path):
    path = write_posts(tmp_path / "posts.csv", 10)
    with pytest.raises(ParamError, match="there already"):
        write_posts(path, 20)
    assert write_posts(path, 20, overwrite=True) == path
    assert [item.name for item in tmp_path.glob("*posts*")] == ["posts.csv"]


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path, monkeypatch):
    def break_off(*arguments, **options):
        raise OSError("No space left on device")
        yield

    monkeypatch.setattr("murmuration.sample.files.make_tables", break_off)
    with pytest.raises(OSError, match="No space left"):
        write_posts(tmp_path / "posts.csv", 10)
    assert not list(tmp_path.glob("*posts*"))


@pytest.mark.parametrize("name", ["posts.xlsx", "posts", "posts.parquet.gz"])
def test_an_unknown_kind_of_file_is_refused(tmp_path, name):
    with pytest.raises(ParamError, match="no format that sample posts can have"):
        write_posts(tmp_path / name, 10)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_posts_make_a_file_with_names_only(tmp_path, suffix):
    path = write_posts(tmp_path / f"none{suffix}", 0)
    assert path.exists()
