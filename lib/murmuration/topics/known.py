"""What the last run knows of texts: one that was seen keeps its topic, and only new ones are read.

A text's topic never depends on other posts, so as long as the model stays it need not be found twice. A model holds
a hash, the topic and its strength for each text that it was fitted on, and how often topics had each term; no text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from murmuration.frames import is_dask, text_list
from murmuration.topics.sampling import read_columns, scatter

Keys = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

_NOTHING = "\x00"
_BY_TEXT = ("known_keys", "known_topics", "known_strengths")


@dataclass(frozen=True, eq=False)
class Seen:
    """Texts with their topics.

    Attributes
    ----------
    keys
        See `hash_posts`.
    topics
        Their ids, −1 for none.
    strengths
        How sure that is.
    """

    keys: Keys
    topics: Places
    strengths: npt.NDArray[np.float32]

    @classmethod
    def join(cls, parts: Iterable["Seen"]) -> Self:
        """Put parts together, each text once, in order of keys."""
        some = list(parts)
        keys, first = np.unique(np.concatenate([part.keys for part in some]), return_index=True)
        topics = np.concatenate([part.topics for part in some])[first]
        return cls(keys, topics, np.concatenate([part.strengths for part in some])[first])

    def take(self, chosen: npt.NDArray[Any]) -> Self:
        """Give some texts."""
        return type(self)(self.keys[chosen], self.topics[chosen], self.strengths[chosen])

    def find(self, keys: Keys) -> Places:
        """Give the place of each key, −1 where it is not known."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places, -1)


@dataclass(frozen=True, eq=False)
class Known:
    """What a model knows of the texts that it was fitted on.

    Attributes
    ----------
    seen
        Texts, in order of keys.
    ids
        Of topics.
    texts_with
        How many texts of each of them had each term, the last row for texts without a topic.
    changed
        How many texts have come or gone since topics were found.
    """

    seen: Seen
    ids: Places
    texts_with: sparse.csr_matrix
    changed: int = 0

    def texts_of(self, ids: Places) -> sparse.csr_matrix:
        """Give `texts_with` in another order of topics."""
        order = [*find_rows(self.ids, ids), len(self.ids)]
        return self.texts_with[order]

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Give what a model folder can hold; `from_arrays` turns it back."""
        counts = self.texts_with.tocsr()
        return {
            "known_keys": self.seen.keys,
            "known_topics": self.seen.topics,
            "known_strengths": self.seen.strengths,
            "known_counts": counts.data.astype(np.int64),
            "known_terms": counts.indices.astype(np.int32),
            "known_ends": counts.indptr.astype(np.int64),
            "known_ids": self.ids,
            "known_changed": np.array([self.changed], np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]], n_terms: int) -> Self | None:
        """Read what `as_arrays` gave; None where a model does not hold it."""
        if "known_keys" not in arrays:
            return None
        seen = Seen(arrays["known_keys"], arrays["known_topics"], arrays["known_strengths"])
        ends = arrays["known_ends"]
        parts = (arrays["known_counts"].astype(np.float64), arrays["known_terms"], ends)
        texts_with = sparse.csr_matrix(parts, shape=(len(ends) - 1, n_terms))
        return cls(seen, arrays["known_ids"], texts_with, int(arrays["known_changed"][0]))


def find_rows(ids: Places, topics: Places) -> Places:
    """Give the place of topics among ids; for −1, or a topic that is not there, the number of ids."""
    if not len(ids):
        return np.zeros(len(topics), np.int64)
    order = np.argsort(ids, kind="stable")
    at = np.minimum(np.searchsorted(ids[order], topics), len(ids) - 1)
    return np.where(ids[order][at] == topics, order[at], len(ids))


def hash_posts(posts: pd.DataFrame, column: str) -> Keys:
    """Hash what the topic of a post depends on: text, title and language."""
    keys = np.zeros(len(posts), np.uint64)
    for name in read_columns(posts, column):
        texts = np.array(
            [_NOTHING if text is None else text for text in text_list(posts[name], column=name)],
            object,
        )
        if len(texts):
            keys = scatter(keys, 0) ^ pd.util.hash_array(texts, categorize=False)
    return keys


def hash_in_any_form(posts: pd.DataFrame) -> Keys:
    """Hash posts with and without title and language: as models may have met them."""
    forms = (["text", *others] for others in ([], ["title"], ["lang"], ["title", "lang"]))
    return np.unique(np.concatenate([hash_posts(posts[names], "text") for names in forms]))


def drop_texts(
    arrays: Mapping[str, npt.NDArray[Any]], keys: Keys
) -> dict[str, npt.NDArray[Any]] | None:
    """Give what is left of the arrays of a model folder without some texts; None if it knows none of them."""
    kept = ~np.isin(arrays.get("known_keys", np.zeros(0, np.uint64)), keys)
    return None if kept.all() else {name: arrays[name][kept] for name in _BY_TEXT}


def hash_all(posts: Any, column: str) -> list[Keys]:
    """Hash the posts of each partition; computes."""
    columns = read_columns(posts, column)
    if not is_dask(posts):
        return [hash_posts(posts[columns], column)]
    from dask.base import compute
    from dask.delayed import delayed

    parts = posts[columns].to_delayed()
    return list(cast(Any, compute(*[delayed(hash_posts)(part, column) for part in parts])))
