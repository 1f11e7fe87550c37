"""The page `topics` opens the posts of a topic, by click, by box and by address."""

import json

import pytest

from murmuration.dashboards.access import EVERYTHING, Access
from murmuration.dashboards.address import read_address
from murmuration.dashboards.page import Request, open_report
from murmuration.dashboards.topics import Topics
from murmuration.errors import UnknownNameError

from .runs import make_topics_run


@pytest.fixture
def reports(tmp_path):
    make_topics_run(tmp_path / "reports")
    return tmp_path / "reports"


def open_page(**address) -> Topics:
    return Topics(open_report("topics", Request(EVERYTHING, address)))


def test_a_click_on_a_topic_shows_its_posts_and_what_is_known_of_it(reports):
    page = open_page()
    figure = json.loads(page.map.figure)
    clicked = next(trace for trace in figure["data"] if trace.get("ids"))["ids"][0]
    page.map._hear({"click": {"curve": 0, "point": 0, "x": "1", "y": "2", "id": clicked}})
    assert page.table.count == 30
    assert page.boxes["topic"].value == clicked
    assert f"word{clicked}" in page.table.shown["told"]
    assert "Its words" in page.about.value
    assert page.address.state == {"topic": clicked, "run": "20260302T070000Z-0101"}


def test_a_click_on_growth_shows_the_same(reports):
    page = open_page()
    page.growth._hear({"click": {"curve": 0, "point": 0, "x": "2", "y": "0", "id": ""}})
    assert page.boxes["topic"].value == "0"


def test_a_filter_changes_the_sizes_on_the_map(reports):
    page = open_page()
    before = page.map.figure
    page.boxes["source"].value = "forum"
    assert page.map.figure != before
    page.boxes["source"].value = ""
    assert json.loads(page.map.figure)["data"] == json.loads(before)["data"]


def test_a_run_over_one_source_says_so_and_its_box_leads_to_those_of_others(tmp_path):
    runs = {
        ("", "forum"): "20260302T010000Z-0001", ("", "news"): "20260302T020000Z-0002", ("", ""): "20260302T030000Z-0003",
        ("aurora", "news"): "20260302T040000Z-0004",
    }  # fmt: skip
    for (brand, source), run_id in runs.items():
        make_topics_run(tmp_path / "reports", run_id=run_id, brand=brand, source=source)
    page = open_page(of="forum")
    heading, boxes = page.page.children[1].value, page.page.children[2].children
    assert "<h1>Topics: all posts of forum</h1>" in heading
    assert "posts of all sources" not in heading
    about, run = boxes
    assert [name for name, _ in about.options] == [
        "all posts of forum", "aurora, posts of news", "all posts", "all posts of news",
    ]  # fmt: skip
    assert len(run.options) == 1
    sent = []
    page.address.send = sent.append
    about.value = ("aurora", "news")
    assert sent == [{"open": "?brand=aurora&of=news"}]
    opened = open_report("topics", Request(EVERYTHING, {"brand": "aurora", "of": "news"}))
    assert opened.run.folder.name == runs["aurora", "news"]
    assert open_page().opened.name == "aurora, posts of news"  # the newest, where nothing is asked
    about.value = ("", "")
    everything = open_page(**read_address(sent[-1]["open"][1:]))
    assert everything.opened.run.folder.name == runs["", ""]
    assert "posts of all sources" in everything.page.children[1].value
    with pytest.raises(UnknownNameError, match="over posts of 'nowhere'"):
        open_page(of="nowhere")


@pytest.mark.soak
def test_thousands_of_topics_open_and_a_small_one_by_its_address(tmp_path):
    make_topics_run(tmp_path / "reports", topics=5000)
    page = open_page(topic="77")
    assert page.table.count == 1
    assert len(page.boxes["topic"].options) < 400
    assert open_page(topic="4999").boxes["topic"].value == "4999"


@pytest.mark.parametrize("topic", ["x", "99999", "-7", "1e3", "<script>"])
def test_a_topic_that_is_not_there_shows_all_posts(reports, topic):
    assert open_page(topic=topic).table.count == 210


def test_only_those_who_may_run_see_the_form(reports):
    viewer = Access(name="vera", brands=("aurora",), reports=("topics",))
    analyst = Access(name="anna", role="analyst", brands=("aurora",), reports=("topics",))
    pages = [Topics(open_report("topics", Request(one))) for one in (viewer, analyst)]
    assert [bool(page.run_again()) for page in pages] == [False, True]
