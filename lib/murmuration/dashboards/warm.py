"""Kernels that are copies of one process in which everything is imported: they start at once and share its memory."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import ipywidgets
import psutil
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

NAME = "murmuration-warm"


class Copy:
    """A process that is not a child of ours, with what a provisioner asks of a `Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.NoSuchProcess:
            self._process = None
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Give None while it runs; how it ended nobody knows."""
        self.returncode = None if self._runs() else 0
        return self.returncode

    def _runs(self) -> bool:
        if self._process is None or not self._process.is_running():
            return False
        try:
            return self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:  # it ended between the two questions
            return False

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self._process is not None:
            self._process.wait(timeout)
        return 0

    def send_signal(self, number: int) -> None:
        """Send it a signal; one that is gone hears nothing."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process is not None:
                self._process.send_signal(number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class WarmProcess:
    """The process that kernels are copies of; it ends with this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def copy(self, facts: dict[str, Any]) -> int:
        """Start a kernel and give its process id."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("the warm process has no pipes")
        self._process.stdin.write(json.dumps(facts) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def _start(self) -> "subprocess.Popen[str]":
        # Threads do not survive a copy, so there shall be none.
        alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS"), "1")
        words = [sys.executable, "-m", "murmuration.dashboards.warm"]
        return subprocess.Popen(  # noqa: S603
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **alone},
            start_new_session=True,  # Ctrl-C is for the server, which ends it
        )  # fmt: skip


WARM = WarmProcess()


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel as a copy of the warm process."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start it; the command tells only where its connection file is."""
        facts = {
            "file": cmd[-1],
            "env": dict(kwargs["env"]),
            "cwd": str(kwargs.get("cwd") or Path.cwd()),
        }
        pid = WARM.copy(facts)
        self.process = Copy(pid)  # type: ignore[assignment]
        self.pid = self.pgid = pid
        return self.connection_info


def use_warm_kernels() -> None:
    """Have all kernels of this process started as copies."""
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:WarmProvisioner", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME


def main() -> None:
    """Import what pages need, then start a copy for each line that comes in, until no more can come."""
    import gc

    import ipykernel.kernelapp
    import voila.utils  # noqa: F401

    from murmuration import dashboards

    for name in dashboards.__all__:
        getattr(dashboards, name)
    _rehearse()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies that ended leave nothing behind
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    gc.freeze()  # what is never looked at again is never copied
    # Not through `sys.stdin`, whose buffer copies would share.
    lines = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.dup(1)
    for line in iter(lines.readline, ""):
        pid = os.fork()
        if pid == 0:
            lines.close()
            os.close(answers)
            _become_kernel(json.loads(line), ipykernel.kernelapp.IPKernelApp)
        os.setpgid(pid, pid)
        os.write(answers, f"{pid}\n".encode())


def _rehearse() -> None:
    """Do once what every page does, as libraries read much of what they need at its first use."""
    import pandas as pd
    import pyarrow.dataset  # noqa: F401  what reads tables
    from plotly.subplots import make_subplots

    from murmuration.show import theme

    figure = theme.apply_theme(make_subplots(rows=1, cols=2), height=90)
    one = pd.Series([1.0], dtype="double[pyarrow]")
    figure.add_scatter(x=one, y=one, mode="lines+markers", line={"width": 2}, marker={"size": 8}, row=1, col=1)  # fmt: skip
    figure.add_bar(x=[1.0], y=["a"], orientation="h", error_x={"array": [1.0]}, hovertemplate="a", row=1, col=2)  # fmt: skip
    figure.add_hline(y=0.0)
    theme.describe_figure(figure, title="", alt="").to_json()
    theme.empty_figure("Nothing").to_json()
    # A box asks so of its choices, and the first answer looks at every class that there is.
    for kind in (tuple, list, str):
        issubclass(kind, Mapping)


def _end_with_server(pipe: int) -> None:
    """End this process when the server has ended, however it did: then nobody holds the other end of its pipe."""
    watch = select.poll()
    watch.register(pipe, 0)  # nothing is read, which is the warm process's
    watch.poll()
    os._exit(1)


def _become_kernel(facts: dict[str, Any], app: Any) -> None:
    """Be the kernel of a connection file; never returns."""
    status = 1
    try:
        threading.Thread(target=_end_with_server, args=(os.dup(0),), daemon=True).start()
        os.setpgid(0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        # Where ipykernel says that Ctrl-C will not work; that is for the server.
        os.dup2(nothing, 1)
        os.environ.clear()
        os.environ.update(facts["env"])
        os.chdir(facts["cwd"])
        sys.argv = ["ipykernel_launcher.py", "-f", facts["file"]]
        kernel = app.instance()
        kernel.initialize()
        if sys.__stdout__:
            sys.__stdout__.flush()
        os.dup2(2, 1)  # what is printed from now on is for the server's log
        # ipywidgets does so when it is imported, but then there was no kernel yet.
        ipywidgets.register_comm_target()
        kernel.start()
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
