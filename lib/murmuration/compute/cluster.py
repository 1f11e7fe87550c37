"""Where Dask tasks run: threads of this process, processes of this machine, or a cluster."""

import logging
import os
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import dask
import psutil

from murmuration.errors import SettingsError

log = logging.getLogger(__name__)

Kind = Literal["threads", "local", "address"]

# Starting two worker processes costs 2 s, as long as VADER takes for 50,000 posts on one core; from four
# times that on they pay for themselves.
SMALL_ROWS = 200_000
_MEMORY_SHARE = (
    0.6  # of what is free goes to local workers; the rest stays for this process and others
)


@dataclass
class Cluster:
    """Where tasks run, until it is closed.

    Attributes
    ----------
    kind
        ``threads``, ``local`` (processes of this machine) or ``address`` (a scheduler elsewhere).
    reason
        Why this one, in words.
    workers
        Threads or processes.
    dashboard
        Address of the Dask dashboard; None for threads.
    """

    kind: Kind
    reason: str
    workers: int
    dashboard: str | None = None
    _undo: list[Any] = field(default_factory=list, repr=False)

    def close(self) -> None:
        """End the workers that were started, and let Dask choose for itself again."""
        while self._undo:
            self._undo.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()


def start_cluster(rows: int | None = None, *, setting: str = "auto") -> Cluster:
    """Choose where tasks run, and start it.

    Parameters
    ----------
    rows
        How many posts are going to be worked on; unknown is taken as many.
    setting
        ``auto``, ``threads``, ``local`` or a scheduler's address.

    Returns
    -------
    Cluster
        Dask uses it until it is closed.

    Raises
    ------
    SettingsError
        If no scheduler answers at the address.
    """
    if "://" in setting:
        return _connect(setting)
    if setting == "threads":
        return _threads("MURMURATION_CLUSTER says threads")
    if setting == "local":
        return _local("MURMURATION_CLUSTER says local")
    if rows is not None and rows <= SMALL_ROWS:
        return _threads(f"{rows:,} posts are few: threads suffice up to {SMALL_ROWS:,}")
    if _cpus() == 1:
        return _threads("this machine has one processor")
    amount = "an unknown number of" if rows is None else f"{rows:,}"
    return _local(f"{amount} posts are worth processes of their own (from {SMALL_ROWS:,} on)")


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _threads(reason: str) -> Cluster:
    chosen = dask.config.set(scheduler="threads", num_workers=_cpus())
    return Cluster("threads", reason, _cpus(), _undo=[lambda: chosen.__exit__(None, None, None)])


def _local(reason: str) -> Cluster:
    from distributed import Client, LocalCluster  # takes half a second, which threads do not need

    memory = int(psutil.virtual_memory().available * _MEMORY_SHARE / _cpus())
    workers = LocalCluster(
        n_workers=_cpus(),
        threads_per_worker=1,
        memory_limit=memory,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.ERROR,
    )
    client = Client(workers)
    log.info("%d local workers, dashboard at %s", _cpus(), client.dashboard_link)
    return Cluster("local", reason, _cpus(), client.dashboard_link, [workers.close, client.close])


def _connect(address: str) -> Cluster:
    from distributed import Client

    try:
        client = Client(address, timeout=10)
    except (OSError, TimeoutError, ValueError) as err:
        raise SettingsError(
            f"No Dask scheduler answers at {address} (MURMURATION_CLUSTER). Start one there with "
            "`dask scheduler`, or set MURMURATION_CLUSTER to local."
        ) from err
    workers = len(client.scheduler_info()["workers"])
    log.info(
        "cluster at %s with %d workers, dashboard at %s", address, workers, client.dashboard_link
    )
    return Cluster(
        "address",
        f"MURMURATION_CLUSTER says {address}",
        workers,
        client.dashboard_link,
        [client.close],
    )
