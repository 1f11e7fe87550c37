"""Which topics went before, and what came of each, as far as counts of posts need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from murmuration.schema import check_columns
from murmuration.topics.daily import Tally


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Where topics come from.

    Attributes
    ----------
    moves
        For an earlier topic that lives on under other ids: these, and the share of it that each took.
    born
        Topics that come of none.
    descended
        Topics that come of others, with another id: their earlier posts may be in no count of theirs.
    """

    moves: Mapping[int, Mapping[int, float]] = field(default_factory=dict)
    born: frozenset[int] = frozenset()
    descended: frozenset[int] = frozenset()


def read_lineage(lineage: pd.DataFrame | None, tally: Tally) -> Ancestry:
    """Read a lineage table.

    Parameters
    ----------
    lineage
        With `previous_id` and `topic` (ids, null for none); one row for each topic and one that it came of.
    tally
        Posts by day and topic. Where several topics came of one, its earlier posts are theirs in proportion to what
        they have now, unless some of theirs lie in the baseline already: then all was assigned by one model.
    """
    if lineage is None:
        return Ancestry()
    check_columns(lineage.columns, ["previous_id", "topic"], what="find_emerging (lineage)")
    if "event" in lineage:  # what was absorbed never had posts of its own
        lineage = lineage[lineage["event"] != "absorbed"]
    there = lineage["previous_id"].notna(), lineage["topic"].notna()
    pairs = lineage.loc[there[0] & there[1], ["previous_id", "topic"]]
    renamed = pairs[pairs["previous_id"].astype("int64") != pairs["topic"].astype("int64")]
    descended = frozenset(renamed["topic"].astype("int64").tolist())
    born = frozenset(lineage.loc[~there[0] & there[1], "topic"].astype("int64").tolist())
    recent = tally.rows["day"] >= tally.days[tally.n_baseline]
    sizes = tally.rows[recent].groupby("topic")["posts"].sum().to_dict()
    earlier = set(tally.rows.loc[~recent, "topic"])
    moves: dict[int, dict[int, float]] = {}
    for before, group in pairs.astype("int64").groupby("previous_id"):
        old = int(str(before))
        heirs = [one for one in sorted({old, *group["topic"]}) if sizes.get(one)]
        others = set(heirs) - {old}
        if others and (len(heirs) == 1 or not earlier & others):
            moves[old] = _shares({one: float(sizes[one]) for one in heirs})
    return Ancestry(moves, born - frozenset(pairs["topic"].astype("int64")), descended)


def _shares(sizes: Mapping[int, float]) -> dict[int, float]:
    total = sum(sizes.values())
    return {one: size / total for one, size in sizes.items()}
