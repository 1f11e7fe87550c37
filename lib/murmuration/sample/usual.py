"""The usual plan: four invented brands over twelve weeks."""

from collections.abc import Sequence
from dataclasses import replace

from murmuration.sample.planned import (
    PlannedBrand,
    PlannedCrisis,
    PlannedGroup,
    PlannedTopic,
)

USUAL_DAYS = 84  # the days below are those of a plan of this length

_COFFEE_HOURS = (
    0.4, 0.3, 0.2, 0.2, 0.3, 0.8, 2.0, 3.2, 3.6, 3.2, 2.6, 2.2,
    2.2, 2.1, 2.0, 2.0, 1.8, 1.6, 1.4, 1.3, 1.2, 1.0, 0.8, 0.6,
)  # fmt: skip
_COMMUTE_HOURS = (
    0.6, 0.4, 0.3, 0.2, 0.3, 0.6, 1.4, 2.8, 3.0, 1.9, 1.5, 1.5,
    1.8, 1.7, 1.6, 1.8, 2.4, 3.2, 3.0, 2.2, 1.8, 1.5, 1.2, 0.9,
)  # fmt: skip
_TRAVEL_HOURS = (
    0.8, 0.6, 0.6, 0.8, 1.2, 1.8, 2.2, 2.2, 2.0, 1.9, 1.9, 1.9,
    2.0, 2.0, 2.0, 2.0, 2.1, 2.2, 2.3, 2.4, 2.3, 2.0, 1.5, 1.1,
)  # fmt: skip

BRANDS = (
    PlannedBrand(
        key="aurora",
        names=("Aurora", "Aurora", "Aurora Mobile"),
        handles=("auroramobile", "auroracare"),
        hashtags=("Aurora", "AuroraMobile"),
        share=0.28,
        local_names={"ja": ("オーロラモバイル",)},
    ),
    PlannedBrand(
        key="brightcup",
        names=("Brightcup", "Brightcup", "Brightcup Coffee"),
        handles=("brightcup", "brightcupcoffee"),
        hashtags=("Brightcup", "BrightcupCoffee"),
        share=0.24,
        local_names={"ja": ("ブライトカップ",)},
        hours=_COFFEE_HOURS,
    ),
    PlannedBrand(
        key="velora",
        names=("Velora", "Velora", "Velora Bikes"),
        handles=("ridevelora", "velorabikes"),
        hashtags=("Velora", "RideVelora"),
        share=0.16,
        local_names={"ja": ("ヴェローラ",)},
        hours=_COMMUTE_HOURS,
    ),
    PlannedBrand(
        key="kestrel_air",
        names=("Kestrel Air", "Kestrel Air", "Kestrel"),
        handles=("flykestrel", "kestrelaircare"),
        hashtags=("KestrelAir", "FlyKestrel"),
        share=0.22,
        local_names={"ja": ("ケストレル航空",)},
        hours=_TRAVEL_HOURS,
    ),
)

_OFFICE_HOURS = (
    0.02, 0.02, 0.02, 0.02, 0.05, 0.3, 1.5, 3.0, 4.0, 4.2, 4.2, 4.0,
    3.2, 3.6, 4.0, 4.0, 3.6, 2.4, 1.0, 0.4, 0.2, 0.1, 0.05, 0.03,
)  # fmt: skip
_EVENING_HOURS = (
    1.6, 0.8, 0.3, 0.1, 0.05, 0.05, 0.1, 0.2, 0.3, 0.3, 0.3, 0.4,
    0.6, 0.6, 0.6, 0.7, 1.0, 1.8, 3.4, 4.6, 5.2, 5.2, 4.4, 3.0,
)  # fmt: skip
_ALL_HOURS = (1.0,) * 24

GROUPS = (
    PlannedGroup(
        key="everyday_customers",
        author_share=0.56,
        post_share=0.40,
        tail=0.35,
        followers=180,
        typos=0.07,
        lower_case=0.3,
        replies=0.12,
        copies=0.6,
        emoji=0.3,
        tags=0.08,
        handles=0.12,
        inline_tags=0.06,
    ),
    PlannedGroup(
        key="enthusiasts",
        author_share=0.15,
        post_share=0.24,
        hours=_EVENING_HOURS,
        weekdays=(1.0, 1.0, 1.0, 1.0, 1.2, 2.2, 2.4),
        tail=0.5,
        followers=3_000,
        followers_spread=0.8,
        tastes={
            "product": 3.0,
            "green": 2.0,
            "news": 1.5,
            "people": 0.7,
            "problem": 0.35,
            "price": 0.4,
        },
        negative=0.55,
        positive=1.5,
        replies=0.08,
        quotes=0.1,
        reposts=1.6,
        emoji=0.65,
        links=0.08,
        tags=0.9,
        details=0.85,
        seconds=0.55,
        closers=0.5,
        handles=0.1,
        inline_tags=0.3,
        lower_case=0.05,
        reception=2.0,
    ),
    PlannedGroup(
        key="news_desks",
        author_share=0.04,
        post_share=0.11,
        style="news",
        hours=_OFFICE_HOURS,
        weekdays=(1.0, 1.0, 1.0, 1.0, 1.0, 0.25, 0.2),
        tail=0.3,
        followers=60_000,
        followers_spread=0.8,
        tastes={
            "news": 4.0,
            "green": 2.0,
            "price": 1.5,
            "people": 0.7,
            "product": 0.8,
            "talk": 0.4,
        },
        languages={"en": 1.2},
        negative=0.35,
        positive=0.35,
        replies=0.0,
        quotes=0.03,
        reposts=0.25,
        copies=0.2,
        emoji=0.0,
        links=0.97,
        tags=0.25,
        details=0.25,
        closers=0.5,
        handles=0.03,
        inline_tags=0.05,
        typos=0.0,
        lower_case=0.0,
        reception=0.5,
    ),
    PlannedGroup(
        key="support_seekers",
        author_share=0.19,
        post_share=0.14,
        style="ask",
        hours=_OFFICE_HOURS,
        weekdays=(1.4, 1.1, 1.0, 1.0, 0.9, 0.5, 0.4),
        tail=0.2,
        followers=80,
        followers_spread=0.9,
        tastes={
            "problem": 4.0,
            "price": 2.0,
            "people": 2.0,
            "product": 0.7,
            "news": 0.2,
            "green": 0.1,
            "talk": 0.2,
        },
        negative=1.5,
        positive=0.45,
        replies=0.45,
        quotes=0.0,
        reposts=0.1,
        copies=0.2,
        emoji=0.05,
        links=0.0,
        tags=0.03,
        details=0.6,
        closers=0.75,
        handles=0.92,
        inline_tags=0.0,
    ),
    PlannedGroup(
        key="resellers",
        author_share=0.06,
        post_share=0.11,
        style="advert",
        hours=_ALL_HOURS,
        weekdays=(1.0,) * 7,
        tail=0.45,
        followers=25,
        followers_spread=0.7,
        tastes={"product": 2.0, "price": 2.0, "people": 0.5},
        languages={"ja": 0.3},
        negative=0.3,
        replies=0.02,
        quotes=0.0,
        reposts=2.0,
        copies=3.0,
        spam=1.0,
        emoji=0.5,
        links=0.95,
        tags=0.8,
        details=0.6,
        closers=0.6,
        inline_tags=0.25,
        typos=0.0,
        lower_case=0.0,
        reception=0.08,
    ),
)

_TOPICS = (
    PlannedTopic(key="aurora/coverage", brand="aurora", words=("phone/coverage",)),
    PlannedTopic(key="aurora/support", brand="aurora", words=("phone/support",)),
    PlannedTopic(key="aurora/app", brand="aurora", words=("phone/app",)),
    PlannedTopic(key="aurora/repair", brand="aurora", words=("phone/repair",), weight=0.6),
    PlannedTopic(
        key="aurora/billing", brand="aurora", words=("phone/billing",), weight=0.7,
        shape="growing", day=35,
    ),
    PlannedTopic(
        key="aurora/handset", brand="aurora", words=("phone/battery", "phone/camera"), weight=1.6
    ),
    PlannedTopic(
        key="aurora/battery", brand="aurora", words=("phone/battery",), weight=0.8,
        shape="split", day=42, parents=("aurora/handset",),
    ),
    PlannedTopic(
        key="aurora/camera", brand="aurora", words=("phone/camera",), weight=0.8,
        shape="split", day=42, parents=("aurora/handset",),
    ),
    PlannedTopic(
        key="aurora/foldable", brand="aurora", words=("phone/launch",), shape="born", day=56
    ),
    PlannedTopic(
        key="aurora/roaming", brand="aurora", words=("phone/roaming",), weight=0.7,
        shape="died", day=49,
    ),
    PlannedTopic(key="brightcup/espresso", brand="brightcup", words=("coffee/espresso",), weight=1.3),
    PlannedTopic(key="brightcup/price", brand="brightcup", words=("coffee/price",)),
    PlannedTopic(key="brightcup/queue", brand="brightcup", words=("coffee/queue",)),
    PlannedTopic(key="brightcup/staff", brand="brightcup", words=("coffee/staff",)),
    PlannedTopic(
        key="brightcup/loyalty", brand="brightcup", words=("coffee/loyalty",), weight=0.6
    ),
    PlannedTopic(
        key="brightcup/ordering", brand="brightcup", words=("coffee/ordering",), weight=0.6
    ),
    PlannedTopic(
        key="brightcup/rewards_app", brand="brightcup", words=("coffee/loyalty", "coffee/ordering"),
        weight=1.2, shape="merged", day=49, parents=("brightcup/loyalty", "brightcup/ordering"),
    ),
    PlannedTopic(
        key="brightcup/cardamom", brand="brightcup", words=("coffee/seasonal",),
        shape="born", day=35,
    ),
    PlannedTopic(
        key="brightcup/cups", brand="brightcup", words=("coffee/straws",), weight=0.7,
        shape="died", day=56,
    ),
    PlannedTopic(
        key="brightcup/seats", brand="brightcup", words=("coffee/seats",), weight=0.5,
        shape="growing", day=28, over_days=28,
    ),
    PlannedTopic(key="velora/condition", brand="velora", words=("bikes/condition",)),
    PlannedTopic(key="velora/docks", brand="velora", words=("bikes/docks",)),
    PlannedTopic(key="velora/unlock", brand="velora", words=("bikes/unlock",)),
    PlannedTopic(key="velora/pass", brand="velora", words=("bikes/pass",)),
    PlannedTopic(key="velora/theft", brand="velora", words=("bikes/theft",), weight=0.7),
    PlannedTopic(
        key="velora/ebike", brand="velora", words=("bikes/ebike",), weight=0.7,
        shape="growing", day=49,
    ),
    PlannedTopic(
        key="velora/riding", brand="velora", words=("bikes/lanes", "bikes/helmets"), weight=1.6
    ),
    PlannedTopic(
        key="velora/lanes", brand="velora", words=("bikes/lanes",), weight=0.8,
        shape="split", day=56, parents=("velora/riding",),
    ),
    PlannedTopic(
        key="velora/helmets", brand="velora", words=("bikes/helmets",), weight=0.8,
        shape="split", day=56, parents=("velora/riding",),
    ),
    PlannedTopic(
        key="velora/cargo_bikes", brand="velora", words=("bikes/expansion",), shape="born", day=42
    ),
    PlannedTopic(
        key="velora/winter", brand="velora", words=("bikes/winter",), shape="died", day=35
    ),
    PlannedTopic(key="kestrel_air/delay", brand="kestrel_air", words=("airline/delay",), weight=1.4),
    PlannedTopic(key="kestrel_air/luggage", brand="kestrel_air", words=("airline/luggage",)),
    PlannedTopic(key="kestrel_air/crew", brand="kestrel_air", words=("airline/crew",)),
    PlannedTopic(key="kestrel_air/legroom", brand="kestrel_air", words=("airline/legroom",)),
    PlannedTopic(key="kestrel_air/checkin", brand="kestrel_air", words=("airline/checkin",)),
    PlannedTopic(
        key="kestrel_air/refund", brand="kestrel_air", words=("airline/refund",), weight=0.7
    ),
    PlannedTopic(
        key="kestrel_air/rebooking", brand="kestrel_air", words=("airline/rebooking",), weight=0.7
    ),
    PlannedTopic(
        key="kestrel_air/refund_desk", brand="kestrel_air",
        words=("airline/refund", "airline/rebooking"), weight=1.4,
        shape="merged", day=56, parents=("kestrel_air/refund", "kestrel_air/rebooking"),
    ),
    PlannedTopic(
        key="kestrel_air/nonstop", brand="kestrel_air", words=("airline/route",),
        shape="born", day=63,
    ),
    PlannedTopic(
        key="kestrel_air/meals", brand="kestrel_air", words=("airline/food",), shape="died", day=63
    ),
    PlannedTopic(
        key="kestrel_air/carbon", brand="kestrel_air", words=("airline/carbon",), weight=0.5,
        shape="growing", day=42, over_days=28,
    ),
    PlannedTopic(key="chatter/weather", brand=None, words=("chatter/weather",)),
    PlannedTopic(key="chatter/football", brand=None, words=("chatter/football",)),
    PlannedTopic(key="chatter/cooking", brand=None, words=("chatter/cooking",)),
    PlannedTopic(key="chatter/series", brand=None, words=("chatter/series",)),
    PlannedTopic(key="chatter/nature", brand=None, words=("chatter/nature",), weight=0.5),
    PlannedTopic(key="chatter/pets", brand=None, words=("chatter/pets",)),
)  # fmt: skip

# Each size on another brand, after four weeks without any, and one after the other.
_CRISES = (
    PlannedCrisis(
        key="aurora_outage", brand="aurora", words="phone/outage", day=33 + 7 / 24, hours=24, factor=6
    ),
    PlannedCrisis(
        key="velora_brake_recall", brand="velora", words="bikes/brake_recall",
        day=38 + 9 / 24, hours=96, factor=2,
    ),
    PlannedCrisis(
        key="brightcup_mouse_video", brand="brightcup", words="coffee/mouse_video",
        day=44 + 10 / 24, hours=48, factor=3,
    ),
    PlannedCrisis(
        key="kestrel_air_meltdown", brand="kestrel_air", words="airline/it_meltdown",
        day=52 + 5 / 24, hours=6, factor=6,
    ),
    PlannedCrisis(
        key="aurora_double_billing", brand="aurora", words="phone/double_billing",
        day=59 + 8 / 24, hours=96, factor=1.3,
    ),
    PlannedCrisis(
        key="velora_data_leak", brand="velora", words="bikes/data_leak",
        day=66 + 15 / 24, hours=12, factor=3,
    ),
    PlannedCrisis(
        key="brightcup_tips", brand="brightcup", words="coffee/tip_scandal",
        day=70 + 11 / 24, hours=36, factor=2, accounts=12,
    ),
    PlannedCrisis(
        key="kestrel_air_dog", brand="kestrel_air", words="airline/dog_incident",
        day=76 + 13 / 24, hours=48, factor=3, accounts=25,
    ),
)  # fmt: skip


def usual_topics(brands: Sequence[PlannedBrand], days: int) -> tuple[PlannedTopic, ...]:
    """Give the usual topics of those of the usual brands that are there, and of chatter.

    Parameters
    ----------
    brands
        The plan's brands.
    days
        Its length; lives are stretched or squeezed to it.
    """
    keys = {brand.key for brand in brands} | {None}
    return tuple(_fitted(topic, days) for topic in _TOPICS if topic.brand in keys)


def usual_crises(brands: Sequence[PlannedBrand], days: int) -> tuple[PlannedCrisis, ...]:
    """Give the usual crises of those of the usual brands that are there, as far as `days` reach."""
    keys = {brand.key for brand in brands}
    return tuple(
        crisis
        for crisis in _CRISES
        if crisis.brand in keys and crisis.day + crisis.hours / 24 <= days
    )


def _fitted(topic: PlannedTopic, days: int) -> PlannedTopic:
    if topic.day is None:
        return topic
    over_days = max(1, topic.over_days * days // USUAL_DAYS)
    return replace(topic, day=topic.day * days // USUAL_DAYS, over_days=over_days)
