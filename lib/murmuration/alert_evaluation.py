"""Planted crises of many sizes → how soon alerts find them, and how often they are false."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv, ndtr

from murmuration.sample.planned import USUAL_HOURS, USUAL_WEEKDAYS
from murmuration.trends.spikes import SpikeParams, find_spikes

Floats = npt.NDArray[np.float64]
OnProgress = Callable[[str, int, int], None]

_START = pd.Timestamp("2026-01-05", tz="UTC")  # a Monday
_HISTORY, _MONTH = 28, 30  # days
_LASTS = 12  # hours
_NEGATIVE = 0.25  # share of negative posts, in a crisis too: volume alone is to be found
_HOURS = np.array(USUAL_HOURS) / np.mean(USUAL_HOURS)


@dataclass(frozen=True, slots=True)
class AlertEvaluation:
    """How alerts do on crises of one size over one kind of noise.

    Attributes
    ----------
    posts
        Posts in the hour in which the crisis begins, without it; at most a tenth more or less than asked for.
    factor
        Of volume, in the crisis.
    excess, correlation
        Noise: variance beyond Poisson as a share of the squared mean (negative binomial), and how far it goes on from hour to hour.
    crises
        How many were planted.
    within_1, within_2, within_6
        Share found by the end of the first, second, sixth hour.
    median_hours
        Until half of them are found; null where half are not.
    false_a_month
        Alarms of a brand in 30 days without a crisis; null where no month was looked at.
    """

    posts: float
    factor: float
    excess: float
    correlation: float
    crises: int
    within_1: float
    within_2: float
    within_6: float
    median_hours: float | None
    false_a_month: float | None


def evaluate_alerts(
    *,
    posts: Sequence[float] = (5, 10, 20, 60),
    factors: Sequence[float] = (1.5, 2, 3, 6),
    noise: Sequence[tuple[float, float]] = ((0.04, 0.0), (0.1, 0.3)),
    crises: int = 20,
    months: int = 5,
    first_seed: int = 20_260_000,
    params: SpikeParams | None = None,
    on_progress: OnProgress = lambda name, done, total: None,
) -> list[AlertEvaluation]:
    """Plant crises in counts by the hour, with four weeks of history each, and look for them.

    Parameters
    ----------
    posts, factors, noise
        What is varied; see `AlertEvaluation`.
    crises, months
        How many crises of each kind, and how many months without one.
    first_seed
        Of the series; nothing was tuned on those from 20,260,000 on.
    params
        When a brand has a spike; the defaults unless given.
    on_progress
        Told what is done next, and how much of how much is.
    """
    params = params or SpikeParams()
    rows: list[AlertEvaluation] = []
    total = len(posts) * len(noise) * (1 + len(factors))
    for size in posts:
        for kind in noise:
            on_progress(f"{size:g} posts, no crisis", len(rows), total)
            seeds = range(first_seed, first_seed + months)
            counts = [_count_false(size, kind, seed, params) for seed in seeds]
            false = float(np.mean(counts)) if counts else None
            for factor in factors:
                on_progress(f"{size:g} posts, {factor:g} times", len(rows), total)
                seeds = range(first_seed, first_seed + crises)
                delays = np.array([_find_delay(size, factor, kind, seed, params) for seed in seeds])
                middle = float(np.median(delays))
                within = [float((delays <= hours).mean()) for hours in (1, 2, 6)]
                rows.append(
                    AlertEvaluation(
                        posts=size, factor=factor, excess=kind[0], correlation=kind[1], crises=crises,
                        within_1=within[0], within_2=within[1], within_6=within[2],
                        median_hours=middle if np.isfinite(middle) else None, false_a_month=false,
                    )
                )  # fmt: skip
    return rows


def _draw_means(
    days: int, kind: tuple[float, float], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Usual and actual means by hour, 1 on average; Poisson counts of these are negative binomial."""
    excess, correlation = kind
    latent = rng.normal(size=days * 24)
    for hour in range(1, len(latent)):
        latent[hour] *= np.sqrt(1 - correlation**2)
        latent[hour] += correlation * latent[hour - 1]
    hours = np.arange(len(latent))
    usual = _HOURS[hours % 24] * np.array(USUAL_WEEKDAYS)[hours // 24 % 7]
    return usual, usual * gammaincinv(1 / excess, ndtr(latent)) * excess


def _as_series(means: Floats, rng: np.random.Generator) -> pd.DataFrame:
    posts = rng.poisson(means)
    return pd.DataFrame(
        {
            "period_start": _START + pd.to_timedelta(np.arange(len(posts)), unit="h"),
            "posts": posts,
            "scored": posts,
            "negative": rng.binomial(posts, _NEGATIVE),
        }
    )


def _count_false(size: float, kind: tuple[float, float], seed: int, params: SpikeParams) -> int:
    rng = np.random.default_rng([seed, 0, int(size * 10), int(kind[0] * 1000)])
    _, means = _draw_means(_HISTORY + _MONTH, kind, rng)
    since = _START + pd.Timedelta(days=_HISTORY)
    return len(find_spikes(_as_series(size * means, rng), params, since=since))


def _find_delay(
    size: float, factor: float, kind: tuple[float, float], seed: int, params: SpikeParams
) -> float:
    """Hours from the start of a crisis to its alarm; infinite where there is none while it lasts."""
    rng = np.random.default_rng([seed, 1, int(size * 10), int(factor * 10), int(kind[0] * 1000)])
    usual, means = _draw_means(_HISTORY + 3, kind, rng)
    onset = _HISTORY * 24 + int(rng.integers(0, 36))
    # `size` is what the hour has in which it begins.
    scale = size / usual[onset]
    means = scale * means
    means[onset : onset + _LASTS] *= factor
    began = _START + pd.Timedelta(hours=onset)
    since = _START + pd.Timedelta(days=_HISTORY)
    found = find_spikes(_as_series(means, rng), params, since=since)
    late = (found["found"] - began) / pd.Timedelta(hours=1)
    late = late[(late > 0) & (late <= _LASTS)]
    return float(late.min()) if len(late) else float("inf")
