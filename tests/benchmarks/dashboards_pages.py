"""How long each page of the dashboards takes to open in a browser, until its first chart is drawn.

The bars of the project are 8 s for the first time and 2.5 s then, on two cores that do nothing else: the load of the
machine is printed beside the figures. `POSTS` makes the runs so large.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

COUNT = int(os.environ.get("POSTS", "0"))
TIMES = 3
WAITS = 8  # seconds between two pages, until a kernel waits again
DRAWN = {"": ".mm-card", "brand_health": ".mm-drawn", "topics": ".mm-drawn", "audience": ".mm-drawn", "runs": ".mm-runs li"}  # fmt: skip


def main() -> None:
    from tests.benchmarks.dashboards_filter import invent
    from tests.browser.conftest import QUIET
    from tests.dashboards.runs import make_audience_run, make_run, make_topics_run
    from tests.dashboards.serving import serve

    with tempfile.TemporaryDirectory() as name:
        reports = Path(name) / "reports"
        posts = {"posts": invent(COUNT), "row_group": 16_384} if COUNT else {}
        make_run(reports, **posts)
        make_topics_run(reports, **posts)
        make_audience_run(reports, **posts)
        with serve(Path(name), reports) as server, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            page = browser.new_page()
            page.set_default_timeout(60_000)
            page.goto(f"{server.address}?token={server.token}")
            for path, drawn in DRAWN.items():
                seconds = []
                for _ in range(TIMES):
                    time.sleep(WAITS)
                    began = time.perf_counter()
                    page.goto(server.address + path)
                    page.wait_for_selector(drawn)
                    seconds.append(time.perf_counter() - began)
                then = statistics.median(seconds[1:])
                print(
                    f"{path or 'home'}: {seconds[0]:.1f} s first, {then:.1f} s then (load {os.getloadavg()[0]:.1f})"
                )
            browser.close()


if __name__ == "__main__":
    main()
