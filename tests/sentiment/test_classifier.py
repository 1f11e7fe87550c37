import numpy as np
import pytest

from murmuration.errors import ParamError
from murmuration.sentiment import ClassifierParams, LinearModel, train_classifier
from murmuration.sentiment.model import LABELS, Model

QUICK = ClassifierParams(strength=1.0, folds=3)
WORDS = {
    "negative": ["awful", "broken", "late again", "rude staff", "never again", "hate this"],
    "neutral": ["gate four", "boarding at nine", "which terminal", "flight to Boston", "the app", "seat map"],
    "positive": ["lovely crew", "great trip", "thank you", "so happy", "best flight", "well done"],
}  # fmt: skip


def make_texts(n: int = 240, seed: int = 0) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    labels = [LABELS[code] for code in rng.integers(0, 3, n)]
    texts = [
        f"{rng.choice(WORDS[label])} {rng.choice(WORDS[label])} today {number}"
        for number, label in enumerate(labels)
    ]
    return texts, labels


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return train_classifier(*make_texts(), params=QUICK)


def test_it_learns_what_the_labels_say(model):
    texts, labels = make_texts(seed=1)
    assert (model.predict(texts) == labels).mean() > 0.95
    assert isinstance(model, Model)


def test_a_saved_model_says_the_same_to_the_bit(model, tmp_path):
    model.save(tmp_path / "model")
    again = LinearModel.load(tmp_path / "model")
    texts = make_texts(seed=2)[0]
    assert again.version == model.version
    assert np.array_equal(again.predict_proba(texts), model.predict_proba(texts))


def test_a_misspelt_label_is_named_with_the_near_match():
    texts, labels = make_texts(60)
    labels[7] = "postive"
    with pytest.raises(ParamError, match=r"'postive'. Did you mean 'positive'\?"):
        train_classifier(texts, labels)
