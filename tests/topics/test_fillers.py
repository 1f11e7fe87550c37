"""Words that fill speech tell no topic, in whatever language posts are."""

import numpy as np
import pandas as pd
import pytest

import murmuration as mm
from murmuration.topics import TopicParams, assign_topics, fit_topics
from murmuration.topics.fillers import find_fillers

# A language that has no list; every subject is said with the same small words.
FILLING = "bavu dovu kirr lumo saqu tenno".split()
SUBJECTS = [
    "vurak felin tosma derig palun hospa cilme wostu brifa",
    "nekto yubri casolo minga zerat fudge plonk quexi jorba",
]


def write_posts(n=400, *, lang="qq"):
    rng = np.random.default_rng(0)
    about = rng.integers(len(SUBJECTS), size=n)
    texts = []
    for subject in about:
        says = rng.choice(SUBJECTS[subject].split(), 3, replace=False)
        fills = [word for word in FILLING if rng.random() < 0.4]
        texts.append(" ".join(rng.permutation([*says, *fills])))
    return pd.DataFrame({"text": texts, "lang": lang}), about


def prepare(posts):
    return mm.text.drop_stop_words(mm.text.prepare_texts(posts))


def test_words_beside_which_all_others_stand_alike_are_fillers():
    posts, _ = write_posts()
    assert find_fillers(prepare(posts)) == {"qq": frozenset(FILLING)}


@pytest.mark.parametrize("lang", ["de", "en", "und"])
def test_nothing_is_learned_for_a_language_with_a_list_or_none_at_all(lang):
    assert find_fillers(prepare(write_posts(lang=lang)[0])) == {}


def test_few_texts_teach_no_fillers():
    posts, _ = write_posts(250)
    assert find_fillers(prepare(posts)) == {}
    assert find_fillers(prepare(posts.drop(columns="lang"))) == {}


def test_topics_of_a_language_without_a_list_are_told_by_their_subjects(tmp_path):
    posts, about = write_posts()
    model = fit_topics(posts, TopicParams(n_topics=2, method="nmf"))
    terms = {term for row in [*model.topics["terms"], *model.topics["phrases"]] for term in row}
    assert not terms & set(FILLING)
    topics = assign_topics(posts, model)["topic"].to_numpy()
    assert max(np.mean(topics == about), np.mean(topics != about)) == 1
    model.without_known().save(tmp_path / "model")
    again = mm.models.load(tmp_path / "model")
    assert again.vocabulary.fillers == {"qq": frozenset(FILLING)}
    assert assign_topics(posts, again)["topic"].tolist() == topics.tolist()
    # Too few to learn from: what was known before stays known.
    fewer = fit_topics(posts[::9], TopicParams(n_topics=2, method="nmf"), continue_from=model)
    assert fewer.vocabulary.fillers == model.vocabulary.fillers


def test_a_function_word_is_in_no_phrase_though_other_posts_have_it_as_a_word():
    # "in" is a function word of Italian; to the posts that are called Indonesian it is a word.
    italian = [f"piove in italia {word}" for word in "oggi roma sole mare vento neve".split()] * 3
    other = ["in rasa enak", "in kopi susu", "in hujan deras"]
    posts = pd.DataFrame({"text": italian + other, "lang": ["it"] * 18 + ["id"] * 3})
    model = fit_topics(posts, TopicParams(n_topics=1, method="nmf"))
    assert not any("in" in phrase.split() for phrase in model.vocabulary.phrases)
