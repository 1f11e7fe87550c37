"""Receipts of imports: written inside the commit that brings the posts, copied into `imports` after.

So posts and their receipt cannot disagree, and a kill between the two commits loses nothing: whoever
comes next copies what is missing.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from murmuration.schema import IMPORTS
from murmuration.store.delta import Commit, Store

RECEIPT = "murmuration_receipt"


def pack_receipt(values: Mapping[str, Any]) -> dict[str, str]:
    """Give a receipt as facts for a commit."""
    return {RECEIPT: json.dumps(values, default=lambda value: value.isoformat())}


def add_missing_receipts(store: Store, *, whole_log: bool = False) -> int:
    """Copy receipts that only the log of `posts` has into `imports`; say how many.

    The log is read from the newest known receipt on, unless all of it is asked for.
    """
    there = store.read("imports").select(["import_id", "posts_version"])
    posts = store.open("posts")
    known = set(there["import_id"].to_pylist())
    seen = 0 if whole_log else pc.max(there["posts_version"]).as_py() or 0
    missing = [
        row for row in read_receipts(store, posts, after=seen) if row["import_id"] not in known
    ]
    if missing:
        store.append("imports", pa.Table.from_pylist(missing, schema=IMPORTS.arrow))
    return len(missing)


def read_receipts(store: Store, posts: DeltaTable, *, after: int = 0) -> list[dict[str, Any]]:
    """Give the receipts in the log of `posts`, of versions above `after`, oldest first."""
    commits = store.commits(posts, after=after)
    return [_unpack(commit) for commit in commits if RECEIPT in commit.facts]


def _unpack(commit: Commit) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(commit.facts[RECEIPT])
    values["observed_at"] = datetime.fromisoformat(values["observed_at"])
    values["imported_at"] = commit.at
    values["posts_version"] = commit.version
    values["mapping"] = [tuple(pair) for pair in values["mapping"]]
    return values
