"""Raw fields of any file → the columns of `posts`, column by column."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.collect.fields import EXTRA
from murmuration.collect.raw import CONTENT_SHOWN, BadRow, RawBatch
from murmuration.collect.times import TimeReader, within_range
from murmuration.collect.values import (
    check_rounded,
    find_in_text,
    plain,
    read_counts,
    read_flags,
    read_ids,
    read_lists,
    read_text,
    without_nothing,
)
from murmuration.schema import DERIVED, NO_MONTH, PAIRS, POSTS, STRINGS, UTC_TIME
from murmuration.store.pseudonyms import Pseudonyms
from murmuration.text.language import declared_code

NO_TIME = "posts without a time, which reports over a period leave out"
MAX_TEXT_CHARS = 1_000_000  # longer ones are no posts, and would stop every analysis

# The sign comes first, since `re` finds a fixed beginning ten times as fast as a look behind it.
_HASHTAG = re.compile(r"#(?<![\w&/]#)(\w*[^\W\d_]\w*)")
_MENTION = re.compile(r"@(?<![\w@/.]@)(\w(?:[\w.-]*\w)?(?:@\w[\w.-]*\w)?)")
_URL = re.compile(r"https?://[^\s<>\"“”«»]*[^\s<>\"“”«».,;:!?'’)\]}…]")
# An address of X that names the account beside the post; the post's id alone leads there as well.
_X_POST = r"(?i)^https?://(?:www\.|mobile\.|m\.)?(?:twitter|x)\.com/(?:#!/)?[^/?#]+/status(?:es)?/(\d+).*$"

_COUNTS = (
    "like_count",
    "repost_count",
    "reply_count",
    "quote_count",
    "view_count",
    "author_followers",
)
CLOCKS = ("created_at", "version", "observed_at")
_TEXTS = ("title", "community", "url", "place_name")
_LINKS = ("reply_to_id", "root_id", "repost_of_id", "quote_of_id")
_KINDS = {
    "post": "post", "status": "post", "tweet": "post", "original": "post", "submission": "post",
    "toot": "post", "note": "post", "story": "post", "photo": "post", "video": "post",
    "reply": "reply", "replied_to": "reply", "repost": "repost", "retweet": "repost", "rt": "repost",
    "retweeted": "repost", "reblog": "repost", "share": "repost", "r": "repost", "boost": "repost",
    "quote": "quote", "q": "quote", "quoted": "quote", "quote_tweet": "quote", "quote tweet": "quote",
    "comment": "comment", "article": "article",
}  # fmt: skip

_LISTS = {"hashtags": "hashtags", "mentions": "mention_keys", "urls": "urls"}

# What the content hash covers: all that the source said, nothing that we worked out.
_HASHED = (
    "platform", "kind", "created_at", "author_key", "text", "lang", *_LINKS, *_TEXTS, *_COUNTS,
    "score", "sensitive", "version",
)  # fmt: skip


@dataclass(kw_only=True)
class Normaliser:
    """Turns raw batches of one file into posts.

    Attributes
    ----------
    source, import_id
        Written into every post.
    observed_at
        When the file was made, for records that do not say it themselves.
    again
        How often this very file was read before, in other ways: what it says counts as seen so many microseconds
        later, so that of two readings the last one wins.
    pseudonyms
        The workspace key.
    times
        Reads the file's times.
    platform, language
        For posts that do not say.
    notes
        What was repaired or left out, counted.
    """

    source: str
    import_id: str
    observed_at: datetime
    pseudonyms: Pseudonyms
    times: TimeReader
    platform: str | None = None
    language: str | None = None
    id_column: str = "id"
    again: int = 0
    notes: Counter[str] = field(default_factory=Counter)

    def with_times(self, batch: RawBatch) -> RawBatch:
        """Read the times of a batch; in the order of the file, as what one says of days and months holds for the next.

        Raises
        ------
        ReadError
            If days and months cannot be told apart anywhere in the file.
        """
        names = [name for name in CLOCKS if name in batch.fields.column_names]
        return replace(batch, times={name: self.times.read(batch.fields[name]) for name in names})

    def posts(self, batch: RawBatch) -> tuple[pa.Table, list[BadRow]]:
        """Give the posts of a batch, and its rows that are none.

        Parameters
        ----------
        batch
            Raw fields, times read.

        Returns
        -------
        (posts, bad)
            Columns of `posts`; `lang` is null where nothing was declared. Rows without id and text, with
            a time that cannot be read, or with an id that lost digits are bad.
        """
        self.notes.update(batch.notes)
        raw = {name: plain(batch.fields[name]) for name in batch.fields.column_names}
        if "url" in raw:
            raw["url"] = _without_account(read_text(raw["url"]))
        size = len(batch.rows)
        columns, reasons = self._columns(raw, _read_times(batch), size)
        posts = pa.table([columns[name] for name in POSTS.names], names=POSTS.names)
        bad = [*batch.bad, *_bad_rows(raw, batch.rows, reasons, columns["author_key"])]
        return (posts.filter(pc.is_null(reasons)) if len(bad) > len(batch.bad) else posts), bad

    def _columns(
        self, raw: dict[str, pa.Array], times: Mapping[str, pa.Array], size: int
    ) -> tuple[dict[str, pa.Array], pa.Array]:
        columns: dict[str, pa.Array] = {name: self._text(raw, name, size) for name in _TEXTS}
        columns["text"] = pc.coalesce(self._text(raw, "text", size), columns["title"])
        columns["author_key"] = self._author_keys(raw, size)
        columns["created_at"], time_faults = self._created_at(raw, times, size)
        for name in _COUNTS:
            columns[name] = read_counts(_get(raw, name, size), self.notes, name=name)
        columns["score"] = read_counts(
            _get(raw, "score", size), self.notes, name="score", signed=True
        )
        columns["sensitive"] = read_flags(_get(raw, "sensitive", size))
        for name in _LINKS:
            columns[name] = self._reference(raw, name, size)
        columns["version"] = self._rank_clock(times, "version")
        columns["platform"] = _or_default(self._text(raw, "platform", size), self.platform)
        columns["lang"] = self._declared_languages(raw, size)
        columns["lang_source"] = pc.if_else(
            pc.is_valid(columns["lang"]), "declared", pa.scalar(None, pa.string())
        )
        columns["kind"] = _kinds(raw, columns, size)
        columns |= self._entities(raw, columns["text"])
        columns[EXTRA] = raw[EXTRA].cast(PAIRS) if EXTRA in raw else pa.nulls(size, PAIRS)
        columns["content_hash"] = _content_hash(columns, raw.keys() & _LISTS, size)
        columns["post_id"], id_faults = self._ids(raw, columns, size)
        columns |= self._bookkeeping(times, columns["created_at"], size)
        return columns, pc.coalesce(id_faults, time_faults, _too_long(columns["text"]))

    def _text(self, raw: dict[str, pa.Array], name: str, size: int) -> pa.Array:
        return read_text(_get(raw, name, size))

    def _author_keys(self, raw: dict[str, pa.Array], size: int) -> pa.Array:
        ids, lost = read_ids(_get(raw, "author", size))
        self._count(lost, "author ids that lost digits, left out")
        return self._keys(pc.if_else(lost, None, ids))

    def _keys(self, ids: pa.Array) -> pa.Array:
        coded = ids.dictionary_encode()
        keys = self.pseudonyms.author_keys(self.source, coded.dictionary.to_pylist())
        return pa.array(list(keys.values()), pa.string()).take(coded.indices)

    def _created_at(
        self, raw: dict[str, pa.Array], clocks: Mapping[str, pa.Array], size: int
    ) -> tuple[pa.Array, pa.Array]:
        given = _get(raw, "created_at", size)
        times = clocks["created_at"]
        said = without_nothing(pc.utf8_trim_whitespace(read_text(given)))
        if "created_at" in raw:
            self._count(pc.is_null(said), NO_TIME)
        unread = pc.and_(pc.is_null(times), pc.is_valid(said))
        outside = pc.fill_null(pc.invert(within_range(times)), False)
        fault = pc.if_else(unread, "the time cannot be read", pa.scalar(None, pa.string()))
        return times, pc.if_else(outside, "the time lies outside 1980 to 2100", fault)

    def _rank_clock(self, clocks: Mapping[str, pa.Array], name: str) -> pa.Array:
        """Times that rank versions; one that no clock shows would win for ever."""
        times = clocks[name]
        outside = pc.fill_null(pc.invert(within_range(times)), False)
        self._count(outside, f"{name}: times outside 1980 to 2100, left out")
        return pc.if_else(outside, None, times)

    def _reference(self, raw: dict[str, pa.Array], name: str, size: int) -> pa.Array:
        ids, lost = read_ids(_get(raw, name, size))
        self._count(lost, f"{name}: ids that lost digits, left out")
        return pc.if_else(lost, None, ids)

    def _count(self, rows: pa.Array, note: str) -> None:
        found = pc.sum(rows).as_py() or 0
        if found:
            self.notes[note] += found

    def _ids(
        self, raw: dict[str, pa.Array], columns: dict[str, pa.Array], size: int
    ) -> tuple[pa.Array, pa.Array]:
        ids, lost = read_ids(_get(raw, "post_id", size))
        check_rounded(ids, column=self.id_column)
        nothing = pc.and_(pc.is_null(ids), pc.is_null(columns["text"]))
        missing = pc.and_(pc.is_null(ids), pc.invert(lost))
        if pc.any(missing).as_py():
            ids = pc.coalesce(ids, self._derived_ids(columns, missing))
        fault = pc.if_else(
            pc.and_(nothing, pc.invert(lost)),
            "neither an id nor a text",
            pa.scalar(None, pa.string()),
        )
        return ids, pc.if_else(
            lost, "the id lost digits (a number such as 5.7e+17 is no id)", fault
        )

    def _derived_ids(self, columns: dict[str, pa.Array], missing: pa.Array) -> pa.Array:
        parts = [
            columns["author_key"],
            columns["created_at"].cast(pa.int64()).cast(pa.string()),
            columns["text"],
        ]
        joined = _joined(parts).filter(missing).to_pylist()
        prefix = self.source.encode() + b"\x00"
        derived = [DERIVED + blake2b(prefix + text, digest_size=16).hexdigest() for text in joined]
        places = pc.cumulative_sum(missing.cast(pa.int64()))
        return pa.array(derived).take(pc.if_else(missing, pc.subtract(places, 1), None))

    def _declared_languages(self, raw: dict[str, pa.Array], size: int) -> pa.Array:
        coded = read_text(_get(raw, "lang", size)).dictionary_encode()
        codes = pa.array(
            [declared_code(name) for name in coded.dictionary.to_pylist()], pa.string()
        )
        return _or_default(codes.take(coded.indices), self.language)

    def _entities(self, raw: dict[str, pa.Array], text: pa.Array) -> dict[str, pa.Array]:
        hashtags = (
            read_lists(raw["hashtags"], strip="#＃")
            if "hashtags" in raw
            else find_in_text(pc.replace_substring(text, "＃", "#"), "#", _HASHTAG.findall)
        )
        mentions = (
            read_lists(raw["mentions"], strip="@＠")
            if "mentions" in raw
            else find_in_text(
                text, "@", lambda found: [name.lower() for name in _MENTION.findall(found)]
            )
        )
        urls = (
            read_lists(raw["urls"], strip="")
            if "urls" in raw
            else find_in_text(text, "http", _URL.findall)
        )
        return {"hashtags": hashtags, "mention_keys": self._mention_keys(mentions), "urls": urls}

    def _mention_keys(self, mentions: pa.Array) -> pa.Array:
        keys = self._keys(mentions.flatten())
        return pa.ListArray.from_arrays(mentions.offsets, keys, mask=mentions.is_null()).cast(
            STRINGS
        )

    def _bookkeeping(
        self, clocks: Mapping[str, pa.Array], created: pa.Array, size: int
    ) -> dict[str, pa.Array]:
        later = pa.scalar(timedelta(microseconds=self.again), pa.duration("us"))
        given = pc.add(self._rank_clock(clocks, "observed_at"), later)
        seen = pc.coalesce(given, pa.repeat(pa.scalar(self.observed_at, UTC_TIME), size))
        return {
            "source": pa.repeat(pa.scalar(self.source), size),
            "import_id": pa.repeat(pa.scalar(self.import_id), size),
            "observed_at": seen,
            "first_seen_at": seen,
            "created_month": months(created),
        }


def _bad_rows(
    raw: dict[str, pa.Array], rows: pa.Array, reasons: pa.Array, author_keys: pa.Array
) -> list[BadRow]:
    places = pa.array(np.flatnonzero(pc.is_valid(reasons).to_numpy(zero_copy_only=False)))
    said = {name: column.take(places).to_pylist() for name, column in raw.items()}
    # The author is kept as a pseudonym in a column of its own; whom it mentions is not kept.
    for name in ("author", "mentions"):
        said.pop(name, None)
    # Read as those of posts are, so that tombstones know them; but none is derived.
    ids, _ = read_ids(_get(raw, "post_id", len(rows)).take(places))
    contents = [
        _content({name: values[k] for name, values in said.items()}) for k in range(len(places))
    ]
    known = (column.take(places).to_pylist() for column in (rows, reasons, author_keys))
    return [
        BadRow(row, reason, content, post_id, author_key)
        for content, post_id, row, reason, author_key in zip(
            contents, ids.to_pylist(), *known, strict=True
        )
    ]


def _content(said: dict[str, Any]) -> str:
    there = {name: value for name, value in said.items() if value is not None}
    return json.dumps(there, ensure_ascii=False, default=str)[:CONTENT_SHOWN]


def months(created: pa.Array) -> pa.Array:
    """Give the month of each time, `YYYY-MM`, or `unknown`; shape (n_rows,)."""
    # Once per distinct month: `strftime` on every row takes as long as reading the file.
    micros = pc.fill_null(created.cast(pa.int64()), 0).to_numpy().view("datetime64[us]")
    distinct, where = np.unique(micros.astype("datetime64[M]"), return_inverse=True)
    month = pa.array(distinct.astype(str).tolist(), pa.string()).take(pa.array(where))
    return pc.if_else(pc.is_valid(created), month, NO_MONTH)


def _get(raw: dict[str, pa.Array], name: str, size: int) -> pa.Array:
    return raw[name] if name in raw else pa.nulls(size)


def _read_times(batch: RawBatch) -> dict[str, pa.Array]:
    """Give each clock's times, which `with_times` has read; null where the file has no such column."""
    there = batch.fields.column_names
    missing = pa.nulls(len(batch.rows), UTC_TIME)
    return {name: batch.times[name] if name in there else missing for name in CLOCKS}


def _without_account(urls: pa.Array) -> pa.Array:
    """Give addresses of posts on X without the author's name, which would stand beside the pseudonym."""
    return pc.replace_substring_regex(urls, _X_POST, r"https://x.com/i/web/status/\1")


def _or_default(column: pa.Array, default: str | None) -> pa.Array:
    return column if default is None else pc.fill_null(column, default)


def _too_long(text: pa.Array) -> pa.Array:
    long = pc.greater(pc.utf8_length(text), MAX_TEXT_CHARS)
    return pc.if_else(
        long, "the text is longer than a million characters", pa.scalar(None, pa.string())
    )


def _kinds(raw: dict[str, pa.Array], columns: dict[str, pa.Array], size: int) -> pa.Array:
    """Say what each post is: what the file says, else what it points to."""
    said = read_text(_get(raw, "kind", size)).dictionary_encode()
    known = pa.array(
        [_KINDS.get(word.strip().casefold()) for word in said.dictionary.to_pylist()], pa.string()
    )
    pointed: Any = "post"
    for name, kind in (
        ("reply_to_id", "reply"),
        ("quote_of_id", "quote"),
        ("repost_of_id", "repost"),
    ):
        pointed = pc.if_else(pc.is_valid(columns[name]), kind, pointed)
    reposted = pc.fill_null(read_flags(_get(raw, "is_repost", size)), False)
    return pc.if_else(reposted, "repost", pc.coalesce(known.take(said.indices), pointed))


def _joined(parts: list[pa.Array]) -> pa.Array:
    """Join columns row by row; separators that posts do not hold keep neighbours apart."""
    return pc.binary_join_element_wise(
        *parts, "\x1f", null_handling="replace", null_replacement="\x1e"
    ).cast(pa.binary())


def _content_hash(columns: dict[str, pa.Array], lists: Collection[str], size: int) -> pa.Array:
    """Hash what the source said about each post: 64 bits of BLAKE2b, as a signed integer."""
    parts = [
        pc.binary_join(columns[column], "\x1d") if name in lists else pa.scalar("\x1e")
        for name, column in _LISTS.items()
    ]
    for name in _HASHED:
        column = columns[name]
        if column.null_count == size:
            parts.append(pa.scalar("\x1e"))
        elif pa.types.is_timestamp(column.type):
            parts.append(column.cast(pa.int64()).cast(pa.string()))
        else:
            parts.append(column.cast(pa.string()))
    parts.append(_extra_text(columns[EXTRA]))
    if not size:
        return pa.array([], pa.int64())
    digests = b"".join(blake2b(text, digest_size=8).digest() for text in _joined(parts).to_pylist())
    return pa.array(np.frombuffer(digests, dtype="<i8"))


def _extra_text(extra: pa.Array) -> pa.Array:
    if extra.null_count == len(extra):
        return pa.scalar("\x1e")
    pairs = pc.binary_join_element_wise(extra.keys, extra.items, "\x1d")
    lists = pa.ListArray.from_arrays(extra.offsets, pairs)
    return pc.binary_join(lists, "\x1c")
