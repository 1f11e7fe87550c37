"""How many posts a topic or crisis gets in each slot of time.

Counts of the brands are negative binomial around a season of hours and weekdays: a gamma factor per
brand and hour, then one multinomial draw over everything, so that the sum is exact.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from murmuration.sample.plan import Plan
from murmuration.sample.planned import USUAL_HOURS, USUAL_WEEKDAYS, PlannedTopic

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HOUR_US = 3_600_000_000
HOURS_OF_WEEK = 168
# Blocks are whole slots: with more posts an hour than this, slots are shorter, and memory bounded.
_SLOT_POSTS = 8_192
_BLOCK_POSTS = 16_384


@dataclass(frozen=True, slots=True)
class Volume:
    """Counts of posts by slot and stream.

    Attributes
    ----------
    start_us
        First moment, microseconds since 1970.
    slot_us
        Length of a slot, microseconds.
    counts
        int64, shape (n_slots, n_streams); streams are the topics, then the crises, of the plan.
    windows
        Of the crises: begin and end, microseconds since 1970; shape (n_crises, 2).
    """

    start_us: int
    slot_us: int
    counts: Ints
    windows: Ints

    def blocks(self) -> list[tuple[int, int]]:
        """Runs of whole slots, first and behind the last, with about as many posts each."""
        filled = self.counts.sum(axis=1).cumsum()
        found, first = [], 0
        while first < len(filled):
            done = int(filled[first - 1]) if first else 0
            last = int(np.searchsorted(filled, done + _BLOCK_POSTS)) + 1
            found.append((first, min(last, len(filled))))
            first = last
        return found

    def hour_of_week(self, slots: Ints) -> Ints:
        """Hours since Monday 0:00 UTC."""
        # 1970 began on a Thursday, three days into its week.
        hours = (self.start_us + slots * self.slot_us) // HOUR_US + 72
        return hours % HOURS_OF_WEEK


def plan_volume(plan: Plan, n: int, rng: np.random.Generator) -> Volume:
    """Draw how many posts fall into each slot.

    Parameters
    ----------
    plan
        What is planted.
    n
        Posts in all.
    rng
        Source of chance.
    """
    start_us = to_us(plan.start)
    per_hour = _slots_per_hour(plan, n)
    hours = plan.days * 24
    expected = _expected(plan, start_us, hours)  # topics × hours
    brands = _brand_numbers(plan)
    noise = rng.gamma(plan.dispersion, 1 / plan.dispersion, (len(plan.brands) + 1, hours))
    expected *= noise[brands]
    slots = np.repeat(expected, per_hour, axis=1)
    windows = _windows(plan, start_us)
    slot_us = HOUR_US // per_hour
    crises = [
        _crisis(slots[brands == brand], factor, window, start_us, slot_us)
        for brand, factor, window in _crisis_facts(plan, windows)
    ]
    weights = np.vstack([slots, *crises]).T
    counts = rng.multinomial(n, (weights / weights.sum()).ravel()).reshape(weights.shape)
    return Volume(start_us, slot_us, counts.astype(np.int64), windows)


def life_of(topic: PlannedTopic, plan: Plan, days: Floats) -> Floats:
    """How strong a topic is on each day, `weight` being 1 in most lives; shape (n_days,)."""
    level = np.ones(len(days))
    if topic.day is not None:
        done = np.clip((days + 1 - topic.day) / topic.over_days, 0, 1)
        level = {
            "growing": 1 + (topic.factor - 1) * done,
            "died": 1 - done,
        }.get(topic.shape, done)
    for child in plan.all_topics:
        if topic.key in child.parents and child.day is not None:
            level = level * (1 - np.clip((days + 1 - child.day) / child.over_days, 0, 1))
            break  # all children of a topic begin on one day
    return topic.weight * level


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _slots_per_hour(plan: Plan, n: int) -> int:
    mean = n / (plan.days * 24)
    return next((parts for parts in (1, 6, 60) if mean / parts <= _SLOT_POSTS), 60)


def _brand_numbers(plan: Plan) -> Ints:
    """Number of each topic's brand; chatter comes after the last."""
    keys = [brand.key for brand in plan.brands]
    return np.array(
        [keys.index(topic.brand) if topic.brand else len(keys) for topic in plan.all_topics]
    )


def _expected(plan: Plan, start_us: int, hours: int) -> Floats:
    """Expected shares by topic and hour, without noise and crises; shape (n_topics, n_hours)."""
    days = np.arange(plan.days, dtype=np.float64)
    lives = np.array([life_of(topic, plan, days) for topic in plan.all_topics])
    brands = _brand_numbers(plan)
    shares = [*(brand.share for brand in plan.brands), _chatter_weight(plan)]
    curves = [*(brand.hours for brand in plan.brands), USUAL_HOURS]
    of_week = (start_us // HOUR_US + np.arange(hours) + 72) % HOURS_OF_WEEK
    for number, share in enumerate(shares):
        mean = lives[brands == number].sum(axis=0).mean() or 1.0
        lives[brands == number] *= share / mean
    seasons = np.array(
        [np.outer(USUAL_WEEKDAYS, np.array(curve) / np.mean(curve)).ravel() for curve in curves]
    )
    return np.asarray(np.repeat(lives, 24, axis=1) * seasons[brands][:, of_week])


def _chatter_weight(plan: Plan) -> float:
    """Chatter in the unit of the brands' shares, so that it makes its share of all."""
    brands = sum(brand.share for brand in plan.brands)
    if plan.chatter_share == 1:
        return 1e9 * brands
    return plan.chatter_share * brands / (1 - plan.chatter_share)


def _windows(plan: Plan, start_us: int) -> Ints:
    bounds = [
        (round(crisis.day * 24 * HOUR_US), round((crisis.day * 24 + crisis.hours) * HOUR_US))
        for crisis in plan.all_crises
    ]
    return np.array(bounds, dtype=np.int64).reshape(-1, 2) + start_us


def _crisis_facts(plan: Plan, windows: Ints) -> list[tuple[int, float, Ints]]:
    keys = [brand.key for brand in plan.brands]
    return [
        (keys.index(crisis.brand), crisis.factor, window)
        for crisis, window in zip(plan.all_crises, windows, strict=True)
    ]


def _crisis(base: Floats, factor: float, window: Ints, start_us: int, slot_us: int) -> Floats:
    """What a crisis adds in each slot to the brand's usual volume; shape (n_slots,)."""
    begins = start_us + np.arange(base.shape[1]) * slot_us
    overlap = np.minimum(begins + slot_us, window[1]) - np.maximum(begins, window[0])
    return np.asarray((factor - 1) * base.sum(axis=0) * np.clip(overlap / slot_us, 0, 1))
