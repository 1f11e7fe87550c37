"""Layouts of 9gag, Imgur, Pinterest, LinkedIn, Gab and Truth Social, as their websites load them."""

from murmuration.collect.raw import Fields
from murmuration.collect.shapes.mastodon import read_status
from murmuration.collect.shapes.parts import (
    Json,
    as_id,
    flag,
    inner,
    kept,
    mappings,
    noted,
    unique,
    urls_in,
    words,
)
from murmuration.text.markup import html_to_text


def read_ninegag(item: Json) -> Fields:
    """Give the raw fields of a post on 9gag; some have no author."""
    up, down = item.get("upVoteCount"), item.get("downVoteCount")
    creator = inner(item, "creator")
    return {
        "post_id": str(item["id"]),
        "text": html_to_text(words(item.get("description")) or "") or None,
        # Titles come with entities (&amp;#039;) and without tags.
        "title": html_to_text(words(item.get("title")) or "") or None,
        "created_at": item["creationTs"],
        "author": as_id(creator.get("userId")) or words(creator.get("username")),
        "kind": "post",
        "url": words(item.get("url")),
        "community": words(inner(item, "postSection").get("name")),
        "hashtags": unique(tag.get("key") for tag in mappings(item.get("tags"))),
        "urls": unique([item.get("sourceUrl")]),
        "like_count": up,
        "score": up - down if isinstance(up, int) and isinstance(down, int) else None,
        "reply_count": item.get("commentsCount"),
        "sensitive": flag(item.get("nsfw")),
        "extra": kept(item, ("type", "sourceDomain"))
        | noted(
            promoted=flag(item.get("promoted")),
            annotations=unique(item.get("annotationTags") or []),
        ),
    }


def read_imgur(item: Json) -> Fields | None:
    """Give the raw fields of a post on Imgur; None for an advertisement."""
    if item.get("is_ad") is True:
        return None
    text = words(item.get("description"))
    return {
        "post_id": str(item["id"]),
        "text": text,
        "title": words(item.get("title")),
        "created_at": item["created_at"],
        "author": as_id(item.get("account_id")),
        "kind": "post",
        "url": words(item.get("url")),
        "hashtags": unique(tag.get("tag") for tag in mappings(item.get("tags"))),
        "urls": urls_in(text) or None,
        "like_count": item.get("upvote_count"),
        "score": item.get("point_count"),
        "reply_count": item.get("comment_count"),
        "view_count": item.get("view_count"),
        "sensitive": item.get("is_mature"),
        "version": item.get("updated_at"),
        "extra": kept(item, ("downvote_count", "favorite_count", "image_count", "virality"))
        | noted(media_types=inner(item, "cover").get("type"), most_viral=item.get("in_most_viral")),
    }


def read_pinterest(item: Json) -> Fields:
    """Give the raw fields of a pin; those read from a page's text have neither author nor time."""
    post_id = as_id(item.get("entityId")) or str(item["id"])
    pinner = inner(item, "pinner")
    joined = inner(item, "pinJoin").get("visualAnnotation") or item.get("tags") or []
    saves = inner(item, "aggregatedPinData", "aggregatedStats") or inner(
        item, "aggregated_pin_data", "aggregated_stats"
    )
    return {
        "post_id": post_id,
        "text": _stripped(item.get("description")) or _stripped(item.get("body")),
        "title": _stripped(item.get("title")),
        "created_at": item.get("created_at") or item.get("createdAt"),
        "author": as_id(pinner.get("entityId"))
        or as_id(pinner.get("id"))
        or words(pinner.get("username")),
        "kind": "post",
        "url": f"https://www.pinterest.com/pin/{post_id}/",
        "community": words(inner(item, "board").get("name")),
        "urls": unique([item.get("link")]),
        "repost_count": item.get("repin_count"),
        "author_followers": pinner.get("follower_count") or pinner.get("followerCount"),
        "extra": kept(item, ("is_promoted", "auto_alt_text"))
        | noted(idea_tags=unique(joined), saves=saves.get("saves")),
    }


def _stripped(value: object) -> str | None:
    return (words(value) or "").strip() or None


def read_linkedin(item: Json) -> Fields | None:
    """Give the raw fields of a post on LinkedIn; None for a card without an author."""
    actor = inner(item, "actor")
    if not actor:
        return None
    number = _activity(item)
    said = inner(item, "commentary", "text")
    counts = inner(item, "*socialDetail", "*totalSocialActivityCounts")
    detail = inner(item, "*socialDetail")
    return {
        "post_id": number,
        "text": words(said.get("text")),
        # Pages say "18h"; the time in milliseconds is in the id, above its 22 lowest bits.
        "created_at": int(number) >> 22,
        "author": _member(actor),
        "kind": "post",
        "url": f"https://www.linkedin.com/feed/update/urn:li:activity:{number}",
        "hashtags": unique(_linkedin_hashtags(said)),
        "urls": unique([_target(inner(item, "content")), *urls_in(words(said.get("text")))]),
        "like_count": counts.get("numLikes", inner(detail, "likes", "paging").get("total")),
        "repost_count": counts.get("numShares", detail.get("totalShares")),
        "reply_count": counts.get("numComments", inner(detail, "comments", "paging").get("total")),
    }


def _activity(item: Json) -> str:
    """Give the number of a post; where two are combined, of the first."""
    urn = words(inner(item, "updateMetadata").get("urn")) or str(
        item.get("preDashEntityUrn") or item["id"]
    )
    number = urn.partition("urn:li:activity:")[2].split(",")[0].rstrip(")")
    if not number.isdecimal():
        raise ValueError("no number of an activity in its name")
    return number


def _member(actor: Json) -> str | None:
    address = words(inner(actor, "navigationContext").get("actionTarget"))
    return (
        address.partition("linkedin.com/")[2].partition("?")[0].strip("/").lower() or None
        if address
        else None
    )


def _linkedin_hashtags(said: Json) -> list[str]:
    old = [tag for tag in mappings(said.get("attributes")) if tag.get("type") == "HASHTAG"]
    new = [inner(tag, "detailData", "*hashtag") for tag in mappings(said.get("attributesV2"))]
    return [
        str(tag["trackingUrn"]).rpartition(":")[2] for tag in (*old, *new) if "trackingUrn" in tag
    ]


def _target(content: Json) -> object:
    return inner(content, "navigationContext").get("actionTarget") or inner(
        content, "articleComponent", "navigationContext"
    ).get("actionTarget")


def read_gab(item: Json) -> Fields | None:
    """Give the raw fields of a post on Gab; None for captured groups and accounts."""
    if "i" in item and "ca" in item:
        return _short_gab(item)
    if item.get("type") != "post":
        return None
    return {
        "post_id": str(item["id"]),
        "text": words(item.get("content")),
        "created_at": item["created_at"],
        "author": as_id(inner(item, "account").get("id")),
        "kind": "post",
        "url": words(item.get("url")),
    }


def _short_gab(item: Json) -> Fields:
    link, text = inner(item, "link_info"), words(item.get("c"))
    return {
        "post_id": str(item["i"]),
        "text": text,
        "created_at": item["ca"],
        "author": as_id(item.get("ai")) or as_id(inner(item, "author_info").get("i")),
        "kind": "post",
        "url": words(item.get("ul")),
        "community": words(inner(item, "g").get("title")),
        "urls": unique([link.get("url"), *urls_in(text)]),
        "like_count": item.get("fc"),
        "repost_count": item.get("rbc"),
        "reply_count": item.get("rc"),
        "extra": noted(link_title=words(link.get("title"))),
    }


def read_truth(item: Json) -> Fields | None:
    """Give the raw fields of a post on Truth Social: a status whose text is plain already."""
    fields = read_status(item)
    if fields is None:
        return None
    shown = inner(item, "reblog") or item
    text = words(shown.get("content"))
    if text and not text.lstrip().startswith("<"):
        fields["text"], fields["urls"] = (
            text,
            unique([inner(shown, "card").get("url"), *urls_in(text)]),
        )
    # One site, whose answers point to the short id.
    fields["extra"].pop("id_on_instance", None)
    fields["post_id"] = str(item["id"])
    fields["repost_of_id"] = as_id(inner(item, "reblog").get("id"))
    fields["quote_of_id"] = as_id(item.get("quote_id"))
    fields["community"] = words(inner(item, "group").get("display_name"))
    return fields
