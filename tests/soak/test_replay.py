"""A brand_health run is replayed equal after much has come in, was edited, deleted and folded."""

import gzip
import json
import os
import subprocess
import sys

import pytest

from murmuration.reports import load_run

from ..browser.conftest import Workspace

pytestmark = pytest.mark.soak

VIEW = {"source": "sample", "brand": "aurora", "since": "2026-02-02", "until": "2026-03-02"}


DELETE = """
import json, sys
from murmuration.store import open_store
from murmuration.store.tombstones import bury
ids = json.load(sys.stdin)
bury(open_store(), "post", "sample", ids, reason="deleted", alive=ids)
"""


def bury_posts(folder, ids):
    """Put posts among those that their platform deleted."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("MURMURATION_")
    }
    command = [sys.executable, "-c", DELETE]
    subprocess.run(command, cwd=folder, env=clean, input=json.dumps(ids), text=True, check=True)


def test_brand_health_is_equal_after_50_000_posts_edits_deletions_and_a_compaction(tmp_path):
    from murmuration.sample import write_posts

    workspace = Workspace(tmp_path)
    first = write_posts(workspace.root / "first.jsonl.gz", 60_000)
    workspace.run("import", str(first), "--source", "sample")
    run = load_run(workspace.report("brand_health", **VIEW))

    with gzip.open(first, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.startswith("{") and line.endswith("}\n")]
    rows = [row for row in rows if isinstance(row.get("post_id"), str)]
    edited = [row | {"text": f"{row.get('text')} awful"} for row in rows[::60]]
    more = [row | {"post_id": f"n{row['post_id']}"} for row in rows[:50_000]]
    second = workspace.root / "second.jsonl"
    second.write_text("".join(json.dumps(row) + "\n" for row in [*edited, *more]), encoding="utf-8")
    workspace.run("import", str(second), "--source", "sample")
    bury_posts(workspace.root, [row["post_id"] for row in rows[7::100]])
    workspace.run("compact", "--keep-days", "1")

    # The workspace of this test is not under git.
    done = json.loads(workspace.run("replay", run.folder.name, "--code", "current", "--json"))
    assert done["verdict"] == "equal", done["sentence"]
    assert all(table["equal"] for table in done["tables"])
    later = load_run(workspace.report("brand_health", **VIEW))
    compared = json.loads(workspace.run("compare", run.folder.name, later.folder.name, "--json"))
    assert compared["data"]["late"] > 0
    assert compared["data"]["gone"] > 0
    assert compared["data"]["edited"] > 0
