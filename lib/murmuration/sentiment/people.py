"""What people said of scored posts, as far as it can correct what methods said of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.frames import TEXT, text_list
from murmuration.schema import check_columns
from murmuration.sentiment.agreement import settle_labels
from murmuration.sentiment.model import Model
from murmuration.sentiment.names import is_vader

_POST = ["source", "post_id"]
UNDECIDED, LEARNED = "undecided", "learned"


def find_random(labels: pd.DataFrame) -> pd.DataFrame:
    """Give what most people say of posts that were drawn at random.

    Parameters
    ----------
    labels
        As `murmuration.load_labels` gives them.

    Returns
    -------
    pandas.DataFrame
        `source`, `post_id`, `said`: null where as many say one thing as another, and where everybody skipped the
        post. What is drawn otherwise stands for no share.

    Raises
    ------
    SchemaError
        If a column is missing.
    """
    check_columns(labels.columns, [*_POST, "labeller", "label", "drawn"], what="find_random")
    drawn = labels.loc[labels["drawn"] == "random", _POST].drop_duplicates()
    settled = settle_labels(labels.merge(drawn, on=_POST))[[*_POST, "label"]]
    said = drawn.merge(settled, on=_POST, how="left").rename(columns={"label": "said"})
    return said.astype(TEXT).reset_index(drop=True)


def join_labels(
    scored: pd.DataFrame, labels: pd.DataFrame | None, *, models: Mapping[str, Model] | None = None
) -> pd.DataFrame:
    """Put beside scored posts what people said of them, but for posts that a model learned from.

    A model is right more often about posts that it learned from than about others, so they would say that
    it hardly errs. A model that cannot say what it learned from (`Model`, `has_learned`) may have learned from all.

    Parameters
    ----------
    scored
        Posts as `score_posts` gives them, with `source` and `post_id`; a post may have several rows.
    labels
        `source`, `post_id`, `said` (null where people could not decide), one row for each post that was drawn to
        be labelled; None for none.
    models
        Those that scored the posts, by language.

    Returns
    -------
    pandas.DataFrame
        `scored` in its order with a fresh index, `said`, and `unused`: why a post that was drawn has no `said`,
        ``undecided`` or ``learned``; null for all others.

    Raises
    ------
    SchemaError
        If a column is missing.
    """
    check_columns(scored.columns, [*_POST, "text", "sentiment_model"], what="join_labels")
    if labels is None:
        labels = pd.DataFrame({name: pd.Series([], dtype=TEXT) for name in (*_POST, "said")})
    check_columns(labels.columns, [*_POST, "said"], what="join_labels")
    drawn = labels[[*_POST, "said"]].assign(unused=UNDECIDED)
    found = scored.merge(drawn, on=_POST, how="left", validate="many_to_one")
    there = found["said"].notna()
    learned = pd.Series(False, index=found.index)
    learned[there] = _have_learned(found[there], models or {})
    unused = found["unused"].mask(there, None).mask(learned, LEARNED)
    return found.assign(said=found["said"].mask(learned, None), unused=unused.astype(TEXT))


def count_joined(joined: pd.DataFrame) -> dict[str, int]:
    """Count posts as `join_labels` gives them: ``used``, ``undecided``, ``learned``."""
    check_columns(joined.columns, ["said", "unused"], what="count_joined")
    reasons = joined["unused"].value_counts()
    left_out = {reason: int(reasons.get(reason, 0)) for reason in (UNDECIDED, LEARNED)}
    return {"used": int(joined["said"].notna().sum()), **left_out}


def _have_learned(posts: pd.DataFrame, models: Mapping[str, Model]) -> npt.NDArray[np.bool_]:
    """Say of each post whether what scored it learned from it, or may have."""
    known = {model.version: model for model in models.values()}
    learned = np.ones(len(posts), bool)
    versions = posts["sentiment_model"].astype(object).where(posts["sentiment_model"].notna(), "")
    for version in versions.unique():
        rows = (versions == version).to_numpy(bool)
        learned[rows] = _learned_by(known.get(version), version, text_list(posts["text"][rows]))
    return learned


def _learned_by(model: Any, version: str, texts: list[str | None]) -> npt.NDArray[np.bool_]:
    if not version or is_vader(version):  # not scored at all, or by a lexicon
        return np.zeros(len(texts), bool)
    tell = getattr(model, "has_learned", None)
    learned = tell(texts) if tell else None
    return np.ones(len(texts), bool) if learned is None else np.asarray(learned, bool)
