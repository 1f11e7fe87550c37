import json
import re

import pandas as pd
import pytest

from murmuration.show import (
    plot_brands,
    plot_over_time,
    plot_share_of_voice,
    plot_shares,
    plot_terms,
)
from murmuration.show.theme import chart_text
from murmuration.show.words import percent, share_with_interval, tidy
from murmuration.trends import estimate_share_of_voice

NAMES = {"us": "Us Air", "rival": "Rival"}
HOSTILE = [
    "<script>alert(1)</script>",
    "<b>bold</b><br>break",
    "<a href='javascript:alert(1)'>link</a>",
    "%{customdata[0]} %{x}",
    "$\\frac{1}{0}$ $x$",
    "&lt;b&gt; &amp; &#60;",
    "x" * 500,
    "\u202eright to left\u202c שלום",
    "مرحبا بالعالم",
    "a\nb\x00c\u2028d",
    "</script><!--",
    "😀" * 50,
    "",
]


def terms(*rows):
    table = pd.DataFrame(rows, columns=["side", "rank", "term", "z", "posts", "posts_other"])
    return table.assign(log_odds=1.0)


SOME_TERMS = terms(
    ("negative", 1, "queue", 6.0, 40, 3),
    ("negative", 2, "late", 4.0, 1200, 2),
    ("positive", 1, "legroom", 5.0, 20, 1),
)


@pytest.fixture(scope="module")
def tables(make_tables, make_scored):
    parts = [
        make_scored("us", "this", negative=40, neutral=50, positive=10, unscored=5, days=(0, 2)),
        make_scored("us", "before", negative=20, neutral=70),
        make_scored("rival", "this", negative=30, neutral=90, days=(0, 1, 2)),
    ]
    return make_tables(parts, brands=NAMES)


@pytest.fixture(scope="module")
def no_tables(make_tables):
    return make_tables([], brands=NAMES)


KINDS = ["over_time", "brands", "shares", "share_of_voice", "terms"]


def draw(kind, tables, names=NAMES, found=SOME_TERMS):
    if kind == "over_time":
        return plot_over_time(
            tables.over_time, names=names, brand="us", bucket="day", timezone="UTC"
        )
    if kind == "brands":
        return plot_brands(tables.levels, names=names, brand="us")
    if kind == "shares":
        return plot_shares(tables.shares, methods=tables.methods, names=names, brand="us")
    if kind == "share_of_voice":
        voice = estimate_share_of_voice(tables.this, list(names))
        return plot_share_of_voice(voice, names=names, brand="us")
    return plot_terms(found, name=names["us"])


def drawn_texts(figure):
    """Every text that plotly draws or lays into a hover label, as JSON brings it to the browser."""
    spec = json.loads(figure.to_json())
    spec["layout"].pop("meta")
    spec["layout"].pop("template", None)

    def walk(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for name, inner in value.items():
                if name not in ("hovertemplate", "bdata", "family"):
                    yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    return list(walk(spec))


def without_our_tags(text):
    return text.replace("<br>", "").removeprefix("<b>").removesuffix("</b>")


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_has_a_finding_an_alternative_text_and_its_numbers(tables, kind):
    meta = draw(kind, tables).layout.meta
    assert "Us Air" in meta["title"]
    assert meta["alt"].endswith(".")
    assert meta["table"]["rows"]
    assert all(len(row) == len(meta["table"]["columns"]) for row in meta["table"]["rows"])
    assert all(isinstance(cell, str) for row in meta["table"]["rows"] for cell in row)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_and_terms_are_drawn_as_text(tables, kind, hostile):
    names = {"us": hostile, "rival": hostile + "2"}
    found = terms(("negative", 1, hostile, 6.0, 40, 3), ("positive", 1, hostile, 5.0, 20, 1))
    figure = draw(kind, tables, names, found)
    for text in drawn_texts(figure):
        plain = without_our_tags(text)
        assert not re.search(r"[<>$]|%\{", plain), text
        assert not re.search(r"&(?!amp;|lt;|gt;|#36;|#123;)", plain), text
        assert not re.search("[\x00-\x1f\u2028\u202a-\u202e]", plain), text
        assert len(plain) < 400
    # Templates hold nothing of a post or a name.
    if len(hostile) > 1:
        assert not any(chart_text(hostile) in str(trace.hovertemplate) for trace in figure.data)
    assert len(figure.layout.meta["title"]) < 300
    assert "\n" not in figure.layout.meta["title"]


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_terms_are_drawn(tables, kind):
    names = {"us": "Salt & Pepper", "rival": "Rival"}
    found = terms(("negative", 1, "Salt & Pepper", 6.0, 40, 3))
    shown = [without_our_tags(text) for text in drawn_texts(draw(kind, tables, names, found))]
    assert "Salt &amp; Pepper" in shown


def test_a_name_is_drawn_as_it_is_written():
    assert chart_text("Marks & Spencer <3 $5") == "Marks &amp; Spencer &lt;3 &#36;5"
    assert chart_text("100 %{x}") == "100 %&#123;x}"
    assert chart_text("a" * 60) == "a" * 39 + "…"
    # Never cut inside what stands for one character.
    assert chart_text("<" * 60) == "&lt;" * 39 + "…"


def test_brands_of_one_name_keep_their_own_places(tables):
    names = {"us": "Same", "rival": "Same"}
    figure = plot_brands(tables.levels, names=names, brand="us")
    assert sorted(figure.layout.yaxis.tickvals) == ["rival", "us"]
    assert sorted(figure.layout.yaxis.ticktext) == ["<b>Same</b>", "Same"]


def test_keys_that_are_numbers_are_names_all_the_same(make_tables, make_scored):
    names = {"us": "Us", "747": "Jumbo"}
    tables = make_tables(
        [make_scored("747", "this", neutral=9), make_scored("us", "this", neutral=9)], brands=names
    )
    for kind in ("brands", "shares", "share_of_voice"):
        assert draw(kind, tables, names).layout.yaxis.type == "category"


def test_estimated_shares_stand_beside_counted_ones(tables):
    figure = draw("shares", tables)
    by_label = [figure.data[place : place + 2] for place in (0, 2, 4)]
    for label, (counted, estimated) in zip(
        ["negative", "neutral", "positive"], by_label, strict=True
    ):
        rows = [tables.share(brand, label) for brand in counted.y]
        assert list(counted.x) == pytest.approx([100 * row["raw"] for row in rows])
        assert list(estimated.x) == pytest.approx([100 * row["share"] for row in rows])
        assert list(estimated.error_x.array) == pytest.approx(
            [100 * (row["high"] - row["share"]) for row in rows]
        )
        # Shapes and titles say what colours say.
        assert counted.marker.symbol != estimated.marker.symbol
    titles = [figure.layout[axis].title.text for axis in ("yaxis", "yaxis2", "yaxis3")]
    assert titles == ["<b>negative</b>", "<b>neutral</b>", "<b>positive</b>"]
    mine = tables.share("us")
    assert figure.layout.meta["title"] == (
        f"VADER calls 40 % of the scored posts about Us Air negative; corrected for how often it errs, "
        f"{share_with_interval(mine['share'], mine['low'], mine['high'])}"
    )
    assert len(figure.layout.meta["table"]["rows"]) == 6


# --- Nothing to draw ------------------------------------------------------------------------------


def said(figure):
    [note] = figure.layout.annotations
    assert len(figure.data) == 0
    assert figure.layout.meta["table"] is None
    assert figure.layout.meta["alt"]
    return note.text


def test_empty_tables_give_figures_that_say_why(no_tables):
    assert {kind: said(draw(kind, no_tables, found=SOME_TERMS.iloc[:0])) for kind in KINDS} == {
        "over_time": "No post about Us Air in this period.",
        "brands": "No scored post about any of these brands in this period.",
        "shares": "Nothing is corrected: how often the method errs on these posts is not known.",
        "share_of_voice": "None of these brands is mentioned in this period.",
        "terms": "Too few scored posts for terms to stand out.",
    }


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_name_stays_text_in_an_empty_figure(no_tables, hostile):
    text = said(draw("over_time", no_tables, {"us": hostile, "rival": "r"}))
    assert not re.search(r"[<>$\n]|%\{", text)


def test_posts_of_which_none_was_scored_still_have_a_volume(make_tables, make_scored):
    tables = make_tables([make_scored("us", "this", unscored=7)], brands=NAMES)
    figure = draw("over_time", tables)
    assert figure.layout.meta["title"] == "7 posts about Us Air, none of them scored"
    [bars] = [trace for trace in figure.data if trace.type == "bar"]
    assert list(bars.y) == [7, 0, 0]
    assert said(draw("brands", tables)).startswith("No scored post")


# --- Findings and numbers -------------------------------------------------------------------------


def test_the_numbers_under_the_line_are_those_of_the_table(tables):
    figure = draw("over_time", tables)
    rows = figure.layout.meta["table"]["rows"]
    mine = tables.over_time[tables.over_time["brand"] == "us"]
    assert [row[0] for row in rows] == ["2026-03-02 00:00", "2026-03-03 00:00", "2026-03-04 00:00"]
    assert [row[1] for row in rows] == [str(number) for number in mine["posts"]]
    assert [row[3] for row in rows] == [percent(share) for share in mine["negative_share"]]
    assert rows[1][1:] == ["0", "0", "–", ""]


def test_a_day_without_posts_breaks_the_line_and_the_band(tables):
    figure = draw("over_time", tables)
    spec = json.loads(figure.to_json())
    band, line = spec["data"][:2]
    assert [x and x[:10] for x in band["x"]] == ["2026-03-02"] * 2 + [None] + ["2026-03-04"] * 2 + [
        None
    ]
    assert [y is None for y in band["y"]] == [x is None for x in band["x"]]
    assert line["name"] == "Us Air"
    assert pd.isna(pd.Series(figure.data[1].y)).tolist() == [False, True, False]


def test_times_are_those_of_the_wall(tables):
    figure = plot_over_time(
        tables.over_time, names=NAMES, brand="us", bucket="day", timezone="Asia/Kolkata"
    )
    assert figure.layout.meta["table"]["rows"][0][0] == "2026-03-02 05:30"
    assert figure.layout.xaxis2.title.text == "local time, Asia/Kolkata"


@pytest.mark.parametrize(
    ("rival", "finding"),
    [
        (
            {"negative": 10, "neutral": 90},
            "40 % of the scored posts about Us Air are negative, clearly more than about Rival",
        ),
        (
            {"negative": 90, "neutral": 10},
            "40 % of the scored posts about Us Air are negative, clearly fewer than about Rival",
        ),
        (
            {"negative": 40, "neutral": 60},
            "40 % of the scored posts about Us Air are negative; no competitor is clearly different",
        ),
        ({"unscored": 5}, "40 % of the scored posts about Us Air are negative"),
    ],
)
def test_the_finding_places_the_brand_among_the_others(make_tables, make_scored, rival, finding):
    parts = [
        make_scored("us", "this", negative=40, neutral=60),
        make_scored("rival", "this", **rival),
    ]
    assert draw("brands", make_tables(parts, brands=NAMES)).layout.meta["title"] == finding


def test_the_finding_says_where_the_brand_has_no_scored_post(make_tables, make_scored):
    tables = make_tables([make_scored("rival", "this", negative=1, neutral=3)], brands=NAMES)
    title = draw("brands", tables).layout.meta["title"]
    assert title == "No scored post about Us Air; Rival has the most negative ones, 25 %"


def test_error_bars_reach_to_the_ends_of_the_interval(tables):
    figure = draw("brands", tables)
    [this] = [trace for trace in figure.data if trace.name == "this period"]
    for key, share, up, down in zip(
        this.y, this.x, this.error_x.array, this.error_x.arrayminus, strict=True
    ):
        row = tables.level(key)
        assert share == pytest.approx(100 * row["negative_share"])
        assert share + up == pytest.approx(100 * row["negative_high"])
        assert share - down == pytest.approx(100 * row["negative_low"])


def test_one_author_is_drawn_without_an_interval(make_tables, make_scored):
    tables = make_tables(
        [make_scored("us", "this", negative=4, neutral=4, authors=1)], brands=NAMES
    )
    for kind in KINDS:
        # NaN is no JSON: browsers refuse it.
        assert json.loads(draw(kind, tables).to_json(), parse_constant=pytest.fail)["data"]
    [row, *_] = draw("brands", tables).layout.meta["table"]["rows"]
    assert "50 %" in row
    assert "(" not in "".join(row)


def test_the_share_of_voice_is_that_of_the_table(tables):
    figure = draw("share_of_voice", tables)
    assert figure.layout.meta["title"] == "Us Air has 47 % of the mentions of these 2 brands"
    assert [row[:2] for row in figure.layout.meta["table"]["rows"]] == [
        ["Rival", "120"],
        ["Us Air", "105"],
    ]


def test_terms_point_to_their_side_and_the_strongest_is_on_top():
    figure = plot_terms(SOME_TERMS, name="Us Air")
    negative, positive = figure.data
    assert list(negative.x) == [-6.0, -4.0]
    assert list(negative.text) == ["queue", "late"]
    assert list(positive.x) == [5.0]
    assert figure.layout.yaxis.autorange == "reversed"
    assert (
        figure.layout.meta["title"]
        == "Negative posts about Us Air stand out by “queue”, positive ones by “legroom”"
    )


def test_one_side_alone_has_a_finding_too():
    figure = plot_terms(SOME_TERMS[SOME_TERMS["side"] == "positive"], name="Us Air")
    assert figure.layout.meta["title"] == "Positive posts about Us Air stand out by “legroom”"


def test_tables_of_numbers_name_brands_as_they_are_written(tables):
    names = {"us": "A & <b>B</b>", "rival": "x" * 100}
    for kind in ("brands", "shares", "share_of_voice"):
        cells = [
            cell for row in draw(kind, tables, names).layout.meta["table"]["rows"] for cell in row
        ]
        assert "A & <b>B</b>" in cells  # the page escapes them
        assert tidy("x" * 100) in cells
