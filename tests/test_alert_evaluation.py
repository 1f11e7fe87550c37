"""Planted crises, found or not."""

import json

from typer.testing import CliRunner

from murmuration.alert_evaluation import evaluate_alerts
from murmuration.cli import app


def test_large_crises_are_found_sooner_than_small_ones():
    small, large = evaluate_alerts(
        posts=[20], factors=[1.2, 5], noise=[(0.04, 0.0)], crises=2, months=0, first_seed=7
    )
    assert large.within_2 == 1
    assert large.median_hours <= 2
    assert small.within_6 < 1
    assert large.false_a_month is None


def test_the_command_prints_a_row_for_each_size():
    words = "evaluate alerts --posts 30 --factor 4 --crises 1 --months 0 --json".split()
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    rows = json.loads(done.stdout)["results"]
    assert [row["factor"] for row in rows] == [4, 4]
