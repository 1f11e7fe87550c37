"""Receipts of imports: written inside the commit that brings the posts, copied into `imports` after.

So posts and their receipt cannot disagree, and a kill between the two commits loses nothing: whoever
comes next copies what is missing.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from murmuration.schema import IMPORTS
from murmuration.store.delta import Store

RECEIPT = "murmuration_receipt"


def pack_receipt(values: Mapping[str, Any]) -> dict[str, str]:
    """Give a receipt as facts for a commit."""
    return {RECEIPT: json.dumps(values, default=lambda value: value.isoformat())}


def add_missing_receipts(store: Store) -> int:
    """Copy receipts that only the log of `posts` has into `imports`; say how many."""
    there = store.read("imports").select(["import_id", "posts_version"])
    posts = store.open("posts")
    known = set(there["import_id"].to_pylist())
    seen = pc.max(there["posts_version"]).as_py() or 0
    missing = [row for row in read_receipts(posts, after=seen) if row["import_id"] not in known]
    if missing:
        store.append("imports", pa.Table.from_pylist(missing, schema=IMPORTS.arrow))
    return len(missing)


def read_receipts(posts: DeltaTable, *, after: int = 0) -> list[dict[str, Any]]:
    """Give the receipts in the log of `posts`, of versions above `after`, oldest first."""
    commits = posts.history(max(1, posts.version() - after))
    rows = [
        _unpack(commit) for commit in commits if RECEIPT in commit and commit["version"] > after
    ]
    return rows[::-1]


def _unpack(commit: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(commit[RECEIPT])
    values["observed_at"] = datetime.fromisoformat(values["observed_at"])
    values["imported_at"] = datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
    values["posts_version"] = commit["version"]
    values["mapping"] = [tuple(pair) for pair in values["mapping"]]
    return values
