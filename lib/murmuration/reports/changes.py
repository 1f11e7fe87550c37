"""What changed since the run before, beside each scheduled run: ``changes.html`` and ``changes.json`` in its folder.

Both follow from two runs and can be made again, so they are no artefacts of the manifest. They are made after the run
is there, by a process of its own: nobody waits for them, and the scheduler reads no posts.
"""

import json
import sys
from pathlib import Path
from typing import Any

from markupsafe import Markup

from murmuration.errors import MurmurationError, ReportError
from murmuration.reports.manifest import RunResult, load_run
from murmuration.reports.page import put_text, resource, templates

PAGE, FACTS = "changes.html", "changes.json"


def find_previous(run: RunResult) -> RunResult:
    """Give the run of the same schedule before a run.

    Raises
    ------
    ReportError
        If there was none, or it is gone.
    """
    name = run.manifest.get("previous")
    if not name:
        raise ReportError(f"{run.folder.name} has no run before it that it could be compared with.")
    try:
        return load_run(run.folder.parent / str(name))
    except ReportError as err:
        raise ReportError(f"The run before, {name}, is gone; nothing can be compared.") from err


def write_changes(run: RunResult) -> Path:
    """Compare a run with the one before, and write page and JSON into its folder; give the path of the JSON.

    What cannot be compared is said there too.
    """
    # Only here: what reads posts takes 110 MB, and a daemon only asks for names and problems.
    from murmuration.reports.compare import compare_runs, render_comparison

    try:
        comparison = compare_runs(find_previous(run), run)
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
