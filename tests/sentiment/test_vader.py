import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from murmuration.errors import SchemaError
from murmuration.sentiment import vader_scores
from murmuration.sentiment.vader import MAX_CHARS

ANALYZER = SentimentIntensityAnalyzer()
SCORES = ["neg", "neu", "pos", "compound"]


def row(text, lexicon=None):
    [found] = vader_scores([text], lexicon).to_dict("records")
    return found


def compound(text, lexicon=None):
    return row(text, lexicon)["compound"]


def test_real_posts_score_exactly_as_with_vader(real_data):
    tweets = pd.read_csv(real_data("airline/Tweets.csv"))["text"].sample(1500, random_state=1)
    expected = pd.DataFrame([ANALYZER.polarity_scores(text) for text in tweets], index=tweets.index)
    found = vader_scores(tweets)
    assert list(found.columns) == SCORES
    pd.testing.assert_frame_equal(
        found.astype(float), expected[SCORES], check_exact=True, check_index_type=False
    )


pieces = st.lists(
    st.sampled_from((
        "good", "BAD", "not", "n't", "very", "but", "!", "?", "!!!", ":)", ":(", "😀", "❤️", "👎🏽", "kind", "of", "the", "bomb",
        "least", "at", "never", "so", "this", "without", "doubt", "'", "…", " ", "\n", "sux", "h8", "&amp;", "@user", "#love",
    ))
).map(" ".join)  # fmt: skip


@given(st.text() | pieces)
@settings(deadline=None)
@example("never so good")
@example("at least")
@example("the bomb")
@example("😀" * 300)
def test_any_text_scores_exactly_as_with_vader(text):
    if text:
        assert row(text) == ANALYZER.polarity_scores(text)
    else:
        assert all(pd.isna(value) for value in row(text).values())


@given(st.lists(st.none() | pieces, max_size=8))
@settings(deadline=None, max_examples=40)
def test_every_kind_of_column_gives_the_same_rows(texts):
    from_list = vader_scores(texts)
    assert len(from_list) == len(texts)
    for column in (
        tuple(texts),
        (text for text in texts),
        pa.array(texts, pa.string()),
        pa.chunked_array([pa.array(texts, pa.large_string())]),
        pd.Series(texts, dtype=object),
        pd.Series(texts, dtype="string"),
        pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
    ):
        pd.testing.assert_frame_equal(vader_scores(column), from_list, check_index_type=False)


def test_the_index_of_a_series_is_kept_even_where_it_repeats():
    index = pd.Index([7, 7, -1], name="post")
    found = vader_scores(pd.Series(["good", None, "bad"], index=index))
    pd.testing.assert_index_equal(found.index, index)
    assert found["compound"].isna().tolist() == [False, True, False]


def test_missing_and_empty_texts_are_null_and_what_has_no_feeling_is_zero():
    found = vader_scores([None, "", float("nan"), "a table"])
    assert found["compound"].isna().tolist() == [True, True, True, False]
    assert row("a table") == {"neg": 0.0, "neu": 1.0, "pos": 0.0, "compound": 0.0}


def test_no_texts_give_an_empty_frame_of_the_same_types():
    empty = vader_scores([])
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, vader_scores(["good"]).dtypes)


def test_what_is_no_text_is_refused_with_a_cure():
    with pytest.raises(SchemaError, match="astype\\('string'\\)"):
        vader_scores([1, 2])


def test_half_a_character_is_read_as_unknown():
    assert row("good \ud83d day") == ANALYZER.polarity_scores("good \ufffd day")


@given(pieces, st.sampled_from([-4.0, -1.5, 0.0, 2.0]))
@settings(deadline=None)
def test_a_lexicon_changes_only_texts_with_its_words(text, feeling):
    assert row(text, {"brandword": feeling}) == row(text)


def test_a_lexicon_gives_words_a_feeling():
    assert compound("it is sick") < 0 < compound("it is sick", {"sick": 3.0})
    assert compound("so gatelice") == 0 > compound("so gatelice", {"gatelice": -2.0})
    assert compound("so GateLice", {"gateLICE": -2.0}) == compound(
        "so GateLice", {"gatelice": -2.0}
    )
    # As strong as VADER's own words of that feeling.
    assert compound("so gatelice", {"gatelice": ANALYZER.lexicon["bad"]}) == compound("so bad")


def test_zero_takes_a_word_out():
    assert compound("I fly united") > 0
    assert row("I fly united", {"united": 0}) == row("I fly airline")
    assert compound("united is great", {"united": 0}) == compound("airline is great")
    assert compound("good", {"nosuchword": 0}) == compound("good")


def test_one_lexicon_leaves_no_trace_in_the_next_call():
    before = row("united is sick")
    assert row("united is sick", {"united": 0, "sick": 4.0}) != before
    assert row("united is sick") == before


@pytest.mark.parametrize(
    ("piece", "tail"), [("good day, ", " awful"), ("schön ok ", " 😡"), ("ok ", "!")]
)
def test_of_a_long_text_the_beginning_is_scored(piece, tail):
    beginning = (piece * MAX_CHARS)[:MAX_CHARS]
    assert row(beginning + tail * 50_000) == row(beginning)


def test_of_a_long_text_of_emoji_as_much_is_read_as_their_descriptions_fill():
    car, end = "🚗", " awful"
    fitting = (MAX_CHARS - len(end)) // (1 + len(ANALYZER.emojis[car]))
    assert fitting < MAX_CHARS / 10
    assert compound(car * fitting + end) < 0
    assert compound(car * (fitting + 1) + end) == 0
    assert row(car * 50_000 + end) == row(car)


def test_a_text_of_the_greatest_length_is_read_to_its_end():
    text = "it " * (MAX_CHARS // 3 - 2)
    whole = text + "awful"
    assert len(whole) <= MAX_CHARS
    assert compound(whole) < 0 == compound(text)
