"""Profiles → one table of numbers per block, scaled so that no feature and no block shouts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from murmuration.audience.features import BY_NAME, TERMS, names_of
from murmuration.audience.params import SEGMENT_BLOCKS, SegmentParams
from murmuration.audience.shrink import is_chance
from murmuration.audience.tally import Floats, Ints
from murmuration.compute.backends import SPARSE_TEXT

_TAILS = (0.05, 0.5, 0.95)
_NORMAL_TAILS = (
    3.3  # the distance of these quantiles in a normal distribution, in standard deviations
)
_CLIP = 3.0  # standard deviations: beyond it is simply much
_DIMENSIONS = 16  # of a block of terms
_RARE = 0.006  # terms of a smaller share of authors tell one author apart, not a segment
_LEAST_AUTHORS = 3
_LEAST_TERMS = 4
_COMMON = 0.8  # terms of a larger share of authors tell nobody apart
_HALF_KNOWN = 30.0  # terms of an author that are half as telling as many
_SOME_TERMS = 3  # of a kind, below which an author hardly has a place by it
_LEAST_KNOWN = 0.2  # share of authors with so many, below which a kind is left out
_BEHAVIOUR = "behaviour"
_ALONE = 3.0  # times more that behaviour counts where interests are unknown


@dataclass(frozen=True, eq=False)
class Scaler:
    """Numbers of a profile, robustly scaled.

    Attributes
    ----------
    names
        Features.
    centres, scales
        Median and robust standard deviation of each.
    weights
        What each feature is multiplied with, so that blocks of many features do not count more.
    """

    names: tuple[str, ...]
    centres: Floats
    scales: Floats
    weights: Floats

    def place(self, profiles: pd.DataFrame) -> Floats:
        """Give coordinates, shape (n_authors, n_features); what is unknown lies in the middle."""
        raw = np.stack([bend(profiles, name) for name in self.names], axis=1)
        scaled = np.clip((raw - self.centres) / self.scales, -_CLIP, _CLIP)
        return np.nan_to_num(scaled) * self.weights


@dataclass(frozen=True, eq=False)
class Directions:
    """Terms as directions in which authors differ: latent semantic analysis.

    Attributes
    ----------
    kinds
        Columns of the profile.
    terms
        Vocabulary: each the kind, a colon and the term.
    weights
        Rarity of each term.
    components
        What each term adds to each dimension, shape (n_terms, n_dimensions).
    """

    kinds: tuple[str, ...]
    terms: pa.Array
    weights: Floats
    components: Floats

    def place(self, profiles: pd.DataFrame) -> Floats:
        """Give coordinates of length 1, shape (n_authors, n_dimensions); 0 where no term is known."""
        counts = count_matrix(profiles, self.kinds, self.terms)
        return unit_rows(np.asarray(weigh(counts, self.weights) @ self.components))


@dataclass(frozen=True, eq=False)
class View:
    """One way to see authors.

    Attributes
    ----------
    name
        ``behaviour``, or the kind of terms.
    weight
        How much it counts.
    space
        Gives the coordinates.
    """

    name: str
    weight: float
    space: Scaler | Directions

    @property
    def is_terms(self) -> bool:
        """Whether it is made of terms."""
        return isinstance(self.space, Directions)

    def place(self, profiles: pd.DataFrame) -> Floats:
        """Give coordinates of authors."""
        return self.space.place(profiles)


def fit_views(profiles: pd.DataFrame, params: SegmentParams, make: Any) -> list[View]:
    """Find how authors are to be seen: scales of numbers, directions of terms; those that say nothing are left out."""
    views = []
    kinds = [kind for kind in TERMS if kind in profiles.columns]
    cared = [kind for kind in kinds if BY_NAME[kind].block == "interests"]
    coverage = {"interests": _cover(profiles, cared), "text": _cover(profiles, ["words"])}
    scaler, weight = _fit_scaler(profiles, params, is_chance)
    if scaler is not None:
        # Where little is known of what authors care for, how they behave has to tell them apart.
        alone = 1 + _ALONE * (1 - coverage["interests"]) ** 2
        views.append(View(_BEHAVIOUR, weight * alone, scaler))
    found = []
    for name in kinds:
        known = coverage[BY_NAME[name].block]
        view = _view_terms(profiles, (name,), params, make, known)
        found += [(name, view)] if view else []
    views += [view for _, view in found]
    # Two kinds that say the same are sure together where each alone is not.
    telling = tuple(name for name, _ in found if name in cared)
    if len(telling) > 1:
        together = _view_terms(profiles, telling, params, make, coverage["interests"])
        views += [together] if together else []
    if not views and params.n_segments is not None:  # who asks for a number gets it
        scaler, weight = _fit_scaler(profiles, params, lambda *_: False)
        views += [View(_BEHAVIOUR, weight, scaler)] if scaler is not None else []
    return views


def bend(profiles: pd.DataFrame, name: str) -> Floats:
    """Give a number of profiles on a scale on which differences are alike everywhere; null and infinite as not a number."""
    values = profiles[name].to_numpy(np.float64, na_value=np.nan)
    values = np.where(np.isfinite(values), values, np.nan)
    kind = BY_NAME[name].kind
    if kind == "log":
        return np.asarray(np.log1p(np.maximum(values, 0)))
    if kind == "share":  # the variance of a share is the same everywhere on this scale
        return np.asarray(np.arcsin(np.sqrt(np.clip(values, 0, 1))))
    return values


def _fit_scaler(
    profiles: pd.DataFrame,
    params: SegmentParams,
    is_out: Callable[[pd.DataFrame, str, Floats], bool],
) -> tuple[Scaler | None, float]:
    rows: list[tuple[str, float, float, float]] = []
    weights = []
    for block in SEGMENT_BLOCKS:
        weight = params.weight(block)
        # Scaled to one width, what chance leaves of a number would count as much as what authors are like.
        found = [
            (name, *spread)
            for name in names_of(block)
            if weight and name in profiles.columns
            for values in [bend(profiles, name)]
            for spread in [_spread(values)]
            if spread is not None and not is_out(profiles, name, values)
        ]
        if found:
            weights.append(weight)
            rows += [(*one, weight / np.sqrt(len(found))) for one in found]
    if not rows:
        return None, 0.0
    names, centres, scales, own = zip(*rows, strict=True)
    usual = float(np.mean(weights))
    scaler = Scaler(names, np.array(centres), np.array(scales), np.array(own) / usual)
    return scaler, usual


def _spread(values: Floats) -> tuple[float, float] | None:
    """Give the middle and the robust spread; None where all are alike or unknown."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return None
    low, middle, high = np.quantile(known, _TAILS)
    scale = (high - low) / _NORMAL_TAILS
    if scale <= 1e-9:
        scale = float(known.std())
    return (float(middle), float(scale)) if scale > 1e-9 else None


def _cover(profiles: pd.DataFrame, kinds: Sequence[str]) -> float:
    """Give how much is known of the terms of authors, 0 to 1: little counts even less, as chance rules it."""
    known = np.zeros(len(profiles))
    for kind in kinds:
        if kind in profiles.columns:
            authors, _, counts = flatten(profiles, kind)
            known += np.bincount(authors, counts, minlength=len(profiles))
    return float(((known / (known + _HALF_KNOWN)) ** 2).mean()) if len(profiles) else 0.0


def _view_terms(
    profiles: pd.DataFrame,
    kinds: tuple[str, ...],
    params: SegmentParams,
    make: Any,
    coverage: float,
) -> View | None:
    own = params.weight(BY_NAME[kinds[0]].block)
    if not own or len(profiles) < _LEAST_TERMS:
        return None
    counts, terms = count_terms_of(profiles, kinds)
    authors = np.bincount(counts.indices, minlength=counts.shape[1])
    least, most = max(_LEAST_AUTHORS, round(_RARE * len(profiles))), _COMMON * len(profiles)
    kept = np.flatnonzero((authors >= least) & (authors <= most))
    if len(kept) < _LEAST_TERMS:
        return None
    counts = counts[:, kept]
    weights = np.log((1 + len(profiles)) / (1 + authors[kept])) + 1
    weighed = weigh(counts, weights)
    n = min(_DIMENSIONS, min(weighed.shape) - 1)
    svd = make("TruncatedSVD", n_components=n, random_state=params.seed, n_iter=7, **SPARSE_TEXT)
    with np.errstate(invalid="ignore"):  # rows that are all alike have no variance to explain
        components = np.ascontiguousarray(svd.fit(weighed).components_.T)
    known = float((np.asarray(counts.sum(axis=1)).ravel() >= _SOME_TERMS).mean())
    if known < _LEAST_KNOWN:
        return None
    space = Directions(kinds, terms.take(pa.array(kept)), weights, components)
    return View(" and ".join(kinds), own * coverage, space)


def weigh(counts: sparse.csr_matrix, weights: Floats) -> sparse.csr_matrix:
    """Give TF-IDF rows of length 1, of the logarithm of counts."""
    damped = counts.copy()
    damped.data = 1 + np.log(damped.data)
    weighed = damped @ sparse.diags(weights)
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(lengths, 1e-12)) @ weighed)


def unit_rows(vectors: Floats) -> Floats:
    """Give rows length 1; those of 0 stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Floats = vectors / np.maximum(lengths, 1e-12)
    return units


def count_matrix(
    profiles: pd.DataFrame, kinds: Sequence[str], terms: pa.Array
) -> sparse.csr_matrix:
    """Give how often each author has each of some terms, shape (n_authors, n_terms)."""
    authors, names, counts = _flatten_all(profiles, kinds)
    codes = pc.index_in(names, terms)
    known = codes.is_valid().to_numpy(zero_copy_only=False)
    places = codes.fill_null(0).to_numpy()[known]
    return sparse.csr_matrix(
        (counts[known], (authors[known], places)), shape=(len(profiles), len(terms))
    )


def count_terms_of(
    profiles: pd.DataFrame, kinds: Sequence[str]
) -> tuple[sparse.csr_matrix, pa.Array]:
    """Give how often each author has each term of some kinds, shape (n_authors, n_terms), and the terms, sorted."""
    authors, names, counts = _flatten_all(profiles, kinds)
    encoded = names.dictionary_encode()
    # Sorted, so that the order of authors does not matter.
    order = pc.array_sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    codes = rank[encoded.indices.to_numpy()]
    matrix = sparse.csr_matrix((counts, (authors, codes)), shape=(len(profiles), len(order)))
    return matrix, encoded.dictionary.take(pa.array(order))


def _flatten_all(profiles: pd.DataFrame, kinds: Sequence[str]) -> tuple[Ints, pa.Array, Floats]:
    parts = [flatten(profiles, kind) for kind in kinds]
    named = [
        pc.binary_join_element_wise(kind, names, ":")
        for kind, (_, names, _) in zip(kinds, parts, strict=True)
    ]
    return (
        np.concatenate([authors for authors, _, _ in parts]),
        pa.chunked_array(named, pa.string()).combine_chunks(),
        np.concatenate([counts for _, _, counts in parts]),
    )


def flatten(profiles: pd.DataFrame, kind: str) -> tuple[Ints, pa.Array, Floats]:
    """Give author (by place), term and count of all terms of a kind."""
    lists, counts = (_arrow(profiles[name]) for name in (kind, f"{kind}_n"))
    authors = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    flat = pc.list_flatten(counts).to_numpy(zero_copy_only=False)
    return authors, pc.list_flatten(lists).cast(pa.string()), flat.astype(np.float64)


def _arrow(column: "pd.Series[Any]") -> pa.Array:
    values = pa.array(column, from_pandas=True)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def side_by_side(views: Sequence[View], places: Sequence[Floats]) -> Floats:
    """Give all blocks in one table, each as wide as its weight says."""
    wide = [view.weight * _balance(place) for view, place in zip(views, places, strict=True)]
    return np.hstack(wide) if wide else np.zeros((0, 0))


def _balance(place: Floats) -> Floats:
    spread = float(np.sqrt((place - place.mean(axis=0)).var(axis=0).sum()))
    return place / max(spread, 1e-12)
