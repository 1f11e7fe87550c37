"""The page `audience` opens what a segment writes."""

import json

import pandas as pd
import pytest

from murmuration.dashboards.access import EVERYTHING
from murmuration.dashboards.audience import Audience
from murmuration.dashboards.page import Request, open_report

from .runs import SINCE, make_audience_run


@pytest.fixture
def reports(tmp_path):
    make_audience_run(tmp_path / "reports")
    return tmp_path / "reports"


def open_page(**address) -> Audience:
    return Audience(open_report("audience", Request(EVERYTHING, address)))


def test_a_click_on_a_segment_shows_its_card_and_its_posts(reports):
    page = open_page()
    assert page.table.count == 6
    dots = next(
        trace for trace in json.loads(page.map.figure)["data"] if "1" in (trace.get("ids") or [])
    )
    page.map._hear({"click": {"curve": 0, "point": 0, "x": "0", "y": "0", "id": dots["ids"][0]}})
    assert page.table.count == 3
    assert "Night owls" in page.table.shown["told"]
    assert "Early birds" not in page.cards.value
    assert page.address.state == {"segment": "1"}


def test_an_address_opens_a_segment_and_one_that_is_not_there_all(reports):
    assert open_page(segment="0").table.count == 3
    assert open_page(segment="7").table.count == 6
    assert pd.Timestamp(SINCE).year == 2026
