import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from murmuration.collect import ImportOptions, import_files
from murmuration.collect.importer import write_lock
from murmuration.errors import ParamError, StoreError
from murmuration.store import Store, load_posts, upkeep
from murmuration.store.forget import forget
from murmuration.store.tombstones import Tombstones, bury
from murmuration.store.upkeep import Compaction, compact, vacuum

from ..conftest import soak_but

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def post(number, day="2026-01-05T12:00:00Z", text=None, **more):
    return {
        "id": str(number),
        "created_at": day,
        "text": text or f"post {number}",
        "author": "ann",
    } | more


def random_imports(put, seed, count=6):
    """Overlapping exports of the same posts: new, edited, older, repeated, without time."""
    chance = random.Random(seed)
    for _ in range(count):
        rows = [
            post(
                chance.randrange(12),
                chance.choice(["", f"2026-0{chance.randrange(1, 4)}-0{chance.randrange(1, 9)}"]),
                text=f"text {chance.randrange(5)}",
                likes=chance.choice(["", 0, 7]),
            )
            for _ in range(chance.randrange(1, 9))
        ]
        put(rows, observed_at=FIRST + timedelta(days=chance.randrange(5)))


@pytest.fixture
def two_versions(stamp, put):
    def build():
        put([post(1), post(2), post(3, "2026-02-05")])
        edits = [post(1, text="edited"), post(3, "2026-02-05", text="edited")]
        put(edits, observed_at=FIRST + timedelta(days=1))

    stamp("two versions", build)


@pytest.mark.parametrize("seed", soak_but(range(3), 0))
def test_readers_see_the_same_before_and_after(store, state, put, rows_of, problems, seed):
    random_imports(put, seed)
    before, version = rows_of(), store.open("posts").version()
    spans = [rows_of(since=f"2026-0{month}-01") for month in (1, 2, 3)]
    done = compact(store, state)
    assert done.months > 0
    assert done.rows_after <= done.rows_before
    assert rows_of() == before
    assert rows_of(as_of=version) == before
    assert [rows_of(since=f"2026-0{month}-01") for month in (1, 2, 3)] == spans
    assert compact(store, state) == Compaction(0, 0, 0, 0)
    assert problems() == []


def test_versions_become_one_row_with_the_first_sight_and_the_last(
    store, state, put, rows_of, two_versions
):
    assert compact(store, state).rows_after == 3
    [one, two, _] = rows_of()
    assert (one["text"], one["first_seen_at"]) == ("edited", FIRST)
    assert one["observed_at"] == FIRST + timedelta(days=1)
    assert two["observed_at"] == FIRST
    files = store.post_files(store.open("posts"))
    assert sum(file.rows for file in files) == 3
    assert {file.batch.split("-")[0] for file in files} == {"fold"}


def test_an_import_after_folding_still_knows_what_is_there(
    store, state, put, rows_of, problems, two_versions
):
    compact(store, state)
    receipt = put([post(1, text="older")], observed_at=FIRST - timedelta(days=1))
    assert receipt.values["rows_older"] == 1
    [one, *_] = rows_of()
    assert (one["text"], one["first_seen_at"]) == ("edited", FIRST - timedelta(days=1))
    assert problems() == []


FOLDING = """
from murmuration.store import upkeep, write
from murmuration.store.delta import Store
{end}
upkeep.compact(store, state)
"""


@pytest.mark.parametrize(
    "end",
    soak_but(
        [
            "end_at(upkeep, 'write_units')",
            "end_at(write.pq, 'write_table', after=True)",
            "end_at(Store, 'commit_posts')",
            "end_at(Store, 'commit_posts', after=True)",
            "end_at(Store, 'commit_posts', 2)",
            "end_at(upkeep, 'mark_swept')",
            "end_at(upkeep, 'vacuum')",
            "end_at(upkeep, 'vacuum', after=True)",
        ],
        "end_at(write.pq, 'write_table', after=True)",
        "end_at(Store, 'commit_posts', 2)",
        "end_at(upkeep, 'vacuum')",
    ),
)
def test_a_killed_compaction_changes_nothing_and_a_second_one_finishes(
    store, state, put, rows_of, problems, apart, two_versions, end
):
    before = rows_of()
    assert apart(FOLDING.format(end=end), store=store, state=state)() == -9
    assert rows_of() == before
    assert problems() == []
    compact(store, state)
    vacuum(store, {}, keep_days=0)
    assert rows_of() == before
    assert problems() == []
    files = {file.path for file in store.post_files(store.open("posts"))}
    lying = {
        str(path.relative_to(store.uri("posts")))
        for path in Path(store.uri("posts")).rglob("source=*/**/*.parquet")
    }
    assert lying == files
    assert list((state / "tmp").iterdir()) == []


def test_an_import_by_another_process_waits_for_the_lock(
    store, state, put, rows_of, problems, apart, write_csv, two_versions
):
    path = str(write_csv([post(9), post(1, text="other")], "other.csv"))
    code = """
    from murmuration.collect.importer import import_files, ImportOptions
    list(import_files([path], source="test", store=store, state=state, options=options))
    """
    options = ImportOptions(observed_at=FIRST + timedelta(days=2))
    with write_lock(store, state):
        wait = apart(code, path=path, store=store, state=state, options=options)
        time.sleep(0.5)
        compact(store, state)
        assert len(rows_of()) == 3
    assert wait() == 0
    assert [row["text"] for row in rows_of()] == ["other", "post 2", "edited", "post 9"]
    assert problems() == []


def test_an_import_on_another_machine_meanwhile_is_kept(
    store, state, tmp_path, write_csv, rows_of, problems, meanwhile, two_versions
):
    path = str(write_csv([post(2, text="newer"), post(9)], "other.csv"))
    options = ImportOptions(observed_at=FIRST + timedelta(days=2))
    elsewhere = tmp_path / "other-state"
    meanwhile(
        upkeep,
        "write_units",
        lambda: list(
            import_files([path], source="test", store=store, state=elsewhere, options=options)
        ),
    )
    compact(store, state)
    assert [row["text"] for row in rows_of()] == ["edited", "newer", "edited", "post 9"]
    assert problems() == []


def test_a_compaction_on_another_machine_meanwhile_is_refused_not_doubled(
    store, state, tmp_path, rows_of, problems, meanwhile, two_versions
):
    before = rows_of()
    meanwhile(upkeep, "write_units", lambda: compact(store, tmp_path / "other-state"))
    with pytest.raises(StoreError, match="Somebody else changed the store"):
        compact(store, state)
    assert rows_of() == before
    assert sum(file.rows for file in store.post_files(store.open("posts"))) == 3
    assert problems() == []


def test_what_is_forgotten_on_another_machine_meanwhile_does_not_come_back(
    store, state, tmp_path, rows_of, problems, meanwhile, two_versions
):
    meanwhile(
        upkeep,
        "write_units",
        lambda: forget(store, tmp_path / "other-state", source="test", post="1"),
    )
    with pytest.raises(StoreError, match="Somebody else changed the store"):
        compact(store, state)
    assert [row["post_id"] for row in rows_of()] == ["2", "3"]
    assert problems() == []


def test_pinned_versions_stay_readable_and_others_are_let_go(store, state, put, rows_of):
    states = {}
    for number in range(4):
        put([post(1, text=f"text {number}")], observed_at=FIRST + timedelta(days=number))
        compact(store, state)
        version = store.open("posts").version()
        states[version] = rows_of(as_of=version)
    pinned = list(states)[1]
    assert vacuum(store, {"posts": [pinned, 10_000]}, keep_days=0) > 0
    assert rows_of(as_of=pinned) == states[pinned]
    assert rows_of() == states[list(states)[-1]]
    with pytest.raises(StoreError):
        rows_of(as_of=next(iter(states)))


def test_small_tables_let_go_of_old_files_but_for_pinned_versions(store, state, put):
    bad = {"id": "x", "text": "b", "created_at": "soon"}
    for number in range(3):
        put([post(number), bad | {"id": f"x{number}"}], max_bad_share=1)
        bury(store, "post", "test", [f"y{number}"], reason="deleted")
    names = ("imports", "quarantine", "tombstones")
    pinned = {name: [store.open(name).version()] for name in names}
    compact(store, state, keep_versions=pinned)

    def files():
        return {name: len(list(Path(store.uri(name)).glob("*.parquet"))) for name in names}

    vacuum(store, pinned, keep_days=0)
    assert set(files().values()) == {4}
    for name in names:
        assert len(store.read(name, as_of=pinned[name][0])) == 3
    vacuum(store, {}, keep_days=0)
    assert set(files().values()) == {1}
    assert [len(store.read(name)) for name in names] == [3, 3, 3]


@pytest.mark.parametrize("days", [0, -1])
def test_less_than_a_day_of_grace_is_refused_and_removes_nothing(store, state, put, days):
    put([post(1)])
    fresh = (
        Path(store.uri("posts")) / "source=test/created_month=2026-01/of-another-machine.parquet"
    )
    fresh.write_bytes(b"not committed yet")
    with pytest.raises(ParamError, match=f"keep_days is {days}, but .* 1 day or more"):
        compact(store, state, keep_days=days)
    assert compact(store, state, keep_days=1).files_removed == 0
    assert fresh.exists()


def test_a_receipt_that_two_machines_added_counts_once_and_is_kept_once(
    store, state, put, problems, two_versions
):
    imports = store.read("imports")
    store.append("imports", imports.slice(0, 1))  # what the slower of two does
    assert store.read("imports").sort_by("posts_version") == imports.sort_by("posts_version")
    assert problems() == []
    compact(store, state)
    [uri] = store.open("imports").file_uris()
    assert len(store.read_file(uri)) == 2
    version = store.open("imports").version()
    compact(store, state)
    assert store.open("imports").version() == version


def test_files_stay_for_their_days_of_grace(store, state, put, rows_of, two_versions):
    version, before = store.open("posts").version(), rows_of(as_of=1)
    assert compact(store, state).files_removed == 0
    assert rows_of(as_of=1) == before
    assert len(rows_of(as_of=version)) == 3


def test_posts_deleted_on_the_platform_go_and_do_not_show_in_older_states(
    store, state, put, rows_of, problems, two_versions
):
    version = store.open("posts").version()
    bury(store, "post", "test", ["2"], reason="deleted", alive=["2"])
    assert [row["post_id"] for row in rows_of()] == ["1", "3"]
    compact(store, state)
    assert [row["post_id"] for row in rows_of()] == ["1", "3"]
    assert [row["post_id"] for row in rows_of(as_of=version)] == ["1", "3"]
    assert Tombstones.unswept(store).keys == {}
    assert problems() == []


def test_receipts_that_a_kill_kept_out_of_imports_are_added(store, state, put, two_versions):
    imports = store.read("imports")
    store.replace("imports", imports.slice(1))  # the older of the two is gone
    compact(store, state)
    assert sorted(store.read("imports")["import_id"].to_pylist()) == sorted(
        imports["import_id"].to_pylist()
    )


def test_leftovers_of_a_kill_are_removed_but_not_those_of_another_store(
    store, state, put, apart, write_csv, two_versions
):
    path = str(write_csv([post(5)], "killed.csv"))
    code = """
    from murmuration.collect.importer import import_files, ImportOptions
    from murmuration.store.delta import Store
    end_at(Store, "commit_posts")
    list(import_files([path], source="test", store=store, state=state, options=ImportOptions()))
    """
    other = Store(store.location + "-2", store.pseudonyms)
    assert apart(code, path=path, store=store, state=state)() == -9
    assert apart(code, path=path, store=other, state=state)() == -9
    left = list((state / "tmp").iterdir())
    assert len(left) == 2
    compact(store, state)
    assert len(list((state / "tmp").iterdir())) == 1


def test_an_empty_store_has_nothing_to_fold(store, state):
    store.make()
    assert compact(store, state) == Compaction(0, 0, 0, 0)
    assert len(load_posts(store=store)) == 0


def test_a_month_of_which_everything_was_deleted_is_gone(store, state, put, rows_of, problems):
    put([post(1)])
    bury(store, "post", "test", ["1"], reason="deleted", alive=["1"])
    assert compact(store, state) == Compaction(1, 1, 0, 0)
    assert rows_of() == []
    assert store.post_files(store.open("posts")) == []
    assert problems() == []
