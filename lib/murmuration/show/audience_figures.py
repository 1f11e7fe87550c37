"""Figures of the report `audience`, from its result tables: map, traits, feelings, hours and flows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from murmuration.audience.features import BY_NAME
from murmuration.show import theme
from murmuration.show.theme import chart_text
from murmuration.show.topic_looks import LEFT, topic_colour, topic_marker
from murmuration.show.words import (
    count,
    left_out,
    listing,
    negative_share,
    percent,
    quoted,
    share_with_interval,
    tidy,
)
from murmuration.trends import FEW_POSTS, are_told

_MOST_NAMED = 8  # segments: more cannot be told apart
_BUTTONS = 36  # pixels that a chart's buttons need above it
_MAP_HEIGHT = 460
_DAY = 24
_NONE, _ABSENT = -1, -2
_FLOW_GAP = 0.4  # between bands, of the mean size of one
_USUAL, _BUSY = 1.0, 2.5  # times what even posting would be
_SCALE = ((0.0, theme.PAPER), (0.4, "#dbe9f3"), (1.0, theme.POSITIVE))


def segment_names(segments: pd.DataFrame) -> dict[int, str]:
    """Give the name of each segment of the table `segments`."""
    pairs = zip(segments["segment"].tolist(), segments["name"].tolist(), strict=True)
    return {int(one): str(name) for one, name in pairs}


def short_segment(name: str, *, longest: int = 42) -> str:
    """Give the name of a segment as it may stand in a chart: as many of its parts as fit."""
    head, _, tail = tidy(name, longest=200).partition(": ")
    shown = ""
    parts = [(", ", part) for part in head.split(", ")] + [(", ", part) for part in tail.split(", ") if part]  # fmt: skip
    for at, (joint, part) in enumerate(parts):
        joint = ": " if at == head.count(", ") + 1 else joint
        if shown and len(shown) + len(joint) + len(part) > longest:
            break
        shown += f"{joint}{part}" if shown else part
    return tidy(shown, longest=longest)


def _two_lines(name: str, longest: int = 22) -> str:
    """Give the name of a segment on two lines, with as many of its terms as fit."""
    for room in range(2 * longest, longest, -2):
        shown = short_segment(name, longest=room)
        cut = max(shown.rfind(" ", 0, longest + 1), 0) or longest
        if len(shown) <= longest or len(shown[cut:].strip()) <= longest:
            break
    if len(shown) <= longest:
        return chart_text(shown)
    return f"{chart_text(shown[:cut], longest=longest)}<br>{chart_text(shown[cut:].strip(), longest=longest)}"


def plot_audience_map(places: pd.DataFrame, segments: pd.DataFrame) -> go.Figure:
    """Draw authors as dots; those near each other fit the same segments.

    Parameters
    ----------
    places, segments
        Tables of the report.
    """
    if places.empty or segments.empty:
        return theme.empty_figure("There are too few authors for a map.")
    names = segment_names(segments)
    figure = theme.new_figure(height=_MAP_HEIGHT)
    others = places[~places["segment"].isin(list(names))]
    _add_dots(figure, others, LEFT, "circle", "in no segment")
    for one in names:
        _add_dots(figure, places[places["segment"] == one], topic_colour(one), topic_marker(one), names[one])  # fmt: skip
    figure.update_xaxes(visible=False, range=[-1.15, 1.15])
    figure.update_yaxes(visible=False, range=[-1.15, 1.15])
    figure.update_layout(
        height=_MAP_HEIGHT + 24 * min(len(names) + 1, _MOST_NAMED + 1),
        legend={"orientation": "v", "x": 0, "y": -0.02, "yanchor": "top", "itemsizing": "constant"},
    )
    largest = segments.iloc[segments["authors"].to_numpy(int).argmax()]
    return theme.describe_figure(
        figure,
        title="One segment is shown"
        if len(segments) == 1
        else f"The largest of {count(len(segments), 'segment')} is {quoted([short_segment(str(largest['name']))])} with "
        f"{share_with_interval(largest['share'], largest['share_low'], largest['share_high'])} of the authors",
        alt="Dots: authors, coloured by segment; near each other where they fit the same segments.",
        table=_sizes(segments),
    )  # fmt: skip


def _add_dots(figure: go.Figure, rows: pd.DataFrame, colour: str, symbol: str, name: str) -> None:
    if len(rows):
        # The segment, for who clicks, and the point: of dots with one id, plotly draws one.
        ids = [
            f"{segment}/{point}"
            for segment, point in zip(rows["segment"], rows["point"], strict=True)
        ]
        figure.add_scatter(
            x=rows["x"], y=rows["y"], mode="markers", ids=ids, name=chart_text(short_segment(name, longest=44), longest=44),
            marker={"color": colour, "symbol": symbol, "size": 6, "opacity": 0.6},
            hovertemplate=chart_text(short_segment(name, longest=60), longest=60) + "<extra></extra>",
        )  # fmt: skip


def _sizes(segments: pd.DataFrame) -> pd.DataFrame:
    rows = segments.sort_values(["authors", "segment"], ascending=[False, True]).to_dict("records")
    return pd.DataFrame(
        {
            "segment": [tidy(str(row["name"]), longest=80) for row in rows],
            "authors": [f"{row['authors']:,}" for row in rows],
            "share": [share_with_interval(row["share"], row["share_low"], row["share_high"]) for row in rows],
        }
    )  # fmt: skip


def plot_traits(traits: pd.DataFrame, segments: pd.DataFrame) -> go.Figure:
    """Draw what tells each segment from the others, as effects with intervals, one panel a segment.

    What there is more or less of, its words say; how far it is from the others is drawn.

    Parameters
    ----------
    traits, segments
        Tables of the report.
    """
    names = segment_names(segments)
    shown = [one for one in names if (traits["segment"] == one).any()][:_MOST_NAMED]
    if not shown:
        return theme.empty_figure("One segment, and nothing tells it apart." if len(names) == 1 else "No segment differs from the others beyond chance.")  # fmt: skip
    sizes = [int((traits["segment"] == one).sum()) for one in shown]
    figure = make_subplots(
        rows=len(shown), cols=1, shared_xaxes=True, vertical_spacing=0.5 / (sum(sizes) + 2 * len(shown)),
        row_heights=[size + 1.2 for size in sizes],
    )  # fmt: skip
    theme.apply_theme(figure, height=116 + 30 * sum(sizes) + 44 * len(shown))
    for row, one in enumerate(shown, start=1):
        part = traits[traits["segment"] == one].sort_values("rank")
        _add_traits(figure, part, one, names[one], row)
    figure.update_layout(showlegend=False, margin={"t": _BUTTONS + 20})  # and the first name
    figure.update_xaxes(range=[-0.02, 1.04], zeroline=True, zerolinecolor=theme.QUIET)
    figure.update_xaxes(
        title_text="0: as others · 1: unlike any other<br>(Cliff's delta, bars: 95 % interval)",
        row=len(shown), col=1,
    )  # fmt: skip
    first = traits.iloc[int(traits["effect"].abs().to_numpy(float).argmax())]
    left = len(names) - len(shown)
    more = f" ({count(left, 'segment is', 'segments are')} not drawn)" if left else ""
    return theme.describe_figure(
        figure,
        title=f"What sets a segment apart most: {quoted([short_segment(names[int(first['segment'])])])} {_verb(str(first['trait']))}{more}",
        alt="Dots with intervals: traits of each segment against all others.",
        table=_trait_table(traits, names),
    )


def _verb(trait: str) -> str:
    return f"(“{trait}”)"


def _add_traits(figure: go.Figure, part: pd.DataFrame, segment: int, name: str, row: int) -> None:
    places = [f"{trait}" for trait in part["trait"]]
    effect = part["effect"].abs().to_numpy(float)
    ends = np.sort(part[["effect_low", "effect_high"]].abs().to_numpy(float), axis=1)  # of one sign
    figure.add_scatter(
        x=effect, y=places, mode="markers", row=row, col=1,
        marker={"color": topic_colour(segment), "symbol": topic_marker(segment), "size": 11},
        error_x={
            "type": "data", "array": ends[:, 1] - effect, "arrayminus": effect - ends[:, 0],
            "color": theme.QUIET, "thickness": 2,
        },
        customdata=[_compared(one) or effect_with_interval(one) for one in part.to_dict("records")],
        hovertemplate="%{y}<br>%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(type="category", autorange="reversed", row=row, col=1)
    axis = "" if row == 1 else str(row)
    figure.add_annotation(
        text=f"<b>{chart_text(short_segment(name, longest=40))}</b>", x=1, xref="paper", xanchor="right", y=1.0, yref=f"y{axis} domain",
        yanchor="bottom", showarrow=False, font={"size": 13},
    )  # fmt: skip


def describe_trait(row: Mapping[Any, Any]) -> str:
    """Give a trait in words: “many links: 86 % of an author’s texts have a link, against 65 % (effect +0.64 (0.51 to 0.74))”."""
    numbers = _compared(row)
    return f"{row['trait']}{': ' if numbers else ''}{numbers} (effect {effect_with_interval(row)})"


def describe_numbers(row: Mapping[Any, Any]) -> str:
    """Give what a trait rests on: “86 % of texts have a link, against 65 %; effect +0.64 (0.51 to 0.74)”."""
    return f"{_compared(row)}; effect {effect_with_interval(row)}"


def _compared(row: Mapping[Any, Any]) -> str:
    """Give the typical values beside each other.

    Nothing where they are places on a circle, which say nothing to a reader, or feelings, which are told of all posts of a
    segment beside it.
    """
    feature = BY_NAME.get(str(row["feature"]))
    if feature is not None and (feature.kind == "angle" or feature.block == "feeling"):
        return ""
    own, rest = amount(row["value"], row["unit"]), amount(row["value_rest"], row["unit"])
    return (
        f"{own} {feature.counted}, against {rest}"
        if feature and feature.counted
        else f"{'median ' if feature and feature.kind == 'log' else ''}{own} against {rest}"
    )


def amount(value: Any, unit: str) -> str:
    """Give a typical value of a trait with its unit: “34 %”, “1,200 followers”."""
    if pd.isna(value):
        return "–"
    if unit == "0 to 1":
        return percent(value)
    if abs(value) >= 10:
        number = f"{value:,.0f}"
    elif abs(value) >= 0.1:
        number = f"{value:.2f}".rstrip("0").rstrip(".")
    else:  # two digits, as .015 and .024 are not the same
        number = np.format_float_positional(value, 2, fractional=False, trim="-")
    if number == "1":  # “1 post”, “1 like/post”
        first, slash, rest = unit.partition("/")
        unit = first.removesuffix("s") + slash + rest
    return f"{number} {unit}".replace("-", "−") if unit != "−1 to 1" else f"{value:+.2f}".replace("-", "−")  # fmt: skip


def _trait_table(traits: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    rows = [row for row in traits.sort_values(["segment", "rank"]).to_dict("records") if row["segment"] in names]  # fmt: skip
    return pd.DataFrame(
        {
            "segment": [short_segment(names[row["segment"]]) for row in rows],
            "trait": [row["trait"] for row in rows],
            "its authors, and others": [_compared(row) or "–" for row in rows],
            "effect": [effect_with_interval(row) for row in rows],
        }
    )


def effect_with_interval(row: Mapping[Any, Any]) -> str:
    """Give an effect with its interval: “+0.61 (0.52 to 0.69)”."""
    ends = " to ".join(f"{row[f'effect_{end}']:.2f}" for end in ("low", "high"))
    return f"{row['effect']:+.2f} ({ends})".replace("-", "−")


def plot_segment_feelings(levels: pd.DataFrame, segments: pd.DataFrame) -> go.Figure:
    """Draw which share of the scored posts of each segment is negative, with its interval.

    Parameters
    ----------
    levels
        Table `by_sentiment`.
    segments
        Table `segments`.
    """
    names = segment_names(segments)
    ours = levels[levels["segment"].isin(list(names))]
    rows = ours[are_told(ours)].sort_values("negative_share", kind="stable")
    if not levels["scored"].sum():
        return theme.empty_figure("No post of a segment could be scored.")
    if rows.empty:
        return theme.empty_figure(
            f"Of no segment enough posts could be scored: it takes {FEW_POSTS} and more, by several authors."
        )
    figure = theme.new_figure(height=140 + 42 * len(rows))
    figure.update_layout(margin={"t": _BUTTONS})
    share, low, high = (100 * rows[f"negative_{end}"].astype(float) for end in ("share", "low", "high"))  # fmt: skip
    figure.add_scatter(
        x=share, y=rows["segment"].astype(str), mode="markers",
        marker={
            "color": [topic_colour(one) for one in rows["segment"]], "symbol": [topic_marker(one) for one in rows["segment"]], "size": 12,
        },
        error_x={"type": "data", "array": high - share, "arrayminus": share - low, "color": theme.QUIET, "thickness": 2},
        customdata=[
            [
                chart_text(short_segment(names[row["segment"]], longest=60), longest=60), count(row["scored"], "scored post"),
                negative_share(row),
            ]
            for row in rows.to_dict("records")
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[2]} negative<br>%{customdata[1]}<extra></extra>",
    )  # fmt: skip
    whole = float(levels["negative"].sum()) / float(levels["scored"].sum())
    figure.add_vline(x=100 * whole, line={"color": theme.QUIET, "width": 1, "dash": "dot"})
    _name_rows(figure, rows["segment"].tolist(), names)
    figure.update_xaxes(
        title_text="negative, % of scored posts<br>(bars: 95 % interval,<br>dotted: all segments)",
        rangemode="tozero",
    )
    figure.update_layout(showlegend=False)
    return theme.describe_figure(
        figure, title=_feeling_title(rows, names, whole) + left_out(len(names) - len(rows), "segment", "segments"),
        alt="Dots with intervals: negative share by segment.",
        table=pd.DataFrame(
            {
                "segment": [short_segment(names[one]) for one in rows["segment"]],
                "scored posts": [f"{n:,}" for n in rows["scored"]],
                "negative": [negative_share(row) for row in rows.to_dict("records")],
            }
        ),
    )  # fmt: skip


def _feeling_title(rows: pd.DataFrame, names: Mapping[int, str], whole: float) -> str:
    clear = rows[(rows["negative_low"] > whole).fillna(False).to_numpy(dtype=bool)]
    if clear.empty:
        return f"No segment is clearly more negative than all together, {percent(whole)}"
    worst = clear.iloc[-1]
    share = negative_share(worst.to_dict())
    return f"{quoted([short_segment(names[int(worst['segment'])])])} is the most negative: {share} of its scored posts, against {percent(whole)} of all"


def _name_rows(figure: go.Figure, order: Sequence[int], names: Mapping[int, str]) -> None:
    keys = [str(one) for one in order]
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=keys, tickmode="array", tickvals=keys,
        ticktext=[_two_lines(names[int(one)]) for one in order],
    )  # fmt: skip


def plot_segment_times(
    times: pd.DataFrame,
    segments: pd.DataFrame,
    best: pd.DataFrame | None = None,
    *,
    timezone: str = "UTC",
) -> go.Figure:
    """Draw in which hours of the day the authors of each segment post.

    Parameters
    ----------
    times, segments, best
        Tables of the report; `best` is `best_times`, which the title tells: an hour that stands out by more than chance.
    timezone
        Whose clock they show.
    """
    names = segment_names(segments)
    rows = times[times["segment"].isin(list(names))]
    if rows.empty:
        return theme.empty_figure("No post of a segment has a time.")
    hours = rows.groupby(["segment", "hour"])["share"].sum().unstack(fill_value=0)
    hours = hours.reindex([one for one in names if one in hours.index][:_MOST_NAMED][::-1])
    lift = hours.to_numpy(float) * _DAY
    figure = theme.new_figure(height=140 + 44 * len(hours))
    figure.update_layout(margin={"t": _BUTTONS})
    figure.add_heatmap(
        z=lift, x=list(range(_DAY)), y=[str(one) for one in hours.index], zmin=0, zmax=_BUSY, colorscale=[list(one) for one in _SCALE],
        xgap=1, ygap=3, showscale=False,
        hovertemplate="%{x}–%{x} h: %{z:.1f} times what even posting would be<extra></extra>",
    )  # fmt: skip
    _name_rows(figure, [int(one) for one in hours.index], names)
    figure.update_xaxes(
        title_text=f"hour of the day,<br>{timezone}<br>(darker: its authors<br>post more then)",
        tickvals=[0, 6, 12, 18, 23], showgrid=False,
    )  # fmt: skip
    figure.update_yaxes(showgrid=False)
    table = pd.DataFrame(
        {"segment": [short_segment(names[int(one)]) for one in hours.index[::-1]], **{f"{hour} h": [percent(value) for value in hours.to_numpy(float)[::-1, hour]] for hour in range(_DAY)}}
    )  # fmt: skip
    return theme.describe_figure(
        figure,
        title=_times_title(best, names),
        alt="A grid: segments by hour, darker where its authors post more.",
        table=table,
    )


def _times_title(best: pd.DataFrame | None, names: Mapping[int, str]) -> str:
    if best is None:
        return "When the authors of each segment post"
    if len(names) == 1:
        return "When the authors of the only segment post"
    hours = best[(best["kind"] == "hours") & best["segment"].isin(list(names))]
    if hours.empty:
        return "No segment posts at other hours than the others by more than chance"
    top = hours.iloc[int(hours["difference"].to_numpy(float).argmax())]
    name = quoted([short_segment(names[int(top["segment"])])])
    return f"{name} has the clearest hours: {percent(top['share'])} of what its authors post is written at {top['time']}, against {percent(top['share_rest'])} of others’"


def plot_flows(flows: pd.DataFrame | None, totals: pd.DataFrame | None = None) -> go.Figure:
    """Draw from which earlier segments the authors of each segment came.

    Parameters
    ----------
    flows
        Table of the report; None where there was no earlier run.
    totals
        Table `moved` of the report, which the title tells: it counts authors of bands too small to be drawn, too. Without it the title
        is about the bands alone, as of runs of older versions.
    """
    if flows is None:
        return theme.empty_figure("First run under this name: nothing to compare.")
    rows = flows[(flows["previous"] != _ABSENT) | (flows["segment"] != _ABSENT)]
    if totals is not None and (rows.empty or (rows["segment"] == _ABSENT).all()):
        return theme.empty_figure(f"{_describe_totals(totals)}. No group is large enough to be drawn.")  # fmt: skip
    if rows.empty:
        return theme.empty_figure("No author of the earlier run is known.")
    if (rows["segment"] == _ABSENT).all():
        return theme.empty_figure("No author of this run is in a segment that could be compared.")
    before = dict.fromkeys(sorted(rows["previous"].tolist(), key=_last))
    after = dict.fromkeys(sorted(rows["segment"].tolist(), key=_last))
    called = _flow_names(rows)
    left, right = ({one: at for at, one in enumerate(side)} for side in (before, after))
    figure = theme.new_figure(height=140 + 60 * max(len(before), len(after)))
    figure.add_sankey(
        arrangement="snap",
        textfont={"size": 12, "color": theme.INK},
        node={
            "label": [called["previous", one] for one in before] + [called["segment", one] for one in after],
            "color": [_flow_colour(one) for one in [*before, *after]], "pad": 18, "thickness": 14, "line": {"width": 0},
            "x": [0.001] * len(before) + [0.999] * len(after), "y": [*_spaced(_sizes_of(rows, "previous", before)), *_spaced(_sizes_of(rows, "segment", after))],
            "hovertemplate": "%{label}: %{value:,.0f} authors<extra></extra>",
        },
        link={
            "source": [left[one] for one in rows["previous"]], "target": [len(left) + right[one] for one in rows["segment"]],
            "value": rows["authors"].tolist(), "color": "rgba(95, 108, 123, 0.25)",
            "hovertemplate": "%{source.label} → %{target.label}: %{value:,.0f} authors<extra></extra>",
        },
    )  # fmt: skip
    return theme.describe_figure(
        figure,
        title=_describe_bands(rows) if totals is None else _describe_totals(totals),
        alt="Bands from the segments of the earlier run, left, to those of this run, right; those of too few authors to be told are not drawn.",
        table=_flow_table(rows, called),
    )


def _last(segment: int) -> tuple[bool, int]:
    return segment < 0, abs(segment)


def _sizes_of(rows: pd.DataFrame, side: str, order: Mapping[int, None]) -> list[float]:
    sizes = rows.groupby(side)["authors"].sum()
    return [float(sizes[one]) for one in order]


def _spaced(sizes: Sequence[float]) -> list[float]:
    """Give where the middles of bands lie below each other, each with room for its size; 0 to 1 from the top."""
    gap = _FLOW_GAP * sum(sizes) / max(len(sizes), 1)
    total = sum(sizes) + gap * max(len(sizes) - 1, 0)
    tops = np.cumsum([0.0, *(size + gap for size in sizes)])[:-1]
    return [float((top + size / 2) / max(total, 1e-9)) for top, size in zip(tops, sizes, strict=True)]  # fmt: skip


def _flow_colour(segment: int) -> str:
    return LEFT if segment < 0 else topic_colour(segment)


def _flow_names(rows: pd.DataFrame) -> dict[tuple[str, int], str]:
    called: dict[tuple[str, int], str] = {}
    for side, column, absent in (
        ("previous", "previous_name", "not there before"), ("segment", "name", "not there any more"),
    ):  # fmt: skip
        for one, name in zip(rows[side].tolist(), rows[column].tolist(), strict=True):
            if one < 0 or pd.isna(name):
                called[side, one] = absent if one == _ABSENT else "no segment" if one == _NONE else f"segment {one}"  # fmt: skip
            else:
                called[side, one] = chart_text(short_segment(str(name), longest=24))
    return called


def _describe_bands(rows: pd.DataFrame) -> str:
    known = rows[(rows["previous"] != _ABSENT) & (rows["segment"] != _ABSENT)]
    moved = int(known.loc[known["previous"] != known["segment"], "authors"].sum())
    total = int(known["authors"].sum())
    share = f" ({percent(moved / total)})" if total else ""
    came = int(rows.loc[rows["previous"] == _ABSENT, "authors"].sum())
    went = int(rows.loc[rows["segment"] == _ABSENT, "authors"].sum())
    others = [
        f"{n:,} {what}"
        for n, what in ((came, "were not there before"), (went, "are not there any more"))
        if n  # else perhaps too few for a band, not none
    ]
    said = f"{count(moved, 'author')} of {total:,} in the bands between both runs changed segment{share}"
    return "; ".join([said, *([listing(others)] if others else []), "bands too small to be drawn are not counted"])  # fmt: skip


def _describe_totals(totals: pd.DataFrame) -> str:
    """Say what became of all authors, of too few to be told than how many they are fewer."""
    rows = {str(row["what"]): row for row in totals.to_dict("records")}
    said = {
        what: f"fewer than {row['fewer_than']:,}"
        if pd.isna(row["authors"])
        else f"{'about ' if row['rounded'] else ''}{row['authors']:,}"
        for what, row in rows.items()
    }
    changed, stayed = rows["changed"], rows["stayed"]
    if any(pd.isna(row["authors"]) or row["rounded"] for row in (changed, stayed)):
        both = f"{said['changed']} authors changed segment, {said['stayed']} stayed in theirs"
    elif total := changed["authors"] + stayed["authors"]:
        both = f"{said['changed']} of {count(total, 'author')} of both runs changed segment ({percent(changed['authors'] / total)})"
    else:
        both = "no author wrote in both runs"
    both = f"{both[0].upper()}{both[1:]}"
    return (
        f"{both}; {said['arrived']} were not there before and {said['gone']} are not there any more"
    )


def _flow_table(rows: pd.DataFrame, called: Mapping[tuple[str, int], str]) -> pd.DataFrame:
    ranked = rows.sort_values("authors", ascending=False, kind="stable")
    return pd.DataFrame(
        {
            "earlier": [called["previous", one] for one in ranked["previous"]],
            "now": [called["segment", one] for one in ranked["segment"]],
            "authors": [f"{n:,}" for n in ranked["authors"]],
        }
    )
