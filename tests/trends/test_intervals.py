import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.trends.intervals import Sample, wilson


def sample_of(authors, groups=None, count=1):
    codes = np.asarray(authors, dtype=np.int64)
    where = np.zeros(len(codes), dtype=np.int64) if groups is None else np.asarray(groups)
    return Sample(where, codes, count=count)


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_intervals_are_the_published_ones(hits, cases, low, high):
    found = wilson(np.array([hits / cases]), np.array([float(cases)]))
    assert [float(end[0]) for end in found] == pytest.approx([low, high], abs=5e-5)


def test_a_share_of_one_post_each_is_a_wilson_interval():
    hits = np.array([1.0] * 15 + [0.0] * 133)
    found = sample_of(range(148)).estimate_shares(hits)
    # Authors add nothing here but a trace of chance, which may only widen it.
    assert found.low[0] == pytest.approx(0.0624, abs=0.002)
    assert found.high[0] == pytest.approx(0.1605, abs=0.002)


def test_a_mean_of_one_post_each_is_a_t_interval():
    values = np.linspace(-0.5, 0.7, 13)
    found = sample_of(range(13)).estimate_means(values)
    reach = 2.178813 * values.std(ddof=1) / np.sqrt(13)  # t for 12 degrees of freedom
    assert found.high[0] - found.value[0] == pytest.approx(reach, rel=1e-5)
    assert found.value[0] - found.low[0] == pytest.approx(reach, rel=1e-5)


def test_ten_equal_posts_of_each_author_are_no_more_evidence_than_one():
    values = np.linspace(-0.5, 0.7, 13)
    once = sample_of(range(13)).estimate_means(values)
    often = sample_of(np.repeat(range(13), 10)).estimate_means(np.repeat(values, 10))
    assert often.value[0] == pytest.approx(once.value[0])
    assert (often.low[0], often.high[0]) == pytest.approx((once.low[0], once.high[0]))


def test_one_busy_author_makes_the_interval_wider():
    values = np.tile([-0.5, 0.5, 0.1, 0.2, -0.1], 8)
    even = sample_of(np.arange(40) // 2).estimate_means(values)
    busy = sample_of([0] * 20 + list(range(1, 21))).estimate_means(values)
    assert busy.high[0] - busy.low[0] > 1.5 * (even.high[0] - even.low[0])


def test_groups_do_not_touch_each_other():
    values = np.array([-0.5, 0.5, 0.2, 0.4, -0.9])
    together = sample_of([0, 1, 0, 1, 2], [0, 0, 2, 2, 2], count=4).estimate_means(values)
    first = sample_of([0, 1]).estimate_means(values[:2])
    last = sample_of([0, 1, 2]).estimate_means(values[2:])
    assert together.low[[0, 2]] == pytest.approx([first.low[0], last.low[0]])
    assert together.high[[0, 2]] == pytest.approx([first.high[0], last.high[0]])
    assert np.isnan(together.value[[1, 3]]).all()


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40))
def test_the_share_of_hits_mirrors_the_share_of_the_others(rows):
    authors, hits = zip(*rows, strict=True)
    sample = sample_of(authors)
    some = sample.estimate_shares(np.array(hits, dtype=float))
    rest = sample.estimate_shares(1 - np.array(hits, dtype=float))
    assert some.value[0] == pytest.approx(1 - rest.value[0])
    if len(set(authors)) == 1:
        assert np.isnan([some.low[0], some.high[0], rest.low[0], rest.high[0]]).all()
    else:
        assert (some.low[0], some.high[0]) == pytest.approx((1 - rest.high[0], 1 - rest.low[0]))
