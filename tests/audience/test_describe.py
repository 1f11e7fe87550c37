"""Cards: names and traits say what was planted, effects are sure of themselves as far as they may, small groups stay hidden."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.audience import (
    Policy,
    count_times,
    describe_segments,
    find_best_times,
    find_segment_posts,
    join_segments,
    label_topics,
    list_origins,
    list_segment_posts,
    place_authors,
    profile_authors,
)
from murmuration.audience.effects import compare_with_rest, find_traits
from murmuration.audience.features import NUMBERS
from murmuration.audience.marks import MARKS
from murmuration.audience.names import name_segments_by
from murmuration.audience.times import name_best_times
from murmuration.errors import SchemaError

from .conftest import CRAFTS


@pytest.fixture(scope="module")
def cards(crafters, assigned):
    return describe_segments(crafters, assigned)


def craft_of(assigned: pd.DataFrame, segment: int) -> str:
    mine = assigned[(assigned["segment"] == segment).to_numpy(bool)]
    return CRAFTS[int(mine["author_key"].str[1:].astype(int).mod(3).mode()[0])]


def test_a_segment_is_named_after_what_its_authors_care_for(cards, assigned):
    assert len(cards.segments) == 3
    assert cards.segments["name"].is_unique
    for row in cards.segments.to_dict("records"):
        assert f"#{craft_of(assigned, row['segment'])}" in row["name"]
    assert cards.segments["authors"].sum() == 120
    assert cards.segments["share"].sum() == pytest.approx(1)


def test_a_name_holds_topics_as_parts_without_commas_and_quotes_of_their_own(crafters):
    topics = pd.DataFrame({"id": [0, 1, 2], "label": ["seat, first class, miles", "rant: delays", "a, very long, topic that nobody, would read"]})  # fmt: skip
    craft = crafters["author_key"].str[1:].astype(int).mod(3)
    known = crafters.assign(topics=[[str(one)] for one in craft], topics_n=[[9]] * len(craft)).drop(columns=["hashtags", "domains"])  # fmt: skip
    found = describe_segments(known, pd.Series(craft.to_numpy(int)), names=label_topics(topics))
    names = [found.names[one].partition(": ")[2] for one in (0, 1, 2)]
    assert names == ["seat", "rant / delays", "a"]  # what five words have room for


def test_a_site_in_a_name_stays_as_it_is_written(crafters):
    craft = crafters["author_key"].str[1:].astype(int).mod(3)
    sites = craft.map({0: "bread.example", 1: "bikes.example", 2: "stars.example"})
    known = crafters.drop(columns=["hashtags"]).assign(domains=[[one] for one in sites], domains_n=[[9]] * len(craft))  # fmt: skip
    found = describe_segments(known, pd.Series(craft.to_numpy(int)))
    assert found.names[0].endswith(": bread.example")


def trait(segment: int, rank: int, feature: str, effect: float) -> dict[str, object]:
    return {"segment": segment, "rank": rank, "feature": feature, "effect": effect, "effect_low": effect - 0.1, "effect_high": effect + 0.1}  # fmt: skip


def mark(segment: int, kind: str, term: str, share: float, rest: float = 0.0, z: float = 5.0) -> dict[str, object]:  # fmt: skip
    return dict.fromkeys(MARKS, 0) | {"segment": segment, "kind": kind, "term": term, "share": share, "share_rest": rest, "z": z}  # fmt: skip


def call(
    traits: list[dict[str, object]],
    marks: list[dict[str, object]],
    before: dict[int, str] | None = None,
) -> list[str]:
    columns = ["segment", "rank", "feature", "effect", "effect_low", "effect_high"]
    told = pd.DataFrame(traits, columns=columns).astype({"effect": float, "effect_low": float, "effect_high": float})  # fmt: skip
    shown = np.array(sorted({row["segment"] for row in [*traits, *marks]} or {0}))
    return list(
        name_segments_by(
            shown, told, pd.DataFrame(marks, columns=list(MARKS)), before or {}
        ).values()
    )


def test_a_name_says_who_its_authors_are_and_what_they_care_for():
    traits = [trait(0, 1, "repost_share", 0.8), trait(0, 2, "sentiment", 0.6), trait(1, 1, "url_share", 0.5)]  # fmt: skip
    marks = [mark(0, "hashtags", "music", 0.9), mark(1, "topics", "council, roads, parks", 0.4)]
    assert call(traits, marks) == ["Cheerful resharers: #music", "Link sharers: council / roads"]


def test_a_segment_keeps_its_name_as_long_as_all_of_it_is_true():
    traits = [trait(0, 1, "repost_share", 0.8), trait(0, 2, "sentiment", 0.6), trait(1, 1, "repost_share", 0.5)]  # fmt: skip
    marks = [mark(0, "hashtags", "music", 0.9), mark(0, "topics", "council, roads", 0.4, z=4.0)]
    fresh = ["Cheerful resharers: #music, council / roads", "Resharers"]
    assert call(traits, marks) == fresh
    for kept in ("Resharers: council / roads", "Cheerful resharers", "Resharers: council, #music"):
        assert call(traits, marks, {0: kept})[0] == kept
    for gone in ("Link sharers: #music", "Cheerful resharers: #tents", "Average authors"):
        assert call(traits, marks, {0: gone}) == fresh
    # Who keeps a name keeps others from it, larger ones too.
    assert call(traits, [], {1: "Resharers"}) == ["Cheerful resharers", "Resharers"]
    assert call([], marks, {0: "Writers on #music"}) == ["Writers on #music"]
    assert call([], [], {0: "Average authors"}) == ["Average authors"]


def test_segments_of_the_same_habit_have_names_that_differ_before_the_terms():
    traits = [trait(0, 1, "repost_share", 0.8), trait(1, 1, "repost_share", 0.5), trait(1, 2, "followers", -0.3)]  # fmt: skip
    marks = [mark(0, "hashtags", "a", 0.9), mark(1, "hashtags", "b", 0.9)]
    assert call(traits, marks) == ["Resharers: #a", "Resharing small accounts: #b"]


def test_terms_that_many_others_use_as_well_name_nobody():
    traits = [trait(0, 1, "url_share", 0.5)]
    assert call(traits, [mark(0, "hashtags", "all", 0.9, 0.4)]) == ["Link sharers"]
    assert call(traits, [mark(0, "hashtags", "some", 0.3, 0.2)]) == ["Link sharers"]
    assert call(traits, [mark(0, "hashtags", "rare", 0.05)]) == ["Link sharers"]


def test_small_or_unsure_traits_name_nobody():
    assert call([trait(0, 1, "url_share", 0.19)], [mark(0, "words", "x", 0.9)]) == ["Writers on x"]
    assert call([trait(0, 1, "night_share", 0.15)], []) == ["Average authors"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(NUMBERS), st.floats(-0.9, 0.9), st.integers(0, 3)),
        max_size=12,
    ),
    st.lists(st.tuples(st.sampled_from(["topics", "hashtags", "domains", "words"]), st.text(max_size=60), st.integers(0, 3)), max_size=8),
)  # fmt: skip
def test_names_are_short_and_no_two_are_alike(traits, marks):
    names = call(
        [trait(one, rank, name, effect) for rank, (name, effect, one) in enumerate(traits)],
        [mark(one, kind, term, 0.9) for kind, term, one in marks],
    )
    assert len(set(names)) == len(names)
    roles = [name.partition(": ")[0] for name in names if not name.startswith("Writers on")]
    assert all(1 <= len(role.split()) <= 6 for role in roles)


def test_words_that_posts_were_found_by_are_told_of_no_segment(crafted, crafters, assigned):
    found = describe_segments(crafters, assigned, without=["@Bread1", "bread 2", "#bread3"])
    usual = describe_segments(crafters, assigned)
    gone = set(usual.interests["term"]) - set(found.interests["term"])
    assert gone >= {"bread1", "bread2", "bread3"} & set(usual.interests["term"])
    assert not {"bread1", "bread2", "bread3"} & set(found.interests["term"])


def test_the_trait_that_was_planted_is_told_with_its_effect(cards, assigned):
    [bikes] = [one for one in cards.segments["segment"] if craft_of(assigned, one) == "bikes"]
    # A link makes a post long: of two features that say the same one is told.
    same = cards.traits["feature"].isin(["url_share", "text_chars"])
    links = cards.traits[(cards.traits["segment"] == bikes) & same]
    assert links["trait"].tolist() in (["many links"], ["long posts"])
    told = links.iloc[0]
    assert told["value"] > told["value_rest"]
    assert 0.7 < told["effect_low"] <= told["effect"] <= told["effect_high"] <= 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.0, 0.02, 0.4, 0.5, 1.0])),
        min_size=40,
        max_size=120,
    )
)
def test_numbers_of_a_trait_differ_the_way_its_effect_says(authors):
    labels, shares = (np.array(one) for one in zip(*authors, strict=True))
    profiles = pd.DataFrame({"start_lower_share": shares, "followers": 1e4 * shares, "sentiment": 1 - 2 * shares})  # fmt: skip
    told = find_traits(profiles, labels.astype(int), np.array([0, 1]), count=5)
    assert (np.sign(told["value"] - told["value_rest"]) == np.sign(told["effect"])).all()


def test_a_trait_that_most_have_more_of_but_that_a_few_others_do_much_of_is_not_told():
    labels = np.repeat([0, 1], 200)
    shares = np.where(labels == 0, 0.24, 0.0)
    shares[-60:] = 1.0  # 30 % of the others do it always
    effect = compare_with_rest(shares, labels == 0)
    assert effect.low > 0
    assert shares[labels == 0].mean() < shares[labels == 1].mean()
    told = find_traits(pd.DataFrame({"start_lower_share": shares}), labels, np.array([0]), count=5)
    assert told.empty


def test_effects_of_no_difference_hold_zero_as_often_as_they_say():
    rng = np.random.default_rng(0)
    inside = np.arange(120) < 40
    found = [compare_with_rest(rng.exponential(size=120), inside) for _ in range(400)]
    held = np.mean([one.low <= 0 <= one.high for one in found])
    assert 0.92 <= held <= 0.99


def test_effects_of_a_known_size_lie_in_their_intervals():
    rng = np.random.default_rng(1)
    inside = np.arange(150) < 50
    truth = 0.5204998778  # 2 · Φ(1 / √2) − 1
    found = [compare_with_rest(rng.normal(inside * 1.0, 1), inside) for _ in range(400)]
    assert 0.92 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.99


def test_groups_that_do_not_overlap_are_not_surer_than_their_size():
    few = compare_with_rest(np.arange(8.0), np.arange(8) >= 4)
    many = compare_with_rest(np.arange(800.0), np.arange(800) >= 400)
    assert few.delta == many.delta == 1
    assert few.low < many.low < 1


def test_a_rule_in_words_tells_who_is_in_the_segment(cards, assigned):
    for row in cards.segments.to_dict("records"):
        assert row["rule_precision"] > 0.8
        assert row["rule_recall"] > 0.5
    assert cards.segments["rule"].str.contains(r"uses #|over|at most").all()


def test_groups_below_twenty_authors_are_not_shown(crafters):
    labels = np.where(np.arange(120) < 19, 1, 0)
    found = describe_segments(crafters, pd.Series(labels))
    assert found.segments["segment"].tolist() == [0]
    assert found.hidden == 19
    assert set(found.traits["segment"]) | set(found.interests["segment"]) <= {0}


def test_what_a_policy_forbids_is_not_named(crafted):
    posts = crafted.assign(text=crafted["text"].str.replace("#bread", "#diabetes"))
    profiles = profile_authors(posts)
    labels = pd.Series(profiles["author_key"].str[1:].astype(int).mod(3).to_numpy(int))
    strict = describe_segments(profiles, labels)
    said = " ".join([*strict.segments["name"], *strict.segments["rule"].dropna(), *strict.interests["term"]])  # fmt: skip
    assert "diabet" not in said
    free = describe_segments(profiles, labels, policy=Policy(forbids=()))
    assert free.segments["name"].str.contains("diabetes").any()


def test_all_authors_in_one_segment_have_no_marks_against_others(crafted):
    tags = np.where(crafted["author_key"] == "a000", "", " #launch")  # of all but one
    profiles = profile_authors(crafted.assign(text=crafted["text"] + tags))
    found = describe_segments(profiles, np.zeros(len(profiles), int))
    assert found.interests.empty
    assert found.traits.empty
    assert found.names == {0: "Average authors"}
    posts = join_segments(crafted, profiles.assign(segment=0)).assign(post_id=[str(n) for n in range(len(crafted))])  # fmt: skip
    assert len(find_segment_posts(posts, found.interests, [0], policy=Policy())) == 3


def test_best_times_are_those_in_which_authors_post(crafted, assigned):
    joined = join_segments(crafted, assigned)
    times = count_times(joined)
    assert times.groupby("segment")["share"].sum().to_numpy() == pytest.approx(1)
    assert times["posts"].sum() == len(crafted)
    best = find_best_times(joined)
    hours = {craft_of(assigned, one): name_best_times(best, one) for one in (0, 1, 2)}
    starts = {craft: int(said.split(", ")[-1].split("–")[0]) for craft, said in hours.items()}
    assert all(6 * CRAFTS.index(craft) <= start <= 6 * CRAFTS.index(craft) + 3 for craft, start in starts.items())  # fmt: skip
    # The days were drawn evenly: none stands out.
    assert set(best["kind"]) == {"hours"}
    assert (best["difference_low"] > 0).all()
    assert best["difference"].to_numpy() == pytest.approx(best["share"] - best["share_rest"])


def write_times(weekday: int | None = None, *, dates: int = 4, authors: int = 120) -> pd.DataFrame:  # fmt: skip
    """Give posts at any time of four weeks; half of those of segment 0 on one day of the week, of so many weeks."""
    rng = np.random.default_rng(3)
    rows = []
    for author in range(authors):
        for _ in range(12):
            day = int(rng.integers(28))
            if weekday is not None and author % 3 == 0 and rng.random() < 0.5:
                day = 7 * int(rng.integers(dates)) + weekday
            when = pd.Timestamp("2026-02-02", tz="UTC") + pd.Timedelta(days=day, hours=int(rng.integers(24)))  # fmt: skip
            rows.append((author % 3, f"a{author}", when))
    return pd.DataFrame(rows, columns=["segment", "author_key", "created_at"])


def test_a_day_that_stands_out_by_more_than_chance_is_told():
    best = find_best_times(write_times(weekday=5))
    assert best[["segment", "kind", "time"]].to_numpy().tolist() == [[0, "day", "Saturday"]]
    assert name_best_times(best, 0) == "Saturday"
    assert name_best_times(best, 1) == ""


def test_no_time_is_told_where_only_chance_makes_them_differ():
    assert find_best_times(write_times()).empty
    assert find_best_times(write_times(authors=6)).empty


def test_one_date_with_many_posts_makes_no_best_day():
    assert find_best_times(write_times(weekday=5, dates=1)).empty


def write_event(start: str, *, minutes: int = 150, share: float = 0.6, dates: int = 1, evenings: float = 0.0, hyper: int = 0) -> pd.DataFrame:  # fmt: skip
    """Give posts at any time of four weeks, or in the evening; a share of those of segment 0 in the minutes after an event of so many dates.

    `hyper` more are by one author of segment 0, on one Saturday.
    """
    rng = np.random.default_rng(3)
    first, rows = pd.Timestamp("2026-02-02", tz="UTC"), []
    for author in range(240):
        for _ in range(12):
            when = first + pd.Timedelta(minutes=int(rng.integers(28 * 1440)))
            if rng.random() < evenings:
                when = when.normalize() + pd.Timedelta(minutes=int(rng.integers(18 * 60, 21 * 60)))
            if author % 3 == 0 and rng.random() < share:
                when = pd.Timestamp(start, tz="UTC") + pd.Timedelta(days=int(rng.integers(dates)), minutes=int(rng.integers(minutes)))  # fmt: skip
            rows.append((author % 3, f"a{author}", when))
    rows += [(0, "a0", first + pd.Timedelta(days=12, minutes=at)) for at in range(hyper)]
    return pd.DataFrame(rows, columns=["segment", "author_key", "created_at"])


def test_segments_that_post_evenly_have_no_best_time_where_another_keeps_to_its_hours():
    best = find_best_times(write_event("2026-02-02 20:00", minutes=180, dates=28))
    assert best[["segment", "time"]].to_numpy().tolist() == [[0, "20–23 h"]]


def test_one_date_of_another_segment_makes_no_best_time_of_what_all_do_alike():
    assert find_best_times(write_event("2026-02-07 09:00", evenings=0.3)).empty


def test_an_event_across_midnight_makes_no_best_time():
    assert find_best_times(write_event("2026-02-07 22:30")).empty


def test_one_date_is_that_of_most_authors_and_not_of_the_one_who_posts_most():
    posts = write_event("2026-02-07 00:00", minutes=1440, hyper=1400)
    assert find_best_times(posts).empty


def test_posts_of_no_known_source_count_for_best_times():
    posts = write_times(weekday=5)
    best = find_best_times(posts)
    assert not best.empty
    pd.testing.assert_frame_equal(find_best_times(posts.assign(source=None)), best)
    some = posts.assign(source=np.where(posts["author_key"].str.endswith("1"), "x", None))
    pd.testing.assert_frame_equal(find_best_times(some), best)


def test_one_segment_has_no_best_time_as_there_is_nothing_to_compare_with():
    assert find_best_times(write_times(weekday=5).assign(segment=0)).empty


def test_an_author_key_of_two_sources_is_two_authors_of_the_hours_of_a_segment():
    """One writes ten times at 8 h, the other once at 20 h: each counts once, and posts of nobody do not count."""
    when = pd.to_datetime(
        ["2026-03-02T08:00Z"] * 10 + ["2026-03-02T20:00Z"] + ["2026-03-02T12:00Z"]
    )
    posts = pd.DataFrame({"source": ["a"] * 10 + ["b"] * 2, "author_key": ["x"] * 11 + [None], "created_at": when, "segment": 0})  # fmt: skip
    share = count_times(posts).groupby("hour")["share"].sum()
    assert share[[8, 12, 20]].tolist() == pytest.approx([0.5, 0, 0.5])


def test_a_time_zone_moves_the_hours(crafted, assigned):
    joined = join_segments(crafted, assigned)
    utc, delhi = (count_times(joined, timezone=zone) for zone in ("UTC", "Asia/Kolkata"))
    assert not utc["share"].equals(delhi["share"])
    assert utc["posts"].sum() == delhi["posts"].sum()


def test_posts_to_read_are_of_the_segment_and_of_different_authors(crafted, assigned, cards):
    posts = join_segments(crafted, assigned).assign(post_id=[str(n) for n in range(len(crafted))])
    found = find_segment_posts(posts, cards.interests, [0, 1, 2], policy=Policy())
    assert found.groupby("segment").size().tolist() == [3, 3, 3]
    assert not found.duplicated(["segment", "author_key"]).any()
    assert not set(found["author_key"]) & set(posts["author_key"])
    free = find_segment_posts(posts, cards.interests, [0, 1, 2], policy=Policy(export=True))
    assert set(free["author_key"]) <= set(posts["author_key"])
    for row in found.to_dict("records"):
        assert f"#{craft_of(assigned, row['segment'])}" in row["text"]


def test_posts_with_what_is_forbidden_are_not_shown(crafted, assigned, cards):
    posts = join_segments(crafted, assigned).assign(post_id="1", text="my cancer is back")
    assert find_segment_posts(posts, cards.interests, [0, 1, 2], policy=Policy()).empty


def test_all_posts_are_listed_with_their_segments_but_those_with_what_is_forbidden(
    crafted, assigned
):
    posts = join_segments(crafted, assigned)
    posts.loc[posts.index[0], "text"] = "my cancer is back"
    listed = list_segment_posts(posts, policy=Policy())
    assert listed["segment"].iloc[0] == -1
    assert listed["segment"].iloc[1:].tolist() == posts["segment"].iloc[1:].tolist()
    # Who is in which segment is not handed on, but that posts are by one author is still known.
    assert not set(listed["author_key"]) & set(posts["author_key"])
    assert (pd.factorize(listed["author_key"])[0] == pd.factorize(posts["author_key"])[0]).all()
    assert set(list_origins(posts.assign(post_id="1"))["author_key"]) == set(
        posts["author_key"]
    )  # for `forget`
    free = list_segment_posts(posts, policy=Policy(forbids=(), export=True))
    assert free["author_key"].equals(posts["author_key"])
    assert free["segment"].tolist() == posts["segment"].tolist()


def test_authors_near_each_other_on_the_map_are_in_one_segment(assigned, crafted_model):
    dots = place_authors(assigned, crafted_model)
    assert "author_key" not in dots
    middles = dots.groupby("segment")[["x", "y"]].mean()
    far = ((dots[["x", "y"]].to_numpy()[:, None] - middles.to_numpy()) ** 2).sum(axis=2)
    assert (middles.index.to_numpy()[far.argmin(axis=1)] == dots["segment"]).mean() > 0.95


def test_segments_of_other_authors_are_refused(crafters, assigned):
    with pytest.raises(SchemaError, match="120 profiles, but 60 segments"):
        describe_segments(crafters, assigned.head(60))
    with pytest.raises(SchemaError, match="'segment'"):
        describe_segments(crafters, crafters)
