"""Parts of nested JSON, any of which may be missing or of another type than expected."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from murmuration.collect.raw import as_text

Json = Mapping[str, Any]

_NOTHING: Json = {}
# X and Reddit escape these three characters and no others.
_ESCAPED = re.compile("&(?:amp|lt|gt);")
_UNESCAPED = re.compile("[<>]|&(?!amp;|lt;|gt;)")
_URL = re.compile(r"https?://[^\s<>\"“”«»\])|]+")


def inner(record: Json, *path: str) -> Json:
    """Give a mapping inside a record; an empty one where there is none."""
    value: Any = record
    for name in path:
        if not isinstance(value, dict):
            return _NOTHING
        value = value.get(name)
    return value if isinstance(value, dict) else _NOTHING


def mappings(value: object) -> list[Json]:
    """Give the mappings of a list; none where it is no list."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def as_id(value: object) -> str | None:
    """Give an id as text; None for nothing, and for 0, which platforms write for nothing."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value else None
    return None


def words(value: object) -> str | None:
    """Give text; None where there is none."""
    return value if isinstance(value, str) and value else None


def one_of(value: object, names: frozenset[str]) -> bool:
    """Say whether a value is one of some words; lists and mappings, which cannot be looked up, are not."""
    return isinstance(value, str) and value in names


def flag(value: object) -> bool | None:
    """Give a yes or no in any usual writing; None where it is neither."""
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    return {"yes": True, "true": True, "no": False, "false": False}.get(str(value).lower())


def unique(values: Iterable[object]) -> list[str] | None:
    """Give text values once each, in order; None where there is none."""
    return (
        list(dict.fromkeys(value for value in values if isinstance(value, str) and value)) or None
    )


def unescaped(text: str | None) -> str | None:
    """Give text with `&amp;`, `&lt;` and `&gt;` as characters, if the whole text is escaped.

    A text that holds a bare `<` or `&` was never escaped, and its `&amp;` was typed by a person.
    """
    if not text or "&" not in text or _UNESCAPED.search(text) or not _ESCAPED.search(text):
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def urls_in(text: str | None) -> list[str]:
    """Give the addresses in plain text."""
    if not text or "http" not in text:
        return []
    return [found.rstrip(".,;:!?'*") for found in _URL.findall(text)]


def kept(record: Json, names: Iterable[str]) -> dict[str, str]:
    """Give some parts of a record as `extra` keeps them; what is missing, empty or false is left out.

    Platforms add parts at any time, some of which name the author; only parts known by name are kept.
    """
    found = {}
    for name in names:
        value = record.get(name)
        if value is not None and value is not False:
            text = as_text(value)
            if text is not None:
                found[name] = text
    return found


def noted(**values: object) -> dict[str, str]:
    """Give values as `extra` keeps them; lists of words are joined by commas, false is left out."""
    found = {}
    for name, value in values.items():
        joined = ", ".join(map(str, value)) if isinstance(value, list) else value
        text = None if joined is False else as_text(joined)
        if text is not None:
            found[name] = text
    return found
