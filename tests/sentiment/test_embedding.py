"""Vectors of networks: a tiny one that is built here, never fetched."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from murmuration.errors import ModelError
from murmuration.models import load
from murmuration.sentiment import ClassifierParams, train_classifier
from murmuration.sentiment.embedding import check_embedding, digest_embedding, embed_texts
from murmuration.sentiment.model import LABELS

from .test_transformer import build

needs_network = pytest.mark.skipif(
    find_spec("sentence_transformers") is None,
    reason="sentence-transformers is not here: it comes with the extra 'embeddings'",
)


@pytest.fixture
def files(tmp_path) -> Path:
    """What an embedding's files are called; nothing can be read from them."""
    for name in ("config.json", "modules.json", "model.safetensors", "1_Pooling/config.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    return tmp_path


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "1_Pooling/config.json"])
def test_another_embedding_of_the_same_name_is_refused(files, name):
    digest = digest_embedding(str(files))
    (files / "README.md").write_text("changes no vector")
    check_embedding(str(files), digest)
    (files / name).write_text("other")
    with pytest.raises(ModelError, match=f"not the one that the model .* not {digest[:16]}"):
        check_embedding(str(files), digest)


@pytest.mark.parametrize("name", ["2_Dense/pytorch_model.bin", "3_Dense/weights.pt"])
def test_pickled_weights_are_refused(files, name):
    (files / "pytorch_model.bin").write_text("not read: there are safetensors beside it")
    digest_embedding(str(files))
    (files / name).parent.mkdir()
    (files / name).write_text("a pickle")
    with pytest.raises(ModelError, match=f"no weights as safetensors beside {name}"):
        embed_texts(["a"], str(files))


@needs_network
def test_a_model_says_which_embedding_it_was_trained_with(tmp_path):
    folder = build(tmp_path / "net")
    texts = [f"{word} {number}" for word in ("bad", "table", "good") for number in range(8)]
    labels = [label for label in LABELS for _ in range(8)]
    params = ClassifierParams(embedding=str(folder), strength=1.0, folds=2)
    train_classifier(texts, labels, params=params).save(tmp_path / "model")
    assert load(tmp_path / "model").card.params["embedding_digest"] == digest_embedding(str(folder))
    (folder / "vocab.txt").write_text((folder / "vocab.txt").read_text().replace("good", "well"))
    with pytest.raises(ModelError, match="is not the one that the model was trained with"):
        load(tmp_path / "model")


@pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="comes with the extra")
def test_scoring_fetches_nothing(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match="none is fetched to score posts"):
        embed_texts(["a"], "nobody/nothing")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="There is no embedding 'nobody/nothing': "):
        embed_texts(["a"], "nobody/nothing", alone=False)
    with pytest.raises(ModelError, match="neither a folder nor the name"):
        embed_texts(["a"], "no such/thing/at all")


@needs_network
def test_vectors_come_from_a_folder_on_the_device_that_is_named(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # taken by nobody unasked
    folder = build(tmp_path / "net")
    vectors = embed_texts(["good flight", "bad", "good flight"], str(folder))
    assert vectors.shape == (3, 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 3.0)
    assert (vectors[0] == vectors[2]).all()
