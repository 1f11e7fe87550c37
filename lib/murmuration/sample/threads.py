"""Which earlier post a post passes on, copies, answers or quotes.

Only some late posts of each kind are remembered, so memory stays bounded however many posts there are.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_KEY = np.int64(1) << 40  # more than there are rows in a block and remembered ones together
_REMEMBERED = 24  # posts of each kind
_SOURCES = 3  # campaign texts of each kind that are copied at one time
# One post in so many goes viral: it draws most of what is passed on, which gives the heavy tail.
VIRAL_EVERY = 23
_TO_VIRAL = 0.6
_NEW_CAMPAIGN = 1 / 40  # of the copies begin another text, so that one has 40 copies on average


@dataclass(slots=True)
class Memory:
    """Remembered posts of one purpose, sorted by kind and, within, by time.

    Attributes
    ----------
    kinds, rows
        Kind of each, and its row among the remembered posts; both of shape (n_remembered,).
    forgotten
        How many of each kind are remembered no more, by kind.
    """

    kinds: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    rows: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    forgotten: dict[int, int] = field(default_factory=dict)


class Candidates:
    """Posts that can be pointed to, remembered ones and those of a block.

    Parameters
    ----------
    memory
        What is remembered; not changed.
    offset
        Number of remembered rows: row i of the block has the number ``offset + i``.
    kinds, rows
        Kind of each candidate of the block, and its row there, in order of time.
    """

    def __init__(self, memory: Memory, offset: int, kinds: Ints, rows: Ints) -> None:
        self._memory, self._offset = memory, offset
        every = np.concatenate([memory.kinds, kinds])
        places = np.concatenate([memory.rows, rows + offset])
        order = np.lexsort((places, every))
        self._kinds, self._rows = every[order], places[order]
        self._keys = self._kinds * _KEY + self._rows
        begin = np.searchsorted(self._keys, self._kinds * _KEY)
        self._rank = np.arange(len(order)) - begin + self._forgotten(self._kinds)

    def _forgotten(self, kinds: Ints) -> Ints:
        names, where = np.unique(kinds, return_inverse=True)
        counts = [self._memory.forgotten.get(int(name), 0) for name in names]
        return np.array(counts, dtype=np.int64)[where]

    def viral(self, n: int) -> Flags:
        """Which posts of the block go viral; shape (n,)."""
        found = np.zeros(n, dtype=np.bool_)
        mine = (self._rows >= self._offset) & (self._rank % VIRAL_EVERY == 0)
        found[self._rows[mine] - self._offset] = True
        return found

    def find(
        self, kinds: Ints, rows: Ints, chances: npt.NDArray[np.float64], *, last: int = 0
    ) -> Ints:
        """Give an earlier post of the same kind for each post.

        Parameters
        ----------
        kinds, rows
            Kind and row in the block of those who look for one.
        chances
            Shape (2, n); the first draws how old it is, the second whether it is a viral one.
        last
            If above 0: only so many late ones count, all alike, and none is viral.

        Returns
        -------
        numpy.ndarray
            Numbers of the posts, −1 where there is none; int64, shape (n,).
        """
        if not len(self._keys):
            return np.full(len(rows), -1, dtype=np.int64)
        begin = np.searchsorted(self._keys, kinds * _KEY)
        end = np.searchsorted(self._keys, kinds * _KEY + rows + self._offset)
        there = end - begin
        if last:
            place = end - 1 - (chances[0] * np.minimum(there, last)).astype(np.int64)
        else:
            # Cubed, for the newest posts are passed on most.
            age = chances[0] ** 3 * np.minimum(there, _REMEMBERED)
            place = end - 1 - age.astype(np.int64)
            snapped = place - self._rank[np.maximum(place, 0)] % VIRAL_EVERY
            place = np.where((chances[1] < _TO_VIRAL) & (snapped >= begin), snapped, place)
        return np.where(there > 0, self._rows[np.maximum(place, 0)], -1)

    def remember(self, many: int) -> Memory:
        """What to keep for the next block, with rows as they are numbered in this one."""
        end = np.searchsorted(self._keys, (self._kinds + 1) * _KEY)
        keep = end - np.arange(len(end)) <= many
        kinds, counts = np.unique(self._kinds[~keep], return_counts=True)
        forgotten = dict(self._memory.forgotten)
        for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
            forgotten[kind] = forgotten.get(kind, 0) + count
        return Memory(self._kinds[keep], self._rows[keep], forgotten)


@dataclass(slots=True)
class Threads:
    """What is remembered from block to block."""

    posts: Memory = field(default_factory=Memory)
    campaigns: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Links:
    """What each post of a block points to; numbers as in `Candidates`.

    Attributes
    ----------
    repost, copy, parent
        The post that is passed on, copied, or answered or quoted; −1 for none.
    viral
        Which posts go viral.
    """

    repost: Ints
    copy: Ints
    parent: Ints
    viral: Flags


def link_posts(
    threads: Threads,
    offset: int,
    *,
    kinds: Ints,
    reposts: Flags,
    copies: Flags,
    others: Flags,
    broken: Flags,
    rng: np.random.Generator,
) -> tuple[Links, Threads]:
    """Find what the posts of a block point to, and what to remember for the next one.

    Parameters
    ----------
    threads
        What is remembered; not changed.
    offset
        Number of remembered rows.
    kinds
        Posts of one kind pass on, copy and answer each other.
    reposts, copies, others
        Which posts want to pass on, to copy, to answer or quote; shape (n_posts,).
    broken
        Posts that nobody can point to.
    rng
        Source of chance.
    """
    n = len(kinds)
    chances = rng.random((5, n))
    campaigns, copy = _link_copies(threads.campaigns, offset, kinds, copies, chances)
    rows = np.flatnonzero(~(reposts | copies | broken))
    posts = Candidates(threads.posts, offset, kinds[rows], rows)
    found = []
    for wanted, draw in ((reposts, chances[1:3]), (others, chances[3:5])):
        link = np.full(n, -1, dtype=np.int64)
        link[wanted] = posts.find(
            kinds[wanted], np.flatnonzero(wanted), np.asarray(draw[:, wanted])
        )
        found.append(link)
    kept = Threads(posts.remember(_REMEMBERED), campaigns.remember(_SOURCES))
    return Links(found[0], copy, found[1], posts.viral(n)), kept


def _link_copies(
    memory: Memory, offset: int, kinds: Ints, copies: Flags, chances: npt.NDArray[np.float64]
) -> tuple[Candidates, Ints]:
    """Some copies are the first of their text; the others copy one of the last few of their kind."""
    rows = np.flatnonzero(copies)
    first = chances[0, rows] < _NEW_CAMPAIGN
    # The new text of a kind that has none yet.
    alone = ~np.isin(kinds[rows], memory.kinds)
    _, fronts = np.unique(kinds[rows[alone]], return_index=True)
    first[np.flatnonzero(alone)[fronts]] = True
    sources = Candidates(memory, offset, kinds[rows[first]], rows[first])
    link = np.full(len(copies), -1, dtype=np.int64)
    others = rows[~first]
    link[others] = sources.find(kinds[others], others, chances[1:3, others], last=_SOURCES)
    return sources, link


def find_roots(parents: Ints, roots: Ints) -> Ints:
    """Follow answers up to the first post of the conversation.

    Parameters
    ----------
    parents
        For each row the row that it answers, itself if none; shape (n,).
    roots
        For each row that answers none: id of the first post of its conversation; shape (n,).

    Returns
    -------
    numpy.ndarray
        Ids of first posts; shape (n,).
    """
    top = parents
    while not np.array_equal(higher := top[top], top):
        top = higher
    return roots[top]
