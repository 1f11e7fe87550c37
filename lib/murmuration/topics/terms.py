"""Counts of terms in topics → the terms that tell a topic."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]

# How much less a term counts that other topics have as well: between 0.1 and 0.4 the terms of BBC News are as coherent as
# without, and differ more from topic to topic (`evaluate topics`).
_FOCUS = 0.2


def weigh_topic_terms(
    texts_with: sparse.csr_matrix,
    texts: npt.NDArray[np.int64],
    all_with: npt.NDArray[np.int64],
    n: int,
) -> sparse.csr_matrix:
    """Weigh each term by how well it tells a topic.

    Parameters
    ----------
    texts_with
        How many texts of each topic have the term, shape (n_topics, n_terms).
    texts
        How many texts each topic has, shape (n_topics,).
    all_with
        How many of all texts have the term, shape (n_terms,).
    n
        How many texts there are.

    Returns
    -------
    scipy.sparse.csr_matrix
        Shape (n_topics, n_terms), unitless, 0 or more: the share of the topic's texts with the term, times how many
        times more that is than among all texts (in logarithms), times the share of the term that the topic has. Texts
        rather than occurrences are counted, as one text that says a word ten times tells no more.

    References
    ----------
    A class-based TF-IDF (Grootendorst 2022, arXiv:2203.05794), with the idf as a divergence from all texts.
    """
    shares = texts_with.astype(np.float64).tocsr()
    shares.data /= np.repeat(np.maximum(texts, 1), np.diff(shares.indptr))
    everywhere = np.maximum(all_with, 1) / max(n, 1)
    rate = shares.data / everywhere[shares.indices]
    own = shares.data / np.maximum(np.asarray(shares.sum(axis=0)).ravel(), 1e-12)[shares.indices]
    if shares.shape[0] == 1:
        rate, own = np.full_like(rate, np.e), np.ones_like(own)
    shares.data *= np.maximum(np.log(rate), 0) * own**_FOCUS
    return shares


def rank_terms(weights: sparse.csr_matrix, names: list[str], n: int) -> list[list[str]]:
    """Give the `n` terms of each topic that weigh most; the order of the alphabet decides between equals."""
    ranked = []
    for row in range(weights.shape[0]):
        part = weights[row]
        order = np.lexsort((part.indices, -part.data))[:n]
        ranked.append([names[part.indices[at]] for at in order if part.data[at] > 0])
    return ranked
