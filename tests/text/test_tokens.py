import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.text import clean_text, find_terms, find_words, stop_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("The flight was LATE!!", ["the", "flight", "was", "late"]),
        ("don't / don’t", ["don't", "don't"]),
        ("'quoted' rock 'n' roll o'", ["quoted", "rock", "roll"]),
        ("RT @bob: thanks via @eve@example.org", ["thanks"]),
        ("rt by me via train", ["rt", "by", "me", "via", "train"]),
        ("see https://example.org/late?a=b www.example.org/x now", ["see", "now"]),
        ("#LateAgain #late_again", ["lateagain", "late", "again"]),
        ("salt &amp; pepper &lt;3 &eacute;t&eacute;", ["salt", "pepper", "été"]),
        ("3 hours, 10 hrs, 1000 hours, 45min, 12 bags, 2015", ["hours", "10", "hrs", "1000", "hours", "45", "min", "bags"]),
        ("A320 flight_UA12", ["flight", "ua"]),
        ("e\u0301cole école", ["école", "école"]),
        ("हिन्दी में देरी", ["हिन्दी", "में", "देरी"]),
        ("می‌خواهم بروم", ["می‌خواهم", "بروم"]),
        ("שָׁלוֹם עולם", ["שָׁלוֹם", "עולם"]),
        ("ไม่ดี", ["ไม่ดี"]),
        ("很差 服务", ["很差", "服务"]),
        ("😀 ❤️ 👩‍🚀 a 1", []),
        ("&#" + "9" * 5000 + "; ok", ["ok"]),
        ("\ud800 lone \x00 nul", ["lone", "nul"]),
    ],
)  # fmt: skip
def test_words_are_found_in_lower_case_and_in_order(text, words):
    assert find_words(text) == words


def test_one_feeling_is_one_word_but_a_number_is_its_digits():
    assert find_words("sooo soooooo sooooooooooo") == ["soo"] * 3
    assert find_words("noooooo waaaaay") == ["noo", "waay"]
    assert find_words("5000 minutes") == ["5000", "minutes"]


def test_pairs_stand_next_to_each_other_in_the_text():
    stop = stop_words(("en",))
    assert find_terms("Late flight", stop=stop) == {"late", "flight", "late flight"}
    assert find_terms("late, and a flight", stop=stop) == {"late", "flight"}
    # "a" is too short for a word, but it still stands between.
    assert find_terms("missed a flight", stop=stop) == {"missed", "flight"}
    assert find_terms("late late", stop=stop) == {"late", "late late"}
    assert find_terms("", stop=stop) == set()


@given(st.text())
def test_words_of_words_are_the_same_words(text):
    words = find_words(text)
    # Only digits are words by what follows them.
    assert [word for word in find_words(" ".join(words)) if not word.isdigit()] == [
        word for word in words if not word.isdigit()
    ]


@given(st.text(), st.sets(st.text(min_size=2, max_size=4)))
def test_terms_are_words_and_pairs_without_stop_words(text, stop):
    words = set(find_words(text, stop=stop))
    terms = find_terms(text, stop=stop)
    assert {term for term in terms if " " not in term} == words
    assert {word for term in terms for word in term.split(" ")} == words
    assert not words & stop


def test_cleaning_leaves_what_was_said():
    assert clean_text("it’s &lt;late&gt; #again @bob").split() == ["it's", "<late>", "#again"]


def test_function_words_are_known_for_the_languages_asked_for():
    english = stop_words()
    assert {"the", "don't", "dont", "im", "i'm"} <= english
    # Long lists for English hold what reports are about.
    assert not {"problems", "good", "fire", "bad", "never", "no one", "late", "worst"} & english
    assert {"und", "nicht"} <= stop_words(("de",))
    assert {"schon", "immer"} <= stop_words(("de",))
    assert {"vc", "né"} <= stop_words(("pt",))
    assert {"hai", "nahi"} <= stop_words(("hi-Latn",))
    assert not {"the"} & stop_words(("de",))
    assert stop_words(("de", "en")) == stop_words(("de",)) | english
    assert stop_words(("und", "xx", "")) == {"http", "https", "rt"}
    assert "rt" in english


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "a'",
        "ä\u0301",
        "@a.",
        "aaa",
        "RT ",
        "via ",
        "&",
        "&#1",
        "http",
        "www.",
        " ",
        "का",
    ],
)
def test_time_grows_with_the_length_and_no_faster(piece):
    text = piece * (500_000 // len(piece))
    began = time.perf_counter()
    find_terms(text)
    assert time.perf_counter() - began < 10  # under half a second here
