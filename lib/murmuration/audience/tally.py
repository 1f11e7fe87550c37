"""What is counted of each author, block of posts by block, and how counts of blocks become one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.frames import TEXTS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY_BITS = 24
_INT_BITS = 63
_DAY_MASK = (1 << DAY_BITS) - 1
# The first day that is counted, in days before 1970: no platform has older posts.
DAY_ZERO = 1 << (DAY_BITS - 1)
MOST_TERMS = 1_000  # of a kind, kept for an author
_COUNTS = pd.ArrowDtype(pa.list_(pa.int64()))
MOST_TEXTS = 400  # different texts of an author that words and interests are read from


@dataclass(frozen=True, eq=False)
class Tally:
    """What is counted of the authors of some posts.

    Attributes
    ----------
    keys
        The authors; what follows names them by their place here.
    sums
        Sums of measures over posts, shape (n_authors, n_measures).
    squares
        Sum of the squares of each measure, shape (n_measures,).
    days, day_posts
        Author and day in one number each, see `pack_days`, and the posts on it.
    terms
        Kind of term to a table of `author`, `term` and `n`.
    texts
        Table of `author`, `hash`, `n` of each different text; `text` is null for those beyond `MOST_TEXTS`.
    """

    keys: pa.Array
    sums: Mapping[str, Floats]
    squares: Mapping[str, float]
    days: Ints
    day_posts: Ints
    terms: Mapping[str, pa.Table]
    texts: pa.Table

    def sum_of(self, name: str) -> Floats:
        """Give the sum of a measure of each author; the number of posts where all of them are known."""
        return self.sums.get(name, self.sums["posts"])


def pack_days(authors: Ints, days: Ints) -> tuple[Ints, Ints]:
    """Give the different pairs of author and day (since 1970), rising, and how often each is there."""
    packed = (authors << DAY_BITS) | np.clip(days + DAY_ZERO, 0, _DAY_MASK)
    return np.unique(packed, return_counts=True)


def unpack_days(packed: Ints) -> tuple[Ints, Ints]:
    """Give authors and days (since 1970)."""
    return packed >> DAY_BITS, (packed & _DAY_MASK) - DAY_ZERO


def merge_tallies(tallies: Sequence[Tally]) -> Tally:
    """Make one tally of several; their order changes nothing but the order of the authors."""
    if len(tallies) == 1:
        return tallies[0]
    keys, places = _merge_keys([one.keys for one in tallies])
    where = np.concatenate(places)
    names = dict.fromkeys(name for one in tallies for name in one.sums)
    sums = {
        name: total(where, len(keys), np.concatenate([one.sum_of(name) for one in tallies]))
        for name in names
    }
    days, day_posts = _merge_days(tallies, places)
    kinds = tallies[0].terms
    return Tally(
        keys,
        sums,
        {name: sum(one.squares[name] for one in tallies) for name in tallies[0].squares},
        days,
        day_posts,
        {
            kind: add_up(
                [
                    _moved(one.terms[kind], place)
                    for one, place in zip(tallies, places, strict=True)
                ],
                ["author", "term"],
            )
            for kind in kinds
        },
        merge_texts([_moved(one.texts, place) for one, place in zip(tallies, places, strict=True)]),
    )


def _merge_keys(parts: Sequence[pa.Array]) -> tuple[pa.Array, list[Ints]]:
    joined = pa.chunked_array(parts).combine_chunks().dictionary_encode()
    codes = joined.indices.to_numpy().astype(np.int64)
    return joined.dictionary, np.split(codes, np.cumsum([len(part) for part in parts])[:-1])


def _merge_days(tallies: Sequence[Tally], places: Sequence[Ints]) -> tuple[Ints, Ints]:
    moved = np.concatenate(
        [
            (place[one.days >> DAY_BITS] << DAY_BITS) | (one.days & _DAY_MASK)
            for one, place in zip(tallies, places, strict=True)
        ]
    )
    moved, counts = sort_pairs(moved, np.concatenate([one.day_posts for one in tallies]))
    starts = np.flatnonzero(np.diff(moved, prepend=-1))
    return moved[starts], np.add.reduceat(counts, starts) if len(starts) else counts


def sort_pairs(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Sort by the first; where both fit into one number, that is sorted, which is faster than to sort places."""
    bits = int(counts.max(initial=0)).bit_length()
    if int(keys.max(initial=0)).bit_length() + bits < _INT_BITS:
        both = np.sort((keys << bits) | counts)
        return both >> bits, both & ((1 << bits) - 1)
    order = np.argsort(keys)
    return keys[order], counts[order]


def _moved(table: pa.Table, place: Ints) -> pa.Table:
    authors = place[table["author"].to_numpy()] if len(table) else np.zeros(0, np.int64)
    return table.set_column(0, "author", pa.array(authors, pa.int64()))


def add_up(tables: Sequence[pa.Table], by: list[str]) -> pa.Table:
    """Give the sum of `n` for each group, as a table of `by` and `n`."""
    whole = pa.concat_tables(tables)
    summed = whole.group_by(by, use_threads=False).aggregate([("n", "sum")])
    return summed.rename_columns([*by, "n"]).select([*by, "n"])


def merge_texts(tables: Sequence[pa.Table]) -> pa.Table:
    """Give each text of an author once; only those whose hashes come first keep their words."""
    whole = pa.concat_tables(tables).combine_chunks()
    if not len(whole):
        return whole
    authors, hashes = whole["author"].to_numpy(), whole["hash"].to_numpy()
    order = np.lexsort((hashes, authors))
    authors, hashes = authors[order], hashes[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(authors) != 0) | (hashes[1:] != hashes[:-1])
    starts = np.flatnonzero(new)
    counts = np.add.reduceat(whole["n"].to_numpy()[order], starts)
    authors = authors[starts]
    first = np.flatnonzero(np.diff(authors, prepend=-1))
    rank = np.arange(len(authors)) - np.repeat(first, np.diff(np.append(first, len(authors))))
    texts = whole["text"].take(pa.array(order[starts]))
    kept = pc.if_else(pa.array(rank < MOST_TEXTS), texts, pa.scalar(None, texts.type))
    return pa.table(
        {
            "author": pa.array(authors, pa.int64()),
            "hash": pa.array(hashes[starts], pa.int64()),
            "n": pa.array(counts, pa.int64()),
            "text": kept,
        }
    )


def total(authors: Ints, n_authors: int, values: npt.NDArray[Any]) -> Floats:
    """Give the sum of values by author, shape (n_authors,)."""
    return np.bincount(authors, values, minlength=n_authors).astype(np.float64)


def sort_terms(table: pa.Table) -> tuple[Ints, pa.Array, Ints]:
    """Give authors, terms and counts by author, the most frequent first, then by name."""
    table = table.combine_chunks().sort_by(
        [("author", "ascending"), ("n", "descending"), ("term", "ascending")]
    )
    terms = table["term"].combine_chunks()
    return table["author"].to_numpy(), terms, table["n"].to_numpy().astype(np.int64)


def list_terms(table: pa.Table | None, n_authors: int) -> tuple[Any, Any]:
    """Give lists of the most frequent terms of each author and of their counts; null without any."""
    if table is None or not len(table):
        empty = pa.nulls(n_authors)
        return pd.array(empty.cast(pa.list_(pa.string())), dtype=TEXTS), pd.array(
            empty.cast(pa.list_(pa.int64())), dtype=_COUNTS
        )
    authors, terms, counts = sort_terms(table)
    first = np.flatnonzero(np.diff(authors, prepend=-1))
    rank = np.arange(len(authors)) - np.repeat(first, np.diff(np.append(first, len(authors))))
    kept = np.flatnonzero(rank < MOST_TERMS)
    sizes = np.bincount(authors[kept], minlength=n_authors)
    ends = pa.array(
        np.concatenate([[0], np.cumsum(sizes)]), pa.int32(), mask=np.append(sizes == 0, False)
    )
    names = pa.ListArray.from_arrays(ends, terms.take(pa.array(kept)))
    numbers = pa.ListArray.from_arrays(ends, pa.array(counts[kept]))
    return pd.array(names, dtype=TEXTS), pd.array(numbers, dtype=_COUNTS)
