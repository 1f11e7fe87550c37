"""Well-known exports in JSON, and how their records become raw fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from murmuration.collect.raw import Shape
from murmuration.collect.shapes import bluesky, fourcat, hackernews, mastodon, reddit, x, x_legacy

__all__ = ["SHAPES", "find_shape"]

# Most specific first: of two shapes that fit as many records, the first is taken.
SHAPES: tuple[Shape, ...] = (
    fourcat.CAPTURES,
    fourcat.RAW_ITEMS,
    bluesky.STREAM,
    bluesky.VIEWS,
    mastodon.ACTIVITIES,
    mastodon.STATUSES,
    reddit.THINGS,
    reddit.LINES,
    hackernews.ITEMS,
    x_legacy.TWEETS,
    x.PAGES,
    x.FLAT,
    fourcat.TABLES,
)


def find_shape(records: Sequence[Mapping[str, Any]]) -> Shape | None:
    """Say which known export some records come from.

    Parameters
    ----------
    records
        The first records of a file.

    Returns
    -------
    Shape or None
        The shape that fits most of them, and at least half.
    """
    fits = {shape.name: sum(shape.matches(record) for record in records) for shape in SHAPES}
    best = max(SHAPES, key=lambda shape: fits[shape.name])
    return best if records and 2 * fits[best.name] >= len(records) else None
