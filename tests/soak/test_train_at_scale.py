"""Training on more posts than anybody wants in memory: what it takes does not grow with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import psutil
import pytest

from murmuration.sentiment import ClassifierParams, train_classifier
from murmuration.sentiment.model import LABELS

pytestmark = pytest.mark.soak

ROWS = 25_000  # a partition
MEGABYTE = 1024 * 1024
_WORDS = np.array([f"word{number:05d}" for number in range(30_000)])


def make_posts(number: int) -> pd.DataFrame:
    """Posts of 12 words each; half of the labels can be told from one word of them."""
    rng = np.random.default_rng(number)
    codes = rng.integers(0, 3, ROWS)
    words = _WORDS[(30_000 * rng.random((ROWS, 12)) ** 3).astype(int)]
    known = np.where(rng.random(ROWS) < 0.5, codes, rng.integers(0, 3, ROWS))
    words[:, 0] = np.array(["dreadful", "middling", "marvellous"])[known]
    return pd.DataFrame(
        {
            "text": [" ".join(row) for row in words],
            "label": np.array(LABELS, object)[codes],
            "author": rng.integers(0, 100_000, ROWS),
        }
    )


@contextmanager
def watched() -> Iterator[list[float]]:
    """Collect how much memory this process takes, in MB, every 50 ms."""
    process, taken, done = psutil.Process(), [0.0], Event()

    def watch() -> None:
        while not done.wait(0.05):
            taken.append(process.memory_info().rss / MEGABYTE)

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield taken
    finally:
        done.set()
        watcher.join()


def train(partitions: int) -> tuple[float, float]:
    """Give macro recall and the most memory that was taken while training, in MB."""
    meta = make_posts(0).iloc[:0]
    posts = dd.from_map(make_posts, range(partitions), meta=meta)
    with dask.config.set(scheduler="threads", num_workers=2), watched() as taken:
        model = train_classifier(
            posts["text"], posts["label"], groups=posts["author"], params=ClassifierParams(strength=1.0)
        )  # fmt: skip
    assert model.card.trained_on["rows"] + model.card.errors.counts.sum() == partitions * ROWS
    return model.card.metrics["macro_recall"], max(taken)


@pytest.mark.timeout(1800)
def test_a_million_posts_take_hardly_more_memory_than_a_quarter_of_them():
    few_recall, few = train(10)
    many_recall, many = train(40)
    print(f"\n250,000 posts: {few:,.0f} MB, 1,000,000 posts: {many:,.0f} MB")
    assert many < 1.25 * few + 100
    assert many_recall == pytest.approx(few_recall, abs=0.02)
    assert many_recall > 0.6  # half are told for certain, and a third of the others by chance
