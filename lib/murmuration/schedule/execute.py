"""An attempt as a run of its report: executed, judged, and shown only if the ledger says so."""

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from murmuration.errors import MurmurationError, StoreError
from murmuration.reports.manifest import RunResult
from murmuration.reports.provenance import describe_changed
from murmuration.reports.spares import Spares
from murmuration.schedule.alerts import read_watch
from murmuration.schedule.claims import Job, Result
from murmuration.schedule.logs import note_run
from murmuration.settings import Settings

if TYPE_CHECKING:
    from murmuration.reports.runner import RunProgress

log = logging.getLogger(__name__)

# What waiting can help: the network, disks, machines that were too busy. A wrong parameter or a mistake in a
# notebook is the same tomorrow, and a run that took its whole deadline would take it again.
_AGAIN = frozenset(
    [
        *("lost kernel", "out of memory", "BlockingIOError", "BrokenPipeError", "ClientError"),
        *("CommClosedError", "ConnectionError", "ConnectionAbortedError", "ConnectionRefusedError"),
        *("ConnectTimeout", "ConnectTimeoutError", "ReadTimeoutError"),
        *("ConnectionResetError", "EndpointConnectionError", "HTTPError", "IncompleteRead"),
        *("InterruptedError", "KilledWorker", "MemoryError", "OSError", "ReadTimeout", "SSLError"),
        *("ServerDisconnectedError", "StoreError", "TimeoutError", "TryAgainLater", "URLError"),
    ]
)


class Executor(Protocol):
    """Does the work of an attempt."""

    def __call__(
        self,
        job: Job,
        *,
        stop: threading.Event,
        begun: Callable[[Path], None],
        may_show: Callable[[Result], bool],
    ) -> Result | None:
        """Execute an attempt.

        Parameters
        ----------
        job
            The attempt.
        stop
            Set when it should end early.
        begun
            Told the folder once the work itself begins.
        may_show
            Asked once before the folder is shown, with the result as it would be.

        Returns
        -------
        Result or None
            What happened where there is no folder to show; None once `may_show` was asked.
        """
        ...


class ReportExecutor:
    """Executes an attempt as a run of its report.

    Parameters
    ----------
    settings
        Of this machine.
    spares
        Workers that have been started beforehand.
    """

    def __init__(self, settings: Settings, spares: Spares) -> None:
        self._settings = settings
        self._spares = spares

    def __call__(
        self,
        job: Job,
        *,
        stop: threading.Event,
        begun: Callable[[Path], None],
        may_show: Callable[[Result], bool],
    ) -> Result | None:
        """Execute an attempt; see `Executor`."""
        # Here, as a tick without due work has no need of them.
        from murmuration.reports.context import sweep_killed
        from murmuration.reports.parameters import read_parameters
        from murmuration.reports.runner import execute, prepare_run, report_path
        from murmuration.schedule.check import given_parameters

        asked: list[Path] = []
        folder: Path | None = None

        def tell(progress: "RunProgress") -> None:
            nonlocal folder
            if progress.cell and folder is None:
                folder = context.folder
                begun(folder)

        def ask(run: RunResult) -> bool:
            asked.append(run.folder)
            if said := describe_changed(run.manifest["code"]):
                log.warning("%s: %s", job.title, said)
            return run.status != "interrupted" and may_show(result_of(run))

        if job.attempt > 1:
            # What an attempt before has left whose process was killed.
            for gone in sweep_killed(self._settings.state / "runs"):
                log.info("%s of a process that was killed is removed", gone)
        try:
            report = report_path(self._settings.root, job.schedule.spec.report)
            context = prepare_run(
                job.schedule.spec.report,
                given_parameters(job.schedule, job.item, read_parameters(report)),
                self._settings,
                at=job.at,
                schedule=job.schedule.name,
                attempt=job.attempt,
            )
        except MurmurationError as err:
            return Result("failed", error=str(err), again=isinstance(err, StoreError))
        note_run(context.run_id)
        try:
            execute(
                context,
                self._settings,
                facts={"previous": job.previous and Path(job.previous).name},
                deadline_seconds=job.schedule.spec.deadline.total_seconds(),
                on_progress=tell,
                stop=stop,
                spares=self._spares,
                may_show=ask,
            )
        except (MurmurationError, OSError) as err:
            if asked:  # decided; what is left to do is done by whoever looks next
                log.warning("%s: %s", job.title, err)
                return None
            shutil.rmtree(context.folder, ignore_errors=True)
            return Result("failed", error=_sentence(err), again=isinstance(err, OSError))
        return None


def result_of(run: RunResult) -> Result:
    """Give how a run ended, as the ledger keeps it."""
    error = run.manifest.get("error") or {}
    return Result(
        "failed" if run.status == "interrupted" else run.status,
        str(run.folder),
        error.get("sentence"),
        error.get("kind") in _AGAIN,
        tuple(run.manifest.get("answer", ())),
        read_watch(run.manifest),
    )


def _sentence(err: Exception) -> str:
    if isinstance(err, MurmurationError):
        return str(err)
    said = getattr(err, "strerror", None) or str(err)
    return f"The run could not be written: {said}."
