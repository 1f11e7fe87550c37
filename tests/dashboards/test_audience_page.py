"""The page `audience` opens what a segment writes."""

import json
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from murmuration.dashboards.access import EVERYTHING
from murmuration.dashboards.audience import Audience
from murmuration.dashboards.page import Request, open_report

from .runs import make_audience_run


@pytest.fixture
def reports(tmp_path):
    make_audience_run(tmp_path / "reports")
    return tmp_path / "reports"


def open_page(**address) -> Audience:
    return Audience(open_report("audience", Request(EVERYTHING, address)))


def test_a_click_on_a_segment_shows_its_card_and_its_posts(reports):
    page = open_page()
    assert page.table.count == 120
    dots = next(
        trace
        for trace in json.loads(page.map.figure)["data"]
        if any(one.startswith("1/") for one in trace.get("ids") or [])
    )
    page.map._hear({"click": {"curve": 0, "point": 0, "x": "0", "y": "0", "id": dots["ids"][0]}})
    assert page.table.count == 60
    assert "60 posts of “Night owls”." in page.table.shown["told"]
    assert "Early birds" not in page.cards.value
    assert page.address.state == {"segment": "1", "run": "20260302T080000Z-0201"}


def test_an_address_opens_a_segment_and_one_that_is_not_there_all(reports):
    assert open_page(segment="0").table.count == 60
    assert open_page(segment="7").table.count == 120


def test_filters_narrow_the_posts_of_a_segment(reports):
    page = open_page(segment="0")
    page.boxes["lang"].value = "de"
    assert page.table.count == 30
    assert "All figures are about all posts" in " ".join(
        part.value for part in page.page.children if isinstance(getattr(part, "value", None), str)
    )


@pytest.mark.parametrize("export", [False, True])
def test_who_wrote_what_in_a_segment_is_told_only_where_it_may_be_handed_on(reports, export):
    path = next(reports.glob("audience/*/manifest.json"))
    manifest = json.loads(path.read_text())
    manifest["parameters"]["source"] = "sample"
    manifest["pinned"] = {"policies": {"sample": {"export": export}}}
    path.write_text(json.dumps(manifest))
    page = open_page(segment="0")
    sent = []
    page.table.send = lambda content, buffers=None: sent.append(bytes(buffers[0]).decode())
    page.table._hear({"download": "csv"})
    shown = {one["name"] for one in page.table.shown["columns"]} | set(page.table.shown["rows"][0])
    for name in ("author_key", "url"):
        assert (name in shown) == export
        assert (f'"{name}"' in sent[0].splitlines()[0]) == export
    assert ("posts.example" in sent[0]) == export


def test_a_run_of_an_older_version_shows_the_posts_that_it_chose(tmp_path):
    make_audience_run(tmp_path / "reports", older=True)
    page = open_page(segment="1")
    assert page.table.count == 3
    assert "chose to be read" in page.table.shown["told"]


def test_best_times_of_a_run_of_an_older_version_are_those_in_which_a_segment_posts_most(tmp_path):
    make_audience_run(tmp_path / "reports", older=True)
    assert "posts most: Monday 22:00" in open_page(segment="1").cards.value
    make_audience_run(tmp_path / "reports", run_id="20260302T090000Z-0202")
    assert "posts more than others: Monday 22:00" in open_page(segment="1").cards.value


def text_of(page) -> str:
    return " ".join(
        part.value for part in page.page.children if isinstance(getattr(part, "value", None), str)
    )


def test_the_page_says_what_to_do_with_the_segment_that_was_chosen(reports):
    page = open_page()
    assert "<strong>Early birds</strong>" in page.advice.value
    assert "<strong>Night owls</strong>" in page.advice.value
    page.boxes["segment"].value = "1"
    assert "Early birds" not in page.advice.value
    assert "Reach it at 21–24 h" in page.advice.value
    page.boxes["segment"].value = "0"
    assert "Reach it" not in page.advice.value


def test_the_page_says_how_far_it_can_be_trusted(reports):
    said = text_of(open_page())
    assert "stability: agreement of segments found in two samples" in said
    assert "It is 2 segments, as no larger number meets both limits" in said
    assert "7 posts have no sentiment" in said


def test_a_run_of_an_older_version_still_advises_and_points_to_its_report(tmp_path):
    make_audience_run(tmp_path / "reports", older=True)
    page = open_page(segment="1")
    assert "Night owls" in page.advice.value
    assert "stands out" not in page.advice.value  # that no hour does was not looked at
    assert "stands in the report of this run" in text_of(page)


def test_posts_that_the_policy_hides_of_a_segment_are_counted_with_the_reason(tmp_path):
    folder = make_audience_run(tmp_path / "reports")
    path = folder / "tables/posts.parquet"
    posts = pq.read_table(path)
    places = pa.array(range(len(posts)))
    hidden = pc.and_(pc.equal(posts["segment"], 1), pc.less(places, 100))
    segments = pc.if_else(hidden, -1, posts["segment"]).cast(pa.int64())
    at = posts.schema.get_field_index("segment")
    pq.write_table(posts.set_column(at, "segment", segments), path)
    left = pc.sum(pc.equal(segments, 1)).as_py()
    page = open_page(segment="1")
    assert page.table.shown["told"] == f"{left} of 60 posts of “Night owls”."
    assert f"{60 - left} posts of 60 cannot be shown as posts of this segment" in page.unshown.value
    assert "health, politics, religion, ethnicity and orientation" in page.unshown.value
    page.boxes["segment"].value = "0"
    assert page.table.shown["told"] == "60 posts of “Early birds”."
    assert not page.unshown.value


def test_a_run_that_is_deleted_under_the_page_goes_on_or_is_told_in_a_sentence(reports):
    page = open_page()
    said = []
    page.table.send = lambda content, buffers=None: said.append(content)
    shutil.rmtree(page.opened.run.folder)
    page.boxes["segment"].value = "1"
    assert "Early birds" not in page.cards.value
    assert page.table.count == 60 or [list(one) for one in said] == [["problem"]]
