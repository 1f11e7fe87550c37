"""Levels and shares with their uncertainty.

Posts of one author resemble each other, so they are not independent evidence. Every interval here is
at 95 % and treats authors, not posts, as the sampled units (posts without an author count alone).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from murmuration.frames import to_pandas
from murmuration.schema import NO_LANG, check_columns

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

Z95 = 1.959964
FEW_POSTS = 30  # under this a share is hardly more than an anecdote: its interval is 35 points wide


def explode_brands(posts: Any) -> pd.DataFrame:
    """Give one row for each brand that a post mentions; computes a Dask frame.

    Parameters
    ----------
    posts
        pandas or Dask frame with `brands` (`murmuration.text.assign_brands`).

    Returns
    -------
    pandas.DataFrame
        The columns of `posts` with `brand` in place of `brands`; posts without a brand are gone.
    """
    frame = to_pandas(posts)
    check_columns(frame.columns, ["brands"], what="explode_brands")
    rows = frame.explode("brands").rename(columns={"brands": "brand"})
    return rows[rows["brand"].notna()].reset_index(drop=True)


def estimate_sentiment(posts: Any, *, by: Sequence[str] = ()) -> pd.DataFrame:
    """Estimate how posts feel, for each group of posts.

    Parameters
    ----------
    posts
        pandas or Dask frame (computed) with `sentiment`, `sentiment_label`, the columns of `by`, and
        `author_key` where there is one.
    by
        Columns whose values make groups; none makes one group of all.

    Returns
    -------
    pandas.DataFrame
        One row a group, sorted by `by`: `posts`, `scored`, `authors` (counts), `negative`, `neutral`,
        `positive` (counts), `mean`, `mean_low`, `mean_high` (−1 to 1), `negative_share`, `negative_low`,
        `negative_high`, and the same for `positive` (0 to 1, of scored posts). Null where nothing was
        scored, and intervals where there is one author only.

    References
    ----------
    Cluster-robust variance of a ratio: Cochran 1977, Sampling Techniques, ch. 9A. Wilson interval at
    the effective sample size: Korn & Graubard 1998, Survey Methodology 24(2).
    """
    frame = to_pandas(posts)
    check_columns(frame.columns, ["sentiment", "sentiment_label", *by], what="estimate_sentiment")
    keys = list(by)
    groups = frame.groupby(keys, sort=True, observed=True) if keys else [((), frame)]
    rows = [
        dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True)) | _level(part)
        for key, part in groups
    ]
    names = [*keys, *_level(frame.iloc[:0])]
    return pd.DataFrame(rows, columns=names).convert_dtypes(dtype_backend="pyarrow")


def _level(part: pd.DataFrame) -> dict[str, Any]:
    scored = part[part["sentiment"].notna()]
    authors = _author_codes(scored)
    labels = scored["sentiment_label"].value_counts()
    counts = {name: int(labels.get(name, 0)) for name in ("negative", "neutral", "positive")}
    level: dict[str, Any] = {
        "posts": len(part),
        "scored": len(scored),
        "authors": int(authors.max()) + 1 if len(authors) else 0,
        **counts,
    }
    mean, low, high = _mean(scored["sentiment"].to_numpy(dtype=float), authors)
    level |= {"mean": mean, "mean_low": low, "mean_high": high}
    for name in ("negative", "positive"):
        hits = (scored["sentiment_label"] == name).to_numpy(dtype=bool)
        share, low, high = _share(hits.astype(float), authors)
        level |= {f"{name}_share": share, f"{name}_low": low, f"{name}_high": high}
    return level


def _author_codes(posts: pd.DataFrame) -> Codes:
    """Number the authors from 0; a post without an author is an author of its own."""
    if "author_key" not in posts:
        return np.arange(len(posts))
    codes, names = pd.factorize(posts["author_key"])
    codes = codes.astype(np.int64)
    unknown = codes < 0
    codes[unknown] = len(names) + np.arange(int(unknown.sum()))
    return codes


def _cluster_variance(values: Floats, authors: Codes) -> tuple[float, float, int]:
    """Mean of values, its variance with authors as clusters, and the number of authors."""
    size = np.bincount(authors).astype(float)
    clusters = len(size)
    mean = float(values.mean())
    if clusters < 2:
        return mean, math.nan, clusters
    residuals = np.bincount(authors, weights=values) - mean * size
    variance = clusters / (clusters - 1) * float((residuals**2).sum()) / len(values) ** 2
    return mean, variance, clusters


def _mean(values: Floats, authors: Codes) -> tuple[float | None, ...]:
    if not len(values):
        return None, None, None
    mean, variance, clusters = _cluster_variance(values, authors)
    if clusters < 2:
        return mean, None, None
    reach = float(stdtrit(clusters - 1, 0.975)) * math.sqrt(variance)
    return mean, max(-1.0, mean - reach), min(1.0, mean + reach)


def _share(hits: Floats, authors: Codes) -> tuple[float | None, ...]:
    if not len(hits):
        return None, None, None
    share, variance, clusters = _cluster_variance(hits, authors)
    if clusters < 2:
        return share, None, None
    # All alike: the data show no spread, so count each author once.
    effective = share * (1 - share) / variance if variance > 0 else clusters
    low, high = wilson(share, min(effective, len(hits)))
    return share, low, high


def wilson(share: float, size: float) -> tuple[float, float]:
    """Give the 95 % Wilson interval of a share seen in a (possibly effective) number of cases."""
    middle = share + Z95**2 / (2 * size)
    reach = Z95 * math.sqrt(share * (1 - share) / size + Z95**2 / (4 * size**2))
    scale = 1 + Z95**2 / size
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


@dataclass(frozen=True, slots=True)
class Change:
    """Difference of two shares or means: second minus first, with its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def direction(self) -> Literal["up", "down", "unclear"]:
        """Where it went, if the interval leaves out zero."""
        return "up" if self.low > 0 else "down" if self.high < 0 else "unclear"


def compare_levels(
    before: Mapping[str, Any], after: Mapping[str, Any], *, measure: str = "negative"
) -> Change | None:
    """Say how a share changed between two groups of posts that share no posts.

    Parameters
    ----------
    before, after
        Rows of `estimate_sentiment`.
    measure
        ``negative`` or ``positive``.

    Returns
    -------
    Change or None
        None where one side has no interval.

    References
    ----------
    Difference of two Wilson intervals: Newcombe 1998, Statistics in Medicine 17, method 10.
    """
    names = [f"{measure}_share", f"{measure}_low", f"{measure}_high"]
    if any(pd.isna(row[name]) for row in (before, after) for name in names):
        return None
    p1, low1, high1 = (float(before[name]) for name in names)
    p2, low2, high2 = (float(after[name]) for name in names)
    down = math.hypot(p2 - low2, high1 - p1)
    up = math.hypot(high2 - p2, p1 - low1)
    return Change(p2 - p1, p2 - p1 - down, p2 - p1 + up)


def find_worst_period(steps: pd.DataFrame) -> dict[str, Any] | None:
    """Find the step in time whose negative share stands out above all others.

    Parameters
    ----------
    steps
        Rows of `estimate_sentiment` of one brand by `period_start`.

    Returns
    -------
    dict or None
        The row, if its interval lies above the share of all other steps together; steps with fewer than
        30 scored posts are left out.
    """
    enough = steps[steps["scored"] >= FEW_POSTS].reset_index(drop=True)
    if len(enough) < 2:
        return None
    place = int(enough["negative_share"].astype(float).argmax())
    rest = enough.drop(index=place)
    usual = float(rest["negative"].sum()) / float(rest["scored"].sum())
    worst = {str(name): value for name, value in enough.iloc[place].items()}
    return worst if pd.notna(worst["negative_low"]) and worst["negative_low"] > usual else None


def estimate_share_of_voice(mentions: pd.DataFrame, brands: Sequence[str]) -> pd.DataFrame:
    """Estimate which part of the mentions of some brands each of them has.

    Parameters
    ----------
    mentions
        One row a mention, with `brand` and, where there is one, `author_key`.
    brands
        Keys of all brands that are compared; one without mentions has a share of 0.

    Returns
    -------
    pandas.DataFrame
        `brand`, `mentions` (count), `share`, `share_low`, `share_high` (0 to 1), largest first.
    """
    authors = _author_codes(mentions)
    rows = []
    for brand in brands:
        hits = (mentions["brand"] == brand).to_numpy(dtype=bool).astype(float)
        share, low, high = _share(hits, authors)
        rows.append(
            {
                "brand": brand,
                "mentions": int(hits.sum()),
                "share": share,
                "share_low": low,
                "share_high": high,
            }
        )
    table = pd.DataFrame(rows).convert_dtypes(dtype_backend="pyarrow")
    return table.sort_values(["mentions", "brand"], ascending=[False, True], ignore_index=True)


def count_coverage(posts: pd.DataFrame, *, searched: int, quarantined: int) -> pd.DataFrame:
    """Count what a report about some posts rests on.

    Parameters
    ----------
    posts
        The posts of the brand in the period.
    searched
        Posts of the period, whatever they mention.
    quarantined
        Rows of the imported files that could not be read.

    Returns
    -------
    pandas.DataFrame
        `item`, `value`, `unit`; one row a figure.
    """
    texts = posts["text"].dropna()
    authors = int(posts["author_key"].nunique()) if "author_key" in posts else 0
    unknown = int((posts["lang"] == NO_LANG).fillna(True).sum()) if "lang" in posts else 0
    rows = [
        ("posts_in_period", searched, "posts"),
        ("posts_of_brand", len(posts), "posts"),
        ("authors_of_brand", authors, "authors"),
        ("unscored_posts", int(posts["sentiment"].isna().sum()), "posts"),
        ("unknown_language", unknown, "posts"),
        ("copies", len(texts) - int(texts.nunique()), "posts"),
        ("quarantined_rows", quarantined, "rows"),
    ]
    return pd.DataFrame(rows, columns=["item", "value", "unit"])
