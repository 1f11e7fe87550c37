"""The same run again: its code, its inputs, its parameters; and whether the same tables come out."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow.compute as pc

from murmuration.catalog import load_catalog
from murmuration.errors import ParamError, ReportError, suggest
from murmuration.reports.context import REPLAY, Context
from murmuration.reports.manifest import RunResult
from murmuration.reports.parameters import check_parameters, read_parameters
from murmuration.reports.pins import MODELS, NAMED, PINNED, pin_inputs
from murmuration.reports.provenance import describe_code, name_changed
from murmuration.reports.runner import (
    DEADLINE_SECONDS,
    OnProgress,
    execute,
    new_run_id,
    report_path,
)
from murmuration.reports.tables import TableChange, compare_tables
from murmuration.settings import Settings, get_settings
from murmuration.store.delta import list_sources, open_store

Code = Literal["recorded", "current"]
Verdict = Literal["equal", "different", "erased", "failed"]

_GIT_SECONDS = 300
_WAY_OUT = "`--code current` replays it with today's code, which shows what that changes."


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A run that was replayed.

    Attributes
    ----------
    original, result
        The run, and the same run again.
    verdict
        ``equal``: every result table is; ``different``; ``erased``: different, and posts that it may have read were
        forgotten since; ``failed``: it did not come to its end.
    tables
        One entry a result table.
    erased
        Sources in which posts or authors were forgotten since.
    """

    original: RunResult
    result: RunResult
    verdict: Verdict
    tables: tuple[TableChange, ...]
    erased: tuple[str, ...]

    def as_facts(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return {
            "run": self.original.folder.name,
            "replay": self.result.folder.name,
            "folder": str(self.result.folder),
            "verdict": self.verdict,
            "sentence": self.describe(),
            "erased": list(self.erased),
            "tables": [asdict(table) for table in self.tables],
        }

    def describe(self) -> str:
        """Say in a sentence how it went."""
        same = sum(table.equal for table in self.tables)
        counted = f"{same} of {len(self.tables)} result tables are equal"
        if self.verdict == "failed":
            error = self.result.manifest["error"] or self.original.manifest["error"] or {}
            return f"Not replayed to its end: {error.get('sentence', 'it gave no reason')}"
        if self.verdict == "erased":
            return (
                f"Not equal, and cannot be: posts or authors of {', '.join(self.erased)} were forgotten since, and "
                f"they are gone for good. {counted}."
            )
        return f"{'Equal' if self.verdict == 'equal' else 'Different'}: {counted}."


def read_code(text: str) -> Code:
    """Read which code a replay is to run."""
    for code in get_args(Code):
        if text == code:
            return code  # type: ignore[no-any-return]
    raise ParamError(f"code cannot be {text!r}.{suggest(text, get_args(Code))}")


def replay_run(
    run: RunResult,
    *,
    code: Code = "recorded",
    deadline_seconds: float = DEADLINE_SECONDS,
    on_progress: OnProgress = lambda progress: None,
) -> Replay:
    """Run a run again on what it was pinned to, and compare what comes out.

    Parameters
    ----------
    run
        From `find_run` or `load_run`.
    code
        ``recorded``: the commit that it ran, in a git worktree of its own; ``current``: the code as it is here.
    deadline_seconds
        After so long it is ended.
    on_progress
        Told about every cell and step.

    Returns
    -------
    Replay
        With a run of its own, whose manifest names this one as ``replay_of``.

    Raises
    ------
    ReportError
        If it is not known what the run read, or its code cannot be had: its commit was changed when it ran, is
        not here, or wants other packages.
    """
    settings = get_settings()
    pinned = _read_pins(run)
    if code == "current":
        result = _execute(
            run, settings, settings.root, _fill(pinned, settings), deadline_seconds, on_progress
        )
    else:
        with _checked_out(run, settings) as root:
            result = _execute(run, settings, root, pinned, deadline_seconds, on_progress)
    return _judge(run, result, pinned)


def _read_pins(run: RunResult) -> dict[str, Any]:
    pinned = run.manifest.get("pinned")
    if not pinned or "posts" not in pinned.get("tables", {}):
        raise ReportError(
            f"The manifest of {run.folder.name} does not say what it read, so it cannot be replayed."
        )
    known: dict[str, Any] = {what: pinned.get(what, {}) for what in PINNED}
    # Runs of before kept those that the report named by itself among them, by name only.
    for what in MODELS:
        known[what] = {name: pin for name, pin in known[what].items() if "digest" in pin}
    moment = pinned.get("moment", run.manifest["started_at"])
    known[NAMED] = pinned.get(NAMED, {})
    return known | {"moment": moment, "tables": pinned["tables"], REPLAY: run.folder.name}


def _fill(pinned: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Add what today's code may ask for and the run did not use."""
    today = pin_inputs(settings.catalog)
    filled = {
        what: today[what] | pinned[what] for what in ("brands", "sources", "policies", "lexicons")
    }
    return {**pinned, **filled}


def _execute(
    run: RunResult,
    settings: Settings,
    root: Path,
    pinned: Mapping[str, Any],
    deadline_seconds: float,
    on_progress: OnProgress,
) -> RunResult:
    manifest, run_id = run.manifest, new_run_id()
    name, at = str(manifest["report"]), datetime.fromisoformat(manifest["at"])
    notebook = report_path(root, name)
    values = manifest["parameters"]
    if root == settings.root:  # another notebook than then may take other parameters
        values = check_parameters(
            read_parameters(notebook),
            {name: values[name] for name in manifest["given"]},
            catalog=load_catalog(settings.catalog),
            sources=lambda: list_sources(open_store(settings), pinned["tables"]["posts"]),
            at=at,
        )
    context = Context(
        run_id=run_id,
        report=name,
        folder=settings.reports / name / run_id,
        journal=settings.state / "runs" / f"{run_id}.jsonl",
        notebook=notebook,
        at=at,
        parameters=values,
        given=tuple(manifest["given"]),
        pinned=pinned,
    )
    return execute(
        context, settings, code=root, facts={"replay_of": run.folder.name},
        deadline_seconds=deadline_seconds, on_progress=on_progress,
    )  # fmt: skip


@contextmanager
def _checked_out(run: RunResult, settings: Settings) -> Iterator[Path]:
    """Give a folder with the code that a run ran."""
    then = run.manifest["code"]
    now = describe_code(settings.root, str(run.manifest["report"]))
    name = run.folder.name
    if not then.get("commit"):
        raise ReportError(f"{name} did not run from a git commit. {_WAY_OUT}")
    if then.get("dirty"):
        files = name_changed(then)
        raise ReportError(
            f"{name} ran code that was changed after its commit {then['commit'][:12]}{f' ({files})' if files else ''}, and "
            f"nobody kept the changes. {_WAY_OUT}"
        )
    if then.get("lock_sha256") != now["lock_sha256"]:
        raise ReportError(
            f"{name} ran with other packages: its requirements.lock is that of commit {then['commit'][:12]}. Check that "
            f"commit out beside this one and replay it there, or: {_WAY_OUT}"
        )
    if then["commit"] == now["commit"] and not now["dirty"]:
        yield settings.root
        return
    folder = settings.state / "worktrees"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        root = Path(place) / "code"
        _git(settings.root, "worktree", "prune")
        _git(settings.root, "worktree", "add", "--detach", str(root), then["commit"])
        try:
            yield root
        finally:
            _git(settings.root, "worktree", "remove", "--force", str(root))


def _git(root: Path, *words: str) -> None:
    try:
        subprocess.run(  # noqa: S603
            ["git", "-C", str(root), *words],  # noqa: S607  whichever git the user has
            capture_output=True, text=True, check=True, timeout=_GIT_SECONDS,
        )  # fmt: skip
    except subprocess.CalledProcessError as err:
        said = err.stderr.strip().splitlines()
        reason = said[-1].removeprefix("fatal: ") if said else "it gave no reason"
        raise ReportError(f"git cannot give the code of that run: {reason}. {_WAY_OUT}") from err
    except (OSError, subprocess.SubprocessError) as err:
        raise ReportError(f"git cannot give the code of that run: {err}. {_WAY_OUT}") from err


def _judge(run: RunResult, result: RunResult, pinned: Mapping[str, Any]) -> Replay:
    tables, erased = tuple(compare_tables(run, result)), tuple(_erased_since(run, pinned))
    verdict: Verdict
    if "succeeded" not in (run.status, result.status) or run.status != result.status:
        verdict = "failed"
    elif all(table.equal for table in tables) and _rows(run) == _rows(result):
        verdict = "equal"
    else:
        verdict = "erased" if erased else "different"
    return Replay(original=run, result=result, verdict=verdict, tables=tables, erased=erased)


def _rows(run: RunResult) -> list[tuple[object, ...]]:
    """What went into each step and came out of it."""
    return [(step["name"], step["rows_in"], step["rows_out"]) for step in run.manifest["steps"]]


def _erased_since(run: RunResult, pinned: Mapping[str, Any]) -> list[str]:
    """Sources that the run read and in which something was forgotten since."""
    rows = open_store().read("tombstones")
    since = datetime.fromisoformat(pinned["moment"]).astimezone(UTC)
    later = rows.filter(
        pc.and_(pc.equal(rows["reason"], "forgotten"), pc.greater(rows["at"], since))
    )
    own = run.manifest["parameters"].get("source")
    return sorted({name for name in later["source"].to_pylist() if not own or name == own})
