"""Posts and authors that were forgotten: kept out of reads and of imports.

A tombstone holds a keyed hash, so it can recognise what must not come back without keeping it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.schema import TOMBSTONES
from murmuration.store.delta import Store
from murmuration.store.pseudonyms import NO_KEY, Pseudonyms, TombstoneKind

Reason = Literal["forgotten", "deleted"]

_COLUMN: dict[TombstoneKind, str] = {"post": "post_id", "author": "author_key"}
_MENTIONED: tuple[TombstoneKind, ...] = ("author", "mention")


@dataclass(frozen=True)
class Tombstones:
    """Hidden keys by source and kind: text, shape (n_keys,), each once."""

    pseudonyms: Pseudonyms = field(repr=False)
    keys: Mapping[tuple[str, TombstoneKind], pa.Array]

    @classmethod
    def load(cls, store: Store, *, swept: bool = True, known_at: datetime | None = None) -> Self:
        """Read the tombstones of a store; the swept ones only if asked for.

        Of what a platform deleted those that were known at a moment, if one is given; what was forgotten is hidden
        from all.
        """
        rows = store.read("tombstones")
        if known_at is not None:
            forgotten = pc.equal(rows["reason"], "forgotten")
            rows = rows.filter(pc.or_(forgotten, pc.less_equal(rows["at"], known_at)))
        return cls.of(store, rows if swept else rows.filter(pc.invert(rows["swept"])))

    @classmethod
    def of(cls, store: Store, rows: pa.Table) -> Self:
        """Take rows of the table `tombstones`."""
        found = {}
        for place in rows.group_by(["source", "kind"]).aggregate([]).to_pylist():
            here = pc.and_(*(pc.equal(rows[name], place[name]) for name in ("source", "kind")))
            found[place["source"], place["kind"]] = pc.unique(rows["hidden_key"].filter(here))
        return cls(store.pseudonyms if found else NO_KEY, found)

    @classmethod
    def unswept(cls, store: Store) -> Self:
        """Those that readers must mind: the store was not yet rewritten without them."""
        return cls.load(store, swept=False)

    def columns_for(self, source: str) -> list[str]:
        """Columns that `drop` needs for this source; usually none."""
        return [column for kind, column in _COLUMN.items() if (source, kind) in self.keys]

    def count(self, source: str) -> int:
        """Say how many there are for this source."""
        return sum(len(keys) for (place, _), keys in self.keys.items() if place == source)

    def hits(self, posts: pa.Table, *, source: str) -> pa.Array:
        """Say for each post whether a tombstone names it or its author; shape (n_posts,)."""
        hit = pa.repeat(pa.scalar(False), len(posts))
        for kind, column in _COLUMN.items():
            if (source, kind) not in self.keys:
                continue
            named = self._named(kind, source, posts[column])
            hit = pc.or_(hit, pc.is_in(posts[column], pa.array(named, pa.string())))
        return hit.combine_chunks() if isinstance(hit, pa.ChunkedArray) else hit

    def hits_among(self, rows: pa.Table) -> pa.ChunkedArray:
        """Say for each row, of any source, whether a tombstone names its post; shape (n_rows,)."""
        hit = pa.chunked_array([pa.repeat(pa.scalar(False), len(rows))])
        for source, kind in self.keys:
            if kind == "post":
                here = pc.equal(rows["source"], source)
                named = self._named(kind, source, rows["post_id"].filter(here))
                there = pc.is_in(rows["post_id"], pa.array(named, pa.string()))
                hit = pc.or_(hit, pc.and_(here, there))
        return hit

    def drop(self, posts: pa.Table, *, source: str) -> pa.Table:
        """Leave out the posts that a tombstone names, and forgotten authors where posts mention them."""
        if not self.columns_for(source):
            return posts
        kept = posts.filter(pc.invert(self.hits(posts, source=source)))
        return self.drop_mentions(kept, source=source)

    def drop_mentions(self, posts: pa.Table, *, source: str) -> pa.Table:
        """Take forgotten authors out of `mention_keys`, where there is such a column."""
        kinds = [kind for kind in _MENTIONED if (source, kind) in self.keys]
        if not kinds or "mention_keys" not in posts.column_names:
            return posts
        column = posts["mention_keys"].combine_chunks()
        mentioned = pc.list_flatten(column)
        named = [name for kind in kinds for name in self._named(kind, source, mentioned)]
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
        keys = self._sets.get((source, kind), frozenset())
        return bool(keys) and self.pseudonyms.hidden_key(kind, source, identifier) in keys

    @cached_property
    def _sets(self) -> dict[tuple[str, TombstoneKind], frozenset[str]]:
        """The keys for who asks one by one."""
        return {place: frozenset(keys.to_pylist()) for place, keys in self.keys.items()}

    def _named(self, kind: TombstoneKind, source: str, values: pa.Array) -> list[str]:
        """Those among the values that a tombstone names; each is hashed once."""
        hide = self.pseudonyms.hidden_key
        distinct = pc.unique(values.drop_null()).to_pylist()
        hidden = {hide(kind, source, value): value for value in distinct}
        keys = self.keys[source, kind]
        # This way round, for there may be many more tombstones than values.
        found = keys.filter(pc.is_in(keys, pa.array(hidden, pa.string())))
        return [hidden[key] for key in found.to_pylist()]


def bury(
    store: Store,
    kind: TombstoneKind,
    source: str,
    identifiers: Collection[str],
    *,
    reason: Reason,
    alive: Collection[str] = (),
) -> int:
    """Add tombstones of one kind; see `bury_together`."""
    return bury_together(store, source, {kind: identifiers}, reason=reason, alive=alive)


def bury_together(
    store: Store,
    source: str,
    names: Mapping[TombstoneKind, Collection[str]],
    *,
    reason: Reason,
    alive: Collection[str] = (),
    at: datetime | None = None,
) -> int:
    """Add tombstones, in one commit; those that are there already stay as they are.

    Parameters
    ----------
    store
        Where to.
    source
        The source of what is named.
    names
        Post ids, authors' pseudonyms, and pseudonyms that posts mention.
    reason
        Why.
    alive
        Those among them that the store still holds, so that readers must mind them for now.
    at
        When; now unless given.

    Returns
    -------
    int
        How many were added.
    """
    if not any(names.values()):
        return 0
    there, at = Tombstones.load(store), at or datetime.now(UTC)
    hide, rows = store.pseudonyms.hidden_key, []
    for kind, identifiers in names.items():
        keys = {hide(kind, source, name): name not in alive for name in identifiers}
        known = there.keys.get((source, kind), pa.array([], pa.string()))
        is_there = pc.is_in(pa.array(keys, pa.string()), known).to_pylist()
        rows += [
            {
                "source": source,
                "kind": kind,
                "hidden_key": key,
                "reason": reason,
                "at": at,
                "swept": swept,
            }
            for (key, swept), old in zip(keys.items(), is_there, strict=True)
            if not old
        ]
    if rows:
        store.append("tombstones", pa.Table.from_pylist(rows, schema=TOMBSTONES.arrow))
    return len(rows)


def mark_swept(store: Store, tombstones: Tombstones, *, reasons: Collection[Reason]) -> None:
    """Note that the store was rewritten without what these tombstones, of such reasons, name."""
    if not tombstones.keys:
        return
    table = store.open("tombstones")
    rows = store.read_at(table)
    named = pc.is_in(rows["hidden_key"], pa.concat_arrays(list(tombstones.keys.values())))
    done = pc.and_(named, pc.is_in(rows["reason"], pa.array(reasons, pa.string())))
    if pc.any(pc.and_not(done, rows["swept"])).as_py():
        place = rows.schema.get_field_index("swept")
        swept = pc.or_(rows["swept"], done)
        store.replace(table, rows.set_column(place, rows.schema.field(place), swept))
