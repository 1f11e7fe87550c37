"""How good trained models are, next to ten lines of scikit-learn on the very same splits.

    python tests/benchmarks/train_sentiment.py [semeval] [airline] [umsab] [speed] [--embedding NAME_OR_FOLDER]

The reference is LinearSVC (balanced) on TF-IDF of word 1-2-grams and of characters 3-5 within words, and VADER's
scores; with an embedding its vectors as well. Strengths are chosen within the part that is trained on.
"""

import argparse
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score, recall_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from murmuration.frames import text_list
from murmuration.sentiment import ClassifierParams, train_classifier, vader_scores
from murmuration.sentiment import embedding as embedding_module
from murmuration.sentiment.calibration import calibration_error
from murmuration.sentiment.embedding import embed_texts
from murmuration.sentiment.model import LABELS

REAL = Path(os.environ.get("MURMURATION_REAL_DATA", Path(__file__).parents[3] / "shared/data"))
LANGUAGES = {
    "ar": "arabic", "fr": "french", "de": "german", "hi": "hindi", "it": "italian", "pt": "portuguese",
    "es": "spanish",
}  # fmt: skip


@dataclass
class Split:
    name: str
    texts: np.ndarray
    truth: np.ndarray
    fit: np.ndarray
    judge: np.ndarray
    groups: np.ndarray | None = None
    language: str = "en"
    others: tuple[np.ndarray, np.ndarray] | None = None  # of other languages, to learn from as well


def read_semeval() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pd.read_parquet(REAL / "semeval/semeval2013_2016_train_clean.parquet")
    decoded = [
        re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
        for text in table["text"]
    ]
    return (
        np.array(text_list(decoded), object),
        table["y"].to_numpy(),
        table["id"].astype("int64").to_numpy(),
    )


def semeval() -> Iterator[Split]:
    texts, truth, ids = read_semeval()
    order = np.argsort(ids, kind="stable")
    for share in (0.36, 0.7):  # up to 2012; up to August 2015
        at = int(share * len(order))
        yield Split(f"first {share:.0%}", texts, truth, order[:at], order[at:])
    folds = StratifiedKFold(3, shuffle=True, random_state=0).split(texts, truth)
    for number, (fit, judge) in enumerate(folds):
        yield Split(f"fold {number}", texts, truth, fit, judge)


def airline() -> Iterator[Split]:
    table = pd.read_csv(REAL / "airline/Tweets.csv").drop_duplicates("tweet_id")
    texts, users = table["text"].to_numpy(object), table["name"].to_numpy(object)
    truth = table["airline_sentiment"].map(LABELS.index).to_numpy()
    for number, (fit, judge) in enumerate(GroupKFold(5).split(texts, truth, users)):
        yield Split(f"fold {number}", texts, truth, fit, judge, users)


def read_umsab(language: str, part: str) -> tuple[list[str], list[int]]:
    folder = REAL / "umsab" / language
    lines = (folder / f"{part}_text.txt").read_text(encoding="utf-8").split("\n")
    marks = (folder / f"{part}_labels.txt").read_text().split()
    return lines[: len(marks)], [int(mark) for mark in marks]


def umsab() -> Iterator[Split]:
    learned = {code: read_umsab(language, "train") for code, language in LANGUAGES.items()}
    for code, language in LANGUAGES.items():
        (texts, truth), (more, their) = learned[code], read_umsab(language, "val")
        rows, n_train = np.arange(len(texts) + len(more)), len(texts)
        beside = [
            pair
            for other in LANGUAGES
            if other != code
            for pair in zip(*learned[other], strict=True)
        ]
        others = [text for text, _ in beside], [LABELS[mark] for _, mark in beside]
        yield Split(
            language, np.array(texts + more, object), np.array(truth + their),
            rows[:n_train], rows[n_train:], None, code, others,
        )  # fmt: skip


def reference(split: Split, vectors: np.ndarray | None) -> np.ndarray:
    """Name labels in ten lines."""
    grams = FeatureUnion([
        ("words", TfidfVectorizer(ngram_range=(1, 2))),
        ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5))),
    ])  # fmt: skip
    sides = []
    for rows, learn in ((split.fit, grams.fit_transform), (split.judge, grams.transform)):
        texts = split.texts[rows]
        beside = [vader_scores(texts).fillna(0).to_numpy(float)]
        beside += [] if vectors is None else [vectors[rows]]
        sides.append(sparse.hstack([learn(texts), *beside]).tocsr())
    fitted = LinearSVC(class_weight="balanced", random_state=0).fit(
        sides[0], split.truth[split.fit]
    )
    return fitted.predict(sides[1])


def ours(split: Split, params: ClassifierParams) -> tuple[np.ndarray, float]:
    """Name labels with a trained model; and its calibration error."""
    model = train_classifier(
        split.texts[split.fit],
        np.array(LABELS, object)[split.truth[split.fit]],
        groups=None if split.groups is None else split.groups[split.fit],
        others=split.others,
        languages=(split.language,),
        params=params,
    )
    probabilities = model.predict_proba(split.texts[split.judge])
    return model.choose(probabilities), calibration_error(probabilities, split.truth[split.judge])


def compare(name: str, splits: Iterator[Split], aim: str, embedding: str | None) -> None:
    """Print a line for each split and the mean of all."""
    params = ClassifierParams(aim=aim, embedding=embedding)
    rows, vectors = [], None
    for split in splits:
        if embedding and vectors is None:
            vectors = embed_texts(list(split.texts), embedding, alone=False)
            vectors /= np.sqrt((vectors**2).sum(axis=1, keepdims=True))
        truth = split.truth[split.judge]
        (given, error), plain = ours(split, params), reference(split, vectors)
        rows.append([*both(truth, plain), *both(truth, given), error])
        print(
            f"{name:8} {split.name:12} " + "  ".join(f"{value:.4f}" for value in rows[-1]),
            flush=True,
        )
        vectors = vectors if name != "umsab" else None
    print(
        f"{name:8} {'mean':12} " + "  ".join(f"{value:.4f}" for value in np.mean(rows, axis=0)),
        flush=True,
    )


def both(truth: np.ndarray, given: np.ndarray) -> tuple[float, float]:
    recall = recall_score(truth, given, average="macro", zero_division=0)
    return recall, f1_score(truth, given, average="macro", zero_division=0)


def speed() -> None:
    """Print how long training and applying take."""
    texts, truth, _ = read_semeval()
    started, worked = perf_counter(), process_time()
    model = train_classifier(texts, np.array(LABELS, object)[truth])
    print(
        f"trained on {len(texts):,} texts in {perf_counter() - started:.0f} s "
        f"({process_time() - worked:.0f} s of one core)"
    )
    some = texts[:20_000]
    plain = [
        TfidfVectorizer(ngram_range=(1, 2)).fit(some),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit(some),
    ]
    print(f"applied: {rate(lambda: model.predict_proba(some), some)}")
    print(
        "the features of the reference alone: "
        + rate(lambda: [one.transform(some) for one in plain] + [vader_scores(some)], some)
    )


def rate(work: Callable[[], object], texts: np.ndarray) -> str:
    started, worked = perf_counter(), process_time()
    work()
    return (
        f"{len(texts) / (perf_counter() - started):,.0f} texts/s "
        f"({len(texts) / (process_time() - worked):,.0f} in a second of one core)"
    )


class Remembered:
    """Makes the vector of a text once, whichever split it is in."""

    def __init__(self, encode: Callable[[list[str], int], np.ndarray]) -> None:
        self.encode, self.known = encode, {}

    def __call__(self, texts: list[str], batch: int) -> np.ndarray:
        fresh = sorted(set(texts) - set(self.known), key=len)
        for at in range(0, len(fresh), 1024):
            some = fresh[at : at + 1024]
            self.known |= dict(zip(some, self.encode(some, max(batch, 64)), strict=True))
        return np.array([self.known[text] for text in texts])


def main() -> None:
    """Print a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["semeval", "airline", "umsab", "speed"])
    parser.add_argument("--embedding")
    chosen = parser.parse_args()
    if chosen.embedding:
        remembered = Remembered(embedding_module._open(chosen.embedding))
        embedding_module._open = lambda name, device="cpu": remembered
    print(
        "set      split        reference: macro recall, macro F1; ours: macro recall, macro F1, calibration error"
    )
    for name, splits, aim in (
        ("semeval", semeval, "macro_recall"), ("airline", airline, "macro_f1"), ("umsab", umsab, "macro_f1"),
    ):  # fmt: skip
        if name in chosen.what:
            compare(name, splits(), aim, chosen.embedding)
    if "speed" in chosen.what and not chosen.embedding:
        speed()


if __name__ == "__main__":
    main()
