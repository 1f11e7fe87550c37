"""Figures of topics: what they show is what the tables say, and names of topics stay text."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from murmuration.show import (
    changed_topics,
    describe_audience,
    describe_topic_limits,
    describe_topics,
    plot_topic_groups,
    plot_topic_growth,
    plot_topic_map,
    plot_topic_sentiment,
    plot_topic_terms,
    plot_topic_tree,
    plot_topics_over_time,
    plot_word_cloud,
    show_lineage,
    show_repeats,
    show_topic_posts,
    show_topic_quality,
    show_topics,
)
from murmuration.show.boxes import pack_boxes, spread_boxes, text_width, wrap_words
from murmuration.show.topic_looks import largest_topics, short_label, topic_colour, topic_marker
from murmuration.topics import count_groups, count_topic_groups
from murmuration.trends import estimate_sentiment

HOSTILE = ("<b>bold</b>, $x^2$", "%{x}, </script><script>alert(1)</script>", "a\nb, \u202eright")
DAYS = pd.date_range("2026-02-01", periods=20, tz="UTC")


def make_topics(n=20, labels=None):
    posts = np.arange(n, 0, -1) * 10
    angles = np.linspace(0, 6, n)
    return pd.DataFrame(
        {
            "topic": np.arange(n), "label": labels or [f"first{one}, second{one}" for one in range(n)], "posts": posts,
            "posts_before": posts, "authors": posts // 2, "share": posts / posts.sum(), "share_low": 0.0, "share_high": 0.5,
            "x": np.cos(angles), "y": np.sin(angles),
        }
    )  # fmt: skip


def make_terms(topics, words=8):
    rows = [
        {
            "topic": topic, "rank": rank, "term": f"word{topic}x{rank}", "posts": 5, "share": 0.5 / rank, "share_other": 0.01,
        }
        for topic in topics["topic"]
        for rank in range(1, words + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def make_growth(topics):
    status = [
        "new",
        "emerging",
        "growing",
        "fading",
        "gone",
        "too_small",
        "perhaps",
        *["steady"] * (len(topics) - 7),
    ]
    growth = [np.nan, 3.0, 1.3, 0.5, 0.05, 1.0, 2.5, *[1.0] * (len(topics) - 7)]
    return pd.DataFrame(
        {
            "topic": topics["topic"], "label": topics["label"], "status": status, "posts": topics["posts"], "posts_before": 4 * topics["posts"],
            "expected": [0.5, *(topics["posts"][1:] / growth[1:])], "growth": growth,
            "growth_low": [one / 2 for one in growth], "growth_high": [one * 2 for one in growth], "baseline_days": 28,
        }
    )  # fmt: skip


def make_days(topics):
    rows = [(day, topic, 3 + topic % 3) for topic in topics["topic"] for day in DAYS]
    table = pd.DataFrame(rows, columns=["day", "topic", "posts"])
    return table.assign(authors=2, expected=3.0, low=1.0, high=6.0)


def make_posts(topics):
    rng = np.random.default_rng(0)
    feels = rng.choice(["negative", "neutral", "positive"], 1_200)
    chosen = rng.choice(topics["topic"], 1_200)
    feels[chosen == 0] = "negative"
    return pd.DataFrame(
        {
            "topic": chosen, "source": rng.choice(["one", "two"], 1_200), "author_key": rng.choice(list("abcdefghij"), 1_200),
            "sentiment": [{"negative": -0.5, "neutral": 0.0, "positive": 0.5}[one] for one in feels],
            "sentiment_label": feels,
        }
    )  # fmt: skip


def make_tree(n):
    joined = [(0, 1)] + [(-step, step + 1) for step in range(1, n - 1)]
    rows = [(step, *pair, 0.3 + 0.02 * step) for step, pair in enumerate(joined)]
    return pd.DataFrame(rows, columns=["step", "first", "second", "distance"])


def draw_all(topics):
    posts = make_posts(topics)
    return {
        "growth": plot_topic_growth(make_growth(topics)),
        "time": plot_topics_over_time(make_days(topics), topics, first=[5], since=DAYS[10]),
        "terms": plot_topic_terms(make_terms(topics), topics),
        "cloud": plot_word_cloud(make_terms(topics), topics),
        "map": plot_topic_map(topics),
        "tree": plot_topic_tree(make_tree(len(topics)), topics),
        "sentiment": plot_topic_sentiment(estimate_sentiment(posts, by=["topic"]), topics),
        "groups": plot_topic_groups(count_topic_groups(posts, by="source"), topics),
    }


@pytest.fixture(scope="module")
def figures():
    return draw_all(make_topics())


def test_every_figure_says_its_finding_and_holds_its_numbers(figures):
    for name, figure in figures.items():
        meta = figure.layout.meta
        assert len(meta["title"]) > 20, name
        assert meta["alt"], name
        assert meta["table"]["rows"], name
        assert json.loads(figure.to_json(), parse_constant=pytest.fail)["data"], (
            name
        )  # NaN is no JSON


def test_names_of_topics_stay_text():
    topics = make_topics(12, labels=[*HOSTILE, *(f"name{one}" for one in range(9))])
    for name, figure in draw_all(topics).items():
        drawn = json.loads(figure.to_json())
        drawn["layout"].pop("meta")  # the page escapes it
        text = json.dumps(drawn, ensure_ascii=False)
        assert not any(sign in text for sign in ("<script", "<b>bold", "$x", "%{x}, ", "\u202e")), (
            name
        )


def test_figures_name_twelve_topics_at_most_and_say_what_is_not_named(figures):
    names = [label for label in figures["growth"].layout.yaxis.ticktext if "first" in label]
    assert len(names) == 12
    assert "the 12 named hold" in figures["map"].layout.meta["title"]
    assert "8 smaller topics are not drawn" in figures["terms"].layout.meta["title"]
    notes = [note.text for note in figures["time"].layout.annotations]
    assert "<b>the other 12 topics together</b>" in notes
    assert figures["groups"].layout.yaxis.ticktext[-1] == "other topics or none"
    leaves = figures["tree"].layout.yaxis.ticktext
    assert len(leaves) == 12
    assert any("and 8 topics like it" in leaf for leaf in leaves)


def test_growth_is_that_of_the_table_and_shapes_say_what_colours_say(figures):
    traces = {trace.name: trace for trace in figures["growth"].data}
    assert list(traces) == [
        "new",
        "grew fast",
        "grew",
        "faded",
        "gone",
        "perhaps: less sure",
        "no clear change",
    ]
    assert len({trace.marker.symbol for trace in traces.values()}) == len(traces)
    assert list(traces["grew fast"].x) == [3.0]
    assert list(traces["grew fast"].error_x.array) == [3.0]
    assert list(traces["new"].x) == [10.0]  # 200 posts, hardly one expected: drawn at the edge
    assert figures["growth"].layout.xaxis.ticktext[-1] == "over<br>10×"
    numbers = figures["growth"].layout.meta["table"]
    assert numbers["rows"][0][numbers["columns"].index("times")] == "over 200"
    assert (
        figures["growth"]
        .layout.meta["title"]
        .startswith("“first0, second0” is new: 200 posts, 0 expected; 5 of 19")
    )


def test_an_axis_of_small_changes_has_its_own_marks():
    growth = make_growth(make_topics(10)).iloc[6:].assign(growth_low=0.8, growth_high=1.2)
    axis = plot_topic_growth(growth).layout.xaxis
    assert "0.8×" in axis.ticktext
    assert "right edge" not in axis.title.text


def test_a_topic_that_grew_from_nearly_nothing_lies_within_the_axis_beside_a_mark():
    axis = plot_topic_growth(make_growth(make_topics(10)).iloc[:1]).layout.xaxis
    low, high = axis.range
    assert low < 0 < 1 < high
    assert {"1×", "over<br>10×"} <= set(axis.ticktext)
    growth = make_growth(make_topics(10)).iloc[:1].assign(posts=2_526, expected=8.0)
    topics = make_topics(10).assign(stability=np.nan)
    levels = estimate_sentiment(make_posts(topics), by=["topic"])
    assert "<td>about 316</td>" in show_topics(topics, growth, levels).markup


def test_a_topic_that_changed_comes_before_larger_ones(figures):
    assert figures["time"].layout.annotations[0].text == "<b>first5, second5</b>"


def test_days_of_the_topics_that_are_not_named_are_added_up(figures):
    bars = [trace for trace in figures["time"].data if trace.type == "bar"]
    total = sum(sum(trace.y) for trace in bars)
    assert total == make_days(make_topics())["posts"].sum()


def make_minutes(minutes):
    created = pd.Timestamp("2026-02-03T22:40Z") + pd.to_timedelta(range(minutes), unit="min")
    topic = [0 if n % 3 else 1 for n in range(minutes)]
    return pd.DataFrame({"created_at": created, "topic": topic})


def make_one_day(topics, posts):
    return pd.DataFrame(
        {
            "day": pd.Timestamp("2026-02-03T00:00Z"),
            "topic": topics["topic"],
            "posts": [(posts["topic"] == one).sum() for one in topics["topic"]],
            "low": np.nan,
            "high": np.nan,
        }
    )


def test_the_posts_of_an_hour_and_some_minutes_are_drawn_by_the_hour():
    topics, posts = make_topics(2), make_minutes(70)
    figure = plot_topics_over_time(
        make_one_day(topics, posts), topics, posts=posts, timezone="Europe/Berlin"
    )
    first = figure.data[0]
    assert [str(one) for one in pd.DatetimeIndex(first.x)] == [
        "2026-02-03 23:00:00",
        "2026-02-04 00:00:00",
    ]
    assert list(first.y) == [13, 33]
    assert first.width == 0.9 * 3_600_000
    assert figure.layout.meta["title"] == (
        "The busiest hour of a topic is Wednesday 4 February from 0:00 to 1:00: 33 posts about “first0, second0”"
    )
    assert figure.layout.meta["table"]["rows"][0] == ["2026-02-03 23:00", "13", "7"]
    assert figure.layout.xaxis2.title.text.startswith("local hour")


def test_one_day_and_one_hour_have_an_axis_with_one_mark():
    topics, posts = make_topics(2), make_minutes(15)
    days = make_one_day(topics, posts)
    for figure, text in (
        (plot_topics_over_time(days, topics), "3 Feb 2026"),
        (plot_topics_over_time(days, topics, posts=posts), "3 Feb, 22:00"),
        (plot_topics_over_time(days, topics, posts=posts[:0]), "3 Feb 2026"),
    ):
        assert figure.layout.xaxis.ticktext == figure.layout.xaxis2.ticktext == (text,)
        first, last = pd.DatetimeIndex(figure.layout.xaxis.range)
        step = pd.Timedelta(milliseconds=figure.data[0].width / 0.9)
        assert first < pd.Timestamp(figure.data[0].x[0]) < last
        assert last - first <= 3 * step
        assert "All posts are of one" in figure.layout.meta["title"]


def test_shares_of_a_group_and_the_rest_make_a_whole(figures):
    [words] = [trace for trace in figures["groups"].data if trace.type == "scatter"]
    shares = pd.Series(words.text).str.removesuffix(" %").str.replace("<1", "0").astype(float)
    assert shares.iloc[:13].sum() == pytest.approx(100, abs=7)


def test_groups_of_a_few_posts_are_not_compared():
    topics = make_topics(4)
    posts = make_posts(topics)
    posts.loc[0, "source"] = "tiny"
    figure = plot_topic_groups(count_topic_groups(posts, by="source"), topics)
    assert len(figure.layout.xaxis.ticktext) == 2
    assert figure.layout.meta["title"].endswith("(1 smaller source is not drawn)")


def test_the_most_negative_topic_is_named(figures):
    assert "“first0, second0” is the most negative" in figures["sentiment"].layout.meta["title"]


def make_levels(topics, *, scored, authors=50):
    """Feelings of topics of 400 posts each, of which some could be scored."""
    rows = [
        {
            "topic": topic, "author_key": f"a{n % authors}", "sentiment": -0.5 if n < some else None,
            "sentiment_label": "negative" if n < some else None,
        }
        for topic, some in zip(topics["topic"], scored, strict=True)
        for n in range(400)
    ]  # fmt: skip
    return estimate_sentiment(pd.DataFrame(rows), by=["topic"])


def test_a_share_of_a_few_posts_taken_for_another_language_is_neither_drawn_nor_told():
    topics = make_topics(4).assign(stability=0.9)
    levels = make_levels(topics, scored=[400, 39, 1, 0])
    figure = plot_topic_sentiment(levels, topics)
    assert list(figure.data[0].y) == ["0"]
    assert figure.data[0].error_x.arrayminus[0] > 0
    assert figure.layout.meta["title"].endswith(
        "(3 large topics are left out: too few of the posts could be scored)"
    )
    told = pd.DataFrame(**_columns(figure.layout.meta["table"]))
    assert told["negative"].tolist() == ["100 % (93–100 %)", "–", "–", "–"]
    assert told["scored"].tolist() == ["400", "39", "1", "0"]
    markup = show_topics(topics, make_growth(make_topics(8)).head(4), levels).markup
    assert markup.count("100\u00a0%") == 2  # the share and the end of its interval
    assert "– where these are too few to tell" in markup


def test_a_share_of_one_author_has_no_interval_and_is_not_drawn():
    topics = make_topics(2)
    levels = make_levels(topics, scored=[400, 400], authors=1)
    [note] = plot_topic_sentiment(levels, topics).layout.annotations
    assert note.text.startswith("Of no large topic enough posts could be scored")


def _columns(table):
    return {"data": table["rows"], "columns": table["columns"]}


def test_the_words_of_all_topics_are_drawn_on_one_scale():
    topics = make_topics(3)
    terms = make_terms(topics)
    terms.loc[terms["topic"] == 1, "share"] = 0.1
    layout = plot_topic_terms(terms, topics).layout
    ranges = {layout[name].range for name in ("xaxis", "xaxis2", "xaxis3")}
    assert ranges == {(0, 1.02 * 50)}


def test_labels_of_the_tree_keep_clear_of_its_markers(figures):
    axis, markers = figures["tree"].layout.yaxis, figures["tree"].data[-1].marker
    assert axis.ticks == "outside"
    assert axis.ticklen > markers.size / 2 + 2


def test_posts_of_no_known_language_are_a_group_of_their_own():
    topics = make_topics(2)
    posts = make_posts(topics).assign(lang=["en", None, "en", "und"] * 300)
    figure = plot_topic_groups(count_groups(posts, by=["lang"]), topics, what="language")
    assert list(figure.layout.xaxis.tickvals) == ["en", "unknown language"]
    assert figure.layout.xaxis.ticktext[1].replace("<br>", " ") == "unknown language 600"


def test_labels_that_are_written_from_right_to_left_turn_no_number_beside_them():
    label = "ريال مدريد, برشلونة"
    topics = make_topics(4, labels=[label, "late bag", "gate", "crew"])
    title = plot_topic_map(topics).layout.meta["title"]
    assert f"“\u2068{label}\u2069” with 40 %" in title
    drawn = plot_topic_terms(make_terms(topics).assign(term="ريال"), topics)
    assert "\u2068ريال\u2069 50 %" in drawn.data[2].text


def boxes_cover(spots, sizes):
    gaps = np.abs(spots[:, None] - spots[None]) - (sizes[:, None] + sizes[None]) / 2
    covers = (gaps < -1e-6).all(axis=2)
    np.fill_diagonal(covers, False)
    return covers.any()


def test_bubbles_and_their_labels_do_not_cover_each_other():
    rng = np.random.default_rng(1)
    sizes = rng.uniform([30, 20], [90, 50], (24, 2))
    places = rng.normal([170, 260], 30, (24, 2))
    spots = spread_boxes(places, sizes, sheet=(340.0, 520.0))
    assert not boxes_cover(spots, sizes)
    assert ((spots >= sizes / 2) & (spots <= np.array([340, 520]) - sizes / 2)).all()


def test_boxes_at_one_place_part():
    sizes = np.full((5, 2), 40.0)
    assert not boxes_cover(spread_boxes(np.full((5, 2), 100.0), sizes, sheet=(340.0, 400.0)), sizes)


def test_words_of_a_cloud_do_not_cover_each_other_and_what_has_no_room_is_left_out():
    sizes = np.full((40, 2), [80.0, 30.0])
    spots = pack_boxes(np.full((40, 2), 100.0), sizes, sheet=(200.0, 200.0))
    put = ~np.isnan(spots[:, 0])
    assert 5 <= put.sum() < 40
    assert put[0]
    assert not boxes_cover(spots[put], sizes[put])
    assert pack_boxes(np.zeros((1, 2)), np.array([[900.0, 10.0]]), sheet=(200.0, 200.0)).shape == (
        1,
        2,
    )


def test_wide_letters_are_counted_wide():
    assert text_width("いま", 10) == 20
    assert text_width("il", 10) < text_width("WW", 10)


def test_words_are_wrapped_and_what_does_not_fit_is_marked():
    assert wrap_words(["late", "flight", "again"], longest=11, lines=2) == ["late flight", "again"]
    assert wrap_words(["one", "two", "three"], longest=5, lines=1) == ["one…"]
    assert wrap_words([], longest=5, lines=2) == []


def test_a_topic_looks_the_same_wherever_it_is_drawn():
    looks = {(topic_colour(one), topic_marker(one)) for one in range(56)}
    assert len(looks) == 56
    assert topic_colour(3) == topic_colour(3 + 7)


def test_labels_are_cut_between_their_terms():
    assert (
        short_label("customer service, refund, cancelled flight", longest=28)
        == "customer service, refund"
    )
    assert short_label("x" * 50, longest=10) == "x" * 9 + "…"


def test_topics_are_chosen_by_size_after_those_that_come_first():
    topics = make_topics(5)
    assert largest_topics(topics, first=[4, 99], most=3) == [4, 0, 1]


NOTHING = make_topics(3).iloc[:0]


def test_empty_tables_give_figures_that_say_why():
    some = make_topics(3)
    drawn = [
        (plot_topic_growth(make_growth(make_topics(8)).assign(status="unknown")), "Too few days before the period"),
        (plot_topics_over_time(make_days(some).iloc[:0], some), "No post of this period has a topic"),
        (plot_topic_terms(make_terms(some).iloc[:0], some), "No topic has terms."),
        (plot_word_cloud(make_terms(some).iloc[:0], some), "No topic has terms."),
        (plot_topic_map(NOTHING), "No post of this period has a topic."),
        (plot_topic_tree(make_tree(3).iloc[:0], some), "There are fewer than two topics"),
        (plot_topic_sentiment(estimate_sentiment(make_posts(some), by=["topic"]).iloc[:0], some), "No post of a topic"),
        (plot_topic_groups(count_topic_groups(make_posts(some).assign(source="x"), by="source"), some), "All posts are of one source"),
        (plot_topic_groups(count_groups(make_posts(some), by=["segment"]), some, what="segment"), "No author here is in a segment that is kept"),
    ]  # fmt: skip
    for figure, sentence in drawn:
        [note] = figure.layout.annotations
        assert note.text.startswith(sentence)


@pytest.mark.parametrize("n", [1, 2, 3, 13])
def test_few_topics_are_drawn_as_well(n):
    topics = make_topics(n)
    plot_topic_map(topics)
    plot_word_cloud(make_terms(topics), topics)
    plot_topic_terms(make_terms(topics), topics)
    plot_topics_over_time(make_days(topics), topics)
    if n > 1:
        assert len(plot_topic_tree(make_tree(n), topics).layout.yaxis.ticktext) == min(n, 12)


def test_a_band_is_explained_only_where_there_is_one():
    topics = make_topics(3)
    days = make_days(topics)
    unknown = days.assign(expected=None, low=None, high=None)
    said = [str(plot_topics_over_time(one, topics).to_dict()) for one in (days, unknown)]
    assert ["line: expected, band: its 95 % interval" in one for one in said] == [True, False]
    drawn = plot_topics_over_time(days, topics).data
    lines = [trace for trace in drawn if trace.type == "scatter" and not trace.fill]
    assert [list(trace.y) for trace in lines] == [[3.0] * len(DAYS)] * 3


def test_the_answer_names_topics_that_do_not_hold_together():
    topics = pd.DataFrame(
        {
            "topic": range(5), "label": list("abcde"), "posts": [50, 40, 30, 20, 10], "share": [0.3] * 5,
            "share_low": [0.2] * 5, "share_high": [0.4] * 5, "stability": [0.26, 0.9, 0.4, 0.1, 0.2],
        }
    )  # fmt: skip
    emerging = pd.DataFrame(
        {
            "topic": [0],
            "status": ["unknown"],
            "baseline_days": [0],
            "posts": [50],
            "expected": [np.nan],
        }
    )
    assert describe_topics(topics, emerging)[-1] == (
        "Read with care what is said of “a” (26 %), “c” (40 %), “d” (10 %) and 1 other, 4 of 5 topics: "
        "fewer than half of their posts stay together when topics are found again."
    )
    for unmeasured in (topics.assign(stability=0.5), topics.assign(stability=float("nan"))):
        assert not any("with care" in one for one in describe_topics(unmeasured, emerging))


def test_the_answer_names_what_perhaps_changed_with_how_much_of_it_may_be_chance():
    topics = make_topics(8).assign(stability=np.nan)
    growth = make_growth(topics)
    [said] = [one for one in describe_topics(topics, growth) if one.startswith("Perhaps")]
    assert said.startswith(
        "Perhaps more is said of “first6, second6” (2.5 times, 1.2–5.0): out of the usual, but less sure: of all changes among 7 topics"
    )
    less = growth.assign(growth=growth["growth"].replace(2.5, 0.4))
    assert any(one.startswith("Perhaps less is said of") for one in describe_topics(topics, less))
    sure = growth[growth["status"] != "perhaps"]
    assert not any(one.startswith("Perhaps") for one in describe_topics(topics, sure))


def test_the_answer_tells_that_many_posts_have_no_topic():
    topics = make_topics(8).assign(stability=np.nan)
    said = [
        describe_topics(one, make_growth(topics)) for one in (topics, topics.assign(share=0.01))
    ]
    assert ["have no topic" in " ".join(one) for one in said] == [False, True]
    assert said[1][1].startswith("92 % of all posts have no topic")


def test_the_table_says_in_words_whether_a_topic_was_found_again():
    topics = make_topics(8).assign(
        stability=[0.9, 0.97, 0.2, *[np.nan] * 5],
        found_again=["itself", "joined", "parted", *[None] * 5],
    )
    growth, levels = (
        make_growth(topics),
        estimate_sentiment(make_posts(topics).iloc[:0], by=["topic"]),
    )
    markup = show_topics(topics, growth, levels).markup.replace("\u00a0", " ")
    for said in (
        "yes, 90 % together",
        "in a larger topic, 97 % together",
        "in pieces, 20 % together",
    ):
        assert said in markup
    assert markup.count(">too few to tell<") == 5
    unasked = topics.assign(stability=np.nan, found_again=None)
    assert ">too few to tell<" not in show_topics(unasked, growth, levels).markup
    of_before = topics.drop(columns="found_again")
    assert ">90\u00a0% together<" in show_topics(of_before, growth, levels).markup


def test_a_topic_that_is_in_pieces_when_found_again_says_so_where_its_posts_are_read():
    topics = make_topics(2).assign(stability=[0.9, 0.2], found_again=["itself", "parted"])
    reading = pd.DataFrame(
        {"topic": [0, 1], "rank": 1, "text": ["late again", "a cat"], "source": "x", "post_id": ["1", "2"], "created_at": pd.NaT, "author_key": "a"}
    )  # fmt: skip
    markup = show_topic_posts(topics, reading, make_terms(topics)).markup
    assert markup.count("read with care") == 1


def test_a_topic_of_copies_and_a_mixed_one_are_told_as_what_they_are():
    topics = pd.DataFrame(
        {
            "topic": range(3), "label": ["win, prize", "odds, ends", "rain"], "posts": [2_726, 40, 30], "share": [0.3] * 3,
            "share_low": [0.2] * 3, "share_high": [0.4] * 3, "stability": 0.9, "authors": 5,
            "label_share": [0.99, 0.2, 0.8], "most_copied": [2_700, 1, 3],
        }
    )  # fmt: skip
    growth = pd.DataFrame(
        {
            "topic": [0],
            "status": ["unknown"],
            "baseline_days": [0],
            "posts": [50],
            "expected": [np.nan],
            "growth": [np.nan],
        }
    )
    said = describe_topics(topics, growth)
    assert said[1] == "2,700 of the 2,726 posts of “win, prize” are copies of one text."
    assert said[-1] == (
        "Mixed is “odds, ends” (20 %), 1 of 3 topics: fewer than a third of its posts have a word of the label."
    )
    markup = show_topics(
        topics, growth, estimate_sentiment(make_posts(make_topics(8)).iloc[:0], by=["topic"])
    ).markup.replace("\xa0", " ")
    assert "win, prize – 2,700 posts are copies of one text" in markup
    assert "odds, ends – mixed, 20 % say so" in markup
    assert "rain –" not in markup


def test_copies_are_one_number_beneath_the_table_and_in_the_limits():
    repeats = pd.DataFrame(
        {
            "text": ["win"],
            "posts": [9],
            "texts": [2],
            "authors": [1],
            "first_seen": [None],
            "last_seen": [None],
        }
    )
    coverage = pd.DataFrame({"item": ["copies"], "value": [376]})
    markup = show_repeats(repeats, coverage).markup
    assert "376 posts repeat the text of another, wholly or nearly; 1 text" in markup


def test_the_answer_agrees_with_the_lineage_and_names_what_is_new_or_went():
    topics = make_topics().assign(stability=1.0)
    growth = make_growth(topics).assign(status="steady")
    lineage = pd.DataFrame(
        [
            ("continued", "a", "a", 10, 10), ("continued", "b", "b", 0, 10), ("drifted", "d", "c", 9, 9),
            ("born", "statues", None, 30, None), ("absorbed", "a", "harvey", 10, None), ("died", None, "old", None, 7),
        ],
        columns=["event", "label", "previous_label", "posts", "previous_posts"],
    ).assign(previous_id=range(6), topic=[0, 1, 2, 3, 0, -1], similarity=0.5, shared_posts=None, terms_gained=[[]] * 6)  # fmt: skip
    answer = " ".join(describe_topics(topics, growth, lineage))
    assert "No topic is new." not in answer
    assert "No topic faded or went." not in answer
    assert (
        "Held against the earlier topics, 1 goes on as it was, 1 goes on in other words (“d” was called “c”), 1 is new "
        "(“statues”), 1 is new without a place of its own among so many (“harvey” within “a”), 1 went (“old”) and 1 has no "
        "post now."
    ) in answer
    assert "no post now" in show_lineage(lineage).markup
    quiet = " ".join(describe_topics(topics, growth, lineage.head(1)))
    assert "No topic is new." in quiet
    assert f"a run with topics={4 * len(topics)} looks closer" in quiet


def test_repeated_texts_are_told_as_they_are_written():
    moment = pd.Timestamp("2026-02-03T23:30Z")
    repeats = pd.DataFrame(
        {
            "text": ["win a prize " * 20, "<b>late</b>"], "posts": [1_400, 2], "texts": [2, 1], "authors": [10, 1],
            "first_seen": [moment, pd.NaT], "last_seen": [moment, moment],
        }
    )  # fmt: skip
    markup = show_repeats(repeats, timezone="Europe/Berlin").markup
    assert "1,400" in markup
    assert "4 Feb 2026" in markup
    assert "&lt;b&gt;late&lt;/b&gt;" in markup
    assert "win a prize " * 7 not in markup
    assert "No text was posted twice" in show_repeats(repeats[:0]).markup


def test_where_there_is_nothing_it_is_said_when_posts_were_written():
    none, run = (
        pd.DataFrame({"posts": []}),
        (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
    )
    sentences = describe_topics(none, none, name="Aurora", data=run)
    assert sentences[1] == "The posts run from 1 February 2026 to 1 March 2026."
    counted = pd.DataFrame({"item": ["authors", "posts_looked_at", "posts_in_period"], "value": [0, 0, 0]})  # fmt: skip
    asked = {"data": run, "source": "sample", "period": "May 2026"}
    assert describe_audience(none, none, counted, **asked) == [
        "No post of sample lies in the period that was looked at, May 2026 (UTC).",
        "The posts of sample run from 1 February 2026 to 1 March 2026.",
        "Ask for another time, such as since=2026-02-02 and until=2026-03-02; a window counts back from now, or from the time that --at gives.",
    ]
    counted["value"] = [0, 0, 7]
    said = describe_audience(none, none, counted, name="Aurora", sought=["aurora"], **asked)
    assert said[0] == "None of 7 posts of sample in the period that was looked at, May 2026 (UTC), mentions Aurora (“aurora”)."  # fmt: skip
    assert len(describe_topics(none, none)) == 2


FEBRUARY = (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
NOVEMBER = {"name": "Aurora", "source": "sample", "period": "21 to 27 November 2026"}


def describe_nothing(*, in_period=0, looked_at=0, **more):
    none = pd.DataFrame({"posts": []})
    items = {"posts_in_period": in_period, "posts_looked_at": looked_at}
    coverage = pd.DataFrame({"item": list(items), "value": list(items.values())})
    return describe_topics(none, none, coverage=coverage, **NOVEMBER, **more)


def test_a_period_without_posts_is_named_beside_the_time_that_has_some():
    assert describe_nothing(data=FEBRUARY) == [
        "No post of sample about Aurora lies in the period that was looked at, 21 to 27 November 2026 (UTC).",
        "The posts of sample run from 1 February 2026 to 1 March 2026.",
        "Ask for another time, such as since=2026-02-02 and until=2026-03-02; a window counts back from now, or from the time that --at gives.",
    ]
    said = describe_nothing(data=FEBRUARY, mentioned=(FEBRUARY[0], FEBRUARY[0]), in_period=7)
    assert said[1] == "Posts of sample about Aurora run from 1 February 2026 to 1 February 2026."
    assert "since=2026-02-01 and until=2026-02-02" in said[2]


def test_only_a_brand_that_no_post_mentions_is_asked_about_its_terms():
    first, second = describe_nothing(data=FEBRUARY, in_period=7)
    assert first.startswith("None of 7 posts of sample in the period")
    assert "mentions Aurora, and no post of any other time" in first
    assert second.startswith("Check the brand's terms")
    assert "terms" not in " ".join(describe_nothing(data=FEBRUARY))


def test_posts_without_words_are_said_to_have_none():
    said = describe_nothing(data=FEBRUARY, in_period=50, looked_at=50)
    assert said[0].startswith("50 posts of sample about Aurora lie in the period")
    assert "they have no words, as emoji" in said[0]
    assert "terms" not in " ".join(said)


def test_the_limits_and_the_quality_of_no_topics_say_nothing_of_their_own():
    items = ["posts_in_period", "posts_looked_at", "authors", "languages", "without_topic", "copies", "unscored_posts", "quarantined_rows"]  # fmt: skip
    coverage = pd.DataFrame({"item": items, "value": 0})
    quality = pd.DataFrame({"measure": ["topics", "posts"], "value": [0.0, 0.0], "unit": ""})
    said = describe_topic_limits(coverage, quality, pd.DataFrame())
    assert said.startswith("- 0 posts of this period and source were searched; none was looked at.")
    assert show_topic_quality(quality).markup.startswith('<p class="empty">')


def test_a_saved_table_tells_the_same_story_as_the_report():
    topics = make_topics()
    growth = make_growth(topics)
    growth.loc[[6, 7], "status"] = "emerging"
    growth.loc[[6, 7], "expected"] = [100.0, 10.0]
    told = plot_topic_growth(growth).layout.meta
    by_key = growth.sample(frac=1, random_state=3)
    assert plot_topic_growth(by_key).layout.meta == told
    assert changed_topics(by_key) == changed_topics(growth)
    levels = topics.assign(stability=1.0)
    assert describe_topics(levels, by_key) == describe_topics(levels, growth)
    assert changed_topics(growth)[0] == 0  # 200 posts where half a one was expected: the most
