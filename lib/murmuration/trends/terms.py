"""What some posts speak of and others do not."""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, xlogy

from murmuration.frames import TEXT, text_list
from murmuration.text.tokens import find_terms, find_words, stop_words
from murmuration.trends.intervals import Z95, Floats

_MAX_POSTS = 50_000  # of each side; more change the order of terms hardly, only the time
_PRIOR_SIZE = 500.0  # pseudo-posts that a term's prior is worth; Monroe et al. recommend "moderate"
# Of the terms found, at most; without a limit 10 to 20 a side stand out among randomly labelled posts.
_FALSE_SHARE = 0.05
_COLUMNS: dict[str, Any] = {
    "term": TEXT,
    "z": float,
    "log_odds": float,
    "posts": int,
    "posts_other": int,
}
_SAME_TERM = 0.7  # a pair that stands for this share of its word replaces the word


def find_distinctive_terms(
    some: pd.DataFrame,
    others: pd.DataFrame,
    *,
    count: int = 15,
    without: Collection[str] = (),
    languages: tuple[str, ...] = ("en",),
) -> pd.DataFrame:
    """Find the words and pairs of words that mark out some posts against others.

    Copies count once: what was repeated a thousand times is one thing said.

    Parameters
    ----------
    some, others
        Posts with `text`.
    count
        How many terms.
    without
        Words to leave out, such as the names of the brands.
    languages
        Whose function words are left out, BCP 47.

    Returns
    -------
    pandas.DataFrame
        `term`, `z` (log-odds over its standard error), `log_odds`, `posts` and `posts_other` (counts
        of distinct posts that have it), most distinctive first; only terms with z of 1.96 and more that
        stand out beyond what so many comparisons bring forth by chance.

    References
    ----------
    Log-odds with an informative Dirichlet prior: Monroe, Colaresi & Quinn 2008, “Fightin' Words”,
    Political Analysis 16(4). Counted by posts, not by words, so that one long post does not lead. Chance:
    Benjamini & Hochberg 1995, J. R. Statist. Soc. B 57(1), at 5 %, of likelihood ratio tests.
    """
    names = {word for name in without for word in find_words(name)}
    stop = stop_words(languages) | names | {f"{name}'s" for name in names}
    mine, n_mine = _count_terms(some, stop)
    theirs, n_theirs = _count_terms(others, stop)
    least = max(3, math.ceil(0.002 * n_mine))
    # What every post has marks out none.
    everyone = n_mine + n_theirs
    terms = sorted(
        term for term, seen in mine.items() if seen >= least and seen + theirs[term] < everyone
    )
    if not terms or not n_theirs:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _COLUMNS.items()})
    a = np.array([mine[term] for term in terms], dtype=float)
    b = np.array([theirs[term] for term in terms], dtype=float)
    prior = _PRIOR_SIZE * (a + b) / everyone
    odds_a = np.log((a + prior) / (n_mine + _PRIOR_SIZE - a - prior))
    odds_b = np.log((b + prior) / (n_theirs + _PRIOR_SIZE - b - prior))
    z = (odds_a - odds_b) / np.sqrt(1 / (a + prior) + 1 / (b + prior))
    values = (terms, z, odds_a - odds_b, a, b)
    table = pd.DataFrame(dict(zip(_COLUMNS, values, strict=True))).astype(_COLUMNS)
    clear = (z >= Z95) & _beyond_chance(a, n_mine, b, n_theirs)
    table = table[clear].sort_values(["z", "term"], ascending=[False, True])
    kept = _without_overlaps(table.head(count * 4))
    return kept.head(count).reset_index(drop=True)


def _beyond_chance(a: Floats, n_a: int, b: Floats, n_b: int) -> npt.NDArray[np.bool_]:
    """Say which of many shares a/n_a exceed b/n_b, with one false answer in twenty at most."""
    both = (a + b) / (n_a + n_b)
    ratio = xlogy(a, a / n_a / both) + xlogy(n_a - a, (1 - a / n_a) / (1 - both))
    ratio += xlogy(b, b / n_b / both) + xlogy(n_b - b, (1 - b / n_b) / (1 - both))
    chance = ndtr(-np.sign(a / n_a - b / n_b) * np.sqrt(2 * np.maximum(ratio, 0)))
    ranks = np.arange(1, len(a) + 1)
    passed = np.sort(chance)[np.sort(chance) <= _FALSE_SHARE * ranks / len(a)]
    clear: npt.NDArray[np.bool_] = chance <= passed.max(initial=-1.0)
    return clear


def find_terms_by_side(
    posts: pd.DataFrame,
    *,
    peak: pd.Timestamp | None = None,
    count: int = 12,
    without: Collection[str] = (),
    languages: tuple[str, ...] = ("en",),
) -> pd.DataFrame:
    """Find what marks out negative posts against all others, and positive posts likewise.

    Parameters
    ----------
    posts
        Posts with `text` and `sentiment_label`; also `period_start`, if there is a peak.
    peak
        A step in time whose negative posts are held against those of all other steps.
    count, without, languages
        See `find_distinctive_terms`.

    Returns
    -------
    pandas.DataFrame
        The columns of `find_distinctive_terms` with `side` (``negative``, ``positive``, ``peak``) and `rank`
        (from 1) in front.
    """
    scored = posts[posts["sentiment_label"].notna()]
    negative, positive = (
        (scored["sentiment_label"] == side).astype(bool) for side in ("negative", "positive")
    )
    pairs = {
        "negative": (scored[negative], scored[~negative]),
        "positive": (scored[positive], scored[~positive]),
    }
    if peak is not None:
        there = (scored["period_start"] == peak).fillna(False).astype(bool)
        pairs["peak"] = scored[negative & there], scored[negative & ~there]
    tables = []
    for side, (some, others) in pairs.items():
        terms = find_distinctive_terms(
            some, others, count=count, without=without, languages=languages
        )
        tables.append(terms.assign(side=side, rank=range(1, len(terms) + 1)))
    return pd.concat(tables, ignore_index=True)


def _count_terms(posts: pd.DataFrame, stop: Collection[str]) -> tuple[Counter[str], int]:
    counts: Counter[str] = Counter()
    distinct: dict[str, str] = {}
    for text in text_list(posts["text"]):
        distinct.setdefault(" ".join(find_words(text or "")), text or "")
    distinct.pop("", None)
    kept = list(distinct.values())[:: max(1, math.ceil(len(distinct) / _MAX_POSTS))]
    for text in kept:
        counts.update(find_terms(text, stop=stop))
    return counts, len(kept)


@dataclass(slots=True)
class _Kept:
    place: int
    words: set[str]
    posts: float


def _without_overlaps(table: pd.DataFrame) -> pd.DataFrame:
    """Of a pair and its words, where they are nearly always together, keep the pair."""
    kept: list[_Kept] = []
    for place, (term, posts) in enumerate(zip(table["term"], table["posts"], strict=True)):
        new = _Kept(place, set(term.split()), posts)
        rivals = [one for one in kept if _says_the_same(new, one)]
        if all(one.words < new.words for one in rivals):
            kept = [*(one for one in kept if one not in rivals), new]
    return table.iloc[sorted(one.place for one in kept)]


def _says_the_same(some: _Kept, other: _Kept) -> bool:
    nested = some.words < other.words or other.words < some.words
    return nested and min(some.posts, other.posts) / max(some.posts, other.posts) >= _SAME_TERM
