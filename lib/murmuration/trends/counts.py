"""What counts are to be expected, how they scatter around that, and whether some are beyond it.

Counts of posts are no Poisson counts: they scatter more (one post brings another), and one busy day follows another.
Both are estimated from the baseline, for many series together, since one series of four weeks tells little.

References
----------
- A robust log-linear baseline with seasons, days that stand out counting less: Farrington et al. 1996, J. R. Statist. Soc. A
  159(3); Noufaily et al. 2013, Statistics in Medicine 32(7) (“Farrington flexible”). Limits there are negative binomial; those here
  are Poisson-lognormal (Bulmer 1974, Biometrics 30(1)), whose tail is somewhat heavier, and average over the error of the rate: of
  what posts tell of it a gamma, of seasons and correlation a lognormal.
- Dispersions of many series, each drawn towards that of all, and t in place of normal quantiles: Smyth 2004, Statist. Appl. Genet.
  Mol. Biol. 3(1); for counts: Lund et al. 2012, Statist. Appl. Genet. Mol. Biol. 11(5).
- Counts with a latent autoregression: Zeger 1988, Biometrika 75(4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import (
    betainc,
    digamma,
    gammaincinv,
    ndtr,
    ndtri,
    polygamma,
    stdtr,
    stdtrit,
)

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Counts further from what is expected than so many standard deviations count less: Noufaily et al.
_STANDS_OUT = 2.58
_ROUNDS = 6  # of weights and estimates; they hardly move after four
_MOST_CORRELATED = 0.95
_USUAL_CORRELATION, _USUAL_SPREAD = (
    0.3,
    0.3,
)  # of the excess of days, over real series, and how they differ in it
_MANY = 1e4  # degrees of freedom from which t is normal
_FEW_SERIES = 4  # under which series tell nothing of each other's dispersion
_TINY = 1e-300
_LONG = 300  # buckets from which estimates of correlation need no correction


class Judged(NamedTuple):
    """Sums of counts over some buckets, one a series.

    `more` and `less`: the chance of as many or more, as few or less, were nothing changed. `low` and `high`: 95 % interval
    of the ratio of what was counted to what was expected.
    """

    counted: Floats
    expected: Floats
    ratio: Floats
    low: Floats
    high: Floats
    more: Floats
    less: Floats


@dataclass(frozen=True, slots=True)
class CountModel:
    """What is expected of several series of counts, from their baseline on.

    Attributes
    ----------
    counts, expected
        Shape (n_series, n_buckets).
    weights
        How much each bucket told of the baseline; 0 outside of it.
    excess
        Variance beyond Poisson, as a share of the squared mean; shape (n_series,).
    correlation
        Of that excess from one bucket to the next.
    freedom
        Degrees of freedom of `excess`, shape (n_series,).
    seasons
        Of each cycle, the place of each bucket and the variance of the logarithm of each factor, shape (n_series, n_places).
    """

    counts: Floats
    expected: Floats
    weights: Floats
    excess: Floats
    correlation: float
    freedom: Floats
    seasons: tuple[tuple[Codes, Floats], ...] = ()

    def judge(self, buckets: slice) -> Judged:
        """Say of the sums over some buckets after the baseline whether they are beyond chance."""
        inside = np.zeros((1, self.counts.shape[1]))
        inside[:, buckets] = 1.0
        return Judged(*(one[:, 0] for one in self.judge_all(inside)))

    def judge_all(self, inside: Floats) -> Judged:
        """Say the same of many sums: which buckets each holds is 1 in its row, shape (n_sums, n_buckets).

        Each figure has the shape (n_series, n_sums).
        """
        counted = self.counts @ inside.T
        mean = np.maximum(self.expected @ inside.T, 1e-9)
        places = np.arange(inside.shape[1])
        alike = self.correlation ** np.abs(np.subtract.outer(places, places))
        scatter = [self._scatter(row, inside, alike) for row in range(len(counted))]
        own, rest, learned = (np.array(one) for one in zip(*scatter, strict=True))
        rate = rest + learned
        freedom = self.freedom[:, None]
        more, less = (_widened(one, freedom) for one in _tails(counted, mean, own, rest, learned))
        reach = stdtrit(freedom, 0.975) * np.sqrt(1 / (counted + 0.5) + own + rate)
        near = (counted + 0.5) / mean
        low = np.where(counted > 0, near * np.exp(-reach), 0.0)
        return Judged(counted, mean, counted / mean, low, near * np.exp(reach), more, less)

    def limits(self, chance: float = 0.025) -> tuple[Floats, Floats]:
        """Give between what each count lies unless by so small a chance, on either side."""
        told = np.maximum((self.weights * self.expected).sum(axis=1), 1e-9)[:, None]
        mean = np.maximum(self.expected, 1e-9)
        variance = mean + mean**2 * (1 / told + self.excess[:, None])
        shape = mean**2 / variance
        reach = stdtrit(self.freedom, 1 - chance)[:, None]
        low, high = (gammaincinv(shape, ndtr(side * reach)) * mean / shape for side in (-1, 1))
        return np.asarray(low), np.asarray(high)

    def _scatter(self, row: int, inside: Floats, alike: Floats) -> tuple[Floats, Floats, Floats]:
        """Relative variance beyond Poisson of sums of one series: their own, and that of what is expected, in two parts.

        The last is that of a rate that was learned from few posts, the second the rest. What the baseline foretells of a
        sum, because one bucket resembles the next, is taken off.
        """
        expected, told = self.expected[row], self.weights[row] * self.expected[row]
        learned = max(float(told.sum()), 1e-9)
        there = inside * expected
        there = there / np.maximum(there.sum(axis=1, keepdims=True), 1e-9)
        apart = there - told / learned
        own = self.excess[row] * ((there @ alike) * there).sum(axis=1)
        both = self.excess[row] * ((apart @ alike) * apart).sum(axis=1)
        rest, few = both - own, np.full(len(inside), 1 / learned)
        few, rest = np.maximum(few + np.minimum(rest, 0.0), 0.0), np.maximum(rest, 0.0)
        for codes, variance in self.seasons:
            # What all places of a cycle have in common is the rate's.
            rest = rest + (apart @ _members(codes)) ** 2 @ variance[row]
        return np.log1p(own), rest, few


def _widened(chance: Floats, freedom: Floats) -> Floats:
    """Give a chance under t that has been one under the normal distribution."""
    z = ndtri(np.clip(chance, _TINY, 1 - 1e-16))
    return np.asarray(np.where(freedom < _MANY, stdtr(freedom, z), chance))


def _tails(
    counted: Floats, mean: Floats, own: Floats, rest: Floats, learned: Floats
) -> tuple[Floats, Floats]:
    """The chance of as many or more (of a Poisson-lognormal count), and of as few or less.

    What posts tell of their rate is a gamma (Jeffreys), so of a count under a rate that was learned from few posts the
    negative binomial tells how far up it may go: a lognormal of that variance would let a hundred follow on none.
    """
    nodes = np.linspace(-8, 8, 161)
    weights = np.exp(-(nodes**2) / 2)
    weights /= weights.sum()
    means = mean[..., None] * np.exp(np.sqrt(own + rest)[..., None] * nodes - own[..., None] / 2)
    told = 1 / np.maximum(learned, 1e-9)[..., None]
    above = betainc(np.maximum(counted, 1e-9)[..., None], told, means / (means + told))
    more = np.where(counted[..., None] > 0, above, 1.0)
    # Below, a gamma has the heavier tail: there the negative binomial one counts.
    rates = mean[..., None] * np.exp(np.sqrt(rest + learned)[..., None] * nodes)
    size = 1 / np.maximum(np.expm1(own), 1e-9)[..., None]
    less = betainc(size, counted[..., None] + 1, size / (size + rates))
    return more @ weights, less @ weights


def fit_counts(
    counts: Floats,
    baseline: Flags,
    *,
    exposure: Floats | None = None,
    seasons: Sequence[Codes] = (),
) -> CountModel:
    """Learn from the baseline what is expected of each series, before and after.

    Parameters
    ----------
    counts
        Shape (n_series, n_buckets).
    baseline
        Which buckets are learned from, shape (n_buckets,); one or more.
    exposure
        What counts are proportional to, shape (n_series, n_buckets), such as what was posted in all.
    seasons
        For each bucket its place in a cycle, such as the day of the week; each series has a pattern of its own in each, as
        far as it is clear.

    Returns
    -------
    CountModel
    """
    exposed = np.ones_like(counts) if exposure is None else exposure
    weights = np.where(baseline, exposed > 0, False).astype(np.float64)
    factors = [np.ones_like(counts) for _ in seasons]
    kept = [0.0 for _ in seasons]
    unsure = [np.zeros((len(counts), 1)) for _ in seasons]
    excess: Floats = np.zeros(len(counts))
    for _ in range(_ROUNDS):
        for place, codes in enumerate(seasons):
            others = [factor for at, factor in enumerate(factors) if at != place]
            rest = _scaled(counts, exposed * np.prod(others, axis=0), weights)
            found = _season(counts, rest, weights, excess, codes)
            factors[place], kept[place], unsure[place] = found
        expected = _scaled(counts, exposed * np.prod(factors, axis=0), weights)
        spent = 1.0 + sum(
            share * (len(np.unique(codes)) - 1) for share, codes in zip(kept, seasons, strict=True)
        )
        excess, freedom = _dispersion(counts, expected, weights, spent)
        distance = _distances(counts, expected, excess)
        weights = np.where(weights > 0, discount(distance), 0.0)
    learned = np.flatnonzero(baseline)
    # Of long baselines, so little is taken that it need not be known.
    hidden = None if len(learned) > _LONG else _leave_out(learned, seasons, kept)
    correlation, left = _correlation(counts, expected, weights, excess, hidden)
    lost = (1 - correlation**2) / (1 + correlation**2)
    return CountModel(
        counts, expected, weights, excess / left, correlation, np.maximum(2.0, freedom * lost),
        tuple(zip(seasons, unsure, strict=True)),
    )  # fmt: skip


def share_volume(counts: Floats, baseline: Flags) -> Floats:
    """Give what each series would be, relative to its mean, did it only follow all the others.

    Parameters
    ----------
    counts
        Shape (n_series, n_buckets): all that was posted.
    baseline
        Which buckets tell how large a series is.

    Returns
    -------
    numpy.ndarray
        Around 1, same shape. A series that jumps does not move it, and no series moves its own. 1 throughout for a
        series beside which there are too few others to tell a common movement from one of theirs.
    """
    sizes = counts[:, baseline].mean(axis=1)
    weights = np.ones_like(counts)
    common = np.ones(counts.shape[1])
    for _ in range(_ROUNDS):
        common = (weights * counts).sum(axis=0) / np.maximum(weights.T @ sizes, 1e-9)
        common /= common[baseline].mean() or 1.0
        expected = np.outer(sizes, common)
        surplus = (weights * ((counts - expected) ** 2 - expected))[:, baseline].sum()
        excess = max(0.0, surplus / max((expected[:, baseline] ** 2).sum(), 1e-9))
        weights = discount(_distances(counts, expected, np.full(len(counts), excess)))
        sizes = (weights * counts)[:, baseline].sum(axis=1) / np.maximum(
            (weights * common)[:, baseline].sum(axis=1), 1e-9
        )
    total, told = (weights * counts).sum(axis=0), weights * sizes[:, None]
    others = np.maximum(total - weights * counts, 0) / np.maximum(told.sum(axis=0) - told, 1e-9)
    others /= np.maximum(others[:, baseline].mean(axis=1, keepdims=True), 1e-9)
    rest, squared = sizes.sum() - sizes, (sizes**2).sum() - sizes**2
    enough = rest**2 >= _FEW_SERIES * np.maximum(squared, 1e-9)
    return np.where(enough[:, None], others, 1.0)


def discount(distance: Floats) -> Floats:
    """Give how much a count tells that lies so many standard deviations from what is expected."""
    return np.asarray((_STANDS_OUT / np.maximum(np.abs(distance), _STANDS_OUT)) ** 2)


def _distances(counts: Floats, expected: Floats, excess: Floats) -> Floats:
    variance = expected * (1 + excess[:, None] * expected)
    return np.asarray((counts - expected) / np.sqrt(np.maximum(variance, 1e-9)))


def _scaled(counts: Floats, pattern: Floats, weights: Floats) -> Floats:
    """Give a pattern the rate of each series; half a post more than there was, so that none is 0 (Jeffreys)."""
    told = np.maximum((weights * pattern).sum(axis=1), 1e-9)
    return np.asarray(pattern * (((weights * counts).sum(axis=1) + 0.5) / told)[:, None])


def _season(
    counts: Floats, expected: Floats, weights: Floats, excess: Floats, codes: Codes
) -> tuple[Floats, float, Floats]:
    """Factors of a cycle, each as far as it stands out from chance; how far that is on average; their variances.

    How large such factors are is estimated over all series (empirical Bayes, a normal prior on their logarithms).
    """
    members = _members(codes)
    seen, due = (weights * counts) @ members, (weights * expected) @ members
    buckets = np.maximum(weights @ members, 1e-9)
    logs = np.log((seen + 0.5) / (due + 0.5))
    noise = 1 / (due + 0.5) + excess[:, None] / buckets
    surplus, precision = logs**2 - noise, np.where(due > 1, 1 / noise**2, 0.0)
    usual = (surplus * precision).sum() / max(precision.sum(), 1e-9)
    # A series with a pattern among many without keeps what of its own is beyond doubt: two standard errors.
    doubt = 2 * noise.mean(axis=1) * np.sqrt(2 / logs.shape[1])
    prior = np.maximum(max(usual, 0.0), surplus.mean(axis=1) - doubt)[:, None]
    kept = prior / (prior + noise)
    tells = due / (1 + excess[:, None] * due)
    on_average = float((kept * tells).sum() / max(tells.sum(), 1e-9))
    return np.exp(kept * logs)[:, codes], on_average, kept * noise


def _members(codes: Codes) -> Floats:
    return np.asarray(np.eye(int(codes.max()) + 1)[codes])


def _dispersion(
    counts: Floats, expected: Floats, weights: Floats, spent: float
) -> tuple[Floats, Floats]:
    """Excess of each series, drawn towards that of all, and its degrees of freedom."""
    told = weights.sum(axis=1)
    freedom = np.maximum(told - spent, 1.0)
    mean = np.maximum((weights * expected).sum(axis=1) / np.maximum(told, 1e-9), 1e-9)
    squares = (weights * (counts - expected) ** 2 / np.maximum(expected, 1e-9)).sum(axis=1)
    own = squares / freedom
    common = 0.0
    for _ in range(3):  # each series counts by how much it tells of the excess
        tells = freedom / (1 / mean + common) ** 2
        common = max(0.0, float((tells * (own - 1) / mean).sum() / tells.sum()))
    usual = 1 + common * mean
    clear = mean * told >= 5
    strength = _prior_strength(own[clear] / usual[clear], freedom[clear])
    drawn = (strength * usual + freedom * own) / (strength + freedom)
    together = np.minimum(strength + freedom, freedom[clear].sum() if clear.any() else freedom)
    return np.maximum(drawn - 1, 0.0) / mean, np.asarray(together, dtype=np.float64)


def _prior_strength(ratios: Floats, freedom: Floats) -> float:
    """How many degrees of freedom the dispersion of all is worth beside that of one series (Smyth, section 6.2)."""
    told = ratios > 0
    if told.sum() < _FEW_SERIES:
        return 0.0
    half = freedom[told] / 2
    logs = np.log(ratios[told]) - digamma(half) + np.log(half)
    beyond = float(logs.var(ddof=1) - polygamma(1, half).mean())
    if beyond <= 2 / _MANY:
        return _MANY
    low, high = 1e-3, _MANY
    for _ in range(60):  # trigamma falls
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if polygamma(1, middle) > beyond else (low, middle)
    return 2 * low


def _leave_out(baseline: Codes, seasons: Sequence[Codes], kept: Sequence[float]) -> Floats:
    """Give what takes the estimated rate and seasons out of the buckets of a baseline, as a matrix."""
    everywhere = np.full((len(baseline), len(baseline)), 1 / len(baseline))
    matrix: Floats = np.eye(len(baseline)) - everywhere
    for codes, share in zip(seasons, kept, strict=True):
        same = np.equal.outer(codes[baseline], codes[baseline]).astype(np.float64)
        matrix -= share * (same / same.sum(axis=1, keepdims=True) - everywhere)
    return matrix


def _correlation(
    counts: Floats, expected: Floats, weights: Floats, excess: Floats, hidden: Floats | None
) -> tuple[float, float]:
    """How far the excess of a bucket goes on in the next, and which part of the excess was seen.

    What goes on for long is taken for the rate or a season, so both are found too small; `hidden` tells how much.
    """
    scaled = np.sqrt(weights) * _distances(counts, expected, excess)
    share = excess[:, None] * expected / (1 + excess[:, None] * expected)
    both = (weights[:, 1:] > 0) & (weights[:, :-1] > 0)
    due = float((share[:, 1:] * both).sum())
    if due <= 0:
        return 0.0, 1.0
    found = float((scaled[:, 1:] * scaled[:, :-1] * both).sum()) / due
    if hidden is None:
        return float(np.clip(found, 0.0, _MOST_CORRELATED)), 1.0
    # Where there is little excess, what goes on of it is hardly seen: then it is what it mostly is.
    told = 1 / (1 + float(both.sum()) / (due * _USUAL_SPREAD) ** 2)
    return _solve_correlation(found, (float(both.sum()) - due) / due, hidden, told)


def _solve_correlation(
    found: float, poisson: float, hidden: Floats, told: float
) -> tuple[float, float]:
    """Give the correlation that shows as the one found, as far as that is `told`.

    `poisson` is how much noise there is beside the excess.
    """
    places = np.arange(len(hidden))
    gaps = np.abs(np.subtract.outer(places, places))
    alone = hidden @ hidden.T
    if len(places) < 2:
        return 0.0, 1.0
    wanted = found - poisson * float(np.diagonal(alone, 1).mean())

    def seen(correlation: float) -> tuple[float, float]:
        matrix = hidden @ correlation**gaps @ hidden.T
        left = float(np.trace(matrix) / np.trace(alone))
        return float(np.diagonal(matrix, 1).mean()) / left, left

    low, high = 0.0, _MOST_CORRELATED
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (middle, high) if seen(middle)[0] < wanted else (low, middle)
    likely = told * low + (1 - told) * _USUAL_CORRELATION
    return likely, max(seen(likely)[1], 0.2)
