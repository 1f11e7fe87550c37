"""How much time Python spends on garbage, in the processes that are ours."""

import atexit
import contextlib
import gc
import os
import sys
import weakref

# With Python's own 700 the search is a fifth of the time that importing pandas and Dask takes.
_NEW_OBJECTS = 50_000


def collect_seldom() -> None:
    """Look for unreachable cycles more seldom: in commands and the workers of runs, not in a library that somebody imports.

    What is in no cycle is let go at once, as ever: tables, arrays, posts.
    """
    gc.set_threshold(_NEW_OBJECTS, 10, 10)


def begin_kernel() -> None:
    """Do the same in the kernel of a run, and let it end without taking apart what goes with the process: that takes a second.

    What is registered with `atexit` from now on, and what `weakref.finalize` was told, such as to remove a folder, is
    done before.
    """
    collect_seldom()
    atexit.register(_end)


def _end() -> None:
    # Python does so after us, as whoever came first is called last; there is no public name for it.
    weakref.finalize._exitfunc()  # type: ignore[attr-defined]  # noqa: SLF001
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]
    os._exit(0)
