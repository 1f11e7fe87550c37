"""Segments keep their ids between runs, and it is counted who stayed, came and went."""

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from murmuration.audience.arguments import check_assigned, check_kind
from murmuration.audience.describe import SegmentCards
from murmuration.audience.names import keep_allowed
from murmuration.audience.policy import Policy
from murmuration.audience.segments import SegmentModel, assign_segments, hash_authors
from murmuration.audience.tally import Floats, Ints
from murmuration.errors import ParamError
from murmuration.frames import TEXT, text_column

log = logging.getLogger(__name__)

NO_SEGMENT, NOT_THERE = -1, -2
_ENOUGH = 20  # authors of a segment that were in one before, from which on they alone judge
# Agreement beyond chance (Cohen's kappa, doi:10.1177/001316446002000104) on who is in a segment, from which on it is the same as
# an earlier one; Landis & Koch 1977, doi:10.2307/2529310, call .21 to .40 fair and .41 to .60 moderate.
_SAME_AUTHORS = 0.3
_ALIKE = 0.5
MOVES = ("authors_before", "stayed", "came", "left", "arrived", "gone")
FLOWS = ("previous", "segment", "previous_name", "name", "authors")


@dataclass(frozen=True, eq=False)
class Moved:
    """What moved since an earlier run.

    Attributes
    ----------
    segments
        One row a segment: `segment`, `status`, `name_before`, `authors_before`, `stayed`, `came` and `left` (from and to another
        one, or none), `arrived` (not there before) and `gone` (not there any more).
    flows
        Authors by `previous` and `segment` with their names; −1 stands for no segment or one too small to show, −2 for
        not there. Flows of fewer authors than the policy allows are not in it.
    untold
        Authors in flows too small to be shown.
    totals
        All authors, those in flows too small to be shown too: `what` (`stayed`, `changed`, `arrived` or `gone`), `authors`, null where
        they are too few to be told, and then `fewer_than`; `rounded` to as many as the policy wants of a group where such flows
        are among them.
    """

    segments: pd.DataFrame
    flows: pd.DataFrame
    untold: int
    totals: pd.DataFrame


def carry_ids(previous: SegmentModel, model: SegmentModel, profiles: pd.DataFrame) -> SegmentModel:
    """Give segments the ids of those of an earlier run that have the same authors.

    A segment with 20 authors or more that were in one before is judged by these alone: it is an earlier one if they agree on who is
    in it by a kappa of .3 or more. With fewer it is judged by profiles: by the segment that the earlier model gives the authors who are new,
    from a kappa of .5 on. Kappa is 0 where segments overlap as chance makes them, however large they are. Pairs are matched so that the
    agreement is largest in sum (Kuhn 1955); what is left is new, and gets an id that no segment had before.
    """
    now = assign_segments(profiles, model)["segment"].to_numpy(np.int64)
    before = find_before(previous, profiles)
    known = before != NOT_THERE
    guessed = before.copy()
    if not known.all():
        found = assign_segments(profiles[~known], previous)["segment"].to_numpy(np.int64)
        guessed[~known] = found
    same = _agree(before[known], now[known], previous.ids, model.ids)
    alike = _agree(guessed, now, previous.ids, model.ids)
    settled = before >= 0
    enough = np.array([(settled & (now == one)).sum() >= _ENOUGH for one in model.ids], bool)
    agreement = np.where(enough, same, alike)
    agreement[agreement < np.where(enough, _SAME_AUTHORS, _ALIKE)] = 0
    rows, columns = linear_sum_assignment(agreement, maximize=True)
    ids = np.full(len(model.ids), -1, np.int64)
    for row, column in zip(rows, columns, strict=True):
        if agreement[row, column] > 0:
            ids[column] = previous.ids[row]
    fresh = ids < 0
    log.info(
        "%d segments have the authors of earlier ones, %d are like earlier ones, %d are new",
        (~fresh & enough).sum(), (~fresh & ~enough).sum(), fresh.sum(),
    )  # fmt: skip
    first = max(previous.next_id, int(previous.ids.max(initial=-1)) + 1)
    ids[fresh] = first + np.arange(fresh.sum())
    return replace(
        model, ids=ids, next_id=first + int(fresh.sum()), previous=previous.version, names={}
    )


def find_before(previous: SegmentModel, profiles: pd.DataFrame) -> Ints:
    """Give the earlier segment of each author: −1 for none, −2 for who was not there."""
    hashes = hash_authors(profiles)
    known, segments = previous.members
    places = np.searchsorted(known, hashes)
    places = np.minimum(places, max(len(known) - 1, 0))
    there = (known[places] == hashes) if len(known) else np.zeros(len(hashes), bool)
    return np.where(there, segments[places] if len(known) else 0, NOT_THERE).astype(np.int64)


def _agree(before: Ints, now: Ints, earlier: Ints, ids: Ints) -> Floats:
    """Give Cohen's kappa of each earlier segment with each of now, shape (n_earlier, n_now); 1 where all are in both.

    Authors who are in no segment before or now, such as bots, are not counted: where there is one segment only they would be
    all that kappa sees.
    """
    settled = (before >= 0) & (now >= 0)
    before, now = before[settled], now[settled]
    n = max(len(now), 1)
    then, since = (
        (labels[:, None] == which).astype(float)
        for labels, which in ((before, earlier), (now, ids))
    )
    both = then.T @ since / n
    one, other = then.sum(axis=0)[:, None] / n, since.sum(axis=0)[None] / n
    agreed, by_chance = 1 - one - other + 2 * both, one * other + (1 - one) * (1 - other)
    kappa = (agreed - by_chance) / np.maximum(1 - by_chance, 1e-12)
    return np.asarray(np.where(both >= 1, 1.0, kappa))


def compare_segments(
    previous: SegmentModel,
    assigned: pd.DataFrame,
    cards: SegmentCards,
    *,
    policy: Policy | None = None,
) -> Moved:
    """Count who stayed in a segment, came and went since an earlier run.

    Parameters
    ----------
    previous
        Segments of the earlier run, as it was kept.
    assigned
        Authors of this run, from `assign_segments`, with segments whose ids were carried over.
    cards
        From `describe_segments`.
    policy
        Flows of fewer authors than it allows are not shown, and numbers of fewer are null. Earlier names lose the terms that it
        forbids now.

    Raises
    ------
    ParamError
        If the earlier segments do not say who was in them.
    """
    policy = policy or Policy()
    check_kind(
        previous,
        SegmentModel,
        what="compare_segments",
        cure="Give the earlier model first, then authors with their segments.",
    )
    check_assigned(assigned, what="compare_segments")
    check_kind(
        cards,
        SegmentCards,
        what="compare_segments",
        cure="Make them with describe_segments(profiles, assigned).",
    )
    if len(previous.ids) and not len(previous.members[0]):
        raise ParamError(
            "The earlier segments do not say who was in them. Give them their authors before they are compared: "
            "earlier = earlier.with_members(assign_segments(profiles, earlier))."
        )
    previous = replace(previous, names=keep_allowed(previous.names, policy))
    now = assigned["segment"].to_numpy(np.int64)
    before = find_before(previous, assigned)
    known, earlier = previous.members
    silent = earlier[~np.isin(known, hash_authors(assigned))]
    flows = _count_flows(previous, before, now, silent, cards)
    hidden = _hide_small(flows, policy.least_authors)
    cells = {
        (int(row["previous"]), int(row["segment"])): None if hides else int(row["authors"])
        for row, hides in zip(flows.to_dict("records"), hidden, strict=True)
    }
    rows = []
    for one in cards.segments["segment"].tolist():
        old = one in set(previous.ids.tolist())
        stayed, arrived, gone = (cells.get(way, 0) for way in ((one, one), (NOT_THERE, one), (one, NOT_THERE)))  # fmt: skip
        came, left = ((side == one) & (other != one) for side, other in ((now, before), (before, now)))  # fmt: skip
        # With the others a number could be worked out that is not to be told.
        rows.append(
            {
                "segment": one, "status": "continued" if old else "new", "name_before": previous.names.get(one),
                "authors_before": int((earlier == one).sum()) if old else None,
                "stayed": stayed if old else None,
                "came": None if None in (stayed, arrived) else int((came & (before != NOT_THERE)).sum()),
                "left": None if not old or None in (stayed, gone) else int(left.sum()),
                "arrived": arrived,
                "gone": gone if old else None,
            }
        )  # fmt: skip
    counts = dict.fromkeys(MOVES, "Int64")
    table = pd.DataFrame(rows, columns=["segment", "status", "name_before", *counts])
    types: dict[str, Any] = {"segment": "int64", "status": TEXT, "name_before": TEXT, **counts}
    shown_flows = flows[~hidden].reset_index(drop=True)
    untold = int(flows.loc[hidden, "authors"].sum())
    return Moved(table.astype(types), shown_flows, untold, _count_totals(flows, hidden, policy))


def _hide_small(flows: pd.DataFrame, least: int) -> npt.NDArray[np.bool_]:
    """Say which flows are not told: small ones, and next to them as many as it takes that no sum gives these away."""
    sizes = flows["authors"].to_numpy(np.int64)
    hidden: npt.NDArray[np.bool_] = sizes < least
    groups = [
        np.flatnonzero(flows[side] == one)
        for side in ("previous", "segment")
        for one in flows[side].unique()
    ]
    while True:
        before = int(hidden.sum())
        for rows in groups:
            some = hidden[rows]
            if some.any() and not some.all() and sizes[rows][some].sum() < least:
                shown = rows[~some]
                hidden[shown[sizes[shown].argmin()]] = True
        if hidden.sum() == before:
            return hidden


def _count_totals(
    flows: pd.DataFrame, hidden: npt.NDArray[np.bool_], policy: Policy
) -> pd.DataFrame:
    """Count all authors of flows by what became of them; those in no segment both times are in none of these."""
    before, now = flows["previous"], flows["segment"]
    both = (before != NOT_THERE) & (now != NOT_THERE)
    kinds = {
        "stayed": both & (before == now) & (before >= 0),
        "changed": both & (before != now),
        "arrived": before == NOT_THERE,
        "gone": now == NOT_THERE,
    }
    least, rows = policy.least_authors, []
    for what, which in kinds.items():
        n, untold = (int(flows.loc[some, "authors"].sum()) for some in (which, which & hidden))
        few = 0 < n < least
        # What is left of an exact total, once the flows in it are taken away, would be a flow that is not told.
        told = round(n / least) * least if untold else n
        rows.append((what, None if few else told, least if few else None, bool(untold) and not few))
    table = pd.DataFrame(rows, columns=["what", "authors", "fewer_than", "rounded"])
    return table.astype({"what": TEXT, "authors": "Int64", "fewer_than": "Int64", "rounded": bool})


def _count_flows(
    previous: SegmentModel, before: Ints, now: Ints, silent: Ints, cards: SegmentCards
) -> pd.DataFrame:
    """Count authors by segment of before and of now; `silent` are the segments of those who are not there any more."""
    names = cards.names
    pairs = pd.DataFrame(
        {
            "previous": _fold(np.concatenate([before, silent]), previous.names),
            "segment": _fold(np.concatenate([now, np.full(len(silent), NOT_THERE)]), names),
        }
    )
    flows = pairs.value_counts(sort=False).rename("authors").reset_index()
    flows = flows.assign(
        previous_name=text_column([previous.names.get(one) for one in flows["previous"].tolist()]),
        name=text_column([names.get(one) for one in flows["segment"].tolist()]),
    )  # fmt: skip
    return flows[list(FLOWS)]


def _fold(labels: npt.NDArray[np.int64], names: object) -> Ints:
    """Let authors of segments without a name, which are too small to show, be in none."""
    known = [*names] if isinstance(names, dict) else []
    return np.where((labels >= 0) & ~np.isin(labels, known), NO_SEGMENT, labels)
