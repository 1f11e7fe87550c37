"""Where topics stand to each other: on a map, and in a tree."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.cluster.hierarchy import average, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from murmuration.frames import check_frame
from murmuration.topics.mixture import Floats
from murmuration.topics.model import TopicModel, check_model

_STEPS = 300  # of majorisation; maps of 300 topics hardly move after 100
_STILL = 1e-6  # of the stress: less is no progress


def measure_distances(model: TopicModel) -> Floats:
    """Give how far topics are from each other, 0 (alike) to 1 (nothing in common), shape (n_topics, n_topics)."""
    centroids = model.space.centroids.astype(np.float64)
    likeness = np.clip(centroids @ centroids.T, 0, 1)
    distances: Floats = 1 - (likeness + likeness.T) / 2
    np.fill_diagonal(distances, 0)
    return distances


def place_topics(model: TopicModel) -> pd.DataFrame:
    """Place topics on a map, those that say alike things near each other.

    Parameters
    ----------
    model
        From `fit_topics`.

    Returns
    -------
    pandas.DataFrame
        One row a topic: `topic` (id), `x`, `y` (−1 to 1, no unit). The same model has the same map.

    References
    ----------
    Stress majorisation (SMACOF): de Leeuw 1977; Borg & Groenen 2005, Modern Multidimensional Scaling, ch. 8.
    """
    check_model(model, what="place_topics")
    places = _scale_down(measure_distances(model))
    reach = np.abs(places).max(initial=1e-12)
    ids = model.topics["id"].to_numpy(np.int64)
    return pd.DataFrame({"topic": ids, "x": places[:, 0] / reach, "y": places[:, 1] / reach})


def _scale_down(distances: Floats) -> Floats:
    """Give places in the plane whose distances are as near to those given as can be."""
    n = len(distances)
    if n < 2:
        return np.zeros((n, 2))
    places = _start(distances)
    before = np.inf
    for _ in range(_STEPS):
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        stress = float(((apart - distances) ** 2).sum())
        if before - stress < _STILL * max(stress, _STILL):
            break
        before = stress
        ratio = np.where(apart > 0, distances / np.where(apart > 0, apart, 1), 0)
        pull = -ratio
        np.fill_diagonal(pull, ratio.sum(axis=1) - ratio.diagonal())
        places = pull @ places / n
    return places


def _start(distances: Floats) -> Floats:
    """Give the places of classical scaling; the sign of each direction is that of its largest place."""
    centred = distances**2
    centred = centred - centred.mean(axis=0) - centred.mean(axis=1)[:, None] + centred.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    if len(values) == 2:
        return np.column_stack([vectors[:, 1] * np.sqrt(max(values[1], 0)), np.zeros(2)])
    leading = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0))
    signs = np.sign(leading[np.abs(leading).argmax(axis=0), [0, 1]])
    places: Floats = leading * np.where(signs == 0, 1, signs)
    return places


def count_kept_neighbours(model: TopicModel, places: pd.DataFrame, *, count: int = 3) -> float:
    """Give the share of the nearest topics of each that are its nearest on the map too, 0 to 1; 1 where all are."""
    check_model(model, what="count_kept_neighbours")
    check_frame(places, what="count_kept_neighbours", of="places of topics", cure="Make them with place_topics(model).")  # fmt: skip
    distances = measure_distances(model)
    n = len(distances)
    if n <= count + 1:
        return 1.0
    spots = places[["x", "y"]].to_numpy(float)
    on_map = np.linalg.norm(spots[:, None] - spots[None], axis=2)
    near, shown = (_nearest(one, count) for one in (distances, on_map))
    return float((near & shown).sum() / (n * count))


def _nearest(distances: Floats, count: int) -> npt.NDArray[np.bool_]:
    alone = distances + np.diag(np.full(len(distances), np.inf))
    rank = alone.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    near: npt.NDArray[np.bool_] = rank < count
    return near


def join_topics(model: TopicModel) -> pd.DataFrame:
    """Join the topics that are most alike, two by two, until one group is left.

    Parameters
    ----------
    model
        From `fit_topics`.

    Returns
    -------
    pandas.DataFrame
        One row a joining, in their order: `step` (from 0), `first` and `second` (ids of topics; −1 − s for the group of
        step s), `distance` (mean over pairs of topics, 0 to 1). Empty for fewer than two topics. Read from the last
        row on, first before second, the topics stand so that neighbours are alike.
    """
    check_model(model, what="join_topics")
    distances, ids = measure_distances(model), model.topics["id"].tolist()
    columns: dict[str, list[int] | list[float]] = {
        "step": [],
        "first": [],
        "second": [],
        "distance": [],
    }
    if len(ids) > 1:
        pairs = squareform(distances, checks=False)
        joined = optimal_leaf_ordering(average(pairs), pairs)
        names = [*ids, *(-1 - step for step in range(len(joined)))]
        columns = {
            "step": list(range(len(joined))),
            "first": [names[int(one)] for one in joined[:, 0]],
            "second": [names[int(one)] for one in joined[:, 1]],
            "distance": [float(one) for one in joined[:, 2]],
        }
    kinds = {"step": "int64", "first": "int64", "second": "int64", "distance": "float64"}
    return pd.DataFrame(columns).astype(kinds)
