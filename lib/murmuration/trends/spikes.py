"""When something goes wrong for a brand: far more posts, or far more negative ones, than usual at this hour.

Each hour (or day) is held against the four weeks before it: the rate, the hour of the day and the day of the week, each as far as it is
clear (`murmuration.trends.counts`); hours that stood out count less. The same for negative posts, of those that were scored. The last
bucket, the last two and the last four are looked at, and what chance brings forth less often than `false_alarms` a month in either measure is
an alarm. Alarms that follow each other within `grace` are one spike.
"""

import logging
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.errors import ParamError, SchemaError
from murmuration.frames import TEXT
from murmuration.schema import check_columns
from murmuration.trends.counts import Judged, fit_counts
from murmuration.trends.discoveries import combine_chances
from murmuration.trends.periods import find_bucket

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MEASURES = ("volume", "negative_share")
_WIDTHS = (1, 2, 4)  # buckets that are looked at together
_LEAST_HISTORY = 14  # days: each hour of the week twice
_DAYS_A_MONTH = 30.0


@dataclass(frozen=True, kw_only=True)
class SpikeParams:
    """When a brand has a spike.

    Attributes
    ----------
    history
        Days that say what is usual; spikes are looked for after the first of these, and not before 14 days.
    min_posts
        The smallest spike, in posts (negative ones for the negative share) of the buckets looked at.
    min_growth
        How many times the usual, at least.
    false_alarms
        How many spikes a brand may have by chance, in 30 days.
    grace
        Buckets without an alarm, at most, within one spike.
    timezone
        Whose hours and days of the week count.
    """

    history: int = 28
    min_posts: int = 10
    min_growth: float = 1.5
    false_alarms: float = 1.0
    grace: int = 6
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        for name, low, high in (
            ("history", _LEAST_HISTORY, 366), ("min_posts", 1, 10_000_000), ("min_growth", 1, 1_000),
            ("false_alarms", 1e-6, 30), ("grace", 0, 10_000),
        ):  # fmt: skip
            value = getattr(self, name)
            if not low <= value <= high:
                raise ParamError(
                    f"SpikeParams.{name} is {value}, but has to lie between {low} and {high}."
                )
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as err:
            raise ParamError(
                f"SpikeParams.timezone is {self.timezone!r}, which is no time zone. Use a name such as 'Europe/Berlin'."
            ) from err


def find_spikes(
    series: pd.DataFrame, params: SpikeParams | None = None, *, since: datetime | None = None
) -> pd.DataFrame:
    """Find when a brand had far more posts, or a far larger negative share, than usual.

    Parameters
    ----------
    series
        One row for each brand and hour or day, those without posts too: `period_start` (UTC), `posts`, and where they are
        known `brand`, `scored` and `negative` (counts); see `estimate_sentiment` and `fill_periods`.
    params
        When a brand has a spike; the defaults unless given.
    since
        Look from then on only; what lies before still says what is usual.

    Returns
    -------
    pandas.DataFrame
        One row a spike, in order of time:

        - `brand` (null if the series has none), `measure` (``volume``, ``negative_share``, or ``both``);
        - `began` (the start of the bucket from which on it is least due to chance), `found` (the end of the bucket that
          raised the alarm), `ended` (the end of the last one with an alarm);
        - `posts`, `expected`, `growth` from `began` to `ended`, `peak_growth` (of the strongest bucket or buckets looked at
          together); `negative_share`, `usual_negative_share` (null where nothing was scored);
        - `p_value` (of the strongest alarm), `severity` (1 to 10).

    Raises
    ------
    SchemaError
        If a column is missing, a time is twice there for a brand, or the steps are no hours or days.

    Notes
    -----
    Severity is 1, and 2 for each doubling of what is usual at the peak, and 1 for every 10 points of negative share
    above the usual one. So three times the posts with 30 points more of them negative make 7.
    """
    params = params or SpikeParams()
    check_columns(series.columns, ["period_start", "posts"], what="find_spikes")
    found = []
    groups = (
        series.groupby("brand", sort=True, dropna=False) if "brand" in series else [(None, series)]
    )
    for brand, part in groups:
        judged = judge_brand(part, params, since=since)
        found += [{"brand": brand, **row} for row in judged.find(params.false_alarms)]
    table = pd.DataFrame(found, columns=list(_TYPES)).astype(_TYPES)
    log.info("%d spikes in %d rows", len(table), len(series))
    return table.sort_values(["began", "brand"], ignore_index=True)


_TYPES: dict[str, Any] = {
    "brand": TEXT, "measure": TEXT, "began": "datetime64[us, UTC]", "found": "datetime64[us, UTC]",
    "ended": "datetime64[us, UTC]", "posts": "int64", "expected": "float64", "growth": "float64", "peak_growth": "float64",
    "negative_share": "float64", "usual_negative_share": "float64", "p_value": "float64", "severity": "int64",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Steps:
    """Buckets of one brand: starts, length, and the cycles they are in."""

    starts: pd.DatetimeIndex
    per_day: int
    seasons: list[Codes]
    days: Codes


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was seen in each bucket in one measure; NaN where it was not looked.

    `chances` are those of the buckets that end there; `width` is that of the strongest of these; `large` says whether
    they are large enough to be a spike.
    """

    expected: Floats
    chances: Floats
    growth: Floats
    width: Codes
    large: Flags


@dataclass(frozen=True, slots=True)
class JudgedBrand:
    """Each bucket of a brand, judged; which of them are spikes is asked afterwards, for one limit or several."""

    rows: pd.DataFrame
    steps: _Steps
    looked: dict[str, _Looked]
    params: SpikeParams

    def find(self, false_alarms: float) -> list[dict[str, Any]]:
        """Give the spikes with so many in 30 days by chance; fields as in `find_spikes`."""
        limit = false_alarms / (_DAYS_A_MONTH * self.steps.per_day) / len(self.looked)
        alarms = {name: one.large & (one.chances <= limit) for name, one in self.looked.items()}
        found = np.flatnonzero(np.any(list(alarms.values()), axis=0))
        if not len(found):
            return []
        breaks = np.flatnonzero(np.diff(found) > self.params.grace + 1) + 1
        return [_describe(run, self, alarms) for run in np.split(found, breaks)]


def judge_brand(
    part: pd.DataFrame, params: SpikeParams, *, since: datetime | None = None
) -> JudgedBrand:
    """Judge each bucket of one brand; see `find_spikes` for the parameters."""
    rows = part.sort_values("period_start")
    steps = _read_steps(rows["period_start"], params)
    posts = rows["posts"].to_numpy(dtype=float)
    watched = np.asarray(steps.starts >= pd.Timestamp(since or steps.starts[0]))
    looked = {"volume": _look(posts, np.ones_like(posts), steps, params, watched)}
    if {"scored", "negative"} <= set(rows.columns):
        scored = rows["scored"].fillna(0).to_numpy(dtype=float)
        negative = rows["negative"].fillna(0).to_numpy(dtype=float)
        looked["negative_share"] = _look(negative, scored, steps, params, watched)
    return JudgedBrand(rows, steps, looked, params)


def _read_steps(period_starts: "pd.Series[Any]", params: SpikeParams) -> _Steps:
    starts = pd.DatetimeIndex(pd.to_datetime(period_starts)).tz_convert("UTC").as_unit("us")
    if starts.has_duplicates:
        raise SchemaError(
            f"find_spikes: {starts[starts.duplicated()][0]} is there twice for one brand. Give one row for each brand and "
            "period."
        )
    bucket = find_bucket(pd.Series(starts))
    if bucket not in ("hour", "day"):
        raise SchemaError(
            f"find_spikes: the series has steps of a {bucket}, but needs hours or days. Count by these."
        )
    local = starts.tz_convert(params.timezone)
    weekday = np.asarray(local.day_of_week, dtype=np.int64)
    days = np.asarray(pd.factorize(local.date)[0], dtype=np.int64)
    if bucket == "day":
        return _Steps(starts, 1, [weekday], days)
    hour = np.asarray(local.hour, dtype=np.int64)
    weekend = (weekday >= 5).astype(np.int64)
    return _Steps(starts, 24, [hour, weekday, hour + 24 * weekend], days)


def _look(
    counts: Floats,
    exposure: Floats,
    steps: _Steps,
    params: SpikeParams,
    watched: Flags,
) -> _Looked:
    """Hold each day against the days before it."""
    expected, chances, growth = (np.full(len(counts), np.nan) for _ in range(3))
    width = np.ones(len(counts), dtype=np.int64)
    large = np.zeros(len(counts), dtype=bool)
    for day in range(_LEAST_HISTORY, int(steps.days.max(initial=0)) + 1):
        today = np.flatnonzero(steps.days == day)
        # The day between is no baseline, so that an alarm of two buckets may begin there.
        first = np.searchsorted(steps.days, max(0, day - 1 - params.history))
        here = slice(int(first), int(today[-1]) + 1)
        baseline = steps.days[here] < day - 1
        if not watched[today].any() or exposure[here][baseline].sum() <= 0:
            continue
        model = fit_counts(
            counts[None, here], baseline, exposure=exposure[None, here],
            seasons=[codes[here] for codes in steps.seasons],
        )  # fmt: skip
        expected[today] = model.expected[0, today - int(first)]
        inside = _windows(today - int(first), len(baseline))
        judged = Judged(*(one[0].reshape(len(_WIDTHS), -1) for one in model.judge_all(inside)))
        place, across = judged.more.argmin(axis=0), np.arange(len(today))
        chances[today] = combine_chances(judged.more)
        growth[today] = judged.ratio[place, across]
        width[today] = np.array(_WIDTHS)[place]
        many = judged.counted[place, across] >= params.min_posts
        large[today] = many & (growth[today] >= params.min_growth)
    return _Looked(expected, chances, growth, width, large & watched)


def _windows(ends: Codes, length: int) -> Floats:
    """Give rows that are 1 in the buckets up to each end, for each width in turn."""
    places = np.arange(length)
    rows = [(places > ends[:, None] - one) & (places <= ends[:, None]) for one in _WIDTHS]
    return np.concatenate(rows).astype(np.float64)


def _describe(run: Codes, judged: JudgedBrand, alarms: dict[str, Flags]) -> dict[str, Any]:
    rows, steps, looked = judged.rows, judged.steps, judged.looked
    measures = [name for name, raised in alarms.items() if raised[run].any()]
    began = min(
        int(at) - int(looked[name].width[at]) + 1
        for name in measures
        for at in run[alarms[name][run]][:1]
    )
    length = pd.Timedelta(hours=24 // steps.per_day)
    inside = slice(began, int(run[-1]) + 1)
    posts = float(rows["posts"].to_numpy(dtype=float)[inside].sum())
    # Where the spike begins in a day that was not looked at, what is usual is that of its first day.
    expected = float(np.nansum(looked["volume"].expected[inside]))
    share, usual = _shares(looked, rows, inside)
    peak = max(float(np.nanmax(looked[name].growth[run])) for name in measures)
    worse = 0.0 if share is None or usual is None else max(0.0, share - usual)
    volume = max(1.0, float(np.nanmax(looked["volume"].growth[run])))
    return {
        "measure": measures[0] if len(measures) == 1 else "both",
        "began": steps.starts[began],
        "found": steps.starts[int(run[0])] + length,
        "ended": steps.starts[int(run[-1])] + length,
        "posts": int(posts),
        "expected": expected,
        "growth": posts / max(expected, 1e-9),
        "peak_growth": peak,
        "negative_share": math.nan if share is None else share,
        "usual_negative_share": math.nan if usual is None else usual,
        "p_value": min(float(np.nanmin(looked[name].chances[run])) for name in measures),
        "severity": int(np.clip(round(1 + 2 * math.log2(volume) + 10 * worse), 1, 10)),
    }


def _shares(
    looked: dict[str, _Looked], rows: pd.DataFrame, inside: slice
) -> tuple[float | None, float | None]:
    """Give the negative share in a spike, and the usual one at these hours."""
    if "negative_share" not in looked:
        return None, None
    scored = rows["scored"].fillna(0).to_numpy(dtype=float)[inside].sum()
    negative = rows["negative"].fillna(0).to_numpy(dtype=float)[inside].sum()
    usual = float(np.nansum(looked["negative_share"].expected[inside]))
    return (float(negative / scored), usual / float(scored)) if scored else (None, None)
