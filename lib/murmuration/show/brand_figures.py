"""Figures of the report `brand_health`, from its result tables."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from murmuration.sentiment.model import LABELS
from murmuration.show import theme
from murmuration.show.brand_health import (
    Names,
    is_explained,
    known_methods,
    levels_table,
    name_methods,
    part_rivals,
    shares_of,
)
from murmuration.show.theme import chart_text
from murmuration.show.words import (
    count,
    listing,
    percent,
    percent_between,
    quoted,
    share_with_interval,
    step,
    tidy,
)
from murmuration.trends import FEW_POSTS, Bucket, find_worst_period

# How plotly writes the time of a step where the pointer is.
_TIMES = {
    "hour": "%a %d %b, %H:%M",
    "day": "%a %d %b",
    "week": "week from %a %d %b",
    "month": "%B %Y",
}
_MOST_TICKS = 6


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
    name = tidy(names[brand])
    mine = _local(over_time[over_time["brand"] == brand], timezone)
    if not mine["posts"].sum():
        return theme.empty_figure(f"No post about {name} in this period.")
    others = _together(_local(over_time[over_time["brand"] != brand], timezone))
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.66, 0.34], vertical_spacing=0.07
    )
    theme.apply_theme(figure, height=460)
    _add_band(figure, mine)
    line = {"color": theme.NEGATIVE, "width": 3}
    figure.add_scatter(
        x=mine["local"], y=100 * mine["negative_share"], name=chart_text(name), mode="lines+markers", line=line,
        marker={"size": 7}, customdata=_hover(mine), row=1, col=1,
        hovertemplate=f"%{{x|{_TIMES[bucket]}}}<br>%{{customdata}}<extra></extra>",
    )  # fmt: skip
    if len(others):
        figure.add_scatter(
            x=others["local"], y=100 * others["negative_share"], name="competitors together", mode="lines",
            line={"color": theme.QUIET, "width": 2, "dash": "dot"}, row=1, col=1,
            hovertemplate=f"%{{x|{_TIMES[bucket]}}}<br>%{{y:.0f}} % negative<extra>competitors</extra>",
        )  # fmt: skip
    figure.add_bar(
        x=mine["local"], y=mine["posts"], name="posts", marker_color=theme.NEUTRAL, showlegend=False, row=2, col=1,
        hovertemplate=f"%{{x|{_TIMES[bucket]}}}<br>%{{y:,}} posts<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(title_text="negative, %", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title_text=f"posts per {bucket}", row=2, col=1)
    figure.update_xaxes(**_ticks(mine["local"], bucket))
    figure.update_xaxes(title_text=f"local time, {timezone}", row=2, col=1)
    title = _time_title(mine, name, bucket, timezone)
    alt = f"Line of the share of negative posts about {name} per {bucket} with a 95 % band; bars of the number of posts."
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


def _ticks(starts: pd.Series, bucket: Bucket) -> dict[str, Any]:
    """Put marks at starts of steps, few enough for a phone; plotly marks hours between days otherwise."""
    every = -(-len(starts) // _MOST_TICKS)
    days = {"day": every, "week": 7 * every}.get(bucket)
    if bucket == "hour":
        return {}
    return {
        "tick0": starts.iloc[0],
        "dtick": f"M{every}" if days is None else days * 86_400_000,
        "tickformat": "%b %Y" if days is None else "%-d %b",
    }


def _time_title(mine: pd.DataFrame, name: str, bucket: Bucket, timezone: str) -> str:
    scored = int(mine["scored"].sum())
    if not scored:
        return f"{count(mine['posts'].sum(), 'post')} about {name}, none of them scored"
    worst = find_worst_period(mine)
    if worst is None:
        share = percent(float(mine["negative"].sum()) / scored)
        return f"{share} of the scored posts about {name} are negative; no {bucket} stands out"
    moment = worst["period_start"].astimezone(ZoneInfo(timezone))
    share = percent(worst["negative_share"])
    return f"{step(moment, bucket)}: {share} of the scored posts about {name} are negative"


def _local(over_time: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Give the steps in order, with the time on the wall and shares as plain numbers."""
    starts = pd.to_datetime(over_time["period_start"].astype("datetime64[us, UTC]"))
    local = starts.dt.tz_convert(ZoneInfo(timezone)).dt.tz_localize(None)
    shares = {
        name: over_time[name].astype("float64")
        for name in ("negative_share", "negative_low", "negative_high")
    }
    return over_time.assign(local=local, **shares).sort_values("period_start")


def _together(others: pd.DataFrame) -> pd.DataFrame:
    steps = others.groupby(["period_start", "local"], as_index=False)
    sums = steps[["negative", "scored"]].sum()
    sums = sums[sums["scored"] >= FEW_POSTS]
    return sums.assign(negative_share=(sums["negative"] / sums["scored"]).astype("float64"))


def _add_band(figure: go.Figure, mine: pd.DataFrame) -> None:
    there = mine[mine["negative_low"].notna()]
    x: list[Any] = []
    y: list[float | None] = []
    # One shape for each run of steps: a band across steps without an interval would invent one.
    for _, run in there.groupby(mine["negative_low"].isna().cumsum()):
        x += [*run["local"], *run["local"][::-1], None]
        y += [*(100 * run["negative_high"]), *(100 * run["negative_low"][::-1]), None]
    figure.add_scatter(
        x=x, y=y, fill="toself", mode="lines", fillcolor="rgba(213, 94, 0, 0.15)", line={"width": 0},
        name="95 % interval", hoverinfo="skip", row=1, col=1,
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
    figure = theme.new_figure(height=110 + 44 * len(now))
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
            x=share, y=rows["brand"], name=label, mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2, "color": colour}}, customdata=_named(rows, names, _hover(rows)),
            error_x={"type": "data", "array": high - share, "arrayminus": share - low, "color": colour, "thickness": 2},
            hovertemplate="%{customdata[0]}, " + label + "<br>%{customdata[1]}<extra></extra>",
        )  # fmt: skip
    _name_axis(figure, now["brand"].tolist()[::-1], names, brand)
    figure.update_xaxes(
        title_text="negative, % of scored posts<br>(bars: 95 % interval)", rangemode="tozero"
    )
    table = levels_table(levels)
    table.insert(0, "brand", [tidy(names[key]) for key in levels["brand"]])
    table.insert(1, "period", levels["period"].tolist())
    return theme.describe_figure(
        figure,
        title=_brands_title(now, names, brand),
        alt="Dots with intervals: negative share by brand.",
        table=table,
    )


def plot_shares(
    shares: pd.DataFrame, *, methods: pd.DataFrame, names: Names, brand: str
) -> go.Figure:
    """Draw the estimated share of each label with its interval beside the counted one, brand by brand.

    Parameters
    ----------
    shares, methods
        Tables of these names.
    names
        Key to name of every brand compared.
    brand
        Key of the brand that the report is about.
    """
    now = shares[(shares["period"] == "this") & shares["share"].notna()]
    if now.empty:
        return theme.empty_figure(
            "Nothing is corrected: how often the method errs on these posts is not known."
        )
    # What errors do not explain is not estimated: a label that was counted would be estimated away.
    explained = {key: is_explained(shares_of(now, key).values()) for key in now["brand"].unique()}
    now = now.assign(explained=now["brand"].map(explained))
    negative = now[now["label"] == LABELS[0]].sort_values("share")
    keys = negative["brand"].tolist()
    figure = make_subplots(rows=len(LABELS), cols=1, shared_xaxes=True, vertical_spacing=0.08)
    theme.apply_theme(figure, height=150 + len(LABELS) * (24 + 30 * len(keys)))
    colours = (theme.NEGATIVE, theme.QUIET, theme.POSITIVE)
    for row, (label, colour) in enumerate(zip(LABELS, colours, strict=True), start=1):
        rows = now[now["label"] == label].set_index("brand").loc[keys].reset_index()
        _add_estimates(figure, rows, label, colour, names, row)
        figure.update_yaxes(title_text=f"<b>{label}</b>", row=row, col=1)
    _name_axis(figure, keys, names, brand)
    figure.update_xaxes(range=[-4, 104])
    figure.update_xaxes(
        title_text="% of scored posts<br>(bars: 95 % interval)", row=len(LABELS), col=1
    )
    return theme.describe_figure(
        figure,
        title=_shares_title(now, methods, names, brand),
        alt="Dots: counted and estimated share of negative, neutral and positive posts by brand.",
        table=_shares_table(now, names),
    )


def _add_estimates(
    figure: go.Figure, rows: pd.DataFrame, label: str, colour: str, names: Names, row: int
) -> None:
    raw, share, low, high = (
        100 * rows[name].astype("float64") for name in ("raw", "share", "low", "high")
    )
    shown = [
        share_with_interval(one["share"], one["low"], one["high"])
        for one in rows.to_dict("records")
    ]
    texts = [
        (f"estimated {chart_text(estimate)} {label}<br>" if explained else "")
        + f"counted {chart_text(percent(part))} {label} of {count(posts, 'post')}"
        for estimate, explained, part, posts in zip(
            shown, rows["explained"], rows["raw"], rows["posts"], strict=True
        )
    ]
    hover = {
        "customdata": _named(rows, names, texts),
        "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    }
    figure.add_scatter(
        x=raw, y=rows["brand"], name="as counted", mode="markers", legendgroup="counted", showlegend=row == 1,
        marker={"color": theme.INK, "symbol": "diamond-open", "size": 10, "line": {"width": 2, "color": theme.INK}},
        row=row, col=1, **hover,
    )  # fmt: skip
    known = rows["explained"].to_numpy(bool)
    figure.add_scatter(
        x=share.where(known), y=rows["brand"], name="estimated", mode="markers", legendgroup="estimated", showlegend=row == 1,
        marker={"color": colour, "symbol": "circle", "size": 12},
        error_x={"type": "data", "array": high - share, "arrayminus": share - low, "color": colour, "thickness": 2},
        row=row, col=1, **hover,
    )  # fmt: skip


def _shares_title(now: pd.DataFrame, methods: pd.DataFrame, names: Names, brand: str) -> str:
    shares = shares_of(now, brand)
    if not shares:
        return f"No post about {tidy(names[brand])} could be corrected for errors"
    if not is_explained(shares.values()):
        return f"Shares of posts about {tidy(names[brand])} as counted: how often the method errs on such posts is not known"
    mine = shares[LABELS[0]]
    estimate = share_with_interval(mine["share"], mine["low"], mine["high"])
    methods = known_methods(methods)
    errs = "it errs" if methods["method"].nunique() <= 1 else "they err"
    return (
        f"{name_methods(methods)} {percent(mine['raw'])} of the scored posts about {tidy(names[brand])} negative; "
        f"corrected for how often {errs}, {estimate}"
    )


def _shares_table(now: pd.DataFrame, names: Names) -> pd.DataFrame:
    rows = now.to_dict("records")
    return pd.DataFrame(
        {
            "brand": [tidy(names[row["brand"]]) for row in rows],
            "label": [row["label"] for row in rows],
            "posts": [f"{row['posts']:,}" for row in rows],
            "counted": [percent(row["raw"]) for row in rows],
            "estimated": [
                share_with_interval(row["share"], row["low"], row["high"])
                if row["explained"]
                else "not known"
                for row in rows
            ],
        }
    )


def _name_axis(figure: go.Figure, keys: Sequence[str], names: Names, brand: str) -> None:
    """Write the names of brands, from below, at places that their keys tell apart."""
    shown = {key: chart_text(names[key], longest=30) for key in keys}
    texts = [f"<b>{shown[key]}</b>" if key == brand else shown[key] for key in keys]
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=list(keys), tickmode="array",
        tickvals=list(keys), ticktext=texts,
    )  # fmt: skip


def _named(rows: pd.DataFrame, names: Names, texts: Sequence[str]) -> list[list[str]]:
    return [[chart_text(names[key]), text] for key, text in zip(rows["brand"], texts, strict=True)]


def _brands_title(now: pd.DataFrame, names: Names, brand: str) -> str:
    """Say where the brand stands; `now` is sorted, the most negative first."""
    shares = dict(zip(now["brand"], now["negative_share"], strict=True))
    name, worst = tidy(names[brand]), tidy(names[now["brand"].iloc[0]])
    if brand not in shares:
        share = percent(max(shares.values()))
        return f"No scored post about {name}; {worst} has the most negative ones, {share}"
    mine = f"{percent(shares[brand])} of the scored posts about {name} are negative"
    sides = part_rivals(now, brand)
    parts = [
        f"clearly {word} than about {_few([tidy(names[one['brand']]) for one in sides[side]])}"
        for side, word in (("less", "more"), ("more", "fewer"))
        if sides[side]
    ]
    if parts:
        return f"{mine}, {' and '.join(parts)}"
    return f"{mine}; no competitor is clearly different" if sides["alike"] else mine


def _few(names: Sequence[str]) -> str:
    """List at most three, the first ones by name."""
    return listing(names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} others"])


def plot_share_of_voice(voice: pd.DataFrame, *, names: Names, brand: str) -> go.Figure:
    """Draw which part of all mentions each brand has."""
    if not voice["mentions"].sum():
        return theme.empty_figure("None of these brands is mentioned in this period.")
    rows = voice.sort_values("mentions")
    figure = theme.new_figure(height=90 + 40 * len(rows))
    # Two traces, as plotly 7.1 takes no list of colours where there is a pattern.
    for part, colour, pattern in (
        (rows[rows["brand"] == brand], theme.POSITIVE, ""),
        (rows[rows["brand"] != brand], theme.NEUTRAL, "/"),
    ):
        share, low, high = (
            100 * part[name].astype("float64") for name in ("share", "share_low", "share_high")
        )
        figure.add_bar(
            y=part["brand"], x=share, orientation="h", marker_color=colour, marker_pattern_shape=pattern,
            marker_pattern_fgcolor=theme.INK, marker_pattern_fgopacity=0.25,
            error_x={"type": "data", "array": high - share, "arrayminus": share - low, "color": theme.INK, "thickness": 1.5},
            customdata=_named(part, names, [count(number, "mention") for number in part["mentions"]]),
            hovertemplate="%{customdata[0]}<br>%{x:.1f} %, %{customdata[1]}<extra></extra>",
        )  # fmt: skip
    _name_axis(figure, rows["brand"].tolist(), names, brand)
    figure.update_xaxes(title_text="share of mentions, %<br>(bars: 95 % interval)")
    figure.update_layout(showlegend=False, barmode="overlay")
    mine = voice[voice["brand"] == brand].iloc[0]
    title = f"{tidy(names[brand])} has {percent(mine['share'])} of the mentions of these {len(voice)} brands"
    table = pd.DataFrame(
        {
            "brand": [tidy(names[key]) for key in voice["brand"]],
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
    name, terms = tidy(name), terms[terms["side"].isin(["negative", "positive"])]
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
        texts = [chart_text(term) for term in rows["term"]]
        figure.add_bar(
            x=rows["z"] if side == "positive" else -rows["z"], y=list(range(len(rows))), orientation="h", name=f"{side} posts",
            marker_color=colour, marker_pattern_shape=pattern, marker_pattern_fgopacity=0.3, opacity=0.85, text=texts,
            textposition="auto", textfont={"size": 13}, insidetextanchor="end", cliponaxis=False, row=1, col=column,
            customdata=list(zip(texts, rows["posts"].tolist(), rows["posts_other"].tolist(), strict=True)),
            hovertemplate=f"%{{customdata[0]}}<br>%{{customdata[1]:,}} {side} posts, %{{customdata[2]:,}} others<extra></extra>",
        )  # fmt: skip
    # Room for long terms beside short bars, on a phone too.
    reach = 1.6 * float(terms["z"].max())
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
    tops = {side: quoted([rows["term"].iloc[0]]) for side, rows in sides.items() if len(rows)}
    if len(tops) == 2:
        return (
            f"Negative posts about {name} stand out by {tops['negative']}, "
            f"positive ones by {tops['positive']}"
        )
    side, term = next(iter(tops.items()))
    return f"{side.capitalize()} posts about {name} stand out by {term}"


def _terms_table(terms: pd.DataFrame) -> pd.DataFrame:
    shown = terms.sort_values(["side", "rank"])
    return shown.assign(z=shown["z"].map(lambda z: f"{z:.1f}"))[
        ["side", "term", "posts", "posts_other", "z"]
    ]
