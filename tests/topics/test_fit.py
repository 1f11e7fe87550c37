"""Topics of posts: as many as were asked for, the same each time, whatever the posts are like."""

from dataclasses import replace

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

import murmuration as mm
from murmuration.compute.backends import make_estimator
from murmuration.compute.driver import find_gpu
from murmuration.errors import BackendError, ModelError, ParamError, SchemaError
from murmuration.sentiment.embedding import is_whole
from murmuration.text import find_repeats
from murmuration.topics import (
    TopicParams,
    assign_topics,
    count_topic_coverage,
    estimate_topics,
    find_topic_posts,
    fit_topics,
    match_topics,
    renew_labels,
)
from murmuration.topics.cluster import group_texts
from murmuration.topics.embed import Network, decompose, make_embedder
from murmuration.topics.found import join_hashtag_words
from murmuration.topics.history import name_fit
from murmuration.topics.mixture import unit_rows
from murmuration.vectors import VectorCache

SUBJECTS = [
    "flight luggage delay seat crew gate airport runway",
    "coffee espresso roast beans barista milk latte crema",
    "phone battery screen camera charger update app signal",
    "rain storm wind thunder forecast cloud snow umbrella",
]
FEW = TopicParams(n_topics=4, method="nmf")  # BERTopic takes seconds to import: few tests need it


def make_posts(n=240, *, seed=0, subjects=SUBJECTS):
    rng = np.random.default_rng(seed)
    truth = rng.integers(len(subjects), size=n)
    texts = [" ".join(rng.choice(subjects[about].split(), 5, replace=False)) for about in truth]
    return pd.DataFrame({"text": texts}), truth


@pytest.fixture(scope="module")
def posts():
    return make_posts()


@pytest.fixture(scope="module")
def model(posts):
    return fit_topics(posts[0], FEW)


@pytest.fixture(scope="module")
def by_bertopic(posts):
    return fit_topics(posts[0], TopicParams(n_topics=4))


@pytest.mark.parametrize("method", ["nmf", "lda"])
def test_planted_subjects_are_found(posts, method):
    found = fit_topics(posts[0], TopicParams(n_topics=4, method=method))
    topics = assign_topics(posts[0], found)["topic"]
    assert adjusted_rand_score(posts[1], topics) > 0.9


def test_bertopic_is_fitted_and_can_be_reached(posts, by_bertopic):
    from bertopic import BERTopic

    assert isinstance(by_bertopic.bertopic, BERTopic)
    assert len(by_bertopic.bertopic.get_topic_info()) == 4
    assert adjusted_rand_score(posts[1], assign_topics(posts[0], by_bertopic)["topic"]) > 0.95


def test_the_number_of_topics_is_that_of_the_subjects_where_it_is_not_told(posts):
    found = fit_topics(posts[0], TopicParams(min_posts=10))
    assert 4 <= len(found.topics) <= 5


def test_posts_about_one_thing_are_one_topic():
    posts, _ = make_posts(200, subjects=SUBJECTS[:1])
    assert len(fit_topics(posts, TopicParams(min_posts=10)).topics) == 1


def test_a_topic_is_told_by_words_of_one_subject(model):
    for terms in model.topics["terms"]:
        assert any(set(terms[:8]) <= set(subject.split()) for subject in SUBJECTS)


def test_topics_add_up_to_the_posts(posts, model):
    assert model.topics["posts"].sum() == len(posts[0])
    assert model.topics["share"].sum() == pytest.approx(1)
    assert (model.topics["weight"] <= model.topics["posts"]).all()


def test_one_seed_gives_one_table(posts, by_bertopic):
    again = fit_topics(posts[0], TopicParams(n_topics=4))
    pd.testing.assert_frame_equal(again.topics, by_bertopic.topics)
    assert again.version == by_bertopic.version


def test_the_order_of_posts_changes_nothing(posts, model):
    shuffled = posts[0].sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(fit_topics(shuffled, FEW).topics, model.topics)


def test_partitions_change_nothing(posts, model):
    parts = dd.from_pandas(posts[0], npartitions=5)
    found = fit_topics(parts, FEW)
    pd.testing.assert_frame_equal(found.topics, model.topics)
    names = ["topic", "topic_strength"]
    for one in (model, model.without_known()):
        assigned = assign_topics(parts, one)
        assert not isinstance(assigned, pd.DataFrame)
        pd.testing.assert_frame_equal(
            assigned.compute()[names], assign_topics(posts[0], one)[names]
        )


def test_a_sample_is_enough_and_the_rest_is_assigned():
    posts, truth = make_posts(1_000)
    params = TopicParams(n_topics=4, method="nmf", sample_posts=200)
    found = fit_topics(posts, params)
    assert 0 < found.card.trained_on["sample_texts"] <= 200 < found.card.trained_on["texts"]
    rows = mm.topics.measure_topics(assign_topics(posts, found), found).set_index("measure")[
        "value"
    ]
    assert rows["different_texts"] > rows["sample_texts"]
    assert found.topics["posts"].sum() == len(posts)
    assert adjusted_rand_score(truth, assign_topics(posts, found)["topic"]) > 0.9
    parts = dd.from_pandas(posts, npartitions=3)
    pd.testing.assert_frame_equal(fit_topics(parts, params).topics, found.topics)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_the_topic_of_a_post_never_depends_on_others(posts, model, data):
    rows = data.draw(st.lists(st.integers(0, len(posts[0]) - 1), min_size=1, max_size=8))
    model = model.without_known()  # which would look topics up
    together = assign_topics(posts[0], model)
    alone = assign_topics(posts[0].iloc[rows], model)
    pd.testing.assert_frame_equal(alone, together.iloc[rows])


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.one_of(st.none(), st.text()), max_size=5))
def test_any_text_has_a_topic_or_none(model, texts):
    assigned = assign_topics(pd.DataFrame({"text": pd.Series(texts, dtype="object")}), model)
    assert assigned["topic"].between(-1, 3).all()
    assert assigned["topic_strength"].between(0, 1).all()


def test_posts_that_say_nothing_known_have_no_topic(model):
    assigned = assign_topics(
        pd.DataFrame({"text": ["", None, "🎉", "xylophone", "late flight"]}), model
    )
    assert assigned["topic"].tolist()[:4] == [-1] * 4
    assert assigned["topic_strength"].tolist()[:4] == [0] * 4
    assert assigned["topic"].iloc[4] >= 0


def test_a_copied_text_is_no_topic_of_its_own():
    posts, _ = make_posts(120)
    spam = pd.DataFrame(
        {"text": ["win a prize today and tell all of your friends about it"] * 1_080}
    )
    found = fit_topics(pd.concat([posts, spam], ignore_index=True), FEW)
    assert found.topics["weight"].sum() == pytest.approx(121, abs=5)
    assert found.topics["weight"].max() < 60


def test_texts_that_nearly_repeat_each_other_are_no_topic_either():
    posts, _ = make_posts(120)
    names = [word for subject in SUBJECTS for word in subject.split()]
    spam = [
        f"win a big prize today and tell all of your {names[at % len(names)]} friends about it now please"
        for at in range(1_080)
    ]
    found = fit_topics(pd.concat([posts, pd.DataFrame({"text": spam})], ignore_index=True), FEW)
    assert found.topics["weight"].sum() < 160
    assert found.topics["weight"].max() < 80


@pytest.mark.parametrize("n_parts", [0, 3])
def test_posts_of_other_titles_and_the_same_text_are_different_texts(posts, n_parts):
    removed = posts[0].rename(columns={"text": "title"}).assign(text="[removed]")
    found = fit_topics(dd.from_pandas(removed, npartitions=n_parts) if n_parts else removed, FEW)
    assert found.card.trained_on["texts"] > 200
    assert "removed" not in {term for terms in found.topics["terms"] for term in terms}
    topics = assign_topics(removed, found)["topic"]
    assert adjusted_rand_score(posts[1], topics) > 0.9


@pytest.mark.parametrize("lang", ["xx", None])
def test_posts_in_a_language_that_is_not_known_are_grouped_as_well(posts, lang):
    some = posts[0].assign(lang=[lang] * 60 + ["en"] * 180)
    topics = assign_topics(some, fit_topics(some, FEW))["topic"]
    assert adjusted_rand_score(posts[1], topics) > 0.9


@pytest.mark.parametrize(
    ("texts", "n_topics"),
    [
        (["win a phone today"] * 50, 1),
        (["🎉", "❤️"] * 30, 0),
        ([None, ""], 0),
        ([], 0),
        (["late flight", "bag lost", "cold coffee", "rude crew", "late bag"], 1),
    ],
    ids=["equal", "emoji", "nothing", "none", "five"],
)
def test_few_posts_are_one_topic_or_none(texts, n_topics):
    posts = pd.DataFrame({"text": pd.Series(texts, dtype="object")})
    found = fit_topics(posts, TopicParams(method="nmf"))
    assert len(found.topics) == n_topics
    assert len(assign_topics(posts, found)) == len(posts)


def test_few_posts_are_one_topic_for_bertopic_as_well():
    found = fit_topics(pd.DataFrame({"text": ["late flight", "bag lost", "late bag"]}))
    assert len(found.topics) == 1


def test_a_smallest_topic_beyond_the_posts_leaves_one_topic(posts):
    assert len(fit_topics(posts[0], TopicParams(min_posts=5_000, method="nmf")).topics) == 1


@pytest.mark.parametrize("most", [None, 4])
def test_no_topic_is_smaller_than_asked_for_where_their_number_is_not_told(posts, most):
    params = TopicParams(min_posts=60, max_topics=most, method="nmf")
    found = fit_topics(posts[0], params)
    assert 1 < len(found.topics) < 4
    assert (found.topics["posts"] >= 60).all()
    assert sorted(found.topics["id"]) == list(range(found.history.next_id))
    assert assign_topics(posts[0], found)["topic"].value_counts().min() >= 60
    assert set(found.history.tension) == set(found.topics["id"])


def test_posts_keep_their_topics_when_topics_that_are_too_small_go():
    posts = pd.concat(mm.sample.make_posts(1_500, seed=3), ignore_index=True)
    model = fit_topics(posts, TopicParams(embedding="lsa", min_posts=30, sample_posts=600))
    counted = model.topics.set_index("id")["posts"]
    assert counted.min() >= 30
    given = assign_topics(posts, model)["topic"].value_counts().drop(-1, errors="ignore")
    assert given.sort_index().to_dict() == counted.sort_index().to_dict()
    fresh = model.with_table(model.topics)
    fresh.known = None
    again = assign_topics(posts, fresh)["topic"].value_counts().drop(-1, errors="ignore")
    assert again.to_dict() == given.to_dict()


def test_words_of_hashtags_are_no_more_from_week_to_week():
    one, other = (
        pd.Series([3, 2], index=pd.Index(words, name="word"), name="count")
        for words in (["late", "flight"], ["bag", "late"])
    )
    assert join_hashtag_words(one, other, most=2).to_dict() == {"bag": 3, "late": 3}
    assert len(join_hashtag_words(one, other, most=9)) == 3


def test_more_topics_than_texts_are_refused():
    with pytest.raises(ParamError, match="n_topics is 9, but the number of different texts"):
        fit_topics(pd.DataFrame({"text": ["a late flight", "a lost bag"]}), TopicParams(n_topics=9))


def test_leaving_out_more_posts_is_a_matter_of_asking(posts):
    eager = TopicParams(n_topics=4, method="nmf", least_strength=1.0, max_left_out=0.4)
    left_out = (assign_topics(posts[0], fit_topics(posts[0], eager))["topic"] < 0).mean()
    assert 0.1 < left_out <= 0.4


def test_a_missing_column_is_told(model):
    with pytest.raises(SchemaError, match="needs the column 'text'"):
        fit_topics(pd.DataFrame({"words": ["a"]}))
    with pytest.raises(SchemaError, match="needs a TopicModel, not str"):
        assign_topics(pd.DataFrame({"text": ["a"]}), "model")


def test_a_gpu_that_is_not_there_is_told(posts):
    if find_gpu().usable:
        pytest.skip("there is a GPU")
    with pytest.raises(BackendError, match="GPU"):
        fit_topics(posts[0], TopicParams(backend="gpu", n_topics=4))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"method": "bertopics"}, "Did you mean 'bertopic'"),
        ({"n_topics": 0}, "n_topics is 0"),
        ({"max_left_out": 2}, "max_left_out is 2"),
        ({"embedding": ""}, "embedding is empty"),
    ],
)
def test_wrong_parameters_are_told(change, told):
    with pytest.raises(ParamError, match=told):
        TopicParams(**change)


class Letters:
    """An embedder for tests: how often each letter occurs."""

    def __init__(self, width=26, name="letters", *, broken=False):
        self.width, self.name, self.broken, self.asked = width, name, broken, 0

    def embed(self, texts):
        self.asked += len(texts)
        rows = [[text.lower().count(chr(97 + at)) for at in range(self.width)] for text in texts]
        vectors = np.array(rows, float).reshape(len(texts), self.width)
        return vectors * np.nan if self.broken else vectors


def test_vectors_of_a_network_count_beside_words(posts):
    found = fit_topics(posts[0], FEW, embedder=Letters())
    assert found.embedding == "letters"
    assert found.mixture.pull > 0
    topics = assign_topics(posts[0], found)["topic"]
    assert normalized_mutual_info_score(posts[1], topics) > 0.8


def test_what_words_say_and_what_a_network_says_tell_topics_apart_together():
    """Two subjects by words, in two moods that only the network hears: four topics."""
    rng = np.random.default_rng(0)
    subjects, moods = rng.integers(2, size=(2, 400))
    about = [" ".join(rng.choice(SUBJECTS[one].split(), 4)) for one in subjects]
    counts = count_words_of(about)
    own = unit_rows(np.eye(2)[moods] + 0.3 * rng.standard_normal((400, 2)))
    places, _ = decompose(counts, seed=0, make=make_estimator)
    truth = 2 * subjects + moods
    both = group_texts(places, counts, own, n_topics=4, least=5, seed=0, make=make_estimator)
    alone = group_texts(places, counts, n_topics=4, least=5, seed=0, make=make_estimator)
    assert adjusted_rand_score(truth, alone) < 0.6
    assert adjusted_rand_score(truth, both) > 0.85


def count_words_of(texts):
    counts = CountVectorizer().fit_transform(texts).astype(np.float64)
    return sparse.csr_matrix(counts)


def test_a_text_is_embedded_once(posts, tmp_path):
    kept, first, second = VectorCache(tmp_path), Letters(), Letters()
    found = fit_topics(posts[0], FEW, embedder=first, vectors=kept)
    assign_topics(posts[0], found.with_embedder(second), vectors=kept)
    assert second.asked == 0


def test_vectors_that_cannot_be_used_are_told(posts):
    with pytest.raises(ModelError, match="not finite for"):
        fit_topics(posts[0], FEW, embedder=Letters(broken=True))
    found = fit_topics(posts[0], FEW, embedder=Letters())
    other = found.with_embedder(Letters(width=5))
    with pytest.raises(
        ModelError, match="gives 5 numbers a text, but the topics were made with 26"
    ):
        assign_topics(posts[0], other)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda rows: np.vstack([rows[:-1], rows[-1:] * np.nan]), r"not finite for 1 of \d+ texts"),
        (lambda rows: rows[:, 0], r"an array of shape \(\d+,\)"),
        (lambda rows: rows[:-1], "It has to give one row a text"),
    ],
    ids=["one", "flat", "short"],
)
def test_each_way_in_which_vectors_are_wrong_has_its_words(posts, monkeypatch, spoil, told):
    embed = Letters.embed
    monkeypatch.setattr(Letters, "embed", lambda self, texts: spoil(embed(self, texts)))
    with pytest.raises(ModelError, match=told):
        fit_topics(posts[0], FEW, embedder=Letters())


def test_topics_do_not_go_on_in_vectors_of_another_kind(posts, model):
    with pytest.raises(ModelError, match="'lsa', so its topics cannot go on with 'letters'"):
        fit_topics(posts[0], FEW, embedder=Letters(), continue_from=model)
    by_letters = fit_topics(posts[0], FEW, embedder=Letters())
    with pytest.raises(ModelError, match="'letters', so its topics cannot go on with 'lsa'"):
        fit_topics(posts[0], replace(FEW, embedding="lsa"), continue_from=by_letters)
    narrow = Letters(width=5)
    with pytest.raises(ModelError, match="gives 5 numbers a text"):
        fit_topics(posts[0].head(100), FEW, embedder=narrow, continue_from=by_letters)


def test_a_network_that_was_cut_short_is_told_and_not_chosen(posts, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    params = TopicParams(embedding=str(tmp_path), n_topics=4, method="nmf")
    with pytest.raises(ModelError, match=r"has no weights \(\*.safetensors\)"):
        fit_topics(posts[0], params)
    assert not is_whole(str(tmp_path))
    weights = tmp_path / "model.safetensors"
    save_file({"embeddings": np.zeros((50, 8), np.float32)}, weights)
    assert is_whole(str(tmp_path))
    weights.write_bytes(weights.read_bytes()[:600])
    with pytest.raises(ModelError, match=r"model\.safetensors was cut short or is damaged"):
        fit_topics(posts[0], params)
    assert not is_whole(str(tmp_path))


def test_a_network_runs_where_the_backend_says():
    assert Network("any", "cpu").where == "cpu: the backend is set to cpu"
    assert make_embedder("any", "cpu") == Network("any", "cpu")


def test_fits_by_other_libraries_have_ids_of_their_own(model):
    other = replace(model.card, versions={**model.card.versions, "scikit-learn": "0.1"})
    assert name_fit(other, "") != name_fit(model.card, "") == model.history.root
    elsewhere = replace(model.card, trained_on={**model.card.trained_on, "estimators": "cuml"})
    assert name_fit(elsewhere, "") != name_fit(model.card, "")


def test_an_embedder_is_not_asked_where_every_post_is_known(posts):
    class OneAtLeast(Letters):
        def embed(self, texts):
            # As networks do it: no text gives no width either.
            return np.array(super().embed(texts)) if len(texts) else np.zeros(0)

    found = fit_topics(posts[0], FEW, embedder=OneAtLeast())
    assert (assign_topics(posts[0], found)["topic"] >= 0).any()
    assert len(assign_topics(posts[0].iloc[:0], found)) == 0


def test_an_embedding_that_is_not_installed_is_told(posts):
    try:
        import sentence_transformers  # noqa: F401
    except ImportError:
        with pytest.raises(ModelError, match="extra 'embeddings'"):
            fit_topics(posts[0], TopicParams(embedding="some/network", n_topics=4))
    else:
        pytest.skip("sentence-transformers is installed")


def test_auto_is_lsa_where_no_network_is(model, monkeypatch):
    monkeypatch.setattr("murmuration.topics.params._is_there", lambda name: False)
    assert mm.topics.params.choose_embedding("auto") == "lsa"


def test_a_copied_text_names_its_topic_and_no_other_text(posts):
    spam = [
        f"WIN a FREE iPhone, battery and charger, click here for your prize https://t.co/{at}"
        for at in range(400)
    ]
    both = pd.DataFrame({"text": [*posts[0]["text"], *spam]})
    found = assign_topics(both, model := fit_topics(both, FEW))
    found, same = found.assign(period="this"), find_repeats(found)
    table = estimate_topics(found, model, repeats=same)
    [copied] = table[table["most_copied"] == 400].to_dict("records")
    assert copied["label_share"] > 0.8
    words = spam[0].lower().replace(",", "").split()
    assert set(copied["label"].replace(",", "").split()) <= set(words)
    others = table[table["topic"] != copied["topic"]]
    assert (others["label_share"] > 0.5).all()
    assert (others["most_copied"] < 5).all()
    [(_, copies)] = (
        count_topic_coverage(found, searched=1, quarantined=0)
        .query("item == 'copies'")[["item", "value"]]
        .values
    )
    assert copies == (same["weight"] == 0).sum() >= 399


def test_a_topic_has_as_many_posts_to_read_where_most_say_the_same(posts, model):
    found = assign_topics(posts[0], model)
    mine = found[found["topic"] == 0]
    slogan = " ".join(model.topics["terms"][0][:5])
    copies = pd.DataFrame({"text": [f"{slogan} {n}" for n in range(300)]})
    every = pd.concat([copies.assign(topic=0, topic_strength=1.0), mine], ignore_index=True)
    chosen = find_topic_posts(every, model, count=3)
    assert chosen["rank"].tolist() == [1, 2, 3]
    assert chosen["text"].str.startswith(slogan).sum() == 1
    assert len(find_topic_posts(every.head(300), model, count=3)) == 1


def test_labels_that_people_gave_have_no_share_of_posts(posts, model):
    renamed = model.with_labels({0: "What people ask for"})
    table = estimate_topics(assign_topics(posts[0], renamed), renamed)
    assert table.set_index("topic")["label_share"].isna().tolist() == [True, False, False, False]


def with_label(model, label):
    """Give a model whose first topic has a label of an earlier time."""
    return model.with_table(model.topics.assign(label=[label, *model.topics["label"].tolist()[1:]]))


def test_the_share_of_a_label_is_known_where_no_post_has_a_term_of_it_any_more(posts, model):
    stale = with_label(model, "megyn kelly, congress")
    table = estimate_topics(assign_topics(posts[0], stale), stale).set_index("topic")
    assert table["label_share"][0] == 0
    assert table["label_share"].notna().all()


def test_the_share_of_a_label_is_known_of_small_topics_among_many_posts(posts, model, monkeypatch):
    monkeypatch.setattr("murmuration.topics.reading._LABELLED", 10)
    found = assign_topics(posts[0], model)
    few = found[(found["topic"] > 0) | ~found["topic"].duplicated()]
    assert estimate_topics(few, model)["label_share"].notna().all()
    assert renew_labels(few, model) is model


def test_a_label_that_hardly_a_post_says_is_made_anew_and_told(posts, model):
    stale = with_label(model, "megyn kelly, congress")
    found = assign_topics(posts[0], stale)
    renewed = renew_labels(found, stale)
    table = estimate_topics(found, renewed).set_index("topic")
    assert table["label_share"][0] > 0.5
    assert renewed.topics["label"].tolist()[1:] == model.topics["label"].tolist()[1:]
    lineage = match_topics(stale, renewed).set_index("topic")
    assert lineage["event"].to_dict() == {0: "drifted", 1: "continued", 2: "continued", 3: "continued"}  # fmt: skip
    few = found[(found["topic"] > 0) | (found.groupby("topic").cumcount() < 19)]
    assert renew_labels(few, stale) is stale
    named = model.with_labels({0: "kelly"})
    assert renew_labels(found, named) is named


def test_a_labeller_names_topics_by_their_terms(posts):
    found = fit_topics(posts[0], FEW, labeller=lambda terms: f"about {terms[0]}")
    assert all(label.startswith("about ") for label in found.topics["label"])
    with pytest.raises(ModelError, match="The labeller gave 3"):
        fit_topics(posts[0], FEW, labeller=lambda terms: 3)


def test_short_titles_are_grouped_as_people_did(real_data):
    folder = real_data("topics")
    texts = (folder / "Tweet.txt").read_text(encoding="utf-8").split("\n")
    truth = (folder / "Tweet_LABEL.txt").read_text(encoding="utf-8").split()
    posts = pd.DataFrame({"text": texts[: len(truth)]})
    found = fit_topics(posts, TopicParams(n_topics=89, embedding="lsa"))
    topics = assign_topics(posts, found)["topic"]
    assert len(found.topics) == 89
    assert normalized_mutual_info_score(truth, topics) >= 0.86
    assert (topics < 0).mean() <= 0.05
