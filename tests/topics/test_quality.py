"""Measures of topics, against numbers that were worked out apart from the code."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.errors import ParamError
from murmuration.topics.quality import (
    compare_with_labels,
    count_windows,
    estimate_coherence,
    estimate_diversity,
    estimate_stability,
)

TEXTS = [["a", "b"], ["a", "b"], ["a"], ["b", "c"]]
# Of four windows a has three, b three, c one; a and b meet in two, b and c in one, a and c in none.
AB = log((2 / 4) / (3 / 4 * 3 / 4)) / -log(2 / 4)
BC = log((1 / 4) / (3 / 4 * 1 / 4)) / -log(1 / 4)
AC = log(1e-12 / (3 / 4 * 1 / 4)) / -log(1e-12)


def test_npmi_is_that_of_the_paper():
    windows = count_windows(TEXTS, "abc")
    assert estimate_coherence([["a", "b", "c"]], windows) == pytest.approx((AB + BC + AC) / 3)


def test_c_v_is_that_of_the_paper():
    rows = [[1, AB, AC], [AB, 1, BC], [AC, BC, 1]]
    whole = [sum(column) for column in zip(*rows, strict=True)]

    def length(row):
        return sqrt(sum(value**2 for value in row))

    cosines = [
        sum(x * y for x, y in zip(row, whole, strict=True)) / length(row) / length(whole)
        for row in rows
    ]
    windows = count_windows(TEXTS, "abc", size=110)
    found = estimate_coherence([["a", "b", "c"]], windows, measure="c_v")
    assert found == pytest.approx(sum(cosines) / 3)


def test_a_window_moves_word_by_word():
    # "a x", "x b", "b a"
    windows = count_windows([["a", "x", "b", "a"]], "ab", size=2)
    assert windows.n == 3
    assert windows.together.tolist() == [[2, 1], [1, 2]]


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.lists(st.sampled_from("abcd"), max_size=8), max_size=6),
    size=st.integers(1, 9),
)
def test_windows_are_counted_as_if_one_looked_at_each(texts, size):
    each = [
        set(text[at : at + size]) for text in texts for at in range(max(1, len(text) - size + 1))
    ]
    windows = count_windows(texts, "abc", size=size)
    assert windows.n == len(each)
    for one, at in windows.places.items():
        for other, there in windows.places.items():
            assert windows.together[at, there] == sum({one, other} <= window for window in each)


def test_words_of_all_windows_always_meet():
    windows = count_windows([["a", "b"], ["b", "a"]], "ab")
    assert estimate_coherence([["a", "b"]], windows) == 1


def test_terms_that_are_not_met_are_left_out():
    windows = count_windows(TEXTS, ["a", "b", "zzz"])
    assert estimate_coherence([["a", "zzz", "b"]], windows) == pytest.approx(AB)
    assert estimate_coherence([["zzz"], []], windows) == 0
    assert estimate_coherence([], windows) == 0


def test_an_unknown_measure_is_told():
    with pytest.raises(ParamError, match=r"no measure 'cv'\. Did you mean 'c_v'"):
        estimate_coherence([["a"]], count_windows(TEXTS, "a"), measure="cv")


def test_diversity_counts_the_first_ten_terms():
    assert estimate_diversity([["a", "b"], ["b", "c"]]) == 3 / 4
    many = [f"t{at}" for at in range(10)]
    assert estimate_diversity([[*many, "x"], [*many, "x"]]) == 1 / 2
    assert estimate_diversity([]) == 0


def test_posts_that_are_left_out_count_as_wrong():
    labels = ["x", "x", "x", "y", "y", "y"]
    whole = compare_with_labels([0, 0, 0, 1, 1, 1], labels)
    assert whole == {"nmi": pytest.approx(1), "ari": 1, "purity": 1}
    some = compare_with_labels([0, 0, -1, 1, 1, -1], labels)
    assert some["purity"] == pytest.approx(4 / 6)
    assert some["nmi"] < 1
    assert compare_with_labels([-1] * 6, labels) == {"nmi": 0, "ari": 0, "purity": 0}
    half = compare_with_labels([-1, -1, -1, 0, 0, 0], labels)
    assert max(half["nmi"], half["ari"]) < 0.8


def test_stability_does_not_hang_on_names():
    assert estimate_stability([0, 0, 1, 1], [7, 7, 3, 3]) == 1
    assert estimate_stability([0, 0, 0, 1], [1, 1, 0, 0]) == 3 / 4
    assert estimate_stability([0, -1, 1], [0, 1, -1]) == 1
    assert estimate_stability([], []) == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1))
def test_stability_is_the_same_both_ways(pairs):
    one, other = np.array(pairs).T
    assert estimate_stability(one, other) == pytest.approx(estimate_stability(other, one))
