"""What changed between two runs, in sentences."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from murmuration.reports.compare_figures import FigureChange, find_moved
from murmuration.reports.manifest import RunResult


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


def _topics_run(folder, labels, share, **pinned):
    """A run of topics in which the shares of two topics and of the posts without one are known."""
    (folder / "tables").mkdir(parents=True)
    topics = pd.DataFrame({"topic": [0, 1], "label": labels, "share": share, "share_low": 0.0})
    levels = pd.DataFrame({"topic": [-1, 1], "mean": share, "mean_low": share, "mean_high": share})
    for name, table in (("topics", topics.assign(share_high=0.01)), ("by_sentiment", levels)):
        pq.write_table(pa.Table.from_pandas(table), folder / "tables" / f"{name}.parquet")
    return RunResult(folder, {"report": "topics", "pinned": pinned})


def test_a_figure_of_a_topic_names_the_topic(tmp_path):
    runs = [
        _topics_run(tmp_path / "one", ["fee, bill", "late bag"], [0.1, 0.2]),
        _topics_run(tmp_path / "two", ["fee, bill", "gate"], [0.5, 0.7], topics={"topics": {}}),
    ]
    said = [one.describe().partition(" (table")[0] for one in find_moved(*runs)]
    assert sorted(said) == [
        "Mean of no topic",
        "Mean of topic 1, before “late bag”, now “gate”",
        "Share of topic 0 “fee, bill”",
        "Share of topic 1, before “late bag”, now “gate”",
    ]


def test_a_number_that_means_another_topic_in_a_run_made_anew_is_not_compared(tmp_path):
    runs = [
        _topics_run(tmp_path / "one", ["fee, bill", "late bag"], [0.1, 0.2]),
        _topics_run(tmp_path / "two", ["fee, bill", "gate"], [0.5, 0.7]),
    ]
    assert {one.row for one in find_moved(*runs)} == {"topic 0 “fee, bill”", "no topic"}
