"""What an import leaves in the store: posts, bad rows, receipts; whatever the order, and how often."""

import hmac
import json
import logging
import random
import re
import subprocess
import sys
import textwrap
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from murmuration.collect import ImportOptions, import_files, job
from murmuration.collect.importer import write_lock
from murmuration.errors import ParamError, ReadError, StoreError
from murmuration.store import Pseudonyms, Store
from murmuration.store.doctor import examine
from murmuration.store.forget import forget
from murmuration.store.posts import load_posts
from murmuration.store.tombstones import bury
from murmuration.store.upkeep import Replaced, compact
from murmuration.terminal import describe_receipt

GOLDEN = Path(__file__).parents[1] / "golden" / "exports"
KEY = b"a key for tests, 32 bytes long .."  # of the fixture `store`
DAY = timedelta(days=1)
SEEN = datetime(2026, 3, 1, tzinfo=UTC)


def counts(receipt):
    """The counts of a receipt that are not zero, without `rows_`."""
    named = {name: receipt.values[name] for name in receipt.values if name.startswith("rows_")}
    return {name.removeprefix("rows_"): count for name, count in named.items() if count}


# The airline tweets


@pytest.fixture(scope="module")
def airline(tmp_path_factory, real_data):
    folder = tmp_path_factory.mktemp("airline")
    store = Store(str(folder / "store"), Pseudonyms(KEY))
    files = [str(real_data("airline/Tweets.csv"))]
    receipts = [
        next(import_files(files, source="airline", store=store, state=folder / "state"))
        for _ in range(2)
    ]
    frame = load_posts(store=store).compute()
    return store, receipts, frame


def test_airline_every_row_is_accounted_for(airline):
    _, [first, _], frame = airline
    assert counts(first) == {"read": 14640, "new": 14485, "written": 14485, "repeated": 155}
    assert first.repeated_equal == 36
    assert first.differing["airline_sentiment"] == 18
    assert "text" not in first.differing
    assert len(frame) == frame["post_id"].nunique() == 14485


def test_airline_again_adds_nothing(airline):
    store, [first, again], _ = airline
    assert again.repeated
    assert again.values["import_id"] == first.values["import_id"]
    assert store.open("posts").version() == 1


def test_airline_the_columns_of_the_file_are_kept(airline):
    _, [first, _], frame = airline
    posts = frame.set_index("post_id")
    extra = dict(posts.loc["570306133677760513", "extra"])
    assert extra == {
        "airline": "Virgin America",
        "airline_sentiment": "neutral",
        "airline_sentiment_confidence": "1.0",
        "user_timezone": "Eastern Time (US & Canada)",
    }
    assert first.left_out == []
    assert not frame["extra"].astype(str).str.contains("user_[0-9a-f]{10}").any()


def test_airline_times_are_utc_and_counts_are_counts(airline):
    post = airline[2].set_index("post_id").loc["570306133677760513"]
    assert post["created_at"].isoformat() == "2015-02-24T19:35:52+00:00"
    assert post["created_month"] == "2015-02"
    assert post["repost_count"] == 0
    assert post["text"] == "@VirginAmerica What @dhepburn said."


def test_airline_ids_keep_their_eighteen_digits(airline):
    assert airline[2]["post_id"].str.fullmatch(r"\d{18}").all()


# Newer, older, again


def rows(likes=1, ids="abc", text="hello", **more):
    return [
        {"id": i, "text": f"{text} {i}", "created_at": "2015-02-24", "likes": likes} | more
        for i in ids
    ]


def test_a_newer_file_updates_posts_and_adds_new_ones(take_in, write_csv, posts_of):
    take_in(write_csv(rows(1)), observed_at=SEEN)
    receipt = take_in(write_csv(rows(5, "bcd"), "new.csv"), observed_at=SEEN + DAY)
    assert counts(receipt) == {"read": 3, "new": 1, "updated": 2, "written": 3}
    posts = posts_of()
    assert {i: posts[i]["like_count"] for i in "abcd"} == {"a": 1, "b": 5, "c": 5, "d": 5}
    assert posts["b"]["observed_at"] == SEEN + DAY
    assert posts["b"]["first_seen_at"] == SEEN


def test_an_older_export_never_overwrites_newer_posts(take_in, write_csv, posts_of):
    take_in(write_csv(rows(5)), observed_at=SEEN + DAY)
    receipt = take_in(write_csv(rows(1, "ab"), "old.csv"), observed_at=SEEN)
    assert counts(receipt)["older"] == 2
    posts = posts_of()
    assert {post["like_count"] for post in posts.values()} == {5}
    assert (posts["a"]["first_seen_at"], posts["c"]["first_seen_at"]) == (SEEN, SEEN + DAY)
    assert posts["a"]["observed_at"] == SEEN + DAY


def test_an_edit_wins_over_a_later_look_at_the_old_text(take_in, write_csv, posts_of):
    take_in(write_csv(rows(text="edited", edited_at="2015-03-01")), observed_at=SEEN)
    take_in(write_csv(rows(text="first"), "late.csv"), observed_at=SEEN + DAY)
    assert posts_of()["a"]["text"] == "edited a"


def test_posts_with_nothing_new_are_unchanged_but_seen_later(take_in, write_csv, posts_of):
    take_in(write_csv(rows()), observed_at=SEEN)
    receipt = take_in(write_csv(rows()[::-1], "again.csv"), observed_at=SEEN + DAY)
    assert counts(receipt)["unchanged"] == 3
    assert posts_of()["a"]["observed_at"] == SEEN + DAY


def test_the_same_file_under_another_name_or_date_adds_nothing(take_in, write_csv, store):
    first = take_in(write_csv(rows()))
    version = store.open("posts").version()
    again = take_in(write_csv(rows(), "other name.csv"))
    assert again.repeated
    assert again.values == dict(first.values) | {
        name: again.values[name] for name in ("imported_at", "posts_version", "mapping")
    }
    assert store.open("posts").version() == version


def test_the_same_file_read_another_way_is_another_import(take_in, write_csv):
    first = take_in(write_csv(rows()))
    other = take_in(write_csv(rows()), mapping={"title": "text", "text": ""})
    assert not other.repeated
    assert other.values["import_id"] != first.values["import_id"]


@pytest.mark.parametrize("seen", [{}, {"retrieved_at": "2026-02-01T00:00:00Z"}])
def test_a_file_that_is_imported_again_with_a_mended_option_is_mended_as_a_whole(
    take_in, write_csv, posts_of, store, seen
):
    posts = [
        {"id": str(k), "text": "a", "date": f"2015-02-24 10:{k:02d}"} | seen for k in range(40)
    ]
    path = write_csv(posts)
    for number, zone in enumerate(["UTC", "America/New_York", "Asia/Tokyo"]):
        receipt = take_in(path, timezone=zone, detect_language=False)
        assert counts(receipt)["written"] == 40
        hours = {post["created_at"].hour for post in posts_of("created_at").values()}
        assert hours == {10 if number == 0 else 15 if number == 1 else 1}
    assert not take_in(path, timezone="UTC", detect_language=False).repeated
    assert {post["created_at"].hour for post in posts_of("created_at").values()} == {10}
    assert take_in(path, timezone="UTC", detect_language=False).repeated
    first = load_posts(store=store, as_of=1).compute()
    assert {at.hour for at in first["created_at"]} == {10}
    assert not [f for f in examine(store, Path(store.location) / "s") if f.level == "problem"]


def test_posts_without_ids_do_not_stand_twice_when_their_file_is_read_in_another_way(
    take_in, write_csv, posts_of, store, state
):
    path = write_csv(
        [{"what": f"text {k}", "when": f"2015-02-24 10:{k:02d}", "who": "u"} for k in range(3)]
    )
    take_in(path, mapping={"text": "what"})
    mended = {"text": "what", "created_at": "when", "author": "who"}
    for zone, hour in (("UTC", 10), ("America/New_York", 15), ("UTC", 10)):
        receipt = take_in(path, mapping=mended, timezone=zone)
        assert counts(receipt)["new"] == 3
        assert any(
            "replaced, since this reading gives them other ids: 3" in note
            for note in receipt.values["notes"]
        )
        posts = posts_of("text", "created_at").values()
        assert sorted(post["text"] for post in posts) == ["text 0", "text 1", "text 2"]
        assert {post["created_at"].hour for post in posts} == {hour}
    assert take_in(path, mapping=mended).repeated
    assert [len(load_posts(store=store, as_of=version).compute()) for version in (1, 2)] == [3, 3]
    assert not [finding for finding in examine(store, state) if finding.level == "problem"]
    compact(store, state)
    assert len(posts_of()) == 3
    assert not [finding for finding in examine(store, state) if finding.level == "problem"]


@pytest.mark.parametrize("later", [-DAY, 0 * DAY, DAY])
def test_a_post_that_another_file_brought_as_well_stays_when_the_first_is_read_anew(
    take_in, write_csv, posts_of, store, state, later
):
    first = [{"body": "a", "who": "u"}, {"body": "b", "who": "u"}]
    take_in(path := write_csv(first), mapping={"text": "body", "author": ""}, observed_at=SEEN)
    other = write_csv(first[:1], "other.csv")
    take_in(other, mapping={"text": "body", "author": ""}, observed_at=SEEN + later)
    compact(store, state)
    receipt = take_in(path, mapping={"text": "body", "author": "who"}, observed_at=SEEN)
    assert any("stay, since another file" in note for note in receipt.values["notes"])
    assert "a" in [
        post["text"]
        for key, post in posts_of("text", "author_key").items()
        if post["author_key"] is None
    ]
    assert not [finding for finding in examine(store, state) if finding.level == "problem"]


def test_posts_stay_when_their_file_is_read_anew_with_more_rows_in_quarantine(
    take_in, write_csv, posts_of
):
    path = write_csv([{"text": f"text {k}", "created_at": "2015-02-24 10:00"} for k in range(4)])
    take_in(path)
    receipt = take_in(path, time_format="%d.%m.%Y", max_bad_share=1)
    assert counts(receipt)["quarantined"] == 4
    assert any("stay, since this reading" in note for note in receipt.values["notes"])
    assert len(posts_of()) == 4


def test_a_disk_that_fills_while_posts_are_replaced_leaves_no_file_behind(
    take_in, write_csv, store, monkeypatch
):
    path = write_csv([{"text": f"text {k}", "who": "u"} for k in range(3)])
    take_in(path, mapping={"author": ""})
    files = set(Path(store.location).rglob("*.parquet"))

    def full(*arguments):
        raise StoreError("the disk is full")

    monkeypatch.setattr(Replaced, "write", full)
    with pytest.raises(StoreError, match="disk is full"):
        take_in(path, mapping={"author": "who"})
    kept = {file for file in Path(store.location).rglob("*.parquet") if "/posts/" in str(file)}
    assert kept <= files
    monkeypatch.undo()
    assert counts(take_in(path, mapping={"author": "who"}))["new"] == 3


def test_languages_that_an_import_left_out_are_filled_in_by_importing_again(
    take_in, write_csv, posts_of
):
    path = write_csv(
        [{"id": "1", "text": "Where is my luggage? I have been waiting for two hours."}]
    )
    take_in(path, detect_language=False)
    assert posts_of("lang")["1"]["lang"] is None
    assert not take_in(path).repeated
    assert posts_of("lang")["1"]["lang"] == "en"
    assert take_in(path, detect_language=False).repeated


def test_how_strict_an_import_is_does_not_make_it_another(take_in, write_csv):
    first = take_in(write_csv(rows()), max_bad_share=0.1)
    assert take_in(write_csv(rows()), max_bad_share=0.5, detect_language=False).repeated
    assert re.fullmatch("[0-9a-f]{16}", first.values["import_id"])


def test_import_ids_are_the_same_on_every_machine_and_day(take_in, write_csv):
    # Old stores hold it: a change would import every file of theirs again.
    assert take_in(write_csv(rows()), observed_at=None).values["import_id"] == "6b7ec95710197be3"


def test_sources_keep_their_posts_apart(take_in, write_csv, store):
    take_in(write_csv(rows(1)), source="one")
    take_in(write_csv(rows(2)), source="two")
    frame = load_posts(store=store).compute()
    assert Counter(frame["source"]) == {"one": 3, "two": 3}


def test_of_rows_that_repeat_an_id_one_wins_whatever_their_order(
    take_in, write_csv, state, tmp_path
):
    repeated = rows(1, "a") + rows(2, "a") + rows(1, "a") + rows(3, "ab", mood="x")
    winners = set()
    for k in range(4):
        random.Random(k).shuffle(repeated)
        other = Store(str(tmp_path / f"store{k}"), Pseudonyms(KEY))
        receipt = take_in(write_csv(repeated, f"{k}.csv"), into=other)
        assert counts(receipt) == {"read": 5, "new": 2, "written": 2, "repeated": 3}
        assert receipt.repeated_equal == 1
        assert set(receipt.differing) <= {"like_count", "mood"}
        frame = load_posts(store=other).compute().set_index("post_id")
        winners.add(frame.loc["a", "like_count"])
    assert len(winners) == 1


# Any order, any number of times

TIMES = ["2015-02-24 10:00", "2015-02-27 11:00", "2015-03-02 12:00", ""]
ROW = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "2", "3"]),
        "text": st.sampled_from(["a", "b", "#c @d"]),
        "likes": st.sampled_from(["0", "1", ""]),
        "created_at": st.sampled_from(TIMES),
        "edited_at": st.sampled_from(["", "", "2015-04-01", "2015-05-01"]),
        "retrieved_at": st.sampled_from(["", "2026-01-01", "2026-02-01"]),
        "hashtags": st.sampled_from(["", "x", "y"]),
        "mood": st.sampled_from(["", "glad"]),
    }
)
FILES = st.lists(
    st.tuples(st.lists(ROW, min_size=1, max_size=4), st.integers(0, 2)), min_size=1, max_size=3
)


def import_all(folder, files, order, *, fold_at=None):
    """Import files in an order into a store of their own; give what readers see."""
    store = Store(str(folder / "store"), Pseudonyms(KEY))
    for step, number in enumerate(order):
        content, days = files[number]
        path = folder / f"{number}.json"
        path.write_text(json.dumps(content))
        options = ImportOptions(observed_at=SEEN + days * DAY, detect_language=False)
        list(
            import_files(
                [str(path)], source="s", store=store, state=folder / "state", options=options
            )
        )
        if step == fold_at:
            compact(store, folder / "state")
    frame = load_posts(store=store).compute()
    table = pa.Table.from_pandas(frame, preserve_index=False).sort_by("post_id")
    assert not [
        finding for finding in examine(store, folder / "state") if finding.level == "problem"
    ]
    # The month is that of the version that came first; of equal rows either import may have brought them.
    return table.drop_columns(["created_month", "import_id"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files=FILES, data=st.data())
def test_order_and_repetition_of_imports_change_nothing(tmp_path_factory, files, data):
    numbers = range(len(files))
    order = data.draw(
        st.permutations([*numbers, *data.draw(st.lists(st.sampled_from(numbers), max_size=2))])
    )
    fold_at = data.draw(st.none() | st.integers(0, len(order) - 1))
    folder = tmp_path_factory.mktemp("orders")
    (folder / "plain").mkdir()
    (folder / "shuffled").mkdir()
    plain = import_all(folder / "plain", files, numbers)
    shuffled = import_all(folder / "shuffled", files, order, fold_at=fold_at)
    assert plain.to_pylist() == shuffled.to_pylist()


# Ids


def test_derived_ids_are_stable_and_depend_on_source_author_time_and_text(
    take_in, write_csv, posts_of
):
    rows = [
        {"user": user, "date": date, "text": text}
        for user, date, text in [
            ("u", "2015-02-24", "a"), ("u", "2015-02-24", "b"), ("u", "2015-02-25", "a"),
            ("v", "2015-02-24", "a"), ("", "2015-02-24", "a"), ("u", "", "a"),
        ]
    ]  # fmt: skip
    take_in(write_csv(rows), observed_at=SEEN)
    first = posts_of("text")
    receipt = take_in(write_csv(rows[::-1], "again.csv"), observed_at=SEEN + DAY)
    assert counts(receipt)["unchanged"] == len(first) == 6
    assert all(re.fullmatch("~[0-9a-f]{32}", post_id) for post_id in first)
    # Old stores hold it: a change would make every post of theirs a new one.
    assert "~352f495b9ec63227091a839b15f83507" in first


def test_ids_are_derived_only_for_rows_that_have_none(take_in, write_csv, posts_of):
    take_in(
        write_csv([{"id": "1", "text": "a"}, {"id": "", "text": "b"}, {"id": "nan", "text": "c"}])
    )
    assert min(posts_of()) == "1"
    assert {post["text"] for i, post in posts_of().items() if i.startswith("~")} == {"b", "c"}


def test_ids_that_were_rounded_stop_the_import(take_in, write_csv, store):
    posts = [{"id": f"5703061336777{k:03d}00", "text": f"text {k}"} for k in range(50)]
    with pytest.raises(ReadError, match=r"All ids in the column 'id' end in 00"):
        take_in(write_csv(posts))
    assert store.open("posts").version() == 0
    assert take_in(write_csv(posts), mapping={"post_id": ""}).values["rows_new"] == 50


# Authors


def test_an_author_is_kept_as_a_keyed_hash_and_nothing_else(
    take_in, write_csv, posts_of, store, tmp_path
):
    author = "bob_the_author"
    message = b"test\x00" + author.encode()
    take_in(
        write_csv(
            [{"id": "1", "text": "hi @Carl_the_friend", "user_id": author, "screen_name": author}]
        )
    )
    post = posts_of()["1"]
    assert post["author_key"] == hmac.digest(KEY, message, "sha256").hex()[:32]
    friend = hmac.digest(KEY, b"test\x00carl_the_friend", "sha256").hex()[:32]
    assert post["mention_keys"] == [friend]
    for path in Path(store.location).rglob("*"):
        assert not path.is_file() or author.encode() not in path.read_bytes()


def test_the_key_is_nowhere_in_the_store_nor_in_words(take_in, write_csv, store, caplog):
    caplog.set_level(logging.DEBUG)
    receipt = take_in(write_csv(rows(user_id="bob")))
    for path in Path(store.location).rglob("*"):
        assert not path.is_file() or KEY not in path.read_bytes()
    assert KEY.decode() not in f"{receipt!r} {store!r} {caplog.text}"


def test_an_author_of_a_bad_row_gets_the_same_pseudonym_as_elsewhere(
    take_in, write, store, posts_of
):
    good = [
        {"id": str(k), "text": "a", "author_id": 123.0, "created_at": "2015-02-24"}
        for k in range(9)
    ]
    bad = {"id": "9", "text": "b", "author_id": 123.0, "created_at": "soon"}
    take_in(write(pa.Table.from_pylist([*good, bad]), "posts.parquet"))
    [row] = store.read("quarantine").to_pylist()
    assert row["author_key"] == posts_of()["1"]["author_key"]
    assert "123" not in row["content"]


def test_an_address_on_x_does_not_name_the_account(take_in, write_csv, store, posts_of):
    addresses = [
        "https://twitter.com/bob_the_author/status/11",
        "https://mobile.twitter.com/bob_the_author/status/11?s=20",
        "http://www.twitter.com/#!/bob_the_author/statuses/11",
        "https://X.com/bob_the_author/status/11/photo/1",
        "https://x.com/i/web/status/11",
    ]
    others = [
        "https://x.com/bob",
        "https://example.com/bob/status/11",
        "https://netx.com/a/status/1",
    ]
    posts = [{"id": str(k), "text": "a", "url": u} for k, u in enumerate([*addresses, *others])]
    bad = [{"id": "x", "text": "b", "url": addresses[0], "created_at": "soon"}]
    take_in(write_csv([*bad, *posts]), max_bad_share=1)
    found = [post["url"] for _, post in sorted(posts_of("url").items())]
    assert found == ["https://x.com/i/web/status/11"] * 5 + others
    assert "bob" not in store.read("quarantine")["content"][0].as_py()


# Bad rows


def test_a_bad_row_of_a_forgotten_post_stays_out_however_its_id_is_written(
    take_in, write_csv, store
):
    store.make()
    bury(store, "post", "test", ["123"], reason="forgotten")
    bad = {"text": "b", "user_id": "amy", "created_at": "soon"}
    take_in(write_csv([bad | {"id": "123.0"}, bad | {"id": "124.0"}]), max_bad_share=1)
    assert store.read("quarantine")["post_id"].to_pylist() == ["124"]


def test_a_file_without_bad_rows_leaves_the_quarantine_alone(take_in, write_csv, store):
    take_in(write_csv([{"id": "1", "text": "a"}]))
    assert store.open("quarantine").version() == 0
    bad = [{"id": "2", "text": "b", "created_at": "soon"}, {"id": "3", "text": "c"}]
    take_in(write_csv(bad, "bad.csv"), max_bad_share=0.5)
    take_in(write_csv([{"id": "4", "text": "d"}], "good.csv"))
    assert store.read("quarantine")["post_id"].to_pylist() == ["2"]


def test_bad_rows_go_to_quarantine_with_file_row_and_reason(take_in, write_csv, store, posts_of):
    good = rows(ids=[str(k) for k in range(20)])
    bad = [
        {"id": "", "text": "", "created_at": "2015-02-24"},
        {"id": "x", "text": "b", "created_at": "the day before"},
        {"id": "y", "text": "c", "created_at": "1677-01-01"},
        {"id": "z", "text": "d", "created_at": "2300-01-01"},
        {"id": "5.7e+17", "text": "e"},
    ]
    receipt = take_in(write_csv([*good, *bad]))
    found = store.read("quarantine").sort_by("row").to_pylist()
    assert [(row["row"], row["reason"], row["post_id"]) for row in found] == [
        (22, "neither an id nor a text", None),
        (23, "the time cannot be read", "x"),
        (24, "the time lies outside 1980 to 2100", "y"),
        (25, "the time lies outside 1980 to 2100", "z"),
        (26, "the id lost digits (a number such as 5.7e+17 is no id)", "5.7e+17"),
    ]
    assert {row["file_name"] for row in found} == {"posts.csv"}
    assert {row["import_id"] for row in found} == {receipt.values["import_id"]}
    assert json.loads(found[1]["content"]) == {
        "post_id": "x",
        "text": "b",
        "created_at": "the day before",
    }
    assert counts(receipt) == {"read": 25, "new": 20, "written": 20, "quarantined": 5}
    assert len(posts_of()) == 20


UNREADABLE = {
    "record.jsonl": [
        {"id": "1", "content": "a", "account": {"acct": "amy"}, "visibility": "public"},
        {
            "content": "x" * 3000,
            "account": {"acct": "zz-handle"},
            "visibility": "public",
        },
    ],
    "cells.csv": "id,user_id,text\n1,amy,hi\n2,zz-handle,one,too many\n",
    "cut.jsonl": '{"id":"1","text":"a"}\n{"id":"2","screen_name":"zz-handle","text":"cut o',
    "late.jsonl": [
        {"id": "1", "text": "a", "created_at": "2015-02-24", "user_mentions": []},
        {"id": "2", "text": "b", "created_at": "soon", "user_mentions": ["zz-handle"]},
    ],
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_quarantine_names_nobody(take_in, write, store, name):
    content = UNREADABLE[name]
    if isinstance(content, list):
        content = "".join(json.dumps(record) + "\n" for record in content)
    assert take_in(write(content, name), max_bad_share=1).values["rows_quarantined"] == 1
    [row] = store.read("quarantine").to_pylist()
    assert "zz-handle" not in str(row)
    assert row["reason"]
    for path in Path(store.location).rglob("*.parquet"):
        assert b"zz-handle" not in path.read_bytes()


def test_too_many_bad_rows_stop_the_import_with_nothing_committed(take_in, write_csv, store, state):
    take_in(write_csv(rows()))
    before = {name: store.read(name).num_rows for name in ("imports", "quarantine")}
    version = store.open("posts").version()
    posts = [
        {"id": str(k), "text": f"my secret {k}", "created_at": "soon" if k % 3 else "2015-02-24"}
        for k in range(30)
    ]
    posts += [{"id": "", "text": "", "created_at": ""}]
    with pytest.raises(ReadError) as caught:
        take_in(write_csv(posts, "bad.csv"))
    said = str(caught.value)
    assert "21 of 31 rows of" in said
    assert "bad.csv cannot be read as posts (68%, allowed are 20%)" in said
    assert "the time cannot be read (20 rows, the first is row 3)" in said
    assert "neither an id nor a text (1 row, the first is row 32)" in said
    assert "Nothing was imported" in said
    assert "secret" not in said
    assert store.open("posts").version() == version
    assert {name: store.read(name).num_rows for name in before} == before
    assert not list((state / "tmp").iterdir())


def test_a_file_whose_columns_mean_nothing_to_us_is_told_by_its_columns(take_in, write_csv):
    path = write_csv(
        [{"Beitrag": "one", "Nummer": "1"}, {"Beitrag": "two", "Nummer": "2"}], "de.csv"
    )
    with pytest.raises(
        ReadError, match=r"columns are Beitrag, Nummer: .* --map text=COLUMN,id=COLUMN\."
    ):
        take_in(path)
    assert take_in(path, mapping={"text": "Beitrag", "id": "Nummer"}).values["rows_new"] == 2


@pytest.mark.parametrize(
    ("share", "kept"), [(0.25, True), (0.24, False), (1.0, True), (0.0, False)]
)
def test_the_share_of_bad_rows_can_be_set(take_in, write_csv, share, kept):
    path = write_csv([*rows(ids="abc"), {"id": "", "text": ""}])
    if kept:
        assert take_in(path, max_bad_share=share).values["rows_quarantined"] == 1
    else:
        with pytest.raises(ReadError):
            take_in(path, max_bad_share=share)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ParamError, match=r"share of bad rows is .* 0 to 1"):
        ImportOptions(max_bad_share=share)


def test_a_file_that_is_mostly_broken_stops_before_its_end(take_in, write):
    content = "id,text\n" + "broken\n" * 300_000 + "".join(f"{k},a\n" for k in range(100_000))
    with pytest.raises(ReadError, match=r"of 1\d\d,\d{3} rows"):
        take_in(write(content))


def test_what_was_repaired_is_counted_in_the_receipt(take_in, write_csv):
    posts = [
        *rows(ids="abcdefgh"),
        {"id": "x", "text": "a", "likes": "-5", "created_at": "2026-01-01"},
        {"id": "y", "text": "a", "likes": "many", "created_at": "2026-01-01"},
    ]
    assert take_in(write_csv(posts)).values["notes"] == [
        "like_count: negative values read as unknown: 1",
        "like_count: values that are no counts, left out: 1",
    ]


def test_nothing_of_a_post_is_logged(take_in, write_csv, caplog):
    caplog.set_level(logging.DEBUG)
    take_in(
        write_csv([*rows(text="my secret", user_id="bob_the_author"), {"id": "", "text": ""}]),
        max_bad_share=0.5,
    )
    assert "imported posts.csv into test: 4 rows" in caplog.text
    assert "secret" not in caplog.text
    assert "bob_the_author" not in caplog.text


# Forgotten and deleted


def test_forgotten_posts_and_authors_stay_out(take_in, write_csv, store, posts_of):
    posts = [{"id": str(k), "text": "a", "user_id": "bob" if k == 3 else "amy"} for k in range(5)]
    store.make()
    bury(store, "post", "test", ["1"], reason="forgotten")
    bury(store, "author", "test", [store.pseudonyms.author_key("test", "bob")], reason="forgotten")
    bury(store, "post", "other", ["2"], reason="forgotten")
    receipt = take_in(write_csv(posts))
    assert counts(receipt) == {"read": 5, "new": 3, "written": 3, "forgotten": 2}
    assert sorted(posts_of()) == ["0", "2", "4"]


STEPS = [(job.ImportJob, "_check_bad_share"), (job, "write_units")]


@pytest.mark.parametrize(("owner", "step"), STEPS)
@pytest.mark.parametrize("target", [{"author": "bob"}, {"post": "3"}])
def test_what_is_forgotten_on_another_machine_meanwhile_is_not_brought_back(
    take_in, write_csv, store, posts_of, tmp_path, meanwhile, owner, step, target
):
    posts = [{"id": str(k), "text": "a", "user_id": "bob" if k == 3 else "amy"} for k in range(5)]
    take_in(write_csv(posts[:2], "first.csv"))
    path = write_csv([*posts, {"id": "9", "text": "b", "created_at": "soon"}])
    elsewhere = tmp_path / "other-state"
    meanwhile(owner, step, lambda: forget(store, elsewhere, source="test", **target))
    with pytest.raises(StoreError, match=r"forgotten or deleted .* run the import again"):
        take_in(path, max_bad_share=1)
    assert sorted(posts_of()) == ["0", "1"]
    assert take_in(path, max_bad_share=1).values["rows_forgotten"] == 1
    assert sorted(posts_of()) == ["0", "1", "2", "4"]


def test_what_is_forgotten_of_another_source_meanwhile_stops_no_import(
    take_in, write_csv, store, meanwhile
):
    store.make()
    meanwhile(job, "write_units", lambda: bury(store, "post", "other", ["1"], reason="forgotten"))
    assert take_in(write_csv(rows())).values["rows_new"] == len(rows())


@pytest.mark.parametrize("other", ["import", "forget"])
def test_a_refused_import_leaves_no_bad_rows(
    take_in, write_csv, store, state, tmp_path, meanwhile, other
):
    take_in(write_csv(rows(), "first.csv"))
    bad = {"id": "9", "text": "b", "created_at": "soon"}
    path, theirs = write_csv([*rows(2), bad]), write_csv(rows(3), "theirs.csv")

    def disturb():
        if other == "forget":
            forget(store, tmp_path / "other-state", source="test", post="77")
        else:
            elsewhere = tmp_path / "other-state"
            list(import_files([str(theirs)], source="test", store=store, state=elsewhere))

    meanwhile(job.ImportJob, "_values", disturb)
    with pytest.raises(StoreError, match="run the import again"):
        take_in(path, max_bad_share=1)
    assert len(store.read("quarantine")) == 0
    assert take_in(path, max_bad_share=1).values["rows_quarantined"] == 1


def jetstream(*events):
    lines = [
        json.loads(line)
        for line in (GOLDEN / "bluesky_stream.ndjson").read_text().split("\n")
        if line
    ]
    posts = [
        event for event in lines
        if event.get("commit", {}).get("collection") == "app.bsky.feed.post" and event["commit"]["operation"] == "create"
    ]  # fmt: skip
    found = []
    for operation, key in events:
        event = json.loads(json.dumps(posts[0]))
        event["commit"] |= {"operation": operation, "rkey": key}
        if operation == "delete":
            event["commit"].pop("record")
        found.append(json.dumps(event))
    return "\n".join(found)


@pytest.mark.parametrize("bad_first", [True, False])
def test_the_order_of_rows_does_not_decide_whether_a_file_is_taken_in(
    take_in, write, monkeypatch, bad_first
):
    monkeypatch.setattr(job, "_EARLY_ROWS", 100)
    long = "a" * 3000  # so that no buffer holds the file
    good, bad = (
        [f"{k},{time},{long}\n" for k in numbers]
        for time, numbers in (("2015-02-24", range(900)), ("soon", range(900, 1000)))
    )
    path = write("id,created_at,text\n" + "".join(bad + good if bad_first else good + bad))
    monkeypatch.setattr("murmuration.collect.tabular.batch_rows", lambda columns: 120)
    assert take_in(path, detect_language=False).values["rows_quarantined"] == 100
    with pytest.raises(ReadError, match="allowed are 5%"):
        take_in(path, source="other", max_bad_share=0.05)


def test_posts_that_were_deleted_on_the_platform_go_and_stay_away(take_in, write, posts_of):
    first = take_in(write(jetstream(("create", "a"), ("create", "b"), ("delete", "b")), "1.jsonl"))
    assert counts(first) == {"read": 3, "new": 1, "written": 1, "skipped": 1, "forgotten": 1}
    second = take_in(write(jetstream(("create", "c"), ("delete", "a")), "2.jsonl"))
    assert counts(second) == {"read": 2, "new": 1, "written": 1, "skipped": 1}
    assert [post_id[-1] for post_id in posts_of()] == ["c"]
    again = take_in(write(jetstream(("create", "a"), ("create", "d")), "3.jsonl"))
    assert counts(again)["forgotten"] == 1
    assert sorted(post_id[-1] for post_id in posts_of()) == ["c", "d"]


def test_a_deletion_wins_whichever_file_comes_first(take_in, write, posts_of):
    take_in(write(jetstream(("delete", "a"), ("create", "b")), "1.jsonl"))
    take_in(write(jetstream(("create", "a")), "2.jsonl"))
    assert [post_id[-1] for post_id in posts_of()] == ["b"]


# Times and months


def test_posts_without_a_time_are_kept_in_a_month_of_their_own(take_in, write_csv, store, posts_of):
    take_in(
        write_csv(
            [
                {"id": "1", "text": "a", "created_at": ""},
                {"id": "2", "text": "b", "created_at": "2015-02-24"},
            ]
        )
    )
    assert posts_of("created_month", "created_at")["1"] == {
        "created_month": "unknown",
        "created_at": None,
    }
    assert {file.month for file in store.post_files(store.open("posts"))} == {"unknown", "2015-02"}


def test_the_month_is_that_of_the_first_version_so_that_no_post_lives_twice(
    take_in, write_csv, posts_of
):
    take_in(write_csv([{"id": "1", "text": "a", "created_at": "2015-02-24"}]), observed_at=SEEN)
    take_in(
        write_csv([{"id": "1", "text": "b", "created_at": "2015-03-24"}], "b.csv"),
        observed_at=SEEN + DAY,
    )
    post = posts_of()["1"]
    assert (post["text"], post["created_month"]) == ("b", "2015-02")


def test_a_month_is_that_of_utc(take_in, write_csv, posts_of):
    take_in(write_csv([{"id": "1", "text": "a", "created_at": "2015-02-28 20:00 -0800"}]))
    assert posts_of()["1"]["created_month"] == "2015-03"


def test_days_and_months_that_only_the_end_of_the_file_tells_apart_are_told_apart(
    take_in, write, posts_of
):
    early = "".join(f"{k},a,05/03/2015\n" for k in range(17_000))
    receipt = take_in(write(f"id,text,date\n{early}99999,b,24/03/2015\n"), detect_language=False)
    assert receipt.values["rows_new"] == 17_001
    assert posts_of("created_at")["7"]["created_at"] == datetime(2015, 3, 5, tzinfo=UTC)


def test_edits_and_sightings_out_of_range_do_not_win_for_ever(take_in, write_csv, posts_of):
    take_in(
        write_csv(rows(1, updated_at="9999-12-31", retrieved_at="9999-12-31")), observed_at=SEEN
    )
    take_in(write_csv(rows(2), "b.csv"), observed_at=SEEN + DAY)
    assert posts_of()["a"]["like_count"] == 2


# Strings that break programs


def test_every_naughty_string_survives_everywhere(take_in, write_csv, posts_of, real_data):
    strings = json.loads(real_data("blns/blns.json").read_text(encoding="utf-8"))
    posts = [
        {"id": f"{field} {k}", "text": "-", field: string}
        for field in ("text", "title", "user", "subreddit")
        for k, string in enumerate(strings)
    ]
    take_in(write_csv(posts))
    found = posts_of("text", "title", "community", "author_key")
    column = {"text": "text", "title": "title", "subreddit": "community"}
    for post in posts:
        field = post["id"].split()[0]
        string, kept = post.get(field), found[post["id"]]
        if field == "user":
            assert (kept["author_key"] is None) == (string.strip() in NO_AUTHOR)
        else:
            assert kept[column[field]] == (string or None)


NO_AUTHOR = {"", "nan", "NaN", "None", "null", "NULL", "undefined", "N/A", "\\N"}


def test_naughty_strings_survive_as_ids_and_column_names(take_in, write, posts_of, real_data):
    strings = json.loads(real_data("blns/blns.json").read_text(encoding="utf-8"))
    records = [
        {"id": f"#{k}#{string}", "text": "a", f"x{string}": string}
        for k, string in enumerate(strings)
    ]
    take_in(write(json.dumps(records), "posts.json"), detect_language=False)
    assert set(posts_of("text")) == {record["id"].strip() for record in records}


# Locks


TAKE_IN = """
    import sys
    from pathlib import Path
    from murmuration.collect import ImportOptions, import_files, job
    from murmuration.store import Pseudonyms, Store
    folder, name = Path(sys.argv[1]), sys.argv[2]
    store = Store(str(folder / "store"), Pseudonyms(b"a key for tests, 32 bytes long .."))
    options = ImportOptions(detect_language=False)
    [receipt] = import_files(
        [str(folder / name)], source="test", store=store, state=folder / "state", options=options
    )
    print(receipt.values["rows_new"])
"""


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_imports_at_the_same_time_do_not_disturb_each_other(
    write_csv, store, state, tmp_path, posts_of
):
    write_csv(rows(1, [str(k) for k in range(300)]), "1.csv")
    write_csv(rows(2, [str(k) for k in range(200, 500)]), "2.csv")
    children = [start(TAKE_IN, tmp_path, name) for name in ("1.csv", "2.csv", "1.csv")]
    said = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], said
    assert len(posts_of("text")) == 500
    assert store.read("imports").num_rows == 2
    assert not [finding for finding in examine(store, state) if finding.level == "problem"]


def test_the_lock_is_free_while_the_caller_looks_at_a_receipt(write_csv, store, state):
    files = [str(write_csv(rows(ids=str(k)), f"{k}.csv")) for k in range(2)]
    for _ in import_files(files, source="test", store=store, state=state):
        with write_lock(store, state):
            pass


def test_what_a_killed_import_left_on_disk_goes_with_the_next(take_in, write_csv, state, store):
    take_in(write_csv(rows(), "1.csv"))
    name = next((state / "locks").iterdir()).stem.removeprefix("store-")
    (state / "tmp" / f"merge-{name}-dead").mkdir()
    (state / "tmp" / f"merge-{name}-dead" / "rows.arrow").write_bytes(b"x")
    (state / "tmp" / "merge-of-another-store").mkdir()
    take_in(write_csv(rows(), "2.csv"), mapping={"title": "text"})
    assert [path.name for path in (state / "tmp").iterdir()] == ["merge-of-another-store"]


# Languages


def test_languages_are_detected_only_where_none_is_declared(take_in, write_csv, posts_of):
    english, german = (
        "This is a very good day for all of us here",
        "Das ist ein sehr guter Tag für uns alle hier",
    )
    posts = [
        {"id": "1", "text": english, "lang": ""},
        {"id": "2", "text": german, "lang": ""},
        {"id": "3", "text": english, "lang": "fr"},
    ]
    receipt = take_in(write_csv(posts))
    assert {i: (post["lang"], post["lang_source"]) for i, post in posts_of().items()} == {
        "1": ("en", "detected"), "2": ("de", "detected"), "3": ("fr", "declared"),
    }  # fmt: skip
    assert receipt.languages == {"en": 1, "de": 1, "fr": 1}


def test_an_import_says_how_many_posts_are_in_languages_that_it_does_not_name(take_in, write_csv):
    langs = (
        ["en"] * 9
        + ["de"] * 8
        + ["fr"] * 7
        + ["es"] * 6
        + ["it"] * 5
        + ["nl"] * 4
        + ["pl", "pl", "sv"]
    )
    receipt = take_in(
        write_csv([{"id": str(n), "text": "a", "lang": one} for n, one in enumerate(langs)])
    )
    [line] = [line for line in describe_receipt(receipt).splitlines() if "languages" in line]
    assert line.endswith("en 9, de 8, fr 7, es 6, it 5, nl 4 and 2 others, 3")


def test_without_detection_undeclared_languages_stay_unknown(take_in, write_csv, posts_of):
    receipt = take_in(write_csv(rows()), detect_language=False)
    assert {post["lang"] for post in posts_of().values()} == {None}
    assert receipt.languages == {}


# Memory


MEASURE = (
    TAKE_IN
    + """
    status = Path("/proc/self/status").read_text()  # ru_maxrss would count what the parent held
    print(status.split("VmHWM:")[1].split()[0])
"""
)


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = []
    for name, count in (("short.csv", 20_000), ("long.csv", 200_000)):
        with (tmp_path / name).open("w") as file:
            file.write("id,user,date,text\n")
            file.writelines(
                f"{k},u{k % 5000},{1420070400 + k * 60},a post of usual length about number {k} and some more words\n"
                if k % 10 else "broken\n"
                for k in range(count)
            )  # fmt: skip
        child = start(MEASURE, tmp_path, name)
        said, wrong = child.communicate(timeout=120)
        assert child.returncode == 0, wrong
        peaks.append(int(said.split()[-1]) / 1024)
    assert peaks[1] < peaks[0] + 250  # MB: buffers fill up, then it stays; see tests/benchmarks
    assert peaks[1] < 700


@pytest.mark.parametrize(("named", "code"), [("english", "en"), ("pt-BR", "pt"), ("de", "de")])
def test_a_language_is_named_by_code_or_in_english(take_in, write_csv, posts_of, named, code):
    take_in(write_csv([{"id": "1", "text": "a"}]), language=named)
    assert posts_of("lang")["1"]["lang"] == code


def test_a_language_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(ParamError, match=r"There is no language 'germann'.*german"):
        ImportOptions(language="germann")
