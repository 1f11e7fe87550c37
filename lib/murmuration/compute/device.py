"""Whether neural models run on a GPU; the one place that asks for one."""

from importlib.util import find_spec
from typing import Literal

from murmuration.errors import SettingsError

Device = Literal["cpu", "cuda"]


def choose_device(backend: str = "auto") -> Device:
    """Choose where neural models run.

    Parameters
    ----------
    backend
        ``cpu``; ``gpu``; or ``auto``, a GPU where there is one.

    Returns
    -------
    str
        A device as torch names it.

    Raises
    ------
    SettingsError
        If a GPU is asked for and torch finds none.
    """
    if backend == "cpu":
        return "cpu"
    if _has_gpu():
        return "cuda"
    if backend == "gpu":
        raise SettingsError(
            "MURMURATION_BACKEND says gpu, but torch finds no GPU. Set it to auto or cpu, or check the "
            "driver and that torch was built for CUDA."
        )
    return "cpu"


def _has_gpu() -> bool:
    if find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())
