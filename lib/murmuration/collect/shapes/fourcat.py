"""What the browser extension Zeeschuimer captures, and what 4CAT makes of it.

Zeeschuimer writes each captured item with where and when it was seen, and the platform's own record
in `data`; 4CAT's raw export has that record with the rest in `__import_meta`; 4CAT's other exports
have the same few columns for every platform.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from murmuration.collect.fields import find_mapping, plain_name
from murmuration.collect.raw import LISTS, Deleted, Fields, Shape, leftovers
from murmuration.collect.shapes.fourcat_boards import (
    read_gab,
    read_imgur,
    read_linkedin,
    read_ninegag,
    read_pinterest,
    read_truth,
)
from murmuration.collect.shapes.fourcat_meta import (
    read_instagram,
    read_instagram_comment,
    read_threads,
)
from murmuration.collect.shapes.fourcat_video import (
    read_douyin,
    read_rednote,
    read_rednote_comment,
    read_tiktok,
    read_tiktok_comment,
)
from murmuration.collect.shapes.parts import Json, as_id, flag, inner, words
from murmuration.collect.shapes.x_legacy import read_website_tweet

# Zeeschuimer's name of a source -> platform, and how its items are laid out.
_LAYOUTS: dict[str, tuple[str, Callable[[Json], Fields | None]]] = {
    "twitter.com": ("x", read_website_tweet),
    "x.com": ("x", read_website_tweet),
    "twitter-comments": ("x", read_website_tweet),
    "tiktok.com": ("tiktok", read_tiktok),
    "tiktok-comments": ("tiktok", read_tiktok_comment),
    "douyin.com": ("douyin", read_douyin),
    "instagram.com": ("instagram", read_instagram),
    "instagram-comments": ("instagram", read_instagram_comment),
    "threads.net": ("threads", read_threads),
    "threads.com": ("threads", read_threads),
    "xiaohongshu.com": ("xiaohongshu", read_rednote),
    "xiaohongshu-comments": ("xiaohongshu", read_rednote_comment),
    "truthsocial.com": ("truthsocial", read_truth),
    "gab.com": ("gab", read_gab),
    "9gag.com": ("9gag", read_ninegag),
    "imgur.com": ("imgur", read_imgur),
    "linkedin.com": ("linkedin", read_linkedin),
    "pinterest.com": ("pinterest", read_pinterest),
}
_META = "__import_meta"


def _matches_capture(record: Json) -> bool:
    return (
        isinstance(record.get("data"), dict)
        and "source_platform" in record
        and "nav_index" in record
    )


def _matches_raw_item(record: Json) -> bool:
    return "source_platform" in inner(record, _META)


def _read_capture(record: Json) -> Iterator[Fields | Deleted | None]:
    yield _item(record["data"], record)


def _read_raw_item(record: Json) -> Iterator[Fields | Deleted | None]:
    yield _item(record, record[_META])


def _item(data: Json, seen: Json) -> Fields | None:
    name = str(seen["source_platform"]).removeprefix("www.")
    if name not in _LAYOUTS:
        raise ValueError(f"no layout is known for items of {name}")
    platform, read = _LAYOUTS[name]
    fields = read(data)
    if fields is not None:
        fields["platform"] = platform
        fields["observed_at"] = seen.get("timestamp_collected")
    return fields


# Columns of 4CAT's tables about people: names, handles, pictures, and titles of "original sounds",
# which hold the name of who made them. `murmuration.collect.raw.names_author` knows the usual ones.
_PEOPLE = re.compile(
    r"author|user|account|avatar|fullname|nickname|pinner|music|profile|usertag|tagged"
)
_MEDIA = re.compile(
    r"(?:image|video|media|thumbnail|sticker|audio)_?(?:thumb|url|link)|(?:^|_)(?:images|videos)$|thumb"
)
_FACTS = re.compile(
    r"_(?:followers|following|verified|count)$|^author_(?:likes|videos|is_verified)$"
)
_LEFT_OUT = frozenset(
    {"post_source_domain", "collected_from_url", "tiktok_url", "unix_timestamp", "timestamp"}
)


def _matches_table(record: Json) -> bool:
    return {"id", "thread_id", "body", "timestamp"} <= record.keys() and not isinstance(
        record["body"], dict
    )


def _read_table(record: Json) -> Iterator[Fields | Deleted | None]:
    mapping, used = _columns(tuple(record))
    fields: dict[str, Any] = {
        field: _listed(record[column]) if field in LISTS else _given(record[column])
        for field, column in mapping.items()
    }
    post_id = fields["post_id"] = as_id(record["id"])
    # 4CAT writes an item's own id where there is nothing above it.
    for name in ("root_id", "reply_to_id"):
        above = as_id(fields.get(name))
        fields[name] = above if name == "root_id" or above != post_id else None
    for name in ("sensitive", "is_repost"):
        if name in fields:
            fields[name] = flag(fields[name])
    if fields.get("mentions"):
        fields["mentions"] = [handle.lower() for handle in fields["mentions"]]
    fields["extra"] = leftovers(record, used)
    yield fields


@lru_cache(maxsize=64)
def _columns(names: tuple[str, ...]) -> tuple[Mapping[str, str], frozenset[str]]:
    """Say which column holds which field, and which columns are not for `extra`."""
    given = {
        "kind": "",  # `type` is the type of the picture or video
        "created_at": "unix_timestamp" if "unix_timestamp" in names else "timestamp",
        "author": next(
            (name for name in ("author_id", "author_user_id", "author") if name in names), ""
        ),
    }
    given |= {
        field: name
        for field, name in (
            ("lang", "language_guess"),
            ("like_count", "num_likes"),
            ("place_name", "location_name"),
            ("url", "post_url"),
            ("urls", "link_url"),
            ("community", "board"),
        )
        if name in names
    }
    mapping = find_mapping(names, given)
    used = set(mapping.values()) | _LEFT_OUT | {name for name in names if _is_dropped(name)}
    return mapping, frozenset(used)


def _is_dropped(name: str) -> bool:
    plain = plain_name(name)
    about_people = _PEOPLE.search(plain) is not None and _FACTS.search(plain) is None
    return about_people or _MEDIA.search(plain) is not None


def _given(value: object) -> object:
    return None if value == "" else value


def _listed(value: object) -> list[str] | None:
    if isinstance(value, list):
        return [str(each) for each in value] or None
    text = words(value)
    return [part.strip() for part in text.split(",") if part.strip()] or None if text else None


CAPTURES = Shape("Zeeschuimer captures", None, _matches_capture, _read_capture)
RAW_ITEMS = Shape("4CAT raw items", None, _matches_raw_item, _read_raw_item)
TABLES = Shape("4CAT items", None, _matches_table, _read_table)
