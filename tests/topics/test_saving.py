"""Topic models in folders and in the store."""

import pickle

import numpy as np
import pandas as pd
import pytest

from murmuration import models
from murmuration.errors import ModelError, ParamError
from murmuration.topics import TopicModel, TopicParams, assign_topics, fit_topics

TEXTS = ["late flight again", "my bag is lost", "the late bag", "flight and lost seat"] * 3


@pytest.fixture(scope="module")
def posts():
    return pd.DataFrame(
        {"text": [f"{text} {word}" for word in ("rome", "oslo", "lima") for text in TEXTS]}
    )


@pytest.fixture(scope="module")
def model(posts):
    return fit_topics(posts, TopicParams(n_topics=2, method="nmf"))


def test_a_saved_model_assigns_the_same(model, posts, tmp_path):
    model.save(tmp_path / "kept")
    again = TopicModel.load(tmp_path / "kept")
    assert again.version == model.version
    pd.testing.assert_frame_equal(again.topics, model.topics)
    for one, other in ((again, model), (again.without_known(), model.without_known())):
        found, expected = assign_topics(posts, one), assign_topics(posts, other)
        assert found["topic"].tolist() == expected["topic"].tolist()
        np.testing.assert_allclose(found["topic_strength"], expected["topic_strength"], atol=1e-5)


def test_the_store_keeps_topic_models(model, store):
    saved = models.save(model, "news", store=store)
    assert models.load("news", store=store).topics["id"].tolist() == [0, 1]
    with pytest.raises(ParamError, match="finds topics, so it cannot score"):
        models.set_current("en", saved.address, store=store)


def test_labels_that_a_person_gave_are_kept(model, tmp_path):
    model.with_labels({1: "bags"}).save(tmp_path / "kept")
    assert TopicModel.load(tmp_path / "kept").topics["label"][1] == "bags"
    with pytest.raises(ModelError, match="no topic 7"):
        model.with_labels({7: "nothing"})


def test_a_folder_that_was_cut_is_told(model, tmp_path):
    model.save(tmp_path / "kept")
    weights = tmp_path / "kept" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError, match="was cut off"):
        models.load(tmp_path / "kept")


@pytest.mark.parametrize(
    ("name", "left", "told"),
    [
        ("model.json", 200, "is damaged"),
        ("model.json", None, "is no model folder"),
        ("weights.safetensors", None, "is missing"),
    ],
)
def test_a_folder_without_a_part_of_it_is_told(model, tmp_path, name, left, told):
    model.save(tmp_path / "kept")
    part = tmp_path / "kept" / name
    if left is None:
        part.unlink()
    else:
        part.write_bytes(part.read_bytes()[:left])
    with pytest.raises(ModelError, match=told):
        models.load(tmp_path / "kept")


def test_workers_get_no_more_than_they_need(model):
    model.bertopic = object()
    assert pickle.loads(pickle.dumps(model)).bertopic is None
    model.bertopic = None
