import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.frames import TEXT
from murmuration.text.tokens import find_words
from murmuration.trends import (
    count_engagement,
    find_engaged_posts,
    find_posts_to_read,
    find_telling_posts,
)

INT = pd.ArrowDtype(pa.int64())
COUNTS = ["like_count", "repost_count", "reply_count", "quote_count"]
TERMS = pd.DataFrame({"term": ["luggage", "lost luggage", "queue"], "z": [5.0, 8.0, 3.0]})


def make_posts(texts, authors=None, **columns):
    posts = pd.DataFrame({"text": pd.array(texts, dtype=TEXT)})
    if authors is not None:
        posts["author_key"] = pd.array(authors, dtype=TEXT)
    return posts.assign(**{name: pd.array(values, dtype=INT) for name, values in columns.items()})


def telling(texts, authors=None, **options):
    return find_telling_posts(make_posts(texts, authors), TERMS, **options)["text"].tolist()


def test_the_most_telling_post_comes_first_and_untelling_ones_are_left_out():
    texts = [
        "nice weather today",
        "queue at the gate",
        "they lost luggage of mine again",
        "luggage " + " ".join(f"word{n}x" for n in "abcdefghijklmnop") + " and then more and more",
        None,
    ]
    assert telling(texts) == [texts[2], texts[1], texts[3]]


def test_no_two_posts_of_one_author():
    texts = ["lost luggage one two three", "queue queue four five six", "luggage seven eight nine"]
    assert telling(texts, ["a", "a", "b"]) == [texts[0], texts[2]]
    # Unknown authors are not one author.
    assert len(telling(texts, [None, None, None])) == 3


def test_no_near_copies():
    texts = [
        "they lost luggage of my whole family",
        "RT @someone: they lost luggage of my whole family!! https://example.org/1",
        "they lost luggage of my whole family again",
        "a queue of two hours for nothing",
    ]
    assert telling(texts, ["a", "b", "c", "d"]) == [texts[0], texts[3]]


def test_posts_of_one_emoji_are_copies_only_of_each_other():
    posts = make_posts(["❤", "❤", "😡", ""], ["a", "b", "c", "d"], like_count=[4, 3, 2, 1])
    assert find_engaged_posts(posts)["text"].tolist() == ["❤", "😡", ""]


def test_engagement_adds_up_what_is_known():
    posts = make_posts(
        ["a", "b", "c", "d"],
        like_count=[1, None, None, 0],
        repost_count=[2, 3, None, 0],
        reply_count=[None, None, None, 0],
        quote_count=[4, None, None, 0],
    )
    found = count_engagement(posts)
    assert found.isna().tolist() == [False, False, True, False]
    assert found.dropna().tolist() == [7, 3, 0]


def test_votes_stand_in_where_no_reaction_is_known():
    posts = make_posts(["a", "b", "c"], like_count=[5, None, None], score=[900, 7, None])
    found = count_engagement(posts)
    assert found.dropna().tolist() == [5, 7]
    assert count_engagement(make_posts(["a", "b"])).isna().all()
    assert count_engagement(make_posts(["a"], score=[-3])).tolist() == [-3]


def test_unknown_engagement_is_never_a_large_one():
    posts = make_posts(["one", "two", "three", "four"], like_count=[None, 3, None, 9])
    assert find_engaged_posts(posts)["text"].tolist() == ["four", "two"]
    assert len(find_engaged_posts(make_posts(["one"], like_count=[None]))) == 0
    assert len(find_engaged_posts(make_posts(["one"]))) == 0


def test_a_post_without_a_reaction_is_not_engaged():
    posts = make_posts(["one", "two"], like_count=[0, None], score=[4, -4])
    assert len(find_engaged_posts(posts)) == 0


words = st.lists(
    st.sampled_from("lost luggage queue gate seat plane bag late".split()), max_size=5
).map(" ".join)
rows = st.lists(
    st.tuples(
        st.none() | words,
        st.sampled_from([None, "a", "b", "c"]),
        st.none() | st.integers(0, 2**40),
        st.none() | st.integers(-5, 5),
    ),
    max_size=12,
)


@given(rows, st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_posts_to_read_differ_in_author_and_words_and_are_ranked(rows, count):
    texts, authors, likes, scores = zip(*rows, strict=True) if rows else ((), (), (), ())
    posts = make_posts(texts, authors, like_count=likes, score=scores)
    for found, by in [
        (find_engaged_posts(posts, count=count), "engagement"),
        (find_telling_posts(posts, TERMS, count=count), "telling"),
    ]:
        assert len(found) <= count
        assert (found[by] > 0).all()
        assert found[by].is_monotonic_decreasing
        known = found["author_key"].dropna()
        assert known.is_unique
        said = [
            set(find_words(text or "")) for text in found["text"].tolist() if isinstance(text, str)
        ]
        for place, one in enumerate(said):
            assert not any(
                one and len(one & other) / len(one | other) >= 0.6 for other in said[:place]
            )
    assert list(posts.columns) == ["text", "author_key", "like_count", "score"]


@given(rows)
@settings(deadline=None, max_examples=30)
def test_the_first_engaged_post_has_the_most_reactions(rows):
    texts, authors, likes, scores = zip(*rows, strict=True) if rows else ((), (), (), ())
    best = [like if like is not None else score for like, score in zip(likes, scores, strict=True)]
    found = find_engaged_posts(make_posts(texts, authors, like_count=likes, score=scores))
    most = max((value for value in best if value is not None), default=0)
    assert found["engagement"].tolist()[:1] == ([most] if most > 0 else [])


def test_a_report_gets_negative_positive_and_engaged_posts():
    posts = make_posts(
        ["lost luggage once more", "legroom was great", "lost luggage twice here", "hello"],
        list("abcd"),
        like_count=[1, None, 8, 0],
    ).assign(sentiment_label=pd.array(["negative", "positive", "negative", None], dtype=TEXT))
    terms = pd.DataFrame(
        {
            "side": ["negative", "positive"],
            "term": ["lost luggage", "legroom"],
            "z": [5.0, 4.0],
            "rank": [1, 1],
        }
    )
    found = find_posts_to_read(posts, terms, count=5)
    assert found["why"].tolist() == ["negative", "negative", "positive", "engaged", "engaged"]
    assert found["rank"].tolist() == [1, 2, 1, 1, 2]
    assert found["text"].tolist()[2:4] == ["legroom was great", "lost luggage twice here"]
    assert found["engagement"].isna().tolist() == [False, False, True, False, False]
    assert len(find_posts_to_read(posts, terms, count=1)) == 3


@pytest.mark.parametrize("some", [[], ["hello"]])
def test_where_there_is_nothing_to_read_the_table_is_empty(some):
    posts = make_posts(some).assign(sentiment_label=pd.array([None] * len(some), dtype=TEXT))
    found = find_posts_to_read(posts, TERMS.assign(side="negative"))
    assert len(found) == 0
    assert {"why", "rank", "engagement"} <= set(found.columns)
