"""Levels and shares of posts with their uncertainty.

Every interval is at 95 % and takes authors as the sampled units; see `murmuration.trends.intervals`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import ndtri

from murmuration.frames import TEXT, to_pandas
from murmuration.schema import NO_LANG, check_columns
from murmuration.trends.intervals import Z95, Codes, Sample

FEW_POSTS = 30  # under this a share is hardly more than an anecdote: its interval is 35 points wide
_FEW_SCORED = 0.1  # of the posts of a group: fewer do not speak for it
_CHANCE = 0.025  # that a step in time stands out above its interval without a reason
_SIDES = ("negative", "neutral", "positive")


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
    """
    frame = to_pandas(posts)
    check_columns(frame.columns, ["sentiment", "sentiment_label", *by], what="estimate_sentiment")
    table, groups = _number_groups(frame, list(by))
    there = frame["sentiment"].notna().to_numpy(dtype=bool)
    scored = frame[there]
    sample = Sample(groups[there], _number_authors(scored), count=len(table))
    hits = {side: _are(scored["sentiment_label"], side) for side in _SIDES}
    estimates = {"mean": sample.estimate_means(scored["sentiment"].to_numpy(dtype=float))}
    estimates |= {side: sample.estimate_shares(hits[side]) for side in ("negative", "positive")}
    counts: dict[str, Any] = {"posts": np.bincount(groups, minlength=len(table))}
    counts |= {"scored": sample.posts, "authors": sample.authors}
    counts |= {side: sample.add_up(hits[side]) for side in _SIDES}
    columns = {name: _integers(values) for name, values in counts.items()}
    for name, (value, low, high) in estimates.items():
        columns["mean" if name == "mean" else f"{name}_share"] = _numbers(value)
        columns |= {f"{name}_low": _numbers(low), f"{name}_high": _numbers(high)}
    return table.assign(**columns)


def are_told(levels: pd.DataFrame) -> Any:
    """Say of which groups a share may be told: enough posts were scored, and by more than one author.

    Where no method reads the language of a group, the few posts of it that were taken for another one are scored. So
    fewer than 30 scored posts tell nothing, nor do fewer than a tenth of all.

    Parameters
    ----------
    levels
        Rows of `estimate_sentiment`.

    Returns
    -------
    numpy.ndarray
        One bool a row.
    """
    scored, posts = (levels[name].to_numpy(dtype=float) for name in ("scored", "posts"))
    return (scored >= np.maximum(FEW_POSTS, posts * _FEW_SCORED)) & levels[
        "negative_low"
    ].notna().to_numpy(dtype=bool)


def _number_groups(frame: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, Codes]:
    """Give the groups, sorted, one row each, and for each row of `frame` the number of its group."""
    if not keys:
        return pd.DataFrame(index=[0]), np.zeros(len(frame), dtype=np.int64)
    groups = frame.groupby(keys, sort=True, observed=True, dropna=False)
    table = groups.size().index.to_frame(index=False).convert_dtypes(dtype_backend="pyarrow")
    return table, groups.ngroup().to_numpy().astype(np.int64)


def _are(column: "pd.Series[Any]", value: str) -> Any:
    """Give 1.0 where a column holds a value, else 0.0."""
    return (column == value).fillna(False).to_numpy(dtype=float)


def _integers(values: Any) -> Any:
    return pd.array(pa.array(values, pa.int64()), dtype=pd.ArrowDtype(pa.int64()))


def _numbers(values: Any) -> Any:
    """Give a column in which what could not be told is null, not NaN."""
    found = pa.array(values, pa.float64(), from_pandas=True)
    return pd.array(found, dtype=pd.ArrowDtype(pa.float64()))


def _number_authors(posts: pd.DataFrame) -> Codes:
    """Number the authors from 0; a post without an author is an author of its own."""
    codes = np.full(len(posts), -1, dtype=np.int64)
    if "author_key" in posts:
        codes = np.array(pd.factorize(posts["author_key"])[0], dtype=np.int64)
    alone = codes < 0
    if "post_id" in posts:  # a post that mentions two brands is two rows here, but one post
        names = [name for name in ("source", "post_id") if name in posts]
        own = posts.loc[alone, names].groupby(names, sort=False, dropna=False).ngroup().to_numpy()
    else:
        own = np.arange(int(alone.sum()))
    codes[alone] = codes.max(initial=-1) + 1 + own
    return codes


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
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    measure: str = "negative",
    comparisons: int = 1,
) -> Change | None:
    """Say how a share changed between two groups of posts that share no posts.

    Parameters
    ----------
    before, after
        Rows of `estimate_sentiment`.
    measure
        ``negative`` or ``positive``.
    comparisons
        How many are made side by side: intervals are widened so that all together they err once in twenty times
        (Bonferroni).

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
    wider = float(ndtri(1 - 0.025 / comparisons)) / Z95
    down = wider * math.hypot(p2 - low2, high1 - p1)
    up = wider * math.hypot(high2 - p2, p1 - low1)
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
        The row with the largest share among those that lie clearly above all other steps together: so
        clearly that chance alone brings forth such a step in less than one report in twenty, however many
        steps it has (Bonferroni). Steps with fewer than 30 scored posts are left out.
    """
    enough = steps[(steps["scored"] >= FEW_POSTS) & (steps["negative_low"].notna()).astype(bool)]
    share, low, scored = (
        enough[name].to_numpy(dtype=float) for name in ("negative_share", "negative_low", "scored")
    )
    if len(enough) < 2 or not share.any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        # What one post's variance is divided by: the size that the Wilson interval was made with.
        noise = (share - low) ** 2 / (Z95**2 * low * (1 - low))
        noise = np.where(share > 0, noise, 1 / scored)
    rest = scored.sum() - scored
    usual = ((share * scored).sum() - share * scored) / rest
    rest_noise = ((scored**2 * noise).sum() - scored**2 * noise) / rest**2
    pooled = float((share * scored).sum() / scored.sum())
    above = share - usual
    needed = float(ndtri(1 - _CHANCE / len(enough))) * np.sqrt(
        pooled * (1 - pooled) * (noise + rest_noise)
    )
    clear = (above > needed).nonzero()[0]
    if not len(clear):
        return None
    worst = enough.iloc[int(clear[share[clear].argmax()])]
    return {str(name): value for name, value in worst.items()}


def estimate_share_of_voice(mentions: pd.DataFrame, brands: Sequence[str]) -> pd.DataFrame:
    """Estimate which part of the mentions of some brands each of them has.

    Parameters
    ----------
    mentions
        One row a mention, with `brand` and, where there is one, `author_key`; mentions of other brands
        are left out.
    brands
        Keys of all brands that are compared; one without mentions has a share of 0.

    Returns
    -------
    pandas.DataFrame
        `brand`, `mentions` (count), `share`, `share_low`, `share_high` (0 to 1), largest first.
    """
    ours = mentions[mentions["brand"].isin(list(brands))]
    sample = Sample(np.zeros(len(ours), dtype=np.int64), _number_authors(ours), count=1)
    hits = [_are(ours["brand"], brand) for brand in brands]
    shares = [sample.estimate_shares(one) for one in hits]
    table = pd.DataFrame(
        {
            "brand": pd.array(pa.array(brands, pa.string()), dtype=TEXT),
            "mentions": _integers([int(one.sum()) for one in hits]),
            "share": _numbers([float(one.value[0]) for one in shares]),
            "share_low": _numbers([float(one.low[0]) for one in shares]),
            "share_high": _numbers([float(one.high[0]) for one in shares]),
        }
    )
    return table.sort_values(["mentions", "brand"], ascending=[False, True], ignore_index=True)


def count_coverage(posts: pd.DataFrame, *, searched: int, quarantined: int) -> pd.DataFrame:
    """Count what a report about some posts rests on.

    Of copies, `copies` repeat the text of another sign by sign; `near_copies` are the other ones of the groups that `find_repeats` finds.

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
    # Only here: what finds near copies is compiled, and pages that read tables do not wait for that.
    from murmuration.text.repeats import find_repeats

    groups = find_repeats(posts)["repeat_group"]
    worded = groups.notna().to_numpy(bool)
    near = int(posts.loc[worded, "text"].nunique()) - int(groups.nunique())
    authors = int(posts["author_key"].nunique()) if "author_key" in posts else 0
    unknown = int((posts["lang"].fillna(NO_LANG) == NO_LANG).sum()) if "lang" in posts else 0
    rows = [
        ("posts_in_period", searched, "posts"),
        ("posts_of_brand", len(posts), "posts"),
        ("authors_of_brand", authors, "authors"),
        ("unscored_posts", int(posts["sentiment"].isna().sum()), "posts"),
        ("unknown_language", unknown, "posts"),
        ("copies", len(texts) - int(texts.nunique()), "posts"),
        ("near_copies", near, "posts"),
        ("quarantined_rows", quarantined, "rows"),
    ]
    return pd.DataFrame(rows, columns=["item", "value", "unit"])
