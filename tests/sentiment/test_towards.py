from dataclasses import replace

import dask.dataframe as dd
import pandas as pd
import pytest

from murmuration.errors import ParamError, SchemaError
from murmuration.frames import is_dask
from murmuration.sentiment import judge_mentions, score_posts, score_towards
from murmuration.text import Brand

from ..benchmarks.towards_brand import judge, read_golden

DELTA = Brand(key="delta", name="Delta", terms=("delta",), handles=("delta",))
UNITED = Brand(key="united", name="United", terms=("united",), handles=("united",))
BRANDS = (DELTA, UNITED)
WORDS = {"united": 0.0}
COLUMNS = ["towards", "towards_label", "towards_part"]


def towards(text, brand, others=BRANDS, lang="en", **options):
    posts = pd.DataFrame({"text": [text], "lang": [lang]})
    found = score_towards(posts, brand, others=others, lexicon=WORDS, **options)
    return found[COLUMNS].iloc[0]


def label(text, brand, others=BRANDS):
    return towards(text, brand, others)["towards_label"]


def accuracy(judged, column):
    return (judged[column].astype(object) == judged["expected"]).mean()


@pytest.fixture(scope="module")
def judged():
    return judge()


def test_the_golden_posts_are_enough_and_none_is_in_both_halves(judged):
    posts = judged.drop_duplicates("text")
    assert len(posts) >= 240
    assert posts["half"].value_counts().to_dict() == {"held-out": 146, "development": 146}
    assert judged.groupby("text")["half"].nunique().max() == 1


@pytest.mark.parametrize("half", ["development", "held-out"])
def test_among_several_brands_the_part_is_right_far_more_often_than_the_whole_post(judged, half):
    rows = judged[(judged["half"] == half) & (judged["kind"] != "single")]
    assert accuracy(rows, "towards_label") >= accuracy(rows, "whole") + 0.15
    assert accuracy(rows, "towards_label") >= 0.75


@pytest.mark.parametrize("half", ["development", "held-out"])
def test_with_one_brand_the_part_is_right_no_less_often_than_the_whole_post(judged, half):
    rows = judged[(judged["half"] == half) & (judged["kind"] == "single")]
    assert accuracy(rows, "towards_label") >= accuracy(rows, "whole")


@pytest.mark.parametrize(
    "text",
    [
        "Love Delta, hate United",
        "Delta is better than United",
        "Delta beats United",
        "Unlike United, Delta answers",
        "Switched from United to Delta",
        "I prefer Delta over United",
        "Delta &gt; United",
        "thanks @delta for rebooking me after @united cancelled",
        "United isn’t as good as Delta",
        "@united next time I fly @delta",
        "United is terrible &amp; Delta is lovely",
        "Delta is lovely, United not so much",
    ],
)
def test_a_post_is_good_for_one_and_bad_for_the_other(text):
    assert (label(text, DELTA), label(text, UNITED)) == ("positive", "negative")


@pytest.mark.parametrize(
    ("text", "delta", "united"),
    [
        ("Is Delta better than United?", "neutral", "neutral"),
        ("Delta is even worse than United", "negative", "negative"),
        ("Delta is no better than United", "negative", "negative"),
        ("Delta is as good as United", "positive", "positive"),
        ("Switched from United to Delta, what a mistake", "negative", "positive"),
        ("Delta is less helpful than United", "negative", "positive"),
    ],
)
def test_forms_that_turn_a_comparison_are_understood(text, delta, united):
    assert (label(text, DELTA), label(text, UNITED)) == (delta, united)


def test_a_preferred_brand_comes_off_clearly_and_no_worse_than_the_words():
    assert towards("Delta over United", DELTA)["towards"] == pytest.approx(0.4404)
    assert towards("Delta over United", UNITED)["towards"] == pytest.approx(-0.4404)
    strong = towards("wonderful lovely Delta is so much better than United", DELTA)["towards"]
    assert strong > 0.8


def test_the_part_that_was_judged_is_given():
    assert towards("Love Delta, hate United", UNITED)["towards_part"] == "hate United"
    text = "Delta left. United stayed. Delta is kind."
    assert towards(text, DELTA)["towards_part"] == "Delta left. … Delta is kind."
    assert (
        towards("all of this is about delta", DELTA)["towards_part"] == "all of this is about delta"
    )


def test_a_post_that_does_not_mention_the_brand_is_null():
    assert towards("Love United", DELTA).isna().all()


def test_a_post_in_another_language_keeps_its_part_but_has_no_score():
    found = towards("Delta ist besser als United", DELTA, lang="de")
    assert found[["towards", "towards_label"]].isna().all()
    assert found["towards_part"] == "Delta ist besser als United"


def test_english_rules_are_not_put_on_posts_in_another_language():
    text = "Delta is better than United, love Delta, hate United"
    assert towards(text, DELTA, lang="en")["towards"] > 0.4
    for language in ("de", "und"):
        assert towards(text, UNITED, lang=language)["towards_part"] == text


def test_the_language_is_that_of_the_whole_post():
    posts = pd.DataFrame({"text": ["I really hate the seats of United, but Delta rules 😍 great"]})
    found = score_towards(posts, DELTA, others=BRANDS, lexicon=WORDS)
    assert found["towards_label"].tolist() == ["positive"]


def test_one_brand_without_a_comparison_is_judged_as_score_posts_does():
    _, words, rows = read_golden()
    rows = rows[rows["kind"].isin(["neutral", "same", "sentences"])].assign(
        text="delta: " + rows["text"]
    )
    found = score_towards(rows, DELTA, lexicon=words)
    alone = found["towards_part"] == rows["text"]
    whole = score_posts(rows, lexicon=words)
    assert alone.mean() > 0.8
    assert found.loc[alone, "towards"].tolist() == whole.loc[alone, "sentiment"].tolist()


def test_a_brand_in_the_title_only_is_judged_by_the_text():
    posts = pd.DataFrame({"title": ["Delta"], "text": ["This is wonderful"], "lang": ["en"]})
    assert score_towards(posts, DELTA)["towards_label"].tolist() == ["positive"]


def test_dask_frames_stay_lazy_and_give_the_same_as_pandas():
    _, words, rows = read_golden()
    posts = rows[["text", "lang"]].drop_duplicates().assign(sentiment=0.5).iloc[:80]
    lazy = score_towards(dd.from_pandas(posts, npartitions=3), DELTA, others=BRANDS, lexicon=words)
    assert is_dask(lazy)
    at_once = score_towards(posts, DELTA, others=BRANDS, lexicon=words)
    assert lazy.compute(scheduler="sync")[COLUMNS].equals(at_once[COLUMNS])
    assert lazy.dtypes[COLUMNS].to_dict() == at_once.dtypes[COLUMNS].to_dict()
    assert at_once["sentiment"].eq(0.5).all()


def test_index_order_and_input_are_kept():
    posts = pd.DataFrame({"text": ["love delta", None, "", "hate delta"]}, index=[7, 7, 1, 0])
    before = posts.copy()
    found = score_towards(posts, DELTA, method="vader")
    assert found.index.tolist() == [7, 7, 1, 0]
    assert found["towards_label"].notna().tolist() == [True, False, False, True]
    pd.testing.assert_frame_equal(posts, before)


def test_no_posts_give_the_columns():
    assert list(score_towards(pd.DataFrame({"text": []}), DELTA).columns) == ["text", *COLUMNS]


def test_what_is_no_brand_is_refused():
    posts = pd.DataFrame({"text": ["x"]})
    with pytest.raises(ParamError, match="Brand objects, not 'delta'"):
        score_towards(posts, "delta")
    with pytest.raises(ParamError, match="Brand objects, not 'u'"):
        score_towards(posts, DELTA, others="united")
    with pytest.raises(ParamError, match="vadr"):
        score_towards(posts, DELTA, method="vadr")
    many = [replace(DELTA, key=f"b{number}") for number in range(300)]
    with pytest.raises(ParamError, match="at most 256 brands"):
        score_towards(posts, DELTA, others=many)
    with pytest.raises(SchemaError, match="text"):
        score_towards(pd.DataFrame({"body": ["x"]}), DELTA)


def test_airline_tweets_are_judged_without_loss(real_data):
    tweets = (
        pd.read_csv(real_data("airline/Tweets.csv"), usecols=["text"]).iloc[:3000].assign(lang="en")
    )
    found = score_towards(tweets, UNITED, others=BRANDS, lexicon=WORDS)
    assert found["towards"].notna().equals(found["towards_part"].notna())
    whole = score_posts(tweets, lexicon=WORDS)["sentiment_label"]
    same = (found["towards_label"] == whole)[found["towards"].notna().astype(bool)]
    assert same.mean() > 0.9  # most tweets speak of one airline


def test_each_mention_of_a_post_gets_the_sentiment_towards_its_own_brand():
    text = "love Delta, hate United"
    posts = pd.DataFrame(
        {"text": [text, None, text], "lang": "en", "brand": ["united", "delta", "delta"]}
    )
    judged = judge_mentions(score_posts(posts), BRANDS, lexicon=WORDS)
    assert judged["sentiment_label"].fillna("").to_list() == ["negative", "", "positive"]
    assert judged["sentiment"][0] < 0 < judged["sentiment"][2]
    assert judged.columns.to_list() == score_posts(posts).columns.to_list()
    version = score_posts(posts)["sentiment_model"][0] + "-towards"
    assert judged["sentiment_model"].fillna("").to_list() == [version, "", version]
