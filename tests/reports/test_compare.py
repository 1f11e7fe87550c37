"""What changed between two runs, in sentences."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from murmuration.reports.compare_figures import FigureChange, find_moved
from murmuration.reports.manifest import RunResult
from murmuration.reports.tables import compare_tables
from murmuration.schema import RESULTS


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


def _audience_run(folder, traits, terms):
    """A run of audience: traits and terms of one segment by rank, each with a figure."""
    (folder / "tables").mkdir(parents=True)
    ranks = {"segment": 1, "rank": [1, 2]}
    trait, term = ({"names": list(one), "of": list(one.values())} for one in (traits, terms))
    tables = {
        "segments": {"segment": [1], "name": ["Night posters"]},
        "traits": {
            **ranks, "feature": trait["names"], "trait": [f"{one} in words" for one in trait["names"]], "effect": trait["of"],
            "effect_low": trait["of"], "effect_high": trait["of"],
        },
        "interests": {
            **ranks, "kind": "words", "term": term["names"], "share": term["of"], "share_low": term["of"], "share_high": term["of"],
        },
    }  # fmt: skip
    for name, table in tables.items():
        path = folder / "tables" / f"{name}.parquet"
        pq.write_table(pa.Table.from_pandas(pd.DataFrame(table)), path)
    return RunResult(folder, {"report": "audience", "pinned": {}})


def test_traits_and_terms_are_compared_by_what_they_are_not_by_their_rank(tmp_path):
    runs = [
        _audience_run(tmp_path / "one", {"hour": -0.5, "emoji": 0.4}, {"zoom": 0.5, "brilliant": 0.1}),
        _audience_run(tmp_path / "two", {"emoji": 0.6, "case": 0.3}, {"lens": 0.6, "zoom": 0.4}),
    ]  # fmt: skip
    assert sorted(one.describe().partition(" (+")[0].partition(" (-")[0] for one in find_moved(*runs)) == [
        "Effect of segment 1 “Night posters”, emoji in words (table traits) went from 0.4 to 0.6",
        "Share of segment 1 “Night posters”, words, term “zoom” (table interests) went from 50.0 % to 40.0 %",
    ]  # fmt: skip
    traits = next(one for one in compare_tables(*runs) if one.table == "traits")
    assert (traits.gone, traits.new) == (1, 1)
    by = {one.column: round(one.by_at_most or 0, 3) for one in traits.columns}
    assert by == {"rank": 1.0, "effect": 0.2, "effect_low": 0.2, "effect_high": 0.2}


def test_rows_that_share_what_matches_them_are_never_compared_by_their_place(tmp_path):
    run = [
        _audience_run(tmp_path / "one", {"emoji": 0.5, "hour": 0.2}, {"zoom": 0.5, "lens": 0.1}),
        _audience_run(tmp_path / "two", {"hour": 0.2, "emoji": 0.5}, {"zoom": 0.5, "lens": 0.1}),
    ]
    table = pd.read_parquet(tmp_path / "two/tables/traits.parquet")
    twice = pd.concat([table, table.assign(effect=9.0)])
    pq.write_table(pa.Table.from_pandas(twice), tmp_path / "two/tables/traits.parquet")
    traits = next(one for one in compare_tables(*run) if one.table == "traits")
    assert (traits.gone, traits.new) == (0, 2)
    assert [one.column for one in traits.columns] == ["rank"]


def test_no_table_of_a_report_is_matched_by_a_rank():
    matched = {
        (report, table.name): table.matched or table.key
        for report, tables in RESULTS.items()
        for table in tables
    }
    numbers = {"rank", "point", "step", "repeat_group"}
    assert not [one for one, columns in matched.items() if numbers & set(columns)]
    assert not [
        table.name
        for tables in RESULTS.values()
        for table in tables
        if not set(table.matched) <= set(table.names)
    ]
