import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.sentiment.features import (
    MAX_CHARS,
    NGrams,
    count_ngrams,
    name_ngrams,
    plain_tokens,
    read_texts,
)

WHICH = NGrams(words=3, chars_from=2, chars_to=5)
POSTS = st.text(max_size=60) | st.sampled_from(
    ["I don't like it :(", "@you https://x.y/z sooooo good!!! 😀👍🏽", "#WinNow <3 &amp; more", "لا أحب هذا", "\x01 \x02 \x00"]
)  # fmt: skip


def test_addresses_handles_and_elongations_become_one_word_each():
    found = plain_tokens("@VirginAmerica sooooooo GOOD http://t.co/x1 &amp; fun")
    assert found == ["@user", "soo", "good", "http", "&", "fun"]


@pytest.mark.parametrize(
    "handle", ["@bobby99", "@@bobby99", "@bobby99@mastodon.social", "@bobby99.bsky.social", "u/bobby99", "/u/bobby99", "&commat;bobby99", "＠bobby99"],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "谢谢", "."])
def test_no_handle_is_a_word(handle, before):
    if before == "谢谢" and "u/" in handle:
        before = "谢谢 "
    words = " ".join(plain_tokens(f"hi {before}{handle} great"))
    assert "@user" in words
    assert not {"bobby", "mastodon", "bsky", "social"} & set(re.findall("[a-z]+", words))


def test_emoticons_emoji_and_hashtags_stay_whole():
    assert plain_tokens(":-) 👍🏽❤️ #WinNow <3") == [":-)", "👍", "❤", "#winnow", "<3"]


def test_accents_that_people_leave_out_do_not_count():
    assert plain_tokens("não é bom über jamás") == plain_tokens("nao e bom uber jamas")
    assert plain_tokens("أَحَبَّ الإســلام") == ["احب", "الاسلام"]


def test_vowel_signs_stay_in_their_words():
    assert plain_tokens("अच्छा है बहुत।") == ["अच्छा", "है", "बहुत", "।"]
    assert plain_tokens("ไม่ดี 한국어") == ["ไม่ดี", "한국어"]


@pytest.mark.parametrize(
    "text", ["non mi piace", "ना अच्छा है", "nahin accha hai", "لا احب هذا", "ohne Freude", "tampoco me gusta", "ne va pas"]
)  # fmt: skip
def test_negations_of_other_languages_are_known(text):
    assert any(word.startswith("\x01") for word in plain_tokens(text))


def test_words_behind_a_negation_come_once_more_until_it_ends():
    assert plain_tokens("not good, fine") == ["not", "good", "\x01good", ",", "fine"]
    assert plain_tokens("no me gusta") == ["no", "me", "\x01me", "gusta", "\x01gusta"]


def test_control_characters_of_a_post_are_no_marks_of_ours():
    assert plain_tokens("\x01good \x02 a\x00b") == ["good", "a", "b"]


def test_of_ten_megabytes_the_beginning_is_read():
    assert len(plain_tokens("ab " * 3_400_000)) == -(-MAX_CHARS // 3)


@settings(deadline=None)  # what is compiled or loaded at the first call takes long
@given(st.lists(POSTS, max_size=6))
def test_ngrams_of_a_text_do_not_depend_on_the_others(texts):
    read = read_texts(texts)
    together = count_ngrams(read, WHICH)
    for row, text in enumerate(read):
        alone = count_ngrams([text], WHICH)
        mine = slice(*together.starts[row : row + 2])
        assert np.array_equal(alone.keys, together.keys[mine])
        assert np.array_equal(alone.counts, together.counts[mine])


@settings(deadline=None)
@given(POSTS)
def test_every_ngram_that_is_counted_has_a_name(text):
    keys, names = name_ngrams(*read_texts([text]), WHICH)
    counted = count_ngrams(read_texts([text]), WHICH)
    found, counts = np.unique(keys, return_counts=True)
    assert len(names) == len(keys)
    assert np.array_equal(found, counted.keys)
    assert np.array_equal(counts, counted.counts)


def test_equal_words_and_equal_runs_of_words_are_counted_together():
    counted = count_ngrams(["a b a b"], NGrams(words=2, chars_to=0))
    assert sorted(counted.counts) == [1, 2, 2, 2]  # "b a", "a", "b", "a b"


def test_short_digests_make_a_table_of_one_size():
    counted = count_ngrams(["many different words that share a small table"], NGrams(bits=4))
    places = counted.keys & np.uint64(2**63 - 1)
    assert places.max() < 2**4
    assert counted.counts.sum() == count_ngrams(["many different words that share a small table"], NGrams()).counts.sum()  # fmt: skip


def test_surrogates_missing_values_and_emoji_alone_can_be_read():
    read = read_texts(["\ud800 half", None, "😀😀"])
    assert read == ["\ufffd half", "", "😀😀"]
    assert np.diff(count_ngrams(read, WHICH).starts).tolist()[1] == 0
