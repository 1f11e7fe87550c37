"""One look for every chart: in the report, in JupyterLab and in the browser.

Colours are Okabe & Ito's (2008), which people with any colour vision tell apart; shapes, dashes and labels
say the same, so that colour is never the only carrier of meaning.
"""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from murmuration.show.words import tidy

INK = "#1f2933"
QUIET = "#5f6c7b"
GRID = "#e4e7eb"
PAPER = "#ffffff"
NEGATIVE = "#d55e00"  # vermilion
POSITIVE = "#0072b2"  # blue
NEUTRAL = "#9aa5b1"
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
_CHART_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"})
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"


_AXIS = {
    "gridcolor": GRID, "zeroline": False, "automargin": True, "title": {"font": {"color": QUIET}},
}  # fmt: skip
_LOOK = {
    "font": {"family": FONT, "size": 14, "color": INK},
    "paper_bgcolor": PAPER,
    "plot_bgcolor": PAPER,
    "margin": {"l": 8, "r": 16, "t": 16, "b": 8},
    "hovermode": "closest",
    "hoverlabel": {"bgcolor": PAPER, "font": {"color": INK, "family": FONT}},
    "modebar": {"bgcolor": "rgba(0, 0, 0, 0)", "color": QUIET, "activecolor": INK},
    "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    "bargap": 0.25,
}


def new_figure(*, height: int) -> go.Figure:
    """Give an empty figure in the house's look; `height` in pixels."""
    return apply_theme(go.Figure(), height=height)


def apply_theme(figure: go.Figure, *, height: int) -> go.Figure:
    """Give a figure the house's look; what it has besides stays."""
    layout = figure.layout.to_plotly_json()
    layout.pop("template", None)  # plotly's own, which comes anew
    axes = [name for name in layout if name.startswith(("xaxis", "yaxis"))] or ["xaxis", "yaxis"]
    # As a whole: where plotly updates a part, it looks at every path to it anew, which takes six times as long.
    figure.layout = _merged(layout, {"height": height} | _LOOK | dict.fromkeys(axes, _AXIS))
    return figure


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    inner = {
        name: _merged(old[name], value)
        for name, value in new.items()
        if isinstance(value, dict) and isinstance(old.get(name), dict)
    }
    return old | new | inner


def chart_text(text: str, *, longest: int = 40) -> str:
    """Give text as it may stand in a chart: plotly reads tags, entities, templates and TeX in it."""
    shown = tidy(text, longest=longest).translate(_CHART_ENTITIES)
    return shown.replace("%{", "%&#123;")


def empty_figure(sentence: str) -> go.Figure:
    """Give a figure that says why there is nothing to draw."""
    figure = new_figure(height=90)
    figure.add_annotation(
        text=chart_text(sentence, longest=200),
        showarrow=False,
        x=0,
        xanchor="left",
        y=0.5,
        font={"color": QUIET},
    )
    figure.update_xaxes(visible=False, range=[0, 1])
    figure.update_yaxes(visible=False, range=[0, 1])
    return describe_figure(figure, title="", alt=sentence)


def describe_figure(
    figure: go.Figure, *, title: str, alt: str, table: pd.DataFrame | None = None
) -> go.Figure:
    """Say what a figure shows, for the page around it and for those who cannot see it.

    Parameters
    ----------
    figure
        The figure.
    title
        Its finding, in a sentence.
    alt
        What is drawn, for screen readers.
    table
        Its numbers, which the page shows on demand.
    """
    numbers = None if table is None else {"columns": list(table.columns), "rows": table_rows(table)}
    figure.update_layout(meta={"title": title, "alt": alt, "table": numbers})
    return figure


def table_rows(table: pd.DataFrame) -> list[list[str]]:
    """Give the cells of a table as text: missing ones empty, fractions with three decimals at most."""
    return [[_cell(value) for value in row] for row in table.itertuples(index=False)]


def _cell(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return str(value)
