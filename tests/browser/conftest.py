"""Reports made once, and a real browser to look at them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ..conftest import KERNEL, ROOT

# Without these Chromium looks for its maker's servers at every start.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


# Of a module, not of the session: while Playwright is open its event loop runs, and no other test here can run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set, but no Chromium is installed")
        pytest.skip("no Chromium on this machine (Debian: sudo apt install chromium)")
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=path, args=QUIET)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that notes everything it asks for and everything that goes wrong."""
    context = browser.new_context()
    page = context.new_page()
    page.requested, page.problems, page.dialogs = [], [], []
    page.on("request", lambda request: page.requested.append(request.url))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console", lambda said: page.problems.append(said.text) if said.type == "error" else None
    )
    page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
    yield page
    context.close()


class Workspace:
    """A workspace whose commands run as a person would run them."""

    def __init__(self, root: Path, **settings: str) -> None:
        self.root, self.settings = root, settings
        if not (root / "notebooks").exists():
            shutil.copy(ROOT / "data_catalog.yaml", root)
            shutil.copytree(ROOT / "notebooks", root / "notebooks")

    def run(self, *words: str) -> str:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("MURMURATION_")
        }
        done = subprocess.run(
            [sys.executable, "-m", "murmuration.cli", *words],
            cwd=self.root,
            env=clean | self.settings,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def report(self, name: str, **parameters: str) -> Path:
        given = [word for key, value in parameters.items() for word in ("-p", f"{key}={value}")]
        return Path(self.run("report", name, *given).strip().splitlines()[-1])


@pytest.fixture(scope="session")
def bare_workspace(tmp_path_factory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="session")
def sample_report(bare_workspace: Workspace) -> Path:
    """The report of the demonstration."""
    from murmuration.sample import write_posts

    path = write_posts(bare_workspace.root / "posts.jsonl", 6_000)
    bare_workspace.run("import", str(path), "--source", "sample")
    return bare_workspace.report(
        "brand_health", brand="aurora", source="sample", since="2026-02-01", until="2026-02-28"
    )


SHOW_ALL = """
import murmuration as mm
run = mm.start_run("hostile")
posts = mm.load_posts("hostile", as_of=run.as_of).compute().assign(sentiment=0.0, engagement=1)
mm.show.show_posts(posts)
"""
SHOW_NAMES = """
import pandas as pd
from IPython.display import display
display(mm.show.show_table(pd.DataFrame({"title": posts["title"], "community": posts["community"]})))
names = posts["title"].dropna().tolist()
display(*[mm.show.Markdown(name) for name in names])
voice = pd.DataFrame({"brand": names[:60], "mentions": range(60), "share": 1 / 60, "share_low": 0.0, "share_high": 0.1})
display(mm.show.plot_share_of_voice(voice, names={name: name for name in names[:60]}, brand=names[0]))
"""


@pytest.fixture(scope="session")
def hostile_report(bare_workspace: Workspace, real_data) -> Path:
    """Every string of the Big List of Naughty Strings as text, title, author and community."""
    strings = json.loads(real_data("blns/blns.json").read_text(encoding="utf-8"))
    rows = [
        {
            "id": str(n),
            "text": f"{text} ",
            "title": text,
            "author": text,
            "community": text,
            "created_at": "2026-01-01T00:00:00Z",
        }
        for n, text in enumerate(strings)
    ]
    path = bare_workspace.root / "hostile.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    bare_workspace.run("import", str(path), "--source", "hostile")
    cells = [('note: str = ""  # anything', ["parameters"]), (SHOW_ALL, []), (SHOW_NAMES, [])]
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": KERNEL,
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{n}",
                "metadata": {"tags": tags},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for n, (source, tags) in enumerate(cells)
        ],
    }
    (bare_workspace.root / "notebooks/reports/hostile.ipynb").write_text(json.dumps(notebook))
    return bare_workspace.report("hostile")
