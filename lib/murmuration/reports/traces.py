"""Which kept runs hold posts that were erased from the store."""

import shutil
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from murmuration.reports.index import write_index
from murmuration.reports.manifest import RunResult, list_runs


def runs_that_hold(
    reports: Path,
    *,
    source: str,
    post_id: str | None,
    author_keys: Collection[str | None],
    running: Collection[str] = (),
) -> list[Path]:
    """Give the folders of runs that hold a post or an author of a source.

    Those are the runs whose result tables name it; and as nothing says what they have shown, also runs
    that did not succeed, unless they read another source, and folders of runs that were killed. Those of runs in
    progress, `running`, are left out: what they will hold is known when they have ended.
    """
    wanted = {
        "post_id": [post_id] if post_id else [],
        "author_key": sorted(key for key in author_keys if key),
    }
    runs = {run.folder: run for run in list_runs(reports)}
    killed = [
        path.parent
        for path in sorted(reports.glob("*/*/notebook.ipynb"))
        if path.parent not in runs and path.parent.name not in running
    ]
    return killed + [
        folder
        for folder, run in runs.items()
        if _may_have_shown(run, source) or _holds(folder, source, wanted)
    ]


def _may_have_shown(run: RunResult, source: str) -> bool:
    read = run.manifest.get("parameters", {}).get("source") or source
    return run.status != "succeeded" and read == source


def _holds(folder: Path, source: str, wanted: dict[str, list[str]]) -> bool:
    for path in sorted((folder / "tables").glob("*.parquet")):
        table = pq.read_table(path)
        if "source" in table.column_names:
            table = table.filter(pc.equal(table["source"], source))
        for column, values in wanted.items():
            there = column in table.column_names and values
            if there and pc.any(pc.is_in(table[column], pa.array(values))).as_py():
                return True
    return False


def remove_runs(reports: Path, folders: Collection[Path]) -> None:
    """Remove runs with all their files, and take them off the index."""
    for folder in folders:
        shutil.rmtree(folder)
    write_index(reports)
