"""What a reader of the quality report is told."""

import numpy as np
import pandas as pd
import pytest

from murmuration.sentiment import quality as q
from murmuration.sentiment.model import LABELS, ModelCard
from murmuration.show import sentiment_figures as figures
from murmuration.show import sentiment_quality as show


class Sides:
    """A model that always gives the same probabilities."""

    def __init__(self, name, chances):
        self.card = ModelCard(name=name, kind="linear", languages=("en",))
        self.version = f"{name}-12345678"
        self._chances = chances

    def predict_proba(self, texts):
        return np.tile(np.array(self._chances, dtype=float), (len(list(texts)), 1))

    def predict(self, texts):
        raise NotImplementedError

    def choose(self, probabilities):
        return probabilities.argmax(axis=1)

    def save(self, folder): ...


HOSTILE = "<script>alert(1)</script> %{x} $y$ not great"


@pytest.fixture(scope="module")
def tables():
    texts = ["I love it", "I hate it", "What a lovely mess", "not good at all", HOSTILE] * 40
    labels = ["positive", "negative", "neutral", "negative", "negative"] * 40
    posts = pd.DataFrame({"text": texts, "label": labels, "lang": "en"})
    posts["group"] = [f"a{n % 50}" for n in range(len(posts))]
    posts = q.prepare_labelled(posts)
    models = [Sides("always", [0.1, 0.1, 0.8]), Sides("<b>odd", [0.4, 0.35, 0.25])]
    judged = pd.concat([q.judge(posts, model) for model in (None, *models)], ignore_index=True)
    return {
        "posts": posts,
        "quality": q.estimate_quality(judged),
        "by_class": q.estimate_by_class(judged),
        "confusion": q.count_confusion(judged),
        "calibration": q.estimate_calibration(judged),
        "slices": q.estimate_slices(judged),
        "mistakes": q.find_mistakes(judged),
    }


def test_the_answer_says_how_good_what_goes_wrong_and_where(tables):
    answer = show.describe_quality(tables["quality"], tables["confusion"], tables["slices"])
    best = tables["quality"].sort_values("macro_recall").iloc[-1]
    assert len(answer) == 3
    assert f"VADER 3.3.2 has a macro recall of {best['macro_recall']:.3f} (" in answer[0]
    assert "where guessing has 0.333" in answer[0]
    assert "always-12345678 has 0.333" in answer[0]
    assert answer[1].startswith(
        "Its most frequent mistake is to call neutral posts positive: 40 posts, 100 %"
    )


def test_a_model_that_was_trained_on_the_posts_is_warned_of_first_and_is_no_answer(tables):
    known = "vader-3.3.2"
    drift = pd.DataFrame(
        {"model": [known], "posts": "labelled", "measure": "seen", "value": [0.97], "usual": 0.0}
    )
    quality = tables["quality"]
    answer = show.describe_quality(quality, tables["confusion"], tables["slices"], drift)
    assert answer[0].startswith("VADER 3.3.2 was trained on about 97 % of these posts, so its")
    assert not any("VADER" in sentence for sentence in answer[1:])
    assert "VADER 3.3.2 *" in show.show_quality(quality, drift).markup
    assert "VADER" not in show.show_published(quality, drift).markup


def test_only_vader_is_called_vader():
    names = ["vader-3.3.2", "vader-3.3.2-0a1b2c3d", "vader-0a1b2c3d", "vader-3-0a1b2c3d"]
    assert [show.model_name(name) for name in names] == [
        "VADER 3.3.2",
        "VADER 3.3.2-0a1b2c3d",
        *names[2:],
    ]


def test_posts_that_nobody_scored_are_said_to_be_so():
    posts = q.prepare_labelled(pd.DataFrame({"text": ["ja"], "label": ["neutral"], "lang": "de"}))
    judged = q.judge(posts)
    quality, confusion = q.estimate_quality(judged), q.count_confusion(judged)
    answer = show.describe_quality(quality, confusion, q.estimate_slices(judged))
    assert answer[0] == "None of 1 labelled post could be scored."
    assert "No post was scored" in show.show_quality(quality).markup
    assert "No post was scored" in show.show_mistakes(q.find_mistakes(judged), quality).markup
    for figure in (
        figures.plot_classes(q.estimate_by_class(judged)),
        figures.plot_confusion(confusion),
        figures.plot_calibration(q.estimate_calibration(judged), quality),
        figures.plot_slices(q.estimate_slices(judged)),
    ):
        assert figure.layout.meta["alt"]


def test_figures_say_what_they_show_and_carry_their_numbers(tables):
    drawn = {
        "classes": figures.plot_classes(tables["by_class"]),
        "confusion": figures.plot_confusion(tables["confusion"]),
        "calibration": figures.plot_calibration(tables["calibration"], tables["quality"]),
        "slices": figures.plot_slices(tables["slices"]),
    }
    for figure in drawn.values():
        assert figure.layout.meta["title"]
        assert figure.layout.meta["alt"]
        assert figure.layout.meta["table"]["rows"]
    # Colour is never the only carrier: each model has a shape of its own.
    shapes = {trace.marker.symbol for trace in drawn["classes"].data}
    assert len(shapes) == 3
    shown = " ".join(trace.name for trace in drawn["slices"].data)
    assert "<b>" not in shown


def test_what_posts_and_models_are_called_cannot_break_the_page(tables):
    markup = show.show_mistakes(tables["mistakes"], tables["quality"]).markup
    markup += (
        show.show_quality(tables["quality"]).markup + show.show_published(tables["quality"]).markup
    )
    assert "<script>" not in markup
    assert "<b>odd" not in markup
    assert "&lt;script&gt;alert(1)&lt;/script&gt; %{x} $y$" in markup


def test_mistakes_say_what_weighed(tables):
    markup = show.show_mistakes(tables["mistakes"], tables["quality"]).markup
    assert "is labelled <strong>" in markup
    assert "strength of the score" in markup
    assert "probability 0.800" in markup


def test_published_figures_stand_beside_those_of_the_run(tables):
    markup = show.show_published(tables["quality"]).markup
    for part in (
        "RoBERTa-base",
        "0.713",
        "FastText",
        "0.629",
        "SemEval-2017, published",
        "the posts of this report",
    ):
        assert part in markup


class Counts:
    rows, without_label, without_text, repeated, contradicting = 12, 1, 2, 4, 3


def test_limits_name_what_was_left_out_and_models_that_had_seen_the_posts(tables):
    quality = tables["quality"].assign(scored=1)
    drift = pd.DataFrame(
        {
            "model": ["always-12345678", "<b>odd-12345678"], "posts": "labelled", "measure": "seen",
            "value": [0.97, 0.01], "usual": 0.0,
        }
    )  # fmt: skip
    said = show.describe_quality_limits(quality, Counts(), drift)
    assert "12 rows were read; 2 without text and 1 without a label were left out." in said
    assert "4 posts have a text that another has too; 3 of them do not agree" in said
    assert "VADER 3.3.2 scored 1 of 200 posts" in said
    assert "**always-12345678 was trained on about 97 % of these posts**" in said
    assert "odd-12345678 was trained" not in said.replace("\\", "")


def test_drift_is_told_in_words():
    rows = pd.DataFrame(
        {
            "model": "m-1", "posts": "labelled", "measure": ["seen", "vocabulary", "length", "language"],
            "value": [0.0, 0.2, 0.16, None], "usual": [0.0, 0.01, 0.1, 0.1],
        }
    )  # fmt: skip
    markup = show.show_drift(rows).markup
    for word in ("none", "much", "some"):
        assert markup.count(f"<td>{word}</td>") == 1
    assert "mix of languages" not in markup
    assert "VADER was not trained" in show.show_drift(rows.iloc[:0]).markup


def test_the_paper_is_held_against_today_in_four_sentences():
    found = q.PaperComparison(0.8722, 0.8736, 0.9480, 0.9484, 0.9451, 0.7883, 196)
    said = show.describe_paper(found)
    assert len(said) == 4
    assert (
        "r .872, weighted F1 .948; the paper (Hutto & Gilbert 2014) has r .881 and F1 .96"
        in said[0]
    )
    assert "r .880 (.881 with the raters' answers) and F1 .960" in said[3]


def test_the_headline_says_on_what_it_was_measured(tables):
    text = show.quality_headline(["One.", "Two."], "my_file.csv", tables["posts"])
    assert text.startswith(
        "# Sentiment quality\n\nMeasured on 200 labelled posts of my\\_file.csv by 50 authors"
    )
    assert "invented posts" in show.quality_headline(["x"], "sample", tables["posts"])
    assert LABELS[0] in str(figures.plot_confusion(tables["confusion"]).data[0].y)
