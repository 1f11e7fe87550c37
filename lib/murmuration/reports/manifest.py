"""Manifests: what a run read, did and made. A run exists if and only if its manifest does."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from murmuration.errors import ReportError, UnknownNameError, suggest

MANIFEST = "manifest.json"
_STAGED = f".{MANIFEST}.staged"
FORMAT = 1  # raised when a reader of old manifests would go wrong

Status = Literal["succeeded", "failed", "timed out", "interrupted"]


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run.

    Attributes
    ----------
    folder
        Where it lies.
    manifest
        What `manifest.json` says.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def status(self) -> Status:
        """How it ended."""
        status: Status = self.manifest["status"]
        return status

    @property
    def page(self) -> Path:
        """The report as one HTML file."""
        return self.folder / "report.html"

    def table(self, name: str) -> pa.Table:
        """Read one of its result tables."""
        path = self.folder / "tables" / f"{name}.parquet"
        if not path.exists():
            there = [file.stem for file in sorted(path.parent.glob("*.parquet"))]
            raise UnknownNameError(
                f"The run {self.folder.name} has no table {name!r}.{suggest(name, there)}"
            )
        return pq.read_table(path)


def describe_maker(manifest: Mapping[str, Any]) -> str:
    """Say who asked for a run: a schedule and the time of its fire, a replay; nothing for a person."""
    if manifest.get("replay_of"):
        return f"replay of {manifest['replay_of']}"
    if not manifest.get("schedule"):
        return ""
    at = f"{datetime.fromisoformat(manifest['at']).astimezone(UTC):%Y-%m-%d %H:%M}Z"
    attempt = manifest.get("attempt", 1)
    return (
        f"schedule {manifest['schedule']} for {at}{f', attempt {attempt}' if attempt > 1 else ''}"
    )


def describe_period(manifest: Mapping[str, Any]) -> str:
    """Say which posts a run read, in its own zone: “2026-03-01 00:00 to 2026-03-08 00:00 UTC”; nothing where it does not say."""
    period = manifest.get("period")
    if not period:
        return ""
    zone = ZoneInfo(period.get("timezone", "UTC"))
    since, until = (
        f"{datetime.fromisoformat(period[end]).astimezone(zone):%Y-%m-%d %H:%M}" for end in ("since", "until")
    )  # fmt: skip
    return f"{since} to {until} {zone.key}"


def stage_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a run under another name: `show_run` makes it exist."""
    with (folder / _STAGED).open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def show_run(folder: Path) -> None:
    """Make a run exist, all at once; one that exists already stays as it is."""
    try:
        (folder / _STAGED).rename(folder / MANIFEST)
    except FileNotFoundError:
        if not (folder / MANIFEST).exists():
            raise


def is_decided(folder: Path) -> bool:
    """Tell whether a folder is a run, or holds all that it needs to be made one."""
    return any((folder / name).exists() for name in (MANIFEST, _STAGED))


def load_run(folder: Path) -> RunResult:
    """Read a run by its folder.

    Raises
    ------
    ReportError
        If there is no whole manifest.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise ReportError(f"{folder} is no run: it has no {MANIFEST}.") from err
    except (OSError, ValueError) as err:
        raise ReportError(f"{folder / MANIFEST} cannot be read: {err}.") from err
    return RunResult(folder, manifest)


def list_runs(reports: Path) -> list[RunResult]:
    """Give all runs, newest first; folders without a readable manifest are no runs."""
    found = []
    for path in sorted(reports.glob(f"*/*/{MANIFEST}")):
        try:
            found.append(load_run(path.parent))
        except ReportError:
            continue
    return sorted(
        found, key=lambda run: (run.manifest.get("started_at", ""), run.folder.name), reverse=True
    )


def find_run(reports: Path, run_id: str) -> RunResult:
    """Give a run by its id or by a beginning of it that only one run has."""
    runs = list_runs(reports)
    matches = [run for run in runs if run.folder.name == run_id] or [
        run for run in runs if run.folder.name.startswith(run_id)
    ]
    if len(matches) != 1:
        names = [run.folder.name for run in matches or runs]
        problem = "is the beginning of several runs" if matches else "is no run"
        raise UnknownNameError(f"{run_id!r} {problem}.{suggest(run_id, names)}")
    return matches[0]


def pinned_versions(reports: Path, table: str = "posts") -> list[int]:
    """Give the versions of a table that kept runs need for a replay, ascending."""
    pins = {
        run.manifest.get("pinned", {}).get("tables", {}).get(table) for run in list_runs(reports)
    }
    return sorted(version for version in pins if version is not None)


def hash_file(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_artefacts(folder: Path) -> list[dict[str, Any]]:
    """Give path, size and hash of every file of a run; for tables also the hash of their values."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            facts: dict[str, Any] = {
                "path": path.relative_to(folder).as_posix(),
                "bytes": path.stat().st_size,
                "sha256": hash_file(path),
            }
            if path.suffix == ".parquet":
                table = pq.read_table(path)
                facts |= {"rows": table.num_rows, "values_sha256": hash_values(table)}
            found.append(facts)
    return found


def hash_values(table: pa.Table) -> str:
    """Hash the names, types and values of a table, whatever file they came from.

    Two tables are equal when this is; the order of rows counts, chunks and metadata do not.
    """
    digest = hashlib.sha256(str(table.schema.remove_metadata()).encode())
    for batch in table.combine_chunks().to_batches(max_chunksize=4096):
        # repr of Python values is exact for floats and tells null from empty
        digest.update(repr(batch.to_pylist()).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
