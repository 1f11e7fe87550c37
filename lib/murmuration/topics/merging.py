"""Topics that a person takes for one."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from murmuration.errors import ModelError
from murmuration.topics.history import Gone, History
from murmuration.topics.mixture import TOPIC_PRIOR, Mixture, count_again, learn_words, unit_rows
from murmuration.topics.model import TopicModel, check_model, list_column

Members: TypeAlias = (
    sparse.csr_matrix
)  # of shape (n_topics now, n_topics before), 1 where one is in the other


def merge_topics(model: TopicModel, topics: Sequence[int]) -> TopicModel:
    """Make one topic of several, for good: models that go on from this one keep it so.

    Parameters
    ----------
    model
        From `fit_topics` or `murmuration.models.load`.
    topics
        Ids; the topic has the id and the label of the first.

    Raises
    ------
    ModelError
        If there is no such topic, or fewer than two are named.
    """
    check_model(model, what="merge_topics")
    ids = model.topics["id"].tolist()
    named = list(dict.fromkeys(int(topic) for topic in topics))
    for topic in named:
        if topic not in ids:
            raise ModelError(model.tell_missing(topic))
    if len(named) < 2:
        told = f"only topic {named[0]}" if named else "none"
        raise ModelError(f"Merging needs two topics or more, but {told} is named.")
    rows = [ids.index(topic) for topic in named]
    left = np.setdiff1d(np.arange(len(ids)), rows[1:])
    into = np.arange(len(ids))
    into[rows] = rows[0]
    places = (np.searchsorted(left, into), np.arange(len(ids)))
    members = sparse.csr_matrix((np.ones(len(ids)), places), shape=(len(left), len(ids)))
    merged = model.with_table(_merge_table(model.topics, members, rows, left))
    sizes = sparse.diags(np.maximum(model.topics["weight"].to_numpy(np.float64), 1e-9))
    centroids = unit_rows(members @ sizes @ model.space.centroids)
    merged.mixture = _merge_words(model.mixture, members)
    if model.mixture.centroids is not None:
        merged.mixture = replace(merged.mixture, centroids=centroids, pull=model.mixture.pull)
    merged.space = replace(model.space, centroids=centroids)
    merged.history = _remember(model, named, rows)
    return merged.sorted()


def _merge_table(
    topics: pd.DataFrame, members: Members, rows: list[int], left: npt.NDArray[np.int64]
) -> pd.DataFrame:
    table = topics.iloc[left].reset_index(drop=True)
    for name in ("posts", "weight"):
        table[name] = np.rint(members @ topics[name].to_numpy(np.float64)).astype(np.int64)
    table["share"] = members @ topics["share"].to_numpy(np.float64)
    for name in ("terms", "phrases"):
        lists = topics[name].tolist()
        turns = zip_longest(*(lists[row] for row in rows))
        mixed = dict.fromkeys(term for turn in turns for term in turn if term is not None)
        told = [list(lists[row]) for row in left]
        told[int(np.searchsorted(left, rows[0]))] = list(mixed)[: max(map(len, lists))]
        table[name] = list_column(told)
    return table


def _merge_words(mixture: Mixture, members: Members) -> Mixture:
    counts = members @ count_again(mixture).tocsr()
    merged = learn_words(counts.T.toarray(), members @ (np.exp(mixture.log_sizes) - TOPIC_PRIOR))
    alone = np.flatnonzero(np.asarray(members.sum(axis=1)).ravel() == 1).astype(np.int64)
    before = members[alone].indices.astype(np.int64)
    # The words of the others stay as they are, to the last digit.
    merged.log_words[:, alone] = mixture.log_words[:, before]
    return merged


def _remember(model: TopicModel, named: list[int], rows: list[int]) -> History:
    history, first = model.history, named[0]
    for topic, row in zip(named[1:], rows[1:], strict=True):
        one = model.topics.iloc[row]
        history = history.with_merged(first, topic, Gone(one["label"], tuple(one["terms"]), {}))
    return history.with_tension(first, None)
