"""Work in threads beside the caller, such as writing files while the rows of the next are gathered."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = 2  # one more would hold another batch in memory; the caller works as well


@contextmanager
def in_order(work: Callable[[T], R], items: Iterable[T]) -> Iterator[Iterator[R]]:
    """Do something with each item, two at a time in threads, while the caller makes the next items.

    Parameters
    ----------
    work
        What is done; in any thread, and at the same time for two items.
    items
        Taken in the caller's thread, one more than there are threads ahead of the results.

    Yields
    ------
    iterator
        The results in the order of the items; it raises what `work` raised. At the end of the block no
        thread works any more.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[R]] = deque()

        def results() -> Iterator[R]:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > THREADS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        try:
            yield results()
        finally:
            pool.shutdown(cancel_futures=True)
