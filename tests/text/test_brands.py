import string
import time

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from murmuration.errors import ParamError, SchemaError
from murmuration.frames import TEXT
from murmuration.text import Brand, assign_brands, drop_unmentioned, keep_brand
from murmuration.text.brands import mentions

UNITED = Brand(
    key="united",
    name="United Airlines",
    terms=("united", "united airlines"),
    handles=("@united",),
    hashtags=("unitedfail",),
    exclude=("manchester united", "united states", "man united"),
)
DELTA = Brand(
    key="delta",
    name="Delta",
    terms=("delta",),
    handles=("delta", "deltaassist"),
    exclude=("nile delta",),
)
JET_BLUE = Brand(key="jetblue", name="JetBlue", terms=("jet blue", "jetblue"))
BRANDS = (UNITED, DELTA, JET_BLUE)


def brands_of(text, brands=BRANDS):
    [found] = assign_brands(pd.DataFrame({"text": [text]}), brands)["brands"].tolist()
    return list(found)


@pytest.mark.parametrize(
    "text",
    [
        "united",
        "I flew United.",
        "United's seats",
        "United’s seats",
        "«united»",
        "(united)",
        "united!!!",
        "never united-again",
        "UNITED",
        "uNiTeD AIRLINES",
        "ＵＮＩＴＥＤ",
        "𝐮𝐧𝐢𝐭𝐞𝐝",
        "uni\u00adted",
        "\ufeffunited",
        "\u200funited\u200e",
        "❤️united❤️",
        "1️⃣united",
        "@united thanks",
        ".@United",
        "＠united",
        "#UnitedFail again",
        "#united",
        "https://www.united.com/help",
        "我坐united回家",
        "ユナイテッド(united)は",
        "unitedは遅い",
        "united가 늦었다",
    ],
)
def test_a_term_is_found_however_it_is_written(text):
    assert mentions(text, UNITED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "reunited",
        "unitedly",
        "united_fans",
        "unité",
        "unitedhealth",
        "un ited",
        "united\u0301",
        "@unitedfan",
        "#unitedwestand",
        "unitedи",
        "2united",
    ],
)
def test_a_term_within_another_word_is_no_mention(text):
    assert not mentions(text, UNITED)


def test_a_handle_is_found_with_its_sign_only():
    brand = Brand(key="b", name="B", handles=("acme",), hashtags=("AcmeDay",))
    assert mentions("hi @ACME!", brand)
    assert mentions("it is #acmeday.", brand)
    assert not mentions("acme", brand)
    assert not mentions("#acme", brand)
    assert not mentions("acmeday", brand)
    assert not mentions("@acme_support", brand)
    assert not mentions("mail@acme", brand)


@pytest.mark.parametrize(
    "text",
    [
        "Manchester United won",
        "manchester  united",
        "MANCHESTER\nUNITED",
        "manchester-united",
        "manchester\u00a0united",
        "the United States",
        "the United-States",
    ],
)
def test_an_exception_swallows_the_term_inside_it(text):
    assert not mentions(text, UNITED)


@pytest.mark.parametrize(
    "text",
    [
        "Manchester United flew with United",
        "United brought Manchester United home",
        "United, from the United States",
        "@united manchester united",
        "woman united",  # "man united" is not in it
    ],
)
def test_another_mention_beside_an_exception_counts(text):
    assert mentions(text, UNITED)


def test_phrases_allow_any_space_or_hyphen_between_their_words():
    for text in (
        "jet blue",
        "Jet  Blue",
        "jet\nblue",
        "jet-blue",
        "jet\u2011blue",
        "jet\u00a0blue",
    ):
        assert mentions(text, JET_BLUE), text
    assert not mentions("jet, blue", JET_BLUE)


def test_a_post_may_mention_several_brands_in_the_order_asked_for():
    text = "JetBlue or United or @deltaassist? Not the Nile delta"
    assert brands_of(text) == ["united", "delta", "jetblue"]
    assert brands_of(text, (JET_BLUE, UNITED)) == ["jetblue", "united"]
    assert brands_of("nothing") == []


@pytest.mark.parametrize(
    ("term", "there", "not_there"),
    [
        ("东方航空", "我坐东方航空回家", "我坐南方航空回家"),
        ("トヨタ", "新しいトヨタは速い", "新しいホンダは速い"),
        ("การบินไทย", "ฉันบินกับการบินไทยวันนี้", "ฉันบินวันนี้"),
        ("현대", "현대가 새 차를 냈다", "극현대 미술"),
        ("टाटा", "टाटा की कार", "टाटाों की"),
        ("टाट", "यह टाट है", "यह टाटा है"),
        ("شركة دلتا", "شركة دلتا للطيران", "شركة دلتاوي"),
        ("Straße", "in der STRASSE", "in der Strasser"),
        ("Ünal", "U\u0308NAL ist da", "Ünalan"),
        ("ΟΣΜΗ", "η οσμη", "οσμησ"),
        ("c++", "I like C++!", "I like C+"),
        ("AT&T", "at&t is down", "at t is down"),
        ("7-Eleven", "the 7-eleven shop", "17-eleven"),
        ("O₂", "by O2.", "by CO2."),
    ],
)
def test_terms_of_any_script_are_found(term, there, not_there):
    brand = Brand(key="b", name="B", terms=(term,))
    assert mentions(there, brand)
    assert not mentions(not_there, brand)


def test_titles_are_read_as_well_but_phrases_do_not_reach_over():
    posts = pd.DataFrame(
        {
            "title": ["United again", "Manchester", "jet", None],
            "text": ["late", "United", "blue", None],
        }
    )
    found = assign_brands(posts, BRANDS)["brands"]
    assert [list(one) for one in found] == [["united"], ["united"], [], []]


@pytest.mark.parametrize("terms", [(), ("",), ("  ", "\u00ad"), ("-",)])
def test_a_brand_without_anything_to_look_for_is_refused(terms):
    with pytest.raises(ParamError, match=r"'b'.*Give it one"):
        Brand(key="b", name="B", terms=terms, handles=("@",), hashtags=("#",))


def test_empty_phrases_among_others_mention_nothing():
    brand = Brand(key="b", name="B", terms=("", "acme", " "), exclude=("", "-"))
    assert mentions("acme", brand)
    assert not mentions("any words - here", brand)


# What may stand around a mention without changing it: neither part of a word nor a sign of its own.
around = st.text(
    alphabet=" \t\n.,;:!?()[]{}<>\"'«»“”…–—/|+=*^~%&€😀❤\u200f\u00a0、。！", max_size=4
)
words = st.sampled_from((
    "united", "delta", "jet blue", "manchester united", "united states", "reunited", "deltas", "nile delta", "@united",
    "@deltaassist", "#unitedfail", "hello", "jet", "blue", "ünïted", "东方", "का", "1", "_", "@", "#", "man",
))  # fmt: skip
posts = st.lists(words, max_size=6).map(" ".join)


@given(posts, around, around)
def test_what_stands_around_a_post_changes_nothing(text, before, after):
    assert brands_of(before + " " + text + " " + after) == brands_of(text)
    assume(not text or text[0].isascii())
    assert brands_of(before + text + after) == brands_of(text)


@given(posts)
@example("ＵＮＩＴＥＤ")
def test_case_changes_nothing(text):
    expected = brands_of(text)
    for changed in (text.upper(), text.lower(), text.swapcase(), text.title()):
        assert brands_of(changed) == expected


@given(st.text(), st.sampled_from(BRANDS))
@example("\ud800united", UNITED)
def test_nothing_makes_it_fail(text, brand):
    assert isinstance(mentions(text, brand), bool)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.none() | posts | st.text(max_size=8), max_size=12), st.integers(1, 4))
def test_pandas_and_dask_give_the_same(texts, partitions):
    column = pd.array(pa.array(texts, pa.string()), dtype=TEXT)
    frame = pd.DataFrame({"text": column, "n": range(len(texts))}, index=range(7, 7 + len(texts)))
    lazy = dd.from_pandas(frame, npartitions=partitions)
    for work in (
        lambda part: assign_brands(part, BRANDS),
        lambda part: drop_unmentioned(assign_brands(part, BRANDS)),
        lambda part: keep_brand(part, UNITED),
    ):
        result = work(lazy)
        assert isinstance(result, dd.DataFrame)
        pd.testing.assert_frame_equal(result.compute(scheduler="sync"), work(frame))


def test_the_input_stays_as_it_was_and_the_index_is_kept():
    frame = pd.DataFrame({"text": ["united", "no"]}, index=[7, 7])
    copy = frame.copy(deep=True)
    assert assign_brands(frame, BRANDS).index.tolist() == [7, 7]
    assert keep_brand(frame, UNITED)["text"].tolist() == ["united"]
    pd.testing.assert_frame_equal(frame, copy)


def test_no_posts_keep_their_columns():
    none = pd.DataFrame({"text": pd.Series(dtype="str"), "n": pd.Series(dtype=int)})
    assert keep_brand(none, UNITED).columns.tolist() == ["text", "n"]
    assert assign_brands(none, BRANDS).columns.tolist() == ["text", "n", "brands"]


def test_posts_without_text_say_what_is_missing():
    with pytest.raises(SchemaError, match="assign_brands needs the column 'text'"):
        assign_brands(pd.DataFrame({"texts": ["a"]}), BRANDS)
    with pytest.raises(SchemaError, match="'text' holds something else than text"):
        assign_brands(pd.DataFrame({"text": [1, 2]}), BRANDS)


@pytest.mark.parametrize(
    "piece", ["united", "manchester ", "jet ", "jet -", " ", "a", "é", "東", "@", "का", "\u00ad"]
)
def test_time_grows_with_the_length_and_no_faster(piece):
    text = piece * (1_000_000 // len(piece))
    began = time.perf_counter()
    brands_of(text)
    assert time.perf_counter() - began < 10  # under one second here


def test_airline_posts_name_the_airline_they_were_sent_to(real_data):
    sent = pd.read_csv(real_data("airline/Tweets.csv"))
    found = assign_brands(sent[sent["airline"] == "United"], (UNITED,))["brands"]
    # Every one holds "united", two in words like "unitedflight" only.
    assert (found.list.len() == 1).mean() > 0.995


def test_every_string_that_breaks_programs_is_read(real_data):
    strings = pd.read_json(real_data("blns/blns.json"), typ="series").tolist()
    frame = pd.DataFrame({"text": strings})
    assert len(assign_brands(frame, BRANDS)) == len(strings)
    letters = set(string.ascii_letters)
    for text in strings[
        ::5
    ]:  # as a term, each is found in itself, unless nothing of it can be seen
        if letters & set(text):
            assert mentions(text, Brand(key="b", name="B", terms=(text,))), text


@pytest.mark.parametrize("text", ["@United States of", "#united states", "@united  states"])
def test_a_sign_before_an_exception_belongs_to_it(text):
    assert brands_of(text) == []
