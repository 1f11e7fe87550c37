"""Labelled posts and models, by name → how good and how fast each model is on each."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from murmuration.collect.benchmarks import Benchmark, read_benchmarks, read_vader_tweets
from murmuration.collect.labelled import read_labelled
from murmuration.errors import ReadError
from murmuration.models import current_models, list_models, load
from murmuration.sentiment.drift import compare_with_training, estimate_seen
from murmuration.sentiment.model import Model
from murmuration.sentiment.quality import (
    PaperComparison,
    compare_with_paper,
    estimate_quality,
    judge,
    prepare_labelled,
)
from murmuration.store.delta import AsOf, open_store
from murmuration.store.posts import load_posts

_TIMED_SECONDS = 0.5  # few posts are timed several times, and the best time counts

_DRIFT_POSTS = 20_000

OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a model is on some labelled posts in one language, or in all together.

    Attributes
    ----------
    data
        Name of the posts.
    row
        A row of the table `quality`.
    texts_per_second
        How fast it was on all of these posts, in one process.
    seen
        On which share of these posts, all languages together, it was trained; None where that is not known.
    """

    data: str
    row: dict[str, Any]
    texts_per_second: float
    seen: float | None = None


def evaluate(
    benchmarks: Iterable[Benchmark],
    models: Sequence[Model],
    *,
    on_progress: OnProgress = lambda name, done, total: None,
) -> list[Evaluation]:
    """Evaluate VADER and models on labelled posts.

    Parameters
    ----------
    benchmarks
        Labelled posts with their names.
    models
        Trained models; VADER is always there.
    on_progress
        Told what is done next, and how much of how much is.
    """
    wanted = list(benchmarks)
    total, done = len(wanted) * (1 + len(models)), 0
    found = []
    for benchmark in wanted:
        posts = prepare_labelled(benchmark.posts)
        for model in (None, *models):
            on_progress(f"{benchmark.name}: {model.version if model else 'VADER'}", done, total)
            found += _evaluate(benchmark.name, posts, model)
            done += 1
    return found


def judge_all(
    posts: pd.DataFrame, models: Sequence[Model] = ()
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Let VADER and models judge labelled posts, and time them.

    Parameters
    ----------
    posts
        As `prepare_labelled` gives them.
    models
        Trained models; VADER is always there.

    Returns
    -------
    tuple
        Rows of `judge`, of all together; and for each version how many posts a second it scored.
    """
    parts, speeds = [], dict[str, float]()
    for model in (None, *models):
        judged, speed = _judge_timed(posts, model)
        parts.append(judged)
        speeds[str(judged["model"].iloc[0])] = speed
    return pd.concat(parts, ignore_index=True), speeds


def _judge_timed(posts: pd.DataFrame, model: Model | None) -> tuple[pd.DataFrame, float]:
    # What is compiled or loaded at the first call is no matter of speed.
    judge(posts.head(1), model)
    seconds, spent = float("inf"), 0.0
    while spent < _TIMED_SECONDS:
        started = time.perf_counter()
        judged = judge(posts, model)
        took = time.perf_counter() - started
        seconds, spent = min(seconds, took), spent + took
    return judged, int(judged["given"].notna().sum()) / seconds


def measure_drift(
    models: Sequence[Model], posts: pd.DataFrame, *, source: str = "", as_of: AsOf | None = None
) -> pd.DataFrame:
    """Measure how far labelled posts, and those of a source, are from what models were trained on.

    Parameters
    ----------
    models
        Trained models.
    posts
        Labelled posts, as `prepare_labelled` gives them.
    source
        A source of the store; its first 20,000 posts with text are read. None unless given.
    as_of
        State of the store's posts; the newest unless given.
    """
    parts = [compare_with_training(models, posts["text"], posts["lang"], posts="labelled")]
    if source and models:
        lazy = load_posts(source, columns=["text", "lang"], as_of=as_of).dropna(subset=["text"])
        read = lazy.head(_DRIFT_POSTS, npartitions=-1)
        parts.append(compare_with_training(models, read["text"], read["lang"], posts=source))
    return pd.concat(parts, ignore_index=True)


def _evaluate(name: str, posts: pd.DataFrame, model: Model | None) -> list[Evaluation]:
    judged, speed = _judge_timed(posts, model)
    rows = estimate_quality(judged).to_dict("records")
    seen = estimate_seen(model, posts["text"]) if model else 0.0
    return [
        Evaluation(name, {str(key): _plain(value) for key, value in row.items()}, speed, seen)
        for row in rows
    ]


def _plain(value: Any) -> Any:
    return None if value is pd.NA else value


def find_benchmarks(folder: Path) -> list[Benchmark]:
    """Read the published labelled posts in a folder.

    Raises
    ------
    ReadError
        If there are none; says how to name a file of one's own.
    """
    found = list(read_benchmarks(folder))
    if not found:
        raise ReadError(
            f"There are no labelled posts that are known in {folder}. Name a file of yours with --data FILE, or "
            "the folder with MURMURATION_REAL_DATA."
        )
    return found


def find_models(names: Sequence[str]) -> list[Model]:
    """Load models by name; without a name the newest version of each that the store has, and the current ones."""
    if names:
        return [load(name) for name in dict.fromkeys(names)]
    store = open_store()
    if not store.has("posts"):
        return []
    kept = dict.fromkeys(saved.card.name for saved in list_models(store=store))
    newest = [load(name) for name in kept]
    used = [load(saved.address) for saved in current_models(store=store).values()]
    return list({model.version: model for model in (*newest, *used)}.values())


def read_benchmark(path: Path, *, text: str = "", label: str = "", lang: str = "") -> Benchmark:
    """Read a labelled file of one's own; see `read_labelled`."""
    return Benchmark(path.name, read_labelled(path, text=text, label=label, lang=lang).posts)


def compare_vader(folder: Path) -> PaperComparison | None:
    """Hold VADER on its authors' tweets against their paper; None where the tweets are not."""
    tweets = read_vader_tweets(folder)
    if tweets is None:
        return None
    return compare_with_paper(tweets.texts, tweets.ratings, tweets.raw_ratings)
