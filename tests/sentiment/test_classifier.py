import re
from importlib.util import find_spec

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from dask.base import compute
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from murmuration.errors import ModelError, ParamError, SchemaError
from murmuration.frames import text_list
from murmuration.sentiment import ClassifierParams, LinearModel, train_classifier
from murmuration.sentiment.calibration import calibration_error, fit_calibration
from murmuration.sentiment.classifier import choose_strengths
from murmuration.sentiment.drift import compare_with_training
from murmuration.sentiment.features import NGrams
from murmuration.sentiment.labelled import prepare_labelled_texts
from murmuration.sentiment.learner import Learner, count_table, count_words
from murmuration.sentiment.model import LABELS, Model, card_facts
from murmuration.sentiment.out_of_core import _frame, _split
from murmuration.sentiment.search import best_offsets, macro_recall, make_folds

QUICK = ClassifierParams(strength=1.0, folds=3)
WORDS = {
    "negative": ["awful", "broken", "late again", "rude staff", "never again", "hate this"],
    "neutral": ["gate four", "boarding at nine", "which terminal", "flight to Boston", "the app", "seat map"],
    "positive": ["lovely crew", "great trip", "thank you", "so happy", "best flight", "well done"],
}  # fmt: skip
ODD = [
    "", "   ", None, "😀", "!!!", "\x00", "\ud800", "e" + "\u0301" * 300, "مرحبا بالعالم", "great " * 5000, "?" * 1000,
    "@a @b http://x.y", "never again, awful", "lovely crew",
]  # fmt: skip


def make_texts(n: int = 240, seed: int = 0, wrong: float = 0.0) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    labels = [LABELS[code] for code in rng.integers(0, 3, n)]
    said = [LABELS[rng.integers(3)] if rng.random() < wrong else label for label in labels]
    texts = [
        f"{rng.choice(WORDS[label])} {rng.choice(WORDS[label])} today {seed}{number}"
        for number, label in enumerate(said)
    ]
    return texts, labels


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return train_classifier(*make_texts(), params=QUICK)


def test_it_learns_what_the_labels_say(model):
    texts, labels = make_texts(seed=1)
    assert (model.predict(texts) == labels).mean() > 0.95
    assert isinstance(model, Model)


def test_a_saved_model_says_the_same_to_the_bit(model, tmp_path):
    model.save(tmp_path / "model")
    again = LinearModel.load(tmp_path / "model")
    texts = make_texts(seed=2)[0]
    assert again.version == model.version
    assert card_facts(again.card) == card_facts(model.card) | {
        "trained_on": dict(model.card.trained_on)
    }
    assert np.array_equal(again.predict_proba(texts), model.predict_proba(texts))


def test_a_model_that_learned_words_read_otherwise_is_refused(model, tmp_path, monkeypatch):
    model.save(tmp_path / "model")
    monkeypatch.setattr("murmuration.sentiment.linear.READING", 99)
    with pytest.raises(ModelError, match="reads words otherwise"):
        LinearModel.load(tmp_path / "model")


def test_the_same_seed_gives_the_same_model(model):
    params = ClassifierParams(folds=3, trials=2)
    texts, labels = make_texts(wrong=0.3)
    first, second = (train_classifier(texts, labels, params=params).version for _ in range(2))
    assert first == second
    assert train_classifier(*make_texts(), params=QUICK).version == model.version


def test_the_mean_of_models_that_weigh_alike_scores_as_they_do_on_average():
    texts, labels = make_texts(wrong=0.3)
    table = count_table(texts, np.zeros((len(texts), 1)), NGrams(), 1)
    truth = np.array([LABELS.index(label) for label in labels])
    learner = Learner(n_words=count_words(table.keys), n_ngrams=len(table.keys))
    learner.set_params(rarity=learner.count_rarity(table.counts))
    halves = [clone(learner).fit(table.counts[at::2], truth[at::2]) for at in (0, 1)]
    scores = [one.decision_function(table.counts) for one in halves]
    assert np.allclose(
        learner.average(halves).decision_function(table.counts), np.mean(scores, axis=0)
    )


def test_what_judges_a_fold_has_a_strength_that_others_chose():
    tried = np.array([1.0, 2.0, 3.0])
    scores = np.array(
        [[0.0, 0.1, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 1.0]]
    )  # of the last three folds of four
    assert choose_strengths(tried, scores, 4) == (3.0, [3.0, 3.0, 3.0, 2.0])
    assert choose_strengths(tried, scores[:, ::-1], 3) == (1.0, [1.0, 1.0, 2.0])


def test_probabilities_do_not_depend_on_the_other_texts(model, real_data):
    odd = (real_data("blns") / "blns.txt").read_text(encoding="utf-8").split("\n")
    texts = ODD + odd[::3] + make_texts(60, seed=3)[0]
    together = model.predict_proba(texts)
    alone = np.vstack([model.predict_proba([text]) for text in texts])
    backwards = model.predict_proba(texts[::-1])[::-1]
    assert np.array_equal(together, alone, equal_nan=True)
    assert np.array_equal(together, backwards, equal_nan=True)


def test_probabilities_do_not_depend_on_the_partition(model):
    texts = pd.Series(make_texts(60)[0])
    lazy = dd.from_pandas(texts, npartitions=7).map_partitions(model.predict, meta=texts.iloc[:0])
    assert lazy.compute().tolist() == model.predict(texts).tolist()


def test_texts_that_say_nothing_get_no_label_and_the_index_stays(model):
    texts = pd.Series(ODD, index=range(10, 10 + len(ODD)), dtype=object)
    given, shares = model.predict(texts), model.predict_proba(texts)
    assert given.index.equals(texts.index)
    assert given.isna().tolist() == [not (text or "").strip() for text in text_list(ODD)]
    assert np.isnan(shares[:, 0]).tolist() == given.isna().tolist()
    assert np.allclose(shares[given.notna()].sum(axis=1), 1)


def test_the_terms_that_weighed_are_named(model):
    [terms, nothing] = model.explain(["the crew was lovely, never again", ""], count=3)
    assert len(terms) == 3
    assert {"lovely", "never", "again", "crew"} & {term for term, _ in terms}
    assert [abs(weight) for _, weight in terms] == sorted(
        (abs(weight) for _, weight in terms), reverse=True
    )
    assert nothing == []


def test_the_terms_of_a_text_add_up_to_its_score(model):
    text = "never again: the crew was late, late, late"
    terms = dict(model.explain([text], count=10_000)[0])
    code = LABELS.index(model.predict([text])[0])
    scores = (model._scores([text]) - model._weights.bias)[0]
    assert sum(terms.values()) == pytest.approx(scores[code] - np.delete(scores, code).mean(), rel=1e-4)  # fmt: skip


def test_the_card_tells_quality_on_texts_left_out(model):
    texts, labels = make_texts(400, wrong=0.5)
    noisy = train_classifier(texts, labels, params=QUICK).card
    assert noisy.errors.counts.sum() == 400
    assert noisy.metrics["macro_recall"] == macro_recall(noisy.errors.counts)
    assert 0.4 < noisy.metrics["macro_recall"] < 0.8 < model.card.metrics["macro_recall"]
    assert model.card.trained_on["rows"] == 240
    assert model.card.params["strength"] == 1.0


def test_authors_are_never_on_both_sides():
    rng = np.random.default_rng(0)
    truth, authors = rng.integers(0, 3, 300), rng.integers(0, 40, 300)
    for fit, judge in make_folds(truth, groups=authors, times=None, folds=5, seed=0):
        assert not set(authors[fit]) & set(authors[judge])


def test_what_is_judged_by_is_later_than_what_was_learned_from():
    rng = np.random.default_rng(0)
    truth, times, authors = rng.integers(0, 3, 300), rng.permutation(300), rng.integers(0, 90, 300)
    folds = make_folds(truth, groups=authors, times=times, folds=3, seed=0)
    for fit, judge in folds:
        assert times[fit].max() < times[judge].min()
        assert not set(authors[fit]) & set(authors[judge])
    assert sum(len(judge) for _, judge in folds) == 225


@pytest.mark.parametrize("has_authors", [False, True])
@pytest.mark.parametrize("has_times", [False, True])
def test_copies_of_a_text_that_differ_in_handles_and_links_are_on_one_side(has_authors, has_times):
    texts, labels = make_texts(100, wrong=0.3)
    copies = [f"@user{n} {text} https://t.co/{n}" for n, text in enumerate(texts * 3)]
    authors = np.arange(300) % 150
    data = prepare_labelled_texts(copies, labels * 3, None, None, least=2)
    assert np.array_equal(data.alike, np.arange(300) % 100)
    times = np.random.default_rng(0).permutation(300) if has_times else None
    groups = authors if has_authors else None
    folds = make_folds(data.truth, alike=data.alike, groups=groups, times=times, folds=3, seed=0)
    for fit, judge in folds:
        assert not set(data.alike[fit]) & set(data.alike[judge])
        assert not has_authors or not set(authors[fit]) & set(authors[judge])


def test_folds_of_texts_that_all_differ_are_those_of_scikit_learn():
    truth = np.random.default_rng(0).integers(0, 3, 90)
    wanted = StratifiedKFold(5, shuffle=True, random_state=3).split(truth, truth)
    made = make_folds(truth, alike=np.arange(90)[::-1], groups=None, times=None, folds=5, seed=3)
    for found, known in zip(made, wanted, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(found, known, strict=True))


def test_authors_and_times_say_how_quality_was_measured():
    texts, labels = make_texts(400, wrong=0.3)
    authors, times = [f"user {n // 8}" for n in range(400)], pd.date_range("2024-01-01", periods=400)  # fmt: skip
    card = train_classifier(texts, labels, groups=authors, times=times, params=QUICK).card
    assert "3 folds in time, no author on both sides" in card.params["judged"]
    assert card.errors.counts.sum() < 400


def test_a_misspelt_label_is_named_with_the_near_match():
    texts, labels = make_texts(60)
    labels[7] = "postive"
    with pytest.raises(ParamError, match=r"'postive'. Did you mean 'positive'\?"):
        train_classifier(texts, labels)


def test_a_label_that_no_text_has_is_named():
    texts, labels = make_texts(90)
    with pytest.raises(ParamError, match="No text is labelled 'neutral'"):
        train_classifier(texts, ["positive" if one == "neutral" else one for one in labels])
    with pytest.raises(ParamError, match="No text is labelled 'negative'"):
        train_classifier(texts, ["positive"] * 90)


def test_fifty_rows_are_enough_to_learn_from():
    texts, labels = make_texts(50)
    assert train_classifier(texts, labels, params=QUICK).card.trained_on["rows"] == 50


def test_ten_rows_are_too_few():
    with pytest.raises(ParamError, match="texts are labelled 'negative', but 10 of each"):
        train_classifier(*make_texts(10))


def test_contradictory_labels_are_settled_by_most_and_counted(caplog):
    texts, labels = make_texts(90)
    texts += ["both ways"] * 2 + ["two to one"] * 3
    labels += ["positive", "negative", "neutral", "neutral", "positive"]
    facts = train_classifier(texts, labels, params=QUICK).card.trained_on
    assert (facts["rows"], facts["contradictory"], facts["repeated"]) == (91, 2, 4)
    assert "2 texts have several labels" in caplog.text


def test_rows_without_text_or_label_are_left_out():
    texts, labels = make_texts(90)
    facts = train_classifier([*texts, None, "fine"], [*labels, "neutral", None], params=QUICK).card
    assert facts.trained_on["without_text_or_label"] == 2


def test_what_is_no_text_is_refused():
    with pytest.raises(SchemaError, match="something else than text"):
        train_classifier([1, 2, 3], ["neutral"] * 3)


def test_columns_of_different_length_are_refused():
    with pytest.raises(ParamError, match="There are 2 texts but 1 labels"):
        train_classifier(["a", "b"], ["neutral"])


def test_a_post_of_ten_megabytes_is_judged_by_its_beginning(model):
    long = "lovely crew " * 850_000
    assert model.predict([long])[0] == "positive"
    assert np.array_equal(model.predict_proba([long]), model.predict_proba([long[:20_000]]))


def test_a_card_says_what_it_was_measured_on_as_readers_of_reports_would():
    texts, labels = make_texts(1200)
    card = train_classifier(texts, labels, params=QUICK, description="Tweets of 2016").card
    assert card.errors.measured_on == "Tweets of 2016: 1,200 posts it was not fitted to"


def test_no_post_is_quoted_where_columns_were_taken_for_each_other():
    texts, labels = make_texts(60)
    secret = "a long post by somebody, with what nobody else should read: 555-0199"
    with pytest.raises(ParamError, match="Is this the column with the texts") as found:
        train_classifier(labels, [secret, *texts[1:]])
    assert secret[:30] in str(found.value)
    assert "nobody" not in str(found.value)


@pytest.mark.parametrize("numbers", [[0, 1, 2] * 20, list(np.arange(60) % 3), ["0", "1", "2"] * 20])
def test_labels_that_are_numbers_are_refused_with_how_to_translate_them(numbers):
    with pytest.raises(ParamError, match=r"Say which number means what.*labels\.map") as found:
        train_classifier(make_texts(60)[0], numbers)
    assert "np." not in str(found.value)


def test_times_of_several_kinds_are_refused():
    texts, labels = make_texts(60)
    times = [pd.Timestamp("2024-01-01"), 7, *pd.date_range("2024-01-01", periods=58)]
    with pytest.raises(ParamError, match="Times are Timestamp, int, which cannot all"):
        train_classifier(texts, labels, times=times, params=QUICK)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"folds": 1}, "folds is 1, but has to lie between 2 and 20"),
        ({"aim": "macro_f2"}, "Did you mean 'macro_f1'"),
        ({"class_weight": {"postive": 2.0}}, "Did you mean 'positive'"),
        ({"strength": 0.0}, "strength is 0.0"),
        ({"strength": "high"}, "strength is 'high', but has to be a number"),
        ({"seed": -1}, "seed is -1, but has to lie between 0 and"),
        ({"words": 1.5}, "words is 1.5, but has to be a whole number"),
        ({"folds": None}, "folds is None, but has to be a whole number"),
        ({"trials": True}, "trials is True, but has to be a whole number"),
        ({"chars_from": 6}, "chars_from is 6, above chars_to, 5"),
        (
            {"class_weight": {"positive": -1}},
            "class_weight.'positive'. is -1, but has to be a number above 0",
        ),
        ({"class_weight": None}, "class_weight cannot be None"),
    ],
)
def test_wrong_parameters_are_named(wrong, said):
    with pytest.raises(ParamError, match=said):
        ClassifierParams(**wrong)


def test_other_languages_help_but_are_never_judged_by():
    texts, labels = make_texts(60)
    more, their = make_texts(300, seed=5)
    helped = train_classifier(
        texts, labels, others=(more + texts[:5], their + labels[:5]), params=QUICK
    )
    assert helped.card.trained_on["beside"] == 300
    assert helped.card.errors.counts.sum() == 60
    assert (helped.predict(more) == their).mean() > 0.95


def test_progress_is_told(caplog):
    caplog.set_level("INFO", logger="murmuration")
    told = []
    train_classifier(*make_texts(90), params=QUICK, on_progress=lambda *step: told.append(step))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(told) > 6
    assert "training: measuring quality, after " in caplog.text


def test_probabilities_mean_what_they_say():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 6000)
    scores = rng.normal(size=(6000, 3)) * 3 + 4 * np.eye(3)[truth]
    told = fit_calibration(scores[:3000], truth[:3000], seed=0).apply(scores[3000:])
    assert np.allclose(told.sum(axis=1), 1)
    assert calibration_error(told, truth[3000:]) < 0.03


def test_labels_are_named_so_that_rare_ones_are_found():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet([8.0, 1.0, 0.5], 2000)
    truth = np.array([rng.choice(3, p=row) for row in shares])
    offsets = best_offsets(shares, macro_recall)

    def recall(logs):
        named = np.eye(3)[logs.argmax(axis=1)]
        return macro_recall(np.eye(3)[truth].T @ named)

    assert recall(np.log(shares) + offsets) > recall(np.log(shares)) + 0.05


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra is here")
def test_an_embedding_without_the_extra_says_what_to_install():
    with pytest.raises(ModelError, match="Install murmuration with the extra 'embeddings'"):
        train_classifier(*make_texts(90), params=ClassifierParams(embedding="all-MiniLM-L6-v2"))


def make_frame(n: int, npartitions: int) -> dd.DataFrame:
    texts, labels = make_texts(n, wrong=0.2)
    frame = pd.DataFrame({"text": texts, "label": labels})
    frame["author"] = [f"user {number % 97}" for number in range(n)]
    frame["time"] = pd.date_range("2024-01-01", periods=n, freq="h", tz="UTC")
    return dd.from_pandas(frame, npartitions=npartitions)


def test_a_dask_frame_is_learned_from_part_by_part():
    posts = make_frame(1200, 4)
    models = [
        train_classifier(posts["text"], posts["label"], groups=posts["author"], params=QUICK)
        for _ in range(2)
    ]
    texts, labels = make_texts(seed=9)
    assert models[0].version == models[1].version
    assert (models[0].predict(texts) == labels).mean() > 0.9
    card = models[0].card
    assert card.trained_on["rows"] + card.errors.counts.sum() == 1200
    assert re.fullmatch(r"\d+ posts it was not fitted to", card.errors.measured_on)


def test_of_a_dask_frame_with_times_the_latest_are_left_out():
    posts = make_frame(1200, 3)
    card = train_classifier(
        posts["text"],
        posts["label"],
        times=posts["time"],
        params=ClassifierParams(folds=3, trials=2),
    ).card
    assert card.errors.counts.sum() == 120
    assert "penalty" in card.params


@pytest.mark.parametrize("is_lazy", [False, True])
def test_a_model_knows_the_texts_that_it_was_trained_on(is_lazy, tmp_path):
    posts = make_frame(1200, 4)
    columns = (posts["text"], posts["label"])
    if not is_lazy:
        columns = tuple(column.compute() for column in columns)
    train_classifier(*columns, params=QUICK).save(tmp_path / "model")
    again = LinearModel.load(tmp_path / "model")
    texts, fresh = posts["text"].compute(), make_texts(300, seed=77)[0]
    assert again.has_learned(texts).sum() == again.card.trained_on["rows"] > 1000
    assert not again.has_learned([*fresh, None]).any()
    drift = compare_with_training([again], [*texts[:300], *fresh], ["en"] * 600, posts="labelled")
    value = drift.set_index("measure")["value"]
    assert value["seen"] == pytest.approx(0.5, abs=0.07)
    assert value.notna().all()


@pytest.mark.parametrize("columns", [["author"], ["time"], ["author", "time"], []])
def test_copies_and_authors_of_a_dask_frame_are_on_one_side(columns):
    posts = make_frame(600, 1).compute()
    posts, copies = (posts.assign(text=f"@{name} " + posts["text"]) for name in ("ann", "bob"))
    copies["author"] = copies["author"].where(np.arange(600) % 2 == 0, None)  # half unknown
    copies["time"] = copies["time"] - pd.Timedelta(days=30)
    lazy = dd.from_pandas(pd.concat([posts, copies], ignore_index=True), npartitions=3)
    author, time = (lazy[name] if name in columns else None for name in ("author", "time"))
    split = pd.concat(compute(*_split(_frame(lazy["text"], lazy["label"], author, time))))
    learned, judged = split[~split["left_out"]], split[split["left_out"]]
    plain = [
        part["text"].str.removeprefix("@ann ").str.removeprefix("@bob ")
        for part in (learned, judged)
    ]
    assert not set(plain[0]) & set(plain[1])
    assert not set(learned["group"]) & set(judged["group"])
    assert len(judged) > 60
    assert len(learned) > 200
    if columns == ["author"]:
        assert split["group"].nunique() > 300  # unknown authors are not one


def test_missing_times_of_a_dask_frame_are_refused_as_in_memory():
    posts = make_frame(60, 2)
    times = posts["time"].where(posts["time"].dt.hour != 3)
    with pytest.raises(ParamError, match="3 of 60 times are missing"):
        train_classifier(posts["text"], posts["label"], times=times, params=QUICK)


def test_a_dask_frame_needs_its_labels_from_the_same_frame():
    posts = make_frame(60, 2)
    with pytest.raises(ParamError, match="Take both from one Dask frame"):
        train_classifier(posts["text"], make_texts(60)[1])


def test_what_a_dask_frame_cannot_be_joined_with_is_refused():
    posts = make_frame(60, 2)
    with pytest.raises(ParamError, match="cannot be put beside a Dask series"):
        train_classifier(posts["text"], posts["label"], others=(["a"], ["neutral"]))


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ParamError, match="cannot be called 'My model!'"):
        train_classifier(*make_texts(60), name="My model!")
