"""Segments by one estimator, all blocks side by side: k-means, Gaussian mixture, DBSCAN, HDBSCAN."""

from typing import Any

import numpy as np

from murmuration.audience.params import SegmentParams
from murmuration.audience.tally import Floats, Ints
from murmuration.audience.votes import by_size

BY_DENSITY = ("dbscan", "hdbscan")  # choose how many groups there are themselves
_NEIGHBOURS = 10
_NEAR = 0.9  # of the distances to that neighbour, what counts as near for DBSCAN
_MOST_SILHOUETTE = 2_000  # authors


def group_side_by_side(wide: Floats, least: int, params: SegmentParams, make: Any) -> Ints:
    """Group authors by the estimator that `params` names.

    Returns
    -------
    numpy.ndarray
        Numbers from 0, by size; −1 for those in groups below `least`, and in none.
    """
    if params.method in BY_DENSITY:
        labels = _by_density(wide, least, params, make)
    elif params.n_segments is not None:
        labels = _into(wide, params.n_segments, params, make)
    else:
        tried = [
            _into(wide, n, params, make)
            for n in range(2, min(params.max_segments, len(wide) - 1) + 1)
        ]
        labels = max(tried, key=lambda one: _silhouette(wide, one, params.seed))
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    small = np.flatnonzero(sizes < least)
    kept = by_size(np.where(np.isin(labels, small), -1, labels))
    return _without_gaps(kept)


def _into(wide: Floats, n: int, params: SegmentParams, make: Any) -> Ints:
    if params.method == "kmeans":
        k_means = make("KMeans", n_clusters=n, n_init=10, random_state=params.seed)
        return np.asarray(k_means.fit_predict(wide), np.int64)
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(
        n, covariance_type="tied", n_init=5, reg_covar=1e-4, random_state=params.seed
    )
    return np.asarray(mixture.fit_predict(wide), np.int64)


def _by_density(wide: Floats, least: int, params: SegmentParams, make: Any) -> Ints:
    if params.method == "hdbscan":
        found = make("HDBSCAN", min_cluster_size=max(2, least)).fit_predict(wide)
        return np.asarray(found, np.int64)
    k = min(_NEIGHBOURS, len(wide) - 1)
    near = make("NearestNeighbors", n_neighbors=k + 1).fit(wide).kneighbors(wide)[0][:, -1]
    eps = max(float(np.quantile(near, _NEAR)), 1e-9)
    return np.asarray(make("DBSCAN", eps=eps, min_samples=k).fit_predict(wide), np.int64)


def _silhouette(wide: Floats, labels: Ints, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    if len(np.unique(labels)) < 2:
        return -1.0
    size = _MOST_SILHOUETTE if len(wide) > _MOST_SILHOUETTE else None
    return float(silhouette_score(wide, labels, sample_size=size, random_state=seed))


def _without_gaps(labels: Ints) -> Ints:
    there = labels >= 0
    if not there.any():
        return labels
    found = labels.copy()
    found[there] = np.unique(labels[there], return_inverse=True)[1]
    return found
