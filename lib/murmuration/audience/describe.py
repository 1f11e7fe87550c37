"""Segments → cards: a name, the size, what sets each apart, what it cares for, when it is reached."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from murmuration.audience.arguments import check_kind, check_profiles
from murmuration.audience.effects import find_traits
from murmuration.audience.marks import Names, find_marks
from murmuration.audience.names import name_segments_by
from murmuration.audience.policy import Policy
from murmuration.audience.rules import find_rules
from murmuration.audience.segments import SegmentModel, assign_segments
from murmuration.audience.tally import Floats, Ints
from murmuration.errors import ParamError, SchemaError
from murmuration.frames import text_column, texts_column, to_pandas
from murmuration.schema import check_columns
from murmuration.trends.intervals import wilson

log = logging.getLogger(__name__)

TRAITS_SHOWN = 5
_LANGS = 3
_LEAST_LANG = 0.05


@dataclass(frozen=True, eq=False)
class SegmentCards:
    """What can be said of segments.

    Attributes
    ----------
    segments
        One row a segment that may be shown, the largest first: `segment`, `name`, `authors`, `share` with `share_low` and
        `share_high` (of all authors that were looked at), `posts`, `posts_per_author`, `strength` (how well its authors
        fit, mean), `langs`, `rule` in words with `rule_precision` and `rule_recall`.
    traits
        Up to five a segment, see `murmuration.audience.effects.find_traits`.
    interests
        Terms that mark each segment, see `murmuration.audience.marks.find_marks`.
    hidden
        Authors in segments too small to be shown.
    """

    segments: pd.DataFrame
    traits: pd.DataFrame
    interests: pd.DataFrame
    hidden: int

    @property
    def names(self) -> dict[int, str]:
        """What each segment is called, by id."""
        pairs = zip(self.segments["segment"].tolist(), self.segments["name"].tolist(), strict=True)
        return {int(one): str(name) for one, name in pairs}


def describe_segments(
    profiles: Any,
    segments: Any,
    *,
    policy: Policy | None = None,
    names: Names | None = None,
    without: Sequence[str] = (),
    before: Mapping[int, str] = MappingProxyType({}),
) -> SegmentCards:
    """Say of each segment what sets it apart; computes.

    Parameters
    ----------
    profiles
        From `profile_authors`, pandas or Dask.
    segments
        A frame with `segment`, as `segment_authors` gives it, or that column, row for row with `profiles`; or a model
        from `fit_segments`.
    policy
        What must not be named; the strictest unless given.
    names
        Kind of terms → term → how it is called, such as the label of a topic's number.
    without
        Words that posts were found by, such as those of a brand: all authors use them, so they tell nobody apart.
    before
        What segments were called in the run before, by id, as `SegmentModel.names`: each keeps its name as long as all of it
        is true.

    Returns
    -------
    SegmentCards
        Groups of fewer authors than the policy says, never fewer than 20, are not in it.

    Raises
    ------
    SchemaError
        If `segments` does not fit `profiles`.
    """
    check_profiles(profiles, what="describe_segments")
    policy = Policy() if policy is None else policy
    check_kind(policy, Policy, what="describe_segments", cure="Write Policy(), for example.")
    known = to_pandas(profiles)
    labels, strengths = _read_segments(known, segments)
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    shown = np.flatnonzero(sizes >= policy.least_authors)
    shown = shown[np.argsort(-sizes[shown], kind="stable")]
    marks = find_marks(known, labels, shown, policy=policy, names=names, without=without)
    traits = find_traits(known, labels, shown, count=TRAITS_SHOWN)
    called = {kind: {label: term for term, label in said.items()} for kind, said in (names or {}).items()}  # fmt: skip
    rules = find_rules(known, labels, shown, marks, called=called)
    titles = name_segments_by(shown, traits, marks, before)
    table = _count(known, labels, strengths, shown).assign(
        name=text_column([titles[int(one)] for one in shown]),
        rule=text_column([one.text or None for one in rules]),
        rule_precision=np.array([one.precision for one in rules], np.float64),
        rule_recall=np.array([one.recall for one in rules], np.float64),
    )
    hidden = int(sizes.sum() - sizes[shown].sum())
    log.info("described %d segments; %d authors in smaller ones", len(shown), hidden)
    return SegmentCards(table, traits, marks, hidden)


def _read_segments(profiles: pd.DataFrame, segments: Any) -> tuple[Ints, Floats]:
    if isinstance(segments, SegmentModel):
        segments = assign_segments(profiles, segments)
    segments = to_pandas(segments)
    strengths = np.full(len(profiles), np.nan)
    if isinstance(segments, pd.DataFrame):
        check_columns(segments.columns, ["segment"], what="describe_segments")
        if "segment_strength" in segments:
            strengths = segments["segment_strength"].to_numpy(np.float64, na_value=np.nan)
        segments = segments["segment"]
    if not isinstance(segments, Sequence | np.ndarray | pd.Series) or isinstance(segments, str):
        raise ParamError(
            f"describe_segments needs the segments of authors, but was given a {type(segments).__name__}. Give what "
            "assign_segments(profiles, model) gives, or a model."
        )
    if len(segments) != len(profiles):
        raise SchemaError(
            f"describe_segments has {len(profiles)} profiles, but {len(segments)} segments. Give those of the same authors."
        )
    try:
        labels = pd.Series(segments).to_numpy(np.int64, na_value=-1)
    except (TypeError, ValueError) as err:
        raise SchemaError(
            "describe_segments needs segments as whole numbers, −1 for none. Give the column `segment` of what assign_segments gives."
        ) from err
    return labels, strengths if len(strengths) == len(labels) else np.full(len(labels), np.nan)


def _count(profiles: pd.DataFrame, labels: Ints, strengths: Floats, shown: Ints) -> pd.DataFrame:
    sizes = np.array([(labels == one).sum() for one in shown], np.int64)
    share = sizes / max(len(labels), 1)
    low, high = wilson(share, np.full(len(share), float(max(len(labels), 1))))
    posts = profiles["posts"].to_numpy(np.float64, na_value=0) if "posts" in profiles else np.zeros(len(labels))  # fmt: skip
    written = np.array([posts[labels == one].sum() for one in shown], np.int64)
    fit = [strengths[labels == one] for one in shown]
    langs = [_langs(profiles, labels == one) for one in shown]
    return pd.DataFrame(
        {
            "segment": shown.astype(np.int64), "authors": sizes, "share": share, "share_low": low, "share_high": high,
            "posts": written, "posts_per_author": written / np.maximum(sizes, 1),
            "strength": np.array([one[np.isfinite(one)].mean() if np.isfinite(one).any() else np.nan for one in fit], np.float64),
            "langs": texts_column(langs),
        }
    )  # fmt: skip


def _langs(profiles: pd.DataFrame, inside: Any) -> list[str]:
    if "main_lang" not in profiles:
        return []
    shares = profiles.loc[inside, "main_lang"].dropna().value_counts(normalize=True)
    return [f"{name} {100 * share:.0f} %" for name, share in shares.head(_LANGS).items() if share >= _LEAST_LANG]  # fmt: skip


def label_topics(topics: pd.DataFrame) -> Mapping[str, Mapping[str, str]]:
    """Give the names of topics as `describe_segments` takes them; `topics` with `id` and `label`."""
    pairs = zip(topics["id"].tolist(), topics["label"].tolist(), strict=True)
    return {"topics": {str(one): str(label) for one, label in pairs}}
