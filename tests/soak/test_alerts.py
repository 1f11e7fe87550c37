"""Alerts at the size of their bar."""

import pytest

from murmuration.alert_evaluation import evaluate_alerts

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1_800)]


@pytest.mark.parametrize("posts", [20, 60])
def test_three_times_the_volume_is_found_within_two_hours_with_at_most_one_false_alarm_a_month(
    posts,
):
    [found] = evaluate_alerts(posts=[posts], factors=[3], noise=[(0.04, 0.0)], crises=60, months=12)
    assert found.within_2 >= 0.95
    assert found.false_a_month <= 1
