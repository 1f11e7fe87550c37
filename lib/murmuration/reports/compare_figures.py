"""Key figures of two runs that clearly moved, and rows with a label that came and went."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from murmuration.reports.manifest import RunResult
from murmuration.reports.tables import find_key, list_tables
from murmuration.schema import RESULTS
from murmuration.show.words import quoted

_END = re.compile(r"(.*?)_?low$")
_NARROW = 1e-9  # an interval without any width
_SHOWN = 12  # figures that moved
_IN_WORDS = {"feature": "trait"}  # columns of a key, and those that say the same in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as it was.

    Attributes
    ----------
    what
        Its name.
    before, after
        What it was and what it is, as text; empty where it was not there.
    """

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """A figure with an interval that clearly moved.

    Attributes
    ----------
    table, row, figure
        Where it stands.
    before, after
        Its value in each run.
    low, high
        95 % interval of the difference, as if the two runs were independent; runs that share posts are less
        far apart by chance, so too few rather than too many are named.
    """

    table: str
    row: str
    figure: str
    before: float
    after: float
    low: float
    high: float

    def describe(self) -> str:
        """Say it in a sentence; shares are percentages."""
        name = self.figure.replace("_", " ")
        where = f"{name[:1].upper()}{name[1:]} of {self.row} (table {self.table})"
        return f"{where} went from {self.text(self.before)} to {self.text(self.after)} ({self._interval})."

    def text(self, value: float) -> str:
        """Write a value of it as people read it."""
        return f"{100 * value:.1f} %" if self._is_share else f"{value:.3g}"

    @property
    def difference(self) -> str:
        """Write the difference, with its interval."""
        gap = self.after - self.before
        return (
            f"{100 * gap:+.1f} ({self._interval})"
            if self._is_share
            else f"{gap:+.3g} ({self._interval})"
        )

    @property
    def _is_share(self) -> bool:
        return self.figure.endswith("share")

    @property
    def _interval(self) -> str:
        if self._is_share:
            return f"{100 * self.low:+.1f} to {100 * self.high:+.1f} points"
        return f"{self.low:+.3g} to {self.high:+.3g}"


def list_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Give what is not as it was, by name."""
    return tuple(
        Change(what=name, before=_text(old.get(name)), after=_text(new.get(name)))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping) and "@" in str(value.get("model")):  # its name says which one
        return str(value["model"])
    return "" if value is None else str(value)


def find_moved(first: RunResult, second: RunResult) -> tuple[FigureChange, ...]:
    """Find figures whose difference is clear of 0."""
    called = _call_rows(first, second)
    tables = list_tables(first, second)
    found = [moved for name in tables for moved in _moved(first, second, name, called)]
    clearest = sorted(
        found, key=lambda one: -abs(one.before - one.after) / max(one.high - one.low, _NARROW)
    )
    return tuple(clearest[:_SHOWN])


def _call_rows(first: RunResult, second: RunResult) -> dict[tuple[str, str], str | None]:
    """Say what the topics and segments of two runs are called, by the column and the value that tell them.

    None is for a number that means something else in the second run: one that goes on from no earlier topics numbers
    them anew.
    """
    pinned = second.manifest.get("pinned", {})
    found: dict[tuple[str, str], str | None] = {}
    for table in RESULTS.get(str(second.manifest["report"]), ()):
        if len(table.key) == 1 and {"label", "name"} & set(table.names):
            old, new = (_labels(run, table.name) or {} for run in (first, second))
            for row in {**old, **new}:
                column, _, value = row.partition(" ")
                names = [str(one) for one in (old.get(row), new.get(row)) if one is not None]
                other = len(set(names)) > 1 and not pinned.get(f"{column}s")
                found.setdefault((column, value), None if other else _call(row, names))
    return found


def _call(row: str, names: Sequence[str]) -> str:
    if len(set(names)) > 1:
        return f"{row}, before {quoted(names[:1])}, now {quoted(names[1:])}"
    return f"{row} {quoted(names[:1])}"


def _moved(
    first: RunResult, second: RunResult, name: str, called: Mapping[tuple[str, str], str | None]
) -> list[FigureChange]:
    pair = _joined(first, second, name, called)
    if pair is None:
        return []
    old, new, rows = pair
    found = []
    for figure, low, high in _figures(list(new.columns)):
        if figure not in old.columns:
            continue
        before, after = (one[figure].to_numpy(np.float64, na_value=np.nan) for one in (old, new))
        halves = [
            (one[high].to_numpy(np.float64, na_value=np.nan) - one[low].to_numpy(np.float64, na_value=np.nan)) / 2
            for one in (old, new)
        ]  # fmt: skip
        half = np.hypot(*halves)
        for at in np.flatnonzero(np.abs(after - before) > half):
            gap = float(after[at] - before[at])
            found.append(
                FigureChange(
                    table=name, row=rows[at], figure=figure, before=float(before[at]),
                    after=float(after[at]), low=gap - float(half[at]), high=gap + float(half[at]),
                )
            )  # fmt: skip
    return found


def _joined(
    first: RunResult, second: RunResult, name: str, called: Mapping[tuple[str, str], str | None]
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]] | None:
    """Give the rows that a table has in both runs, in one order, and their names; None where it has no key."""
    paths = [run.folder / "tables" / f"{name}.parquet" for run in (first, second)]
    if not all(path.exists() for path in paths):
        return None
    old, new = (run.table(name).to_pandas(types_mapper=pd.ArrowDtype) for run in (first, second))
    report = str(second.manifest["report"])
    key = find_key(report, name, list(new.columns))
    if not key or not set(key) <= set(old.columns) or not _figures(list(new.columns)):
        return None
    old, new = (frame.drop_duplicates(key).set_index(key, drop=False) for frame in (old, new))
    both = old.index.intersection(new.index)
    old, new = old.loc[both], new.loc[both]
    parts = [_say_part(new, column, _is_text(report, name, column), called) for column in key]
    names = list(zip(*parts, strict=True))
    same = [at for at, row in enumerate(names) if None not in row]
    return old.iloc[same], new.iloc[same], [", ".join(map(str, names[at])) for at in same]


def _say_part(
    rows: pd.DataFrame, column: str, is_text: bool, called: Mapping[tuple[str, str], str | None]
) -> list[str | None]:
    """Say what one column of a key tells of each row: the segment by its name, the trait in words, the term in quotes."""
    if column in {one for one, _ in called}:
        return [called.get((column, str(value)), f"no {column}") for value in rows[column]]
    if is_text:
        return [f"{column} {quoted([str(value)])}" for value in rows[column]]
    said = _IN_WORDS.get(column, column)
    return [str(value) for value in rows[said if said in rows.columns else column]]


def _is_text(report: str, name: str, column: str) -> bool:
    return any(
        one.name == column and one.text
        for table in RESULTS.get(report, ())
        if table.name == name
        for one in table.columns
    )


def _figures(columns: Sequence[str]) -> list[tuple[str, str, str]]:
    """Find figures and the ends of their intervals by name: `x` or `x_share` between `x_low` and `x_high`."""
    found = []
    for low in columns:
        match = _END.fullmatch(low)
        if match is None or low[: -len("low")] + "high" not in columns:
            continue
        stem = match[1]
        figure = next((one for one in (f"{stem}_share", stem, "share") if one in columns), None)
        if figure is not None:
            found.append((figure, low, low[: -len("low")] + "high"))
    return found


def find_named(first: RunResult, second: RunResult) -> tuple[Change, ...]:
    """Find what came, went or was renamed: topics, segments; each once, though several tables may name it."""
    found: dict[str, Change] = {}
    for name in list_tables(first, second):
        labels = [_labels(run, name) for run in (first, second)]
        if all(label is not None for label in labels):
            for change in list_changes(*map(dict, labels)):  # type: ignore[arg-type]
                found.setdefault(change.what, change)
    return tuple(found.values())


def _labels(run: RunResult, name: str) -> dict[str, str] | None:
    """Give the labels of a table that has one key column and labels, by that key: “topic 3”."""
    path = run.folder / "tables" / f"{name}.parquet"
    if not path.exists():
        return {}
    table = run.table(name)
    key = find_key(str(run.manifest["report"]), name, table.column_names)
    labels = next((one for one in ("label", "name") if one in table.column_names), None)
    if len(key) != 1 or labels is None or labels in key:
        return None
    rows = zip(table[key[0]].to_pylist(), table[labels].to_pylist(), strict=True)
    return {f"{key[0]} {one}": str(label) for one, label in rows}
