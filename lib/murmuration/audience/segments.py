"""Profiles → segments of authors, and the segment of a new author."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from murmuration.audience.arguments import check_assigned, check_kind, check_profiles
from murmuration.audience.aside import find_aside
from murmuration.audience.blocks import View, fit_views, side_by_side
from murmuration.audience.chance import NOTHING_DIFFERS, find_telling
from murmuration.audience.choose import CHOICE, choose_untried, try_numbers
from murmuration.audience.estimators import BY_DENSITY, group_side_by_side
from murmuration.audience.params import KIND, SegmentParams
from murmuration.audience.tally import Floats, Ints
from murmuration.audience.votes import (
    Vote,
    by_size,
    cast_votes,
    count_votes,
    cut_tree,
    grow_tree,
    learn_shares,
    weigh_votes,
)
from murmuration.compute.backends import make_estimator
from murmuration.errors import ParamError
from murmuration.frames import Frame, map_rows, to_pandas
from murmuration.sentiment.model import ModelCard, model_version

log = logging.getLogger(__name__)

_BLOCK = 50_000  # authors at once
_FIT = "Find segments with fit_segments(profiles)."
_SEGMENT, _STRENGTH = pd.ArrowDtype(pa.int64()), pd.ArrowDtype(pa.float64())


class Assigner(Protocol):
    """Says how well authors fit each segment."""

    def fit_of(self, places: Sequence[Floats]) -> Floats:
        """Give how well authors fit, 0 to 1, shape (n_authors, n_segments)."""


@dataclass(frozen=True, eq=False)
class ByVotes:
    """Fits by the votes of each view."""

    votes: Sequence[Vote]
    shares: Floats

    def fit_of(self, places: Sequence[Floats]) -> Floats:
        """Give the share of votes for each segment."""
        return weigh_votes(count_votes(self.votes, places), self.shares)


@dataclass(frozen=True, eq=False)
class ByDistance:
    """Fits by the distance to the middle of each segment, all blocks side by side."""

    views: Sequence[View]
    centres: Floats

    def fit_of(self, places: Sequence[Floats]) -> Floats:
        """Give likeness to the middle of each segment: 1 at it, ½ as far as the mean of all distances."""
        wide = side_by_side(self.views, places)
        squares = (wide**2).sum(axis=1)[:, None] + (self.centres**2).sum(axis=1)
        far = np.sqrt(np.maximum(squares - 2 * wide @ self.centres.T, 0))
        usual = float(far.mean()) if far.size else 1.0
        return np.asarray(1 / (1 + far / max(usual, 1e-12)))


@dataclass(frozen=True, eq=False, repr=False)
class SegmentModel:
    """Segments of authors, ready for others.

    Attributes
    ----------
    params
        How they were found.
    views
        How authors are seen.
    assigner
        Says how well authors fit.
    ids
        Id of each segment.
    least_strength
        Authors who fit less are left out.
    choice
        What spoke for the number of segments: a row for each that was tried, or one that says why there is one segment;
        empty where more were asked for, the method chose by itself, or no other number could be had.
    name
        What the segments are kept under.
    names
        What each segment is called, by id; those too small to be shown have none.
    members
        Hashes of the authors, rising, and the segment of each: who was in which, for the next run.
    next_id
        The id of the next new segment; ids are never given twice.
    previous
        Version of the model whose ids go on; empty for the first.
    since, until
        First time of the posts that they were found in and the time that these end at, as ISO 8601 in UTC; empty if unknown.
    """

    params: SegmentParams
    views: Sequence[View]
    assigner: Assigner | None
    ids: Ints
    least_strength: float = 0.0
    choice: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CHOICE)))
    name: str = KIND
    names: Mapping[int, str] = field(default_factory=dict)
    members: tuple[npt.NDArray[np.uint64], Ints] = field(
        default_factory=lambda: (np.zeros(0, np.uint64), np.zeros(0, np.int64))
    )
    next_id: int = 0
    previous: str = ""
    since: str = ""
    until: str = ""

    def __repr__(self) -> str:
        seen = f" by {', '.join(view.name for view in self.views)}" if self.views else ""
        return (
            f"<SegmentModel {self.name!r}: {len(self.ids)} segments{seen}; ids {self.ids.tolist()}>"
        )

    @property
    def card(self) -> ModelCard:
        """What is known about the model."""
        from murmuration.audience.saving import make_card

        return make_card(self)

    @cached_property
    def version(self) -> str:
        """``name-xxxxxxxx``."""
        from murmuration.audience.saving import digest_model

        return model_version(self.card, digest_model(self))

    def with_names(self, names: Mapping[int, str]) -> "SegmentModel":
        """Give the same segments with what they are called."""
        return replace(self, names=dict(names))

    def with_period(self, since: datetime, until: datetime) -> "SegmentModel":
        """Give the same segments with the period of the posts that they were found in."""
        first, end = (moment.astimezone(UTC).isoformat() for moment in (since, until))
        return replace(self, since=first, until=end)

    def with_members(self, assigned: pd.DataFrame) -> "SegmentModel":
        """Give the same segments with who is in which, from `assign_segments`."""
        check_assigned(assigned, what="with_members")
        hashes = hash_authors(assigned)
        order = np.argsort(hashes, kind="stable")
        return replace(self, members=(hashes[order], assigned["segment"].to_numpy(np.int64)[order]))

    def save(self, folder: Path) -> None:
        """Write a model folder; see `murmuration.model_folder`."""
        from murmuration.audience.saving import save_model

        save_model(self, Path(folder))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder; runs no code from it.

        Raises
        ------
        ModelError
            If the folder is damaged or holds another kind of model.
        """
        from murmuration.audience.saving import load_model

        return cls(**load_model(Path(folder)))

    def strengths(self, profiles: pd.DataFrame) -> Floats:
        """Give how well authors fit each segment, 0 to 1, shape (n_authors, n_segments)."""
        if self.assigner is None:
            return np.ones((len(profiles), len(self.ids)))
        parts = [
            self.assigner.fit_of([view.place(block) for view in self.views])
            for at in range(0, len(profiles), _BLOCK)
            for block in [profiles.iloc[at : at + _BLOCK]]
        ]
        return np.vstack(parts) if parts else np.zeros((0, len(self.ids)))


def hash_authors(profiles: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """Give a number for each author: of the pseudonym, and of the source where there is one."""
    keys = pd.util.hash_array(np.asarray(profiles["author_key"].astype(str), dtype=object))
    if "source" not in profiles.columns:
        return keys
    sources = pd.util.hash_array(np.asarray(profiles["source"].astype(str), dtype=object))
    return np.asarray(keys ^ (sources * np.uint64(0x9E3779B97F4A7C15)), np.uint64)


def segment_authors(profiles: Any, params: SegmentParams | None = None) -> pd.DataFrame:
    """Give each author a segment; computes. `fit_segments` gives the segments themselves.

    Parameters
    ----------
    profiles
        From `profile_authors`, pandas or Dask.
    params
        See `SegmentParams`.

    Returns
    -------
    pandas.DataFrame
        `profiles` with `segment` (0 is the largest, −1 fits nowhere or is set apart), `segment_strength` (how well
        the author fits, 0 to 1) and `set_aside` (the rule by which it counts as a bot or spam, else null).

    Raises
    ------
    ParamError
        If more segments are asked for than there are authors.
    """
    check_profiles(profiles, what="segment_authors")
    known = to_pandas(profiles)
    return assign_segments(known, fit_segments(known, params))


def assign_segments(profiles: Frame, model: SegmentModel) -> Frame:
    """Give authors the segments that were found before.

    Parameters
    ----------
    profiles
        From `profile_authors`, pandas or Dask.
    model
        From `fit_segments`.

    Returns
    -------
    same kind as `profiles`
        With `segment`, `segment_strength` and `set_aside`, see `segment_authors`.
    """
    check_profiles(profiles, what="assign_segments")
    check_kind(model, SegmentModel, what="assign_segments", cure=_FIT)
    return map_rows(profiles, _assign, model)


def _assign(profiles: pd.DataFrame, model: SegmentModel) -> pd.DataFrame:
    aside = find_aside(profiles)
    if not model.params.set_aside:
        aside[:] = None
    fits = model.strengths(profiles)
    if not len(model.ids):
        segments, strength = np.full(len(profiles), -1), np.full(len(profiles), np.nan)
    else:
        strength = fits.max(axis=1, initial=0.0)
        segments = model.ids[fits.argmax(axis=1)] if len(fits) else np.zeros(0, np.int64)
        out = (strength < model.least_strength) | aside.notna().to_numpy()
        segments = np.where(out, -1, segments)
    return profiles.assign(
        segment=pd.Series(segments, profiles.index, dtype=_SEGMENT),
        segment_strength=pd.Series(strength, profiles.index, dtype=float).astype(_STRENGTH),
        set_aside=aside,
    )


def fit_segments(
    profiles: Any,
    params: SegmentParams | None = None,
    *,
    continue_from: SegmentModel | None = None,
    make: Callable[..., Any] | None = None,
) -> SegmentModel:
    """Find segments of authors; computes.

    Parameters
    ----------
    profiles
        From `profile_authors`, pandas or Dask.
    params
        See `SegmentParams`.
    continue_from
        Segments of an earlier run: those that have the same authors keep their ids.
    make
        Makes estimators, as `murmuration.compute.make_estimator` does.

    Returns
    -------
    SegmentModel
        Without authors it has no segment; authors that are all alike are one.

    Raises
    ------
    ParamError
        If more segments are asked for than there are authors.
    """
    check_profiles(profiles, what="fit_segments")
    params = SegmentParams() if params is None else params
    check_kind(
        params,
        SegmentParams,
        what="fit_segments",
        cure="Write SegmentParams(n_segments=5), for example.",
    )
    if continue_from is not None:
        check_kind(
            continue_from,
            SegmentModel,
            what="continue_from of fit_segments",
            cure="Load one with SegmentModel.load(folder).",
        )
    known = to_pandas(profiles)
    # The limit holds for libraries that are loaded.
    import sklearn.cluster
    import sklearn.mixture  # noqa: F401

    # At most some thousand authors: threads would wait for each other far longer than they work.
    with threadpool_limits(1):
        model = _fit(known, params, make or partial(make_estimator, backend=params.backend))
    if continue_from is None:
        return replace(model, next_id=len(model.ids))
    from murmuration.audience.identity import carry_ids

    return carry_ids(continue_from, model, known)


def _fit(known: pd.DataFrame, params: SegmentParams, make: Callable[..., Any]) -> SegmentModel:
    if params.set_aside:
        known = known[find_aside(known).isna()]
    n = len(known)
    if not n:
        return SegmentModel(params, (), None, np.zeros(0, np.int64))
    _check(params, n)
    some = _draw(known, params)
    least = max(1, round(params.min_authors * len(some) / n))
    views, why = _see(some, params, n, least, make)
    if why:
        log.info("one segment of %d authors: %s", n, why)
        return SegmentModel(
            params, (), None, np.zeros(1, np.int64), choice=choose_untried(1, n, why)
        )
    places = [view.place(some) for view in views]
    if params.method == "consensus":
        model = _by_consensus(views, places, least, params, make)
    else:
        labels = group_side_by_side(side_by_side(views, places), least, params, make)
        model = _by_distance(views, places, labels, params)
    strengths = model.strengths(some)
    bound = float(np.quantile(strengths.max(axis=1, initial=0.0), params.max_left_out))
    log.info("%d segments of %d authors", len(model.ids), n)
    choice = model.choice
    if params.n_segments is not None and params.method not in BY_DENSITY:
        choice = _doubt(some, views, strengths, least, params)
    bound = min(params.least_strength, bound)
    return SegmentModel(params, views, model.assigner, model.ids, bound, choice)


def _doubt(
    some: pd.DataFrame, views: Sequence[View], strengths: Floats, least: int, params: SegmentParams
) -> pd.DataFrame:
    """Give the table of numbers that were tried where one was told: whether there are groups at all is said."""
    why = find_telling(some, views, least=least, seed=params.seed)[1]
    if not why:
        return pd.DataFrame(columns=list(CHOICE))
    n = strengths.shape[1]
    sizes = np.bincount(strengths.argmax(axis=1), minlength=n)
    made = (
        "There are as many segments as were asked for"
        if n == params.n_segments
        else f"{params.n_segments} segments were asked for, {n} could be made of {params.min_authors} authors or more"
    )
    told = f"{made}, although no groups stand out among these authors: {why}."
    return choose_untried(n, int(sizes.min()), told)


def _see(
    some: pd.DataFrame, params: SegmentParams, n: int, least: int, make: Callable[..., Any]
) -> tuple[Sequence[View], str]:
    """Give how authors are seen, or why they are one segment."""
    if params.n_segments == 1:
        return (), "One segment was asked for."
    if n < 2 * params.min_authors:
        return (), f"{n} authors are too few for two segments of {params.min_authors} or more."
    views: Sequence[View] = fit_views(some, params, make)
    why = "" if views else NOTHING_DIFFERS
    # Who asks for a number gets it, and what goes by density leaves out who is in no group.
    if views and params.n_segments is None and params.method not in BY_DENSITY:
        views, why = find_telling(some, views, least=least, seed=params.seed)
    return views, f"No groups stand out among these authors: {why}." if why else ""


def _check(params: SegmentParams, n: int) -> None:
    if params.n_segments is not None and params.n_segments > n:
        raise ParamError(
            f"SegmentParams.n_segments is {params.n_segments}, but there are {n} authors to segment. Ask for fewer."
        )
    if params.min_authors > n:
        log.warning("the smallest segment is %d authors, but there are %d", params.min_authors, n)


def _draw(profiles: pd.DataFrame, params: SegmentParams) -> pd.DataFrame:
    """Draw authors by their sources and keys, so that their order does not matter."""
    if len(profiles) > params.sample_authors:
        mixed = (hash_authors(profiles) ^ np.uint64(params.seed)) * np.uint64(0x9E3779B97F4A7C15)
        profiles = profiles.iloc[np.sort(np.argsort(mixed, kind="stable")[: params.sample_authors])]
    by = [name for name in ("source", "author_key") if name in profiles.columns]
    return profiles.sort_values(by, kind="stable", ignore_index=True)


def _by_consensus(
    views: Sequence[View], places: Sequence[Floats], least: int, params: SegmentParams, make: Any
) -> SegmentModel:
    choice = pd.DataFrame(columns=list(CHOICE))
    number = params.n_segments
    if number is None:
        numbers = range(2, min(params.max_segments, len(places[0]) // least) + 1)
        choice = try_numbers(
            views,
            places,
            numbers,
            least=least,
            samples=params.bootstraps,
            seed=params.seed,
            make=make,
        )
        number = int(choice.loc[choice["chosen"], "n_segments"].max()) if len(choice) else 1
    votes = cast_votes(views, places, params.seed, make)
    ballot = count_votes(votes, places)
    likeness = ballot.likeness()
    labels = cut_tree(grow_tree(likeness), likeness, number, least)
    labels = by_size(weigh_votes(ballot, learn_shares(ballot, labels)).argmax(axis=1))
    ids = np.arange(int(labels.max()) + 1)
    return SegmentModel(
        params, views, ByVotes(votes, learn_shares(ballot, labels)), ids, choice=choice
    )


def _by_distance(
    views: Sequence[View], places: Sequence[Floats], labels: Ints, params: SegmentParams
) -> SegmentModel:
    wide = side_by_side(views, places)
    n = int(labels.max(initial=-1)) + 1
    centres = (
        np.stack([wide[labels == number].mean(axis=0) for number in range(n)]) if n else wide[:0]
    )
    return SegmentModel(params, views, ByDistance(views, centres), np.arange(n))
