"""Reddit: listings and comment trees of its programming interface, and lines as Pushshift keeps them."""

from collections.abc import Iterator

from murmuration.collect.raw import Deleted, Fields, Shape
from murmuration.collect.shapes.parts import (
    Json,
    as_id,
    inner,
    kept,
    mappings,
    one_of,
    unescaped,
    urls_in,
    words,
)

_THINGS = frozenset({"Listing", "more", "t1", "t2", "t3", "t4", "t5", "t6"})
_GONE = frozenset({"[deleted]", "[removed]", "[deleted by user]", "[ Removed by Reddit ]"})
_SITE = "https://www.reddit.com"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# The flair of an author is left out: on some subreddits it is the author's name elsewhere.
_EXTRA = (
    "link_flair_text", "upvote_ratio", "post_hint", "distinguished",
    "total_awards_received", "controversiality", "locked", "stickied", "spoiler", "is_video",
    "is_original_content", "is_submitter", "removed_by_category", "num_crossposts",
    "subreddit_subscribers", "link_title",
)  # fmt: skip


def _matches_thing(record: Json) -> bool:
    return one_of(record.get("kind"), _THINGS) and isinstance(record.get("data"), dict)


def _matches_line(record: Json) -> bool:
    rows = mappings(record.get("data"))
    line = rows[0] if rows else record
    return (
        "subreddit" in line
        and "id" in line
        and "created_utc" in line
        and any(name in line for name in ("title", "body", "selftext"))
    )


def _read_thing(record: Json) -> Iterator[Fields | Deleted | None]:
    """Walk through a tree without recursion: threads are hundreds of answers deep."""
    waiting = [record]
    while waiting:
        thing = waiting.pop()
        kind, data = thing.get("kind"), inner(thing, "data")
        if kind == "Listing":
            waiting.extend(reversed(mappings(data.get("children"))))
            continue
        yield _post(data, kind) if kind in {"t1", "t3"} else None
        if isinstance(data.get("replies"), dict):
            waiting.append(data["replies"])


def _read_line(record: Json) -> Iterator[Fields | Deleted | None]:
    page = record.get("data")
    for line in mappings(page) if isinstance(page, list) else [record]:
        yield _post(line, "t1" if "body" in line and "title" not in line else "t3")


def _post(data: Json, kind: str) -> Fields:
    comment = kind == "t1"
    short_id = str(data["id"])
    link = _fullname(data.get("link_id"), "t3")
    text = _said(data.get("body" if comment else "selftext"))
    edited = data.get("edited")
    return {
        # With its kind in front, since a comment and a submission may share an id.
        "post_id": f"{kind}_{short_id.removeprefix(kind + '_')}",
        "text": text,
        "title": None if comment else _said(data.get("title")),
        "created_at": data["created_utc"],
        "author": _author(data),
        "kind": "comment" if comment else "post",
        "url": _address(data, short_id, link),
        "community": words(data.get("subreddit")),
        "reply_to_id": _parent(data, link) if comment else None,
        "root_id": link if comment else None,
        "repost_of_id": _fullname(data.get("crosspost_parent"), "t3"),
        "urls": _links(data, text) or None,
        # Reddit gives a comment one vote while it hides the score.
        "score": None if comment and data.get("score_hidden") is True else data.get("score"),
        "reply_count": None if comment else data.get("num_comments"),
        "sensitive": data.get("over_18"),
        # `true` says that it was edited, in Reddit's first years, but not when.
        "version": data.get("edited_on") if isinstance(edited, bool) else edited,
        "observed_at": data.get("updated_utc")
        or data.get("retrieved_utc")
        or data.get("retrieved_on"),
        "extra": kept(data, _EXTRA),
    }


def _said(value: object) -> str | None:
    text = words(value)
    return None if text in _GONE else unescaped(text)


def _author(data: Json) -> str | None:
    author = words(data.get("author_fullname")) or words(data.get("author"))
    return None if author in _GONE else author


def _parent(data: Json, link: str | None) -> str | None:
    parent = data.get("parent_id")
    if parent is None:  # Pushshift's later lines leave out that a comment answers the submission
        return link
    whole = _fullname(parent, "t1")
    return link if link and whole and whole[3:] == link[3:] else whole


def _fullname(value: object, kind: str) -> str | None:
    """Give an id with its kind; Pushshift's later lines have it as a plain number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{kind}_{_base_36(value)}" if value > 0 else None
    text = as_id(value)
    return text if text is None or (text[:1] == "t" and text[2:3] == "_") else f"{kind}_{text}"


def _base_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def _address(data: Json, short_id: str, link: str | None) -> str | None:
    permalink = words(data.get("permalink"))
    if permalink:
        return _SITE + permalink.partition("?")[0] if permalink.startswith("/") else permalink
    return f"{_SITE}/comments/{link[3:]}/_/{short_id}/" if link else None


def _links(data: Json, text: str | None) -> list[str]:
    """Give where a link post leads and what its text links to; posts of text have their own address."""
    found = urls_in(text)
    target = words(data.get("url_overridden_by_dest")) or words(data.get("url"))
    if "body" in data or _is_self(data) or not target or not target.startswith("http"):
        return found
    return list(dict.fromkeys([target, *found]))


def _is_self(data: Json) -> bool:
    known = data.get("is_self")
    return (
        known if isinstance(known, bool) else str(data.get("domain", "self.")).startswith("self.")
    )


THINGS = Shape("Reddit API listings and comment trees", "reddit", _matches_thing, _read_thing)
LINES = Shape("Reddit submissions and comments (Pushshift)", "reddit", _matches_line, _read_line)
