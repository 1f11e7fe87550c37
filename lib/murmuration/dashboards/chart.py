"""A chart whose points answer to a click, without a script of its own."""

import json
import os
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import anywidget
import plotly.graph_objects as go
import traitlets

OnClick = Callable[[Mapping[str, Any]], None]

WEB = Path(__file__).parent / "web"
SCRIPT = "assets/plotly.js"


def served_at() -> str:
    """Give the address below which the dashboards are served; nothing in JupyterLab and elsewhere."""
    return os.environ.get("VOILA_BASE_URL", "")


class Chart(anywidget.AnyWidget):
    """A plotly figure with its finding above it and its numbers below.

    Parameters
    ----------
    figure
        From `murmuration.show`.
    hint
        What a click does, if anything.
    on_click
        Told `curve`, `point`, `x`, `y`, `id` and `trace` of a point that was clicked.
    """

    _esm = WEB / "chart.js"
    _css = WEB / "piece.css"
    figure = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    address = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, figure: go.Figure, *, hint: str = "", on_click: OnClick | None = None
    ) -> None:
        base = served_at()
        super().__init__(
            figure=figure.to_json(), hint=hint, address=f"{base}{SCRIPT}" if base else ""
        )
        self._on_click = on_click
        self.on_msg(lambda _widget, message, _buffers: self._hear(message))

    def show(self, figure: go.Figure) -> None:
        """Draw another figure in its place."""
        self.figure = figure.to_json()

    def _hear(self, message: Mapping[str, Any]) -> None:
        if message.get("want") == "plotly":
            script = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
            self.send({"plotly": True}, buffers=[script])
        click = message.get("click")
        if self._on_click and isinstance(click, Mapping):
            self._on_click(
                {str(key): value for key, value in json.loads(json.dumps(click)).items()}
            )
