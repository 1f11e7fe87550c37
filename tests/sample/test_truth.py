"""What is planted can be found again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from murmuration.catalog import load_catalog
from murmuration.sample import Plan, make_posts, planted_crises, planted_topics
from murmuration.sentiment import vader_scores
from murmuration.sentiment.score import label_scores
from murmuration.text import assign_brands, detect_languages

ROOT = Path(__file__).parents[2]
PLAN = Plan()
WEEK = pd.Timedelta(days=7)


def shares(column):
    return column.value_counts(normalize=True)


def mentions(posts, brand):
    return posts[
        [brand in brands for brand_list in [posts["truth_brands"]] for brands in brand_list]
    ]


def test_shares_are_those_of_the_plan(posts, good):
    for lang, share in PLAN.languages.items():
        assert shares(posts["truth_lang"])[lang] == pytest.approx(share, abs=0.025), lang
    for group in PLAN.groups:
        found = shares(posts["truth_author_group"])[group.key]
        assert found == pytest.approx(group.post_share, abs=0.02), group.key
    assert posts["truth_spam"].mean() == pytest.approx(PLAN.spam_share, abs=0.006)
    assert posts["truth_broken"].notna().mean() == pytest.approx(PLAN.broken_share, abs=0.001)
    assert posts["truth_copy_of"].notna().mean() == pytest.approx(PLAN.copy_share, abs=0.005)
    assert (posts["kind"] == "repost").mean() == pytest.approx(PLAN.repost_share, abs=0.01)
    assert posts["lang"].notna().mean() == pytest.approx(PLAN.declared_language_share, abs=0.01)
    branded = good[good["truth_brands"].list.len() > 0]
    second = (branded["truth_brands"].list.len() > 1).mean()
    assert second == pytest.approx(PLAN.second_brand_share, abs=0.01)
    calm = good[good["truth_crisis"].isna()]
    assert (calm["truth_brands"].list.len() == 0).mean() == pytest.approx(
        PLAN.chatter_share, abs=0.01
    )


def test_brands_have_their_share_outside_of_crises(good):
    calm = good[good["truth_crisis"].isna() & (good["truth_brands"].list.len() == 1)]
    found = shares(calm["truth_brands"].list[0])
    total = sum(brand.share for brand in PLAN.brands)
    for brand in PLAN.brands:
        assert found[brand.key] == pytest.approx(brand.share / total, abs=0.02), brand.key


def test_catalog_and_plan_know_the_same_brands(good):
    catalog = load_catalog(ROOT / "data_catalog.yaml")
    brands = [catalog.brand(brand.key) for brand in PLAN.brands]
    part = good.sample(8_000, random_state=1)
    found = assign_brands(part, brands)["brands"]
    same = [list(a) == list(b) for a, b in zip(found, part["truth_brands"], strict=True)]
    assert np.mean(same) >= 0.99
    for brand in brands:
        assert set(brand.competitors) == {other.key for other in brands} - {brand.key}


def test_names_of_brands_that_mean_something_else_do_not_count(good):
    decoys = good[good["text"].str.contains("aurora borealis|kestrel nest", case=False)]
    assert len(decoys) > 100
    named = decoys["truth_brands"].list.len() > 0
    # But for adverts that hang a brand's hashtag on any topic, nobody means the brand.
    assert named.mean() < 0.05


def test_vader_mostly_agrees_on_english(own):
    english = own[own["truth_lang"] == "en"].sample(4_000, random_state=1)
    labels = label_scores(vader_scores(english["text"])["compound"])
    agrees = (labels == english["truth_sentiment"]).mean()
    assert 0.8 <= agrees <= 0.98  # and not on all: irony and plain words are planted too


def test_languages_can_be_detected(own):
    part = own[own["text"].str.len() >= 30].groupby("truth_lang").head(700)
    found = pd.Series(detect_languages(part["text"]).to_pylist(), index=part.index)
    right = (found == part["truth_lang"]).groupby(part["truth_lang"]).mean()
    assert set(right.index) == set(PLAN.languages)
    assert right.min() >= 0.9


def test_crises_lift_volume_and_the_share_of_negative_posts(good):
    crises = planted_crises().set_index("crisis")
    honest = good[~good["truth_spam"]]  # adverts ride on crises without being part of them
    by_brand = {brand.key: mentions(honest, brand.key) for brand in PLAN.brands}
    for name, crisis in crises.iterrows():
        brand = by_brand[crisis["brand"]]
        times = brand["created_at"]
        within = (times >= crisis["start"]) & (times < crisis["end"])
        usual = brand["truth_crisis"].isna()
        expected = (within & usual).sum() * crisis["factor"]
        assert within.sum() == pytest.approx(expected, rel=0.25, abs=40), name
        negative = brand["truth_sentiment"] == "negative"
        added = brand["truth_crisis"] == name
        assert not (added & ~within).any(), name
        # Beside what the brand's other posts of the same hours are like.
        assert negative[within].mean() > negative[within & usual].mean() + 0.05, name
        assert negative[added].mean() == pytest.approx(crisis["negative_share"], abs=0.13), name


def test_a_large_crisis_stands_out_from_the_weeks_before(good):
    crisis = planted_crises().set_index("crisis").loc["aurora_outage"]
    times = mentions(good, "aurora")["created_at"]
    counts = [
        ((times >= crisis["start"] - k * WEEK) & (times < crisis["end"] - k * WEEK)).sum()
        for k in range(5)
    ]
    assert counts[0] > 4 * max(counts[1:])


def test_a_crisis_of_few_accounts_is_written_by_few(good):
    crises = planted_crises().set_index("crisis")
    for name, crisis in crises.iterrows():
        added = good[(good["truth_crisis"] == name) & (good["kind"] != "repost")]
        most = added["author_key"].value_counts()
        top = most.head(30).sum() / len(added)
        assert (top > 0.7) == (not pd.isna(crisis["accounts"])), name


def test_topics_live_as_planned(posts):
    day = (posts["created_at"] - pd.Timestamp(PLAN.start)).dt.days
    written = posts["kind"] != "repost"
    daily = pd.crosstab(posts.loc[written, "truth_topic"].astype(str), day[written])
    for topic in planted_topics().itertuples():
        if topic.shape == "crisis":
            continue
        row = daily.loc[topic.topic]
        first, last = (
            (moment - pd.Timestamp(PLAN.start)).days for moment in (topic.start, topic.end)
        )
        alive = row[(row.index >= first) & (row.index < last)]
        assert alive.mean() > 5, topic.topic
        assert not row.drop(alive.index).any(), topic.topic
        if topic.shape == "growing":
            begin = (topic.changes_at - pd.Timestamp(PLAN.start)).days
            grown = row[row.index >= begin + topic.over_days].mean()
            assert grown / row[row.index < begin].mean() == pytest.approx(topic.factor, rel=0.25)


def test_split_and_merged_topics_take_over_where_others_end():
    topics = planted_topics().set_index("topic")
    children = topics[topics["parents"].list.len() > 0]
    assert sorted(children["shape"]) == ["merged", "merged", *["split"] * 4]
    for name, child in children.iterrows():
        for parent in child["parents"]:
            assert topics.loc[parent, "end"] == child["start"]
            assert name in topics.loc[parent, "children"]


def test_hours_are_noisier_than_chance(good):
    # Dispersion of a brand's counts at one hour of working days, in weeks without a crisis.
    times = mentions(good, "kestrel_air")["created_at"]
    times = times[times < pd.Timestamp(PLAN.start) + 5 * WEEK]
    hours = times[times.dt.day_of_week < 4].dt.floor("h").value_counts()
    by_hour = hours.groupby(pd.DatetimeIndex(hours.index).hour)
    assert (by_hour.var() / by_hour.mean()).median() > 1.2


def test_days_and_hours_have_their_season(good):
    hours = shares(good["created_at"].dt.hour)
    assert hours[19] > 3 * hours[3]


def test_few_authors_write_most(posts):
    activity = posts["author_key"].value_counts()
    assert len(activity) == pytest.approx(len(posts) / PLAN.posts_per_author, rel=0.05)
    assert activity.head(len(activity) // 10).sum() > 0.25 * len(posts)
    assert activity.median() < 0.85 * activity.mean()


def test_few_posts_get_most_likes(own):
    likes = own["like_count"].dropna().sort_values(ascending=False)
    assert likes.head(len(likes) // 100).sum() > 0.2 * likes.sum()
    assert likes.iloc[0] > 200 * likes.median()


def test_followers_and_crises_bring_likes(own):
    by_group = own.groupby("truth_author_group")["like_count"].median()
    assert by_group["enthusiasts"] > by_group["everyday_customers"] > by_group["resellers"]
    customers = own[own["truth_author_group"] == "everyday_customers"]
    by_crisis = customers.groupby(customers["truth_crisis"].notna())["like_count"].median()
    assert by_crisis[True] > 1.5 * by_crisis[False]


def test_campaigns_repeat_a_text_from_many_accounts(good):
    copies = good[good["truth_copy_of"].notna()]
    texts = good.set_index("post_id")["text"]
    originals = texts.loc[copies["truth_copy_of"]]
    exact = originals.to_numpy() == copies["text"].to_numpy()
    assert np.mean(~exact) == pytest.approx(PLAN.near_copy_share, abs=0.03)
    pairs = zip(originals, copies["text"], strict=True)
    assert all(original in text for original, text in pairs)
    campaign = copies["truth_copy_of"].value_counts().index[0]
    assert copies.loc[copies["truth_copy_of"] == campaign, "author_key"].nunique() > 10


def test_texts_that_are_no_copies_hardly_repeat(own):
    written = own.loc[~own["truth_spam"], "text"]
    assert written.nunique() > 0.98 * len(written)


def test_spam_links_and_comes_from_resellers(good):
    spam = good[good["truth_spam"]]
    assert set(spam.loc[spam["kind"] != "repost", "truth_author_group"]) == {"resellers"}
    assert spam["urls"].notna().mean() > 0.9


def test_author_groups_can_be_told_apart(good):
    times = good["created_at"].dt
    facts = pd.DataFrame(
        {
            "author": good["author_key"].astype(str),
            "link": good["urls"].notna(),
            "tag": good["hashtags"].notna(),
            "reply": good["kind"] == "reply",
            "repost": good["kind"] == "repost",
            "handle": good["text"].str.contains("@"),
            "night": times.hour < 6,
            "weekend": times.day_of_week >= 5,
            "length": good["text"].str.len(),
            "likes": np.log1p(good["like_count"].astype(float)),
        }
    )
    profiles = facts.set_index("author").astype(float).groupby(level=0).mean()
    active = good["author_key"].value_counts()
    profiles = profiles[active.loc[profiles.index].to_numpy() >= 8].fillna(0)
    groups = good.groupby("author_key")["truth_author_group"].first().loc[profiles.index]
    found = KMeans(5, n_init=3, random_state=0).fit_predict(
        StandardScaler().fit_transform(profiles)
    )
    assert adjusted_rand_score(groups, found) >= 0.6  # with nothing but the obvious features


def test_every_size_of_crisis_is_there():
    crises = planted_crises()
    assert set(crises["factor"]) == {1.3, 2.0, 3.0, 6.0}
    assert crises["hours"].min() == 6
    assert crises["hours"].max() == 96
    # Detectors learn the season from four weeks without any.
    assert crises["start"].min() >= pd.Timestamp(PLAN.start) + 4 * WEEK


def test_shares_of_another_plan_hold_too():
    plan = Plan(
        days=10, languages={"de": 1, "ja": 1}, repost_share=0.0, copy_share=0.0, spam_share=0.0,
        broken_share=0.0, chatter_share=0.0, unknown_count_share=0.0,
    )  # fmt: skip
    posts = pd.concat(list(make_posts(8_000, plan=plan)), ignore_index=True)
    assert shares(posts["truth_lang"])["ja"] == pytest.approx(0.4, abs=0.12)
    assert not posts["truth_spam"].any()
    assert posts["truth_broken"].isna().all()
    assert posts["like_count"].notna().all()
    assert (posts["truth_brands"].list.len() > 0).all()
    assert set(posts["kind"]) == {"post", "reply", "quote"}
