"""Which class an estimator is here, and why: umap-learn, hdbscan, scikit-learn and dask-ml, or cuML.

A caller asks for an estimator by name, with the arguments of its CPU class, and gets a native one: no
wrapper, so that libraries that look at types (BERTopic) know what they have.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from numbers import Real
from reprlib import repr as short  # an argument may be an array
from typing import Any, Literal

from murmuration.compute.driver import Gpu, find_gpu
from murmuration.compute.estimators import ESTIMATORS, Estimator, Way
from murmuration.errors import BackendError, ParamError, UnknownNameError, suggest

log = logging.getLogger(__name__)

Backend = Literal["cpu", "gpu"]
_SETTINGS = ("auto", "cpu", "gpu")
# What a TruncatedSVD of word counts is asked for with: cuML's takes dense data only, so this step is the CPU's
# whatever the settings say, and all others still run on the GPU.
SPARSE_TEXT: Mapping[str, Any] = {"sparse": True, "backend": "cpu"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Where an estimator runs, and why.

    Attributes
    ----------
    estimator
        Its name in the table.
    backend
        ``cpu`` or ``gpu``.
    path
        ``module:Class``.
    reason
        Why there, in words.
    arguments
        What the class is made with.
    ignored
        Arguments that have no meaning there and change nothing, and why.
    """

    estimator: str
    backend: Backend
    path: str
    reason: str
    arguments: Mapping[str, Any]
    ignored: Mapping[str, str]

    def make(self) -> Any:
        """Make the estimator, not yet fitted."""
        module, _, name = self.path.partition(":")
        return getattr(import_module(module), name)(**self.arguments)


def make_estimator(
    name: str,
    *,
    backend: str = "auto",
    distributed: bool = False,
    sparse: bool = False,
    **arguments: Any,
) -> Any:
    """Make an estimator, of the class that fits the machine.

    Parameters
    ----------
    name, backend, distributed, sparse
        See `choose_backend`.
    **arguments
        Arguments of the CPU class. With a `random_state` the CPU gives the same results each time; UMAP runs on
        one thread for that.

    Returns
    -------
    object
        A native estimator of umap-learn, hdbscan, scikit-learn, dask-ml or cuML, not yet fitted.

    Raises
    ------
    UnknownNameError, ParamError, BackendError
        See `choose_backend`.

    Examples
    --------
    >>> make_estimator("KMeans", n_clusters=3, random_state=0, backend="cpu")
    KMeans(n_clusters=3, random_state=0)
    """
    return choose_backend(
        name, arguments, backend=backend, distributed=distributed, sparse=sparse
    ).make()


def choose_backend(
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    backend: str = "auto",
    distributed: bool = False,
    sparse: bool = False,
    gpu: Gpu | None = None,
) -> Choice:
    """Choose the class of an estimator, and say why.

    Parameters
    ----------
    name
        UMAP, HDBSCAN, KMeans, DBSCAN, PCA, TruncatedSVD, NearestNeighbors or LogisticRegression; in any case.
    arguments
        Arguments of its CPU class, by name.
    backend
        ``cpu``; ``gpu``, or an error; or ``auto``, the GPU where it can do what was asked.
    distributed, sparse
        Whether the data will be a Dask array, or sparse.
    gpu
        What was found of a GPU; the driver is asked unless given.

    Returns
    -------
    Choice
        Logged as well; as a warning where a GPU is left idle.

    Raises
    ------
    UnknownNameError
        If there is no such estimator.
    ParamError
        If an argument is unknown or out of range, whatever the backend.
    BackendError
        If the GPU was asked for and is not there or cannot honour an argument, or nothing trains on such data.
    """
    row = _find(name)
    given = dict(arguments or {})
    _check(row, given)
    if backend not in _SETTINGS:
        raise ParamError(f"There is no backend {backend!r}.{suggest(backend, _SETTINGS)}")
    if backend == "cpu":
        return _on_cpu(row, given, distributed, sparse, reason="the backend is set to cpu")
    found = gpu or find_gpu()
    way = row.dask_gpu if distributed else row.gpu
    obstacle = _obstacle(way, given, sparse=sparse) if found.usable else found.reason
    if not obstacle and isinstance(way, Way):
        return _chosen(row, "gpu", way, given, found.reason)
    if backend == "gpu":
        raise BackendError(
            f"{row.name} was asked for on the GPU, but {obstacle}. Change that, or set the backend to auto or cpu."
        )
    if found.usable:
        log.warning("%s leaves the GPU idle: %s", row.name, obstacle)
    return _on_cpu(row, given, distributed, sparse, reason=obstacle)


def _find(name: str) -> Estimator:
    by_name = {known.casefold(): row for known, row in ESTIMATORS.items()}
    if name.casefold() not in by_name:
        raise UnknownNameError(f"There is no estimator {name!r}.{suggest(name, ESTIMATORS)}")
    return by_name[name.casefold()]


def _check(row: Estimator, given: Mapping[str, Any]) -> None:
    """Refuse what no backend takes; a GPU library may take silently what its CPU twin refuses."""
    for argument, value in given.items():
        if argument not in row.arguments:
            raise ParamError(
                f"{row.name} has no argument {argument!r}.{suggest(argument, row.arguments)}"
            )
        if not isinstance(value, Real):
            continue
        least = row.at_least.get(argument)
        if least is not None and not float(value) >= least:
            raise ParamError(f"{row.name}'s {argument} is {value}, but it must be {least} or more.")
        if argument in row.positive and not float(value) > 0:
            raise ParamError(f"{row.name}'s {argument} is {value}, but it must be more than 0.")


def _obstacle(way: Way | str, given: Mapping[str, Any], *, sparse: bool) -> str:
    """Say what keeps a class from doing what was asked; nothing if it can."""
    if isinstance(way, str):
        return way
    reasons = [
        f"{limit.argument}={short(given[limit.argument])} cannot be honoured: {limit.why}"
        for limit in way.limits + way.sparse_limits * sparse
        if limit.argument in given and not limit.allows(given)
    ]
    return "; ".join([way.dense_only] * (sparse and bool(way.dense_only)) + reasons)


def _on_cpu(
    row: Estimator, given: Mapping[str, Any], distributed: bool, sparse: bool, *, reason: str
) -> Choice:
    way = row.dask_cpu if distributed else row.cpu
    obstacle = _obstacle(way, given, sparse=sparse)
    if obstacle or isinstance(way, str):
        raise BackendError(f"{row.name} cannot be made for the CPU: {obstacle}.")
    return _chosen(row, "cpu", way, given, reason)


def _chosen(
    row: Estimator, backend: Backend, way: Way, given: Mapping[str, Any], reason: str
) -> Choice:
    lacking = {limit.argument for limit in way.limits if not limit.passed} | set(way.ignores)
    passed = {name: value for name, value in given.items() if name not in lacking}
    log.info("%s runs on the %s: %s", row.name, backend, reason)
    return Choice(
        estimator=row.name,
        backend=backend,
        path=way.path,
        reason=reason,
        arguments={**way.defaults, **way.becomes(passed)},
        ignored={name: why for name, why in way.ignores.items() if name in given},
    )
