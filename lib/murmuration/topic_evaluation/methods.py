"""Ours and the references, each as one function: posts → the topic of each, and the terms of each topic."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.decomposition import NMF, LatentDirichletAllocation, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from murmuration.errors import ParamError, suggest
from murmuration.topics.embed import embed_texts, make_embedder
from murmuration.topics.fit import fit_topics
from murmuration.topics.model import assign_topics
from murmuration.topics.params import Method as OwnMethod
from murmuration.topics.params import TopicParams
from murmuration.topics.quality import TOP_TERMS

Labels = npt.NDArray[np.int64]

_COMPONENTS = 100  # of the references' vectors without a network
_LEAST_TEXTS = 2  # that have a word
_REFERENCE_TOPICS = 20  # of those that cannot choose
_ITERATIONS = 400  # of NMF
_COMPILING_TEXTS = 4_200  # from 4,096 on UMAP searches neighbours by compiled code


@dataclass(frozen=True, eq=False)
class Found:
    """The topic of each post, −1 for none, and the terms of each topic, most telling first."""

    topics: Labels
    terms: list[list[str]]


@dataclass(frozen=True)
class Task:
    """How many topics, None for as many as the method finds, from which seed, and in which vectors."""

    n_topics: int | None
    seed: int
    embedding: str = "lsa"


Fit = Callable[[pd.DataFrame, Task], Found]


def _ours(method: OwnMethod) -> Fit:
    def fit(posts: pd.DataFrame, task: Task) -> Found:
        params = TopicParams(
            n_topics=task.n_topics, seed=task.seed, method=method, embedding=task.embedding
        )
        model = fit_topics(posts, params)
        topics = assign_topics(posts, model)["topic"].to_numpy(np.int64)
        return Found(topics, [list(terms) for terms in model.topics["terms"]])

    return fit


def _bertopic(posts: pd.DataFrame, task: Task) -> Found:
    """Leave all to BERTopic: its own number of topics, then reduced to what was asked for."""
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder

    texts = posts["text"].tolist()
    model = BERTopic(
        embedding_model=BaseEmbedder(),
        umap_model=_umap(task.seed),
        nr_topics=None if task.n_topics is None else task.n_topics + 1,  # it counts −1
    )
    topics, _ = model.fit_transform(texts, embeddings=_vectors(texts, task))
    terms = [[term for term, _ in model.get_topic(one)] for one in sorted(set(topics) - {-1})]
    return Found(np.array(topics, np.int64), terms)


def _umap(seed: int) -> Any:
    """BERTopic's own UMAP, seeded."""
    from umap import UMAP

    return UMAP(
        n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed, n_jobs=1
    )


def _nmf(posts: pd.DataFrame, task: Task) -> Found:
    count = TfidfVectorizer(min_df=_LEAST_TEXTS)
    n_topics = task.n_topics or _REFERENCE_TOPICS
    model = NMF(n_topics, random_state=task.seed, init="nndsvd", max_iter=_ITERATIONS)
    weights = model.fit_transform(count.fit_transform(posts["text"]))
    return Found(weights.argmax(axis=1), _rank(model.components_, count.get_feature_names_out()))


def _lda(posts: pd.DataFrame, task: Task) -> Found:
    count = CountVectorizer(min_df=_LEAST_TEXTS, stop_words="english")
    n_topics = task.n_topics or _REFERENCE_TOPICS
    model = LatentDirichletAllocation(n_topics, random_state=task.seed, learning_method="online")
    weights = model.fit_transform(count.fit_transform(posts["text"]))
    return Found(weights.argmax(axis=1), _rank(model.components_, count.get_feature_names_out()))


def _k_means(posts: pd.DataFrame, task: Task) -> Found:
    texts = posts["text"].tolist()
    n_topics = task.n_topics or _REFERENCE_TOPICS
    model = KMeans(n_topics, random_state=task.seed, n_init=10)
    topics = model.fit_predict(_vectors(texts, task)).astype(np.int64)
    return Found(topics, _class_terms(texts, topics))


def _vectors(texts: Sequence[str], task: Task) -> npt.NDArray[Any]:
    """Give the vectors of the references: TF-IDF and TruncatedSVD, or those of the same network as ours."""
    embedder = make_embedder(task.embedding)
    if embedder is not None:
        return embed_texts(texts, embedder)
    weighed = TfidfVectorizer(min_df=_LEAST_TEXTS).fit_transform(texts)
    components = min(_COMPONENTS, min(weighed.shape) - 1)
    vectors: npt.NDArray[Any] = TruncatedSVD(components, random_state=task.seed).fit_transform(
        weighed
    )
    return vectors


def _class_terms(texts: Sequence[str], topics: Labels) -> list[list[str]]:
    """Give terms by the class-based TF-IDF of BERTopic."""
    count = CountVectorizer(min_df=_LEAST_TEXTS)
    members = sparse.csr_matrix((np.ones(len(topics)), (topics, np.arange(len(topics)))))
    sums = (members @ count.fit_transform(texts)).toarray()
    rarity = np.log(1 + sums.sum() / len(sums) / sums.sum(axis=0))
    weights = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1) * rarity
    return _rank(weights, count.get_feature_names_out())


def _rank(weights: npt.NDArray[Any], names: npt.NDArray[Any]) -> list[list[str]]:
    return [names[row.argsort()[::-1][:TOP_TERMS]].tolist() for row in weights]


METHODS: Mapping[str, Fit] = {
    "murmuration": _ours("bertopic"),
    "murmuration nmf": _ours("nmf"),
    "murmuration lda": _ours("lda"),
    "plain BERTopic": _bertopic,
    "plain NMF": _nmf,
    "plain LDA": _lda,
    "k-means": _k_means,
}


def warm(method: str, n_texts: int) -> None:
    """Import what a method needs, and let it compile: neither is part of its time."""
    if method == "plain BERTopic":
        n = min(n_texts, _COMPILING_TEXTS)
        _umap(0).fit_transform(np.random.default_rng(0).random((n, 10), np.float32))
    if method in ("murmuration", "plain BERTopic"):
        import bertopic  # noqa: F401


def check_methods(names: Sequence[str]) -> None:
    """Raise ParamError if a method is not known."""
    for name in names:
        if name not in METHODS:
            raise ParamError(
                f"There is no method {name!r}.{suggest(name, METHODS)} Known are {', '.join(METHODS)}."
            )
