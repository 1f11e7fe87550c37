"""Posts → one row per author: how much, when and how they write, how it is received, what they care for."""

import logging
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.audience.arguments import check_posts
from murmuration.audience.features import FEATURES, KNOWN_POSTS, RESTS_ON, TERMS, Feature
from murmuration.audience.measures import COUNTS, KNOWN, Plan, tally_posts
from murmuration.audience.rhythm import derive_rhythm, read_days
from murmuration.audience.shrink import shrink_means
from murmuration.audience.tally import (
    EMPTY,
    LOTS,
    Floats,
    Tally,
    join_tallies,
    list_terms,
    make_columns,
    merge_tallies,
    order_authors,
    read_terms,
    sort_terms,
    split_tally,
    total,
)
from murmuration.audience.texts import count_terms
from murmuration.frames import TEXT, is_dask

log = logging.getLogger(__name__)

_MERGED = 8  # tallies at once
_NUMBER, _COUNT = pd.ArrowDtype(pa.float64()), pd.ArrowDtype(pa.int64())
_KNOWN = pd.ArrowDtype(pa.int32())
_TIME = pd.ArrowDtype(pa.timestamp("us", "UTC"))
_TYPES = {"name": TEXT, "time": _TIME}
_WHOLE = ("posts", "active_days")
_DAY_US = 86_400_000_000
_USUAL_POSTS = 5  # that the usual spread of sentiment counts for


def profile_authors(posts: Any, *, key: bytes | None = None) -> Any:
    """Give what can be said of each author, one row each.

    Posts are read block by block; only what is counted of authors is kept. Shares and means of authors with few posts are
    drawn to those of all, see `murmuration.audience.shrink`.

    Parameters
    ----------
    posts
        pandas or Dask frame with `author_key`; whatever of `source`, `created_at`, `text`, `kind`, `lang`,
        `like_count`, `repost_count`, `reply_count`, `view_count`, `author_followers`, `hashtags`, `mention_keys`,
        `urls`, `community`, `place_name`, `topic`, `sentiment` and `sentiment_label` is there is used.
    key
        A secret that handles in texts are hidden with, where posts have no `mention_keys`. Without it a guess of a handle can
        be checked, so segments that are made of such profiles cannot be kept.

    Returns
    -------
    same kind as `posts`
        `source` where posts have it, `author_key`, and the columns in `murmuration.audience.FEATURES`, ordered by
        key; of each kind of terms a list of names and, as ``<kind>_n``, their counts; last, as ``known_time`` and so on, the
        posts of which is known what numbers rest on. Null is unknown. Lazy where `posts` is lazy.

    Raises
    ------
    SchemaError
        If `author_key` is missing, or a column holds what it should not.
    """
    check_posts(posts, what="profile_authors")
    plan = Plan(tuple(map(str, posts.columns)), key)
    posts = posts[plan.used]
    if not is_dask(posts):
        return make_profiles(close_tally(tally_posts(posts, plan), plan), plan)
    from dask.dataframe import from_delayed
    from dask.delayed import delayed

    parts = [
        list(delayed(split_tally, nout=LOTS)(delayed(tally_posts)(part, plan)))
        for part in posts.to_delayed()
    ]
    while len(parts) > 1:
        parts = [
            [
                delayed(merge_tallies)(list(lot))
                for lot in zip(*parts[at : at + _MERGED], strict=True)
            ]
            for at in range(0, len(parts), _MERGED)
        ]
    # Every Dask collection carries the empty frame that says its columns.
    meta = profile_authors(cast(Any, posts)._meta, key=key)  # noqa: SLF001
    lots = [delayed(close_tally)(lot, plan) for lot in parts[0]]
    whole = delayed(join_tallies)(lots)
    return from_delayed([delayed(make_profiles)(whole, plan)], meta=meta)


def close_tally(tally: Tally, plan: Plan) -> Tally:
    """Read the days that were counted, which are kept no longer, and put authors in the order of their keys."""
    if plan.has("created_at"):
        sums, squares = read_days(tally.days, tally.day_posts, len(tally.keys))
        tally = replace(
            tally, sums={**tally.sums, **sums}, squares={**tally.squares, **squares},
            days=EMPTY, day_posts=EMPTY.astype(np.int32),
        )  # fmt: skip
    return order_authors(tally)


def make_profiles(tally: Tally, plan: Plan) -> pd.DataFrame:
    """Turn what was counted of authors into profiles."""
    n = len(tally.keys)
    found: dict[str, Any] = {"posts": tally.sums["posts"]}
    if plan.has("created_at"):
        found |= derive_rhythm(tally.sums, tally.sum_of(f"{KNOWN}time"))
    for name, known in RESTS_ON.items():
        if name in tally.sums:
            n_known = tally.sum_of(f"{KNOWN}{known}")
            found[name] = shrink_means(tally.sums[name], n_known, tally.squares[name])
    for name in ("text_chars", *COUNTS):
        if name in found:
            found[name] = np.expm1(found[name])
    if plan.has("sentiment"):
        found["sentiment_spread"] = _spread(tally)
    if plan.has("text"):
        found |= _find_copies(tally.texts, n)
    found |= _tell_names(tally, n)
    lists = {
        kind: make_columns([list_terms(*read_terms(tally.terms[kind]), n)])
        for kind in TERMS
        if kind in tally.terms
    }
    if plan.has("text"):
        lists |= count_terms(tally.texts, n, set(TERMS) - set(lists), key=plan.key)
    frame = _name_authors(tally.keys, plan)
    columns = {
        feature.name: _column(feature, found, n) for feature in FEATURES if feature.kind != "terms"
    }
    nothing = make_columns([list_terms(EMPTY, EMPTY, EMPTY, pa.array([], pa.string()), n)])
    for kind in TERMS:
        columns[kind], columns[f"{kind}_n"] = lists.get(kind, nothing)
    columns |= _count_known(tally)
    frame = pd.concat([frame, pd.DataFrame(columns)], axis=1)
    log.info("profiled %d authors", n)
    return frame.take(pc.sort_indices(tally.keys).to_numpy()).reset_index(drop=True)


def _count_known(tally: Tally) -> dict[str, Any]:
    """Give, as columns, the posts of each author of which is known what numbers rest on."""
    measured = dict.fromkeys(known for name, known in RESTS_ON.items() if name in tally.sums)
    return {
        f"{KNOWN_POSTS}{known}": pd.array(
            pa.array(tally.sum_of(f"{KNOWN}{known}").astype(np.int32)), dtype=_KNOWN
        )
        for known in measured
    }


def _spread(tally: Tally) -> Floats:
    """Give the standard deviation of sentiment of each author, drawn to the usual one."""
    scores, squares = tally.sums["sentiment"], tally.sums["sentiment_squared"]
    n = tally.sum_of(f"{KNOWN}sentiment")
    about = squares - scores**2 / np.maximum(n, 1)
    usual = about.sum() / max((n - 1)[n > 1].sum(), 1)
    spread = np.sqrt(np.maximum(about + usual * _USUAL_POSTS, 0) / (n - 1 + _USUAL_POSTS))
    return np.where(n > 1, spread, np.nan)


def _find_copies(texts: pa.Table, n_authors: int) -> dict[str, Floats]:
    """Give the shares of texts that repeat one's own, and that others wrote as well."""
    authors, hashes = texts["author"].to_numpy(), texts["hash"].to_numpy()
    n = texts["n"].to_numpy().astype(float)
    written = total(authors, n_authors, n)
    repeated = total(authors, n_authors, n - 1)
    _, groups, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    others = sizes[groups] > 1 if len(hashes) else np.zeros(0, bool)
    copied = total(authors, n_authors, n * others)
    return {
        "repeated_share": shrink_means(repeated, np.maximum(written - 1, 0), float(repeated.sum())),
        "copied_share": shrink_means(copied, written, float(copied.sum())),
    }


def _tell_names(tally: Tally, n_authors: int) -> dict[str, Any]:
    """Give the name that most posts of each author have, and the share of those with one."""
    found: dict[str, Any] = {}
    for kind, name in (("langs", "main_lang"), ("places", "main_place")):
        if kind not in tally.terms:
            continue
        *pairs, terms = read_terms(tally.terms[kind])
        authors, places, counts = sort_terms(*pairs)
        first = np.flatnonzero(np.diff(authors, prepend=-1))
        names = np.full(n_authors, None, object)
        names[authors[first]] = terms.take(pa.array(places[first])).to_pylist()
        found[name] = names
        if kind == "langs":
            most, named = np.zeros(n_authors), total(authors, n_authors, counts)
            most[authors[first]] = counts[first]
            found["main_lang_share"] = shrink_means(most, named, float(most.sum()))
    return found


def _column(feature: Feature, found: dict[str, Any], n: int) -> Any:
    values = found.get(feature.name)
    if feature.kind in _TYPES:
        kind = _TYPES[feature.kind]
        if values is None:
            return pd.array(pa.nulls(n, kind.pyarrow_dtype), dtype=kind)
        if feature.kind == "name":
            return pd.array(pa.array(values, pa.string()), dtype=kind)
        ticks = pa.array(values * _DAY_US, mask=np.isnan(values)).cast(pa.int64(), safe=False)
        return pd.array(ticks.cast(kind.pyarrow_dtype), dtype=kind)
    if values is None:
        return pd.array(pa.nulls(n, pa.float64()), dtype=_NUMBER)
    numbers = pa.array(values, pa.float64(), mask=np.isnan(values))
    if feature.name in _WHOLE:
        return pd.array(numbers.cast(pa.int64()), dtype=_COUNT)
    return pd.array(numbers, dtype=_NUMBER)


def _name_authors(keys: pa.Array, plan: Plan) -> pd.DataFrame:
    if not plan.has("source"):
        return pd.DataFrame({"author_key": pd.array(keys, dtype=pd.ArrowDtype(keys.type))})
    parts = pc.split_pattern(keys, "\x00", max_splits=1)
    columns = ("source", "author_key")
    return pd.DataFrame(
        {name: pd.array(pc.list_element(parts, at), dtype=TEXT) for at, name in enumerate(columns)}
    )
