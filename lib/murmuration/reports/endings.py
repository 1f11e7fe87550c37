"""How a run ended early, in one sentence and a kind: which cell, which error, which process was lost and to what."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from murmuration.errors import ReportError, hide_quoted
from murmuration.reports.manifest import Status
from murmuration.reports.page import MAX_ERROR_CHARS, error_text
from murmuration.reports.parameters import load_notebook, number_cells

OUT_OF_MEMORY, LOST_KERNEL = "out of memory", "lost kernel"
# What Python, pyarrow, DuckDB and torch raise where a limit of memory (ulimit -v) or of the machine is reached.
_MEMORY_ERRORS = frozenset(
    ["MemoryError", "ArrowMemoryError", "OutOfMemoryException", "OutOfMemoryError"]
)
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
_BY_SIGNAL = 128  # what a process adds that ends itself on a signal


@dataclass(frozen=True, slots=True)
class Ending:
    """How the process that executes a notebook ended.

    Attributes
    ----------
    status
        Of the run.
    complaint
        The end of what it and its kernel complained.
    cell
        The one it was at.
    memory_kill
        Whether Linux killed something for want of memory meanwhile; see `count_memory_kills`.
    code
        What it ended with; negative for a signal that killed it.
    kernel_code
        The same of its kernel, where that died first and it is known.
    """

    status: Status
    complaint: str
    cell: int | None
    memory_kill: bool
    code: int
    kernel_code: int | None = None


def explain_ending(folder: Path, ending: Ending, deadline_seconds: float) -> dict[str, Any] | None:
    """Say where and why a run ended early.

    Parameters
    ----------
    folder
        Of the run, with the notebook as far as it came.
    ending
        How its process ended.
    deadline_seconds
        How long it had.

    Returns
    -------
    dict or None
        `cell`, `kind` (an error's class, ``out of memory``, ``lost kernel``, ``deadline``, ``interrupted``, ``unknown``)
        and `sentence`; None if it did not end early.
    """
    if ending.status == "succeeded":
        return None
    place = f" in cell {ending.cell}" if ending.cell else ""
    if ending.status == "timed out":
        said = (
            f"The run took longer than its deadline of {deadline_seconds:g} s and was ended{place}."
        )
        return {"cell": ending.cell, "kind": "deadline", "sentence": said}
    if ending.status == "interrupted":
        said = f"The run was interrupted{place}."
        return {"cell": ending.cell, "kind": "interrupted", "sentence": said}
    cell, error, kind = _failed_cell(folder / "notebook.ipynb")
    if error and kind in _MEMORY_ERRORS:
        return {"cell": cell, "kind": OUT_OF_MEMORY, "sentence": f"Cell {cell} ran out of memory: {error}"}  # fmt: skip
    if error:
        return {"cell": cell, "kind": kind, "sentence": f"Cell {cell} ended with {error}"}
    kind, last = _find_lost(ending)
    said = f"The notebook could not be executed{place}: {last}"
    return {"cell": ending.cell, "kind": kind, "sentence": said}


def _find_lost(ending: Ending) -> tuple[str, str]:
    """Say which process was lost and to what, and of which kind that is."""
    last = (hide_quoted(ending.complaint[-MAX_ERROR_CHARS:]).splitlines() or ["it gave no reason"])[
        -1
    ]
    if last.split(":")[0].split(".")[-1] in _MEMORY_ERRORS:
        return OUT_OF_MEMORY, "the process that runs the kernel ran out of memory"
    if "DeadKernelError" in ending.complaint or "Kernel died" in ending.complaint:
        return _judge("the kernel", ending.kernel_code, ending)
    if "Kernel didn't respond" in ending.complaint:
        busy = "the kernel did not begin in time; this machine may have too much to do"
        return LOST_KERNEL, busy
    if ending.code < 0 or ending.code > _BY_SIGNAL:
        return _judge("the process that runs the kernel", ending.code, ending)
    return "unknown", last


def _judge(who: str, code: int | None, ending: Ending) -> tuple[str, str]:
    """Tell a kill for want of memory from others; what only may have been one is said to be that."""
    number = None if code is None else -code if code < 0 else max(0, code - _BY_SIGNAL)
    if ending.memory_kill and number in (None, signal.SIGKILL):
        return OUT_OF_MEMORY, f"{who} was killed, as this machine ran out of memory"
    if "std::bad_alloc" in ending.complaint and number in (None, signal.SIGABRT):
        return OUT_OF_MEMORY, f"{who} ran out of memory in what it called"
    if number is None:
        return LOST_KERNEL, f"{who} died, killed from outside or by what it called"
    if number == signal.SIGKILL:
        return LOST_KERNEL, f"{who} was killed (SIGKILL), perhaps for lack of memory"
    if number == 0:
        return LOST_KERNEL, f"{who} ended itself with code {code}"
    name = {one.value: one.name for one in signal.Signals}.get(number, f"signal {number}")
    if number in _CRASHES:
        return LOST_KERNEL, f"{who} crashed ({name}) in what it called"
    return LOST_KERNEL, f"{who} was ended by {name}"


def _failed_cell(path: Path) -> tuple[int | None, str, str]:
    """Number of the cell that failed, from 1, its error in one line, and the error's class."""
    try:
        cells = number_cells(load_notebook(path))
    except ReportError:  # not written yet, or killed while it was
        return None, "", ""
    for number, cell in cells:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                return number, error_text(output), str(output["ename"])
    return None, "", ""
