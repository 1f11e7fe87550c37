"""How far labellers agree, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.errors import ParamError, suggest
from murmuration.schema import check_columns
from murmuration.sentiment.model import LABELS

Level = Literal["nominal", "ordinal"]
Floats = npt.NDArray[np.float64]

_POST = ["source", "post_id"]
_NEEDED = [*_POST, "labeller", "label"]
# What a label rests on if several people came to a post in different ways: the best known one.
_WAYS = ("random", "stratified", "chosen", "uncertain", "double")
_REPLICATES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far labellers agree.

    Attributes
    ----------
    alpha
        Krippendorff's alpha: 1 is full agreement, 0 what chance gives; NaN where nobody labelled the same post,
        or all labels are the same, so that nothing tells agreement from chance.
    low, high
        Its 95 % interval; NaN likewise.
    level
        Whether all disagreements weigh the same (nominal), or more the farther apart (ordinal).
    posts, labels, labellers
        Posts that two people or more labelled, their labels, and who gave them.
    """

    alpha: float
    low: float
    high: float
    level: Level
    posts: int
    labels: int
    labellers: int


def measure_agreement(
    labels: pd.DataFrame,
    *,
    level: Level = "nominal",
    values: Sequence[str] = LABELS,
    seed: int = 0,
) -> Agreement:
    """Give Krippendorff's alpha of labels, with a bootstrap interval.

    Parameters
    ----------
    labels
        `source`, `post_id`, `labeller`, `label`; null labels do not count, nor do posts with one label. Of two
        labels of one person for one post the later row counts.
    level
        ``"nominal"``, or ``"ordinal"`` by the order of `values`.
    values
        What may be said, in order.
    seed
        Of the bootstrap, which draws posts.

    Returns
    -------
    Agreement
        Order of rows and names of labellers do not matter.

    Raises
    ------
    SchemaError
        If a column is missing.
    ParamError
        If there is no such level, or a label is not among `values`.

    References
    ----------
    Alpha: Krippendorff 2011, Computing Krippendorff's alpha-reliability. Bootstrap over units: Zapf et al. 2016,
    doi:10.1186/s12874-016-0200-9.
    """
    if level not in get_args(Level):
        raise ParamError(
            f"There is no level of agreement {level!r}.{suggest(level, get_args(Level))}"
        )
    given = _given(labels, values)
    counts = _count(given, values)
    shared = counts.to_numpy()[counts.sum(axis=1).to_numpy() > 1]
    kinds, times = np.unique(shared, axis=0, return_counts=True)
    parts = _coincidences(kinds)
    [alpha] = _alphas(parts, times[None, :], level)
    low, high = _interval(parts, times, level, seed)
    paired = given.groupby(_POST)["label"].transform("size") > 1
    return Agreement(
        alpha=float(alpha),
        low=low,
        high=high,
        level=level,
        posts=len(shared),
        labels=int(shared.sum()),
        labellers=int(given.loc[paired, "labeller"].nunique()),
    )


def _given(labels: pd.DataFrame, values: Sequence[str]) -> pd.DataFrame:
    """Labels that were given, as plain text, one of each person and post."""
    check_columns(labels.columns, _NEEDED, what="measure_agreement")
    given = labels.loc[labels["label"].notna(), _NEEDED].astype(object)
    for label in given["label"].unique():
        if label not in values:
            raise ParamError(f"There is no label {label!r}.{suggest(str(label), values)}")
    return given.drop_duplicates([*_POST, "labeller"], keep="last")


def _count(given: pd.DataFrame, values: Sequence[str]) -> pd.DataFrame:
    """Count the labels of each post; shape (n_posts, n_values)."""
    counts = given.groupby([*_POST, "label"]).size().unstack(fill_value=0)
    return counts.reindex(columns=list(values), fill_value=0)


def _coincidences(counts: npt.NDArray[np.int64]) -> Floats:
    """Count pairs of labels within each post, as Krippendorff does; shape (n_posts, n_values, n_values)."""
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(counts.shape[1])
    weighted: Floats = pairs / (counts.sum(axis=1) - 1)[:, None, None]
    return weighted


def _alphas(parts: Floats, weights: npt.NDArray[np.int64], level: Level) -> Floats:
    """Give alpha for each weighting of the posts; shape (n_weightings,)."""
    seen = np.tensordot(weights, parts, axes=1)
    totals = seen.sum(axis=2)
    apart = _distances(totals, level)
    observed = (seen * apart).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * apart).sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        alphas: Floats = 1 - (totals.sum(axis=1) - 1) * observed / expected
    return np.where(expected > 0, alphas, np.nan)


def _distances(totals: Floats, level: Level) -> Floats:
    """Squared distances between values; shape (n_weightings, n_values, n_values)."""
    if level == "nominal":
        size = totals.shape[1]
        return np.broadcast_to(1 - np.eye(size), (len(totals), size, size))
    # Krippendorff's sum from c to k without half of both ends is a difference of mid-ranks.
    ranks = totals.cumsum(axis=1) - totals / 2
    distances: Floats = (ranks[:, :, None] - ranks[:, None, :]) ** 2
    return distances


def _interval(
    parts: Floats, times: npt.NDArray[np.int64], level: Level, seed: int
) -> tuple[float, float]:
    posts = int(times.sum())
    if posts < 2:
        return np.nan, np.nan
    # Posts with the same labels are alike, so drawing posts is drawing such kinds of posts.
    drawn = np.random.default_rng(seed).multinomial(posts, times / posts, size=_REPLICATES)
    alphas = _alphas(parts, drawn, level)
    if np.isnan(alphas).all():
        return np.nan, np.nan
    low, high = np.nanquantile(alphas, [0.025, 0.975])
    return float(low), float(high)


def compare_labellers(
    labels: pd.DataFrame, *, level: Level = "nominal", values: Sequence[str] = LABELS
) -> pd.DataFrame:
    """Say for each pair of labellers how far they agree; see `measure_agreement`.

    Returns
    -------
    pandas.DataFrame
        `first`, `second`, `posts` that both labelled, `equal` (share of them, 0 to 1), `alpha`; sorted by name.
    """
    given = _given(labels, values)
    words = given.pivot(index=_POST, columns="labeller", values="label")
    rows: list[dict[str, Any]] = []
    for first, second in combinations(sorted(words.columns), 2):
        both = words[[first, second]].dropna()
        if len(both):
            pair = given[given["labeller"].isin([first, second])]
            agreement = measure_agreement(pair, level=level, values=values)
            equal = float((both[first] == both[second]).mean())
            rows.append(
                {"first": first, "second": second, "posts": len(both), "equal": equal, "alpha": agreement.alpha}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=["first", "second", "posts", "equal", "alpha"])


def settle_labels(labels: pd.DataFrame, *, values: Sequence[str] = LABELS) -> pd.DataFrame:
    """Give one label for each post: what most of its labellers say.

    Parameters
    ----------
    labels
        As for `measure_agreement`; further columns, such as `text`, are kept.
    values
        What may be said.

    Returns
    -------
    pandas.DataFrame
        One row for each post that somebody labelled, sorted by `source` and `post_id`: `label`, null where as
        many say one thing as another; `labellers`, how many labelled it; `agreeing`, how many of them say
        `label` (or each of the tied labels); and the further columns.
    """
    given = _given(labels, values)
    posts = _count(given, values)
    counts = posts.to_numpy()
    top = counts.max(axis=1, initial=0)
    tied = (counts == top[:, None]).sum(axis=1) > 1
    most = np.where(tied, None, np.array(values, object)[counts.argmax(axis=1)])
    said = {"label": most, "labellers": counts.sum(axis=1), "agreeing": top}
    settled = pd.DataFrame(said, index=posts.index).reset_index()
    further = labels.loc[given.index].drop(
        columns=["labeller", "label", "labelled_at"], errors="ignore"
    )
    if "drawn" in further:
        order = further["drawn"].map({way: rank for rank, way in enumerate(_WAYS)})
        further = further.loc[order.sort_values(kind="stable").index]
    one_each = further.drop_duplicates(_POST).astype(dict.fromkeys(_POST, object))
    return settled.merge(one_each, on=_POST, how="left", validate="one_to_one")
