import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from murmuration.topics.labels import (
    Said,
    choose_terms,
    read_label,
    stem,
    tell_apart,
    write_label,
)


def listen(*topics, times=None):
    """Texts of topics as words with a space between; pairs that stand in a text are its phrases."""
    texts = [text for texts in topics for text in texts]
    rows = [row for row, texts in enumerate(topics) for _ in texts]
    terms = sorted({word for text in texts for word in text.split()})
    pairs = {" ".join(pair) for text in texts for pair in itertools.pairwise(text.split())}
    terms += sorted(pairs)
    has = [[f" {term} " in f" {text} " for term in terms] for text in texts]
    posts = np.ones(len(texts)) if times is None else np.array(times, float)
    return Said(np.array(rows), posts, sparse.csr_matrix(np.array(has, float)), terms)


NOISE = [f"other{at}" for at in range(20)]


def test_a_label_has_words_that_many_posts_have_before_words_that_only_these_have():
    posts = ["fleek our", "fleek our", *["bag lost"] * 3, *["bag"] * 5, "gate", "seat"]
    chosen = choose_terms(listen(posts, [*NOISE, "bag"]), 0)
    assert chosen[0] == "bag"


def test_a_word_that_all_posts_have_tells_no_topic():
    said = listen([f"rt bag{at % 2}" for at in range(10)], [f"rt {one}" for one in NOISE])
    assert "rt" not in choose_terms(said, 0)


def test_the_second_term_is_of_posts_that_the_first_leaves_out():
    posts = [*["bag lost"] * 5, "bag", *["luggage"] * 4]
    assert choose_terms(listen(posts, NOISE), 0)[:2] != ["bag", "lost"]
    assert "luggage" in choose_terms(listen(posts, NOISE), 0)[:2]


def test_a_phrase_of_few_posts_does_not_stand_for_its_word():
    rare, usual = (
        [f"golf bag x{at}" if at < n else f"bag x{at}" for at in range(50)] for n in (1, 30)
    )
    assert choose_terms(listen(rare, NOISE), 0)[0] == "bag"
    assert choose_terms(listen(usual, NOISE), 0)[0] == "golf bag"


def test_copies_count_in_labels_as_often_as_they_were_posted():
    said = listen(["win prize", "weather late", "weather"], NOISE, times=[2_700, 1, 1, *[1] * 20])
    assert set(choose_terms(said, 0)[0].split()) <= {"win", "prize"}


def test_a_topic_alone_is_called_by_what_most_posts_say():
    assert choose_terms(listen(["bag a", "bag b", "bag c", "gate d"]), 0)[0] == "bag"


def test_a_label_can_be_read_again():
    assert read_label("customer service, refund (2)") == ["customer service", "refund"]
    assert read_label(write_label([])) == []


def test_forms_of_a_word_are_said_once():
    assert write_label(["delay", "delays", "delayed", "crew"]) == "delay, crew"


def test_a_topic_without_words_says_so():
    assert write_label([]) == "no words"


def test_equal_labels_are_told_apart():
    assert tell_apart(["rain", "snow", "rain"]) == ["rain", "snow", "rain (2)"]


def test_forms_share_a_stem():
    assert stem("flights") == stem("flight")
    assert stem("cancelled") == stem("cancel")
    assert stem("bus") == "bus"


@given(st.lists(st.text("abcdes", min_size=1)))
def test_a_label_has_three_parts_at_most(words):
    assert len(write_label(words).split(", ")) <= 3
