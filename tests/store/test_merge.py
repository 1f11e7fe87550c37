import random
from datetime import UTC, datetime
from itertools import groupby

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from murmuration.schema import POSTS
from murmuration.store import merge as module
from murmuration.store.merge import Merge, _Spill, newest, rank_columns

LOWEST = datetime.min.replace(tzinfo=UTC)
MONTHS = ("2026-01", "2026-02", "unknown")


def at(minute):
    return datetime(2026, 1, 1, 0, minute, tzinfo=UTC)


# Small alphabets, so that versions meet often and in every order.
clocks = st.integers(0, 3).map(at)
versions = st.fixed_dictionaries(
    {
        "post_id": st.sampled_from("abcd"),
        "version": st.none() | clocks,
        "observed_at": clocks,
        "first_seen_at": clocks,
        "content_hash": st.integers(-2, 2),
        "created_month": st.sampled_from(MONTHS),
        "created_at": st.none() | clocks,
    }
)
quick = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def rank(row):
    return (row["version"] or LOWEST, row["observed_at"], row["content_hash"])


def by_id(rows):
    ordered = sorted(rows, key=lambda row: row["post_id"])
    return {name: list(group) for name, group in groupby(ordered, key=lambda row: row["post_id"])}


def same_month(rows):
    """One month for each post, as the store guarantees."""
    first = {}
    return [
        row | {"created_month": first.setdefault(row["post_id"], row["created_month"])}
        for row in rows
    ]


def expected_rows(mine, known):
    """The rule in plain Python: rank, month of the store, smallest first sight; then what is kept."""
    kept = {}
    for name, rows in by_id(mine).items():
        best, there = max(rows, key=rank), by_id(known).get(name)
        seen = min(row["first_seen_at"] for row in rows)
        if there:
            old = max(there, key=rank)
            old_seen = min(row["first_seen_at"] for row in there)
            if rank(best) <= rank(old) and seen >= old_seen:
                continue
            best = best | {"created_month": old["created_month"]}
            seen = min(seen, old_seen)
        kept[name] = (rank(best), best["created_month"], seen)
    return kept


def written(merge):
    rows = [row for unit in merge.units() for row in merge.gather(unit).to_pylist()]
    return {row["post_id"]: (rank(row), row["created_month"], row["first_seen_at"]) for row in rows}


@quick
@given(mine=st.lists(versions, min_size=1, max_size=25), known=st.lists(versions, max_size=15))
def test_the_rows_to_write_are_those_that_change_what_readers_see(tmp_path, as_posts, mine, known):
    known = same_month(known)
    with pytest.MonkeyPatch.context() as patch, Merge(tmp_path) as merge:
        patch.setattr(module, "RUN_ROWS", 4)
        patch.setattr(module, "_BATCH_ROWS", 3)
        patch.setattr(module, "UNIT_ROWS", 2)
        for row in mine:
            merge.add(as_posts([row]))
        for row in known:
            keys = rank_columns(as_posts([row]))
            merge.add_known(keys.append_column("month", pa.array([row["created_month"]])))
        tally = merge.rank()
        found = written(merge)
    # Among equal ranks any month may win: the rows say the same but for it.
    expected = expected_rows(mine, known)
    assert {name: (one[0], one[2]) for name, one in found.items()} == {
        name: (one[0], one[2]) for name, one in expected.items()
    }
    there = {row["post_id"] for row in known}
    assert all(found[name][1] == expected[name][1] for name in found.keys() & there)
    ids = {row["post_id"] for row in mine}
    assert tally.new == len(ids - there)
    assert tally.new + tally.updated + tally.unchanged + tally.older == len(ids)
    assert tally.repeated_rows == len(mine) - len(ids)
    assert tally.written == len(expected)
    distinct = {(row["post_id"], row["content_hash"]) for row in mine}
    assert tally.repeated_equal_rows == len(mine) - len(distinct)


@settings(parent=quick, max_examples=15)
@given(rows=st.lists(versions, min_size=1, max_size=25), seed=st.integers(0, 99))
def test_the_order_in_which_versions_arrive_does_not_matter(tmp_path, as_posts, rows, seed):
    rows = same_month(rows)
    shuffled = random.Random(seed).sample(rows, len(rows))
    results = []
    for order in (rows, shuffled, rows + rows):
        with Merge(tmp_path) as merge:
            merge.add(as_posts(order))
            merge.rank()
            results.append(written(merge))
    assert results[0] == results[1] == results[2]


@quick
@given(rows=st.lists(versions, min_size=1, max_size=25))
def test_newest_gives_the_highest_version_of_each_post_and_its_first_sight(as_posts, rows):
    table = as_posts(rows)
    places, first_seen = newest(table)
    assert list(places) == sorted(places)
    found = {
        rows[place]["post_id"]: (rank(rows[place]), seen)
        for place, seen in zip(places, first_seen, strict=True)
    }
    assert found == {
        name: (
            max(map(rank, group)),
            int(min(row["first_seen_at"] for row in group).timestamp() * 1e6),
        )
        for name, group in by_id(rows).items()
    }


def posts_at(minutes, **columns):
    """Many posts, cheaply made: one a minute of the list, in the month of January 2026."""
    size = len(minutes)
    moments = pa.array(np.asarray(minutes) * 60_000_000 + 1_767_225_600_000_000).cast(
        pa.timestamp("us", "UTC")
    )
    given = {
        "post_id": pa.array([f"{number:08d}" for number in range(size)]),
        "created_at": moments,
        "observed_at": moments,
        "first_seen_at": moments,
        "content_hash": pa.array(np.arange(size)),
        "created_month": pa.repeat(pa.scalar("2026-01"), size),
    } | columns
    return pa.table(
        {field.name: given.get(field.name, pa.nulls(size, field.type)) for field in POSTS.arrow}
    ).cast(POSTS.arrow)


def units_of(tmp_path, posts, patch, *, rows, size):
    patch.setattr(module, "UNIT_ROWS", rows)
    patch.setattr(module, "UNIT_BYTES", size)
    with Merge(tmp_path) as merge:
        merge.add(posts)
        merge.rank()
        return [merge.gather(unit) for unit in merge.units()]


def test_units_are_in_order_of_time_and_no_larger_than_allowed(tmp_path, monkeypatch):
    minutes = np.random.default_rng(0).integers(0, 40_000, 5_000)
    units = units_of(tmp_path, posts_at(minutes), monkeypatch, rows=700, size=1 << 30)
    assert max(map(len, units)) <= 700
    assert len(units) <= 2 * 5_000 / 700
    whole = pa.concat_tables(units)
    order = list(zip(whole["created_at"].to_pylist(), whole["post_id"].to_pylist(), strict=True))
    assert order == sorted(order)
    assert len(whole) == 5_000


@pytest.mark.parametrize("long_column", ["text", "extra", "urls"])
def test_units_are_bounded_in_bytes_also_after_many_short_posts(tmp_path, monkeypatch, long_column):
    # Short posts first: the count of rows runs ahead of the count of bytes, and must not lend it room.
    short, long, length = 4_000, 400, 2_000
    words = ["x"] * short + ["y" * length] * long
    columns = {
        "text": {"text": pa.array(words)},
        "extra": {
            "extra": pa.array([[("k", word)] for word in words], POSTS.arrow.field("extra").type)
        },
        "urls": {"urls": pa.array([[word, None] for word in words])},
    }
    posts = posts_at(np.arange(short + long), **columns[long_column])
    units = units_of(tmp_path, posts, monkeypatch, rows=500, size=50_000)
    longest = max(unit[long_column].combine_chunks().nbytes for unit in units)
    assert longest < 50_000 + length + 500 * 40  # and offsets, and the short words beside them


def test_spilled_rows_read_back_exactly_in_any_order(tmp_path, monkeypatch, as_posts):
    monkeypatch.setattr(module, "_BATCH_ROWS", 7)
    rows = [
        {
            "post_id": str(number),
            "text": None if number % 5 == 0 else f"text {number} ü\n😀",
            "created_at": None if number % 7 == 0 else at(number % 60),
            "like_count": None if number % 3 else number,
            "hashtags": [None, [], ["a", None]][number % 3],
            "extra": [None, [], [("k", "v"), ("l", None)]][number % 3],
            "sensitive": [None, True, False][number % 3],
        }
        for number in range(50)
    ]
    table = as_posts(rows)
    spill = _Spill(tmp_path / "rows.arrow")
    assert [spill.append(table.slice(start, 20)) for start in (0, 20, 40)] == [0, 20, 40]
    wanted = np.array([49, 0, 0, 13, 48, 20, 19, 41, 13])
    assert spill.take(wanted).to_pylist() == [table.to_pylist()[number] for number in wanted]
    assert spill.take(np.array([], dtype=np.int64)).schema == POSTS.arrow
    spill.close()


def test_gathering_holds_one_unit_in_memory_however_many_runs_it_comes_from(tmp_path, monkeypatch):
    # Random times: each unit takes a few rows from every batch of every run.
    monkeypatch.setattr(module, "RUN_ROWS", 2_000)
    monkeypatch.setattr(module, "_BATCH_ROWS", 500)
    monkeypatch.setattr(module, "UNIT_ROWS", 1_000)
    size = 40_000
    minutes = np.random.default_rng(1).integers(0, 40_000, size)
    texts = pa.array([f"{number:0500d}" for number in range(size)])
    posts = posts_at(minutes, text=texts)
    with Merge(tmp_path) as merge:
        for start in range(0, size, 2_000):
            merge.add(posts.slice(start, 2_000))
        merge.rank()
        units = list(merge.units())
        before, pool = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
        pa.set_memory_pool(pool)
        try:
            for unit in units:
                merge.gather(unit)
        finally:
            pa.set_memory_pool(before)
    one_unit = posts.nbytes * 1_000 / size
    assert pool.max_memory() < 4 * one_unit


def test_what_was_spilled_is_gone_at_the_end(tmp_path, as_posts):
    with Merge(tmp_path / "new") as merge:
        merge.add(as_posts([{"post_id": "1"}]))
        merge.rank()
        assert list((tmp_path / "new").iterdir())
    assert list((tmp_path / "new").iterdir()) == []


def test_rows_that_repeat_an_id_are_shown_beside_the_row_that_wins(tmp_path, as_posts):
    def row(text, content_hash):
        common = {"post_id": "1", "observed_at": at(0), "first_seen_at": at(0)}
        return common | {"created_month": "2026-01", "text": text, "content_hash": content_hash}

    with Merge(tmp_path) as merge:
        merge.add(as_posts([row("loses", 1), row("wins", 2), row("wins", 2)]))
        merge.rank()
        [(winners, losers)] = merge.differing()
    assert winners["text"].to_pylist() == ["wins"]
    assert losers["text"].to_pylist() == ["loses"]


def test_a_full_disk_for_temporary_files_is_one_sentence(tmp_path, as_posts):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    with pytest.raises(OSError, match="cannot hold temporary files"):
        Merge(blocked / "tmp")
