"""A brand_health run is replayed equal after much has come in, was edited, deleted and folded."""

import gzip
import json
import os
import shutil
import subprocess
import sys

import pytest

from murmuration.reports import load_run

from ..browser.conftest import Workspace
from ..conftest import ROOT

pytestmark = pytest.mark.soak

VIEW = {"source": "sample", "brand": "aurora", "since": "2026-02-02", "until": "2026-03-02"}


DELETE = """
import json, sys
from murmuration.store import open_store
from murmuration.store.tombstones import bury
ids = json.load(sys.stdin)
bury(open_store(), "post", "sample", ids, reason="deleted", alive=ids)
"""


# Also what was replaced just now, which `compact` leaves for a day.
VACUUM = """
from murmuration.reports.manifest import pinned_versions
from murmuration.settings import get_settings
from murmuration.store import open_store
from murmuration.store.upkeep import vacuum
names = ("posts", "imports", "quarantine", "tombstones", "labels")
pinned = {name: pinned_versions(get_settings().reports, name) for name in names}
print(vacuum(open_store(), pinned, keep_days=0))
"""


def run_in(folder, code, given=None):
    """Run Python in a workspace; give what it printed."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("MURMURATION_")
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=clean, input=json.dumps(given), text=True,
        check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return json.loads(done.stdout or "0")


def put_under_git(folder):
    """Commit the workspace with the library: what a replay of the recorded code checks out."""
    shutil.copytree(ROOT / "lib", folder / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", folder)
    (folder / ".gitignore").write_text(
        "/data/\n/reports/\n/.murmuration/\n__pycache__/\n/*.jsonl*\n"
    )
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "a state")


def git(folder, *words):
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True)


def test_brand_health_is_equal_after_50_000_posts_edits_deletions_and_a_compaction(tmp_path):
    from murmuration.sample import write_posts

    workspace = Workspace(tmp_path)
    put_under_git(workspace.root)
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
    run_in(workspace.root, DELETE, [row["post_id"] for row in rows[7::100]])
    workspace.run("compact", "--keep-days", "1")
    assert run_in(workspace.root, VACUUM) > 0
    git(workspace.root, "commit", "-q", "--allow-empty", "-m", "later")  # so that it is checked out

    done = json.loads(workspace.run("replay", run.folder.name, "--json"))
    assert done["verdict"] == "equal", done["sentence"]
    assert all(table["equal"] for table in done["tables"])
    later = load_run(workspace.report("brand_health", **VIEW))
    compared = json.loads(workspace.run("compare", run.folder.name, later.folder.name, "--json"))
    assert compared["data"]["late"] > 0
    assert compared["data"]["gone"] > 0
    assert compared["data"]["edited"] > 0
