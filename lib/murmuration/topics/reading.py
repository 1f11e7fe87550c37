"""Topics → what tells them: how many posts have their terms, and the posts to read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.errors import ParamError
from murmuration.frames import TEXT, call_given, text_list
from murmuration.schema import NO_LANG
from murmuration.text import find_terms, find_words
from murmuration.topics.arguments import check_posts
from murmuration.topics.labels import (
    STILL_SAID,
    Said,
    choose_terms,
    read_label,
    tell_apart,
    write_label,
)
from murmuration.topics.model import TopicModel, check_model

_CANDIDATES = 60  # posts of a topic that are looked at, those that tell most
_MORE = 4  # times as many are looked at where too few of them differ
_SAME_POST = 0.5  # Jaccard overlap of words from which two posts say the same
_VARIETY = 0.5  # how much being unlike the posts chosen so far counts beside telling the topic
_SHORT = 4  # words: shorter posts tell less than the terms do
_COUNTED = 50_000  # posts whose words are counted
_LABELLED = 10_000  # posts in which terms of labels are looked for
_EACH = 100  # of a topic, all if there are no more
_LEAST_JUDGED = 20  # posts of a topic, for its label to be renewed


def count_topic_terms(
    posts: pd.DataFrame, model: TopicModel, *, column: str = "text", count: int = 10
) -> pd.DataFrame:
    """Count how many posts of each topic have its terms, and how many of all others.

    Parameters
    ----------
    posts
        Posts with `topic` and `column`; of very many, evenly spread ones are counted.
    model
        That assigned the topics.
    column
        The column with text.
    count
        Terms of each topic, at most.

    Returns
    -------
    pandas.DataFrame
        `topic`, `rank` (1 tells most), `term`, `posts` (of those counted, with the term), `share` (of the topic's
        posts, 0 to 1), `share_other` (of all other posts). Terms are the model's words; a phrase follows where it has
        none of them.
    """
    check_posts(posts, ["topic", column], what="count_topic_terms")
    check_model(model, what="count_topic_terms")
    counted = posts.iloc[:: max(1, -(-len(posts) // _COUNTED))]
    names = [name for name in (column, "title", "lang") if name in posts]
    prepared = model.vocabulary.prepare(counted[names], column)
    have = model.vocabulary.count_terms(prepared).tocsc()
    topics = counted["topic"].to_numpy(np.int64)
    places = {term: at for at, term in enumerate(model.vocabulary.terms)}
    rows: list[dict[str, Any]] = []
    for row in model.topics.to_dict("records"):
        mine = topics == row["id"]
        for rank, term in enumerate(_choose_terms(row, count), start=1):
            with_it = have[:, places[term]].nonzero()[0]
            inside = int(mine[with_it].sum())
            rows.append(
                {
                    "topic": row["id"], "rank": rank, "term": term, "posts": inside,
                    "share": inside / max(int(mine.sum()), 1),
                    "share_other": (len(with_it) - inside) / max(int((~mine).sum()), 1),
                }
            )  # fmt: skip
    kinds: dict[str, Any] = {
        "topic": "int64",
        "rank": "int64",
        "term": TEXT,
        "posts": "int64",
        "share": "float64",
        "share_other": "float64",
    }
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _choose_terms(topic: Mapping[Any, Any], count: int) -> list[str]:
    words = [str(term) for term in topic["terms"]]
    said = set(words)
    phrases = [str(one) for one in topic["phrases"] if not said & set(str(one).split())]
    return [*words, *phrases][:count]


def measure_labels(
    posts: pd.DataFrame, model: TopicModel, *, column: str = "text"
) -> npt.NDArray[np.float64]:
    """Give the share of each topic's posts that have a term of its label, 0 to 1.

    Parameters
    ----------
    posts
        Posts with `topic` and `column`; of very many, evenly spread ones are looked at.
    model
        That assigned the topics.
    column
        The column with text.

    Returns
    -------
    numpy.ndarray
        In the order of `model.topics`; null without posts, and where the label is not made of terms: people gave it, or
        a language model.
    """
    check_posts(posts, ["topic", column], what="measure_labels")
    check_model(model, what="measure_labels")
    some = posts.iloc[np.flatnonzero(_spread(posts))]
    labels = [_read_terms(model, row) for row in range(len(model.topics))]
    said = {term for label in labels for term in label}
    vocabulary = replace(
        model.vocabulary,
        words=sorted(term for term in said if " " not in term),
        phrases=sorted(term for term in said if " " in term),
    )
    have = vocabulary.count_terms(_prepare(some, model, column)).tocsc()
    places = {term: at for at, term in enumerate(vocabulary.terms)}
    topics, shares = some["topic"].to_numpy(np.int64), np.full(len(labels), np.nan)
    for row, (topic, label) in enumerate(zip(model.topics["id"], labels, strict=True)):
        mine = topics == topic
        if mine.any() and label:
            found = have[:, [places[term] for term in label]]
            shares[row] = (np.asarray(found[mine].sum(axis=1)).ravel() > 0).mean()
    return shares


def _read_terms(model: TopicModel, row: int) -> list[str]:
    """Give the terms of a topic's label; none where it is not made of terms."""
    topic, label = int(model.topics["id"].iloc[row]), str(model.topics["label"].iloc[row])
    terms = read_label(label)
    made = label == label.lower() and all(0 < len(term.split(" ")) <= 2 for term in terms)
    return terms if made and topic not in model.history.named else []


def _spread(posts: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Say how many posts each stands for where evenly spread ones are looked at, but of small topics all; 0 for the others."""
    of_topic = posts.groupby(posts["topic"].to_numpy(np.int64))["topic"]
    place, size = of_topic.cumcount().to_numpy(np.int64), of_topic.transform("size").to_numpy(np.int64)  # fmt: skip
    step = np.minimum(max(1, -(-len(posts) // _LABELLED)), np.maximum(size // _EACH, 1))
    return np.where(place % step == 0, step, 0).astype(float)


def _prepare(posts: pd.DataFrame, model: TopicModel, column: str) -> pd.DataFrame:
    names = [name for name in (column, "title", "lang") if name in posts]
    return model.vocabulary.prepare(posts[names], column)


def renew_labels(posts: pd.DataFrame, model: TopicModel, *, column: str = "text") -> TopicModel:
    """Give topics another label where hardly a post says the one that they have; those that people gave stay.

    Parameters
    ----------
    posts
        Posts of the period that is told of, with `topic` and `column`; of very many, evenly spread ones are looked at.
    model
        That assigned the topics.
    column
        The column with text.

    Returns
    -------
    TopicModel
        The same topics. Those whose label less than a twentieth of their posts have a term of (of 20 posts or more) have
        one that more of them say, if there is one.
    """
    check_posts(posts, ["topic", column], what="renew_labels")
    check_model(model, what="renew_labels")
    shares = measure_labels(posts, model, column=column)
    sizes = posts["topic"].value_counts().reindex(model.topics["id"], fill_value=0).to_numpy(int)
    rows = np.flatnonzero((shares < STILL_SAID) & (sizes >= _LEAST_JUDGED))
    if not len(rows):
        return model
    stands = _spread(posts)
    some = posts.iloc[np.flatnonzero(stands)]
    topics = pd.Index(model.topics["id"]).get_indexer(pd.Index(some["topic"]))
    have = model.vocabulary.count_terms(_prepare(some, model, column))
    said = Said(topics, stands[stands > 0], have, model.vocabulary.terms)
    chosen = {int(row): write_label(choose_terms(said, int(row))) for row in rows}
    better = measure_labels(posts, _with_labels(model, chosen), column=column) > shares
    return _with_labels(model, {row: label for row, label in chosen.items() if better[row]})


def _with_labels(model: TopicModel, chosen: Mapping[int, str]) -> TopicModel:
    """Give the same model with other labels for some rows, which no person gave."""
    labels = [chosen.get(row, str(label)) for row, label in enumerate(model.topics["label"])]
    told = tell_apart(labels, first=[row not in chosen for row in range(len(labels))])
    return model.with_table(
        model.topics.assign(label=pd.Series(told, model.topics.index, dtype=TEXT))
    )


def find_topic_posts(
    posts: pd.DataFrame, model: TopicModel, *, column: str = "text", count: int = 3
) -> pd.DataFrame:
    """Find posts that show what a topic is about: telling ones that differ from each other.

    Parameters
    ----------
    posts
        Posts with `column`, `topic` and `topic_strength`, and `author_key` where there is one.
    model
        That assigned the topics.
    column
        The column with text.
    count
        How many posts of each topic, at most.

    Returns
    -------
    pandas.DataFrame
        Rows of `posts` with `rank` (1 is to be read first), by topic and rank. No two of a topic are by one author,
        or say the same in other words (half of the words of both are the same).

    References
    ----------
    Each post after the first is chosen for what it tells less how much it resembles those before it: maximal marginal
    relevance, Carbonell & Goldstein 1998, doi:10.1145/290941.291025.
    """
    check_posts(posts, [column, "topic", "topic_strength"], what="find_topic_posts")
    check_model(model, what="find_topic_posts")
    parts = []
    by_topic = posts.groupby(posts["topic"].to_numpy(np.int64), sort=False).indices
    for row in model.topics.to_dict("records"):
        mine = posts.iloc[by_topic.get(row["id"], [])]
        chosen = _choose_among(_find_telling(mine, row, column), column, count)
        parts.append(chosen.assign(rank=np.arange(1, len(chosen) + 1)))
    nothing = posts.iloc[:0].assign(rank=np.zeros(0, np.int64))
    return pd.concat([nothing, *(part for part in parts if len(part))], ignore_index=True)


def _find_telling(posts: pd.DataFrame, topic: Mapping[Any, Any], column: str) -> pd.DataFrame:
    """Give a topic's posts, those that have most of its terms first, with `telling`, each text once."""
    terms = [*map(str, topic["terms"]), *map(str, topic["phrases"])]
    weights = {term: 1 / (1 + rank) ** 0.5 for rank, term in enumerate(terms)}
    texts = text_list(posts[column])
    telling = [_tell(text or "", weights) for text in texts]
    strength = posts["topic_strength"].to_numpy(float)
    ranked = posts.assign(telling=np.array(telling, float) * strength)
    ranked = ranked[~pd.Series(texts, index=posts.index, dtype=TEXT).duplicated().to_numpy()]
    return ranked.sort_values("telling", ascending=False, kind="stable")


def _tell(text: str, weights: Mapping[str, float]) -> float:
    words = find_words(text)
    hits = find_terms(text) & weights.keys()
    said = 0.01 + sum(weights[term] for term in sorted(hits))
    return said / math.sqrt(max(len(words), _SHORT))


def _choose_among(ranked: pd.DataFrame, column: str, count: int) -> pd.DataFrame:
    """Choose posts among those that tell most; among more where these say the same, as the copies of a slogan do."""
    most = max(_CANDIDATES, count)
    chosen = _choose_posts(ranked.head(most), column, count)
    while len(chosen) < count and most < len(ranked):
        most *= _MORE
        chosen = _choose_posts(ranked.head(most), column, count)
    return chosen


def _choose_posts(ranked: pd.DataFrame, column: str, count: int) -> pd.DataFrame:
    """Choose posts one by one."""
    said = [set(find_words(text or "")) for text in text_list(ranked[column])]
    authors = text_list(ranked["author_key"]) if "author_key" in ranked else [None] * len(ranked)
    worth = (
        ranked["telling"].to_numpy(float) / max(ranked["telling"].max(), 1e-12)
        if len(ranked)
        else np.zeros(0)
    )
    alike = np.zeros(len(ranked))
    left = np.ones(len(ranked), np.bool_)
    chosen: list[int] = []
    while left.any() and len(chosen) < count:
        best = int(np.where(left, worth - _VARIETY * alike, -np.inf).argmax())
        chosen.append(best)
        alike = np.maximum(alike, _overlaps(said[best], said))
        own = [author is not None and author == authors[best] for author in authors]
        left &= (alike < _SAME_POST) & ~np.array(own)
        left[best] = False
    return ranked.iloc[chosen].drop(columns="telling")


def _overlaps(words: set[str], others: list[set[str]]) -> npt.NDArray[np.float64]:
    return np.array([len(words & other) / max(len(words | other), 1) for other in others])


def count_topic_groups(posts: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Count what each group of posts speaks of.

    Parameters
    ----------
    posts
        Posts with `topic` (−1 for none) and the column `by`, such as `source`, `lang` or an author's segment.
    by
        The column whose values make groups; posts without one are left out, but those of no known language are the
        group `und`.

    Returns
    -------
    pandas.DataFrame
        `kind` (the column), `group` (its value), `topic`, `posts`, `of` (all posts of the group) and `share` (0 to 1),
        for each group and each topic that any of them has, posts without a topic too.
    """
    check_posts(posts, ["topic", by], what="count_topic_groups")
    known = posts[by].astype(TEXT)
    if by == "lang":
        known = known.fillna(NO_LANG)
    there = posts[known.notna()]
    groups = pd.Series(text_list(known[known.notna()]), dtype="object")
    topics = pd.Series(there["topic"].to_numpy(np.int64))
    counts = pd.crosstab(groups, topics)
    if not counts.size:
        kinds: dict[str, Any] = {
            "kind": TEXT,
            "group": TEXT,
            "topic": "int64",
            "posts": "int64",
            "of": "int64",
            "share": "float64",
        }
        return pd.DataFrame(columns=list(kinds)).astype(kinds)
    n_groups, n_topics = counts.shape
    of = np.repeat(counts.to_numpy().sum(axis=1), n_topics)
    names = [str(name) for name in counts.index]
    return pd.DataFrame(
        {
            "kind": pd.array(pa.array([by] * len(of)), dtype=TEXT),
            "group": pd.array(
                pa.array([name for name in names for _ in range(n_topics)]), dtype=TEXT
            ),
            "topic": np.tile(counts.columns.to_numpy(np.int64), n_groups),
            "posts": counts.to_numpy(np.int64).ravel(),
            "of": of.astype(np.int64),
            "share": counts.to_numpy(float).ravel() / of,
        }
    )


def count_groups(posts: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """Count what groups of several kinds speak of: `count_topic_groups` of each column that the posts have."""
    check_posts(posts, ["topic"], what="count_groups")
    if isinstance(by, str) or not isinstance(by, Sequence):
        raise ParamError(
            f"count_groups needs columns, a list such as ['source', 'lang'], but was given {call_given(by)}. For one use count_topic_groups."
        )
    parts = [count_topic_groups(posts, by=one) for one in by if one in posts]
    full = [part for part in parts if len(part)]
    if full:
        return pd.concat(full, ignore_index=True)
    return count_topic_groups(posts.iloc[:0].assign(**{by[0]: None}), by=by[0])
