"""The report on topics: one real run, and the notebook's cells on posts that topics can hardly be made of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest

import murmuration as mm
from murmuration.collect import ImportOptions, import_files
from murmuration.errors import UnknownNameError
from murmuration.reports import load_run
from murmuration.reports.context import REPLAY, read_journal
from murmuration.reports.pins import pin_inputs
from murmuration.reports.run import Run
from murmuration.reports.runner import _choose_newest, is_of_later_posts
from murmuration.sample import Plan, planted_topics, write_posts
from murmuration.schema import RESULTS
from murmuration.settings import get_settings
from murmuration.store import open_store

from ..browser.conftest import Workspace
from ..conftest import ROOT
from .conftest import run_cells

START = datetime(2026, 1, 5, tzinfo=UTC)
VIEW = {"source": "sample", "brand": "aurora", "since": "2026-02-02", "until": "2026-03-02"}
NOTEBOOK = ROOT / "notebooks/reports/topics.ipynb"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report on sample posts, made as a person would make it."""
    workspace = Workspace(tmp_path_factory.mktemp("topics"))
    path = write_posts(workspace.root / "posts.jsonl", 10_000)
    workspace.run("import", str(path), "--source", "sample")
    return load_run(workspace.report("topics", **VIEW, topics="16", check_stability="false"))


@pytest.fixture(scope="module")
def page(report):
    return report.page.read_text(encoding="utf-8")


def frame(report, name):
    return report.table(name).to_pandas()


def test_every_declared_table_is_saved_but_the_lineage_of_topics_that_go_on_from_none(report):
    saved = {path.stem for path in (report.folder / "tables").glob("*.parquet")}
    assert saved == {table.name for table in RESULTS["topics"]} - {"lineage"}


def test_the_topic_that_was_planted_to_grow_is_named_with_its_first_days(report):
    planted = planted_topics(Plan()).query("topic == 'aurora/billing'").iloc[0]
    assert (planted["shape"], planted["factor"]) == ("growing", 3.0)
    answer = report.manifest["answer"]
    assert answer[0].startswith(f"{frame(report, 'topics')['posts'].sum():,} posts about Aurora")
    [grew] = [
        sentence for sentence in answer if "grew most" in sentence or "grew as well" in sentence
    ]
    assert "bill" in grew
    risen = frame(report, "emerging").query("status == 'emerging'")
    bill = risen[risen["label"].str.contains("bill")].iloc[0]
    assert bill["growth_low"] > 1
    assert abs(bill["since"] - planted["changes_at"]) <= pd.Timedelta(days=7)


def test_posts_are_those_of_the_period_that_mention_the_brand(report):
    facts = frame(report, "coverage").set_index("item")["value"]
    topics = frame(report, "topics")
    assert topics["posts"].sum() + facts["without_topic"] == facts["posts_looked_at"]
    assert facts["posts_looked_at"] < facts["posts_in_period"]
    assert topics["share"].sum() == pytest.approx(
        1 - facts["without_topic"] / facts["posts_looked_at"]
    )
    by_lang = frame(report, "by_group").query("kind == 'lang'")
    assert (
        by_lang.groupby("topic")["posts"].sum().drop(-1, errors="ignore").sum()
        == topics["posts"].sum()
    )


def test_topics_are_kept_and_named_in_the_manifest(report):
    [kept] = report.manifest["kept"]
    assert kept["model"].startswith("topics-sample-aurora@")
    assert kept["newest"]  # its name means it from now on
    assert report.manifest["pinned"]["topics"] == {}
    [facts] = report.folder.parents[2].rglob("models/topics-sample-aurora/*/model.json")
    assert '"until": "2026-03-02T00:00:00+00:00"' in facts.read_text(encoding="utf-8")
    assert {one["estimator"] for one in report.manifest["backend"]["estimators"]} >= {"KMeans"}


def test_posts_to_read_are_masked_and_differ(report):
    reading = frame(report, "reading")
    assert not reading["text"].str.contains(r"@(?!user)\w").any()
    for _, posts in reading.groupby("topic"):
        assert posts["author_key"].dropna().is_unique
        assert posts["text"].is_unique


def test_texts_that_were_posted_over_and_over_are_told(report, page):
    repeats, posts = frame(report, "repeats"), frame(report, "posts")
    assert 0 < len(repeats) <= 20
    assert (repeats["posts"] >= 2).all()
    assert (repeats["authors"] <= repeats["posts"]).all()
    assert repeats["first_seen"].min() >= posts["created_at"].min()
    assert (repeats["first_seen"] <= repeats["last_seen"]).all()
    assert not repeats["text"].str.contains(r"@(?!user)\w").any()
    assert "Repeated texts" in page


def test_the_page_has_all_figures_and_no_error(page):
    assert page.count('<figure class="chart">') >= 8
    assert "Traceback" not in page
    assert 'class="failed"' not in page


# --- The notebook's cells on posts that topics can hardly be made of --------------------------------


@pytest.fixture
def draft(write_csv, state, workspace):
    """Take in texts, one an hour for some days, and run the notebook on them."""

    def run(texts, *, days=40, **parameters):
        step = timedelta(days=days) / max(len(texts), 1)
        rows = [
            {
                "id": str(n),
                "text": text,
                "user_id": f"u{n % 7}",
                "created_at": (START + n * step).isoformat(),
            }
            for n, text in enumerate(texts)
        ]
        path = write_csv(rows)
        list(
            import_files(
                [str(path)],
                source="test",
                store=open_store(get_settings()),
                state=state,
                options=ImportOptions(observed_at=START),
            )
        )
        asked = {
            "since": "2026-02-01",
            "until": "2026-02-15",
            "method": "nmf",
            "embedding": "lsa",
            "check_stability": False,
        }
        return run_cells(NOTEBOOK, **asked | parameters)

    return run


HARD = {
    "five posts": ([f"the bag number {n} is late" for n in range(5)], {}),
    "fifty equal posts": (["my flight is late again"] * 50, {}),
    "emoji only": (["😀😀", "🎉", "❤️❤️❤️", "🔥", "👍"] * 10, {}),
    "a smallest topic larger than the data": ([f"the crew lost bag {n} at gate {n % 3}" for n in range(60)], {"min_posts": 1000}),
    "one topic": ([f"coffee was cold today number {n}" for n in range(90)], {"topics": 1}),
    "a brand that nobody mentions": ([f"the crew lost bag {n}" for n in range(60)], {"brand": "united"}),
    "no post in the period": (["hello there"] * 20, {"since": "2027-01-01", "until": "2027-01-08"}),
    "hostile text": (["<script>alert(1)</script> the app $x^2$ %{y} &lt;b&gt; crashed"] * 20 + ["battery died again %{x}"] * 40, {"min_posts": 2}),
}  # fmt: skip


@pytest.mark.parametrize("kind", HARD)
def test_hard_posts_give_a_page_that_says_so(draft, kind):
    texts, parameters = HARD[kind]
    left = draft(texts, **parameters)
    assert 1 <= len(left["answer"]) <= 5
    assert all(sentence.endswith(".") for sentence in left["answer"])
    saved = {path.stem for path in (left["run"].context.folder / "tables").glob("*.parquet")}
    assert saved == {table.name for table in RESULTS["topics"]} - {"lineage"}
    assert len(left["table"]) <= max(1, parameters.get("topics", 24))


def test_a_window_without_posts_is_told_with_the_time_of_those_there_are(draft):
    left = draft(
        ["the crew lost a bag"] * 20, source="test", since="2027-01-01", until="2027-01-08"
    )
    assert left["answer"][:2] == [
        "No post of test lies in the period that was looked at, 1 to 7 January 2027 (UTC).",
        "The posts of test run from 5 January 2026 to 12 February 2026.",
    ]
    value = left["quality"].set_index("measure")["value"]
    assert pd.isna(value["map_neighbours"])


def test_a_brand_that_is_mentioned_at_another_time_only_is_told_when(draft):
    texts = ["united lost a bag"] * 5 + ["the crew lost a bag"] * 15
    left = draft(texts, source="test", brand="united")
    assert left["answer"][1].startswith("Posts of test about United")
    assert "run from 5 January 2026 to 13 January 2026" in left["answer"][1]


def test_topics_go_on_from_those_that_were_kept_last(draft):
    def say(subject, n):
        words = subject.split()
        return " ".join(words[(n + step) % len(words)] for step in (0, 1, 3))

    subjects = (
        "flight delay gate crew runway",
        "coffee roast beans latte cup",
        "battery screen camera charger phone",
    )
    texts = [say(subjects[n % 3], n // 3) for n in range(240)]
    first = draft(texts, topics=3, min_posts=5)
    assert first["previous"] is None
    mm.models.save(first["fitted"], first["kept_as"])
    asked = {
        "source": "",
        "since": "2026-02-01",
        "until": "2026-02-15",
        "topics": 3,
        "min_posts": 5,
        "check_stability": False,
    }
    second = run_cells(NOTEBOOK, **asked, method="nmf", embedding="lsa", continue_from="latest")
    assert "of a period that was not kept" in mm.models.describe_earlier(
        second["previous"], "topics"
    )
    assert second["previous"].version == first["fitted"].version.replace(
        "topics", first["kept_as"], 1
    )
    assert set(second["lineage"]["event"]) == {"continued"}
    both = pd.Series(
        first["assigned"]["topic"].to_numpy() == second["assigned"]["topic"].to_numpy()
    )
    assert both.mean() >= 0.99
    assert any(
        sentence.startswith("Held against the earlier topics") for sentence in second["answer"]
    )
    assert "lineage" in {
        path.stem for path in (second["run"].context.folder / "tables").glob("*.parquet")
    }


WEEKS = [datetime(2026, *day, tzinfo=UTC) for day in ((1, 19), (1, 26), (2, 2), (2, 9))]


@pytest.fixture
def weeks(draft):
    """Topics of three weeks that went on from each other, the last one newest."""
    words = [subject.split() for subject in ("gate crew seat runway", "coffee cup milk beans")]
    texts = [" ".join(words[n % 2][n // 2 % 2 :][:3]) + f" {n}" for n in range(40)]
    first = draft(texts, topics=2, min_posts=5)
    fitted, name, kept = first["fitted"], first["kept_as"], []
    for begin, end in pairwise(WEEKS):
        if kept:
            before = mm.models.load(kept[-1].address)
            history = replace(fitted.history, previous=before.version, previous_fit=before.fit)
            fitted = fitted.with_table(fitted.topics)
            fitted.history = history
        kept.append(mm.models.save(fitted.with_period(begin, end), name))
    # Pinned when the three were there, as the next run is.
    return Run(replace(first["run"].context, pinned=pin_inputs(get_settings().catalog)), first["run"].journal), name, kept  # fmt: skip


def test_topics_go_on_from_those_of_the_latest_period_that_ended_before(weeks):
    run, name, kept = weeks
    wanted = [None, *(one.version for one in kept)]
    # A week that is run again goes on from what it went on from the first time.
    for end, version in zip([*WEEKS[1:], datetime(2026, 2, 16, tzinfo=UTC)], wanted, strict=True):
        found = run.earlier_topics("latest", name=name, before=end)
        assert (found and found.version) == version
    noted = [one["model"] for one in read_journal(run.context.journal) if one["kind"] == "read"]
    assert noted == [kept[0].address, kept[1].address]
    said = mm.models.describe_earlier(mm.models.load(kept[1].address), "topics")
    assert said == f"Ids go on from {kept[1].version}, found in posts from 2026-01-26 00:00 to 2026-02-02 00:00 UTC."  # fmt: skip
    assert mm.models.describe_earlier(None, "topics").startswith(
        "No topics of posts that ended before these"
    )


def test_of_several_topics_of_one_period_a_run_goes_on_from_those_that_the_newest_went_on_from(weeks):  # fmt: skip
    run, name, kept = weeks
    second = mm.models.load(kept[1].address)
    for n in range(4):
        mm.models.save(second.with_labels({0: f"run again {n}"}), name, make_newest=False)
    found = run.earlier_topics("latest", name=name, before=WEEKS[3])
    assert found.version == kept[1].version


def test_a_replay_goes_on_from_the_topics_of_the_first_time_whatever_was_kept_since(weeks):
    run, name, kept = weeks
    for pins, version in (({name: mm.models.pin_model(kept[0].address)}, kept[0].version), ({}, None)):  # fmt: skip
        pinned = run.context.pinned | {"topics": pins, REPLAY: "x"}
        again = Run(replace(run.context, pinned=pinned), run.journal)
        found = again.earlier_topics("latest", name=name, before=WEEKS[3])
        assert (found and found.version) == version


def test_topics_of_older_posts_do_not_take_the_place_of_newer_ones(weeks):
    _, name, kept = weeks
    newest = mm.models.load(kept[2].address)
    assert is_of_later_posts(kept[2].address)
    # Named outright, the newest topics are gone on from all the same.
    older = newest.with_table(newest.topics.assign(posts=1)).with_period(WEEKS[0], WEEKS[1])
    older.history = replace(newest.history, previous=newest.version, previous_fit=newest.fit)
    saved = mm.models.save(older, name, make_newest=False)
    other = newest.with_table(newest.topics.assign(posts=2))
    other.card = replace(other.card, trained_on=other.card.trained_on | {"fingerprint": "0"})
    beside = mm.models.save(other, name, make_newest=False)
    both = [{"what": "topics", "model": one.address} for one in (saved, beside)]
    manifest = {"kept": both, "status": "succeeded", "warnings": []}
    _choose_newest(manifest)
    assert [one["newest"] for one in manifest["kept"]] == [False, False]
    assert "are of later posts" in manifest["warnings"][0]
    assert "Later runs go on from those" in manifest["warnings"][1]  # of the same period
    assert mm.models.find_newest(name).address == kept[2].address


def test_earlier_topics_that_are_not_there_are_named(draft):
    with pytest.raises(UnknownNameError, match="The store has no topics called 'topcis'"):
        draft(["a b c"] * 3, continue_from="topcis")
