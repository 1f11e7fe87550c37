"""Where Dask tasks run: threads of this process, processes of this machine, or a cluster."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

import dask
import psutil
from dask.callbacks import Callback
from dask.system import cpu_count

from murmuration.errors import SettingsError, suggest
from murmuration.settings import CLUSTERS

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pandas as pd
    from distributed import Client

log = logging.getLogger(__name__)

Kind = Literal["threads", "local", "address"]
OnPart = Callable[[int, int], None]  # is told how many partitions are done, of how many

# Starting two worker processes costs 2 s, as long as VADER takes for 50,000 posts on one core; from four
# times that on they pay for themselves.
SMALL_ROWS = 200_000
# Of what is free goes to local workers; the rest stays for this process and others.
_MEMORY_SHARE = 0.6
_PATIENCE = 10  # seconds that a scheduler may take to answer
# What distributed raises, by protocol: no answer, no such protocol, no certificate, no library for it.
_NO_ANSWER = (OSError, ValueError, TypeError, RuntimeError, ImportError, AssertionError)


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
    _client: "Client | None" = field(default=None, repr=False)
    _undo: ExitStack = field(default_factory=ExitStack, repr=False)

    def compute(
        self, frame: "dd.DataFrame", *, on_part: OnPart = lambda done, total: None
    ) -> "pd.DataFrame":
        """Compute a Dask frame, saying how far it is.

        Parameters
        ----------
        frame
            Dask frame.
        on_part
            Told after each partition how many are done, of how many; never from two threads at once.

        Returns
        -------
        pandas.DataFrame
            What ``frame.compute()`` gives.
        """
        import pandas as pd

        parts = frame.to_delayed()
        done = _gather(self._client, parts, on_part) if self._client else _compute(parts, on_part)
        whole: pd.DataFrame = pd.concat(done)
        return whole

    def close(self) -> None:
        """End the workers that were started, and let Dask choose for itself again."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()


class _CountParts(Callback):
    """Says how many partitions the threads have done; those that are data already are no tasks."""

    def __init__(self, parts: Sequence[Any], on_part: OnPart) -> None:
        super().__init__(posttask=self._count)  # type: ignore[no-untyped-call]
        self._open = {part.key for part in parts}  # not done yet; the last is told about at the end
        self._total, self._on_part = len(parts), on_part

    def _count(self, key: Any, *_: object) -> None:
        if key in self._open and len(self._open) > 1:
            self._open.remove(key)
            self._on_part(self._total - len(self._open), self._total)


def _compute(parts: Sequence[Any], on_part: OnPart) -> Sequence[Any]:
    with _CountParts(parts, on_part):
        computed: Sequence[Any] = dask.base.compute(*parts)
    on_part(len(parts), len(parts))
    return computed


def _gather(client: "Client", parts: Sequence[Any], on_part: OnPart) -> Sequence[Any]:
    from distributed import as_completed

    futures = client.compute(list(parts))
    for done, _ in enumerate(as_completed(futures), start=1):
        on_part(done, len(futures))
    gathered: Sequence[Any] = client.gather(futures)
    return gathered


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
        If there is no such setting, or no scheduler answers at the address.
    """
    if "://" in setting:
        return _connect(setting)
    if setting not in CLUSTERS:
        raise SettingsError(
            f"MURMURATION_CLUSTER is {setting!r}, which is neither {', '.join(CLUSTERS)} nor a scheduler's "
            f"address such as tcp://10.0.0.5:8786.{suggest(setting, CLUSTERS)}"
        )
    if setting == "threads":
        return _threads("MURMURATION_CLUSTER says threads")
    if setting == "local":
        return _local("MURMURATION_CLUSTER says local")
    if rows is not None and rows <= SMALL_ROWS:
        return _threads(f"{rows:,} posts are few: threads suffice up to {SMALL_ROWS:,}")
    if cpu_count() == 1:
        return _threads("this machine has one processor")
    amount = "an unknown number of" if rows is None else f"{rows:,}"
    return _local(f"{amount} posts are worth processes of their own (from {SMALL_ROWS:,} on)")


# Workers get a model through the graph, once; Dask warns from 10 MB on.
_LARGE_GRAPH = {"distributed.admin.large-graph-warning-threshold": "1GB"}


def _threads(reason: str) -> Cluster:
    undo = ExitStack()
    undo.enter_context(dask.config.set(scheduler="threads", num_workers=cpu_count()))
    return Cluster("threads", reason, cpu_count(), _undo=undo)


def _local(reason: str) -> Cluster:
    # Takes half a second, which threads do not need.
    from distributed import Client, LocalCluster
    from distributed.system import MEMORY_LIMIT

    # A container may have less than its machine.
    free = min(psutil.virtual_memory().available, MEMORY_LIMIT)
    with ExitStack() as undo:
        undo.enter_context(dask.config.set(_LARGE_GRAPH))
        workers = undo.enter_context(
            LocalCluster(
                n_workers=cpu_count(),
                threads_per_worker=1,
                memory_limit=int(free * _MEMORY_SHARE / cpu_count()),
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.ERROR,
            )
        )
        client = undo.enter_context(Client(workers))
        log.info("%d local workers, dashboard at %s", cpu_count(), client.dashboard_link)
        link = client.dashboard_link
        return Cluster("local", reason, cpu_count(), link, _client=client, _undo=undo.pop_all())


def _connect(address: str) -> Cluster:
    from distributed import Client

    try:
        _knock(address)
        client = Client(address, timeout=_PATIENCE)
    except _NO_ANSWER as err:
        raise SettingsError(
            f"No Dask scheduler answers at {address} (MURMURATION_CLUSTER). Start one there with "
            "`dask scheduler`, or set MURMURATION_CLUSTER to local."
        ) from err
    with ExitStack() as undo:
        undo.enter_context(dask.config.set(_LARGE_GRAPH))
        undo.enter_context(client)
        workers, link = len(client.scheduler_info()["workers"]), client.dashboard_link
        log.info("cluster at %s with %d workers, dashboard at %s", address, workers, link)
        reason = f"MURMURATION_CLUSTER says {address}"
        return Cluster("address", reason, workers, link, _client=client, _undo=undo.pop_all())


def _knock(address: str) -> None:
    """Make sure that a scheduler answers: a client waits for ever where a program listens but says nothing."""
    from distributed import Security
    from distributed.comm.core import connect

    async def knock() -> None:
        options = Security().get_connection_args("client")
        comm = await asyncio.wait_for(connect(address, timeout=_PATIENCE, **options), _PATIENCE)
        comm.abort()

    # In a thread of its own, as the kernel of a notebook runs a loop already.
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(lambda: asyncio.run(knock())).result()
