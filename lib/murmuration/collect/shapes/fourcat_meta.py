"""Layouts of Instagram and Threads, as their websites load them.

Both have hashtags and mentions in the text alone, where they are found later on.
"""

from urllib.parse import parse_qs, urlsplit

from murmuration.collect.raw import Fields
from murmuration.collect.shapes.parts import (
    Json,
    as_id,
    inner,
    kept,
    mappings,
    noted,
    unique,
    urls_in,
    words,
)

_MEDIA_TYPES = {1: "photo", 2: "video", 8: "carousel"}
_LIST_TYPES = frozenset(
    {"XDTMediaDict"}
)  # named like a graph's node, but laid out like a list's item


def read_instagram(item: Json) -> Fields | None:
    """Give the raw fields of an Instagram post, from a list or a graph; None for an advertisement."""
    if item.get("product_type") == "ad" or "facebook.com/ads/" in str(item.get("link")):
        return None
    if "__typename" in item and item["__typename"] not in _LIST_TYPES and "shortcode" in item:
        return _graph_post(item)
    return _listed_post(item)


def _graph_post(node: Json) -> Fields:
    captions = mappings(inner(node, "edge_media_to_caption").get("edges"))
    comments = inner(node, "edge_media_to_comment") or inner(node, "edge_media_preview_comment")
    return {
        "post_id": str(node["shortcode"]),
        "text": words(inner(captions[0], "node").get("text")) if captions else None,
        "created_at": node["taken_at_timestamp"],
        "author": _person(inner(node, "owner")) or _person(inner(node, "user")),
        "kind": "post",
        "url": f"https://www.instagram.com/p/{node['shortcode']}/",
        "like_count": _shown(node, inner(node, "edge_media_preview_like").get("count")),
        "reply_count": comments.get("count"),
        "view_count": node.get("video_view_count"),
        "place_name": words(inner(node, "location").get("name")),
        "extra": noted(media_types=str(node["__typename"]).removeprefix("Graph").lower()),
    }


def _listed_post(item: Json) -> Fields:
    return {
        "post_id": str(item["code"]),
        "text": words(inner(item, "caption").get("text")),
        "created_at": item.get("taken_at"),
        "author": _person(inner(item, "user")) or _person(inner(item, "owner")),
        "kind": "post",
        "url": f"https://www.instagram.com/p/{item['code']}/",
        "like_count": _shown(item, item.get("like_count")),
        "reply_count": item.get("comment_count"),
        "view_count": item.get("play_count") or item.get("view_count"),
        "author_followers": inner(item, "user").get("follower_count"),
        "place_name": words(inner(item, "location").get("name")),
        "extra": _extra(item),
    }


def _extra(item: Json) -> dict[str, str]:
    parts = mappings(item.get("carousel_media")) or [item]
    return kept(item, ("product_type", "is_paid_partnership")) | noted(
        media_types=unique(_MEDIA_TYPES.get(_whole(part.get("media_type")), "") for part in parts),
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _person(user: Json) -> str | None:
    """Give the id, which survives a change of the handle."""
    return (
        as_id(user.get("pk"))
        or as_id(user.get("id"))
        or (words(user.get("username")) or "").lower()
        or None
    )


def _shown(item: Json, likes: object) -> object:
    """Give likes unless the author hides them; the number is not theirs then."""
    return None if item.get("like_and_view_counts_disabled") else likes


def read_instagram_comment(item: Json) -> Fields:
    """Give the raw fields of a comment on an Instagram post."""
    post = as_id(item.get("post_shortcode")) or as_id(item.get("post_id"))
    return {
        "post_id": str(item["pk"] if "pk" in item else item["id"]),
        "text": words(item.get("text")),
        "created_at": item.get("created_at"),
        "author": _person(inner(item, "user")),
        "kind": "comment",
        "reply_to_id": as_id(item.get("parent_comment_id")) or post,
        "root_id": post,
        "like_count": item.get("comment_like_count"),
        "reply_count": item.get("child_comment_count"),
    }


def read_threads(item: Json) -> Fields:
    """Give the raw fields of a post on Threads."""
    info = inner(item, "text_post_app_info")
    text = words(inner(item, "caption").get("text"))
    shared = inner(info, "share_info")
    reposted, quoted = inner(shared, "reposted_post"), inner(shared, "quoted_post")
    return {
        "post_id": str(item["code"]),
        "text": text or words(inner(reposted, "caption").get("text")),
        "created_at": item["taken_at"],
        "author": _person(inner(item, "user")),
        "kind": "repost"
        if reposted
        else "reply"
        if info.get("is_reply")
        else "quote"
        if quoted
        else "post",
        # This form of the address does without the author's handle.
        "url": f"https://www.threads.com/t/{item['code']}",
        "repost_of_id": as_id(reposted.get("code")),
        "quote_of_id": as_id(quoted.get("code")),
        "urls": unique(
            [_behind(inner(info, "link_preview_attachment").get("url")), *urls_in(text)]
        ),
        "like_count": _shown(item, item.get("like_count")),
        "repost_count": info.get("repost_count"),
        "reply_count": info.get("direct_reply_count"),
        "quote_count": info.get("quote_count"),
        "extra": _extra(item) | kept(item, ("caption_is_edited",)),
    }


def _behind(address: object) -> str | None:
    """Give where a link leads; Threads has it in the parameter `u` of its own address."""
    text = words(address)
    if not text:
        return None
    try:
        return (parse_qs(urlsplit(text).query).get("u") or [text])[-1]
    except ValueError:  # brackets that are no IPv6 address
        return text
