from dataclasses import replace
from datetime import UTC, datetime

import pytest

from murmuration.errors import ParamError
from murmuration.sample import (
    Plan,
    PlannedCrisis,
    PlannedGroup,
    PlannedTopic,
    make_posts,
    planted_topics,
)
from murmuration.sample.usual import BRANDS, GROUPS

TOPIC = PlannedTopic(key="a", brand="aurora", words=("phone/app",))
OTHER = PlannedTopic(key="b", brand="aurora", words=("phone/battery",))
CRISIS = PlannedCrisis(key="c", brand="aurora", words="phone/outage", day=2, hours=24, factor=2)


def only_aurora(*topics, **options):
    return Plan(brands=BRANDS[:1], topics=topics, chatter_share=0, crises=(), **options)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Plan(days=0), "Plan.days is 0"),
        (lambda: Plan(start=datetime(2026, 1, 5)), "without a time zone"),
        (lambda: Plan(start=datetime(1990, 1, 1, tzinfo=UTC)), "2000 to 2060"),
        (lambda: Plan(spam_share=1.2), "spam_share is 1.2"),
        (lambda: Plan(repost_share=0.6, copy_share=0.4), "more than 0.9 together"),
        (lambda: Plan(dispersion=0), "dispersion is 0"),
        (lambda: Plan(languages={"nl": 1}), "names 'nl'"),
        (lambda: Plan(languages={"en": 0}), "languages must be 1 weights"),
        (lambda: Plan(brands=()), "no brand"),
        (lambda: Plan(brands=(BRANDS[0], BRANDS[0])), "two brand entries called 'aurora'"),
        (lambda: Plan(groups=()), "no author group"),
        (lambda: Plan(brands=(replace(BRANDS[0], handles=()),)), "needs a name, a handle"),
        (lambda: Plan(brands=(replace(BRANDS[0], key="auora"),)), "no topic for brand 'auora'"),
        (lambda: Plan(topics=(TOPIC, TOPIC)), "two topic entries called 'a'"),
        (lambda: only_aurora(replace(TOPIC, brand="aurroa")), "Did you mean 'aurora'"),
        (lambda: Plan(crises=(replace(CRISIS, day=84),)), "lasts from day 84 to 85"),
        (lambda: Plan(crises=(CRISIS, replace(CRISIS, key="d"))), "before 'c' of the same brand"),
        (lambda: Plan(crises=(replace(CRISIS, brand="x"),)), "about 'x'"),
        (lambda: replace(CRISIS, factor=1), "factor 1"),
        (lambda: replace(CRISIS, words="phone/outtage"), "Did you mean 'phone/outage'"),
        (lambda: replace(CRISIS, accounts=0), "0 accounts"),
        (lambda: replace(CRISIS, negative=2), "negative is 2"),
        (lambda: replace(TOPIC, words=("phone/aap",)), "Did you mean 'phone/app'"),
        (lambda: replace(TOPIC, words=()), "no words"),
        (lambda: replace(TOPIC, shape="dying"), "shape 'dying'"),
        (lambda: replace(TOPIC, shape="born"), "born with day None"),
        (lambda: replace(TOPIC, day=3), "constant with day 3"),
        (lambda: replace(TOPIC, shape="merged", day=3, parents=("b",)), "names 1 parents"),
        (lambda: replace(TOPIC, weight=0), "weight is 0"),
        (lambda: only_aurora(replace(TOPIC, shape="born", day=90)), "changes on day 90"),
        (
            lambda: only_aurora(TOPIC, replace(OTHER, shape="split", day=3, parents=("x",))),
            "has the parent 'x'",
        ),
        (
            lambda: only_aurora(
                replace(TOPIC, shape="died", day=5),
                replace(OTHER, shape="split", day=3, parents=("a",)),
            ),
            "'a' ends on two days",
        ),
        (lambda: PlannedGroup(key="g", author_share=2, post_share=1), "author_share is 2"),
        (lambda: replace(GROUPS[0], tail=1), "tail 1"),
        (lambda: replace(GROUPS[0], hours=(1.0,)), "hours must be 24 weights"),
        (lambda: replace(GROUPS[0], style="loud"), "style 'loud'"),
        (lambda: replace(GROUPS[0], replies=0.9, quotes=0.2), "more than 100 %"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_the_reason(make, said):
    with pytest.raises(ParamError, match=said):
        make()


def test_the_usual_topics_are_squeezed_into_a_shorter_plan():
    plan = Plan(days=28)
    topics = planted_topics(plan).set_index("topic")
    assert topics.loc["aurora/battery", "start"] == datetime(2026, 1, 19, tzinfo=UTC)
    assert plan.all_crises == ()  # the first one begins in the fifth week


def test_a_plan_of_one_brand_one_topic_and_one_group_works():
    plan = only_aurora(TOPIC, groups=GROUPS[:1], languages={"en": 1}, days=1)
    [posts] = make_posts(500, plan=plan)
    assert set(posts["truth_topic"]) <= {"a", "spam/coins", "spam/giveaway", "spam/resale"}
    assert {tuple(brands) for brands in posts["truth_brands"]} == {("aurora",)}


def test_the_plan_given_stays_as_it_was():
    plan = Plan()
    before = repr(plan)
    list(make_posts(100, plan=plan))
    assert repr(plan) == before
