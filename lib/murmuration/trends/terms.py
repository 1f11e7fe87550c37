"""What some posts speak of and others do not."""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from murmuration.frames import text_list
from murmuration.text.tokens import find_terms, find_words, stop_words
from murmuration.trends.levels import Z95

_MAX_POSTS = 50_000  # of each side; more change the order of terms hardly, only the time
_PRIOR_SIZE = 500.0  # pseudo-posts that a term's prior is worth; Monroe et al. recommend "moderate"
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
        of distinct posts that have it), most distinctive first; only terms with z of 1.96 and more.

    References
    ----------
    Log-odds with an informative Dirichlet prior: Monroe, Colaresi & Quinn 2008, “Fightin' Words”,
    Political Analysis 16(4). Counted by posts, not by words, so that one long post does not lead.
    """
    stop = stop_words(languages) | {word for name in without for word in find_words(name)}
    mine, n_mine = _count_terms(some, stop)
    theirs, n_theirs = _count_terms(others, stop)
    columns = ["term", "z", "log_odds", "posts", "posts_other"]
    least = max(3, math.ceil(0.002 * n_mine))
    terms = sorted(term for term, seen in mine.items() if seen >= least)
    if not terms or not n_theirs:
        return pd.DataFrame({name: [] for name in columns})
    a = np.array([mine[term] for term in terms], dtype=float)
    b = np.array([theirs[term] for term in terms], dtype=float)
    prior = _PRIOR_SIZE * (a + b) / (n_mine + n_theirs)
    odds_a = np.log((a + prior) / (n_mine + _PRIOR_SIZE - a - prior))
    odds_b = np.log((b + prior) / (n_theirs + _PRIOR_SIZE - b - prior))
    z = (odds_a - odds_b) / np.sqrt(1 / (a + prior) + 1 / (b + prior))
    table = pd.DataFrame(
        {"term": terms, "z": z, "log_odds": odds_a - odds_b, "posts": a, "posts_other": b}
    )
    table = table[table["z"] >= Z95].sort_values(["z", "term"], ascending=[False, True])
    kept = _without_overlaps(table.head(count * 4))
    return kept.head(count).astype({"posts": int, "posts_other": int}).reset_index(drop=True)


def find_terms_by_side(
    posts: pd.DataFrame,
    *,
    count: int = 12,
    without: Collection[str] = (),
    languages: tuple[str, ...] = ("en",),
) -> pd.DataFrame:
    """Find what marks out negative posts against all others, and positive posts likewise.

    Parameters
    ----------
    posts
        Posts with `text` and `sentiment_label`.
    count, without, languages
        See `find_distinctive_terms`.

    Returns
    -------
    pandas.DataFrame
        The columns of `find_distinctive_terms` with `side` (``negative``, ``positive``) and `rank` (from
        1) in front.
    """
    scored = posts[posts["sentiment_label"].notna()]
    tables = []
    for side in ("negative", "positive"):
        ours = (scored["sentiment_label"] == side).astype(bool)
        terms = find_distinctive_terms(
            scored[ours], scored[~ours], count=count, without=without, languages=languages
        )
        tables.append(terms.assign(side=side, rank=range(1, len(terms) + 1)))
    return pd.concat(tables, ignore_index=True)


def _count_terms(posts: pd.DataFrame, stop: Collection[str]) -> tuple[Counter[str], int]:
    counts: Counter[str] = Counter()
    distinct = dict.fromkeys(
        " ".join(find_words(text)) for text in text_list(posts["text"]) if text
    )
    kept = list(distinct)[:: max(1, math.ceil(len(distinct) / _MAX_POSTS))]
    for text in kept:
        counts.update(find_terms(text, stop=stop))
    return counts, len(kept)


@dataclass(slots=True)
class _Kept:
    place: int
    words: frozenset[str]
    posts: float


def _without_overlaps(table: pd.DataFrame) -> pd.DataFrame:
    """Of a word and a pair that nearly always holds it keep one, the pair, at the better rank."""
    kept: list[_Kept] = []
    for place, (term, posts) in enumerate(zip(table["term"], table["posts"], strict=True)):
        words = frozenset(term.split())
        rival = next((one for one in kept if _says_the_same(words, posts, one)), None)
        if rival is None:
            kept.append(_Kept(place, words, posts))
        elif rival.words < words:
            rival.place, rival.words, rival.posts = place, words, posts
    return table.iloc[[one.place for one in kept]].drop_duplicates("term")


def _says_the_same(words: frozenset[str], posts: float, other: _Kept) -> bool:
    nested = words < other.words or other.words < words
    return nested and min(posts, other.posts) / max(posts, other.posts) >= _SAME_TERM
