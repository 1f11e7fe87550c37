"""Agreement is what Krippendorff and others published for their examples."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.errors import ParamError, SchemaError
from murmuration.sentiment import compare_labellers, measure_agreement, settle_labels
from murmuration.sentiment.model import LABELS


def as_labels(rows):
    """One row of signs a labeller, one sign a post; a dot is no label."""
    found = [
        {"source": "test", "post_id": str(post), "labeller": f"labeller {who}", "label": sign}
        for who, signs in enumerate(rows)
        for post, sign in enumerate(signs.split())
        if sign != "."
    ]
    return pd.DataFrame(found, columns=["source", "post_id", "labeller", "label"])


# Krippendorff 2011, Computing Krippendorff's alpha-reliability: examples B, A and C.
TWO_BINARY = ["0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"]
TWO_NOMINAL = ["a a b b d c c c e d d a", "b a b b b c c c e d d d"]
FOUR = [
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
]
# Wikipedia, Krippendorff's alpha, "a computational example".
THREE = [
    ". . . . . 3 4 1 2 1 1 3 3 . 3",
    "1 . 2 1 3 3 4 3 . . . . . . .",
    ". . 2 1 3 4 4 . 2 1 1 3 3 . 4",
]


@pytest.mark.parametrize(
    ("rows", "level", "published"),
    [
        (TWO_BINARY, "nominal", 0.095),
        (TWO_NOMINAL, "nominal", 0.692),
        (FOUR, "nominal", 0.743),
        (FOUR, "ordinal", 0.815),
        (THREE, "nominal", 0.691),
    ],
)
def test_alpha_is_that_of_the_published_examples(rows, level, published):
    found = measure_agreement(as_labels(rows), level=level, values=[*"012345abcde"])
    assert found.alpha == pytest.approx(published, abs=0.0005)
    assert found.low <= found.alpha <= found.high


def test_it_says_how_many_labels_it_rests_on():
    found = measure_agreement(as_labels(FOUR), values=[*"12345"])
    assert (found.posts, found.labels, found.labellers) == (11, 40, 4)  # the twelfth has one label


def test_ordinal_forgives_what_is_near_and_not_what_is_far():
    same = "negative neutral positive " * 10
    near = measure_agreement(as_labels([same + "negative", same + "neutral"]), level="ordinal")
    far = measure_agreement(as_labels([same + "negative", same + "positive"]), level="ordinal")
    flat = measure_agreement(as_labels([same + "negative", same + "positive"]))
    assert 1 > near.alpha > flat.alpha > far.alpha > 0.8


def test_where_nothing_can_be_said_it_is_not_a_number():
    nobody = measure_agreement(as_labels([]))
    alone = measure_agreement(as_labels(["positive negative"]))
    bland = measure_agreement(as_labels(["positive positive"] * 2))
    for found in (nobody, alone, bland):
        assert np.isnan([found.alpha, found.low, found.high]).all()
    assert (alone.posts, alone.labellers, bland.posts) == (0, 0, 2)


def test_chance_gives_zero_and_full_agreement_one():
    signs = np.random.default_rng(0).choice(LABELS, size=(3, 3_000))
    chance = measure_agreement(as_labels([" ".join(row) for row in signs]))
    assert abs(chance.alpha) < 0.03
    assert chance.low < 0 < chance.high
    full = measure_agreement(as_labels([" ".join(signs[0])] * 2))
    assert (full.alpha, full.low, full.high) == (1, 1, 1)


def test_intervals_cover_the_alpha_of_all_posts():
    generator, covered = np.random.default_rng(1), 0
    for _ in range(100):
        truth = generator.choice(3, size=150)
        said = [np.where(generator.random(150) < 0.25, generator.choice(3, size=150), truth) for _ in range(2)]  # fmt: skip
        found = measure_agreement(as_labels([" ".join(np.take(LABELS, who)) for who in said]))
        covered += (
            found.low <= 0.75**2 <= found.high
        )  # two answers agree beyond chance if both are no guess
    assert 88 <= covered <= 99


posts_of_labels = st.lists(
    st.lists(st.sampled_from([*LABELS, "."]), min_size=3, max_size=3), min_size=1, max_size=12
)


@given(posts_of_labels, st.sampled_from(["nominal", "ordinal"]), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_neither_order_nor_names_nor_how_often_one_asks_matter(posts, level, random):
    labels = as_labels([" ".join(column) for column in zip(*posts, strict=True)])
    found = measure_agreement(labels, level=level)
    order = random.sample(range(len(labels)), len(labels))
    renamed = labels.iloc[order].assign(
        labeller=lambda rows: rows["labeller"].map("{}!".format), more=1
    )
    again = measure_agreement(renamed, level=level)
    assert str(found) == str(again)  # NaN reads the same


def test_skipped_posts_and_earlier_words_do_not_count():
    labels = as_labels(["positive negative", "positive positive"])
    skipped = pd.DataFrame([{"source": "test", "post_id": "0", "labeller": "third", "label": None}])
    corrected = labels.assign(label="neutral")
    assert measure_agreement(pd.concat([labels, skipped])) == measure_agreement(labels)
    assert measure_agreement(pd.concat([corrected, labels])) == measure_agreement(labels)


def test_what_is_wrong_is_said_with_the_near_match():
    labels = as_labels(["positive negtive"])
    with pytest.raises(ParamError, match=r"no label 'negtive'\. Did you mean 'negative'"):
        measure_agreement(labels)
    with pytest.raises(ParamError, match="Did you mean 'ordinal'"):
        measure_agreement(labels, level="ordnal")
    with pytest.raises(SchemaError, match="needs the column 'labeller'"):
        measure_agreement(labels.drop(columns="labeller"))


def test_each_pair_of_labellers_is_compared():
    found = compare_labellers(
        as_labels(["positive negative neutral .", "positive negative positive .", ". . . neutral"])
    )
    assert found[["first", "second", "posts"]].to_numpy().tolist() == [
        ["labeller 0", "labeller 1", 3]
    ]
    assert found["equal"].tolist() == pytest.approx([2 / 3])
    assert found["alpha"].between(0, 1).all()


def test_most_labellers_decide_and_ties_are_null():
    labels = as_labels(
        ["positive negative neutral .", "positive negative positive .", "neutral . negative ."]
    )
    settled = settle_labels(labels.assign(text=labels["post_id"].map("text {}".format)))
    assert settled["post_id"].tolist() == ["0", "1", "2"]
    assert settled["label"].isna().tolist() == [False, False, True]
    assert settled["label"].tolist()[:2] == ["positive", "negative"]
    assert settled["labellers"].tolist() == [3, 2, 3]
    assert settled["agreeing"].tolist() == [2, 2, 1]
    assert settled["text"].tolist() == ["text 0", "text 1", "text 2"]


def test_a_post_that_somebody_drew_at_random_stays_one_of_those():
    labels = as_labels(["positive negative", "positive ."])
    labels["drawn"] = ["double", "uncertain", "random"]
    labels["inclusion_probability"] = [np.nan, np.nan, 0.2]
    settled = settle_labels(labels)
    assert settled["drawn"].tolist() == ["random", "uncertain"]
    assert settled["inclusion_probability"].tolist()[0] == 0.2


def test_nothing_settles_to_nothing():
    assert settle_labels(as_labels([]).assign(text="")).empty
