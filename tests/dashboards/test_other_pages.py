"""Home, the archive, and running a report again."""

import contextlib
import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic, sleep

import pyarrow.parquet as pq
import pytest
from filelock import FileLock, Timeout

from murmuration.catalog import load_catalog
from murmuration.dashboards.access import EVERYTHING, Access
from murmuration.dashboards.audience import build_audience
from murmuration.dashboards.brand_health import build_brand_health
from murmuration.dashboards.chart import Chart
from murmuration.dashboards.home import build_home
from murmuration.dashboards.page import Request, open_report, show_page
from murmuration.dashboards.posts_widget import PostsTable
from murmuration.dashboards.rerun import RunAgain, start
from murmuration.dashboards.runs import Runs
from murmuration.dashboards.topics import build_topics
from murmuration.errors import ParamError, UnknownNameError
from murmuration.schedule.ledger import open_ledger
from murmuration.schedule.requests import pause
from murmuration.schedule.spec import Folder
from murmuration.settings import get_settings

from .runs import make_audience_run, make_posts, make_run, make_topics_run, write_manifest

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
VIEWER = Access(name="vera", brands=("velora",), reports=("*",))


def text_of(page) -> str:
    return " ".join(
        part.value for part in page.children if isinstance(getattr(part, "value", None), str)
    )


def test_home_shows_the_newest_run_of_each_with_three_sentences_and_its_age(reports, workspace):
    make_run(reports, brand="velora", name="Velora", run_id="20260303T060000Z-0002")
    make_run(reports, run_id="20260304T060000Z-0003")
    said = text_of(build_home(Request(EVERYTHING), now=NOW))
    assert "Aurora Mobile" in said
    assert "Velora" in said
    assert "run=20260304T060000Z-0003" in said
    assert "20260302T060000Z-0001" not in said
    assert "Third." in said
    assert "Fourth." not in said
    assert "made 4 hours ago" in said
    assert "Next by schedule" not in said  # there is none in this workspace


def test_home_shows_the_newest_run_of_each_source(reports, workspace):
    for number, source in enumerate(["forum", "news", "forum"], 1):
        make_topics_run(
            reports, run_id=f"20260303T0{number}0000Z-000{number}", brand="", source=source
        )
    said = text_of(build_home(Request(EVERYTHING), now=NOW))
    assert "Topics: all posts of forum" in said
    assert "Topics: all posts of news" in said
    assert [f"run=20260303T0{n}0000Z-000{n}" in said for n in (1, 2, 3)] == [False, True, True]
    (workspace / "schedules").mkdir()
    (workspace / "schedules" / "news.yaml").write_text(
        "report: topics\ntimezone: UTC\ncron: 30 6 * * *\nparameters: {source: news}\n"
    )
    said = text_of(build_home(Request(EVERYTHING), now=NOW))
    assert said.count("next on") == 1


def test_home_names_when_the_next_schedules_fire_of_which_one_may_see_the_report(
    reports, workspace
):
    (workspace / "schedules").mkdir()
    often = "report: brand_health\ntimezone: Europe/Berlin\ncron: "
    velora = f"{often} 30 6 * * *\nparameters: {{brand: velora}}\n"
    (workspace / "schedules" / "morning.yaml").write_text(velora)
    # Says no brand, so it is about the one that the report is about unless it is told.
    (workspace / "schedules" / "evening.yaml").write_text(f"{often} 0 19 * * *\n")
    said = text_of(build_home(Request(EVERYTHING), now=NOW))
    assert "evening on Mon 2 Mar, 19:00 CET; morning on Tue 3 Mar, 06:30 CET" in said
    assert "made 4 hours ago · next on Mon 2 Mar, 19:00 CET" in said
    loaded = Folder(workspace / "schedules").load()
    pause(open_ledger(get_settings()), loaded.by_name["evening"], NOW)
    said = text_of(build_home(Request(EVERYTHING), now=NOW))
    assert "Next by schedule: morning on Tue 3 Mar, 06:30 CET. Paused: evening." in said
    assert "made 4 hours ago · schedule evening is paused" in said
    said = text_of(build_home(Request(VIEWER), now=NOW))
    assert "morning" in said
    assert "evening" not in said
    said = text_of(build_home(Request(replace(VIEWER, brands=("aurora",))), now=NOW))
    assert "morning" not in said
    assert "evening" in said


def test_home_makes_no_ledger_and_does_without_one_of_another_version(
    reports, workspace, monkeypatch
):
    (workspace / "schedules").mkdir()
    (workspace / "schedules" / "morning.yaml").write_text(
        "report: brand_health\ntimezone: UTC\ncron: 30 6 * * *\n"
    )
    ledger = workspace / "other.sqlite"
    monkeypatch.setenv("MURMURATION_LEDGER", f"sqlite:///{ledger}")
    get_settings.cache_clear()
    assert "Next by schedule: morning" in text_of(build_home(Request(EVERYTHING), now=NOW))
    assert not ledger.exists()
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        assert "Next by schedule: morning" in text_of(build_home(Request(EVERYTHING), now=NOW))
        assert connection.execute("select count(*) from sqlite_master").fetchone() == (0,)


def test_home_shows_a_report_though_many_runs_of_another_are_newer(reports):
    for number in range(520):
        folder = reports / "brand_health" / f"20260401T{number:06}Z-0000"
        write_manifest(folder, "brand_health", {"brand": "velora"}, pinned={})
    assert "run=20260302T060000Z-0001" in text_of(build_home(Request(EVERYTHING), now=NOW))


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", "3", '"x"', '{"report": "brand_health", "status": "succeeded", "parameters": []}',
             '{"report": "brand_health", "status": "succeeded", "answer": null}'],
)  # fmt: skip
def test_a_stray_manifest_is_no_run_and_breaks_no_page(reports, text):
    stray = reports / "brand_health" / "20270101T000000Z-0000"
    stray.mkdir()
    (stray / "manifest.json").write_text(text)
    assert "Aurora Mobile" in text_of(build_home(Request(EVERYTHING), now=NOW))
    assert "1 of 1 run" in Runs(Request(EVERYTHING)).list.value
    assert open_report("brand_health", Request(EVERYTHING)).run.folder != stray
    with pytest.raises(UnknownNameError):
        open_report("brand_health", Request(EVERYTHING, {"run": stray.name}))


def test_home_names_alerts_and_reports_that_failed(reports):
    folder = make_run(reports, run_id="20260304T060000Z-0003")
    manifest = (folder / "manifest.json").read_text()
    alert = '"alerts": [{"name": "aurora", "severity": 7, "began": "2026-03-01T08:00:00+00:00", "sentence": "Far <b>more</b>."}], '
    (folder / "manifest.json").write_text("{" + alert + manifest[1:])
    make_run(reports, run_id="20260305T060000Z-0004", status="failed")
    said = text_of(build_home(Request(EVERYTHING), now=NOW))
    assert "1 alert" in said
    assert "severity 7 of 10" in said
    assert "<b>more</b>" not in said
    assert "did not succeed: brand_health (Aurora Mobile)" in said


def test_home_without_runs_says_what_to_do(tmp_path):
    assert "tasks.py demo" in text_of(build_home(Request(EVERYTHING), now=NOW))


def test_home_shows_nothing_of_brands_of_others(reports):
    assert "Aurora" not in text_of(build_home(Request(VIEWER), now=NOW))


def test_the_archive_finds_runs_by_words_and_keeps_them_in_the_address(reports):
    make_run(reports, brand="velora", name="Velora", run_id="20260303T060000Z-0002")
    page = Runs(Request(EVERYTHING))
    page.words.value = "VELORA brand_health"
    assert "1 of 2 runs" in page.list.value
    assert page.address.state == {"words": "VELORA brand_health"}
    page.words.value = "nothing has this"
    assert "No run has all these words" in page.list.value


def test_a_name_that_turns_the_direction_of_text_turns_nothing_in_the_archive(reports):
    make_run(reports, brand="velora", name="\u202e" + "x" * 500, run_id="20260303T060000Z-0002")
    page = Runs(Request(EVERYTHING))
    said = page.list.value + "".join(name for name, _ in page.first.options)
    assert "brand_health: xxx" in said
    assert "\u202e" not in said
    assert "x" * 301 not in said


def test_two_runs_are_compared_without_the_store(reports):
    make_run(reports, run_id="20260304T060000Z-0003")
    fewer = make_posts().iloc[:150]
    make_run(reports, run_id="20260305T060000Z-0004", posts=fewer)
    first = "20260302T060000Z-0001"
    page = Runs(Request(EVERYTHING, {"first": first, "second": "20260304T060000Z-0003"}))
    assert "7 of 7 result tables are equal" in page.said.value
    page.second.value = "20260305T060000Z-0004"
    assert "1 of 7 result tables are equal" in page.said.value
    assert (
        "60 posts of the first run are not in the second, which has 0 that the first has not."
        in page.said.value
    )
    assert page.address.state == {"first": first, "second": "20260305T060000Z-0004"}


def test_the_archive_of_a_person_holds_no_runs_of_others(reports):
    page = Runs(
        Request(VIEWER, {"first": "20260302T060000Z-0001", "second": "20260302T060000Z-0001"})
    )
    assert "no run that you may see" in page.list.value
    assert page.first.value == ""


def open_form(access=EVERYTHING, report="brand_health") -> RunAgain:
    opened = open_report(report, Request(access))
    return RunAgain(opened, on_done=lambda run: None)


def test_the_form_holds_every_parameter_and_gives_what_was_changed(reports, workspace):
    form = open_form()
    assert set(form.fields) == set(form.declared)
    form.fields["terms_shown"].value = 20
    form.fields["competitors"].value = "velora, rival"
    assert form.values() == {"terms_shown": 20, "competitors": ["velora", "rival"]}


def test_the_form_refuses_what_is_not_the_persons_to_ask_for(reports, workspace):
    analyst = Access(name="anna", role="analyst", brands=("aurora",), reports=("brand_health",))
    form = open_form(analyst)
    assert form.values() == {}
    form.fields["brand"].value = "velora"
    with pytest.raises(ParamError, match="not among those"):
        form.values()
    form.run()
    assert "not among those" in form.said.value
    viewer = open_form(Access(name="vera", brands=("aurora",), reports=("brand_health",)))
    with pytest.raises(ParamError, match="not start them"):
        viewer.values()


@pytest.mark.parametrize(
    ("report", "field", "value"),
    [
        ("brand_health", "competitors", "elsewhere"), ("topics", "continue_from", "velora"), ("topics", "continue_from", "velora@12345678"),
        ("topics", "model", "velora"), ("audience", "topics", "velora"), ("audience", "model", "velora"),
    ],
)  # fmt: skip
def test_the_form_names_nothing_of_other_brands(reports, workspace, report, field, value):
    make_topics_run(reports)
    make_audience_run(reports)
    anna = Access(name="anna", role="analyst", brands=("aurora",), reports=("*",))
    everybody = replace(anna, brands=("*",))
    for access, refused in ((anna, True), (everybody, False)):
        form = open_form(access, report=report)
        form.fields["brand"].value = "aurora"
        form.fields[field].value = value
        if refused:
            with pytest.raises(ParamError, match=field):
                form.values()
        else:
            assert value in str(form.values()[field])


def test_the_form_takes_competitors_of_the_catalog_and_ones_own_brands(reports, workspace):
    rival = next(iter(load_catalog(get_settings().catalog).brands["aurora"].competitors))
    brands = ("aurora", "own")
    form = open_form(Access(name="anna", role="analyst", brands=brands, reports=("*",)))
    form.fields["competitors"].value = f"{rival}, own"
    assert form.values() == {"competitors": [rival, "own"]}


def test_a_value_that_the_report_no_longer_takes_begins_as_the_default(reports, workspace):
    path = next(reports.glob("brand_health/*/manifest.json"))
    manifest = json.loads(path.read_text())
    manifest["parameters"] |= {"bucket": "fortnight", "terms_shown": "many", "towards": None}
    path.write_text(json.dumps(manifest))
    form = open_form()
    assert form.fields["bucket"].value == form.declared["bucket"].default
    assert form.values() == {}


def test_a_run_is_refused_where_another_one_waits_already(workspace):
    state = get_settings().state
    state.mkdir(parents=True, exist_ok=True)
    with FileLock(state / "dashboards.lock"):
        waiting = start("brand_health", {})
        try:
            turn = FileLock(state / "dashboards.next.lock")
            deadline = monotonic() + 60
            while monotonic() < deadline and waiting.poll() is None and is_free(turn):
                sleep(0.05)
            second = start("brand_health", {})
            assert "another one waits" in json.loads(second.communicate(timeout=60)[0])["problem"]
            assert waiting.poll() is None
        finally:
            waiting.kill()
            waiting.communicate()


def is_free(lock: FileLock) -> bool:
    try:
        with lock.acquire(timeout=0):
            return True
    except Timeout:
        return False


def test_an_error_under_a_page_shows_no_traceback(reports, capsys):
    def build(request):
        raise RuntimeError("the text of a post")

    show_page(build, Request(EVERYTHING))
    said = capsys.readouterr()
    assert "the text of a post" not in said.out + said.err


@pytest.mark.parametrize(
    ("make", "build"),
    [(make_run, build_brand_health), (make_topics_run, build_topics), (make_audience_run, build_audience)],
)  # fmt: skip
def test_a_run_whose_tables_have_no_rows_opens_and_says_so(tmp_path, make, build):
    folder = make(tmp_path / "reports")
    for path in (folder / "tables").glob("*.parquet"):
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    page = build(Request(EVERYTHING))
    [table] = [part for part in page.children if isinstance(part, PostsTable)]
    assert table.shown["told"].startswith("0 posts")
    charts = [part for part in page.children if isinstance(part, Chart)]
    assert charts
    for chart in charts:
        layout = json.loads(chart.figure)["layout"]
        assert layout["meta"]["title"] or layout["annotations"][0]["text"].endswith(".")
