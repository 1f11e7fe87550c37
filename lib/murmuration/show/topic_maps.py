"""Figures of the report `topics` that show how topics lie to each other: map, tree and word cloud."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from murmuration.show import theme
from murmuration.show.boxes import (
    SHEET,
    Floats,
    pack_boxes,
    spread_boxes,
    text_height,
    text_width,
    wrap_words,
)
from murmuration.show.theme import chart_text
from murmuration.show.topic_looks import (
    LEFT,
    MOST_NAMED,
    bubble_sizes,
    largest_topics,
    names_of,
    short_label,
    topic_colour,
    topic_ink,
    topic_marker,
)
from murmuration.show.words import count, percent, quoted, tidy

Steps = Mapping[int, Mapping[str, float]]

_MAP, _CLOUD = (SHEET, 520.0), (SHEET, 420.0)  # pixels
_BUBBLE = 46.0  # pixels: the largest
_SMALL = 12  # pixels: letters of labels
_LINE = 15  # letters of a line of a label
_MOST_BUBBLES = 80
_MOST_WORDS = 70
_LARGEST, _SMALLEST = 34.0, 11.0  # pixels: letters of words in the cloud
_LEAVES = 12
_LEAF, _GAP = 11, 10  # pixels: a marker of the tree, and the room between its middle and its label


def plot_topic_map(topics: pd.DataFrame, *, first: Sequence[int] = ()) -> go.Figure:
    """Draw topics as bubbles, alike ones near each other; areas are numbers of posts.

    Parameters
    ----------
    topics
        Table `topics`.
    first
        Topics to name before those that are merely large.
    """
    rows = topics[topics["posts"] > 0].sort_values(["posts", "topic"], ascending=[False, True])
    if rows.empty:
        return theme.empty_figure("No post of this period has a topic.")
    rows = rows.head(_MOST_BUBBLES).reset_index(drop=True)
    named = set(largest_topics(rows, first=first))
    names = names_of(rows)
    labels = [
        wrap_words(short_label(names[one], longest=2 * _LINE).split(), longest=_LINE, lines=2)
        if one in named
        else []
        for one in rows["topic"].tolist()
    ]
    bubbles = bubble_sizes(rows["posts"], largest=_BUBBLE)
    spots = _spread(rows, bubbles, labels)
    figure = theme.new_figure(height=round(_MAP[1]) + 24)
    for is_named in (False, True):
        places = [at for at, one in enumerate(rows["topic"].tolist()) if (one in named) is is_named]
        if places:
            _add_bubbles(
                figure,
                rows.iloc[places],
                bubbles[places],
                spots[places],
                [labels[at] for at in places],
            )
    figure.update_xaxes(visible=False, range=[0, _MAP[0]], fixedrange=True)
    figure.update_yaxes(visible=False, range=[0, _MAP[1]], fixedrange=True)
    figure.update_layout(showlegend=False, margin={"l": 4, "r": 4, "t": 4, "b": 4})
    return theme.describe_figure(
        figure, title=_map_title(topics, rows, named, names), alt="Bubbles: topics, alike ones near each other; areas are numbers of posts.",
        table=_map_table(topics),
    )  # fmt: skip


def _spread(rows: pd.DataFrame, bubbles: Floats, labels: Sequence[Sequence[str]]) -> Floats:
    """Give the middles of bubbles in pixels, so that neither they nor the labels below cover each other."""
    widths = [max((text_width(line, _SMALL) for line in lines), default=0.0) for lines in labels]
    heights = [text_height(_SMALL, len(lines)) if lines else 0.0 for lines in labels]
    sizes = np.column_stack([np.maximum(bubbles, widths) + 4, bubbles + np.array(heights) + 4])
    sheet = np.array(_MAP)
    wanted = (rows[["x", "y"]].to_numpy(float) * 0.42 + 0.5) * sheet
    # The label hangs below its bubble, so the middle of both is lower than that of the bubble.
    drop = np.column_stack([np.zeros(len(rows)), np.array(heights) / 2])
    return spread_boxes(wanted - drop, sizes, sheet=_MAP) + drop


def _add_bubbles(
    figure: go.Figure,
    rows: pd.DataFrame,
    bubbles: Floats,
    spots: Floats,
    labels: Sequence[Sequence[str]],
) -> None:
    named = any(labels)
    topics = rows["topic"].tolist()
    figure.add_scatter(
        x=spots[:, 0], y=spots[:, 1], mode="markers", ids=[str(one) for one in topics],
        marker={
            "size": bubbles, "opacity": 0.75, "line": {"width": 1, "color": theme.PAPER},
            "color": [topic_colour(one) if named else LEFT for one in topics],
        },
        customdata=[
            [chart_text(label), count(posts, "post"), percent(share)]
            for label, posts, share in zip(rows["label"].tolist(), rows["posts"].tolist(), rows["share"].tolist(), strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}, %{customdata[2]}<extra></extra>",
    )  # fmt: skip
    if named:
        low = spots[:, 1] - bubbles / 2
        figure.add_scatter(
            x=spots[:, 0], y=low, mode="text", textposition="bottom center", hoverinfo="skip", cliponaxis=False,
            text=["<br>".join(chart_text(line) for line in lines) for lines in labels],
            textfont={"size": _SMALL, "color": theme.INK},
        )  # fmt: skip


def _map_title(
    topics: pd.DataFrame, rows: pd.DataFrame, named: set[int], names: Mapping[int, str]
) -> str:
    top = rows.iloc[0]
    said = f"The largest of {count(len(topics), 'topic')} is {quoted([short_label(names[int(top['topic'])])])} with {percent(top['share'])} of the posts"
    if len(rows) > len(named):
        holds = float(rows.loc[rows["topic"].isin(named), "share"].sum())
        said += f"; the {len(named)} named hold {percent(holds)}, the grey ones are smaller"
    if len(topics) > len(rows):
        said += f" ({count(len(topics) - len(rows), 'topic is', 'topics are')} not drawn)"
    return said


def _map_table(topics: pd.DataFrame) -> pd.DataFrame:
    rows = topics.sort_values(["posts", "topic"], ascending=[False, True])
    return pd.DataFrame(
        {
            "topic": rows["label"].tolist(),
            "posts": [f"{number:,}" for number in rows["posts"]],
            "share": [percent(share) for share in rows["share"]],
        }
    )


def plot_topic_tree(tree: pd.DataFrame, topics: pd.DataFrame) -> go.Figure:
    """Draw which topics are alike, as a tree; groups of small topics stand as one leaf.

    Parameters
    ----------
    tree
        Table `hierarchy`.
    topics
        Table `topics`.
    """
    if tree.empty:
        return theme.empty_figure("There are fewer than two topics, so none can be alike.")
    names = names_of(topics)
    sizes = dict(zip(topics["topic"].tolist(), topics["posts"].tolist(), strict=True))
    steps = _read_steps(tree)
    # Joinings before the last eleven are drawn as leaves: twelve of them at most.
    whole = {-1 - step for step in sorted(steps)[: -(_LEAVES - 1)]}
    leaves: list[list[int]] = []
    figure = theme.new_figure(height=90)

    def draw(node: int) -> tuple[float, float, list[int]]:
        if node >= 0 or node in whole:
            leaves.append(_members(steps, node))
            return float(len(leaves) - 1), 0.0, leaves[-1]
        step = steps[-1 - node]
        (one, at_one, some), (other, at_other, more) = (
            draw(int(step["first"])),
            draw(int(step["second"])),
        )
        here = float(step["distance"])
        figure.add_scatter(
            x=[at_one, here, here, at_other], y=[one, one, other, other], mode="lines", hoverinfo="skip",
            line={"color": theme.QUIET, "width": 2},
        )  # fmt: skip
        return (one + other) / 2, here, [*some, *more]

    draw(-1 - max(steps))
    texts = [_leaf_text(one, names, sizes) for one in leaves]
    figure.add_scatter(
        x=[0.0] * len(leaves), y=list(range(len(leaves))), mode="markers",
        marker={
            "color": [topic_colour(_main(one, sizes)) for one in leaves], "symbol": [topic_marker(_main(one, sizes)) for one in leaves],
            "size": _LEAF,
        },
        customdata=[["<br>".join(chart_text(names[topic]) for topic in one[:12])] for one in leaves],
        hovertemplate="%{customdata[0]}<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(leaves))),
        ticktext=texts,
        showgrid=False,
        range=[len(leaves) - 0.5, -0.5],
        # Room between a label and its marker, which lies half beyond the axis.
        ticks="outside",
        ticklen=_GAP,
        tickcolor=theme.PAPER,
    )
    figure.update_xaxes(
        title_text="how different the words are<br>(0: the same, 1: none shared)",
        range=[-0.02, 1.03 * max(float(tree["distance"].max()), 0.1)],
    )
    figure.update_layout(showlegend=False, height=100 + 40 * len(leaves))
    return theme.describe_figure(
        figure, title=_tree_title(tree, steps, names), alt="A tree: topics that are alike join early.",
        table=_tree_table(tree, steps, names),
    )  # fmt: skip


def _read_steps(tree: pd.DataFrame) -> Steps:
    rows = tree[["step", "first", "second", "distance"]].itertuples(index=False)
    return {
        int(step): {"first": first, "second": second, "distance": distance}
        for step, first, second, distance in rows
    }


def _members(steps: Steps, node: int) -> list[int]:
    """Give the topics below a node."""
    if node >= 0:
        return [node]
    step = steps[-1 - node]
    return [*_members(steps, int(step["first"])), *_members(steps, int(step["second"]))]


def _main(members: Sequence[int], sizes: Mapping[int, int]) -> int:
    return max(members, key=lambda one: (sizes.get(one, 0), -one))


def _leaf_text(members: Sequence[int], names: Mapping[int, str], sizes: Mapping[int, int]) -> str:
    label = chart_text(short_label(names[_main(members, sizes)], longest=22))
    return (
        f"{label}<br>and {count(len(members) - 1, 'topic')} like it" if len(members) > 1 else label
    )


def _tree_title(tree: pd.DataFrame, steps: Steps, names: Mapping[int, str]) -> str:
    nearest = tree.sort_values(["distance", "step"]).iloc[0]
    pair = [
        short_label(names[_members(steps, int(nearest[side]))[0]]) for side in ("first", "second")
    ]
    return f"Most alike are {quoted(pair)}"


def _tree_table(tree: pd.DataFrame, steps: Steps, names: Mapping[int, str]) -> pd.DataFrame:
    def told(node: int) -> str:
        members = [short_label(names[one]) for one in _members(steps, node)]
        return "; ".join(members[:4]) + (
            f"; and {len(members) - 4} more" if len(members) > 4 else ""
        )

    rows = tree.sort_values("step").to_dict("records")
    return pd.DataFrame(
        {
            "joins": [told(int(row["first"])) for row in rows],
            "with": [told(int(row["second"])) for row in rows],
            "difference": [f"{row['distance']:.2f}" for row in rows],
        }
    )


def plot_word_cloud(terms: pd.DataFrame, topics: pd.DataFrame) -> go.Figure:
    """Draw the terms of topics, those of many posts large, those of one topic near each other.

    Parameters
    ----------
    terms, topics
        Tables of the report.
    """
    words = _choose_words(terms, topics)
    if words.empty:
        return theme.empty_figure("No topic has terms.")
    sizes = _SMALLEST + (_LARGEST - _SMALLEST) * np.sqrt(
        words["weight"].to_numpy(float) / words["weight"].max()
    )
    texts = [tidy(str(term), longest=24) for term in words["term"]]
    boxes = np.column_stack(
        [
            [text_width(text, size) + 4 for text, size in zip(texts, sizes, strict=True)],
            [text_height(size) for size in sizes],
        ]
    )
    places = words[["x", "y"]].fillna(0).to_numpy(float)
    spots = pack_boxes((places * 0.38 + 0.5) * np.array(_CLOUD), boxes, sheet=_CLOUD)
    put = ~np.isnan(spots[:, 0])
    figure = theme.new_figure(height=round(_CLOUD[1]) + 24)
    names = names_of(topics)
    shown = words[put]
    figure.add_scatter(
        x=spots[put, 0], y=spots[put, 1], mode="text",
        text=[chart_text(text) for text, there in zip(texts, put, strict=True) if there],
        textfont={"size": sizes[put].round(1).tolist(), "color": [topic_ink(int(one)) for one in shown["topic"]]},
        customdata=[
            [chart_text(names[int(row["topic"])]), f"{row['weight']:,.0f}", percent(row["share"])] for row in shown.to_dict("records")
        ],
        hovertemplate="%{text}<br>about %{customdata[1]} posts, %{customdata[2]} of<br>%{customdata[0]}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(visible=False, range=[0, _CLOUD[0]], fixedrange=True)
    figure.update_yaxes(visible=False, range=[0, _CLOUD[1]], fixedrange=True)
    figure.update_layout(showlegend=False, margin={"l": 4, "r": 4, "t": 4, "b": 4})
    table = shown.assign(
        topic=[short_label(names[int(one)]) for one in shown["topic"]],
        posts=[f"{weight:,.0f}" for weight in shown["weight"]],
    )
    return theme.describe_figure(
        figure, title=f"The terms of most posts are {quoted(shown['term'].head(3).tolist())}",
        alt="A word cloud: terms of topics, larger where more posts have them.", table=table[["term", "topic", "posts"]],
    )  # fmt: skip


def _choose_words(terms: pd.DataFrame, topics: pd.DataFrame) -> pd.DataFrame:
    """Give terms with about how many posts of their topic have them, the most frequent first, each word once."""
    named = topics[["topic", "posts", "x", "y"]].rename(columns={"posts": "topic_posts"})
    rows = terms[["topic", "rank", "term", "share"]].merge(named, on="topic")
    rows = rows.assign(weight=rows["share"].astype(float) * rows["topic_posts"].astype(float))
    rows = rows[rows["weight"] >= 1].sort_values(
        ["weight", "term"], ascending=[False, True], kind="stable"
    )
    return rows.drop_duplicates("term").head(_MOST_WORDS).reset_index(drop=True)


__all__ = ["MOST_NAMED", "plot_topic_map", "plot_topic_tree", "plot_word_cloud"]
