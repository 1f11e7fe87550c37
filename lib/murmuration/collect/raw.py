"""What readers give: raw fields of posts in batches, with the rows that could not be read."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from murmuration.collect.fields import ALIASES, EXTRA, plain_names
from murmuration.frames import text_list
from murmuration.schema import PAIRS, STRINGS

BATCH_ROWS = 16_384
BATCH_BYTES = 16 << 20
BATCH_CELLS = 1 << 22  # so many rows of 256 columns
CONTENT_SHOWN = 2_000  # characters of a bad row that are looked at or kept

Fields = dict[str, Any]

SURROGATES = "texts with half characters (lone surrogates), replaced by U+FFFD"
STRAY_BYTES = "texts with bytes that are no UTF-8, read as Windows-1252"

LISTS = frozenset({"hashtags", "mentions", "urls"})

# Columns that would give an author away. They never go to `extra`; the author's pseudonym does the work.
_IDENTITY = frozenset(
    {
        *ALIASES["author"], *ALIASES["mentions"], "email", "e_mail", "phone", "display_name",
        "displayname", "full_name", "real_name", "first_name", "last_name", "nickname", "profile_url",
        "profile_image_url", "avatar", "avatar_url", "bio", "ip", "ip_address", "did", "nick", "authors",
        "creator", "owner", "poster", "sender", "uploader",
    }
)  # fmt: skip
# The same of anybody, such as `retweeted_status.user.screen_name` or `in_reply_to_user_id`.
_OF_ANYBODY = re.compile(
    r"(?:^|_)(?:screen_?names?|user_?names?|handles?|display_?name|nick_?name|real_name|first_name|"
    r"last_name|e_?mail|phone|acct|avatar(?:_\w+)?|bio|ip_address|profile_image_url\w*|profile_url|"
    r"(?:user|author|account|owner|creator|poster|sender|uploader|profile|channel)s?_?"
    r"(?:ids?|id_str|names?|full_?name|description|url|uri)|"
    r"(?:user|reply|entities|full)_mentions|mentioned_\w+|"
    r"(?:reply_to|replied_to|retweeted|reposted|shared|quoted|parent|original|root|tagged)_"
    r"(?:user|author|account)s?)$"
)
_OWNERS = ("user_", "author_", "account_", "owner_", "channel_", "profile_")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no post: where it stands, why, and what could be read of it.

    `unread` is the beginning of a row that could not be taken apart, to look in it for what was forgotten. It may name
    anybody, so it is never kept.
    """

    row: int
    reason: str
    content: str = ""
    post_id: str | None = None
    author_key: str | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record that says that a post was deleted by its author."""

    post_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBatch:
    """Some rows of a file.

    Attributes
    ----------
    fields
        Raw fields, any of `ALIASES` and `extra`, in whatever type the file has.
    rows
        Line or record number of each, from 1; int64, shape (n_rows,).
    bad
        Rows that could not be read.
    deleted
        Ids of posts that were deleted on the platform.
    skipped
        Records that are no posts, such as likes.
    notes
        What was repaired, counted.
    times
        Fields that are times, once they are read: UTC, null where they cannot be; each of shape (n_rows,).
    """

    fields: pa.Table
    rows: pa.Array
    bad: Sequence[BadRow] = ()
    deleted: Sequence[str] = ()
    skipped: int = 0
    notes: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[str, pa.Array] = field(default_factory=dict)


class Reader(Protocol):
    """A file opened for reading posts.

    Attributes
    ----------
    shape
        Which known export it was taken for, in words.
    mapping
        Field to column, as used.
    platform
        Platform of its posts, if the shape says.
    left_out
        Columns that are not kept since they name the author.
    columns
        Names of all columns, as far as they are known; none where a known export says what is where.
    """

    shape: str
    mapping: Mapping[str, str]
    platform: str | None
    left_out: Sequence[str]
    columns: Sequence[str]

    @property
    def done(self) -> float:
        """Share of the file that was read, 0 to 1."""
        ...

    def batches(self) -> Iterator[RawBatch]:
        """Read the file from its beginning."""
        ...


def batch_rows(columns: int) -> int:
    """Give how many rows of so many columns are read at once."""
    return max(1, min(BATCH_ROWS, BATCH_CELLS // max(1, columns)))


@lru_cache(maxsize=1 << 16)
def names_author(column: str) -> bool:
    """Say whether a column would identify a person, so that it must not go to `extra`.

    Parameters
    ----------
    column
        Its name; dotted where nested.
    """
    return any(_names_person(plain) for plain in plain_names(column))


def _names_person(plain: str) -> bool:
    if plain in _IDENTITY or _OF_ANYBODY.search(plain):
        return True
    return any(
        plain.startswith(owner) and plain.removeprefix(owner) in _IDENTITY for owner in _OWNERS
    )


def flatten(record: Mapping[str, Any], *, depth: int = 3) -> dict[str, Any]:
    """Give nested mappings as one level, with dots between names; lists stay as they are."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and value and depth > 1:
            flat.update(
                {f"{name}.{inner}": v for inner, v in flatten(value, depth=depth - 1).items()}
            )
        else:
            flat[str(name)] = value
    return flat


def as_text(value: object) -> str | None:
    """Give a value as `extra` keeps it; None for nothing."""
    if value is None or value == "" or value == [] or value == {}:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
    return str(value)


def extra_text(name: str, value: object) -> str | None:
    """Give what `extra` keeps of a column or part of a record: nothing that names an author."""
    return None if names_author(name) else as_text(_without_names(name, value))


def _without_names(place: str, value: object) -> object:
    if isinstance(value, Mapping):
        inner = {str(name): (f"{place}.{name}", part) for name, part in value.items()}
        return {
            name: _without_names(path, part)
            for name, (path, part) in inner.items()
            if not names_author(path)
        }
    if isinstance(value, list | tuple):
        return [_without_names(place, part) for part in value]
    return value


def leftovers(record: Mapping[str, Any], used: Iterable[str]) -> dict[str, str]:
    """Give what a record has beyond the fields that were read, for `extra`.

    Parameters
    ----------
    record
        The platform's record.
    used
        Names, dotted where nested, that were read or that say nothing; a name covers all below it.
    """
    covered = tuple(used)
    kept = {}
    for name, value in flatten(record).items():
        if any(name == one or name.startswith(one + ".") for one in covered):
            continue
        text = extra_text(name, value)
        if text is not None:
            kept[name] = text
    return kept


class Batcher:
    """Collects posts given one by one as mappings of raw fields, and gives them as batches."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._posts: list[Fields] = []
        self._rows: list[int] = []
        self._bad: list[BadRow] = []
        self._deleted: list[str] = []
        self._skipped = 0
        self._size = 0
        self.notes: Counter[str] = Counter()

    def add(self, row: int, item: Fields | Deleted | None, *, size: int = 0) -> None:
        """Take in a post, a deletion, or None for a record that is no post; `size` in bytes."""
        self._size += size
        if isinstance(item, Deleted):
            self._deleted.append(item.post_id)
        elif item is None:
            self._skipped += 1
        else:
            self._posts.append(item)
            self._rows.append(row)

    def add_bad(self, bad: BadRow) -> None:
        """Take in a row that could not be read."""
        self._bad.append(bad)
        self._size += len(bad.unread)

    @property
    def full(self) -> bool:
        """Whether it is time to give a batch."""
        return len(self._posts) + len(self._bad) >= BATCH_ROWS or self._size >= BATCH_BYTES

    def batch(self) -> RawBatch:
        """Give what was collected and start again."""
        batch = RawBatch(
            fields=_columns(self._posts, self.notes),
            rows=pa.array(self._rows, pa.int64()),
            bad=tuple(self._bad),
            deleted=tuple(self._deleted),
            skipped=self._skipped,
            notes=dict(self.notes),
        )
        self._start()
        return batch


def _columns(posts: list[Fields], notes: Counter[str]) -> pa.Table:
    names = [name for name in (*ALIASES, EXTRA) if any(name in post for post in posts)]
    return pa.table(
        {name: _column(name, [post.get(name) for post in posts], notes) for name in names}
    )


def _column(name: str, values: list[Any], notes: Counter[str]) -> pa.Array:
    if name == EXTRA:
        return without_surrogates(
            [sorted(value.items()) if value else None for value in values], PAIRS, notes
        )
    if name in LISTS:
        return without_surrogates(values, STRINGS, notes)
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or kinds == {bool}:
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, OverflowError):  # beyond 64 bits, or ints and floats mixed
            pass
    return without_surrogates([as_text(value) for value in values], pa.string(), notes)


def without_surrogates(values: list[Any], kind: pa.DataType, notes: Counter[str]) -> pa.Array:
    """Make an array of text; half characters, which UTF-8 cannot hold, become U+FFFD and are counted."""
    return text_array(values, kind, notes, mend=replace_halves, note=SURROGATES)


def text_array(
    values: list[Any],
    kind: pa.DataType,
    notes: Counter[str],
    *,
    mend: Callable[[str], str],
    note: str,
) -> pa.Array:
    """Make an array of text, mending the texts that UTF-8 cannot hold and counting them as `note`."""

    def mended(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(mended(part) for part in value)
        if not isinstance(value, str) or _encodable(value):
            return value
        notes[note] += 1
        return mend(value)

    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([mended(value) for value in values], kind)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def replace_halves(text: str) -> str:
    """Join half characters that belong together; a single one becomes U+FFFD."""
    return str(text_list([text])[0])


def extra_pairs(columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """Put columns into one column of pairs, name to value, nulls left out.

    Parameters
    ----------
    columns
        Text columns by name, each of shape (rows,).
    rows
        Number of rows.

    Returns
    -------
    pyarrow.MapArray
        Shape (rows,); names in alphabetical order; null where a row has none.
    """
    names = sorted(columns)
    if not names:
        return pa.nulls(rows, PAIRS)
    flat = pa.concat_arrays([columns[name] for name in names])
    row_major = np.arange(rows * len(names)).reshape(len(names), rows).T.ravel()
    values = flat.take(pa.array(row_major))
    there = values.is_valid().to_numpy(zero_copy_only=False)
    labels = pa.array(names).take(pa.array(np.tile(np.arange(len(names)), rows)[there]))
    per_row = there.reshape(rows, len(names)).sum(axis=1)
    offsets = np.concatenate([[0], np.cumsum(per_row)]).astype(np.int32)
    pairs = pa.MapArray.from_arrays(pa.array(offsets), labels, values.drop_null())
    empty = pa.array(per_row == 0)
    return pa.compute.if_else(empty, pa.scalar(None, PAIRS), pairs.cast(PAIRS))


ReadRecord = Callable[[Mapping[str, Any]], Iterator[Fields | Deleted | None]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A known export in JSON.

    Attributes
    ----------
    name
        In words, printed by the import.
    platform
        Goes into the column of that name; None where records say it themselves.
    matches
        Says whether a record is of this shape.
    read
        Gives the posts of a record: raw fields, `Deleted`, or None for what is no post. A record that
        lacks what a post needs raises KeyError, TypeError or ValueError and goes to quarantine.
    """

    name: str
    platform: str | None
    matches: Callable[[Mapping[str, Any]], bool]
    read: ReadRecord
