"""One thing at a time beside the caller, such as writing a file while the rows of the next are gathered."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, Self

P = ParamSpec("P")


class Aside:
    """Does one thing at a time in a thread; use it as a context manager, which waits at its end."""

    def __enter__(self) -> Self:
        self._thread = ThreadPoolExecutor(1)
        self._done: Future[None] | None = None
        return self

    def run(self, work: Callable[P, None], *args: P.args, **options: P.kwargs) -> None:
        """Start `work` once what was started before has ended; raises what that raised."""
        self.wait()
        self._done = self._thread.submit(work, *args, **options)

    def wait(self) -> None:
        """Wait for what was started; raises what it raised."""
        if self._done is not None:
            self._done.result()

    def __exit__(self, kind: object, *details: object) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._thread.shutdown(cancel_futures=True)
