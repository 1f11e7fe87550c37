"""Labelled posts by the name that a report's parameter gives: a file, the store's labels, or invented ones."""

import hashlib
from pathlib import Path

import pandas as pd

from murmuration.collect.labelled import Labelled, count_repeats, read_labelled
from murmuration.errors import ReadError
from murmuration.sentiment.agreement import settle_labels
from murmuration.store.delta import open_store
from murmuration.store.labels import load_labels
from murmuration.store.moments import State

LABELS = "labels"
SAMPLE = "sample"
_SAMPLE_POSTS = 6_000
_WITH_LABELS = ("text", "lang", "author_key")


def find_labelled(
    data: str,
    *,
    root: Path,
    text: str = "",
    label: str = "",
    lang: str = "",
    as_of: State | None = None,
) -> Labelled:
    """Read labelled posts.

    Parameters
    ----------
    data
        A file, ``labels`` for what people labelled in the store, or ``sample`` for invented posts.
    root
        Folder that relative paths begin at.
    text, label, lang
        Columns of a file and its language, see `read_labelled`.
    as_of
        State of the store's labels and posts; the newest unless given.

    Raises
    ------
    ReadError
        If there are none, or they cannot be read.
    """
    if data == SAMPLE:
        return _invent()
    if data == LABELS:
        return _read_store(as_of)
    return read_labelled(root / Path(data).expanduser(), text=text, label=label, lang=lang)


def _invent() -> Labelled:
    from murmuration.sample import make_posts

    posts = pd.concat(list(make_posts(_SAMPLE_POSTS)), ignore_index=True)
    posts = posts.assign(label=posts["truth_sentiment"], group=posts["author_key"])
    return _as_labelled(posts, SAMPLE)


def _read_store(as_of: State | None) -> Labelled:
    """Give posts with the label that most labellers gave; where two labels tie, nobody knows."""
    store = open_store()
    given = load_labels(columns=_WITH_LABELS, as_of=as_of, posts_as_of=as_of, store=store)
    settled = settle_labels(given)
    if settled.empty:
        raise ReadError(
            "Nobody has labelled posts of this store yet. Label some in notebooks/explore/label_posts.ipynb, or name "
            "a file of labelled posts."
        )
    if settled["label"].isna().all():
        raise ReadError(
            f"As many people say one thing as another of each of the {len(settled):,} labelled posts of this store. "
            "Label some more in notebooks/explore/label_posts.ipynb, or name a file of labelled posts."
        )
    return _as_labelled(settled.assign(group=settled["author_key"]), LABELS)


def _as_labelled(posts: pd.DataFrame, name: str) -> Labelled:
    kept = posts[posts["text"].notna() & posts["label"].notna()].reset_index(drop=True)
    kept = kept[["source", "post_id", "author_key", "text", "lang", "label", "group"]]
    repeated, contradicting = count_repeats(kept)
    values = kept[["text", "label"]].to_json(orient="values", force_ascii=False)
    return Labelled(
        posts=kept,
        name=name,
        sha256=hashlib.sha256(str(values).encode()).hexdigest(),
        columns={},
        rows=len(posts),
        without_label=int(posts["label"].isna().sum()),
        without_text=int((posts["text"].isna() & posts["label"].notna()).sum()),
        repeated=repeated,
        contradicting=contradicting,
    )
