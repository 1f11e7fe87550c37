"""How far a segment differs from all others: effect sizes with intervals, and the traits that tell it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from murmuration.audience.blocks import bend
from murmuration.audience.features import BY_NAME, NUMBERS, can_be_told
from murmuration.audience.tally import Floats, Ints
from murmuration.frames import TEXT
from murmuration.trends.intervals import Z95

_LOOKED_AT = 20_000  # authors that effects are measured in
_SAME = 0.7  # rank correlation from which two features say the same
_LEAST_KNOWN = 10  # authors on each side
# Differences that a reader would notice, by kind of feature: of logs the ratio, else the difference. Means of few posts
# are drawn to that of all, so that ranks alone would call a hair's breadth an effect.
_NOTICED = {"share": 0.05, "number": 0.1, "log": 1.25}

TRAITS = ("segment", "rank", "feature", "trait", "effect", "effect_low", "effect_high", "value", "value_rest", "unit")  # fmt: skip


class Effect(NamedTuple):
    """Cliff's delta with its 95 % interval."""

    delta: float
    low: float
    high: float


def compare_with_rest(values: Floats, inside: npt.NDArray[np.bool_]) -> Effect:
    """Give how much higher values lie in a group than outside of it.

    Parameters
    ----------
    values
        One an author; not a number where unknown.
    inside
        Who is in the group.

    Returns
    -------
    Effect
        Chance that a member lies higher than somebody else, less the chance that it lies lower, −1 to 1; not a number
        where fewer than two are known on a side.

    References
    ----------
    Cliff 1993, doi:10.1037/0033-2909.114.3.494; the interval is that of the area under the curve: DeLong et al. 1988,
    doi:10.2307/2531595, on Fisher's scale.
    """
    known = np.isfinite(values)
    some, others = values[known & inside], values[known & ~inside]
    m, n = len(some), len(others)
    if min(m, n) < 2:
        return Effect(np.nan, np.nan, np.nan)
    ranks = rankdata(np.concatenate([some, others]))
    above = (ranks[:m] - rankdata(some)) / n
    below = 1 - (ranks[m:] - rankdata(others)) / m
    area = float(above.mean())
    variance = above.var(ddof=1) / m + below.var(ddof=1) / n
    # Where groups hardly overlap the sample shows too little spread: no area is surer than so many authors make it.
    least = 1 / (2 * min(m, n))
    held = min(max(area, least), 1 - least)
    variance = max(float(variance), least * held * (1 - held))
    delta, error = 2 * held - 1, 2 * np.sqrt(variance)
    reach = Z95 * error / (1 - delta**2)
    low, high = np.tanh(np.arctanh(delta) + np.array([-reach, reach]))
    return Effect(2 * area - 1, float(min(low, 2 * area - 1)), float(max(high, 2 * area - 1)))


def find_traits(
    profiles: pd.DataFrame, labels: Ints, segments: Ints, *, count: int
) -> pd.DataFrame:
    """Find what tells each segment from all others.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    labels
        Segment of each author, −1 for none; the others of a segment are those in other segments.
    segments
        Of which traits are told.
    count
        Traits of each, at most.

    Returns
    -------
    pandas.DataFrame
        `segment`, `rank` (1 tells most), `feature`, `trait` (in words), `effect` with `effect_low` and `effect_high`
        (Cliff's delta against the others, −1 to 1), `value` and `value_rest` (of shares the mean, else the median),
        `unit`. Of features that say the same only the first; none whose interval holds 0, and none whose typical values
        hardly differ, or differ the other way: a few who do much can raise a mean above that of a group where most do more.
    """
    there = np.flatnonzero(labels >= 0)
    some = there[:: max(1, -(-len(there) // _LOOKED_AT))]
    names = [name for name in NUMBERS if name in profiles.columns and can_be_told(name)]
    looked = profiles.iloc[some]
    bent = {name: bend(looked, name) for name in names}
    rows = []
    for segment in segments:
        inside = labels[some] == segment
        found = {name: compare_with_rest(values, inside) for name, values in bent.items()}
        clear = [
            name
            for name, one in found.items()
            if (one.low > 0 or one.high < 0) and _is_noticed(name, one.delta, looked, inside)
        ]
        clear.sort(key=lambda name: (-abs(found[name].delta), name))
        for rank, name in enumerate(_differing(clear, bent, count), start=1):
            rows.append((int(segment), rank, name, *_tell(name, found[name], looked, inside)))
    frame = pd.DataFrame(rows, columns=list(TRAITS))
    return frame.astype({"segment": "int64", "rank": "int64", **dict.fromkeys(("feature", "trait", "unit"), TEXT), **dict.fromkeys(("effect", "effect_low", "effect_high", "value", "value_rest"), "float64")})  # fmt: skip


def _differing(names: list[str], bent: dict[str, Floats], count: int) -> list[str]:
    """Choose the first names of which no two say the same."""
    kept: list[str] = []
    for name in names:
        if len(kept) == count:
            break
        if all(abs(_correlate(bent[name], bent[other])) < _SAME for other in kept):
            kept.append(name)
    return kept


def _correlate(some: Floats, others: Floats) -> float:
    both = np.isfinite(some) & np.isfinite(others)
    one, other = rankdata(some[both]), rankdata(others[both])
    if both.sum() < _LEAST_KNOWN or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _typical(
    name: str, profiles: pd.DataFrame, inside: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    values = profiles[name].to_numpy(np.float64, na_value=np.nan)
    values = np.where(np.isfinite(values), values, np.nan)
    typical = np.nanmean if BY_NAME[name].kind == "share" else np.nanmedian
    return float(typical(values[inside])), float(typical(values[~inside]))


def _is_noticed(
    name: str, delta: float, profiles: pd.DataFrame, inside: npt.NDArray[np.bool_]
) -> bool:
    """Say whether typical values differ so much that a reader would notice, and the way the effect says."""
    value, rest = _typical(name, profiles, inside)
    more, less = (value, rest) if delta > 0 else (rest, value)
    kind = BY_NAME[name].kind
    if kind == "log":
        return more > less and more >= _NOTICED[kind] * max(less, 1e-9)
    return more - less >= _NOTICED[kind]


def _tell(
    name: str, effect: Effect, profiles: pd.DataFrame, inside: npt.NDArray[np.bool_]
) -> tuple[str, float, float, float, float, float, str]:
    feature = BY_NAME[name]
    trait = feature.phrase[0 if effect.delta > 0 else 1]
    return (trait, *effect, *_typical(name, profiles, inside), feature.unit)
