"""Counts of labels in groups of posts: all that estimating shares needs to know of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri, stdtrit

from murmuration.errors import ParamError, SchemaError, suggest
from murmuration.frames import is_dask
from murmuration.schema import check_columns
from murmuration.sentiment.model import LABELS
from murmuration.sentiment.names import VADER

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_RESULTS = ("label", "posts", "unscored", "raw", "share", "low", "high")
_HUMAN, _COUNT = "human_label", "number_of_posts"


class Tally(NamedTuple):
    """Labels of posts, counted.

    Attributes
    ----------
    groups
        One row a group, sorted.
    posts, unscored
        Of each group, those with and without a label.
    versions
        Of the methods that gave the labels.
    group, version
        Of each cell (one group, one method): their numbers.
    given
        Posts of each cell by given label, shape (n_cells, 3).
    labelled
        Posts of each group that people labelled, by given and true label, shape (n_groups, 3, 3).
    writers
        One row an author of a group, or several of whom nothing is known but that they wrote one such post each:
        the group's number, how many they are, and posts by given label, shape (n, 5). Empty where authors are
        not known.
    labelled_writers
        The same for posts that people labelled, with what they said.
    """

    groups: pd.DataFrame
    posts: Codes
    unscored: Codes
    versions: list[str]
    group: Codes
    version: Codes
    given: Floats
    labelled: Floats
    writers: Floats
    labelled_writers: Floats


def count_labels(
    scored: Any,
    keys: Sequence[str],
    labels: "str | pd.Series[Any] | None",
    *,
    without: Sequence[str] = (),
) -> Tally:
    """Count what `murmuration.sentiment.estimate_shares` needs; computes a Dask frame's counts.

    Labels by the methods in `without` do not count.
    """
    taken = [name for name in keys if name in _RESULTS]
    if taken:
        raise ParamError(
            f"Groups cannot be made by {taken[0]!r}, as the result has a column of that name. Rename it first."
        )
    if isinstance(labels, str):
        human = labels
    else:
        human = _HUMAN
        scored = scored if labels is None else _add_labels(scored, labels)
    needed = [*keys, "sentiment_label", *([] if labels is None else [human])]
    check_columns(scored.columns, needed, what="estimate_shares")
    optional = [name for name in ("sentiment_model", "author_key") if name in scored.columns]
    counts = _count(scored, list(dict.fromkeys([*needed, *optional])))
    if without and "sentiment_model" in counts:
        left_out = counts["sentiment_model"].isin(list(without))
        counts["sentiment_label"] = counts["sentiment_label"].mask(left_out, None)
    return _arrange(counts, keys, None if labels is None else human)


def _add_labels(scored: Any, labels: "pd.Series[Any]") -> Any:
    if is_dask(scored) != is_dask(labels):
        raise ParamError(
            "labels is a Series, but posts and labels are not both pandas or both Dask. Make the labels a column of "
            "the posts and give its name."
        )
    if not is_dask(scored) and not labels.index.equals(scored.index):
        raise ParamError(
            "labels has another index than the posts, so it cannot be told which belongs to which. Use "
            "labels.reindex(posts.index)."
        )
    return scored.assign(**{_HUMAN: labels})


def _count(frame: Any, names: list[str]) -> pd.DataFrame:
    """Count rows for each combination of values."""

    def count(part: pd.DataFrame) -> pd.DataFrame:
        groups = part.groupby(names, sort=False, observed=True, dropna=False)
        return groups.size().rename(_COUNT).reset_index()

    if not is_dask(frame):
        return count(frame)
    parts = frame[names].map_partitions(count, meta=count(frame._meta[names]))  # noqa: SLF001
    counts = parts.compute()
    groups = counts.groupby(names, sort=False, observed=True, dropna=False)
    return cast(pd.DataFrame, groups[_COUNT].sum().reset_index())


def _arrange(counts: pd.DataFrame, keys: Sequence[str], human: str | None) -> Tally:
    if keys:
        grouped = counts.groupby(list(keys), sort=True, observed=True, dropna=False)
        groups = grouped.size().index.to_frame(index=False)
        groups = groups.convert_dtypes(dtype_backend="pyarrow")
        group = grouped.ngroup().to_numpy().astype(np.int64)
    else:
        groups, group = pd.DataFrame(index=[0]), np.zeros(len(counts), dtype=np.int64)
    posts = counts[_COUNT].to_numpy(dtype=np.int64)
    given = _number(counts["sentiment_label"])
    there = given >= 0
    versions, version = _number_versions(counts, there)
    cell, cells = np.unique(group[there] * max(len(versions), 1) + version, return_inverse=True)
    true = np.full(len(counts), -1) if human is None else _number(counts[human])
    both = there & (true >= 0)
    labelled = _add_up((group * 9 + given * 3 + true)[both], posts[both], 9 * len(groups))
    return Tally(
        groups=groups,
        posts=_add_up(group[there], posts[there], len(groups)).astype(np.int64),
        unscored=_add_up(group[~there], posts[~there], len(groups)).astype(np.int64),
        versions=versions,
        group=cell // max(len(versions), 1),
        version=cell % max(len(versions), 1),
        given=_add_up(cells * 3 + given[there], posts[there], 3 * len(cell)).reshape(-1, 3),
        labelled=labelled.reshape(-1, 3, 3),
        writers=_find_writers(counts[there], group[there], given[there], posts[there]),
        labelled_writers=_find_writers(counts[both], group[both], true[both], posts[both]),
    )


def _add_up(places: Codes, values: Codes, length: int) -> Floats:
    return np.bincount(places, weights=values, minlength=length).astype(np.float64)


def _number(column: "pd.Series[Any]") -> Codes:
    """Give the place of each label in `LABELS`, −1 where it is missing."""
    codes, names = pd.factorize(column)
    for name in names:
        if name not in LABELS:
            raise SchemaError(
                f"The column {column.name!r} holds {str(name)[:40]!r}, which is no label.{suggest(str(name), LABELS)}"
            )
    places = np.array([*(LABELS.index(name) for name in names), -1])
    return places[codes].astype(np.int64)


def _number_versions(counts: pd.DataFrame, there: npt.NDArray[np.bool_]) -> tuple[list[str], Codes]:
    """Give the methods that scored posts, and for each row that is there the number of its own."""
    rows = counts[there]
    if "sentiment_model" not in rows:
        return [VADER][: len(rows)], np.zeros(len(rows), dtype=np.int64)
    codes, names = pd.factorize(rows["sentiment_model"].fillna(VADER).astype(str), sort=True)
    return [str(name) for name in names], np.asarray(codes, dtype=np.int64)


def _find_writers(counts: pd.DataFrame, group: Codes, given: Codes, posts: Codes) -> Floats:
    if "author_key" not in counts:
        return np.empty((0, 5))
    author = np.asarray(pd.factorize(counts["author_key"])[0], dtype=np.int64)
    known = author >= 0
    names, writer = np.unique(
        group[known] * (author.max(initial=0) + 1) + author[known], return_inverse=True
    )
    wrote = _add_up(writer * 3 + given[known], posts[known], 3 * len(names)).reshape(-1, 3)
    whose = names // (author.max(initial=0) + 1)
    alone = np.column_stack([group[~known], posts[~known], np.eye(3)[given[~known]]])
    return np.concatenate([np.column_stack([whose, np.ones(len(names)), wrote]), alone])


def count_effective_posts(posts: Floats, writers: Floats, confidence: float) -> Floats:
    """Say how many independent posts the posts of each group are worth, given who wrote them.

    Variances of the three shares with authors as clusters are added up, and set against those of independent
    posts; as in `murmuration.trends.intervals`, which has the references. Posts of one author are worth one.

    Parameters
    ----------
    posts
        Of each group, shape (n_groups,).
    writers
        See `Tally`.
    confidence
        Of the interval that is to be made.

    Returns
    -------
    numpy.ndarray
        Shape (n_groups,), at most `posts`.
    """
    if not len(writers):
        return posts
    group = writers[:, 0].astype(np.int64)
    times, wrote = writers[:, 1], writers[:, 2:]
    weight = wrote.sum(axis=1) / posts[group]

    def add_up(values: Floats) -> Floats:
        return np.bincount(group, weights=times * values, minlength=len(posts)).astype(np.float64)

    with np.errstate(divide="ignore", invalid="ignore"):
        concentration = add_up(weight**2)
        share = np.stack([add_up(wrote[:, label]) for label in range(3)], axis=1) / posts[:, None]
        apart = wrote / posts[group, None] - share[group] * weight[:, None]
        seen = add_up(weight**2 * ((1 - weight) ** 2 + concentration[group] - weight**2))
        variance = add_up((apart**2).sum(axis=1)) * concentration / seen
        alone = (1 - (share**2).sum(axis=1)) / posts
        authors = 1 / concentration
        stretch = stdtrit(np.maximum(authors - 1, 1), (1 + confidence) / 2) / ndtri(
            (1 + confidence) / 2
        )
        size = posts / (1 + (np.maximum(variance / alone, 1) - 1) * stretch**2)
    size = np.where(alone > 1e-12, size, authors)
    return np.where(authors > 1 + 1e-9, np.minimum(size, posts), np.minimum(posts, 1))
