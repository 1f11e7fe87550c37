"""Bots and spam, set apart before authors are segmented: by which rule, in words."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.audience.arguments import check_profiles
from murmuration.frames import TEXT

_FEW_POSTS = 10  # too few to call an author a machine


@dataclass(frozen=True, slots=True)
class Rule:
    """A way to tell bots and spam.

    Attributes
    ----------
    name
        Its name, as it stands in `set_aside`.
    says
        What it looks for, in words.
    bounds
        Features and how high each has to be at least.
    """

    name: str
    says: str
    bounds: tuple[tuple[str, float], ...]


# Bounds by judgement: hardly a person writes as these do. They were not measured on labelled bots, so some will pass and
# some busy person may be set apart; the report says how many, and by which rule.
RULES = (
    Rule(
        "floods",
        "more than 100 posts on each day with any, on ten days or more",
        (("posts_per_active_day", 100.0), ("active_days", 10.0)),
    ),
    Rule(
        "repeats itself",
        "more than four of five texts repeat one of its own",
        (("repeated_share", 0.8),),
    ),
    Rule(
        "copies with links",
        "more than nine of ten texts were written by others as well, and as many have a link",
        (("copied_share", 0.9), ("url_share", 0.9)),
    ),
)


def find_aside(profiles: pd.DataFrame) -> pd.Series:
    """Say which authors are set apart, and by which rule.

    Parameters
    ----------
    profiles
        From `profile_authors`.

    Returns
    -------
    pandas.Series
        Name of the first of `RULES` that an author of ten posts or more meets; null for all others, and where what a
        rule asks for is unknown.
    """
    check_profiles(profiles, what="find_aside")
    found = np.full(len(profiles), None, object)
    enough = _numbers(profiles, "posts") >= _FEW_POSTS
    for rule in reversed(RULES):
        meets = enough.copy()
        for name, least in rule.bounds:
            meets &= _numbers(profiles, name) > least
        found[meets] = rule.name
    return pd.Series(found, index=profiles.index, dtype=TEXT, name="set_aside")


def _numbers(profiles: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    if name not in profiles.columns:
        return np.full(len(profiles), np.nan)
    return profiles[name].to_numpy(np.float64, na_value=np.nan)
