"""Which column holds which field, and that nothing names an author."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.collect.fields import ALIASES, check_mapping, find_mapping, plain_name
from murmuration.collect.raw import extra_text, flatten, names_author
from murmuration.errors import ParamError

# Mapping


def test_usual_names_are_recognised_in_any_writing():
    columns = ["Tweet ID", "full_text", "Created-At", "User.ID", "Public Metrics.like_count"]
    assert find_mapping(columns, {}) == {
        "post_id": "Tweet ID",
        "text": "full_text",
        "created_at": "Created-At",
        "author": "User.ID",
        "like_count": "Public Metrics.like_count",
    }


def test_words_run_together_are_recognised():
    columns = ["tweetId", "createTime", "likeCount", "userID", "postURL", "text"]
    assert find_mapping(columns, {}) == {
        "post_id": "tweetId",
        "created_at": "createTime",
        "like_count": "likeCount",
        "author": "userID",
        "url": "postURL",
        "text": "text",
    }


@pytest.mark.parametrize("field", ALIASES)
def test_every_alias_stands_in_the_form_it_is_compared_in(field):
    assert [plain_name(alias) for alias in ALIASES[field]] == list(ALIASES[field])
    assert len(set(ALIASES[field])) == len(ALIASES[field])


def test_the_better_name_wins_and_the_other_stays_free():
    assert find_mapping(["id", "tweet_id"], {}) == {"post_id": "tweet_id"}
    assert find_mapping(["title", "text"], {}) == {"title": "title", "text": "text"}


def test_no_column_is_taken_twice():
    mapping = find_mapping(["text"], {"title": "text"})
    assert mapping == {"title": "text"}


def test_what_is_given_goes_before_what_is_recognised():
    assert find_mapping(["text", "note"], {"text": "note"})["text"] == "note"


def test_an_empty_column_leaves_a_field_out():
    assert "lang" not in find_mapping(["text", "lang"], {"lang": ""})


def test_a_column_that_is_not_there_is_refused_with_the_near_match():
    with pytest.raises(ParamError, match=r"no column 'contnet'. Did you mean 'content'"):
        find_mapping(["content", "id"], {"text": "contnet"})


def test_a_field_that_does_not_exist_is_refused_with_the_near_match():
    with pytest.raises(
        ParamError, match=r"--map txt=a: there is no field 'txt'. Did you mean 'text'"
    ):
        check_mapping({"txt": "a"})


def test_short_names_of_fields_are_understood():
    assert check_mapping({"id": "a", "time": "b", "user": "c", "language": "d"}) == {
        "post_id": "a",
        "created_at": "b",
        "author": "c",
        "lang": "d",
    }


def test_two_columns_of_one_name_are_refused_where_one_would_be_read():
    with pytest.raises(ParamError, match=r"Columns 2 and 4 are both called 'text'.*Rename one"):
        find_mapping(["id", "text", "x", "text"], {})
    assert find_mapping(["id", "text", "x", "x"], {}) == {"post_id": "id", "text": "text"}


@given(st.lists(st.text(max_size=20), unique=True, max_size=30))
def test_any_names_give_a_mapping_of_distinct_columns(columns):
    mapping = find_mapping(columns, {})
    assert set(mapping) <= set(ALIASES)
    assert len(set(mapping.values())) == len(mapping)
    assert set(mapping.values()) <= set(columns)


# Authors

NAMES_SOMEBODY = """
author author_id author_name authorName author.username user user_id userId user.screen_name screenName screen_name
username user_name name Handle twitter_handle display_name displayName full_name nickname email e-mail phone avatar
avatar_url user_description user.url author.profile_url profile_image_url_https author_bio ip_address channel_id
retweeted_status.user.screen_name retweeted_user quoted_status.user.id_str in_reply_to_user_id
in_reply_to_screen_name in_reply_to_username inReplyToUserId mentions user_mentions entities.user_mentions
mentioned_users account account.acct by from creator uploader authors reply_to_user_id author_url
""".split()
NAMES_NOBODY = """
airline airline_sentiment negativereason user_timezone tweet_coord user_location author_flair_text user_verified
author_followers_count user_followers_count subreddit_name domain is_self place_name geo.full_name hashtag_names
account_category account_type user_created_at mentions_count region updates following source client_name tag.name
filename username_length rename url title_name
""".split()


@pytest.mark.parametrize("column", NAMES_SOMEBODY)
def test_columns_that_name_somebody_are_known(column):
    assert names_author(column)


@pytest.mark.parametrize("column", NAMES_NOBODY)
def test_columns_about_something_else_are_kept(column):
    assert not names_author(column)


NAMED = "bob_the_author"


def test_no_handle_or_name_reaches_extra_from_a_table(import_text):
    header = ["id", "text", *NAMES_SOMEBODY, "airline"]
    row = ["1", "hello", *[NAMED] * len(NAMES_SOMEBODY), "United"]
    receipt, posts = import_text(",".join(header) + "\n" + ",".join(row) + "\n")
    assert dict(posts["1"]["extra"]) == {"airline": "United"}
    assert NAMED not in str(posts)
    assert set(receipt.left_out) >= {"username", "user.screen_name", "in_reply_to_screen_name"}


def test_no_handle_or_name_reaches_extra_from_nested_records(import_text):
    record = {
        "id": "1",
        "text": "hello",
        "author": {
            "id": "7",
            "username": NAMED,
            "name": NAMED,
            "public_metrics": {"followers_count": 3},
        },
        "retweeted_status": {"user": {"screen_name": NAMED, "id": 5}, "text": "x"},
        "deep": {"er": {"and": {"deeper": {"username": NAMED, "kept": 1}}}},
        "includes": {"users": [{"username": NAMED, "name": NAMED, "verified": True}]},
        "entities": {"user_mentions": [{"screen_name": NAMED}]},
        "context": [{"domain": {"name": "Brand"}}],
    }
    _, posts = import_text(json.dumps(record) + "\n", "posts.jsonl")
    assert NAMED not in str(posts)
    extra = dict(posts["1"]["extra"])
    assert json.loads(extra["context"]) == [{"domain": {"name": "Brand"}}]
    assert json.loads(extra["includes.users"]) == [{"verified": True}]
    assert extra["retweeted_status.text"] == "x"


def test_the_author_column_that_was_read_is_not_kept_beside_its_pseudonym(import_text):
    _, posts = import_text(f"id,text,user\n1,a,{NAMED}\n")
    assert posts["1"]["extra"] is None
    assert posts["1"]["author_key"] is not None


# Nested records


def test_flattening_puts_dots_between_names_and_keeps_lists():
    assert flatten({"a": {"b": {"c": {"d": 1}}}, "e": [1], "f": {}}) == {
        "a.b.c": {"d": 1},
        "e": [1],
        "f": {},
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, None), ("", None), ([], None), ({}, None), (0, "0"), (False, "false"), (1.5, "1.5"), (float("nan"), None),
     (["ü"], '["ü"]'), (b"x", "x")],
)  # fmt: skip
def test_extra_keeps_values_as_text_and_nothing_as_nothing(value, text):
    assert extra_text("column", value) == text
