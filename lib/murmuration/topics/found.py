"""Topics as they were found in a sample, anew or from those of an earlier model, and what both have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from murmuration.errors import ModelError, ParamError, SchemaError
from murmuration.sentiment.model import ModelCard
from murmuration.topics.cluster import MakeEstimator
from murmuration.topics.continuing import Before, Texts, go_on, measure_tension, remember
from murmuration.topics.embed import Embedder, make_embedder
from murmuration.topics.history import History, name_fit
from murmuration.topics.known import Seen
from murmuration.topics.mixture import (
    Floats,
    Labels,
    Mixture,
    Singles,
    count_again,
    learn_mixture,
    learn_words,
)
from murmuration.topics.model import TopicModel
from murmuration.topics.params import TopicParams
from murmuration.topics.profiles import widen
from murmuration.topics.words import Counts, Vocabulary


@dataclass(frozen=True, eq=False)
class Old:
    """The model before, asked about posts whose words are counted already.

    Attributes
    ----------
    model
        What it is.
    columns
        Where its words are among those that are counted.
    """

    model: TopicModel
    columns: npt.NDArray[np.int64]

    def choose(self, prepared: pd.DataFrame, counts: Counts, places: Singles | None) -> Labels:
        """Give the row of the old topic of each post, −1 for none."""
        topics, _ = self.model.choose_topics(
            prepared, take_words(counts, self.columns), None, places
        )
        rows: Labels = pd.Index(self.model.topics["id"]).get_indexer(pd.Index(topics))
        return rows


class Found:
    """Topics of a sample.

    Attributes
    ----------
    labels
        The topic (row) of each text.
    ids
        Of topics, shape (n_topics,).
    mixture
        What they say.
    history
        Where they come from.
    labels_before, terms_before
        What topics were called, and the terms that told them, by id.
    old
        The model before, if there is one.
    """

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.labels = self.ids = self.rows = np.zeros(0, np.int64)
        self.mixture: Mixture
        self.history = History()
        self.labels_before: Mapping[int, str] = {}
        self.terms_before: Mapping[int, tuple[str, ...]] = {}
        self.old: Old | None = None
        self._before: Before | None = None

    def start(
        self,
        labels: Labels,
        card: ModelCard,
        previous: TopicModel | None,
        *,
        seed: int,
        make: MakeEstimator,
    ) -> None:
        """Take topics that were found anew."""
        n_topics = int(labels.max(initial=-1)) + 1
        before = previous.history if previous is not None else History(root=name_fit(card, ""))
        self.labels, self.ids = labels, before.next_id + np.arange(n_topics)
        self.rows = np.full(n_topics, -1, np.int64)
        self.mixture = learn_mixture(self.texts.counts, labels, self.texts.own)
        self.history = replace(
            before,
            previous=previous.version if previous is not None else "",
            previous_fit=previous.fit if previous is not None else "",
            next_id=before.next_id + n_topics,
            tension=measure_tension(self.texts, labels, self.ids, seed=seed, make=make),
        )

    def go_on(
        self, previous: TopicModel, params: TopicParams, make: MakeEstimator, *, least: float
    ) -> None:
        """Let the topics of an earlier model go on."""
        words = pd.Index(self.texts.words)
        columns = words.get_indexer(pd.Index(previous.vocabulary.words))
        self.old = Old(previous, columns)
        self._before = before = _look_back(previous, words)
        labels = _assign(previous.mixture, self.texts, columns)
        going, self.mixture = go_on(
            self.texts, before, labels, n_topics=params.n_topics, least=least, seed=params.seed,
            make=make,
        )  # fmt: skip
        self.labels, self.ids = going.labels, np.array(going.ids, np.int64)
        self.rows = np.array(going.rows, np.int64)
        gone = {one: (lost.label, lost.terms) for one, lost in before.history.gone.items()}
        names = {**before.names, **gone}
        self.labels_before = {one: label for one, (label, _) in names.items()}
        self.terms_before = {one: terms for one, (_, terms) in names.items()}
        tension = measure_tension(self.texts, self.labels, self.ids, seed=params.seed, make=make)
        kept = {key for key, value in before.history.tension.items() if value is None}
        self.history = replace(
            going.history,
            previous=previous.version,
            previous_fit=previous.fit,
            tension=tension | {one: None for one in self.ids.tolist() if one in kept},
        )

    def keep(self, large: npt.NDArray[np.bool_]) -> None:
        """Leave out topics of a first fit: their texts go to those that are left, which are numbered anew."""
        rows = np.flatnonzero(large)
        place = np.full(len(large) + 1, -1, np.int64)
        place[rows] = np.arange(len(rows))
        was, self.ids = self.ids[rows].tolist(), self.ids[0] + np.arange(len(rows))
        self.labels, self.rows = place[self.labels], self.rows[rows]
        self.mixture = self.mixture.take(rows)
        tension = {
            now: self.history.tension[before]
            for before, now in zip(was, self.ids.tolist(), strict=True)
            if before in self.history.tension
        }
        next_id = self.history.next_id - int((~large).sum())
        self.history = replace(self.history, next_id=next_id, tension=tension)

    def learn(self, counts: Counts, sizes: Floats) -> Mixture:
        """Learn the words of topics from more posts than the sample."""
        if self._before is None:
            return learn_words(counts.T.toarray(), sizes)
        return remember(counts, sizes, self._before, self.rows)

    def name(self, seen: Seen) -> Seen:
        """Give texts the ids of their topics instead of the rows."""
        there = seen.topics >= 0
        ids = self.ids[np.where(there, seen.topics, 0)] if there.any() else seen.topics
        return replace(seen, topics=np.where(there, ids, -1))

    def tell(self, shared: npt.NDArray[np.int64] | None) -> History:
        """Give the history, with the posts that topics before and now share."""
        if self.old is None or shared is None:
            return self.history
        ids = self.old.model.topics["id"].to_numpy(np.int64)
        rows = zip(*np.nonzero(shared), strict=True)
        told = ((int(ids[a]), int(self.ids[b]), int(shared[a, b])) for a, b in rows)
        return replace(self.history, shared=tuple(told))


def _look_back(previous: TopicModel, words: "pd.Index[Any]") -> Before:
    table = previous.topics
    names = zip(table["id"], table["label"], table["terms"], strict=True)
    return Before(
        ids=table["id"].to_numpy(np.int64),
        counts=widen(count_again(previous.mixture), previous.vocabulary.words, words),
        sizes=np.maximum(np.exp(previous.mixture.log_sizes) - 0.1, 0),
        centroids=previous.mixture.centroids,
        names={int(one): (str(label), tuple(terms)) for one, label, terms in names},
        history=previous.history,
    )


def _assign(mixture: Mixture, texts: Texts, columns: npt.NDArray[np.int64]) -> Labels:
    """Give the old topic of each text, however sure; −1 where the old model knows none of its words."""
    counts = take_words(texts.counts, columns)
    found = [part.argmax(axis=1) for part in mixture.chances(counts, texts.own)]
    labels = np.concatenate([*found, np.zeros(0, np.int64)])
    return np.where(np.diff(counts.indptr) > 0, labels, -1)


def take_words(counts: Counts, columns: npt.NDArray[np.int64]) -> Counts:
    """Give some columns of word counts; those of −1 are empty."""
    taken: Counts = counts[:, np.maximum(columns, 0)].tocsr()
    if (columns < 0).any():
        taken = (taken @ sparse.diags((columns >= 0).astype(float))).tocsr()
        taken.eliminate_zeros()
    return taken


def check_same_embedding(
    previous: object, params: TopicParams, embedder: Embedder | None
) -> Embedder | None:
    """Give what embeds for topics that go on.

    Raises
    ------
    SchemaError
        If `previous` is no topic model.
    ModelError
        If another embedding is asked for than that of `previous`.
    """
    if not isinstance(previous, TopicModel):
        raise SchemaError(
            f"continue_from needs a TopicModel, not {type(previous).__name__}. Load one with mm.models.load."
        )
    asked = embedder.name if embedder else params.embedding
    if asked not in ("auto", previous.embedding):
        raise ModelError(
            f"The model {previous.version} was made with the embedding {previous.embedding!r}, so its topics cannot go on "
            f"with {asked!r}. Leave TopicParams.embedding at 'auto', or fit anew, without continue_from."
        )
    return embedder or previous.embedder or make_embedder(previous.embedding, params.backend)


def check_same_method(previous: TopicModel, params: TopicParams) -> None:
    """Make sure that topics go on as they were found.

    Raises
    ------
    ParamError
        If a method is asked for that finds topics anew.
    """
    was = previous.card.params.get("method", "bertopic")
    if len(previous.topics) and params.method not in ("bertopic", was):
        raise ParamError(
            f"TopicParams.method is {params.method!r}, but the topics of {previous.version} go on as they are and are not found with another "
            "method: leave it at 'bertopic', or fit anew, without continue_from."
        )


def join_hashtag_words(
    one: "pd.Series[Any]", other: "pd.Series[Any]", *, most: int
) -> "pd.Series[Any]":
    """Give how often words are written, the more frequent of two counts, most frequent first, so many at most."""
    both = pd.concat([one, other]).groupby(level=0).max()
    ordered = both.reset_index().sort_values([both.name, both.index.name], ascending=[False, True])
    found: pd.Series[Any] = ordered.head(most).set_index(both.index.name)[both.name]
    return found


def join_words(vocabulary: Vocabulary, previous: TopicModel, *, most: int) -> Vocabulary:
    """Give the words of both; of those only the old model knows the most frequent, as far as there is room."""
    known = set(vocabulary.words)
    counts = count_again(previous.mixture)
    said = np.bincount(counts.col, weights=counts.data, minlength=len(previous.vocabulary.words))
    order = np.lexsort((np.arange(len(said)), -said))
    others = [word for word in (previous.vocabulary.words[at] for at in order) if word not in known]
    room = max(most - len(known), 0)
    return replace(vocabulary, words=sorted(known | set(others[:room])))
