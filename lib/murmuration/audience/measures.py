"""Posts → numbers of each post, block of posts by block, added up for each author."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.audience.tally import Floats, Ints, Tally, merge_texts, pack_days, sum_by
from murmuration.audience.texts import DOMAIN, hash_texts, measure_texts, name_site
from murmuration.errors import SchemaError
from murmuration.frames import text_array

_ROWS = 250_000  # posts at once
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0.001}
_DAY_US, _HOUR_US = 86_400_000_000, 3_600_000_000
_NIGHT_HOURS = 6

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
    [("author", pa.int64()), ("hash", pa.int64()), ("n", pa.int64()), ("text", pa.string())]
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
    def measures(self) -> list[str]:
        """Names of what is added up; ``known:X`` counts the posts for which X is known."""
        names = ["posts"]
        if self.has("created_at"):
            names += ["known:time", "hour_cos", "hour_sin", "night_share"]
        if self.has("text"):
            names += ["known:text", *measure_texts(pa.array([], pa.string()))]
        for name, column in COUNTS.items():
            names += [f"known:{name}", name] if self.has(column) else []
        names += ["known:kind", *_KINDS] if self.has("kind") else []
        names += (
            ["known:sentiment", "sentiment", "sentiment_squared"] if self.has("sentiment") else []
        )
        names += ["known:label", *_LABELS] if self.has("sentiment_label") else []
        return names

    @property
    def kinds(self) -> list[str]:
        """Kinds of terms that are counted."""
        return [kind for kind, column in (LISTS | NAMES).items() if self.has(column)]


def tally_posts(posts: pd.DataFrame, plan: Plan) -> Tally:
    """Count a block of posts; those without an author are left out."""
    keys, authors = _find_authors(posts, plan)
    known = authors >= 0
    if not known.all():
        posts, authors = posts[known], authors[known]
    encoded = text_array(posts["text"]).dictionary_encode() if plan.has("text") else None
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    sums, squares = _add_up(posts, authors, len(keys), encoded, plan)
    days, day_posts = _count_days(posts, authors, plan)
    wide = authors.astype(np.int64)
    return Tally(
        keys, sums, squares, days, day_posts,
        {kind: _count_terms(posts, wide, kind) for kind in plan.kinds},
        _count_texts(encoded, wide) if encoded is not None else _TEXTS.empty_table(),
    )  # fmt: skip


def _find_authors(posts: pd.DataFrame, plan: Plan) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """Give the authors and the place of each post's among them, −1 without one."""
    keys, codes = _encode(posts["author_key"])
    if not plan.has("source"):
        return keys, codes
    sources, source_codes = _encode(posts["source"])
    pairs = np.where(codes < 0, -1, (source_codes.astype(np.int64) + 1) * max(len(keys), 1) + codes)
    there, places = np.unique(pairs, return_inverse=True)
    skipped = int(len(there) > 0 and there[0] < 0)
    there = there[skipped:]
    source_of, key_of = there // max(len(keys), 1) - 1, there % max(len(keys), 1)
    names = (
        pc.fill_null(sources.cast(pa.string()), "").take(
            pa.array(np.where(source_of < 0, 0, source_of))
        )
        if len(sources)
        else pa.array([""] * len(there), pa.string())
    )
    if len(sources) and (source_of < 0).any():
        names = pc.if_else(pa.array(source_of < 0), "", names)
    joined = pc.binary_join_element_wise(
        names, keys.cast(pa.string()).take(pa.array(key_of)), "\x00"
    )
    return joined, (places - skipped).astype(np.int32)


def _encode(column: "pd.Series[Any]") -> tuple[pa.Array, npt.NDArray[np.int32]]:
    values = pa.array(column, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())  # encoded as it is, null would be a name
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return values.dictionary, codes


def _add_up(
    posts: pd.DataFrame,
    authors: npt.NDArray[np.int32],
    n_authors: int,
    encoded: pa.DictionaryArray | None,
    plan: Plan,
) -> tuple[Floats, Floats]:
    names = plan.measures
    sums, squares = np.zeros((n_authors, len(names))), np.zeros(len(names))
    said = {} if encoded is None else measure_texts(encoded.dictionary)
    which = None if encoded is None else encoded.indices.fill_null(-1).to_numpy()
    for at in range(0, len(posts), _ROWS):
        rows = slice(at, at + _ROWS)
        found = dict(_measure(posts.iloc[rows], plan))
        if which is not None:
            found |= _measure_said(said, which[rows])
        values = np.stack([found[name] for name in names], axis=1)
        squares += np.einsum("ij,ij->j", values, values)
        sums += sum_by(authors[rows], n_authors, values)
    return sums, squares


def _measure(posts: pd.DataFrame, plan: Plan) -> Iterable[tuple[str, Floats]]:
    """Give the measures that are not made of texts, by name; 0 where nothing is known."""
    yield "posts", np.ones(len(posts))
    if plan.has("created_at"):
        yield from _measure_times(posts["created_at"])
    for name, column in COUNTS.items():
        if plan.has(column):
            counts = _numbers(posts[column], column)
            known = (counts >= 0) & np.isfinite(
                counts
            )  # less than none is another way to say unknown
            yield f"known:{name}", known.astype(float)
            yield name, np.log1p(np.where(known, counts, 0.0))
    if plan.has("kind"):
        yield from _measure_names(posts["kind"], "kind", _KINDS)
    if plan.has("sentiment_label"):
        yield from _measure_names(posts["sentiment_label"], "label", _LABELS)
    if plan.has("sentiment"):
        scores = _numbers(posts["sentiment"], "sentiment")
        yield "known:sentiment", np.isfinite(scores).astype(float)
        scores = np.nan_to_num(scores, posinf=0.0, neginf=0.0)
        yield "sentiment", scores
        yield "sentiment_squared", scores**2


def _measure_times(column: "pd.Series[Any]") -> Iterable[tuple[str, Floats]]:
    times, known = moments(column)
    hours = np.where(known, times % _DAY_US / _HOUR_US, 0.0)
    angle = hours * (2 * np.pi / 24)
    yield "known:time", known.astype(float)
    yield "hour_cos", np.cos(angle) * known
    yield "hour_sin", np.sin(angle) * known
    yield "night_share", ((hours < _NIGHT_HOURS) & known).astype(float)


def _measure_names(
    column: "pd.Series[Any]", what: str, wanted: dict[str, str]
) -> Iterable[tuple[str, Floats]]:
    names, codes = _encode(column)
    yield f"known:{what}", (codes >= 0).astype(float)
    places = {name: place for place, name in enumerate(names.to_pylist())}
    for measure, name in wanted.items():
        yield measure, (codes == places.get(name, -2)).astype(float)


def _measure_said(said: dict[str, Floats], which: Ints) -> dict[str, Floats]:
    known = which >= 0
    found = {"known:text": known.astype(float)}
    for name, values in said.items():
        found[name] = np.where(known, values[which], 0.0) if len(values) else np.zeros(len(which))
    return found


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
    ticks = values.cast(pa.int64()).fill_null(0).to_numpy()
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
    return np.asarray(values.fill_null(np.nan).to_numpy(zero_copy_only=False))


def _count_days(
    posts: pd.DataFrame, authors: npt.NDArray[np.int32], plan: Plan
) -> tuple[Ints, Ints]:
    if not plan.has("created_at"):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    times, known = moments(posts["created_at"])
    return pack_days(authors[known].astype(np.int64), times[known] // _DAY_US)


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


def _count_texts(encoded: pa.DictionaryArray, authors: Ints) -> pa.Table:
    """Give each text of an author once; its hash is that of its words, so that copies are found."""
    which = encoded.indices
    known = which.is_valid()
    authors, codes = authors[known.to_numpy(zero_copy_only=False)], which.filter(known)
    texts = encoded.dictionary
    return merge_texts(
        [
            pa.table(
                {
                    "author": pa.array(authors, pa.int64()),
                    "hash": pa.array(hash_texts(texts), pa.int64()).take(codes),
                    "n": pa.array(np.ones(len(authors), np.int64)),
                    "text": texts.cast(pa.string()).take(codes),
                }
            )
        ]
    )
