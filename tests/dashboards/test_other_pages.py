"""Home, the archive, and running a report again."""

from datetime import UTC, datetime

import pytest

from murmuration.dashboards.access import EVERYTHING, Access
from murmuration.dashboards.home import build_home
from murmuration.dashboards.page import Request, open_report, show_page
from murmuration.dashboards.rerun import RunAgain
from murmuration.dashboards.runs import Runs
from murmuration.errors import ParamError

from .runs import make_run

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
    assert "brand_health_morning on Tue 3 Mar, 06:30 CET" in said or "schedule" not in said


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


def test_two_runs_are_compared(reports):
    make_run(reports, run_id="20260304T060000Z-0003")
    make_run(reports, brand="velora", name="Velora", run_id="20260305T060000Z-0004")
    page = Runs(
        Request(EVERYTHING, {"first": "20260302T060000Z-0001", "second": "20260305T060000Z-0004"})
    )
    assert "result tables are equal" in page.said.value or "alert" in page.said.value


def test_the_archive_of_a_person_holds_no_runs_of_others(reports):
    page = Runs(
        Request(VIEWER, {"first": "20260302T060000Z-0001", "second": "20260302T060000Z-0001"})
    )
    assert "no run that you may see" in page.list.value
    assert page.first.value == ""


def open_form(access=EVERYTHING) -> RunAgain:
    opened = open_report("brand_health", Request(access))
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


def test_an_error_under_a_page_shows_no_traceback(reports, capsys):
    def build(request):
        raise RuntimeError("the text of a post")

    show_page(build, Request(EVERYTHING))
    said = capsys.readouterr()
    assert "the text of a post" not in said.out + said.err
