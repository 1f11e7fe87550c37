"""Transformers as models: a tiny one of BERT's kind that is built here, never fetched."""

import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from murmuration import models
from murmuration.errors import ModelError, SettingsError
from murmuration.model_folder import FACTS
from murmuration.sentiment import score_posts
from murmuration.sentiment.calibration import calibration_error
from murmuration.sentiment.model import LABELS, Model
from murmuration.sentiment.transformer import TransformerModel, _fold_labels, _Network

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("transformers") is None,
    reason="torch and transformers are not here: they come with the extra 'embeddings'",
)

WORDS = "good bad table the flight was so very not i love hate it and delay thanks".split()
TEXTS = [
    "good", "so bad", "the flight was very very good", "i love it and i love the table " * 3, "hate " * 40,
    "not bad", "thanks", "the delay was not so good and it was bad", "it", "good bad " * 20,
]  # fmt: skip


def build(
    folder: Path, labels=("negative", "neutral", "positive"), positions=64, **changes
) -> Path:
    """Write a random BERT of two small layers as `save_pretrained` does."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=positions,
        initializer_range=0.5,
        id2label=dict(enumerate(labels)),
        **changes,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """A model as one finds it on the hub."""
    return build(tmp_path_factory.mktemp("hub") / "tiny")


@pytest.fixture
def tiny(published) -> TransformerModel:
    return TransformerModel.from_pretrained(published, languages=["en"], called="tiny")


@needs_torch
def test_probabilities_are_those_of_the_network(tiny, published):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenise = AutoTokenizer.from_pretrained(published)
    network = AutoModelForSequenceClassification.from_pretrained(published).eval()
    for text, found in zip(TEXTS, tiny.predict_proba(TEXTS), strict=True):
        given = tokenise(text, return_tensors="pt", truncation=True, max_length=64)
        with torch.inference_mode():
            wanted = network(**given).logits.softmax(-1)[0].double().numpy()
        np.testing.assert_allclose(found, wanted, atol=1e-6)


@needs_torch
def test_to_the_bit_no_text_depends_on_its_company(tiny):
    texts = TEXTS * 7
    together = tiny.predict_proba(texts)
    alone = np.concatenate([tiny.predict_proba([text]) for text in TEXTS])
    np.testing.assert_array_equal(together, np.tile(alone, (7, 1)))
    np.testing.assert_array_equal(tiny.predict_proba(texts[::-1])[::-1], together)
    np.testing.assert_array_equal(tiny.predict_proba(texts[3:60]), together[3:60])
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(tiny.predict_proba, [texts] * 4):
            np.testing.assert_array_equal(found, together)


@needs_torch
def test_missing_and_empty_texts_are_given_nothing(tiny):
    texts = pd.Series(["good", None, "", "  ", "bad"], index=[9, 8, 7, 6, 5])
    shares = tiny.predict_proba(texts)
    assert np.isnan(shares).all(axis=1).tolist() == [False, True, True, True, False]
    np.testing.assert_allclose(shares[[0, 4]].sum(axis=1), 1)
    labels = tiny.predict(texts)
    assert labels.index.tolist() == texts.index.tolist()
    assert labels.notna().tolist() == [True, False, False, False, True]
    assert labels[9] == LABELS[shares[0].argmax()]
    assert tiny.predict_proba([]).shape == (0, 3)


@needs_torch
def test_labelled_posts_say_how_sure_it_may_be(tiny, tmp_path):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 6)) for _ in range(300)]
    right, any_label = tiny.predict(texts).tolist(), rng.integers(0, 3, 300)
    labels = [
        one if rng.random() < 0.5 else LABELS[code]
        for one, code in zip(right, any_label, strict=True)
    ]
    told = tiny.calibrate(texts, labels, description="our posts")
    assert told.version != tiny.version
    assert told.predict(texts).tolist() == right
    assert told.card.params["temperature"] > 1.2
    assert told.card.errors.counts.sum() == len(set(texts))
    assert told.card.errors.measured_on.startswith("our posts: ")
    codes = np.array([LABELS.index(label) for label in labels])
    errors = [calibration_error(one.predict_proba(texts), codes) for one in (tiny, told)]
    assert errors[1] < 0.5 * errors[0]
    told.save(tmp_path / "told")
    again = TransformerModel.load(tmp_path / "told")
    np.testing.assert_array_equal(again.predict_proba(texts), told.predict_proba(texts))
    np.testing.assert_array_equal(told.predict_proba(texts[:1]), told.predict_proba(texts)[:1])
    assert (
        told.calibrate(texts, labels).card.params["temperature"] == told.card.params["temperature"]
    )


@needs_torch
def test_of_a_long_text_the_beginning_is_read_and_said(tiny, caplog):
    caplog.set_level("INFO", logger="murmuration")
    long = "love " * 5_000_000 + "hate"
    one, other = tiny.predict_proba([long, "love " * 62])
    np.testing.assert_array_equal(one, other)
    assert "2 of 2 texts fill all 64 tokens" in caplog.text


@needs_torch
def test_reading_a_network_prints_nothing(published, tmp_path, capfd):
    shutil.copytree(published, tmp_path / "copy")  # one that is not in memory yet
    TransformerModel.from_pretrained(tmp_path / "copy", languages=["en"])
    assert capfd.readouterr() == ("", "")


@needs_torch
def test_odd_texts_are_read_like_any(tiny):
    odd = ["😀", "!!!", "\ud800", "a\x00b", "e" + "\u0301" * 500, "שלום"]
    assert not np.isnan(tiny.predict_proba(odd)).any()


@needs_torch
def test_a_saved_transformer_loads_with_the_same_version_and_scores(tiny, tmp_path):
    assert isinstance(tiny, Model)
    tiny.save(tmp_path / "model")
    found = models.load(tmp_path / "model")
    assert found.version == tiny.version
    np.testing.assert_array_equal(found.predict_proba(TEXTS), tiny.predict_proba(TEXTS))
    names = {path.name for path in (tmp_path / "model").rglob("*") if path.is_file()}
    assert {"model.safetensors", "config.json", FACTS} <= names
    saved = models.save(tiny, "feeling", make_current=True)
    assert models.load("feeling").version == saved.version == f"feeling-{saved.digest[:8]}"


@needs_torch
def test_it_travels_as_the_names_of_its_files(tiny):
    packed = pickle.dumps(tiny)
    assert len(packed) < 5_000
    np.testing.assert_array_equal(
        pickle.loads(packed).predict_proba(TEXTS), tiny.predict_proba(TEXTS)
    )


@needs_torch
def test_posts_are_scored_in_partitions(tiny):
    import dask.dataframe as dd

    posts = pd.DataFrame({"text": TEXTS, "lang": ["en", "de"] * 5})
    found = score_posts(posts, tiny)
    assert found["sentiment_model"].notna().tolist() == [True, False] * 5
    lazy = score_posts(dd.from_pandas(posts, npartitions=3), tiny).compute(scheduler="threads")
    pd.testing.assert_frame_equal(
        lazy, score_posts(dd.from_pandas(posts, npartitions=1), tiny).compute()
    )
    np.testing.assert_array_equal(lazy["sentiment"].dropna(), found["sentiment"].dropna())


@needs_torch
def test_stars_are_folded_into_three(tmp_path):
    stars = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]
    model = TransformerModel.from_pretrained(build(tmp_path / "stars", stars), languages=["en"])
    shares = model.predict_proba(TEXTS)
    assert model.fold == tuple(
        zip(stars, ["negative", "negative", "neutral", "positive", "positive"], strict=True)
    )
    np.testing.assert_allclose(shares.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("labels", "ours"),
    [
        (["LABEL_0", "LABEL_1", "LABEL_2"], "negative neutral positive"),
        (["POSITIVE", "NEGATIVE"], "positive negative"),
        (["NEU", "POS", "NEG"], "neutral positive negative"),
        (["Very_Negative", "Negative", "Neutral", "Positive", "Very Positive"], "negative negative neutral positive positive"),
    ],
)  # fmt: skip
def test_labels_are_recognised(labels, ours):
    assert _fold_labels(labels, None) == tuple(zip(labels, ours.split(), strict=True))


@pytest.mark.parametrize(
    "labels", [["joy", "anger"], ["LABEL_0", "LABEL_1"], ["positive"], ["neutral", "positive"]]
)
def test_labels_that_cannot_be_told_are_shown_and_can_be_said(labels):
    with pytest.raises(ModelError, match=f"labels are {', '.join(labels)}.*mapping="):
        _fold_labels(labels, None)
    assert _fold_labels(labels, dict.fromkeys(labels, "neutral"))[0] == (labels[0], "neutral")


def test_a_mapping_must_name_every_label_with_ours():
    with pytest.raises(ModelError, match=r"does not say what 'joy' is\. Did you mean 'joys'"):
        _fold_labels(["joy"], {"joys": "positive"})
    with pytest.raises(ModelError, match=r"makes 'joy' a 'postive'\. Did you mean 'positive'"):
        _fold_labels(["joy"], {"joy": "postive"})


@needs_torch
def test_pickled_weights_are_refused(published, tmp_path):
    import torch

    folder = tmp_path / "pickled"
    shutil.copytree(published, folder)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="Pickled weights may hold code"):
        TransformerModel.from_pretrained(folder, languages=["en"])


@needs_torch
def test_a_model_without_a_trained_head_is_refused(published, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = build(tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    body = {name: array for name, array in weights.items() if not name.startswith("classifier")}
    save_file(body, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="was not trained to classify: it lacks classifier"):
        TransformerModel.from_pretrained(folder, languages=["en"])


@needs_torch
def test_code_beside_a_model_is_not_run(published, tmp_path):
    folder = build(tmp_path / "coded")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {
        "AutoModelForSequenceClassification": "evil.Evil",
        "AutoConfig": "evil.Evil",
    }
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "evil"}))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass")
    with pytest.raises(ModelError, match="cannot be read"):
        TransformerModel.from_pretrained(folder, languages=["en"])
    assert not (tmp_path / "ran").exists()


@needs_torch
def test_a_name_that_is_not_cached_is_not_fetched_offline(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="no folder 'nobody/nothing', and no model of that name"):
        TransformerModel.from_pretrained("nobody/nothing", languages=["en"])
    with pytest.raises(ModelError, match="neither a folder nor the name"):
        TransformerModel.from_pretrained("no such/thing/at all", languages=["en"])


@needs_torch
def test_no_gpu_is_taken_for_granted():
    import torch

    from murmuration.compute import choose_device

    assert choose_device("cpu") == ("cpu", "the backend is set to cpu")
    assert choose_device("auto").device == ("cuda" if torch.cuda.is_available() else "cpu")
    if not torch.cuda.is_available():
        with pytest.raises(SettingsError, match="torch finds no GPU"):
            choose_device("gpu")


def test_a_text_of_no_tokens_has_no_probabilities():
    config = SimpleNamespace(num_labels=3)
    nothing = SimpleNamespace(config=config)
    network = _Network(nothing, lambda texts, **_: {"input_ids": [[] for _ in texts]}, "cpu", (8,))
    assert np.isnan(network.read(["\u200b"] * 1000)).all()


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is here")
def test_without_the_extra_the_error_names_it(tmp_path):
    with pytest.raises(ModelError, match="extra 'embeddings'"):
        TransformerModel.from_pretrained("anything", languages=["en"])
    with pytest.raises(ModelError, match="extra 'embeddings'"):
        TransformerModel.load(tmp_path)
