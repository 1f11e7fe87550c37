"""BERTopic, fitted: its frame around groups of ours, or its own UMAP and HDBSCAN."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from murmuration.topics.cluster import MakeEstimator
from murmuration.topics.mixture import Labels, Singles

_NEIGHBOURS, _COMPONENTS = 15, 5  # BERTopic's own


class Groups:
    """What BERTopic takes for its clustering: groups vectors as it is told to."""

    def __init__(self, group: Callable[[Singles], Labels]) -> None:
        self.group = group
        self.labels_: Labels = np.empty(0, np.int64)

    def fit(self, vectors: npt.NDArray[Any], y: object = None) -> Self:
        """Group the vectors of texts."""
        del y
        self.labels_ = self.group(vectors)
        return self


def _import_bertopic() -> None:
    """Import BERTopic, but not UMAP, which only a picture of its own needs, and which on a new machine compiles for half a minute.

    That picture, `visualize_topics`, then places topics by principal components; who wants UMAP there imports it before.
    """
    if "umap" in sys.modules:
        return
    sys.modules["umap"] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        import bertopic  # noqa: F401
    finally:
        del sys.modules["umap"]


def fit_bertopic(
    texts: Sequence[str],
    vectors: Singles,
    words: Callable[[str], list[str]],
    *,
    group: Callable[[Singles], Labels] | None,
    n_topics: int | None,
    least: int,
    seed: int,
    make: MakeEstimator,
) -> Any:
    """Fit BERTopic; its `topics_` are the labels of the texts.

    Parameters
    ----------
    texts
        As people read them.
    vectors
        Of length 1, shape (n_texts, n_dimensions).
    words
        Gives the words of a text.
    group
        Gives labels for vectors; None leaves grouping to UMAP and HDBSCAN.
    n_topics
        How many, where UMAP and HDBSCAN group; None leaves it to them.
    least
        Texts of their smallest topic.
    seed
        Of UMAP.
    make
        Makes UMAP and HDBSCAN; they are native, as BERTopic knows them by their types.

    Returns
    -------
    bertopic.BERTopic
        Fitted.
    """
    _import_bertopic()
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from bertopic.dimensionality import BaseDimensionalityReduction
    from sklearn.feature_extraction.text import CountVectorizer

    reduction: Any = BaseDimensionalityReduction()
    if group is None:
        reduction = _make_umap(vectors, seed, make)
        groups = make("HDBSCAN", min_cluster_size=least, prediction_data=True)
    else:
        groups = Groups(group)
    model = BERTopic(
        embedding_model=BaseEmbedder(),
        umap_model=reduction,
        hdbscan_model=groups,
        vectorizer_model=CountVectorizer(analyzer=words),
        nr_topics=n_topics + 1 if group is None and n_topics else None,  # it counts −1
        calculate_probabilities=False,
    )
    model.fit_transform(list(texts), embeddings=vectors)
    return model


def _make_umap(vectors: Singles, seed: int, make: MakeEstimator) -> Any:
    """Make UMAP with neighbours searched beforehand: it compiles for 40 s in each process otherwise."""
    n = min(_NEIGHBOURS, len(vectors) - 1)
    search = make("NearestNeighbors", n_neighbors=n + 1, metric="cosine").fit(vectors)
    distances, indices = search.kneighbors(vectors)
    known = own_first(distances, indices, n)
    return make(
        "UMAP", n_neighbors=n, n_components=_COMPONENTS, min_dist=0.0, metric="cosine",
        random_state=seed, precomputed_knn=known,
    )  # fmt: skip


def own_first(distances: Any, indices: Any, n: int) -> tuple[Any, Any]:
    """Give each row's `n` neighbours, itself first: cuML wants that, and of equal texts any may come first."""
    own = np.arange(len(indices))[:, None]
    order = np.argsort(indices == own, axis=1, kind="stable")[:, : n - 1]
    nearest, far = (np.take_along_axis(each, order, axis=1) for each in (indices, distances))
    return np.hstack([own, nearest]), np.hstack([np.zeros_like(far[:, :1]), far])
