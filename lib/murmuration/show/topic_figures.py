"""Figures of the report `topics`, from its result tables: growth, time, terms, feelings and groups."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from murmuration.schema import NO_LANG
from murmuration.show import theme
from murmuration.show.theme import chart_text
from murmuration.show.topic_looks import (
    LEFT,
    MOST_NAMED,
    NO_TOPIC,
    largest_topics,
    names_of,
    short_label,
    topic_colour,
    topic_marker,
)
from murmuration.show.words import (
    count,
    left_out,
    negative_share,
    percent,
    quoted,
    share_with_interval,
    step,
)
from murmuration.trends import FEW_POSTS, Bucket, are_told, assign_steps, list_periods

ROSE, FELL = ("emerging", "new", "growing"), ("fading", "gone")
# In which order changes are told; what is not here comes last.
_RANK = {"emerging": 0, "new": 0, "growing": 1, "fading": 2, "gone": 3, "perhaps": 4, "steady": 5}
# How a status is drawn: what it says, colour, shape.
_STATUS = {
    "new": ("new", theme.POSITIVE, "star"),
    "emerging": ("grew fast", theme.POSITIVE, "triangle-up"),
    "growing": ("grew", theme.POSITIVE, "triangle-up-open"),
    "fading": ("faded", theme.NEGATIVE, "triangle-down-open"),
    "gone": ("gone", theme.NEGATIVE, "x"),
    "perhaps": ("perhaps: less sure", theme.INK, "diamond-open"),
    "steady": ("no clear change", theme.QUIET, "circle-open"),
}
_NARROW = 6  # times, from one end of the axis to the other
_NARROW_TICKS = (0.25, 0.4, 0.6, 0.8, 1, 1.3, 1.7, 2.5, 4)
_WIDE_TICKS = (0.05, 0.2, 0.5, 1, 2, 4, 10)
_FEW_DAYS = 2  # so few are drawn by the hour
_STEPS = {"hour": "1h", "day": "1D"}
_PANELS = 8  # of topics over time
_TERM_PANELS, _TERMS = 12, 6
_MOST_GROUPS = 6
_LEAST_TIMES, _MOST_TIMES = 0.05, 10.0  # of what was expected: what is beyond is drawn here
_BESIDE = 1.2  # times, that the axis reaches at least to either side of what was expected


def plot_topic_growth(emerging: pd.DataFrame) -> go.Figure:
    """Draw how many times as many posts topics have as expected, with intervals; what changed first.

    Parameters
    ----------
    emerging
        Table `emerging`.
    """
    judged = rank_changes(emerging)
    judged = judged[judged["status"].isin(list(_STATUS)) & judged["expected"].notna()]
    if judged.empty:
        return theme.empty_figure("Too few days before the period to tell what grew.")
    rows = _pick_changed(judged)
    figure = theme.new_figure(height=130 + 42 * len(rows))
    order = rows["topic"].astype(str).tolist()[::-1]
    names = names_of(emerging)
    for status, (said, colour, symbol) in _STATUS.items():
        part = rows[rows["status"] == status]
        if part.empty:
            continue
        ratio, low, high = _ratios(part)
        figure.add_scatter(
            x=ratio, y=part["topic"].astype(str), mode="markers", name=said,
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2, "color": colour}},
            error_x={"type": "data", "array": high - ratio, "arrayminus": ratio - low, "color": colour, "thickness": 2},
            customdata=[[chart_text(names[row["topic"]]), _expected(row)] for row in part.to_dict("records")],
            hovertemplate="%{customdata[0]}, " + said + "<br>%{customdata[1]}<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=1, line={"color": theme.QUIET, "width": 1, "dash": "dot"})
    _name_topics(figure, order, names)
    ends = [1 / _BESIDE, _BESIDE, *np.concatenate(_ratios(rows)[1:])]
    low, high = float(np.log10(min(ends))), float(np.log10(max(ends)))
    ticks = _NARROW_TICKS if 10 ** (high - low) < _NARROW else _WIDE_TICKS
    room = 0.06 * (high - low)
    figure.update_xaxes(
        type="log", tickvals=ticks, ticktext=[_times(tick) for tick in ticks], tickangle=0, range=[low - room, high + room],
        title_text="posts, times what was expected<br>(bars: 95 % interval)",
    )  # fmt: skip
    return theme.describe_figure(
        figure, title=_growth_title(judged, rows), alt="Dots with intervals: posts of topics over what was expected.",
        table=_growth_table(judged),
    )  # fmt: skip


def _times(tick: float) -> str:
    # In two lines: a mark that is wider than the room beside the edge of a phone is not drawn.
    return f"over<br>{tick:g}×" if tick == _MOST_TIMES else f"{tick:g}×"


def rank_changes(emerging: pd.DataFrame) -> pd.DataFrame:
    """Give topics in the order in which they are told: how they changed, then by how many posts.

    A saved table is in the order of its key, so that without this a page would tell another story than the report.
    """
    moved = (emerging["posts"] - emerging["expected"]).abs().fillna(emerging["posts"])
    rank = emerging["status"].map(_RANK).fillna(len(_RANK))
    keys = emerging.assign(_rank=rank, _moved=-moved)
    return emerging.loc[keys.sort_values(["_rank", "_moved", "topic"]).index]


def _pick_changed(judged: pd.DataFrame) -> pd.DataFrame:
    changed = judged[judged["status"].isin([*ROSE, *FELL])]
    perhaps = judged[judged["status"] == "perhaps"]
    steady = judged[judged["status"] == "steady"].sort_values(
        "posts", ascending=False, kind="stable"
    )
    return pd.concat([changed.head(MOST_NAMED), perhaps, steady]).head(MOST_NAMED)


def _ratios(part: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Give growth and its interval; of new topics posts over at least one expected post."""
    posts, expected = part["posts"].to_numpy(float), part["expected"].to_numpy(float)
    ratio = np.where(
        part["growth"].isna(), posts / np.maximum(expected, 1), part["growth"].astype(float)
    )
    ratio = np.clip(ratio, _LEAST_TIMES, _MOST_TIMES)
    low, high = (
        np.where(part[name].isna(), ratio, part[name].astype(float))
        for name in ("growth_low", "growth_high")
    )
    return ratio, np.clip(low, _LEAST_TIMES, ratio), np.clip(high, ratio, _MOST_TIMES)


def _expected(row: Mapping[Any, Any]) -> str:
    return f"{count(row['posts'], 'post')}, {row['expected']:,.0f} expected"


def _growth_title(judged: pd.DataFrame, rows: pd.DataFrame) -> str:
    n = int(judged["status"].isin([*ROSE, *FELL]).sum())
    if not n:
        return f"None of {count(len(judged), 'topic')} changed beyond what chance explains"
    first = rows.iloc[0]
    name = quoted([short_label(str(first["label"]))])
    said = {"new": "is new", "gone": "is gone", "fading": "faded"}.get(first["status"], "grew most")
    left = f"; {n - MOST_NAMED} more that changed are in the numbers" if n > MOST_NAMED else ""
    return f"{name} {said}: {_expected(first.to_dict())}; {n} of {count(len(judged), 'topic')} changed clearly{left}"


def _growth_table(judged: pd.DataFrame) -> pd.DataFrame:
    rows = judged.to_dict("records")
    # Tables of earlier runs do not say it.
    before = {"before": [f"{row['posts_before']:,} in {count(row['baseline_days'], 'day')}" for row in rows]} if "posts_before" in judged else {}  # fmt: skip
    return pd.DataFrame(
        {
            "topic": [row["label"] for row in rows],
            "status": [_STATUS[row["status"]][0] for row in rows],
            "posts": [f"{row['posts']:,}" for row in rows],
            **before,
            "expected": [f"{row['expected']:,.0f}" for row in rows],
            "times": [times_with_interval(row) for row in rows],
        }
    )


def times_with_interval(row: Mapping[Any, Any]) -> str:
    """Give growth with its interval: “3.1 (2.4–4.0)”; of what grew from nearly nothing about how many times."""
    if pd.isna(row["growth"]):
        if row["status"] != "new" or pd.isna(row["expected"]):
            return "–"
        bound = "over" if row["expected"] < 1 else "about"  # less than one post may be hardly any
        return f"{bound} {row['posts'] / max(row['expected'], 1):,.0f}"
    if pd.isna(row["growth_low"]):
        return f"{row['growth']:.1f}"
    return f"{row['growth']:.1f} ({row['growth_low']:.1f}–{row['growth_high']:.1f})"


def _name_topics(
    figure: go.Figure, order: Sequence[str], names: Mapping[int, str], *, longest: int = 24
) -> None:
    """Write labels at places that ids tell apart, from below."""
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=list(order), tickmode="array", tickvals=list(order),
        ticktext=[_two_lines(names[int(key)], longest) for key in order],
    )  # fmt: skip


def _two_lines(label: str, longest: int) -> str:
    """Give a label as two short lines, so that charts keep room on a phone."""
    shown = short_label(label, longest=2 * longest)
    if len(shown) <= longest:
        return chart_text(shown)
    cut = max(shown.rfind(" ", 0, longest + 1), 0) or longest
    return f"{chart_text(shown[:cut], longest=longest)}<br>{chart_text(shown[cut:].strip(), longest=longest)}"


def plot_topics_over_time(
    over_time: pd.DataFrame,
    topics: pd.DataFrame,
    *,
    first: Sequence[int] = (),
    since: Any = None,
    timezone: str = "UTC",
    posts: pd.DataFrame | None = None,
) -> go.Figure:
    """Draw the posts of topics by day, each in a row of its own, beside what is expected of it.

    Of two days and less they are drawn by the hour.

    Parameters
    ----------
    over_time
        Table `over_time`.
    topics
        Table `topics`.
    first
        Topics to show before those that are merely large.
    since
        Start of the period, where a line is drawn; none unless given.
    timezone
        Whose clock the axis shows.
    posts
        The posts themselves with `created_at` and `topic`, which are counted by the hour where `needs_hours` says so.
    """
    if over_time.empty or not over_time["posts"].sum():
        return theme.empty_figure("No post of this period has a topic and a time.")
    unit: Bucket = "day"
    if posts is not None and needs_hours(over_time):
        counted = _count_hours(posts, over_time, timezone)
        if len(counted):
            unit, over_time = "hour", counted
    shown = largest_topics(
        topics[topics["topic"].isin(over_time["topic"])], first=first, most=_PANELS
    )
    names = names_of(topics)
    rest = sorted(set(over_time["topic"]) - set(shown))
    days = _by_day(over_time, [*shown, *rest], timezone)
    panels = [(short_label(names[one]), days[one], topic_colour(one)) for one in shown]
    if rest:
        sums = (
            pd.concat([days[one] for one in rest]).groupby("local")[["posts"]].sum().reset_index()
        )
        panels.append((f"the other {count(len(rest), 'topic')} together", sums, LEFT))
    figure = make_subplots(
        rows=len(panels), cols=1, shared_xaxes=True, vertical_spacing=0.35 / len(panels)
    )
    theme.apply_theme(figure, height=60 + 92 * len(panels))
    for row, (label, rows, colour) in enumerate(panels, start=1):
        _add_steps(figure, rows, label, colour, row, unit)
    _show_one_step(figure, panels[0][1]["local"], unit)
    if since is not None and panels[0][1]["local"].min() < _local_time(since, timezone):
        start = _local_time(since, timezone)
        figure.add_shape(
            type="line", x0=start, x1=start, y0=0, y1=1, xref="x", yref="paper",
            line={"color": theme.INK, "width": 1, "dash": "dot"},
        )  # fmt: skip
    figure.update_layout(showlegend=False, margin={"t": 28}, bargap=0.1)
    figure.update_yaxes(rangemode="tozero", nticks=3, fixedrange=True)
    band = ",<br>line: expected, band: its 95 % interval" if any(_has_band(rows) for _, rows, _ in panels) else ""  # fmt: skip
    figure.update_xaxes(
        title_text=f"local {unit}, {timezone}<br>(bars: posts {'an' if unit == 'hour' else 'a'} {unit}{band})",
        row=len(panels),
        col=1,
    )
    return theme.describe_figure(
        figure, title=_time_title(over_time, topics, shown, timezone, unit), alt=f"One row of bars a topic: posts by {unit}.",
        table=_time_table(over_time, names, shown, timezone, unit),
    )  # fmt: skip


def needs_hours(over_time: pd.DataFrame) -> bool:
    """Say whether a table of days has so few that hours tell more."""
    return int(over_time["day"].nunique()) <= _FEW_DAYS


def _count_hours(posts: pd.DataFrame, days: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Count posts as the table of days does, but by the hour; `day` is the start of the hour."""
    topics = sorted(set(days["topic"].tolist()))
    there = posts[(posts["created_at"].notna() & posts["topic"].isin(topics)).to_numpy(bool)]
    created = there["created_at"].astype("datetime64[us, UTC]")
    # Those of which the table has the day: posts of a period, say, and not those before it.
    there = there[(created >= pd.Timestamp(days["day"].min())).to_numpy(bool)]
    steps = assign_steps(there, bucket="hour", timezone=timezone)
    starts = pd.DatetimeIndex(steps["period_start"])
    if starts.empty:
        return days.iloc[:0]
    end = starts.max() + pd.Timedelta(minutes=1)
    hours = list_periods(starts.min(), end, bucket="hour", timezone=timezone)
    every = pd.MultiIndex.from_product([hours, topics], names=["day", "topic"])
    counted = pd.Series(1, pd.MultiIndex.from_arrays([starts, there["topic"].astype("int64")]))
    sums = counted.groupby(level=[0, 1]).sum().reindex(every, fill_value=0)
    return sums.rename("posts").reset_index()


def _show_one_step(figure: go.Figure, starts: "pd.Series[Any]", unit: str) -> None:
    """Give an axis with one bar room beside it, and one mark: plotly would divide a second."""
    if starts.nunique() > 1:
        return
    start, step = starts.iloc[0], pd.Timedelta(_STEPS[unit])
    text = f"{start:%-d %b %Y}" if unit == "day" else f"{start:%-d %b, %H:%M}"
    end = start + (2 if unit == "hour" else 1) * step
    figure.update_xaxes(range=[start - step, end], tickvals=[start], ticktext=[text])


def _local_time(moment: Any, timezone: str) -> Any:
    return pd.Timestamp(moment).tz_convert(ZoneInfo(timezone)).tz_localize(None)


def _by_day(
    over_time: pd.DataFrame, topics: Sequence[int], timezone: str
) -> dict[int, pd.DataFrame]:
    starts = pd.DatetimeIndex(over_time["day"].astype("datetime64[us, UTC]"))
    local = over_time.assign(local=starts.tz_convert(ZoneInfo(timezone)).tz_localize(None))
    groups = dict(iter(local.groupby("topic")))
    return {one: groups[one].sort_values("local") for one in topics}


def _has_band(rows: pd.DataFrame) -> bool:
    return "low" in rows and bool(rows["low"].notna().any())


def _add_steps(
    figure: go.Figure, rows: pd.DataFrame, label: str, colour: str, row: int, unit: str
) -> None:
    if _has_band(rows):
        there = rows[rows["low"].notna()]
        figure.add_scatter(
            x=[*there["local"], *there["local"][::-1]],
            y=[*there["high"].astype(float), *there["low"].astype(float)[::-1]], fill="toself", mode="lines",
            fillcolor="rgba(95, 108, 123, 0.22)", line={"width": 0}, hoverinfo="skip", row=row, col=1,
        )  # fmt: skip
    figure.add_bar(
        x=rows["local"], y=rows["posts"], marker_color=colour, row=row, col=1,
        width=0.9 * pd.Timedelta(_STEPS[unit]).total_seconds() * 1000,
        offset=0 if unit == "hour" else None,  # an hour lies after its mark; a day at it
        hovertemplate=f"{chart_text(label)}<br>%{{x|%a %d %b %Y{', %H:%M' if unit == 'hour' else ''}}}<br>%{{y:,.0f}} posts<extra></extra>",
    )  # fmt: skip
    if _has_band(rows) and "expected" in rows:
        there = rows[rows["expected"].notna()]
        figure.add_scatter(
            x=there["local"], y=there["expected"].astype(float), mode="lines", row=row, col=1, line={"color": theme.INK, "width": 1},
            hovertemplate=f"{chart_text(label)}<br>%{{x|%a %d %b %Y}}<br>%{{y:,.1f}} expected<extra></extra>",
        )  # fmt: skip
    axis = "" if row == 1 else str(row)
    figure.add_annotation(
        text=f"<b>{chart_text(label)}</b>", x=0, xref="paper", xanchor="left", y=1.0, yref=f"y{axis} domain",
        yanchor="bottom", showarrow=False, font={"size": 13},
    )  # fmt: skip


def _time_title(
    over_time: pd.DataFrame, topics: pd.DataFrame, shown: Sequence[int], timezone: str, unit: Bucket
) -> str:
    named = over_time[over_time["topic"].isin(list(shown))]
    top = named.iloc[int(named["posts"].to_numpy(float).argmax())]
    when = step(_local_time(top["day"], timezone), unit)
    label = quoted([short_label(names_of(topics)[int(top["topic"])])])
    if over_time["day"].nunique() == 1:
        return f"All posts are of one {unit}, {when}; the most of a topic, {top['posts']:,.0f}, are about {label}"
    return f"The busiest {unit} of a topic is {when}: {count(top['posts'], 'post')} about {label}"


def _time_table(
    over_time: pd.DataFrame,
    names: Mapping[int, str],
    shown: Sequence[int],
    timezone: str,
    unit: str,
) -> pd.DataFrame:
    wide = over_time[over_time["topic"].isin(list(shown))].pivot_table(
        index="day", columns="topic", values="posts", aggfunc="sum", fill_value=0
    )
    table = wide[[one for one in shown if one in wide]]
    table.columns = pd.Index([short_label(names[int(one)]) for one in table.columns])
    written = "%Y-%m-%d" if unit == "day" else "%Y-%m-%d %H:%M"
    days = [f"{_local_time(one, timezone):{written}}" for one in table.index]
    shown_numbers = table.round().astype(int).reset_index(drop=True)
    shown_numbers.insert(0, unit, days)
    return shown_numbers


def plot_topic_terms(terms: pd.DataFrame, topics: pd.DataFrame) -> go.Figure:
    """Draw for each topic which share of its posts has its terms, and which share of all others.

    Parameters
    ----------
    terms, topics
        Tables of the report.
    """
    shown = largest_topics(topics[topics["topic"].isin(terms["topic"])], most=_TERM_PANELS)
    if not shown:
        return theme.empty_figure("No topic has terms.")
    names = names_of(topics)
    n_rows = math.ceil(len(shown) / 2)
    figure = make_subplots(
        rows=n_rows, cols=2, horizontal_spacing=0.04, vertical_spacing=0.24 / n_rows
    )
    theme.apply_theme(figure, height=40 + (42 + 28 * _TERMS) * n_rows)
    drawn = terms[terms["topic"].isin(shown) & (terms["rank"] <= _TERMS)]
    reach = 1.02 * max(100 * float(drawn[["share", "share_other"]].to_numpy(float).max()), 1)
    for place, topic in enumerate(shown):
        row, column = place // 2 + 1, place % 2 + 1
        part = terms[terms["topic"] == topic].sort_values("rank").head(_TERMS)
        _add_terms(figure, part, topic, short_label(names[topic], longest=21), row, column)
    figure.update_xaxes(range=[0, reach])  # one scale: bars of two topics may be compared
    figure.update_layout(showlegend=False, barmode="overlay", bargap=0.2, margin={"t": 30})
    figure.update_yaxes(visible=False, fixedrange=True, range=[_TERMS - 0.4, -0.6])
    figure.update_xaxes(visible=False, fixedrange=True)
    top = terms[terms["topic"] == shown[0]].sort_values("rank").iloc[0]
    left = len(topics) - len(shown)
    more = f" ({count(left, 'smaller topic is', 'smaller topics are')} not drawn)" if left else ""
    return theme.describe_figure(
        figure, title=f"{quoted([str(top['term'])])} is in {percent(top['share'])} of the posts of the largest topic, and in "
        f"{percent(top['share_other'])} of all others{more}",
        alt="Bars for each topic: share of its posts with each of its terms; a dark tick shows the share of all other posts.",
        table=_terms_table(terms, names),
    )  # fmt: skip


def _add_terms(
    figure: go.Figure, part: pd.DataFrame, topic: int, label: str, row: int, column: int
) -> None:
    texts = [chart_text(term, longest=24) for term in part["term"]]
    places = list(range(len(part)))
    share, other = (100 * part[name].to_numpy(float) for name in ("share", "share_other"))
    bars = [place + 0.27 for place in places]
    figure.add_bar(
        x=share, y=bars, width=0.34, orientation="h", marker_color=topic_colour(topic), opacity=0.8, row=row, col=column,
        customdata=list(zip(texts, share, other, strict=True)),
        hovertemplate="%{customdata[0]}<br>in %{customdata[1]:.1f} % of its posts<br>in %{customdata[2]:.1f} % of others<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=other, y=bars, mode="markers", hoverinfo="skip", row=row, col=column,
        marker={"symbol": "line-ns", "size": 9, "line": {"width": 2, "color": theme.INK}},
    )  # fmt: skip
    figure.add_scatter(
        x=[0] * len(places), y=[place - 0.17 for place in places], mode="text", hoverinfo="skip", textposition="middle right",
        text=[f"{text} {value:.0f} %" for text, value in zip(texts, share, strict=True)],
        textfont={"size": 12, "color": theme.INK}, row=row, col=column,
    )  # fmt: skip
    number = (row - 1) * 2 + column
    axis = "" if number == 1 else str(number)
    figure.add_annotation(
        text=f"<b>{chart_text(label)}</b>", x=0, xref=f"x{axis} domain", xanchor="left", y=1.0,
        yref=f"y{axis} domain", yanchor="bottom", showarrow=False, font={"size": 12},
    )  # fmt: skip


def _terms_table(terms: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    rows = terms.sort_values(["topic", "rank"]).to_dict("records")
    return pd.DataFrame(
        {
            "topic": [short_label(names.get(row["topic"], "")) for row in rows],
            "term": [row["term"] for row in rows],
            "of its posts": [percent(row["share"]) for row in rows],
            "of others": [percent(row["share_other"]) for row in rows],
        }
    )


def plot_topic_sentiment(levels: pd.DataFrame, topics: pd.DataFrame) -> go.Figure:
    """Draw which share of the scored posts of each topic is negative, with its interval.

    Parameters
    ----------
    levels
        Table `by_sentiment`.
    topics
        Table `topics`.
    """
    named = largest_topics(topics, most=MOST_NAMED)
    names = names_of(topics)
    large = levels[levels["topic"].isin(named)]
    rows = large[are_told(large)].sort_values("negative_share", kind="stable")
    if not levels["scored"].sum():
        return theme.empty_figure("No post of a topic could be scored.")
    if rows.empty:
        return theme.empty_figure(
            f"Of no large topic enough posts could be scored: it takes {FEW_POSTS} and more, by several authors."
        )
    figure = theme.new_figure(height=120 + 36 * len(rows))
    share, low, high = (
        100 * rows[f"negative_{end}"].astype(float) for end in ("share", "low", "high")
    )
    figure.add_scatter(
        x=share, y=rows["topic"].astype(str), mode="markers",
        marker={
            "color": [topic_colour(one) for one in rows["topic"]], "symbol": [topic_marker(one) for one in rows["topic"]],
            "size": 12,
        },
        error_x={"type": "data", "array": high - share, "arrayminus": share - low, "color": theme.QUIET, "thickness": 2},
        customdata=[
            [
                chart_text(names[row["topic"]]), count(row["scored"], "scored post"),
                negative_share(row),
            ]
            for row in rows.to_dict("records")
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[2]} negative<br>%{customdata[1]}<extra></extra>",
    )  # fmt: skip
    scored, negative = levels["scored"].sum(), levels["negative"].sum()
    whole = float(negative) / float(scored)
    figure.add_vline(x=100 * whole, line={"color": theme.QUIET, "width": 1, "dash": "dot"})
    _name_topics(figure, rows["topic"].astype(str).tolist(), names)
    figure.update_xaxes(
        title_text="negative, % of scored posts<br>(bars: 95 % interval,<br>dotted: all posts)",
        rangemode="tozero",
    )
    figure.update_layout(showlegend=False)
    return theme.describe_figure(
        figure, title=_sentiment_title(rows, names, whole) + left_out(len(named) - len(rows), "large topic", "large topics"),
        alt="Dots with intervals: negative share by topic.",
        table=_sentiment_table(levels, names),
    )  # fmt: skip


def _sentiment_title(rows: pd.DataFrame, names: Mapping[int, str], whole: float) -> str:
    clear = rows[(rows["negative_low"] > whole).fillna(False).to_numpy(dtype=bool)]
    if clear.empty:
        return f"No large topic is clearly more negative than all posts together, {percent(whole)}"
    worst = clear.iloc[-1]
    label = quoted([short_label(names[int(worst["topic"])])])
    share = negative_share(worst.to_dict())
    return f"{label} is the most negative of the large topics: {share} of its scored posts, against {percent(whole)} of all"


def _sentiment_table(levels: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    rows = levels.to_dict("records")
    told = are_told(levels).tolist()
    return pd.DataFrame(
        {
            "topic": [names.get(row["topic"], "no topic") for row in rows],
            "posts": [f"{row['posts']:,}" for row in rows],
            "scored": [f"{row['scored']:,}" for row in rows],
            "negative": [
                negative_share(row) if sure else "–" for row, sure in zip(rows, told, strict=True)
            ],
            "positive": [
                share_with_interval(
                    row["positive_share"], row["positive_low"], row["positive_high"]
                )
                if sure
                else "–"
                for row, sure in zip(rows, told, strict=True)
            ],
        }
    )


_NO_GROUP = {
    "segment": "No author here is in a segment that is kept. The report audience makes segments and keeps them."
}


def plot_topic_groups(
    groups: pd.DataFrame, topics: pd.DataFrame, *, what: str = "source"
) -> go.Figure:
    """Draw which share of the posts of each group, such as a source or a segment, is about each topic.

    Parameters
    ----------
    groups
        Rows of the table `by_group` of one kind.
    topics
        Table `topics`.
    what
        What a group is, in the singular.
    """
    groups = groups.assign(group=groups["group"].replace(NO_LANG, "unknown language"))
    every = groups.drop_duplicates("group").sort_values(["of", "group"], ascending=[False, True])
    sizes = every[every["of"] >= FEW_POSTS]
    if len(every) > 1 and len(sizes) < 2:
        return theme.empty_figure(f"Only one {what} has enough posts to compare.")
    if len(sizes) < 2:
        return theme.empty_figure(
            f"All posts are of one {what}, so there is nothing to compare."
            if len(every)
            else _NO_GROUP.get(what, f"No post has a {what}.")
        )
    shown = sizes["group"].tolist()[:_MOST_GROUPS]
    named = largest_topics(topics, most=MOST_NAMED)
    names = names_of(topics)
    part = groups[groups["group"].isin(shown)]
    cells = part.pivot_table(
        index="topic", columns="group", values="share", aggfunc="sum", fill_value=0.0
    )
    cells = cells.reindex(index=named, columns=shown, fill_value=0.0)
    rest = 1 - cells.sum(axis=0)
    values = 100 * np.vstack([cells.to_numpy(float), rest.to_numpy(float)])
    order = [*map(str, named), "rest"]
    of = dict(zip(sizes["group"], sizes["of"], strict=True))
    figure = theme.new_figure(height=120 + 36 * len(order))
    figure.add_heatmap(
        z=values[:-1], x=[str(one) for one in shown], y=order[:-1], colorscale=[[0, theme.PAPER], [1, "#56b4e9"]], zmin=0,
        showscale=False, xgap=2, ygap=2, hovertemplate="%{x}<br>%{z:.1f} % of its posts<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[str(group) for group in shown for _ in order], y=[key for _ in shown for key in order], mode="text", hoverinfo="skip",
        text=[percent(value / 100) for value in values.T.ravel()], textfont={"size": 13, "color": theme.INK},
    )  # fmt: skip
    labels = {str(one): _two_lines(names[one], 24) for one in named} | {
        "rest": "other topics or none"
    }
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=order[::-1], tickmode="array", tickvals=order,
        ticktext=[labels[key] for key in order], showgrid=False,
    )  # fmt: skip
    figure.update_xaxes(
        type="category", side="top", tickangle=0, tickmode="array", tickvals=[str(one) for one in shown], showgrid=False,
        ticktext=[f"{_two_lines(_in_parts(one), 10)}<br>{_short_count(of[one])}" for one in shown],
        title_text=f"{what}, and its posts",
    )  # fmt: skip
    figure.update_layout(showlegend=False)
    left = len(every) - len(shown)
    more = (
        f" ({count(left, f'smaller {what} is', f'smaller {what}s are')} not drawn)"
        if left > 0
        else ""
    )
    table = part[part["topic"].isin(named)].assign(
        topic=lambda rows: [short_label(names[one]) for one in rows["topic"]],
        share=lambda rows: rows["share"].map(percent),
    )
    return theme.describe_figure(
        figure, title=_groups_title(cells, names, what) + more,
        alt=f"A grid: share of the posts of each {what} that each topic has, in per cent.",
        table=table[["group", "topic", "posts", "share"]],
    )  # fmt: skip


def _in_parts(group: str) -> str:
    """Give the name of a group as parts between commas, of which as many are shown as fit."""
    return str(group).replace(": ", ", ")


def _short_count(number: int) -> str:
    return f"{number / 1000:,.0f}k" if number >= 10_000 else f"{number:,}"


def _groups_title(cells: pd.DataFrame, names: Mapping[int, str], what: str) -> str:
    gaps = cells.max(axis=1) - cells.min(axis=1)
    topic = int(cells.index[int(gaps.to_numpy(float).argmax())])
    if gaps.max() <= 0:
        return f"Every {what} speaks of the same topics"
    shares = cells.loc[[topic]].to_numpy(float)[0].tolist()
    mine = dict(zip(map(str, cells.columns), shares, strict=True))
    high, low = max(mine, key=lambda one: mine[one]), min(mine, key=lambda one: mine[one])
    label = quoted([short_label(names[topic])])
    most, least = (short_label(_in_parts(one), longest=30) for one in (high, low))
    return f"By {what}, {label} differs most: {percent(mine[high])} of the posts of {most}, {percent(mine[low])} of those of {least}"


__all__ = [
    "FELL",
    "NO_TOPIC",
    "ROSE",
    "needs_hours",
    "plot_topic_groups",
    "plot_topic_growth",
    "plot_topic_sentiment",
    "plot_topic_terms",
    "plot_topics_over_time",
    "rank_changes",
    "times_with_interval",
]
