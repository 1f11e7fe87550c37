"""Workers that are started before there is work, so that a run does not wait for imports.

A worker reads the path of its context from its standard input; one that waits there has imported papermill.
"""

import os
import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from murmuration.reports.context import VARIABLE, this_host

Child = subprocess.Popen[bytes]
_OLDEST_SECONDS = 3600.0  # code may have changed on disk since it was imported


class Spares:
    """Starts workers, and keeps as many ready as it is told.

    Parameters
    ----------
    folder
        For what workers complain about, while they run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: list[tuple[Child, Path, float]] = []
        self._lock = threading.Lock()

    def take(self) -> tuple[Child, Path]:
        """Give a worker that waits for `give_work`, and the file of its complaints."""
        with self._lock:
            while self._ready:
                child, errors, _ = self._ready.pop(0)
                if child.poll() is None:
                    return child, errors
                self._drop(child, errors)
        return start_worker(self._folder)

    def fill(self, count: int) -> None:
        """Have `count` workers ready. Linux ends a worker when the thread ends that started it."""
        old = time.monotonic() - _OLDEST_SECONDS
        with self._lock:
            for one in [one for one in self._ready if one[2] < old or one[0].poll() is not None]:
                self._ready.remove(one)
                self._drop(one[0], one[1])
            while len(self._ready) < count:
                self._ready.append((*start_worker(self._folder), time.monotonic()))

    def close(self) -> None:
        """End the workers that nobody took."""
        while self._ready:
            child, errors, _ = self._ready.pop()
            self._drop(child, errors)

    @staticmethod
    def _drop(child: Child, errors: Path) -> None:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        errors.unlink(missing_ok=True)


def start_worker(
    folder: Path, *, library: Path | None = None, context: Path | None = None
) -> tuple[Child, Path]:
    """Start a worker.

    Parameters
    ----------
    folder
        For the file of what it complains about.
    library
        Another ``lib`` than ours, perhaps an older one.
    context
        The run, for a worker of an older library, which does not wait for `give_work`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    errors = folder / f"worker-{this_host()}-{os.getpid()}-{secrets.token_hex(4)}.err"
    command = [
        sys.executable,
        "-m",
        "murmuration.reports.worker",
        *([str(context)] if context else []),
    ]
    environment = os.environ | ({VARIABLE: str(context)} if context else {})
    if library is not None:
        paths = [str(library), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    with errors.open("wb") as stderr:
        child = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment
        )
    return child, errors


def give_work(child: Child, context: Path) -> None:
    """Tell a worker which run to execute; one that is dead already says nothing, and is found so later."""
    assert child.stdin is not None  # noqa: S101  opened as a pipe
    with suppress(BrokenPipeError), child.stdin as told:
        told.write(f"{context}\n".encode())
