import re

import numpy as np
import pytest

from murmuration.sample import Plan
from murmuration.sample.phrasebook import LANGS, Phrasebook
from murmuration.sample.usual import BRANDS
from murmuration.sample.words import around
from murmuration.sample.words.abroad import LANGUAGES
from murmuration.sample.words.book import WORDS
from murmuration.sentiment import vader_scores


@pytest.mark.parametrize("name", WORDS)
def test_every_topic_has_words_in_every_language(name):
    topic = WORDS[name]
    assert set(topic.things) == set(LANGS)
    assert all(len(things) >= 2 for things in topic.things.values())
    assert topic.tags
    assert topic.details


def test_neutral_phrases_have_no_feeling_to_vader():
    phrases = [
        re.sub(r"\{\w+\}", "that", phrase)
        for topic in WORDS.values()
        for phrase in (*topic.clauses["neutral"], *topic.details)
    ]
    assert (vader_scores(phrases)["compound"].abs() < 0.05).mean() > 0.97


def test_chatter_names_no_brand():
    said = " ".join(phrase for topic in around.CHATTER.values() for phrase in topic.details)
    names = "|".join(name for brand in BRANDS for name in (*brand.names, *brand.handles))
    assert not re.search(rf"\b({names})\b", said, re.IGNORECASE)
    clauses = [
        one for topic in around.CHATTER.values() for ones in topic.clauses.values() for one in ones
    ]
    assert not [one for one in clauses if "{brand}" in one]


def test_frames_without_a_brand_leave_its_place_to_leads_and_tails():
    for language in LANGUAGES.values():
        for frame in (*language.negative, *language.neutral, *language.positive, *language.ask):
            assert "{brand}" not in frame
        assert all("{brand}" in side for side in (*language.leads, *language.tails))


def test_variants_of_phrases_leave_names_tags_and_links_as_they_are():
    book = Phrasebook(Plan().brands)
    fixed = np.flatnonzero(book.is_tag)
    table = book.table.to_numpy(zero_copy_only=False).reshape(-1, book.size)
    assert (table[:, fixed] == table[0, fixed]).all()
    assert len(set(table[0, fixed])) > 50
