"""The look of every chart."""

import json

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from murmuration.show.theme import GRID, INK, QUIET, apply_theme, new_figure


def layout_of(figure):
    return json.loads(figure.to_json())["layout"]


def test_a_new_figure_has_the_look_on_both_axes_and_the_template_of_plotly():
    layout = layout_of(new_figure(height=90))
    assert (layout["height"], layout["font"]["color"]) == (90, INK)
    for axis in ("xaxis", "yaxis"):
        assert layout[axis]["gridcolor"] == GRID
        assert layout[axis]["title"] == {"font": {"color": QUIET}}
    assert layout["template"] == layout_of(go.Figure())["template"]


def test_what_a_figure_of_several_panels_has_already_stays():
    figure = make_subplots(rows=2, cols=1, subplot_titles=["a", "b"], shared_xaxes=True)
    figure.update_yaxes(title_text="posts", row=2, col=1)
    before = layout_of(figure)
    layout = layout_of(apply_theme(figure, height=200))
    for axis in ("xaxis", "xaxis2", "yaxis", "yaxis2"):
        assert before[axis].items() <= {**layout[axis], "title": before[axis].get("title")}.items()
        assert layout[axis]["gridcolor"] == GRID
    assert layout["yaxis2"]["title"] == {"text": "posts", "font": {"color": QUIET}}
    assert layout["annotations"] == before["annotations"]
    figure.add_scatter(x=[1], y=[2], row=2, col=1)  # panels are still known
    assert figure.data[0].yaxis == "y2"
