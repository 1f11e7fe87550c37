"""What differs between the result tables of two runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from murmuration.reports.manifest import RunResult, hash_values
from murmuration.schema import RESULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """One column that differs in rows that both tables have.

    Attributes
    ----------
    column
        Its name.
    rows
        How many rows differ.
    by_at_most
        The largest difference, in the column's unit; None where it holds no numbers.
    """

    column: str
    rows: int
    by_at_most: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """One result table of two runs.

    Attributes
    ----------
    table
        Its name.
    equal
        Whether names, types, values and order are the same.
    rows_before, rows_after
        How many rows it has; None where a run does not have it.
    gone, new
        Rows whose key only the first or only the second table has.
    columns
        Those that differ.
    """

    table: str
    equal: bool
    rows_before: int | None
    rows_after: int | None
    gone: int = 0
    new: int = 0
    columns: tuple[ColumnChange, ...] = ()

    def describe(self) -> str:
        """Say it in a sentence."""
        if self.equal:
            return f"{self.table}: equal, {self.rows_after} rows."
        if self.rows_before is None or self.rows_after is None:
            return (
                f"{self.table}: only in the {'first' if self.rows_after is None else 'second'} run."
            )
        parts = [f"{self.gone} rows gone, {self.new} new"] if self.gone or self.new else []
        for one in self.columns:
            by = "" if one.by_at_most is None else f" by up to {one.by_at_most:.3g}"
            parts.append(f"{one.column} differs in {one.rows} rows{by}")
        return f"{self.table}: {'; '.join(parts) or 'other types or another order'}."


def compare_tables(first: RunResult, second: RunResult) -> list[TableChange]:
    """Compare every result table of two runs of one report, by its key."""
    return [_compare(first, second, name) for name in list_tables(first, second)]


def list_tables(*runs: RunResult) -> list[str]:
    """Names of the tables that any of the runs has, sorted."""
    return sorted({path.stem for run in runs for path in (run.folder / "tables").glob("*.parquet")})


def find_key(report: str, name: str, columns: Sequence[str]) -> list[str]:
    """Give the columns that tell which row of another run is the same one; none where the report does not declare the table."""
    declared = next((table for table in RESULTS.get(report, ()) if table.name == name), None)
    if declared is None:
        return []
    return [column for column in declared.matched or declared.key if column in columns]


def _compare(first: RunResult, second: RunResult, name: str) -> TableChange:
    before, after = (_read(run, name) for run in (first, second))
    if before is None or after is None:
        return TableChange(
            table=name, equal=False,
            rows_before=None if before is None else len(before),
            rows_after=None if after is None else len(after),
        )  # fmt: skip
    same = hash_values(before) == hash_values(after)
    change = TableChange(table=name, equal=same, rows_before=len(before), rows_after=len(after))
    if same:
        return change
    key = find_key(str(second.manifest["report"]), name, after.column_names)
    old, new = (_keyed(table, key) for table in (before, after))
    shared = [column for column in new.columns if column in old.columns]
    both = old.index.intersection(new.index)
    changes = [_column(old.loc[both, column], new.loc[both, column]) for column in shared]
    return replace(
        change,
        gone=len(old.index.difference(new.index)), new=len(new.index.difference(old.index)),
        columns=tuple(change for change in changes if change is not None),
    )  # fmt: skip


def _read(run: RunResult, name: str) -> pa.Table | None:
    there = (run.folder / "tables" / f"{name}.parquet").exists()
    return run.table(name) if there else None


def _keyed(table: pa.Table, key: Sequence[str]) -> pd.DataFrame:
    """Give the rows under their key, those that share one numbered; under their place where they have none."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    if not key:
        return frame
    return frame.set_index(pd.Index(_names(frame, key), name="row"))


def _names(frame: pd.DataFrame, key: Sequence[str]) -> list[str]:
    names = pd.Series(
        ["\x1f".join(map(str, row)) for row in frame[list(key)].itertuples(index=False)], dtype=str
    )
    again = names.groupby(names).cumcount()
    return [f"{name}\x1f{n}" for name, n in zip(names, again, strict=True)]


def _column(old: "pd.Series[Any]", new: "pd.Series[Any]") -> ColumnChange | None:
    """Say how two columns over the same rows differ, None if they do not."""
    name = str(new.name)
    if pd.api.types.is_numeric_dtype(old.dtype) and pd.api.types.is_numeric_dtype(new.dtype):
        left, right = (one.to_numpy(np.float64, na_value=np.nan) for one in (old, new))
        differs = ~((left == right) | (np.isnan(left) & np.isnan(right)))
        gaps = np.abs(left - right)[differs & ~np.isnan(left) & ~np.isnan(right)]
        by = float(gaps.max()) if len(gaps) else None
    else:
        pairs = zip(old.tolist(), new.tolist(), strict=True)
        differs, by = np.array([repr(a) != repr(b) for a, b in pairs], bool), None
    return (
        ColumnChange(column=name, rows=int(differs.sum()), by_at_most=by) if differs.any() else None
    )
