"""Topics in the store: what people said of them stays, whatever is fitted next."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from murmuration import models
from murmuration.errors import ModelError, ParamError, UnknownNameError
from murmuration.registry import (
    goes_on,
    list_topics,
    list_versions,
    load_topics,
    merge_topics,
    rename_topic,
    save_topics,
)
from murmuration.topics import TopicParams, assign_topics, fit_topics, match_topics
from murmuration.topics.history import Gone

SUBJECTS = [
    "flight luggage delay seat crew gate airport runway",
    "coffee espresso roast beans barista milk latte crema",
    "phone battery screen camera charger update app signal",
    "rain storm wind thunder forecast cloud snow umbrella",
]


def make_posts(seed=0, n=160):
    rng = np.random.default_rng(seed)
    words = [SUBJECTS[one].split() for one in rng.integers(len(SUBJECTS), size=n)]
    return pd.DataFrame({"text": [" ".join(rng.choice(row, 5, replace=False)) for row in words]})


def fit(posts, **options):
    return fit_topics(
        posts, TopicParams(n_topics=options.pop("n_topics", 4), method="nmf"), **options
    )


@pytest.fixture(scope="module")
def first():
    return fit(make_posts())


def go_on(model, seed):
    return fit(make_posts(seed), n_topics=None, continue_from=model)


@pytest.fixture
def kept(first, store):
    store.make()
    return save_topics(first, "weekly", store=store)


def test_a_name_given_by_a_person_stays_in_later_runs(kept, store):
    rename_topic("weekly", 2, "  The   weather ", store=store)
    second = save_topics(go_on(load_topics("weekly", store=store), 1), store=store)
    assert second.topics.set_index("id")["label"][2] == "The weather"
    assert load_topics("weekly", store=store).topics.equals(second.topics)


def test_what_is_said_of_an_older_version_holds_for_the_newest(kept, store):
    second = save_topics(go_on(kept, 1), store=store)
    old = f"weekly@{kept.version[-8:]}"
    renamed = rename_topic(old, 1, "Coffee", store=store)
    assert renamed.history.previous == second.history.previous
    newest = load_topics("weekly", store=store)
    assert newest.topics["posts"].tolist() == second.topics["posts"].tolist()
    assert newest.topics.set_index("id")["label"][1] == "Coffee"


def test_what_is_said_of_topics_of_another_start_is_refused(kept, store):
    save_topics(fit(make_posts(9)), "weekly", overwrite=True, store=store)
    with pytest.raises(ModelError, match="is from another start"):
        rename_topic(f"weekly@{kept.version[-8:]}", 1, "Coffee", store=store)


def test_a_run_that_is_saved_while_something_is_said_keeps_its_place(kept, store, monkeypatch):
    later, keep, came = go_on(kept, 1), models.save, []

    def save_beside(model, *args, **options):
        if not came:
            came.append(keep(later, "weekly", store=store))
        return keep(model, *args, **options)

    monkeypatch.setattr(models, "save", save_beside)
    rename_topic("weekly", 1, "Coffee", store=store)
    newest = load_topics("weekly", store=store)
    assert newest.fit == later.fit
    assert newest.topics.set_index("id")["label"][1] == "Coffee"


def test_a_name_goes_with_its_topic_where_that_is_merged(kept, store):
    rename_topic("weekly", 2, "two", store=store)
    merged = merge_topics("weekly", [1, 2], store=store)
    loaded = load_topics("weekly", store=store)
    labels = kept.topics.set_index("id")["label"]
    for model in (merged, loaded, save_topics(go_on(loaded, 1), store=store)):
        assert model.topics.set_index("id")["label"][1] == labels[1]


def test_what_is_said_while_a_run_is_on_its_way_is_not_lost(kept, store):
    on_its_way = go_on(kept, 1)
    rename_topic("weekly", 1, "Coffee", store=store)
    merge_topics("weekly", [0, 3], store=store)
    saved = save_topics(on_its_way, store=store)
    assert sorted(saved.topics["id"]) == [0, 1, 2]
    assert saved.topics.set_index("id")["label"][1] == "Coffee"


def test_topics_that_a_person_merged_are_one_in_later_runs(kept, store):
    merged = merge_topics("weekly", [1, 2], store=store)
    topics = assign_topics(make_posts(), kept)["topic"]
    now = assign_topics(make_posts(), merged)["topic"]
    assert (now == topics.replace(2, 1)).mean() > 0.97
    assert merged.topics["posts"].sum() == kept.topics["posts"].sum()
    assert sorted(match_topics(kept, merged)["event"]) == [
        "continued",
        "continued",
        "merged",
        "merged",
    ]
    second = save_topics(go_on(load_topics("weekly", store=store), 1), store=store)
    assert sorted(second.topics["id"]) == [0, 1, 3]
    third = go_on(second, 2)
    assert sorted(third.topics["id"]) == [0, 1, 3]


def test_what_was_said_of_topics_is_not_said_of_those_of_another_start(kept, store):
    rename_topic("weekly", 2, "The weather", store=store)
    merge_topics("weekly", [0, 3], store=store)
    afresh = fit(make_posts(9))
    saved = save_topics(afresh, "weekly", overwrite=True, store=store)
    assert saved.topics["label"].tolist() == afresh.topics["label"].tolist()
    assert len(saved.topics) == 4


def test_topics_that_do_not_go_on_from_the_last_ones_do_not_take_their_place(kept, store):
    one, other = go_on(kept, 1), go_on(kept, 2)
    save_topics(one, "weekly", store=store)
    for model in (other, fit(make_posts(9))):
        with pytest.raises(ModelError, match="do not go on from weekly@"):
            save_topics(model, "weekly", store=store)
    assert load_topics("weekly", store=store).topics.equals(one.topics)
    beside = models.save(other, "weekly", make_newest=False, store=store)
    assert not goes_on(beside.address, store=store)
    later = models.save(go_on(one, 3), "weekly", make_newest=False, store=store)
    rename_topic("weekly", 1, "Coffee", store=store)  # meanwhile
    assert goes_on(later.address, store=store)
    assert models.set_newest(later.address, store=store).address == later.address
    assert models.find_newest("weekly", store=store).address == later.address


def test_the_same_topics_may_be_saved_again(kept, store):
    one = save_topics(go_on(kept, 1), "weekly", store=store)
    assert save_topics(one, "weekly", store=store).version == one.version


def test_every_topic_that_ever_was_is_listed(kept, store):
    merge_topics("weekly", [1, 2], store=store)
    listed = list_topics("weekly", store=store)
    assert listed["topic"].tolist() == [0, 1, 2, 3]
    assert listed["state"].tolist() == ["alive", "alive", "merged", "alive"]
    assert listed["label"].notna().all()
    assert listed["into"].tolist()[2] == 1
    assert listed["posts"].sum() == 160


def test_what_cannot_be_said_is_told(kept, store):
    with pytest.raises(ModelError, match="has no topic 9"):
        rename_topic("weekly", 9, "x", store=store)
    with pytest.raises(ModelError, match="needs two topics or more"):
        merge_topics("weekly", [1, 1], store=store)
    with pytest.raises(ParamError, match="1 to 80 characters, but this one has 0"):
        rename_topic("weekly", 1, "  ", store=store)
    with pytest.raises(UnknownNameError, match="Did you mean 'weekly'"):
        rename_topic("weakly", 1, "x", store=store)


def test_a_label_that_another_topic_has_is_refused(kept, store):
    rename_topic("weekly", 1, "Coffee", store=store)
    with pytest.raises(
        ParamError, match=r"Topic 1 is called 'Coffee' already: give topic 3 another"
    ):
        rename_topic("weekly", 3, "coffee", store=store)
    rename_topic("weekly", 1, "COFFEE", store=store)
    assert load_topics("weekly", store=store).topics.set_index("id")["label"][1] == "COFFEE"


def test_what_became_of_a_topic_is_told_to_who_names_it(kept, store):
    merge_topics("weekly", [1, 2], store=store)
    for say in (lambda: rename_topic("weekly", 2, "x", store=store), lambda: merge_topics("weekly", [0, 2], store=store)):  # fmt: skip
        with pytest.raises(ModelError, match=r"^Topic 2 is part of 1 now: name that one\.$"):
            say()
    model = load_topics("weekly", store=store)
    lost = model.history.with_gone(7, Gone("rain", ("rain",), {})).with_gone(1, Gone("a", (), {}))
    model = model.take(np.flatnonzero(model.topics["id"] != 1))
    model.history = lost
    with pytest.raises(ModelError, match=r"^Topic 7 is gone: nobody says its words any more\.$"):
        model.with_labels({7: "x"})
    with pytest.raises(ModelError, match=r"^Topic 2 was part of 1, which is gone"):
        model.with_labels({2: "x"})


def test_versions_are_listed_by_name_and_period_and_the_one_that_the_name_means_is_marked(first, here):  # fmt: skip
    weeks = [datetime(2026, 1, day, tzinfo=UTC) for day in (5, 12, 19, 26)]
    save_topics(first, "yearly")
    address = {
        at: models.save(first.with_period(weeks[at], weeks[at + 1]), "weekly").address
        for at in (0, 2, 1)
    }
    listed = list_versions()
    assert listed["model"].tolist()[:3] == [address[at] for at in range(3)]
    assert listed["newest"].tolist() == [False, True, False, True]
    lines = here("topics", "list").stdout.splitlines()
    assert lines[2].split()[:5] == [address[1], "newest", "2026-01-12", "to", "2026-01-19"]
    assert lines[1].split()[:4] == [address[0], "2026-01-05", "to", "2026-01-12"]
    rows = json.loads(here("topics", "list", "--json").stdout)
    assert [row["until"] for row in rows] == [*(f"{end.isoformat()}" for end in weeks[1:]), None]


def test_a_damaged_entry_is_told(kept, store, tmp_path):
    rename_topic("weekly", 1, "Coffee", store=store)
    [entry] = (tmp_path / "store/models/weekly/topics").iterdir()
    entry.write_text("{")
    with pytest.raises(ModelError, match="is damaged"):
        load_topics("weekly", store=store)


def test_topics_are_listed_renamed_and_merged_by_words_that_a_person_types(first, here):
    assert "0 versions of topics" in here("topics", "list").stdout
    save_topics(first, "weekly")
    assert "weekly@" in here("topics", "list").stdout
    renamed = here("topics", "rename", "weekly", "2", "The weather").stdout
    assert "Topic 2 is “The weather” with " in renamed
    merged = here("topics", "merge", "weekly", "2", "0").stdout
    assert "Topic 2 is “The weather” with " in merged
    assert list_topics("weekly").set_index("topic")["into"][0] == 2
    told = here("topics", "list", "weekly").stdout
    assert "merged into 2" in told
    assert told.endswith("4 topics of weekly.\n")
    rows = json.loads(here("topics", "list", "weekly", "--json").stdout)
    assert [row["state"] for row in rows] == ["merged", "alive", "alive", "alive"]
    assert rows[2]["label"] == "The weather"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "monthly"), "monthly"),
        (("rename", "weekly", "9", "Rain"), "no topic 9"),
        (("rename", "weekly", "1", " "), "1 to 80 characters"),
        (("merge", "weekly", "1"), "two topics or more"),
    ],
)
def test_what_cannot_be_said_of_topics_is_one_sentence(first, here, words, said):
    save_topics(first, "weekly")
    before = list_topics("weekly")
    assert said in here("topics", *words, code=1).stderr
    pd.testing.assert_frame_equal(list_topics("weekly"), before)
