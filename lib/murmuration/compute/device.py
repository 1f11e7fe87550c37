"""Whether neural models run on a GPU; the one place that asks for one."""

import logging
import os
from importlib.util import find_spec
from typing import Literal, NamedTuple

from murmuration.errors import SettingsError

log = logging.getLogger(__name__)

Device = Literal["cpu", "cuda"]


class DeviceChoice(NamedTuple):
    """Where neural models run, as torch names it, and why."""

    device: Device
    reason: str


def choose_device(backend: str = "auto") -> DeviceChoice:
    """Choose where neural models run, and say why.

    Parameters
    ----------
    backend
        ``cpu``; ``gpu``; or ``auto``, a GPU where there is one.

    Returns
    -------
    DeviceChoice
        Logged as well.

    Raises
    ------
    SettingsError
        If a GPU is asked for and torch finds none.
    """
    if backend == "cpu":
        return _chosen("cpu", "the backend is set to cpu")
    if name := _find_gpu():
        return _chosen("cuda", f"torch finds {name}")
    if backend == "gpu":
        raise SettingsError(
            "MURMURATION_BACKEND says gpu, but torch finds no GPU. Set it to auto or cpu, or check the "
            "driver and that torch was built for CUDA."
        )
    return _chosen("cpu", "torch finds no GPU")


def round_alike() -> None:
    """Let MKL, which torch brings, round a row alike wherever in a matrix it stands; before torch computes for the first time.

    Without it a text's probabilities differ by 1e-8 with its place in a batch, on processors with AVX-512 at least (Intel's
    “Conditional Numerical Reproducibility”, strict). Where MKL_CBWR is set, that holds.
    """
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")


def _chosen(device: Device, reason: str) -> DeviceChoice:
    log.info("neural models run on %s: %s", device, reason)
    return DeviceChoice(device, reason)


def _find_gpu() -> str | None:
    if find_spec("torch") is None:
        return None
    round_alike()
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
