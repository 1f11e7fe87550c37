"""What counts are to be expected, and whether some are beyond it."""

import numpy as np
import pytest

from murmuration.trends.counts import fit_counts, share_volume
from murmuration.trends.discoveries import combine_chances, q_values

DAYS, BASELINE = 35, np.arange(35) < 28
WEEK = np.arange(DAYS) % 7


def draw(n_series, *, mean=30.0, excess=0.1, correlation=0.0, seed=0):
    """Counts around a latent autoregression."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n_series, DAYS))
    for day in range(1, DAYS):
        latent[:, day] *= np.sqrt(1 - correlation**2)
        latent[:, day] += correlation * latent[:, day - 1]
    spread = np.log1p(excess)
    return rng.poisson(mean * np.exp(np.sqrt(spread) * latent - spread / 2)).astype(float)


@pytest.mark.parametrize(("excess", "correlation"), [(0.0, 0.0), (0.1, 0.0), (0.2, 0.5)])
def test_chances_are_what_they_say_where_nothing_changes(excess, correlation):
    counts = draw(1_000, excess=excess, correlation=correlation, seed=3)
    model = fit_counts(counts, BASELINE, seasons=[WEEK])
    for days in (1, 3, 7):
        judged = model.judge(slice(DAYS - days, DAYS))
        for chances in (judged.more, judged.less):
            assert 0.02 < (chances < 0.05).mean() < 0.08
            assert (chances < 0.002).mean() <= 0.007
        inside = (judged.low < 1) & (judged.high > 1)
        assert 0.92 < inside.mean() < 0.99


def test_scatter_and_correlation_are_recovered():
    model = fit_counts(draw(300, excess=0.2, correlation=0.5), BASELINE)
    assert np.median(model.excess) == pytest.approx(0.2, rel=0.2)
    assert model.correlation == pytest.approx(0.5, abs=0.12)


def test_one_burst_in_the_baseline_hardly_moves_what_is_expected():
    counts = draw(50)
    burst = counts.copy()
    burst[0, 10] *= 20
    usual, moved = (fit_counts(one, BASELINE).expected[0, -1] for one in (counts, burst))
    assert moved == pytest.approx(usual, rel=0.1)


def test_a_weekday_pattern_is_learned_where_it_is_clear_and_not_made_of_noise():
    counts = draw(60, excess=0.02)
    counts[0] = np.where(WEEK >= 5, counts[0] * 3, counts[0])
    model = fit_counts(counts, BASELINE, seasons=[WEEK])
    weekend = model.expected[0, WEEK >= 5].mean() / model.expected[0, WEEK < 5].mean()
    assert weekend == pytest.approx(3, rel=0.2)
    flat = fit_counts(draw(60, excess=0.02), BASELINE, seasons=[WEEK]).expected
    assert (flat.max(axis=1) / flat.min(axis=1)).mean() < 1.05


def test_volume_of_the_others_is_moved_by_none_that_jumps():
    counts = draw(30, excess=0.02)
    counts[0, -3:] *= 50
    volume = share_volume(counts, BASELINE)
    assert volume[5, -3:].mean() == pytest.approx(1, abs=0.1)
    counts[:, -3:] *= 2
    assert share_volume(counts, BASELINE)[5, -3:].mean() == pytest.approx(2, rel=0.1)


def test_two_series_are_no_common_volume():
    assert (share_volume(draw(2), BASELINE) == 1).all()


def test_nothing_at_all_is_expected_to_stay_nothing():
    model = fit_counts(np.zeros((3, DAYS)), BASELINE, seasons=[WEEK])
    judged = model.judge(slice(28, DAYS))
    assert (judged.expected < 1).all()
    assert (judged.more > 0.5).all()


def test_q_values_are_those_of_benjamini_and_hochberg():
    chances = np.array([0.01, 0.04, 0.03, np.nan, 0.5])
    assert q_values(chances)[[0, 1, 2, 4]] == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert np.isnan(q_values(chances)[3])


def test_a_small_chance_is_not_undone_by_tests_that_find_nothing():
    # A burst of one day: looks that begin after it see no post at all.
    looks = np.array([[1e-9]] * 6 + [[1.0]] * 22)
    assert combine_chances(looks)[0] < 1e-7
    assert combine_chances(np.ones((28, 1)))[0] > 0.9


def test_combined_chances_of_equal_tests_are_theirs_and_of_one_small_one_bonferronis():
    assert combine_chances(np.full((5, 1), 0.01)) == pytest.approx(0.01)
    one = combine_chances(np.array([[1e-6], [0.5], [0.5], [0.5]]))
    assert one == pytest.approx(4e-6, rel=0.01)
