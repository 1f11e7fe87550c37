"""Texts → vectors of a network that others trained, where the extra `embeddings` is installed."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from murmuration.errors import ModelError
from murmuration.sentiment.features import MAX_CHARS

Floats = npt.NDArray[np.float64]

_SCALE = 3.0  # vectors have length 1, and n-grams of words and of characters each as well
_TRAINING_BATCH = 64


def embed_texts(texts: list[str], embedding: str, *, alone: bool = True) -> Floats:
    """Give a vector of length `_SCALE` for each text.

    Parameters
    ----------
    texts
        Read up to `MAX_CHARS`.
    embedding
        Name or folder of a sentence-transformers or model2vec model; a name is looked for on this machine
        first.
    alone
        Whether texts go through the network one by one: matrix products of another shape round
        differently, so that in a batch a text's vector depends on the others in its last digits.

    Returns
    -------
    numpy.ndarray
        Shape (n_texts, n_dimensions).

    Raises
    ------
    ModelError
        If the libraries or the model are not there.
    """
    encode = _open(embedding)
    read = [text[:MAX_CHARS] for text in texts]
    vectors = np.asarray(encode(read, 1 if alone else _TRAINING_BATCH), np.float64)
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return vectors * (_SCALE / np.maximum(lengths, 1e-12))


@lru_cache(maxsize=2)
def _open(embedding: str) -> Callable[[list[str], int], npt.NDArray[np.float32]]:
    folder = Path(embedding).expanduser()
    try:
        if _is_static(folder):
            from model2vec import StaticModel

            static = StaticModel.from_pretrained(folder)
            return lambda texts, batch: static.encode(
                texts, batch_size=batch, use_multiprocessing=False
            )
        from sentence_transformers import SentenceTransformer

        network = SentenceTransformer(str(folder if folder.is_dir() else embedding))
    except ImportError as err:
        raise ModelError(
            f"The embedding {embedding!r} needs {err.name}, which is not installed. Install murmuration with "
            "the extra 'embeddings', or leave out ClassifierParams.embedding."
        ) from err
    except (OSError, ValueError) as err:
        raise ModelError(
            f"There is no embedding {embedding!r}: {str(err).splitlines()[0]} Give the name of a "
            "sentence-transformers model or a folder that holds one."
        ) from err
    return lambda texts, batch: network.encode(texts, batch_size=batch, show_progress_bar=False)


def _is_static(folder: Path) -> bool:
    config = folder / "config.json"
    return config.is_file() and '"model2vec"' in config.read_text(encoding="utf-8")
