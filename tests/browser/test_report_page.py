"""The report as people open it: on a desk, on a phone, on paper, and with hostile posts in it."""

import json

import pytest

from .visits import problems_of

pytestmark = pytest.mark.browser


def open_report(page, folder, width=1280, height=900):
    page.set_viewport_size({"width": width, "height": height})
    page.goto((folder / "report.html").as_uri())
    page.wait_for_selector("body.charts-drawn")


def test_the_answer_stands_on_the_first_screen_and_every_chart_is_drawn(page, sample_report):
    open_report(page, sample_report)
    assert page.title().startswith("Brand health: ")
    answer = page.locator("blockquote").first
    assert answer.bounding_box()["y"] < 400
    assert answer.locator("p").count() == 4
    charts = page.locator("figure.chart")
    assert charts.count() >= 4
    assert page.locator("figure.chart .main-svg").count() >= charts.count()
    assert page.problems == []


def test_it_asks_for_nothing_but_itself(page, sample_report):
    open_report(page, sample_report)
    outside = [url for url in page.requested if not url.startswith(("file:", "data:", "blob:"))]
    assert outside == []


def test_it_is_one_file_of_at_most_three_megabytes(sample_report):
    assert (sample_report / "report.html").stat().st_size <= 3_000_000


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_reaches_beyond_the_edge_of_the_screen(page, sample_report, width):
    open_report(page, sample_report, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def titles_of_buttons(page):
    return page.locator(".modebar-btn").evaluate_all("all => all.map(one => one.dataset.title)")


def test_charts_answer_to_the_pointer(page, sample_report):
    open_report(page, sample_report)
    points = page.locator("figure.chart").first.locator(".scatterlayer .point")
    points.nth(points.count() // 2).scroll_into_view_if_needed()
    points.nth(points.count() // 2).hover(force=True)
    page.wait_for_selector("figure.chart .hoverlayer .hovertext")
    offered = titles_of_buttons(page)
    assert "Zoom in" in offered
    assert [title for title in offered if "Share" in title or "loud" in title] == []


def test_every_chart_gives_its_numbers_and_an_alternative_text(page, sample_report):
    open_report(page, sample_report)
    for chart in page.locator("figure.chart").all():
        assert chart.locator(".plot").get_attribute("aria-label")
        assert chart.locator("details table tbody tr").count() > 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_axe_finds_nothing_on_a_report_and_on_the_index(page, sample_report, scheme, width):
    page.emulate_media(color_scheme=scheme)
    open_report(page, sample_report, width=width)
    page.locator("figure.chart summary").first.click()
    assert problems_of(page) == []
    page.goto((sample_report.parents[1] / "index.html").as_uri())
    assert problems_of(page) == []


def test_without_scripts_the_numbers_are_still_there(browser, sample_report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((sample_report / "report.html").as_uri())
    assert page.locator("blockquote").is_visible()
    page.locator("figure.chart summary").first.click()
    assert page.locator("figure.chart details table").first.is_visible()
    context.close()


def rightmost(page) -> float:
    return page.evaluate(
        "Math.max(...[...document.querySelectorAll('.main-svg')].map(s => s.getBoundingClientRect().right))"
    )


def test_on_paper_charts_stay_on_the_page(page, sample_report):
    open_report(page, sample_report)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})  # A4 without its margins
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert any(rightmost(page) <= 681 or page.wait_for_timeout(200) for _ in range(50))
    assert len(page.pdf(format="A4")) > 10_000


def test_the_index_finds_runs_by_words(page, sample_report):
    page.goto((sample_report.parents[1] / "index.html").as_uri())
    total = page.locator("li.run").count()
    assert total >= 1
    page.fill("#search", "brand_health aurora")
    assert page.locator("li.run:visible").count() >= 1
    page.fill("#search", "no such words anywhere")
    assert page.locator("li.run:visible").count() == 0
    assert page.locator("#found").text_content() == f"0 of {total} runs"
    page.fill("#search", "")
    page.locator("li.run a").first.click()
    assert page.url.endswith("report.html")
    assert page.problems == []


def test_hostile_posts_are_shown_as_they_are_and_run_nothing(page, hostile_report, real_data):
    page.goto((hostile_report / "report.html").as_uri())
    page.wait_for_selector("body.charts-drawn")
    page.wait_for_timeout(500)
    assert page.dialogs == []
    assert [url for url in page.requested if not url.startswith(("file:", "data:", "blob:"))] == []
    # Nothing of a post became an element that could act.
    assert (
        page.locator(
            "main script:not([type='application/json']), main iframe, main form, main input, main object"
        ).count()
        == 0
    )
    assert page.locator("main img").count() == 0
    assert page.evaluate(
        "[...document.querySelectorAll('main *')].every(e => ![...e.attributes].some(a => a.name.startsWith('on')))"
    )
    strings = json.loads(real_data("blns/blns.json").read_text(encoding="utf-8"))
    shown = "\n".join(page.locator(".post").all_text_contents())
    plain = [
        text
        for text in strings
        if text.strip()
        and "&" not in text
        and "\n" not in text
        and "\r" not in text
        and "\0" not in text
    ]
    assert len(plain) > 400
    assert [text for text in plain if text not in shown] == []
