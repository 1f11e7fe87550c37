"""Texts → vectors: made of the texts themselves, or by a network that others trained (extra `embeddings`)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from murmuration.compute.backends import SPARSE_TEXT
from murmuration.compute.device import choose_device
from murmuration.errors import ModelError
from murmuration.sentiment.embedding import open_network
from murmuration.topics.cluster import MakeEstimator
from murmuration.topics.mixture import Singles, unit_rows
from murmuration.topics.params import LSA, STATIC
from murmuration.topics.words import Counts

log = logging.getLogger(__name__)

_COMPONENTS = 200
_MAX_CHARS = 2_000
_BATCH = 64
_DIGITS = 4


class Embedder(Protocol):
    """Gives texts places: those that say alike things are near each other."""

    @property
    def name(self) -> str:
        """What vectors are kept under; another name for other vectors."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        """Give vectors, shape (n_texts, n_dimensions); that of one text never depends on the others."""


class Vectors(Protocol):
    """Keeps vectors, so that a text is embedded once; `murmuration.vectors.VectorCache` is one."""

    def embed(self, texts: Sequence[str], embedder: Embedder) -> npt.NDArray[Any]:
        """Give the vectors of texts: those kept, and those that the embedder gives for the rest."""


@dataclass(frozen=True)
class Network:
    """A sentence-transformers or model2vec model on this machine.

    Attributes
    ----------
    name
        Name or folder; ``model2vec:`` goes before those of model2vec.
    backend
        Where it runs, see `murmuration.compute.choose_device`.
    """

    name: str
    backend: str = "auto"

    @property
    def where(self) -> str:
        """Where it runs, and why there."""
        chosen = choose_device(self.backend)
        return f"{chosen.device}: {chosen.reason}"

    def embed(self, texts: Sequence[str]) -> Singles:
        """Give vectors, shape (n_texts, n_dimensions); nothing is fetched.

        Raises
        ------
        ModelError
            If the libraries or the model are not there, it was cut short, or its weights are pickles.
        """
        encode = open_network(self.name.removeprefix(STATIC), choose_device(self.backend).device)
        vectors = np.asarray(encode([text[:_MAX_CHARS] for text in texts], _BATCH), np.float32)
        # The last digits hang on the other texts of a batch, as matrices of another shape round differently.
        return unit_rows(vectors).round(_DIGITS)


def make_embedder(name: str, backend: str = "auto") -> Embedder | None:
    """Give the network of that name; None for `LSA`, which needs the posts."""
    return None if name == LSA else Network(name, backend)


def embed_texts(
    texts: Sequence[str],
    embedder: Embedder,
    kept: Vectors | None = None,
    *,
    width: int | None = None,
) -> Singles:
    """Give checked vectors of length 1, each different text embedded once.

    Raises
    ------
    ModelError
        If vectors are not of one width and finite, one for each text.
    """
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return np.zeros((0, width or 0), np.float32)
    found = kept.embed(distinct, embedder) if kept is not None else embedder.embed(distinct)
    vectors = check_vectors(found, n=len(distinct), name=embedder.name, width=width)
    places = {text: place for place, text in enumerate(distinct)}
    return vectors[[places[text] for text in texts]]


def check_vectors(
    vectors: npt.NDArray[Any], *, n: int, name: str, width: int | None = None
) -> Singles:
    """Give vectors length 1, or say what is wrong with them.

    Raises
    ------
    ModelError
        If there are not `n` rows, of `width` if that is given, all finite.
    """
    array = np.asarray(vectors)
    if array.ndim != 2 or len(array) != n:
        raise ModelError(
            f"The embedding {name!r} gave an array of shape {array.shape} for {n} texts. It has to give one row a text."
        )
    if width is not None and array.shape[1] != width:
        raise ModelError(
            f"The embedding {name!r} gives {array.shape[1]} numbers a text, but the topics were made with {width}. "
            "Use the embedding that they were made with, or fit the topics again."
        )
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array).all(axis=1)).sum())
        raise ModelError(
            f"The embedding {name!r} gave numbers that are not finite for {bad} of {n} texts. Use another embedding, "
            "such as 'lsa'."
        )
    return unit_rows(array)


def decompose(weighed: Counts, *, seed: int, make: MakeEstimator) -> tuple[Singles, Singles]:
    """Find the directions in which texts differ most: latent semantic analysis.

    Parameters
    ----------
    weighed
        TF-IDF, shape (n_texts, n_words).
    seed
        Of the start.
    make
        Makes the TruncatedSVD.

    Returns
    -------
    vectors, directions
        Vectors of length 1, the first dimensions saying most, shape (n_texts, n_dimensions); and what the words
        add to each, shape (n_words, n_dimensions).

    References
    ----------
    Deerwester et al. 1990, doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9.
    """
    n = min(_COMPONENTS, min(weighed.shape) - 1)
    if n < 2:
        directions = np.eye(weighed.shape[1], max(n, 1) + 1, dtype=np.float32)
    else:
        with np.errstate(
            invalid="ignore"
        ):  # shares of a variance of 0, where all texts are the same
            svd = make("TruncatedSVD", n_components=n, random_state=seed, **SPARSE_TEXT).fit(
                weighed
            )
        directions = np.ascontiguousarray(svd.components_.T, np.float32)
    return project(weighed, directions), directions


def project(weighed: Counts, directions: Singles) -> Singles:
    """Give vectors of length 1 of TF-IDF rows; 0 for rows without words."""
    return unit_rows(np.asarray(weighed @ directions))
