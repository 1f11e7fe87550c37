"""One segment or more: whether groups of authors stand out from what chance, or one population without gaps, would look like."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.ndimage import gaussian_filter1d
from scipy.sparse.linalg import svds

from murmuration.audience.blocks import Directions, Scaler, View, bend, count_matrix, weigh
from murmuration.audience.shrink import find_errors
from murmuration.audience.tally import Floats

_DEALS = 3
# Times what dealt terms give. Copies of a text count once, so authors of short texts have terms twice more rarely than they
# are dealt them, which makes up to .17 where a few terms are most of what is used.
_BEYOND_CHANCE = 1.2
_CUTS = (2, 3, 4)  # groups, the directions between which are looked at
_CIRCLES = (("hour_cos", "hour_sin"), ("weekday_cos", "weekday_sin"))
# A ring that authors are evenly spread on has hills at both ends, seen from the side; so have shares of the ring.
_ON_CIRCLES = (*_CIRCLES[0], *_CIRCLES[1], "night_share", "weekend_share")
_AROUND = 24  # parts of a circle
_MOSTLY_KNOWN = 0.5  # share of authors
_BINS = 400
_ENDS = (0.005, 0.995)
_NARROW = 0.9  # of the spread over n^.2: how wide a window is (Silverman 1986, “Density estimation”, p. 48)
_VALLEY = 0.8  # of the lower of two hills
_SURE = 4.0  # standard errors; of some dozens of directions that are looked at hardly one reaches it by chance
NOTHING_DIFFERS = "what is known of them differs by no more than chance makes of so few posts"
NO_GAP = "they do more or less of the same, without a gap between groups"
BY_CHANCE = "what they care for goes together no more than by chance"


def find_telling(
    profiles: pd.DataFrame, views: Sequence[View], *, least: int, seed: int
) -> tuple[list[View], str]:
    """Find the views of authors that segments can be made of, or why there are none.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    views
        From `murmuration.audience.blocks.fit_views`.
    least
        Authors that a group has at least.
    seed
        The same seed gives the same answer.

    Returns
    -------
    tuple
        Views without those by terms that go together no more than by chance, and why no groups stand out: nothing where
        terms do go together, or there is a gap in how authors behave.
    """
    why, kept, together = [], [], False
    for view in views:
        if isinstance(view.space, Scaler):
            kept.append(view)
        elif go_together(_count(profiles, view.space), view.space.weights, seed=seed):
            kept.append(view)
            together = True
        else:
            why.append(BY_CHANCE)
    numbers = [view.space.names for view in kept if isinstance(view.space, Scaler)]
    if together or any(has_gap(profiles, names, least=least, seed=seed) for names in numbers):
        return kept, ""
    why += [NO_GAP] * len(numbers)
    return kept, ", and ".join(dict.fromkeys(why)) or NOTHING_DIFFERS


def _count(profiles: pd.DataFrame, space: Directions) -> sparse.csr_matrix:
    return count_matrix(profiles, space.kinds, space.terms)


def go_together(counts: sparse.csr_matrix, weights: Floats, *, seed: int) -> bool:
    """Say whether authors who have a term have others in common too, or use it over and over, more than by chance.

    The second singular value (the first one only says how common terms are) is compared with that of the same terms dealt
    out to authors at random, who keep as many as they have.

    Parameters
    ----------
    counts
        How often each author has each term, shape (n_authors, n_terms).
    weights
        Rarity of each term.
    seed
        Of the dealing.

    References
    ----------
    Parallel analysis: Horn 1965, doi:10.1007/BF02289447.
    """
    if min(counts.shape) < 3:
        return False
    rng = np.random.default_rng(seed)
    dealt = max(_second(_deal(counts, rng), weights) for _ in range(_DEALS))
    return _second(counts, weights) > _BEYOND_CHANCE * dealt


def _deal(counts: sparse.csr_matrix, rng: np.random.Generator) -> sparse.csr_matrix:
    """Deal out all uses of terms."""
    some = counts.tocoo()
    times = some.data.astype(np.int64)
    dealt = rng.permutation(np.repeat(some.col, times))
    uses = (np.ones(len(dealt)), (np.repeat(some.row, times), dealt))
    return sparse.csr_matrix(uses, shape=counts.shape)  # adds up what an author is dealt twice


def _second(counts: sparse.csr_matrix, weights: Floats) -> float:
    weighed = weigh(counts, weights)
    start = np.ones(min(weighed.shape))  # else it is drawn, and no run is like the other
    return float(svds(weighed, k=2, v0=start, return_singular_vectors=False).min())


def has_gap(profiles: pd.DataFrame, names: Sequence[str], *, least: int, seed: int) -> bool:
    """Say whether authors fall into groups by some numbers, with fewer between the groups than in each.

    Every value is moved as far as chance may have moved it, so that neither whole numbers nor few posts make gaps. Then there
    has to be a valley between two hills around a circle of hours or weekdays, or in one of these directions of the other
    numbers: each of them, over the authors that it is known of, and over those that all are known of the principal components
    and the directions between groups that a mixture of normal distributions finds.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    names
        Of the numbers.
    least
        Authors on each side of a valley.
    seed
        The same seed moves them alike.

    References
    ----------
    Groups by the valleys of projections: Kalogeratos & Likas 2012, “Dip-means”, NeurIPS 25.
    """
    rng = np.random.default_rng(seed)
    # Half a day apart, groups are alike in one of the two coordinates: it is not among the numbers that tell authors apart.
    around = [both for both in _CIRCLES if {*both} & {*names} and {*both} <= {*profiles.columns}]
    wanted = dict.fromkeys((*names, *(name for both in around for name in both)))
    moved = {name: _move(profiles, name, rng) for name in wanted}
    if any(_has_gap_around(moved[cos], moved[sin], least) for cos, sin in around):
        return True
    columns = [
        values
        for name, values in moved.items()
        if name not in _ON_CIRCLES and np.isfinite(values).mean() > _MOSTLY_KNOWN
    ]
    if any(_has_gap_along(values[np.isfinite(values)], least) for values in columns):
        return True
    if len(columns) < 2:
        return False
    places = np.stack(columns, axis=1)
    # Whoever something is not known of would be a group of its own.
    places = places[np.isfinite(places).all(axis=1)]
    if len(places) < 2 * least:
        return False
    places = (places - places.mean(axis=0)) / np.maximum(places.std(axis=0), 1e-12)
    return any(has_valley(places @ way, least) for way in _find_directions(places, seed))


def _move(profiles: pd.DataFrame, name: str, rng: np.random.Generator) -> Floats:
    """Move a number of each author as far as chance may have moved it."""
    values = bend(profiles, name)
    return values + find_errors(profiles, name, values) * rng.standard_normal(len(values))


def _has_gap_along(values: Floats, least: int) -> bool:
    return len(values) >= 2 * least and has_valley(values, least)


def _has_gap_around(cos: Floats, sin: Floats, least: int) -> bool:
    angles = np.arctan2(sin, cos)
    angles = angles[np.isfinite(angles)]
    if len(angles) < 2 * least:
        return False
    # Unrolled from where fewest are, so that no hill is cut apart.
    around = np.histogram(angles, _AROUND, (-np.pi, np.pi))[0]
    first = gaussian_filter1d(around.astype(float), 1, mode="wrap").argmin() / _AROUND * 2 * np.pi
    return has_valley((angles + np.pi - first) % (2 * np.pi), least)


def _find_directions(places: Floats, seed: int) -> list[Floats]:
    from sklearn.mixture import GaussianMixture

    found = list(np.linalg.svd(places, full_matrices=False)[2])
    for n in (one for one in _CUTS if one < len(places)):
        mixture = GaussianMixture(n, covariance_type="tied", reg_covar=1e-3, random_state=seed)
        means = mixture.fit(places).means_
        found += [mixture.precisions_ @ (one - other) for one, other in combinations(means, 2)]
    return found


def has_valley(values: Floats, least: int) -> bool:
    """Say whether values have two hills, of so many at least, with clearly fewer between them."""
    n = len(values)
    low, quarter, three, high = np.quantile(values, (_ENDS[0], 0.25, 0.75, _ENDS[1]))
    spread = min(float(values.std()), float(three - quarter) / 1.34)
    if spread <= 0:
        spread = float(values.std())
    if spread <= 0 or high <= low:
        return False
    counts, edges = np.histogram(np.clip(values, low, high), _BINS)
    width = _NARROW * spread * n**-0.2 / (edges[1] - edges[0])
    # How many values a window of this shape sees: its height times what they count together.
    seen = gaussian_filter1d(counts.astype(float), width, mode="constant")
    seen *= 2 * np.sqrt(np.pi) * width
    left, right = np.maximum.accumulate(seen), np.maximum.accumulate(seen[::-1])[::-1]
    hill = np.minimum(left, right)
    before = np.cumsum(counts)
    clear = (seen <= _VALLEY * hill) & (hill - seen >= _SURE * np.sqrt(hill + seen))
    return bool((clear & (before >= least) & (n - before >= least)).any())
