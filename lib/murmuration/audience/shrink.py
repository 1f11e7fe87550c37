"""Few posts shrink to the population instead of shouting: empirical Bayes for means of few observations."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# However alike authors seem, this many posts of one are enough to believe half of what they say.
_MOST_STRENGTH = 50.0


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
