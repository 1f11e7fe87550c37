"""Figures of the report `brand_health`, from its result tables."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from murmuration.show import theme
from murmuration.show.brand_health import Names, levels_table
from murmuration.show.words import (
    count,
    day,
    percent,
    percent_between,
    share_with_interval,
)
from murmuration.trends import FEW_POSTS, Bucket, find_worst_period


def plot_over_time(
    over_time: pd.DataFrame, *, names: Names, brand: str, bucket: Bucket, timezone: str
) -> go.Figure:
    """Draw the share of negative posts over time with its interval, above the number of posts.

    Parameters
    ----------
    over_time
        Table `over_time`.
    names
        Key to name of every brand compared.
    brand
        Key of the brand that is drawn in full; the others together are a thin line.
    bucket, timezone
        Length of a step, and whose clock the axis shows.
    """
    mine = _local(over_time[over_time["brand"] == brand], timezone)
    if not mine["posts"].sum():
        return theme.empty_figure(f"No post about {names[brand]} in this period.")
    others = _together(_local(over_time[over_time["brand"] != brand], timezone))
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.66, 0.34], vertical_spacing=0.07
    )
    theme.apply_theme(figure, height=460)
    _add_band(figure, mine)
    line = {"color": theme.NEGATIVE, "width": 3}
    figure.add_scatter(
        x=mine["local"], y=100 * mine["negative_share"], name=names[brand], mode="lines+markers", line=line,
        marker={"size": 7}, customdata=_hover(mine), row=1, col=1,
        hovertemplate="%{x|%a %d %b %H:%M}<br>%{customdata}<extra></extra>",
    )  # fmt: skip
    if len(others):
        figure.add_scatter(
            x=others["local"], y=100 * others["negative_share"], name="competitors together", mode="lines",
            line={"color": theme.QUIET, "width": 2, "dash": "dot"}, row=1, col=1,
            hovertemplate="%{x|%a %d %b}<br>%{y:.0f} % negative<extra>competitors</extra>",
        )  # fmt: skip
    figure.add_bar(
        x=mine["local"], y=mine["posts"], name="posts", marker_color=theme.NEUTRAL, showlegend=False, row=2, col=1,
        hovertemplate="%{x|%a %d %b %H:%M}<br>%{y:,} posts<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(title_text="negative, %", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title_text=f"posts per {bucket}", row=2, col=1)
    figure.update_xaxes(title_text=f"local time, {timezone}", row=2, col=1)
    worst = find_worst_period(over_time[over_time["brand"] == brand])
    title = _time_title(worst, names[brand], timezone)
    alt = f"Line of the share of negative posts about {names[brand]} per {bucket} with a 95 % band; bars of the number of posts."
    numbers = mine.assign(
        time=mine["local"].dt.strftime("%Y-%m-%d %H:%M"),
        negative=mine["negative_share"].map(percent),
        interval=[
            percent_between(a, b)
            for a, b in zip(mine["negative_low"], mine["negative_high"], strict=True)
        ],
    )
    return theme.describe_figure(
        figure,
        title=title,
        alt=alt,
        table=numbers[["time", "posts", "scored", "negative", "interval"]],
    )


def _time_title(worst: Mapping[str, Any] | None, name: str, timezone: str) -> str:
    if worst is None:
        return f"How negative posts about {name} were, and how many there were"
    moment = worst["period_start"].astimezone(ZoneInfo(timezone))
    return (
        f"{day(moment)}: {percent(worst['negative_share'])} of the posts about {name} are negative"
    )


def _local(over_time: pd.DataFrame, timezone: str) -> pd.DataFrame:
    starts = pd.to_datetime(over_time["period_start"].astype("datetime64[us, UTC]"))
    local = starts.dt.tz_convert(ZoneInfo(timezone)).dt.tz_localize(None)
    shares = {
        name: over_time[name].astype("float64")
        for name in ("negative_share", "negative_low", "negative_high")
    }
    return over_time.assign(local=local, **shares).sort_values("local")


def _together(others: pd.DataFrame) -> pd.DataFrame:
    sums = others.groupby("local", as_index=False)[["negative", "scored"]].sum()
    sums = sums[sums["scored"] >= FEW_POSTS]
    return sums.assign(negative_share=(sums["negative"] / sums["scored"]).astype("float64"))


def _add_band(figure: go.Figure, mine: pd.DataFrame) -> None:
    there = mine[mine["negative_low"].notna()]
    edge = {"width": 0}
    figure.add_scatter(
        x=[*there["local"], *there["local"][::-1]], y=[*(100 * there["negative_high"]), *(100 * there["negative_low"][::-1])],
        fill="toself", mode="lines", fillcolor="rgba(213, 94, 0, 0.15)", line=edge, name="95 % interval", hoverinfo="skip", row=1, col=1,
    )  # fmt: skip


def _hover(rows: pd.DataFrame) -> list[str]:
    return [
        f"{share_with_interval(row['negative_share'], row['negative_low'], row['negative_high'])} negative<br>"
        f"{count(row['scored'], 'scored post')}"
        for row in rows.to_dict("records")
    ]


def plot_brands(levels: pd.DataFrame, *, names: Names, brand: str) -> go.Figure:
    """Draw the negative share of each brand with its interval, this period and the one before."""
    now = levels[(levels["period"] == "this") & levels["negative_share"].notna()].sort_values(
        "negative_share", ascending=False
    )
    if now.empty:
        return theme.empty_figure("No scored post about any of these brands in this period.")
    order = [_label(names, key, brand) for key in now["brand"]]
    figure = theme.new_figure(height=110 + 44 * max(1, len(order)))
    looks = {
        "before": ("period before", theme.NEUTRAL, "diamond-open"),
        "this": ("this period", theme.NEGATIVE, "circle"),
    }
    for period, (label, colour, symbol) in looks.items():
        rows = levels[
            (levels["period"] == period)
            & levels["brand"].isin(now["brand"])
            & levels["negative_share"].notna()
        ]
        if rows.empty:
            continue
        share, low, high = (
            100 * rows[f"negative_{end}"].astype(float) for end in ("share", "low", "high")
        )
        figure.add_scatter(
            x=share, y=[_label(names, key, brand) for key in rows["brand"]], name=label, mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2, "color": colour}}, customdata=_hover(rows),
            error_x={"type": "data", "array": high - share, "arrayminus": share - low, "color": colour, "thickness": 2},
            hovertemplate="%{y}, " + label + "<br>%{customdata}<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1])
    figure.update_xaxes(
        title_text="negative posts, % of scored ones (bars: 95 % interval)", rangemode="tozero"
    )
    table = levels_table(levels)
    table.insert(0, "brand", [names[key] for key in levels["brand"]])
    table.insert(1, "period", levels["period"].tolist())
    return theme.describe_figure(
        figure,
        title=_brands_title(now, names, brand),
        alt="Dots with intervals: negative share by brand.",
        table=table,
    )


def _label(names: Names, key: str, brand: str) -> str:
    return f"<b>{names[key]}</b>" if key == brand else names[key]


def _brands_title(now: pd.DataFrame, names: Names, brand: str) -> str:
    if len(now) < 2 or brand not in set(now["brand"]):
        return f"Negative posts about {names[brand]}"
    place = now["brand"].tolist().index(brand) + 1
    if place == 1:
        return f"{names[brand]} has the largest share of negative posts of the {len(now)} brands"
    if place == len(now):
        return f"{names[brand]} has the smallest share of negative posts of the {len(now)} brands"
    return f"{names[brand]} has the {_ordinal(place)} largest share of negative posts of {len(now)} brands"


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def plot_share_of_voice(voice: pd.DataFrame, *, names: Names, brand: str) -> go.Figure:
    """Draw which part of all mentions each brand has."""
    if not voice["mentions"].sum():
        return theme.empty_figure("None of these brands is mentioned in this period.")
    rows = voice.sort_values("mentions")
    figure = theme.new_figure(height=90 + 40 * len(rows))
    share, low, high = (
        100 * rows[name].astype("float64") for name in ("share", "share_low", "share_high")
    )
    figure.add_bar(
        y=[_label(names, key, brand) for key in rows["brand"]], x=share, orientation="h",
        marker_color=[theme.POSITIVE if key == brand else theme.NEUTRAL for key in rows["brand"]],
        marker_pattern_shape=["" if key == brand else "/" for key in rows["brand"]], marker_pattern_fgopacity=0.25,
        error_x={"type": "data", "array": high - share, "arrayminus": share - low, "color": theme.INK, "thickness": 1.5},
        customdata=[count(number, "mention") for number in rows["mentions"]], hovertemplate="%{y}<br>%{x:.1f} %, %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text="share of all mentions of these brands, % (bars: 95 % interval)")
    figure.update_layout(showlegend=False)
    mine = voice[voice["brand"] == brand].iloc[0]
    title = (
        f"{names[brand]} has {percent(mine['share'])} of the mentions of these {len(voice)} brands"
    )
    table = pd.DataFrame(
        {
            "brand": [names[key] for key in voice["brand"]],
            "mentions": [f"{number:,}" for number in voice["mentions"]],
            "share": [
                share_with_interval(row["share"], row["share_low"], row["share_high"])
                for row in voice.to_dict("records")
            ],
        }
    )
    return theme.describe_figure(
        figure, title=title, alt="Bars: share of mentions by brand.", table=table
    )


def plot_terms(terms: pd.DataFrame, *, name: str) -> go.Figure:
    """Draw the terms that mark negative posts to the left and positive posts to the right."""
    if terms.empty:
        return theme.empty_figure("Too few scored posts for terms to stand out.")
    sides = {
        side: terms[terms["side"] == side].sort_values("rank") for side in ("negative", "positive")
    }
    depth = max((len(rows) for rows in sides.values()), default=0)
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.02)
    theme.apply_theme(figure, height=70 + 28 * max(3, depth))
    looks = {"negative": (theme.NEGATIVE, "", 1), "positive": (theme.POSITIVE, "/", 2)}
    for side, (colour, pattern, column) in looks.items():
        rows = sides[side]
        figure.add_bar(
            x=rows["z"] if side == "positive" else -rows["z"], y=list(range(len(rows))), orientation="h", name=f"{side} posts",
            marker_color=colour, marker_pattern_shape=pattern, marker_pattern_fgopacity=0.3, opacity=0.85, text=rows["term"],
            textposition="auto", textfont={"size": 13}, insidetextanchor="end", cliponaxis=False, row=1, col=column,
            customdata=rows[["term", "posts", "posts_other"]].to_numpy(),
            hovertemplate=f"%{{customdata[0]}}<br>%{{customdata[1]:,}} {side} posts, %{{customdata[2]:,}} others<extra></extra>",
        )  # fmt: skip
    reach = 1.15 * float(terms["z"].max()) if len(terms) else 1.0
    figure.update_yaxes(autorange="reversed", visible=False)
    figure.update_xaxes(visible=False)
    figure.update_xaxes(range=[-reach, 0], row=1, col=1)
    figure.update_xaxes(range=[0, reach], row=1, col=2)
    return theme.describe_figure(
        figure,
        title=_terms_title(sides, name),
        alt="Two lists of bars: terms of negative and of positive posts.",
        table=_terms_table(terms),
    )


def _terms_title(sides: Mapping[str, pd.DataFrame], name: str) -> str:
    tops = [rows["term"].iloc[0] for rows in sides.values() if len(rows)]
    if len(tops) == 2:
        return f"Negative posts about {name} stand out by “{tops[0]}”, positive ones by “{tops[1]}”"
    return f"What posts about {name} speak of"


def _terms_table(terms: pd.DataFrame) -> pd.DataFrame:
    shown = terms.sort_values(["side", "rank"])
    return shown.assign(z=shown["z"].map(lambda z: f"{z:.1f}"))[
        ["side", "term", "posts", "posts_other", "z"]
    ]
