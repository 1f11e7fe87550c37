"""Model folders: round trips, equal folders for equal models, and everything that is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from murmuration.errors import ModelError
from murmuration.model_folder import FACTS, WEIGHTS, digest_contents, read_folder, write_folder
from murmuration.sentiment.model import ErrorTable, ModelCard, card_facts, read_card

ARRAYS = {
    "weights": np.arange(12.0, dtype=np.float32).reshape(3, 4).T,
    "terms": np.array(["naïve", "", "🙂", "a b"]),
}
NUMBERS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int32, np.uint8, np.bool_]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]))).map(
    lambda texts: np.array(texts, dtype=np.dtypes.StringDType())
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole model folder."""
    (tmp_path / "words.json").write_text('{"a": 1}')
    files = {"tokens/words.json": tmp_path / "words.json"}
    write_folder(tmp_path / "model", {"card": {"name": "mine"}}, ARRAYS, files)
    return tmp_path / "model"


@settings(max_examples=25, deadline=None)
@given(arrays=st.dictionaries(st.sampled_from("abc"), NUMBERS | TEXTS))
def test_what_is_written_is_what_is_read(tmp_path_factory, arrays):
    folder = tmp_path_factory.mktemp("models") / "model"
    digest = write_folder(folder, {"n": len(arrays)}, arrays)
    found = read_folder(folder)
    assert found.digest == digest == digest_contents({"n": len(arrays)}, arrays)
    assert found.facts == {"n": len(arrays)}
    assert found.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


def test_equal_models_give_equal_folders_whatever_the_order(tmp_path: Path):
    one = write_folder(tmp_path / "one", {"a": 1, "b": (2, 3)}, ARRAYS)
    two = write_folder(tmp_path / "two", {"b": [2, 3], "a": 1}, dict(reversed(ARRAYS.items())))
    assert one == two
    for name in (FACTS, WEIGHTS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("facts", "arrays"),
    [
        ({"a": 2}, ARRAYS),
        ({"a": 1}, {**ARRAYS, "weights": ARRAYS["weights"].astype(np.float64)}),
        ({"a": 1}, {**ARRAYS, "weights": ARRAYS["weights"].T}),
        ({"a": 1}, {**ARRAYS, "terms": np.array(["naï", "ve", "🙂", "a b"])}),
    ],
)
def test_any_difference_changes_the_digest(facts, arrays):
    assert digest_contents(facts, arrays) != digest_contents({"a": 1}, ARRAYS)


def test_files_that_a_model_brings_along_are_kept_and_counted_in_the_digest(folder: Path):
    assert (folder / "tokens/words.json").read_text() == '{"a": 1}'
    assert read_folder(folder).digest != digest_contents({"card": {"name": "mine"}}, ARRAYS)


def test_saving_the_same_model_again_changes_nothing_and_another_is_refused(folder: Path):
    files = {"tokens/words.json": folder / "tokens/words.json"}
    assert write_folder(folder, {"card": {"name": "mine"}}, ARRAYS, files)
    with pytest.raises(ModelError, match="another model"):
        write_folder(folder, {"card": {"name": "other"}}, ARRAYS)
    assert read_folder(folder).facts == {"card": {"name": "mine"}}


@pytest.mark.parametrize("bad", [{"a": float("nan")}, {"a": {1, 2}}, {"a": object()}])
def test_facts_that_json_lacks_are_refused_and_leave_nothing_behind(tmp_path: Path, bad):
    with pytest.raises(ModelError, match="JSON"):
        write_folder(tmp_path / "model", bad, ARRAYS)
    assert list(tmp_path.iterdir()) == []


def test_arrays_of_objects_are_refused(tmp_path: Path):
    with pytest.raises(ModelError, match="'terms' has type object"):
        write_folder(tmp_path / "model", {}, {"terms": np.array(["a", 1], dtype=object)})


@pytest.mark.parametrize("name", ["../outside", "/etc/x", FACTS, WEIGHTS, "a//b"])
def test_files_stay_inside_the_folder(tmp_path: Path, name: str):
    (tmp_path / "x").write_text("x")
    with pytest.raises(ModelError, match="under the name"):
        write_folder(tmp_path / "model", {}, {}, {name: tmp_path / "x"})
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def _cut_off(folder: Path) -> None:
    weights = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(weights[:-5])


def _flip_a_bit(folder: Path) -> None:
    weights = bytearray((folder / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (folder / WEIGHTS).write_bytes(weights)


def _rewrite(folder: Path, **changes: object) -> None:
    listing = json.loads((folder / FACTS).read_text())
    (folder / FACTS).write_text(json.dumps({**listing, **changes}))


def _list_outside(folder: Path) -> None:
    files = json.loads((folder / FACTS).read_text())["files"]
    _rewrite(folder, files={**files, "../words.json": {"bytes": 1, "sha256": ""}})


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_cut_off, r"weights\.safetensors was cut off: it has \d+ of \d+ bytes"),
        (_flip_a_bit, r"weights\.safetensors was altered"),
        (lambda folder: (folder / WEIGHTS).unlink(), r"weights\.safetensors is missing"),
        (lambda folder: (folder / "tokens/words.json").unlink(), r"words\.json is missing"),
        (lambda folder: (folder / FACTS).unlink(), "is no model folder"),
        (lambda folder: (folder / FACTS).write_text('{"for'), r"model\.json is damaged"),
        (lambda folder: (folder / FACTS).write_text("[1]"), "no description of a model"),
        (lambda folder: (folder / FACTS).write_text("[" * 100_000), r"model\.json is damaged"),
        (lambda folder: _rewrite(folder, files={}), r"model\.json is damaged"),
        (
            lambda folder: _rewrite(folder, facts={"card": {"name": "x"}}),
            r"model\.json was altered",
        ),
        (lambda folder: _rewrite(folder, format=99), "format 99, which a newer Murmuration wrote"),
        (lambda folder: (folder / "x.pkl").write_bytes(b"\x80"), r"'x\.pkl', which may hold code"),
        (lambda folder: (folder / "x.PT").write_bytes(b""), r"'x\.PT', which may hold code"),
        (
            lambda folder: (folder / "notes.txt").write_text("hi"),
            r"'notes\.txt', which is not listed",
        ),
        (lambda folder: (folder / "gone").symlink_to("nowhere"), "'gone', which is not listed"),
        (_list_outside, r"model\.json is damaged"),
    ],
)
def test_a_damaged_folder_is_refused_in_one_sentence(
    folder: Path, harm: Callable[[Path], object], says: str
):
    harm(folder)
    with pytest.raises(ModelError, match=says):
        read_folder(folder)


def test_a_pickle_is_refused_even_where_it_is_listed(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"\x80")
    write_folder(tmp_path / "model", {}, {}, {"weights.pkl": tmp_path / "x"})
    with pytest.raises(ModelError, match="may hold code"):
        read_folder(tmp_path / "model")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match="nowhere is no model folder"):
        read_folder(tmp_path / "nowhere")


def test_a_card_survives_its_folder(tmp_path: Path):
    errors = ErrorTable(np.array([[5, 1, 0], [1, 7, 2], [0, 1, 9]]), "10 % held out")
    card = ModelCard(
        name="mine", kind="linear", languages=("en",), metrics={"f1": 0.5}, errors=errors
    )
    write_folder(tmp_path / "model", card_facts(card) | {"ngrams": 2}, {})
    found = read_card(read_folder(tmp_path / "model").facts)
    assert found.errors is not None
    np.testing.assert_array_equal(found.errors.counts, errors.counts)
    assert card_facts(found) == card_facts(card)


@pytest.mark.parametrize(
    "facts",
    [{}, {"name": "x"}, {"name": "x", "kind": "linear", "languages": 5}, []],
)
def test_a_card_of_another_shape_is_refused(facts):
    with pytest.raises(ModelError, match="card cannot be read"):
        read_card(facts)
