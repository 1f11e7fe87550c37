"""Whether cuML can run here, asked of the NVIDIA driver.

Not of ``import cuml``: that succeeds on a machine without a GPU, and only ``fit`` fails.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

_LIBRARY = "libcuda.so.1"  # cuML is built for Linux only, under Windows by WSL
# What RAPIDS 26.10 needs: version of CUDA that the driver brings, and compute capability of the GPU
# (https://docs.nvidia.com/datascience/platform-support/).
_NEEDED, _NEEDED_CU13 = (12020, 70), (13000, 75)
_CAPABILITY_MAJOR, _CAPABILITY_MINOR = 75, 76  # CUdevice_attribute of the driver API
# CUresult of the driver API, in words.
_RESULTS = {
    34: "the library is the linker's stub, not a driver",
    46: "another process holds it for itself alone",
    100: "it sees none (or CUDA_VISIBLE_DEVICES hides it)",
    802: "the system that links the GPUs is not ready",
    803: "its library and its kernel module are of different versions; restart the machine",
    804: "this GPU does not take a driver that is newer than its kernel module",
}


@dataclass(frozen=True, slots=True)
class Gpu:
    """Whether cuML can run here (`usable`), and what was found or is missing (`reason`)."""

    usable: bool
    reason: str


@cache
def find_gpu() -> Gpu:
    """Ask for a GPU, once in a process."""
    return probe_gpu()


def probe_gpu(
    *,
    load: Callable[[str], Any] = ctypes.CDLL,
    needed: tuple[int, int] | None = None,
    has_cuml: Callable[[], bool] = lambda: find_spec("cuml") is not None,
) -> Gpu:
    """Ask the driver for a GPU that cuML can use.

    Parameters
    ----------
    load
        Gives the driver's library by its file name, or raises OSError.
    needed
        Least version of CUDA (1000 major + 10 minor) and compute capability (10 major + minor); those of the
        cuML that is installed unless given.
    has_cuml
        Says whether cuML is installed.

    Returns
    -------
    Gpu
        Usable only if the driver, the first GPU and cuML are all there and new enough.
    """
    try:
        driver = load(_LIBRARY)
    except OSError:
        return Gpu(False, f"no NVIDIA driver is installed ({_LIBRARY} is not there)")
    code = driver.cuInit(0)
    if code:
        why = _RESULTS.get(code, f"it answers with error {code}")
        return Gpu(False, f"the NVIDIA driver gives no GPU: {why}")
    count, cuda = _ask(driver.cuDeviceGetCount), _ask(driver.cuDriverGetVersion)
    if not count:
        return Gpu(False, f"the NVIDIA driver gives no GPU: {_RESULTS[100]}")
    least_cuda, least_capability = needed or _needed()
    if cuda < least_cuda:
        return Gpu(
            False,
            f"the NVIDIA driver is too old: it is for CUDA {_dotted(cuda)}, and cuML needs "
            f"{_dotted(least_cuda)} or newer",
        )
    capability = _capability(driver)
    if capability < least_capability:
        return Gpu(
            False,
            f"the GPU is too old: its compute capability is {capability / 10}, and cuML needs "
            f"{least_capability / 10} or higher",
        )
    if not has_cuml():
        return Gpu(
            False, "there is a GPU, but cuML is not installed (environment-gpu.yml brings it)"
        )
    return Gpu(True, f"{count} GPU{'s' if count > 1 else ''}, driver for CUDA {_dotted(cuda)}")


def _ask(question: Callable[..., int], *about: int) -> int:
    """Give the number that a function of the driver answers with, 0 if it fails."""
    answer = ctypes.c_int(0)
    return 0 if question(ctypes.byref(answer), *about) else answer.value


def _capability(driver: Any) -> int:
    device = _ask(driver.cuDeviceGet, 0)
    major, minor = (
        _ask(driver.cuDeviceGetAttribute, part, device)
        for part in (_CAPABILITY_MAJOR, _CAPABILITY_MINOR)
    )
    return 10 * major + minor


def _needed() -> tuple[int, int]:
    try:
        version("cuml-cu13")
    except PackageNotFoundError:  # cuml-cu12, or conda's, which fits the driver by itself
        return _NEEDED
    return _NEEDED_CU13


def _dotted(cuda: int) -> str:
    return f"{cuda // 1000}.{cuda % 1000 // 10}"
