"""The report on audiences: two real runs, and the notebook's cells on posts that segments can hardly be made of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

import murmuration as mm
from murmuration.collect import ImportOptions, import_files
from murmuration.errors import PolicyError, UnknownNameError
from murmuration.reports import load_run
from murmuration.reports.context import REPLAY, read_journal
from murmuration.reports.run import Run
from murmuration.reports.runner import is_of_later_posts
from murmuration.sample import write_posts
from murmuration.schema import RESULTS
from murmuration.settings import get_settings
from murmuration.store import open_store

from ..browser.conftest import Workspace
from ..conftest import ROOT
from .conftest import run_cells

START = datetime(2026, 1, 5, tzinfo=UTC)
VIEW = {"source": "sample", "segments": "5", "since": "2026-02-02", "until": "2026-03-02"}
NOTEBOOK = ROOT / "notebooks/reports/audience.ipynb"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A workspace with sample posts."""
    workspace = Workspace(tmp_path_factory.mktemp("audience"))
    path = write_posts(workspace.root / "posts.jsonl", 6_000)
    workspace.run("import", str(path), "--source", "sample")
    return workspace


@pytest.fixture(scope="module")
def report(people):
    """A report on sample posts, made as a person would make it."""
    return load_run(people.report("audience", **VIEW))


@pytest.fixture(scope="module")
def page(report):
    return report.page.read_text(encoding="utf-8")


def frame(report, name):
    return report.table(name).to_pandas()


def test_every_declared_table_is_saved_but_flows_from_no_earlier_run(report):
    saved = {path.stem for path in (report.folder / "tables").glob("*.parquet")}
    assert saved == {table.name for table in RESULTS["audience"]} - {"flows", "moved", "members"}


def test_segments_are_kept_and_named_in_the_manifest(people, report):
    [kept] = report.manifest["kept"]
    assert kept["newest"]
    [facts] = people.root.rglob("models/segments-sample/*/model.json")
    assert '"until": "2026-03-02T00:00:00+00:00"' in facts.read_text(encoding="utf-8")
    assert kept["what"] == "segments"
    assert kept["model"].startswith("segments-sample@")
    assert report.manifest["pinned"]["segments"] == {}
    assert "sample" in report.manifest["pinned"]["policies"]


def test_the_answer_tells_segments_with_their_sizes(report):
    answer = report.manifest["answer"]
    table = frame(report, "segments")
    facts = frame(report, "coverage").set_index("item")["value"]
    assert answer[0].startswith(f"{facts['authors']:,} authors of {facts['posts_looked_at']:,} posts make {len(table)} segments")  # fmt: skip
    assert facts["posts_in_period"] == facts["posts_looked_at"]
    assert table["authors"].min() >= 20
    assert table["authors"].sum() == facts["authors_in_segments"]


def test_tables_name_no_author_but_beside_posts_and_no_handle(report):
    named = {path.stem for path in (report.folder / "tables").glob("*.parquet")} - {
        "reading",
        "origins",
    }
    assert all("author_key" not in frame(report, name) for name in named - {"posts"})
    posts, origins = frame(report, "posts"), frame(report, "origins")
    for name in ("author_key", "post_id"):
        assert not set(origins[name]) & {*posts[name], *frame(report, "reading")[name]}
        assert posts[name].nunique() == origins[name].nunique()
    assert "segment" not in origins
    assert set(frame(report, "segments")["segment"]) <= set(posts["segment"])
    assert not posts["text"].str.contains(r"@(?!user)\w").any()
    assert not frame(report, "reading")["text"].str.contains(r"@(?!user)\w").any()
    assert set(frame(report, "interests")["kind"]) <= {"topics", "hashtags", "communities", "domains", "words"}  # fmt: skip


def test_the_page_has_all_figures_and_no_error(page):
    # Of moves there is none: no run was before.
    assert page.count('<figure class="chart">') == 4
    assert "Traceback" not in page
    assert 'class="failed"' not in page


def test_a_report_on_topics_tells_what_the_segments_speak_of(people, report):
    when = {"source": "sample", "since": VIEW["since"], "until": VIEW["until"]}
    topics = load_run(people.report("topics", **when, topics="8", check_stability="false"))
    groups = frame(topics, "by_group").query("kind == 'segment'")
    sizes = groups.groupby("group")["of"].first()
    table = frame(report, "segments").set_index("name")
    assert set(sizes.index) == set(table.index)
    assert sizes.to_dict() == table["posts"].loc[sizes.index].to_dict()
    assert groups.groupby("group")["posts"].sum().to_dict() == sizes.to_dict()
    assert set(topics.manifest["pinned"]["segments"]) == {"segments-sample"}


# --- The notebook's cells on posts that segments can hardly be made of ------------------------------


@pytest.fixture
def draft(write_csv, state, workspace):
    """Take in texts of some authors, and run the notebook on them."""

    def run(texts, *, authors=60, **parameters):
        rows = [
            {"id": str(n), "text": text, "created_at": (START + timedelta(minutes=17 * n)).isoformat()}
            | ({"user_id": f"u{n % authors}"} if authors else {})
            for n, text in enumerate(texts)
        ]  # fmt: skip
        path = write_csv(rows)
        options = ImportOptions(observed_at=START, detect_language=False)
        list(import_files([str(path)], source="test", store=open_store(get_settings()), state=state, options=options))  # fmt: skip
        asked = {"since": "2026-01-01", "until": "2026-03-01", "segments": 2}
        return run_cells(NOTEBOOK, **asked | parameters)

    return run


CRAFTS = [f"#{craft}{n % 5} number {n}" for n in range(150) for craft in ("bread", "bikes")]
HARD = {
    "nobody is known": (CRAFTS, {"authors": 0}),
    "one author": (CRAFTS, {"authors": 1, "segments": 0}),
    "five authors": (CRAFTS, {"authors": 5}),
    "equal posts": (["the same again"] * 120, {}),
    "no post in the period": (CRAFTS[:60], {"since": "2027-01-01", "until": "2027-01-08"}),
    "a smallest segment larger than the data": (CRAFTS, {"min_authors": 10_000}),
    "more segments than authors can fill": (CRAFTS, {"segments": 20, "authors": 50}),
    "hostile text": (["<script>alert(1)</script> #x$^2$ %{y} &lt;b&gt; #tag"] * 60 + ["#<b>bold %{x} http://a.example/<i>"] * 60, {}),
}  # fmt: skip


@pytest.mark.parametrize("kind", HARD)
def test_hard_posts_give_a_page_that_says_so(draft, kind):
    texts, parameters = HARD[kind]
    left = draft(texts, **parameters)
    assert 1 <= len(left["answer"]) <= 5
    assert all(sentence.endswith(".") for sentence in left["answer"])
    saved = {path.stem for path in (left["run"].context.folder / "tables").glob("*.parquet")}
    assert saved == {table.name for table in RESULTS["audience"]} - {"flows", "moved", "members"}
    assert (left["table"]["authors"] >= 20).all()


# Sixty authors of two crafts with 60 tags each: of 15, how they behave counts more, which is chance here.
HOBBIES = [
    " ".join(f"#{craft}{(n // 30 + 3 * k) % 10}" for k in range(4)) + f" number {n}"
    for n in range(450)
    for craft in ("bread", "bikes")
]


def test_the_second_run_goes_on_with_the_ids_of_the_first(draft):
    first = draft(HOBBIES)
    assert first["table"]["authors"].tolist() == [30, 30]
    assert first["previous"] is None
    mm.models.save(first["fitted"].with_members(first["assigned"]), first["kept_as"])
    second = run_cells(NOTEBOOK, since="2026-01-01", until="2026-03-01", segments=2)
    assert second["previous"].name == first["kept_as"]
    assert second["table"]["status"].eq("continued").all()
    assert second["table"]["segment"].tolist() == first["table"]["segment"].tolist()
    assert second["flows"]["authors"].sum() == second["table"]["authors"].sum() >= 58
    assert any(sentence.startswith("Since the last run") for sentence in second["answer"])
    saved = {path.stem for path in (second["run"].context.folder / "tables").glob("*.parquet")}
    assert "flows" in saved


def test_ids_go_on_from_the_segments_of_the_latest_period_that_ended_before(draft):
    first = draft(HOBBIES)
    fitted, name = first["fitted"].with_members(first["assigned"]), first["kept_as"]
    begin, early, late = (datetime(2026, *day, tzinfo=UTC) for day in ((1, 1), (1, 10), (2, 1)))
    before = mm.models.save(fitted.with_period(begin, early), name)
    newest = mm.models.save(fitted.with_period(early, late), name)
    assert is_of_later_posts(newest.address)
    assert not is_of_later_posts(before.address)
    for until, went_before in (("2026-03-01", newest), ("2026-01-15", before), ("2026-01-10", None)):  # fmt: skip
        left = run_cells(NOTEBOOK, since="2026-01-01", until=until, segments=2)
        found = left["previous"]
        assert (found and found.version) == (went_before and went_before.version)
        noted = [
            entry["model"]
            for entry in read_journal(left["run"].context.journal)
            if entry["kind"] == "read"
        ]
        assert noted == ([before.address] if went_before is before else [])
        said = mm.models.describe_earlier(found, "segments")
        assert said.startswith(f"Ids go on from {found.version}, found in posts from 2026-01-" if found else "No segments of posts that ended before these")  # fmt: skip


def test_a_replay_goes_on_from_the_segments_of_the_first_time_whatever_was_kept_since(draft):
    first = draft(HOBBIES)
    fitted, name = first["fitted"].with_members(first["assigned"]), first["kept_as"]
    begin, early, late = (datetime(2026, *day, tzinfo=UTC) for day in ((1, 1), (1, 10), (2, 1)))
    then = mm.models.save(fitted.with_period(begin, early), name)
    mm.models.save(fitted.with_period(begin, late), name)
    context = first["run"].context
    for pins, found in (({name: mm.models.pin_model(then.address)}, then.version), ({}, None)):
        run = Run(
            replace(context, pinned=context.pinned | {"segments": pins, REPLAY: "x"}),
            first["run"].journal,
        )
        model = run.earlier_segments("latest", name=name, before=datetime(2026, 3, 1, tzinfo=UTC))
        assert (model and model.version) == found


def test_one_segment_of_all_authors_takes_no_place_of_segments_that_were_kept(draft):
    first = draft(HOBBIES)
    run = Run(replace(first["run"].context, draft=False), first["run"].journal)
    fitted = first["fitted"].with_members(first["assigned"])
    assert len(fitted.ids) == 2
    assert run.keep_segments(fitted, name="some")
    assert not run.keep_segments(replace(fitted, ids=fitted.ids[:1]), name="some")


def test_members_are_written_only_where_the_policy_allows_it(draft, workspace):
    with pytest.raises(PolicyError, match="the policy of test does not allow it"):
        draft(CRAFTS, source="test", export=True)
    catalog = workspace / "data_catalog.yaml"
    catalog.write_text(catalog.read_text().replace("sources:\n", "sources:\n  test:\n    policy: {export: true}\n", 1))  # fmt: skip
    left = run_cells(
        NOTEBOOK, since="2026-01-01", until="2026-03-01", segments=2, source="test", export=True
    )
    tables = left["run"].context.folder / "tables"
    members = pd.read_parquet(tables / "members.parquet")
    assert members["author_key"].str.fullmatch("[0-9a-f]{32}").all()
    assert len(members) == left["table"]["authors"].sum()
    assert pd.read_csv(tables / "members.csv")["segment"].tolist() == members["segment"].tolist()


def test_earlier_segments_that_are_not_there_are_named(draft):
    with pytest.raises(UnknownNameError, match="The store has no segments called 'segmetns'"):
        draft(["a b c"] * 3, continue_from="segmetns")
