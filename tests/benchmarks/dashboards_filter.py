"""How fast a filter of the dashboard answers on a million posts, and what a page takes of memory.

A filter is measured in the page's process: choosing posts, the chart with its intervals, and the first twenty posts. The
reference is the same estimate by pandas over the whole table, read anew.
"""

import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import comm
import numpy as np
import pandas as pd
import psutil
from comm import DummyComm

from murmuration.dashboards.access import EVERYTHING
from murmuration.dashboards.brand_health import BrandHealth
from murmuration.dashboards.page import Request, open_report
from murmuration.settings import get_settings

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
comm.create_comm = DummyComm  # widgets talk to nobody here

COUNT = int(os.environ.get("POSTS", "1000000"))
FILTERS = [
    ("lang", "en"),
    ("lang", "de"),
    ("source", "forum"),
    ("label", "negative"),
    ("lang", ""),
    ("source", "sample"),
]


def invent(count: int) -> pd.DataFrame:
    """Posts of a week with as many authors as real ones have: a few write much."""
    from tests.dashboards.runs import DAYS, SINCE

    rng = np.random.default_rng(0)
    labels = np.array(["negative", "neutral", "positive"])[rng.integers(0, 3, count)]
    words = np.array(
        [
            "an outage again in the whole city since nine",
            "what a great new app",
            "the shop opens at ten today",
        ]
    )
    moments = pd.to_datetime(SINCE) + pd.to_timedelta(
        np.sort(rng.integers(0, DAYS * 86_400, count)), unit="s"
    )
    frame = pd.DataFrame(
        {
            "source": np.where(rng.random(count) < 0.2, "forum", "sample"), "post_id": np.arange(count).astype(str),
            "author_key": [f"{number:032x}" for number in (rng.pareto(1.2, count) * 2_000).astype(np.int64) % 400_000],
            "created_at": moments, "lang": np.array(["en", "de", "es"])[rng.integers(0, 3, count)],
            "sentiment": rng.uniform(-1, 1, count), "sentiment_label": labels, "engagement": rng.integers(0, 500, count),
            "url": "https://posts.example/1", "text": words[rng.integers(0, 3, count)],
        }
    )  # fmt: skip
    texts = ["source", "post_id", "author_key", "lang", "sentiment_label", "url", "text"]
    return frame.astype(dict.fromkeys(texts, "string[pyarrow]"))


def main() -> None:
    from tests.dashboards.runs import make_run

    with tempfile.TemporaryDirectory() as folder:
        os.environ["MURMURATION_REPORTS"] = folder
        get_settings.cache_clear()
        run = make_run(Path(folder), posts=invent(COUNT), row_group=16_384)
        size = (run / "tables" / "posts.parquet").stat().st_size
        print(f"{COUNT:,} posts, {size / COUNT:.0f} bytes a post in the run")
        before = psutil.Process().memory_info().rss
        started = time.perf_counter()
        page = BrandHealth(open_report("brand_health", Request(EVERYTHING)))
        print(f"page made in {time.perf_counter() - started:.2f} s")
        walls, used = [], []
        for name, value in FILTERS * 3:
            clock, cpu = time.perf_counter(), time.process_time()
            page.boxes[name].value = value
            walls.append(1000 * (time.perf_counter() - clock))
            used.append(1000 * (time.process_time() - cpu))
        print(
            f"a filter: {statistics.median(walls):.0f} ms (median), {max(walls):.0f} ms at most; CPU {statistics.median(used):.0f} ms"
        )
        clock = time.process_time()
        page.table.show(replace(page.table.wanted, words="outage"))
        print(
            f"search in all texts that are left: CPU {1000 * (time.process_time() - clock):.0f} ms"
        )
        grown = psutil.Process().memory_info().rss - before
        print(f"memory that the page took: {grown / 1e6:.0f} MB")
        clock = time.process_time()
        pd.read_parquet(run / "tables" / "posts.parquet").groupby("lang")["sentiment"].mean()
        print(
            f"reference, pandas reads the table anew: CPU {1000 * (time.process_time() - clock):.0f} ms"
        )


if __name__ == "__main__":
    main()
