"""Tweets of X's first programming interface, and of its website, which still holds them inside."""

import re
from collections.abc import Iterator

from murmuration.collect.raw import Deleted, Fields, Shape
from murmuration.collect.shapes.parts import (
    Json,
    as_id,
    inner,
    kept,
    mappings,
    noted,
    unescaped,
    unique,
    words,
)
from murmuration.collect.shapes.x import RETWEET, outward
from murmuration.text.markup import html_to_text

_SOURCE = re.compile(r"<a [^<>]*>([^<>]*)</a>")
_MESSAGES = (
    "delete",
    "limit",
    "status_withheld",
    "user_withheld",
    "scrub_geo",
    "disconnect",
    "warning",
)


def _matches(record: Json) -> bool:
    if isinstance(record.get("statuses"), list) and "search_metadata" in record:
        return True
    if len(record) == 1 and any(name in record for name in _MESSAGES):
        return isinstance(next(iter(record.values())), dict)
    return (
        isinstance(record.get("user"), dict)
        and ("full_text" in record or "text" in record)
        and ("retweet_count" in record or "entities" in record)
        and ("id_str" in record or "id" in record)
    )


def _read(record: Json) -> Iterator[Fields | Deleted | None]:
    if "statuses" in record:
        for tweet in mappings(record["statuses"]):
            yield read_tweet(tweet)
    elif "user" in record:
        yield read_tweet(record)
    else:
        gone = as_id(inner(record, "delete", "status").get("id_str"))
        yield Deleted(gone) if gone else None


def read_tweet(tweet: Json) -> Fields:
    """Give the raw fields of a tweet of the first programming interface.

    Parameters
    ----------
    tweet
        The tweet; `view_count` may be added to it.

    Raises
    ------
    KeyError
        If it has no id.
    """
    post_id = as_id(tweet.get("id_str")) or str(tweet["id"])
    user, original = inner(tweet, "user"), inner(tweet, "retweeted_status")
    # The entities of a retweet end where its text was cut off.
    entities = _entities(original or tweet)
    mentioned = [
        *mappings(_entities(tweet).get("user_mentions")),
        *mappings(entities.get("user_mentions")),
    ]
    return {
        "post_id": post_id,
        "text": unescaped(_text(tweet, original)),
        "created_at": tweet.get("created_at"),
        "author": _account(user),
        "lang": tweet.get("lang"),
        "kind": _kind(tweet),
        "url": f"https://x.com/i/web/status/{post_id}",
        "reply_to_id": _id(tweet, "in_reply_to_status_id"),
        "root_id": _id(tweet, "conversation_id"),
        "repost_of_id": _id(original, "id"),
        "quote_of_id": _id(tweet, "quoted_status_id"),
        "hashtags": unique(tag.get("text") for tag in mappings(entities.get("hashtags"))),
        "mentions": unique(_account(each) for each in mentioned),
        "urls": outward(mappings(entities.get("urls")), post_id),
        "like_count": tweet.get("favorite_count"),
        "repost_count": tweet.get("retweet_count"),
        "reply_count": tweet.get("reply_count"),
        "quote_count": tweet.get("quote_count"),
        "view_count": as_id(tweet.get("view_count")),
        "author_followers": user.get("followers_count"),
        "sensitive": tweet.get("possibly_sensitive"),
        "place_name": words(inner(tweet, "place").get("full_name")),
        "extra": _extra(tweet, user, entities),
    }


def _id(record: Json, name: str) -> str | None:
    """Prefer the id as text: readers of JavaScript round the number."""
    return as_id(record.get(f"{name}_str")) or as_id(record.get(name))


def _account(user: Json) -> str | None:
    return _id(user, "id") or (words(user.get("screen_name")) or "").lower() or None


def _kind(tweet: Json) -> str:
    if inner(tweet, "retweeted_status"):
        return "repost"
    if _id(tweet, "in_reply_to_status_id"):
        return "reply"
    return "quote" if _id(tweet, "quoted_status_id") else "post"


def _own_text(tweet: Json) -> str | None:
    return (
        words(inner(tweet, "extended_tweet").get("full_text"))
        or words(tweet.get("full_text"))
        or words(tweet.get("text"))
    )


def _text(tweet: Json, original: Json) -> str | None:
    text = _own_text(tweet)
    whole = _own_text(original)
    if not whole:
        return text
    start = RETWEET.match(text or "")
    handle = words(inner(original, "user").get("screen_name"))
    return (start.group() if start else f"RT @{handle}: " if handle else "") + whole


def _entities(tweet: Json) -> Json:
    return inner(tweet, "extended_tweet", "entities") or inner(tweet, "entities")


def _extra(tweet: Json, user: Json, entities: Json) -> dict[str, str]:
    source = words(tweet.get("source"))
    link = _SOURCE.fullmatch(source) if source else None
    media = inner(tweet, "extended_tweet", "extended_entities") or inner(tweet, "extended_entities")
    history = inner(tweet, "edit_history").get("edit_tweet_ids")
    return kept(tweet, ("bookmark_count", "promoted")) | noted(
        source=html_to_text(link[1]) if link else source,
        edit_history_tweet_ids=history if isinstance(history, list) and len(history) > 1 else None,
        media_types=unique(each.get("type") for each in mappings(media.get("media"))),
        cashtags=unique(tag.get("text") for tag in mappings(entities.get("symbols"))),
        withheld_in=tweet.get("withheld_in_countries"),
        author_verified=user.get("verified"),
    )


def read_website_tweet(result: Json) -> Fields | None:
    """Give the raw fields of a tweet as X's website loads it; None for what stands in for a hidden one.

    Parameters
    ----------
    result
        A result of its GraphQL interface, or an older "adaptive" one with `legacy` and `user`.
    """
    tweet = _unwrapped(result)
    if not inner(tweet, "legacy"):
        return None
    return read_tweet(
        _as_legacy(tweet, original=inner(tweet, "legacy", "retweeted_status_result", "result"))
    )


def _unwrapped(result: Json) -> Json:
    """Tweets with limited visibility are nested once more."""
    return inner(result, "tweet") or result


def _as_legacy(tweet: Json, *, original: Json) -> Json:
    legacy = inner(tweet, "legacy")
    user = inner(tweet, "core", "user_results", "result") or inner(tweet, "user")
    note = inner(tweet, "note_tweet", "note_tweet_results", "result")
    text = words(note.get("text"))
    whole = {
        **legacy,
        "id_str": as_id(tweet.get("rest_id")) or legacy.get("id_str"),
        "user": {
            **inner(user, "core"),
            **user,
            **inner(user, "legacy"),
            "id_str": legacy.get("user_id_str"),
        },
        "view_count": (inner(tweet, "views") or inner(tweet, "ext_views")).get("count"),
        "source": tweet.get("source") or legacy.get("source"),
        "promoted": tweet.get("promoted"),
        "edit_history": inner(tweet, "edit_control"),
    }
    if text:
        whole["extended_tweet"] = {"full_text": text, "entities": inner(note, "entity_set")}
    if original:
        whole["retweeted_status"] = _as_legacy(_unwrapped(original), original={})
    return whole


TWEETS = Shape("X API v1.1 tweets", "x", _matches, _read)
