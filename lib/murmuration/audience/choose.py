"""How many segments: as many as come out again in other samples of the authors, and lie apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from murmuration.audience.blocks import View
from murmuration.audience.tally import Floats, Ints
from murmuration.audience.votes import Ballot, cast_votes, count_votes, cut_tree, grow_tree
from murmuration.frames import text_column

CHOICE = ("n_segments", "stability", "jaccard", "separation", "shared", "smallest", "chosen", "why")

_SHARE = 0.8  # of the authors, in each sample
# Rand indices of this much are near what is read as a good recovery, .8 (Steinley 2004, doi:10.1037/1082-989X.9.3.386).
STABLE = 0.75
# Share of the votes that puts authors of two segments together, above which they are one.
APART = 0.12


def try_numbers(
    views: Sequence[View],
    places: Sequence[Floats],
    numbers: Sequence[int],
    *,
    least: int,
    samples: int,
    seed: int,
    make: Any,
) -> pd.DataFrame:
    """Segment samples of the authors into several numbers of segments, and see what comes out again.

    Returns
    -------
    pandas.DataFrame
        One row a number that can be had: `n_segments`, `stability` (median adjusted Rand index of segmentations of two
        samples, on the authors in both), `jaccard` (median over samples of the mean overlap of each segment with the
        one most like it), `separation` (mean silhouette of likeness, −1 to 1), `shared` (share of the votes that put
        authors of the two nearest segments together), `smallest` (authors), `chosen` and `why` (null; see `choose_untried`).
    """
    whole = _Cut(views, places, seed, make)
    drawn = _draw(len(places[0]), samples, seed)
    cuts = [
        _Cut(views, [place[rows] for place in places], seed + 1 + at, make)
        for at, rows in enumerate(drawn)
    ]
    found = []
    for number in numbers:
        labels = whole.at(number, least)
        if labels.max() + 1 < number:
            continue
        few = max(2, round(least * _SHARE))
        again = [cut.at(number, few) for cut in cuts]
        found.append(
            {
                "n_segments": number,
                "stability": _agreement(drawn, again),
                "jaccard": float(np.median([_overlap(labels[rows], one) for rows, one in zip(drawn, again, strict=True)])),
                "separation": separate(whole.likeness, labels),
                "shared": share_votes(whole.likeness, labels),
                "smallest": int(np.bincount(labels).min()),
            }
        )  # fmt: skip
    table = choose(pd.DataFrame(found, columns=list(CHOICE[:-2])))
    return table.assign(why=text_column([None] * len(table)))


def choose_untried(n_segments: int, smallest: int, why: str) -> pd.DataFrame:
    """Give the table of `try_numbers` where no number was tried, with a sentence that says why."""
    nothing = dict.fromkeys(CHOICE[1:5], np.nan)
    row = {"n_segments": n_segments, **nothing, "smallest": smallest, "chosen": True}
    return pd.DataFrame([row]).assign(why=text_column([why]))


def choose(table: pd.DataFrame) -> pd.DataFrame:
    """Choose the largest number whose segments come out again and lie apart.

    Where no number does both, the one that is best at both is chosen.
    """
    good = (table["stability"] >= STABLE) & (table["shared"] <= APART)
    if good.any():
        return table.assign(chosen=table["n_segments"] == table["n_segments"].where(good).max())
    both = table["stability"].clip(lower=0) * (1 - table["shared"])
    return table.assign(chosen=both.eq(both.max()) & ~both.eq(both.max()).duplicated())


class _Cut:
    """The tree of some authors."""

    def __init__(
        self, views: Sequence[View], places: Sequence[Floats], seed: int, make: Any
    ) -> None:
        ballot: Ballot = count_votes(cast_votes(views, places, seed, make), places)
        self.likeness = ballot.likeness()
        self._tree = grow_tree(self.likeness)

    def at(self, number: int, least: int) -> Ints:
        return cut_tree(self._tree, self.likeness, number, least)


def _draw(n: int, samples: int, seed: int) -> list[Ints]:
    rng = np.random.default_rng(seed)
    size = max(2, round(_SHARE * n))
    return [np.sort(rng.choice(n, size, replace=False)) for _ in range(samples)]


def _agreement(drawn: Sequence[Ints], labels: Sequence[Ints]) -> float:
    from sklearn.metrics import adjusted_rand_score

    found = []
    for at in range(len(drawn)):
        other = (at + 1) % len(drawn)
        _, own, theirs = np.intersect1d(drawn[at], drawn[other], return_indices=True)
        found.append(adjusted_rand_score(labels[at][own], labels[other][theirs]))
    return float(np.median(found))


def _overlap(labels: Ints, again: Ints) -> float:
    both = np.zeros((labels.max() + 1, again.max() + 1))
    np.add.at(both, (labels, again), 1)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    return float((both / np.maximum(either, 1)).max(axis=1).mean())


def share_votes(likeness: Floats, labels: Ints) -> float:
    """Give how alike the two nearest segments are: mean likeness of an author of one with one of the other, 0 to 1."""
    n = int(labels.max(initial=-1)) + 1
    if n < 2:
        return 1.0
    members = (labels[:, None] == np.arange(n)).astype(float)
    sizes = np.maximum(members.sum(axis=0), 1)
    between = members.T @ likeness @ members / np.outer(sizes, sizes)
    np.fill_diagonal(between, 0)
    return float(between.max())


def separate(likeness: Floats, labels: Ints) -> float:
    """Give the mean silhouette, −1 to 1: how much nearer authors are to their segment than to the next one.

    References
    ----------
    Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7.
    """
    n = int(labels.max(initial=-1)) + 1
    if n < 2:
        return 0.0
    members = (labels[:, None] == np.arange(n)).astype(float)
    sizes = members.sum(axis=0)
    sums = (1 - likeness) @ members
    rows = np.arange(len(labels))
    own = sums[rows, labels] / np.maximum(sizes[labels] - 1, 1)
    means = sums / np.maximum(sizes, 1)
    means[rows, labels] = np.inf
    near = means.min(axis=1)
    widths = (near - own) / np.maximum(np.maximum(near, own), 1e-12)
    return float(np.where(sizes[labels] > 1, widths, 0).mean())
