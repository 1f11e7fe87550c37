"""Posts and authors that were forgotten: kept out of reads and of imports.

A tombstone holds a keyed hash, so it can recognise what must not come back without keeping it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.schema import TOMBSTONES
from murmuration.store.delta import Store
from murmuration.store.pseudonyms import NO_KEY, Pseudonyms, TombstoneKind

Reason = Literal["forgotten", "deleted"]

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
            if not self.keys.get((source, kind)):
                continue
            named = self._named(kind, source, posts[column])
            hit = pc.or_(hit, pc.is_in(posts[column], pa.array(named, pa.string())))
        return hit.combine_chunks() if isinstance(hit, pa.ChunkedArray) else hit

    def drop(self, posts: pa.Table, *, source: str) -> pa.Table:
        """Leave out the posts that a tombstone names, and forgotten authors where posts mention them."""
        if not self.columns_for(source):
            return posts
        kept = posts.filter(pc.invert(self.hits(posts, source=source)))
        return self.drop_mentions(kept, source=source)

    def drop_mentions(self, posts: pa.Table, *, source: str) -> pa.Table:
        """Take forgotten authors out of `mention_keys`, where there is such a column."""
        if not self.keys.get((source, "author")) or "mention_keys" not in posts.column_names:
            return posts
        column = posts["mention_keys"].combine_chunks()
        mentioned = pc.list_flatten(column)
        named = self._named("author", source, mentioned)
        if not named:
            return posts
        kept = pc.invert(pc.is_in(mentioned, pa.array(named, pa.string())))
        rows = pc.list_parent_indices(column).filter(kept)
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(column)))])
        lists = pa.ListArray.from_arrays(
            pa.array(offsets, pa.int32()), mentioned.filter(kept), mask=column.is_null()
        )
        place = posts.schema.get_field_index("mention_keys")
        return posts.set_column(place, "mention_keys", lists.cast(column.type))

    def names(self, kind: TombstoneKind, identifier: str, *, source: str) -> bool:
        """Say whether one of them stands for this post id or author's pseudonym."""
        keys = self.keys.get((source, kind), frozenset())
        return self.pseudonyms.hidden_key(kind, source, identifier) in keys

    def _named(self, kind: TombstoneKind, source: str, values: pa.Array) -> list[str]:
        """Those among the values that a tombstone names; each is hashed once."""
        distinct = pc.unique(values.drop_null()).to_pylist()
        return [value for value in distinct if self.names(kind, value, source=source)]


def bury(
    store: Store,
    kind: TombstoneKind,
    source: str,
    identifiers: Collection[str],
    *,
    reason: Reason,
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


def mark_swept(store: Store, tombstones: Tombstones, *, reasons: Collection[Reason]) -> None:
    """Note that the store was rewritten without what these tombstones, of such reasons, name."""
    swept = {key for keys in tombstones.keys.values() for key in keys}
    if not swept:
        return
    table = store.open("tombstones")
    rows = store.read_at(table).to_pylist()
    done = [
        row
        for row in rows
        if row["hidden_key"] in swept and row["reason"] in reasons and not row["swept"]
    ]
    for row in done:
        row["swept"] = True
    if done:
        store.replace(table, pa.Table.from_pylist(rows, schema=TOMBSTONES.arrow))
