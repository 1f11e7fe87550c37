"""The dashboards for those who see, hear or move otherwise: axe on every page, in both themes, on a desk and a phone."""

import os
import signal

import psutil
import pytest

from .visits import AURORA, AURORA_LATER, DRAWN, VELORA, log_in, problems_of, serve_people

pytestmark = pytest.mark.browser
THEMES = (("dark", 1440), ("light", 390))
REFUSED = f"brand_health?run={VELORA}"
COMPARED = f"runs?first={AURORA}&second={AURORA_LATER}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serve_people(tmp_path_factory.mktemp("dashboards")) as running:
        yield running


def check(page, where):
    """Look at a page in both themes and both widths."""
    for scheme, width in THEMES:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        seen = (where, scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, seen
        assert problems_of(page) == [], seen
    assert page.locator("main").count() == 1, where
    assert page.locator("h1").count() == 1, where


def test_axe_finds_nothing_before_the_login_and_on_pages_without_a_kernel(page, server):
    page.goto(server.address)
    check(page, "the login")
    page.fill("#name", "vera")
    page.fill("#password", "not hers")
    page.click("button[type=submit]")
    page.get_by_role("alert").wait_for()
    check(page, "a refused login")
    log_in(page, server, "vera", "static/")
    check(page, "the list of reports")
    page.goto(server.address + "static/nothing")
    check(page, "a page that is not there")


@pytest.mark.parametrize("path", [*DRAWN, REFUSED, COMPARED])
def test_axe_finds_nothing_on_any_page(page, server, path):
    log_in(page, server, "anna" if path == "topics" else "vera", path)
    name = path.partition("?")[0]
    if path == "topics":
        page.get_by_role("button", name="Run again with other parameters").click()
        page.locator(".mm-form").wait_for()
        page.get_by_label("Topic", exact=True).select_option(index=1)
    if path == "runs":
        for banner in ("mm-lost", "mm-left"):
            page.evaluate(f"document.getElementById('{banner}').hidden = false")
    check(page, path)
    if path == "audience":  # a dot for each author, not one for each segment
        assert page.locator(".scatterlayer").first.locator(".point").count() == 60
    if path in ("brand_health", "topics", "audience"):
        assert page.title().lower().endswith(name.replace("_", " "))
        page.locator(".mm-chart summary").first.click()
        assert problems_of(page) == []


@pytest.mark.soak
def test_a_page_whose_session_has_ended_says_so(page, server):
    log_in(page, server, "anna", "runs")
    page.context.clear_cookies()
    page.locator("#mm-left").wait_for(state="visible")
    assert page.locator("#mm-lost").is_hidden()


@pytest.mark.soak
def test_a_page_whose_kernel_was_killed_says_so(page, server):
    log_in(page, server, "anna", "runs")
    [warm] = psutil.Process(server.process.pid).children()
    for kernel in warm.children():
        os.kill(kernel.pid, signal.SIGKILL)
    page.locator("#mm-lost").wait_for(state="visible")
