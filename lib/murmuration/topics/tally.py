"""Posts → what they say, by topic, counted partition by partition; and from that the table of topics."""

import logging
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from murmuration.frames import is_dask
from murmuration.topics.embed import Vectors
from murmuration.topics.found import Found, Old
from murmuration.topics.known import Seen, find_rows, hash_posts
from murmuration.topics.labels import (
    STILL_SAID,
    Labeller,
    Said,
    ask_labeller,
    choose_terms,
    read_label,
    tell_apart,
    write_label,
)
from murmuration.topics.mixture import Singles
from murmuration.topics.model import TopicModel, make_table
from murmuration.topics.sampling import Rows, read_columns
from murmuration.topics.terms import rank_terms, weigh_topic_terms
from murmuration.topics.words import Counts

log = logging.getLogger(__name__)

_CHUNK = 50_000  # posts at once
_PHRASES = 5  # told for each topic


@dataclass(frozen=True, eq=False)
class Tally:
    """What all posts say, by topic; the last row is for posts without one.

    Attributes
    ----------
    posts, weight
        How many, and how many different texts.
    texts_with
        How many texts have each term, shape (n_topics + 1, n_terms).
    shared
        Posts by topic of the model before and of this one; None where none was asked.
    seen
        The topic of each text, in parts.
    """

    posts: npt.NDArray[np.int64]
    weight: npt.NDArray[np.int64]
    texts_with: sparse.csr_matrix
    shared: npt.NDArray[np.int64] | None = None
    seen: tuple[Seen, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.posts + other.posts,
            self.weight + other.weight,
            self.texts_with + other.texts_with,
            None if self.shared is None or other.shared is None else self.shared + other.shared,
            (*self.seen, *other.seen),
        )


@dataclass(frozen=True, eq=False)
class Count:
    """Counts what posts say; those of weight 0 repeat others, and their words do not count.

    Attributes
    ----------
    model, column, kept
        What tells the topic of a post, and from what.
    every
        Whether posts of weight 0 count as posts.
    old
        The model before, which is asked as well.
    """

    model: TopicModel
    column: str
    kept: Vectors | None
    every: bool
    old: Old | None = None

    def all(self, posts: Any, weight: Rows, lengths: Rows) -> Tally:
        """Count all posts of a pandas or Dask frame; `lengths` of its partitions."""
        columns = read_columns(posts, self.column)
        if not is_dask(posts):
            return self.part(posts[columns], weight)
        from dask.base import compute
        from dask.delayed import delayed

        counting = delayed(self, traverse=False)
        weights = np.split(weight, np.cumsum(lengths)[:-1])
        parts = zip(posts[columns].to_delayed(), weights, strict=True)
        tallies = [delayed(Count.part)(counting, part, own) for part, own in parts]
        while len(tallies) > 1:  # a tree: no machine holds all of them
            tallies = [delayed(_add)(tallies[at : at + 8]) for at in range(0, len(tallies), 8)]
        return cast(Tally, compute(*tallies)[0])

    def part(self, posts: pd.DataFrame, weight: Rows) -> Tally:
        """Count the posts of a partition."""
        if not self.every:
            posts, weight = posts[weight > 0], weight[weight > 0]
        chunks = range(0, max(len(posts), 1), _CHUNK)
        rows = (slice(at, at + _CHUNK) for at in chunks)
        return _add([self.chunk(posts.iloc[some], weight[some]) for some in rows])

    def chunk(self, posts: pd.DataFrame, weight: Rows) -> Tally:
        """Count some posts at once."""
        n_topics, vocabulary = len(self.model.topics), self.model.vocabulary
        prepared = vocabulary.prepare(posts, self.column)
        counts, vectors = vocabulary.count_words(prepared), None
        if self.model.mixture.centroids is not None:
            vectors = self.model.place(prepared, counts, self.kept)
        topics, strengths = self.model.choose_topics(prepared, counts, places=vectors)
        places = find_rows(self.model.topics["id"].to_numpy(np.int64), topics)
        once = np.flatnonzero(weight > 0)
        terms = vocabulary.count_terms(prepared.iloc[once])
        there = (places[once], np.arange(len(once)))
        members = sparse.csr_matrix((np.ones(len(once)), there), shape=(n_topics + 1, len(once)))
        return Tally(
            np.bincount(places, minlength=n_topics + 1),
            np.bincount(places[once], minlength=n_topics + 1),
            (members @ terms).tocsr(),
            self._count_shared(places, prepared, counts, vectors),
            (Seen(hash_posts(posts, self.column), topics, strengths.astype(np.float32)),)
            * self.every,
        )

    def _count_shared(
        self, rows: Rows, prepared: pd.DataFrame, counts: Counts, vectors: Singles | None
    ) -> npt.NDArray[np.int64] | None:
        if self.old is None:
            return None
        before = self.old.choose(prepared, counts, vectors)
        shared = np.zeros((len(self.old.model.topics), len(self.model.topics)), np.int64)
        both = (rows < shared.shape[1]) & (before >= 0)
        np.add.at(shared, (before[both], rows[both]), 1)
        return shared


def _add(tallies: list[Tally]) -> Tally:
    return reduce(operator.add, tallies)


def tell_topics(
    draft: TopicModel,
    tally: Tally,
    labeller: Labeller | None = None,
    *,
    n_terms: int,
    found: Found | None = None,
    said: Said | None = None,
) -> TopicModel:
    """Give the model with the table of its topics: sizes, terms and labels, as all posts say.

    With what was `found`, topics have its ids and the labels that they had before. Labels of others are chosen by what
    is `said`, without it by the terms alone.
    """
    n_words, names = len(draft.vocabulary.words), draft.vocabulary.terms
    every = np.asarray(tally.texts_with.sum(axis=0)).ravel()
    weights = weigh_topic_terms(
        tally.texts_with[:-1], tally.weight[:-1], every, int(tally.weight.sum())
    )
    words = rank_terms(weights[:, :n_words], names[:n_words], n_terms)
    phrases = rank_terms(weights[:, n_words:], names[n_words:], _PHRASES)
    ids = np.arange(len(words)) if found is None else found.ids
    known = {} if found is None else _still_fitting(found, tally, names, words, phrases)
    labels = _label(ids, words, phrases, known, labeller, said)
    n_posts = int(tally.posts.sum())
    topics = make_table(labels, words, phrases, tally.posts[:-1], tally.weight[:-1], n_posts)
    left_out = float(tally.posts[-1] / max(n_posts, 1))
    log.info("%d topics in %d posts, %.1f%% left out", len(topics), n_posts, 100 * left_out)
    model = draft.with_table(topics.assign(id=ids), left_out=left_out)
    if found is not None:
        model.history = found.tell(tally.shared)
    return model if found is None or found.old is None else model.sorted()


def _still_fitting(
    found: Found, tally: Tally, names: list[str], words: list[list[str]], phrases: list[list[str]]
) -> dict[int, str]:
    """Give the labels of before that topics keep: those of people, and those of which a word is still said and tells the topic.

    A label whose words no text ever said, as a language model may write, is held to the terms of before instead.
    """
    columns = {name: at for at, name in enumerate(names)}
    kept = {}
    for row, topic in enumerate(found.ids.tolist()):
        label = found.labels_before.get(topic)
        if label is None:
            continue
        said = [word for term in read_label(label) for word in term.split() if word in columns]
        said = said or [term for term in found.terms_before.get(topic, ()) if term in columns]
        texts = tally.texts_with[row, [columns[word] for word in said]].sum()
        tells = {part for term in (*words[row], *phrases[row]) for part in term.split()}
        fits = texts >= STILL_SAID * tally.weight[row] and not tells.isdisjoint(said)
        if fits or topic in found.history.named or not tells:
            kept[topic] = label
    return kept


def _label(
    ids: npt.NDArray[np.int64],
    words: list[list[str]],
    phrases: list[list[str]],
    known: Mapping[int, str],
    labeller: Labeller | None,
    said: Said | None,
) -> list[str]:
    labels = []
    for row, (topic, *told) in enumerate(zip(ids.tolist(), words, phrases, strict=True)):
        if topic in known:
            labels.append(known[topic])
        elif labeller is None:
            chosen = [] if said is None else choose_terms(said, row)
            labels.append(write_label(chosen or told[0]))
        else:
            labels.append(ask_labeller(labeller, [*told[0], *told[1]], topic=topic))
    return tell_apart(labels, first=[topic in known for topic in ids.tolist()])
