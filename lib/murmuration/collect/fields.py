"""Raw fields: what a file may say about a post, and under which column names it usually does.

A reader gives raw fields in whatever type the file has; `murmuration.collect.normalise` turns them
into the columns of `posts`.
"""

import re
from collections.abc import Mapping, Sequence

from murmuration.errors import ParamError, suggest

# Field -> names of columns in usual exports, best first. Names are compared in lower case with
# everything but letters and digits as one underscore, so "Public Metrics.like_count" also fits.
ALIASES: dict[str, tuple[str, ...]] = {
    "post_id": (
        "post_id", "tweet_id", "status_id", "id_str", "tweetid", "statusid", "message_id",
        "comment_id", "item_id", "id", "guid", "uri", "row_id",
    ),
    "text": (
        "text", "full_text", "tweet_text", "post_text", "tweet", "content", "body", "message",
        "status_text", "comment_text", "comment", "selftext", "caption", "post", "description",
    ),
    "title": ("title", "subject", "headline", "spoiler_text"),
    "created_at": (
        "created_at", "created_utc", "created", "tweet_created", "tweet_created_at", "published_at",
        "publish_date", "published", "posted_at", "post_date", "date_created", "creation_date",
        "create_time", "created_time", "createtime", "tweet_date", "timestamp", "unix_timestamp",
        "datetime", "date_utc", "date_time", "date", "time",
    ),
    "author": (
        "author_id", "user_id", "userid", "author_fullname", "author_key", "author", "user_id_str",
        "username", "user_name", "screen_name", "user_screen_name", "author_username", "handle",
        "user_handle", "author_name", "account", "user", "from_user", "from_id", "from", "by",
        "channel_id", "name",
    ),
    "lang": ("lang", "language", "tweet_lang", "language_code"),
    "platform": ("platform", "source_platform", "network"),
    "kind": ("kind", "post_type", "tweet_type", "type"),
    "is_repost": ("is_retweet", "is_repost", "retweet", "is_reblog"),
    "url": ("url", "post_url", "tweet_url", "full_link", "permalink", "link", "status_url"),
    "community": ("community", "subreddit", "group_name", "group", "page_name", "channel_name", "board", "forum"),
    "reply_to_id": (
        "reply_to_id", "in_reply_to_status_id_str", "in_reply_to_status_id", "in_reply_to_id",
        "in_reply_to_tweet_id", "referenced_tweets_replied_to_id", "replied_to_id", "parent_id",
    ),
    "root_id": ("root_id", "conversation_id", "conversation_id_str", "thread_id", "link_id"),
    "repost_of_id": (
        "repost_of_id", "retweeted_status_id_str", "retweeted_status_id",
        "referenced_tweets_retweeted_id", "retweeted_id", "reblog_of_id",
    ),
    "quote_of_id": (
        "quote_of_id", "quoted_status_id_str", "quoted_status_id", "referenced_tweets_quoted_id",
        "quoted_id",
    ),
    "hashtags": ("hashtags", "tags", "entities_hashtags"),
    "mentions": ("mentions", "mention_keys", "user_mentions", "entities_mentions"),
    "urls": ("urls", "entities_urls", "outlinks"),
    "like_count": (
        "like_count", "public_metrics_like_count", "favorite_count", "favourite_count",
        "favourites_count", "favorites_count", "likes_count", "likes", "favorites", "num_likes",
        "digg_count", "nlikes",
    ),
    "repost_count": (
        "repost_count", "retweet_count", "public_metrics_retweet_count", "reblogs_count",
        "retweets_count", "reposts_count", "retweets", "reposts", "share_count", "shares_count",
        "shares", "num_retweets", "nretweets",
    ),
    "reply_count": (
        "reply_count", "public_metrics_reply_count", "replies_count", "num_comments",
        "comment_count", "comments_count", "replies", "comments", "nreplies",
    ),
    "quote_count": ("quote_count", "public_metrics_quote_count", "quotes_count", "quotes"),
    "view_count": (
        "view_count", "public_metrics_impression_count", "views_count", "impression_count",
        "impressions", "views", "play_count", "num_views",
    ),
    "score": ("score", "points"),
    "author_followers": (
        "author_followers", "followers_count", "author_public_metrics_followers_count",
        "user_followers_count", "user_followers", "follower_count", "followers",
    ),
    "sensitive": ("sensitive", "possibly_sensitive", "over_18", "nsfw"),
    "place_name": ("place_name", "geo_full_name", "place", "tweet_location", "user_location", "location"),
    "version": ("version", "edited_at", "edited_utc", "updated_at"),
    "observed_at": (
        "observed_at", "retrieved_at", "retrieved_on", "retrieved_utc", "timestamp_collected",
        "collected_at", "harvested_date", "scraped_at",
    ),
}  # fmt: skip

# What people may write on the left of --map besides the field itself.
_SHORT = {"id": "post_id", "time": "created_at", "user": "author", "language": "lang"}

EXTRA = "extra"


def plain_name(name: str) -> str:
    """Give a column name in the form that aliases are compared in."""
    return re.sub(r"[^0-9a-z]+", "_", name.strip().casefold()).strip("_")


def plain_names(name: str) -> list[str]:
    """Give the forms of a column name that aliases are compared in: `likeCount` is also `like_count`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return list(dict.fromkeys((plain_name(name), plain_name(words))))


def check_mapping(mapping: Mapping[str, str]) -> dict[str, str]:
    """Give a mapping of field to column with the fields' full names.

    Raises
    ------
    ParamError
        If a field does not exist; says the nearest one.
    """
    found = {}
    for name, column in mapping.items():
        field = _SHORT.get(name, name)
        if field not in ALIASES:
            raise ParamError(
                f"--map {name}={column}: there is no field {name!r}.{suggest(name, [*ALIASES, *_SHORT])}"
            )
        found[field] = column
    return found


def find_mapping(columns: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Say which column holds which field.

    Parameters
    ----------
    columns
        Names in the file.
    given
        Field to column, from the command line or the catalog; an empty column leaves the field out.

    Returns
    -------
    dict
        Field to column; a field that is nowhere is left out.

    Raises
    ------
    ParamError
        If a given column is not in the file, or two columns of one name would be read.
    """
    found = {}
    for field, column in given.items():
        if column and column not in columns:
            raise ParamError(
                f"--map {field}={column}: the file has no column {column!r}.{suggest(column, columns)}"
            )
        found[field] = column
    taken = set(found.values())
    by_plain: dict[str, str] = {}
    for form in (0, -1):  # as it stands, then with its words apart
        for column in columns:
            by_plain.setdefault(plain_names(column)[form], column)
    for field, aliases in ALIASES.items():
        if field in found:
            continue
        for alias in aliases:
            column = by_plain.get(alias, "")
            if column and column not in taken:
                found[field] = column
                taken.add(column)
                break
    mapped = {field: column for field, column in found.items() if column}
    for field, column in mapped.items():
        if list(columns).count(column) > 1:
            places = [str(i) for i, name in enumerate(columns, 1) if name == column]
            raise ParamError(
                f"Columns {' and '.join(places)} are both called {column!r}, so it is unclear which "
                f"holds {field}. Rename one of them in the file's first line."
            )
    return mapped
