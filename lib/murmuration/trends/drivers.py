"""Who drives a group of posts, such as a topic: how many people, in which languages, with one text or many."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from murmuration.frames import TEXT, TEXTS
from murmuration.schema import NO_LANG

FEW, MANY, UNKNOWN = "few", "many", "unknown"
_ALIKE = 0.04  # that two posts are by one author: as if 25 people shared them evenly
_SMALL_LANG = 0.05  # of the posts: languages below are noise of the detection
_LEAST_POSTS = 10  # under which it cannot be told


def find_drivers(recent: pd.DataFrame, topics: "pd.Index[Any]") -> pd.DataFrame:
    """Say of each topic, or other numbered group, who writes it.

    Parameters
    ----------
    recent
        Posts, counted: `topic`, `posts` and, where they are known, `author_key`, `lang`, `text_hash`.
    topics
        Ids, in the order wanted.

    Returns
    -------
    pandas.DataFrame
        One row a topic: `authors`, `top_author_share`, `driven_by`, `langs`, `top_text_share`. Null, ``unknown`` or empty
        where the posts do not say.
    """
    posts, authors, texts = (_sizes(recent, name) for name in (None, "author_key", "text_hash"))
    known = authors.groupby("topic").sum()
    alike = (authors * (authors - 1)).groupby("topic").sum() / (known * (known - 1))
    alike = alike.where(known >= _LEAST_POSTS).reindex(topics)
    driven = np.select([alike >= _ALIKE, alike < _ALIKE], [FEW, MANY], UNKNOWN)
    langs = _find_langs(_sizes(recent, "lang"))
    n_authors = authors.groupby("topic").size().reindex(topics, fill_value=0).astype("Int64")
    n_authors = n_authors.where(np.full(len(topics), "author_key" in recent))
    return pd.DataFrame(
        {
            "authors": n_authors,
            "top_author_share": (authors.groupby("topic").max() / known).reindex(topics),
            "driven_by": pd.Series(driven, topics, dtype=TEXT),
            "langs": pd.Series(_lists([langs.get(one, []) for one in topics]), topics),
            "top_text_share": (texts.groupby("topic").max() / posts).reindex(topics),
        }
    )


def _sizes(rows: pd.DataFrame, column: str | None) -> "pd.Series[Any]":
    """Posts by topic and value of a column; nothing where there is no such column."""
    if column is None:
        return rows.groupby("topic")["posts"].sum()
    if column not in rows:
        index = pd.MultiIndex.from_arrays([np.empty(0, np.int64), []], names=["topic", column])
        return pd.Series(np.empty(0), index=index)
    return rows.groupby(["topic", column], observed=True)["posts"].sum()


def _find_langs(sizes: "pd.Series[Any]") -> dict[Any, list[str]]:
    table = sizes.rename("posts").reset_index()
    table = table[table["lang"] != NO_LANG]
    share = table["posts"] / table.groupby("topic")["posts"].transform("sum")
    table = table[share >= _SMALL_LANG].sort_values(["posts", "lang"], ascending=[False, True])
    return {topic: part["lang"].tolist() for topic, part in table.groupby("topic")}


def _lists(values: list[list[str]]) -> Any:
    return pd.array(pa.array(values, TEXTS.pyarrow_dtype), dtype=TEXTS)
