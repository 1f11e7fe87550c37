"""The posts of a run: narrowed by filters, counted, and read page by page, without all texts in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from murmuration.errors import ReportError

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

_CODED = ("source", "lang", "sentiment_label", "author_key")
_NUMBERS = ("created_at", "sentiment", "engagement", "topic", "topic_strength")
_SHOWN = ("text", "url", "post_id")
ORDERS = ("created_at", "sentiment", "engagement", "topic_strength")
UNKNOWN = "unknown"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which posts are meant; what is empty takes all of them.

    Attributes
    ----------
    source, lang, label
        Of this source, language, sentiment.
    topic
        Of this topic, or other group that the file has.
    since, until
        Published from then on, and before then.
    words
        With this in their text, whatever its case.
    author
        By this pseudonym, or a beginning of it.
    """

    source: str = ""
    lang: str = ""
    label: str = ""
    topic: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    author: str = ""


class PostsFile:
    """The table `posts` of a run.

    Parameters
    ----------
    path
        The Parquet file. Only small columns are kept in memory: 30 bytes a post.
    group
        Column of the groups that `Filter.topic` means.

    Raises
    ------
    ReportError
        If it is not there or cannot be read.
    """

    def __init__(self, path: Path, *, group: str = "topic") -> None:
        self.path, self.group = path, group
        self.holds: object = None  # what has to live as long as this
        try:
            self.columns = frozenset(pq.read_schema(path).names)
            coded = [name for name in _CODED if name in self.columns]
            self._file = pq.ParquetFile(path, memory_map=True, read_dictionary=coded)
        except (OSError, pa.ArrowInvalid) as err:
            raise ReportError(
                "The posts of this run cannot be read: it was made by an older version, or its folder is gone or not "
                "whole. Run the report again."
            ) from err
        self.count: int = self._file.metadata.num_rows
        groups = range(self._file.num_row_groups)
        sizes = [self._file.metadata.row_group(one).num_rows for one in groups]
        self._starts = np.cumsum([0, *sizes])
        self._coded: dict[str, tuple[npt.NDArray[np.int32], list[str]]] = {}
        self._numbers: dict[str, npt.NDArray[Any]] = {}

    def list_values(self, column: str) -> list[tuple[str, int]]:
        """Give the values of a column with how many posts have them, the most frequent first."""
        codes, names = self._codes(column)
        counts = np.bincount(codes + 1, minlength=len(names) + 1)
        found = [
            (name, int(number)) for name, number in zip(names, counts[1:], strict=True) if number
        ]
        if counts[0]:
            found.append((UNKNOWN, int(counts[0])))
        return sorted(found, key=lambda one: (-one[1], one[0]))

    def select(self, wanted: Filter) -> Places:
        """Give the places of the posts that a filter lets through, in order of time."""
        kept: Flags = np.ones(self.count, dtype=np.bool_)
        for column, value in (
            ("source", wanted.source), ("lang", wanted.lang), ("sentiment_label", wanted.label),
        ):  # fmt: skip
            if value:
                kept &= self._is(column, value)
        if wanted.topic is not None and self.group in self.columns:
            kept &= self._number(self.group) == wanted.topic
        moments = self._number("created_at") if wanted.since or wanted.until else None
        if wanted.since and moments is not None:
            kept &= moments >= _microseconds(wanted.since)
        if wanted.until and moments is not None:
            kept &= moments < _microseconds(wanted.until)
        if wanted.author:
            codes, names = self._codes("author_key")
            mine = [at for at, name in enumerate(names) if name.startswith(wanted.author)]
            kept &= np.isin(codes, mine)
        if wanted.words.strip():
            kept &= self._contains(wanted.words.strip(), kept)
        return np.flatnonzero(kept)

    def frame(self, places: Places) -> pd.DataFrame:
        """Give what levels are estimated from: `created_at`, `sentiment`, `sentiment_label`, `author_key`.

        Authors are numbers here: who has none is an author alone.
        """
        codes, names = self._codes("sentiment_label")
        authors = self._codes("author_key")[0][places].astype(np.int64)
        alone = authors < 0
        authors[alone] = np.arange(int(alone.sum())) + len(self._codes("author_key")[1])
        return pd.DataFrame(
            {
                "created_at": self._number("created_at")[places],
                "sentiment": self._number("sentiment")[places],
                "sentiment_label": pd.Categorical.from_codes(
                    codes[places], categories=pd.Index(names, dtype="str")
                ),
                "author_key": authors,
            }
        )

    def count_by(self, column: str, places: Places) -> dict[Any, int]:
        """Count posts by the values of a column of numbers."""
        values, counts = np.unique(self._number(column)[places], return_counts=True)
        return dict(zip(values.tolist(), counts.tolist(), strict=True))

    def sort(self, places: Places, *, by: str, descending: bool) -> Places:
        """Put places in the order of a column; posts of which it is unknown come last."""
        if by not in ORDERS or by not in self.columns:
            return places
        values = self._number(by)[places]
        if by == "created_at" and np.all(values[1:] >= values[:-1]):  # as runs write them
            return places[::-1] if descending else places
        values = values.astype(np.float64)
        values = np.where(np.isnan(values), np.inf, -values if descending else values)
        return places[np.argsort(values, kind="stable")]

    def read(self, places: Sequence[int] | Places) -> list[dict[str, Any]]:
        """Read posts in the order of their places."""
        return self.table(places).to_pylist()  # type: ignore[no-any-return]

    def table(self, places: Sequence[int] | Places) -> pa.Table:
        """Read posts as an Arrow table; only those parts of the file that hold some of them."""
        wanted = np.asarray(places, dtype=np.int64)
        order = np.argsort(wanted, kind="stable")
        ascending = wanted[order]
        groups = np.searchsorted(self._starts, ascending, side="right") - 1
        parts = []
        for group in np.unique(groups).tolist():
            inside = ascending[groups == group] - self._starts[group]
            parts.append(self._file.read_row_group(group).take(pa.array(inside)))
        if not parts:
            return self._file.schema_arrow.empty_table()
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return pa.concat_tables(parts).unify_dictionaries().take(pa.array(back))

    def _is(self, column: str, value: str) -> Flags:
        codes, names = self._codes(column)
        wanted = -1 if value == UNKNOWN and value not in names else None
        if wanted is None:
            wanted = names.index(value) if value in names else -2
        return np.asarray(codes == wanted)

    def _contains(self, words: str, among: Flags) -> Flags:
        """Say which posts have some words in their text; reads texts of those that are left only."""
        found = np.zeros(self.count, dtype=np.bool_)
        for group in range(self._file.num_row_groups):
            start, end = int(self._starts[group]), int(self._starts[group + 1])
            if not among[start:end].any():
                continue
            texts = self._file.read_row_group(group, columns=["text"])["text"]
            hits = pc.match_substring(texts, words, ignore_case=True)
            found[start:end] = pc.fill_null(hits, False).to_numpy(zero_copy_only=False)
        return found

    def _codes(self, column: str) -> tuple[npt.NDArray[np.int32], list[str]]:
        """Give a column of texts as numbers of its different values, -1 where there is none."""
        if column not in self._coded:
            values = self._file.read(columns=[column])[column].unify_dictionaries()
            chunks = [
                pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False)
                for chunk in values.chunks
            ]
            codes = np.concatenate(chunks) if chunks else np.zeros(0)
            names = values.chunk(0).dictionary.to_pylist() if values.num_chunks else []
            self._coded[column] = (codes.astype(np.int32), names)
        return self._coded[column]

    def _number(self, column: str) -> npt.NDArray[Any]:
        """Give a column of numbers: times in microseconds, unknown ones NaN."""
        if column not in self._numbers:
            values = self._file.read(columns=[column])[column]
            if column == "created_at":
                values = values.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
            elif column != self.group:
                values = values.cast(pa.float64())
            self._numbers[column] = values.to_numpy()
        return self._numbers[column]


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)  # pandas has no years before 1678


def as_records(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give rows as values that JSON has."""
    return [
        {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in row.items()
        }
        for row in rows
    ]
