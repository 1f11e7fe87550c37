"""How fast posts are scored, as a ratio to the package vaderSentiment in the same run.

    python tests/benchmarks/vader_speed.py

The first call compiles, once a machine; a later process loads what was compiled. One and two cores take turns, so that
other work on the machine weighs on both; beside the ratio of times stands how much processor time two cores need for
what one does: 1.00 is nothing lost, and two cores can then be up to twice as fast.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import dask
import dask.dataframe as dd
import pandas as pd
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from murmuration.sentiment import vader_scores

REAL = Path(os.environ.get("MURMURATION_REAL_DATA", Path(__file__).parents[3] / "shared/data"))
ROUNDS = 5
FIRST = """
from time import perf_counter
started = perf_counter()
from murmuration.sentiment import vader_scores
vader_scores(["good"])
print(perf_counter() - started)
"""


def seconds_of(work) -> float:
    times = []
    for _ in range(ROUNDS):
        started = perf_counter()
        work()
        times.append(perf_counter() - started)
    return median(times)


def compare_times(one, two) -> tuple[float, float, float]:
    """Give the median seconds of one, how many times as fast two is, and how much more processor time it takes."""
    times = []
    for _ in range(ROUNDS):
        row = []
        for work in (one, two):
            started, worked = perf_counter(), process_time()
            work()
            row += [perf_counter() - started, process_time() - worked]
        times.append(row)
    alone = median(row[0] for row in times)
    return (
        alone,
        median(row[0] / row[2] for row in times),
        median(row[3] / row[1] for row in times),
    )


def first_call(cache: str) -> float:
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    done = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, text=True, check=True, env=environment
    )
    return float(done.stdout)


def main() -> None:
    """Print a line for each set of posts."""
    with TemporaryDirectory() as cache:
        print(f"first call {first_call(cache):.1f} s, in a later process {first_call(cache):.1f} s")
    tweets = pd.read_csv(REAL / "vader/tweets_GroundTruth.txt", sep="\t", header=None, quoting=3)
    trolls = pd.read_parquet(REAL / "trolls/trolls_segments_dev.parquet", columns=["content"])
    reference = SentimentIntensityAnalyzer()
    print(
        f"{'posts':12} {'rows':>8} {'vaderSentiment/s':>17} {'ours/s':>10} {'ratio':>6} {'two cores':>10} {'processor time':>14}"
    )
    for name, texts in (("VADER tweets", tweets[2]), ("troll tweets", trolls["content"].dropna())):
        part = texts.head(20_000)
        rows = len(texts)
        usual = len(part) / seconds_of(
            lambda part=part: [reference.polarity_scores(text) for text in part]
        )
        many = pd.concat([texts] * max(1, 1_000_000 // rows), ignore_index=True).astype(
            "string[pyarrow]"
        )
        lazy = vader_scores(
            dd.from_pandas(many, npartitions=40).persist()
        )  # posts in memory: no IO
        with dask.config.set(scheduler="threads", num_workers=2):
            seconds, faster, more = compare_times(
                lambda many=many: vader_scores(many), lambda lazy=lazy: lazy.compute()
            )
        ours = len(many) / seconds
        print(
            f"{name:12} {rows:>8,} {usual:>17,.0f} {ours:>10,.0f} {ours / usual:>6.1f} {faster:>9.2f}x {more:>14.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
