"""How often intervals of shares hold the truth: the whole grid, and a trained classifier on real posts."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from murmuration.sentiment import estimate_shares
from murmuration.sentiment.model import LABELS, ErrorTable

from ..sentiment.share_simulation import AIRLINES, METHODS, SHARES, VADER, count_hits

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
RUNS = 2_000


def test_intervals_of_95_percent_cover_95_percent_in_every_cell():
    sizes = ((500, 1), (2_000, 1), (1_200, 4), (1_000, 20))  # posts, and how many an author wrote
    grid = itertools.product(METHODS, sizes, (1_000, 47_678), range(len(SHARES)))
    covered = {
        cell: count_hits(SHARES[cell[3]], METHODS[cell[0]], posts=cell[1][0], each=cell[1][1], table_posts=cell[2], runs=RUNS, seed=cell[3])[0]
        for cell in grid
    }  # fmt: skip
    found = np.array(list(covered.values()))
    worst = min(covered, key=lambda cell: covered[cell].min())
    print(f"\n{found.size} cells of {RUNS} runs: {found.mean():.3f}, {found.min():.3f} to {found.max():.3f}")  # fmt: skip
    assert 0.93 <= found.mean() <= 0.97
    assert found.min() >= 0.90, (worst, covered[worst])


@pytest.mark.parametrize("each", [1, 4, 20], ids="{} posts an author".format)
@pytest.mark.parametrize("errs_here", [None, AIRLINES], ids=["table holds", "table does not"])
def test_with_labels_they_cover_whether_or_not_the_error_table_holds(errs_here, each):
    found = np.array([
        count_hits(shares, VADER, posts=posts, table_posts=47_678, runs=RUNS, seed=1, labelled=200, errs_here=errs_here, each=each)[0]
        for shares in SHARES for posts in {1: (500, 2_000), 4: (1_200,), 20: (1_000,)}[each]
    ])  # fmt: skip
    print(f"\n{found.size} cells of {RUNS} runs: {found.mean():.3f}, {found.min():.3f} to {found.max():.3f}")  # fmt: skip
    assert 0.93 <= found.mean() <= 0.97
    assert found.min() >= 0.90


def test_a_classifier_learnt_on_five_airlines_is_corrected_on_the_sixth(real_data):
    tweets = pd.read_csv(real_data("airline/Tweets.csv"), dtype=str).drop_duplicates("tweet_id")
    rows = []
    for name, here in tweets.groupby("airline"):
        others = tweets[tweets["airline"] != name]
        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=1_000)
        )
        human = others["airline_sentiment"]
        unseen = cross_val_predict(model, others["text"], human, cv=3)
        counts = pd.crosstab(human.to_numpy(), unseen).loc[list(LABELS), list(LABELS)]
        errors = ErrorTable(counts.to_numpy(), "tweets to the five others, three folds")
        given = model.fit(others["text"], human).predict(here["text"])
        found = estimate_shares(
            pd.DataFrame({"airline": name, "sentiment_label": given}), "airline", errors=errors
        )
        truth = here["airline_sentiment"].value_counts(normalize=True)
        rows.append(found.assign(truth=truth.reindex(LABELS).to_numpy()))
    found = pd.concat(rows)
    print("\n" + found.round(3).to_string())
    apart = {name: (found[name] - found["truth"]).abs().mean() for name in ("raw", "share")}
    assert apart["share"] < 0.8 * apart["raw"]
