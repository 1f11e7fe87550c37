"""How topics look: the same topic has the same colour and shape in every figure and in every run."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from murmuration.show import theme
from murmuration.show.words import tidy

MOST_NAMED = 12  # topics that a figure names: more cannot be told apart
NO_TOPIC = -1
LEFT = "#c3cad3"  # what is not named

# Okabe & Ito's that are legible on white, and a violet; with eight shapes 56 looks before one comes again.
_COLOURS = (theme.POSITIVE, theme.NEGATIVE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6a4c93")

Names = Mapping[int, str]


def topic_colour(topic: int) -> str:
    """Give the colour of a topic by its id."""
    return LEFT if topic == NO_TOPIC else _COLOURS[topic % len(_COLOURS)]


def topic_ink(topic: int) -> str:
    """Give the colour of a topic as letters may have it: darker."""
    colour = topic_colour(topic).lstrip("#")
    return "#" + "".join(f"{int(0.72 * int(colour[at : at + 2], 16)):02x}" for at in (0, 2, 4))


def topic_marker(topic: int) -> str:
    """Give the shape of a topic by its id."""
    return "circle-open" if topic == NO_TOPIC else theme.MARKERS[topic % len(theme.MARKERS)]


def short_label(label: str, *, longest: int = 28) -> str:
    """Give a label as it may stand in a chart: as many of its terms as fit."""
    parts = [part.strip() for part in tidy(label, longest=200).split(",")]
    shown = parts[0]
    for part in parts[1:]:
        if len(shown) + 2 + len(part) > longest:
            break
        shown += f", {part}"
    return tidy(shown, longest=longest)


def largest_topics(
    topics: pd.DataFrame, *, first: Sequence[int] = (), most: int = MOST_NAMED
) -> list[int]:
    """Choose the topics that a figure names.

    Parameters
    ----------
    topics
        With `topic` and `posts`.
    first
        Topics to name before those that are merely large.
    most
        How many at most.
    """
    by_size = topics.sort_values(["posts", "topic"], ascending=[False, True])["topic"].tolist()
    there = set(by_size)
    ranked = dict.fromkeys([*(one for one in first if one in there), *by_size])
    return [int(one) for one in ranked][:most]


def names_of(topics: pd.DataFrame) -> dict[int, str]:
    """Give the label of each topic of a table with `topic` and `label`."""
    return {
        int(topic): "no words" if pd.isna(label) else str(label)
        for topic, label in zip(topics["topic"].tolist(), topics["label"].tolist(), strict=True)
    }


def bubble_sizes(posts: "pd.Series[Any]", *, largest: float) -> Any:
    """Give diameters in pixels, with areas in proportion to numbers of posts; the smallest ones still show."""
    counts = posts.to_numpy(float)
    return np.maximum(largest * np.sqrt(counts / max(counts.max(initial=1), 1)), 6)
