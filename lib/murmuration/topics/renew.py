"""Posts of the next run → the same topics, with what is new counted."""

import logging
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd

from murmuration.topics.embed import Embedder, Vectors
from murmuration.topics.known import Known, Seen, find_rows, hash_all
from murmuration.topics.model import TopicModel
from murmuration.topics.params import TopicParams
from murmuration.topics.sampling import Rows, take_rows, tell_posts
from murmuration.topics.tally import Count, Tally, tell_topics

log = logging.getLogger(__name__)

# Of all texts: new ones since topics were found, from which on they are found anew.
MOST_NEW = 0.05
# By how much less probable a word of new texts may be than one of known texts (logarithm). In sample posts it is .2 less where
# the known ones are those that topics were found in, and less where these are few of many; .5 to .7 where a quarter of the new
# texts is on a subject that is not among the topics, 1.5 to 2 where all are.
LESS_PROBABLE = 0.35
_LEAST_NEW, _JUDGED = 200, 2_000  # texts


def renew_topics(
    posts: Any,
    model: TopicModel,
    repeats: pd.DataFrame,
    lengths: Rows,
    *,
    column: str,
    params: TopicParams,
    name: str | None = None,
    embedder: Embedder | None = None,
    kept: Vectors | None = None,
) -> TopicModel | None:
    """Count new posts for the topics that there are; computes.

    Parameters
    ----------
    posts
        pandas or Dask frame: those that `model` was fitted on, without some and with others.
    model
        The last run's.
    repeats
        From `murmuration.text.find_repeats`.
    lengths
        Rows of each partition.
    column, params, name, embedder
        See `murmuration.topics.fit_topics`.
    kept
        Its `vectors`.

    Returns
    -------
    TopicModel or None
        The same topics with new sizes and terms. None if topics have to be found anew: parameters are others, more than a
        twentieth of the texts has come or gone since they were found, or new texts say what the topics do not explain.
        Texts that have gone count for the terms until then.
    """
    known = model.known
    if known is None or not len(model.topics) or not _same(model, params):
        return None
    keys = np.concatenate(hash_all(posts, column))
    places = known.seen.find(keys)
    texts, first, of = np.unique(keys, return_index=True, return_inverse=True)
    fresh, old = (np.sort(first[there]) for there in (places[first] < 0, places[first] >= 0))
    changed = known.changed + len(fresh) + len(known.seen.keys) - len(old)
    if changed > MOST_NEW * len(texts):
        log.info("topics are found anew: %d of %d texts have come or gone", changed, len(texts))
        return None
    new = take_rows(posts, fresh, column, lengths)
    if len(fresh) >= _LEAST_NEW:
        some = take_rows(posts, old[:_JUDGED], column, lengths)
        loss = _explain(model, some, column) - _explain(model, new.iloc[:_JUDGED], column)
        if loss > LESS_PROBABLE:
            log.info("topics are found anew: %d new texts say other things (%.2f)", len(new), loss)
            return None
    weight = repeats["weight"].to_numpy(np.int64)
    # The weight of the post that stands for a text, first in the frame or not.
    stands = np.zeros(len(texts), np.int64)
    np.maximum.at(stands, of, weight)
    reader = model if embedder is None else model.with_embedder(embedder)
    tally = Count(reader, column, kept, every=True).all(
        new, stands[of[fresh]], np.array([len(new)], np.int64)
    )
    seen = Seen.join([known.seen, *tally.seen])
    ids = model.topics["id"].to_numpy(np.int64)
    rows = find_rows(ids, seen.topics[seen.find(keys)])
    whole = Tally(
        np.bincount(rows, minlength=len(ids) + 1),
        np.bincount(rows[weight > 0], minlength=len(ids) + 1),
        known.texts_of(ids) + tally.texts_with,
    )
    log.info("topics stay: %d of %d texts are new", len(fresh), len(texts))
    told = tell_topics(reader, whole, n_terms=params.n_terms)
    table = told.topics.assign(id=ids, label=model.topics["label"])
    found = told.with_table(table).with_known(
        Known(seen.take(np.isin(seen.keys, texts)), ids, whole.texts_with, changed)
    )
    found.card = replace(
        found.card,
        name=name or model.card.name,
        trained_on={**found.card.trained_on, **tell_posts(repeats)},
    )
    shared = [
        (topic, topic, int(n)) for topic, n in zip(ids.tolist(), whole.posts, strict=False) if n
    ]
    found.history = replace(
        model.history, previous=model.version, previous_fit=model.fit, shared=tuple(shared)
    )
    found.since = found.until = ""  # those are of the posts before
    return found.sorted()


def _same(model: TopicModel, params: TopicParams) -> bool:
    """Say whether topics were found as they would be now; where estimators run does not matter."""
    asked, was = asdict(params), dict(model.card.params)
    if params.embedding == "auto":
        asked["embedding"] = model.embedding
    return all(asked[key] == was.get(key) for key in asked if key != "backend")


def _explain(model: TopicModel, posts: pd.DataFrame, column: str) -> float:
    """Give the mean logarithm of the probability of a word of these texts, in the best topic of each."""
    prepared = model.vocabulary.prepare(posts, column)
    counts = model.vocabulary.count_words(prepared)
    said = np.array([len(words.split()) for words in prepared["topic_words"].fillna("")], float)
    known = np.asarray(counts.sum(axis=1)).ravel()
    words = model.mixture.log_words
    best = (counts @ words).max(axis=1, initial=-np.inf) if words.shape[1] else np.zeros(len(posts))
    # A word that is not known is as rare as the rarest.
    whole = best + (said - known) * float(words.min(initial=0.0))
    return float(whole.sum() / max(said.sum(), 1))
