"""More of what people do in the dashboards: on a phone and on paper, sorting and paging, running a report again."""

import io

import pyarrow.parquet as pq
import pytest

from .conftest import Workspace
from .visits import AURORA, log_in, read_until, serve_people

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dashboards")


@pytest.fixture(scope="module")
def server(folder):
    with serve_people(folder) as running:
        yield running


def first_post(page) -> str:
    return page.locator(".mm-posts td.mm-text").first.inner_text()


def test_a_marketing_manager_reads_on_the_phone_without_a_kernel_and_prints_the_page(page, server):
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, server, "vera", "static/")
    page.get_by_role("link", name="brand_health: Aurora Mobile").first.click()
    assert page.get_by_role("heading", name="The report").is_visible()
    page.goto(f"{server.address}brand_health?run={AURORA}")
    page.wait_for_selector(".mm-drawn .scatterlayer .point")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (".mm-nav", ".mm-filters >> nth=1", ".mm-posts form"):
        assert page.locator(gone).is_hidden(), gone
    assert page.get_by_role("heading", name="Brand health: Aurora Mobile").is_visible()
    assert page.locator(".mm-drawn").first.is_visible()
    paper, ink = (page.evaluate(f"getComputedStyle(document.body).{one}") for one in ("backgroundColor", "color"))  # fmt: skip
    assert (paper, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")  # however dark the screen
    assert len(page.pdf(format="A4")) > 10_000


def test_an_analyst_opens_a_topic_and_hostile_names_do_nothing(page, server):
    log_in(page, server, "anna", "topics")
    page.get_by_label("Topic", exact=True).select_option(index=3)
    read_until(page, "word2")
    assert "Its words: word2" in page.locator(".mm-card").inner_text()
    page.get_by_label("Search in posts").fill("nothing says this")
    page.get_by_role("button", name="Search", exact=True).click()
    read_until(page, "Widen the filters or take the search words away")
    page.goto(server.address + "brand_health?brand=velora")
    page.wait_for_selector(".mm-posts td")
    assert "<img src=x" in first_post(page)
    assert page.locator("#mm-main img").count() == 0
    assert page.dialogs == []


def test_an_analyst_sorts_and_pages_posts_and_takes_them_along(page, server):
    log_in(page, server, "anna", f"brand_health?run={AURORA}")
    page.get_by_role("button", name="Reactions").click()
    page.wait_for_url("**order=engagement**")
    assert first_post(page).endswith("number 209")
    page.get_by_role("button", name="Next →").click()
    page.wait_for_url("**page=2**")
    page.get_by_text("page 2 of 11").wait_for()
    assert first_post(page).endswith("number 186")  # every seventh has no count and comes last
    page.reload()
    page.get_by_text("page 2 of 11").wait_for()
    assert first_post(page).endswith("number 186")
    page.get_by_role("button", name="Reactions ↓").click()
    page.get_by_text("page 1 of 11").wait_for()
    assert first_post(page).endswith("number 1")
    with page.expect_download() as file:
        page.get_by_role("button", name="Download Parquet").click()
    taken = pq.read_table(io.BytesIO(file.value.path().read_bytes()))
    assert taken.num_rows == 210
    assert taken["engagement"][0].as_py() == 1


def test_an_analyst_runs_the_report_again_and_the_new_run_opens(page, server, folder):
    from murmuration.sample import write_posts

    places = {name: str(folder / name) for name in ("store", "state", "reports")}
    shop = Workspace(folder / "workspace", **{f"MURMURATION_{key.upper()}": place for key, place in places.items()})  # fmt: skip
    shop.run("import", str(write_posts(folder / "posts.jsonl", 800)), "--source", "sample")
    log_in(page, server, "anna", f"brand_health?run={AURORA}")
    page.get_by_role("button", name="Run again with other parameters").click()
    form = page.locator(".mm-form")
    form.get_by_label("since").fill("2026-02-01")
    form.get_by_label("until").fill("2026-02-15")
    form.get_by_label("source").fill("nowhere")
    start = page.get_by_role("button", name="Run", exact=True)
    start.click()
    page.locator("[role=alert]", has_text="no posts of a source 'nowhere'").wait_for()
    form.get_by_label("source").fill("sample")
    start.click()
    page.locator("[role=status]", has_text="Waiting for a place").wait_for()
    page.wait_for_url(lambda now: "run=" in now and AURORA not in now)
    page.wait_for_selector(".mm-drawn")
    said = page.locator(".mm-head").inner_text()
    assert all(
        one in said for one in ("1 to 14 February 2026", "posts of sample", "made just now")
    ), said
