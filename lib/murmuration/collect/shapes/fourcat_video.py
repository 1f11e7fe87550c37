"""Layouts of TikTok, Douyin and Xiaohongshu (RedNote), as their websites load them."""

import re

from murmuration.collect.raw import Fields
from murmuration.collect.shapes.parts import (
    Json,
    as_id,
    inner,
    kept,
    mappings,
    noted,
    unique,
    words,
)

_SENSITIVE_MASK = 3  # TikTok's `maskType` of a video behind a warning; 4 warns of flashing light
_MYRIADS = re.compile(r"(\d+(?:\.\d+)?)万")


def read_tiktok(item: Json) -> Fields:
    """Give the raw fields of a TikTok video."""
    post_id = str(item["id"])
    counts = inner(item, "statsV2") or inner(item, "stats")
    named = mappings(item.get("textExtra"))
    mask = item.get("maskType")
    return {
        "post_id": post_id,
        "text": words(item.get("desc")),
        "created_at": item["createTime"],
        "author": _tiktok_author(item),
        "lang": _known_language(item.get("textLanguage")),
        "kind": "post",
        "url": f"https://m.tiktok.com/v/{post_id}.html",
        "hashtags": unique(tag.get("hashtagName") for tag in named),
        "mentions": unique(as_id(tag.get("userId")) for tag in named if not tag.get("hashtagName")),
        "like_count": counts.get("diggCount"),
        "repost_count": counts.get("shareCount"),
        "reply_count": counts.get("commentCount"),
        "view_count": counts.get("playCount"),
        "author_followers": inner(item, "authorStats").get("followerCount"),
        "sensitive": mask == _SENSITIVE_MASK if isinstance(mask, int) else None,
        "place_name": words(inner(item, "poi").get("name")),
        "extra": _tiktok_extra(item, counts),
    }


def _tiktok_author(item: Json) -> str | None:
    """Prefer the id; in data embedded in a page the author is a handle, with the id beside it."""
    author = item.get("author")
    if isinstance(author, dict):
        return as_id(author.get("id")) or words(author.get("uniqueId"))
    return as_id(item.get("authorId")) or words(author)


def _known_language(code: object) -> str | None:
    return None if code == "un" else words(code)


def _tiktok_extra(item: Json, counts: Json) -> dict[str, str]:
    stickers = [
        text
        for each in mappings(item.get("stickersOnItem"))
        for text in each.get("stickerText") or []
    ]
    duet = inner(item, "duetInfo").get("duetFromId")
    return kept(item, ("locationCreated", "isAd")) | noted(
        collect_count=counts.get("collectCount"),
        duration_seconds=inner(item, "video").get("duration") or None,
        stickers=unique(stickers),
        labels=unique(item.get("diversificationLabels") or []),
        duet_of=None if duet == "0" else as_id(duet),
        warning=unique(each.get("text") for each in mappings(item.get("warnInfo"))),
    )


def read_tiktok_comment(item: Json) -> Fields:
    """Give the raw fields of a comment on a TikTok video."""
    video, above, user = as_id(item.get("aweme_id")), item.get("reply_id"), inner(item, "user")
    return {
        "post_id": str(item["cid"]),
        "text": words(item.get("text")),
        "created_at": item["create_time"],
        "author": as_id(user.get("uid")) or words(user.get("unique_id")),
        "lang": _known_language(item.get("comment_language")),
        "kind": "comment",
        "reply_to_id": video if above in (None, "0", 0) else as_id(above),
        "root_id": video,
        "mentions": unique(as_id(each.get("user_id")) for each in mappings(item.get("text_extra"))),
        "like_count": item.get("digg_count"),
        "reply_count": item.get("reply_comment_total"),
    }


def read_douyin(item: Json) -> Fields | None:
    """Give the raw fields of a Douyin video; None for a live stream."""
    if _part(item, "cell_room") or _part(item, "cellRoom") or item.get("rawdata"):
        return None
    post_id = str(item["aweme_id"] if "aweme_id" in item else item["awemeId"])
    author = inner(item, "author") or inner(item, "authorInfo")
    counts = inner(item, "statistics") or inner(item, "stats")
    named = mappings(_part(item, "text_extra")) or mappings(_part(item, "textExtra"))
    return {
        "post_id": post_id,
        "text": words(_part(item, "desc")),
        "created_at": item["create_time"] if "create_time" in item else item["createTime"],
        "author": as_id(_either(item, "author_user_id", "authorUserId"))
        or as_id(author.get("uid")),
        "kind": "post",
        "url": f"https://www.douyin.com/video/{post_id}",
        "hashtags": unique(_either(tag, "hashtag_name", "hashtagName") for tag in named),
        "mentions": unique(as_id(_either(tag, "user_id", "userId")) for tag in named),
        "like_count": _either(counts, "digg_count", "diggCount"),
        "repost_count": _either(counts, "share_count", "shareCount"),
        "reply_count": _either(counts, "comment_count", "commentCount"),
        # Douyin keeps plays to itself and says 0.
        "view_count": _either(counts, "play_count", "playCount") or None,
        "author_followers": _either(author, "follower_count", "followerCount"),
        "extra": kept(item, ("region",))
        | noted(
            collect_count=_either(counts, "collect_count", "collectCount"),
            video_tags=unique(
                _either(tag, "tag_name", "tagName") for tag in mappings(item.get("video_tag"))
            ),
        ),
    }


def _part(record: Json, name: str) -> object:
    """Douyin's pages write nothing as the word `$undefined`."""
    value = record.get(name)
    return None if value == "$undefined" else value


def _either(record: Json, name: str, in_pages: str) -> object:
    value = _part(record, name)
    return _part(record, in_pages) if value is None else value


def read_rednote(item: Json) -> Fields:
    """Give the raw fields of a Xiaohongshu note: from its interface, a page's data, or a page's text."""
    note = inner(item, "note_card") or inner(item, "note") or item
    counts = (
        inner(note, "interact_info") or inner(note, "interactInfo") or inner(item, "interactInfo")
    )
    post_id = as_id(item.get("id")) or as_id(note.get("noteId")) or str(item["note_id"])
    user = inner(note, "user")
    return {
        "post_id": post_id,
        "text": words(note.get("desc")),
        "title": words(note.get("display_title")) or words(note.get("title")),
        "created_at": note.get("time") or item.get("time"),
        "author": as_id(_either(user, "user_id", "userId")) or words(item.get("author_name")),
        "kind": "post",
        "url": f"https://www.xiaohongshu.com/explore/{post_id}",
        "hashtags": unique(tag.get("name") for tag in _tags(note)),
        "like_count": _count(_either(counts, "liked_count", "likedCount") or item.get("likes")),
        "repost_count": _count(_either(counts, "shared_count", "shareCount")),
        "reply_count": _count(_either(counts, "comment_count", "commentCount")),
        "place_name": words(_either(note, "ip_location", "ipLocation")),
        "extra": kept(note, ("type",))
        | noted(collect_count=_count(_either(counts, "collected_count", "collectedCount"))),
    }


def _tags(note: Json) -> list[Json]:
    return mappings(note.get("tag_list")) or mappings(note.get("tagList"))


def _count(value: object) -> int | None:
    """Give a count such as 12, "12" or "1.2万" (12,000); "10+" and "赞" (like) say no number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = words(value) or ""
    if text.isdecimal():
        return int(text)
    myriads = _MYRIADS.fullmatch(text)
    return round(float(myriads[1]) * 10_000) if myriads else None


def read_rednote_comment(item: Json) -> Fields:
    """Give the raw fields of a comment on a Xiaohongshu note."""
    note = as_id(item.get("note_id"))
    return {
        "post_id": str(item["id"]),
        "text": words(item.get("content")),
        "created_at": item["create_time"],
        "author": as_id(inner(item, "user_info").get("user_id")),
        "kind": "comment",
        "reply_to_id": as_id(inner(item, "target_comment").get("id")) or note,
        "root_id": note,
        "like_count": _count(item.get("like_count")),
        "reply_count": _count(item.get("sub_comment_count")),
        "place_name": words(item.get("ip_location")),
    }
