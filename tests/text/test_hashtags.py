import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.text.hashtags import HASHTAGS, HashtagSplitter

# As a few thousand posts might write them.
COUNTS = {
    "the": 6000, "a": 4000, "i": 3000, "to": 3000, "of": 2500, "in": 2000, "is": 1900, "for": 1500, "we": 600,
    "change": 200, "climate": 150, "her": 300, "get": 400, "together": 90, "black": 120, "lives": 60, "matter": 50,
    "great": 200, "again": 180, "america": 150, "make": 300, "food": 90, "poisoning": 20, "no": 500, "hope": 80,
    "youtube": 70, "you": 900, "tube": 5, "face": 50, "book": 60, "straße": 10, "bahn": 12, "ma": 6, "ga": 4,
    "election": 100, "people": 300, "day": 250, "dont": 200, "s": 3,
    "koch farms": 40, "drain the swamp": 12,
}  # fmt: skip


@pytest.fixture(scope="module")
def splitter():
    return HashtagSplitter(COUNTS)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("#climatechange", "climate change"),
        ("#CLIMATECHANGE", "CLIMATE CHANGE"),
        ("#MakeAmericaGreatAgain", "Make America Great Again"),
        ("#makeamericagreatagain", "make america great again"),
        ("#climate_change", "climate change"),
        ("#covid19", "covid 19"),
        ("#COVID19", "COVID 19"),
        ("#2016election", "2016 election"),
        ("#Election2016", "Election 2016"),
        ("#CES2015", "CES 2015"),
        ("#G20", "G20"),
        ("#MH370", "MH370"),
        ("#4thOfJuly", "4th Of July"),
        ("#USAToday", "USA Today"),
        ("#iPhone", "iPhone"),
        ("#YouTube", "YouTube"),  # posts write it in one word
        ("#FaceBook", "Face Book"),
        ("#together", "together"),
        ("#maga", "maga"),  # not "ma ga"
        ("#weweiwei", "weweiwei"),
        ("#unheardof", "unheardof"),
        ("#kochfarms", "koch farms"),  # as other posts show it
        ("#DRAINTHESWAMP", "DRAIN THE SWAMP"),
        ("#fürdiestraße", "fürdiestraße"),
        ("#straßebahn", "straße bahn"),
        ("#日本代表", "日本代表"),
        ("#زمستان_سرد", "زمستان سرد"),
        ("#हिन्दी_दिवस", "हिन्दी दिवस"),
        ("#ＣｌｉｍａｔｅChange", "Climate Change"),
        ("#food#hope", "food hope"),
    ],
)
def test_hashtags_become_words(splitter, tag, words):
    assert HASHTAGS.fullmatch(tag)
    assert splitter.split(tag) == words


def test_without_counts_only_what_is_shown_is_split():
    plain = HashtagSplitter()
    assert plain.split("#ClimateChange2016") == "Climate Change 2016"
    assert plain.split("#climatechange") == "climatechange"


@pytest.mark.parametrize(
    "text", ["we are #1", "C# and F#", "a&#39;b", "https://x.org/#top", "# heading"]
)
def test_not_every_sign_begins_a_hashtag(text):
    assert HASHTAGS.search(text) is None


@given(st.from_regex(r"[A-Za-z0-9éßñ]{1,40}", fullmatch=True))
def test_no_letter_is_lost_or_made_up(tag):
    split = HashtagSplitter(COUNTS).split(f"#{tag}")
    assert split.replace(" ", "") == tag
    assert split == " ".join(split.split())


@pytest.mark.parametrize("piece", ["a", "the", "A", "1", "_", "é", "aA1", "#a", "日"])
def test_time_grows_with_the_length_and_no_faster(splitter, piece):
    tag = "#" + piece * (300_000 // len(piece))
    began = time.perf_counter()
    splitter.split(tag)
    splitter.split("#" + piece * 150)
    assert time.perf_counter() - began < 10  # under a second here
