import os
import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from murmuration.errors import ParamError, ReadError, SchemaError, StoreError, UnknownNameError
from murmuration.reports.labelled import find_labelled
from murmuration.schema import LABELS as TABLE
from murmuration.store import Pseudonyms, Store, load_labels, save_labels
from murmuration.store.doctor import examine
from murmuration.store.forget import forget
from murmuration.store.tombstones import bury
from murmuration.store.upkeep import compact

POSTS = [
    {"id": f"quokka-{n}", "created_at": f"2026-0{1 + n % 2}-05", "text": f"text {n}", "author": author}
    for n, author in enumerate(["zz-victim", "zz-victim", "zz-other", "zz-other"])
]  # fmt: skip


@pytest.fixture
def four(stamp, put, store):
    stamp("four", lambda: put(POSTS))
    return store


def said(number, label="negative", labeller="ann", **more):
    entry = {"source": "test", "post_id": f"quokka-{number}", "labeller": labeller, "label": label}
    return entry | more


def held(store, **options):
    labels = load_labels(store=store, **options)
    return {
        (row["labeller"], row["post_id"][-1]): None if pd.isna(row["label"]) else row["label"]
        for row in labels.to_dict("records")
    }


def test_the_newest_word_of_each_labeller_holds(four):
    save_labels([said(0), said(1)], store=four)
    save_labels([said(0, "positive"), said(0, "neutral", "ben")], store=four)
    assert held(four) == {
        ("ann", "0"): "positive",
        ("ann", "1"): "negative",
        ("ben", "0"): "neutral",
    }
    assert held(four, labeller="ben") == {("ben", "0"): "neutral"}
    assert held(four, source="elsewhere") == {}
    assert held(four, as_of=1) == {("ann", "0"): "negative", ("ann", "1"): "negative"}


def test_what_is_undone_is_gone_and_may_be_said_anew(four):
    save_labels([said(0)], store=four)
    save_labels([said(0, None, action="undo")], store=four)
    assert held(four) == {}
    save_labels([said(0, "neutral")], store=four)
    assert held(four) == {("ann", "0"): "neutral"}


def test_a_skipped_post_is_known_and_has_no_label(four):
    save_labels([said(0, None, action="skip")], store=four)
    assert held(four) == {("ann", "0"): None}


actions = st.lists(
    st.tuples(
        st.sampled_from(["ann", "ben"]), st.integers(0, 2),
        st.sampled_from(["negative", "positive", "skip", "undo"]), st.integers(1, 3),
    ),
    max_size=8,
)  # fmt: skip


@given(actions)
@settings(
    max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_whatever_people_do_the_store_says_what_a_dictionary_says(tmp_path_factory, actions):
    store = Store(str(tmp_path_factory.mktemp("labels") / "store"), Pseudonyms(b"0" * 32))
    store.make()
    expected = {}
    for labeller, number, what, times in actions:
        is_label = what not in ("skip", "undo")
        entry = said(number, what if is_label else None, labeller)
        save_labels([entry | {"action": "label" if is_label else what}] * times, store=store)
        expected[labeller, str(number)] = None if what == "skip" else what
    wanted = {key: label for key, label in expected.items() if label != "undo"}
    assert held(store) == wanted
    assert held(store) == held(store)


def test_labels_that_all_tie_are_no_labelled_posts(four, tmp_path, monkeypatch):
    monkeypatch.setattr("murmuration.reports.labelled.open_store", lambda: four)
    save_labels([said(0), said(0, "positive", "ben")], store=four)
    with pytest.raises(ReadError, match="each of the 1 labelled posts"):
        find_labelled("labels", root=tmp_path)


def test_texts_are_put_beside_labels_on_demand(four):
    save_labels([said(0), said(2, "positive"), said(9)], store=four)
    labels = load_labels(columns=["text", "author_key"], store=four)
    assert labels["text"].tolist() == ["text 0", "text 2"]  # there is no ninth post
    assert labels["author_key"].notna().all()
    assert (
        load_labels(columns=["text"], labeller="nobody", store=four).columns.tolist()[-1] == "text"
    )
    with pytest.raises(UnknownNameError, match="Did you mean 'text'"):
        load_labels(columns=["txt"], store=four)


def test_texts_are_those_of_the_state_that_is_asked_for(four, put):
    save_labels([said(0)], store=four)
    before = four.open("posts").version()
    put([POSTS[0] | {"text": "another text"}], observed_at=datetime(2027, 1, 1, tzinfo=UTC))
    read = {"columns": ["text"], "store": four}
    assert load_labels(**read)["text"].tolist() == ["another text"]
    assert load_labels(**read, posts_as_of=before)["text"].tolist() == ["text 0"]


def test_how_a_post_was_drawn_is_kept(four):
    drawn = {"drawn": "random", "stratum": None, "inclusion_probability": 0.25}
    save_labels(pd.DataFrame([said(0) | drawn | {"text": "x", "hashtags": ["a"]}]), store=four)
    [row] = load_labels(store=four).to_dict("records")
    assert (row["drawn"], row["inclusion_probability"], pd.isna(row["stratum"])) == (
        "random",
        0.25,
        True,
    )
    assert row["labelled_at"] <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"label": "negativ"}, "Did you mean 'negative'"),
        ({"label": None}, "no label None"),
        ({"action": "lable"}, "Did you mean 'label'"),
        ({"drawn": "randomly"}, "Did you mean 'random'"),
        ({"labeller": "ann@example.org"}, "a short name or a pseudonym"),
        ({"labeller": ""}, "a short name or a pseudonym"),
        ({"post_id": 7}, "ids are text"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(four, wrong, words):
    with pytest.raises(ParamError, match=words):
        save_labels([said(1), said(0) | wrong], store=four)
    assert held(four) == {}


def test_a_missing_column_and_a_missing_store_are_said(four, store, tmp_path):
    with pytest.raises(SchemaError, match="save_labels needs the column 'label'"):
        save_labels([{"source": "test", "post_id": "1", "labeller": "ann"}], store=four)
    nowhere = replace(store, location=str(tmp_path / "nowhere"))
    for call in (lambda: save_labels([said(0)], store=nowhere), lambda: load_labels(store=nowhere)):
        with pytest.raises(StoreError, match="no store"):
            call()


def without_labels(store):
    shutil.rmtree(store.uri("labels"))
    return store


def test_a_store_of_an_older_version_gets_the_table_when_it_is_needed(four, state, problems):
    assert load_labels(store=without_labels(four)).empty
    assert problems() == []
    save_labels([said(0)], store=four)
    assert held(four) == {("ann", "0"): "negative"}
    compact(without_labels(four), state)
    assert load_labels(store=four).empty
    assert forget(without_labels(four), state, source="test", post="quokka-0").posts == 1


def test_two_labellers_at_once_lose_nothing(four):
    def work(labeller):
        for number in range(6):
            save_labels([said(number % 4, "neutral", labeller)], store=four)

    people = [threading.Thread(target=work, args=(name,)) for name in ("ann", "ben")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(four.read("labels")) == 12
    assert set(held(four)) == {(name, str(n)) for name in ("ann", "ben") for n in range(4)}


LABELLING = """
from murmuration.store import labels
from murmuration.store.delta import Store
{end}
for number in range(3):
    entry = {{"source": "test", "post_id": f"quokka-{{number}}", "labeller": "ann", "label": "neutral"}}
    labels.save_labels([entry], store=store)
"""


@pytest.mark.parametrize(
    ("end", "kept"),
    [("end_at(Store, 'append', 2)", 1), ("end_at(Store, 'append', 2, after=True)", 2)],
)
def test_a_kill_loses_nothing_that_was_said_before(four, apart, end, kept):
    assert apart(LABELLING.format(end=end), store=four)() == -9
    assert len(held(four)) == kept
    save_labels([said(3)], store=four)
    assert len(held(four)) == kept + 1


def test_compacting_makes_one_file_and_changes_nothing(four, state):
    for number in range(4):
        save_labels([said(number)], store=four)
        save_labels([said(number, "neutral")], store=four)
    before = load_labels(store=four)
    compact(four, state)
    assert len(four.open("labels").file_uris()) == 1
    pd.testing.assert_frame_equal(load_labels(store=four), before)
    assert len(four.read("labels")) == 8  # what was said before is history, and is kept


def test_what_is_said_while_another_compacts_is_kept(four, state, monkeypatch):
    save_labels([said(0)], store=four)
    save_labels([said(1)], store=four)
    real = type(four).replace

    def meanwhile(self, table, rows, **options):
        save_labels([said(2, "positive")], store=four)
        real(self, table, rows, **options)

    monkeypatch.setattr(type(four), "replace", meanwhile)
    compact(four, state)
    assert len(held(four)) == 3


def label_all(store):
    entries = [said(number, "neutral", name) for number in range(4) for name in ("ann", "ben")]
    for entry in entries:
        save_labels([entry], store=store)
    store.open("labels").create_checkpoint()


@pytest.mark.parametrize("folded", [False, True])
def test_labels_of_a_forgotten_author_are_found_nowhere(four, state, holders, problems, folded):
    label_all(four)
    if folded:
        compact(four, state)
    assert holders("quokka-0")
    assert forget(four, state, source="test", author="zz-victim").labels == 4
    assert [holders(f"quokka-{number}") for number in (0, 1)] == [[], []]
    assert {post for _, post in held(four)} == {"2", "3"}
    assert held(four, as_of=0) == {}
    assert problems() == []


def test_labels_of_a_forgotten_post_are_found_nowhere_and_cannot_come_back(four, state, holders):
    label_all(four)
    assert forget(four, state, source="test", post="quokka-2").labels == 2
    assert forget(four, state, source="test", post="quokka-2").labels == 0
    assert save_labels([said(2), said(3)], store=four) == 1
    assert holders("quokka-2") == []


def test_what_somebody_is_writing_meanwhile_is_left_to_them(four, state):
    label_all(four)
    being_written, left = (Path(four.uri("labels"), f"part-{n}.parquet#1") for n in range(2))
    for path in (being_written, left):
        path.write_bytes(b"PAR1")
    os.utime(left, (0, 0))
    forget(four, state, source="test", post="quokka-2")
    assert (being_written.exists(), left.exists()) == (True, False)


def test_the_label_of_another_source_with_the_same_id_stays(four, state, put):
    put(POSTS, source="other")
    save_labels([said(0), said(0) | {"source": "other"}], store=four)
    forget(four, state, source="test", post="quokka-0")
    assert load_labels(store=four)["source"].tolist() == ["other"]


FORGETTING = """
from murmuration.store import forget, tombstones, upkeep
from murmuration.store.delta import Store
{end}
forget.forget(store, state, source="test", author="zz-victim")
"""


@pytest.mark.parametrize(
    "end",
    [
        "end_at(Store, 'commit_posts', 2, after=True)",
        "end_at(forget, 'erase_labels')",
        "end_at(Store, 'replace', after=True)",
        "end_at(forget, '_overwrite', 2)",
    ],
)
def test_forgetting_that_was_killed_and_run_again_erases_labels_too(
    four, state, apart, holders, problems, end
):
    label_all(four)
    assert apart(FORGETTING.format(end=end), store=four, state=state)() == -9
    assert {post for _, post in held(four)} == {"2", "3"}  # from the first moment on
    assert problems() == []
    forget(four, state, source="test", author="zz-victim")
    assert [holders(f"quokka-{number}") for number in (0, 1)] == [[], []]


def test_what_is_said_of_a_post_while_it_is_forgotten_is_found_nowhere(
    four, state, holders, monkeypatch
):
    label_all(four)
    real = type(four).append

    def meanwhile(self, name, rows):
        if name == "labels":
            monkeypatch.setattr(type(four), "append", real)
            forget(four, state, source="test", post="quokka-0")
        real(self, name, rows)

    monkeypatch.setattr(type(four), "append", meanwhile)
    assert save_labels([said(0, "positive"), said(3)], store=four) == 1
    assert holders("quokka-0") == []


def test_labels_of_posts_deleted_on_the_platform_go_with_them(four, state, problems):
    label_all(four)
    bury(four, "post", "test", ["quokka-0"], reason="deleted", alive=["quokka-0"])
    assert {post for _, post in held(four)} == {"1", "2", "3"}
    assert problems() == []
    compact(four, state)
    assert len(four.read("labels")) == 6
    assert problems() == []


def findings(store, state, level):
    return [found.text for found in examine(store, state) if found.level == level]


def test_doctor_finds_labels_that_should_not_be_there(four, state, problems):
    label_all(four)
    assert any("8 labels" in text for text in findings(four, state, "ok"))
    forget(four, state, source="test", post="quokka-0")
    row = {
        "entry_id": "0" * 32, "source": "test", "post_id": "quokka-0", "labeller": "ann", "action": "label",
        "label": "neutral", "drawn": "chosen", "labelled_at": datetime.now(UTC),
    }  # fmt: skip
    four.append("labels", pa.Table.from_pylist([row], schema=TABLE.arrow))
    assert any("forgotten" in text and "compact" in text for text in problems())
    compact(four, state)
    assert problems() == []


def test_doctor_notes_labels_of_posts_that_are_not_in_the_store(four, state):
    save_labels([said(0), said(77)], store=four)
    assert any("1 label" in text and "no post" in text for text in findings(four, state, "note"))


def test_no_statistics_speak_of_labels(four):
    save_labels([said(0, stratum="community zz")], store=four)
    actions = pa.table(four.open("labels").get_add_actions(flatten=True)).column_names
    assert {name for name in actions if name.startswith(("min", "max"))} == {
        "min.labelled_at", "max.labelled_at"
    }  # fmt: skip
