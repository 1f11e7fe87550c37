"""Planted crises, found or not."""

import json

from typer.testing import CliRunner

from murmuration.alert_evaluation import NOISE, evaluate_alerts
from murmuration.cli import app


def test_large_crises_are_found_sooner_than_small_ones():
    small, large = evaluate_alerts(
        posts=[20], factors=[1.2, 5], noise=[(0.04, 0.0)], crises=2, months=0, first_seed=7
    )
    assert large.within_2 == 1
    assert large.median_hours <= 2
    assert small.within_6 < 1
    assert large.false_a_month is None


def test_a_crisis_in_the_sample_posts_is_found():
    [found] = evaluate_alerts(posts=[4], factors=[6], noise=[None], crises=4, months=0)
    assert (found.excess, found.crises) == (None, 4)
    assert found.within_2 >= 0.75


def test_the_command_prints_a_row_for_each_kind_of_noise_and_threshold():
    words = (
        "evaluate alerts --posts 2 --factor 6 --crises 1 --months 1 --threshold .1 --threshold 5"
    )
    done = CliRunner().invoke(app, [*words.split(), "--json"])
    assert done.exit_code == 0
    rows = json.loads(done.stdout)["results"]
    assert len(rows) == 2 * len(NOISE)
    strict, lax = rows[:2]
    assert (strict["threshold"], lax["threshold"]) == (0.1, 5)
    assert strict["within_6"] <= lax["within_6"]
    assert {row["months"] for row in rows} == {1}  # of sample posts too
