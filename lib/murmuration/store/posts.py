"""Posts for analysis: a Dask frame that reads only the months, row groups and columns it needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.catalog import load_catalog
from murmuration.errors import ParamError, UnknownNameError, suggest
from murmuration.schema import POSTS
from murmuration.settings import get_settings
from murmuration.store.delta import AsOf, DataFile, Store, open_store
from murmuration.store.merge import newest
from murmuration.store.moments import Moment, State, as_moment
from murmuration.store.tombstones import Tombstones
from murmuration.text.brands import Brand, keep_brand

_FOR_RANKING = ("post_id", "created_at", "version", "observed_at", "first_seen_at", "content_hash")
_FOR_BRANDS = ("text", "title")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one Dask partition reads: files of one month of one source.

    `folded` says that the files cannot hold two versions of one post: one batch wrote them all.
    """

    files: tuple[DataFile, ...]
    folded: bool


def load_posts(
    source: str | Sequence[str] | None = None,
    brand: str | Brand | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    columns: Sequence[str] | None = None,
    as_of: AsOf | None = None,
    *,
    store: Store | None = None,
) -> dd.DataFrame:
    """Give posts of the store, newest version of each, as a lazy frame.

    Parameters
    ----------
    source
        One source, several, or all of them.
    brand
        Only posts that mention it: a key of the catalog, or a `Brand`.
    since, until
        Only posts created from `since` on and before `until`; a time without a zone is UTC.
    columns
        Only these columns of `posts`; all unless given.
    as_of
        The state of the store: a version, a time of a commit, or what a run saw (`Run.as_of`). The newest unless given.
    store
        Another store than the workspace's.

    Returns
    -------
    dask.dataframe.DataFrame
        One partition a month and source, or a file; Arrow types, so null counts stay null; order of
        time within a partition.

    Raises
    ------
    StoreError
        If there is no store, or no such state of it.
    UnknownNameError
        If the source, brand or column is not there; says the nearest one.
    ParamError
        If `since` is not before `until`, or `columns` is empty.
    """
    store = store or open_store()
    first, last = as_moment(since, "since"), as_moment(until, "until")
    if first and last and first >= last:
        raise ParamError(f"since ({first.isoformat()}) must lie before until ({last.isoformat()}).")
    wanted = _checked_columns(columns)
    table = store.open("posts", as_of)
    pieces = _choose(store.post_files(table), _as_list(source), first, last)
    # An older state may hold what was swept from the newest one since.
    old = as_of is not None and table.version() < store.open("posts").version()
    known_at = as_of.moment if isinstance(as_of, State) else None
    tombstones = Tombstones.load(store, swept=old, known_at=known_at)
    # The key goes to the workers only if they need it.
    read = _Reader(store if tombstones.keys else store.without_key(), first, last, tombstones)
    kept = _as_brand(brand)
    load = wanted if kept is None else list(dict.fromkeys([*wanted, *_FOR_BRANDS]))
    frame: dd.DataFrame = dd.from_map(
        read,
        pieces or [Piece((), folded=True)],
        columns=load,
        meta=_frame(POSTS.arrow.empty_table().select(load)),
        enforce_metadata=False,
        label="load-posts",
    )
    return frame if kept is None else keep_brand(frame, kept)[wanted]


def count_rows(
    source: str | Sequence[str] | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    as_of: AsOf | None = None,
    *,
    store: Store | None = None,
) -> int:
    """Count the rows that `load_posts` would have to look at, from the store's log alone.

    Whole months are counted, and versions that a newer one replaces: an upper bound, for choosing where
    to compute.
    """
    store = store or open_store()
    files = store.post_files(store.open("posts", as_of))
    first, last = as_moment(since, "since"), as_moment(until, "until")
    pieces = _choose(files, _as_list(source), first, last)
    return sum(file.rows for piece in pieces for file in piece.files)


def find_time_range(
    source: str | Sequence[str] | None = None,
    as_of: AsOf | None = None,
    *,
    brand: str | Brand | None = None,
    store: Store | None = None,
) -> tuple[datetime, datetime] | None:
    """Give the times of the first and the last post, or None where no post has a time.

    Versions that a newer one replaces count as long as `compact` has not folded them. With a `brand`, those of the posts that
    mention it, for which all posts are read.
    """
    store = store or open_store()
    if brand is not None:
        posts = load_posts(source, columns=["created_at"], brand=brand, as_of=as_of, store=store)
        times = posts["created_at"].dropna().compute()
        return (times.min().to_pydatetime(), times.max().to_pydatetime()) if len(times) else None
    files = store.post_files(store.open("posts", as_of))
    pieces = _choose(files, _as_list(source), None, None)
    days = {
        file.path: (file.first, file.last)
        for piece in pieces
        for file in piece.files
        if file.first and file.last
    }
    if not days:
        return None
    first, last = min(low for low, _ in days.values()), max(high for _, high in days.values())
    spans = [
        pc.min_max(store.read_file(f"{store.uri('posts')}/{path}", columns=["created_at"])[0])
        for path, (low, high) in days.items()
        if low == first or high == last
    ]
    lows, highs = ([span[name].as_py() for span in spans] for name in ("min", "max"))
    return min(lows), max(highs)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one piece; Dask calls it with the columns that a computation needs."""

    store: Store
    first: datetime | None
    last: datetime | None
    tombstones: Tombstones

    def __call__(self, piece: Piece, columns: Sequence[str] | None = None) -> pd.DataFrame:
        names = POSTS.names if columns is None else list(columns)
        if not piece.files:
            return _frame(POSTS.arrow.empty_table().select(names))
        hidden = self.tombstones.columns_for(piece.files[0].source)
        needed = dict.fromkeys([*names, *hidden, *(() if piece.folded else _FOR_RANKING)])
        rows = self.read(piece, list(needed))
        if not piece.folded:
            rows = _newest_only(rows)
        rows = self.tombstones.drop(rows, source=piece.files[0].source)
        # After ranking: an edit may carry another time than the version that it replaces.
        return _frame(self._within(rows).select(names) if self._bounded else rows.select(names))

    @property
    def _bounded(self) -> bool:
        return self.first is not None or self.last is not None

    def read(self, piece: Piece, columns: list[str]) -> pa.Table:
        """Read the files of a piece, the columns in their path included."""
        inside = [name for name in columns if name not in POSTS.partition_by]
        if self._bounded and "created_at" not in inside:
            inside.append("created_at")
        filters = self._filters() if piece.folded else None
        parts = []
        for file in piece.files:
            uri = f"{self.store.uri('posts')}/{file.path}"
            part = self.store.read_file(uri, columns=inside, filters=filters)
            for name, value in (("source", file.source), ("created_month", file.month)):
                part = part.append_column(name, pa.repeat(pa.scalar(value), len(part)))
            parts.append(part)
        return pa.concat_tables(parts)

    def _filters(self) -> pc.Expression | None:
        created, filters = pc.field("created_at"), None
        if self.first is not None:
            filters = created >= pa.scalar(self.first, POSTS.arrow.field("created_at").type)
        if self.last is not None:
            before = created < pa.scalar(self.last, POSTS.arrow.field("created_at").type)
            filters = before if filters is None else filters & before
        return filters

    def _within(self, rows: pa.Table) -> pa.Table:
        filters = self._filters()
        return rows if filters is None else rows.filter(filters)


def _newest_only(rows: pa.Table) -> pa.Table:
    """Keep the newest version of each post, in order of time, with the smallest first sight."""
    rows = rows.combine_chunks()
    places, first_seen = newest(rows)
    kept = rows.take(pa.array(places))
    seen = pa.array(first_seen).view(POSTS.arrow.field("first_seen_at").type)
    kept = kept.set_column(kept.schema.get_field_index("first_seen_at"), "first_seen_at", seen)
    return kept.take(pc.sort_indices(kept, [("created_at", "ascending"), ("post_id", "ascending")]))


def _frame(rows: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _checked_columns(columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return POSTS.names
    if not columns:
        raise ParamError(
            "columns is empty, but posts without columns say nothing. Name one or more."
        )
    for name in columns:
        if name not in POSTS.names:
            raise UnknownNameError(f"Posts have no column {name!r}.{suggest(name, POSTS.names)}")
    return list(dict.fromkeys(columns))


def _as_list(source: str | Sequence[str] | None) -> list[str] | None:
    return [source] if isinstance(source, str) else None if source is None else list(source)


def _as_brand(brand: str | Brand | None) -> Brand | None:
    if isinstance(brand, str):
        return load_catalog(get_settings().catalog).brand(brand)
    return brand


def _choose(
    files: Iterable[DataFile],
    sources: list[str] | None,
    first: datetime | None,
    last: datetime | None,
) -> list[Piece]:
    """What to read for these sources and this time.

    The days of the files decide, not the month in their path, which is that of a post's first version.
    Months that are not folded are taken as a whole: a version outside may replace one inside.
    """
    files = list(files)
    there = {file.source for file in files}
    for source in sources or ():
        if source not in there:
            raise UnknownNameError(
                f"The store has no posts of a source {source!r}.{suggest(source, there)}"
            )
    chosen = [file for file in files if sources is None or file.source in sources]
    return [
        piece
        for piece in _pieces(chosen)
        if any(_may_hold(file, first, last) for file in piece.files)
    ]


def _may_hold(file: DataFile, first: datetime | None, last: datetime | None) -> bool:
    if first is None and last is None:
        return True
    if file.first is None or file.last is None:
        return False
    return (first is None or file.last >= first.date()) and (
        last is None or file.first <= last.date()
    )


def _pieces(files: list[DataFile]) -> list[Piece]:
    pieces = []
    for _, group in groupby(files, key=lambda file: (file.source, file.month)):
        month = tuple(group)
        if len({file.batch for file in month}) == 1:
            pieces += [Piece((file,), folded=True) for file in month]
        else:
            pieces.append(Piece(month, folded=False))
    return pieces
