"""Time and memory of profiles against those of databases for the same aggregates, and of segmenting many profiles.

    python tests/benchmarks/audience_speed.py [numbers] [text] [segments] [--posts 20_000_000] [--authors 1_000_000]

``numbers``: posts with numeric columns in Parquet, profiled by Dask threads and by DuckDB on two cores; DuckDB's time for means alone, without
what is counted by author and day, is told as well. ``text``: the trolls repeated, as they are (each text is there 22 times) and, as ``different``,
with a word more, so that no text is there twice; how they are written, copies, and lists of words, hashtags, accounts and sites. Polars is the reference
where it is installed, else DuckDB, which only counts how texts are written; Polars' time for that alone is told as well. ``segments``:
profiles of as many authors segmented, their number given and chosen. Each measurement has a process of its own; where others use the machine,
seconds of CPU are the ones to compare.
"""  # fmt: skip

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
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
import pyarrow.compute as pc
import pyarrow.parquet as pq

from murmuration.audience import SegmentParams, profile_authors, segment_authors
from murmuration.audience.tally import MOST_TERMS, MOST_TEXTS
from murmuration.audience.texts import PATTERNS, SHORTENERS
from murmuration.text import stop_words
from murmuration.topic_evaluation.run import peak_mb

REAL = Path(os.environ.get("MURMURATION_REAL_DATA", Path(__file__).parents[3] / "shared/data"))
PART = 1_000_000  # posts of a file
TEXT_POSTS = 2_500_000
CORES = 2
COUNTS = ("like_count", "repost_count", "reply_count", "author_followers")
_POSTS = """
    WITH posts AS (
      SELECT *, epoch_us(created_at) // 86400000000 AS day, epoch_us(created_at) % 86400000000 / 3600e6 AS hour FROM read_parquet('{files}')
    )
"""
_MEANS = (
    "SELECT author_key, count(*), avg(cos(hour * pi() / 12)), avg(sin(hour * pi() / 12)), avg((hour < 6)::INT), "
    + ", ".join(f"avg(ln(1 + {name})), sum(ln(1 + {name}) ** 2)" for name in COUNTS)
    + " FROM posts GROUP BY author_key"
)
MEANS = _POSTS + _MEANS
NUMBERS = f"""
    {_POSTS},
    means AS ({_MEANS}),
    days AS (SELECT author_key, day, count(*) AS n, (day + 3) % 7 AS weekday FROM posts GROUP BY author_key, day),
    rhythm AS (
      SELECT author_key, count(*), min(day), max(day), max(n),
        sum(n * cos(weekday * pi() / 3.5)), sum(n * sin(weekday * pi() / 3.5)), sum(n * (weekday > 4)::INT)
      FROM days GROUP BY author_key
    )
    SELECT * FROM means JOIN rhythm USING (author_key)
"""
STYLE = """
    SELECT author_key, count(*), avg(ln(1 + length(text))), avg(contains(text, 'http')::INT), avg(contains(text, '#')::INT),
      avg(contains(text, '@')::INT), avg(contains(text, '?')::INT), avg(contains(text, '!')::INT),
      avg(regexp_matches(text, '\\b[A-Z]{{4,}}\\b')::INT), avg(regexp_matches(text, '[\\x{{1F300}}-\\x{{1FAFF}}]')::INT)
    FROM read_parquet('{files}') GROUP BY author_key
"""
LINK = r"(?i)https?://\S+"


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


def write_trolls(folder: Path, posts: int, different: bool) -> None:
    """Write the trolls again and again, each time by authors of other names."""
    table = pd.read_parquet(REAL / "trolls/trolls_segments_dev.parquet", columns=["author_id", "content"])  # fmt: skip
    keys, texts = (
        table["author_id"].astype(str),
        pa.array(table["content"], pa.string(), from_pandas=True),
    )
    for part in range(-(-posts // len(table))):
        said = (
            pc.binary_join_element_wise(texts, f"part{chr(97 + part)}", " ") if different else texts
        )
        pq.write_table(pa.table({"author_key": [f"{key}{part}" for key in keys], "text": said}), folder / f"{part:03d}.parquet")  # fmt: skip


def measure(work: Callable[[], Any]) -> dict[str, float]:
    """Measure what gives a row for each author."""
    began, worked = perf_counter(), process_time()
    rows = len(work())
    return {"s": perf_counter() - began, "cpu_s": process_time() - worked, "mb": peak_mb(), "authors": rows}  # fmt: skip


def profile_ours(folder: str) -> dict[str, float]:
    """Profile with Dask threads."""
    with dask.config.set(scheduler="threads", num_workers=CORES):
        return measure(
            lambda: profile_authors(dd.read_parquet(folder, dtype_backend="pyarrow")).compute()
        )


def profile_duckdb(folder: str, query: str) -> dict[str, float]:
    """Aggregate with DuckDB."""
    with duckdb.connect(config={"threads": CORES}) as connection:
        return measure(
            lambda: connection.sql(query.format(files=f"{folder}/*.parquet")).to_arrow_table()
        )


def profile_polars(folder: str, whole: bool) -> dict[str, float]:
    """Aggregate with Polars: how texts are written, and as a whole copies and terms as well."""
    os.environ["POLARS_MAX_THREADS"] = str(CORES)
    import polars as pl

    posts = pl.scan_parquet(f"{folder}/*.parquet")
    return measure(lambda: count_texts(posts) if whole else count_style(posts).collect())


def count_style(posts: Any) -> Any:
    """Give shares of texts by the same expressions as ours, and their length."""
    from polars import col
    from polars import len as count

    return posts.with_columns(plain=col("text").str.replace_all(LINK, " ")).group_by("author_key").agg(
        count(),
        col("text").str.len_chars().log1p().mean().alias("text_chars"),
        *(col("text" if name == "url_share" else "plain").str.contains(pattern).mean().alias(name) for name, pattern in PATTERNS.items()),
    )  # fmt: skip


def count_texts(posts: Any) -> Any:
    """Give the same with shares of repeated and of copied texts, and lists of terms with their counts."""
    import polars as pl
    from polars import col

    own = (
        col("text")
        .str.replace_all(LINK + r"|www\.\S+|@\w+|\brt\b", "")
        .str.to_lowercase()
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
    said = (
        posts.with_columns(hash=own.hash())
        .group_by("author_key", "hash")
        .agg(n=pl.len(), text=col("text").first())
        .collect()
    )
    writers = said.lazy().group_by("hash").agg(writers=pl.len())
    copies = said.lazy().join(writers, on="hash").group_by("author_key").agg(
        repeated=(col("n") - 1).sum() / (col("n").sum() - 1), copied=col("n").filter(col("writers") > 1).sum() / col("n").sum(),
    )  # fmt: skip
    found = count_style(posts).join(copies, on="author_key", how="left").collect()
    read = said.filter(pl.int_range(pl.len()).over("author_key") < MOST_TEXTS).with_row_index("at")
    for kind, terms in find_terms().items():
        lists = (
            read.lazy().select("author_key", "at", term=terms).explode("term").pipe(name_terms, kind).unique()
            .group_by("author_key", "term").agg(n=pl.len()).sort("author_key", "n", "term", descending=[False, True, False])
            .group_by("author_key", maintain_order=True).agg(col("term").head(MOST_TERMS).alias(kind), col("n").head(MOST_TERMS).alias(f"{kind}_n"))
        )  # fmt: skip
        found = found.join(lists.collect(), on="author_key", how="left")
    return found


def find_terms() -> dict[str, Any]:
    """Give the expressions that find terms in texts."""
    from polars import col

    plain = col("text").str.replace_all(LINK, " ")
    return {
        "words": plain.str.replace_all(r"(^|\s)[#＃@]\S+", " ").str.to_lowercase().str.extract_all(r"[^\W\d_]+(?:['’][^\W\d_]+)*"),
        "hashtags": plain.str.normalize("NFKC").str.to_lowercase().str.extract_all(r"#\d*[\pL_]\w*"),
        "mentions": col("text").str.to_lowercase().str.extract_all(r"\B@\w+"),
        "domains": col("text").str.to_lowercase().str.extract_all(r"https?://[^/?#:\s]+"),
    }  # fmt: skip


def name_terms(found: Any, kind: str) -> Any:
    """Give found terms their names, without those that are none."""
    from polars import col

    found = found.drop_nulls("term")
    if kind == "words":
        return found.filter(col("term").str.len_chars() > 1, ~col("term").is_in(list(stop_words())))
    if kind == "mentions":
        return found.with_columns(col("term").hash())
    if kind == "domains":
        found = found.with_columns(
            col("term").str.replace(r"https?://(?:www\.)?", "").str.strip_chars_end(".,;!)]}'\"”’")
        )
        return found.filter(
            ~col("term").is_in(list(SHORTENERS)), col("term").str.contains(r"\.[^\W\d_][\w-]+$")
        )
    return found


def segment_many(authors: int, told: int | None) -> dict[str, float]:
    """Segment profiles of invented authors of three kinds; their number is told, or chosen."""
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
    found = segment_authors(profiles, SegmentParams(n_segments=told))
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
    if "numbers" in what:
        with tempfile.TemporaryDirectory() as folder:
            write_numbers(Path(folder), asked.posts, asked.authors)
            ours, duck = alone(profile_ours, folder), alone(profile_duckdb, folder, NUMBERS)
            tell(
                "numbers", ours, duckdb=duck, duckdb_means_only=alone(profile_duckdb, folder, MEANS)
            )
    for name in ("text", "different"):
        if name in what or "text" in what:
            with tempfile.TemporaryDirectory() as folder:
                write_trolls(Path(folder), min(TEXT_POSTS, asked.posts), name == "different")
                ours = alone(profile_ours, folder)
                if find_spec("polars"):
                    whole, style = (alone(profile_polars, folder, whole) for whole in (True, False))
                    tell(name, ours, polars=whole, polars_style_only=style)
                else:
                    print(
                        "Polars is not installed: DuckDB counts how texts are written, no copies and no terms."
                    )
                    tell(name, ours, duckdb_style_only=alone(profile_duckdb, folder, STYLE))
    if "segments" in what:
        for told in (3, None):
            print(json.dumps({f"segments, {told or 'chosen'}": alone(segment_many, asked.authors, told)}))  # fmt: skip


def tell(name: str, ours: dict[str, float], **others: dict[str, float]) -> None:
    """Print what was measured, and how many times as long ours took."""
    ratios = {f"ours over {one}": {key: round(ours[key] / other[key], 2) for key in ("s", "cpu_s")} for one, other in others.items()}  # fmt: skip
    print(json.dumps({name: {"ours": ours, **others, **ratios}}), flush=True)


if __name__ == "__main__":
    main()
