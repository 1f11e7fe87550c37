"""Runs as reports leave them, made in a moment from a few posts."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from murmuration.schema import RESULTS
from murmuration.trends import (
    assign_steps,
    count_coverage,
    estimate_sentiment,
    estimate_share_of_voice,
    fill_periods,
    find_terms_by_side,
    list_periods,
)

SINCE, DAYS = datetime(2026, 2, 2, tzinfo=UTC), 7
_SAID = {
    "negative": ("An awful outage again", -0.7),
    "neutral": ("The shop opens at nine", 0.0),
    "positive": ("What a great new app", 0.8),
}


def make_posts(count: int = 210, *, text: str = "") -> pd.DataFrame:
    """Posts of a week, a third of each feeling, in two languages and from two sources."""
    labels = [list(_SAID)[number % 3] for number in range(count)]
    return pd.DataFrame(
        {
            "source": ["forum" if number % 5 == 0 else "sample" for number in range(count)],
            "post_id": [f"p{number:05}" for number in range(count)],
            "author_key": [f"{number % 60:032x}" for number in range(count)],
            "created_at": [
                SINCE + timedelta(hours=24 * DAYS * number / count) for number in range(count)
            ],
            "lang": ["de" if number % 4 == 0 else "en" for number in range(count)],
            "sentiment": [_SAID[label][1] for label in labels],
            "sentiment_label": labels,
            "engagement": [None if number % 7 == 0 else number for number in range(count)],
            "url": [f"https://posts.example/{number}" for number in range(count)],
            "text": [text or f"{_SAID[label][0]}, number {n}" for n, label in enumerate(labels)],
        }
    ).astype(
        {
            "created_at": "timestamp[us, tz=UTC][pyarrow]", "sentiment": "double[pyarrow]", "engagement": "int64[pyarrow]",
            **dict.fromkeys(["source", "post_id", "author_key", "lang", "sentiment_label", "url", "text"], "string[pyarrow]"),
        }
    )  # fmt: skip


def make_run(
    reports: Path,
    *,
    brand: str = "aurora",
    name: str = "Aurora Mobile",
    run_id: str = "20260302T060000Z-0001",
    posts: pd.DataFrame | None = None,
    status: str = "succeeded",
    row_group: int = 64,
) -> Path:
    """Write a run of `brand_health`."""
    posts = make_posts() if posts is None else posts
    posts = posts.assign(brand=brand)
    rival = posts.iloc[::2].assign(brand="rival")
    mentions = pd.concat([posts, rival], ignore_index=True).astype({"brand": "string[pyarrow]"})
    steps = list_periods(SINCE, SINCE + timedelta(days=DAYS), bucket="day", timezone="UTC")
    stepped = assign_steps(mentions, bucket="day", timezone="UTC")
    over_time = estimate_sentiment(stepped, by=["brand", "period_start"])
    tables = {
        "by_brand": estimate_sentiment(mentions.assign(period="this"), by=["brand", "period"]),
        "over_time": fill_periods(over_time, steps, groups=[brand, "rival"]),
        "share_of_voice": estimate_share_of_voice(mentions, [brand, "rival"]),
        "terms": find_terms_by_side(posts.head(2_000)),
        "by_language": estimate_sentiment(posts, by=["lang"]),
        "coverage": count_coverage(posts, searched=len(posts), quarantined=0),
        "posts": posts,
    }
    folder = reports / "brand_health" / run_id
    write_tables(folder, "brand_health", tables, row_group=row_group)
    pinned = {
        "tables": {"posts": 0},
        "moment": "2026-03-02T06:00:00+00:00",
        "brands": {
            key: {"key": key, "name": one} for key, one in ((brand, name), ("rival", "Rival"))
        },
    }
    parameters = {"brand": brand, "source": "", "timezone": "UTC"}
    write_manifest(folder, "brand_health", parameters, pinned=pinned, status=status)
    (folder / "report.html").write_text(
        f"<!DOCTYPE html><title>{run_id}</title><h1>The report</h1>"
    )
    return folder


def write_tables(
    folder: Path, report: str, tables: dict[str, pd.DataFrame], *, row_group: int = 64
) -> None:
    """Write result tables as a run does."""
    (folder / "tables").mkdir(parents=True)
    for declared in RESULTS[report]:
        if declared.name in tables:
            table = tables[declared.name]
            rows = pa.Table.from_pandas(
                table[declared.names], schema=declared.arrow, preserve_index=False
            ).sort_by([(key, "ascending") for key in declared.key])
            pq.write_table(
                rows, folder / "tables" / f"{declared.name}.parquet", row_group_size=row_group
            )


def write_manifest(folder: Path, report: str, parameters: dict, **more: object) -> None:
    """Write the manifest of a run."""
    facts = {
        "format": 1, "report": report, "run_id": folder.name, "parameters": parameters, "status": "succeeded", "error": None,
        "given": [], "code": {"commit": "0" * 40, "dirty": False}, "at": "2026-03-02T06:00:00+00:00", "started_at": "2026-03-02T06:00:00+00:00", "seconds": 1.0, "answer": ["First.", "Second.", "Third.", "Fourth."],
        "period": {"since": SINCE.isoformat(), "until": (SINCE + timedelta(days=DAYS)).isoformat(), "timezone": "UTC"},
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(facts | more), encoding="utf-8")


def make_topics_run(
    reports: Path,
    *,
    topics: int = 6,
    run_id: str = "20260302T070000Z-0101",
    posts: pd.DataFrame | None = None,
    row_group: int = 64,
    brand: str = "aurora",
    source: str = "",
    **manifest: object,
) -> Path:
    """Write a run of `topics` with some topics of the same size."""
    posts = make_posts() if posts is None else posts
    posts = posts.assign(
        topic=[number % (topics + 1) - 1 for number in range(len(posts))], topic_strength=0.5
    )
    ids = list(range(topics))
    sizes = [int((posts["topic"] == one).sum()) for one in ids]
    labels = [f"word{one}, other{one}" for one in ids]
    table = pd.DataFrame(
        {
            "topic": ids, "label": labels, "terms": [[f"word{one}"] for one in ids], "phrases": [[] for _ in ids], "posts": sizes,
            "posts_before": sizes, "authors": sizes, "share": [size / len(posts) for size in sizes], "share_low": 0.0, "share_high": 1.0,
            "x": [one / topics for one in ids], "y": [-one / topics for one in ids], "stability": 0.9,
            "found_again": "itself", "label_share": [None, *[0.9] * (topics - 1)], "most_copied": 1,
        }
    )  # fmt: skip
    emerging = pd.DataFrame(
        {
            "topic": ids, "label": labels, "status": ["emerging" if one == 0 else "steady" for one in ids], "posts": sizes, "posts_before": sizes,
            "expected": 10.0, "growth": 2.0, "growth_low": 1.5, "growth_high": 3.0, "p_value": 0.01, "q_value": 0.02, "since": pd.NaT,
            "since_posts": None, "since_expected": None, "since_growth": None, "authors": sizes, "top_author_share": 0.1, "driven_by": "many",
            "langs": [["en"] for _ in ids], "top_text_share": 0.1, "baseline_days": 28,
        }
    ).astype({"since": "timestamp[us, tz=UTC][pyarrow]"})  # fmt: skip
    days = [(SINCE + timedelta(days=day), one) for day in range(DAYS) for one in ids]
    over_time = pd.DataFrame(
        {
            "day": [day for day, _ in days], "topic": [one for _, one in days], "posts": 3.0, "authors": 3, "expected": 2.0, "low": 1.0,
            "high": 4.0,
        }
    )  # fmt: skip
    terms = pd.DataFrame(
        {"topic": ids, "rank": 1, "term": [f"word{one}" for one in ids], "posts": sizes, "share": 0.5, "share_other": 0.1}
    )  # fmt: skip
    tables = {
        "topics": table, "emerging": emerging, "over_time": over_time, "terms": terms,
        "by_sentiment": estimate_sentiment(posts, by=["topic"]), "posts": posts,
    }  # fmt: skip
    folder = reports / "topics" / run_id
    write_tables(folder, "topics", tables, row_group=row_group)
    parameters = {"brand": brand, "source": source, "timezone": "UTC"}
    write_manifest(folder, "topics", parameters, **manifest)
    (folder / "report.html").write_text("<!DOCTYPE html><title>topics</title>")
    return folder


def _audience_trust() -> dict[str, pd.DataFrame]:
    """Give what says when segments are reached, and how far they can be trusted."""
    facts = {
        "authors": 60, "authors_in_segments": 60, "authors_in_small_segments": 0, "authors_left_out": 0, "authors_with_one_post": 0,
        "posts_in_period": 120, "posts_looked_at": 120, "posts_without_author": 0, "quarantined_rows": 0, "unscored_posts": 7,
    }  # fmt: skip
    best = pd.DataFrame(
        {
            "segment": [1], "rank": 1, "kind": "hours", "time": "21–24 h", "share": 0.5, "share_rest": 0.1, "difference": 0.4,
            "difference_low": 0.3, "difference_high": 0.5,
        }
    )  # fmt: skip
    choice = pd.DataFrame(
        {
            "n_segments": [2, 3], "stability": [0.9, 0.2], "jaccard": 0.9, "separation": 0.3, "shared": 0.05, "smallest": 20,
            "chosen": [True, False], "why": None,
        }
    )  # fmt: skip
    measures = {"authors": 60.0, "sample_authors": 60.0, "segments": 2.0, "stability": 0.9}
    quality = pd.DataFrame({"measure": list(measures), "value": list(measures.values()), "unit": "authors"})  # fmt: skip
    coverage = pd.DataFrame({"item": list(facts), "value": list(facts.values()), "unit": "posts"})
    return {"best_times": best, "choice": choice, "quality": quality, "coverage": coverage}


def make_audience_run(
    reports: Path,
    *,
    run_id: str = "20260302T080000Z-0201",
    older: bool = False,
    posts: pd.DataFrame | None = None,
    row_group: int = 64,
) -> Path:
    """Write a run of `audience` with two segments; those of an older version have no table of all posts, nor of best times."""
    ids, names = [0, 1], ["Early birds", "Night owls"]
    posts = make_posts(120) if posts is None else posts
    posts = posts.assign(segment=[number % 2 for number in range(len(posts))])
    segments = pd.DataFrame(
        {
            "segment": ids, "name": names, "authors": [30, 30], "share": 0.5, "share_low": 0.4, "share_high": 0.6, "posts": [60, 60],
            "posts_per_author": 2.0, "strength": 0.8, "langs": [["en"], ["en"]], "best_times": ["Monday 8:00", "Monday 22:00"], "rule": None,
            "rule_precision": None, "rule_recall": None, "status": "new", "name_before": None, "authors_before": None, "stayed": None,
            "came": None, "left": None, "arrived": None, "gone": None,
        }
    )  # fmt: skip
    traits = pd.DataFrame(
        {
            "segment": ids, "rank": 1, "feature": "hour", "trait": "posts early", "effect": [1.0, -1.0], "effect_low": [0.5, -1.5],
            "effect_high": [1.5, -0.5], "value": 8.0, "value_rest": 20.0, "unit": "hour",
        }
    )  # fmt: skip
    interests = pd.DataFrame(
        {
            "segment": ids, "kind": "term", "rank": 1, "term": ["tea", "beer"], "authors": 10, "share": 0.3, "share_low": 0.2,
            "share_high": 0.4, "share_rest": 0.1, "times": 3.0, "z": 4.0,
        }
    )  # fmt: skip
    hours = [(one, day, hour) for one in ids for day in range(7) for hour in range(24)]
    times = pd.DataFrame(
        {
            "segment": [one for one, _, _ in hours], "weekday": [day for _, day, _ in hours], "hour": [hour for _, _, hour in hours],
            "posts": 1, "share": 1 / 168,
        }
    )  # fmt: skip
    places = pd.DataFrame(
        {
            "point": range(60),
            "segment": [number % 2 for number in range(60)],
            "x": [float(number % 2) for number in range(60)],
            "y": [number / 60 for number in range(60)],
        }
    )
    reading = posts.head(6).assign(rank=[1, 1, 2, 2, 3, 3])
    tables = {
        "segments": segments, "traits": traits, "interests": interests, "times": times, "places": places, "reading": reading,
        "by_sentiment": estimate_sentiment(posts, by=["segment"]),
    } | ({} if older else {"posts": posts, **_audience_trust()})  # fmt: skip
    folder = reports / "audience" / run_id
    write_tables(folder, "audience", tables, row_group=row_group)
    write_manifest(folder, "audience", {"brand": "aurora", "source": "", "timezone": "UTC"})
    return folder
