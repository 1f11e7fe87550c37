"""Posts with topics → a row for each topic, and what the model rests on."""

from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from murmuration.frames import TEXT, check_frame, check_kind, text_list
from murmuration.text import find_repeats, join_titles
from murmuration.topics.arguments import check_posts
from murmuration.topics.cluster import MakeEstimator
from murmuration.topics.embed import Vectors
from murmuration.topics.emerging import EmergingParams, count_topics, find_emerging
from murmuration.topics.fit import fit_topics
from murmuration.topics.geometry import count_kept_neighbours, place_topics
from murmuration.topics.model import NO_TOPIC, TopicModel, assign_topics, check_model
from murmuration.topics.params import TopicParams
from murmuration.topics.quality import count_windows, estimate_coherence, estimate_diversity
from murmuration.topics.reading import measure_labels
from murmuration.trends import estimate_share_of_voice

ITSELF, JOINED, PARTED = "itself", "joined", "parted"  # how a topic was found again
HALF = 0.5  # of its posts
MOST_DAYS = 92  # of a window in which growth is looked for
_FOUND_AGAIN = 4_000  # posts that topics are found again in
_LEAST_AGAIN = 10  # posts of a topic among these: fewer tell nothing
_LOOKED_AT = 10_000  # posts in which terms are looked for


def estimate_topics(
    posts: pd.DataFrame,
    model: TopicModel,
    *,
    again: pd.DataFrame | None = None,
    repeats: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Estimate which part of the posts each topic has.

    Parameters
    ----------
    posts
        Posts with `topic` (−1 for none), and `author_key` where there is one. Where there is `period` (``this`` or
        ``before``), those of ``before`` are counted apart.
    model
        That assigned the topics.
    again
        From `find_again`, if that was asked for.
    repeats
        From `murmuration.text.find_repeats`, of the posts of the period and in their order.

    Returns
    -------
    pandas.DataFrame
        One row a topic, the largest first: `topic`, `label`, `terms`, `phrases` (lists), `posts`, `posts_before`,
        `authors` (known ones; null where nobody is), `share` with `share_low` and `share_high` (of all posts, 0 to 1), `x` and `y` (on the map),
        `stability` (share of its posts that stay together when topics are found again), `found_again`: ``itself``, ``joined`` (they stay together,
        but most of the posts beside them then are others) or ``parted`` (fewer than half stay together). Both are null if topics
        were not found again, or hardly a post of the topic was among those looked at. `label_share` (share of its posts that have a
        term of the label; null where `posts` has no `text`, and see `measure_labels`), `most_copied` (its posts that are copies of one
        text, that with most of them; 1 where each says something else, null without `repeats`).
    """
    check_posts(posts, ["topic"], what="estimate_topics")
    check_model(model, what="estimate_topics")
    now = (
        (posts["period"] == "this").fillna(False)
        if "period" in posts
        else pd.Series(True, index=posts.index)
    )
    this, before = posts[now.to_numpy(bool)], posts[~now.to_numpy(bool)]
    ids = model.topics["id"].tolist()
    table = model.topics[["id", "label", "terms", "phrases"]].rename(columns={"id": "topic"})
    table = table.merge(_count(this, ids), on="topic").merge(place_topics(model), on="topic")
    earlier = before["topic"].value_counts()
    table = table.assign(posts_before=[int(earlier.get(one, 0)) for one in table["topic"].tolist()])
    table = table.assign(**_judge(table["topic"], again))
    if "text" in this:
        table["label_share"] = _by_topic(measure_labels(this, model), ids, table["topic"])
    else:
        table["label_share"] = np.nan
    table["most_copied"] = _count_most_copied(this, repeats, table["topic"].tolist())
    order = (
        "topic", "label", "terms", "phrases", "posts", "posts_before", "authors", "share", "share_low", "share_high", "x", "y",
        "stability", "found_again", "label_share", "most_copied",
    )  # fmt: skip
    ranked = table.sort_values(["posts", "topic"], ascending=[False, True], ignore_index=True)
    return ranked[list(order)]


def _judge(topics: "pd.Series[Any]", again: pd.DataFrame | None) -> dict[str, Any]:
    """Say of each topic how far it was found again."""
    if again is None:
        return {"stability": np.nan, "found_again": pd.Series(None, topics.index, dtype=TEXT)}
    known = again[again["of"] >= _LEAST_AGAIN].set_index("topic").reindex(topics)
    stays = (known["together"] / known["of"]).to_numpy(float)
    own = (known["together"] / known["among"]).to_numpy(float)
    said = np.select(
        [np.isnan(stays), stays < HALF, own < HALF], ["", PARTED, JOINED], default=ITSELF
    )
    words = pd.Series([one or None for one in said.tolist()], topics.index, dtype=TEXT)
    return {"stability": stays, "found_again": words}


def _by_topic(values: Any, ids: list[int], topics: "pd.Series[Any]") -> Any:
    return pd.Series(values, index=ids, dtype="float64").reindex(topics).to_numpy(float)


def _count_most_copied(posts: pd.DataFrame, repeats: pd.DataFrame | None, topics: list[int]) -> Any:
    """Give for each topic how many of its posts are copies of the text that most of them are."""
    if repeats is None:
        return pd.array([pd.NA] * len(topics), dtype="Int64")
    said = pd.DataFrame(
        {"topic": posts["topic"].to_numpy(np.int64), "group": repeats["repeat_group"].array}
    )
    most = said.groupby(["topic", "group"]).size().groupby(level="topic").max()
    there = set(said["topic"].tolist())
    # Posts without words repeat nothing.
    return pd.array([int(most.get(one, one in there)) for one in topics], dtype="Int64")


def _count(posts: pd.DataFrame, ids: list[int]) -> pd.DataFrame:
    keys = [str(one) for one in [*ids, NO_TOPIC]]
    names = [name for name in ("author_key", "source", "post_id") if name in posts]
    voice = estimate_share_of_voice(
        posts[names].assign(brand=posts["topic"].astype("int64").astype(str)), keys
    )
    voice = voice.rename(columns={"mentions": "posts"})
    authors = pd.Series(dtype="int64")
    if "author_key" in posts:
        authors = posts.groupby(posts["topic"].astype("int64"))["author_key"].nunique()
    topics = voice["brand"].astype(str).astype("int64")
    return voice.drop(columns="brand").assign(
        topic=topics, authors=_author_counts(authors, topics.tolist())
    )


def _author_counts(authors: "pd.Series[Any]", topics: list[int]) -> Any:
    """Give the authors of topics; null where nobody is known of any post."""
    if not authors.sum():
        return pd.array([pd.NA] * len(topics), dtype="Int64")
    return pd.array([int(authors.get(one, 0)) for one in topics], dtype="Int64")


def find_growth(
    posts: pd.DataFrame,
    model: TopicModel,
    *,
    days: int,
    baseline: int,
    min_posts: int,
    timezone: str,
    until: datetime,
    lineage: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find what grew and what went, and count topics by day.

    Parameters
    ----------
    posts
        Posts of the period and of the days before it, with `created_at`, `topic` and `text`.
    model
        That assigned them.
    days, baseline
        Length of the period, and days before it that say what is usual. Of a long period the last three months are
        looked at.
    min_posts
        The smallest topic of which anything is said, in posts.
    timezone, until
        Whose days count, and when the period ends.
    lineage
        From `match_topics`, where topics go on from earlier ones: what came of others is not new.

    Returns
    -------
    emerging, over_time
        As `find_emerging` and `count_topics` give them; empty where there is no post with a time.
    """
    check_posts(posts, ["created_at", "topic", "text"], what="find_growth")
    check_model(model, what="find_growth")
    params = EmergingParams(
        window=min(max(days, 1), MOST_DAYS),
        baseline=max(baseline, 7),
        min_posts=min_posts,
        timezone=timezone,
    )
    there = posts[posts["created_at"].notna().to_numpy(bool)]
    hashed = there.assign(
        text_hash=pd.util.hash_array(np.array(text_list(there["text"]), dtype=object)).view(
            np.int64
        )
    )
    # Where there is nothing to count, one post that counts for nothing gives the tables their columns.
    if there.empty:
        nothing = pd.DataFrame(
            {"created_at": [pd.Timestamp(until) - pd.Timedelta(days=1)], "topic": [NO_TOPIC]}
        )
        return find_emerging(nothing, params, until=until), count_topics(
            nothing, params, until=until
        )
    emerging = find_emerging(hashed, params, topics=model, lineage=lineage, until=until)
    return emerging, count_topics(hashed, params, lineage=lineage, until=until)


def find_again(
    posts: pd.DataFrame,
    model: TopicModel,
    params: TopicParams,
    *,
    vectors: Vectors | None = None,
    make: MakeEstimator | None = None,
) -> pd.DataFrame:
    """Find topics once more, with another seed in fewer posts, and count those that stay together; computes.

    Parameters
    ----------
    posts
        All posts that topics were found in, with `text` and `topic`; of many, evenly spread ones are taken.
    model
        That assigned them.
    params
        What it was made with.
    vectors, make
        See `fit_topics`.

    Returns
    -------
    pandas.DataFrame
        One row a topic: `topic`, `of` (its posts that have a topic in the other fit too), `kept` (those that are in the one
        topic of the other fit that is taken for the same, each for one only), `together` (those in the topic of the other fit that has most
        of them), `among` (posts of that one).
    """
    check_posts(posts, ["text", "topic"], what="find_again")
    check_model(model, what="find_again")
    check_kind(
        params, TopicParams, what="find_again", cure="Take those that the model was made with."
    )
    step = max(1, -(-len(posts) // _FOUND_AGAIN))
    posts = posts.iloc[::step]
    # In fewer posts a topic is smaller.
    least = max(2, round(params.min_posts / step))
    reseeded = replace(params, seed=(params.seed + 1) % 2**32, min_posts=least)
    other = fit_topics(posts, reseeded, vectors=vectors, make=make)
    again = assign_topics(posts, other, vectors=vectors)["topic"].to_numpy(np.int64)
    rows, columns = (
        pd.Index(ids).get_indexer(pd.Index(topics))
        for ids, topics in (
            (model.topics["id"], posts["topic"].to_numpy(np.int64)),
            (other.topics["id"], again),
        )
    )
    both = (rows >= 0) & (columns >= 0)
    shared = np.zeros((len(model.topics), len(other.topics)), np.int64)
    np.add.at(shared, (rows[both], columns[both]), 1)
    kept = np.zeros(len(model.topics), np.int64)
    one, another = linear_sum_assignment(shared, maximize=True)
    kept[one] = shared[one, another]
    together, among = kept * 0, kept * 0
    if shared.size:
        most = shared.argmax(axis=1)
        together, among = shared[np.arange(len(shared)), most], shared.sum(axis=0)[most]
    ids = model.topics["id"].to_numpy(np.int64)
    counts = {"of": shared.sum(axis=1), "kept": kept, "together": together, "among": among}
    return pd.DataFrame({"topic": ids, **counts})


def measure_topics(
    posts: pd.DataFrame, model: TopicModel, *, again: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Measure what the topics of some posts rest on, and how far they can be trusted.

    Parameters
    ----------
    posts
        All posts that were assigned, with `text`, `topic` and `topic_strength`.
    model
        That assigned them.
    again
        From `find_again`, if that was asked for.

    Returns
    -------
    pandas.DataFrame
        `measure`, `value`, `unit`: `topics`, `posts`, `different_texts`, `sample_texts` (topics were found in so many of
        them), `left_out`, `mean_strength` (of posts with a topic), `stability` (share of posts that keep their topic, if topics of the other
        fit are renamed as well as can be; null if nothing was found again), `npmi` and `diversity` of terms, `map_neighbours`.
    """
    check_posts(posts, ["topic", "topic_strength"], what="measure_topics")
    check_model(model, what="measure_topics")
    there = posts["topic"].to_numpy(np.int64) != NO_TOPIC
    strengths = posts["topic_strength"].to_numpy(float)[there]
    texts = int(model.card.trained_on.get("texts", 0))
    rows: list[tuple[str, Any, str]] = [
        ("topics", len(model.topics), "topics"),
        ("posts", len(posts), "posts"),
        ("different_texts", texts, "texts"),
        ("sample_texts", int(model.card.trained_on.get("sample_texts", texts)), "texts"),
        ("left_out", 1 - there.mean() if len(posts) else np.nan, "0 to 1"),
        ("mean_strength", strengths.mean() if len(strengths) else np.nan, "0 to 1"),
        ("stability", _share_kept(again), "0 to 1"),
        ("npmi", _find_coherence(posts, model), "−1 to 1"),
        ("diversity", estimate_diversity(_terms(model)) if len(model.topics) else np.nan, "0 to 1"),
        ("map_neighbours", _count_neighbours(model), "0 to 1"),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "unit"]).astype({"value": "float64"})


def _count_neighbours(model: TopicModel) -> float:
    """Give the share of nearest topics that are nearest on the map; nothing where no topic has a neighbour."""
    if len(model.topics) < 2:
        return np.nan
    return count_kept_neighbours(model, place_topics(model))


def _share_kept(again: pd.DataFrame | None) -> float:
    total = 0 if again is None else int(again["of"].sum())
    return float(again["kept"].sum()) / total if again is not None and total else np.nan


def _terms(model: TopicModel) -> list[list[str]]:
    return [[str(term) for term in terms] for terms in model.topics["terms"]]


def _find_coherence(posts: pd.DataFrame, model: TopicModel) -> float:
    """Give the NPMI of terms in the posts themselves; of very many, evenly spread ones are looked at."""
    if not len(model.topics) or posts.empty:
        return np.nan
    some = posts.iloc[:: max(1, -(-len(posts) // _LOOKED_AT))]
    names = [name for name in ("text", "title", "lang") if name in some]
    prepared = model.vocabulary.prepare(some[names], "text")
    texts = (text.split() for text in text_list(prepared["topic_words"]) if text)
    terms = _terms(model)
    return estimate_coherence(terms, count_windows(texts, chain.from_iterable(terms)))


def fill_lineage(lineage: pd.DataFrame) -> pd.DataFrame:
    """Give a lineage with −1 for no topic, as a result table needs it: every row has a key."""
    check_frame(lineage, what="fill_lineage", of="a lineage", cure="Make one with match_topics.")
    return lineage.assign(
        previous_id=lineage["previous_id"].fillna(NO_TOPIC).astype("int64"),
        topic=lineage["topic"].fillna(NO_TOPIC).astype("int64"),
    )


def count_topic_coverage(
    posts: pd.DataFrame,
    *,
    searched: int,
    quarantined: int,
    repeats: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count what a report about the topics of some posts rests on.

    Parameters
    ----------
    posts
        Posts of the period that were asked about, with `text` and `topic`, and `author_key`, `lang` and `sentiment`
        where there are any.
    searched
        Posts of the period, whatever they mention.
    quarantined
        Rows of the imported files that could not be read.
    repeats
        From `murmuration.text.find_repeats` of the posts with their titles; found here unless given.

    Returns
    -------
    pandas.DataFrame
        `item`, `value`, `unit`; one row a figure.
    """
    check_posts(posts, ["text", "topic"], what="count_topic_coverage")
    texts = [text for text in text_list(posts["text"]) if text]
    if repeats is None:
        repeats = find_repeats(join_titles(posts))
    rows = [
        ("posts_in_period", searched, "posts"),
        ("posts_looked_at", len(posts), "posts"),
        ("authors", int(posts["author_key"].nunique()) if "author_key" in posts else 0, "authors"),
        ("without_topic", int((posts["topic"] == NO_TOPIC).sum()), "posts"),
        ("without_text", len(posts) - len(texts), "posts"),
        ("copies", int((repeats["weight"] == 0).sum()), "posts"),
        ("languages", int(posts["lang"].nunique()) if "lang" in posts else 0, "languages"),
        (
            "unscored_posts",
            int(posts["sentiment"].isna().sum()) if "sentiment" in posts else len(posts),
            "posts",
        ),
        ("quarantined_rows", quarantined, "rows"),
    ]
    return pd.DataFrame(rows, columns=["item", "value", "unit"])
