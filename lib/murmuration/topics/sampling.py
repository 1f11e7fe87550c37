"""Many posts → those that topics are found in: a sample by time and source, each text once."""

import hashlib
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.frames import is_dask, text_list

Rows = npt.NDArray[np.int64]

_LAYERS = 50  # of time, at most


def draw_rows(posts: Any, repeats: pd.DataFrame, *, size: int, seed: int) -> Rows:
    """Draw posts, each text once; computes.

    Parameters
    ----------
    posts
        pandas or Dask frame; `created_at` and `source` are used where they are there.
    repeats
        From `murmuration.text.find_repeats`, a row a post.
    size
        How many, at most.
    seed
        Another seed draws others.

    Returns
    -------
    numpy.ndarray
        Places in the frame, shape (n_drawn,): of each layer (source and stretch of time) its share. Which texts are drawn
        and their order hang on the texts alone, not on the order of rows or on partitions.
    """
    once = np.flatnonzero(speaks_first(repeats))
    keys = scatter(repeats["text_hash"].iloc[once].to_numpy(np.int64).view(np.uint64), seed)
    order = np.argsort(keys, kind="stable")
    once = once[order]
    if len(once) <= size:
        return once
    layers = _layers(posts)[once]
    sizes = np.bincount(layers)
    wanted = _allot(sizes, size)
    by_layer = np.argsort(layers, kind="stable")
    rank = np.empty(len(once), np.int64)
    rank[by_layer] = np.arange(len(once)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return once[rank < wanted[layers]]


def tell_posts(repeats: pd.DataFrame) -> dict[str, Any]:
    """Say for a card which posts these are: how many, and a fingerprint of their texts."""
    hashes = np.sort(repeats["text_hash"].fillna(0).to_numpy(np.int64))
    return {"rows": len(repeats), "fingerprint": hashlib.sha256(hashes.tobytes()).hexdigest()}


def speaks_first(repeats: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Say of each post whether it says something, and stands for all posts that say the same."""
    stands = repeats["weight"].to_numpy(np.int64) > 0
    return np.asarray(stands & repeats["repeat_group"].notna().to_numpy(), dtype=bool)


def find_copied(repeats: pd.DataFrame, *, least: int, most: int) -> Rows:
    """Give the places of the posts that stand for the texts posted most often, `least` times and more; so many at most."""
    copies = np.where(speaks_first(repeats), repeats["weight"].to_numpy(np.int64), 0)
    order = np.lexsort((repeats["text_hash"].fillna(0).to_numpy(np.int64), -copies))[:most]
    return order[copies[order] >= least]


def choose_texts(repeats: pd.DataFrame, *, most: int, seed: int) -> Rows:
    """Say of each post whether it is one of `most` different texts, 1 or 0; chance decides, not the order of rows."""
    once = speaks_first(repeats)
    keys = scatter(repeats["text_hash"].fillna(0).to_numpy(np.int64).view(np.uint64), seed)
    if once.sum() > most:
        once &= keys <= np.partition(keys[once], most - 1)[most - 1]
    return once.astype(np.int64)


def read_columns(posts: Any, column: str) -> list[str]:
    """Give the columns that the topic of a post depends on, as far as they are there."""
    return [name for name in (column, "title", "lang") if name in posts.columns]


def count_rows(posts: Any, column: str) -> Rows:
    """Give the number of rows of each partition of `read_columns`; computes.

    Dask reads small files together, and the fewer columns are asked for, the more of them: so partitions are those of
    these columns only.
    """
    if not is_dask(posts):
        return np.array([len(posts)], np.int64)
    from dask.base import compute
    from dask.delayed import delayed

    parts = posts[read_columns(posts, column)].to_delayed()
    return np.array(compute(*[delayed(len)(part) for part in parts]), np.int64)


def take_rows(posts: Any, rows: Rows, column: str, lengths: Rows) -> pd.DataFrame:
    """Give `read_columns` of rows by their places, in the order of `rows`; computes."""
    columns = read_columns(posts, column)
    if not is_dask(posts):
        return cast(pd.DataFrame, posts[columns].iloc[rows].reset_index(drop=True))
    from dask.base import compute
    from dask.delayed import delayed

    parts = posts[columns].to_delayed()
    ends = np.cumsum(lengths)
    order = np.argsort(rows)
    cuts = np.split(rows[order], np.searchsorted(rows[order], ends[:-1]))
    starts = ends - lengths
    taken = compute(
        *[
            delayed(_take)(part, cut - start)
            for part, cut, start in zip(parts, cuts, starts, strict=True)
        ]
    )
    whole = pd.concat(taken, ignore_index=True)
    return cast(pd.DataFrame, whole.iloc[np.argsort(order)].reset_index(drop=True))


def _take(part: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    return part.iloc[rows]


def scatter(hashes: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Mix hashes with a seed (the finaliser of splitmix64, Steele et al. 2014)."""
    start = np.uint64((seed * 0x9E3779B97F4A7C15) % 2**64)
    mixed = hashes ^ start
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _layers(posts: Any) -> Rows:
    """Give the number of the layer of each post."""
    names = [name for name in ("created_at", "source") if name in posts.columns]
    if not names:
        return np.zeros(len(posts), np.int64)
    table = posts[names]
    table = table.compute() if is_dask(table) else table
    layers = np.zeros(len(table), np.int64)
    if "source" in table:
        sources = text_list(table["source"], column="source")
        layers = np.unique([name or "" for name in sources], return_inverse=True)[1] * _LAYERS
    if "created_at" in table:
        times = pd.to_datetime(table["created_at"], utc=True, errors="coerce")
        moments = times.to_numpy("datetime64[us]").astype(np.int64)
        known = times.notna().to_numpy()
        if known.any():
            edges = np.quantile(moments[known], np.linspace(0, 1, _LAYERS + 1)[1:-1])
            layers += np.where(known, np.searchsorted(edges, moments), 0)
    return np.unique(layers, return_inverse=True)[1]


def _allot(sizes: Rows, total: int) -> Rows:
    """Share out a total in proportion; what rounding leaves goes to layers at equal distances."""
    ends = np.floor(np.cumsum(sizes) * (total / sizes.sum()) + 1e-9).astype(np.int64)
    return cast(Rows, np.diff(ends, prepend=0))
