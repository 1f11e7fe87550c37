"""The rule of a segment in words, by a small decision tree, and how far it can be relied on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.audience.blocks import count_matrix
from murmuration.audience.features import BY_NAME, NUMBERS, can_be_told
from murmuration.audience.tally import Floats, Ints

_CONDITIONS = 3  # in a rule, at most
_LEAF = 10  # authors that a leaf needs, at least
_TERMS = 5  # of each segment and kind that a rule may name
_LOOKED_AT = 20_000  # authors
_KINDS = ("hashtags", "communities", "domains", "topics", "words")


class Rule(NamedTuple):
    """A rule in words, with what it gets right of authors that it was not made of.

    Attributes
    ----------
    text
        In words; empty where none was found.
    precision
        Share of the authors who meet it that are in the segment, 0 to 1.
    recall
        Share of the segment's authors who meet it.
    """

    text: str
    precision: float
    recall: float


class _Question(NamedTuple):
    """What a tree may ask: a number of the profile, or whether a term is used."""

    name: str
    term: str

    def answer(self, high: bool, bound: float) -> str:
        if self.term:
            return f"{'uses' if high else 'does not use'} {self.term}"
        feature = BY_NAME[self.name]
        than = "over" if high else "at most"
        return f"{feature.phrase[0 if high else 1]} ({than} {_amount(bound, feature.kind, feature.unit)})"  # fmt: skip


def _amount(bound: float, kind: str, unit: str) -> str:
    if kind == "share":
        return f"{100 * bound:.0f} %"
    if unit == "−1 to 1":
        return f"{bound:+.2f}".replace("-", "−")
    return f"{bound:,.1f} {unit}" if bound < 10 else f"{bound:,.0f} {unit}"


def find_rules(
    profiles: pd.DataFrame,
    labels: Ints,
    segments: Ints,
    marks: pd.DataFrame,
    *,
    called: Mapping[str, Mapping[str, str]],
) -> list[Rule]:
    """Find a rule for each segment: the branch of a small tree that most of its authors, and few others, meet.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    labels
        Segment of each author, −1 for none.
    segments
        Of which rules are told.
    marks
        From `find_marks`: terms that rules may name.
    called
        Kind of terms → how a term is called → the term as profiles have it, where that differs.

    Returns
    -------
    list
        One rule a segment. Trees are grown on every other author, and judged on the rest.
    """  # fmt: skip
    there = np.flatnonzero(labels >= 0)
    some = there[:: max(1, -(-len(there) // _LOOKED_AT))]
    looked, own = profiles.iloc[some], labels[some]
    questions, table = _ask(looked, marks, called)
    if not questions or len(some) < 4 * _LEAF:
        return [Rule("", np.nan, np.nan)] * len(segments)
    grown = np.arange(len(some)) % 2 == 0
    return [_find_rule(table, questions, own == segment, grown) for segment in segments]


def _ask(
    profiles: pd.DataFrame, marks: pd.DataFrame, called: Mapping[str, Mapping[str, str]]
) -> tuple[list[_Question], Floats]:
    columns, questions = [], []
    for name in NUMBERS:
        if name in profiles.columns and can_be_told(name):
            values = profiles[name].to_numpy(np.float64, na_value=np.nan)
            values = np.where(np.isfinite(values), values, np.nan)
            known = values[np.isfinite(values)]
            if len(known) and known.min() < known.max():
                questions.append(_Question(name, ""))
                columns.append(np.where(np.isnan(values), np.median(known), values))
    for kind in _KINDS:
        terms = marks.loc[(marks["kind"] == kind) & (marks["rank"] <= _TERMS), "term"]
        names = list(dict.fromkeys(terms.tolist()))
        if names:
            import pyarrow as pa

            keys = [f"{kind}:{called.get(kind, {}).get(name, name)}" for name in names]
            uses = count_matrix(profiles, (kind,), pa.array(keys)).toarray() > 0
            questions += [_Question(kind, as_term(kind, name)) for name in names]
            columns += list(uses.T.astype(np.float64))
    return questions, np.stack(columns, axis=1) if columns else np.zeros((len(profiles), 0))


def as_term(kind: str, name: str) -> str:
    """Give a term as a reader knows it: hashtags with their sign, words and topics in quotation marks, as names are quoted themselves."""
    if kind == "hashtags":
        return f"#{name}"
    return name if kind in ("communities", "domains") else f"‘{name}’"


def _find_rule(
    table: Floats, questions: Sequence[_Question], inside: npt.NDArray[np.bool_], grown: npt.NDArray[np.bool_]
) -> Rule:  # fmt: skip
    from sklearn.tree import DecisionTreeClassifier

    if inside[grown].all() or not inside[grown].any():
        return Rule("", np.nan, np.nan)
    tree = DecisionTreeClassifier(
        max_depth=_CONDITIONS, min_samples_leaf=_LEAF, class_weight="balanced", random_state=0
    ).fit(table[grown], inside[grown])
    leaves = tree.apply(table)
    best = max(sorted(set(leaves[grown])), key=lambda leaf: _f1(leaves[grown] == leaf, inside[grown]))  # fmt: skip
    met, truth = leaves[~grown] == best, inside[~grown]
    hits = float((met & truth).sum())
    precision = hits / met.sum() if met.any() else np.nan
    recall = hits / truth.sum() if truth.any() else np.nan
    return Rule(_in_words(_path(tree.tree_, int(best)), questions), precision, recall)


def _f1(met: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    return float(2 * (met & truth).sum() / max(met.sum() + truth.sum(), 1))


def _path(tree: Any, leaf: int) -> list[tuple[int, bool, float]]:
    """Give the questions on the way to a leaf: number, whether the answer is high, bound."""
    steps: list[tuple[int, bool, float]] = []
    node = leaf
    while node != 0:
        left = np.flatnonzero(tree.children_left == node)
        parent = int(left[0]) if len(left) else int(np.flatnonzero(tree.children_right == node)[0])
        steps.append((int(tree.feature[parent]), not len(left), float(tree.threshold[parent])))
        node = parent
    return steps[::-1]


def _in_words(steps: Sequence[tuple[int, bool, float]], questions: Sequence[_Question]) -> str:
    held: dict[tuple[int, bool], float] = {}
    for question, high, bound in steps:  # of two bounds on one side the nearer one says all
        kept = held.get((question, high), bound)
        held[question, high] = max(kept, bound) if high else min(kept, bound)
    return "; ".join(questions[one].answer(high, bound) for (one, high), bound in held.items())
