"""Texts → vectors of a network that others trained, where the extra `embeddings` is installed.

A network is read from the files of one folder, from safetensors only and without code that lies beside them.
"""

import hashlib
import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from murmuration.compute.device import round_alike
from murmuration.errors import ModelError
from murmuration.sentiment.features import MAX_CHARS

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

_SCALE = 3.0  # vectors have length 1, and n-grams of words and of characters each as well
_TRAINING_BATCH = 64
_MAKERS = "sentence-transformers"  # whose model a name without a maker is
# What changes the vectors; tokenisers and settings are read from others as well, which most models lack.
_TELLING = (
    "config.json",
    "modules.json",
    "model*.safetensors",
    "tokenizer.json",
    "vocab.txt",
    "*.model",
)
_FETCHED = ("*.safetensors", "*.json", "*.txt", "*.model")
_LEFT_OUT = ("onnx/*", "openvino/*")
_TOKENISERS = ("tokenizer.json", "vocab.txt", "*.model")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def embed_texts(
    texts: list[str], embedding: str, *, alone: bool = True, device: str = "cpu"
) -> Floats:
    """Give a vector of length `_SCALE` for each text.

    Parameters
    ----------
    texts
        Read up to `MAX_CHARS`.
    embedding
        Name or folder of a sentence-transformers or model2vec model.
    alone
        Whether texts go through the network one by one: matrix products of another shape round
        differently, so that in a batch a text's vector depends on the others in its last digits. In batches is
        how models are trained; only then an embedding that is not on this machine is fetched.
    device
        Where the network runs: ``cpu`` or ``cuda``; `murmuration.compute.choose_device` chooses.

    Returns
    -------
    numpy.ndarray
        Shape (n_texts, n_dimensions).

    Raises
    ------
    ModelError
        If the libraries or the model are not there, or its weights are pickles.
    """
    if not alone:
        _find(embedding, fetch=True)
    encode = open_network(embedding, device)
    read = [text[:MAX_CHARS] for text in texts]
    vectors = np.asarray(encode(read, 1 if alone else _TRAINING_BATCH), np.float64)
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    scaled: Floats = vectors * (_SCALE / np.maximum(lengths, 1e-12))
    return scaled


def digest_embedding(embedding: str) -> str:
    """Give the SHA-256 over the files that an embedding's vectors come from: weights, tokeniser, settings.

    Raises
    ------
    ModelError
        If it is not on this machine, or its weights are pickles.
    """
    return _digest(_find(embedding))


def check_embedding(embedding: str, digest: str) -> None:
    """Check that an embedding is the one that a model was trained with; `digest` as `digest_embedding` gave it.

    Raises
    ------
    ModelError
        If it is another, or for what `digest_embedding` refuses.
    """
    found = digest_embedding(embedding)
    if found != digest:
        raise ModelError(
            f"The embedding {embedding!r} is not the one that the model was trained with: its digest starts with "
            f"{found[:16]}, not {digest[:16]}. Put that one back, or train the model again."
        )


def is_whole(embedding: str) -> bool:
    """Say whether an embedding is on this machine, with weights and tokeniser: all that is read of it."""
    try:
        folder = _find(embedding)
        _check_weights(embedding, folder)
    except ModelError:
        return False
    return any(_parts(folder, kind) for kind in _TOKENISERS)


@lru_cache(maxsize=2)
def open_network(
    embedding: str, device: str = "cpu"
) -> Callable[[list[str], int], npt.NDArray[np.float32]]:
    """Give what gives vectors to texts, in batches of a size; read from this machine only.

    Raises
    ------
    ModelError
        If the libraries or the model are not there, it was cut short, or its weights are pickles.
    """
    folder = _find(embedding)
    _check_weights(embedding, folder)
    try:
        if _is_static(folder):
            from model2vec import StaticModel

            static = StaticModel.from_pretrained(folder)
            return lambda texts, batch: static.encode(
                texts, batch_size=batch, use_multiprocessing=False
            )
        round_alike()
        from sentence_transformers import SentenceTransformer

        network = SentenceTransformer(
            str(folder),
            device=device,
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
        )
    except ImportError as err:
        raise _not_installed(embedding, err) from err
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as err:
        raise ModelError(
            f"The embedding {embedding!r} cannot be read: {' '.join(str(err).split())[:200]}. Give the name of a "
            "sentence-transformers model or a folder that holds one."
        ) from err
    return lambda texts, batch: network.encode(texts, batch_size=batch, show_progress_bar=False)


def _find(embedding: str, *, fetch: bool = False) -> Path:
    """Give the folder of an embedding: one that is named, or a name's in the local cache; else fetched, or an error."""
    folder = Path(embedding).expanduser()
    if not folder.is_dir():
        folder = _find_on_hub(embedding, fetch=fetch)
    pickled = [path for kind in _PICKLES for path in _parts(folder, kind)]
    if odd := [path for path in pickled if not list(path.parent.glob("*.safetensors"))]:
        raise ModelError(
            f"The embedding {embedding!r} has no weights as safetensors beside {odd[0].relative_to(folder)}. Pickled "
            "weights may hold code, so they are not read; convert them, or name another embedding."
        )
    return folder


def _check_weights(embedding: str, folder: Path) -> None:
    """Check that there are weights, and that none was cut short: a file says in its first bytes how long it is."""
    files = _parts(folder, "*.safetensors")
    if not files:
        raise ModelError(
            f"The embedding {embedding!r} has no weights (*.safetensors): it was not copied or fetched to its end, or it is "
            "none. Fetch it again, or name another one."
        )
    for file in files:
        try:
            with safe_open(file, framework="np"):
                pass
        except (OSError, SafetensorError) as err:
            raise ModelError(
                f"The embedding {embedding!r} cannot be read: {file.name} was cut short or is damaged ({err}). Fetch or copy "
                "it again."
            ) from err


def _find_on_hub(embedding: str, *, fetch: bool) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError
    except ImportError as err:
        raise _not_installed(embedding, err) from err
    name = embedding if "/" in embedding else f"{_MAKERS}/{embedding}"
    kept = {"allow_patterns": list(_FETCHED), "ignore_patterns": list(_LEFT_OUT)}
    try:
        return Path(snapshot_download(name, local_files_only=True, **kept))
    except HFValidationError as err:
        raise ModelError(
            f"{embedding!r} is neither a folder nor the name of an embedding on the hub."
        ) from err
    except OSError as err:
        if not fetch:
            raise ModelError(
                f"There is no embedding {embedding!r} on this machine, and none is fetched to score posts or to find topics. "
                "Copy it from where the model was trained, or fetch it with huggingface_hub."
            ) from err
    log.info("%s is not in the local cache, so it is fetched", name)
    try:
        return Path(snapshot_download(name, **kept))
    except OSError as err:
        raise ModelError(
            f"There is no embedding {embedding!r}: {str(err).splitlines()[0]} Give the name of a "
            "sentence-transformers model or a folder that holds one."
        ) from err


def _not_installed(embedding: str, err: ImportError) -> ModelError:
    return ModelError(
        f"The embedding {embedding!r} needs {err.name}, which is not installed. Install murmuration with "
        "the extra 'embeddings', or leave out ClassifierParams.embedding (of topics: set TopicParams.embedding to 'lsa')."
    )


def _parts(folder: Path, kind: str) -> list[Path]:
    """Give files of a kind in a folder and in those of its modules, such as ``1_Pooling``."""
    return sorted([*folder.glob(kind), *folder.glob(f"[0-9]*_*/{kind}")])


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted({path for kind in _TELLING for path in _parts(folder, kind)}):
        with path.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{own}\n".encode())
    return digest.hexdigest()


def _is_static(folder: Path) -> bool:
    config = folder / "config.json"
    return config.is_file() and '"model2vec"' in config.read_text(encoding="utf-8")
