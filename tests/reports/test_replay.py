"""A run again: on what it read then, with the code that it ran; and what changed between two runs."""

import json
import subprocess
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import murmuration as mm
from murmuration.cli import app
from murmuration.errors import ParamError, ReportError
from murmuration.reports import RunResult, compare_runs, find_run, list_runs, replay_run
from murmuration.reports.changes import find_previous
from murmuration.reports.compare import write_comparison
from murmuration.reports.compare_data import compare_data
from murmuration.reports.index import write_index
from murmuration.reports.manifest import pinned_versions
from murmuration.reports.provenance import describe_changed, describe_code
from murmuration.reports.replay import read_code
from murmuration.reports.tables import compare_tables
from murmuration.settings import get_settings
from murmuration.store import open_store
from murmuration.store.forget import forget
from murmuration.store.tombstones import bury
from murmuration.store.upkeep import compact, vacuum

READ = """
import murmuration as mm
import pandas as pd
run = mm.start_run("small")
period = run.period(since="2026-01-01", until="2026-01-08")
with run.step("read") as step:
    posts = mm.load_posts(since=period.since, until=period.until, columns=["post_id", "text"], as_of=run.as_of).compute(scheduler="threads")
    step.rows_out = len(posts)
table = pd.DataFrame({"post_id": posts["post_id"], "length": posts["text"].str.len()})
path = run.save_table(table, "posts", key=["post_id"])
"""


def git(folder, *words):
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def committed(workspace, add_report):
    """A workspace under git with the report `small`, all of it committed."""
    add_report(READ)
    (workspace / "requirements.lock").write_text("numpy==2.3.0\nscipy==1.16.0\n")
    git(workspace, "init", "-q")
    commit(workspace)
    return workspace


def commit(workspace):
    git(workspace, "add", "-A")
    git(workspace, "commit", "-q", "-m", "a state")


@pytest.fixture
def add_posts(take_in, write_csv):
    def add(ids, text="a post", day="2026-01-02", observed_at="2026-01-10T00:00:00Z"):
        rows = [
            {"id": str(n), "text": text, "created_at": f"{day}T0{n % 10}:00:00Z", "author": f"a{n % 3}"}
            for n in ids
        ]  # fmt: skip
        seen = mm.store.moments.as_moment(observed_at, "observed_at")
        take_in(write_csv(rows), into=open_store(), observed_at=seen)

    return add


@pytest.mark.soak
def test_a_run_is_replayed_equal_whatever_came_in_was_edited_deleted_or_folded_since(
    committed, add_posts
):
    add_posts(range(8))
    run = mm.run_report("small")
    add_posts(range(4, 12), text="something else", observed_at="2026-02-01T00:00:00Z")
    store, state = open_store(), get_settings().state
    bury(store, "post", "test", ["1"], reason="deleted", alive=["1"])
    kept = {"posts": [run.manifest["pinned"]["tables"]["posts"]]}
    compact(store, state, keep_versions=kept, keep_days=1)
    done = replay_run(run)
    assert (done.verdict, done.describe()) == ("equal", "Equal: 1 of 1 result tables are equal.")
    assert done.result.manifest["replay_of"] == run.folder.name
    assert done.result.table("posts")["post_id"].to_pylist() == list("01234567")

    later = mm.run_report("small")
    found = compare_runs(run, later)
    assert (found.data.before, found.data.after) == (8, 11)
    assert (found.data.late, found.data.gone, found.data.edited) == (4, 1, 4)
    assert found.data.added == 0
    until = {"until": "2026-01-02T05:00:00+00:00"}
    shorter = dict(run.manifest) | {"period": run.manifest["period"] | until}
    assert compare_data(shorter, later.manifest).added == 5  # of 05:00 to 09:00
    [table] = found.tables
    assert not table.equal
    assert "tables posts" in [one.what for one in found.inputs]

    forget(store, state, source="test", post="2")
    gone = replay_run(run)
    assert (gone.verdict, gone.erased) == ("erased", ("test",))
    assert "forgotten since" in gone.describe()


def test_a_run_is_replayed_equal_after_edits_deletions_a_compaction_and_a_vacuum(
    committed, add_posts
):
    add_posts(range(3))
    run = mm.run_report("small")
    add_posts(range(1, 5), text="something else", observed_at="2026-02-01T00:00:00Z")
    store = open_store()
    bury(store, "post", "test", ["1"], reason="deleted", alive=["1"])
    kept = {"posts": pinned_versions(get_settings().reports)}
    compact(store, get_settings().state, keep_versions=kept, keep_days=1)
    vacuum(store, kept, 0)
    done = replay_run(run)  # its commit, which is that of now
    assert (done.verdict, done.result.manifest["replay_of"]) == ("equal", run.folder.name)
    assert done.result.table("posts")["post_id"].to_pylist() == list("012")


@pytest.mark.soak
def test_the_recorded_code_runs_even_if_the_notebook_is_another_one_now(
    committed, add_report, add_posts
):
    add_posts(range(3))
    run = mm.run_report("small")
    add_report(READ.replace(".str.len()", ".str.len() + 1"))
    assert replay_run(run).verdict == "equal"
    changed = replay_run(run, code="current")
    assert changed.verdict == "different"
    [table] = changed.tables
    assert [(one.column, one.rows, one.by_at_most) for one in table.columns] == [("length", 3, 1.0)]
    listed = subprocess.run(
        ["git", "-C", str(committed), "worktree", "list"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(listed.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ({"commit": None}, "did not run from a git commit"),
        ({"dirty": True}, "changed after its commit"),
        (
            {"dirty": True, "changed": ["lib/a.py", "lib/b.py", "lib/c.py", "lib/d.py"]},
            r"\(lib/a.py, lib/b.py, lib/c.py and 1 more\)",
        ),
        ({"lock_sha256": "another"}, "ran with other packages"),
        ({"commit": "0" * 40}, "git cannot give the code"),
    ],
)
def test_code_that_cannot_be_had_is_refused_and_the_way_out_named(
    committed, add_posts, fake_run, code, said
):
    add_posts([1])
    known = describe_code(committed, "brand_health")
    run = fake_run("run-a", code=known | code, pinned={"tables": {"posts": 1}})
    with pytest.raises(ReportError, match=said) as raised:
        replay_run(run)
    assert "--code current" in str(raised.value)
    assert list_runs(get_settings().reports) == [run]


def test_only_changes_of_the_code_stand_in_the_way_of_a_replay(committed):
    (committed / "schedules").mkdir(exist_ok=True)
    for path in ("schedules/mine.yaml", "notes.md", "notebooks/reports/another.ipynb"):
        (committed / path).write_text("new")
    with (committed / "data_catalog.yaml").open("a") as catalog:
        catalog.write("# its brands are pinned apart\n")
    code = describe_code(committed, "small")
    assert (code["dirty"], code["changed"], describe_changed(code)) == (False, [], "")

    new = committed / "lib" / "murmuration" / "new module.py"
    new.parent.mkdir(parents=True, exist_ok=True)
    new.write_text("")
    with (committed / "notebooks/reports/small.ipynb").open("a") as notebook:
        notebook.write(" ")
    code = describe_code(committed, "small")
    assert code["dirty"]
    assert describe_changed(code) == (
        "This run cannot be replayed exactly later: lib/murmuration/new module.py, notebooks/reports/small.ipynb are "
        "changed since the last commit."
    )


def test_a_run_that_does_not_say_what_it_read_is_refused(committed, fake_run):
    with pytest.raises(ReportError, match="does not say what it read"):
        replay_run(fake_run("run-a", pinned={}))


def test_the_run_before_is_that_of_the_time_before_whenever_it_was_made(workspace, fake_run):
    def add(name, day, **facts):
        given = {"schedule": "weekly", "at": f"2026-01-{day:02}T00:00:00+00:00"}
        return fake_run(name, **given | facts)

    fifth = add("made-first", 5, previous=None)
    with pytest.raises(ReportError, match="has no run before it"):
        find_previous(fifth)
    add("backfilled", 4)
    add("by-hand", 4, schedule=None)
    add("other-brand", 4, parameters={"brand": "velora"})
    add("failed", 4, status="failed")
    older = add("older", 3)
    assert find_previous(fifth).folder.name == "backfilled"
    # What the ledger named when the run began counts where nothing is nearer, also with other parameters.
    other = add("other", 6, parameters={"brand": "fable"}, previous="older")
    assert find_previous(other).folder == older.folder
    gone = add("alone", 6, schedule="another", previous="expired")
    with pytest.raises(ReportError, match="expired, is gone"):
        find_previous(gone)


def test_the_list_of_runs_says_who_made_them_and_of_which_posts(workspace, fake_run):
    period = {"since": "2026-01-01T00:00:00+00:00", "until": "2026-01-07T23:00:00+00:00"}
    fake_run(
        "scheduled",
        schedule="weekly",
        attempt=2,
        seconds=1,
        period=period | {"timezone": "Europe/Berlin"},
    )
    fake_run("replayed", replay_of="scheduled", seconds=1)
    done = CliRunner().invoke(app, ["runs"])
    assert "schedule weekly for 2026-01-08 00:00Z, attempt 2" in done.stdout
    assert "2026-01-01 01:00 to 2026-01-08 00:00 Europe/Berlin" in done.stdout
    assert "replay of scheduled" in done.stdout
    page = write_index(get_settings().reports).read_text(encoding="utf-8")
    assert "schedule weekly for 2026-01-08 00:00Z, attempt 2" in page
    assert "2026-01-01 01:00 to 2026-01-08 00:00 Europe/Berlin" in page


def test_a_misspelt_code_is_refused():
    with pytest.raises(ParamError, match="Did you mean 'current'"):
        read_code("curent")


@pytest.fixture
def fake_run(tmp_path):
    """Write a run of brand_health as a run would leave it."""

    def make(name, tables=None, *, report="brand_health", **facts) -> RunResult:
        folder = get_settings().reports / report / name
        (folder / "tables").mkdir(parents=True)
        for table, columns in (tables or {}).items():
            pq.write_table(pa.table(columns), folder / "tables" / f"{table}.parquet")
        manifest = {
            "report": report, "run_id": name, "status": "succeeded", "at": "2026-01-08T00:00:00+00:00",
            "started_at": "2026-01-08T00:00:01+00:00", "parameters": {"brand": "aurora"}, "given": [],
            "code": {"commit": None}, "pinned": {"tables": {"posts": 1}}, "steps": [], "period": None, "answer": [],
        }  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(manifest | facts))
        return find_run(get_settings().reports, name)

    return make


def shares(*rows):
    names = ("brand", "period", "label", "share", "low", "high")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def test_figures_that_clearly_moved_are_named_and_others_not(workspace, fake_run):
    first = fake_run("run-a", {"shares": shares(
        ("a", "this", "negative", 0.30, 0.28, 0.32), ("a", "this", "positive", 0.20, 0.18, 0.22),
    )})  # fmt: skip
    second = fake_run("run-b", {"shares": shares(
        ("a", "this", "negative", 0.40, 0.38, 0.42), ("a", "this", "positive", 0.21, 0.19, 0.23),
    )}, parameters={"brand": "velora"})  # fmt: skip
    found = compare_runs(first, second)
    assert [(one.row, one.figure) for one in found.figures] == [("a, this, negative", "share")]
    assert found.figures[0].low == pytest.approx(0.1 - 0.02 * 2**0.5)
    assert [(one.what, one.before, one.after) for one in found.parameters] == [
        ("brand", "aurora", "velora")
    ]
    page = write_comparison(found, get_settings().reports).read_text(encoding="utf-8")
    assert "a, this, negative" in page
    for words in (
        '<td class="number">30.0 %</td><td class="number">40.0 %</td>',
        "+10.0 (+7.2 to +12.8 points)",
    ):
        assert words in page
    assert "from 30.0 % to 40.0 % (+7.2 to +12.8 points)" in found.describe()[0]
    assert "velora" in page


@pytest.mark.parametrize(
    ("report", "table", "key", "names"),
    [("topics", "topics", "topic", "label"), ("audience", "segments", "segment", "name")],
)
def test_topics_and_segments_that_came_and_went_are_named(
    workspace, fake_run, report, table, key, names
):
    runs = [
        fake_run(f"run-{place}", {table: {key: ids, names: labels}}, report=report)
        for place, ids, labels in ((1, [0, 1, 2], ["a", "b", "c"]), (2, [0, 2, 3], ["a", "x", "d"]))
    ]
    found = [(one.what, one.before, one.after) for one in compare_runs(*runs).named]
    assert found == [(f"{key} 1", "b", ""), (f"{key} 2", "c", "x"), (f"{key} 3", "", "d")]


def test_names_in_a_comparison_are_escaped(workspace, fake_run):
    first, second = fake_run("run-a"), fake_run("run-b", parameters={"brand": "<script>x</script>"})
    page = write_comparison(compare_runs(first, second), get_settings().reports)
    assert "<script>" not in page.read_text(encoding="utf-8")


def test_tables_are_compared_by_key_not_by_place(workspace, fake_run):
    first = fake_run(
        "run-a", {"coverage": {"item": ["a", "b"], "value": [1, 2]}, "old": {"x": [1]}}
    )
    second = fake_run("run-b", {"coverage": {"item": ["b", "c"], "value": [5, 9]}})
    coverage, old = compare_tables(first, second)
    assert (coverage.gone, coverage.new) == (1, 1)
    assert [(one.column, one.rows, one.by_at_most) for one in coverage.columns] == [
        ("value", 1, 3.0)
    ]
    assert old.describe() == "old: only in the first run."


def test_runs_of_two_reports_are_not_compared(workspace, fake_run):
    run = fake_run("run-a")
    other = replace(run, manifest=dict(run.manifest) | {"report": "topics"})
    with pytest.raises(ParamError, match="Compare two runs of one report"):
        compare_runs(run, other)
