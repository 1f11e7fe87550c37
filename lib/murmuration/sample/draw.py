"""What the posts of a block are: when, by whom, about what, in which language and mood, of what kind."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from murmuration.sample.authors import THEMES, Crowd, Writers
from murmuration.sample.plan import Plan
from murmuration.sample.planned import STYLES
from murmuration.sample.volume import HOURS_OF_WEEK, plan_volume
from murmuration.sample.words.book import ADVERT_WORDS, CAUSE_WORDS, TOPIC_WORDS, WORDS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEGATIVE, NEUTRAL, POSITIVE = range(3)
PLAIN, REPOST, COPY, SPAM, REPLY, QUOTE = range(6)  # what a post is
BROKEN = ("unreadable time", "no id and no text", "torn line")

_ASK, _NEWS, _ADVERT = (STYLES.index(name) for name in ("ask", "news", "advert"))
_MOST_OF_A_GROUP = 0.95  # of a group's posts are no more than this reposts, copies and spam
_NEWS_RESERVE = 0.6  # news desks write so much of a crisis' negative posts as negative


@dataclass(frozen=True, slots=True)
class Facts:
    """The posts of a block before anything is written; all of shape (n_posts,), in order of time.

    Attributes
    ----------
    first
        Number of the first post among all.
    time_us
        When, microseconds since 1970, in whole milliseconds.
    home
        Number of the brand; the number of brands for chatter.
    crisis
        Number of the crisis, −1 for none.
    topic
        Number in `Stage.topic_names`.
    words, other_words
        Vocabularies of the clause and of the rest, numbers in `words.book.WORDS`.
    writers
        Who.
    style, feeling, role
        Numbers; `role` is one of the constants of this module.
    spam
        Whether it is unwanted advertising.
    broken
        0, or 1 + the number in `BROKEN`.
    """

    first: int
    time_us: Ints
    home: Ints
    crisis: Ints
    topic: Ints
    words: Ints
    other_words: Ints
    writers: Writers
    style: Ints
    feeling: Ints
    role: Ints
    spam: Flags
    broken: Ints

    def __len__(self) -> int:
        return len(self.time_us)


class Stage:
    """Everything that is decided before the first post: volumes, authors, chances.

    Parameters
    ----------
    plan
        What is planted.
    n
        Posts in all.
    seed
        Of all chance.
    """

    def __init__(self, plan: Plan, n: int, seed: int) -> None:
        self.plan = plan
        self.seed = seed
        self.volume = plan_volume(plan, n, np.random.default_rng([seed, 0]))
        self._words = _stream_words(plan)
        self._themes = np.array(
            [THEMES.index(_theme(words[0])) for words in self._words], dtype=np.int64
        )
        self.crowd = Crowd(plan, n, seed, self._theme_volumes())

    @cached_property
    def topic_names(self) -> list[str]:
        """Names in `truth_topic`: the streams, then advertising."""
        streams = [topic.key for topic in self.plan.all_topics]
        crises = [f"crisis/{crisis.key}" for crisis in self.plan.all_crises]
        return [*streams, *crises, *ADVERT_WORDS]

    def _theme_volumes(self) -> Floats:
        """Posts by theme and hour of the week; shape (n_themes, 168)."""
        counts = self.volume.counts
        hours = self.volume.hour_of_week(np.arange(len(counts)))
        found = np.zeros((len(THEMES), HOURS_OF_WEEK))
        np.add.at(found, (self._themes[None, :], hours[:, None]), counts)
        return found

    @cached_property
    def _homes(self) -> Ints:
        """Number of the brand of each stream."""
        keys: list[str | None] = [*(brand.key for brand in self.plan.brands), None]
        brands = [
            *(topic.brand for topic in self.plan.all_topics),
            *(crisis.brand for crisis in self.plan.all_crises),
        ]
        return np.array([keys.index(brand) for brand in brands])

    @cached_property
    def _roles(self) -> Floats:
        """Cumulated chances of roles by group, without `PLAIN`; shape (n_groups, 5)."""
        plan, groups = self.plan, self.plan.groups
        posts = np.array([group.post_share for group in groups])
        posts = posts / posts.sum()
        chances = np.zeros((len(groups), 5))
        factors = (
            (plan.repost_share, [group.reposts for group in groups]),
            (plan.copy_share, [group.copies for group in groups]),
            (plan.spam_share, [group.spam for group in groups]),
        )
        for column, (share, factor) in enumerate(factors):
            weights = np.array(factor)
            chances[:, column] = share * weights / ((posts * weights).sum() or 1.0)
        # The copies of those who spam are campaigns of spam.
        chances[:, 2] = np.maximum(0, chances[:, 2] - chances[:, 1] * (chances[:, 2] > 0))
        total = chances.sum(axis=1, keepdims=True)
        chances *= np.minimum(1, _MOST_OF_A_GROUP / np.maximum(total, 1e-12))
        left = 1 - chances.sum(axis=1)
        chances[:, 3] = left * [group.replies for group in groups]
        chances[:, 4] = left * [group.quotes for group in groups]
        return np.asarray(chances.cumsum(axis=1))

    @cached_property
    def _feelings(self) -> Floats:
        """Chances of negative and of negative or neutral, by topic and group; (n_topics, n_groups, 2)."""
        found = np.zeros((len(self.topic_names), len(self.plan.groups), 2))
        names = [*self._words, *((name,) for name in ADVERT_WORDS)]
        for row, words in enumerate(names):
            usual = np.mean([WORDS[name].feelings for name in words], axis=0)
            for column, group in enumerate(self.plan.groups):
                negative, positive = usual * (group.negative, group.positive)
                over = max(1.0, (negative + positive) / 0.97)
                found[row, column] = negative / over, 1 - positive / over
        self._set_crisis_feelings(found)
        return found

    def _set_crisis_feelings(self, found: Floats) -> None:
        for row, crisis in enumerate(self.plan.all_crises, len(self.plan.all_topics)):
            for column, group in enumerate(self.plan.groups):
                negative = crisis.negative * (_NEWS_RESERVE if group.style == "news" else 1)
                found[row, column] = negative, 1 - (1 - negative) / 3

    def draw(self, number: int, slots: tuple[int, int], first: int) -> Facts:
        """Draw the posts of some slots.

        Parameters
        ----------
        number
            Of the block, from which its chance comes.
        slots
            First slot, and the one behind the last.
        first
            Number of the first post among all.
        """
        rng = np.random.default_rng([self.seed, 1, number])
        slot, stream, time_us = self._moments(slots, rng)
        crisis = np.maximum(stream - len(self.plan.all_topics), -1)
        home = self._homes[stream]
        writers = self.crowd.pick(
            self._themes[stream], self.volume.hour_of_week(slot), home, crisis, rng
        )
        chances = rng.random((7, len(slot)))
        broken = self._draw_broken(chances[1], chances[2])
        role, spam = self._draw_roles(writers.group, broken, chances[0])
        topic = np.where(spam, self._adverts(chances[3]), stream)
        style = self._styles(writers, home, spam)
        return Facts(
            first=first,
            time_us=time_us,
            home=home,
            crisis=np.where(spam, -1, crisis),
            topic=topic,
            words=self._draw_words(topic, chances[4]),
            other_words=self._draw_words(topic, chances[5]),
            writers=writers,
            style=style,
            feeling=self._draw_feelings(topic, writers, style, chances[6]),
            role=role,
            spam=spam,
            broken=broken,
        )

    def _moments(self, slots: tuple[int, int], rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
        """Slot, stream and time of each post, in order of time."""
        slot, stream = self._places(slots)
        time_us = self._times(slot, stream, rng)
        order = np.argsort(time_us, kind="stable")
        return slot[order], stream[order], time_us[order]

    def _draw_broken(self, chances: Floats, kinds: Floats) -> Ints:
        kind = 1 + (kinds * len(BROKEN)).astype(np.int64)
        return np.where(chances < self.plan.broken_share, kind, 0)

    def _draw_roles(self, group: Ints, broken: Ints, chances: Floats) -> tuple[Ints, Flags]:
        """Role of each post, and whether it is spam."""
        role = 1 + (chances[:, None] > self._roles[group]).sum(axis=1)
        role = np.where((role > QUOTE) | (broken > 0), PLAIN, role)
        spammers = np.array([group.spam > 0 for group in self.plan.groups])[group]
        return role, (role == SPAM) | ((role == COPY) & spammers)

    def _places(self, slots: tuple[int, int]) -> tuple[Ints, Ints]:
        """Slot and stream of each post."""
        counts = self.volume.counts[slots[0] : slots[1]]
        streams = counts.shape[1]
        cell = np.repeat(np.arange(counts.size), counts.ravel())
        return slots[0] + cell // streams, cell % streams

    def _times(self, slot: Ints, stream: Ints, rng: np.random.Generator) -> Ints:
        """Times within the slot, and within the crisis where it ends inside."""
        begin = self.volume.start_us + slot * self.volume.slot_us
        end = begin + self.volume.slot_us
        crisis = stream - len(self.plan.all_topics)
        windows = np.vstack([self.volume.windows, [[0, 2**62]]])[np.where(crisis < 0, -1, crisis)]
        begin, end = np.maximum(begin, windows[:, 0]), np.minimum(end, windows[:, 1])
        moment = begin + (rng.random(len(slot)) * (end - begin)).astype(np.int64)
        return np.asarray(moment // 1000 * 1000)

    def _adverts(self, chances: Floats) -> Ints:
        return len(self._words) + (chances * len(ADVERT_WORDS)).astype(np.int64)

    def _styles(self, writers: Writers, home: Ints, spam: Flags) -> Ints:
        own = np.array([STYLES.index(group.style) for group in self.plan.groups])[writers.group]
        # Who advertises poses as an ordinary author in between; and chatter knows no headlines.
        own = np.where((own == _ADVERT) | (home == len(self.plan.brands)), 0, own)
        return np.where(spam, _ADVERT, own)

    @cached_property
    def _word_numbers(self) -> tuple[Ints, Ints]:
        """Vocabularies by topic, and how many there are; shapes (n_topics, most) and (n_topics,)."""
        names = list(WORDS)
        lists = [*self._words, *((name,) for name in ADVERT_WORDS)]
        numbers = np.zeros((len(lists), max(map(len, lists))), dtype=np.int64)
        for row, words in enumerate(lists):
            numbers[row, : len(words)] = [names.index(name) for name in words]
        return numbers, np.array([len(words) for words in lists])

    def _draw_words(self, topic: Ints, chances: Floats) -> Ints:
        numbers, counts = self._word_numbers
        return numbers[topic, (chances * counts[topic]).astype(np.int64)]

    def _draw_feelings(self, topic: Ints, writers: Writers, style: Ints, chances: Floats) -> Ints:
        limits = self._feelings[topic, writers.group]
        feeling = (chances[:, None] > limits).sum(axis=1)
        # Only English has headlines with a feeling.
        english = np.array([name == "en" for name in self.plan.languages])[writers.lang]
        return np.where((style == _NEWS) & ~english, NEUTRAL, feeling)


def _stream_words(plan: Plan) -> list[tuple[str, ...]]:
    topics = [topic.words for topic in plan.all_topics]
    return [*topics, *((crisis.words,) for crisis in plan.all_crises)]


def _theme(name: str) -> str:
    return (TOPIC_WORDS | CAUSE_WORDS)[name].theme
