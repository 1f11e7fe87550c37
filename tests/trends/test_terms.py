import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.trends import find_distinctive_terms, find_terms_by_side

# Words that no list of function words holds.
FILLER = [
    a + b
    for a in ("kor", "mal", "tiv", "rud", "sen")
    for b in ("ban", "dop", "fil", "gus", "hem", "jat")
]


def write(rng, count, *, planted=(), often=0.5):
    """Posts of eight words each; a planted term is in every second one."""
    texts = []
    for _ in range(count):
        words = list(rng.choice(FILLER, 8))
        words += [term for term in planted if rng.random() < often]
        texts.append(" ".join(words))
    return texts


def frame(texts):
    return pd.DataFrame({"text": texts})


def sided(negative, positive, neutral=()):
    texts = [*negative, *positive, *neutral]
    labels = (
        ["negative"] * len(negative) + ["positive"] * len(positive) + ["neutral"] * len(neutral)
    )
    return pd.DataFrame({"text": texts, "sentiment_label": labels})


def terms_of(found, side=None):
    return found["term"].tolist() if side is None else found[found["side"] == side]["term"].tolist()


def test_planted_terms_come_first_on_their_side():
    rng = np.random.default_rng(0)
    posts = sided(
        write(rng, 200, planted=["luggage", "queue"]),
        write(rng, 200, planted=["legroom"]),
        write(rng, 200),
    )
    found = find_terms_by_side(posts)
    assert (
        set(terms_of(found, "negative")[:2]) == {"luggage", "queue"}
        or terms_of(found, "negative")[0] == "luggage queue"
    )
    assert terms_of(found, "positive")[0] == "legroom"
    assert "legroom" not in terms_of(found, "negative")
    assert list(found.columns[:2]) == ["term", "z"]
    for side in ("negative", "positive"):
        assert found[found["side"] == side]["rank"].tolist() == list(
            range(1, len(terms_of(found, side)) + 1)
        )


def test_counts_are_of_posts_not_of_words():
    some = [f"luggage lost luggage {word}" for word in FILLER]
    others = [f"fine {word}" for word in FILLER] + ["luggage fine"]
    found = find_distinctive_terms(frame(some), frame(others)).set_index("term")
    assert found.loc["luggage lost", "posts"] == len(FILLER)
    assert found.loc["luggage lost", "posts_other"] == 0
    assert (found["z"] >= 1.96).all()
    assert found["z"].is_monotonic_decreasing


def test_random_labels_bring_nearly_no_terms():
    rng = np.random.default_rng(3)
    texts = write(rng, 400)
    with_terms = 0
    for _ in range(12):
        labels = rng.choice(["negative", "positive", "neutral"], len(texts))
        found = find_terms_by_side(pd.DataFrame({"text": texts, "sentiment_label": labels}))
        with_terms += len(set(found["side"]))
    assert with_terms <= 4  # of 24 sides; one in twenty is what the limit allows


def test_random_labels_of_real_posts_bring_nearly_no_terms(real_data):
    rng = np.random.default_rng(4)
    tweets = pd.read_csv(real_data("airline/Tweets.csv"))["text"].sample(2500, random_state=0)
    found = [
        len(find_distinctive_terms(frame(tweets[half]), frame(tweets[~half])))
        for half in (rng.random(len(tweets)) < 0.5 for _ in range(4))
    ]
    assert sum(found) <= 2


def test_what_people_complain_about_is_found_in_real_posts(real_data):
    tweets = pd.read_csv(real_data("airline/Tweets.csv")).iloc[:6000]
    posts = tweets.rename(columns={"airline_sentiment": "sentiment_label"})
    found = find_terms_by_side(posts, without=["united", "VirginAmerica", "SouthwestAir"])
    assert {"hours", "hold", "delayed"} & set(terms_of(found, "negative")[:8])
    assert {"thanks", "thank", "love", "great", "awesome"} & set(terms_of(found, "positive")[:3])
    assert not set(terms_of(found, "negative")) & set(terms_of(found, "positive"))


def test_names_of_brands_are_left_out_with_their_endings_and_in_pairs():
    rng = np.random.default_rng(5)
    posts = sided(
        write(rng, 100, planted=["United Airlines", "unitedfail", "united's", "luggage"]),
        write(rng, 100),
    )
    found = terms_of(
        find_terms_by_side(posts, without=["United Airlines", "#unitedfail"]), "negative"
    )
    assert "luggage" in found
    assert not any("united" in term or "airlines" in term for term in found)


def test_copied_posts_count_once():
    rng = np.random.default_rng(6)
    others = write(rng, 200)
    copied = ["Voucher inside!! https://a.example/1"] * 500 + ["voucher inside @bob"] * 500
    found = find_distinctive_terms(frame(write(rng, 100) + copied), frame(others))
    assert not any("voucher" in term for term in terms_of(found))
    # Said by people in their own words, it does stand out.
    own = [f"voucher inside {text}" for text in write(rng, 40)]
    found = find_distinctive_terms(frame(write(rng, 100) + own), frame(others))
    assert terms_of(found) == ["voucher inside"]


def test_a_pair_replaces_its_words_where_they_are_nearly_always_together():
    rng = np.random.default_rng(7)
    posts = sided(write(rng, 100, planted=["late flight"]), write(rng, 100))
    assert terms_of(find_terms_by_side(posts), "negative")[0] == "late flight"
    assert not {"late", "flight"} & set(terms_of(find_terms_by_side(posts), "negative"))


def test_what_every_post_has_marks_out_none():
    texts = [f"boarding {word}" for word in FILLER]
    found = find_distinctive_terms(frame(texts), frame([f"{text} again" for text in texts]))
    assert "boarding" not in terms_of(found)


@pytest.mark.parametrize(
    ("language", "function_word", "planted"),
    [("de", "nicht", "verspätung"), ("fr", "avec", "bagage"), ("es", "también", "equipaje"), ("hi", "में", "देरी"), ("ar", "على", "تأخير")],
)  # fmt: skip
def test_other_languages_have_their_own_function_words(language, function_word, planted):
    rng = np.random.default_rng(8)
    negative = write(rng, 150, planted=[function_word, planted], often=0.7)
    positive = write(rng, 150)
    found = find_distinctive_terms(frame(negative), frame(positive), languages=(language,))
    assert terms_of(found)[0] == planted
    assert not any(function_word in term.split() for term in terms_of(found))
    as_english = find_distinctive_terms(frame(negative), frame(positive), languages=("en",))
    assert any(function_word in term.split() for term in terms_of(as_english))


def test_few_or_no_posts_bring_no_terms():
    columns = ["term", "z", "log_odds", "posts", "posts_other"]
    for some, others in [
        ([], []),
        (["late"] * 3, []),
        ([], ["late"]),
        (["late bag"], ["fine seat"]),
    ]:
        found = find_distinctive_terms(frame(some), frame(others))
        assert len(found) == 0
        assert list(found.columns) == columns
    empty = find_terms_by_side(sided([], []))
    assert [*columns, "side", "rank"] == list(empty.columns)
    assert len(empty) == 0


def test_posts_that_were_not_scored_or_have_no_text_are_left_out():
    rng = np.random.default_rng(9)
    posts = sided(write(rng, 100, planted=["luggage"]), write(rng, 100))
    more = pd.DataFrame(
        {
            "text": ["luggage lost"] * 50 + [None] * 50,
            "sentiment_label": [None] * 50 + ["positive"] * 50,
        }
    )
    both = pd.concat([posts, more], ignore_index=True)
    pd.testing.assert_frame_equal(find_terms_by_side(both), find_terms_by_side(posts))


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=5)
def test_the_order_of_posts_does_not_matter(random):
    rng = np.random.default_rng(10)
    posts = sided(write(rng, 80, planted=["luggage", "queue"]), write(rng, 80, planted=["legroom"]))
    places = list(range(len(posts)))
    random.shuffle(places)
    pd.testing.assert_frame_equal(find_terms_by_side(posts.iloc[places]), find_terms_by_side(posts))


def test_only_as_many_terms_as_asked_for():
    rng = np.random.default_rng(11)
    planted = ["luggage", "queue", "voucher", "toilet", "cabin"]
    texts = [
        " ".join([*rng.choice(FILLER, 3), rng.choice(planted), *rng.choice(FILLER, 3)])
        for _ in range(500)
    ]
    assert len(find_distinctive_terms(frame(texts), frame(write(rng, 500)), count=3)) == 3


def test_what_marks_out_one_step_is_told_apart_from_what_marks_the_whole_period():
    days = [pd.Timestamp("2026-03-02", tz="UTC"), pd.Timestamp("2026-03-03", tz="UTC")]
    rng = np.random.default_rng(5)
    usual = write(rng, 200, planted=["awful", "queue"])
    storm = write(rng, 200, planted=["awful", "outage"])
    fine = write(rng, 200, planted=["lovely"])
    posts = pd.DataFrame(
        {
            "text": [*usual, *storm, *fine],
            "sentiment_label": ["negative"] * 400 + ["positive"] * 200,
            "period_start": [days[0]] * 200 + [days[1]] * 200 + [days[0]] * 200,
        }
    )
    found = find_terms_by_side(posts, peak=days[1])
    peak = found[found["side"] == "peak"].sort_values("rank")["term"].tolist()
    assert any("outage" in term for term in peak)
    assert not any(term == "awful" or "queue" in term for term in peak)
    assert "peak" not in set(find_terms_by_side(posts)["side"])
    nothing = find_terms_by_side(posts, peak=days[1] + pd.Timedelta(days=9))
    assert "peak" not in set(nothing["side"])
