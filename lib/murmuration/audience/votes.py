"""Segments by consensus: each view groups the authors many times over, and who is often together is a segment.

One estimator on all features side by side lets the widest block win, and one seed more or less changes the result.
Here every view votes with its weight, in groups finer than the segments wanted; the share of votes that put two
authors together is how alike they are, and average linkage makes segments of that (evidence accumulation: Fred & Jain
2005, doi:10.1109/TPAMI.2005.113; Strehl & Ghosh 2002, JMLR 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from murmuration.audience.blocks import View
from murmuration.audience.tally import Floats, Ints

# Finer than the segments wanted, so that no vote forces apart what belongs together in another one.
_GROUPS = (6, 8, 10, 12)
_DIMENSIONS = (8, 12, 16)
_STARTS = 3
_MIXTURE_STARTS = 1  # every run of it begins anew anyway
_TIE = 1e-9
_ROUNDS = 1  # in which authors join the segment that most votes are for


@dataclass(frozen=True, eq=False)
class Vote:
    """One grouping by one view: authors belong where ``place @ slopes + levels`` is largest.

    Attributes
    ----------
    view
        Number of the view.
    weight
        How much it counts.
    slopes, levels
        Shapes (n_dimensions, n_groups) and (n_groups,); of the first dimensions of the view.
    needs_terms
        Whether an author without any term has no vote.
    """

    view: int
    weight: float
    slopes: Floats
    levels: Floats
    needs_terms: bool

    def groups(self, place: Floats) -> Ints:
        """Give the group of each author, −1 where nothing is known."""
        used = place[:, : len(self.slopes)]
        found = (used @ self.slopes + self.levels).argmax(axis=1).astype(np.int64)
        return np.where(np.abs(place).sum(axis=1) > 0, found, -1) if self.needs_terms else found


def cast_votes(views: Sequence[View], places: Sequence[Floats], seed: int, make: Any) -> list[Vote]:
    """Group authors by each view, several times over.

    Parameters
    ----------
    views, places
        How authors are seen, and where they are; shapes (n_authors, n_dimensions).
    seed
        Of the starts.
    make
        Makes the k-means.
    """
    votes = []
    for number, (view, place) in enumerate(zip(views, places, strict=True)):
        there = place
        widths = sorted({min(width, place.shape[1]) for width in _DIMENSIONS})
        if not view.is_terms:
            widths = [place.shape[1]] * len(widths)
        runs = [(width, n) for width in widths for n in _GROUPS]
        for run, (width, n) in enumerate(runs):
            n_groups = min(n, len(np.unique(there[:, :width], axis=0)))
            if n_groups < 2:
                continue
            start = seed + 7919 * run + number
            group = _by_distance if view.is_terms else _by_likelihood
            slopes, levels = group(there[:, :width], n_groups, start % 2**31, make)
            votes.append(Vote(number, view.weight / len(runs), slopes, levels, False))
    return votes


def _by_distance(place: Floats, n_groups: int, seed: int, make: Any) -> tuple[Floats, Floats]:
    """Group by k-means: the nearest centre is the one with the largest linear score."""
    k_means = make("KMeans", n_clusters=n_groups, n_init=_STARTS, random_state=seed)
    centres = np.asarray(k_means.fit(place).cluster_centers_, np.float64)
    return centres.T, -0.5 * (centres**2).sum(axis=1)


def _by_likelihood(place: Floats, n_groups: int, seed: int, make: Any) -> tuple[Floats, Floats]:  # noqa: ARG001
    """Group by a mixture of normal distributions of one shape: features that go together count once."""
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(
        n_groups, covariance_type="tied", n_init=_MIXTURE_STARTS, reg_covar=1e-4, random_state=seed
    ).fit(place)
    slopes = mixture.precisions_ @ mixture.means_.T
    levels = np.log(mixture.weights_ + 1e-12) - 0.5 * (mixture.means_.T * slopes).sum(axis=0)
    return slopes, levels


@dataclass(frozen=True, eq=False)
class Ballot:
    """What all votes say of some authors.

    Attributes
    ----------
    groups
        Group of each author in each vote, −1 without; shape (n_authors, n_votes).
    sizes
        Number of groups of each vote.
    weights
        Of each vote.
    """

    groups: Ints
    sizes: Ints
    weights: Floats

    @property
    def members(self) -> sparse.csr_matrix:
        """Which groups authors are in, root of the weight each; shape (n_authors, n_groups of all votes)."""
        rows, votes = np.nonzero(self.groups >= 0)
        columns = (np.cumsum(self.sizes) - self.sizes)[votes] + self.groups[rows, votes]
        values = np.sqrt(self.weights[votes])
        return sparse.csr_matrix(
            (values, (rows, columns)), (len(self.groups), int(self.sizes.sum()))
        )

    def likeness(self) -> Floats:
        """Give the share of the votes of two authors that put them together, shape (n_authors, n_authors)."""
        members = self.members
        together = (members @ members.T).toarray()
        both = (self.groups >= 0) * np.sqrt(self.weights)
        return np.asarray(together / np.maximum(both @ both.T, 1e-12))


def count_votes(votes: Sequence[Vote], places: Sequence[Floats]) -> Ballot:
    """Let authors vote."""
    n = len(places[0]) if places else 0
    groups = np.empty((n, len(votes)), np.int64)
    for column, vote in enumerate(votes):
        groups[:, column] = vote.groups(places[vote.view])
    sizes = np.array([len(vote.levels) for vote in votes], np.int64)
    return Ballot(groups, sizes, np.array([vote.weight for vote in votes]))


def grow_tree(likeness: Floats) -> Floats:
    """Give the tree of average linkage of authors."""
    apart = np.maximum(1 - likeness, 0)
    np.fill_diagonal(apart, 0)
    tree = np.asarray(linkage(squareform((apart + apart.T) / 2, checks=False), "average"))
    # Groups that no vote ever joined are all equally far: without an order they could be cut all apart or not at all.
    tree[:, 2] += _TIE * np.arange(len(tree))
    return tree


def cut_tree(tree: Floats, likeness: Floats, n_segments: int, least: int) -> Ints:
    """Cut a tree so that as many segments as asked for have enough authors, if there are; others join them.

    Parameters
    ----------
    tree, likeness
        From `grow_tree` and `Ballot.likeness`.
    n_segments
        How many are wanted.
    least
        Authors that a segment needs.

    Returns
    -------
    numpy.ndarray
        Numbers from 0, by size; shape (n_authors,).
    """
    n = len(likeness)
    best = np.zeros(n, np.int64)
    for cuts in range(n_segments, min(n, n_segments + max(60, n // 10)) + 1):
        labels = fcluster(tree, cuts, "maxclust") - 1
        sizes = np.bincount(labels)
        enough = np.flatnonzero(sizes >= least)
        if len(enough) > n_segments:
            break
        if len(enough) > best.max() + 1 or (len(enough) and best.max() == 0):
            best = _join_small(labels, enough, likeness)
        if len(enough) == n_segments:
            break
    return by_size(best)


def _join_small(labels: Ints, enough: npt.NDArray[Any], likeness: Floats) -> Ints:
    """Let authors of small groups join the segment that they are most alike."""
    segment = np.full(labels.max() + 1, -1)
    segment[enough] = np.arange(len(enough))
    found = segment[labels]
    shares = _mean_likeness(likeness, found, len(enough))
    found = np.where(found < 0, shares.argmax(axis=1), found)
    for _ in range(_ROUNDS):
        moved = _mean_likeness(likeness, found, len(enough)).argmax(axis=1)
        if len(np.unique(moved)) < len(enough):
            break
        found = moved
    return np.asarray(found, np.int64)


def _mean_likeness(likeness: Floats, labels: Ints, n: int) -> Floats:
    members = np.stack([labels == number for number in range(n)], axis=1).astype(float)
    return np.asarray(likeness @ members / np.maximum(members.sum(axis=0), 1))


def by_size(labels: Ints) -> Ints:
    """Number segments from the largest on; −1 stays."""
    there = labels >= 0
    if not there.any():
        return labels
    sizes = np.bincount(labels[there])
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.where(there, rank[labels], -1)


def learn_shares(ballot: Ballot, labels: Ints) -> Floats:
    """Give the share of each segment that is in each group of each vote, shape (n_groups of all votes, n_segments)."""
    n = int(labels.max(initial=-1)) + 1
    members = ballot.members
    members.data[:] = 1.0
    there = labels >= 0
    of = sparse.csr_matrix(
        (np.ones(there.sum()), (np.flatnonzero(there), labels[there])), (len(labels), n)
    )
    counts = (members.T @ of).toarray()
    sizes = np.asarray(of.sum(axis=0)).ravel()
    return np.asarray(counts / np.maximum(sizes, 1))


def weigh_votes(ballot: Ballot, shares: Floats) -> Floats:
    """Give how much of the votes of authors is for each segment, 0 to 1, shape (n_authors, n_segments)."""
    members = ballot.members
    members.data **= 2
    total = (ballot.groups >= 0) @ ballot.weights
    return np.asarray(members @ shares / np.maximum(total, 1e-12)[:, None])
