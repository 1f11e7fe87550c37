"""When a segment is reached better than others are: days and hours that differ by more than chance."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.special import stdtrit

from murmuration.audience.arguments import check_joined
from murmuration.audience.tally import Floats, Ints
from murmuration.frames import TEXT
from murmuration.trends.intervals import wilson

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
BEST = ("segment", "rank", "kind", "time", "share", "share_rest", "difference", "difference_low", "difference_high")  # fmt: skip
_WEEK, _DAY = 7, 24
_TOGETHER = 3  # hours that are named at once
_LOOKS = _WEEK + _DAY  # days and runs of hours that are looked at, of each segment
_MOST_DAYS = 2
_LEAST_TIMES = 1.15  # of the others' share, below which a reader would not notice
_LEAST_AUTHORS = 2  # on each side
# Column `start` holds the hours that a run beginning at `start` is made of.
_RUNS = np.array([[(hour - start) % _DAY < _TOGETHER for start in range(_DAY)] for hour in range(_DAY)], float)  # fmt: skip
_EVEN = np.array([1 / _WEEK] * _WEEK + [_TOGETHER / _DAY] * _DAY)


class _Posts(NamedTuple):
    """Posts of segments: number of the author, local date (days since 1970), day of the week and hour; and the segment of each author."""

    author: Ints
    date: Ints
    weekday: Ints
    hour: Ints
    segment: Ints


class _Found(NamedTuple):
    """Shares of a segment and of the others, and how far they are apart with its interval; one a day or run of hours.

    `least` is the lower end of the interval of the segment's own share.
    """

    share: Floats
    least: Floats
    rest: Floats
    low: Floats
    high: Floats

    @property
    def clear(self) -> npt.NDArray[np.bool_]:
        # Where others keep to one time their share of all other times falls: who posts evenly does not stand out then.
        return (self.share >= _LEAST_TIMES * self.rest) & (self.least > _EVEN) & (self.low > 0)


def count_times(posts: pd.DataFrame, *, timezone: str = "UTC") -> pd.DataFrame:
    """Count when the authors of each segment post, every author alike.

    Parameters
    ----------
    posts
        With `segment`, `author_key` and `created_at`.
    timezone
        Whose clock counts.

    Returns
    -------
    pandas.DataFrame
        One row a segment, `weekday` (1 is Monday) and `hour` (0 to 23): `posts`, and `share` of what its authors post,
        each author counting once.

    Raises
    ------
    ParamError
        If `posts` is no frame.
    SchemaError
        If a column is missing, or times have no time zone.
    """
    check_joined(posts, what="count_times")
    read = _read(posts, timezone)
    slots, segments = read.weekday * _DAY + read.hour, read.segment[read.author]
    weights = 1 / np.bincount(read.author)[read.author] if len(read.author) else np.zeros(0)
    found = []
    for segment in np.unique(segments):
        mine = segments == segment
        share = np.bincount(slots[mine], weights[mine], _WEEK * _DAY) / weights[mine].sum()
        posted = np.bincount(slots[mine], minlength=_WEEK * _DAY)
        found.append(pd.DataFrame({"segment": segment, "weekday": np.repeat(np.arange(1, _WEEK + 1), _DAY), "hour": np.tile(np.arange(_DAY), _WEEK), "posts": posted, "share": share}))  # fmt: skip
    whole = dict.fromkeys(("segment", "weekday", "hour", "posts"), "int64")
    table = (
        pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=[*whole, "share"])
    )
    return table.astype({**whole, "share": "float64"})


def find_best_times(posts: pd.DataFrame, *, timezone: str = "UTC") -> pd.DataFrame:
    """Find days and hours in which the authors of a segment post clearly more than those of the others.

    Parameters
    ----------
    posts
        With `segment`, `author_key` and `created_at`; those of no segment (−1) do not count.
    timezone
        Whose clock counts.

    Returns
    -------
    pandas.DataFrame
        Up to two days and one run of three hours a segment: `segment`, `rank`, `kind` (``day`` or ``hours``), `time` in words,
        `share` and `share_rest` (of what its authors post, and those of the others; each author counts once),
        `difference` with its interval. No row where nothing stands out: where the interval holds 0, the difference is too small
        to be noticed, the authors may post as much at any other time, or one date alone makes it (of theirs, or of the others').

    Raises
    ------
    ParamError
        If `posts` is no frame.
    SchemaError
        If a column is missing, or times have no time zone.

    References
    ----------
    Interval of a difference: Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, at the number of
    posts that authors are worth. It is 95 % for all that is looked at together (Bonferroni).
    """
    check_joined(posts, what="find_best_times")
    read = _read(posts, timezone)
    segments = np.unique(read.segment)
    rows: list[tuple[object, ...]] = []
    shares = _share_out(read)
    for segment in segments if len(segments) > 1 else []:
        found = _compare(read, shares, int(segment), _LOOKS * len(segments))
        order = np.argsort(found.rest - found.share, kind="stable")
        clear = [int(at) for at in order if found.clear[at]]
        days = [at for at in clear if at < _WEEK]
        runs = [at for at in clear if at >= _WEEK]
        told = _first(read, int(segment), days, _MOST_DAYS, len(segments)) + _first(read, int(segment), runs, 1, len(segments))  # fmt: skip
        for rank, at in enumerate(told, start=1):
            share, rest = float(found.share[at]), float(found.rest[at])
            kind = "day" if at < _WEEK else "hours"
            rows.append((int(segment), rank, kind, _name(at), share, rest, share - rest, float(found.low[at]), float(found.high[at])))  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(BEST))
    numbers = ("share", "share_rest", "difference", "difference_low", "difference_high")
    return frame.astype({"segment": "int64", "rank": "int64", "kind": TEXT, "time": TEXT, **dict.fromkeys(numbers, "float64")})  # fmt: skip


def name_best_times(best: pd.DataFrame, segment: int) -> str:
    """Name the days and hours of a segment: “Saturday and Sunday, 18–21 h”; nothing where none stands out."""
    rows = best[best["segment"] == segment]
    days = sorted(rows.loc[rows["kind"] == "day", "time"].tolist(), key=DAYS.index)
    return ", ".join(part for part in (" and ".join(days), *rows.loc[rows["kind"] == "hours", "time"]) if part)  # fmt: skip


def _read(posts: pd.DataFrame, timezone: str) -> _Posts:
    known = (posts["segment"] >= 0) & posts["created_at"].notna() & posts["author_key"].notna()
    there = posts[known.to_numpy(bool)]
    local = pd.DatetimeIndex(there["created_at"].astype("datetime64[us, UTC]")).tz_convert(ZoneInfo(timezone))  # fmt: skip
    keys = [name for name in ("source", "author_key") if name in there]
    author: Ints = np.asarray(
        there.groupby(keys, sort=False, dropna=False, observed=True).ngroup(), np.int64
    )
    segment = np.zeros(author.max(initial=-1) + 1, np.int64)
    segment[author] = there["segment"].to_numpy(np.int64)
    dates = np.asarray(local.tz_localize(None), "datetime64[D]").astype(np.int64)
    return _Posts(author, dates, np.asarray(local.day_of_week, np.int64), np.asarray(local.hour, np.int64), segment)  # fmt: skip


def _share_out(read: _Posts) -> sparse.csr_matrix:
    """Give what share of their posts authors write in each day and run of hours, shape (n_authors, n_looks)."""
    n = len(read.segment)
    own = np.bincount(read.author, minlength=n)
    weights = 1 / own[read.author]
    days = sparse.csr_matrix((weights, (read.author, read.weekday)), (n, _WEEK))
    hours = sparse.csr_matrix((weights, (read.author, read.hour)), (n, _DAY))
    return sparse.hstack([days, hours @ sparse.csr_matrix(_RUNS)], format="csr")


def _compare(read: _Posts, shares: sparse.csr_matrix, segment: int, looks: int) -> _Found:
    """Compare the shares of the authors of a segment with those of all others."""
    own = np.bincount(read.author, minlength=len(read.segment))
    sides = (read.segment == segment) & (own > 0), (read.segment != segment) & (own > 0)
    fewest = min(int(side.sum()) for side in sides)
    if fewest < _LEAST_AUTHORS:
        nothing = np.zeros(_LOOKS)
        return _Found(nothing, nothing, nothing, nothing, nothing)
    z = float(stdtrit(fewest - 1, 1 - 0.025 / looks))
    (mine, low, high), (rest, least, most) = (_estimate(shares[side], float(own[side].sum()), z) for side in sides)  # fmt: skip
    apart = mine - rest
    return _Found(mine, low, rest, apart - np.hypot(mine - low, most - rest), apart + np.hypot(high - mine, rest - least))  # fmt: skip


def _estimate(shares: sparse.csr_matrix, posts: float, z: float) -> tuple[Floats, Floats, Floats]:
    """Give means of authors with their Wilson intervals, at the number of posts that so many authors are worth."""
    n = shares.shape[0]
    mean = np.asarray(shares.sum(axis=0)).ravel() / n
    squares = np.asarray(shares.multiply(shares).sum(axis=0)).ravel()
    variance = np.maximum(squares - n * mean**2, 0) / (n - 1)
    worth = np.divide(n * mean * (1 - mean), variance, out=np.full(len(mean), float(n)), where=variance > 0)  # fmt: skip
    return mean, *wilson(mean, np.clip(worth, n, max(posts, n)), z=z)


def _first(read: _Posts, segment: int, places: list[int], most: int, n_segments: int) -> list[int]:
    """Keep the first days or runs of hours that stand out without the date, too, that makes most of it on either side."""
    kept: list[int] = []
    mine = read.segment[read.author] == segment
    weights = 1 / np.bincount(read.author)[read.author]
    for at in places:
        if len(kept) == most:
            break
        inside, dates = _look(read, at)
        # What the others write at one other time takes it from this one.
        busiest = [_busiest(dates[side], weights[side]) for side in (mine & inside, ~mine & ~inside)]  # fmt: skip
        left = ~np.isin(dates, np.concatenate(busiest))
        fewer = read._replace(author=read.author[left], date=read.date[left], weekday=read.weekday[left], hour=read.hour[left])  # fmt: skip
        if _compare(fewer, _share_out(fewer), segment, _LOOKS * n_segments).clear[at]:
            kept.append(at)
    return kept


def _look(read: _Posts, at: int) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Say which posts are in a day or run of hours, and give their dates; after midnight a run is of the date that it began on."""
    if at < _WEEK:
        return read.weekday == at, read.date
    start = at - _WEEK
    return _RUNS[read.hour, start] > 0, read.date - (read.hour < start + _TOGETHER - _DAY)


def _busiest(dates: Ints, weights: Floats) -> Ints:
    """Give the date with most of what authors write, each counting once; none of no posts."""
    which, places = np.unique(dates, return_inverse=True)
    return which[[np.bincount(places, weights).argmax()]] if len(which) else which


def _name(at: int) -> str:
    if at < _WEEK:
        return DAYS[at]
    start = at - _WEEK
    return f"{start}–{(start + _TOGETHER - 1) % _DAY + 1} h"
