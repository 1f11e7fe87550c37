"""A server of dashboards with runs and people, what people do first, and what axe says of a page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from murmuration.dashboards.people import save_person

from ..dashboards.runs import make_audience_run, make_posts, make_run, make_topics_run
from ..dashboards.serving import Server, serve

SLOW = 60_000  # milliseconds, for machines that do much else
AURORA, AURORA_LATER, VELORA = (
    "20260302T060000Z-0001",
    "20260303T060000Z-0002",
    "20260301T060000Z-0009",
)
HOSTILE = "\u202e<script>alert(1)</script>" + "x" * 200
# What shows that a page is there.
DRAWN = {
    "": ".mm-card",
    "brand_health": ".mm-drawn",
    "topics": ".mm-drawn",
    "audience": ".mm-drawn",
    "runs": ".mm-runs li",
}
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def serve_people(folder: Path) -> Iterator[Server]:
    """Serve runs to Vera, who sees one brand, and to Anna, who sees all and may start runs."""
    reports = folder / "reports"
    make_run(reports)
    make_run(reports, run_id=AURORA_LATER, posts=make_posts().iloc[:150])
    make_topics_run(reports)
    make_audience_run(reports)
    posts = make_posts(text='<img src=x onerror="alert(2)"> & words')
    make_run(reports, brand="velora", name=HOSTILE, run_id=VELORA, posts=posts)
    users = folder / "users.yaml"
    save_person(users, "vera", "password of vera", brands=["aurora"], reports=["*"])
    save_person(users, "anna", "password of anna", role="analyst", brands=["*"], reports=["*"])
    with serve(folder, reports, f"--users={users}", "--preheat=0") as running:
        yield running


def log_in(page: Page, server: Server, name: str, path: str) -> None:
    page.set_default_timeout(SLOW)
    page.goto(server.address + path)
    page.fill("#name", name)
    page.fill("#password", f"password of {name}")
    page.click("button[type=submit]")
    page.wait_for_selector(DRAWN.get(path, ".mm-page, .mm-notice, .mm-runs"))


def read_until(page: Page, words: str) -> None:
    """Wait until the line above the posts says this."""
    page.locator(".mm-posts [role=status]", has_text=words).wait_for()


def problems_of(page: Page) -> list[str]:
    """Give what axe calls serious or critical on a page, and where."""
    found = Axe().run(page, options={"runOnly": _RULES, "resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['html'][:200]} in {' '.join(map(str, node['target']))[:200]}"
        for rule in found.response["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
