"""Days on which authors posted → how regularly, in what bursts, on which days of the week."""

from collections.abc import Mapping

import numpy as np

from murmuration.audience.shrink import shrink_means
from murmuration.audience.tally import (
    AUTHORS_AT_ONCE,
    DAY_BITS,
    Counts,
    Floats,
    Ints,
    total,
    unpack_days,
)

_THURSDAY = 3  # 1970-01-01, from Monday
_WEEK = 7
_DAYS = ("first_day", "last_day", "days", "busiest_day")  # what is counted of days
_ANGLES = np.arange(_WEEK) * (2 * np.pi / _WEEK)
# What each day of the week, from Monday, adds.
_WEEKDAYS = {
    "weekday_cos": np.cos(_ANGLES),
    "weekday_sin": np.sin(_ANGLES),
    "weekend_share": (np.arange(_WEEK) >= _WEEK - 2).astype(float),
}


def read_days(
    packed: Ints, posts: Counts, n_authors: int
) -> tuple[dict[str, Floats], dict[str, float]]:
    """Give what is counted of the days of authors, and the sums of the squares of what is there for each post.

    Parameters
    ----------
    packed, posts
        Authors and days, see `pack_days`, and the posts on each; rising.
    n_authors
        How many authors there are; without a day all is unknown.
    """
    firsts = range(0, max(n_authors, 1), AUTHORS_AT_ONCE)
    cuts = np.searchsorted(packed, [first << DAY_BITS for first in firsts])
    blocks = [
        _read_days(some, counts, first, min(AUTHORS_AT_ONCE, n_authors - first))
        for some, counts, first in zip(
            np.split(packed, cuts[1:]), np.split(posts, cuts[1:]), firsts, strict=True
        )
    ]
    *counted, by_weekday = map(np.concatenate, zip(*blocks, strict=True))
    weekdays = {name: by_weekday @ values for name, values in _WEEKDAYS.items()}
    squares = {
        name: float(by_weekday.sum(axis=0) @ values**2) for name, values in _WEEKDAYS.items()
    }
    return dict(zip(_DAYS, counted, strict=True)) | weekdays, squares


def derive_rhythm(sums: Mapping[str, Floats], dated: Floats) -> dict[str, Floats]:
    """Give the features that are made of days.

    Parameters
    ----------
    sums
        From `read_days`.
    dated
        Posts of each author whose time is known.
    """
    first, last, active, busiest = (sums[name] for name in _DAYS)
    span = last - first + 1
    return {
        "first_post_at": first,
        "last_post_at": last,
        "active_days": np.where(active > 0, active, np.nan),
        "posts_per_active_day": _rate(dated, active),
        # Days between the first and the last one: these two always have a post.
        "regularity": _shrink(np.maximum(active - 2, 0), np.nan_to_num(np.maximum(span - 2, 0))),
        "burst_share": _shrink(np.nan_to_num(busiest - 1), np.maximum(dated - 1, 0)),
    }


def _read_days(packed: Ints, posts: Counts, begin: int, n_authors: int) -> tuple[Floats, ...]:
    """Give first and last day, number of days, posts on the busiest day and by weekday of some authors."""
    authors, days = unpack_days(packed)
    authors -= begin
    per = posts.astype(np.float64)
    active = np.bincount(authors, minlength=n_authors).astype(float)
    there = np.flatnonzero(active)
    starts = np.searchsorted(authors, there)
    ends = np.append(starts[1:], len(authors)) - 1
    first, last, busiest = (np.full(n_authors, np.nan) for _ in range(3))
    if len(there):
        first[there], last[there] = days[starts], days[ends]
        busiest[there] = np.maximum.reduceat(per, starts)
    by_weekday = total(authors * _WEEK + (days + _THURSDAY) % _WEEK, n_authors * _WEEK, per)
    return first, last, active, busiest, by_weekday.reshape(-1, _WEEK)


def _shrink(sums: Floats, counts: Floats) -> Floats:
    """Shrink shares: the square of 1 is 1."""
    return shrink_means(sums, counts, float(sums.sum()))


def _rate(posts: Floats, days: Floats) -> Floats:
    """Give posts per active day; the first post of a day made it active, so only the others are shrunk."""
    further = np.maximum(posts - days, 0)
    # Counts spread like Poisson's: the variance within authors is the mean.
    mean = further.sum() / max(days.sum(), 1)
    squares = float(
        (days * (further / np.maximum(days, 1)) ** 2).sum() + mean * max(days.sum() - 1, 0)
    )
    return 1 + shrink_means(further, days, squares)
