"""The notebook for labelling works from top to bottom; tests/browser has it without labels, and with a person."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from murmuration.models import list_models, save
from murmuration.sample import make_posts, write_posts
from murmuration.sentiment import ClassifierParams, train_classifier
from murmuration.store import load_labels, load_posts, open_store, save_labels

from ..conftest import ROOT

NOTEBOOK = ROOT / "notebooks/explore/label_posts.ipynb"


@pytest.fixture
def sample(tmp_path, take_in, monkeypatch):
    """A store with sample posts, and the truth about them as two people see it."""
    monkeypatch.chdir(tmp_path)
    store = open_store()
    take_in(write_posts(tmp_path / "posts.jsonl", 900), source="sample", into=store)
    return store


def run(tmp_path, **parameters):
    from papermill.execute import execute_notebook

    done = execute_notebook(
        str(NOTEBOOK), str(tmp_path / "done.ipynb"), parameters, progress_bar=False
    )
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type in ("error", "stream")]
    return outputs


def texts(outputs):
    return json.dumps([output.get("data", {}) for output in outputs], ensure_ascii=False)


def label_by_truth(store):
    posts = load_posts("sample", columns=["source", "post_id", "text"], store=store).compute()
    truth = pd.concat(make_posts(900))[["post_id", "truth_sentiment"]].astype({"post_id": str})
    known = posts.merge(truth, on="post_id").dropna(subset=["text"]).head(260)
    known["label"] = known["truth_sentiment"]
    save_labels(
        known.assign(labeller="ann", drawn="random", inclusion_probability=0.3), store=store
    )
    other = known.head(80).assign(labeller="ben", drawn="double")
    other.loc[other.index[:8], "label"] = "neutral"
    save_labels(other, store=store)


def earlier_model():
    posts = pd.concat(make_posts(300)).dropna(subset=["text"])
    quick = ClassifierParams(strength=1.0, folds=2)
    return train_classifier(posts["text"], posts["truth_sentiment"], params=quick, name="earlier")


@pytest.mark.soak
def test_shares_of_a_model_whose_errors_are_unknown_are_said_to_be_uncorrected(sample, tmp_path):
    label_by_truth(sample)
    model = earlier_model()
    model._card = replace(model.card, errors=None)  # as of a transformer that was only taken in
    save(model, store=sample)
    shown = texts(run(tmp_path, posts_to_label=20, needed=900, scored_by="earlier"))
    assert "Shares cannot be corrected: how often the method errs" in shown


def test_from_labels_of_two_people_it_trains_a_model_and_keeps_it(sample, tmp_path):
    label_by_truth(sample)
    before = load_labels(store=sample)
    save(earlier_model(), store=sample)
    chosen = {"posts_to_label": 20, "needed": 20, "keep_as": "from-labels", "scored_by": "earlier"}
    shown = texts(run(tmp_path, **chosen))
    assert "vnd.jupyter.widget-view+json" in shown
    assert "by 2 labellers" in shown
    assert "Krippendorff" in shown
    assert "its macro recall is" in shown
    assert "have a label that corrects, 4 have none (skipped or tied)" in shown
    assert "Kept as `from-labels@" in shown
    models = {model.card.name: model for model in list_models(store=sample)}
    assert models["from-labels"].card.languages == ("en",)
    # Looking changes nothing.
    pd.testing.assert_frame_equal(load_labels(store=sample), before)
