import time

import dask.dataframe as dd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import murmuration as mm
from murmuration.errors import SchemaError
from murmuration.text import count_words, drop_stop_words, join_titles, prepare_texts, stop_words


def prepared(*texts, **options):
    posts = pd.DataFrame({"text": pd.Series(texts, dtype="object")})
    return prepare_texts(posts, **options)["topic_text"].tolist()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("RT @bob: the flight was late https://t.co/abc", "the flight was late"),
        (".@delta's crew was great, thanks via @eve@example.org", "crew was great, thanks"),
        ("asked u/bob_1 and /u/eve about r/delta", "asked and about r/delta"),
        ("see www.example.org/x, bit.ly/2ab and example.co.uk/a?b=c now", "see and now"),
        ("write to bob or to me at home/office", "write to bob or to me at home/office"),
        ("<p>Late <b>again</b>,<br>sorry</p>", "Late again, sorry"),
        ("I <3 you &amp;amp; 2 < 3", "I <3 you & 2 < 3"),
        ("a [link](https://example.org/a) and **bold** words, f*ck", "a link and bold words, f*ck"),
        ("> quoted\n## Heading\nbody", "quoted Heading body"),
        ("Late again 😡✈️ #LateAgain #delta", "Late again Late Again delta"),
        ("𝗕𝗶𝗴 news™ ＃delta", "Big news delta"),
        ("[deleted]", ""),
        ("Great view [OC] (x-post from r/pics)", "Great view"),
        ("I liked a @YouTube video from @bob https://t.co/x How to swim", "How to swim"),
        ("Late again. Sent from my iPhone", "Late again."),
        ("Storm ahead. Read more: https://t.co/x", "Storm ahead."),
        ("Read more books", "Read more books"),
        ("می‌خواهم بروم", "می‌خواهم بروم"),
        ("हिन्दी में देरी", "हिन्दी में देरी"),
        ("很差 服务", "很差 服务"),
        ("😀 ❤️ 👩‍🚀 123 @bob", ""),
        ("", ""),
        ("\ud800 lone \x00 nul", "lone \x00 nul"),
    ],
)  # fmt: skip
def test_what_is_left_is_what_was_said(text, left):
    assert prepared(text) == [left]


def test_the_word_that_a_platform_cut_in_two_goes():
    long = "It is a long way to the next airport and nobody tells us when the bus will come or where it may be found to"
    ends = ("nig…", "nig… https://t.co/x", "nig…https://t.co/x", "nig… https://t.co/… http://a…  ")
    assert prepared(*(f"{long} {end}" for end in ends)) == [long] * len(ends)
    assert prepared("Wait for it…", f"Wait… {long}") == ["Wait for it...", f"Wait... {long}"]


def test_what_platforms_add_to_a_text_goes_behind_a_title_as_well():
    posts = pd.DataFrame(
        {
            "title": ["Late again", "Late again", "Late again", "My seat"],
            "text": ["[removed]", "Photo: the gate", "by an\n> hour", None],
        }
    )
    said = prepare_texts(posts)["topic_text"].tolist()
    assert said == ["Late again", "Late again the gate", "Late again by an hour", "My seat"]
    joined = join_titles(posts)["text"].tolist()
    assert joined[0] == "Late again"
    assert len(set(joined)) == 4


def test_the_title_says_it_too():
    posts = pd.DataFrame(
        {"title": ["Late", "Late", None, None], "text": ["by an hour", "Late", "on time", None]}
    )
    assert prepare_texts(posts)["topic_text"].fillna("-").tolist() == [
        "Late by an hour",
        "Late",
        "on time",
        "-",
    ]


def test_hashtags_are_split_by_the_words_of_the_posts():
    posts = pd.DataFrame(
        {
            "text": ["the climate will change, climate or not"] * 30
            + ["#climatechange #Climate_Chaos"]
        }
    )
    words = count_words(posts)
    assert words["climate"] == 60
    assert (
        prepare_texts(posts, words=words)["topic_text"].iloc[-1] == "climate change Climate Chaos"
    )
    assert prepare_texts(posts)["topic_text"].iloc[-1] == "climatechange Climate Chaos"


def test_words_are_counted_without_names_and_tags_by_what_they_show():
    texts = ["Don't @bob_smith https://example.org/bob #LateAgain #delay don’t"] * 3 + ["rare"]
    posts = pd.DataFrame({"text": texts})
    expected = {"dont": 6, "late again": 3}
    assert count_words(posts).to_dict() == expected
    assert count_words(dd.from_pandas(posts, npartitions=3)).to_dict() == expected
    assert count_words(posts.head(0)).to_dict() == {}


def test_a_dask_frame_stays_lazy_and_gives_the_same():
    [posts] = mm.sample.make_posts(400, seed=1)
    words = count_words(posts)
    lazy = drop_stop_words(prepare_texts(dd.from_pandas(posts, npartitions=3), words=words))
    assert hasattr(lazy, "map_partitions")
    whole = drop_stop_words(prepare_texts(posts, words=words))
    pd.testing.assert_frame_equal(lazy.compute(), whole)
    assert list(posts.columns) == [
        name for name in whole if name not in ("topic_text", "topic_words")
    ]


PIECES = ["#LateAgain", "@bob", "https://t.co/x", "&amp;", "<p>", "😀", "(", ")", "the", "é", "很", "#1", "*", "\n",
          "RT", "Photo:", "ﬁ", ".", "http"]  # fmt: skip


@given(
    st.lists(
        st.sampled_from(PIECES) | st.text(st.characters(exclude_characters="&<"), max_size=6),
        max_size=12,
    )
)
def test_preparing_leaves_no_name_and_one_line(pieces):
    [text] = prepared(" ".join(pieces))
    assert text == " ".join(text.split())
    assert "@bob" not in text
    assert "https://t.co/x" not in text
    assert text == "" or any(letter.isalpha() for letter in text)


@given(
    st.lists(
        st.sampled_from(
            [
                "#LateAgain",
                "@bob",
                "https://t.co/x",
                "the",
                "flight",
                "😀",
                "&amp;",
                "é",
                "very late",
            ]
        )
    )
)
def test_preparing_twice_changes_nothing_more(pieces):
    [once] = prepared(" ".join(pieces))
    assert prepared(once) == [once]


def test_function_words_go_by_the_language_of_each_post():
    posts = pd.DataFrame(
        {
            "topic_text": [
                "The plants die of thirst",
                "Die Pflanzen und die Sonne",
                "the end",
                None,
                "这个航班晚点",
            ],
            "lang": ["en", "de", "und", "en", "zh"],
        }
    )
    found = drop_stop_words(posts)["topic_words"].fillna("-").tolist()
    assert found[:4] == ["plants die thirst", "pflanzen sonne", "end", "-"]
    assert {"航班", "晚点"} <= set(found[4].split())
    assert drop_stop_words(posts[["topic_text"]])["topic_words"].iloc[0] == "plants die thirst"


@pytest.mark.parametrize(
    ("text", "lang", "left"),
    [
        ("que saudade de você na praia", "und", "saudade praia"),
        ("que saudade de você na praia", None, "saudade praia"),
        ("das Spiel ist nicht gut", "lb", "spiel gut"),
        ("bhai ki shaadi hai aur mein nahi gaya", "und", "bhai shaadi"),
        ("the movie hai to watch", "en", "movie watch"),
        ("die hard with a vengeance", None, "die hard vengeance"),
        ("die hard", "und", "die hard"),
    ],
)
def test_a_post_whose_language_is_not_known_is_taken_for_that_of_its_function_words(
    text, lang, left
):
    posts = pd.DataFrame({"topic_text": [text], "lang": [lang]})
    assert drop_stop_words(posts)["topic_words"].tolist() == [left]


def test_an_article_that_is_written_in_one_with_its_word_is_left_out():
    posts = pd.DataFrame(
        {
            "topic_text": [
                "L’énergie, c'est l'avenir",
                "dell'Italia un'altra volta",
                "it's O'Neill",
            ],
            "lang": ["fr", "it", "en"],
        }
    )
    found = drop_stop_words(prepare_texts(posts, column="topic_text"))["topic_words"].tolist()
    assert found == ["énergie avenir", "italia", "o'neill"]


def test_words_that_a_language_without_a_list_is_told_to_fill_speech_with_are_left_out():
    posts = pd.DataFrame({"topic_text": ["ba lumo ba", "ba lumo"], "lang": ["qq", "en"]})
    found = drop_stop_words(posts, fillers={"qq": ["ba"]})["topic_words"].tolist()
    assert found == ["lumo", "ba lumo"]


def test_norwegian_has_function_words_too():
    assert {"og", "ikke"} <= stop_words(("no",))


def test_bad_columns_are_refused_in_one_sentence():
    with pytest.raises(SchemaError, match="prepare_texts needs the column 'text'"):
        prepare_texts(pd.DataFrame({"txt": ["a"]}))
    with pytest.raises(SchemaError, match="something else than text"):
        prepare_texts(pd.DataFrame({"text": [1]}))
    with pytest.raises(SchemaError, match="drop_stop_words needs the column 'topic_text'"):
        drop_stop_words(pd.DataFrame({"text": ["a"]}))
    with pytest.raises(SchemaError, match="count_words needs the column 'text'"):
        count_words(pd.DataFrame({"txt": ["a"]}))


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "@a.", "@", "#a", "#", "&", "&amp;", "<a", "[a](", "[", "(", "http", "/", "a-", "*", "> ", " ", "…", "post",
     "read more ", "u/", "\u200d", "の", "@a@", "RT "],
)  # fmt: skip
def test_time_grows_with_the_length_and_no_faster(piece):
    text = piece * (20_000 // len(piece))
    began = time.perf_counter()
    prepared(text, text + "…", f"read {text}")
    assert time.perf_counter() - began < 2  # hundredths of a second here


@pytest.mark.parametrize(
    "end", ["http://" * 20 + " end", "a" * 19_000 + " b", "http:// " * 2_000 + "b"]
)
def test_what_follows_a_cut_costs_no_more_than_other_text(end):
    began = time.perf_counter()
    prepared(f"{'x' * 100}…{end}", f"{'x' * 100} … {end}")
    assert time.perf_counter() - began < 0.5
