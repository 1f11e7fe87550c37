"""What grows, what is new, what fades, and who drives it."""

from datetime import UTC, datetime

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import murmuration as mm
from murmuration.errors import ParamError, SchemaError
from murmuration.show.topic_figures import rank_changes
from murmuration.topics import EmergingParams, count_topics, find_emerging

START = pd.Timestamp("2026-01-05", tz="UTC")  # a Monday
DAYS = 35


def make_assigned(counts, *, authors=400, seed=0, langs=("en", "de")):
    """Posts of topics (rows) on days (columns), at random hours, by random people."""
    rng = np.random.default_rng(seed)
    counts = np.asarray(counts)
    topics, days = np.nonzero(counts)
    repeats = counts[topics, days]
    topics, days = np.repeat(topics, repeats), np.repeat(days, repeats)
    seconds = days * 86_400 + rng.uniform(0, 86_399, len(days))
    return pd.DataFrame(
        {
            "created_at": START + pd.to_timedelta(seconds.astype(int), unit="s"),
            "topic": topics,
            "author_key": [f"a{one}" for one in rng.integers(0, authors, len(days))],
            "lang": rng.choice(langs, len(days), p=[0.7, 0.3]),
        }
    )


def draw_counts(n_topics=20, *, mean=30, seed=0, days=DAYS):
    return np.random.default_rng(seed).poisson(mean, (n_topics, days))


def row_of(table, topic):
    return table[table["topic"] == topic].iloc[0]


def test_what_tripled_three_days_ago_is_emerging_since_then_and_comes_first():
    counts = draw_counts()
    counts[7, -3:] *= 3
    first = find_emerging(make_assigned(counts)).iloc[0]
    assert (first["topic"], first["status"]) == (7, "emerging")
    assert first["since"] == START + pd.Timedelta(days=DAYS - 3)
    assert first["since_growth"] == pytest.approx(3, rel=0.25)
    assert first["growth_low"] < first["growth"] < first["growth_high"]
    assert first["q_value"] < 0.05
    assert (first["driven_by"], list(first["langs"])) == ("many", ["en", "de"])
    assert first["baseline_days"] == 28


def test_pages_tell_changes_in_the_order_of_the_table():
    counts = draw_counts()
    counts[7, -3:] *= 3
    counts[4, :-4], counts[5, -7:] = 0, 0
    counts[6, -7:] //= 4
    counts[9] = 0
    counts[9, -2:] = 8
    table = find_emerging(make_assigned(counts))
    assert {"emerging", "new", "gone", "fading", "steady", "too_small"} <= set(table["status"])
    told = rank_changes(table.sample(frac=1, random_state=2))
    assert told["topic"].tolist() == table["topic"].tolist()


def test_nothing_is_found_where_nothing_changed():
    table = find_emerging(make_assigned(draw_counts(seed=1)))
    assert set(table["status"]) == {"steady"}
    assert table["since"].isna().all()


def test_a_day_on_which_everything_doubles_is_no_growth_of_a_topic():
    counts = draw_counts(seed=1)
    counts[:, -2:] *= 2
    assert set(find_emerging(make_assigned(counts))["status"]) == {"steady"}


def test_a_topic_of_weekends_does_not_grow_at_each_weekend():
    counts = draw_counts()
    weekend = np.isin(np.arange(DAYS) % 7, (5, 6))
    counts[3] = np.where(weekend, 90, 10)
    assert row_of(find_emerging(make_assigned(counts)), 3)["status"] == "steady"


def test_what_was_not_there_before_is_new_and_what_is_no_longer_there_is_gone():
    counts = draw_counts()
    counts[4, :-4] = 0
    counts[5, -7:] = 0
    counts[6, -7:] //= 4
    table = find_emerging(make_assigned(counts))
    new = row_of(table, 4)
    assert new["status"] == "new"
    assert new["since"] == START + pd.Timedelta(days=DAYS - 4)
    assert pd.isna(new["growth"])
    assert row_of(table, 5)["status"] == "gone"
    assert row_of(table, 6)["status"] == "fading"


def test_growth_begins_on_the_day_of_the_jump_and_not_on_quiet_days_of_the_window_before_it():
    counts = draw_counts(mean=4)
    counts[7, -7:] = [0, 11, 139, 12, 9, 5, 4]
    told = row_of(find_emerging(make_assigned(counts)), 7)
    assert told["status"] == "emerging"
    assert told["since"] == START + pd.Timedelta(days=DAYS - 5)


def test_what_ended_before_the_window_is_gone_since_the_day_after_its_last_post():
    counts = draw_counts()
    counts[5, -10:] = 0
    told = row_of(find_emerging(make_assigned(counts)), 5)
    assert told["status"] == "gone"
    assert told["since"] == START + pd.Timedelta(days=DAYS - 10)
    assert pd.isna(
        told["since_expected"]
    )  # that day is before the window, of which the figures are
    assert told["posts_before"] == counts[5, :-7].sum()


def test_what_grew_much_but_may_be_chance_among_so_many_is_perhaps():
    counts = draw_counts(60, mean=30, seed=3)
    counts[0, -7:] = np.random.default_rng(1).poisson(40, 7)
    assigned = make_assigned(counts)
    sure, perhaps, steady = (
        row_of(find_emerging(assigned, EmergingParams(fdr=fdr, min_growth=1.2)), 0)
        for fdr in np.array([1.5, 0.5, 0.2]) * row_of(find_emerging(assigned), 0)["q_value"]
    )
    assert [one["status"] for one in (sure, perhaps, steady)] == ["emerging", "perhaps", "steady"]
    assert pd.isna(perhaps["since"])


def test_a_burst_of_a_topic_without_posts_before_is_beyond_chance_though_days_resemble_each_other():
    rng = np.random.default_rng(5)
    # Pairs of days that are both high or both low.
    counts = rng.poisson(np.repeat(rng.gamma(4, 1, (16, 28)), 2, axis=1))
    counts[3] = 0
    counts[3, 33] = 97
    told = row_of(find_emerging(make_assigned(counts), EmergingParams(window=28)), 3)
    assert told["status"] == "new"
    assert told["since"] == START + pd.Timedelta(days=33)
    assert told["q_value"] < 1e-6


def test_an_old_topic_under_a_new_number_is_not_new():
    counts = draw_counts()
    counts[1, :-7], counts[0, -7:] = 0, 0  # 0 is called 1 now
    assigned = make_assigned(counts)
    lineage = pd.DataFrame({"event": ["continued"], "previous_id": [0], "topic": [1]})
    assert row_of(find_emerging(assigned), 1)["status"] == "new"
    told = row_of(find_emerging(assigned, lineage=lineage), 1)
    assert told["status"] == "steady"
    assert told["expected"] == pytest.approx(210, rel=0.1)


def test_the_parts_of_a_split_topic_share_what_it_had_before():
    counts = draw_counts()
    counts[0] *= 2
    counts[1:3, :-7], counts[0, -7:] = 0, 0
    lineage = pd.DataFrame({"event": ["split", "split"], "previous_id": [0, 0], "topic": [1, 2]})
    table = find_emerging(make_assigned(counts), lineage=lineage)
    assert [row_of(table, one)["status"] for one in (1, 2)] == ["steady", "steady"]


def test_growth_that_few_accounts_make_is_said_to_be_theirs():
    counts = draw_counts()
    counts[7, -3:] *= 3
    assigned = make_assigned(counts)
    last = (assigned["topic"] == 7) & (
        assigned["created_at"] >= START + pd.Timedelta(days=DAYS - 3)
    )
    loud = [f"loud{one % 5}" for one in range(int(last.sum()))]
    assigned.loc[last, "author_key"] = loud
    found = row_of(find_emerging(assigned), 7)
    assert found["driven_by"] == "few"
    assert found["top_author_share"] > 0.1
    unknown = row_of(find_emerging(assigned.drop(columns="author_key")), 7)
    assert unknown["driven_by"] == "unknown"
    assert pd.isna(unknown["authors"])


def test_small_topics_that_came_over_the_smallest_size_by_chance_are_not_said_to_grow():
    days = np.random.default_rng(11).poisson(10 / 7, (8, 300, DAYS))
    named = [
        find_emerging(make_assigned(counts, seed=seed))["status"].isin(
            ["emerging", "growing", "new"]
        )
        for seed, counts in enumerate(days)
    ]
    assert sum(one.any() for one in named) <= 1


def test_a_topic_born_in_an_earlier_run_of_the_same_days_is_still_new():
    counts = draw_counts()
    counts[4, :-4] = 0
    lineage = pd.DataFrame({"previous_id": range(20), "topic": range(20)})
    table = find_emerging(make_assigned(counts), lineage=lineage)
    assert row_of(table, 4)["status"] == "new"


def test_a_topic_under_the_smallest_size_is_too_small():
    counts = draw_counts()
    counts[9] = 0
    counts[9, -2:] = 8
    table = find_emerging(make_assigned(counts))
    assert row_of(table, 9)["status"] == "too_small"
    assert table["topic"].iloc[-1] == 9


def test_too_few_days_before_say_so_rather_than_guess():
    table = find_emerging(make_assigned(draw_counts(days=10)))
    assert set(table["status"]) == {"unknown"}
    assert table["p_value"].isna().all()
    assert set(table["baseline_days"]) == {3}


def test_a_day_that_is_not_over_is_left_out():
    counts = draw_counts(3)
    assigned = make_assigned(counts)
    noon = START + pd.Timedelta(days=DAYS - 1, hours=12)
    series = count_topics(assigned[assigned["created_at"] < noon])
    assert series["day"].max() == START + pd.Timedelta(days=DAYS - 2)


def test_days_are_those_of_the_time_zone():
    assigned = make_assigned(draw_counts(3))
    series = count_topics(assigned, EmergingParams(timezone="America/New_York"))
    assert set(series["day"].dt.hour) == {5}


def test_a_source_that_was_not_there_before_makes_no_growth():
    counts = draw_counts()
    assigned = make_assigned(counts).assign(source="x")
    more = make_assigned(counts[:5, -7:] * 3, seed=2).assign(source="forum")
    more["created_at"] += pd.Timedelta(days=DAYS - 7)
    both = pd.concat([assigned, more], ignore_index=True)
    assert set(find_emerging(both)["status"]) <= {"steady", "perhaps"}


def test_repeats_count_as_often_as_their_weight_says():
    counts = draw_counts(4)
    assigned = make_assigned(counts).assign(weight=0.5)
    table = find_emerging(assigned, EmergingParams(weight="weight"))
    assert table["posts"].sum() == counts[:, -7:].sum() / 2


def test_the_daily_series_holds_every_day_of_every_topic_with_what_is_expected():
    counts = draw_counts(6)
    series = count_topics(make_assigned(counts))
    assert len(series) == 6 * DAYS
    wide = series.pivot(index="topic", columns="day", values="posts")
    assert (wide.to_numpy() == counts).all()
    inside = series["posts"].between(series["low"], series["high"])
    assert 0.9 <= inside.mean() <= 1
    assert (series["authors"] <= series["posts"]).all()


def test_dask_gives_the_same_as_pandas():
    assigned = make_assigned(draw_counts(5, mean=12))
    pd.testing.assert_frame_equal(
        find_emerging(dd.from_pandas(assigned, npartitions=3)), find_emerging(assigned)
    )


def test_rows_in_another_order_change_nothing():
    assigned = make_assigned(draw_counts(5, mean=12))
    pd.testing.assert_frame_equal(
        find_emerging(assigned.sample(frac=1, random_state=0)), find_emerging(assigned)
    )


def test_labels_come_from_a_table_and_topics_without_posts_are_told_of():
    names = pd.DataFrame({"id": [0, 1, 99], "label": ["battery", "camera", "nobody"]})
    table = find_emerging(make_assigned(draw_counts(2)), topics=names)
    assert row_of(table, 1)["label"] == "camera"
    assert (row_of(table, 99)["posts"], row_of(table, 99)["status"]) == (0, "too_small")


@pytest.mark.parametrize("n_topics", [1, 2])
def test_one_topic_alone_is_held_against_itself(n_topics):
    counts = draw_counts(n_topics)
    counts[0, -3:] *= 3
    table = find_emerging(make_assigned(counts))
    assert table["status"].tolist() == ["emerging", "steady"][:n_topics]


def test_posts_without_topic_or_time_are_no_topic():
    assigned = make_assigned(draw_counts(3))
    assigned.loc[assigned["topic"] == 2, "topic"] = -1
    assigned.loc[assigned.index[:5], "created_at"] = pd.NaT
    table = find_emerging(assigned)
    assert sorted(table["topic"]) == [0, 1]


def test_bad_input_is_said_in_a_sentence():
    assigned = make_assigned(draw_counts(2))
    with pytest.raises(SchemaError, match="topic"):
        find_emerging(assigned.drop(columns="topic"))
    with pytest.raises(SchemaError, match="no post"):
        find_emerging(assigned.iloc[:0])
    with pytest.raises(SchemaError, match="no post"):
        find_emerging(assigned, until=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(ParamError, match="time zone"):
        find_emerging(assigned, until=datetime(2026, 2, 1))
    with pytest.raises(SchemaError, match="id and label"):
        find_emerging(assigned, topics=pd.DataFrame({"id": [1]}))
    for wrong in ({"window": 0}, {"baseline": 3}, {"fdr": 0.9}, {"timezone": "Mars/Olympus"}):
        with pytest.raises(ParamError, match=next(iter(wrong))):
            EmergingParams(**wrong)


def test_five_posts_are_too_few_to_say_anything():
    assigned = make_assigned(draw_counts(1)).iloc[:5]
    assert set(mm.topics.find_emerging(assigned)["status"]) == {"too_small"}
