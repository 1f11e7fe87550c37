"""What marketing, analysts and product managers do in the dashboards, from start to end."""

import io

import pyarrow.parquet as pq
import pytest

from .conftest import Workspace
from .visits import AURORA, AURORA_LATER, SLOW, VELORA, log_in, read_until, serve_people

pytestmark = pytest.mark.browser


WIDEST = "Math.max(...[...document.querySelectorAll('.main-svg')].map(s => s.clientWidth))"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dashboards")


@pytest.fixture(scope="module")
def server(folder):
    with serve_people(folder) as running:
        yield running


def address(page) -> str:
    return page.url.partition("?")[2]


def first_post(page) -> str:
    return page.locator(".mm-posts td.mm-text").first.inner_text()


# A marketing manager asks how people feel about the brand, and why.


def test_a_marketing_manager_finds_the_posts_behind_a_bad_day_and_shares_the_address(page, server):
    log_in(page, server, "vera", f"brand_health?run={AURORA}")
    assert page.locator("blockquote p").count() == 4
    points = page.locator(".mm-chart").first.locator(".scatterlayer .point")
    points.nth(2).wait_for()
    assert page.locator("script[src*='assets/plotly.js']").count() == 1
    buttons = page.locator(".modebar-btn").evaluate_all("all => all.map(one => one.dataset.title)")
    assert "Zoom in" in buttons
    assert not any("Share" in title for title in buttons)  # nothing goes to Plotly's servers
    points.nth(2).click(force=True)
    read_until(page, "30 posts of")
    # Told where the click was made: the posts may stand below the screen.
    assert "See Posts below" in page.locator(".mm-chart figure > .mm-quiet").first.inner_text()
    page.wait_for_url("**step=2026-02-0**")
    shared = page.url
    page.get_by_label("Search in posts").fill("outage")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**words=outage**")
    with page.expect_download() as file:
        page.get_by_role("button", name="Download CSV").click()
    assert file.value.path().read_text().count("outage") == 10
    page.go_back()
    read_until(page, "30 posts of")
    assert page.url == shared
    other = page.context.new_page()
    other.set_default_timeout(SLOW)
    other.goto(shared)
    read_until(other, "30 posts of")
    known = (server.address, "data:", "blob:")
    assert [url for url in page.requested if not url.startswith(known)] == []
    assert page.problems == []


def test_a_marketing_manager_begins_at_home_narrows_by_source_and_days_and_goes_back(page, server):
    log_in(page, server, "vera", "")
    card = page.locator(".mm-card", has_text="Brand health: Aurora Mobile")
    assert "First." in card.inner_text()
    assert "ago" in card.inner_text()
    card.get_by_role("link").click()
    read_until(page, "150 posts.")  # of the newer run
    page.get_by_label("Source", exact=True).select_option(label="forum (30)")
    read_until(page, "30 posts (forum).")
    page.get_by_label("From", exact=True).fill("2026-02-05")
    read_until(page, "12 posts (forum).")
    page.get_by_label("Feeling", exact=True).select_option("negative")
    read_until(page, "4 posts (negative, forum).")
    page.go_back()
    read_until(page, "12 posts (forum).")
    assert page.get_by_label("Feeling", exact=True).input_value() == "all"
    page.go_back()
    read_until(page, "30 posts (forum).")
    assert page.get_by_label("From", exact=True).input_value() == ""
    page.go_forward()
    read_until(page, "12 posts (forum).")
    assert page.problems == []


def test_a_marketing_manager_reads_on_the_phone_without_a_kernel_and_prints_the_page(page, server):
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, server, "vera", "static/")
    page.get_by_role("link", name="brand_health: Aurora Mobile").first.click()
    assert page.get_by_role("heading", name="The report").is_visible()
    page.goto(f"{server.address}brand_health?run={AURORA}")
    page.wait_for_selector(".mm-drawn .scatterlayer .point")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (
        ".mm-nav",
        ".mm-filters >> nth=1",
        ".mm-posts form",
        "p:has-text('The boxes change')",
    ):
        assert page.locator(gone).is_hidden(), gone
    assert page.get_by_role("heading", name="Brand health: Aurora Mobile").is_visible()
    assert page.locator(".mm-drawn").first.is_visible()
    paper, ink = (page.evaluate(f"getComputedStyle(document.body).{one}") for one in ("backgroundColor", "color"))  # fmt: skip
    assert (paper, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")  # however dark the screen
    assert len(page.pdf(format="A4")) > 10_000


def test_charts_of_a_wide_screen_fit_on_a_sheet_and_fit_the_screen_after_it(page, server):
    page.set_viewport_size({"width": 1440, "height": 900})
    log_in(page, server, "vera", f"brand_health?run={AURORA}")
    page.wait_for_selector(".mm-drawn .scatterlayer .point")
    assert page.evaluate(WIDEST) > 1_000
    # Browsers take the page as it stands when the event was heard.
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(WIDEST) <= 688  # A4 less its margins
    page.emulate_media(media="print")
    assert page.locator(".mm-posts td").first.evaluate("one => getComputedStyle(one).whiteSpace") == "pre-line"  # fmt: skip
    assert page.locator(".mm-page").evaluate("one => getComputedStyle(one).display") == "block"
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 800, "height": 900})
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_function(f"680 < {WIDEST} && {WIDEST} <= 800")


def test_a_viewer_sees_only_her_brand_and_has_no_form(page, server):
    log_in(page, server, "vera", f"brand_health?run={VELORA}")
    refused = page.locator(".mm-notice").inner_text()
    assert "not yours to see" in refused
    assert "Traceback" not in page.content()
    for path in ("", "runs", "static/"):
        page.goto(server.address + path)
        page.get_by_text("Aurora Mobile").first.wait_for()
        assert VELORA not in page.content()
        assert "alert(1)" not in page.content()
    page.goto(server.address + "topics?brand=velora")
    page.wait_for_selector(".mm-notice")
    page.goto(server.address + "topics")
    page.wait_for_selector(".mm-drawn")
    assert page.get_by_role("button", name="Run again").count() == 0


# An analyst asks what is talked about, and whether to trust it.


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


def test_an_analyst_finds_two_runs_and_sees_what_changed_between_them(page, server):
    log_in(page, server, "anna", "runs")
    page.get_by_label("Search", exact=True).fill("brand_health aurora")
    page.get_by_label("Search", exact=True).press("Enter")
    page.get_by_text("2 of 5 runs").wait_for()
    called = "brand_health, Aurora Mobile, 2 to 8 February 2026, made 2026-03-02 06:00 ({})"
    page.get_by_label("Compare", exact=True).select_option(label=called.format(AURORA[-4:]))
    page.get_by_label("with", exact=True).select_option(label=called.format(AURORA_LATER[-4:]))
    page.get_by_text("60 posts of the first run are not in the second").wait_for()
    page.wait_for_url(f"**second={AURORA_LATER}**")
    page.get_by_label("with", exact=True).select_option(index=2)
    page.locator("[role=alert]", has_text="Compare two runs of one report").wait_for()
    page.go_back()
    page.get_by_text("60 posts of the first run are not in the second").wait_for()
    page.locator(".mm-runs").get_by_role("link", name="as a report").first.click()
    assert page.url.endswith(f"/static/brand_health/{AURORA_LATER}/report.html")


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
    # A whole run, beside other tests.
    page.wait_for_url(lambda now: "run=" in now and AURORA not in now, timeout=4 * SLOW)
    page.wait_for_selector(".mm-drawn")
    said = page.locator(".mm-head").inner_text()
    assert all(
        one in said for one in ("1 to 14 February 2026", "posts of sample", "made just now")
    ), said


# A product manager asks who the audience is, and what it wants.


def test_a_product_manager_opens_a_segment_by_a_click_and_sends_its_posts_to_a_colleague(
    page, server
):
    log_in(page, server, "vera", "audience")
    owls = page.locator(".mm-chart").first.locator(".scatterlayer .point").nth(45)
    owls.click(force=True)
    read_until(page, "60 posts of “Night owls”")
    assert page.get_by_label("Segment", exact=True).input_value() == "Night owls"
    page.locator("summary", has_text="Night owls").wait_for()
    assert page.locator("summary", has_text="Early birds").count() == 0  # only the card of the owls
    page.get_by_label("Feeling", exact=True).select_option("positive")
    read_until(page, "20 posts of “Night owls”")
    assert (
        page.locator(".mm-posts").get_by_role("columnheader", name="Author").count() == 0
    )  # the policy withholds them
    with page.expect_download() as file:
        page.get_by_role("button", name="Download Parquet").click()
    taken = pq.read_table(io.BytesIO(file.value.path().read_bytes()))
    assert taken.num_rows == 20
    assert "author_key" not in taken.column_names
    other = page.context.new_page()
    other.set_default_timeout(SLOW)
    other.goto(page.url)
    read_until(other, "20 posts of “Night owls”")
    assert other.title().endswith("audience")


def test_a_product_manager_goes_by_the_keyboard_alone(page, server):
    log_in(page, server, "vera", "audience")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "mm-main"
    names = []
    for _ in range(20):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.labels?.[0]?.textContent ?? ''"))
        if names[-1] == "Segment":
            break
    assert names[-1] == "Segment", names
    page.keyboard.press("ArrowDown")
    read_until(page, "60 posts of “Early birds”")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid"
    page.get_by_role("button", name="Sentiment").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**order=sentiment**")
    assert "great new app" in first_post(page)
    assert page.evaluate("document.activeElement.textContent").startswith("Sentiment")
