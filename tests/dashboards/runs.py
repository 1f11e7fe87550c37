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
        "terms": find_terms_by_side(posts),
        "by_language": estimate_sentiment(posts, by=["lang"]),
        "coverage": count_coverage(posts, searched=len(posts), quarantined=0),
        "posts": posts,
    }
    folder = reports / "brand_health" / run_id
    write_tables(folder, "brand_health", tables)
    pinned = {
        "brands": {
            key: {"key": key, "name": one} for key, one in ((brand, name), ("rival", "Rival"))
        }
    }
    parameters = {"brand": brand, "source": "", "timezone": "UTC"}
    write_manifest(folder, "brand_health", parameters, pinned=pinned, status=status)
    (folder / "report.html").write_text(
        f"<!DOCTYPE html><title>{run_id}</title><h1>The report</h1>"
    )
    return folder


def write_tables(folder: Path, report: str, tables: dict[str, pd.DataFrame]) -> None:
    """Write result tables as a run does."""
    (folder / "tables").mkdir(parents=True)
    for declared in RESULTS[report]:
        if declared.name in tables:
            table = tables[declared.name]
            rows = pa.Table.from_pandas(
                table[declared.names], schema=declared.arrow, preserve_index=False
            ).sort_by([(key, "ascending") for key in declared.key])
            pq.write_table(rows, folder / "tables" / f"{declared.name}.parquet", row_group_size=64)


def write_manifest(folder: Path, report: str, parameters: dict, **more: object) -> None:
    """Write the manifest of a run."""
    facts = {
        "format": 1, "report": report, "run_id": folder.name, "parameters": parameters, "status": "succeeded", "error": None,
        "given": [], "started_at": "2026-03-02T06:00:00+00:00", "seconds": 1.0, "answer": ["First.", "Second.", "Third.", "Fourth."],
        "period": {"since": SINCE.isoformat(), "until": (SINCE + timedelta(days=DAYS)).isoformat(), "timezone": "UTC"},
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(facts | more), encoding="utf-8")
