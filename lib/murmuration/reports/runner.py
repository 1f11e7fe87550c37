"""One run of a report: checked, pinned, executed in a child process, published."""

import json
import logging
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from murmuration.catalog import load_catalog
from murmuration.errors import (
    ParamError,
    UnknownNameError,
    suggest,
)
from murmuration.reports.context import Context, mark_running, read_journal
from murmuration.reports.endings import Ending, explain_ending
from murmuration.reports.index import write_index
from murmuration.reports.manifest import (
    FORMAT,
    RunResult,
    Status,
    describe_artefacts,
    stage_manifest,
)
from murmuration.reports.memory import count_memory_kills
from murmuration.reports.page import write_page
from murmuration.reports.parameters import check_parameters, read_parameters
from murmuration.reports.pins import PINNED, pin_inputs
from murmuration.reports.provenance import describe_code
from murmuration.reports.publish import publish_run
from murmuration.reports.spares import Child, Spares, give_work, start_worker
from murmuration.reports.worker import end_descendants
from murmuration.settings import Settings, get_settings
from murmuration.store.delta import list_sources, open_store

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 3600.0
_LOOK_SECONDS = 0.2
# What a kernel said before it died stands above the traceback of its client.
_COMPLAINT_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is: cell of cells, the step it is at and its share done, seconds so far."""

    cell: int
    cells: int
    step: str
    seconds: float
    share: float | None = None
    dashboard: str | None = None


OnProgress = Callable[[RunProgress], None]


def new_run_id() -> str:
    """Give a name to a run: when it began, and four digits that tell it from others."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def report_path(root: Path, name: str) -> Path:
    """Give the notebook of a report in a workspace.

    Raises
    ------
    UnknownNameError
        If there is none of that name; says the nearest one.
    """
    folder = root / "notebooks" / "reports"
    there = {file.stem: file for file in folder.glob("*.ipynb")}
    if name not in there:
        raise UnknownNameError(f"There is no report {name!r} in {folder}.{suggest(name, there)}")
    return there[name]


def run_report(
    name: str,
    parameters: Mapping[str, object] | None = None,
    as_of: int | str | datetime | None = None,
    *,
    at: datetime | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
    on_progress: OnProgress = lambda progress: None,
) -> RunResult:
    """Run a report once.

    Parameters
    ----------
    name
        The report: a notebook in ``notebooks/reports/``.
    parameters
        Values by name; the notebook's defaults for the others.
    as_of
        State of the store: a version, or a time of a commit. The newest unless given.
    at
        The logical time, which stands for now.
    deadline_seconds
        After so long the run and all that it started are ended.
    on_progress
        Told about every cell and step.

    Returns
    -------
    RunResult
        Also for a run that failed: its folder holds the notebook as far as it came.

    Raises
    ------
    UnknownNameError, ParamError
        If the report or a parameter is not there or not allowed; then nothing was started.
    StoreError
        If there is no store, or no such state of it.
    """
    settings = get_settings()
    context = prepare_run(name, parameters or {}, settings, as_of=as_of, at=at)
    return execute(context, settings, deadline_seconds=deadline_seconds, on_progress=on_progress)


def prepare_run(
    name: str,
    parameters: Mapping[str, object],
    settings: Settings,
    *,
    as_of: int | str | datetime | None = None,
    at: datetime | None = None,
    schedule: str | None = None,
    attempt: int = 1,
) -> Context:
    """Check what a run is asked for, pin what it reads, and give it a name; nothing is started or written.

    Parameters
    ----------
    name, parameters, as_of, at
        As for `run_report`.
    settings
        Of this machine.
    schedule, attempt
        Who asks, for the manifest.

    Returns
    -------
    Context
        For `execute`.

    Raises
    ------
    UnknownNameError, ParamError, StoreError
        As `run_report` does.
    """
    at = at or datetime.now(UTC)
    if at.tzinfo is None:
        raise ParamError(f"at is {at.isoformat()}, but a time needs a zone, for instance +00:00.")
    notebook = report_path(settings.root, name)
    pinned = pin_inputs(settings.catalog, as_of)
    values = check_parameters(
        read_parameters(notebook),
        parameters,
        catalog=load_catalog(settings.catalog),
        sources=lambda: list_sources(open_store(settings), pinned["tables"]["posts"]),
        at=at,
    )
    run_id = new_run_id()
    return Context(
        run_id=run_id,
        report=name,
        folder=settings.reports / name / run_id,
        journal=settings.state / "runs" / f"{run_id}.jsonl",
        notebook=notebook,
        at=at,
        parameters=values,
        given=tuple(sorted(parameters)),
        pinned=pinned,
        schedule=schedule,
        attempt=attempt,
    )


def execute(
    context: Context,
    settings: Settings,
    *,
    code: Path | None = None,
    facts: Mapping[str, Any] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
    on_progress: OnProgress = lambda progress: None,
    stop: threading.Event | None = None,
    spares: Spares | None = None,
    may_show: Callable[[RunResult], bool] = lambda result: True,
) -> RunResult:
    """Execute a run whose inputs are pinned, and publish what it made.

    Parameters
    ----------
    context
        What it is to do.
    settings
        Of this workspace.
    code
        Folder of the code that it runs, if that is not this workspace.
    facts
        More for its manifest.
    deadline_seconds
        After so long the run and all that it started are ended.
    on_progress
        Told about every cell and step.
    stop
        Ends the run when it is set, as Ctrl-C would.
    spares
        Workers that have been started beforehand.
    may_show
        Asked, when all but the manifest is in place, whether the run may exist. If not, its folder goes.

    Returns
    -------
    RunResult
        Also for a run that failed.
    """
    context.journal.parent.mkdir(parents=True, exist_ok=True)
    context_path = context.journal.with_suffix(".json")
    context.save(context_path)
    mark = mark_running(context.journal)
    started = datetime.now(UTC)
    clock = time.perf_counter()
    code = code or settings.root
    ran = describe_code(code, context.report)
    try:
        context.folder.mkdir(parents=True)  # behind the mark, by which whoever sweeps finds it
        worker = (
            (spares or Spares(context.journal.parent)).take()
            if code == settings.root
            else start_worker(context.journal.parent, library=code / "lib", context=context_path)
        )
        ending = _execute_child(
            context, context_path, worker, deadline_seconds, on_progress, stop or threading.Event()
        )
        found = {
            "started_at": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - clock, 1),
            "status": ending.status,
            "error": explain_ending(context.folder, ending, deadline_seconds),
            "code": ran,
            **(facts or {}),
        }
        result = _stage(context, found)
        if may_show(result):
            publish_run(context.folder)
        else:
            shutil.rmtree(context.folder)
    finally:
        mark.release()
        for path in (context_path, context.journal, Path(mark.lock_file)):
            with suppress(FileNotFoundError):
                path.unlink()
    write_index(settings.reports)
    log.info("%s %s: %s in %.1f s", context.report, context.run_id, ending.status, found["seconds"])
    return result


def _execute_child(
    context: Context,
    context_path: Path,
    worker: tuple[Child, Path],
    deadline_seconds: float,
    on_progress: OnProgress,
    stop: threading.Event,
) -> Ending:
    """Have a worker execute the notebook, under the deadline."""
    killed_before = count_memory_kills()
    child, errors = worker
    place: dict[str, int] = {}
    below: set[psutil.Process] = set()
    with (
        _told(child, context, place, on_progress),
        _ended(child, below),
        _signals(stop) as stopped,
    ):
        give_work(child, context_path)
        status = _watch(child, deadline_seconds, stopped, below)
    complaint = errors.read_text(encoding="utf-8", errors="replace").strip()[-_COMPLAINT_CHARS:]
    errors.unlink()
    return Ending(
        status,
        complaint,
        place.get("cell"),
        count_memory_kills() > killed_before,
        child.returncode,
        place.get("kernel_code"),
    )


def _watch(
    child: "subprocess.Popen[bytes]",
    deadline_seconds: float,
    stopped: threading.Event,
    below: set[psutil.Process],
) -> Status:
    """Wait for the worker; note in `below` what runs below it, as it may be killed before it can end that."""
    end = time.monotonic() + deadline_seconds
    while time.monotonic() < end:
        if stopped.is_set():
            return "interrupted"
        with suppress(psutil.Error):
            below.update(psutil.Process(child.pid).children(recursive=True))
        with suppress(subprocess.TimeoutExpired):
            return "succeeded" if child.wait(timeout=_LOOK_SECONDS) == 0 else "failed"
    return "timed out"


@contextmanager
def _ended(child: "subprocess.Popen[bytes]", below: set[psutil.Process]) -> Iterator[None]:
    """Whatever happens, end the worker and everything below it, now or before."""
    try:
        yield
    finally:
        if child.poll() is None:
            with suppress(psutil.Error):
                end_descendants(psutil.Process(child.pid))
            child.kill()
        child.wait()
        for process in below:
            with suppress(psutil.Error):
                process.kill()  # does nothing to another process that got its number


@contextmanager
def _told(
    child: "subprocess.Popen[bytes]",
    context: Context,
    place: dict[str, int],
    on_progress: OnProgress,
) -> Iterator[None]:
    """Note in `place` what the worker says about cells, and pass on what the kernel says about steps."""
    over = threading.Event()
    started = time.monotonic()

    def listen() -> None:
        assert child.stdout is not None  # noqa: S101  opened as a pipe
        with child.stdout as said:
            for line in said:
                with suppress(ValueError):
                    place.update(json.loads(line))

    def tell() -> None:
        while not over.wait(_LOOK_SECONDS):
            on_progress(_progress(context.journal, place, time.monotonic() - started))

    threads = [threading.Thread(target=work, daemon=True) for work in (listen, tell)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _progress(journal: Path, place: Mapping[str, int], seconds: float) -> RunProgress:
    step, share, dashboard = "starting", None, None
    for entry in read_journal(journal):
        if entry["kind"] == "begin":
            step, share = entry["step"], None
        elif entry["kind"] == "progress":
            share = entry["done"] / entry["total"]
        elif entry["kind"] == "cluster":
            dashboard = entry["dashboard"]
    return RunProgress(place.get("cell", 0), place.get("cells", 0), step, seconds, share, dashboard)


@contextmanager
def _signals(stopped: threading.Event) -> Iterator[threading.Event]:
    """Take Ctrl-C and SIGTERM as a wish to stop in good order; outside the main thread, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda *_: stopped.set())
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stage(context: Context, facts: dict[str, Any]) -> RunResult:
    """Write the page and, last, the manifest under the name that does not count yet."""
    manifest = {
        "format": FORMAT,
        "report": context.report,
        "run_id": context.run_id,
        "schedule": context.schedule,
        "attempt": context.attempt,
        "at": context.at.isoformat(),
        "parameters": dict(context.parameters),
        "given": list(context.given),
        **facts,
        **_from_journal(context),
    }
    _choose_newest(manifest)
    write_page(context.folder, manifest)
    manifest["artefacts"] = describe_artefacts(context.folder)
    stage_manifest(context.folder, manifest)
    return RunResult(context.folder, manifest)


def _choose_newest(manifest: dict[str, Any]) -> None:
    """Say of each model that was kept whether its name is to mean it: only where the run went well, and ids mean the same."""
    for kept in manifest["kept"]:
        kept["newest"] = manifest["status"] == "succeeded"
        why = _why_not_newest(kept["model"], kept["what"]) if kept["newest"] else ""
        if why:
            kept["newest"] = False
            manifest["warnings"].append(
                f"These {kept['what']} are kept as {kept['model']} only: {why}"
            )


def _why_not_newest(address: str, what: str) -> str:
    """Say why a name is not to mean what was kept; nothing where it is to."""
    if what in ("topics", "segments") and not is_of_later_posts(address):
        return "those that were kept last under this name are of later posts, and later runs go on from them."
    if what == "segments" and _is_of_same_period(address):
        return (
            "those of the first run on this period stay, as later runs go on from their ids. Set model to a name of their own to "
            "keep both lines."
        )
    if what == "topics":
        from murmuration.registry import goes_on  # only here: a run that keeps none does not wait

        if not goes_on(address):
            cure = (
                "Later runs go on from those; set model to a name of their own to keep both lines."
                if _is_of_same_period(address)
                else "Set continue_from to latest, or model to a name of their own."
            )
            return f"they do not go on from those that were kept last under this name, whose ids and labels stay. {cure}"
    return ""


def is_of_later_posts(address: str) -> bool:
    """Say whether topics or segments are of posts that end no earlier than those that their name means now."""
    until, known, _ = _find_ends(address)
    return not until or not known or datetime.fromisoformat(until) >= datetime.fromisoformat(known)


def _is_of_same_period(address: str) -> bool:
    """Say whether something kept is other topics or segments than those that its name means now, of a period that ends with theirs."""
    until, known, newest = _find_ends(address)
    return newest != address and bool(until) and until == known


def _find_ends(address: str) -> tuple[str, str, str]:
    """Give when the period of something kept ends, and that of what its name means now, and what that is; empty if unknown."""
    from murmuration.models import find_newest, read_facts

    newest = find_newest(address.partition("@")[0])
    if newest is None:
        return "", "", ""
    until, known = (str(read_facts(one).get("until", "")) for one in (address, newest.address))
    return until, known, newest.address


def _from_journal(context: Context) -> dict[str, Any]:
    entries = list(read_journal(context.journal))

    def all_of(kind: str) -> list[dict[str, Any]]:
        return [
            {k: v for k, v in entry.items() if k != "kind"}
            for entry in entries
            if entry["kind"] == kind
        ]

    used = {(entry["what"], entry["name"]) for entry in all_of("used")}
    pinned = {name: context.pinned[name] for name in ("moment", "tables")} | {
        what: {
            name: value
            for name, value in context.pinned.get(what, {}).items()
            if (what, name) in used
        }
        for what in PINNED
    }
    for entry in all_of("read"):  # what a report names by itself is on record as it was found
        facts = {name: value for name, value in entry.items() if name not in ("what", "name")}
        pinned[entry["what"]] = pinned.get(entry["what"], {}) | {entry["name"]: facts}
    answers, clusters, periods = all_of("answer"), all_of("cluster"), all_of("period")
    return {
        "answer": answers[-1]["sentences"] if answers else [],
        "period": periods[-1] if periods else None,
        "pinned": pinned,
        "backend": _sum_up(all_of("backend")),
        "cluster": clusters[-1] if clusters else None,
        "steps": all_of("step"),
        "kept": all_of("kept"),
        "alerts": all_of("alert"),
        "watched_until": next((entry["until"] for entry in all_of("watch")), None),
        "warnings": [entry["text"] for entry in all_of("warning")],
        "gaps": [entry["text"] for entry in all_of("gap")],
    }


def _sum_up(choices: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Say where the estimators ran, all together and each; one that was made often counts once."""
    distinct = [one for n, one in enumerate(choices) if one not in choices[:n]]
    if not distinct:
        reason = "no step of this report asks for an estimator"
        return {"chosen": "cpu", "reason": reason, "estimators": []}
    return {
        "chosen": " and ".join(sorted({one["chosen"] for one in distinct})),
        "reason": "; ".join(dict.fromkeys(one["reason"] for one in distinct)),
        "estimators": distinct,
    }
