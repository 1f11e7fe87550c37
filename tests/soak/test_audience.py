"""What segments are to hold on real and planted authors, and what profiles may cost beside DuckDB; the benchmark measures more."""

from pathlib import Path

import pytest

from murmuration.audience_evaluation import CHOSEN, OURS, evaluate, find_audiences

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7_200)]

SPEED = Path(__file__).parents[1] / "benchmarks/audience_speed.py"


@pytest.fixture(scope="module")
def trolls(real_data):
    [authors] = find_audiences(real_data("trolls").parent, ["trolls"])
    return {row.method: row for row in evaluate([authors], [OURS, CHOSEN])}


def test_told_how_many_segments_are_the_classes_of_real_accounts(trolls):
    assert trolls[OURS].segments == 5
    assert trolls[OURS].nmi >= 0.56
    assert trolls[OURS].ari >= 0.36


def test_the_number_is_chosen_so_that_few_are_left_out_and_it_comes_out_again(trolls):
    chosen = trolls[CHOSEN]
    assert chosen.nmi >= 0.50
    assert chosen.left_out <= 0.10
    assert chosen.stability >= 0.80
    assert chosen.same_number >= 0.80


def test_interests_foretell_what_was_held_out_better_than_what_is_popular(trolls):
    assert trolls[OURS].precision >= 1.5 * trolls[OURS].popularity


def test_planted_groups_of_authors_are_found(tmp_path):
    [sample] = find_audiences(tmp_path, ["sample"])
    [row] = evaluate([sample], [OURS], samples=0)
    assert row.ari >= 0.85
