"""How fast sample posts are made, and in how much memory.

    python tests/benchmarks/sample_posts.py 1_000_000 10_000_000

Each number runs in a process of its own, so that peaks do not mix.
"""

import argparse
import resource
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from murmuration.sample import make_posts, write_posts

_MAC_UNIT, _LINUX_UNIT = 1, 1024  # bytes that one unit of ru_maxrss stands for


def make(n: int, seed: int, suffix: str | None) -> tuple[int, float, float]:
    """Make `n` posts; gives rows, seconds and the peak of the process in MB."""
    started = perf_counter()
    if suffix is None:
        rows = sum(len(frame) for frame in make_posts(n, seed))
    else:
        with tempfile.TemporaryDirectory() as folder:
            write_posts(Path(folder) / f"posts{suffix}", n, seed)
        rows = n
    unit = _MAC_UNIT if sys.platform == "darwin" else _LINUX_UNIT
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return rows, perf_counter() - started, peak


def main() -> None:
    """Print a line for each number of posts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("posts", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", metavar="SUFFIX", help="also to a file, for instance .csv")
    options = parser.parse_args()
    print(f"{'posts':>12} {'seconds':>8} {'posts/s':>9} {'peak MB':>8}")
    for n in options.posts:
        with get_context("spawn").Pool(1) as pool:
            rows, seconds, peak = pool.apply(make, (n, options.seed, options.write))
        print(f"{rows:>12,} {seconds:>8.1f} {rows / seconds:>9,.0f} {peak:>8,.0f}")


if __name__ == "__main__":
    main()
