"""Shares that are counted are biased; those that are estimated are not, and their intervals say how sure."""

import math
from dataclasses import dataclass

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.errors import ParamError, SchemaError
from murmuration.sentiment import VADER_ERRORS, count_methods, estimate_shares, vader_scores
from murmuration.sentiment.model import LABELS, ErrorTable, ModelCard
from murmuration.sentiment.score import label_scores

from .share_simulation import AIRLINES, METHODS, SHARES, VADER, count_hits

COLUMNS = ["label", "posts", "unscored", "raw", "share", "low", "high"]
GOOD_TABLE = ErrorTable(np.array([[150, 40, 10], [70, 360, 70], [20, 100, 380]]), "invented posts")


@dataclass
class Known:
    """A model of which only the card matters here."""

    card: ModelCard
    version: str = "good-01234567"


def model_with(errors):
    return Known(ModelCard(name="good", kind="linear", languages=("en",), errors=errors))


def frame_of(negative=0, neutral=0, positive=0, unscored=0, **columns):
    labels = [*["negative"] * negative, *["neutral"] * neutral, *["positive"] * positive]
    labels += [None] * unscored
    return pd.DataFrame({"sentiment_label": pd.Series(labels, dtype=object), **columns})


def columns_of(frame, name):
    return frame[name].to_numpy(dtype=float, na_value=np.nan)


@pytest.fixture(scope="session")
def airline(real_data):
    tweets = pd.read_csv(real_data("airline/Tweets.csv"), dtype=str).drop_duplicates("tweet_id")
    scores = vader_scores(tweets["text"], {"united": 0})["compound"]
    return pd.DataFrame(
        {
            "airline": tweets["airline"],
            "human": tweets["airline_sentiment"],
            "sentiment_label": label_scores(scores),
        }
    ).reset_index(drop=True)


@pytest.fixture(scope="session")
def elsewhere(airline):
    """For each airline how VADER errs on tweets to the five others."""
    names = sorted(airline["airline"].unique())
    return {name: count_errors(airline[airline["airline"] != name], name) for name in names}


def count_errors(posts, name):
    counts = pd.crosstab(posts["human"], posts["sentiment_label"])
    counts = counts.reindex(index=LABELS, columns=LABELS, fill_value=0)
    return ErrorTable(counts.to_numpy(), measured_on=f"tweets to airlines other than {name}")


def against_people(airline, **options):
    """Put estimates beside what people said: one row an airline and label."""
    found = estimate_shares(airline, "airline", **options)
    truth = airline.groupby("airline")["human"].value_counts(normalize=True).rename("truth")
    return found.merge(truth.rename_axis(["airline", "label"]).reset_index())


def per_airline(airline, elsewhere, **options):
    parts = [
        against_people(airline[airline["airline"] == name], errors=errors, **options)
        for name, errors in elsewhere.items()
    ]
    return pd.concat(parts, ignore_index=True)


def distance(found, name):
    """Give for each airline how far estimates are from the truth, all labels together."""
    return (found[name] - found["truth"]).abs().astype(float).groupby(found["airline"]).sum()


def covering(found):
    return ((found["low"] <= found["truth"]) & (found["truth"] <= found["high"])).to_numpy(
        dtype=bool
    )


def widths(found):
    return (found["high"] - found["low"]).astype(float)


def test_the_errors_of_vader_are_those_on_the_tweets_of_semeval(real_data):
    tweets = pq.read_table(real_data("semeval/semeval2013_2016_train_clean.parquet")).to_pandas()
    given_label = label_scores(vader_scores(tweets["text"])["compound"])
    counts = pd.crosstab(tweets["y"].to_numpy(), given_label.to_numpy(dtype=object))
    assert (counts[list(LABELS)].to_numpy() == VADER_ERRORS.counts).all()
    assert VADER_ERRORS.counts.sum() == len(tweets)
    assert f"{len(tweets):,}" in VADER_ERRORS.measured_on


def test_intervals_of_95_percent_cover_95_percent():
    covered = [
        count_hits(SHARES[cell], method, posts=posts, table_posts=1_000, runs=150, seed=cell)[0]
        for method in METHODS.values()
        for posts, cells in ((500, (0, 4, 8)), (2_000, (2, 6, 13)))
        for cell in cells
    ]
    assert 0.93 <= np.mean(covered) <= 0.97
    assert np.min(covered) >= 0.90


def test_labelled_posts_correct_what_an_error_table_from_elsewhere_gets_wrong():
    shares = np.array([0.2, 0.3, 0.5])
    where = {"posts": 2_000, "table_posts": 20_000, "runs": 250, "seed": 0, "errs_here": AIRLINES}
    alone, _ = count_hits(shares, VADER, **where)
    joined, _ = count_hits(shares, VADER, labelled=200, **where)
    assert alone.max() < 0.1
    assert joined.min() >= 0.9


def test_labelled_posts_narrow_the_interval_where_the_error_table_holds():
    where = {"posts": 2_000, "table_posts": 20_000, "runs": 250, "seed": 0}
    covered, alone = count_hits(np.array([0.2, 0.3, 0.5]), VADER, **where)
    joined, narrower = count_hits(np.array([0.2, 0.3, 0.5]), VADER, labelled=200, **where)
    assert min(covered.min(), joined.min()) >= 0.9
    assert (narrower < 0.9 * alone).all()


@pytest.mark.parametrize(("posts", "each"), [(1_200, 4), (1_000, 20)])
def test_labelled_posts_of_few_authors_are_not_taken_for_independent(posts, each):
    shares = np.array([0.05, 0.9, 0.05])
    where = {"posts": posts, "each": each, "table_posts": 20_000, "runs": 150, "seed": 0}
    for errs_here in (None, AIRLINES):
        covered, _ = count_hits(shares, VADER, labelled=200, errs_here=errs_here, **where)
        assert covered.min() >= 0.9


def test_errors_counted_on_five_airlines_bring_the_sixth_nearer_to_the_truth(airline, elsewhere):
    found = per_airline(airline, elsewhere)
    assert (distance(found, "share") < 0.7 * distance(found, "raw")).all()
    assert distance(found, "share").mean() < 0.4 * distance(found, "raw").mean()
    # Errors differ between airlines, which no interval of a single table knows: 15 of 18 hold.
    assert 14 <= covering(found).sum() <= 16


def test_errors_counted_on_other_tweets_help_less_and_their_intervals_promise_too_much(airline):
    found = against_people(airline)
    assert distance(found, "share").mean() < 0.75 * distance(found, "raw").mean()
    assert (distance(found, "share") < 1.05 * distance(found, "raw")).all()
    assert covering(found).mean() < 0.5  # why `labels` are there, and why reports say so


@pytest.mark.parametrize("near", [True, False], ids=["errors of airlines", "errors of semeval"])
def test_two_hundred_labels_an_airline_cover_the_truth_and_narrow_the_interval(
    airline, elsewhere, near
):
    def estimate(posts, **options):
        if near:
            return per_airline(posts, elsewhere, **options)
        return against_people(posts, **options)

    held, narrowed, apart = [], [], []
    unlabelled = estimate(airline)
    for seed in range(6):
        picked = airline.groupby("airline").sample(200, random_state=seed).index
        said = airline["human"].where(airline.index.isin(picked))
        found = estimate(airline.assign(said=said), labels="said")
        held.append(covering(found).mean())
        narrowed.append((widths(found) / widths(unlabelled)).mean())
        apart.append(distance(found, "share").mean())
    assert np.mean(held) >= 0.93  # 97 and 95 % in 40 draws
    assert np.mean(narrowed) < 0.85
    assert np.mean(apart) < 0.15 * distance(unlabelled, "raw").mean()
    # By themselves, 200 labels tell a share p to within ±1.96 √(p (1 − p) / 200).
    alone = 2 * 1.96 * np.sqrt((found["truth"] * (1 - found["truth"])).astype(float) / 200)
    assert widths(found).sum() < 0.97 * alone.sum()


def test_a_share_is_what_brings_forth_the_counts():
    given_counts = np.array([0.6, 0.3, 0.1]) @ METHODS["good"] * 100_000
    posts = frame_of(*np.round(given_counts).astype(int))
    table = ErrorTable((METHODS["good"] * 1_000_000).astype(np.int64), "invented posts")
    found = estimate_shares(posts, errors=table)
    assert columns_of(found, "share") == pytest.approx([0.6, 0.3, 0.1], abs=0.001)
    assert columns_of(found, "raw") == pytest.approx(given_counts / 100_000, abs=0.001)
    assert (widths(found) < 0.02).all()


def test_rows_are_groups_and_labels_in_order():
    posts = frame_of(3, 2, 4, 1, brand=list("bbbbbaaaaa"))
    found = estimate_shares(posts, by="brand")
    assert found.columns.tolist() == ["brand", *COLUMNS]
    assert found["brand"].tolist() == ["a"] * 3 + ["b"] * 3
    assert found["label"].tolist() == [*LABELS] * 2
    assert found["posts"].tolist() == [4] * 3 + [5] * 3
    assert found["unscored"].tolist() == [1] * 3 + [0] * 3
    assert posts.columns.tolist() == ["sentiment_label", "brand"]


def test_groups_of_nothing_known_are_groups_too():
    posts = frame_of(3, 2, 4, 1, brand=["a", None] * 5, lang=["en"] * 10)
    found = estimate_shares(posts, by=["brand", "lang"])
    assert found["brand"].isna().sum() == 3
    assert found["posts"].sum() == 27


@pytest.mark.parametrize(
    "posts",
    [
        frame_of(),
        frame_of(unscored=3),
        frame_of(negative=1),
        frame_of(positive=5),
        frame_of(negative=1, neutral=1, positive=2, unscored=1),
    ],
    ids=["none", "unscored", "one", "five alike", "four"],
)
def test_small_groups_are_finite_and_wide(posts):
    found = estimate_shares(posts)
    assert len(found) == 3
    assert found[["low", "high"]].notna().all(axis=None)
    assert widths(found).max() > 0.6
    nothing = found["posts"].iloc[0] == 0
    assert found[["raw", "share"]].isna().all(axis=None) == nothing
    if nothing:
        assert found[["low", "high"]].to_numpy(dtype=float).tolist() == [[0, 1]] * 3
    else:
        assert columns_of(found, "share").sum() == pytest.approx(1)


def test_no_posts_are_no_groups():
    found = estimate_shares(frame_of(brand=pd.Series([], dtype="string")), by="brand")
    assert found.empty
    assert found.columns.tolist() == ["brand", *COLUMNS]


@pytest.mark.parametrize(
    ("table", "least"),
    [
        pytest.param([[50, 0, 10], [20, 0, 20], [10, 0, 50]], 0.5, id="a label never given"),
        pytest.param([[40, 5, 5], [0, 0, 0], [5, 5, 40]], 0.3, id="a label never true"),
        pytest.param([[10, 10, 10]] * 3, 0.99, id="tells nothing"),
        pytest.param([[0, 0, 0]] * 3, 0.99, id="nothing counted"),
        pytest.param([[0, 0, 9000]] * 3, 0.99, id="one label only"),
    ],
)
def test_what_an_error_table_cannot_tell_is_left_open(table, least):
    found = estimate_shares(frame_of(300, 0, 300), errors=ErrorTable(np.array(table), "invented"))
    assert found[["share", "low", "high"]].notna().all(axis=None)
    assert widths(found).max() >= least
    assert columns_of(found, "share").sum() == pytest.approx(1)


def test_more_than_errors_explain_is_not_taken_for_certain():
    # VADER finds at most 59 % negative where all are.
    found = estimate_shares(frame_of(700, 150, 150)).set_index("label")
    assert found.loc["negative", "share"] > 0.95
    assert found.loc["negative", "low"] < 0.9


def test_counts_that_errors_cannot_bring_forth_widen_all_intervals():
    # One in ten is called neutral even where none is.
    explained = estimate_shares(frame_of(900, 250, 900), errors=GOOD_TABLE)
    unexplained = estimate_shares(frame_of(900, 20, 900), errors=GOOD_TABLE)
    assert (widths(unexplained) > 1.3 * widths(explained)).all()


def test_posts_of_few_authors_say_less():
    posts = frame_of(200, 200, 200)
    alone = widths(estimate_shares(posts.assign(author_key=[str(n) for n in range(600)])))
    alike = posts.assign(author_key=[str(n // 10) for n in range(600)])  # ten posts each, all alike
    assert widths(estimate_shares(posts)).tolist() == pytest.approx(alone.tolist(), rel=0.01)
    assert (widths(estimate_shares(alike)) / alone).mean() > 2
    busy = widths(estimate_shares(posts.assign(author_key="one")))
    assert (busy > 0.8).all()
    unknown = widths(estimate_shares(posts.assign(author_key=None)))
    assert unknown.tolist() == pytest.approx(alone.tolist())


def test_a_dask_frame_gives_the_same():
    generator = np.random.default_rng(0)
    posts = pd.DataFrame(
        {
            "brand": generator.choice(["a", "b", None], 900),
            "author_key": generator.choice(["x", "y", "z", None, *map(str, range(90))], 900),
            "sentiment_label": generator.choice([*LABELS, None], 900),
            "said": generator.choice([*LABELS, *[None] * 9], 900),
        }
    ).convert_dtypes(dtype_backend="pyarrow")
    lazy = dd.from_pandas(posts, npartitions=4)
    expected = estimate_shares(posts, by="brand", labels="said")
    pd.testing.assert_frame_equal(estimate_shares(lazy, by="brand", labels="said"), expected)
    found = estimate_shares(posts, by="brand", labels=posts["said"])
    pd.testing.assert_frame_equal(found, expected)


def test_a_group_does_not_depend_on_the_others():
    posts = frame_of(90, 50, 60, 1, brand=["a", "b", "c"] * 67)
    together = estimate_shares(posts, by="brand")
    alone = estimate_shares(posts[posts["brand"] == "b"], by="brand")
    rows = together[together["brand"] == "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, alone, check_exact=False, rtol=1e-9)


def test_the_seed_alone_decides():
    posts = frame_of(90, 50, 60)
    once, again, other = (
        columns_of(estimate_shares(posts, seed=seed), "low") for seed in (1, 1, 2)
    )
    assert once.tolist() == again.tolist() != other.tolist()
    assert once == pytest.approx(other, abs=0.03)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(*[st.integers(0, 400)] * 3),
    st.lists(st.integers(0, 500), min_size=9, max_size=9),
    st.floats(0.01, 0.99),
)
def test_shares_sum_to_one_and_lie_in_their_intervals(counts, table, confidence):
    errors = ErrorTable(np.reshape(table, (3, 3)), "invented posts")
    found = estimate_shares(frame_of(*counts), errors=errors, confidence=confidence)
    low, share, high = (columns_of(found, name) for name in ("low", "share", "high"))
    assert ((low >= 0) & (low <= high) & (high <= 1)).all()
    if sum(counts):
        assert math.isclose(share.sum(), 1, abs_tol=1e-9)
        assert ((low <= share) & (share <= high)).all()


def test_each_method_is_corrected_for_its_own_errors():
    scored_by = ["vader-3.3.2-0a1b2c3d"] * 300 + ["good-01234567"] * 300
    labels = ["negative", "neutral", "positive"] * 200
    posts = pd.DataFrame({"sentiment_label": labels, "sentiment_model": scored_by})
    model = model_with(GOOD_TABLE)
    found = estimate_shares(posts, by="sentiment_model", errors=model)
    by_mapping = estimate_shares(posts, by="sentiment_model", errors={model.version: GOOD_TABLE})
    pd.testing.assert_frame_equal(found, by_mapping)
    good, vader = found[:3], found[3:]
    alone = estimate_shares(posts[300:], errors=GOOD_TABLE)
    assert columns_of(good, "share") == pytest.approx(columns_of(alone, "share"))
    assert columns_of(vader, "share") == pytest.approx(
        columns_of(estimate_shares(posts[["sentiment_label"]][:300]), "share")
    )
    both = estimate_shares(posts, errors=model)
    mean = (columns_of(good, "share") + columns_of(vader, "share")) / 2
    assert columns_of(both, "share") == pytest.approx(mean)


def test_posts_of_a_method_whose_errors_are_said_to_be_unknown_are_left_out():
    scored_by = ["vader-3.3.2"] * 30 + ["new-01234567"] * 60
    posts = frame_of(30, 30, 30, sentiment_model=scored_by)
    found = estimate_shares(posts, errors={"new-01234567": None})
    assert found["posts"].tolist() == [30] * 3
    assert found["unscored"].tolist() == [60] * 3
    assert columns_of(found, "raw").tolist() == [1, 0, 0]


def test_methods_are_counted_with_the_posts_their_errors_were_counted_on():
    scored_by = ["vader-3.3.2", "good-01234567", "good-01234567", "new-01234567", None]
    posts = frame_of(2, 1, 1, 1, sentiment_model=scored_by)
    found = count_methods(posts, {"good-01234567": GOOD_TABLE, "new-01234567": None})
    assert found["method"].tolist() == ["good-01234567", "new-01234567", "vader-3.3.2"]
    assert found["posts"].tolist() == [2, 1, 1]
    assert found["measured_on"].isna().tolist() == [False, True, False]
    assert found["measured_on"].iloc[2] == VADER_ERRORS.measured_on
    assert count_methods(frame_of(unscored=2)).empty


def test_without_a_column_of_methods_a_model_scored_all():
    posts = frame_of(90, 50, 60)
    found = estimate_shares(posts, errors=model_with(GOOD_TABLE))
    # Draws are seeded by the method's name, shares are not.
    expected = estimate_shares(posts, errors=GOOD_TABLE)
    assert columns_of(found, "share") == pytest.approx(columns_of(expected, "share"))


@pytest.mark.parametrize("errors", [None, {"good-76543210": GOOD_TABLE}, model_with(None)])
def test_unknown_errors_are_refused_with_the_way_to_pass_them(errors):
    posts = frame_of(5, 5, 5, sentiment_model=["good-01234567"] * 15)
    with pytest.raises(ParamError, match=r"'good-01234567' errs is not known.*errors=model"):
        estimate_shares(posts, errors=errors)


def test_the_near_match_of_an_unknown_method_is_named():
    posts = frame_of(5, 5, 5, sentiment_model=["good-01234567"] * 15)
    with pytest.raises(ParamError, match="Did you mean 'good-01234566'"):
        estimate_shares(posts, errors={"good-01234566": GOOD_TABLE})


@pytest.mark.parametrize("counts", [np.eye(2), -np.eye(3), np.full((3, 3), np.nan)])
def test_a_table_that_is_none_is_refused(counts):
    with pytest.raises(ParamError, match="3 × 3 counts of 0 or more"):
        estimate_shares(frame_of(1), errors=ErrorTable(counts, "invented posts"))


def test_labels_that_are_none_are_named_with_the_near_match():
    with pytest.raises(SchemaError, match=r"'sentiment_label' holds 'negativ'.*'negative'"):
        estimate_shares(pd.DataFrame({"sentiment_label": ["negativ"]}))
    with pytest.raises(SchemaError, match=r"'said' holds 'Positive'.*'positive'"):
        estimate_shares(frame_of(1, said=["Positive"]), labels="said")


def test_bad_parameters_are_refused():
    posts = frame_of(2, 2, 2)
    with pytest.raises(ParamError, match="confidence is 95"):
        estimate_shares(posts, confidence=95)
    with pytest.raises(ParamError, match="seed is -1"):
        estimate_shares(posts, seed=-1)
    with pytest.raises(ParamError, match="cannot be made by 'share'"):
        estimate_shares(posts.assign(share=1), by="share")
    with pytest.raises(SchemaError, match=r"'brnd'.*'brand'"):
        estimate_shares(posts.assign(brand="a"), by="brnd")
    with pytest.raises(ParamError, match="another index"):
        estimate_shares(posts, labels=pd.Series(["negative"], index=[7]))
    with pytest.raises(ParamError, match="not both pandas or both Dask"):
        estimate_shares(dd.from_pandas(posts, npartitions=1), labels=posts["sentiment_label"])


def test_labels_never_given_change_nothing():
    posts = frame_of(90, 50, 60)
    unlabelled = posts.assign(said=pd.Series([None] * 200, dtype=object))
    expected = estimate_shares(posts)
    pd.testing.assert_frame_equal(estimate_shares(unlabelled, labels="said"), expected)


def test_one_label_only_moves_towards_it():
    posts = frame_of(300, 300, 300)
    said = pd.Series([None] * 900, dtype=object)
    said[::9] = "neutral"
    found = estimate_shares(posts, labels=said).set_index("label")
    assert found.loc["neutral", "share"] > 0.85
    assert found.loc["neutral", "low"] > 0.7
    assert found.loc["negative", "high"] > 0


def test_a_thousand_groups_take_seconds():
    generator = np.random.default_rng(0)
    posts = pd.DataFrame(
        {
            "group": np.repeat(np.arange(1_000), 20),
            "sentiment_label": generator.choice(LABELS, 20_000),
        }
    )
    assert len(estimate_shares(posts, by="group")) == 3_000
