"""A topic model: what each topic's posts say, and which topic a post belongs to."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.errors import ModelError, SchemaError
from murmuration.frames import TEXT, TEXTS, Frame, map_rows
from murmuration.model_folder import digest_contents, read_folder, write_folder
from murmuration.sentiment.model import ModelCard, card_facts, model_version, read_card
from murmuration.topics.arguments import check_posts
from murmuration.topics.embed import Embedder, Vectors, embed_texts, make_embedder, project
from murmuration.topics.history import History, name_fit
from murmuration.topics.known import Known, hash_posts
from murmuration.topics.mixture import Floats, Mixture, Singles
from murmuration.topics.words import Counts, Vocabulary, weigh_terms

log = logging.getLogger(__name__)

NO_TOPIC = -1

_COLUMNS = ("id", "label", "terms", "phrases", "posts", "weight", "share")


@dataclass(frozen=True, eq=False)
class Space:
    """Where posts and topics stand.

    Attributes
    ----------
    rarity
        Of each word, shape (n_words,).
    directions
        What each word adds to a vector, shape (n_words, n_dimensions); no rows where a network embeds.
    centroids
        Of topics, of length 1, shape (n_topics, n_dimensions).
    """

    rarity: Floats
    directions: Singles
    centroids: Singles


class TopicModel:
    """Topics that were found in posts.

    Attributes
    ----------
    topics
        One row a topic, the largest first: `id` (int), `label`, `terms` (list of words, most telling first), `phrases`
        (list), `posts` (posts that were assigned), `weight` (the same, each repeated text once), `share` (of all
        posts, 0 to 1).
    card
        What is known about the model.
    bertopic
        The fitted BERTopic, where there is one: after `fit_topics` with the method ``bertopic``; a saved model
        does not keep it.
    known
        What it knows of the texts that it was fitted on: they are not read again.
    history
        Where the topics come from; see `murmuration.topics.history`.
    since, until
        First time of the period that they were found for and the time that it ends at, as ISO 8601 in UTC; empty if unknown.
    """

    def __init__(
        self,
        card: ModelCard,
        topics: pd.DataFrame,
        vocabulary: Vocabulary,
        mixture: Mixture,
        space: Space,
        *,
        least_strength: float = 0.0,
        bertopic: Any = None,
        embedder: Embedder | None = None,
        known: Known | None = None,
        history: History | None = None,
        since: str = "",
        until: str = "",
    ) -> None:
        self.since, self.until = since, until
        self.card, self.topics, self.bertopic, self.known = card, topics, bertopic, known
        self.history = history or History()
        self.vocabulary, self.mixture, self.space = vocabulary, mixture, space
        self.least_strength = least_strength
        self.embedder = embedder

    def __repr__(self) -> str:
        return f"TopicModel({self.version!r}, {len(self.topics)} topics)"

    def __dask_tokenize__(self) -> object:
        return self.version

    def __getstate__(self) -> dict[str, Any]:
        # What assigns posts goes to the workers, not what was used to find topics.
        return {**self.__dict__, "bertopic": None}

    @cached_property
    def version(self) -> str:
        """``name-xxxxxxxx``."""
        return model_version(self.card, digest_contents(self._facts(), self._arrays()))

    @property
    def fit(self) -> str:
        """What it was fitted to, and after which model: stays the same when people name and merge its topics."""
        return name_fit(self.card, self.history.previous)

    @property
    def embedding(self) -> str:
        """The name of the embedding."""
        return str(self.card.params["embedding"])

    @property
    def backend(self) -> str:
        """Where a network runs that gives vectors."""
        return str(self.card.params.get("backend", "auto"))

    def with_labels(self, labels: Mapping[int, str]) -> "TopicModel":
        """Give the same model with other labels for some topics, by id.

        Raises
        ------
        ModelError
            If there is no such topic.
        """
        for topic in labels:
            if topic not in set(self.topics["id"]):
                raise ModelError(self.tell_missing(int(topic)))
        old = zip(self.topics["id"].tolist(), self.topics["label"].tolist(), strict=True)
        model = self.with_table(self.topics.assign(label=_texts([labels.get(*one) for one in old])))
        for topic, label in labels.items():
            model.history = model.history.with_label(int(topic), label)
        return model

    def tell_missing(self, topic: int) -> str:
        """Say in a sentence what became of a topic that is not there."""
        history, into = self.history, self.history.where(topic)
        if into != topic and into in set(self.topics["id"]):
            return f"Topic {topic} is part of {into} now: name that one."
        if into != topic or topic in history.gone:
            part = f" was part of {into}, which" if into != topic else ""
            return f"Topic {topic}{part} is gone: nobody says its words any more."
        return f"The model {self.version} has no topic {topic}."

    def with_table(self, topics: pd.DataFrame, **metrics: float) -> "TopicModel":
        """Give the same model with another table, row for row, and more that was measured."""
        return TopicModel(
            replace(self.card, metrics={**self.card.metrics, **metrics}),
            topics,
            self.vocabulary,
            self.mixture,
            self.space,
            least_strength=self.least_strength,
            bertopic=self.bertopic,
            embedder=self.embedder,
            known=self.known if len(topics) == len(self.topics) else None,
            history=self.history,
            since=self.since,
            until=self.until,
        )

    def with_period(self, since: datetime, until: datetime) -> "TopicModel":
        """Give the same model with the period that its topics were found for."""
        model = self.with_table(self.topics)
        model.since, model.until = (one.astimezone(UTC).isoformat() for one in (since, until))
        return model

    def with_known(self, known: Known) -> "TopicModel":
        """Give the same model with what it knows of the texts that it was fitted on."""
        model = self.with_table(self.topics)
        model.known = known
        return model

    def without_known(self) -> "TopicModel":
        """Give the same model without what it knows of texts: all are read."""
        model = self.with_table(self.topics)
        model.known = None
        return model

    def with_embedder(self, embedder: Embedder) -> "TopicModel":
        """Give the same model with what gives vectors to texts: one that was given to `fit_topics` is not saved."""
        model = self.without_known()
        model.embedder = embedder
        return model

    def with_mixture(self, mixture: Mixture) -> "TopicModel":
        """Give the same topics with other words."""
        model = self.without_known()
        model.mixture = mixture
        return model

    def sorted(self) -> "TopicModel":
        """Give the same model with its largest topic first."""
        return self.take(np.argsort(-self.topics["posts"].to_numpy(np.int64), kind="stable"))

    def take(self, rows: npt.NDArray[np.int64]) -> "TopicModel":
        """Give the same model with some of its topics, in that order."""
        model = self.with_table(self.topics.iloc[rows].reset_index(drop=True))
        model.mixture = self.mixture.take(rows)
        model.space = replace(self.space, centroids=self.space.centroids[rows])
        return model

    def embed(self, posts: pd.DataFrame, *, column: str = "text") -> Singles:
        """Give the vectors of posts, of length 1, in the space of `space.centroids`; 0 where nothing is known."""
        prepared = self.vocabulary.prepare(posts[[column, *_others(posts)]], column)
        return self.place(prepared, self.vocabulary.count_words(prepared))

    def place(self, prepared: pd.DataFrame, counts: Counts, kept: Vectors | None = None) -> Singles:
        """Give the vectors of prepared posts."""
        embedder = self.embedder or make_embedder(self.embedding, self.backend)
        if embedder is None:
            return project(weigh_terms(counts, self.space.rarity), self.space.directions)
        texts = prepared["topic_text"].fillna("").tolist()
        return embed_texts(texts, embedder, kept, width=self.space.centroids.shape[1])

    def choose_topics(
        self,
        prepared: pd.DataFrame,
        counts: Counts,
        kept: Vectors | None = None,
        places: Singles | None = None,
    ) -> tuple[npt.NDArray[np.int64], Floats]:
        """Give the topic of prepared posts (−1 for none), and how sure that is, 0 to 1."""
        topics = np.full(len(prepared), NO_TOPIC, np.int64)
        strengths = np.zeros(len(prepared))  # in single precision all clear ones would be 1
        if not len(self.topics):
            return topics, strengths
        vectors = None
        if self.mixture.centroids is not None:
            vectors = self.place(prepared, counts, kept) if places is None else places
        at = 0
        for chances in self.mixture.chances(counts, vectors):
            topics[at : at + len(chances)] = chances.argmax(axis=1)
            strengths[at : at + len(chances)] = chances.max(axis=1)
            at += len(chances)
        silent = np.diff(counts.indptr) == 0
        if vectors is not None:
            silent &= (prepared["topic_text"].fillna("") == "").to_numpy()
        topics[silent | (strengths < self.least_strength)] = NO_TOPIC
        strengths[silent] = 0
        ids = self.topics["id"].to_numpy(np.int64)
        return np.where(topics >= 0, ids[topics], NO_TOPIC), strengths

    def assign(
        self, posts: pd.DataFrame, *, column: str = "text", kept: Vectors | None = None
    ) -> tuple[npt.NDArray[np.int64], Singles]:
        """Give the topic of posts (−1 for none), and how sure that is: as is known, else as their words say."""
        posts = posts[[column, *_others(posts)]]
        topics, strengths = (
            np.full(len(posts), NO_TOPIC, np.int64),
            np.zeros(len(posts), np.float32),
        )
        places = np.full(len(posts), -1)
        if self.known is not None:
            seen = self.known.seen
            places = seen.find(hash_posts(posts, column))
            there = np.flatnonzero(places >= 0)
            topics[there], strengths[there] = (
                seen.topics[places[there]],
                seen.strengths[places[there]],
            )
        fresh = np.flatnonzero(places < 0)
        prepared = self.vocabulary.prepare(posts.iloc[fresh], column)
        counts = self.vocabulary.count_words(prepared)
        topics[fresh], strengths[fresh] = self.choose_topics(prepared, counts, kept)
        return topics, strengths

    def save(self, folder: Path) -> None:
        """Write a model folder; see `murmuration.model_folder`."""
        write_folder(Path(folder), self._facts(), self._arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder; runs no code from it.

        Raises
        ------
        ModelError
            If the folder is damaged or holds another kind of model.
        """
        contents = read_folder(Path(folder))
        facts, arrays = contents.facts, contents.arrays
        try:
            topics = _read_topics(facts["topics"])
            vocabulary = Vocabulary.from_arrays(arrays)
            space = Space(arrays["rarity"], arrays["directions"], arrays["centroids"])
            words, pull = arrays["log_words"].astype(np.float64), float(facts["pull"])
            mixture = Mixture(words, arrays["log_sizes"], space.centroids if pull else None, pull)
            least = float(facts["least_strength"])
            known = Known.from_arrays(arrays, len(vocabulary.terms))
            history = History.from_facts(facts["history"]) if "history" in facts else None
            model = cls(
                read_card(facts),
                topics,
                vocabulary,
                mixture,
                space,
                least_strength=least,
                known=known,
                history=history,
                # Folders of before periods were kept do not know theirs.
                since=str(facts.get("since", "")),
                until=str(facts.get("until", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            raise ModelError(f"The model in {folder} is no topic model: {err!r}.") from err
        # Texts may have been erased from it since: it is the same version all the same.
        model.version = model_version(model.card, contents.digest)
        return model

    def _facts(self) -> dict[str, Any]:
        rows = [
            {name: _plain(getattr(row, name)) for name in _COLUMNS}
            for row in self.topics.itertuples()
        ]
        return card_facts(self.card) | {
            "topics": rows, "least_strength": self.least_strength, "pull": self.mixture.pull,
            "history": self.history.as_facts(),
        } | ({"since": self.since, "until": self.until} if self.until else {})  # fmt: skip

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        known = {} if self.known is None else self.known.as_arrays()
        return (
            self.vocabulary.as_arrays()
            | known
            | {
                "log_words": self.mixture.log_words.astype(np.float32),
                "log_sizes": self.mixture.log_sizes,
                "rarity": self.space.rarity,
                "directions": self.space.directions,
                "centroids": self.space.centroids,
            }
        )


def assign_topics(
    posts: Frame, model: TopicModel, *, column: str = "text", vectors: Vectors | None = None
) -> Frame:
    """Put beside each post the topic that it belongs to.

    Parameters
    ----------
    posts
        pandas or Dask frame with `column`; `title` and `lang` are used where they are there.
    model
        From `fit_topics` or `murmuration.models.load`.
    column
        The column with text.
    vectors
        Keeps the vectors of a network, such as `murmuration.vectors.VectorCache`.

    Returns
    -------
    same kind as `posts`
        With `topic` (the id; −1 for none) and `topic_strength` (how probable it is beside the other topics, 0 to 1; 0
        where the post holds nothing that the model knows). A post's topic never depends on other posts.

    Raises
    ------
    SchemaError
        If `column` is missing or no text, or `model` is no topic model.
    """
    check_model(model, what="assign_topics")
    check_posts(posts, [column], what="assign_topics")

    def assigned(part: pd.DataFrame, model: TopicModel) -> pd.DataFrame:
        topics, strengths = model.assign(part, column=column, kept=vectors)
        return part.assign(topic=topics, topic_strength=strengths.astype(np.float64))

    return map_rows(posts, assigned, model)


def check_model(given: object, *, what: str) -> None:
    """Make sure that an argument is a topic model; raises `SchemaError`."""
    if not isinstance(given, TopicModel):
        raise SchemaError(
            f"{what} needs a TopicModel, not {type(given).__name__}. Fit one with mm.topics.fit_topics, or load "
            "one with mm.models.load."
        )


def make_table(
    labels: Sequence[str],
    terms: Sequence[Sequence[str]],
    phrases: Sequence[Sequence[str]],
    posts: npt.NDArray[np.int64],
    weight: npt.NDArray[np.int64],
    n_posts: int,
) -> pd.DataFrame:
    """Give the table of `TopicModel.topics`."""
    return pd.DataFrame(
        {
            "id": np.arange(len(labels), dtype=np.int64),
            "label": _texts(labels),
            "terms": list_column(terms),
            "phrases": list_column(phrases),
            "posts": posts.astype(np.int64),
            "weight": weight.astype(np.int64),
            "share": posts / max(n_posts, 1),
        }
    )


def empty_table(n_topics: int) -> pd.DataFrame:
    """Give a table of topics of which nothing is known yet."""
    none = np.zeros(n_topics, np.int64)
    return make_table([""] * n_topics, [[]] * n_topics, [[]] * n_topics, none, none, 0)


def _read_topics(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    values = {name: [row[name] for row in rows] for name in _COLUMNS}
    numbers = {name: np.array(values[name], np.int64) for name in ("id", "posts", "weight")}
    return pd.DataFrame(
        {
            **values, **numbers, "label": _texts(values["label"]),
            "terms": list_column(values["terms"]), "phrases": list_column(values["phrases"]),
            "share": np.array(values["share"], np.float64),
        }
    )  # fmt: skip


def list_column(values: Iterable[Sequence[str]]) -> pd.arrays.ArrowExtensionArray:
    """Give a column of lists of texts."""
    rows = [list(value) for value in values]
    return pd.arrays.ArrowExtensionArray(pa.array(rows, TEXTS.pyarrow_dtype))


def _texts(values: Iterable[str]) -> pd.arrays.ArrowExtensionArray:
    return pd.arrays.ArrowExtensionArray(pa.array(list(values), TEXT.pyarrow_dtype))


def _plain(value: Any) -> Any:
    if isinstance(value, str | float):
        return value
    return [str(one) for one in value] if np.ndim(value) else np.asarray(value).item()


def _others(posts: pd.DataFrame) -> list[str]:
    return [name for name in ("title", "lang") if name in posts.columns]
