import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.errors import ParamError, SchemaError
from murmuration.frames import TEXT, is_dask
from murmuration.sentiment import score_posts, vader_scores
from murmuration.sentiment.score import label_scores


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
    assert list(found.columns) == ["text", "lang", "sentiment", "sentiment_label"]
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
