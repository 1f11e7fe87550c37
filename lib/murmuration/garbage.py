"""How much time Python spends on garbage, in the processes that are ours."""

import atexit
import gc
import os

_NEW_OBJECTS = (
    50_000  # Python's own 700 are a fifth of the time that importing pandas and Dask takes
)
_YOUNG, _OLD = 20, 50


def collect_seldom() -> None:
    """Look for unreachable cycles more seldom: in commands and the workers of runs, not in a library that somebody imports.

    The objects that wait are small: arrays and tables are let go when their last user is.
    """
    gc.set_threshold(_NEW_OBJECTS, _YOUNG, _OLD)


def begin_kernel() -> None:
    """Do the same in the kernel of a run, and let it end without taking apart what goes with the process: that takes a second.

    What is registered with `atexit` from now on is done before.
    """
    collect_seldom()
    atexit.register(os._exit, 0)
