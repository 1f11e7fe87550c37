"""A DuckDB that held little serves whoever comes next, who finds nothing of those before."""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from murmuration.store import engine
from murmuration.store.engine import connect, cursor, give_back, take


@pytest.fixture(autouse=True)
def _none_kept(monkeypatch):
    monkeypatch.setattr(engine, "_kept", {})
    monkeypatch.setattr(engine, "_shared", {})


def test_one_that_spilled_nothing_is_kept_and_holds_nothing_of_before(tmp_path):
    first = take(tmp_path / "one", memory_limit="20MB")
    first.register("incoming", pa.table({"a": [1]}))
    first.execute("CREATE TABLE mine AS SELECT * FROM incoming; CREATE TEMP TABLE twins (a INT)")
    first.unregister("incoming")
    give_back(first, tmp_path / "one", sound=True)
    second = take(tmp_path / "it's two", memory_limit="40MB")
    assert second is first
    assert second.execute("SELECT * FROM duckdb_tables()").fetchall() == []
    [(folder, limit)] = second.sql(
        "SELECT current_setting('temp_directory'), current_setting('memory_limit')"
    ).fetchall()
    assert folder == str(tmp_path / "it's two")
    assert limit.startswith("38.1")
    assert take(tmp_path / "three", memory_limit="20MB") is not second


def test_one_that_held_much_is_closed_as_its_memory_stays_taken(tmp_path):
    first = take(tmp_path / "keys", memory_limit="100MB")
    first.execute("CREATE TABLE mine AS SELECT range FROM range(200_000)")
    give_back(first, tmp_path / "keys", sound=True)
    assert take(tmp_path / "keys", memory_limit="100MB") is not first


@pytest.mark.parametrize("sound", [True, False])
def test_one_that_spilled_or_went_wrong_is_closed(tmp_path, sound):
    spill = tmp_path / "keys"
    if sound:
        spill.mkdir()  # as DuckDB does when it spills
    first = take(spill, memory_limit="20MB")
    give_back(first, spill, sound=sound)
    assert take(spill, memory_limit="20MB") is not first


def test_what_does_not_fit_into_memory_goes_to_the_folder(tmp_path):
    give_back(take(tmp_path / "a", memory_limit="40MB"), tmp_path / "a", sound=True)
    later = take(tmp_path / "b", memory_limit="20MB")
    later.execute("CREATE TABLE big AS SELECT range, hash(range)::VARCHAR FROM range(1_000_000)")
    assert list((tmp_path / "b").iterdir())
    give_back(later, tmp_path / "b", sound=True)


def test_threads_share_one_and_see_nothing_of_each_other():
    def count(numbers):
        with cursor() as connection:
            connection.register("k", pa.table({"a": range(numbers)}))
            [(found,)] = connection.execute("SELECT count(*) FROM k").fetchall()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, range(60))) == list(range(60))


def test_no_progress_bar_of_duckdb_reaches_a_notebook():
    with connect(threads=1) as connection:
        [(shown,)] = connection.sql("SELECT current_setting('enable_progress_bar')").fetchall()
    assert shown is False
