"""What is planted in the sample posts: a plan that can be read, changed and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from murmuration.errors import ParamError, suggest
from murmuration.sample import usual
from murmuration.sample.planned import (
    HOURS,
    PlannedBrand,
    PlannedCrisis,
    PlannedGroup,
    PlannedTopic,
    check_distinct,
    check_positive,
    check_share,
    check_weights,
)
from murmuration.sample.words.abroad import LANGUAGES

_FIRST_YEAR, _LAST_YEAR = 2000, 2060  # ids are milliseconds since 2000 in the upper 41 of 63 bits


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What `make_posts` plants.

    Attributes
    ----------
    start
        First moment, in UTC.
    days
        Length in days.
    brands
        What posts are about.
    topics, crises
        None for the usual ones of the usual brands: lives are stretched or squeezed to `days`, and
        crises that do not fit are left out.
    groups
        Author groups.
    languages
        Shares of posts by language, any unit. ``en`` and those in `murmuration.sample.words.abroad`.
    chatter_share
        Share of posts about no brand; with the brands' shares it makes 1, whatever the unit.
    repost_share, copy_share, spam_share
        Of all posts, 0 to 1: passed on, the same campaign text by many accounts, unwanted advertising.
    near_copy_share
        Of the copies, 0 to 1: with a word or two added.
    broken_share
        Rows without a time, or without id and text.
    second_brand_share
        Of posts about a brand, 0 to 1: that also name another.
    declared_language_share
        Of posts, 0 to 1: whose language the platform says.
    unknown_count_share
        Of posts, 0 to 1: whose counts the platform withholds.
    posts_per_author
        Mean number.
    dispersion
        Size parameter of the negative binomial counts per hour: smaller is noisier.
    """

    start: datetime = datetime(2026, 1, 5, tzinfo=UTC)
    days: int = 84
    brands: tuple[PlannedBrand, ...] = usual.BRANDS
    topics: tuple[PlannedTopic, ...] | None = None
    groups: tuple[PlannedGroup, ...] = usual.GROUPS
    languages: Mapping[str, float] = field(
        default_factory=lambda: {"en": 0.72, "es": 0.09, "de": 0.07, "fr": 0.05, "pt": 0.04, "ja": 0.03}
    )  # fmt: skip
    crises: tuple[PlannedCrisis, ...] | None = None
    chatter_share: float = 0.1
    repost_share: float = 0.16
    copy_share: float = 0.03
    near_copy_share: float = 0.35
    spam_share: float = 0.05
    broken_share: float = 0.003
    second_brand_share: float = 0.05
    declared_language_share: float = 0.8
    unknown_count_share: float = 0.05
    posts_per_author: float = 15.0
    dispersion: float = 25.0

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_names()
        if self.topics is None:
            object.__setattr__(self, "topics", usual.usual_topics(self.brands, self.days))
        if self.crises is None:
            object.__setattr__(self, "crises", usual.usual_crises(self.brands, self.days))
        _check_topics(self)
        _check_crises(self)

    @property
    def end(self) -> datetime:
        """First moment after it, in UTC."""
        return self.start + timedelta(days=self.days)

    @property
    def all_topics(self) -> tuple[PlannedTopic, ...]:
        """`topics`, never None."""
        return self.topics or ()

    @property
    def all_crises(self) -> tuple[PlannedCrisis, ...]:
        """`crises`, never None, in order of time."""
        return tuple(sorted(self.crises or (), key=lambda crisis: crisis.day))

    def _check_numbers(self) -> None:
        if self.start.tzinfo is None:
            raise ParamError(
                f"Plan.start is {self.start} without a time zone. Say tzinfo=UTC to mean UTC."
            )
        last_year = self.start.year + self.days / 365
        if self.start.year < _FIRST_YEAR or last_year > _LAST_YEAR:
            raise ParamError(
                f"Plan.start is {self.start} for {self.days} days, but posts must lie in the years "
                f"{_FIRST_YEAR} to {_LAST_YEAR}."
            )
        if not isinstance(self.days, int) or self.days < 1:
            raise ParamError(f"Plan.days is {self.days!r}, but it must be a whole number from 1.")
        for name in ("chatter_share", "repost_share", "copy_share", "near_copy_share", "spam_share",
                     "broken_share", "second_brand_share", "declared_language_share",
                     "unknown_count_share"):  # fmt: skip
            check_share("Plan", name, getattr(self, name))
        if self.repost_share + self.copy_share + self.spam_share > 0.9:
            raise ParamError(
                "Plan.repost_share, copy_share and spam_share make more than 0.9 together, which leaves "
                "too little to repost and copy. Lower one of them."
            )
        check_positive("Plan", posts_per_author=self.posts_per_author, dispersion=self.dispersion)

    def _check_names(self) -> None:
        for what, keys in (
            ("brand", [brand.key for brand in self.brands]),
            ("author group", [group.key for group in self.groups]),
        ):
            if not keys:
                raise ParamError(f"Plan has no {what}; it needs one or more.")
            check_distinct(what, keys)
        for brand in self.brands:
            if not (brand.names and brand.handles and brand.hashtags):
                raise ParamError(f"The brand {brand.key!r} needs a name, a handle and a hashtag.")
            check_positive(f"The brand {brand.key!r}", share=brand.share)
            check_weights(f"The brand {brand.key!r}", "hours", brand.hours, HOURS)
        for name in self.languages:
            if name not in ("en", *LANGUAGES):
                raise ParamError(
                    f"Plan.languages names {name!r}.{suggest(name, ['en', *LANGUAGES])}"
                )
        check_weights("Plan", "languages", tuple(self.languages.values()), len(self.languages))
        if not any(group.post_share > 0 for group in self.groups):
            raise ParamError("No author group of the plan has a post_share above 0.")


def _check_topics(plan: Plan) -> None:
    topics = plan.all_topics
    check_distinct("topic", [topic.key for topic in topics])
    by_key = {topic.key: topic for topic in topics}
    brands = [brand.key for brand in plan.brands]
    for topic in topics:
        where = f"The topic {topic.key!r}"
        if topic.brand is not None and topic.brand not in brands:
            raise ParamError(f"{where} is about {topic.brand!r}.{suggest(topic.brand, brands)}")
        if topic.day is not None and not 0 <= topic.day < plan.days:
            raise ParamError(
                f"{where} changes on day {topic.day}, but the plan has the days 0 to {plan.days - 1}."
            )
        for parent in topic.parents:
            if parent not in by_key:
                raise ParamError(f"{where} has the parent {parent!r}.{suggest(parent, by_key)}")
            if by_key[parent].brand != topic.brand:
                raise ParamError(f"{where} and its parent {parent!r} are about different brands.")
    _check_ends(topics)
    for brand in (*brands, None):
        if not any(topic.brand == brand for topic in topics) and (brand or plan.chatter_share):
            who = f"brand {brand!r}" if brand else "chatter"
            raise ParamError(f"The plan has no topic for {who}; it needs one or more.")


def _check_ends(topics: Sequence[PlannedTopic]) -> None:
    """Make sure that a topic ends once: a parent's children agree on the day."""
    ends: dict[str, int | None] = {
        topic.key: topic.day for topic in topics if topic.shape == "died"
    }
    for topic in topics:
        for parent in topic.parents:
            if ends.setdefault(parent, topic.day) != topic.day:
                raise ParamError(
                    f"The topic {parent!r} ends on two days, {ends[parent]} and {topic.day}. Let all its "
                    "children begin on one day, and do not let it die besides."
                )


def _check_crises(plan: Plan) -> None:
    crises = plan.all_crises
    check_distinct("crisis", [crisis.key for crisis in crises])
    brands = [brand.key for brand in plan.brands]
    ends: dict[str, tuple[float, str]] = {}
    for crisis in crises:
        where = f"The crisis {crisis.key!r}"
        if crisis.brand not in brands:
            raise ParamError(f"{where} is about {crisis.brand!r}.{suggest(crisis.brand, brands)}")
        end = crisis.day + crisis.hours / 24
        if crisis.day < 0 or end > plan.days:
            raise ParamError(
                f"{where} lasts from day {crisis.day:g} to {end:g}, but the plan has the days 0 to "
                f"{plan.days}."
            )
        before, other = ends.get(crisis.brand, (0.0, ""))
        if crisis.day < before:
            raise ParamError(
                f"{where} begins before {other!r} of the same brand is over. Let them follow each other."
            )
        ends[crisis.brand] = (end, crisis.key)
