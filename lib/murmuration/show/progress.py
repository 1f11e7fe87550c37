"""How far a computation is, as a widget in a notebook."""

from types import TracebackType
from typing import Any, Self

import ipywidgets
from IPython.display import display


class ProgressBar:
    """A bar that is shown while something is computed, and goes away with it.

    Parameters
    ----------
    unit
        What is counted, in the plural.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self.bar = ipywidgets.IntProgress(value=0, max=1)
        self.label = ipywidgets.Label("starting")
        self._shown: Any = None  # None outside a notebook

    def tell(self, done: int, total: int) -> None:
        """Move the bar."""
        self.bar.max, self.bar.value = total, done
        self.label.value = f"{done:,} of {total:,} {self._unit}"

    def tell_step(self, step: str, share: float) -> None:
        """Move the bar to a share, 0 to 1, and name what is being done."""
        self.bar.max, self.bar.value = 100, round(100 * share)
        self.label.value = f"{step}: {share:.0%}"

    def __enter__(self) -> Self:
        self._shown = display(ipywidgets.HBox([self.bar, self.label]), display_id=True)  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A page that is asked to show a closed widget shows none at all.
        if self._shown:
            self._shown.update({"text/plain": ""}, raw=True)
        self.bar.close()
        self.label.close()
