"""Few posts shrink to the population instead of shouting: empirical Bayes for means of few observations."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.audience.features import BY_NAME, KNOWN_POSTS, RESTS_ON

Floats = npt.NDArray[np.float64]

# However alike authors seem, this many posts of one are enough to believe half of what they say.
_MOST_STRENGTH = 50.0
# Standard deviation of one post about its author, by kind of feature: of shares after the arcsine of the root (1/2 for all of
# them), of angles where posts are spread evenly; of logs and numbers the largest that is usual.
_OF_ONE_POST = {"share": 0.5, "angle": 0.71, "log": 1.0, "number": 0.5}
# With n posts of each author, chance alone leaves √n / (n + 50) of the above, which is 1 / √(4 · 50) = .07 at most, with 50
# posts. Four tenths more are allowed for, as 50 is only an upper bound; for the same reason fewer posts count as 50.
_MORE_THAN_CHANCE = 1.4
_COUNTED = ("posts", "active_days")  # never shrunk; chance spreads them as Poisson's counts
_BEYOND_CHANCE = 2.0  # times the variance that chance alone gives, below which counts do not differ


def shrink_means(sums: Floats, counts: Floats, squares: float) -> Floats:
    """Give the mean of each author, drawn to that of all the more the fewer posts it rests on.

    Parameters
    ----------
    sums, counts
        Sum and number of known values of each author, shape (n_authors,).
    squares
        Sum of the squares of all values.

    Returns
    -------
    numpy.ndarray
        Shape (n_authors,): ``(sum + s · mean) / (count + s)``, with s the variance within authors over that between
        them, by the method of moments; null where nothing is known.

    References
    ----------
    Efron & Morris 1975, “Data analysis using Stein's estimator and its generalizations”,
    doi:10.1080/01621459.1975.10479864.
    """
    known = counts > 0
    shrunk = np.full(len(sums), np.nan)
    if not known.any():
        return shrunk
    n, means = counts[known], sums[known] / counts[known]
    within = max(0.0, squares - float((n * means**2).sum())) / max(n.sum() - len(n), 1)
    if n.sum() == len(n):  # one post each says nothing about how authors differ
        within = float(means.var())
    between = max(0.0, float(means.var()) - within * float((1 / n).mean()))
    strength = min(_MOST_STRENGTH, within / between) if between > 0 else _MOST_STRENGTH
    if within <= 1e-12:
        strength = 0.0
    weights = n / (n + strength)
    mean = float((weights * means).sum() / weights.sum())
    shrunk[known] = (sums[known] + strength * mean) / (n + strength)
    return shrunk


def is_chance(profiles: pd.DataFrame, name: str, values: Floats) -> bool:
    """Say whether authors differ by no more in a number than so few posts of each make by chance.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    name
        Of the number.
    values
        Its values from `murmuration.audience.blocks.bend`.
    """
    known = np.isfinite(values)
    if not known.any():
        return True
    if name in _COUNTED:
        by_chance = float((find_errors(profiles, name, values)[known] ** 2).mean())
        return bool(values[known].var() < _BEYOND_CHANCE * by_chance)
    left = _leave_of_chance(count_known(profiles, name)[known])
    bound = _MORE_THAN_CHANCE * left * _OF_ONE_POST[BY_NAME[name].kind]
    return bool(values[known].std() < bound)


def _leave_of_chance(posts: Floats) -> float:
    """Give which part of the standard deviation of one post shrinking leaves between authors with so many."""
    many = np.maximum(np.where(np.isfinite(posts), posts, 0), _MOST_STRENGTH)
    return float(np.sqrt((many / (many + _MOST_STRENGTH) ** 2).mean()))


def count_known(profiles: pd.DataFrame, name: str) -> Floats:
    """Give the posts of each author that a number rests on, infinitely many where nothing says how many."""
    if name == "regularity":  # rests on days
        columns = ["active_days", "posts"]
    else:
        columns = [f"{KNOWN_POSTS}{RESTS_ON.get(name)}", "posts"]
    for column in columns:
        if column in profiles:
            return np.asarray(profiles[column].to_numpy(np.float64, na_value=0))
    return np.full(len(profiles), np.inf)


def find_errors(profiles: pd.DataFrame, name: str, values: Floats) -> Floats:
    """Give by how much chance moves a number of each author, as a standard deviation; see `is_chance`."""
    if name in (*_COUNTED, "followers"):
        counts = np.expm1(values)
        return np.asarray(np.sqrt(np.maximum(counts, 0)) / (counts + 1))
    return np.asarray(_OF_ONE_POST[BY_NAME[name].kind] / np.sqrt(count_known(profiles, name) + 1))
