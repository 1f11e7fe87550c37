"""Posts → numbers of each post, block of posts by block, added up for each author."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.audience.tally import (
    EMPTY,
    LOTS,
    Counts,
    Floats,
    Ints,
    Tally,
    deal_out,
    merge_texts,
    pack_days,
    total,
)
from murmuration.audience.texts import DOMAIN, drop_links, hash_texts, measure_texts, name_site
from murmuration.errors import SchemaError
from murmuration.frames import text_array

_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0.001}
_DAY_US, _HOUR_US = 86_400_000_000, 3_600_000_000
_NIGHT_HOURS = 6
KNOWN = "known:"  # begins the name of a measure that counts the posts for which another is known

COUNTS = {
    "likes_per_post": "like_count", "reposts_per_post": "repost_count", "replies_per_post": "reply_count",
    "views_per_post": "view_count", "followers": "author_followers",
}  # fmt: skip
_KINDS = {"repost_share": "repost", "reply_share": "reply", "quote_share": "quote"}
_LABELS = {"negative_share": "negative", "positive_share": "positive"}
# Kinds of terms, by the column of lists or of names that each is read from.
LISTS = {"hashtags": "hashtags", "mentions": "mention_keys", "domains": "urls"}
NAMES = {"communities": "community", "topics": "topic", "langs": "lang", "places": "place_name"}

_TERMS = pa.schema([("author", pa.int64()), ("term", pa.string()), ("n", pa.int64())])
_TEXTS = pa.schema(
    [
        ("author", pa.int64()),
        ("hash", pa.int64()),
        ("n", pa.int64()),
        ("text", pa.dictionary(pa.int32(), pa.string())),
    ]
)


@dataclass(frozen=True)
class Plan:
    """What is read of posts.

    Attributes
    ----------
    columns
        Columns that posts have.
    key
        That handles in texts are hidden with.
    """

    columns: tuple[str, ...]
    key: bytes | None = field(default=None, repr=False)

    def has(self, column: str) -> bool:
        """Say whether posts have a column."""
        return column in self.columns

    @property
    def used(self) -> list[str]:
        """The columns that are read, in the order of the posts."""
        wanted = {
            "source", "author_key", "created_at", "text", "kind", "sentiment", "sentiment_label",
            *COUNTS.values(), *LISTS.values(), *NAMES.values(),
        }  # fmt: skip
        return [column for column in self.columns if column in wanted]

    @property
    def kinds(self) -> list[str]:
        """Kinds of terms that are counted."""
        return [kind for kind, column in (LISTS | NAMES).items() if self.has(column)]


@dataclass(frozen=True, eq=False)
class _Said:
    """The different texts of posts, the same without addresses, and which of them each post has, −1 for none."""

    texts: pa.Array
    plain: pa.Array
    which: npt.NDArray[np.int32]


def tally_posts(posts: pd.DataFrame, plan: Plan) -> Tally:
    """Count a block of posts; those without an author are left out."""
    keys, authors = _find_authors(posts, plan)
    known = authors >= 0
    if not known.all():
        posts, authors = posts[known], authors[known]
    wide = authors.astype(np.int64)
    said = _read_texts(posts["text"]) if plan.has("text") else None
    sums, squares = _add_up(posts, wide, len(keys), said, plan)
    days, day_posts = _count_days(posts, wide, plan)
    return Tally(
        keys, sums, squares, days, day_posts,
        {kind: _count_terms(posts, wide, kind) for kind in plan.kinds},
        _count_texts(said, wide) if said else _TEXTS.empty_table(),
    )  # fmt: skip


def _find_authors(posts: pd.DataFrame, plan: Plan) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """Give the authors and the place of each post's among them, −1 without one."""
    keys, codes = _encode_by_lot(posts["author_key"])
    if not plan.has("source"):
        return keys, codes
    sources, source_codes = _encode(posts["source"])
    # By key first, so that the authors of a lot stay together.
    several = len(sources) + 1
    pairs = np.where(codes < 0, -1, codes.astype(np.int64) * several + source_codes + 1)
    there, places = np.unique(pairs, return_inverse=True)
    skipped = int(len(there) > 0 and there[0] < 0)
    there = there[skipped:]
    known = pa.concat_arrays([pa.array([""]), pc.fill_null(sources.cast(pa.string()), "")])
    joined = pc.binary_join_element_wise(
        known.take(pa.array(there % several)),
        keys.cast(pa.string()).take(pa.array(there // several)),
        "\x00",
    )
    return joined, (places - skipped).astype(np.int32)


def _encode_by_lot(column: "pd.Series[Any]") -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """Give the different keys, those of a lot together, and the place of each row's among them, −1 for null."""
    values = _read(column)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    lots = deal_out(values)
    codes = np.full(len(values), -1, np.int32)
    keys: list[pa.Array] = []
    for lot in range(LOTS):
        rows = np.flatnonzero(lots == lot)
        # What is looked up stays near, so that lots are encoded faster than all keys at once.
        encoded = values.take(pa.array(rows)).dictionary_encode()
        codes[rows] = encoded.indices.to_numpy() + sum(map(len, keys))
        keys.append(encoded.dictionary)
    return pa.concat_arrays(keys), codes


def _encode(column: "pd.Series[Any]") -> tuple[pa.Array, npt.NDArray[np.int32]]:
    values = _read(column)
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    codes = _fill(values.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return values.dictionary, codes


def _read(column: "pd.Series[Any]") -> pa.Array:
    values = pa.array(column, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    # Encoded as it is, null would be a name.
    return values.cast(pa.string()) if pa.types.is_null(values.type) else values


def _add_up(
    posts: pd.DataFrame,
    authors: Ints,
    n_authors: int,
    said: _Said | None,
    plan: Plan,
) -> tuple[dict[str, Floats], dict[str, float]]:
    sums: dict[str, Floats] = {}
    squares: dict[str, float] = {}
    for name, values in chain(_measure(posts, plan), _measure_said(said)):
        if values is None:
            sums[name] = np.bincount(authors, minlength=n_authors).astype(np.float64)
        elif name.startswith(KNOWN):
            if not values.all():
                sums[name] = total(authors, n_authors, values)
        else:
            sums[name] = total(authors, n_authors, values)
            squares[name] = float(np.square(values).sum())
    return sums, squares


def _measure(posts: pd.DataFrame, plan: Plan) -> Iterable[tuple[str, Any]]:
    """Give the measures that are not made of texts, by name; 0 where nothing is known, None where it is 1 for all."""
    yield "posts", None
    if plan.has("created_at"):
        yield from _measure_times(posts["created_at"])
    for name, column in COUNTS.items():
        if plan.has(column):
            counts = _numbers(posts[column], column)
            # Less than none is another way to say unknown.
            known = (counts >= 0) & np.isfinite(counts)
            yield f"{KNOWN}{name}", known
            yield name, np.log1p(counts if known.all() else np.where(known, counts, 0.0))
    if plan.has("kind"):
        yield from _measure_names(posts["kind"], "kind", _KINDS)
    if plan.has("sentiment_label"):
        yield from _measure_names(posts["sentiment_label"], "label", _LABELS)
    if plan.has("sentiment"):
        scores = _numbers(posts["sentiment"], "sentiment")
        yield f"{KNOWN}sentiment", np.isfinite(scores)
        scores = np.nan_to_num(scores, posinf=0.0, neginf=0.0)
        yield "sentiment", scores
        yield "sentiment_squared", scores**2


def _measure_times(column: "pd.Series[Any]") -> Iterable[tuple[str, Any]]:
    times, known = moments(column)
    hours = np.where(known, times % _DAY_US / _HOUR_US, 0.0)
    angle = hours * (2 * np.pi / 24)
    yield f"{KNOWN}time", known
    yield "hour_cos", np.cos(angle) * known
    yield "hour_sin", np.sin(angle) * known
    yield "night_share", ((hours < _NIGHT_HOURS) & known).astype(float)


def _measure_names(
    column: "pd.Series[Any]", what: str, wanted: dict[str, str]
) -> Iterable[tuple[str, Any]]:
    names, codes = _encode(column)
    yield f"{KNOWN}{what}", codes >= 0
    places = {name: place for place, name in enumerate(names.to_pylist())}
    for measure, name in wanted.items():
        yield measure, (codes == places.get(name, -2)).astype(float)


def _measure_said(said: _Said | None) -> Iterable[tuple[str, Any]]:
    if said is None:
        return
    known = said.which >= 0
    yield f"{KNOWN}text", known
    for name, values in measure_texts(said.texts, said.plain).items():
        yield (
            name,
            np.where(known, values[said.which], 0.0) if len(values) else np.zeros(len(known)),
        )


def moments(column: "pd.Series[Any]") -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Give microseconds since 1970 in UTC (0 where unknown), and which are known.

    Raises
    ------
    SchemaError
        If there is something else than times.
    """
    values = pa.array(column, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    known = values.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_null(values.type):
        return np.zeros(len(values), np.int64), known
    if not pa.types.is_timestamp(values.type):
        raise SchemaError(
            f"created_at holds {values.type}, but profiles need times. Turn it into times first, for example with "
            "pandas.to_datetime(posts['created_at'], utc=True)."
        )
    ticks = _fill(values.cast(pa.int64()), 0).to_numpy()
    if values.type.unit != "us":
        ticks = (ticks * _MICROSECONDS[values.type.unit]).astype(np.int64)
    return ticks, known


def _numbers(column: "pd.Series[Any]", name: str) -> Floats:
    try:
        values = pa.array(column, from_pandas=True).cast(pa.float64())
    except pa.ArrowException as err:
        raise SchemaError(
            f"{name} holds something else than numbers. Turn it into numbers first."
        ) from err
    return np.asarray(_fill(values, np.nan).to_numpy(zero_copy_only=False))


def _fill(values: Any, filler: float) -> Any:
    """Fill nulls; where there are none, nothing is copied."""
    return values.fill_null(filler) if values.null_count else values


def _count_days(posts: pd.DataFrame, authors: Ints, plan: Plan) -> tuple[Ints, Counts]:
    if not plan.has("created_at"):
        return EMPTY, EMPTY.astype(np.int32)
    times, known = moments(posts["created_at"])
    return pack_days(authors[known], times[known] // _DAY_US)


def _count_terms(posts: pd.DataFrame, authors: Ints, kind: str) -> pa.Table:
    column = (LISTS | NAMES)[kind]
    values = pa.array(posts[column], from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_null(values.type):
        return _TERMS.empty_table()
    if kind in LISTS:
        if not (pa.types.is_list(values.type) or pa.types.is_large_list(values.type)):
            raise SchemaError(f"{column} holds {values.type}, but profiles need lists of names.")
        authors = authors[pc.list_parent_indices(values).to_numpy()]
        values = pc.list_flatten(values)
    known = values.is_valid()
    pairs = pa.table(
        {
            "author": pa.array(authors).filter(known),
            "term": _as_terms(values.filter(known), kind),
        }
    )
    pairs = pairs.filter(pairs["term"].is_valid())
    counted = pairs.group_by(["author", "term"], use_threads=False).aggregate([([], "count_all")])
    counted = counted.rename_columns(["author", "term", "n"]).select(["author", "term", "n"])
    if kind == "topics":  # −1 is no topic
        counted = counted.filter(pc.not_equal(counted["term"], "-1"))
    return counted.cast(_TERMS)


def _as_terms(values: pa.Array, kind: str) -> pa.Array:
    if kind == "domains":
        found = pc.extract_regex(values.cast(pa.string()), DOMAIN)
        sites = pc.struct_field(found, "site").dictionary_encode()
        names = [name_site(site) or None for site in sites.dictionary.to_pylist()]
        return pa.array(names, pa.string()).take(sites.indices)
    if pa.types.is_floating(values.type):  # topics with gaps, as pandas keeps them
        values = values.cast(pa.int64(), safe=False)
    names = values.cast(pa.string())
    return pc.utf8_lower(names) if kind == "hashtags" else names


def _read_texts(column: "pd.Series[Any]") -> _Said:
    encoded = text_array(column).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    texts = encoded.dictionary.cast(pa.string())
    return _Said(texts, drop_links(texts), _fill(encoded.indices, -1).to_numpy())


def _count_texts(said: _Said, authors: Ints) -> pa.Table:
    """Give each text of an author once; its hash is that of its words, so that copies are found."""
    known = said.which >= 0
    codes = pa.array(said.which[known])
    columns = (
        pa.array(authors[known]),
        pa.array(hash_texts(said.plain)).take(codes),
        pa.array(np.ones(len(codes), np.int64)),
        pa.DictionaryArray.from_arrays(codes, said.texts),
    )
    return merge_texts([pa.table(columns, _TEXTS)])
