"""The quality report over a labelled file: what it rests on is on record, and it comes out the same again."""

import hashlib

import pandas as pd
import pytest

from murmuration.reports import load_run
from murmuration.sample import make_posts, write_posts
from murmuration.schema import RESULTS

from ..browser.conftest import Workspace
from .conftest import values_of

TRAIN = """
import sys
import pandas as pd
import murmuration as mm
from murmuration.sentiment.classifier import train_classifier
from murmuration.sentiment.params import ClassifierParams
posts = pd.read_csv(sys.argv[1])
model = train_classifier(posts["text"], posts["label"], groups=posts["author"], name="small", params=ClassifierParams(strength=1.0))
print(mm.models.save(model).version)
"""


@pytest.fixture(scope="module")
def quality_workspace(tmp_path_factory):
    """A workspace with a store, a model, and labelled posts that the model was trained on in part."""
    place = Workspace(tmp_path_factory.mktemp("quality"))
    place.run("import", str(write_posts(place.root / "p.jsonl", 300)), "--source", "sample")
    posts = pd.concat(list(make_posts(1_200)), ignore_index=True)
    posts = posts[(posts["lang"] == "en") & posts["text"].notna()]
    labelled = posts[["text", "post_id"]].assign(
        label=posts["truth_sentiment"], author=posts["author_key"], lang="en"
    )
    labelled.to_csv(place.root / "labelled.csv", index=False)
    labelled.head(400).to_csv(place.root / "train.csv", index=False)
    (place.root / "train.py").write_text(TRAIN, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def version(quality_workspace):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "train.py", "train.csv"],
        cwd=quality_workspace.root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


@pytest.fixture(scope="module")
def run(quality_workspace, version):
    return load_run(
        quality_workspace.report("sentiment_quality", data="labelled.csv", models="small")
    )


def test_every_table_is_there_and_agrees_with_the_others(run, version):
    names = {table.name for table in RESULTS["sentiment_quality"]}
    tables = {name: run.table(name).to_pandas() for name in names}
    assert set(tables["quality"]["model"]) == {"vader-3.3.2", version}
    quality = tables["quality"].set_index("model")
    right = tables["confusion"].query("label == given").groupby("model")["posts"].sum()
    assert (right / quality["scored"]).to_dict() == pytest.approx(quality["accuracy"].to_dict())
    assert tables["calibration"]["posts"].sum() == quality.loc[version, "scored"]
    assert not tables["mistakes"]["text"].str.contains(r"@(?!user\b)\w", regex=True).any()


def test_a_model_that_was_trained_on_the_posts_is_warned_of_in_the_answer(run, version):
    assert run.manifest["answer"][0].startswith(f"{version} was trained on about ")
    assert run.manifest["answer"][1].startswith("VADER 3.3.2 has a macro recall")
    drift = run.table("drift").to_pandas()
    assert set(drift["model"]) == {version}
    assert drift.set_index("measure")["value"]["seen"] > 0.3


def test_the_manifest_says_which_posts_and_which_models(quality_workspace, run, version):
    path = quality_workspace.root / "labelled.csv"
    pinned = run.manifest["pinned"]
    assert (
        pinned["labelled"]["labelled.csv"]["sha256"]
        == hashlib.sha256(path.read_bytes()).hexdigest()
    )
    assert pinned["named_models"]["small"]["version"] == version
    page = run.page.read_text(encoding="utf-8")
    assert version in page
    assert pinned["labelled"]["labelled.csv"]["sha256"] in page
    assert run.page.stat().st_size < 3_000_000


@pytest.mark.soak
def test_the_same_run_again_has_equal_tables(quality_workspace, run):
    again = load_run(
        quality_workspace.report("sentiment_quality", data="labelled.csv", models="small")
    )
    assert values_of(again) == values_of(run)
    assert len(values_of(run)) == len(RESULTS["sentiment_quality"])
