"""Labelled posts that are published, in the folder of real data → the same kind of table each.

What is not there is left out. Where each comes from and what may be done with it stands in that folder.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.collect.labelled import read_labelled
from murmuration.errors import ReadError
from murmuration.sentiment.model import LABELS

_LANGUAGES = {
    "arabic": "ar", "french": "fr", "german": "de", "hindi": "hi", "italian": "it", "portuguese": "pt", "spanish": "es",
}  # fmt: skip
_VADER = ("vader/tweets_GroundTruth.txt", "vader/tweets_anonDataRatings.txt")


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Labelled posts under the name by which they are known; `posts` as in `Labelled`."""

    name: str
    posts: pd.DataFrame


@dataclass(frozen=True, eq=False)
class VaderTweets:
    """The tweets that VADER's authors had rated.

    Attributes
    ----------
    texts
        4,200 tweets.
    ratings
        Mean rating of each, −4 to 4, as published with the tweets.
    raw_ratings
        The same, worked out from what every rater said.
    """

    texts: list[str]
    ratings: npt.NDArray[np.float64]
    raw_ratings: npt.NDArray[np.float64]

    def posts(self) -> pd.DataFrame:
        """Give them as labelled posts: the sign of the mean rating."""
        labels = np.array(LABELS)[np.sign(self.ratings).astype(int) + 1]
        return pd.DataFrame({"text": self.texts, "label": labels, "lang": "en"})


def read_benchmarks(folder: Path) -> Iterator[Benchmark]:
    """Read the labelled posts that are in a folder: VADER's tweets, SemEval, airlines, UMSAB."""
    tweets = read_vader_tweets(folder)
    if tweets:
        yield Benchmark("vader tweets", tweets.posts())
    for name, file in (
        ("semeval", "semeval/semeval2013_2016_train_clean.parquet"),
        ("airline", "airline/Tweets.csv"),
    ):
        if (folder / file).is_file():
            yield Benchmark(name, read_labelled(folder / file, lang="en").posts)
    parts = [
        _read_lines(folder / "umsab" / name, code)
        for name, code in _LANGUAGES.items()
        if (folder / "umsab" / name / "val_text.txt").is_file()
    ]
    if parts:
        yield Benchmark("umsab val", pd.concat(parts, ignore_index=True))


def read_vader_tweets(folder: Path) -> VaderTweets | None:
    """Read the tweets of VADER's paper with their ratings; None where they are not."""
    if not all((folder / name).is_file() for name in _VADER):
        return None
    tweets, ratings = (_cells(folder / name) for name in _VADER)
    said = {row[0]: float(np.mean(json.loads(row[3]))) for row in ratings}
    return VaderTweets(
        texts=[row[2] for row in tweets],
        ratings=np.array([float(row[1]) for row in tweets]),
        raw_ratings=np.array([said[row[0]] for row in tweets]),
    )


def _cells(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8-sig").split("\n")  # texts hold U+2028
    return [line.rstrip("\r").split("\t") for line in lines if line.strip()]


def _read_lines(folder: Path, code: str) -> pd.DataFrame:
    """Read a file of texts and the file of their labels, line by line."""
    texts, numbers = (
        (folder / name).read_text(encoding="utf-8").rstrip("\n").split("\n")
        for name in ("val_text.txt", "val_labels.txt")
    )
    if len(texts) != len(numbers):
        raise ReadError(
            f"{folder} has {len(texts):,} texts in val_text.txt, but {len(numbers):,} labels."
        )
    labels = [LABELS[int(number)] for number in numbers]
    return pd.DataFrame({"text": texts, "label": labels, "lang": code})
