"""The page `brand_health` follows its filters, its address and clicks."""

import json
import shutil

import pytest

from murmuration.dashboards.access import EVERYTHING, Access
from murmuration.dashboards.address import Address
from murmuration.dashboards.brand_health import BrandHealth, build_brand_health
from murmuration.dashboards.page import Request, choose_run, open_report
from murmuration.errors import UnknownNameError

from .runs import make_posts, make_run, write_manifest


def open_page(**address) -> BrandHealth:
    return BrandHealth(open_report("brand_health", Request(EVERYTHING, address)))


def negative_shares(page: BrandHealth) -> list[str]:
    meta = json.loads(page.chart.figure)["layout"]["meta"]["table"]
    return [row[meta["columns"].index("posts")] for row in meta["rows"]]


def test_a_page_shows_the_newest_run_or_the_one_of_its_address(reports):
    make_run(reports, run_id="20260305T060000Z-0005")
    assert open_page().opened.run.folder.name == "20260305T060000Z-0005"
    assert open_page(run="20260302T060000Z-0001").opened.run.folder.name == "20260302T060000Z-0001"


def test_a_filter_changes_chart_posts_and_address(reports):
    page = open_page()
    whole = negative_shares(page)
    page.boxes["source"].value = "forum"
    assert page.table.count == 42
    assert negative_shares(page) != whole
    assert sum(map(int, negative_shares(page))) == 42
    assert page.address.state == {"source": "forum", "run": "20260302T060000Z-0001"}
    page.boxes["source"].value = ""
    assert negative_shares(page) == whole
    assert page.address.state == {}  # so that it opens the newest run again


def test_one_click_takes_all_filters_away(reports):
    page = open_page(source="forum", words="the", order="sentiment")
    assert page.clear.layout.display == ""
    page.clear.click()
    assert page.table.count == 210
    assert (page.boxes["source"].value, page.table.wanted.words) == ("", "")
    # An order takes nothing away.
    assert page.address.state == {"order": "sentiment", "run": "20260302T060000Z-0001"}
    assert page.clear.layout.display == "none"
    page.search("crew")
    assert page.clear.layout.display == ""


def test_days_that_exclude_each_other_are_told(reports):
    page = open_page(since="2026-02-10", until="2026-02-05")
    assert "exclude each other" in page.table.shown["told"]


def test_a_filter_over_everything_gives_the_numbers_of_the_run(reports):
    page = open_page()
    estimated = page.estimate(page.posts.select(page.filter()))
    mine = page.over_time[page.over_time["brand"] == "aurora"]
    for name in ("posts", "scored", "authors", "negative_share", "negative_low", "negative_high"):
        assert estimated[name].astype(float).tolist() == pytest.approx(
            mine[name].astype(float).tolist()
        )


def test_a_click_on_a_point_shows_the_posts_of_that_day(reports):
    page = open_page()
    page.chart._hear({"click": {"curve": 1, "point": 2, "x": "2026-02-04T00:00:00", "y": "3"}})
    assert page.table.count == 30
    assert "Wednesday 4 February" in page.table.shown["told"]
    assert all(row["created_at"].startswith("4 Feb") for row in page.table.shown["rows"])
    assert page.address.state["step"].startswith("2026-02-04")


def test_a_link_opens_the_run_that_it_was_taken_from_though_there_is_a_newer_one(reports):
    page = open_page()
    page.table._hear({"words": "outage"})
    make_run(reports, run_id="20260305T060000Z-0005")
    assert open_page(**page.address.state).opened.run.folder.name == "20260302T060000Z-0001"
    assert page.address.same == {"run": "20260302T060000Z-0001"}


def test_a_brand_is_offered_though_many_runs_of_others_are_newer(reports):
    for number in range(40):
        run_id = f"20260401T{number:06}Z-0000"
        write_manifest(
            reports / "brand_health" / run_id, "brand_health", {"brand": "velora"}, pinned={}
        )
    make_run(reports, run_id="20260402T000000Z-0001", brand="velora", name="Velora")
    about, run = choose_run(
        open_report("brand_health", Request(EVERYTHING)), Address({}, title="x")
    )
    assert [key for _, key in about.options] == [("velora", ""), ("aurora", "")]
    assert len(run.options) == 30


def test_an_address_brings_its_state_back(reports):
    page = open_page()
    page.boxes["lang"].value = "de"
    page.table._hear({"words": "outage"})
    page.table._hear({"order": "engagement", "descending": True})
    again = open_page(**page.address.state)
    assert again.table.count == page.table.count
    assert again.table.wanted.words == "outage"
    assert again.table.shown["rows"] == page.table.shown["rows"]
    assert again.table.shown["order"] == "engagement"
    page.table._hear({"order": "sentiment", "descending": False})
    assert page.address.state["order"] == "sentiment-up"
    page.go_back({})
    assert page.table.order == "created_at"
    assert page.table.count == 210
    assert page.boxes["lang"].value == ""


@pytest.mark.parametrize("run", ["20260302T060000Z-0001", None])
def test_an_address_with_the_brand_of_somebody_else_is_refused(reports, run):
    access = Access(name="vera", brands=("velora",), reports=("brand_health",))
    address = {"run": run} if run else {"brand": "aurora"}
    with pytest.raises(UnknownNameError):
        build_brand_health(Request(access, address))


@pytest.mark.parametrize(
    "address",
    [{"step": "x", "source": "none", "lang": "''", "label": "odd", "since": "x", "page": "-1"}, {"page": "9" * 400}, {"page": "²"},
     {"since": "0001-01-01", "until": "9999-12-31"}, {"order": "text"}],
)  # fmt: skip
def test_an_address_that_means_nothing_shows_everything(reports, address):
    assert open_page(**address).table.count == 210


def test_names_and_posts_that_would_be_html_stay_text(reports):
    name = "\u202e<script>alert(1)</script>" + "x" * 200
    posts = make_posts(text="<img src=x onerror=alert(2)> & “quotes”")
    make_run(reports, name=name, run_id="20260306T060000Z-0006", posts=posts)
    page = open_page()
    told = " ".join(
        part.value for part in page.page.children if isinstance(getattr(part, "value", None), str)
    )
    assert "<script" not in told
    assert "\u202e" not in told
    assert page.table.shown["rows"][0]["text"].startswith("<img")


def test_a_run_without_posts_says_so(reports):
    make_run(reports, run_id="20260307T060000Z-0007", posts=make_posts().iloc[:0])
    assert "Widen the filters" in open_page().table.shown["told"]


def test_a_run_that_is_deleted_under_the_page_is_told_in_a_sentence(reports):
    page = open_page()
    said = []
    page.table.send = lambda content, buffers=None: said.append(content)
    shutil.rmtree(page.opened.run.folder)
    before = page.table.shown["rows"]
    page.table._hear({"page": 2})
    page.table._hear({"download": "csv"})
    page.boxes["lang"].value = "de"
    told = [one["problem"] for one in said if "problem" in one]
    # What is open stays readable; where it does not, a sentence says so.
    assert all("Open the newest run" in one or "Run the report again" in one for one in told)
    assert told or (
        page.table.shown["rows"] != before
        and [one["file"] for one in said] == ["brand_health-20260302T060000Z-0001-posts.csv"]
        and page.table.count == 53
    )


def test_what_is_shown_can_be_taken_along_without_formulas(reports):
    make_run(
        reports, run_id="20260308T060000Z-0008", posts=make_posts(text='=HYPERLINK("http://x")')
    )
    page = open_page()
    sent = []
    page.table.send = lambda content, buffers=None: sent.append((content, buffers))
    page.boxes["source"].value = "forum"
    page.table._hear({"download": "csv"})
    page.table._hear({"download": "parquet"})
    (first, [text]), (second, [packed]) = sent
    name = "brand_health-20260308T060000Z-0008-posts"  # so that two of them can be told apart
    assert (first["file"], second["file"]) == (f"{name}.csv", f"{name}.parquet")
    lines = text.decode().splitlines()
    assert len(lines) == 43
    assert "\"'=HYPERLINK" in lines[1]
    assert packed[:4] == b"PAR1"
