"""Runs that still hold what was erased from the store."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from murmuration.errors import UnknownNameError
from murmuration.reports import index
from murmuration.reports.context import mark_running, running_runs
from murmuration.reports.manifest import find_run, list_runs, pinned_versions
from murmuration.reports.traces import remove_runs, runs_that_hold


@pytest.fixture
def reports(tmp_path):
    """Three runs: of post 1 by ann, of post 2 by ann, of numbers only."""
    tables = {
        "run-a": {"source": ["s"], "post_id": ["1"], "author_key": ["ann"]},
        "run-b": {"source": ["s", "t"], "post_id": ["2", "1"], "author_key": ["ann", "bob"]},
        "run-c": {"n": [1]},
    }
    for number, (name, columns) in enumerate(tables.items()):
        folder = tmp_path / "reports" / "small" / name
        (folder / "tables").mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / "tables" / "reading.parquet")
        manifest = {
            "report": "small", "run_id": name, "status": "succeeded", "started_at": f"2026-01-0{number + 1}",
            "parameters": {}, "given": [], "answer": [], "pinned": {"tables": {"posts": number}},
        }  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path / "reports"


@pytest.mark.parametrize(
    ("source", "post", "authors", "holding"),
    [
        ("s", "1", set(), ["run-a"]),
        ("t", "1", set(), ["run-b"]),
        ("s", None, {"ann", None}, ["run-b", "run-a"]),
        ("t", None, {"ann"}, []),
        ("s", "3", set(), []),
    ],
)
def test_runs_are_found_by_post_and_by_author_of_a_source(reports, source, post, authors, holding):
    found = runs_that_hold(reports, source=source, post_id=post, author_keys=authors)
    assert [folder.name for folder in found] == holding


def test_runs_that_did_not_end_well_may_have_shown_anything_of_their_source(reports):
    for name, source in (("failed-s", "s"), ("failed-t", "t"), ("failed-all", "")):
        folder = reports / "small" / name
        folder.mkdir()
        manifest = {"status": "failed", "parameters": {"source": source}, "given": [], "answer": []}
        (folder / "manifest.json").write_text(json.dumps(manifest))
    (reports / "small" / "killed").mkdir()
    (reports / "small" / "killed" / "notebook.ipynb").write_text("{")
    found = runs_that_hold(reports, source="s", post_id="none", author_keys=set())
    assert {folder.name for folder in found} == {"failed-s", "failed-all", "killed"}
    remove_runs(reports, found)
    assert not (reports / "small" / "killed").exists()


def test_a_run_in_progress_is_left_alone_and_one_that_was_killed_is_not(reports, tmp_path):
    marks = {}
    (tmp_path / "runs").mkdir()
    for name in ("running", "killed"):
        (reports / "small" / name).mkdir()
        (reports / "small" / name / "notebook.ipynb").write_text("{")
        marks[name] = mark_running(tmp_path / "runs" / f"{name}.jsonl")
    marks["killed"].release()  # as the system does
    running = running_runs(tmp_path / "runs")
    assert running == {"running"}
    found = runs_that_hold(reports, source="s", post_id="no", author_keys=set(), running=running)
    assert [folder.name for folder in found] == ["killed"]
    marks["running"].release()


def test_a_removed_run_is_gone_from_disk_and_index(reports):
    remove_runs(reports, runs_that_hold(reports, source="s", post_id="1", author_keys=set()))
    assert [run.folder.name for run in list_runs(reports)] == ["run-c", "run-b"]
    assert not (reports / "small" / "run-a").exists()
    index = (reports / "index.html").read_text()
    assert "run-b" in index
    assert "run-a" not in index


def test_versions_that_kept_runs_need_are_named(reports):
    assert pinned_versions(reports) == [0, 1, 2]


def test_a_run_is_found_by_a_beginning_that_only_it_has(reports):
    assert find_run(reports, "run-b").folder.name == "run-b"
    with pytest.raises(UnknownNameError, match="beginning of several runs"):
        find_run(reports, "run")
    with pytest.raises(UnknownNameError, match=r"'rnu-a' is no run. Did you mean 'run-a'"):
        find_run(reports, "rnu-a")


def test_a_manifest_that_is_cut_off_is_no_run_and_hides_no_other(reports):
    (reports / "small" / "run-b" / "manifest.json").write_text('{"report": "sm')
    assert [run.folder.name for run in list_runs(reports)] == ["run-c", "run-a"]


def test_of_runs_that_end_together_none_is_lost_from_the_index(reports, monkeypatch):
    seen, real = threading.Barrier(2), index.list_runs
    turns = []

    def slow(folder):
        turns.append("lists")
        found = real(folder)
        with suppress(threading.BrokenBarrierError):
            seen.wait(0.3)  # where the lists were made side by side, they would meet here
        return found

    monkeypatch.setattr(index, "list_runs", slow)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(index.write_index, [reports, reports]))
    assert seen.broken
    assert len(turns) == 2
