from hypothesis import given
from hypothesis import strategies as st

from murmuration.topics.labels import stem, tell_apart, write_label


def test_forms_of_a_word_are_said_once():
    assert write_label(["delay", "delays", "delayed", "crew"], []) == "delay, crew"


def test_a_phrase_stands_for_its_words():
    words = ["service", "customer", "refund"]
    assert write_label(words, ["customer service"]) == "customer service, refund"


def test_a_topic_without_words_says_so():
    assert write_label([], []) == "no words"


def test_equal_labels_are_told_apart():
    assert tell_apart(["rain", "snow", "rain"]) == ["rain", "snow", "rain (2)"]


def test_forms_share_a_stem():
    assert stem("flights") == stem("flight")
    assert stem("cancelled") == stem("cancel")
    assert stem("bus") == "bus"


@given(st.lists(st.text("abcdes", min_size=1)), st.lists(st.text("abc ", min_size=1)))
def test_a_label_has_three_parts_at_most(words, phrases):
    assert len(write_label(words, phrases).split(", ")) <= 3
