"""Posts and authors that were forgotten: kept out of reads and of imports.

A tombstone holds a keyed hash, so it can recognise what must not come back without keeping it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Self

import pyarrow as pa
import pyarrow.compute as pc

from murmuration.schema import TOMBSTONES
from murmuration.store.delta import Store
from murmuration.store.pseudonyms import NO_KEY, Pseudonyms, TombstoneKind

_COLUMN: dict[TombstoneKind, str] = {"post": "post_id", "author": "author_key"}


@dataclass(frozen=True)
class Tombstones:
    """Hidden keys by source and kind."""

    pseudonyms: Pseudonyms = field(repr=False)
    keys: Mapping[tuple[str, TombstoneKind], frozenset[str]]

    @classmethod
    def load(cls, store: Store, *, swept: bool = True) -> Self:
        """Read the tombstones of a store; without the swept ones unless asked for."""
        found: dict[tuple[str, TombstoneKind], set[str]] = defaultdict(set)
        for row in (
            store.read("tombstones").select(["source", "kind", "hidden_key", "swept"]).to_pylist()
        ):
            if swept or not row["swept"]:
                found[row["source"], row["kind"]].add(row["hidden_key"])
        key = store.pseudonyms if found else NO_KEY
        return cls(key, {place: frozenset(keys) for place, keys in found.items()})

    @classmethod
    def unswept(cls, store: Store) -> Self:
        """Those that readers must mind: the store was not yet rewritten without them."""
        return cls.load(store, swept=False)

    def columns_for(self, source: str) -> list[str]:
        """Columns that `drop` needs for this source; usually none."""
        return [column for kind, column in _COLUMN.items() if self.keys.get((source, kind))]

    def hits(self, posts: pa.Table, *, source: str) -> pa.Array:
        """Say for each post whether a tombstone names it or its author; shape (n_posts,)."""
        hit = pa.repeat(pa.scalar(False), len(posts))
        for kind, column in _COLUMN.items():
            keys = self.keys.get((source, kind))
            if not keys:
                continue
            distinct = pc.unique(posts[column].drop_null())
            named = [
                value
                for value in distinct.to_pylist()
                if self.pseudonyms.hidden_key(kind, source, value) in keys
            ]
            hit = pc.or_(hit, pc.is_in(posts[column], pa.array(named, pa.string())))
        return hit.combine_chunks() if isinstance(hit, pa.ChunkedArray) else hit

    def drop(self, posts: pa.Table, *, source: str) -> pa.Table:
        """Leave out the posts that a tombstone names."""
        if not self.columns_for(source):
            return posts
        return posts.filter(pc.invert(self.hits(posts, source=source)))


def bury(
    store: Store,
    kind: TombstoneKind,
    source: str,
    identifiers: Collection[str],
    *,
    reason: Literal["forgotten", "deleted"],
    alive: Collection[str] = (),
) -> None:
    """Add tombstones, in one commit; those that are there already stay as they are.

    Parameters
    ----------
    store
        Where to.
    kind
        What the identifiers name.
    source
        Their source.
    identifiers
        Post ids or authors' pseudonyms.
    reason
        Why.
    alive
        Those among them that the store still holds, so that readers must mind them for now.
    """
    if not identifiers:
        return
    there = Tombstones.load(store).keys.get((source, kind), frozenset())
    keys = {store.pseudonyms.hidden_key(kind, source, name): name in alive for name in identifiers}
    now = datetime.now(UTC)
    rows = [
        {
            "source": source,
            "kind": kind,
            "hidden_key": key,
            "reason": reason,
            "at": now,
            "swept": not is_alive,
        }
        for key, is_alive in keys.items()
        if key not in there
    ]
    if rows:
        store.append("tombstones", pa.Table.from_pylist(rows, schema=TOMBSTONES.arrow))


def mark_swept(store: Store, tombstones: Tombstones) -> None:
    """Note that the store was rewritten without what these tombstones name."""
    swept = {key for keys in tombstones.keys.values() for key in keys}
    if not swept:
        return
    rows = store.read("tombstones").to_pylist()
    for row in rows:
        row["swept"] = row["swept"] or row["hidden_key"] in swept
    store.replace("tombstones", pa.Table.from_pylist(rows, schema=TOMBSTONES.arrow))
