import pickle
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone

import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from murmuration.collect import ImportOptions, import_files
from murmuration.compute import start_cluster
from murmuration.errors import ParamError, StoreError, UnknownNameError
from murmuration.schema import POSTS, TOMBSTONES
from murmuration.store import (
    Store,
    count_rows,
    find_time_range,
    list_sources,
    load_posts,
)
from murmuration.store.delta import resolve_location
from murmuration.store.upkeep import compact, vacuum
from murmuration.text import Brand

LATER = datetime(2026, 4, 1, tzinfo=UTC)


def post(number, day="2026-01-05T12:00:00Z", text=None, **more):
    return {
        "id": str(number),
        "created_at": day,
        "text": text or f"post {number}",
        "author": "ann",
    } | more


@pytest.fixture
def reads(monkeypatch):
    """Count what is read from Parquet files: months, and columns."""
    seen = {"months": Counter(), "columns": Counter()}
    real = pq.read_table

    def counting(path, *, columns=None, **options):
        seen["months"][str(path).split("created_month=")[-1].split("/")[0]] += 1
        seen["columns"].update(columns or ["all"])
        return real(path, columns=columns, **options)

    monkeypatch.setattr(pq, "read_table", counting)
    return seen


@pytest.fixture
def three_months(stamp, put):
    rows = [post(n, f"2026-0{n}-05T12:00:00Z", likes=n) for n in (1, 2, 3)]
    stamp("three months", lambda: put(rows))


def test_only_the_months_that_can_hold_posts_of_that_time_are_opened(three_months, store, reads):
    frame = load_posts(since="2026-02-01", until="2026-03-01", columns=["post_id"], store=store)
    assert frame.npartitions == 1
    assert frame.compute()["post_id"].tolist() == ["2"]
    assert reads["months"]["2026-02"] == 1
    assert not reads["months"].keys() & {"2026-01", "2026-03"}


def test_only_the_columns_that_are_asked_for_are_read(three_months, store, reads):
    load_posts(columns=["text", "like_count"], store=store).compute(scheduler="synchronous")
    assert {"text", "like_count"} <= reads["columns"].keys()
    assert not reads["columns"].keys() & {"title", "extra", "post_id", "content_hash"}


def test_only_the_columns_that_a_computation_needs_are_read(three_months, store, reads):
    # `tombstones` is read as a whole; Dask pushes the choice down to the files of posts.
    assert load_posts(store=store)["like_count"].sum().compute() == 6
    assert {name for name in reads["columns"] if name in POSTS.names} == {"like_count"}


def test_a_month_is_not_read_where_none_of_its_files_has_posts_of_those_days(store, put, reads):
    put([post(1, "2026-01-03T00:00:00Z")])
    assert len(load_posts(since="2026-01-20", store=store).compute()) == 0
    assert "2026-01" not in reads["months"]


def test_row_groups_of_other_days_are_skipped_where_nothing_has_to_be_ranked(store, put):
    put([post(n, f"2026-01-{n:02d}T00:00:00Z") for n in range(1, 29)])
    frame = load_posts(since="2026-01-10", until="2026-01-12", store=store).compute()
    assert frame["post_id"].tolist() == ["10", "11"]


def test_null_counts_stay_null_integers_and_lists_and_maps_keep_their_types(store, put):
    put(
        [
            post(1, likes="", text="#one #two hello", shoe="9"),
            post(2, likes="9007199254740993", text="none", shoe=""),
        ]
    )
    frame = load_posts(store=store).compute()
    assert frame.dtypes.to_dict() == {
        field.name: pd.ArrowDtype(field.type) for field in POSTS.arrow
    }
    assert frame["like_count"].tolist() == [pd.NA, 9007199254740993]  # beyond what a float holds
    assert frame["hashtags"].tolist()[0] == ["one", "two"]
    assert dict(frame["extra"].tolist()[0]) == {"shoe": "9"}
    assert str(frame["created_at"].dtype) == "timestamp[us, tz=UTC][pyarrow]"


def test_an_empty_result_keeps_its_columns_and_types(three_months, store):
    for options in ({}, {"columns": ["hashtags", "like_count"]}):
        frame = load_posts(since="2030-01-01", store=store, **options)
        got = frame.compute()
        assert len(got) == 0
        assert got.dtypes.equals(frame._meta.dtypes)
        assert got.columns.tolist() == options.get("columns", POSTS.names)
    assert len(load_posts(source=[], store=store).compute()) == 0


def test_rows_are_counted_without_columns_but_not_asked_for_without(three_months, store):
    assert len(load_posts(store=store)) == 3
    with pytest.raises(ParamError, match="columns is empty"):
        load_posts(columns=[], store=store)
    assert load_posts(columns=["source"], store=store).compute()["source"].tolist() == ["test"] * 3


BERLIN = timezone(timedelta(hours=1))


SPANS = [
    ("2026-01-31", None, "bcd"),
    (date(2026, 1, 31), date(2026, 2, 1), "bc"),
    ("2026-01-31T23:30:00", None, "cd"),
    ("2026-01-31T23:30:00Z", "2026-02-01T00:00:00Z", "c"),
    ("2026-02-01T00:30+01:00", None, "cd"),  # the same moment, in Berlin
    (datetime(2026, 2, 1, 0, 30, tzinfo=BERLIN), None, "cd"),
    (datetime(2026, 2, 1), None, "d"),
    (None, "2026-01-31T23:30:00Z", "ab"),
    (pd.Timestamp("2026-01-31T23:30", tz="UTC"), None, "cd"),
    ("2026-02-01T00:00:00.000001", None, ""),
    ("0999-01-01", "9999-12-31", "abcd"),
]


@pytest.mark.parametrize("folded", [True, False])
def test_since_is_included_until_is_not_and_no_zone_means_utc(store, put, rows_of, folded):
    days = ["2026-01-30T23:59:59Z", "2026-01-31T00:00:00Z", "2026-01-31T23:30:00Z"]
    rows = [post(name, day) for name, day in zip("abc", days, strict=True)]
    put([*rows, post("d", "2026-02-01T00:00:00Z")])
    if not folded:
        put(rows, observed_at=LATER)
    found = [
        (since, until, "".join(row["post_id"] for row in rows_of(since=since, until=until)))
        for since, until, _ in SPANS
    ]
    assert found == SPANS


def test_since_after_until_and_unreadable_times_are_one_sentence(three_months, store):
    with pytest.raises(ParamError, match="must lie before until"):
        load_posts(since="2026-02-02", until="2026-02-01", store=store)
    with pytest.raises(ParamError, match="must lie before until"):
        load_posts(since="2026-02-02", until="2026-02-02", store=store)
    with pytest.raises(ParamError, match="since is 'yesterday'"):
        load_posts(since="yesterday", store=store)


def test_a_brand_keeps_the_posts_that_mention_it_and_only_the_asked_columns(store, put, rows_of):
    put([post(1, text="I fly UNITED"), post(2, text="man united won"), post(3, text="delta")])
    assert [row["post_id"] for row in rows_of(brand="united")] == ["1"]
    assert rows_of(brand="united", columns=["post_id"]) == [{"post_id": "1"}]
    own = Brand(key="own", name="Own", terms=("delta", "won"))
    assert [row["post_id"] for row in rows_of(brand=own)] == ["2", "3"]


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"source": "tset"}, "Did you mean 'test'"),
        ({"source": ["test", "nothing like it"]}, "There is: test"),
        ({"columns": ["like_cuont"]}, "Did you mean 'like_count'"),
        ({"brand": "untied"}, "Did you mean 'united'"),
    ],
)
def test_what_is_not_there_is_an_error_with_the_near_match(three_months, store, options, near):
    with pytest.raises(UnknownNameError, match=near):
        load_posts(store=store, **options)


def test_sources_are_read_alone_or_together(store, put, rows_of):
    put([post(1)], source="one")
    put([post(1)], source="two")
    assert list_sources(store) == ["one", "two"]
    assert len(rows_of()) == 2
    assert [row["source"] for row in rows_of(source="two")] == ["two"]
    assert [row["source"] for row in rows_of(source=["one", "two"])] == ["one", "two"]
    assert count_rows("one", store=store) == 1


def test_versions_of_several_imports_are_folded_on_reading(store, put, rows_of):
    put([post(1, text="first"), post(2)])
    put([post(1, text="second")], observed_at=LATER)
    [one, two] = rows_of()
    assert (one["text"], two["text"]) == ("second", "post 2")
    assert one["observed_at"] == LATER
    assert one["first_seen_at"] == two["first_seen_at"] < LATER
    assert count_rows(store=store) == 3  # an upper bound
    assert len(load_posts(store=store)) == 2


def test_an_older_export_does_not_replace_newer_posts(store, put, rows_of):
    put([post(1, text="new")], observed_at=LATER)
    put([post(1, text="old")])
    [row] = rows_of()
    assert row["text"] == "new"
    assert row["first_seen_at"] < LATER


def test_an_edit_that_moves_a_post_in_time_is_found_by_its_new_time_only(store, put, rows_of):
    put([post(1, "2026-01-05T00:00:00Z")])
    put([post(1, "2026-03-05T00:00:00Z")], observed_at=LATER)
    assert [row["post_id"] for row in rows_of(since="2026-03-01")] == ["1"]
    assert rows_of(until="2026-03-01") == []
    [row] = rows_of()
    assert row["created_month"] == "2026-01"  # where it lives; it never lives twice


def test_a_post_whose_time_becomes_known_later_is_found_by_it(store, put, rows_of):
    put([post(1, "")])
    assert rows_of(since="2026-01-01") == []
    put([post(1, "2026-03-05T00:00:00Z")], observed_at=LATER)
    [row] = rows_of(since="2026-03-01")
    assert row["created_month"] == "unknown"
    assert find_time_range(store=store) == (row["created_at"], row["created_at"])


def test_posts_without_time_are_there_unless_a_time_is_asked_for(store, put, rows_of):
    put([post(1, ""), post(2)])
    assert next(row["created_at"] for row in rows_of()) is None
    assert [row["post_id"] for row in rows_of(since="1990-01-01")] == ["2"]
    assert [row["post_id"] for row in rows_of(until="2090-01-01")] == ["2"]


def test_the_time_range_is_that_of_dated_posts(store, put):
    put([post(1, "")])
    assert find_time_range(store=store) is None
    put([post(2, "2026-01-05T08:30:00Z"), post(3, "2026-01-05T23:00:00Z"), post(4, "2026-03-01")])
    put([post(4, "")], observed_at=LATER)  # a version without a time, in a dated month
    low, high = find_time_range(store=store)
    assert (low, high) == (
        datetime(2026, 1, 5, 8, 30, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
    )


def test_a_state_is_opened_by_version_and_by_time(store, put, rows_of):
    put([post(1)])
    version = store.open("posts").version()
    after_first = datetime.now(UTC)
    time.sleep(0.05)
    put([post(1, text="edited"), post(2)], observed_at=LATER)
    for as_of in (version, str(version), after_first, after_first.isoformat()):
        assert [row["text"] for row in rows_of(as_of=as_of)] == ["post 1"]
    naive_utc = after_first.replace(tzinfo=None)
    assert len(rows_of(as_of=naive_utc)) == 1
    for as_of in (None, "", store.open("posts").version(), datetime(2999, 1, 1, tzinfo=UTC)):
        assert [row["text"] for row in rows_of(as_of=as_of)] == ["edited", "post 2"]
    assert len(rows_of(as_of=0)) == 0
    assert count_rows(as_of=version, store=store) == 1


def test_a_state_by_time_goes_by_the_log_and_not_by_the_files_times(store, put, rows_of, tmp_path):
    put([post(1)])
    between = datetime.now(UTC)
    time.sleep(0.05)
    put([post(2)])
    for path in (tmp_path / "store").rglob("*"):  # as copying does
        path.touch()
    assert [row["post_id"] for row in rows_of(as_of=between)] == ["1"]


@pytest.mark.parametrize("as_of", [99, -1, "99", "2001-01-01", datetime(2001, 1, 1, tzinfo=UTC)])
def test_a_state_that_never_was_is_one_sentence(three_months, store, as_of):
    with pytest.raises(StoreError, match=r"has versions 0 to \d|was made at 20\d\d"):
        load_posts(as_of=as_of, store=store)


def test_a_state_that_cannot_be_read_is_one_sentence(three_months, store):
    with pytest.raises(ParamError, match="as_of is 'last week'"):
        load_posts(as_of="last week", store=store)


def test_a_state_whose_files_were_let_go_is_one_sentence(store, state, put):
    put([post(1)])
    put([post(1, text="edited")], observed_at=LATER)
    frame = load_posts(as_of=1, store=store)
    compact(store, state)
    vacuum(store, {}, keep_days=0)
    with pytest.raises(StoreError, match="cannot be used"):
        frame.compute(scheduler="synchronous")


def test_no_store_yet_is_one_sentence_that_says_how_to_make_one(store):
    with pytest.raises(StoreError, match=r"There is no store at .* Make one with `import"):
        load_posts(store=store)
    assert not store.exists()


def test_a_half_made_store_is_finished_by_the_next_import(store, put, rows_of):
    store._make_table(TOMBSTONES)
    assert not store.exists()
    put([post(1)])
    assert store.exists()
    assert len(rows_of()) == 1


@pytest.mark.parametrize("name", ["a b + 100%", "ü#x?y&z", "source={1}*"])
def test_a_store_lies_in_a_folder_of_any_name(tmp_path, state, write_csv, rows_of, name, store):
    odd = Store(str(tmp_path / name / "store"), store.pseudonyms)
    path = write_csv([post(1)])
    for _ in range(2):
        list(import_files([str(path)], source="test", store=odd, state=state))
    assert len(rows_of(odd)) == 1
    compact(odd, state)
    vacuum(odd, {}, keep_days=0)
    assert len(rows_of(odd)) == 1


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("data%20here", "take no '%20' in a name"),
        ("data[1]", r"take no '\[' in a name"),
        ("tab\there", "in a name"),
        ("gs://bucket/x", "neither a folder nor an address such as s3://bucket/prefix"),
        ("s3://", "neither a folder"),
        ("s3:///prefix", "neither a folder"),
    ],
)
def test_a_location_that_cannot_hold_a_store_is_refused(tmp_path, location, said):
    with pytest.raises(StoreError, match=said):
        resolve_location(location, tmp_path)


def test_a_location_is_taken_from_the_workspace(tmp_path):
    assert resolve_location("data", tmp_path) == str(tmp_path / "data")
    assert resolve_location("/abs/../abs/x", tmp_path) == "/abs/x"
    assert resolve_location("s3://bucket/prefix/", tmp_path) == "s3://bucket/prefix"


def test_the_key_does_not_travel_to_workers_that_need_no_pseudonyms(three_months, store):
    sent = pickle.dumps(load_posts(store=store).optimize().__dask_graph__())
    assert b"load-posts" in sent
    assert store.pseudonyms.key not in sent


@pytest.fixture
def several(stamp, put):
    rows = [post(n, f"2026-0{1 + n % 3}-05T12:00:00Z", likes=n, text=f"#t{n}") for n in range(9)]
    edit = [post(0, "2026-01-05T12:00:00Z", text="edited")]
    stamp("several", lambda: (put(rows), put(edit, observed_at=LATER)))


def summary(frame: dd.DataFrame):
    rows = pa.Table.from_pandas(frame.compute(), preserve_index=False).to_pylist()
    return sorted(rows, key=lambda row: row["post_id"])


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_posts_are_the_same_under_every_scheduler(several, store, scheduler):
    with dask.config.set(scheduler="synchronous"):
        expected = summary(load_posts(store=store))
    with dask.config.set({"scheduler": scheduler, "num_workers": 2}):
        assert summary(load_posts(store=store)) == expected
    assert expected[0]["text"] == "edited"


@pytest.mark.soak
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning"
)  # sockets that distributed leaves to the collector
def test_posts_are_the_same_on_a_cluster_of_processes(several, store):
    with dask.config.set(scheduler="synchronous"):
        expected = summary(load_posts(store=store))
    with start_cluster(setting="local"):
        frame = load_posts(store=store)
        assert summary(frame) == expected
        assert len(frame) == 9
        assert frame["like_count"].sum().compute() == sum(range(1, 9))


def test_two_imports_at_once_into_two_sources_are_both_there(store, state, write_csv, rows_of):
    def run(name):
        path = write_csv([post(n) for n in range(20)], f"{name}.csv")
        return list(
            import_files(
                [str(path)], source=name, store=store, state=state, options=ImportOptions()
            )
        )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, ["one", "two"]))
    assert Counter(row["source"] for row in rows_of()) == {"one": 20, "two": 20}
