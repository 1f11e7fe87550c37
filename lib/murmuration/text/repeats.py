"""Posts that say what another one said: reposts, campaigns, spam.

Posts whose words are the same are found by a hash of them. Posts that nearly repeat each other are found by
MinHash (Broder 1997, “On the resemblance and containment of documents”) in bands (Leskovec, Rajaraman and
Ullman, “Mining of Massive Datasets”, chapter 3): what meets in a bucket is then compared word by word, so that
chance decides which pairs are looked at, never which are repeats.
"""

import logging
import math
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.errors import ParamError
from murmuration.frames import Frame, is_dask, map_rows, text_array, to_pandas
from murmuration.schema import check_columns
from murmuration.text import shingles
from murmuration.text.clean import mask_handles
from murmuration.text.letters import UNSPACED

log = logging.getLogger(__name__)

# Of runs of three words. A post of 20 words with one word changed inside keeps .71, with one at an
# end .89, with one more at each end .90. Two titles of nine words that differ in the last ("how do I … in Python",
# "… in Haskell") share .75.
LEAST_SIMILARITY = 0.75
MISSED = 0.005  # chance that two posts, just as alike as asked for, meet in no bucket
MOST_TEXTS = 20  # told of by default

_CHUNK = 8_192  # posts at once
_MAX_CHARS = 20_000  # beyond it a text is not read: no post is as long
_BUCKET_SHARE = (
    0.25  # chance aimed at that such two posts meet in one band: few bands, few chance meetings
)
_MOST_ROWS = 6  # hash functions of a band
_NO_WORDS = (
    r"(?:https?://|www\.|pic\.twitter\.com/)\S+"
    r"|\brt\s+@[\w.@-]+|@\w[\w.@-]*"
    r"|&(?:[a-z]+|#[0-9]+|#x[0-9a-f]+);"
)

_KEY = ("source", "post_id")
# Marks that say how the sign before is drawn.
_DRAWING = re.compile("[\u20d0-\u20ff\ufe00-\ufe0f]")

Keys = shingles.Keys
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Texts:
    """Distinct texts, each known by a hash.

    Attributes
    ----------
    hashes
        Shape (n_texts,), rising; 0 is a text without words.
    starts, runs
        Runs of words of text n are ``runs[starts[n]:starts[n + 1]]``.
    """

    hashes: Keys
    starts: Ints
    runs: shingles.Runs

    def take(self, rows: Ints) -> "_Texts":
        """Give some texts."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        runs = np.empty(starts[-1], np.uint32)
        shingles.take_runs(self.starts, self.runs, rows, starts, runs)
        return _Texts(self.hashes[rows], starts, runs)


def find_repeats(
    posts: Any, *, column: str = "text", least_similarity: float = LEAST_SIMILARITY, seed: int = 0
) -> pd.DataFrame:
    """Say of each post which others say the same, or nearly; computes.

    Case, addresses, handles, marks and emoji make no difference. Posts of fewer than five words repeat each
    other only if all words are the same; others nearly do if they share `least_similarity` of their runs of three
    words (Jaccard index). Every post of a group is that near to the text that the group is named after, which is
    the one posted most often; so a chain of small changes is not one group. A post without words repeats nothing.

    Parameters
    ----------
    posts
        pandas or Dask frame with `column`. Where there are `created_at`, `source` and `post_id`, the earliest
        post stands for its group, else the first in the frame.
    column
        The column with text.
    least_similarity
        From 0.3 to 1; 1 means the same runs of words.
    seed
        Of the hash functions; it can change which nearly equal posts are missed (about 1 in 200 that are
        just alike enough, hardly any that are more alike).

    Returns
    -------
    pandas.DataFrame
        One row a post, in their order and with their index: `source` and `post_id` where `posts` has them,
        `repeat_group` (of equal number where posts repeat each other; null without words), `text_hash`
        (equal where all words are), `copies` (posts of the group, from 1), `weight` (`copies` for the post
        that stands for its group, 0 for the others: ``posts[weight > 0]`` is each text once). Order of rows and
        partitions change nothing about who is in which group. Time and memory grow with the length of all texts.

    Raises
    ------
    ParamError
        If `least_similarity` is out of range.
    SchemaError
        If `column` is missing or no text.
    """
    _check_similarity(least_similarity)
    check_columns(posts.columns, [column], what="find_repeats")
    names = [name for name in (*_KEY, "created_at") if name in posts.columns]
    table, parts = _read(posts, column, names)
    hashes = np.concatenate([rows for rows, _ in parts]) if parts else np.empty(0, np.uint64)
    texts, text_of, counts = _distinct([texts for _, texts in parts], hashes)
    group_of = _group(texts, counts, least_similarity, seed)
    repeats = _as_table(table, hashes, texts.hashes[group_of][text_of])
    log.info("%d of %d posts repeat another", (repeats["weight"] == 0).sum(), len(repeats))
    return repeats


def _check_similarity(least: float) -> None:
    if not 0.3 <= least <= 1:
        raise ParamError(
            f"find_repeats: least_similarity is {least!r}, but it must be from 0.3 to 1. Below that, posts that only "
            "share a phrase would be one; 0.75 is usual."
        )


def _read(
    posts: Any, column: str, names: list[str]
) -> tuple[pd.DataFrame, list[tuple[Keys, _Texts]]]:
    """Give the columns named, and for each part of the posts the hash of every row and its texts."""
    if not is_dask(posts):
        return posts[names], _hash_column(posts[column], column)
    from dask.base import compute
    from dask.delayed import delayed

    def read(part: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[Keys, _Texts]]]:
        return part[names], _hash_column(part[column], column)

    parts = posts[[column, *names]].to_delayed()
    read_parts = compute(*[delayed(read)(part) for part in parts])
    table = pd.concat([table for table, _ in read_parts])
    return table, [part for _, parts in read_parts for part in parts]


def _hash_column(texts: Any, column: str = "text") -> list[tuple[Keys, _Texts]]:
    array = text_array(texts, column=column)
    return [_hash_chunk(array.slice(start, _CHUNK)) for start in range(0, len(array), _CHUNK)]


def _hash_chunk(texts: pa.Array) -> tuple[Keys, _Texts]:
    """Give the hash of each text, and the distinct texts."""
    plain = _plain(texts)
    offsets = np.frombuffer(plain.buffers()[1], np.int64)[plain.offset :][: len(plain) + 1]
    data = np.frombuffer(plain.buffers()[2] or b"", np.uint8)
    longest = int(np.diff(offsets).max(initial=0))
    hashes, starts = np.empty(len(plain), np.uint64), np.empty(len(plain) + 1, np.int64)
    # A word takes a letter and a break, or the three bytes of a letter that stands alone.
    runs = np.empty((offsets[-1] - offsets[0]) // 2 + len(plain), np.uint32)
    room = np.empty(longest // 2 + 1, np.uint64)
    shingles.hash_texts(data, offsets, _kinds(), room, hashes, starts, runs)
    first = np.unique(hashes, return_index=True)[1]
    return hashes, _Texts(hashes, starts, runs).take(first)


def _plain(texts: Any) -> pa.Array:
    """Give texts in small letters, without addresses, handles and entities."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    short = pc.utf8_slice_codeunits(pc.fill_null(texts.cast(pa.large_string()), ""), 0, _MAX_CHARS)
    small = pc.utf8_lower(pc.utf8_normalize(short, "NFKC"))
    return pc.replace_substring_regex(small, _NO_WORDS, " ")


@cache
def _kinds() -> shingles.Bytes:
    """Tell for each code point what it is to `shingles`."""
    kinds = np.full(0x40001, shingles.BREAK, np.uint8)
    for code in range(0x20000):
        if unicodedata.category(chr(code))[0] in "LMN" and not _DRAWING.match(chr(code)):
            kinds[code] = shingles.LETTER
    alone = re.compile(f"[{UNSPACED}]")
    for code in (*range(0x0E00, 0xA000), *range(0x20000, 0x40000)):
        if alone.match(chr(code)) and (code >= 0x20000 or kinds[code] == shingles.LETTER):
            kinds[code] = shingles.ALONE
    return kinds


def _distinct(parts: list[_Texts], hashes: Keys) -> tuple[_Texts, Ints, Ints]:
    """Give all distinct texts, the place of each row's text among them, and how many rows each has."""
    _, text_of, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    if not parts:
        return _Texts(hashes, np.zeros(1, np.int64), np.empty(0, np.uint32)), text_of, counts
    together = np.concatenate([part.hashes for part in parts])
    sizes = np.concatenate([np.diff(part.starts) for part in parts])
    runs = np.concatenate([part.runs for part in parts])
    everything = _Texts(together, np.concatenate([[0], np.cumsum(sizes)]), runs)
    return everything.take(np.unique(together, return_index=True)[1]), text_of, counts


def _group(texts: _Texts, counts: Ints, least: float, seed: int) -> Ints:
    """Give for each text the place of the one that its group is named after."""
    group_of = np.arange(len(texts.hashes))
    long = np.flatnonzero(np.diff(texts.starts))
    # The most frequent first; hashes decide between equals, never the order of rows.
    long = long[np.lexsort((texts.hashes[long], -counts[long]))]
    ranked = texts.take(long)
    firsts = np.arange(len(long))
    linked = _link(ranked, least, seed)
    shingles.join_first(ranked.starts, ranked.runs, linked, least, firsts)
    group_of[long] = long[firsts]
    return group_of


def _link(texts: _Texts, least: float, seed: int) -> shingles.Places:
    """Give for each text, one a band, others before it that it nearly repeats."""
    n, bands = len(texts.hashes), _hash_functions(least, seed)
    linked = np.full((n, len(bands)), -1, np.int32)
    keys, shared, room = np.empty(n, np.uint64), np.empty(n, np.bool_), np.empty(n, np.int64)
    for band, (factors, summands) in enumerate(bands):
        shingles.hash_band(texts.starts, texts.runs, factors, summands, keys)
        shingles.mark_shared(keys, n.bit_length() + 2, shared)
        order = np.flatnonzero(shared)
        order = order[np.argsort(keys[order], kind="stable")]
        shingles.link_band(texts.starts, texts.runs, keys, order, least, room, band, linked)
    return linked


def _hash_functions(least: float, seed: int) -> list[tuple[Keys, Keys]]:
    """Draw the hash functions of each band, so many that few pairs are missed."""
    least = min(least, 0.95)  # equal runs meet for certain; rounding aside
    rows = min(_MOST_ROWS, max(1, round(math.log(_BUCKET_SHARE) / math.log(least))))
    bands = math.ceil(math.log(MISSED) / math.log(1 - least**rows))
    drawn = np.random.default_rng(seed).integers(0, 2**64, (bands, 2, rows), np.uint64)
    return [(factors | np.uint64(1), summands) for factors, summands in drawn]


def _as_table(table: pd.DataFrame, hashes: Keys, groups: Keys) -> pd.DataFrame:
    _, group_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    wordless = groups == 0
    copies = np.where(wordless, 1, sizes[group_of])
    weight = (copies == 1).astype(np.int64)
    rows = np.flatnonzero(copies > 1)
    first = rows[_first_of_each(table.iloc[rows], groups[rows])]
    weight[first] = copies[first]
    columns = {
        "repeat_group": _numbers(groups.view(np.int64), wordless),
        "text_hash": _numbers(hashes.view(np.int64), wordless),
        "copies": _numbers(copies),
        "weight": _numbers(weight),
    }
    return table[[name for name in _KEY if name in table]].assign(**columns)


def _numbers(
    values: Ints, unknown: npt.NDArray[np.bool_] | None = None
) -> pd.arrays.ArrowExtensionArray:
    return pd.arrays.ArrowExtensionArray(pa.array(values, pa.int64(), mask=unknown))


def _first_of_each(posts: pd.DataFrame, groups: Keys) -> Ints:
    """Give the place of the earliest post of each group; key, then order decide where time does not."""
    if not len(groups):
        return np.empty(0, np.int64)
    order = [name for name in ("created_at", *_KEY) if name in posts]
    columns = {name: pa.array(posts[name], from_pandas=True) for name in order}
    table = pa.table({"repeat_group": groups, **columns})
    by = [("repeat_group", "ascending"), *((name, "ascending") for name in order)]
    places = pc.sort_indices(table, sort_keys=by).to_numpy()
    ordered = groups[places]
    return cast(Ints, places[np.concatenate([[True], ordered[1:] != ordered[:-1]])])


def assign_repeats(posts: Frame, repeats: pd.DataFrame, *, column: str = "text") -> Frame:
    """Put `repeat_group` and `copies` beside posts, by their text.

    Parameters
    ----------
    posts
        pandas or Dask frame with `column`: those that `repeats` was made of, or later ones.
    repeats
        From `find_repeats`.
    column
        The column with text.

    Returns
    -------
    same kind as `posts`
        With `repeat_group` and `copies`; a text that `repeats` does not know is alone: null and 1.
    """
    known = repeats[["text_hash", "repeat_group", "copies"]].drop_duplicates("text_hash")
    known = known[known["text_hash"].notna() & (known["copies"] > 1)].sort_values("text_hash")

    def assigned(part: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, [column], what="assign_repeats")
        there = pd.Index(known["text_hash"].to_numpy(np.int64))
        places = there.get_indexer(_row_hashes(part[column], column).view(np.int64))
        lone = places < 0
        found = known.iloc[np.where(lone, 0, places)] if len(known) else None
        values = {
            name: np.full(len(part), 1) if found is None else found[name].to_numpy(np.int64)
            for name in ("repeat_group", "copies")
        }
        return part.assign(
            repeat_group=_numbers(values["repeat_group"], lone),
            copies=_numbers(np.where(lone, 1, values["copies"])),
        )

    return map_rows(posts, assigned, known)


def _row_hashes(texts: Any, column: str) -> Keys:
    parts = [hashes for hashes, _ in _hash_column(texts, column)]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def describe_repeats(
    posts: Any, repeats: pd.DataFrame, *, column: str = "text", most: int = MOST_TEXTS
) -> pd.DataFrame:
    """Tell of the texts that were posted most often; computes.

    Parameters
    ----------
    posts
        The frame that `repeats` was made of; `author_key` and `created_at` are used where they are there.
    repeats
        From `find_repeats`.
    column
        The column with text.
    most
        How many texts, at most.

    Returns
    -------
    pandas.DataFrame
        One row a group of two posts and more, the largest first: `repeat_group`, `text` (as it was posted first,
        handles masked), `posts`, `texts` (different wordings), `authors`, `first_seen`, `last_seen` (null where
        `posts` does not say).

    Raises
    ------
    ParamError
        If `most` is less than 1.
    """
    if most < 1:
        raise ParamError(f"describe_repeats: most is {most!r}, but at least 1 text can be told of.")
    sizes = repeats[repeats["copies"] > 1].drop_duplicates("repeat_group")
    largest = sizes.sort_values(["copies", "repeat_group"], ascending=[False, True]).head(most)
    chosen = repeats[repeats["repeat_group"].isin(largest["repeat_group"])]
    rows = to_pandas(map_rows(posts, partial(_rows_of_groups, column=column), chosen))
    groups = rows["repeat_group"].to_numpy(np.int64)
    first = rows.iloc[_first_of_each(rows, groups.view(np.uint64))].set_index("repeat_group")
    by_group = rows.groupby("repeat_group")
    table = pd.DataFrame(
        {
            "text": mask_handles(first, column=column)[column],
            "posts": by_group.size(),
            "texts": chosen.groupby("repeat_group")["text_hash"].nunique(),
            "authors": by_group["author_key"].nunique() if "author_key" in rows else None,
            "first_seen": by_group["created_at"].min() if "created_at" in rows else None,
            "last_seen": by_group["created_at"].max() if "created_at" in rows else None,
        }
    )
    return table.loc[largest["repeat_group"].to_numpy()].rename_axis("repeat_group").reset_index()


def _rows_of_groups(part: pd.DataFrame, chosen: pd.DataFrame, *, column: str) -> pd.DataFrame:
    names = [name for name in (*_KEY, "created_at", "author_key") if name in part]
    assigned = assign_repeats(part[[column, *names]], chosen, column=column)
    return assigned[assigned["repeat_group"].isin(chosen["repeat_group"])]
