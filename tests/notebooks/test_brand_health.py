"""The figures of the report are those of a ten-line script over the same file."""

import shutil

import pandas as pd
import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from murmuration.reports import load_run
from murmuration.settings import get_settings
from murmuration.store import open_store, save_labels

from ..browser.conftest import Workspace
from ..conftest import ROOT
from .conftest import UNITED, run_cells, values_of

LEXICON = (
    "united",
    "help",
    "please",
)  # words that say nothing of how somebody feels in posts to airlines


@pytest.fixture(scope="session")
def by_hand(real_data) -> pd.DataFrame:
    tweets = pd.read_csv(real_data("airline/Tweets.csv"), dtype=str).drop_duplicates("tweet_id")
    tweets["created"] = pd.to_datetime(tweets["tweet_created"], utc=True)
    tweets = tweets[
        tweets["created"].between("2015-02-16T00:00Z", "2015-02-25T00:00Z", inclusive="left")
    ]
    united = r"(?<!man )(?<!manchester )(?<!leeds )\bunited(?:airlines|fail)?\b(?! states| nations| kingdom)"
    tweets = tweets[tweets["text"].str.contains(united, case=False)].copy()
    analyzer = SentimentIntensityAnalyzer()
    for word in LEXICON:  # "united" is +1.8 in VADER's lexicon, but here it is the brand's name
        del analyzer.lexicon[word]
    tweets["sentiment"] = [analyzer.polarity_scores(text)["compound"] for text in tweets["text"]]
    tweets["label"] = pd.cut(
        tweets["sentiment"], [-2, -0.05, 0.049999, 2], labels=["negative", "neutral", "positive"]
    )
    return tweets


def test_the_number_of_posts_is_that_of_the_script(united, by_hand):
    levels = united.table("by_brand").to_pandas().set_index(["brand", "period"])
    assert levels.loc[("united", "this"), "posts"] == len(by_hand) > 3_800


def test_levels_are_those_of_the_script_for_the_posts_that_are_english(united, by_hand):
    level = (
        united.table("by_brand").to_pandas().set_index(["brand", "period"]).loc[("united", "this")]
    )
    # A few posts are too short to tell their language, so they are not scored; the script scores all.
    assert 0 <= len(by_hand) - level["scored"] <= 60
    assert level["mean"] == pytest.approx(by_hand["sentiment"].mean(), abs=0.003)
    for side in ("negative", "positive"):
        assert level[f"{side}_share"] == pytest.approx((by_hand["label"] == side).mean(), abs=0.006)
        assert level[f"{side}_low"] < level[f"{side}_share"] < level[f"{side}_high"]


def test_each_post_has_the_sentiment_of_the_script(united, by_hand):
    reading = united.table("reading").to_pandas()
    scored = reading[reading["sentiment"].notna()].set_index("post_id")["sentiment"]
    assert len(scored) >= 10
    expected = by_hand.set_index("tweet_id")["sentiment"]
    assert (scored - expected.reindex(scored.index)).abs().max() < 1e-12


def test_daily_volume_is_that_of_the_script(united, by_hand):
    steps = united.table("over_time").to_pandas()
    mine = steps[steps["brand"] == "united"].set_index("period_start")["posts"]
    expected = (
        by_hand.groupby(by_hand["created"].dt.floor("D")).size().reindex(mine.index, fill_value=0)
    )
    assert mine.tolist() == expected.tolist()
    assert len(mine) == 9


def test_shares_are_corrected_towards_what_people_said(united, by_hand):
    shares = united.table("shares").to_pandas()
    mine = shares[(shares["brand"] == "united") & (shares["period"] == "this")].set_index("label")
    level = (
        united.table("by_brand").to_pandas().set_index(["brand", "period"]).loc[("united", "this")]
    )
    assert mine["raw"]["negative"] == pytest.approx(level["negative_share"])
    assert mine["posts"]["negative"] == level["scored"]
    assert mine["share"].sum() == pytest.approx(1)
    people = by_hand["airline_sentiment"].value_counts(normalize=True)
    for label in ("negative", "positive"):
        assert abs(mine["share"][label] - people[label]) < 0.65 * abs(
            mine["raw"][label] - people[label]
        )
        assert mine["low"][label] < mine["share"][label] < mine["high"][label]
    methods = united.table("methods").to_pandas()
    assert methods["method"].str.startswith("vader-3.3.2").all()
    assert "SemEval" in methods["measured_on"].iloc[0]


def test_the_answer_is_four_sentences_that_quote_the_tables(united):
    level = (
        united.table("by_brand").to_pandas().set_index(["brand", "period"]).loc[("united", "this")]
    )
    answer = united.manifest["answer"]
    assert len(answer) == 4
    assert f"Of {int(level['scored']):,} scored posts about United Airlines" in answer[1]
    assert f"{100 * level['negative_share']:.0f} %" in answer[1]
    assert "no posts from the period before" in answer[1]
    # Home shows three sentences.
    assert answer[2].startswith("Monday 23 February stood out")
    shares = united.table("shares").to_pandas().set_index(["brand", "period", "label"])
    estimate = shares.loc[("united", "this", "negative")]
    ends = (f"{100 * estimate[end]:.0f}" for end in ("share", "low", "high"))
    assert (
        "Of the posts about United Airlines, {} % ({}–{} %) are negative".format(*ends) in answer[0]
    )


def test_terms_and_posts_to_read_are_what_people_complain_about(united):
    terms = united.table("terms").to_pandas()
    negative = set(terms[terms["side"] == "negative"]["term"])
    assert {"delayed", "worst"} & negative
    positive = set(terms[terms["side"] == "positive"]["term"])
    assert {"thanks", "great"} <= positive
    assert not {"help", "please"} & positive  # who asks for help does not praise
    assert not any("united" in term for term in terms["term"])
    reading = united.table("reading").to_pandas()
    assert set(reading["why"]) == {"negative", "positive", "engaged"}
    assert not reading["text"].str.contains("@united", case=False).any()


def test_the_manifest_says_what_it_rests_on(united):
    manifest = united.manifest
    assert manifest["pinned"]["brands"]["united"]["exclude"]
    assert manifest["pinned"]["lexicons"]["airlines"] == dict.fromkeys(LEXICON, 0.0)
    assert manifest["cluster"]["chosen"] == "threads"
    assert manifest["cluster"]["reason"]
    assert [step["name"] for step in manifest["steps"]]
    assert manifest["period"]["since"].startswith("2015-02-16")
    assert manifest["code"]["lock_sha256"] is None  # this workspace holds no lock


@pytest.mark.soak
def test_the_same_run_again_has_equal_tables(airline_workspace, united):
    again = load_run(airline_workspace.report("brand_health", **UNITED))
    assert values_of(again) == values_of(united)
    assert len(values_of(united)) == 11


def test_a_brand_that_nobody_mentions_gives_a_report_that_says_so(airline_workspace, monkeypatch):
    monkeypatch.chdir(airline_workspace.root)
    for name in ("STORE", "STATE", "REPORTS"):
        monkeypatch.delenv(f"MURMURATION_{name}", raising=False)
    get_settings.cache_clear()
    nobody = {"source": "airline", "brand": "united", "since": "2020-01-01", "until": "2020-02-01"}
    names = run_cells(ROOT / "notebooks/reports/brand_health.ipynb", **nobody)
    assert names["answer"] == [
        "No post of airline about United Airlines lies in the period that was looked at, 1 to 31 January 2020 (UTC).",
        "The posts of airline run from 17 February 2015 to 24 February 2015.",
        "Ask for another time, such as since=2015-02-17 and until=2015-02-25; a window counts back from now, or from the time that --at gives.",
    ]
    assert any("run from 17 February 2015 to 24 February 2015" in gap for gap in names["gaps"])


@pytest.fixture
def labelled(airline_workspace, by_hand, tmp_path, monkeypatch) -> Workspace:
    """The same workspace after somebody labelled three hundred posts as those who made the file did."""
    workspace = Workspace(tmp_path)
    for folder in ("data", ".murmuration"):
        shutil.copytree(airline_workspace.root / folder, tmp_path / folder)
    monkeypatch.chdir(workspace.root)
    monkeypatch.delenv("MURMURATION_STORE", raising=False)
    monkeypatch.delenv("MURMURATION_STATE", raising=False)
    said = by_hand.sample(300, random_state=0).rename(columns={"tweet_id": "post_id"})
    said = said[["post_id"]].assign(source="airline", label=said["airline_sentiment"])
    rows = said.assign(labeller="ann", drawn="random", inclusion_probability=0.1)
    assert save_labels(rows, store=open_store(get_settings())) == 300
    return workspace


@pytest.mark.soak
def test_labels_of_people_narrow_shares_and_bring_them_to_what_people_say(
    labelled, united, by_hand
):
    run = load_run(labelled.report("brand_health", **UNITED, use_labels="true"))
    known, before = (
        one.table("shares")
        .to_pandas()
        .set_index(["brand", "period", "label"])
        .loc[("united", "this")]
        for one in (run, united)
    )
    people = by_hand["airline_sentiment"].value_counts(normalize=True)
    for label in ("negative", "neutral", "positive"):
        assert known.loc[label, "low"] < people[label] < known.loc[label, "high"]
        assert abs(known.loc[label, "share"] - people[label]) < 0.06
    assert (
        not (before["low"] < people.reindex(before.index)).all()
        or not (people.reindex(before.index) < before["high"]).all()
    )
    assert run.manifest["pinned"]["tables"]["labels"] == 1
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "of the brand, drawn at random; estimated shares take in what they say" in page


@pytest.mark.soak
def test_sentiment_towards_the_brand_is_not_corrected_by_what_is_known_of_whole_posts(
    labelled, united
):
    run = load_run(labelled.report("brand_health", **UNITED, towards="true", use_labels="true"))
    levels = (one.table("by_brand").to_pandas()["mean"].dropna() for one in (run, united))
    assert (next(levels) - next(levels)).abs().max() > 0  # some posts speak of several airlines
    assert run.table("shares").to_pandas()["share"].isna().all()
    assert run.table("methods").to_pandas()["measured_on"].isna().all()
    assert "towards it by VADER's list of words" in run.manifest["answer"][0]
    assert "is not known, so the shares of United Airlines cannot be" in run.manifest["answer"][3]
