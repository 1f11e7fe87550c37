"""``reports/index.html``: all runs, newest first, derived from their manifests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock
from markupsafe import Markup

from murmuration.reports.manifest import describe_maker, describe_period, list_runs
from murmuration.reports.page import put_text, resource, script_hash, templates

INDEX = "index.html"
SCHEDULE_PAGE = "schedule.html"


def write_index(reports: Path) -> Path:
    """Write the list of all runs; a reader sees the old one or the new one, never half of it.

    Of two runs that end together the second one waits, or the first could put back a list without it.
    """
    with FileLock(reports / f".{INDEX}.lock"):
        return _write_index(reports)


def _write_index(reports: Path) -> Path:
    script = resource("index.js")
    rows = [_row(run.folder, run.manifest, reports) for run in list_runs(reports)]
    policy = (
        f"default-src 'none'; script-src 'sha256-{script_hash(script)}'; style-src 'unsafe-inline'; "
        "form-action 'none'; base-uri 'none'"
    )
    text = (
        templates()
        .get_template("index.html.j2")
        .render(
            runs=rows,
            css=Markup(resource("report.css")),
            script=Markup(script),
            policy=policy,
            schedules=SCHEDULE_PAGE if (reports / SCHEDULE_PAGE).is_file() else "",
        )
    )
    return put_text(reports / INDEX, text)


def _row(folder: Path, manifest: Mapping[str, Any], reports: Path) -> dict[str, Any]:
    error = manifest.get("error") or {}
    return {
        "link": (folder / "report.html").relative_to(reports).as_posix(),
        "folder": folder.relative_to(reports).as_posix(),
        "report": manifest.get("report", folder.parent.name),
        "run_id": manifest.get("run_id", folder.name),
        "status": manifest.get("status", "unknown"),
        "started_at": str(manifest.get("started_at", ""))
        .replace("T", " ")
        .replace("+00:00", " UTC"),
        "seconds": manifest.get("seconds"),
        "maker": describe_maker(manifest),
        "period": describe_period(manifest),
        "parameters": {
            name: manifest.get("parameters", {}).get(name) for name in manifest.get("given", [])
        },
        "sentence": error.get("sentence") or next(iter(manifest.get("answer", [])), ""),
    }
