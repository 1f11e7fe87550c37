import tracemalloc
from datetime import UTC, datetime

import dask
import pyarrow as pa
import pytest

from murmuration.schema import STRINGS, TOMBSTONES
from murmuration.store import load_posts
from murmuration.store.pseudonyms import NO_KEY
from murmuration.store.tombstones import Tombstones, bury, mark_swept

POSTS = [
    {"id": "1", "created_at": "2026-01-05", "text": "one", "author": "ann"},
    {"id": "2", "created_at": "2026-01-06", "text": "two", "author": "bob"},
    {"id": "3", "created_at": "2026-01-07", "text": "three", "author": ""},
]


@pytest.fixture
def three(stamp, put, store):
    stamp("three", lambda: put(POSTS))
    return store


def ids(frame):
    return sorted(frame.compute(scheduler="synchronous")["post_id"])


def test_readers_leave_out_what_is_not_yet_swept(three):
    bury(three, "post", "test", ["1"], reason="forgotten", alive=["1"])
    assert ids(load_posts(store=three)) == ["2", "3"]
    assert len(load_posts(store=three)) == 2
    bob = three.pseudonyms.author_key("test", "bob")
    bury(three, "author", "test", [bob], reason="forgotten", alive=[bob])
    assert ids(load_posts(store=three)) == ["3"]


def test_readers_leave_it_out_whatever_columns_they_ask_for(three):
    bury(three, "post", "test", ["1"], reason="deleted", alive=["1"])
    got = load_posts(columns=["text"], since="2026-01-01", store=three)
    assert got.columns.tolist() == ["text"]
    assert got.compute(scheduler="synchronous")["text"].tolist() == ["two", "three"]


def test_workers_on_other_processes_leave_it_out_too(three):
    bury(three, "post", "test", ["1"], reason="deleted", alive=["1"])
    with dask.config.set(scheduler="processes", num_workers=1):
        assert len(load_posts(store=three).compute()) == 2


def test_readers_need_no_key_and_no_ids_where_nothing_waits_to_be_swept(three):
    bury(three, "post", "test", ["9"], reason="deleted")
    waiting = Tombstones.unswept(three)
    assert waiting.keys == {}
    assert waiting.pseudonyms is NO_KEY
    assert waiting.columns_for("test") == []


def test_a_tombstone_holds_no_id_and_no_pseudonym(three, holders):
    ann = three.pseudonyms.author_key("test", "ann")
    bury(three, "post", "test", ["secret-id"], reason="deleted")
    bury(three, "author", "test", [ann], reason="forgotten")
    for word in ("secret-id", ann):
        assert holders(word, three.uri("tombstones")) == []


def test_tombstones_know_their_source_and_kind(three):
    bury(three, "post", "test", ["1"], reason="deleted")
    bury(three, "author", "test", ["2"], reason="deleted")
    tombstones = Tombstones.load(three)
    rows = pa.table({"post_id": ["1", "2", None], "author_key": ["1", "2", None]})
    assert tombstones.hits(rows, source="test").to_pylist() == [True, True, False]
    assert tombstones.hits(rows, source="other").to_pylist() == [False] * 3
    assert tombstones.hits(rows.slice(0, 0), source="test").to_pylist() == []
    assert tombstones.drop(rows, source="other") is rows


def test_burying_again_adds_nothing(three):
    for _ in range(2):
        bury(three, "post", "test", ["1", "2", "1"], reason="deleted", alive=["1"])
    rows = three.read("tombstones")
    assert sorted(rows["swept"].to_pylist()) == [False, True]
    version = three.open("tombstones").version()
    bury(three, "post", "test", [], reason="deleted")
    assert three.open("tombstones").version() == version


def test_marking_as_swept_goes_by_key_and_reason_and_changes_nothing_twice(three):
    bury(three, "post", "test", ["1"], reason="deleted", alive=["1"])
    bury(three, "post", "test", ["2"], reason="forgotten", alive=["2"])
    everything = Tombstones.load(three)
    mark_swept(three, everything, reasons=["deleted"])
    assert [len(keys) for keys in Tombstones.unswept(three).keys.values()] == [1]
    version = three.open("tombstones").version()
    mark_swept(three, everything, reasons=["deleted"])
    assert three.open("tombstones").version() == version
    mark_swept(three, everything, reasons=["deleted", "forgotten"])
    assert Tombstones.unswept(three).keys == {}
    assert sorted(three.read("tombstones")["reason"].to_pylist()) == ["deleted", "forgotten"]


def test_a_tombstone_that_another_machine_adds_meanwhile_is_not_lost(three, monkeypatch):
    bury(three, "post", "test", ["1"], reason="deleted", alive=["1"])
    everything, real = Tombstones.load(three), type(three).replace

    def interrupted(self, *args, **options):
        bury(three, "post", "test", ["2"], reason="deleted", alive=["2"])
        real(self, *args, **options)

    monkeypatch.setattr(type(three), "replace", interrupted)
    mark_swept(three, everything, reasons=["deleted"])
    assert len(three.read("tombstones")) == 2
    assert ids(load_posts(store=three)) == ["1", "3"]


def test_many_tombstones_cost_no_object_each(store):
    store.make()
    many = 100_000
    columns = {
        "source": ["test"] * many,
        "kind": ["post"] * many,
        "hidden_key": [f"{number:032x}" for number in range(many)],
        "reason": ["deleted"] * many,
        "at": [datetime(2026, 1, 1, tzinfo=UTC)] * many,
        "swept": [True] * many,
    }
    store.append("tombstones", pa.table(columns, schema=TOMBSTONES.arrow))
    del columns
    tracemalloc.start()
    try:
        assert Tombstones.unswept(store).keys == {}
        assert Tombstones.load(store).count("test") == many
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < many * 24  # bytes; the smallest object has 16 and a pointer to it


def test_mentions_are_dropped_row_by_row(three):
    bury(three, "author", "test", ["a"], reason="forgotten")
    lists = [["a"], None, [], ["b", "a", "c", "a"], ["b"], [None, "a"]]
    rows = pa.table({"mention_keys": pa.array(lists, STRINGS), "n": range(6)})
    for table in (rows, pa.concat_tables([rows.slice(0, 2), rows.slice(2)])):
        got = Tombstones.load(three).drop_mentions(table, source="test")
        assert got["mention_keys"].to_pylist() == [[], None, [], ["b", "c"], ["b"], [None]]
        assert got.schema == rows.schema
    sliced = Tombstones.load(three).drop_mentions(rows.slice(3, 2), source="test")
    assert sliced["mention_keys"].to_pylist() == [["b", "c"], ["b"]]
    untouched = rows.slice(4, 1)
    assert Tombstones.load(three).drop_mentions(untouched, source="test") is untouched
