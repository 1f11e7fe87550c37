"""Hacker News: items of its official programming interface."""

from collections.abc import Iterator

from murmuration.collect.raw import Deleted, Fields, Shape
from murmuration.collect.shapes.parts import Json, as_id, kept, one_of, unique, words
from murmuration.text.markup import html_links, html_to_text

_POSTS = frozenset({"story", "comment", "job", "poll"})
_TYPES = _POSTS | {"pollopt"}
_ITEM = "https://news.ycombinator.com/item?id="


def _matches(record: Json) -> bool:
    if one_of(record.get("type"), _TYPES):
        return isinstance(record.get("id"), int) and any(
            name in record for name in ("time", "deleted", "dead")
        )
    user = "karma" in record and "created" in record
    return user or (
        isinstance(record.get("items"), list) and isinstance(record.get("profiles"), list)
    )


def _read(record: Json) -> Iterator[Fields | Deleted | None]:
    hidden = record.get("deleted") is True or record.get("dead") is True
    yield None if hidden or record.get("type") not in _POSTS else _post(record)


def _post(item: Json) -> Fields:
    post_id, kind = str(item["id"]), str(item["type"])
    source = words(item.get("text")) or ""
    return {
        "post_id": post_id,
        "text": html_to_text(source) or None,
        "title": html_to_text(words(item.get("title")) or "") or None,
        "created_at": item["time"],
        "author": words(item.get("by")),
        "kind": "comment" if kind == "comment" else "post",
        "url": _ITEM + post_id,
        "reply_to_id": as_id(item.get("parent")),
        "urls": unique([item.get("url"), *html_links(source)]),
        "reply_count": item.get("descendants"),
        "score": item.get("score"),
        "extra": kept(item, ("type",)),
    }


ITEMS = Shape("Hacker News items", "hackernews", _matches, _read)
