"""Models in the store: names, versions, the current ones; on a folder and on S3 alike."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from murmuration import models
from murmuration.cli import app
from murmuration.errors import ModelError, ParamError, UnknownNameError
from murmuration.model_folder import FACTS, WEIGHTS, digest_contents, read_folder, write_folder
from murmuration.sentiment.classifier import train_classifier
from murmuration.sentiment.embedding import digest_embedding
from murmuration.sentiment.model import ModelCard, card_facts, model_version, read_card
from murmuration.sentiment.params import ClassifierParams
from murmuration.settings import get_settings
from murmuration.store import open_store


@dataclass
class Constant:
    """The smallest model: the same probabilities for every text."""

    card: ModelCard
    shares: np.ndarray

    @property
    def _facts(self):
        return card_facts(self.card)

    @property
    def version(self):
        return model_version(self.card, digest_contents(self._facts, {"shares": self.shares}))

    def predict_proba(self, texts):
        return np.array([self.shares for _ in texts])

    def save(self, folder):
        write_folder(folder, self._facts, {"shares": self.shares})

    @classmethod
    def load(cls, folder):
        found = read_folder(folder)
        return cls(read_card(found.facts), found.arrays["shares"])


def constant(*shares, name="airline", languages=("en",)):
    card = ModelCard(name=name, kind="constant", languages=languages)
    return Constant(card, np.array(shares or (0.25, 0.25, 0.5)))


@pytest.fixture(autouse=True)
def _constants_can_be_loaded(monkeypatch):
    monkeypatch.setitem(models._LOADERS, "constant", Constant.load)


@pytest.fixture(params=["folder", "s3"])
def place(request, store):
    """A store without models, on a folder or on S3."""
    return store if request.param == "folder" else request.getfixturevalue("on_s3")


@pytest.fixture
def shelf(store) -> Path:
    return Path(store.location) / "models"


def test_a_saved_model_is_found_by_name_version_and_address(place):
    first, second = constant(0.2, 0.3, 0.5), constant(0.1, 0.1, 0.8)
    saved = models.save(first, store=place)
    assert saved.version == first.version
    assert saved.address == f"airline@{first.version[-8:]}"
    newer = models.save(second, store=place)
    for text in (saved.version, saved.address):
        np.testing.assert_array_equal(models.load(text, store=place).shares, first.shares)
    assert models.load("airline", store=place).version == newer.version
    assert {one.version for one in models.list_models(store=place)} == {
        first.version,
        second.version,
    }


def test_saving_again_changes_nothing_but_what_the_name_means(place):
    first = models.save(constant(), store=place)
    models.save(constant(0.1, 0.1, 0.8), store=place)
    assert models.save(constant(), store=place) == first
    assert models.load("airline", store=place).version == first.version
    assert len(models.list_models(store=place)) == 2


def test_a_model_can_be_saved_under_another_name(place):
    saved = models.save(constant(), "brand_tone", store=place)
    loaded = models.load("brand_tone", store=place)
    assert saved.card.name == loaded.card.name == "brand_tone"
    assert saved.version == loaded.version
    assert loaded.card == replace(constant().card, name="brand_tone")


def test_each_language_has_its_current_model(place):
    german = constant(name="german", languages=("de", "da"))
    assert models.current_models(store=place) == {}
    first = models.save(constant(), make_current=True, store=place)
    saved = models.save(german, store=place)
    models.set_current("de", "german", store=place)
    assert models.current("en", store=place) == first
    assert models.current("de", store=place) == replace(saved, current_for=("de",))
    assert models.current("da", store=place) is None
    models.save(constant(0.1, 0.1, 0.8), store=place)  # newer, and not chosen
    assert models.current("en", store=place) == first
    listed = {one.version: one.current_for for one in models.list_models(store=place)}
    assert listed[first.version] == ("en",)
    assert listed[saved.version] == ("de",)
    models.set_current("en", None, store=place)
    models.set_current("fr", None, store=place)
    assert models.current_models(store=place).keys() == {"de"}


def test_a_folder_loads_without_a_store(tmp_path, monkeypatch):
    constant().save(tmp_path / "mine")
    assert models.load(tmp_path / "mine").version == constant().version
    assert models.load(f"{tmp_path}/mine").version == constant().version
    monkeypatch.chdir(tmp_path)
    assert models.load("./mine").version == constant().version
    with pytest.raises(ModelError, match="is no model folder"):
        models.load("nobody/nothing")


def test_the_store_of_the_workspace_is_used_unless_another_is_given():
    models.save(constant(), make_current=True)
    assert models.current("en").address == constant().version.replace("-", "@")
    assert models.list_models(store=open_store()) == models.list_models()


def test_unknown_names_come_with_the_nearest_one(place):
    with pytest.raises(UnknownNameError, match=r"no model called 'airline'\. There is none yet"):
        models.load("airline", store=place)
    saved = models.save(constant(), store=place)
    with pytest.raises(UnknownNameError, match=r"'airlin'\. Did you mean 'airline'"):
        models.load("airlin", store=place)
    with pytest.raises(UnknownNameError, match=saved.address):
        models.load("airline@00000000", store=place)
    with pytest.raises(UnknownNameError, match="Did you mean 'airline'"):
        models.set_current("en", "airlines", store=place)


def test_a_model_is_current_only_for_languages_it_was_trained_for(store):
    models.save(constant(), store=store)
    with pytest.raises(ParamError, match="was trained for en, not for 'de'"):
        models.set_current("de", "airline", store=store)
    with pytest.raises(ParamError, match="'English' is no code"):
        models.set_current("English", "airline", store=store)


@pytest.mark.parametrize("name", ["Airline", "a/b", "", "../x", "a" * 65, ".hidden"])
def test_names_that_are_no_names_are_refused(store, name):
    with pytest.raises(ParamError, match="cannot be called"):
        models.save(constant(name=name or "é"), name, store=store)


def test_no_model_goes_by_the_name_of_vader(store):
    with pytest.raises(ParamError, match="stand for VADER"):
        models.save(constant(name="vader-3"), store=store)
    with pytest.raises(ParamError, match="stand for VADER"):
        models.save(constant(), "vader-airline", store=store)


def test_a_linear_model_is_refused_where_its_embedding_is_another(store, tmp_path):
    made = train_classifier(
        [f"{word} flight {n}" for n in range(8) for word in ("good", "bad", "long")],
        ["positive", "negative", "neutral"] * 8,
        params=ClassifierParams(strength=1.0, folds=2, chars_to=0),
    )
    (tmp_path / "config.json").write_text("{}")
    own = {"embedding": str(tmp_path), "embedding_digest": digest_embedding(str(tmp_path))}
    made._card = replace(made.card, params=dict(made.card.params) | own)
    saved = models.save(made, "net", store=store)
    assert models.load("net", store=store).version == saved.version
    (tmp_path / "config.json").write_text("{ }")
    with pytest.raises(ModelError, match="not the one that the model was trained with"):
        models.load("net", store=store)


def test_an_unknown_kind_is_refused(store, tmp_path):
    odd = constant()
    replace(odd, card=replace(odd.card, kind="lineal")).save(tmp_path / "odd")
    with pytest.raises(ModelError, match=r"kind 'lineal'.*Did you mean 'linear'"):
        models.load(tmp_path / "odd")
    write_folder(tmp_path / "bare", {}, {})
    with pytest.raises(ModelError, match="bare: The model's card cannot be read"):
        models.load(tmp_path / "bare")


def test_a_damaged_model_is_refused_and_left_out_of_the_list(store, shelf, caplog):
    good, bad = models.save(constant(), store=store), models.save(constant(1, 0, 0), store=store)
    folder = shelf / "airline" / bad.digest[:8]
    (folder / WEIGHTS).write_bytes(b"x")
    with pytest.raises(ModelError, match="was cut off"):
        models.load(bad.address, store=store)
    (folder / FACTS).write_text("{")
    assert models.list_models(store=store) == [good]
    assert "left out a model" in caplog.text


def test_what_a_kill_leaves_behind_is_no_model_and_the_next_save_mends_it(on_s3):
    lost = constant()
    prefix = f"{on_s3.location}/models/airline/{lost.version[-8:]}"
    on_s3.files.pipe_file(f"{prefix}/{WEIGHTS}", b"half")
    assert models.list_models(store=on_s3) == []
    saved = models.save(lost, store=on_s3)
    assert models.load("airline", store=on_s3).version == saved.version


def test_a_kill_before_the_name_is_moved_leaves_it_where_it_was(store, shelf):
    old, new = models.save(constant(), store=store), models.save(constant(1, 0, 0), store=store)
    pointer = shelf / "airline" / "newest.json"
    pointer.write_text(json.dumps({"model": old.address}))
    assert models.load("airline", store=store).version == old.version
    pointer.unlink()
    with pytest.raises(UnknownNameError, match="Did you mean 'airline@"):
        models.load("airline", store=store)
    assert models.load(new.address, store=store).version == new.version
    pointer.write_text("{")
    with pytest.raises(ModelError, match=r"newest\.json is damaged"):
        models.load("airline", store=store)


def test_nothing_else_is_left_in_the_store(store, shelf):
    saved = models.save(constant(), make_current=True, store=store)
    left = {path.relative_to(shelf).as_posix() for path in shelf.rglob("*") if path.is_file()}
    folder = f"airline/{saved.digest[:8]}"
    assert left == {
        f"{folder}/{FACTS}", f"{folder}/{WEIGHTS}", "airline/newest.json", "current-en.json",
    }  # fmt: skip


def test_a_model_on_s3_is_fetched_once(on_s3):
    models.save(constant(), store=on_s3)
    models.load("airline", store=on_s3)
    for path in on_s3.files.find(f"{on_s3.location}/models"):
        if path.endswith(WEIGHTS):
            on_s3.files.rm_file(path)
    np.testing.assert_array_equal(models.load("airline", store=on_s3).shares, constant().shares)


def test_a_damaged_copy_of_a_model_on_s3_is_fetched_again(on_s3):
    saved = models.save(constant(), store=on_s3)
    models.load("airline", store=on_s3)
    kept = get_settings().state / "models" / "airline" / saved.digest[:8]
    (kept / WEIGHTS).write_bytes(b"x")
    np.testing.assert_array_equal(models.load("airline", store=on_s3).shares, constant().shares)


def test_a_pinned_model_is_loaded_or_nothing(store, shelf):
    saved = models.save(constant(), store=store)
    loaded = models.load_exactly(saved.address, saved.digest, store=store)
    assert loaded.version == saved.version
    other = constant(1, 0, 0)
    folder = shelf / "airline" / saved.digest[:8]
    shutil.rmtree(folder)
    other.save(folder)
    with pytest.raises(ModelError, match="holds another model as airline@"):
        models.load_exactly(saved.address, saved.digest, store=store)
    shutil.rmtree(folder)
    with pytest.raises(UnknownNameError, match=r"no model called"):
        models.load_exactly(saved.address, saved.digest, store=store)


def test_a_current_model_that_is_gone_is_said_not_skipped(store, shelf):
    models.save(constant(), make_current=True, store=store)
    shutil.rmtree(shelf / "airline")
    with pytest.raises(UnknownNameError, match=r"no model called"):
        models.current_models(store=store)


def test_the_command_lists_models_and_chooses_one():
    first = models.save(constant(languages=("da", "de")), make_current=True)
    second = models.save(constant(0.1, 0.1, 0.8, languages=("da", "de")))
    said = CliRunner().invoke(app, ["models"], catch_exceptions=False).output
    assert "da*, de*" in said
    assert f"2 versions of models. Store: {open_store().location}" in said.replace("\n", "")
    found = CliRunner().invoke(app, ["models", "--use", second.address, "--json"])
    listed = {one["model"]: one["current_for"] for one in json.loads(found.output)}
    assert listed == {first.address: [], second.address: ["da", "de"]}
    none = CliRunner().invoke(app, ["models", "--use", "vader", "--json"])
    assert [one["current_for"] for one in json.loads(none.output)] == [[], []]
