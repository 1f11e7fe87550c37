"""Which posts are of which segment, and which show what it writes."""

from typing import Any

import numpy as np
import pandas as pd

from murmuration.audience.arguments import check_kind, check_posts, check_segments
from murmuration.audience.identity import find_before
from murmuration.audience.names import keep_allowed
from murmuration.audience.policy import Policy
from murmuration.audience.segments import SegmentModel
from murmuration.audience.tally import Ints
from murmuration.frames import TEXT, text_column, text_list
from murmuration.schema import check_columns
from murmuration.trends import (
    count_engagement,
    find_engaged_posts,
    find_telling_posts,
    list_posts,
)

READING = ("segment", "rank", "source", "post_id", "author_key", "created_at", "text", "sentiment", "engagement", "url")  # fmt: skip


def join_segments(
    posts: pd.DataFrame, assigned: pd.DataFrame, *, shown: Ints | None = None
) -> pd.DataFrame:
    """Put beside each post the segment of its author, −1 for none.

    Parameters
    ----------
    posts
        With `author_key`, and `source` where authors have one.
    assigned
        From `segment_authors`.
    shown
        Segments that may be shown; others count as none. All unless given.
    """
    check_posts(posts, what="join_segments")
    check_segments(assigned, what="join_segments")
    keys = [name for name in ("source", "author_key") if name in assigned.columns]
    check_columns(posts.columns, keys, what="join_segments")
    known = assigned[[*keys, "segment"]].astype(dict.fromkeys(keys, object))
    left = posts[keys].astype(object)
    joined = left.merge(known, on=keys, how="left")["segment"]
    segments = joined.fillna(-1).to_numpy(np.int64)
    if shown is not None:
        segments = np.where(np.isin(segments, shown), segments, -1)
    return posts.assign(segment=segments)


def name_segments(
    posts: pd.DataFrame, model: SegmentModel, *, policy: Policy | None = None
) -> pd.DataFrame:
    """Put beside each post what the segment is called that its author was in when segments were kept.

    Parameters
    ----------
    posts
        With `author_key`, and `source` as the profiles had it.
    model
        Segments with the names and members of the run that kept them.
    policy
        Segments of which fewer authors wrote here than it allows to show are not named; names lose the terms that it forbids.

    Returns
    -------
    pandas.DataFrame
        `posts` with `segment`: a name, or null where the author was in none that may be shown.
    """
    policy = policy or Policy()
    check_posts(posts, what="name_segments")
    check_kind(
        model, SegmentModel, what="name_segments", cure="Load one with SegmentModel.load(folder)."
    )
    known = posts["author_key"].notna().to_numpy(bool)
    segments = np.where(known, find_before(model, posts), -1)
    authors = posts["author_key"].groupby(segments).nunique()
    called = keep_allowed(model.names, policy)
    names = {one: called[one] for one in authors.index[authors >= policy.least_authors] if one in called}  # fmt: skip
    return posts.assign(segment=text_column([names.get(one) for one in segments.tolist()]))


def find_segment_posts(
    posts: pd.DataFrame, marks: pd.DataFrame, segments: Any, *, policy: Policy, count: int = 3
) -> pd.DataFrame:
    """Find posts to read of each segment: those with most of what marks it, of different authors.

    Parameters
    ----------
    posts
        With `segment`, `text`, and whatever of `READING` there is.
    marks
        From `find_marks`.
    segments
        Of which posts are shown.
    policy
        Posts with what it forbids are not shown; nor who wrote one, unless it allows to hand on who is in which segment.
    count
        Posts of each, at most.
    """
    found = []
    for segment in segments:
        mine = posts[(posts["segment"] == segment).to_numpy(bool) & posts["text"].notna().to_numpy(bool)]  # fmt: skip
        telling = marks[(marks["segment"] == segment) & marks["kind"].isin(["words", "hashtags"])]
        best = find_telling_posts(mine, telling[["term", "z"]], count=4 * count)
        others = find_engaged_posts(mine, count=4 * count)
        first = mine.drop_duplicates("author_key") if "author_key" in mine else mine
        ranked = pd.concat([best, others, first.head(4 * count)])
        ranked = ranked[~ranked.index.duplicated()]
        shown = ranked[[_may_show(text, policy) for text in text_list(ranked["text"])]]
        shown = shown.drop_duplicates("author_key").head(count) if "author_key" in shown else shown.head(count)  # fmt: skip
        found.append(shown.assign(segment=segment, rank=np.arange(1, len(shown) + 1), engagement=count_engagement(shown)))  # fmt: skip
    chosen = pd.concat(found) if found else posts.iloc[:0].assign(rank=0, engagement=0)
    return _withhold(chosen.reindex(columns=list(READING)).reset_index(drop=True), policy)


def list_segment_posts(posts: pd.DataFrame, *, policy: Policy) -> pd.DataFrame:
    """Give all posts as a dashboard shows them, with their segments where the policy allows to tell them.

    Parameters
    ----------
    posts
        With `segment` and `text`, from `join_segments`.
    policy
        Posts with what it forbids are of no segment here.

    Returns
    -------
    pandas.DataFrame
        `posts` with `engagement`, and with the title, where there is one, as first line of `text`; without `url`, and with numbers for
        posts and authors, unless the policy allows to hand on who is in which segment.
    """
    listed = list_posts(posts)
    known: dict[str, bool] = {}  # a word is looked at once, however many posts have it
    tellable = [
        all(known[word] if word in known else known.setdefault(word, policy.allows(word)) for word in (text or "").split())
        for text in text_list(listed["text"])
    ]  # fmt: skip
    segments = listed["segment"].to_numpy(np.int64)
    return _withhold(listed.assign(segment=np.where(tellable, segments, -1)), policy)


def _withhold(posts: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Number posts and those who wrote them instead of naming them, unless it may be handed on who is in which segment."""
    if policy.export:
        return posts
    numbered = {name: _number(posts[name]) for name in ("author_key", "post_id") if name in posts}
    no_address = {"url": pd.Series(None, posts.index, dtype=TEXT)} if "url" in posts else {}
    return posts.assign(**numbered, **no_address)


def _number(names: "pd.Series[Any]") -> Any:
    """Give each name a number, which no id of a platform is."""
    numbers = pd.factorize(names)[0].tolist()
    return text_column([f"#{one + 1}" if one >= 0 else None for one in numbers])


def list_origins(posts: pd.DataFrame) -> pd.DataFrame:
    """Give which posts were looked at, and who wrote them, so that `forget` finds the run; without their segments.

    Returns
    -------
    pandas.DataFrame
        `source`, `author_key`, `post_id`, in their order, which is that of no other table.
    """
    columns = ["source", "author_key", "post_id"]
    check_columns(posts.columns, columns, what="list_origins")
    return posts[columns].sort_values(columns, ignore_index=True)


def _may_show(text: str | None, policy: Policy) -> bool:
    return bool(text) and all(policy.allows(word) for word in (text or "").split())
