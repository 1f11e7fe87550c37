"""What marketing, analysts and product managers do in the dashboards, from start to end."""

import os
import signal

import psutil
import pytest

from murmuration.dashboards.people import save_person

from ..dashboards.runs import make_audience_run, make_posts, make_run, make_topics_run
from ..dashboards.serving import serve

pytestmark = pytest.mark.browser
SLOW = 60_000  # milliseconds, for machines that do much else


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dashboards")
    reports = folder / "reports"
    make_run(reports)
    make_topics_run(reports)
    make_audience_run(reports)
    hostile = "\u202e<script>alert(1)</script>" + "x" * 200
    posts = make_posts(text='<img src=x onerror="alert(2)"> & words')
    make_run(reports, brand="velora", name=hostile, run_id="20260301T060000Z-0009", posts=posts)
    users = folder / "users.yaml"
    save_person(users, "vera", "password of vera", brands=["aurora"], reports=["*"])
    save_person(users, "anna", "password of anna", role="analyst", brands=["*"], reports=["*"])
    with serve(folder, reports, f"--users={users}", "--preheat=0") as running:
        yield running


def log_in(page, server, name, path):
    page.set_default_timeout(SLOW)
    page.goto(server.address + path)
    page.fill("#name", name)
    page.fill("#password", f"password of {name}")
    page.click("button[type=submit]")


def told(page) -> str:
    return page.locator(".mm-posts [role=status]").inner_text()


def test_a_marketing_manager_finds_the_posts_behind_a_bad_day_and_shares_the_address(page, server):
    log_in(page, server, "vera", "")
    page.get_by_role("link", name="Brand health: Aurora Mobile").click()
    page.wait_for_selector(".mm-drawn .scatterlayer .point")
    assert page.locator("script[src*='assets/plotly.js']").count() == 1
    page.locator(".mm-chart .scatterlayer .point").nth(2).dispatch_event("click")
    page.get_by_label("Day", exact=True).select_option(index=3)
    page.wait_for_function(
        "document.querySelector('.mm-posts [role=status]').textContent.includes('30 posts')"
    )
    page.wait_for_function("location.search.includes('step=2026-02-04')")
    shared = page.url
    page.get_by_label("Search in posts").fill("outage")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_function("location.search.includes('words=outage')")
    with page.expect_download() as file:
        page.get_by_role("button", name="Download CSV").click()
    assert file.value.path().read_text().count("outage") == 10
    page.go_back()
    page.wait_for_function(
        "!document.querySelector('.mm-posts [role=status]').textContent.includes('outage')"
    )
    assert page.url == shared
    other = page.context.new_page()
    other.set_default_timeout(SLOW)
    other.goto(shared)
    other.wait_for_selector(".mm-posts td")
    assert "30 posts" in told(other)
    assert [
        url for url in page.requested if not url.startswith((server.address, "data:", "blob:"))
    ] == []
    assert page.problems == []


def test_a_viewer_who_edits_the_address_is_refused_and_has_no_form(page, server):
    log_in(page, server, "vera", "brand_health?run=20260301T060000Z-0009")
    page.wait_for_selector(".mm-notice")
    assert "not yours to see" in page.locator(".mm-notice").inner_text()
    assert "Traceback" not in page.content()
    page.goto(server.address + "topics")
    page.wait_for_selector(".mm-drawn")
    assert page.get_by_role("button", name="Run again").count() == 0


@pytest.mark.soak
def test_an_analyst_opens_a_topic_and_the_form_and_hostile_names_do_nothing(page, server):
    log_in(page, server, "anna", "topics")
    page.wait_for_selector(".mm-drawn")
    page.get_by_label("Topic", exact=True).select_option(index=3)
    page.wait_for_function(
        "document.querySelector('.mm-posts [role=status]').textContent.includes('word2')"
    )
    page.get_by_role("button", name="Run again with other parameters").click()
    page.get_by_label("min posts").wait_for()
    page.goto(server.address + "brand_health?brand=velora")
    page.wait_for_selector(".mm-posts td")
    assert "<img src=x" in page.locator(".mm-posts td.mm-text").first.inner_text()
    assert page.locator("#mm-main img").count() == 0
    assert page.dialogs == []


DRAWN = {
    "brand_health": ".mm-drawn",
    "topics": ".mm-drawn",
    "audience": ".mm-drawn",
    "": ".mm-card",
    "runs": ".mm-runs li",
}


def test_everything_has_a_name_stands_out_from_its_ground_and_fits_the_screen(page, server):
    log_in(page, server, "vera", "")
    for path, drawn in DRAWN.items():
        page.goto(server.address + path)
        page.wait_for_selector(drawn)
        for scheme, width in (("light", 390), ("dark", 1440)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 844})
            where = (path, scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where
            assert page.evaluate(UNNAMED) == [], where
            assert page.evaluate(PALE) == [], where
        if path == "audience":  # a dot for each author, not one for each segment
            assert page.locator(".scatterlayer").first.locator(".point").count() == 60
        assert page.locator("main").count() == 1
        assert page.locator("h1").count() == 1
        if path in ("brand_health", "topics", "audience"):
            assert page.title().lower().endswith(path.replace("_", " "))


@pytest.mark.soak
def test_a_page_whose_session_has_ended_says_so(page, server):
    log_in(page, server, "anna", "runs")
    page.wait_for_selector(".mm-runs li")
    page.context.clear_cookies()
    page.locator("#mm-left").wait_for(state="visible")
    assert page.locator("#mm-lost").is_hidden()


@pytest.mark.soak
def test_a_page_whose_kernel_was_killed_says_so(page, server):
    log_in(page, server, "anna", "runs")
    page.wait_for_selector(".mm-runs li")
    [warm] = psutil.Process(server.process.pid).children()
    for kernel in warm.children():
        os.kill(kernel.pid, signal.SIGKILL)
    page.locator("#mm-lost").wait_for(state="visible")


# Controls and pictures without a name that a screen reader could say.
UNNAMED = """
[...document.querySelectorAll("#mm-main :is(input, select, button, a[href], [role=img]), nav :is(a, button)")]
  .filter((one) => one.offsetParent && !one.closest(".modebar"))
  .filter((one) => !(one.labels?.length || one.getAttribute("aria-label") || one.textContent.trim() || one.title))
  .map((one) => one.outerHTML.slice(0, 120))
"""
# Text of ours with less contrast than 4.5 to 1 (WCAG 2.2, 1.4.3); what plotly draws has colours of its own.
PALE = """
(() => {
  const read = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.offsetParent && !one.closest("svg, .modebar, option, :disabled"))
    .filter((one) => [...one.childNodes].some((part) => part.nodeType === 3 && part.textContent.trim()))
    .filter((one) => {
      const [a, b] = [light(read(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05) < 4.5;
    })
    .map((one) => one.outerHTML.slice(0, 120));
})()
"""
