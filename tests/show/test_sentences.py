from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt

from murmuration.sentiment.model import ErrorTable
from murmuration.show import (
    describe_gaps,
    describe_health,
    describe_limits,
    plot_shares,
    show_levels,
)
from murmuration.show.words import (
    headline,
    percent,
    percent_between,
    points,
    score,
    share_with_interval,
)
from murmuration.trends import compare_levels, count_coverage

NAMES = {"us": "Us Air", "rival": "Rival", "third": "Third"}
ALONE = {"us": "Us Air"}


def terms(**sides):
    rows = [
        {"side": side, "rank": rank, "term": term, "z": 5.0 - rank, "posts": 9, "posts_other": 1}
        for side, words in sides.items()
        for rank, term in enumerate(words, 1)
    ]
    return pd.DataFrame(rows, columns=["side", "rank", "term", "z", "posts", "posts_other"])


def answer(tables, names=NAMES, found=None, timezone="UTC", **more):
    return describe_health(
        tables.levels,
        tables.over_time,
        terms() if found is None else found,
        shares=tables.shares,
        methods=tables.methods,
        names=names,
        brand="us",
        timezone=timezone,
        **more,
    )


def methods(*rows):
    return pd.DataFrame(rows, columns=["method", "measured_on"]).assign(posts=7)


@pytest.fixture
def describe(make_tables, make_scored):
    """Give the answer about posts told as keywords of `scored`, by brand and period."""

    def run(names=NAMES, **groups):
        parts = [make_scored(*key.split("_"), **sides) for key, sides in groups.items()]
        tables = make_tables(parts, brands=names)
        return tables, answer(tables, names)

    return run


def test_the_corrected_shares_stand_before_the_counted_ones(describe):
    tables, sentences = describe(us_this={"negative": 900, "neutral": 560, "positive": 1100})
    shown = {
        label: share_with_interval(
            *(tables.share("us", label)[end] for end in ("share", "low", "high"))
        )
        for label in ("negative", "positive")
    }
    assert sentences[0] == (
        f"Of the posts about Us Air, {shown['negative']} are negative and {shown['positive']} positive: corrected for how "
        "often VADER errs, if they are misread here as on 47,678 English tweets of SemEval 2013 to 2016."
    )
    assert sentences[1].startswith(
        "Of 2,560 scored posts about Us Air, 35 % (33–37 %) are negative"
    )
    assert tables.share("us")["share"] > 900 / 2560 + 0.05


def test_what_neither_posts_nor_known_errors_tell_is_left_open(describe):
    for sides in ({"negative": 1}, {"negative": 2, "positive": 2}):
        _, sentences = describe(us_this=sides)
        assert sentences[3].startswith("Corrected for how often VADER errs, anything from ")
        assert sentences[3].endswith("of the errors tell it more closely.")


def test_a_label_that_was_counted_is_not_estimated_away(describe):
    tables, sentences = describe(us_this={"negative": 900, "neutral": 600, "positive": 700})
    assert tables.share("us", "positive")["share"] < 0.005
    assert sentences[3] == (
        "VADER errs otherwise here than on 47,678 English tweets of SemEval 2013 to 2016, so the shares of Us Air "
        "cannot be corrected; labels of your own posts would tell."
    )


def score_by_model(posts, version="english-0a1b2c3d", every=1):
    return posts.assign(
        sentiment_model=[version if n % every == 0 else "vader-3.3.2" for n in range(len(posts))]
    )


@pytest.mark.parametrize(
    ("every", "who", "verb"),
    [
        (1, "the model english-0a1b2c3d", "errs"),
        (2, "the model english-0a1b2c3d and VADER", "err"),
    ],
)
def test_whoever_scored_is_named(make_tables, make_scored, every, who, verb):
    posts = make_scored("us", "this", negative=400, neutral=300, positive=300)
    errors = {"english-0a1b2c3d": ErrorTable(np.diag([90, 90, 90]) + 5, "posts of ours")}
    tables = make_tables([score_by_model(posts, every=every)], brands=ALONE, errors=errors)
    sentences = answer(tables, ALONE)
    assert (
        f"positive by {who.replace('VADER', 'VADER' + chr(39) + 's list of words')} (mean"
        in sentences[1]
    )
    assert f"positive: corrected for how often {who} {verb}, if" in sentences[0]
    assert "posts of ours" in sentences[0]
    told = describe_limits(
        count_coverage(posts.assign(text="x"), searched=9, quarantined=0),
        [],
        words={"united": 0.0},
        methods=tables.methods,
    )
    assert "The model english-0a1b2c3d learnt from posts that people labelled." in told
    assert ("VADER adds up words" in told) == (every == 2)
    assert ("“united” has no feeling here" in told) == (every == 2)  # to VADER, but not to a model
    assert "since no method here reads their language" in told
    assert "feelings and words are those of the text alone" in told
    assert "a post that names both brands counts for both" in told


def test_a_method_whose_errors_are_unknown_is_said_to_be_left_out(make_tables, make_scored):
    posts = make_scored("us", "this", negative=40, neutral=30, positive=30)
    errors = {"english-0a1b2c3d": None}
    tables = make_tables([score_by_model(posts)], brands=ALONE, errors=errors)
    assert answer(tables, ALONE)[3].startswith("How often the method errs is not known")
    told = describe_limits(
        count_coverage(posts.assign(text="x"), searched=9, quarantined=0),
        [],
        words={},
        methods=tables.methods,
    )
    assert "How often the model english-0a1b2c3d errs is not known" in told
    assert "leave out 100 posts that it scored" in told


@pytest.mark.parametrize(
    ("now", "before", "word"),
    [
        ({"negative": 200, "neutral": 200}, {"negative": 100, "neutral": 300}, "more"),
        ({"negative": 40, "neutral": 360}, {"negative": 160, "positive": 240}, "less"),
    ],
)
def test_a_clear_change_is_said_with_its_size(describe, now, before, word):
    tables, sentences = describe(us_this=now, us_before=before)
    this, was = tables.level("us"), tables.level("us", "before")
    change = compare_levels(was, this)
    assert sentences[0].endswith(
        f"; that is {word} negative than in the period before ({percent(was['negative_share'])}; "
        f"{points(change.difference)} points, {points(change.low)} to {points(change.high)})."
    )


def test_the_numbers_of_the_first_sentence_are_those_of_the_table(describe):
    tables, sentences = describe(
        us_this={"negative": 411, "neutral": 300, "positive": 289, "unscored": 70}
    )
    row = tables.level("us")
    assert sentences[0].startswith(
        f"Of 1,000 scored posts about Us Air, 41 % ({percent_between(row['negative_low'], row['negative_high'])}) "
        f"are negative and 29 % positive by VADER's list of words (mean sentiment {score(row['mean'])} on a scale from −1 to 1)"
    )
    assert score(row["mean"]) == "−0.10"


def test_a_difference_within_noise_is_no_change(describe):
    _, sentences = describe(
        us_this={"negative": 33, "neutral": 67}, us_before={"negative": 30, "neutral": 70}
    )
    assert sentences[0].endswith(
        "; that is no clear change from the period before, when 30 % were negative."
    )


def test_a_few_posts_are_no_evidence_of_a_change(describe):
    _, sentences = describe(us_this={"negative": 2, "neutral": 1}, us_before={"neutral": 3})
    assert "no clear change" in sentences[0]
    assert sentences[1] == "No single day stands out by its share of negative posts."


def test_one_author_is_no_evidence_at_all(describe):
    tables, sentences = describe(
        us_this={"negative": 50, "neutral": 20, "authors": 1},
        us_before={"neutral": 90},
        rival_this={"neutral": 200},
    )
    assert sentences[0].endswith("; too few posts or authors to compare with the period before.")
    assert "71 % are negative" in sentences[0]  # no interval in brackets
    assert (
        sentences[2]
        == "Among competitors, by counted shares of scored posts, Rival (0 % of 200) is not clearly different."
    )
    assert pd.isna(tables.level("us")["negative_low"])


def test_without_a_period_before_there_is_no_comparison(describe):
    for before in ({}, {"us_before": {"unscored": 9}}):
        _, sentences = describe(us_this={"negative": 3, "neutral": 9}, **before)
        assert sentences[0].endswith("; there are no posts from the period before to compare with.")


def test_a_single_post_is_told_as_one(describe):
    _, sentences = describe(us_this={"negative": 1, "unscored": 3})
    assert sentences[0].startswith(
        "The only scored post about Us Air is negative (sentiment −0.60 on a scale from −1 to 1); "
    )


def test_where_nobody_mentions_the_brand_the_answer_says_what_to_check(describe):
    for groups in ({}, {"rival_this": {"neutral": 5}}, {"us_before": {"neutral": 5}}):
        _, sentences = describe(**groups)
        assert sentences[0] == "No post about Us Air lies in the period that was looked at."
        assert len(sentences) == 2


def test_where_posts_mention_the_brand_nowhere_the_answer_says_what_was_looked_for_and_where(make_tables, make_scored):  # fmt: skip
    tables = make_tables([make_scored("rival", "this", neutral=5)], brands=NAMES)
    where = {"searched": 5, "source": "airline", "period": "1 to 7 May 2026", "sought": ["us air", "usair", "@usair", "#usair"]}  # fmt: skip
    first, *_, last = answer(tables, **where)
    assert first == (
        "None of 5 posts of airline in the period that was looked at, 1 to 7 May 2026 (UTC), mentions Us Air (“us air”, “usair”, “@usair” or “#usair”)."
    )
    assert "Take another period or source" in last
    assert "data_catalog.yaml" in last
    many = answer(tables, **where | {"sought": [f"t{n}" for n in range(9)]})[0]
    assert many.endswith("“t5” or 3 more).")


def test_where_nothing_could_be_scored_the_answer_says_why(describe):
    assert describe(us_this={"unscored": 1200})[1][0].startswith(
        "1,200 posts mention Us Air, but none could be scored"
    )
    assert describe(us_this={"unscored": 1})[1][0].startswith("1 post mentions Us Air, but")


def test_competitors_are_ranked_by_what_is_clear(describe):
    tables, sentences = describe(
        us_this={"negative": 200, "neutral": 300},
        rival_this={"negative": 300, "neutral": 200},
        third_this={"negative": 50, "neutral": 450},
    )
    assert (
        sentences[2]
        == "Among competitors, by counted shares of scored posts, Third (10 % of 500) is less negative; Rival (60 % of 500) is more negative."
    )
    assert percent(tables.level("rival")["negative_share"]) == "60 %"


def test_competitors_alike_are_told_together(describe):
    sides = {"negative": 40, "neutral": 60}
    _, sentences = describe(
        us_this=sides, rival_this=sides, third_this={"negative": 42, "neutral": 58}
    )
    assert (
        sentences[2]
        == "Among competitors, by counted shares of scored posts, Rival (40 % of 100) and Third (42 % of 100) are not clearly different."
    )


def test_without_a_competitor_to_compare_the_answer_says_why(describe):
    us = {"negative": 4, "neutral": 6}
    end = ", so there is nothing to compare with."
    assert describe(ALONE, us_this=us)[1][2] == "No competitor is named" + end
    assert describe(us_this=us)[1][2] == "No competitor is mentioned in this period" + end
    assert (
        describe(us_this=us, rival_this={"unscored": 4})[1][2]
        == "No post about a competitor could be scored" + end
    )


@pytest.fixture
def stormy(make_tables, make_scored):
    """Three days of which the second is far worse."""
    calm = make_scored("us", "this", negative=20, neutral=180, days=(0, 2))
    storm = make_scored("us", "this", negative=80, neutral=20, days=(1,))
    storm["author_key"] = "storm-" + storm["author_key"]
    return make_tables([calm, storm], brands=ALONE)


def test_a_day_that_stands_out_is_named_with_its_numbers(stormy):
    found = terms(negative=["queue", "luggage", "gate", "hold", "fifth"], positive=["legroom"])
    assert answer(stormy, ALONE, found)[1] == (
        "Tuesday 3 March stood out with 80 % negative of 100 scored posts; over the whole period negative "
        "posts speak of “queue”, “luggage”, “gate” and “hold”, positive ones of “legroom”."
    )
    assert answer(stormy, ALONE, terms(peak=["fire", "smoke"]))[1] == (
        "Tuesday 3 March stood out with 80 % negative of 100 scored posts, speaking of “fire” and “smoke”."
    )
    row = stormy.over_time.iloc[1]
    assert (row["scored"], percent(row["negative_share"])) == (100, "80 %")


def test_days_are_those_of_the_zone(stormy):
    assert answer(stormy, ALONE, timezone="America/New_York")[1].startswith(
        "Monday 2 March stood out"
    )


def test_where_no_day_stands_out_terms_are_still_told(make_tables, make_scored):
    tables = make_tables(
        [make_scored("us", "this", negative=60, neutral=60, days=(0, 1, 2))], brands=ALONE
    )
    assert answer(tables, ALONE)[1] == "No single day stands out by its share of negative posts."
    assert answer(tables, ALONE, alerted=True)[1].startswith("Apart from that, no single day ")
    assert answer(tables, ALONE, terms(positive=["legroom"]))[1] == (
        "No single day stands out by its share of negative posts; positive posts speak of “legroom”."
    )


def test_one_step_in_time_is_no_day_that_could_stand_out(make_tables, make_scored):
    tables = make_tables([make_scored("us", "this", negative=60, neutral=60)], brands=ALONE, days=1)
    assert answer(tables, ALONE)[1] == "The period is one step in time, so none stands out."


def test_hostile_names_stay_text_on_one_line_and_short(make_tables, make_scored):
    hostile = "<script>alert(1)</script>\n# Head\u202e [x](javascript:alert(1)) " + "very " * 30
    tables = make_tables([make_scored("us", "this", negative=9, neutral=9)], brands=ALONE)
    sentences = answer(tables, {"us": hostile})
    assert not any("\n" in sentence or "\u202e" in sentence for sentence in sentences)
    assert len(sentences[0]) < 300
    top = headline(
        "Brand health", hostile, "2–4 March 2026", source="x", timezone="UTC", answer=sentences
    )
    tokens = MarkdownIt("commonmark", {"html": False}).parse(top)
    assert {token.tag for token in tokens} == {"h1", "p", "blockquote", ""}
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "text_special"}
    assert "".join(child.content for child in inline).startswith(
        "Brand health: <script>alert(1)</script> # Head [x](javascript:alert(1)) "
    )


def test_the_headline_names_what_the_answer_rests_on():
    top = headline(
        "Brand health",
        "Us",
        "2–4 March 2026",
        source="_odd_",
        timezone="UTC",
        answer=["One.", "Two."],
    )
    assert (
        top
        == "# Brand health: Us\n\n2–4 March 2026 (UTC), posts of \\_odd\\_.\n\n> One.\n>\n> Two.\n"
    )
    assert "posts of all sources" in headline(
        "Brand health", "Us", "March", source="", timezone="UTC", answer=[]
    )


# --- Gaps and limits ------------------------------------------------------------------------------

DATA = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))


def gaps_of(tables, data=DATA):
    return describe_gaps(tables.over_time, brand="us", bucket="day", data=data)


def test_days_without_posts_are_told(make_tables, make_scored):
    one = make_tables([make_scored("us", "this", neutral=6, days=(0, 2))], brands=ALONE)
    assert gaps_of(one) == [
        "1 day of 3 has no post about the brand.",
        "The posts that were searched run from 1 March 2026 to 9 March 2026.",
    ]
    two = make_tables([make_scored("us", "this", neutral=6)], brands=ALONE)
    assert gaps_of(two)[0] == "2 days of 3 have no post about the brand."
    none = make_tables([make_scored("us", "this", neutral=6, days=(0, 1, 2))], brands=ALONE)
    assert gaps_of(none) == []
    assert gaps_of(none, None) == ["No post of this source has a time."]


def test_limits_take_their_numbers_from_the_table():
    posts = pd.DataFrame(
        {
            "text": ["same", "same", "other"],
            "sentiment": [0.5, None, None],
            "lang": ["en", "und", "de"],
        }
    )
    coverage = count_coverage(posts, searched=1234, quarantined=5)
    told = describe_limits(
        coverage,
        ["A gap."],
        words={"united": 0.0, "sick": 2.0, "*delta*": 0},
        methods=methods(("vader-3.3.2", "some tweets")),
    )
    assert all(line.startswith("- ") for line in told.split("\n"))
    assert "1,234 posts of the period were searched; 3 posts mention the brand." in told
    assert "2 of them were not scored, since VADER reads English only" in told
    assert "take those mistakes out, as counted on some tweets." in told
    assert "1 post repeats the text of another sign by sign; all count" in told
    assert "5 rows of the imported files could not be read" in told
    assert "“\\*delta\\*” and “united” have no feeling here" in told
    assert "sick" not in told
    assert told.endswith("- A gap.")


def test_limits_say_how_many_posts_people_labelled():
    posts = pd.DataFrame({"text": ["one"], "sentiment": [0.5]})
    coverage = count_coverage(posts, searched=1, quarantined=0)
    labels = {"used": 3, "undecided": 1, "learned": 2}
    told = describe_limits(coverage, [], words={}, methods=methods(), labels=labels)
    assert "People labelled 3 posts of the brand, drawn at random" in told
    assert "1 random post has no label: skipped, or as many people" in told
    assert "2 labels of people are left out: the model that scored these posts learned" in told
    untold = describe_limits(coverage, [], words={}, methods=methods())
    assert not any(word in untold for word in ("People labelled", "random", "left out"))


def test_methods_whose_posts_are_left_out_are_not_credited_with_the_estimate(
    make_tables, make_scored
):
    known, new = (
        make_scored("us", "this", negative=30, positive=30).assign(sentiment_model=name)
        for name in ("vader-3.3.2", "new-0a1b2c3d")
    )
    tables = make_tables([known, new], brands=NAMES, errors={"new-0a1b2c3d": None})
    counted, corrected = answer(tables)[::3]
    assert "by the model new-0a1b2c3d and VADER's list of words" in counted
    assert corrected.startswith("Corrected for how often VADER errs,")
    title = plot_shares(tables.shares, methods=tables.methods, names=NAMES, brand="us").layout.meta[
        "title"
    ]
    assert "VADER calls" in title
    assert "new-0a1b2c3d" not in title


def test_what_was_judged_towards_the_brand_is_said_to_be_so_and_is_not_corrected(
    make_tables, make_scored
):
    version = "vader-3.3.2-towards"
    posts = make_scored("us", "this", negative=30, positive=30).assign(sentiment_model=version)
    tables = make_tables([posts], brands=NAMES, errors={version: None})
    counted, corrected = answer(tables)[::3]
    assert "positive towards it by VADER's list of words" in counted
    assert corrected.startswith(
        "How often the method errs about what a post says of one brand is not known"
    )
    coverage = count_coverage(posts.assign(text="x"), searched=60, quarantined=0)
    told = describe_limits(coverage, [], words={}, methods=tables.methods)
    assert "may mistake whom a feeling is about" in told
    assert "How often VADER errs about what a post says of one brand is not known" in told
    assert "take those mistakes out" not in told


def test_limits_leave_out_what_did_not_happen():
    coverage = count_coverage(
        pd.DataFrame({"text": ["one"], "sentiment": [0.5]}), searched=1, quarantined=0
    )
    told = describe_limits(coverage, [], words={}, methods=methods())
    assert "1 post of the period was searched; 1 post mentions the brand." in told
    assert "0 of them were not scored" in told
    for word in ("repeat", "imported files", "as a name"):
        assert word not in told


def test_the_table_of_languages_is_sorted_by_posts_and_says_what_is_null(make_tables, make_scored):
    parts = [
        make_scored("us", "this", neutral=5, negative=5),
        make_scored("rival", "this", unscored=1200),
    ]
    markup = show_levels(make_tables(parts, brands=NAMES).levels, by="brand").markup
    assert markup.index("rival") < markup.index(">us<")
    assert "<td>1,200</td><td>0</td><td>–</td><td>–</td><td>–</td>" in markup
    assert "No posts." in show_levels(make_tables([], brands=NAMES).levels, by="brand").markup
