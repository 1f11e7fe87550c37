"""Segments → what the report rests on, and how far it can be trusted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from murmuration.audience.arguments import check_assigned, check_kind
from murmuration.audience.describe import SegmentCards
from murmuration.audience.identity import MOVES, Moved
from murmuration.audience.policy import Policy
from murmuration.audience.segments import SegmentModel
from murmuration.audience.times import name_best_times
from murmuration.errors import PolicyError
from murmuration.frames import TEXT, text_column

QUALITY = (
    ("stability", "−1 to 1"),
    ("jaccard", "0 to 1"),
    ("separation", "−1 to 1"),
    ("shared", "0 to 1"),
)


def complete_cards(
    cards: SegmentCards, best: pd.DataFrame, moved: Moved | None = None
) -> pd.DataFrame:
    """Give the table of segments with their best times and what moved since the earlier run.

    Parameters
    ----------
    cards
        From `describe_segments`.
    best
        From `find_best_times`.
    moved
        From `compare_segments`, where there was an earlier run.
    """
    ids = cards.segments["segment"].tolist()
    said = [name_best_times(best, int(one)) or None for one in ids]
    table = cards.segments.assign(best_times=text_column(said))
    if moved is None:
        none: Mapping[str, Any] = {
            name: pd.Series([None] * len(table), table.index, dtype="Int64") for name in MOVES
        }
        names = pd.Series([None] * len(table), table.index, dtype=TEXT)
        return table.assign(status="first", name_before=names, **none)
    return table.merge(moved.segments, on="segment", how="left")


def check_export(policy: Policy, *, source: str = "") -> None:
    """Make sure that it may be handed on who is in which segment.

    Raises
    ------
    PolicyError
        If the policy does not allow it; says how it could.
    """
    if not policy.export:
        where = f"under sources: {source}: in data_catalog.yaml" if source else "for one source in data_catalog.yaml, and name that source"  # fmt: skip
        raise PolicyError(
            f"Who is in which segment may not be handed on: the policy of {source or 'these sources'} does not allow it. Whoever answers "
            f"for the data can write policy: {{export: true}} {where}."
        )


def list_members(
    assigned: pd.DataFrame, cards: SegmentCards, policy: Policy, *, source: str = ""
) -> pd.DataFrame:
    """List who is in which segment, by pseudonym, where the policy of the source allows it.

    Parameters
    ----------
    assigned
        From `assign_segments`, with `source`.
    cards
        From `describe_segments`: only segments that may be shown are listed.
    policy
        Of the source.
    source
        Its name, for the message.

    Raises
    ------
    PolicyError
        If the policy does not allow it.
    """
    check_export(policy, source=source)
    check_assigned(assigned, what="list_members")
    names = cards.names
    labels = assigned["segment"].to_numpy(np.int64)
    rows = assigned[np.isin(labels, list(names))]
    return pd.DataFrame(
        {
            "source": rows["source"].to_numpy(object), "author_key": rows["author_key"].to_numpy(object),
            "segment": rows["segment"].to_numpy(np.int64), "name": [names[one] for one in rows["segment"].to_numpy(np.int64).tolist()],
            "strength": rows["segment_strength"].to_numpy(np.float64, na_value=np.nan),
        }
    )  # fmt: skip


def measure_segments(
    assigned: pd.DataFrame, model: SegmentModel, cards: SegmentCards
) -> pd.DataFrame:
    """Measure how far segments can be trusted.

    Parameters
    ----------
    assigned
        From `assign_segments`.
    model
        That assigned them.
    cards
        From `describe_segments`.

    Returns
    -------
    pandas.DataFrame
        `measure`, `value`, `unit`: `segments`, `authors`, `sample_authors` (segments were found in at most so many),
        `left_out` and `set_aside` (shares), `strength` (mean of those in a segment), `rule_precision` and `rule_recall`
        (means over segments), and of the number that was chosen `stability`, `jaccard`, `separation`, `shared`; null
        where the number was told.
    """
    check_assigned(assigned, what="measure_segments")
    check_kind(
        model, SegmentModel, what="measure_segments", cure="Give the model that assigned them."
    )
    labels = assigned["segment"].to_numpy(np.int64)
    aside = assigned["set_aside"].notna().to_numpy(bool)
    strengths = assigned["segment_strength"].to_numpy(np.float64, na_value=np.nan)[labels >= 0]
    chosen = model.choice[model.choice["chosen"].astype(bool)] if len(model.choice) else None
    n = max(len(labels), 1)
    rows: list[tuple[str, Any, str]] = [
        ("segments", len(model.ids), "segments"),
        ("authors", len(labels), "authors"),
        ("sample_authors", min(int((~aside).sum()), model.params.sample_authors), "authors"),
        ("left_out", ((labels < 0) & ~aside).sum() / n, "0 to 1"),
        ("set_aside", aside.sum() / n, "0 to 1"),
        ("strength", strengths.mean() if len(strengths) else np.nan, "0 to 1"),
        ("rule_precision", cards.segments["rule_precision"].mean(), "0 to 1"),
        ("rule_recall", cards.segments["rule_recall"].mean(), "0 to 1"),
    ]
    for name, unit in QUALITY:
        value = np.nan if chosen is None or chosen.empty else float(chosen[name].iloc[0])
        rows.append((name, value, unit))
    return pd.DataFrame(rows, columns=["measure", "value", "unit"]).astype({"value": "float64"})


def count_audience_coverage(
    posts: pd.DataFrame,
    assigned: pd.DataFrame,
    cards: SegmentCards,
    *,
    searched: int,
    quarantined: int,
) -> pd.DataFrame:
    """Count what a report about an audience rests on.

    Parameters
    ----------
    posts
        Posts that were looked at, with `author_key`, and `sentiment` where there is any.
    assigned
        Their authors, from `assign_segments`.
    cards
        From `describe_segments`.
    searched
        Posts of the period, whatever they mention.
    quarantined
        Rows of the imported files that could not be read.

    Returns
    -------
    pandas.DataFrame
        `item`, `value`, `unit`; one row a figure.
    """  # fmt: skip
    check_assigned(assigned, what="count_audience_coverage")
    labels, aside = assigned["segment"].to_numpy(np.int64), assigned["set_aside"]
    written = assigned["posts"].to_numpy(np.float64, na_value=0)
    rows = [
        ("posts_in_period", searched, "posts"),
        ("posts_looked_at", len(posts), "posts"),
        ("posts_without_author", int(posts["author_key"].isna().sum()), "posts"),
        ("authors", len(assigned), "authors"),
        ("authors_with_one_post", int((written == 1).sum()), "authors"),
        ("authors_in_segments", int((labels >= 0).sum()) - cards.hidden, "authors"),
        ("authors_in_small_segments", cards.hidden, "authors"),
        ("authors_left_out", int(((labels < 0) & aside.isna().to_numpy(bool)).sum()), "authors"),
        ("unscored_posts", int(posts["sentiment"].isna().sum()) if "sentiment" in posts else len(posts), "posts"),
        ("quarantined_rows", quarantined, "rows"),
    ]  # fmt: skip
    for rule, n in aside.dropna().value_counts().sort_index().items():
        rows.append((f"set_aside_{str(rule).replace(' ', '_')}", int(n), "authors"))
    return pd.DataFrame(rows, columns=["item", "value", "unit"])
