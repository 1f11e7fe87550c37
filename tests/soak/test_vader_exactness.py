"""Every real post there is, and many made ones, score exactly as with the package vaderSentiment."""

import random

import numpy as np
import pyarrow.parquet as pq
import pytest
from vaderSentiment import vaderSentiment

from murmuration.sentiment import vader_scores

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
SCORES = ["neg", "neu", "pos", "compound"]
REFERENCE = vaderSentiment.SentimentIntensityAnalyzer()


def count_differences(texts):
    texts = list(dict.fromkeys(text for text in texts if text))
    found = vader_scores(texts).to_numpy(dtype=float)
    expected = np.array(
        [[scores[name] for name in SCORES] for scores in map(REFERENCE.polarity_scores, texts)]
    )
    same = (found == expected) & (np.signbit(found) == np.signbit(expected))
    return len(texts), int((~same).any(axis=1).sum())


def columns_of(path):
    table = pq.read_table(path)
    texts = [column for column in table.columns if str(column.type).endswith("string")]
    return [text for column in texts for text in column.to_pylist()]


def test_all_real_posts_score_the_same(real_data):
    total = 0
    for path in sorted(real_data("README.md").parent.rglob("*")):
        if path.suffix == ".parquet":
            texts = columns_of(path)
        elif path.suffix in (".csv", ".tsv", ".txt", ".json", ".jsonl"):
            texts = path.read_text(encoding="utf-8", errors="replace").splitlines()
        else:
            continue
        count, different = count_differences(texts)
        total += count
        assert different == 0, f"{different} of {count} texts of {path.name}"
    assert total > 400_000


def test_two_hundred_thousand_made_texts_score_the_same():
    dice = random.Random(0)
    words = [*REFERENCE.lexicon, *vaderSentiment.BOOSTER_DICT, *vaderSentiment.NEGATE]
    common = [
        *vaderSentiment.SPECIAL_CASES,
        *vaderSentiment.NEGATE,
        "but",
        "no",
        "or",
        "nor",
        "least",
        "at",
    ]
    common += [
        "very",
        "never",
        "so",
        "this",
        "without",
        "doubt",
        "kind of",
        "sort of",
        "the",
        "!",
        "??",
    ]
    common += [
        *list(REFERENCE.emojis)[::40],
        "\x00",
        "É",
        "ǅ",
        "中",
        "\u212aind",
        "n't",
        "(",
        "...",
        ":(",
    ]
    gaps = [" "] * 12 + ["  ", "\t", "\n", "", "\u00a0", "\x1f", ", ", "-"]

    def piece():
        word = dice.choice(words if dice.random() < 0.5 else common)
        return dice.choice([word, word, word.upper(), word.title(), word + "!", f"'{word}'"])

    texts = [
        "".join(piece() + dice.choice(gaps) for _ in range(dice.randint(1, 14)))
        for _ in range(205_000)
    ]
    count, different = count_differences(texts)
    assert count >= 200_000
    assert different == 0
