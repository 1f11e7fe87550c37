"""Mastodon and its kin: statuses of the programming interface, and ActivityPub archives."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from murmuration.collect.raw import Deleted, Fields, Shape
from murmuration.collect.shapes.parts import (
    Json,
    as_id,
    inner,
    kept,
    mappings,
    noted,
    one_of,
    unique,
    words,
)
from murmuration.text.markup import html_links, html_to_text

_PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_ACTIVITIES = frozenset(
    {"Create", "Update", "Announce", "Delete", "Like", "Follow", "Undo", "Add", "Remove"}
)
_NOTES = frozenset({"Note", "Question", "Article", "Page", "Image", "Video", "Audio", "Event"})
_COLLECTIONS = frozenset({"OrderedCollection", "OrderedCollectionPage"})
_LISTS = ("statuses", "ancestors", "descendants")


def _matches_status(record: Json) -> bool:
    if _is_status(record) or isinstance(inner(record, "last_status").get("uri"), str):
        return True
    if "event" in record and "payload" in record:
        return True
    return any(_is_status(status) for name in _LISTS for status in mappings(record.get(name))[:1])


def _is_status(record: Json) -> bool:
    return (
        isinstance(record.get("account"), dict)
        and isinstance(record.get("content"), str)
        and ("reblogs_count" in record or "visibility" in record)
    )


def _read_statuses(record: Json) -> Iterator[Fields | Deleted | None]:
    if any(name in record for name in _LISTS):
        for name in _LISTS:
            for status in mappings(record.get(name)):
                yield read_status(status)
    elif "payload" in record:
        yield _event(record)
    else:
        yield read_status(record) if "content" in record else None


def _event(record: Json) -> Fields | None:
    # A "delete" names the post by the id that it has on one instance, and not which instance.
    if record.get("event") not in {"update", "status.update"}:
        return None
    payload = record["payload"]
    return read_status(json.loads(payload) if isinstance(payload, str) else payload)


def read_status(status: Json) -> Fields | None:
    """Give the raw fields of a status of Mastodon's programming interface.

    Parameters
    ----------
    status
        The status.

    Returns
    -------
    dict or None
        None for a direct message, which is a letter and no post.

    Raises
    ------
    KeyError
        If it has no id or no content.
    """
    if status.get("visibility") == "direct":
        return None
    account, reblog = inner(status, "account"), inner(status, "reblog")
    said = reblog or status
    source = str(said["content"] or "")
    quote = inner(said, "quote")
    return {
        "post_id": _global_id(status) or str(status["id"]),
        "text": html_to_text(source) or None,
        "title": words(said.get("spoiler_text")),
        "created_at": status.get("created_at"),
        "author": account_key(account),
        "lang": status.get("language") or said.get("language"),
        "kind": _kind(status, quote),
        "url": words(status.get("url")) or words(status.get("uri")),
        "reply_to_id": as_id(status.get("in_reply_to_id")),
        "repost_of_id": _global_id(reblog),
        "quote_of_id": _global_id(inner(quote, "quoted_status")) or _quoted_id(said, quote),
        "hashtags": unique(tag.get("name") for tag in mappings(said.get("tags"))),
        "mentions": unique(account_key(mention) for mention in mappings(said.get("mentions"))),
        "urls": unique([*html_links(source), inner(said, "card").get("url")]),
        "like_count": status.get("favourites_count"),
        "repost_count": status.get("reblogs_count"),
        "reply_count": status.get("replies_count"),
        "quote_count": status.get("quotes_count"),
        "author_followers": account.get("followers_count"),
        "sensitive": said.get("sensitive"),
        "version": status.get("edited_at"),
        "extra": _extra(status, said, account),
    }


def account_key(account: Json) -> str | None:
    """Give one id for an account wherever it was seen from, `name@host` in lower case.

    An account's `id` counts on one instance only, `acct` lacks the host on its own instance, `uri` is
    missing from mentions and from servers before 4.2, and an archive has `uri` alone. The name and
    the host of the profile's address are in all of them.

    Parameters
    ----------
    account
        An account or a mention.
    """
    name = words(account.get("username")) or (words(account.get("acct")) or "").partition("@")[0]
    host = _host(account.get("url")) or _host(account.get("uri"))
    if name and host:
        return f"{name}@{host}".lower()
    return as_id(account.get("id")) or (words(account.get("acct")) or "").lower() or None


def _host(address: object) -> str | None:
    try:
        return urlsplit(address).netloc or None if isinstance(address, str) else None
    except ValueError:  # brackets that are no IPv6 address
        return None


def _global_id(status: Json) -> str | None:
    """Prefer the `uri`: the same post has another `id` on every instance."""
    return words(status.get("uri")) or as_id(status.get("id"))


def _quoted_id(status: Json, quote: Json) -> str | None:
    # Mastodon has the id within the quote, Pleroma and Truth Social beside it.
    return (
        as_id(quote.get("quoted_status_id")) or as_id(status.get("quote_id")) or _global_id(quote)
    )


def _kind(status: Json, quote: Json) -> str:
    if inner(status, "reblog"):
        return "repost"
    if as_id(status.get("in_reply_to_id")):
        return "reply"
    return "quote" if quote or as_id(status.get("quote_id")) else "post"


def _extra(status: Json, said: Json, account: Json) -> dict[str, str]:
    return kept(status, ("visibility",)) | noted(
        source=inner(status, "application").get("name"),
        # What `reply_to_id` of answers seen on the same instance holds.
        id_on_instance=as_id(status.get("id")) if words(status.get("uri")) else None,
        media_types=unique(media.get("type") for media in mappings(said.get("media_attachments"))),
        card_title=words(inner(said, "card").get("title")),
        poll_options=unique(
            each.get("title") for each in mappings(inner(said, "poll").get("options"))
        ),
        author_bot=account.get("bot"),
    )


def _matches_activity(record: Json) -> bool:
    first = (mappings(record.get("orderedItems")) or [record])[0]
    if one_of(record.get("type"), _COLLECTIONS):
        return isinstance(record.get("orderedItems"), list)
    return (one_of(first.get("type"), _ACTIVITIES) and "actor" in first) or _is_note(first)


def _is_note(record: Json) -> bool:
    return one_of(record.get("type"), _NOTES) and "attributedTo" in record


def _read_activities(record: Json) -> Iterator[Fields | Deleted | None]:
    items = record.get("orderedItems")
    for activity in mappings(items) if isinstance(items, list) else [record]:
        yield _activity(activity)


def _activity(activity: Json) -> Fields | Deleted | None:
    kind, thing = activity.get("type"), inner(activity, "object")
    if _is_note(activity):
        return _note(activity, activity)
    if kind in {"Create", "Update"} and one_of(thing.get("type"), _NOTES):
        return _note(thing, activity)
    if kind == "Announce":
        return _announce(activity, thing)
    gone = words(activity.get("object")) or words(thing.get("id"))
    taken_back = kind == "Delete" or (kind == "Undo" and thing.get("type") == "Announce")
    # An actor who deletes itself is an account, not a post.
    return Deleted(gone) if taken_back and gone and gone != activity.get("actor") else None


def _announce(activity: Json, thing: Json) -> Fields:
    return {
        "post_id": str(activity["id"]),
        "text": html_to_text(words(thing.get("content")) or "") or None,
        "created_at": activity.get("published"),
        "author": _actor_key(activity.get("actor")),
        "kind": "repost",
        "repost_of_id": words(activity.get("object")) or words(thing.get("id")),
    }


def _note(note: Json, activity: Json) -> Fields | None:
    if not _is_public(note, activity):
        return None
    source = words(note.get("content")) or ""
    tags = mappings(note.get("tag"))
    quoted = next(
        (words(note[name]) for name in ("quote", "quoteUri", "quoteUrl") if name in note), None
    )
    answered = words(note.get("inReplyTo"))
    return {
        "post_id": str(note["id"]),
        "text": html_to_text(source) or None,
        "title": words(note.get("name")) or words(note.get("summary")),
        "created_at": note.get("published") or activity.get("published"),
        "author": _actor_key(note.get("attributedTo")) or _actor_key(activity.get("actor")),
        "lang": next(iter(inner(note, "contentMap")), None),
        "kind": _note_kind(note, answered, quoted),
        "url": words(note.get("url")) or str(note["id"]),
        "reply_to_id": answered,
        "quote_of_id": quoted,
        "hashtags": unique(
            str(tag.get("name", "")).lstrip("#") for tag in tags if tag.get("type") == "Hashtag"
        ),
        "mentions": unique(
            _actor_key(tag.get("href")) for tag in tags if tag.get("type") == "Mention"
        ),
        "urls": unique(html_links(source)),
        "like_count": inner(note, "likes").get("totalItems"),
        "repost_count": inner(note, "shares").get("totalItems"),
        "reply_count": inner(note, "replies").get("totalItems"),
        "sensitive": note.get("sensitive"),
        "version": note.get("updated"),
        "extra": noted(
            media_types=unique(each.get("mediaType") for each in mappings(note.get("attachment")))
        ),
    }


def _note_kind(note: Json, answered: str | None, quoted: str | None) -> str:
    if answered:
        return "reply"
    if quoted:
        return "quote"
    return "article" if note.get("type") == "Article" else "post"


def _is_public(note: Json, activity: Json) -> bool:
    """Tell posts, for everyone or for followers, from letters to a few."""
    if note.get("directMessage") is True:
        return False
    to = [
        address
        for each in (note, activity)
        for name in ("to", "cc")
        for address in _several(each.get(name))
    ]
    return not to or any(address in _PUBLIC or address.endswith("/followers") for address in to)


def _several(value: object) -> list[str]:
    return (
        [each for each in value if isinstance(each, str)]
        if isinstance(value, list)
        else [str(value or "")]
    )


def _actor_key(actor: object) -> str | None:
    """Give the id that `account_key` gives, from an address such as `https://host/users/name`."""
    address = words(actor.get("id")) if isinstance(actor, dict) else words(actor)
    host = _host(address)
    if not address or not host:
        return address
    name = urlsplit(address).path.rstrip("/").rpartition("/")[2].removeprefix("@")
    return f"{name}@{host}".lower() if name else address


STATUSES = Shape("Mastodon statuses", "mastodon", _matches_status, _read_statuses)
ACTIVITIES = Shape(
    "ActivityPub activities (Mastodon archive)", "mastodon", _matches_activity, _read_activities
)
