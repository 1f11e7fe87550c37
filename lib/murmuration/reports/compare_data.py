"""What became of the posts that two runs read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.store.moments import State
from murmuration.store.posts import load_posts

Ids = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChange:
    """What became of the posts of the time that both runs read.

    Attributes
    ----------
    since, until
        That time.
    before, after
        Posts that each run saw there.
    late
        Posts that only the second saw: they came in after the first had run.
    gone
        Posts that only the first saw: deleted or forgotten since.
    edited
        Posts that both saw, of which the source said something else.
    added
        Posts of the time that only the second read.
    """

    since: str
    until: str
    before: int
    after: int
    late: int
    gone: int
    edited: int
    added: int


def compare_data(old: Mapping[str, Any], new: Mapping[str, Any]) -> DataChange | None:
    """Compare the posts that two runs saw, of the time that both read; reads their keys.

    Parameters
    ----------
    old, new
        Manifests.

    Returns
    -------
    DataChange or None
        None where they read no time in common, or other sources.

    Raises
    ------
    StoreError
        If the store no longer has the state that a run saw.
    """
    periods = [manifest["period"] for manifest in (old, new) if manifest.get("period")]
    sources = [manifest["parameters"].get("source") or None for manifest in (old, new)]
    if len(periods) < 2 or sources[0] != sources[1]:
        return None
    since = max(datetime.fromisoformat(period["since"]) for period in periods)
    until = min(datetime.fromisoformat(period["until"]) for period in periods)
    if since >= until:
        return None
    (ids, said), (new_ids, new_said) = (
        _read_posts(sources[0], since, until, state_of(manifest)) for manifest in (old, new)
    )
    _, here, there = np.intersect1d(ids, new_ids, assume_unique=True, return_indices=True)
    return DataChange(
        since=since.isoformat(),
        until=until.isoformat(),
        before=len(ids),
        after=len(new_ids),
        late=len(new_ids) - len(there),
        gone=len(ids) - len(here),
        edited=int((said[here] != new_said[there]).sum()),
        added=_count_added(sources[1], periods[1], since, until, state_of(new)),
    )


def _count_added(
    source: str | None, period: Mapping[str, Any], since: datetime, until: datetime, state: State
) -> int:
    """Count the posts of a period that lie before or after a part of it."""
    first, last = (datetime.fromisoformat(period[end]) for end in ("since", "until"))
    parts = [span for span in ((first, since), (until, last)) if span[0] < span[1]]
    return sum(len(_read_posts(source, *span, state)[0]) for span in parts)


def state_of(manifest: Mapping[str, Any]) -> State:
    """Give the state of the store that a run saw."""
    pinned = manifest["pinned"]
    moment = datetime.fromisoformat(pinned.get("moment", manifest["started_at"]))
    return State(pinned["tables"], moment)


def _read_posts(
    source: str | None, since: datetime, until: datetime, state: State
) -> tuple[Ids, npt.NDArray[np.int64]]:
    """Give a hash of each post's key and of what was said in it; 16 bytes a post."""
    columns = ["source", "post_id", "content_hash"]
    posts = load_posts(source, since=since, until=until, columns=columns, as_of=state)
    meta = pd.DataFrame({"id": pd.Series(dtype="uint64"), "said": pd.Series(dtype="int64")})
    found = posts.map_partitions(_hash_posts, meta=meta).compute()
    return found["id"].to_numpy(np.uint64), found["said"].to_numpy(np.int64)


def _hash_posts(posts: pd.DataFrame) -> pd.DataFrame:
    keys = posts["source"].astype(str) + "\x00" + posts["post_id"].astype(str)
    hashes = pd.util.hash_pandas_object(keys, index=False)
    return pd.DataFrame(
        {"id": hashes.to_numpy(np.uint64), "said": posts["content_hash"].to_numpy(np.int64)}
    )
