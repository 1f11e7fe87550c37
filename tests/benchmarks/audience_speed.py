"""Time and memory of profiles against DuckDB's for the same aggregates, and of segmenting many profiles.

    python tests/benchmarks/audience_speed.py [numbers] [text] [segments] [--posts 20_000_000] [--authors 1_000_000]

``numbers``: posts with numeric columns in Parquet, profiled by Dask threads and by DuckDB on two cores. ``text``: the trolls repeated, with
shares of links, hashtags and the like; Polars is not among our packages, so DuckDB is the reference here too, and it counts fewer things. ``segments``: profiles
of as many authors segmented. Each measurement has a process of its own; where others use the machine, seconds of CPU are the ones to compare.
"""  # fmt: skip

import argparse
import json
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import dask
import dask.dataframe as dd
import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from murmuration.audience import SegmentParams, profile_authors, segment_authors
from murmuration.topic_evaluation.run import peak_mb

REAL = Path(os.environ.get("MURMURATION_REAL_DATA", Path(__file__).parents[3] / "shared/data"))
PART = 1_000_000  # posts of a file
TEXT_POSTS = 2_500_000
CORES = 2
NUMBERS = """
    SELECT author_key, count(*), count(DISTINCT created_at::DATE), min(created_at), max(created_at),
      avg(cos(hour(created_at) * 0.2618)), avg(sin(hour(created_at) * 0.2618)), avg((hour(created_at) < 6)::INT),
      avg(cos(isodow(created_at) * 0.8976)), avg(sin(isodow(created_at) * 0.8976)), avg((isodow(created_at) > 5)::INT),
      avg(ln(1 + like_count)), avg(ln(1 + repost_count)), avg(ln(1 + reply_count)), avg(ln(1 + author_followers))
    FROM read_parquet('{files}') GROUP BY author_key
"""
TEXT = """
    SELECT author_key, count(*), avg(ln(1 + length(text))), avg(contains(text, 'http')::INT), avg(contains(text, '#')::INT),
      avg(contains(text, '@')::INT), avg(contains(text, '?')::INT), avg(contains(text, '!')::INT),
      avg(regexp_matches(text, '\\b[A-Z]{{4,}}\\b')::INT), avg(regexp_matches(text, '[\\x{{1F300}}-\\x{{1FAFF}}]')::INT), count(DISTINCT text)
    FROM read_parquet('{files}') GROUP BY author_key
"""


def write_numbers(folder: Path, posts: int, authors: int) -> None:
    """Write posts of which few authors write many."""
    for part in range(-(-posts // PART)):
        rng = np.random.default_rng(part)
        n = min(PART, posts - part * PART)
        who = (authors * rng.random(n) ** 2).astype(np.int64)
        table = {
            "author_key": pa.array([f"{one:032x}" for one in range(authors)]).take(pa.array(who)) if authors <= PART else pa.array(who).cast(pa.string()),
            "created_at": pa.array(1_767_225_600_000_000 + rng.integers(0, 90 * 86_400, n) * 1_000_000, pa.timestamp("us", "UTC")),
            **{name: pa.array(rng.geometric(0.1, n) - 1) for name in ("like_count", "repost_count", "reply_count")},
            "author_followers": pa.array((who * 7919) % 10_000),
        }  # fmt: skip
        pq.write_table(pa.table(table), folder / f"{part:03d}.parquet")


def write_trolls(folder: Path, posts: int) -> None:
    """Write the trolls again and again, each time by authors of other names."""
    table = pd.read_parquet(REAL / "trolls/trolls_segments_dev.parquet", columns=["author_id", "content"])  # fmt: skip
    keys, texts = table["author_id"].astype(str), pa.array(table["content"], from_pandas=True)
    for part in range(-(-posts // len(table))):
        pq.write_table(pa.table({"author_key": [f"{key}{part}" for key in keys], "text": texts}), folder / f"{part:03d}.parquet")  # fmt: skip


def profile_ours(folder: str) -> dict[str, float]:
    """Profile with Dask threads."""
    began, worked = perf_counter(), process_time()
    with dask.config.set(scheduler="threads", num_workers=CORES):
        rows = len(profile_authors(dd.read_parquet(folder, dtype_backend="pyarrow")).compute())
    return {"s": perf_counter() - began, "cpu_s": process_time() - worked, "mb": peak_mb(), "authors": rows}  # fmt: skip


def profile_duckdb(folder: str, query: str) -> dict[str, float]:
    """Aggregate with DuckDB."""
    began, worked = perf_counter(), process_time()
    with duckdb.connect(config={"threads": CORES}) as connection:
        rows = len(connection.sql(query.format(files=f"{folder}/*.parquet")).to_arrow_table())
    return {"s": perf_counter() - began, "cpu_s": process_time() - worked, "mb": peak_mb(), "authors": rows}  # fmt: skip


def segment_many(authors: int) -> dict[str, float]:
    """Segment profiles of invented authors of three kinds."""
    who = np.repeat(np.arange(authors), 3)
    rng = np.random.default_rng(0)
    kind = who % 3
    posts = pd.DataFrame(
        {
            "author_key": pd.array(pa.array(who).cast(pa.string()), dtype=pd.ArrowDtype(pa.string())),
            "created_at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(24 * rng.integers(0, 60, len(who)) + 6 * kind + rng.integers(0, 6, len(who)), unit="h"),
            "like_count": rng.geometric(0.02 + 0.3 * (kind == 1)), "author_followers": 10 ** (2 + kind),
        }
    )  # fmt: skip
    profiles = profile_authors(posts)
    began, worked = perf_counter(), process_time()
    found = segment_authors(profiles, SegmentParams(n_segments=3))
    return {"s": perf_counter() - began, "cpu_s": process_time() - worked, "mb": peak_mb(), "segments": int(found["segment"].max()) + 1}  # fmt: skip


def alone(work: Any, *words: Any) -> dict[str, float]:
    """Measure in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        found: dict[str, float] = own.submit(work, *words).result()
    return {name: round(value, 2) for name, value in found.items()}


def main() -> None:
    """Measure what is asked for."""
    words = argparse.ArgumentParser()
    words.add_argument("what", nargs="*")
    words.add_argument("--posts", type=int, default=20_000_000)
    words.add_argument("--authors", type=int, default=1_000_000)
    asked = words.parse_args()
    what = asked.what or ["numbers", "text", "segments"]
    for name, query in (("numbers", NUMBERS), ("text", TEXT)):
        if name in what:
            with tempfile.TemporaryDirectory() as folder:
                if name == "numbers":
                    write_numbers(Path(folder), asked.posts, asked.authors)
                else:
                    write_trolls(Path(folder), min(TEXT_POSTS, asked.posts))
                ours, duck = alone(profile_ours, folder), alone(profile_duckdb, folder, query)
            ratio = {key: round(ours[key] / duck[key], 2) for key in ("s", "cpu_s")}
            print(json.dumps({name: {"ours": ours, "duckdb": duck, "ours over duckdb": ratio}}))
    if "segments" in what:
        print(json.dumps({"segments": alone(segment_many, asked.authors)}))


if __name__ == "__main__":
    main()
