"""Planted crises of many sizes → how soon alerts find them, and how often they are false."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv, ndtr

from murmuration.sample import Plan, PlannedCrisis, make_posts
from murmuration.sample.planned import USUAL_HOURS, USUAL_WEEKDAYS
from murmuration.sample.usual import BRANDS
from murmuration.sentiment import score_posts
from murmuration.trends.spike_drivers import is_about
from murmuration.trends.spikes import JudgedBrand, SpikeParams, judge_brand

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
OnProgress = Callable[[str, int, int], None]
Noise = tuple[float, float] | None  # excess and correlation of counts; None: the sample posts

_START = pd.Timestamp("2026-01-05", tz="UTC")  # a Monday
_HISTORY, _MONTH = 28, 30  # days
_AFTER = 3  # days after the history, in the first half of which a crisis begins
_LASTS = 12  # hours
_NEGATIVE = 0.25  # share of negative posts, in a crisis too: volume alone is to be found
_HOURS = np.array(USUAL_HOURS) / np.mean(USUAL_HOURS)
# Independent hours as the sample posts have them; hours that go on in the next; hours that hang together for half a day.
NOISE: tuple[Noise, ...] = ((0.04, 0.0), (0.04, 0.6), (0.1, 0.3), (0.04, 0.9), None)
_WORDS = {"aurora": "phone/outage", "brightcup": "coffee/mouse_video", "velora": "bikes/data_leak", "kestrel_air": "airline/it_meltdown"}  # fmt: skip


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
        Noise of invented counts: variance beyond Poisson as a share of the squared mean (negative binomial), and how far it
        goes on from hour to hour; null for crises in the sample posts, where most of what a crisis adds is negative.
    threshold
        False alarms that chance may bring a brand in 30 days, as `SpikeParams.false_alarms`.
    crises
        How many were planted.
    within_1, within_2, within_6
        Share found by the end of the first, second, sixth hour.
    median_hours
        Until half of them are found; null where half are not.
    months
        How many months of a brand without a crisis were looked at.
    false_a_month
        Alarms of a brand in one of these; null where there was none.
    """

    posts: float
    factor: float
    excess: float | None
    correlation: float | None
    threshold: float
    crises: int
    within_1: float
    within_2: float
    within_6: float
    median_hours: float | None
    months: int
    false_a_month: float | None


def evaluate_alerts(
    *,
    posts: Sequence[float] = (5, 20, 60),
    factors: Sequence[float] = (1.5, 2, 3, 6),
    noise: Sequence[Noise] = NOISE,
    thresholds: Sequence[float] = (SpikeParams().false_alarms,),
    crises: int = 20,
    months: int = 4,
    first_seed: int = 20_260_000,
    on_progress: OnProgress = lambda name, done, total: None,
) -> list[AlertEvaluation]:
    """Plant crises in counts by the hour and in sample posts, with four weeks of history each, and look for them.

    Parameters
    ----------
    posts, factors, noise, thresholds
        What is varied; see `AlertEvaluation`.
    crises, months
        How many crises of each kind, and how many months without one.
    first_seed
        Of the series; nothing was tuned on those from 20,260,000 on.
    on_progress
        Told what is done next, and how much of how much is.
    """
    rows: list[AlertEvaluation] = []
    done, total = 0, len(posts) * len(noise) * (1 + len(factors))
    for size in posts:
        for kind in noise:
            on_progress(f"{size:g} posts, no crisis", done, total)
            false = [
                [len(judged.find(limit)) for limit in thresholds]
                for judged in _without_crisis(size, kind, first_seed, months)
            ]
            done += 1
            for factor in factors:
                on_progress(f"{size:g} posts, {factor:g} times", done, total)
                delays = [
                    [_delay(judged, began, limit) for limit in thresholds]
                    for judged, began in _with_crisis(size, factor, kind, first_seed, crises)
                ]
                done += 1
                for place, limit in enumerate(thresholds):
                    rows.append(
                        _sum_up(
                            (size, factor, kind, limit),
                            np.array([one[place] for one in delays]),
                            [one[place] for one in false],
                        )
                    )
    return rows


def _sum_up(
    what: tuple[float, float, Noise, float], delays: Floats, false: list[int]
) -> AlertEvaluation:
    size, factor, kind, limit = what
    middle = float(np.median(delays))
    within = [float((delays <= hours).mean()) for hours in (1, 2, 6)]
    excess, correlation = kind or (None, None)
    return AlertEvaluation(
        posts=size, factor=factor, excess=excess, correlation=correlation, threshold=limit, crises=len(delays),
        within_1=within[0], within_2=within[1], within_6=within[2],
        median_hours=middle if np.isfinite(middle) else None,
        months=len(false), false_a_month=float(np.mean(false)) if false else None,
    )  # fmt: skip


def _delay(judged: JudgedBrand, began: pd.Timestamp, limit: float) -> float:
    """Hours from the start of a crisis to its alarm; infinite where there is none while it lasts."""
    found = (spike["found"] for spike in judged.find(limit))
    late = [(at - began) / pd.Timedelta(hours=1) for at in found]
    return min((one for one in late if 0 < one <= _LASTS), default=float("inf"))


def _judge(series: pd.DataFrame) -> JudgedBrand:
    return judge_brand(series, SpikeParams(), since=_START + pd.Timedelta(days=_HISTORY))


def _without_crisis(size: float, kind: Noise, first: int, months: int) -> Iterator[JudgedBrand]:
    """Judge months in which nothing was planted."""
    if kind is None:
        days = _HISTORY + _MONTH
        seeds = range(first, first + -(-months // len(BRANDS)))
        brands = (one for seed in seeds for one in _sample(size, days, seed))
        yield from (_judge(one) for one in islice(brands, months))
        return
    for seed in range(first, first + months):
        rng = np.random.default_rng([seed, 0, int(size * 10), int(kind[0] * 1000)])
        means = _draw_means(_HISTORY + _MONTH, kind, rng)
        yield _judge(_draw_posts(size * means, rng))


def _with_crisis(
    size: float, factor: float, kind: Noise, first: int, crises: int
) -> Iterator[tuple[JudgedBrand, pd.Timestamp]]:
    """Judge the days around crises; each with the moment in which it begins."""
    half = _AFTER * 12
    if kind is None:
        for seed in range(first, first + -(-crises // len(BRANDS))):
            onset = _HISTORY * 24 + int(np.random.default_rng([seed, 2]).integers(0, half))
            brands = _sample(size, _HISTORY + _AFTER, seed, onset=onset, factor=factor)
            for one in brands[: crises - (seed - first) * len(BRANDS)]:
                yield _judge(one), _START + pd.Timedelta(hours=onset)
        return
    for seed in range(first, first + crises):
        rng = np.random.default_rng(
            [seed, 1, int(size * 10), int(factor * 10), int(kind[0] * 1000)]
        )
        means = _draw_means(_HISTORY + _AFTER, kind, rng)
        onset = _HISTORY * 24 + int(rng.integers(0, half))
        # `size` is what the hour has in which it begins.
        means *= size / _usual(_HISTORY + _AFTER)[onset]
        means[onset : onset + _LASTS] *= factor
        yield _judge(_draw_posts(means, rng)), _START + pd.Timedelta(hours=onset)


def _sample(
    size: float, days: int, seed: int, *, onset: int | None = None, factor: float = 1.0
) -> list[pd.DataFrame]:
    """Give the hours of each brand of sample posts, one crisis in each if there is an onset."""
    brands = tuple(replace(one, share=1.0, hours=USUAL_HOURS) for one in BRANDS)
    crises = [] if onset is None else [
        PlannedCrisis(key=f"of_{key}", brand=key, words=words, day=onset / 24, hours=_LASTS, factor=factor)
        for key, words in _WORDS.items()
    ]  # fmt: skip
    start = _START.to_pydatetime()
    plan = Plan(start=start, days=days, brands=brands, crises=tuple(crises), chatter_share=0)
    usual = _usual(days)
    at_onset = 1.0 if onset is None else usual[onset]
    planted = 0.0 if onset is None else (factor - 1) * usual[onset : onset + _LASTS].sum()
    n = round(len(brands) * size / at_onset * (usual.sum() + planted))
    counts = np.zeros((len(brands), 3, days * 24), dtype=np.int64)
    for frame in make_posts(n, seed, plan=plan):
        posts = frame[frame["created_at"].notna()].rename(columns={"truth_brands": "brands"})
        scored = score_posts(posts, "vader")
        for place, brand in enumerate(brands):
            counts[place] += _count_hours(scored[is_about(scored, brand.key)], days * 24)
    return [_as_table(*one) for one in counts]


def _count_hours(posts: pd.DataFrame, hours: int) -> Counts:
    """Posts, scored and negative ones, by the hour; shape (3, n_hours)."""
    past = posts["created_at"].astype("datetime64[us, UTC]") - _START
    hour = (past // pd.Timedelta(hours=1)).to_numpy(dtype=np.int64)
    labels = posts["sentiment_label"]
    kinds = (
        np.ones(len(posts), dtype=bool),
        labels.notna().to_numpy(dtype=bool),
        (labels == "negative").fillna(False).to_numpy(dtype=bool),
    )
    return np.array([np.bincount(hour[kind], minlength=hours) for kind in kinds])


def _usual(days: int) -> Floats:
    """Usual means by hour, 1 on average but for the weekdays."""
    hours = np.arange(days * 24)
    return np.asarray(_HOURS[hours % 24] * np.array(USUAL_WEEKDAYS)[hours // 24 % 7])


def _draw_means(days: int, kind: tuple[float, float], rng: np.random.Generator) -> Floats:
    """Means by hour around the usual ones; Poisson counts of these are negative binomial."""
    excess, correlation = kind
    latent = rng.normal(size=days * 24)
    for hour in range(1, len(latent)):
        latent[hour] *= np.sqrt(1 - correlation**2)
        latent[hour] += correlation * latent[hour - 1]
    return np.asarray(_usual(days) * gammaincinv(1 / excess, ndtr(latent)) * excess)


def _draw_posts(means: Floats, rng: np.random.Generator) -> pd.DataFrame:
    posts = rng.poisson(means)
    return _as_table(posts, posts, rng.binomial(posts, _NEGATIVE))


def _as_table(posts: Counts, scored: Counts, negative: Counts) -> pd.DataFrame:
    starts = _START + pd.to_timedelta(np.arange(len(posts)), unit="h")
    return pd.DataFrame(
        {"period_start": starts, "posts": posts, "scored": scored, "negative": negative}
    )
