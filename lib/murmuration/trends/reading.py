"""Posts worth reading: those that say plainly what many say, and those that people reacted to."""

import math
from typing import Any

import pandas as pd

from murmuration.frames import TEXT, text_list
from murmuration.text.tokens import find_terms, find_words

_SAME_POST = 0.6  # Jaccard overlap of words from which two posts say the same
_REACTIONS = ("like_count", "repost_count", "reply_count", "quote_count")


def find_posts_to_read(
    posts: pd.DataFrame,
    terms: pd.DataFrame,
    *,
    count: int = 5,
    alarming: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find the posts to read: telling negative ones, telling positive ones, the most engaged, and those of alerts.

    Parameters
    ----------
    posts
        Posts with `text`, `sentiment_label` and whatever counts of reactions there are.
    terms
        From `murmuration.trends.find_terms_by_side`.
    count
        How many posts of each kind at most.
    alarming
        From `find_alert_posts`.

    Returns
    -------
    pandas.DataFrame
        Rows of `posts` with `why` (``negative``, ``positive``, ``engaged``, ``alert``), `rank` (from 1) and
        `engagement`.
    """
    found = []
    for side in ("negative", "positive"):
        ours = posts[(posts["sentiment_label"] == side).fillna(False).astype(bool)]
        telling = find_telling_posts(ours, terms[terms["side"] == side], count=count)
        found.append(telling.drop(columns="telling").assign(why=side))
    found.append(
        find_engaged_posts(posts, count=count).drop(columns="engagement").assign(why="engaged")
    )
    parts = [
        part.assign(rank=range(1, len(part) + 1), engagement=count_engagement(part))
        for part in found
    ]
    if alarming is not None and len(alarming):
        parts.append(alarming)
    return pd.concat(parts, ignore_index=True)


def find_telling_posts(posts: pd.DataFrame, terms: pd.DataFrame, *, count: int = 5) -> pd.DataFrame:
    """Find the posts that say most plainly what many say.

    Parameters
    ----------
    posts
        Posts with `text`, and `author_key` where there is one.
    terms
        What marks them out, from `find_distinctive_terms`.
    count
        How many posts at most.

    Returns
    -------
    pandas.DataFrame
        Rows of `posts` with `telling` (sum of the terms' z over the root of the length in words), best
        first; no two of one author, and none that repeats another.
    """
    weights = dict(zip(terms["term"], terms["z"], strict=True))
    scores = []
    for text in text_list(posts["text"]):
        hits = find_terms(text or "") & weights.keys()
        length = len(find_words(text or "")) if hits else 0
        scores.append(sum(weights[term] for term in sorted(hits)) / math.sqrt(length + 5))
    ranked = posts.assign(telling=scores)
    ranked = ranked[ranked["telling"] > 0].sort_values("telling", ascending=False, kind="stable")
    return _distinct(ranked, count)


def find_engaged_posts(posts: pd.DataFrame, *, count: int = 5) -> pd.DataFrame:
    """Find the posts that people reacted to most.

    Returns
    -------
    pandas.DataFrame
        Rows of `posts` with `engagement` (likes, reposts, replies and quotes together, those that are
        known; a score of votes where there are none), largest first; no post that repeats another, and
        none without a reaction.
    """
    ranked = posts.assign(engagement=count_engagement(posts))
    ranked = ranked[ranked["engagement"] > 0].sort_values(
        "engagement", ascending=False, kind="stable"
    )
    return _distinct(ranked, count)


def list_posts(posts: pd.DataFrame) -> pd.DataFrame:
    """Give all posts as a dashboard shows them.

    Parameters
    ----------
    posts
        With `text`, and whatever counts of reactions there are.

    Returns
    -------
    pandas.DataFrame
        `posts` with `engagement`, and with the title, where there is one, as first line of `text`.
    """
    listed = posts.assign(engagement=count_engagement(posts))
    if "title" not in posts:
        return listed
    both = [
        "\n".join(part for part in (title, text) if part) or None
        for title, text in zip(text_list(posts["title"]), text_list(posts["text"]), strict=True)
    ]
    return listed.assign(text=pd.Series(both, index=posts.index, dtype=TEXT))


def count_engagement(posts: pd.DataFrame) -> "pd.Series[Any]":
    """Add up the reactions to each post that are known; null where none is."""
    names = [name for name in _REACTIONS if name in posts]
    total = (
        posts[names].sum(axis=1, min_count=1)
        if names
        else pd.Series(pd.NA, index=posts.index, dtype="Int64")
    )
    return total.fillna(pd.to_numeric(posts["score"])) if "score" in posts else total


def _distinct(ranked: pd.DataFrame, count: int) -> pd.DataFrame:
    """Keep the best posts of which none repeats another and no two are of one author."""
    kept: list[int] = []
    said: list[set[str]] = []
    authors: set[str] = set()
    column = text_list(ranked["author_key"]) if "author_key" in ranked else [None] * len(ranked)
    for place, (text, author) in enumerate(zip(text_list(ranked["text"]), column, strict=True)):
        if len(kept) == count:
            break
        words = set(find_words(text or "")) or {(text or "").strip()}  # "❤" has no words
        if author in authors or any(_overlap(words, other) >= _SAME_POST for other in said):
            continue
        kept.append(place)
        said.append(words)
        authors.update([author] if author else [])
    return ranked.iloc[kept]


def _overlap(some: set[str], others: set[str]) -> float:
    return len(some & others) / len(some | others)
