"""What a run's kernel is told, and what it tells back.

The parent writes a context (pinned inputs, parameters, folder) and names it in ``MURMURATION_RUN``; the
kernel appends what it did to a journal, one JSON object a line, from which the manifest is made.
"""

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from filelock import FileLock, Timeout

from murmuration.reports.manifest import is_decided

if TYPE_CHECKING:
    from murmuration.reports.parameters import Value

VARIABLE = "MURMURATION_RUN"
_MARK = ".running"
_OWNER = "owner"  # a journal's first entry: which machine began the run
_SETTLED_SECONDS = 10.0
_LEFT_SECONDS = 7 * 86_400.0  # no run is at work for so long
# Among the pins, not a field of its own: code of any age can read it.
REPLAY = "replay_of"


@dataclass(frozen=True, kw_only=True)
class Context:
    """A run as its kernel sees it.

    Attributes
    ----------
    run_id, report
        Names.
    folder
        Where its files go.
    journal
        Where the kernel writes what it did.
    notebook
        The notebook to execute.
    at
        Logical time.
    parameters, given
        Effective values, and the names of those that were asked for.
    pinned
        ``tables`` (name to version), ``brands``, ``sources`` and ``lexicons`` (name to definition), ``models``
        (language to address, version and digest), ``topics`` (name to the same, of the topics kept last).
    draft
        True for a notebook that somebody runs by hand: nothing is published.
    schedule, attempt
        Which schedule asked for it, if one did, and the number of the attempt.
    """

    run_id: str
    report: str
    folder: Path
    journal: Path
    notebook: Path
    at: datetime
    parameters: Mapping[str, "Value"]
    given: tuple[str, ...]
    pinned: Mapping[str, Any]
    draft: bool = False
    schedule: str | None = None
    attempt: int = 1

    @property
    def is_replay(self) -> bool:
        """Whether this is another run again: then nothing is kept for later runs."""
        return REPLAY in self.pinned

    def save(self, path: Path) -> None:
        """Write it for the kernel."""
        path.write_text(json.dumps(asdict(self), default=_plain), encoding="utf-8")


def load_context(path: Path) -> Context:
    """Read what `Context.save` wrote."""
    values = json.loads(path.read_text(encoding="utf-8"))
    for name in ("folder", "journal", "notebook"):
        values[name] = Path(values[name])
    values["at"] = datetime.fromisoformat(values["at"])
    values["given"] = tuple(values["given"])
    return Context(**values)


def given_context() -> Context | None:
    """Give the context that this process was started with, if any."""
    path = os.environ.get(VARIABLE)
    return load_context(Path(path)) if path else None


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@dataclass
class Journal:
    """Appends entries to a file; whoever reads it meanwhile sees whole lines."""

    path: Path

    def add(self, kind: str, **facts: Any) -> None:
        """Append one entry."""
        entry = {"kind": kind, **facts}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False, default=_plain) + "\n")


def this_host() -> str:
    """Give the name of this machine, as it stands in the names of its workers."""
    return socket.gethostname()[:80]


def mark_running(journal: Path) -> FileLock:
    """Hold a mark beside a run's journal while it is in progress; a kill lets go of it as well."""
    mark = FileLock(journal.with_suffix(_MARK))
    mark.acquire()
    Journal(journal).add(_OWNER, host=this_host())
    return mark


def running_runs(runs: Path) -> set[str]:
    """Give the ids of the runs of this machine that are in progress.

    Parameters
    ----------
    runs
        Folder of journals, in STATE.
    """
    found = set()
    for path in runs.glob(f"*{_MARK}"):
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            found.add(path.stem)
    return found


def sweep_killed(runs: Path) -> list[Path]:
    """Remove the folders and journals of runs of this machine whose process was killed; give the folders.

    Several machines may share the folder of journals; what others began is theirs.

    Parameters
    ----------
    runs
        Folder of journals, in STATE.

    Returns
    -------
    list of Path
        Folders that were no runs yet. One that is a run, or decided to be one, stays.
    """
    found = []
    for path in runs.glob(f"*{_MARK}"):
        with suppress(OSError, ValueError, KeyError, Timeout), FileLock(path, timeout=0):
            context_path, journal = path.with_suffix(".json"), path.with_suffix(".jsonl")
            # What a killed process had started ends within seconds of it, and may write until then.
            if time.time() - journal.stat().st_mtime < _SETTLED_SECONDS:
                continue
            first = next(read_journal(journal), {})
            if (first.get("kind"), first.get("host")) != (_OWNER, this_host()):
                continue
            folder = Path(json.loads(context_path.read_text(encoding="utf-8"))["folder"])
            if folder.is_dir() and not is_decided(folder):
                shutil.rmtree(folder)
                found.append(folder)
            for left in (context_path, journal, path):
                left.unlink(missing_ok=True)
    for path in runs.glob("worker-*.err"):
        parts = path.stem.removeprefix("worker-").rsplit("-", 2)
        if parts[0] == this_host() and parts[1].isdigit() and not psutil.pid_exists(int(parts[1])):
            path.unlink(missing_ok=True)
    return found


def sweep_journals(runs: Path) -> int:
    """Remove what runs and workers that were killed have left in the folder of journals; give how many files."""
    old, going = time.time() - _LEFT_SECONDS, running_runs(runs)
    left = [
        path
        for path in runs.glob("*")
        if path.suffix in (_MARK, ".json", ".jsonl", ".err") and path.stem not in going
    ]
    count = 0
    for path in left:
        with suppress(OSError):  # gone meanwhile
            if path.stat().st_mtime < old:
                path.unlink()
                count += 1
    return count


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Read entries; a last line that was cut off by a kill is left out."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):  # splitlines would cut inside texts
        try:
            yield json.loads(line)
        except ValueError:
            return
