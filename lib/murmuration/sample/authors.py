"""Who writes: groups of authors, how active each is, and what stays the same for an author.

Nothing is kept per author. What an author is follows from a hash of the author's number, so a million
of them cost no memory.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtri

from murmuration.sample.plan import Plan
from murmuration.sample.planned import USUAL_WEEKDAYS, PlannedGroup
from murmuration.sample.words.book import CAUSE_WORDS, TOPIC_WORDS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

# Share of an author's posts that are about the brand the author cares for most.
_LOYALTY = 0.75
_CRISIS_CROWD = 0.85  # of a crisis' posts, written by its few accounts where it has few
_GOLDEN = 0.6180339887498949
_FITTING_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Writers:
    """Who wrote each post of a block; all of shape (n_posts,).

    Attributes
    ----------
    group, number
        Number of the group and of the author.
    lang
        Number of the author's language.
    """

    group: Ints
    number: Ints
    lang: Ints


class Crowd:
    """All authors of a plan.

    Parameters
    ----------
    plan
        What is planted.
    n
        Posts in all.
    seed
        Other seeds have other authors.
    volumes
        Posts by theme of the stream and hour of the week, for groups to get their share; shape
        (n_themes, 168).
    """

    def __init__(self, plan: Plan, n: int, seed: int, volumes: Floats) -> None:
        self._plan = plan
        self._seed = np.uint64(seed % 2**63)
        shares = np.array([group.author_share for group in plan.groups])
        wanted = n / plan.posts_per_author * shares / shares.sum()
        self.sizes: Ints = np.maximum(1, np.rint(wanted)).astype(np.int64)
        self._first = np.concatenate([[0], self.sizes.cumsum()[:-1]])
        self._tails = np.array([group.tail for group in plan.groups])
        self._chances = _group_chances(plan, volumes).cumsum(axis=2)
        self._languages = _language_chances(plan).cumsum(axis=1)

    def pick(
        self, theme: Ints, hour: Ints, home: Ints, crisis: Ints, rng: np.random.Generator
    ) -> Writers:
        """Pick who writes each post.

        Parameters
        ----------
        theme, hour
            Theme of the stream and hour of the week of each post.
        home
            Number of the brand, the number of brands for chatter.
        crisis
            Number of the crisis, −1 for none.
        rng
            Source of chance.
        """
        chances = rng.random((4, len(theme)))
        group = (chances[0][:, None] > self._chances[theme, hour, :-1]).sum(axis=1)
        few, rank = self._crisis_crowd(crisis, rng)
        group = np.where(few, 0, group)
        size = self.sizes[group]
        place = self._place(group, size, home, chances)
        place = np.where(few, np.minimum(rank, size - 1), place)
        number = self._first[group] + place
        # A golden-ratio sequence instead of chance: otherwise the languages of the few authors who write
        # most would shift all shares.
        spread = (place * _GOLDEN + group * 0.37) % 1.0
        lang = (spread[:, None] > self._languages[group, :-1]).sum(axis=1)
        return Writers(group, number, lang)

    def _place(self, group: Ints, size: Ints, home: Ints, chances: Floats) -> Ints:
        """Number within the group: authors of one favourite brand come every n_brands-th."""
        brands = len(self._plan.brands)
        stray = (chances[1] > _LOYALTY) | (home == brands)
        # What is left of the same number is as good as a new one.
        other = (chances[1] * 1e6 % 1.0 * brands).astype(np.int64)
        favourite = np.minimum(np.where(stray, other, home), size - 1)
        count = (size - favourite + brands - 1) // brands
        rank = (count * chances[2] ** (1 / (1 - self._tails[group]))).astype(np.int64)
        return np.asarray(favourite + np.minimum(rank, count - 1) * brands)

    def _crisis_crowd(
        self, crisis: Ints, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.bool_], Ints]:
        accounts = np.array([0, *(one.accounts or 0 for one in self._plan.all_crises)])
        chances = rng.random((2, len(crisis)))
        limit = accounts[crisis + 1]
        few = (limit > 0) & (chances[0] < _CRISIS_CROWD)
        # Away from the start of the group, where those are who always write most.
        start = self.sizes[0] // 2 + crisis * 97
        return few, start + (limit * chances[1] ** 2).astype(np.int64)

    def trait(self, number: Ints, what: int) -> Floats:
        """A number from 0 to 1 that an author keeps; one for each `what`."""
        return (self._hash(number, what) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def followers(self, group: Ints, number: Ints, progress: Floats) -> Ints:
        """Followers when posting; `progress` through the plan from 0 to 1 adds up to a tenth."""
        median = np.array([one.followers for one in self._plan.groups])[group]
        spread = np.array([one.followers_spread for one in self._plan.groups])[group]
        deviation = ndtri(np.clip(self.trait(number, 1), 1e-9, 1 - 1e-9))
        grown = 1 + 0.1 * progress * self.trait(number, 2)
        return np.asarray(median * np.exp(spread * deviation) * grown, dtype=np.int64)

    def keys(self, number: Ints) -> pa.Array:
        """Keys of authors: 32 hex digits each."""
        halves = np.stack([self._hash(number, 3), self._hash(number, 4)], axis=1)
        octets = halves.astype(">u8").view(np.uint8).reshape(len(number), 16)
        digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
        text = np.stack([digits[octets >> 4], digits[octets & 15]], axis=2)
        offsets = np.arange(len(number) + 1, dtype=np.int32) * 32
        return pa.StringArray.from_buffers(
            len(number), pa.py_buffer(offsets), pa.py_buffer(text.tobytes())
        )

    def _hash(self, number: Ints, what: int) -> Hashes:
        """SplitMix64 (Steele, Lea & Flood 2014, OOPSLA) of seed, purpose and number."""
        with np.errstate(over="ignore"):
            salt = self._seed * np.uint64(0x9E3779B97F4A7C15) + np.uint64(what)
            return _mix(number.astype(np.uint64) + _mix(np.atleast_1d(salt)))


def _mix(values: Hashes) -> Hashes:
    with np.errstate(over="ignore"):
        mixed = values * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


THEMES = tuple(dict.fromkeys(words.theme for words in (TOPIC_WORDS | CAUSE_WORDS).values()))


def _group_chances(plan: Plan, volumes: Floats) -> Floats:
    """Chance of each group by theme and hour of the week; shape (n_themes, 168, n_groups).

    Fitted in turns, so that each hour and theme is full and each group gets its share of all posts.
    """
    rhythm = np.array([_rhythm(group) for group in plan.groups]).T
    tastes = np.array([[group.tastes.get(theme, 1.0) for group in plan.groups] for theme in THEMES])
    shares = np.array([group.post_share for group in plan.groups])
    chances = tastes[:, None, :] * (rhythm * shares)[None] + 1e-12
    total = volumes.sum() or 1.0
    for _ in range(_FITTING_ROUNDS):
        chances /= chances.sum(axis=2, keepdims=True)
        found = np.einsum("th,thg->g", volumes, chances) / total
        chances *= np.where(found > 0, shares / shares.sum() / np.maximum(found, 1e-12), 0)
    return np.asarray(chances / chances.sum(axis=2, keepdims=True))


def _rhythm(group: PlannedGroup) -> Floats:
    hours = np.array(group.hours) / np.mean(group.hours)
    weekdays = np.array(group.weekdays) / np.array(USUAL_WEEKDAYS)
    return np.outer(weekdays / weekdays.mean(), hours).ravel()


def _language_chances(plan: Plan) -> Floats:
    """Chance of each language by group; shape (n_groups, n_languages)."""
    names = list(plan.languages)
    shares = np.array([plan.languages[name] for name in names])
    tilts = np.array([[group.languages.get(name, 1.0) for name in names] for group in plan.groups])
    chances = shares * tilts
    empty = chances.sum(axis=1) == 0
    chances[empty] = shares
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
