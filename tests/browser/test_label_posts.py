"""A person labels posts in a browser: keys and clicks arrive in the store."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from time import monotonic, sleep

import pytest

from murmuration.store import load_labels, load_posts, open_store

from ..conftest import ROOT

pytestmark = pytest.mark.browser

COUNT = 40
HOSTILE = '<img src=x onerror="alert(1)"> @zz_victim <script>alert(2)</script> number {} is quite good &amp; nice'
ROOM = ".mm-label-root"


@pytest.fixture
def store(tmp_path, write_csv, take_in):
    """Posts that would do harm if they were taken for HTML."""
    rows = [
        {"id": f"id-{n}", "text": HOSTILE.format(n), "created_at": f"2026-01-{1 + n % 28:02}", "lang": "en"}
        for n in range(COUNT)
    ]  # fmt: skip
    take_in(write_csv(rows), source="sample", into=(store := open_store()))
    return store


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def address(store, tmp_path):
    """The notebook, served by Voila."""
    port = free_port()
    words = ["voila", str(ROOT / "notebooks/explore/label_posts.ipynb"), "--no-browser", f"--port={port}"]  # fmt: skip
    with (tmp_path / "voila.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *words, "--Voila.ip=127.0.0.1"], cwd=tmp_path, stdout=log, stderr=log,
            # Tests that a shell runs in the background ignore Ctrl-C, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
    deadline = monotonic() + 60
    while monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(
                f"http://127.0.0.1:{port}/voila/static/voila.js", timeout=1
            ).close()
            break
        except OSError:
            sleep(0.1)
    yield f"http://127.0.0.1:{port}/"
    server.send_signal(signal.SIGINT)
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
        raise


def held(store):
    return dict(load_labels(store=store)[["post_id", "label"]].itertuples(index=False))


def test_keys_and_clicks_arrive_in_the_store(page, address, store):
    page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
    page.goto(address, timeout=120_000)
    page.wait_for_selector(ROOM, timeout=120_000)
    texts = load_posts(columns=["post_id", "text"], store=store).compute()
    ids = {int(re.search(r"number (\d+)", row.text)[1]): row.post_id for row in texts.itertuples()}

    def post_shown():
        return ids[int(re.search(r"number (\d+)", page.locator(".mm-label-text").inner_text())[1])]

    def wait_for(at):
        page.wait_for_function("at => document.querySelector('progress').value === at", arg=at)

    shown = page.locator(".mm-label-text").inner_text()
    assert shown.startswith('<img src=x onerror="alert(1)"> @user <script>')
    assert shown.endswith("good & nice")
    assert page.evaluate("document.activeElement.className") == "mm-label-root"  # keys work at once

    first = post_shown()
    page.keyboard.press("1")
    wait_for(1)
    assert held(store) == {first: "negative"}

    second = post_shown()
    # Two presses before the kernel could answer: the second is not for the next post.
    page.locator(ROOM).evaluate(
        "root => ['p', 'p'].forEach(key => root.dispatchEvent(new KeyboardEvent('keydown', {key})))"
    )
    wait_for(2)
    assert held(store) == {first: "negative", second: "positive"}

    page.keyboard.press("u")
    wait_for(1)
    assert held(store) == {first: "negative"}
    assert post_shown() == second
    page.get_by_role("button", name="Neutral").click()
    wait_for(2)
    assert held(store) == {first: "negative", second: "neutral"}

    page.keyboard.press("Control+1")  # of the browser, not ours
    page.keyboard.press("s")  # the focus is on a button now
    wait_for(3)
    assert len(held(store)) == 3
    assert page.dialogs == []
    assert not [url for url in page.requested if "127.0.0.1" not in url and "fontawesome" not in url and not url.startswith(("data:", "blob:"))]  # fmt: skip

    page.wait_for_selector("text=Not kept.")  # the last cell
    for words in (
        "Nobody has labelled a post yet.",
        "No post has two labels yet",
        "Too few labels to learn from",
    ):
        assert page.get_by_text(words).first.is_visible(), words
    assert "Traceback" not in page.locator("body").inner_text()

    page.set_viewport_size({"width": 360, "height": 740})
    box = page.locator(ROOM).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert all(button.bounding_box()["height"] >= 44 for button in page.get_by_role("button").all())
