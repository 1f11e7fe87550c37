"""Bluesky: the Jetstream, and pages of posts from its programming interface."""

from collections.abc import Iterator

from murmuration.collect.raw import Deleted, Fields, Shape
from murmuration.collect.shapes.parts import Json, inner, mappings, noted, one_of, unique, words

_POST, _REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
_EVENTS = frozenset({"commit", "identity", "account"})
# https://github.com/bluesky-social/atproto, com.atproto.label.defs: labels that hide a picture or a post.
_SENSITIVE = frozenset({"porn", "sexual", "nudity", "nsfl", "gore", "graphic-media"})
_DEFS = "app.bsky.feed.defs#"


def _matches_stream(record: Json) -> bool:
    return "did" in record and "time_us" in record and one_of(record.get("kind"), _EVENTS)


def _read_stream(record: Json) -> Iterator[Fields | Deleted | None]:
    commit = inner(record, "commit")
    if commit.get("collection") not in {_POST, _REPOST}:
        yield None
        return
    uri = f"at://{record['did']}/{commit['collection']}/{commit['rkey']}"
    if commit["operation"] == "delete":
        yield Deleted(uri)
        return
    fields = _of_record(uri, commit["record"])
    fields["observed_at"] = record["time_us"]
    if commit["operation"] == "update":
        fields["version"] = record["time_us"]
    yield fields


def _of_record(uri: str, record: Json) -> Fields:
    """Give what a post's or repost's record says; times are the author's word, checked by nobody."""
    author, collection, key = uri.removeprefix("at://").split("/")
    if collection == _REPOST:
        return {
            "post_id": uri,
            "created_at": record.get("createdAt"),
            "author": author,
            "kind": "repost",
            "repost_of_id": inner(record, "subject")["uri"],
        }
    features = [
        one for facet in mappings(record.get("facets")) for one in mappings(facet.get("features"))
    ]
    answered, quoted = inner(record, "reply"), _quoted(record)
    languages = unique(record.get("langs") or [])
    return {
        "post_id": uri,
        "text": words(record.get("text")),
        "created_at": record.get("createdAt"),
        "author": author,
        "lang": languages[0] if languages else None,
        "kind": "reply" if answered else "quote" if quoted else "post",
        "url": f"https://bsky.app/profile/{author}/post/{key}",
        "reply_to_id": words(inner(answered, "parent").get("uri")),
        "root_id": words(inner(answered, "root").get("uri")),
        "quote_of_id": quoted,
        # Facets name the whole tag, account or address, of which the text may show a part, so their
        # places in the text, which count bytes, are not needed.
        "hashtags": unique([*(one.get("tag") for one in features), *(record.get("tags") or [])]),
        "mentions": unique(one.get("did") for one in features),
        "urls": unique([*(one.get("uri") for one in features), _external(record)]),
        "sensitive": _is_sensitive(inner(record, "labels").get("values")),
        "extra": _extra(record, languages),
    }


def _media(record: Json) -> Json:
    """Give the embed without the quoted post that it may come with."""
    embed = inner(record, "embed")
    return inner(embed, "media") or embed


def _quoted(record: Json) -> str | None:
    quoted = inner(record, "embed", "record")
    uri = words(quoted.get("uri")) or words(inner(quoted, "record").get("uri"))
    # Lists, feeds and starter packs are embedded the same way.
    return uri if uri and f"/{_POST}/" in uri else None


def _external(record: Json) -> str | None:
    return words(inner(_media(record), "external").get("uri"))


def _is_sensitive(labels: object) -> bool | None:
    """Without a label nobody knows: moderators label apart from the post."""
    return True if any(label.get("val") in _SENSITIVE for label in mappings(labels)) else None


def _extra(record: Json, languages: list[str] | None) -> dict[str, str]:
    embed = _media(record)
    kind = str(embed.get("$type", "")).removeprefix("app.bsky.embed.").partition("#")[0]
    return noted(
        embed=kind,
        link_title=words(inner(embed, "external").get("title")),
        image_descriptions=unique(image.get("alt") for image in mappings(embed.get("images"))),
        langs=languages if languages and len(languages) > 1 else None,
    )


def _matches_views(record: Json) -> bool:
    if str(inner(record, "thread").get("$type", "")).startswith(_DEFS):
        return True
    first = next(
        (found[0] for name in ("posts", "feed") if (found := mappings(record.get(name)))), record
    )
    view = inner(first, "post") or first
    return str(view.get("uri", "")).startswith("at://") and bool(_record(view))


def _record(view: Json) -> Json:
    """Give the record of a post: `record` in views, `value` in lists of an account's records."""
    return inner(view, "record") or inner(view, "value")


def _read_views(record: Json) -> Iterator[Fields | Deleted | None]:
    if "thread" in record:
        yield from _thread(record["thread"])
        return
    pages = [entry for name in ("posts", "feed") for entry in mappings(record.get(name))]
    for entry in pages or [record]:
        yield _view(inner(entry, "post") or entry)
        if inner(entry, "reason").get("uri"):
            yield _repost(entry)


def _thread(thread: Json) -> Iterator[Fields | None]:
    waiting = [thread]
    while waiting:
        node = waiting.pop()
        yield _view(node["post"]) if "post" in node else None  # not found, or blocked
        waiting += [*reversed(mappings(node.get("replies"))), *mappings([node.get("parent")])]


def _view(view: Json) -> Fields | None:
    record = _record(view)
    if record.get("$type", _POST) != _POST:
        return None
    sensitive = _is_sensitive(view.get("labels"))
    fields = _of_record(view["uri"], record)
    fields["sensitive"] = fields.get("sensitive") or sensitive
    fields |= {
        "like_count": view.get("likeCount"),
        "repost_count": view.get("repostCount"),
        "reply_count": view.get("replyCount"),
        "quote_count": view.get("quoteCount"),
        "author_followers": inner(view, "author").get("followersCount"),
    }
    return fields


def _repost(entry: Json) -> Fields:
    """Give the repost by which a post came into a feed."""
    reason = inner(entry, "reason")
    return {
        "post_id": reason["uri"],
        "created_at": reason.get("indexedAt"),
        "author": words(inner(reason, "by").get("did")),
        "kind": "repost",
        "repost_of_id": inner(entry, "post").get("uri"),
    }


STREAM = Shape("Bluesky Jetstream", "bluesky", _matches_stream, _read_stream)
VIEWS = Shape("Bluesky posts (app.bsky)", "bluesky", _matches_views, _read_views)
