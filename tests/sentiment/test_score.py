import pickle
from dataclasses import dataclass, field, replace

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.catalog import load_catalog
from murmuration.errors import ModelError, ParamError, SchemaError
from murmuration.frames import TEXT, is_dask
from murmuration.sentiment import score_posts, vader_scores
from murmuration.sentiment.model import ModelCard
from murmuration.sentiment.score import label_scores

from ..conftest import ROOT

COLUMNS = [
    "sentiment",
    "sentiment_label",
    "sentiment_model",
    "p_negative",
    "p_neutral",
    "p_positive",
]


@dataclass
class CountsSigns:
    """A model that looks for + and -, and that is as large as it is told to be."""

    card: ModelCard
    weights: np.ndarray = field(default_factory=lambda: np.zeros(1))
    calls: list = field(default_factory=list)

    @property
    def version(self):
        return f"{self.card.name}-00000000"

    def predict_proba(self, texts):
        self.calls.append(texts)
        signs = [(text.count("-"), 1, text.count("+")) if text else [np.nan] * 3 for text in texts]
        shares = np.array(signs, dtype=float).reshape(-1, 3)
        order = [["negative", "neutral", "positive"].index(label) for label in self.card.labels]
        return (shares / shares.sum(axis=1, keepdims=True))[:, order]

    def choose(self, probabilities):
        best = np.nan_to_num(probabilities, nan=-1).argmax(axis=1)
        return np.where(np.isnan(probabilities[:, 0]), -1, best)

    def predict(self, texts):
        raise NotImplementedError

    def save(self, folder):
        raise NotImplementedError


def plain(column):
    return column.astype(object).where(column.notna(), None).tolist()


def model(*languages, name="signs", **facts):
    return CountsSigns(ModelCard(name=name, kind="linear", languages=languages, **facts))


def make_posts(texts, langs=None):
    posts = pd.DataFrame({"text": pd.array(pa.array(texts, pa.string()), dtype=TEXT)})
    return (
        posts
        if langs is None
        else posts.assign(lang=pd.array(pa.array(langs, pa.string()), dtype=TEXT))
    )


def test_only_english_posts_are_scored():
    found = score_posts(
        make_posts(["this is great"] * 6, ["en", "en-GB", "EN", "de", "und", "English"])
    )
    assert found["sentiment"].notna().tolist() == [True, True, True, False, False, True]
    assert found["sentiment_label"].notna().tolist() == found["sentiment"].notna().tolist()


def test_where_no_language_is_known_it_is_detected():
    texts = [
        "this flight was great, thank you",
        "das war ein schrecklicher Flug, nie wieder",
        "😀",
        None,
    ]
    expected = [True, False, False, False]
    assert score_posts(make_posts(texts))["sentiment"].notna().tolist() == expected
    assert score_posts(make_posts(texts, [None] * 4))["sentiment"].notna().tolist() == expected


def test_a_declared_language_wins_over_the_words():
    english = "this flight was great, thank you"
    found = score_posts(make_posts([english, english], ["fr", None]))
    assert found["sentiment"].notna().tolist() == [False, True]


def test_vader_by_name_scores_every_language():
    found = score_posts(make_posts(["super", "great", None], ["de", "fr", "en"]), "vader")
    assert found["sentiment"].notna().tolist() == [True, True, False]


def test_scores_are_those_of_vader_with_the_lexicon():
    texts = ["united is great", "I fly united", "terrible delay"]
    words = {"united": 0.0}
    found = score_posts(make_posts(texts, ["en"] * 3), lexicon=words)
    assert found["sentiment"].tolist() == vader_scores(texts, words)["compound"].tolist()
    assert found["sentiment_label"].tolist() == ["positive", "neutral", "negative"]


def test_the_words_of_airlines_bring_vader_nearer_to_people_at_every_airline(real_data):
    tweets = pd.read_csv(real_data("airline/Tweets.csv")).drop_duplicates("tweet_id")
    words = load_catalog(ROOT / "data_catalog.yaml").lexicon("airlines")
    human = tweets["airline_sentiment"].to_numpy(object)
    right = {
        name: label_scores(vader_scores(tweets["text"], some)["compound"]).to_numpy(object) == human
        for name, some in {"name only": {"united": 0}, "all": words}.items()
    }
    shares = pd.DataFrame(right).groupby(tweets["airline"].to_numpy()).mean()
    assert len(shares) == 6
    assert (shares["all"] > shares["name only"] + 0.002).all()


@pytest.mark.parametrize(
    ("score", "label"),
    [(-1, "negative"), (-0.0501, "negative"), (-0.05, "negative"), (-0.0499, "neutral"), (0, "neutral"),
     (0.0499, "neutral"), (0.05, "positive"), (1, "positive")],
)  # fmt: skip
def test_labels_change_at_a_twentieth(score, label):
    assert label_scores(pd.Series([score], dtype=float)).tolist() == [label]


def test_no_score_has_no_label():
    found = label_scores(pd.Series([None, 0.2], index=[3, 3], dtype=pd.ArrowDtype(pa.float64())))
    assert found.isna().tolist() == [True, False]
    assert found.index.tolist() == [3, 3]


posts_of_any_kind = st.lists(
    st.tuples(
        st.none()
        | st.sampled_from(["so good", "so bad", "ganz gut", "", "😀", "a table at the window"]),
        st.sampled_from(["en", "de", "und", None]),
    ),
    min_size=1,
    max_size=8,
)


@given(posts_of_any_kind, st.integers(1, 3), st.booleans())
@settings(deadline=None, max_examples=10)
def test_pandas_and_dask_give_the_same(rows, partitions, with_lang):
    texts, langs = zip(*rows, strict=True)
    posts = make_posts(texts, langs if with_lang else None)
    lazy = score_posts(dd.from_pandas(posts, npartitions=partitions))
    pd.testing.assert_frame_equal(lazy.compute(scheduler="sync"), score_posts(posts))


def test_a_lazy_frame_stays_lazy():
    def read(_):
        raise AssertionError("computed")

    lazy = dd.from_map(read, [0], meta=make_posts(["a"], ["en"]).iloc[:0])
    found = score_posts(lazy)
    assert is_dask(found)
    assert list(found.columns) == ["text", "lang", *COLUMNS]
    with pytest.raises(AssertionError, match="computed"), dask.config.set(scheduler="sync"):
        found.compute()


def test_the_posts_given_stay_as_they_are_and_so_do_their_other_columns():
    posts = make_posts(["so good", "so bad"], ["en", "de"]).set_axis([5, 5]).assign(likes=[1, 2])
    before = posts.copy(deep=True)
    found = score_posts(posts)
    pd.testing.assert_frame_equal(posts, before)
    pd.testing.assert_frame_equal(found[list(before.columns)], before)


def test_no_posts_give_the_columns_all_the_same():
    posts = make_posts(["so good"], ["en"])
    pd.testing.assert_series_equal(score_posts(posts.iloc[:0]).dtypes, score_posts(posts).dtypes)


def test_scoring_again_changes_nothing():
    once = score_posts(make_posts(["so good", "ganz gut"], ["en", "de"]))
    pd.testing.assert_frame_equal(score_posts(once), once)


@pytest.mark.parametrize(
    ("method", "near"),
    [
        ("vadr", "Did you mean 'vader'"),
        ("Auto", "Did you mean 'auto'"),
        ("bert", "There is: auto, vader"),
    ],
)
def test_an_unknown_method_is_refused_with_the_nearest_one(method, near):
    with pytest.raises(ParamError, match=f"no sentiment method '{method}'.*{near}"):
        score_posts(make_posts(["a"]), method)


def test_a_missing_column_is_named_before_anything_is_computed():
    with pytest.raises(SchemaError, match="score_posts needs the column 'text'"):
        score_posts(pd.DataFrame({"body": ["a"]}))
    with pytest.raises(SchemaError, match="score_posts needs the column 'text'"):
        score_posts(dd.from_pandas(pd.DataFrame({"body": ["a"]}), npartitions=1))


def test_a_model_scores_the_posts_in_its_languages():
    posts = make_posts(["++", "--", "", None, "+", "-+"], ["de", "fr-CA", "de", "de", "en", "fr"])
    found = score_posts(posts, model("de", "fr"))
    assert plain(found["sentiment"]) == [2 / 3, -2 / 3, None, None, None, 0]
    expected = ["positive", "negative", None, None, None, "negative"]
    assert plain(found["sentiment_label"]) == expected
    assert found["sentiment_model"].notna().tolist() == [True, True, False, False, False, True]
    assert set(found["sentiment_model"].dropna()) == {"signs-00000000"}
    assert plain(found["p_neutral"]) == [1 / 3, 1 / 3, None, None, None, 1 / 3]


def test_auto_takes_the_model_of_a_language_and_vader_for_english():
    posts = make_posts(["great ++", "toll ++", "génial ++", "great ++"], ["en", "de", "fr", None])
    found = score_posts(posts, models={"de-AT": model("de")}, lexicon={"great": -3.0})
    vader, mine = found["sentiment_model"].tolist()[:2]
    assert mine == "signs-00000000"
    assert vader.startswith("vader-3.3.2-")
    assert plain(found["sentiment_model"]) == [vader, mine, None, vader]
    assert found["p_positive"].notna().tolist() == [False, True, False, False]
    own = score_posts(posts, models={"en": model("en")})["sentiment_model"]
    assert plain(own) == [mine, None, None, mine]


def test_scores_of_vader_name_it_and_the_lexicon():
    posts = make_posts(["so good"])
    own, one, two = (
        score_posts(posts, "vader", lexicon=words)["sentiment_model"][0]
        for words in (None, {"good": 1.0}, {"good": 2.0})
    )
    assert own == "vader-3.3.2"
    assert one != two
    assert one == score_posts(posts, "vader", lexicon={"good": 1.0})["sentiment_model"][0]


def test_labels_are_matched_by_name_and_a_missing_one_has_no_share():
    posts = make_posts(["++", "-"], ["de", "de"])
    usual = score_posts(posts, model("de"))
    turned = score_posts(posts, model("de", labels=("positive", "negative", "neutral")))
    pd.testing.assert_frame_equal(usual, turned)
    sided = score_posts(posts, model("de", labels=("negative", "positive")))
    assert sided["p_neutral"].tolist() == [0, 0]


def test_a_model_with_other_labels_is_refused():
    with pytest.raises(ModelError, match="gives joy, but posts are scored as negative, neutral"):
        score_posts(make_posts(["a"]), model("de", labels=("joy", "negative")))


def test_models_are_for_auto_only():
    with pytest.raises(ParamError, match="Only the method 'auto'"):
        score_posts(make_posts(["a"]), "vader", models={"de": model("de")})
    with pytest.raises(ParamError, match="There is no sentiment method 5"):
        score_posts(make_posts(["a"]), 5)


def test_a_model_is_asked_once_a_partition_and_not_for_nothing():
    one = model("de", "fr")
    posts = make_posts(["+", "-", "+"], ["de", "fr", "en"])
    score_posts(posts, models=dict.fromkeys(one.card.languages, one))
    assert one.calls == [["+", "-"]]
    score_posts(posts[2:], one)
    score_posts(posts[:0], one)
    assert len(one.calls) == 1


def test_what_a_post_is_given_does_not_depend_on_its_company():
    texts, langs = ["so good", "+-", "++", "schlecht -", None, ""] * 3, ["en", "de", None] * 6
    posts = make_posts(texts, langs)
    models = {"de": model("de")}
    whole = score_posts(posts, models=models)
    alone = pd.concat(
        [score_posts(posts[row : row + 1], models=models) for row in range(len(posts))]
    )
    pd.testing.assert_frame_equal(whole, alone)
    lazy = score_posts(dd.from_pandas(posts, npartitions=4), models=models)
    pd.testing.assert_frame_equal(lazy.compute(scheduler="sync"), whole)


def test_a_graph_holds_a_model_once_however_many_partitions_there_are():
    large = replace(model("de"), weights=np.random.default_rng(0).random(50_000))
    posts = dd.from_pandas(make_posts(["+"] * 40, ["de"] * 40), npartitions=20)
    tasks = dict(score_posts(posts, large).optimize().dask)
    sizes = [len(pickle.dumps(task)) for task in tasks.values()]
    assert len(sizes) > 20
    assert sum(size > large.weights.nbytes for size in sizes) == 1


def test_a_list_and_a_model_that_was_not_loaded_are_refused_with_what_to_do():
    with pytest.raises(SchemaError, match=r"Make one: pandas.DataFrame"):
        score_posts(["good"])
    with pytest.raises(ParamError, match="Load it first"):
        score_posts(pd.DataFrame({"text": ["good"]}), models={"en": "airline"})
