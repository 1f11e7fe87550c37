"""What changed since the run before, beside each scheduled run: ``changes.html`` and ``changes.json`` in its folder.

Both follow from two runs and can be made again, so they are no artefacts of the manifest. They are made after the run
is there, by a process of its own: nobody waits for them, and the scheduler reads no posts.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from murmuration.errors import MurmurationError, ReportError
from murmuration.reports.manifest import MANIFEST, RunResult, load_run
from murmuration.reports.page import put_text, resource, templates

PAGE, FACTS = "changes.html", "changes.json"


def find_previous(run: RunResult) -> RunResult:
    """Give the run of the same schedule before a run.

    That is the one that succeeded for the last logical time before its own, with the same parameters, whenever it was
    made: a backfill may have made it later. Where none has the same parameters, it is the one that the scheduler named.

    Raises
    ------
    ReportError
        If there is none, or the only one known is gone.
    """
    before = _same_before(run)
    if before:
        return max(before, key=lambda one: (_at(one), one.manifest.get("started_at", "")))
    return find_named(run)


def find_named(run: RunResult) -> RunResult:
    """Give the run before a run that the scheduler named when it began; for those that were just made.

    Raises
    ------
    ReportError
        If it named none, or that is gone.
    """
    name = run.manifest.get("previous")
    if not name:
        raise ReportError(f"{run.folder.name} has no run before it that it could be compared with.")
    known = _load(run.folder.parent / str(name))
    if known is None:
        raise ReportError(f"The run before, {name}, is gone; nothing can be compared.")
    return known


def _same_before(run: RunResult) -> list[RunResult]:
    """Give the runs of a run's schedule that succeeded for earlier times, with its parameters."""
    if not run.manifest.get("schedule"):
        return []
    found = [_load(path.parent) for path in run.folder.parent.glob(f"*/{MANIFEST}")]
    same = ("schedule", "parameters")
    return [
        one
        for one in found
        if one is not None
        and all(one.manifest.get(name) == run.manifest.get(name) for name in same)
        and one.status == "succeeded"
        and _at(one) < _at(run)
    ]


def _load(folder: Path) -> RunResult | None:
    try:
        return load_run(folder)
    except ReportError:
        return None


def _at(run: RunResult) -> datetime:
    return datetime.fromisoformat(run.manifest["at"])


def write_changes(run: RunResult) -> Path:
    """Compare a run with the one before, and write page and JSON into its folder; give the path of the JSON.

    What cannot be compared is said there too.
    """
    # Only here: what reads posts takes 110 MB, and a daemon only asks for names and problems.
    from murmuration.reports.compare import compare_runs, render_comparison

    try:
        comparison = compare_runs(find_named(run), run)
        page = render_comparison(comparison, up="..")
    except MurmurationError as err:
        return write_problem(run, str(err))
    return _put(run, page, comparison.as_facts())


def write_problem(run: RunResult, problem: str) -> Path:
    """Say where the changes of a run would stand why they cannot be told; give the path of the JSON."""
    return _put(run, _render_problem(run, problem), {"problem": problem})


def _put(run: RunResult, page: str, facts: dict[str, Any]) -> Path:
    put_text(run.folder / PAGE, page)
    return put_text(run.folder / FACTS, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def _render_problem(run: RunResult, problem: str) -> str:
    css = Markup(resource("report.css"))  # noqa: S704  our own
    page = templates().get_template("unchanged.html.j2")
    return page.render(report=run.manifest["report"], problem=problem, css=css)


def main() -> int:
    """Write the changes of the run in the folder that is named."""
    write_changes(load_run(Path(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
