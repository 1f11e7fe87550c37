"""What is counted of each author, block of posts by block, and how counts of blocks become one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.frames import TEXTS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]
Lists = tuple[pa.Array, pa.Array]  # of terms and of their counts
Columns = tuple[pd.api.extensions.ExtensionArray, pd.api.extensions.ExtensionArray]
EMPTY = np.zeros(0, np.int64)

DAY_BITS = 24
_INT_BITS = 63
_DAY_MASK = (1 << DAY_BITS) - 1
_LAST_BYTES = pa.array([b"", *(bytes([one]) for one in range(256))], pa.large_binary())
# The first day that is counted, in days before 1970: no platform has older posts.
DAY_ZERO = 1 << (DAY_BITS - 1)
AUTHORS_AT_ONCE = 250_000
LOTS = 8  # that authors are dealt out to, so that cores merge what is counted of them side by side
MOST_TERMS = 1_000  # of a kind, kept for an author
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
        Table of `author`, `hash`, `n` of each different text; `text`, encoded, is null for those beyond `MOST_TEXTS`.
    """

    keys: pa.Array
    sums: Mapping[str, Floats]
    squares: Mapping[str, float]
    days: Ints
    day_posts: Counts
    terms: Mapping[str, pa.Table]
    texts: pa.Table

    def sum_of(self, name: str) -> Floats:
        """Give the sum of a measure of each author; the number of posts where all of them are known."""
        return self.sums.get(name, self.sums["posts"])


def pack_days(authors: Ints, days: Ints) -> tuple[Ints, Counts]:
    """Give the different pairs of author and day (since 1970), rising, and how often each is there."""
    packed = (authors << DAY_BITS) | np.clip(days + DAY_ZERO, 0, _DAY_MASK)
    packed, posts = np.unique(packed, return_counts=True)
    return packed, posts.astype(np.int32)


def unpack_days(packed: Ints) -> tuple[Ints, Ints]:
    """Give authors and days (since 1970)."""
    return packed >> DAY_BITS, (packed & _DAY_MASK) - DAY_ZERO


def deal_out(keys: pa.Array) -> Ints:
    """Give the lot of each author, by the last byte of the key so that it is the same in all blocks; −1 for null."""
    written = keys.cast(pa.large_string()).cast(pa.large_binary())
    last = pc.index_in(pc.binary_slice(written, -1), value_set=_LAST_BYTES)
    places = last.fill_null(-1).to_numpy()
    # A key without a byte is in the lot of byte 0, which it ends with where its source stands before it.
    return np.where(places < 0, -1, np.maximum(places - 1, 0) % LOTS)


def split_tally(tally: Tally) -> list[Tally]:
    """Make one tally for each lot of authors; in the given one the authors of a lot stand together."""
    cuts = np.searchsorted(deal_out(tally.keys), np.arange(LOTS + 1)).tolist()
    rows = np.searchsorted(tally.days, [first << DAY_BITS for first in cuts]).tolist()
    return [
        Tally(
            # Copied: what is sent to another process would be the keys of all lots.
            pa.concat_arrays([tally.keys[first:past]]),
            {name: sums[first:past] for name, sums in tally.sums.items()},
            # Of all authors together: the first lot has them.
            tally.squares if lot == 0 else dict.fromkeys(tally.squares, 0.0),
            tally.days[rows[lot] : rows[lot + 1]] - (first << DAY_BITS),
            tally.day_posts[rows[lot] : rows[lot + 1]],
            {kind: _cut(table, first, past) for kind, table in tally.terms.items()},
            _cut(tally.texts, first, past),
        )
        for lot, (first, past) in enumerate(pairwise(cuts))
    ]


def _cut(table: pa.Table, first: int, past: int) -> pa.Table:
    """Give the rows of some authors, who are numbered from 0, and of their texts only."""
    if not len(table):
        return table
    authors = table["author"].to_numpy()
    wanted = (authors >= first) & (authors < past)
    found = table.filter(pa.array(wanted)).set_column(
        0, "author", pa.array(authors[wanted] - first)
    )
    if "text" not in table.column_names:
        return found
    text = found["text"].combine_chunks()
    codes = text.indices.fill_null(-1).to_numpy()
    return found.set_column(3, "text", _shrink(codes, text.dictionary))


def order_authors(tally: Tally) -> Tally:
    """Put authors in the order of their keys; of days there are none any more."""
    order = pc.sort_indices(tally.keys)
    rows = order.to_numpy()
    place = np.empty(len(rows), np.int64)
    place[rows] = np.arange(len(rows))
    texts = _moved(tally.texts, place)
    return replace(
        tally,
        keys=tally.keys.take(order),
        sums={name: sums[rows] for name, sums in tally.sums.items()},
        terms={kind: _moved(table, place) for kind, table in tally.terms.items()},
        texts=texts.take(pa.array(np.argsort(texts["author"].to_numpy(), kind="stable"))),
    )


def join_tallies(tallies: Sequence[Tally]) -> Tally:
    """Make one tally of those of different authors, whose days were read."""
    if len(tallies) == 1:
        return tallies[0]
    sizes = [len(one.keys) for one in tallies]
    ends = np.cumsum(sizes)
    moved = [
        (one, np.arange(end - size, end))
        for one, size, end in zip(tallies, sizes, ends, strict=True)
    ]
    names = dict.fromkeys(name for one in tallies for name in one.sums)
    return replace(
        tallies[0],
        keys=pa.concat_arrays([one.keys for one in tallies]),
        sums={name: np.concatenate([one.sum_of(name) for one in tallies]) for name in names},
        squares={name: sum(one.squares[name] for one in tallies) for name in tallies[0].squares},
        terms={kind: pa.concat_tables([_moved(one.terms[kind], place) for one, place in moved]) for kind in tallies[0].terms},
        texts=pa.concat_tables([_moved(one.texts, place) for one, place in moved]).unify_dictionaries().combine_chunks(),
    )  # fmt: skip


def merge_tallies(tallies: Sequence[Tally]) -> Tally:
    """Make one tally of several; their order changes nothing but the order of the authors."""
    if len(tallies) == 1:
        return tallies[0]
    for pool in (pa.default_memory_pool(), pa.system_memory_pool()):
        pool.release_unused()  # what blocks left is a third of all memory
    keys, places = _merge_keys([one.keys for one in tallies])
    where = np.concatenate(places)
    names = dict.fromkeys(name for one in tallies for name in one.sums)
    sums = {
        name: total(where, len(keys), np.concatenate([one.sum_of(name) for one in tallies]))
        for name in names
    }
    days, day_posts = _merge_days(tallies, places, len(keys))
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


def _merge_days(
    tallies: Sequence[Tally], places: Sequence[Ints], n_authors: int
) -> tuple[Ints, Counts]:
    days, day_posts = [EMPTY], [EMPTY.astype(np.int32)]
    # Some authors after the others, as what is sorted takes several times its memory.
    for first in range(0, n_authors, AUTHORS_AT_ONCE):
        pairs = [_days_of(one, place, first) for one, place in zip(tallies, places, strict=True)]
        both, counts = sort_rows(*map(np.concatenate, zip(*pairs, strict=True)))
        starts = np.flatnonzero(np.diff(both, prepend=-1))
        days.append(both[starts])
        posts = np.add.reduceat(counts, starts) if len(starts) else counts
        day_posts.append(posts.astype(np.int32))
    return np.concatenate(days), np.concatenate(day_posts)


def _days_of(tally: Tally, place: Ints, first: int) -> tuple[Ints, Counts]:
    """Give the days of some authors, who are called by their new places, and the posts on each."""
    wanted = (place >= first) & (place < first + AUTHORS_AT_ONCE)
    rows = np.flatnonzero(wanted[tally.days >> DAY_BITS])
    days = tally.days[rows]
    return (place[days >> DAY_BITS] << DAY_BITS) | (days & _DAY_MASK), tally.day_posts[rows]


def sort_rows(*columns: Ints) -> list[Ints]:
    """Sort rows of numbers from 0 by the first column, then by the next ones.

    Where a row fits into one number, that is sorted, which is many times faster than to sort places.
    """
    bits = [int(column.max(initial=0)).bit_length() for column in columns]
    if sum(bits) > _INT_BITS:
        order = np.lexsort(columns[::-1])
        return [column[order] for column in columns]
    rows = columns[0].astype(np.int64)
    for column, width in zip(columns[1:], bits[1:], strict=True):
        rows <<= width
        rows |= column
    rows.sort()
    found = []
    for width in bits[:0:-1]:
        found.append(rows & ((1 << width) - 1))
        rows >>= width
    return [rows, *found[::-1]]


def count_pairs(left: Ints, right: Ints) -> tuple[Ints, Ints, Ints]:
    """Give the different pairs of numbers from 0, rising, and how often each is there."""
    left, right = sort_rows(left, right)
    new = (np.diff(left, prepend=-1) != 0) | (np.diff(right, prepend=-1) != 0)
    first = np.flatnonzero(new)
    return left[first], right[first], np.diff(np.append(first, len(left)))


@dataclass(frozen=True, eq=False)
class Groups:
    """Numbers in groups: how many each group has, and those of one group after those of the other."""

    sizes: Ints
    values: Ints

    def take(self, groups: Ints) -> tuple[Ints, Ints]:
        """Give the numbers of these groups, and the place here of the group that each is from."""
        sizes = self.sizes[groups]
        starts = (np.cumsum(self.sizes) - self.sizes)[groups] - (np.cumsum(sizes) - sizes)
        rows = np.repeat(np.arange(len(groups)), sizes)
        return rows, self.values[starts[rows] + np.arange(len(rows))]


def _moved(table: pa.Table, place: Ints) -> pa.Table:
    authors = place[table["author"].to_numpy()] if len(table) else np.zeros(0, np.int64)
    return table.set_column(0, "author", pa.array(authors, pa.int64()))


def add_up(tables: Sequence[pa.Table], by: list[str]) -> pa.Table:
    """Give the sum of `n` for each group, as a table of `by` and `n`."""
    whole = pa.concat_tables(tables)
    summed = whole.group_by(by, use_threads=False).aggregate([("n", "sum")])
    return summed.rename_columns([*by, "n"]).select([*by, "n"])


def merge_texts(tables: Sequence[pa.Table]) -> pa.Table:
    """Give each text of an author once; only those whose hashes come first keep their words.

    Of texts that differ in handles and links only, the one that comes first in order is kept, whichever came first.
    """
    whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
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
    text = whole["text"].combine_chunks()
    codes = text.indices.fill_null(-1).to_numpy()[order]
    kept = _choose_texts(codes, starts, text.dictionary)
    kept[rank >= MOST_TEXTS] = -1
    return pa.table(
        {
            "author": pa.array(authors, pa.int64()),
            "hash": pa.array(hashes[starts], pa.int64()),
            "n": pa.array(counts, pa.int64()),
            "text": _shrink(kept, text.dictionary),
        }
    )


def _choose_texts(
    codes: npt.NDArray[np.int32], starts: Ints, texts: pa.Array
) -> npt.NDArray[np.int32]:
    """Give the text that comes first in order of each group of codes; −1 where it has none."""
    kept = np.minimum.reduceat(codes, starts)
    differ = np.flatnonzero(kept != np.maximum.reduceat(codes, starts))
    if not len(differ):
        return kept
    sizes = np.diff(np.append(starts, len(codes)))
    _, some = Groups(sizes, codes.astype(np.int64)).take(differ)
    used = np.unique(some[some >= 0])
    ordered = used[pc.array_sort_indices(texts.take(pa.array(used))).to_numpy()]
    # Without a text comes last, so that it is taken only where there is no other.
    place = np.full(len(texts) + 1, len(ordered), np.int64)
    place[ordered] = np.arange(len(ordered))
    ends = np.cumsum(sizes[differ])
    first = np.minimum.reduceat(place[some], ends - sizes[differ])
    kept[differ] = np.append(ordered, -1)[first]
    return kept


def _shrink(codes: npt.NDArray[np.int32], names: pa.Array) -> pa.DictionaryArray:
    """Encode with those names only that are used; −1 is null."""
    used = np.zeros(len(names), bool)
    used[codes[codes >= 0]] = True
    places = (np.cumsum(used) - 1).astype(np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(places[codes], mask=codes < 0), names.filter(pa.array(used))
    )


def total(authors: Ints, n_authors: int, values: npt.NDArray[Any]) -> Floats:
    """Give the sum of values by author, shape (n_authors,)."""
    return np.bincount(authors, values, minlength=n_authors).astype(np.float64)


def rank_terms(terms: pa.Array) -> tuple[Ints, pa.Array]:
    """Give the place of each term among the different ones, which come in order."""
    encoded = terms.dictionary_encode()
    order = pc.array_sort_indices(encoded.dictionary)
    return np.argsort(order.to_numpy())[encoded.indices.to_numpy()], encoded.dictionary.take(order)


def sort_terms(authors: Ints, terms: Ints, counts: Ints) -> tuple[Ints, Ints, Ints]:
    """Sort terms by author, the most frequent first, then by their places in order."""
    most = counts.max(initial=0)
    authors, fewer, terms = sort_rows(authors, most - counts, terms)
    return authors, terms, most - fewer


def list_terms(authors: Ints, terms: Ints, counts: Ints, names: pa.Array, n_authors: int) -> Lists:
    """Give lists of the most frequent terms of each author and of their counts; null without any.

    Parameters
    ----------
    authors, terms, counts
        Who has which term how often; terms are places in `names`.
    names
        The terms, in order.
    n_authors
        How many authors there are.
    """
    authors, terms, counts = sort_terms(authors, terms, counts)
    first = np.flatnonzero(np.diff(authors, prepend=-1))
    rank = np.arange(len(authors)) - np.repeat(first, np.diff(np.append(first, len(authors))))
    kept = np.flatnonzero(rank < MOST_TERMS)
    sizes = np.bincount(authors[kept], minlength=n_authors)
    ends = pa.array(
        np.concatenate([[0], np.cumsum(sizes)]), pa.int32(), mask=np.append(sizes == 0, False)
    )
    return (
        pa.ListArray.from_arrays(ends, names.take(pa.array(terms[kept]))),
        pa.ListArray.from_arrays(ends, pa.array(counts[kept])),
    )


def read_terms(table: pa.Table) -> tuple[Ints, Ints, Ints, pa.Array]:
    """Give authors, terms, counts and the names of terms, as `list_terms` takes them."""
    terms, names = rank_terms(table["term"].combine_chunks())
    return table["author"].to_numpy(), terms, table["n"].to_numpy(), names


def make_columns(lists: Sequence[Lists]) -> Columns:
    """Give the columns of a frame that hold lists of terms and of counts."""
    terms, counts = zip(*lists, strict=True) if lists else ((), ())
    return (
        pd.arrays.ArrowExtensionArray(pa.chunked_array(terms, TEXTS.pyarrow_dtype)),
        pd.arrays.ArrowExtensionArray(pa.chunked_array(counts, pa.list_(pa.int64()))),
    )
