import json
import os
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.collect.fields import ALIASES, EXTRA
from murmuration.collect.raw import LISTS, Deleted, names_author
from murmuration.collect.shapes import SHAPES, find_shape
from murmuration.schema import KINDS

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "exports"
# What the reader turns into a row for quarantine; anything else would end the import.
REFUSALS = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def records_of(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        document = json.loads(text)
        return document if isinstance(document, list) else [document]
    records = []
    for line in text.split("\n"):
        try:
            records.append(json.loads(line))
        except ValueError:  # one fixture breaks off, as streams do
            continue
    return records


def read(records):
    objects = [record for record in records if isinstance(record, dict)]
    shape = find_shape(objects)
    assert shape is not None
    return shape, [item for record in objects for item in shape.read(record)]


def posts_in(items):
    return [item for item in items if isinstance(item, dict)]


def by_id(items):
    return {post["post_id"]: post for post in posts_in(items)}


@pytest.fixture(scope="session")
def shape_samples():
    folder = ROOT / os.environ.get("MURMURATION_REAL_DATA", "../shared/data") / "api_fixtures"
    if not folder.is_dir():
        pytest.skip(f"no real samples: MURMURATION_REAL_DATA has no {folder.name}")
    return folder


@pytest.fixture
def sample(shape_samples):
    return lambda name: records_of(shape_samples / name)


def golden(name):
    return records_of(GOLDEN / name)


# Every shape


REAL = {
    "samples/x_v2_search_page_twarc.json": "X API v2 pages",
    "samples/x_v2_search_recent_docs.json": "X API v2 pages",
    "x_api_v2_raw/cashtags.jsonl": "X API v2 pages",
    "x_api_v2_raw/counts.jsonl": "X API v2 pages",
    "x_api_v2_raw/edited_after.jsonl": "X API v2 pages",
    "x_api_v2_raw/edited_before.jsonl": "X API v2 pages",
    "x_api_v2_raw/geo_tweets.jsonl": "X API v2 pages",
    "x_api_v2_raw/many_urls.jsonl": "X API v2 pages",
    "x_api_v2_raw/media_tweet.jsonl": "X API v2 pages",
    "x_api_v2_raw/mentions_tweet.jsonl": "X API v2 pages",
    "x_api_v2_raw/noflat.jsonl": "X API v2 pages",
    "x_api_v2_raw/quoted_edit.jsonl": "X API v2 pages",
    "x_api_v2_raw/streaming_output_with_error.jsonl": "X API v2 pages",
    "x_api_v2_raw/users.jsonl": "X API v2 pages",
    "x_api_v2_raw/withheld.jsonl": "X API v2 pages",
    "x_api_v2_docs_json/apis/tweet/tweet_resp.json": "X API v2 pages",
    "x_api_v2_docs_json/apis/tweet/tweets_resp.json": "X API v2 pages",
    "x_api_v2_docs_json/apis/tweet/tweet_retweet_tweets_resp.json": "X API v2 pages",
    "x_api_v2_docs_json/apis/user/followers_resp.json": "X API v2 pages",
    "samples/pushshift_test_comment_search_ids.jsonl": "Reddit submissions and comments (Pushshift)",
    "samples/pushshift_test_comment_search_limit.jsonl": "Reddit submissions and comments (Pushshift)",
    "samples/pushshift_test_submission_search_ids.jsonl": "Reddit submissions and comments (Pushshift)",
    "samples/pushshift_test_submission_search_limit.jsonl": "Reddit submissions and comments (Pushshift)",
    "samples/reddit_listing_TestCommentForest_test_replace__all.json": "Reddit API listings and comment trees",
    "samples/reddit_listing_TestRedditorListings_test_new.json": "Reddit API listings and comment trees",
    "samples/reddit_listing_TestSubmission_test_duplicates.json": "Reddit API listings and comment trees",
    "samples/reddit_listing_TestSubredditListings_test_comments.json": "Reddit API listings and comment trees",
    "samples/reddit_listing_TestSubredditListings_test_hot.json": "Reddit API listings and comment trees",
    "samples/reddit_listing_TestSubredditListings_test_new.json": "Reddit API listings and comment trees",
    "samples/reddit_listing_TestSubredditListings_test_top.json": "Reddit API listings and comment trees",
    "samples/reddit_listing_TestSubredditStreams_test_comments__with_pause.json": "Reddit API listings and comment trees",
    "samples/reddit_listing_TestSubreddit_test_search.json": "Reddit API listings and comment trees",
    "samples/mastodon_statuses_mastodonpy.jsonl": "Mastodon statuses",
    "samples/bluesky_jetstream_all.jsonl": "Bluesky Jetstream",
    "samples/bluesky_jetstream_golden_v1.jsonl": "Bluesky Jetstream",
    "samples/bluesky_jetstream_posts.jsonl": "Bluesky Jetstream",
    "samples/hackernews_items_from_docs.json": "Hacker News items",
}
INVENTED = {
    "x_v1.ndjson": "X API v1.1 tweets",
    "x_flat.ndjson": "X API v2 tweets, one a line",
    "x_long_posts.json": "X API v2 pages",
    "zeeschuimer.ndjson": "Zeeschuimer captures",
    "fourcat_raw.ndjson": "4CAT raw items",
    "fourcat_items.ndjson": "4CAT items",
    "outbox.json": "ActivityPub activities (Mastodon archive)",
    "mastodon_stream.ndjson": "Mastodon statuses",
    "bluesky_stream.ndjson": "Bluesky Jetstream",
    "bluesky_feed.json": "Bluesky posts (app.bsky)",
    "bluesky_thread.json": "Bluesky posts (app.bsky)",
    "hackernews.ndjson": "Hacker News items",
}


def check_items(items):
    """Every item is a post, a deletion or None, and posts hold what readers may give."""
    for item in items:
        assert item is None or isinstance(item, dict | Deleted)
    for post in posts_in(items):
        assert set(post) <= {*ALIASES, EXTRA}
        assert isinstance(post["post_id"], str)
        assert post["post_id"]
        assert post.get("kind", "post") in KINDS
        for name in LISTS & set(post):
            assert post[name] is None or (
                post[name] and all(isinstance(part, str) for part in post[name])
            )
        for name in ("text", "title", "author", "url", "community", "reply_to_id", "root_id"):
            assert post.get(name) is None or (isinstance(post[name], str) and post[name])
        extra = post.get(EXTRA) or {}
        assert len(extra) <= 40
        assert not [name for name in extra if names_author(name)]
        assert all(isinstance(value, str) and value for value in extra.values())


@pytest.mark.parametrize(("name", "shape_name"), REAL.items())
def test_real_samples_are_recognised_and_read_without_fault(sample, name, shape_name):
    shape, items = read(sample(name))
    assert shape.name == shape_name
    check_items(items)


@pytest.mark.parametrize(("name", "shape_name"), INVENTED.items())
def test_invented_samples_are_recognised_and_read_without_fault(name, shape_name):
    shape, items = read(golden(name))
    assert shape.name == shape_name
    check_items(items)


def test_every_shape_has_a_sample():
    assert {shape.name for shape in SHAPES} == {*REAL.values(), *INVENTED.values()}


PEOPLE = {
    "username",
    "screen_name",
    "acct",
    "display_name",
    "displayName",
    "handle",
    "author",
    "author_fullname",
    "by",
}


def people_in(value, *, user=False):
    """Handles and names of all accounts that a record speaks of."""
    if isinstance(value, list):
        for each in value:
            yield from people_in(each, user=user)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and (name in PEOPLE or (user and name == "name")):
                yield inner
            else:
                yield from people_in(
                    inner, user=name in {"users", "user", "account", "author", "mentions"}
                )


def values_of_extra(items):
    return [value for post in posts_in(items) for value in (post.get(EXTRA) or {}).values()]


@pytest.mark.parametrize("name", REAL)
def test_no_handle_or_name_of_a_real_account_reaches_extra(sample, name):
    records = sample(name)
    _, items = read(records)
    # Shorter ones ("me") and names that are words of the page ("Twitter") are found everywhere.
    people = {name for name in people_in(records) if len(name) > 4} - {"Twitter", "mastodonpy_test"}
    values = values_of_extra(items)
    shown = " | ".join(value for value in values if not value.startswith("Twitter "))
    assert not [
        person for person in people if re.search(rf"(?<!\w){re.escape(person)}(?!\w)", shown)
    ]


@pytest.mark.parametrize("name", INVENTED)
def test_no_handle_name_or_token_of_an_invented_account_reaches_extra(name):
    _, items = read(golden(name))
    for value in values_of_extra(items):
        assert not re.search("someone|t0ken|s3cret|mozilla", value, re.IGNORECASE)


WORDS = (
    "data", "kind", "id", "text", "type", "user", "account", "content", "subreddit", "title", "created_utc", "did",
    "time_us", "commit", "object", "actor", "orderedItems", "includes", "uri", "record", "post", "feed", "thread",
    "time", "by", "payload", "event", "statuses", "body", "thread_id", "timestamp", "source_platform", "nav_index",
    "__import_meta", "__twarc", "author_id", "legacy", "visibility", "entities", "children", "meta", "$type",
    "t1", "t3", "Listing", "Create", "Note", "story", "app.bsky.feed.post", "x.com", "linkedin.com",
)  # fmt: skip
words = st.sampled_from(WORDS)
scalars = st.none() | st.booleans() | st.integers() | words | st.text("a1:/[@ ", max_size=6)
nested = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
odd_records = st.dictionaries(words, nested, max_size=8)


@given(odd_records)
def test_odd_records_are_refused_in_a_way_that_only_costs_the_record(record):
    for shape in SHAPES:
        if shape.matches(record):
            with suppress(*REFUSALS):
                list(shape.read(record))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_says_which_platform_it_is_of_or_its_posts_do(shape):
    known = {name for name, shape_name in INVENTED.items() if shape_name == shape.name}
    if shape.platform is None and shape.name != "4CAT items":
        assert all(post["platform"] for name in known for post in posts_in(read(golden(name))[1]))


def test_records_of_no_known_export_have_no_shape():
    assert find_shape([]) is None
    assert find_shape([{"id": "1", "text": "a", "created_at": "2024-01-01"}]) is None
    assert find_shape([{"data": {"blocking": True}}]) is None


def test_a_shape_must_fit_half_of_the_records():
    tweet = golden("x_v1.ndjson")[0]
    assert find_shape([tweet, {"a": 1}]) is not None
    assert find_shape([tweet, {"a": 1}, {"a": 2}]) is None


# X


def test_a_page_gives_the_tweets_of_the_search_and_not_those_they_point_to(sample):
    (page,) = sample("samples/x_v2_search_page_twarc.json")
    _, items = read([page])
    assert [post["post_id"] for post in items] == [tweet["id"] for tweet in page["data"]]
    assert Counter(post["kind"] for post in items) == {
        "repost": 47,
        "reply": 31,
        "quote": 8,
        "post": 14,
    }


def test_a_cut_off_retweet_is_completed_from_the_original(sample):
    (page,) = sample("samples/x_v2_search_page_twarc.json")
    originals = {tweet["id"]: tweet["text"] for tweet in page["includes"]["tweets"]}
    _, items = read([page])
    post = by_id(items)["1380242611781386245"]
    assert post["text"].startswith("RT @williamserafino: De manera simultánea")
    assert post["text"].endswith("hace sentir su regreso.")
    reposts = [post for post in items if post["repost_of_id"] in originals]
    assert len(reposts) == 47
    assert not [
        post
        for post in reposts
        if post["text"].endswith("…") and not originals[post["repost_of_id"]].endswith("…")
    ]


def test_counts_ids_and_times_of_a_retweet_are_read(sample):
    _, items = read(sample("samples/x_v2_search_page_twarc.json"))
    post = by_id(items)["1380242611781386245"]
    assert post["created_at"] == "2021-04-08T19:34:16.000Z"
    assert post["observed_at"] == "2021-04-08T19:34:32+00:00"
    assert post["author"] == "1352661060663336960"
    assert post["repost_of_id"] == "1380175475545362437"
    assert (post["repost_count"], post["like_count"], post["author_followers"]) == (410, 0, 58)
    assert post["view_count"] is None
    assert post["lang"] == "es"
    # The mention has a handle only, and the page's users say whose it is.
    assert post["mentions"] == ["2718660392"]


def test_a_mention_without_an_id_anywhere_is_its_handle_in_lower_case(sample):
    _, items = read(sample("samples/x_v2_search_page_twarc.json"))
    assert by_id(items)["1380242597881409537"]["mentions"] == ["gatewaypundit"]


def test_places_come_from_the_page(sample):
    _, items = read(sample("x_api_v2_raw/geo_tweets.jsonl"))
    assert [post["place_name"] for post in items] == [None, "Berlin, Germany"]


def test_an_edit_keeps_its_own_id_and_the_history(sample):
    _, (post,) = read(sample("x_api_v2_raw/edited_after.jsonl"))
    assert post["post_id"] == "1576994789110992896"
    assert post[EXTRA]["edit_history_tweet_ids"] == "1576994746135764992, 1576994789110992896"


def test_an_answer_that_quotes_is_an_answer_and_keeps_what_it_quotes(sample):
    _, (post,) = read(sample("x_api_v2_raw/quoted_edit.jsonl"))
    assert (post["kind"], post["reply_to_id"], post["quote_of_id"]) == (
        "reply", "1576994789110992896", "1576994746135764992",
    )  # fmt: skip
    assert post["root_id"] == "1576994789110992896"


def test_views_cashtags_and_hashtags_are_read_but_the_own_picture_is_no_link(sample):
    _, (post,) = read(sample("x_api_v2_raw/cashtags.jsonl"))
    assert post["view_count"] == 52
    assert post["hashtags"] == ["business", "NFT", "StockMarket", "option"]
    assert post["urls"] == ["http://go.trade-ideas.com/SHHb"]
    assert post[EXTRA]["cashtags"].startswith("AMD, BTC, TWTR")
    assert post[EXTRA]["media_types"] == "photo"


def test_what_stands_in_for_a_withheld_tweet_is_no_post(sample):
    _, items = read(sample("x_api_v2_raw/withheld.jsonl"))
    assert items.count(None) == 11
    assert not [post for post in posts_in(items) if "has been withheld in" in post["text"]]
    # One that is withheld elsewhere is there in full.
    assert posts_in(items)[0][EXTRA]["withheld_in"] == "IN"


@pytest.mark.parametrize(("name", "entries"), [("users", 96), ("counts", 169)])
def test_users_and_counts_are_skipped(sample, name, entries):
    _, items = read(sample(f"x_api_v2_raw/{name}.jsonl"))
    assert items == [None] * entries


def test_lines_of_a_stream_are_read_and_errors_in_it_skipped(sample):
    lines = sample("x_api_v2_raw/streaming_output_with_error.jsonl")
    _, items = read([*lines, {"errors": [{"title": "operational-disconnect"}]}])
    assert len(posts_in(items)) == 7
    assert items[-1] is None


def test_entities_of_x_are_unescaped(sample):
    _, items = read(sample("x_api_v2_raw/withheld.jsonl"))
    assert not [post for post in posts_in(items) if re.search("&(amp|lt|gt);", post["text"])]


def test_where_x_was_not_asked_for_references_the_text_tells_a_retweet(sample):
    _, items = read(sample("x_api_v2_docs_json/apis/tweet/tweet_retweet_tweets_resp.json"))
    assert {post["kind"] for post in items} == {"repost"}


def test_a_long_post_and_its_retweet_have_the_whole_text():
    _, items = read(golden("x_long_posts.json"))
    long, retweet, orphan = items
    assert long["text"].endswith("to its end. #AtTheEnd @other_someone")
    assert retweet["text"] == f"RT @someone_one: {long['text']}"
    assert retweet["hashtags"] == long["hashtags"] == ["AtTheEnd"]
    assert retweet["mentions"] == [long["author"]]
    assert (orphan["kind"], orphan["text"]) == ("repost", "RT @someone_one: The first…")


def test_flattened_tweets_read_as_pages_do():
    _, (retweet, plain) = read(golden("x_flat.ndjson"))
    assert (
        retweet["text"]
        == "RT @someone_two: A long text that X cuts off when it is passed on. #Whole"
    )
    assert (retweet["kind"], retweet["repost_of_id"]) == ("repost", "910000000000000000")
    assert (retweet["hashtags"], retweet["mentions"]) == (["Whole"], ["82"])
    assert (retweet["author_followers"], retweet["place_name"]) == (17, "Porto, Portugal")
    assert retweet["observed_at"] == "2021-05-02T00:00:00+00:00"
    assert (plain["kind"], plain["author_followers"], plain["view_count"]) == ("post", None, None)


def test_tweets_of_the_first_interface_are_read():
    _, items = read(golden("x_v1.ndjson"))
    plain, retweet, answer, deleted, limit = items
    assert plain["text"] == "Fish & chips at #Harbour with @Other_Someone https://t.co/a"
    assert (plain["author"], plain["mentions"], plain["urls"]) == (
        "71",
        ["72"],
        ["https://example.org/menu"],
    )
    assert (plain["like_count"], plain["repost_count"], plain["reply_count"]) == (5, 3, None)
    assert plain[EXTRA] == {"source": "Web & App", "cashtags": "FISH"}
    assert retweet["text"].startswith("RT @someone_two: The whole story of the ferry")
    assert retweet["text"].endswith("what a retweet shows. #Ferry https://t.co/b")
    assert (retweet["kind"], retweet["hashtags"], retweet["mentions"]) == (
        "repost",
        ["Ferry"],
        ["74"],
    )
    assert (answer["kind"], answer["quote_of_id"]) == ("reply", "900000000000000003")
    assert answer["mentions"] == ["someone_one"]
    assert (deleted, limit) == (Deleted("900000000000000005"), None)


# Reddit


def things_in(thing):
    """All comments and submissions of a listing, by another way than the one tested."""
    if isinstance(thing, list):
        return [found for each in thing for found in things_in(each)]
    if thing["kind"] == "Listing":
        return things_in(thing["data"]["children"])
    if thing["kind"] == "more":
        return []
    return [
        thing["data"]["name"],
        *(things_in(thing["data"]["replies"]) if thing["data"].get("replies") else []),
    ]


def test_answers_are_found_however_deep_they_are(sample):
    listings = sample("samples/reddit_listing_TestCommentForest_test_replace__all.json")
    _, items = read(listings)
    assert [post["post_id"] for post in posts_in(items)] == things_in(listings)
    assert Counter(post["kind"] for post in posts_in(items)) == {"post": 1, "comment": 476}
    assert items.count(None) == 18  # "more" stubs


def test_a_very_deep_thread_is_read():
    thread = ""
    for depth in range(3000):
        data = {
            "id": f"c{depth}",
            "name": f"t1_c{depth}",
            "body": "x",
            "created_utc": 1.0,
            "replies": thread,
        }
        thread = {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": data}]}}
    assert len(read([thread])[1]) == 3000


def test_a_submission_and_its_comments_are_tied_together(sample):
    _, items = read(sample("samples/reddit_listing_TestCommentForest_test_replace__all.json"))
    submission, comment, answer = items[:3]
    assert submission["post_id"] == "t3_3hahrw"
    assert (submission["title"], submission["text"], submission["community"]) == (
        "Ba Dum Tsss",
        None,
        "funny",
    )
    assert submission["urls"] == ["http://i.imgur.com/eoF76hj.gifv"]
    assert (submission["score"], submission["reply_count"]) == (11702, 543)
    assert submission["url"] == "https://www.reddit.com/r/funny/comments/3hahrw/ba_dum_tsss/"
    assert (comment["reply_to_id"], comment["root_id"]) == ("t3_3hahrw", "t3_3hahrw")
    assert (answer["reply_to_id"], answer["root_id"]) == (comment["post_id"], "t3_3hahrw")


def test_deleted_texts_and_authors_are_unknown_and_their_posts_kept(sample):
    records = sample("samples/pushshift_test_comment_search_limit.jsonl")
    _, items = read(records)
    posts = dict(zip((record["id"] for record in records), items, strict=True))
    gone = [record["id"] for record in records if record["body"] in ("[deleted]", "[removed]")]
    assert len(gone) == 32
    assert all(posts[short_id]["text"] is None for short_id in gone)
    assert sum(post["author"] is None for post in items) == 39


def test_authors_are_their_lasting_id_where_it_is_given(sample):
    _, items = read(sample("samples/pushshift_test_comment_search_ids.jsonl"))
    assert all(post["author"].startswith("t2_") for post in items)


def test_parents_given_as_numbers_become_ids(sample):
    _, items = read(sample("samples/pushshift_test_comment_search_limit.jsonl"))
    posts = by_id(items)
    assert {post["reply_to_id"][:3] for post in items} == {"t1_", "t3_"}
    assert int(posts["t1_haflnk8"]["reply_to_id"][3:], 36) == 37635511252
    assert posts["t1_haflpmt"]["reply_to_id"] == "t3_pbkq8f"  # no parent: it answers the submission


def test_escaped_texts_of_pushshift_are_unescaped_and_plain_ones_of_the_interface_left(sample):
    _, escaped = read(sample("samples/pushshift_test_comment_search_limit.jsonl"))
    assert any(post["text"] and post["text"].startswith("> It's bad") for post in escaped)
    _, plain = read(sample("samples/reddit_listing_TestRedditorListings_test_new.json"))
    assert any("T&S team" in post["text"] for post in plain if post["text"])


def test_text_that_was_never_escaped_is_left_alone():
    line = {
        "id": "a",
        "subreddit": "s",
        "created_utc": 1,
        "title": "x",
        "selftext": "write &amp; for a bare & in HTML",
    }
    _, (post,) = read([line])
    assert post["text"] == "write &amp; for a bare & in HTML"


def test_an_edit_time_is_the_version_and_a_bare_yes_is_not(sample):
    _, items = read(sample("samples/reddit_listing_TestSubredditListings_test_hot.json"))
    posts = by_id(items)
    assert posts["t3_46c00m"]["version"] == 1456012265.0
    assert {type(post["version"]) for post in items} == {float, type(None)}
    _, items = read(sample("samples/pushshift_test_comment_search_limit.jsonl"))
    assert min(post["version"] for post in items if post["version"]) == 1629989724


def test_a_hidden_score_of_a_comment_is_unknown(sample):
    records = sample("samples/reddit_listing_TestSubredditListings_test_comments.json")
    _, items = read(records)
    hidden = {
        child["data"]["name"]
        for child in records[0]["data"]["children"]
        if child["data"]["score_hidden"]
    }
    assert hidden
    assert {post["score"] for post in items if post["post_id"] in hidden} == {None}


def test_the_time_of_retrieval_is_when_it_was_seen(sample):
    _, items = read(sample("samples/pushshift_test_comment_search_ids.jsonl"))
    assert items[0]["observed_at"] - int(items[0]["created_at"]) > 80_000
    assert all(post["observed_at"] for post in items)


def test_a_crosspost_points_to_what_it_passes_on():
    line = {
        "id": "b",
        "subreddit": "s",
        "created_utc": "1293840000",
        "title": "x",
        "crosspost_parent": "t3_a",
    }
    line |= {
        "over_18": True,
        "domain": "self.s",
        "url": "https://www.reddit.com/r/s/comments/b/",
        "is_self": True,
    }
    _, (post,) = read([line])
    assert (post["post_id"], post["repost_of_id"], post["kind"]) == ("t3_b", "t3_a", "post")
    assert (post["sensitive"], post["urls"]) == (True, None)


def test_links_in_the_text_are_found():
    line = {"id": "a", "subreddit": "s", "created_utc": 1, "link_id": "t3_b", "parent_id": "t3_b"}
    line["body"] = "see [this](https://example.org/a) and https://example.org/b."
    _, (post,) = read([line])
    assert post["urls"] == ["https://example.org/a", "https://example.org/b"]


def test_letters_on_reddit_are_no_posts():
    assert read([{"kind": "t4", "data": {"id": "m", "body": "a letter", "created_utc": 1.0}}])[
        1
    ] == [None]


# Mastodon


def test_statuses_are_plain_text_with_global_ids(sample):
    _, items = read(sample("samples/mastodon_statuses_mastodonpy.jsonl"))
    post = by_id(items)["https://icosahedron.website/users/halcy/statuses/110446222386355655"]
    assert post["text"] == (
        "@halcy you're a doo-doo head\nedit: editing this to have the maximum amount of fields filled "
        ":trans_heart: #ThisIsAHashtag"
    )
    assert post["title"] == "test post for mastodon.py stuff"
    assert (post["lang"], post["sensitive"], post["author_followers"]) == ("de", True, 3553)
    assert post["version"] == "2023-05-28T12:09:44.000Z"
    assert post["hashtags"] == ["thisisahashtag"]


def test_an_account_has_one_id_wherever_it_is_named(sample):
    _, items = read(sample("samples/mastodon_statuses_mastodonpy.jsonl"))
    post = by_id(items)["https://icosahedron.website/users/halcy/statuses/110446222386355655"]
    assert post["mentions"] == [post["author"]] == ["halcy@icosahedron.website"]
    _, archive = read(golden("outbox.json"))
    _, stream = read(golden("mastodon_stream.ndjson"))
    assert archive[0]["author"] == stream[0]["author"] == "someone@social.example"


def test_a_boost_is_a_repost_with_the_text_it_passes_on(sample):
    _, items = read(sample("samples/mastodon_statuses_mastodonpy.jsonl"))
    (boost,) = [post for post in posts_in(items) if post["kind"] == "repost"]
    assert boost["text"] == "Toot!"
    assert boost["repost_of_id"].endswith("/statuses/117020586019094258")
    assert boost["post_id"].endswith("/statuses/117020586027094262/activity")
    assert boost["sensitive"] is True


def test_links_come_from_the_text_and_the_card(sample):
    _, items = read(sample("samples/mastodon_statuses_mastodonpy.jsonl"))
    assert [post["urls"] for post in posts_in(items) if post["urls"]] == [
        ["http://example.org/"]
    ] * 2


def test_direct_messages_are_letters_and_skipped(sample):
    records = sample("samples/mastodon_statuses_mastodonpy.jsonl")
    _, items = read(records)
    assert [item is None for item in items] == [
        record["visibility"] == "direct" for record in records
    ]


def test_search_results_and_threads_hold_statuses(sample):
    status = sample("samples/mastodon_statuses_mastodonpy.jsonl")[0]
    assert (
        len(posts_in(read([{"accounts": [], "statuses": [status, status], "hashtags": []}])[1]))
        == 2
    )
    assert len(posts_in(read([{"ancestors": [], "descendants": [status]}])[1])) == 1


def test_a_streamed_status_and_its_quote_are_read():
    _, (post, deleted, notification) = read(golden("mastodon_stream.ndjson"))
    assert (post["kind"], post["text"]) == ("quote", "Look")
    assert post["quote_of_id"] == "https://other.example/users/other_someone/statuses/9"
    assert post[EXTRA]["author_bot"] == "true"
    assert deleted is None  # names an id of one instance, without the instance
    assert notification is None


def test_an_archive_gives_notes_answers_and_boosts():
    _, items = read(golden("outbox.json"))
    note, answer, letter, boost, like, deleted = items
    assert note["text"] == "Soup & bread #Soup\nhttps://example.org/recipe"
    assert (note["title"], note["lang"], note["sensitive"]) == ("food", "en", True)
    assert (note["hashtags"], note["urls"]) == (["soup"], ["https://example.org/recipe"])
    assert (note["like_count"], note["repost_count"], note["reply_count"]) == (4, 2, None)
    assert note["version"] == "2023-01-16T18:00:00Z"
    assert (answer["kind"], answer["mentions"]) == ("reply", ["other_someone@other.example"])
    assert (boost["kind"], boost.get("text")) == ("repost", None)
    assert boost["repost_of_id"] == answer["reply_to_id"]
    assert letter is like is None
    assert deleted == Deleted("https://social.example/users/Someone/statuses/5")


def test_single_activities_are_read_too():
    (archive,) = golden("outbox.json")
    assert read(archive["orderedItems"])[1] == read([archive])[1]
    undone = {
        "type": "Undo",
        "actor": "https://a.example/u",
        "object": {"type": "Announce", "id": "https://a.example/1"},
    }
    assert read([undone])[1] == [Deleted("https://a.example/1")]


# Bluesky


def test_the_stream_gives_posts_and_reposts_and_skips_the_rest(sample):
    _, items = read(sample("samples/bluesky_jetstream_all.jsonl"))
    assert Counter(post["kind"] for post in posts_in(items)) == {
        "post": 9,
        "reply": 8,
        "repost": 15,
    }
    assert items.count(None) == 119
    assert [item for item in items if isinstance(item, Deleted)] == [
        Deleted("at://did:plc:4smmjsqf6l5jkzczvw6vsrqc/app.bsky.feed.post/3mpt73z3ejc2p")
    ]


def test_a_post_of_the_stream_is_read(sample):
    _, items = read(sample("samples/bluesky_jetstream_posts.jsonl"))
    post = by_id(items)["at://did:plc:tn3hni2jpphsgl6amfbb7ja6/app.bsky.feed.post/3mptbypfywk2v"]
    assert post["author"] == "did:plc:tn3hni2jpphsgl6amfbb7ja6"
    assert post["hashtags"] == ["HowToTellAiToShutUp", "IndieRebellion"]
    assert (post["lang"], post["created_at"]) == ("de", "2026-07-04T14:38:07.323Z")
    assert post["observed_at"] == 1783175888172335
    answer = by_id(items)["at://did:plc:u4lmvw4wwzaql3z5kcf3r7h4/app.bsky.feed.post/3mptbyoumc22i"]
    assert answer["kind"] == "reply"
    assert answer["reply_to_id"].endswith("3mptbyou7ls2i")
    assert answer["root_id"].endswith("3mptbyospqk2i")


def test_links_of_the_stream_are_whole_where_the_text_shows_a_part(sample):
    _, items = read(sample("samples/bluesky_jetstream_posts.jsonl"))
    assert items[0]["text"] == "www.youtube.com/watch?v=V5lD..."
    assert items[0]["urls"] == ["https://www.youtube.com/watch?v=V5lDo-jw8mA"]


def test_a_repost_of_the_stream_points_to_its_subject(sample):
    _, items = read(sample("samples/bluesky_jetstream_golden_v1.jsonl"))
    (repost,) = [post for post in posts_in(items) if post["kind"] == "repost"]
    assert (
        repost["repost_of_id"]
        == "at://did:plc:hjloomm2tkve3pmfgbxegl3v/app.bsky.feed.post/3mmood3a6hc25"
    )
    assert repost.get("text") is None


def test_facets_embeds_labels_and_edits_of_the_stream_are_read():
    _, (quote, edit, gone, like) = read(golden("bluesky_stream.ndjson"))
    assert (quote["kind"], quote["quote_of_id"]) == (
        "quote",
        "at://did:plc:bbbb/app.bsky.feed.post/q1",
    )
    assert (quote["mentions"], quote["hashtags"]) == (["did:plc:bbbb"], ["téa", "brunch"])
    assert quote["urls"] == ["https://example.org/caf%C3%A9", "https://example.org/card"]
    assert (quote["lang"], quote["sensitive"]) == ("pt", True)
    assert quote["created_at"] == "1999-01-01T00:00:00Z"  # the author's word
    assert quote.get("version") is None
    assert (edit["post_id"], edit["version"]) == (quote["post_id"], 1700000000000002)
    assert (edit["kind"], edit["quote_of_id"], edit["sensitive"]) == (
        "post",
        None,
        None,
    )  # a list is no post
    assert gone == Deleted("at://did:plc:someoneaaaa/app.bsky.feed.repost/r1")
    assert like is None


def test_pages_of_posts_have_counts_and_reposts():
    _, (first, second, repost) = read(golden("bluesky_feed.json"))
    assert (
        first["like_count"],
        first["repost_count"],
        first["reply_count"],
        first["quote_count"],
    ) == (3, 2, 1, 0)
    assert (first["sensitive"], second["quote_count"]) == (True, None)
    assert (repost["kind"], repost["author"]) == ("repost", "did:plc:bbbb")
    assert repost["repost_of_id"] == second["post_id"]


def test_single_posts_and_listed_records_are_read_as_pages_are():
    (page,) = golden("bluesky_feed.json")
    views = [entry["post"] for entry in page["feed"]]
    assert read(views)[1] == read([{"posts": views}])[1]
    listed = [{"uri": view["uri"], "cid": "c", "value": view["record"]} for view in views]
    assert [post["text"] for post in read(listed)[1]] == ["first", "second"]


def test_a_thread_gives_all_posts_above_and_below():
    _, items = read(golden("bluesky_thread.json"))
    assert sorted(post["text"] for post in posts_in(items)) == ["below", "middle", "top"]
    assert items.count(None) == 1  # a post that is gone


# Hacker News


def test_items_are_read_and_users_and_lists_skipped(sample):
    _, items = read(sample("samples/hackernews_items_from_docs.json"))
    assert [post["kind"] for post in posts_in(items)] == ["post", "comment", "post", "post", "post"]
    assert items.count(None) == 3  # an answer of a poll, a user, a list of changes
    story, comment = items[:2]
    assert (story["post_id"], story["score"], story["reply_count"]) == ("8863", 111, 71)
    assert story["urls"] == ["http://www.getdropbox.com/u/2/screencast.html"]
    assert (comment["reply_to_id"], comment["created_at"]) == ("2921506", 1314211127)
    assert comment["text"].split("\n")[1].startswith("Tell you what")


def test_deleted_and_dead_items_are_skipped():
    _, items = read(golden("hackernews.ndjson"))
    assert [post["post_id"] for post in posts_in(items)] == ["1", "2"]
    assert items[0]["title"] == "Fish & chips"
    assert items[1]["urls"] == ["https://example.org/a"]


# Zeeschuimer and 4CAT


@pytest.fixture(scope="module")
def captures():
    return by_id(read(golden("zeeschuimer.ndjson"))[1])


def test_captures_know_their_platform_and_when_they_were_seen(captures):
    assert Counter(post["platform"] for post in captures.values()) == {
        "x": 3, "tiktok": 2, "instagram": 2, "threads": 1, "truthsocial": 1, "gab": 1, "9gag": 1, "imgur": 1,
        "linkedin": 1, "douyin": 2, "pinterest": 2, "xiaohongshu": 3,
    }  # fmt: skip
    assert {post["observed_at"] for post in captures.values()} == {1700000500123}


def test_advertisements_streams_and_tombstones_are_skipped():
    assert read(golden("zeeschuimer.ndjson"))[1].count(None) == 3


def test_a_source_without_a_known_layout_is_refused():
    capture = golden("zeeschuimer.ndjson")[0] | {"source_platform": "example.org"}
    (shape,) = [shape for shape in SHAPES if shape.name == "Zeeschuimer captures"]
    with pytest.raises(ValueError, match=r"no layout is known for items of example\.org"):
        list(shape.read(capture))


def test_tweets_of_the_website_are_read(captures):
    long, retweet, answer = (captures[f"93000000000000000{number}"] for number in (1, 2, 4))
    assert (long["text"], long["hashtags"]) == ("The long version, all of it #Long", ["Long"])
    assert (long["author"], long["author_followers"], long["view_count"]) == ("501", 44, "1234")
    assert retweet["text"] == "RT @someone_two: What X cuts off in a retweet is here"
    assert (retweet["kind"], retweet["repost_of_id"]) == ("repost", "930000000000000003")
    assert retweet["urls"] == ["https://example.org/x"]
    assert (answer["kind"], answer["author"]) == ("reply", "502")


def test_videos_and_their_comments_are_read(captures):
    video, comment = captures["7100000000000000001"], captures["7200000000000000001"]
    assert (video["like_count"], video["view_count"], video["repost_count"]) == ("11", "401", "2")
    assert (video["hashtags"], video["mentions"]) == (["fun"], ["6800000000000000002"])
    assert (video["sensitive"], video["lang"]) == (True, "en")
    assert (comment["kind"], comment["reply_to_id"]) == ("comment", video["post_id"])
    douyin = captures["7300000000000000001"]
    assert (douyin["like_count"], douyin["view_count"], douyin["hashtags"]) == (50, None, ["海"])
    assert captures["7300000000000000002"]["author"] == "9002"


def test_both_forms_of_instagram_give_the_same_author(captures):
    graph, listed = captures["Cgraph01"], captures["Clist0001"]
    assert graph["author"] == listed["author"] == "3001"
    assert (graph["like_count"], graph["text"], graph["place_name"]) == (21, "sunset #sky", "Porto")
    assert (listed["like_count"], listed["reply_count"]) == (None, 1)  # likes hidden by the author
    assert listed[EXTRA]["media_types"] == "photo, video"


def test_threads_gives_the_address_behind_its_redirect(captures):
    post = captures["Cthread01"]
    assert post["urls"] == ["https://example.org/t"]
    assert (post["kind"], post["quote_of_id"]) == ("quote", "Cquoted01")
    assert (post["reply_count"], post["repost_count"], post["quote_count"]) == (1, 2, 3)


def test_plain_text_of_truth_social_is_not_taken_for_markup(captures):
    post = captures["114"]
    assert post["text"] == "2 < 3 and more https://example.org/q"
    assert (post["community"], post["quote_of_id"]) == ("Numbers", "113")


def test_the_time_of_a_linkedin_post_is_in_its_id(captures):
    post = captures["6960882777168695296"]
    assert post["created_at"] == 1659603781025  # milliseconds: 2022-08-04
    assert (post["author"], post["like_count"]) == ("company/someone-gmbh", 12)
    assert (post["hashtags"], post["urls"]) == (
        ["jobs"],
        ["https://example.org/article", "https://example.org/j"],
    )


def test_other_boards_are_read(captures):
    assert (captures["aBc1234"]["title"], captures["aBc1234"]["score"]) == ("It's fine", 26)
    assert (captures["im1"]["score"], captures["im1"]["view_count"]) == (7, 100)
    assert (captures["121"]["author"], captures["121"]["community"]) == ("71", "Gardeners")
    assert (captures["88"]["text"], captures["88"]["community"]) == ("for books", "Home")
    assert (captures["89"]["text"], captures["89"].get("author")) == ("from a page", None)


def test_rounded_counts_of_xiaohongshu_are_numbers_and_open_ones_unknown(captures):
    assert (captures["65aa"]["like_count"], captures["65aa"]["reply_count"]) == (12_000, None)
    assert (captures["66aa"]["like_count"], captures["66aa"]["created_at"]) == (8, 1700000006000)
    assert captures["67cc"]["reply_to_id"] == "66aa"


def test_raw_items_of_4cat_read_as_captures_do():
    _, (post,) = read(golden("fourcat_raw.ndjson"))
    assert (post["platform"], post["author"], post["view_count"]) == (
        "tiktok",
        "6800000000000000001",
        9,
    )
    assert post["observed_at"] == 1700000200000


def test_items_of_4cat_are_read_by_their_columns():
    _, (first, second) = read(golden("fourcat_items.ndjson"))
    assert (first["post_id"], first["author"], first["created_at"]) == (
        "C0de_1",
        "someone_runs",
        1700000000,
    )
    assert (first["like_count"], first["reply_count"], first["hashtags"]) == (12, 3, ["sea"])
    assert first["reply_to_id"] is None  # its own id
    assert first[EXTRA] == {"type": "photo", "num_media": "1"}
    assert (second["author"], second["is_repost"], second["sensitive"]) == ("77", True, False)
    assert (second["reply_to_id"], second["root_id"], second["view_count"]) == ("41", "41", None)
    assert second["urls"] == ["https://example.org/1", "https://example.org/2"]
