"""Posts of X's second programming interface: its pages, streams, and tweets flattened by twarc."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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

RETWEET = re.compile(r"RT @\w+: ")
# The author's own photo or video, which X lists among the links with the author's handle in it.
_OWN_MEDIA = re.compile(r"https?://(?:www\.)?(?:twitter|x)\.com/\w+/status/\d+/(?:photo|video)/\d+")
# What X shows in place of a tweet that it withholds where the search was made.
_PLACEHOLDER = re.compile(
    r"(?:RT @\w+: )?(?:@\w+'s account|This (?:Tweet|Post) from @\w+) has been withheld in "
)
_EXTRA = ("source", "reply_settings")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a page says about the things its tweets point to."""

    users: dict[str, Json]
    ids: dict[str, str]  # of accounts, by handle in lower case
    tweets: dict[str, Json]
    media: dict[str, Json]
    places: dict[str, Json]
    observed_at: str | None
    rules: list[str]


def _matches_page(record: Json) -> bool:
    data = record.get("data")
    if data is None:
        empty = "__twarc" in record or isinstance(record.get("includes"), dict)
        return empty and "errors" in record
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict):
        return "result_count" in inner(record, "meta")
    described = isinstance(first.get("text"), str) or isinstance(first.get("username"), str)
    return "tweet_count" in first or (described and str(first.get("id", "")).isdigit())


def _matches_flat(record: Json) -> bool:
    return isinstance(record.get("text"), str) and (
        ("__twarc" in record and "id" in record)
        or ("author_id" in record and ("public_metrics" in record or "conversation_id" in record))
    )


def _read_page(record: Json) -> Iterator[Fields | Deleted | None]:
    data = record.get("data")
    entries = data if isinstance(data, list) else [data]
    known = _known_of_page(record)
    for entry in entries or [None]:
        yield _post(entry, known) if isinstance(entry, dict) and _is_tweet(entry) else None


def _read_flat(record: Json) -> Iterator[Fields | Deleted | None]:
    if not _is_tweet(record):
        yield None
        return
    known = _Known(
        users={str(record.get("author_id")): inner(record, "author")},
        ids={},  # mentions have theirs
        tweets=_by(mappings(record.get("referenced_tweets")), "id"),
        media=_by(mappings(inner(record, "attachments").get("media")), "media_key"),
        places=_by([inner(record, "geo")], "place_id"),
        observed_at=words(inner(record, "__twarc").get("retrieved_at")),
        rules=_rules(record),
    )
    yield _post(record, known)


def _known_of_page(page: Json) -> _Known:
    includes = inner(page, "includes")
    users = _by(mappings(includes.get("users")), "id")
    return _Known(
        users=users,
        ids={str(user.get("username")).lower(): user_id for user_id, user in users.items()},
        tweets=_by(mappings(includes.get("tweets")), "id"),
        media=_by(mappings(includes.get("media")), "media_key"),
        places=_by(mappings(includes.get("places")), "id"),
        observed_at=words(inner(page, "__twarc").get("retrieved_at")),
        rules=_rules(page),
    )


def _rules(record: Json) -> list[str]:
    return unique(rule.get("tag") for rule in mappings(record.get("matching_rules"))) or []


def _by(things: Iterable[Json], name: str) -> dict[str, Json]:
    return {str(thing[name]): thing for thing in things if name in thing}


def _is_tweet(entry: Json) -> bool:
    """Tell tweets from users, counts and what stands in place of a withheld tweet."""
    text = entry.get("text")
    if not isinstance(text, str) or "id" not in entry:
        return False
    return "withheld" not in entry or _PLACEHOLDER.match(text) is None


def _post(tweet: Json, known: _Known) -> Fields:
    post_id = str(tweet["id"])
    pointed = {
        str(each.get("type")): each.get("id") for each in mappings(tweet.get("referenced_tweets"))
    }
    original = known.tweets.get(str(pointed.get("retweeted")), {})
    text = _completed(_text(tweet), _text(original) if "text" in original else None)
    entities = [_entities(tweet)]
    if text != _text(tweet):
        entities.append(_entities(original))
    author = as_id(tweet.get("author_id"))
    metrics = inner(tweet, "public_metrics")
    links = _every(entities, "urls")
    return {
        "post_id": post_id,
        "text": unescaped(text),
        "created_at": tweet.get("created_at"),
        "author": author,
        "lang": tweet.get("lang"),
        "kind": _kind(tweet, pointed),
        # This form of the address does without the author's handle.
        "url": f"https://x.com/i/web/status/{post_id}",
        "reply_to_id": as_id(pointed.get("replied_to")),
        "root_id": as_id(tweet.get("conversation_id")),
        "repost_of_id": as_id(pointed.get("retweeted")),
        "quote_of_id": as_id(pointed.get("quoted")),
        "hashtags": unique(tag.get("tag") for tag in _every(entities, "hashtags")),
        "mentions": unique(_account(one, known.ids) for one in _every(entities, "mentions")),
        "urls": outward(links, post_id),
        "like_count": metrics.get("like_count"),
        "repost_count": metrics.get("retweet_count"),
        "reply_count": metrics.get("reply_count"),
        "quote_count": metrics.get("quote_count"),
        # Retweets and tweets from before the counter (December 2022) are given with 0 views.
        "view_count": metrics.get("impression_count") or None,
        "author_followers": _followers(known.users.get(author or "", {})),
        "sensitive": tweet.get("possibly_sensitive"),
        "place_name": _place(tweet, known),
        "observed_at": known.observed_at,
        "extra": _extra(tweet, known, entities),
    }


def _followers(user: Json) -> Any:
    return inner(user, "public_metrics").get("followers_count")


def _kind(tweet: Json, pointed: Json) -> str:
    # Who did not ask X for `referenced_tweets` has only the text to go by.
    if "retweeted" in pointed or (not pointed and RETWEET.match(tweet["text"])):
        return "repost"
    if "replied_to" in pointed:
        return "reply"
    return "quote" if "quoted" in pointed else "post"


def _text(tweet: Json) -> str:
    """Long posts have their whole text beside the first 280 characters."""
    return words(inner(tweet, "note_tweet").get("text")) or str(tweet.get("text", ""))


def _entities(tweet: Json) -> Json:
    return inner(tweet, "note_tweet", "entities") or inner(tweet, "entities")


def _every(entities: list[Json], name: str) -> list[Json]:
    return [each for part in entities for each in mappings(part.get(name))]


def _completed(text: str, original: str | None) -> str:
    """Give the text of a retweet, which X cuts off, with the whole of the original behind "RT @x: "."""
    start = RETWEET.match(text)
    if start is None or not original or not text.endswith("…"):
        return text
    return start.group() + original


def outward(links: Iterable[Json], post_id: str) -> list[str] | None:
    """Give the full addresses of links, without those of the post itself and of its own pictures.

    Parameters
    ----------
    links
        Links as both interfaces of X describe them.
    post_id
        The post they stand in.
    """
    found = (
        words(link.get("expanded_url")) or words(link.get("url"))
        for link in links
        if "media_key" not in link
    )
    own = f"/web/status/{post_id}"
    return unique(
        address
        for address in found
        if address and not (_OWN_MEDIA.match(address) or own in address)
    )


def _account(mention: Json, ids: Mapping[str, str]) -> str | None:
    handle = (words(mention.get("username")) or "").lower()
    return as_id(mention.get("id")) or ids.get(handle) or handle or None


def _place(tweet: Json, known: _Known) -> str | None:
    place = known.places.get(str(inner(tweet, "geo").get("place_id")), {})
    return words(place.get("full_name")) or words(place.get("name"))


def _extra(tweet: Json, known: _Known, entities: list[Json]) -> dict[str, str]:
    history = tweet.get("edit_history_tweet_ids")
    keys = inner(tweet, "attachments").get("media_keys") or []
    author = known.users.get(str(tweet.get("author_id")), {})
    return kept(tweet, _EXTRA) | noted(
        # Every edit has an id of its own at X; a single entry is the post itself.
        edit_history_tweet_ids=history if isinstance(history, list) and len(history) > 1 else None,
        media_types=unique(known.media.get(str(key), {}).get("type") for key in keys),
        cashtags=unique(tag.get("tag") for tag in _every(entities, "cashtags")),
        bookmark_count=inner(tweet, "public_metrics").get("bookmark_count"),
        withheld_in=inner(tweet, "withheld").get("country_codes"),
        matching_rules=known.rules,
        author_verified=author.get("verified"),
    )


PAGES = Shape("X API v2 pages", "x", _matches_page, _read_page)
FLAT = Shape("X API v2 tweets, one a line", "x", _matches_flat, _read_flat)
