"""The child process that executes a notebook: started by `runner`, ends all that the notebook started.

A kernel leads a session of its own, and so may what it starts; a process group would miss them. This
process asks Linux to adopt every orphan below it, so that it can end descendants until none is left.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from murmuration.garbage import collect_seldom
from murmuration.reports.context import VARIABLE

_SET_CHILD_SUBREAPER, _SET_PDEATHSIG = 36, 1  # <linux/prctl.h>
_GRACE_SECONDS = 3.0
_SECOND_LOOK_SECONDS = 0.1
_SAVED_SECONDS = 1.0
_KERNEL_SECONDS = 60  # until a kernel says something
_MOST_PRINTED = 200_000  # characters of a cell
# Of the libraries below numpy and scikit-learn. Threads of theirs add up in any order, so a replay would differ in the last digits,
# and wait by spinning: on a busy machine small sums take twenty times as long. Dask's own threads are not these.
_ALONE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_KERNEL_BEGINS = (
    "--IPKernelApp.exec_lines=__import__('murmuration.garbage').garbage.begin_kernel()",
)
_CUT = "\n… (more was printed, and is left out)\n"


def main() -> int:
    """Execute the notebook of the run whose context standard input names; 0 if every cell ran."""
    collect_seldom()
    if sys.platform == "linux":
        _adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the runner too, which says what to end
    for name in _ALONE:
        os.environ.setdefault(name, "1")  # for the kernel
    try:
        execute = _prepare()
        told = sys.stdin.readline().rstrip("\n")
        if not told:  # nobody needed this worker
            return 0
        os.environ[VARIABLE] = told  # for the kernel
        # What a notebook starts must not keep the runner's pipe.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        return execute(Path(told))
    finally:
        end_descendants(psutil.Process())


def _adopt_orphans() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # the parent ended before it was asked for
        os.kill(os.getpid(), signal.SIGTERM)


def end_descendants(process: psutil.Process) -> None:
    """End everything below a process: ask first, then kill, until nothing is left."""
    deadline = time.monotonic() + _GRACE_SECONDS
    asked: set[int] = set()
    while below := _below(process):
        late = time.monotonic() > deadline
        for child in below:
            with contextlib.suppress(psutil.Error):
                if late:
                    child.kill()
                elif child.pid not in asked:
                    asked.add(child.pid)
                    child.terminate()
        psutil.wait_procs(below, timeout=0.2)


def _below(process: psutil.Process) -> list[psutil.Process]:
    """Give the living descendants; none only if a second look finds none either.

    An orphan may be on its way to us while we look: no longer its dead parent's child, not yet ours.
    """
    found = _children(process)
    if not found:
        time.sleep(_SECOND_LOOK_SECONDS)
        found = _children(process)
    return found


def _children(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return [
            child
            for child in process.children(recursive=True)
            if child.status() != psutil.STATUS_ZOMBIE
        ]
    return []


def _prepare() -> Callable[[Path], int]:
    """Import what takes time, and give the function that executes a run."""
    from nbclient.exceptions import DeadKernelError
    from nbclient.util import run_sync
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook
    from papermill.log import logger

    from murmuration.reports.context import load_context
    from murmuration.reports.parameters import number_cells

    class ReportClient(PapermillNotebookClient):  # type: ignore[misc]
        """Papermill's client that keeps so much of what a cell prints as anybody can read."""

        printed: dict[int, int]
        save: Callable[[], None]

        async def async_execute_cell(self, *given: Any, **more: Any) -> Any:
            # Of a cell that takes long, or for ever, it is on disk that it was begun.
            later = asyncio.get_running_loop().call_later(_SAVED_SECONDS, self.save)
            try:
                return await super().async_execute_cell(*given, **more)
            finally:
                later.cancel()

        execute_cell = run_sync(async_execute_cell)

        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            if msg["msg_type"] == "stream":
                seen = self.printed.get(cell_index, 0)
                text = msg["content"]["text"]
                self.printed[cell_index] = seen + len(text)
                if seen > _MOST_PRINTED:
                    return None
                if seen + len(text) > _MOST_PRINTED:
                    msg["content"]["text"] = text[: _MOST_PRINTED - seen] + _CUT
            return super().process_message(msg, cell, cell_index)

    class ReportEngine(NBClientEngine):  # type: ignore[misc]
        """Papermill's engine that also says which cell it is at."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
            del kwargs  # nothing that we ask papermill for
            start = nb_man.cell_start
            numbers = [number for number, _ in number_cells(nb_man.nb)]

            def told(cell: Any, cell_index: int | None = None, **more: Any) -> Any:
                if cell_index is not None and numbers[cell_index] is not None:
                    _tell(cell=numbers[cell_index], cells=len(numbers))
                return start(cell, cell_index, **more)

            nb_man.cell_start = told
            client = ReportClient(
                nb_man,
                kernel_name=kernel_name,
                startup_timeout=_KERNEL_SECONDS,
                log=logger,
                extra_arguments=list(_KERNEL_BEGINS),
            )
            client.printed, client.save = {}, nb_man.save
            nb_man.save = _seldom(nb_man.save)
            kernel = client.create_kernel_manager()
            try:
                return client.execute()
            except DeadKernelError:
                process = getattr(kernel.provisioner, "process", None)
                if process is not None and process.poll() is not None:
                    _tell(kernel_code=process.returncode)  # negative for the signal that killed it
                raise
            finally:
                nb_man.save = client.save  # once more when all is over

    papermill_engines.register("murmuration", ReportEngine)

    def execute(context_path: Path) -> int:
        context = load_context(context_path)
        try:
            execute_notebook(
                str(context.notebook),
                str(context.folder / "notebook.ipynb"),
                parameters=dict(context.parameters),
                engine_name="murmuration",
                progress_bar=False,
                log_output=False,
            )
        except PapermillExecutionError:
            return 1  # the half-executed notebook says in which cell and why
        return 0

    return execute


def _seldom(save: Callable[[], None]) -> Callable[[], None]:
    """Give `save` as papermill may call it twice a cell: done once a second at most, as charts take long to write."""
    last = time.monotonic()

    def seldom() -> None:
        nonlocal last
        if time.monotonic() - last >= _SAVED_SECONDS:
            save()
            last = time.monotonic()

    return seldom


def _tell(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything below has ended and everything is written: taking a quarter of a second to tidy up memory helps nobody.
    os._exit(ended)
