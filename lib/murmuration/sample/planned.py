"""The parts of a plan: brands, topics, author groups and crises, each checked where it is made."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from murmuration.errors import ParamError, suggest
from murmuration.sample.words.book import CAUSE_WORDS, TOPIC_WORDS

Shape = Literal["constant", "growing", "born", "died", "split", "merged"]
Style = Literal["plain", "ask", "news", "advert"]

SHAPES: tuple[Shape, ...] = ("constant", "growing", "born", "died", "split", "merged")
STYLES: tuple[Style, ...] = ("plain", "ask", "news", "advert")
HOURS, WEEKDAYS = 24, 7

# Posts by hour of the day, 0 to 23 UTC: quiet nights, a rise at noon, most in the evening.
USUAL_HOURS = (
    0.9, 0.6, 0.4, 0.35, 0.35, 0.5, 0.9, 1.4, 1.7, 1.8, 1.8, 1.9,
    2.1, 2.0, 1.8, 1.7, 1.8, 2.0, 2.3, 2.5, 2.5, 2.2, 1.7, 1.2,
)  # fmt: skip
USUAL_WEEKDAYS = (1.0, 1.0, 1.0, 1.0, 1.1, 0.9, 0.85)  # Monday to Sunday


@dataclass(frozen=True, kw_only=True)
class PlannedBrand:
    """A brand that posts speak of.

    Attributes
    ----------
    key
        Its key in the catalog.
    names
        How posts write its name; one that is repeated is used more often.
    handles, hashtags
        Without their sign.
    share
        Share of all posts, 0 to 1, that speak of it outside of crises.
    local_names
        Names in other scripts, by language; used beside `names` there.
    hours
        Posts by hour of the day, 0 to 23 UTC; shape (24,), any unit.
    """

    key: str
    names: tuple[str, ...]
    handles: tuple[str, ...]
    hashtags: tuple[str, ...]
    share: float
    local_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hours: tuple[float, ...] = USUAL_HOURS


@dataclass(frozen=True, kw_only=True)
class PlannedTopic:
    """A topic and its life.

    Attributes
    ----------
    key
        Name in `truth_topic`.
    brand
        Key of the brand it is about; None for chatter.
    words
        Vocabularies it is written with, see `murmuration.sample.words`; posts of a topic with several
        mix them.
    weight
        How much is posted relative to the brand's other topics while it is there; before growth.
    shape
        ``constant`` · ``growing``: from `day` on rises to `factor` times · ``born``: nothing before
        `day` · ``died``: nothing from `day` on · ``split``: a part of `parents`, which ends on `day`
        · ``merged``: takes the place of its two or more `parents` on `day`.
    day
        When its life changes, in whole days since the start of the plan.
    over_days
        How long the change takes; 1 is from one day to the next.
    factor
        Growth of a growing topic.
    parents
        Keys of topics.
    """

    key: str
    brand: str | None
    words: tuple[str, ...]
    weight: float = 1.0
    shape: Shape = "constant"
    day: int | None = None
    over_days: int = 1
    factor: float = 3.0
    parents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        where = f"The topic {self.key!r}"
        if self.shape not in SHAPES:
            raise ParamError(
                f"{where} has the shape {self.shape!r}.{suggest(str(self.shape), SHAPES)}"
            )
        if not self.words:
            raise ParamError(f"{where} has no words; name one vocabulary or more.")
        for name in self.words:
            if name not in TOPIC_WORDS:
                raise ParamError(
                    f"{where} asks for the words {name!r}.{suggest(name, TOPIC_WORDS)}"
                )
        check_positive(where, weight=self.weight, over_days=self.over_days, factor=self.factor)
        if (self.shape == "constant") != (self.day is None):
            raise ParamError(
                f"{where} is {self.shape} with day {self.day}; a constant topic has no day, every other "
                "one needs the day on which its life changes."
            )
        needed = {"split": 1, "merged": 2}.get(self.shape, 0)
        if (len(self.parents) < needed) or (self.parents and not needed):
            raise ParamError(
                f"{where} is {self.shape} and names {len(self.parents)} parents; a split topic has one, "
                "a merged one two or more, all others none."
            )


@dataclass(frozen=True, kw_only=True)
class PlannedGroup:
    """A group of authors who behave alike.

    Attributes
    ----------
    key
        Name in `truth_author_group`.
    author_share, post_share
        Shares of authors and of posts outside of crises, 0 to 1; posts over authors tells how active
        they are.
    style
        How they write: ``plain``, ``ask`` (requests), ``news`` (headlines), ``advert``.
    hours, weekdays
        Their rhythm: weights by hour of the day, 0 to 23 UTC, and from Monday to Sunday.
    tail
        How unequal activity is inside the group: 0 all alike, towards 1 a few write most.
    followers, followers_spread
        Median, and standard deviation of the natural logarithm.
    tastes
        Weight by theme of a topic; 1 unless named.
    languages
        Factors on the plan's language shares; 1 unless named.
    negative, positive
        Factors on the topic's usual shares of negative and positive posts.
    replies, quotes
        Shares of posts that answer or quote another, 0 to 1.
    reposts, copies, spam
        Factors on the plan's shares, relative to the other groups.
    emoji, links, tags, details, seconds, closers
        Chance that a post has one, 0 to 1; `tags` counts twice, for two hashtags; `seconds` is a second
        clause.
    handles, inline_tags
        Shares of brand mentions that are an @handle or a #hashtag, 0 to 1.
    typos, lower_case
        Share of posts with a slip of the finger; share of authors who never use capitals.
    reception
        Factor on likes and all that follows from them.
    """

    key: str
    author_share: float
    post_share: float
    style: Style = "plain"
    hours: tuple[float, ...] = USUAL_HOURS
    weekdays: tuple[float, ...] = USUAL_WEEKDAYS
    tail: float = 0.4
    followers: float = 200.0
    followers_spread: float = 1.0
    tastes: Mapping[str, float] = field(default_factory=dict)
    languages: Mapping[str, float] = field(default_factory=dict)
    negative: float = 1.0
    positive: float = 1.0
    replies: float = 0.1
    quotes: float = 0.02
    reposts: float = 1.0
    copies: float = 1.0
    spam: float = 0.0
    emoji: float = 0.2
    links: float = 0.03
    tags: float = 0.1
    details: float = 0.4
    seconds: float = 0.0
    closers: float = 0.35
    handles: float = 0.2
    inline_tags: float = 0.1
    typos: float = 0.04
    lower_case: float = 0.2
    reception: float = 1.0

    def __post_init__(self) -> None:
        where = f"The author group {self.key!r}"
        if self.style not in STYLES:
            raise ParamError(
                f"{where} has the style {self.style!r}.{suggest(str(self.style), STYLES)}"
            )
        for name in ("author_share", "post_share", "replies", "quotes", "emoji", "links", "tags",
                     "details", "seconds", "closers", "handles", "inline_tags", "typos", "lower_case"):  # fmt: skip
            check_share(where, name, getattr(self, name))
        check_positive(
            where,
            author_share=self.author_share,
            followers=self.followers,
            reception=self.reception,
        )
        if not 0 <= self.tail < 1:
            raise ParamError(f"{where} has the tail {self.tail}, but it must lie in 0 to below 1.")
        check_weights(where, "hours", self.hours, HOURS)
        check_weights(where, "weekdays", self.weekdays, WEEKDAYS)
        if self.replies + self.quotes > 1:
            raise ParamError(f"{where} has more than 100 % replies and quotes together.")


@dataclass(frozen=True, kw_only=True)
class PlannedCrisis:
    """A reputation crisis: for a while more posts about a brand, and most of them negative.

    Attributes
    ----------
    key
        Name in `truth_crisis`.
    brand
        Key of the brand.
    words
        Vocabulary of its cause.
    day
        When it begins, in days since the start of the plan; fractions are hours.
    hours
        How long it lasts.
    factor
        Volume of the brand during the crisis over what it would have been.
    negative
        Share of negative posts, 0 to 1, among the additional ones; a third of the others are positive.
    accounts
        How many accounts, of the first author group, write nearly all (85 %) of the additional posts; None
        for no limit.
    """

    key: str
    brand: str
    words: str
    day: float
    hours: float
    factor: float
    negative: float = 0.85
    accounts: int | None = None

    def __post_init__(self) -> None:
        where = f"The crisis {self.key!r}"
        if self.words not in CAUSE_WORDS:
            raise ParamError(
                f"{where} asks for the words {self.words!r}.{suggest(self.words, CAUSE_WORDS)}"
            )
        check_positive(where, hours=self.hours)
        check_share(where, "negative", self.negative)
        if not (math.isfinite(self.factor) and self.factor > 1):
            raise ParamError(f"{where} has the factor {self.factor}, but a crisis has more than 1.")
        if self.accounts is not None and self.accounts < 1:
            raise ParamError(f"{where} has {self.accounts} accounts, but it needs one or more.")


def check_share(where: str, name: str, value: float) -> None:
    """Make sure that a share lies in 0 to 1.

    Raises
    ------
    ParamError
        If not; `where` or `what` says in which part of the plan.
    """
    if not 0 <= value <= 1:
        raise ParamError(f"{where}: {name} is {value}, but a share must lie in 0 to 1.")


def check_positive(where: str, **values: float) -> None:
    """Make sure that numbers are above 0.

    Raises
    ------
    ParamError
        If not; `where` or `what` says in which part of the plan.
    """
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ParamError(f"{where}: {name} is {value}, but it must be above 0.")


def check_weights(where: str, name: str, values: tuple[float, ...], count: int) -> None:
    """Make sure that there are as many weights as needed, from 0 and not all 0.

    Raises
    ------
    ParamError
        If not; `where` or `what` says in which part of the plan.
    """
    usable = all(math.isfinite(value) and value >= 0 for value in values)
    if len(values) != count or not usable or not any(values):
        raise ParamError(
            f"{where}: {name} must be {count} weights from 0, one of them above; found {values}."
        )


def check_distinct(what: str, keys: Iterable[str]) -> None:
    """Make sure that no key comes twice.

    Raises
    ------
    ParamError
        If not; `where` or `what` says in which part of the plan.
    """
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise ParamError(f"The plan has two {what} entries called {key!r}. Rename one of them.")
        seen.add(key)
