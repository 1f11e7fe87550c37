"""`evaluate sentiment`: a table, a last line, JSON for machines, one sentence when it is wrong."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from murmuration import evaluation
from murmuration.cli import app
from murmuration.errors import MurmurationError
from murmuration.models import SavedModel
from murmuration.sentiment.model import ModelCard
from murmuration.terminal import print_evaluations


@pytest.fixture
def evaluate(workspace, monkeypatch):
    """Run the command in this process; give its output, or raise what it says is wrong."""

    def run(*words, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        done = CliRunner().invoke(app, ["evaluate", "sentiment", *words])
        if done.exception:
            raise done.exception
        return done.stdout

    return run


@pytest.fixture
def labelled(tmp_path):
    rows = [
        "I love it,positive",
        "I hate it,negative",
        "It is a day,neutral",
        "Not good,negative",
    ] * 5
    path = tmp_path / "labelled.csv"
    path.write_text("said,feeling\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_model_of_many_versions_is_loaded_once(monkeypatch):
    card = ModelCard(name="english", kind="linear", languages=("en",))
    saved = [SavedModel(card, f"english-{digit * 8}", digit * 64) for digit in "012"]
    loaded = []
    monkeypatch.setattr(evaluation, "list_models", lambda store: saved)
    monkeypatch.setattr(evaluation, "current_models", lambda store: {})
    monkeypatch.setattr(evaluation, "open_store", lambda: SimpleNamespace(has=lambda _: True))
    monkeypatch.setattr(evaluation, "load", lambda name: loaded.append(name) or saved[-1])
    assert evaluation.find_models([]) == [saved[-1]]
    assert loaded == ["english"]


def test_a_file_of_ones_own_is_measured_and_nothing_is_written(evaluate, labelled, tmp_path):
    words = ["--data", str(labelled), "--text", "said", "--label", "feeling", "--lang", "en"]
    done = evaluate(*words)
    lines = done.strip().splitlines()
    assert "macro recall" in lines[0]
    assert lines[1].split()[:4] == ["labelled.csv", "VADER", "3.3.2", "all"]
    assert lines[-1].startswith("Nothing was written.")
    assert f"-p data={labelled}" in lines[-1]
    assert not (tmp_path / "store").exists()
    [row] = json.loads(evaluate(*words, "--json"))["results"]
    assert row["row"]["scored"] == 20
    assert row["row"]["accuracy"] == 1
    assert row["texts_per_second"] > 0


def test_a_model_that_was_trained_on_the_posts_has_a_mark_and_a_warning(capsys):
    row = {"model": "small-12345678", "lang": "all", "posts": 9, "scored": 9, "ece": 0.1}
    row |= dict.fromkeys(("macro_f1", "weighted_f1", "accuracy"), 0.9)
    row |= {f"macro_recall{end}": 0.9 for end in ("", "_low", "_high")}
    found = [evaluation.Evaluation("a.csv", row, 10.0, seen) for seen in (0.97, 0.01, None)]
    print_evaluations(found)
    lines = capsys.readouterr().out.splitlines()
    assert ["small-12345678 *" in line for line in lines[1:4]] == [True, False, False]
    assert lines[4:] == [
        "* a.csv: small-12345678 was trained on about 97 % of these posts, so its figures here are too good; "
        "judge it by posts that it was not trained on."
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "none.csv"], "There is no file none.csv"),
        (["--data", "{file}"], "None of the columns of"),
        (["--data", "{file}", "--text", "sad", "--label", "feeling"], "Did you mean 'said'?"),
        (["--data", "{file}", "--text", "said", "--label", "said"], "which means nothing here"),
        (
            ["--data", "{file}", "--text", "said", "--label", "feeling", "-m", "nix"],
            "has no model called 'nix'",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(evaluate, labelled, words, said):
    with pytest.raises(MurmurationError) as found:
        evaluate(*(word.format(file=labelled) for word in words))
    assert said in str(found.value)


def test_without_known_posts_it_says_how_to_name_a_file(evaluate, tmp_path):
    with pytest.raises(MurmurationError, match="Name a file of yours with --data FILE"):
        evaluate(MURMURATION_REAL_DATA=str(tmp_path))


def test_the_published_posts_give_the_known_figures_and_why_the_paper_has_others(
    evaluate, real_data
):
    folder = real_data("vader/tweets_GroundTruth.txt").parents[1]
    done = evaluate(MURMURATION_REAL_DATA=str(folder))
    rows = {line.split("  ")[0]: line for line in done.splitlines()}
    assert "0.948" in rows["vader tweets"]
    assert "0.457" in rows["airline"]
    assert "0.564 (0.559–0.569)" in rows["semeval"]
    assert "umsab val: VADER 3.3.2 left 2,268 of 2,268 posts unscored" in done
    assert (
        "r .872, weighted F1 .948; the paper (Hutto & Gilbert 2014) has r .881 and F1 .96." in done
    )
    assert "It is the package" in done
