"""Collaborative filtering: who cares for the same, and what authors and segments will care for next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import sparse

from murmuration.audience.arguments import check_profiles
from murmuration.audience.blocks import count_matrix, count_terms_of, unit_rows, weigh
from murmuration.audience.features import BY_NAME, TERMS
from murmuration.audience.marks import Names, own_terms
from murmuration.audience.policy import Policy
from murmuration.audience.tally import Floats
from murmuration.compute.backends import SPARSE_TEXT, make_estimator
from murmuration.errors import ParamError, suggest
from murmuration.frames import to_pandas
from murmuration.schema import check_columns

KINDS = ("topics", "hashtags", "communities", "domains")  # what is foretold
_DIMENSIONS = 24
_TERMS_A_DIRECTION = 6
_LEAST_AUTHORS = 3
_MOST_TERMS = 20_000  # the most used ones
_LEAST_TERMS = 5  # of an author, so that some can be held out
_HELD_OUT = 0.25
_HARDLY = 0.1  # of the authors of a segment: what more of them use is not to come, but there
_ROWS = 2_000  # authors scored at once


@dataclass(frozen=True, eq=False)
class InterestModel:
    """Interests as directions, from the terms that authors use.

    Attributes
    ----------
    kinds
        Kinds of terms.
    terms
        Each the kind, a colon and the term.
    rarity
        Weight of each term.
    directions
        Shape (n_terms, n_dimensions), columns of length 1.
    """

    kinds: tuple[str, ...]
    terms: pa.Array
    rarity: Floats
    directions: Floats

    def place(self, profiles: pd.DataFrame) -> Floats:
        """Give authors coordinates, shape (n_authors, n_dimensions); 0 where no term is known."""
        counts = count_matrix(profiles, self.kinds, self.terms)
        return np.asarray(weigh(counts, self.rarity) @ self.directions)

    def foretell(self, places: Floats) -> Floats:
        """Give how much each term is to be expected of authors, shape (n_authors, n_terms)."""
        return np.asarray(places @ self.directions.T)


def fit_interests(
    profiles: Any,
    *,
    kinds: Sequence[str] = KINDS,
    n_dimensions: int = _DIMENSIONS,
    seed: int = 0,
    make: Any = make_estimator,
) -> InterestModel:
    """Find directions of interest in the terms that authors use; computes.

    Parameters
    ----------
    profiles
        From `profile_authors`, pandas or Dask.
    kinds
        Kinds of terms: columns of profiles.
    n_dimensions
        How many directions, at most.
    seed
        The same seed gives the same directions.
    make
        Makes estimators, as `murmuration.compute.make_estimator` does.

    Raises
    ------
    ParamError
        If a kind is not known, or fewer than two terms are used by three authors or more.
    """  # fmt: skip
    check_profiles(profiles, what="fit_interests")
    known = to_pandas(profiles)
    for kind in kinds:
        if kind not in TERMS:
            raise ParamError(f"There are no interests {kind!r}.{suggest(kind, TERMS)}")
    counts, terms = count_terms_of(known, [kind for kind in kinds if kind in known.columns])
    return _factorise(counts, terms, tuple(kinds), n_dimensions, seed, make)


def _factorise(
    counts: sparse.csr_matrix, terms: pa.Array, kinds: tuple[str, ...], n_dimensions: int, seed: int, make: Any
) -> InterestModel:  # fmt: skip
    users = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(users >= _LEAST_AUTHORS)
    kept = np.sort(kept[np.argsort(-users[kept], kind="stable")[:_MOST_TERMS]])
    if len(kept) < 2:
        raise ParamError(
            f"Fewer than two {' or '.join(kinds)} are used by {_LEAST_AUTHORS} authors or more, so no interests can be found. "
            "Take more posts, or other kinds."
        )
    rarity = np.log((1 + counts.shape[0]) / (1 + users[kept])) + 1
    weighed = weigh(counts[:, kept], rarity)
    # Nearly as many directions as terms would say only what is known already.
    n = min(n_dimensions, max(2, len(kept) // _TERMS_A_DIRECTION), min(weighed.shape) - 1)
    svd = make("TruncatedSVD", n_components=max(n, 1), random_state=seed, n_iter=7, **SPARSE_TEXT)
    with np.errstate(invalid="ignore"):  # rows that are all alike have no variance to explain
        directions = np.ascontiguousarray(svd.fit(weighed).components_.T)
    return InterestModel(kinds, terms.take(pa.array(kept)), rarity, directions)


def similar_authors(
    profiles: pd.DataFrame,
    author_key: str,
    *,
    source: str | None = None,
    count: int = 10,
    model: InterestModel | None = None,
) -> pd.DataFrame:
    """Find authors who care for the same as one.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    author_key, source
        The one; the source where several have that key.
    count
        How many, at most.
    model
        From `fit_interests`; made of `profiles` unless given.

    Returns
    -------
    pandas.DataFrame
        Key columns and `similarity` (cosine, −1 to 1), the most alike first; those of whom no interest is known are
        left out.

    Raises
    ------
    ParamError
        If there is no such author, or nothing is known of its interests.
    """  # fmt: skip
    check_profiles(profiles, what="similar_authors")
    is_it = (profiles["author_key"] == author_key).to_numpy(bool)
    if source is not None:
        check_columns(profiles.columns, ["source"], what="similar_authors")
        is_it = is_it & (profiles["source"] == source).to_numpy(bool)
    if is_it.sum() != 1:
        many = (
            f"{int(is_it.sum())} authors have the key" if is_it.any() else "No author has the key"
        )
        raise ParamError(f"{many} {author_key!r}. Give one of the keys in the profiles, and its source.")  # fmt: skip
    places = unit_rows((model or fit_interests(profiles)).place(profiles))
    known = np.abs(places).sum(axis=1) > 0
    if not known[is_it].all():
        raise ParamError(f"Nothing is known of what the author {author_key!r} cares for.")
    likeness = places @ places[is_it][0]
    others = np.flatnonzero(known & ~is_it)
    best = others[np.argsort(-likeness[others], kind="stable")[:count]]
    keys = [name for name in ("source", "author_key") if name in profiles.columns]
    return profiles.iloc[best][keys].assign(similarity=likeness[best]).reset_index(drop=True)


def foretell_interests(
    profiles: pd.DataFrame,
    labels: Any,
    *,
    model: InterestModel | None = None,
    policy: Policy | None = None,
    names: Names | None = None,
    without: Sequence[str] = (),
    count: int = 5,
) -> pd.DataFrame:
    """Foretell what each segment will care for next: terms that hardly one in ten of its authors uses yet, and others like them do.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    labels
        Segment of each author, row for row; −1 for none.
    model
        From `fit_interests`; made of `profiles` unless given.
    policy
        What it forbids is left out; the strictest unless given.
    names
        Kind of terms → term → how it is called.
    without
        Words that posts were found by, such as those of a brand, left out as well.
    count
        Terms of each segment, at most.

    Returns
    -------
    pandas.DataFrame
        `segment`, `rank`, `kind`, `term`, `expected` (how much it is to be expected of its authors over those of all),
        `share` (of its authors who use it already).
    """  # fmt: skip
    check_profiles(profiles, what="foretell_interests")
    policy = policy or Policy()
    own = own_terms(without)
    columns = ["segment", "rank", "kind", "term", "expected", "share"]
    try:
        model = model or fit_interests(profiles)
    except ParamError:  # too few use the same terms: then nothing is to be expected
        return pd.DataFrame(columns=columns)
    segments = np.asarray(labels, np.int64)
    uses = count_matrix(profiles, model.kinds, model.terms) > 0
    scores = model.place(profiles)
    everybody = model.foretell(scores.mean(axis=0, keepdims=True))[0]
    said = [term.partition(":") for term in model.terms.to_pylist()]
    rows: list[tuple[object, ...]] = []
    for segment in sorted(set(segments[segments >= 0].tolist())):
        inside = segments == segment
        if inside.sum() < policy.least_authors:
            continue
        expected = model.foretell(scores[inside].mean(axis=0, keepdims=True))[0] - everybody
        share = np.asarray(uses[inside].mean(axis=0)).ravel()
        expected = np.where(share < _HARDLY, expected * (1 - share), -np.inf)
        rank = 0
        for at in np.argsort(-expected, kind="stable"):
            kind, _, term = said[at]
            term = (names or {}).get(kind, {}).get(term, term)
            if rank == count or expected[at] <= 0:
                break
            if kind in KINDS and term.casefold() not in own and policy.allows(term):
                rank += 1
                rows.append((segment, rank, kind, term, float(expected[at]), float(share[at])))
    return pd.DataFrame(rows, columns=columns)


def measure_interests(
    profiles: pd.DataFrame,
    *,
    kinds: Sequence[str] = ("hashtags", "communities"),
    k: int = 10,
    seed: int = 0,
    n_dimensions: int = _DIMENSIONS,
) -> dict[str, float]:
    """Measure how well held-out terms of authors are foretold, beside naming the most popular ones.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    kinds
        Kinds of terms.
    k
        How many terms are named for each author.
    seed
        Of the terms that are held out: a quarter of those of each author with five or more.
    n_dimensions
        See `fit_interests`.

    Returns
    -------
    dict
        `authors` (that terms were held out of), `precision` and `popularity` (share of the named terms that were held
        out, mean over authors, 0 to 1), `times` (the one over the other).
    """  # fmt: skip
    check_profiles(profiles, what="measure_interests")
    there = [kind for kind in kinds if kind in profiles.columns and BY_NAME[kind].kind == "terms"]
    counts, terms = count_terms_of(profiles, there)
    train, held = _hold_out(counts, seed)
    judged = np.flatnonzero(np.diff(held.indptr))
    nothing = {"authors": 0.0, "precision": np.nan, "popularity": np.nan, "times": np.nan}
    if not len(judged):
        return nothing
    model = _factorise(train, terms, tuple(there), n_dimensions, seed, make_estimator)
    columns = pd.Index(terms.to_pylist()).get_indexer(pd.Index(model.terms.to_pylist()))
    train, held = train[:, columns], held[:, columns]
    users = np.asarray((train > 0).sum(axis=0)).ravel().astype(float)
    places = np.asarray(weigh(train, model.rarity) @ model.directions)
    hits, usual = np.zeros(len(judged)), np.zeros(len(judged))
    for at in range(0, len(judged), _ROWS):
        rows = judged[at : at + _ROWS]
        truth, used = held[rows].toarray() > 0, train[rows].toarray() > 0
        hits[at : at + _ROWS] = _precision(model.foretell(places[rows]), used, truth, k)
        usual[at : at + _ROWS] = _precision(np.tile(users, (len(rows), 1)), used, truth, k)
    precision, popularity = float(hits.mean()), float(usual.mean())
    times = precision / popularity if popularity else np.nan
    return {"authors": float(len(judged)), "precision": precision, "popularity": popularity, "times": times}  # fmt: skip


def _hold_out(counts: sparse.csr_matrix, seed: int) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Part the terms of each author with enough of them: those that are known, and those to be foretold."""
    users = np.bincount(counts.indices, minlength=counts.shape[1])
    counts = sparse.csr_matrix(counts)
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    common = users[counts.indices] >= _LEAST_AUTHORS
    enough = np.bincount(rows[common], minlength=counts.shape[0]) >= _LEAST_TERMS
    drawn = np.random.default_rng(seed).random(len(rows)) < _HELD_OUT
    out = common & enough[rows] & drawn
    parts = [
        sparse.csr_matrix((counts.data[some], (rows[some], counts.indices[some])), counts.shape)
        for some in (~out, out)
    ]
    return parts[0], parts[1]


def _precision(scores: Floats, used: Any, truth: Any, k: int) -> Floats:
    scores = np.where(used, -np.inf, scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.asarray(np.take_along_axis(truth, best, axis=1).sum(axis=1) / k)
