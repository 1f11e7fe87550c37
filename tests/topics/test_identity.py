"""How topics live on from one model to the next."""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

from murmuration.compute import make_estimator
from murmuration.errors import ModelError, ParamError, SchemaError
from murmuration.topics import (
    TopicModel,
    TopicParams,
    assign_topics,
    continuing,
    fit_topics,
    match_topics,
    merge_topics,
)
from murmuration.topics.found import _look_back
from murmuration.topics.stories import find_stories

SUBJECTS = [
    "flight luggage delay seat crew gate airport runway",
    "coffee espresso roast beans barista milk latte crema",
    "phone battery screen camera charger update app signal",
    "rain storm wind thunder forecast cloud snow umbrella",
    "tulip rose soil seed bloom spade mulch garden",
]
COLUMNS = [
    "event", "previous_id", "topic", "label", "previous_label", "similarity", "shared_posts", "previous_posts",
    "posts", "terms_gained", "terms_lost",
]  # fmt: skip


def make_posts(subjects, n=200, *, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(len(subjects), size=n)
    texts = [" ".join(rng.choice(subjects[about].split(), 5, replace=False)) for about in truth]
    return pd.DataFrame({"text": texts})


def fit(posts, n_topics):
    return fit_topics(posts, TopicParams(n_topics=n_topics, method="nmf"))


@pytest.fixture(scope="module")
def posts():
    return make_posts(SUBJECTS[:4])


@pytest.fixture(scope="module")
def four(posts):
    return fit(posts, 4)


@pytest.fixture(scope="module")
def two(posts):
    return fit(posts, 2)


def events(lineage):
    return sorted(lineage["event"])


def test_topics_of_other_posts_about_the_same_go_on(four):
    lineage = match_topics(four, fit(make_posts(SUBJECTS[:4], seed=1), 4))
    assert events(lineage) == ["continued"] * 4
    assert lineage["previous_id"].is_unique
    for row in lineage.itertuples():
        assert any(
            {*row.label.split(", "), *row.previous_label.split(", ")} <= set(s.split())
            for s in SUBJECTS
        )


def test_a_new_topic_is_born_and_an_old_one_dies(four):
    lineage = match_topics(four, fit(make_posts([*SUBJECTS[:3], SUBJECTS[4]], seed=1), 4))
    assert events(lineage) == ["born", *["continued"] * 3, "died"]
    born, died = (lineage[lineage["event"] == event].iloc[0] for event in ("born", "died"))
    assert set(born["terms_gained"]) <= set(SUBJECTS[4].split())
    assert set(died["terms_lost"]) <= set(SUBJECTS[3].split())
    assert pd.isna(born["previous_id"])
    assert pd.isna(died["topic"])
    assert max(born["similarity"], died["similarity"]) < 0.1


@pytest.mark.parametrize("ask", [False, True], ids=["by words", "by posts"])
def test_topics_part_and_join(posts, two, four, ask):
    shared = posts if ask else None
    parted, joined = match_topics(two, four, posts=shared), match_topics(four, two, posts=shared)
    assert set(parted["event"]) <= {"split", "continued"}
    assert set(joined["event"]) <= {"merged", "continued"}
    assert (parted["event"] == "split").sum() >= 2
    assert (joined["event"] == "merged").sum() == (parted["event"] == "split").sum()


def test_posts_that_both_know_are_counted(posts, two, four):
    lineage = match_topics(two, four, posts=posts)
    assert lineage["shared_posts"].sum() == len(posts)
    parts = dd.from_pandas(posts, npartitions=3)
    pd.testing.assert_frame_equal(match_topics(two, four, posts=parts), lineage)
    assert match_topics(two, four)["shared_posts"].isna().all()


def test_a_model_goes_on_in_itself(four):
    lineage = match_topics(four, four)
    assert events(lineage) == ["continued"] * 4
    assert lineage["previous_id"].tolist() == lineage["topic"].tolist()
    assert lineage["similarity"].tolist() == pytest.approx([1.0] * 4)
    assert not lineage["terms_gained"].map(len).any()


def test_nothing_is_matched_with_no_topics(four):
    none = fit(pd.DataFrame({"text": pd.Series([], dtype="str")}), None)
    assert events(match_topics(none, four)) == ["born"] * 4
    assert events(match_topics(four, none)) == ["died"] * 4
    assert list(match_topics(none, none)) == COLUMNS


def test_what_is_no_model_is_told(four, posts):
    with pytest.raises(SchemaError, match="needs two TopicModels, not DataFrame"):
        match_topics(posts, four)
    with pytest.raises(SchemaError, match="needs the column 'text'"):
        match_topics(four, four, posts=assign_topics(posts, four)[["topic"]])


def go_on(posts, model, n_topics=None, **options):
    params = TopicParams(n_topics=n_topics, method="nmf", min_posts=20)
    return fit_topics(posts, params, continue_from=model, **options)


def subject_of(label):
    return next(
        at for at, subject in enumerate(SUBJECTS) if label.split(", ")[0] in subject.split()
    )


def test_the_same_posts_keep_their_topics(posts, four):
    four = four.without_known()  # which would look topics up
    again = go_on(posts, four)
    topics = [assign_topics(posts, model)["topic"].tolist() for model in (four, again)]
    assert np.mean(np.array(topics[0]) == topics[1]) >= 0.99
    assert again.topics[["id", "label"]].equals(four.topics[["id", "label"]])
    assert again.history.previous == four.version


def test_topics_go_on_under_their_ids_and_labels_whatever_their_size(four):
    more = make_posts([*SUBJECTS[:4], SUBJECTS[3], SUBJECTS[3]], 300, seed=2)
    found = go_on(more, four)
    before, now = (dict(zip(m.topics["id"], m.topics["label"], strict=True)) for m in (four, found))
    assert before == now
    assert subject_of(found.topics["label"].iloc[0]) == 3
    lineage = match_topics(four, found)
    assert events(lineage) == ["continued"] * 4
    assert lineage["shared_posts"].sum() == len(more)


def test_births_deaths_and_returns_are_told_and_no_id_is_used_twice(four):
    second = go_on(make_posts([*SUBJECTS[:3], SUBJECTS[4]], seed=3), four)
    lineage = match_topics(four, second)
    assert events(lineage) == ["born", *["continued"] * 3, "died"]
    assert lineage.loc[lineage["event"] == "born", "topic"].item() == 4
    gone = int(lineage.loc[lineage["event"] == "died", "previous_id"].item())
    third = go_on(make_posts(SUBJECTS, 250, seed=4), second)
    back = match_topics(second, third).set_index("event").loc["returned"]
    assert back["topic"] == back["previous_id"] == gone
    assert back["label"] == back["previous_label"] == four.topics.set_index("id")["label"][gone]
    assert sorted(third.topics["id"]) == [0, 1, 2, 3, 4]


def test_a_topic_that_had_parted_and_died_returns_as_itself(four):
    second = go_on(make_posts([*SUBJECTS[:3], SUBJECTS[4]], seed=3), four)
    [gone] = second.history.gone
    second.history = second.history.with_part(gone, (gone + 1) % 4)  # from one that lives
    third = go_on(make_posts(SUBJECTS, 250, seed=4), second)
    lineage = match_topics(second, third)
    assert events(lineage) == [*["continued"] * 4, "returned"]


def mix(one, other, n, seed):
    rng = np.random.default_rng(seed)
    words = [
        [*rng.choice(one.split(), 4, replace=False), *rng.choice(other.split(), 4, replace=False)]
        for _ in range(n)
    ]
    return pd.DataFrame({"text": [" ".join(rng.permutation(row)) for row in words]})


def test_two_topics_whose_posts_say_both_are_one(four):
    apart = make_posts(SUBJECTS[2:4], 100, seed=5)
    together = mix(SUBJECTS[0], SUBJECTS[1], 100, 6)
    found = go_on(pd.concat([apart, together], ignore_index=True), four)
    lineage = match_topics(four, found)
    assert events(lineage) == ["continued", "continued", "merged", "merged"]
    merged = lineage[lineage["event"] == "merged"]
    assert merged["topic"].nunique() == 1
    assert merged["topic"].iloc[0] in merged["previous_id"].tolist()


def test_a_topic_whose_posts_say_one_thing_or_the_other_is_two():
    first = pd.concat(
        [make_posts(SUBJECTS[2:4], 100, seed=5), mix(SUBJECTS[0], SUBJECTS[1], 100, 6)],
        ignore_index=True,
    )
    three = fit(first, 3)
    lineage = match_topics(three, go_on(make_posts(SUBJECTS[:4], 240, seed=7), three))
    assert events(lineage) == ["continued", "continued", "split", "split"]
    split = lineage[lineage["event"] == "split"]
    assert split["previous_id"].nunique() == 1
    assert set(split["topic"]) == {split["previous_id"].iloc[0], 3}


@pytest.mark.parametrize("n_topics", [2, 3, 6])
def test_the_number_asked_for_is_the_number_given(posts, four, n_topics):
    assert len(go_on(posts, four, n_topics).topics) == n_topics


def test_what_a_person_merged_is_not_parted_to_have_the_number_asked_for(posts, four):
    merged = merge_topics(four, [0, 1])
    again = fit_topics(
        posts, TopicParams(n_topics=4, method="nmf"), continue_from=merged.without_known()
    )
    assert again.history.came.get(4) != 0
    ours = assign_topics(posts, four)["topic"].isin([0, 1])
    assert assign_topics(posts, again)["topic"][ours].eq(0).mean() > 0.95


def test_what_a_person_merged_is_known_where_topics_are_too_many_to_look_at(
    posts, four, monkeypatch
):
    monkeypatch.setattr(continuing, "_MOST_GROUPS", 2)
    merged = merge_topics(four, [0, 1]).without_known()
    assert go_on(posts, merged).history.tension == {0: None}


def test_a_topic_that_returns_and_is_empty_may_return_another_time(posts, four):
    second = go_on(make_posts([*SUBJECTS[:3], SUBJECTS[4]], seed=3), four)
    [gone] = second.history.gone
    prepared = second.vocabulary.prepare(posts, "text")
    counts, words = second.vocabulary.count_words(prepared), second.vocabulary.words
    before = _look_back(second, pd.Index(words))
    texts = continuing.Texts(counts, np.zeros((len(posts), 2), np.float32), None, words)
    none = np.zeros(len(posts), np.int64)
    going = continuing.Going(texts, before, none, seed=0, make=make_estimator)
    going._put_in(none > 0, gone)
    assert gone not in going.history.gone
    going.settle()
    assert gone not in going.ids
    assert going.history.gone[gone] == second.history.gone[gone]


def test_partitions_change_nothing(posts, four):
    parts = go_on(dd.from_pandas(posts, npartitions=3), four)
    whole = go_on(posts, four)
    pd.testing.assert_frame_equal(parts.topics, whole.topics)
    pd.testing.assert_frame_equal(match_topics(four, parts), match_topics(four, whole))


def test_few_posts_end_no_topic(posts, four):
    assert sorted(go_on(posts.head(5), four).topics["id"]) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "texts", [[], ["🎉"] * 30, ["win a phone today"] * 50], ids=["none", "emoji", "equal"]
)
def test_a_window_that_says_little_makes_no_topic_forget(posts, four, texts):
    quiet = go_on(pd.DataFrame({"text": pd.Series(texts, dtype="str")}), four)
    assert events(match_topics(four, quiet)) == ["continued"] * 4
    after = go_on(posts, quiet)
    topics = [assign_topics(posts, model)["topic"].to_numpy() for model in (four, after)]
    assert (topics[0] == topics[1]).mean() >= 0.99


def test_posts_of_nothing_but_other_words_are_a_new_topic(posts, four):
    second = go_on(make_posts([SUBJECTS[4]]), four)
    assert events(match_topics(four, second)) == ["born", *["died"] * 4]
    third = go_on(posts, second)
    assert events(match_topics(second, third)) == ["died", *["returned"] * 4]


def test_what_cannot_go_on_is_told(posts, four):
    with pytest.raises(
        ModelError,
        match="made with the embedding 'lsa', so its topics cannot go on with 'some/network'",
    ):
        fit_topics(posts, TopicParams(embedding="some/network"), continue_from=four)
    with pytest.raises(ParamError, match="n_topics is 300, but the number of different texts"):
        go_on(posts, four, 300)
    with pytest.raises(ParamError, match="method is 'lda', but the topics of topics-"):
        fit_topics(posts, TopicParams(method="lda"), continue_from=four)
    with pytest.raises(SchemaError, match="continue_from needs a TopicModel, not str"):
        fit_topics(posts, continue_from="weekly")


def test_history_is_saved(posts, four, tmp_path):
    second = go_on(make_posts([*SUBJECTS[:3], SUBJECTS[4]], seed=3), four)
    second.save(tmp_path / "model")
    loaded = TopicModel.load(tmp_path / "model")
    assert loaded.history == second.history
    assert loaded.version == second.version
    pd.testing.assert_frame_equal(match_topics(four, loaded), match_topics(four, second))


def test_real_posts_keep_their_topics_from_window_to_window(real_data):
    path = real_data("trolls/trolls_segments_dev.parquet")
    posts = pd.read_parquet(path, columns=["content", "publish_date"])
    times = pd.to_datetime(posts["publish_date"], utc=True)
    start, day = pd.Timestamp("2015-12-14", tz="UTC"), pd.Timedelta(days=1)
    windows = [
        posts.loc[(times >= begin) & (times < begin + 6 * day), ["content"]].rename(
            columns={"content": "text"}
        )
        for begin in (start, start + 3 * day)
    ]
    params = TopicParams(n_topics=40, embedding="lsa")
    first = fit_topics(windows[0], params).without_known()  # which would look topics up
    before = assign_topics(windows[0], first)["topic"]
    for window, least in ((windows[1], 0.9), (windows[0], 0.99)):
        second = fit_topics(window, params, continue_from=first)
        now = assign_topics(window, second)["topic"]
        shared = before.index.intersection(now.index)
        both = (before[shared] >= 0) & (now[shared] >= 0)
        assert both.sum() > 400
        assert (before[shared][both] == now[shared][both]).mean() >= least
        assert len(second.topics) == 40


STORY = "harbour ferry capsized rescue divers"


def tell_story(n, *, seed):
    """Posts that tell a small story among much of what was said before."""
    rng = np.random.default_rng(seed)
    old = [word for subject in SUBJECTS[:4] for word in subject.split()]
    words = [
        [*rng.choice(STORY.split(), 3, replace=False), *rng.choice(old, 3, replace=False)]
        for _ in range(n)
    ]
    return pd.DataFrame({"text": [" ".join(row) for row in words]})


@pytest.fixture(scope="module")
def with_story(posts):
    return pd.concat([make_posts(SUBJECTS[:4], 1_500, seed=8), tell_story(40, seed=9)])


def test_a_small_story_in_words_that_were_not_said_is_born(four, with_story):
    second = go_on(with_story, four)
    lineage = match_topics(four, second)
    assert events(lineage) == ["born", *["continued"] * 4]
    born = lineage[lineage["event"] == "born"].iloc[0]
    assert set(born["label"].replace(",", "").split()) <= set(STORY.split())
    topics = assign_topics(with_story, second)["topic"]
    assert (topics.tail(40) == born["topic"]).mean() >= 0.9


def test_what_is_said_as_before_tells_no_story():
    stories = _find_stories(make_posts(SUBJECTS[:4], 1_500, seed=8))
    assert (stories == -1).all()


def test_the_texts_of_a_story_are_one_group_also_with_one_of_its_words(with_story):
    late = pd.DataFrame({"text": ["the ferry and the flight"] * 5})
    stories = _find_stories(pd.concat([with_story, late]))
    assert set(stories[:1_500]) == {-1}
    assert set(stories[1_500:]) == {0}


def _find_stories(now):
    before = make_posts(SUBJECTS[:4], 1_500, seed=14)
    vocabulary = fit(pd.concat([now, before]), 4).vocabulary
    counts = (vocabulary.count_words(vocabulary.prepare(one, "text")) for one in (now, before))
    return find_stories(*counts, seed=0, make=make_estimator)


def test_a_topic_that_was_born_takes_the_place_of_old_ones_that_are_joined():
    half = [" ".join(SUBJECTS[3].split()[:5]), " ".join(SUBJECTS[3].split()[3:])]
    first = make_posts([*SUBJECTS[:3], *half], 500, seed=10)
    five = fit(first, 5)
    now = pd.concat(
        [make_posts([*SUBJECTS[:3], *half], 500, seed=11), make_posts([SUBJECTS[4]], 60)]
    )
    second = go_on(now, five, n_topics=5)
    lineage = match_topics(five, second)
    assert events(lineage) == ["born", *["continued"] * 3, "merged", "merged"]
    born = lineage[lineage["event"] == "born"].iloc[0]
    assert subject_of(born["label"]) == 4
    merged = lineage[lineage["event"] == "merged"]
    assert {subject_of(label) for label in merged["previous_label"]} == {3}


def test_a_topic_that_was_born_and_has_no_place_is_told(four, with_story):
    second = go_on(with_story, four, n_topics=4)
    lineage = match_topics(four, second)
    assert events(lineage) == ["absorbed", *["continued"] * 4]
    absorbed = lineage[lineage["event"] == "absorbed"].iloc[0]
    assert absorbed["previous_id"] == 4
    assert set(absorbed["previous_label"].replace(",", "").split()) <= set(STORY.split())
    assert absorbed["topic"] in four.topics["id"].tolist()
    again = go_on(with_story, second, n_topics=4)
    assert events(match_topics(second, again)) == ["continued"] * 4


@pytest.mark.parametrize("by_person", [False, True], ids=["made of terms", "given by a person"])
def test_a_label_whose_words_are_said_no_more_is_made_anew_and_told(by_person):
    first = fit(make_posts(SUBJECTS[:4], 300, seed=12), 4)
    at = next(at for at, label in enumerate(first.topics["label"]) if subject_of(label) == 3)
    topic, labels = first.topics["id"][at], first.topics["label"].tolist()
    labels[at] = "storm"
    stale = first.topics.assign(label=labels)
    before = first.with_table(stale)
    if by_person:
        before = before.with_labels({topic: "storm"})
    now = make_posts([SUBJECTS[3].replace("storm ", ""), *SUBJECTS[:3]], 300, seed=13)
    second = go_on(now, before.without_known(), n_topics=4)
    row = match_topics(before, second).set_index("topic").loc[topic]
    assert row["previous_label"] == "storm"
    assert (row["label"] == "storm") == by_person
    assert (row["event"] == "drifted") != by_person
