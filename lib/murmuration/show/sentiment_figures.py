"""Figures of the report `sentiment_quality`, from its result tables."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from murmuration.sentiment.model import LABELS
from murmuration.sentiment.names import is_vader
from murmuration.sentiment.quality import ALL
from murmuration.show import theme
from murmuration.show.sentiment_quality import decimals, measure_with_interval, model_name
from murmuration.show.theme import chart_text
from murmuration.show.words import count, percent, share_with_interval

# Okabe & Ito's, beyond those of the theme; shapes tell models apart as well.
_COLOURS = (theme.QUIET, theme.POSITIVE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DEEPEST = "#56b4e9"  # Okabe & Ito's sky blue: dark numbers are legible on it
_MEASURES = {"recall": "found, of those that are so", "precision": "right, of those called so"}
_SLICES = {
    "length": "characters", "emoji": "emoji", "negation": "negation", "contrast": "“but” etc.",
    "hashtag": "hashtag", "lang": "language",
}  # fmt: skip
_LENGTH_ORDER = ("under 40", "40–79", "80–119", "120–159", "160 and more")


def _looks(models: Iterable[Any]) -> dict[str, tuple[str, str]]:
    """Give each model a colour and a shape."""
    return {
        model: (_COLOURS[place % len(_COLOURS)], theme.MARKERS[place % len(theme.MARKERS)])
        for place, model in enumerate(
            sorted(map(str, models), key=lambda name: (not is_vader(name), name))
        )
    }


def plot_classes(by_class: pd.DataFrame) -> go.Figure:
    """Draw recall and precision of each label and model, with intervals.

    Parameters
    ----------
    by_class
        Table `by_class`; all languages together are drawn.
    """
    rows = by_class[(by_class["lang"] == ALL) & by_class["recall"].notna()]
    if rows.empty:
        return theme.empty_figure("No post was scored.")
    looks = _looks(rows["model"].unique())
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.12,
        subplot_titles=[f"{name}: {meaning}" for name, meaning in _MEASURES.items()],
    )  # fmt: skip
    theme.apply_theme(figure, height=230 + 2 * len(LABELS) * (24 + 14 * len(looks)))
    for place, measure in enumerate(_MEASURES, start=1):
        for model, (colour, symbol) in looks.items():
            _add_dots(
                figure,
                rows[rows["model"] == model],
                measure,
                y="label",
                model=model,
                look=(colour, symbol),
                at=place,
            )
        figure.update_yaxes(
            categoryorder="array", categoryarray=list(LABELS[::-1]), row=place, col=1
        )
    _finish_dots(figure, rows=2)
    _place_titles(figure, legend_lines=len(looks))
    worst = min(rows.to_dict("records"), key=lambda row: row["recall"])
    return theme.describe_figure(
        figure,
        title=f"{model_name(worst['model'])} finds {percent(worst['recall'])} of the {worst['label']} posts",
        alt="Dots with intervals: recall and precision of each label, by model.",
        table=_class_table(by_class),
    )


def _class_table(by_class: pd.DataFrame) -> pd.DataFrame:
    rows = by_class.to_dict("records")
    return pd.DataFrame(
        {
            "model": [model_name(row["model"]) for row in rows],
            "language": [row["lang"] for row in rows],
            "label": [row["label"] for row in rows],
            "posts": [f"{row['posts']:,}" for row in rows],
            **{
                name: [measure_with_interval(row, name) for row in rows]
                for name in ("precision", "recall", "f1")
            },
        }
    )


def _add_dots(
    figure: go.Figure,
    rows: pd.DataFrame,
    measure: str,
    *,
    y: str,
    model: str,
    look: tuple[str, str],
    at: int,
) -> None:
    """Add dots with intervals to subplot `at`; models stand under one another in each category."""
    colour, symbol = look
    value, low, high = (100 * rows[measure + end].astype(float) for end in ("", "_low", "_high"))
    said = [
        f"{percent(row[measure])} ({measure_with_interval(row, measure)})<br>{count(row['posts'], 'post')}"
        for row in rows.to_dict("records")
    ]
    figure.add_scatter(
        x=value, y=rows[y], name=chart_text(model_name(model)), legendgroup=model, showlegend=at == 1, mode="markers", orientation="h",
        marker={"color": colour, "symbol": symbol, "size": 11}, offsetgroup=model, customdata=said,
        error_x={"type": "data", "array": high - value, "arrayminus": value - low, "color": colour, "thickness": 2},
        hovertemplate=f"%{{y}}, {chart_text(model_name(model))}<br>%{{customdata}}<extra></extra>", row=at, col=1,
    )  # fmt: skip


def _finish_dots(figure: go.Figure, *, rows: int) -> None:
    figure.update_layout(scattermode="group", scattergap=0.4)
    figure.update_xaxes(range=[-2, 102])
    figure.update_xaxes(title_text="% (bars: 95 % interval)", row=rows, col=1)
    figure.update_yaxes(type="category")


def plot_confusion(confusion: pd.DataFrame) -> go.Figure:
    """Draw, for each model, what the posts of each label are called.

    Parameters
    ----------
    confusion
        Table `confusion`; all languages together are drawn.
    """
    rows = confusion[confusion["lang"] == ALL]
    models = list(_looks(rows.loc[rows["posts"] > 0, "model"].unique()))
    if not models:
        return theme.empty_figure("No post was scored.")
    figure = make_subplots(
        rows=len(models), cols=1, vertical_spacing=min(0.12, 0.3 / len(models)),
        subplot_titles=[chart_text(model_name(model)) for model in models],
    )  # fmt: skip
    theme.apply_theme(figure, height=90 + 210 * len(models))
    for place, model in enumerate(models, start=1):
        counts = _matrix(rows[rows["model"] == model])
        with np.errstate(invalid="ignore"):
            shares = counts / counts.sum(axis=1, keepdims=True)
        texts = [
            [f"{percent(share)}<br>{int(posts):,}" for share, posts in zip(*pair, strict=True)]
            for pair in zip(shares, counts, strict=True)
        ]
        figure.add_heatmap(
            z=100 * shares, x=[f"called {label}" for label in LABELS], y=[f"is {label}" for label in LABELS], text=texts,
            texttemplate="%{text}", zmin=0, zmax=100, colorscale=[[0, theme.PAPER], [1, _DEEPEST]], textfont={"color": theme.INK},
            showscale=False, xgap=2, ygap=2, hovertemplate="%{y}, %{x}<br>%{text}<extra></extra>", row=place, col=1,
        )  # fmt: skip
        figure.update_yaxes(autorange="reversed", showgrid=False, row=place, col=1)
        figure.update_xaxes(showgrid=False, row=place, col=1)
    _place_titles(figure)
    return theme.describe_figure(
        figure,
        title="What posts of each label are called",
        alt="Tables of shares: true label by given label, for each model.",
        table=rows.assign(model=rows["model"].map(model_name))[
            ["model", "label", "given", "posts"]
        ],
    )


def _place_titles(figure: go.Figure, *, legend_lines: int = 0) -> None:
    """Put the titles of subplots to the left, below a legend that a narrow page breaks into lines."""
    figure.update_annotations(
        x=0, xanchor="left", yshift=4, font={"size": 13, "color": theme.QUIET}
    )
    legend = {"y": 1.0, "yanchor": "top", "yref": "container"}
    figure.update_layout(legend=legend, margin={"t": 34 + 26 * legend_lines})


def _matrix(rows: pd.DataFrame) -> Any:
    table = rows.pivot_table(index="label", columns="given", values="posts", aggfunc="sum")
    return table.reindex(index=list(LABELS), columns=list(LABELS)).to_numpy(dtype=float)


def plot_calibration(calibration: pd.DataFrame, quality: pd.DataFrame) -> go.Figure:
    """Draw how often models are right, against how sure they say to be.

    Parameters
    ----------
    calibration, quality
        Tables of the report.
    """
    if calibration.empty:
        return theme.empty_figure(
            "VADER gives no probabilities, so there is nothing to check; trained models do."
        )
    figure = theme.new_figure(height=420)
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", line={"color": theme.NEUTRAL, "dash": "dash", "width": 1.5},
        name="as sure as right", hoverinfo="skip",
    )  # fmt: skip
    looks = _looks(quality["model"].unique())
    for model, rows in calibration.groupby("model"):
        colour, symbol = looks[str(model)]
        right, low, high = (
            100 * rows[f"right{end}"].astype(float) for end in ("", "_low", "_high")
        )
        figure.add_scatter(
            x=100 * rows["probability"], y=right, name=chart_text(model_name(str(model))), mode="lines+markers",
            line={"color": colour, "width": 1.5}, marker={"color": colour, "symbol": symbol, "size": 9},
            error_y={"type": "data", "array": high - right, "arrayminus": right - low, "color": colour, "thickness": 1.5},
            customdata=[count(posts, "post") for posts in rows["posts"]],
            hovertemplate="says %{x:.0f} %, is right in %{y:.0f} %<br>%{customdata}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="how sure, % (mean probability of the most probable label)")
    figure.update_yaxes(title_text="that label is right, % of posts")
    errors = quality[(quality["lang"] == ALL) & quality["ece"].notna()].set_index("model")["ece"]
    said = ", ".join(f"{model_name(str(model))} {decimals(ece)}" for model, ece in errors.items())
    table = pd.DataFrame(
        {
            "model": calibration["model"].map(model_name),
            "says": calibration["probability"].map(percent),
            "right": [
                share_with_interval(row["right"], row["right_low"], row["right_high"])
                for row in calibration.to_dict("records")
            ],
            "posts": calibration["posts"],
        }
    )
    return theme.describe_figure(
        figure,
        title=f"Calibration error: {said}",
        alt="Lines with intervals: share of right labels by stated probability; a dashed line where both are equal.",
        table=table,
    )


def plot_slices(slices: pd.DataFrame) -> go.Figure:
    """Draw the share of right labels on each kind of post, with intervals.

    Parameters
    ----------
    slices
        Table `slices`; kinds with fewer than 30 posts are left out.
    """
    rows = slices[slices["accuracy"].notna()]
    rows = rows[rows.groupby(["model", "slice"])["value"].transform("count") > 1]
    if rows.empty:
        return theme.empty_figure("There are too few posts of any kind to tell kinds apart.")
    looks = _looks(rows["model"].unique())
    rows = rows.assign(
        place=[
            _slice_label(kind, value)
            for kind, value in zip(rows["slice"], rows["value"], strict=True)
        ]
    )
    order = [label for label in _slice_order(rows) if label in set(rows["place"])]
    figure = make_subplots(rows=1, cols=1)
    theme.apply_theme(figure, height=120 + len(order) * (16 + 12 * len(looks)))
    for model, look in looks.items():
        mine = rows[rows["model"] == model]
        _add_dots(figure, mine, "accuracy", y="place", model=model, look=look, at=1)
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1])
    _finish_dots(figure, rows=1)
    low = float(rows["accuracy_low"].min())
    figure.update_xaxes(
        title_text="right, % of posts<br>(bars: 95 % interval)",
        range=[max(-2, 100 * low - 8), 102],
    )
    table = pd.DataFrame(
        {
            "model": rows["model"].map(model_name),
            "posts": rows["place"],
            "number": rows["posts"],
            "right": [measure_with_interval(row, "accuracy") for row in rows.to_dict("records")],
            "macro recall": [
                measure_with_interval(row, "macro_recall") for row in rows.to_dict("records")
            ],
        }
    )
    return theme.describe_figure(
        figure,
        title="Where models are right more and less often",
        alt="Dots with intervals: share of right labels by kind of post and model.",
        table=table,
    )


def _slice_label(kind: str, value: str) -> str:
    if kind in ("length", "lang"):
        return f"{value} {_SLICES[kind]}" if kind == "length" else f"{_SLICES[kind]} {value}"
    return f"{'with' if value == 'yes' else 'no'} {_SLICES[kind]}"


def _slice_order(rows: pd.DataFrame) -> list[str]:
    order = [_slice_label("length", value) for value in _LENGTH_ORDER]
    for kind in ("emoji", "negation", "contrast", "hashtag"):
        order += [_slice_label(kind, value) for value in ("yes", "no")]
    langs = sorted(rows.loc[rows["slice"] == "lang", "value"].unique())
    return order + [_slice_label("lang", value) for value in langs]
