"""`evaluate topics`: one table of ours and the references, JSON for machines, one sentence when it is wrong."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from murmuration.cli import app
from murmuration.errors import ParamError, ReadError, SchemaError
from murmuration.settings import get_settings
from murmuration.terminal import print_topic_evaluations
from murmuration.topic_evaluation import (
    METHODS,
    TopicEvaluation,
    TopicSet,
    find_sets,
    published,
    read_set,
)
from murmuration.topic_evaluation.methods import Task
from murmuration.topic_evaluation.run import measure

SUBJECTS = {
    "travel": "flight luggage delay seat crew gate airport runway",
    "coffee": "coffee espresso roast beans barista milk latte crema",
    "phone": "phone battery screen camera charger update app signal",
}


@pytest.fixture(scope="module")
def posts():
    rng = np.random.default_rng(0)
    labels = rng.choice(list(SUBJECTS), 150)
    texts = [" ".join(rng.choice(SUBJECTS[one].split(), 5, replace=False)) for one in labels]
    return TopicSet("invented", pd.DataFrame({"text": texts}), (3,), tuple(labels))


@pytest.fixture
def labelled(posts, tmp_path):
    path = tmp_path / "posts.csv"
    posts.posts.assign(about=posts.labels).to_csv(path, index=False)
    return path


@pytest.fixture
def evaluate(workspace):
    def run(*words):
        done = CliRunner().invoke(app, ["evaluate", "topics", *words])
        if done.exception:
            raise done.exception
        return done.stdout

    return run


@pytest.mark.parametrize(
    "method", ["murmuration nmf", "murmuration lda", "plain NMF", "plain LDA", "k-means"]
)
def test_a_method_gives_a_topic_for_each_post_and_terms_for_each_topic(posts, method):
    found = METHODS[method](posts.posts, Task(3, seed=0))
    assert len(found.topics) == len(posts.posts)
    assert len(found.terms) == 3
    assert all(set(terms) <= set(" ".join(SUBJECTS.values()).split()) for terms in found.terms)


def test_good_topics_are_told_from_none(posts):
    row = measure(posts, "murmuration nmf")
    assert row.nmi > 0.8
    assert row.purity > 0.9
    assert row.steady_seeds > 0.9
    assert row.topics == row.asked == 3
    assert row.steady_weeks is None
    assert min(row.cpu_seconds, row.posts_per_second, row.peak_mb) > 0
    shuffled = TopicSet("shuffled", posts.posts, (3,), tuple(sorted(posts.labels)))
    assert measure(shuffled, "murmuration nmf", seeds=1).nmi < 0.2


def test_windows_that_overlap_say_how_steady_topics_are(posts):
    weeks = TopicSet("weeks", posts.posts[:100], (3,), None, posts.posts[50:])
    row = measure(weeks, "plain NMF", seeds=1)
    assert row.steady_weeks > 0.8
    assert row.nmi is None
    assert row.steady_seeds is None


def test_a_file_of_ones_own_is_measured(evaluate, labelled):
    words = ["--data", str(labelled), "--label", "about", "-m", "plain NMF", "--seeds", "1"]
    [row] = json.loads(evaluate(*words, "--json"))["results"]
    assert (row["data"], row["method"], row["asked"]) == ("posts.csv", "plain NMF", 3)
    assert row["nmi"] > 0.8


def test_each_fit_is_told_while_one_waits(workspace, labelled):
    words = ["--data", str(labelled), "--label", "about", "-m", "plain NMF", "--json"]
    done = CliRunner().invoke(app, ["evaluate", "topics", *words])
    lines = [re.sub(r"\d+ s", "N s", line) for line in done.stderr.splitlines()]
    assert lines == [
        f"evaluate topics, N s: posts.csv, plain NMF, 3 topics, seed {seed}" for seed in (0, 1)
    ]
    assert json.loads(done.stdout)["results"]


def test_a_folder_of_posts_that_nobody_named_is_told(workspace, monkeypatch):
    monkeypatch.delenv("MURMURATION_REAL_DATA", raising=False)
    get_settings.cache_clear()
    done = CliRunner().invoke(app, ["evaluate", "topics"])
    folder = get_settings().real_data
    assert done.stderr.strip() == f"MURMURATION_REAL_DATA is not set; reading posts in {folder}."
    assert f"no posts that are known in {folder}" in str(done.exception)


def test_the_table_has_a_line_a_method(capsys):
    print_topic_evaluations(
        [TopicEvaluation("mine.csv", "k-means", topics=2, nmi=0.5), *published(["BBC"])]
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["data", "method", "topics", "NMI"]
    assert lines[1].split() == ["mine.csv", "k-means", "2", "0.500"]
    assert lines[2].split()[-2:] == ["0.167", "0.794"]
    assert "left out count as wrong" in lines[-1]


def test_what_papers_report_stands_beside():
    rows = published(["BBC", "unknown"])
    assert {row.data for row in rows} == {"BBC"}
    assert all(row.published and row.npmi is not None for row in rows)


@pytest.mark.parametrize(
    ("words", "error", "told"),
    [
        (["--set", "Tweets"], ParamError, "Did you mean 'Tweet'"),
        (["--set", "Tweet", "--data", "x.csv"], ParamError, "cannot go together"),
        (["--data", "nowhere.csv"], ReadError, "no file nowhere.csv"),
    ],
)
def test_wrong_words_are_told(evaluate, words, error, told):
    with pytest.raises(error, match=told):
        evaluate(*words)


def test_a_method_that_is_not_known_is_told(evaluate, labelled):
    with pytest.raises(ParamError, match="no method 'bertopic'"):
        evaluate("--data", str(labelled), "-m", "bertopic")


def test_a_file_without_text_is_told(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("words,topic\nhello,a\n")
    with pytest.raises(
        SchemaError, match="no column that is known to hold text, only words, topic"
    ):
        read_set(path)
    with pytest.raises(SchemaError, match=r"no column 'word'\. Did you mean 'words'"):
        read_set(path, text="word")
    path.write_text("text,topic\n,a\n")
    with pytest.raises(ReadError, match="no row with text and a label"):
        read_set(path)


def test_a_folder_without_posts_is_told(tmp_path):
    with pytest.raises(ReadError, match="no posts that are known"):
        find_sets(tmp_path)


def test_published_sets_are_read_whole(real_data):
    sets = {one.name: one for one in find_sets(real_data("topics").parent)}
    assert {name: len(one.posts) for name, one in sets.items() if one.labels} == {
        "StackOverflow": 16_407, "Tweet": 2_472, "BBC": 2_225,
    }  # fmt: skip
    assert len(set(sets["Tweet"].labels)) == 89
    trolls = sets["trolls"]
    shared = trolls.posts.index.intersection(trolls.later.index)
    assert 0.2 < len(shared) / len(trolls.posts) < 0.8
