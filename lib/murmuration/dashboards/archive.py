"""The runs that a person may see, newest first."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from murmuration.dashboards.access import Access
from murmuration.errors import ReportError, UnknownNameError
from murmuration.reports.manifest import MANIFEST, RunResult, load_run

NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")  # of reports and runs; so no path can be smuggled in
_KINDS = {
    "parameters": dict,
    "pinned": dict,
    "answer": list,
    "alerts": list,
}  # of what pages read in a manifest

Subject = tuple[
    str, str
]  # key of the brand, and source; nothing stands for all posts, and all sources

# What is said of a run that is not there and of one that is not for this person is the same.
_REFUSAL = (
    "There is no such run, or it is not yours to see. Choose another one, or ask whoever runs these "
    "dashboards for access."
)


def walk_runs(reports: Path, report: str = "") -> Iterator[RunResult]:
    """Give runs one by one, newest first by their ids; folders without a readable manifest are no runs."""
    pattern = f"{report or '*'}/*/{MANIFEST}"
    for path in sorted(reports.glob(pattern), key=lambda one: one.parent.name, reverse=True):
        if run := _load(path):
            yield run


def _load(path: Path) -> RunResult | None:
    """Read a manifest; what is not whole, or says nothing of a run, is no run."""
    try:
        run = load_run(path.parent)
    except ReportError:
        return None
    said: object = run.manifest
    if not isinstance(said, Mapping) or not {"report", "status"} <= said.keys():
        return None
    whole = all(isinstance(said.get(name, kind()), kind) for name, kind in _KINDS.items())
    return run if whole else None


def list_visible(
    reports: Path, access: Access, *, report: str = "", most: int | None = None
) -> list[RunResult]:
    """Give the runs that a person may see, failed ones too."""
    found = []
    for run in walk_runs(reports, report):
        if is_visible(run, access):
            found.append(run)
        if most is not None and len(found) == most:
            break
    return found


def newest_of_each(
    reports: Path, access: Access, *, report: str = "", succeeded: bool = True
) -> list[RunResult]:
    """Give the newest run of each report, brand and source that a person may see, however many are newer of others.

    Parameters
    ----------
    reports
        The folder of runs.
    access
        Of the person.
    report
        Only of this one.
    succeeded
        Only successful runs count.
    """
    newest: dict[tuple[str, Subject], RunResult] = {}
    for run in walk_runs(reports, report):
        key = (str(run.manifest["report"]), subject_of(run))
        counts = run.status == "succeeded" or not succeeded
        if counts and key not in newest and is_visible(run, access):
            newest[key] = run
    return list(newest.values())


def brand_key(run: RunResult) -> str:
    """Give the key of the brand that a run is about; nothing for all posts."""
    return str(run.manifest.get("parameters", {}).get("brand", ""))


def source_key(run: RunResult) -> str:
    """Give the source whose posts a run read; nothing for all of them."""
    return str(run.manifest.get("parameters", {}).get("source") or "")


def subject_of(run: RunResult) -> Subject:
    """Give what a run is about: key of the brand, and source."""
    return brand_key(run), source_key(run)


def is_visible(run: RunResult, access: Access) -> bool:
    """Whether a person may see a run."""
    return access.may_see(str(run.manifest["report"]), run.manifest.get("parameters", {}))


def find_newest(
    reports: Path,
    access: Access,
    report: str,
    *,
    wanted: Callable[[RunResult], bool] = lambda run: True,
) -> RunResult | None:
    """Give the newest successful run of a report that a person may see."""
    for run in walk_runs(reports, report):
        if run.status == "succeeded" and is_visible(run, access) and wanted(run):
            return run
    return None


def open_run(reports: Path, access: Access, run_id: str, *, report: str = "") -> RunResult:
    """Give the run of an id.

    Raises
    ------
    UnknownNameError
        If there is none, or the person may not see it; the sentence does not tell which.
    """
    if not NAME.fullmatch(run_id) or (report and not NAME.fullmatch(report)):
        raise UnknownNameError(_REFUSAL)
    for path in reports.glob(f"{report or '*'}/{run_id}/{MANIFEST}"):
        run = _load(path)
        if run and is_visible(run, access):
            return run
    raise UnknownNameError(_REFUSAL)


def subjects_seen(runs: list[RunResult]) -> dict[Subject, str]:
    """Give what runs are about and how it is called, newest run first."""
    found: dict[Subject, str] = {}
    for run in runs:
        found.setdefault(subject_of(run), name_subject(run))
    return found


def name_subject(run: RunResult) -> str:
    """Say what a run is about: the brand, and whose posts it read unless it read those of all sources."""
    key, source = subject_of(run)
    brand = run.manifest.get("pinned", {}).get("brands", {}).get(key) or {}
    name = str(brand.get("name", key))
    if not key:
        return f"all posts of {source}" if source else "all posts"
    return f"{name}, posts of {source}" if source else name


def describe_run(run: RunResult) -> dict[str, str]:
    """Give what a list says of a run."""
    manifest = run.manifest
    error = manifest.get("error") or {}
    return {
        "report": str(manifest.get("report", run.folder.parent.name)),
        "run_id": run.folder.name,
        "status": str(manifest.get("status", "unknown")),
        "about": name_subject(run),
        "started_at": str(manifest.get("started_at", ""))[:16].replace("T", " "),
        "sentence": str(error.get("sentence") or next(iter(manifest.get("answer", [])), "")),
    }
