"""Figures and sentences of audiences: what they show is what the tables say, and names stay text."""

import json

import pandas as pd
import pytest

from murmuration.audience.features import FEATURES
from murmuration.show import (
    advise_segments,
    describe_audience,
    describe_choice,
    plot_audience_map,
    plot_flows,
    plot_segment_times,
    plot_traits,
    short_segment,
    show_cards,
    show_segments,
)
from murmuration.show.audience_figures import amount, describe_trait

HOSTILE = ("<b>bold</b>, $x^2$: %{y}", "</script><script>alert(1)</script>")


def make_segments(names=("#bread: many links", "#bikes: few links")) -> pd.DataFrame:
    n = len(names)
    known = {
        "name": list(names), "authors": [60 - at for at in range(n)], "share": [0.5] * n, "share_low": [0.4] * n, "share_high": [0.6] * n,
        "posts": [90] * n, "posts_per_author": [1.5] * n, "best_times": ["Sunday, 9–12 h"] + [None] * (n - 1), "status": ["first"] * n,
        "rule": [None] * n, "rule_precision": [None] * n, "rule_recall": [None] * n, "authors_before": [None] * n,
    }  # fmt: skip
    return pd.DataFrame({"segment": range(n), **known})


LEVELS = pd.DataFrame(
    {
        "segment": [0, 1], "posts": [100, 100], "scored": [100, 100], "negative": [60, 20], "negative_share": [0.6, 0.2], "negative_low": [0.5, 0.1],
        "negative_high": [0.7, 0.3], "mean": [-0.2, 0.1],
    }
)  # fmt: skip
FLOWS = pd.DataFrame(
    {
        "previous": [0, 0, 1, -2, 1], "segment": [0, 1, 1, 0, -2], "previous_name": ["one", "one", "two", None, "two"],
        "name": ["one", "two", "two", "one", None], "authors": [300, 40, 200, 120, 50],
    }
)  # fmt: skip


def test_the_title_of_flows_counts_who_changed():
    meta = plot_flows(FLOWS).layout.meta
    assert meta["title"].startswith(
        "40 authors of 540 in the bands between both runs changed segment (7 %)"
    )
    assert "120 were not there before" in meta["title"]
    assert "50 are not there any more" in meta["title"]
    assert len(meta["table"]["rows"]) == len(FLOWS)


def test_an_older_run_without_totals_does_not_call_bands_that_are_not_drawn_nobody():
    said = plot_flows(FLOWS[FLOWS["previous"] != -2]).layout.meta["title"]
    assert "not there before" not in said
    assert said.endswith("50 are not there any more; bands too small to be drawn are not counted")


def make_totals(rounded: bool = False, **authors: int | None) -> pd.DataFrame:
    counts = [authors[what] for what in ("stayed", "changed", "arrived", "gone")]
    few = [20 if one is None else None for one in counts]
    return pd.DataFrame(
        {
            "what": ["stayed", "changed", "arrived", "gone"],
            "authors": pd.array(counts, "Int64"),
            "fewer_than": pd.array(few, "Int64"),
            "rounded": rounded,
        }
    )


def test_the_title_of_flows_says_where_numbers_are_rounded():
    totals = make_totals(rounded=True, stayed=200, changed=40, arrived=None, gone=60)
    assert plot_flows(FLOWS, totals).layout.meta["title"] == (
        "About 40 authors changed segment, about 200 stayed in theirs; fewer than 20 were not there before and about 60 are not there any more"
    )


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        (
            {"stayed": 38, "changed": 189, "arrived": 40, "gone": None},
            "189 of 227 authors of both runs changed segment (83 %); 40 were not there before and fewer than 20 are not there any more",
        ),
        (
            {"stayed": 206, "changed": None, "arrived": 0, "gone": 2709},
            "Fewer than 20 authors changed segment, 206 stayed in theirs; 0 were not there before and 2,709 are not there any more",
        ),
    ],
)
def test_the_title_of_flows_counts_all_authors_also_those_of_bands_that_are_not_drawn(totals, said):
    assert plot_flows(FLOWS, make_totals(**totals)).layout.meta["title"] == said


def test_a_card_tells_who_is_new_or_silent_apart_from_who_changed_segment():
    nothing = pd.DataFrame(columns=["segment", "rank", "kind", "term", "feature"])
    moves = {
        "status": "continued",
        "name_before": None,
        "langs": [[]] * 2,
        "stayed": 206,
        "came": 0,
        "left": 0,
    }
    segments = make_segments().assign(**moves, authors_before=2915)
    counted = segments.assign(arrived=512, gone=[2709, None])
    cards = [show_cards(one, *[nothing] * 2, LEVELS.assign(authors=50), nothing, nothing).markup for one in (counted, segments)]  # fmt: skip
    assert (
        "2,915 → 60 authors; 206 stayed, 0 came from other segments or none, 512 are new here; 0 went to other segments or none, "
        "2,709 wrote nothing this time" in cards[0]
    )
    assert "some wrote nothing this time" in cards[0]
    # A run of an older version does not know.
    assert (
        "206 stayed, 0 came from other segments or none; 0 went to other segments or none<"
        in cards[1]
    )


def test_bands_of_flows_lie_within_the_figure_however_uneven_they_are():
    flows = pd.DataFrame({"previous": [0, 1, -2], "segment": [0, 1, 0], "previous_name": ["one", "two", None], "name": ["one", "two", "one"], "authors": [5, 5, 990]})  # fmt: skip
    node = plot_flows(flows).data[0].node
    middles = list(node.y[:3])  # those of the earlier run: 5, 5 and 990 authors
    assert middles == sorted(middles)
    assert middles[-1] < 0.7  # its band is most of the figure


def test_the_answer_names_segments_that_are_no_more():
    segments = make_segments().assign(status="continued", authors_before=[50, 70])
    coverage = pd.DataFrame({"item": ["authors", "posts_looked_at"], "value": [120, 200]})
    ended = pd.DataFrame({"previous": [5], "segment": [-2], "previous_name": ["#tents: many links"], "name": [None], "authors": [61]})  # fmt: skip
    said = describe_audience(
        segments, LEVELS.assign(authors=50), coverage, pd.concat([FLOWS, ended])
    )
    assert said[-1] == "Of the earlier segments, “#tents: many links” is no more."
    assert "no more" not in " ".join(describe_audience(segments, LEVELS.assign(authors=50), coverage, FLOWS))  # fmt: skip


def test_every_dot_of_the_map_has_an_id_of_its_own_as_plotly_draws_one_of_those_that_share_it():
    places = pd.DataFrame({"point": range(6), "segment": [0, 0, 0, 1, 1, -1], "x": 0.5, "y": 0.5})
    ids = [one for trace in plot_audience_map(places, make_segments()).data for one in trace.ids]
    assert sorted(ids) == ["-1/5", "0/0", "0/1", "0/2", "1/3", "1/4"]


def test_without_an_earlier_run_the_figure_says_so():
    assert "First run" in plot_flows(None).layout.annotations[0].text


BEST = pd.DataFrame(
    {
        "segment": [0], "rank": [1], "kind": ["day"], "time": ["Sunday"], "share": [0.25], "share_rest": [0.14], "difference": [0.11],
        "difference_low": [0.04], "difference_high": [0.18],
    }
)  # fmt: skip
LINKS = {"segment": 0, "rank": 1, "feature": "url_share", "trait": "many links", "effect": 0.5, "effect_low": 0.4, "effect_high": 0.6, "value": 0.5, "value_rest": 0.1, "unit": "0 to 1"}  # fmt: skip


def make_interests(segment, kinds, terms):
    n = len(terms)
    return pd.DataFrame({"segment": segment, "kind": kinds, "term": terms, "share": [0.4] * n, "share_low": [0.3] * n, "share_high": [0.5] * n, "share_rest": [0.02] * n, "z": range(9, 9 - n, -1)})  # fmt: skip


def test_every_piece_of_advice_names_what_speaks_for_it():
    interests = make_interests(1, ["domains", "hashtags"], ["site.example", "bikes"])
    said = advise_segments(make_segments(), pd.DataFrame([LINKS]), interests, LEVELS, BEST)
    first, second = said.split("\n**")
    assert "Reach it on Sunday (25 % of what its authors post, others 14 %: +11 points, +4 to +18)" in first  # fmt: skip
    assert "Offer it links: 50 % of an author’s texts have a link, against 10 %; effect +0.50 (0.40 to 0.60)" in first  # fmt: skip
    assert "what makes it unhappy before selling to it: 60 % (50–70 %) of its scored posts are negative, 40 % of all" in first  # fmt: skip
    assert "bikes (40 % (30–50 %) of its authors, others 2 %)" in second
    assert "site" not in second
    assert "Ask it for recommendations: 20 % (10–30 %)" in second
    assert said.endswith(
        "Days and hours are those of UTC. For 1 segment no day and no hour stands out."
    )


def test_where_nothing_sets_a_segment_apart_advice_is_one_sentence():
    alike = LEVELS.assign(negative=40, negative_share=0.4, negative_low=0.3, negative_high=0.5)
    said = advise_segments(make_segments(), pd.DataFrame([LINKS]).head(0), make_interests(0, [], []), alike, BEST.head(0))  # fmt: skip
    assert said.count("Nothing that one could act on sets it apart.") == 2
    assert "No day and no hour stands out" in said


def test_the_same_is_not_advised_twice_for_two_reasons():
    often = [LINKS | {"rank": rank, "feature": name} for rank, name in enumerate(["posts", "active_days", "url_share"], 1)]  # fmt: skip
    said = advise_segments(make_segments(), pd.DataFrame(often), make_interests(0, [], []), LEVELS, BEST)  # fmt: skip
    assert said.count("Come back to it") == 1
    assert "Offer it links" in said


def test_whoever_links_much_and_is_hardly_seen_may_be_spam():
    unseen = LINKS | {"rank": 2, "feature": "views_per_post", "effect": -0.7, "effect_low": -0.8, "effect_high": -0.6, "unit": "views/post"}  # fmt: skip
    said = advise_segments(make_segments(), pd.DataFrame([LINKS, unseen]), make_interests(0, [], []), LEVELS, BEST)  # fmt: skip
    assert "See whether it is spam" in said
    assert "Offer it links" not in said


def test_unhappy_segments_say_what_they_write_of():
    words = make_interests(0, ["words"] * 4, ["case", "reply", "waiting", "hi"])
    said = advise_segments(make_segments(), pd.DataFrame([LINKS]), words, LEVELS, BEST)
    assert "Mend what makes it unhappy before selling to it (more than others it writes of “case”, “reply” and “waiting”): 60 %" in said  # fmt: skip
    sad = LEVELS.assign(negative=[80, 40], negative_share=[0.8, 0.4], negative_low=[0.7, 0.3], negative_high=[0.9, 0.5])  # fmt: skip
    assert "recommendations" not in advise_segments(make_segments(), pd.DataFrame([LINKS]), words, sad, BEST)  # fmt: skip


def test_a_new_segment_says_where_many_of_its_authors_were():
    segments = make_segments().assign(authors=[50, 70], authors_before=pd.array([120, None], "Int64"), status=["continued", "new"])  # fmt: skip
    flows = pd.DataFrame({"previous": [0, 0, -2], "segment": [0, 1, 1], "previous_name": ["old", "old", None], "name": ["one", "two", "two"], "authors": [40, 60, 10]})  # fmt: skip
    coverage = pd.DataFrame({"item": ["authors", "posts_looked_at"], "value": [120, 200]})
    said = describe_audience(segments, LEVELS.assign(authors=50), coverage, flows)
    assert any("(60 of its authors were “old” before)" in one for one in said)
    few = describe_audience(segments, LEVELS.assign(authors=50), coverage, flows.assign(authors=[40, 10, 60]))  # fmt: skip
    assert not any("before)" in one for one in few)


def test_traits_are_drawn_by_how_far_they_are_from_others_whichever_way():
    less = LINKS | {"effect": -0.5, "effect_low": -0.6, "effect_high": -0.3, "trait": "few links"}
    trace = plot_traits(pd.DataFrame([less]), make_segments()).data[0]
    assert trace.x[0] == 0.5
    assert trace.error_x.array[0] == pytest.approx(0.1)
    assert trace.error_x.arrayminus[0] == pytest.approx(0.2)


def test_a_negative_share_that_hardly_differs_is_no_advice():
    near = LEVELS.assign(negative=[42, 38], negative_share=[0.42, 0.38], negative_low=[0.41, 0.37], negative_high=[0.43, 0.39])  # fmt: skip
    said = advise_segments(make_segments(), pd.DataFrame([LINKS]).head(0), make_interests(0, [], []), near, BEST.head(0))  # fmt: skip
    assert "unhappy" not in said
    assert "recommendations" not in said


def test_the_title_of_hours_tells_only_what_is_beyond_chance():
    times = pd.DataFrame({"segment": [0] * 24, "weekday": 1, "hour": range(24), "share": [0.54, *[0.02] * 23]})  # fmt: skip
    hours = BEST.assign(kind="hours", time="0–3 h")
    title = plot_segment_times(times, make_segments(), hours).layout.meta["title"]
    assert "25 % of what its authors post is written at 0–3 h, against 14 % of others’" in title
    title = plot_segment_times(times, make_segments(), BEST).layout.meta["title"]
    assert title == "No segment posts at other hours than the others by more than chance"


def make_choice(stability, shared, chosen):
    n = len(stability)
    return pd.DataFrame({"n_segments": range(2, 2 + n), "stability": stability, "shared": shared, "chosen": [at == chosen for at in range(n)]})  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (make_choice([0.9, 0.9, 0.9], [0.05, 0.1, 0.2], 1), "It is 3 segments, as no larger number meets both limits: with 4, the two nearest segments share too many votes (20 %, allowed 12 %)."),
        (make_choice([0.9, 0.5], [0.05, 0.1], 0), "It is 2 segments, as no larger number meets both limits: with 3, segments do not come out again well enough (stability 0.50, needed 0.75)."),
        (make_choice([0.9, 0.9], [0.05, 0.1], 1), "It is 3 segments, the largest number that was tried and whose segments have enough authors; both limits are met."),
        (make_choice([0.6, 0.5], [0.05, 0.2], 0), "No number meets both limits; 2 segments come nearest, where segments do not come out again well enough (stability 0.60, needed 0.75)."),
        (make_choice([], [], 0), ""),
        (make_choice([float("nan")], [float("nan")], 0).assign(n_segments=1), ""),
    ],
)  # fmt: skip
def test_a_sentence_says_which_limit_decided_how_many_segments_there_are(choice, said):
    assert describe_choice(choice) == said


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_text(name):
    segments = make_segments((name, "other"))
    places = pd.DataFrame({"point": [0, 1], "segment": [0, 1], "x": [0.0, 1.0], "y": [0.0, 1.0]})
    traits = pd.DataFrame({"segment": [0], "rank": [1], "feature": "url_share", "trait": "many links", "effect": [0.5], "effect_low": [0.4], "effect_high": [0.6], "value": [0.5], "value_rest": [0.1], "unit": "0 to 1"})  # fmt: skip
    times = pd.DataFrame({"segment": [0] * 24, "weekday": 1, "hour": range(24), "share": [1 / 24] * 24})  # fmt: skip
    for figure in (
        plot_audience_map(places, segments),
        plot_traits(traits, segments),
        plot_segment_times(times, segments),
    ):
        drawn = json.dumps({**figure.to_plotly_json()["layout"], "meta": None}, default=str) + json.dumps([trace.name for trace in figure.data])  # fmt: skip
        assert "<script" not in drawn
        assert "<b>bold</b>" not in drawn
    assert "<script" not in show_segments(segments, LEVELS).markup


def test_best_times_of_runs_without_their_table_are_when_a_segment_posts_most():
    segments = make_segments()
    old, new = (show_segments(segments, LEVELS, best).markup for best in (None, BEST))
    assert "posts most" in old
    assert "others" not in old
    assert "more than others on" in new


def test_of_one_segment_nothing_is_said_of_others():
    segments, none = make_segments(("Average authors",)), pd.DataFrame([LINKS]).head(0)
    times = pd.DataFrame({"segment": [0] * 24, "weekday": 1, "hour": range(24), "share": [1 / 24] * 24})  # fmt: skip
    figures = plot_traits(none, segments), plot_segment_times(times, segments, BEST.head(0))
    said = [
        show_segments(segments, LEVELS, BEST.head(0)).markup,
        advise_segments(segments, none, make_interests(0, [], []), LEVELS.head(1), BEST.head(0)),
        *(str(figure.to_plotly_json()) for figure in figures),
    ]
    assert "other" not in " ".join(said)


def test_a_long_name_is_cut_between_its_parts():
    assert short_segment("#bread, #rolls: many links, posts around noon", longest=26) == "#bread, #rolls: many links"  # fmt: skip
    assert len(short_segment("x" * 200, longest=26)) == 26


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.0153, "reposts/post", "0.015 reposts/post"), (0.0241, "reposts/post", "0.024 reposts/post"), (0.5, "posts", "0.5 posts"),
        (0.0, "posts", "0 posts"), (1.0, "posts", "1 post"), (1.0, "likes/post", "1 like/post"), (1234.4, "followers", "1,234 followers"), (-0.25, "−1 to 1", "−0.25"), (float("nan"), "posts", "–"),
    ],
)  # fmt: skip
def test_small_values_of_a_trait_keep_two_digits_so_that_different_ones_look_different(
    value, unit, told
):
    assert amount(value, unit) == told


EFFECT = {"effect": -0.51, "effect_low": -0.67, "effect_high": -0.29}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"feature": "copied_share", "trait": "own texts", "value": 0.03, "value_rest": 0.18, "unit": "0 to 1"},
            "own texts: 3 % of an author’s texts are others' as well, against 18 % (effect −0.51 (−0.67 to −0.29))",
        ),
        (
            {"feature": "followers", "trait": "few followers", "value": 840.0, "value_rest": 1900.0, "unit": "followers"},
            "few followers: median 840 followers against 1,900 followers (effect −0.51 (−0.67 to −0.29))",
        ),
        (
            {"feature": "hour_cos", "trait": "posts around noon UTC", "value": -0.14, "value_rest": 0.1, "unit": "−1 to 1"},
            "posts around noon UTC (effect −0.51 (−0.67 to −0.29))",
        ),
    ],
)  # fmt: skip
def test_a_trait_says_what_its_numbers_count_and_has_none_for_places_on_a_circle(row, words):
    assert describe_trait(row | EFFECT) == words


def test_every_share_says_what_it_is_a_share_of():
    assert all(feature.counted for feature in FEATURES if feature.kind == "share")


def test_the_answer_says_where_segments_are_in_doubt():
    coverage = pd.DataFrame({"item": ["authors", "posts_looked_at"], "value": [120, 200]})
    why = "There are as many segments as were asked for, although no groups stand out."
    doubt = pd.DataFrame({"n_segments": [2], "chosen": [True], "why": [why]})
    levels = LEVELS.assign(authors=50)
    assert why in describe_audience(make_segments(), levels, coverage, choice=doubt)
    assert describe_choice(doubt) == ""
    one = describe_audience(make_segments(("all",)), levels, coverage, choice=doubt.assign(n_segments=1, why="Too few."))  # fmt: skip
    assert one == ["120 authors of 200 posts make one segment. Too few."]
    some = pd.DataFrame({"item": ["authors", "posts_looked_at", "authors_in_small_segments"], "value": [120, 200, 12]})  # fmt: skip
    assert describe_audience(make_segments(("all",)), levels, some) == [
        "120 authors of 200 posts: one segment is large enough to be shown; 12 authors are in smaller ones."
    ]
