"""What changed between two runs, in sentences."""

from murmuration.reports.compare_figures import FigureChange


def test_a_share_that_moved_is_told_in_points_and_its_row_as_it_is_named():
    moved = FigureChange(
        table="by_brand", row="50% off, this", figure="negative_share", before=0.352, after=0.359, low=0.003, high=0.011,
    )  # fmt: skip
    assert moved.describe() == (
        "Negative share of 50% off, this (table by_brand) went from 35.2 % to 35.9 % (+0.3 to +1.1 points)."
    )
    mean = FigureChange(
        table="by_brand", row="aurora", figure="mean", before=0.1, after=-0.25, low=-0.4, high=-0.3
    )
    assert mean.describe() == (
        "Mean of aurora (table by_brand) went from 0.1 to -0.25 (-0.4 to -0.3)."
    )
