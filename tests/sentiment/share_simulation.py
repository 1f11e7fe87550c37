"""Groups and error tables drawn by chance, to see how often intervals hold the truth."""

import itertools
from collections.abc import Iterator

import numpy as np

from murmuration.sentiment import VADER_ERRORS
from murmuration.sentiment.shares import (
    draw_inverses,
    draw_shares,
    expect_labels,
    find_interval,
    find_likely_shares,
    join_labelled,
    scale_labelled,
)
from murmuration.sentiment.tally import count_effective_posts

VADER = VADER_ERRORS.counts / VADER_ERRORS.counts.sum(axis=1, keepdims=True)
GOOD = np.array([[0.75, 0.20, 0.05], [0.14, 0.72, 0.14], [0.04, 0.20, 0.76]])
AIRLINES = np.array([[0.52, 0.19, 0.29], [0.16, 0.43, 0.41], [0.03, 0.07, 0.90]])  # VADER's there
METHODS = {"vader": VADER, "good": GOOD}
MIX = np.array([0.16, 0.45, 0.39])  # of true labels where errors are counted; SemEval's

SHARES = [
    *itertools.permutations((0.05, 0.05, 0.90)),
    *itertools.permutations((0.05, 0.475, 0.475)),
    *itertools.permutations((0.1, 0.25, 0.65)),
    (0.2, 0.3, 0.5), (0.34, 0.33, 0.33),
    *itertools.permutations((0.025, 0.025, 0.95)),
]  # fmt: skip
SHARES = [np.array(shares) for shares in dict.fromkeys(SHARES)]


def count_hits(
    shares, method, *, posts, table_posts, runs, seed, labelled=0, errs_here=None, each=1, batch=250
):
    """Give for each label how often the interval holds the true share, and its mean width.

    Of `posts`, every author wrote `each`, all alike.
    """
    generator = np.random.default_rng(seed)
    found = [
        _intervals(shares, method, posts, table_posts, size, generator, labelled, errs_here, each)
        for size in _sizes(runs, batch)
    ]
    low, high = np.concatenate(found, axis=1)
    return ((low <= shares) & (shares <= high)).mean(axis=0), (high - low).mean(axis=0)


def _sizes(runs, batch) -> Iterator[int]:
    yield from (min(batch, runs - done) for done in range(0, runs, batch))


def _intervals(shares, method, posts, table_posts, runs, generator, labelled, errs_here, each):
    """Estimate once for each run, as `estimate_shares` does for a group; the error table is drawn anew as well."""
    rows = np.round(table_posts * MIX).astype(int)
    table = np.stack(
        [generator.multinomial(rows[true], method[true], size=runs) for true in range(3)], axis=1
    ).astype(float)
    here = method if errs_here is None else errs_here
    of_authors = generator.multinomial(posts // each, (shares[:, None] * here).ravel(), size=runs)
    cells = np.array([np.repeat(np.arange(9), row) for row in of_authors])  # of each run and author
    given = each * of_authors.reshape(-1, 3, 3).sum(axis=1).astype(float)
    wrote = each * np.eye(3)[cells % 3]
    size = count_effective_posts(np.full(runs, float(posts)), _as_writers(wrote), 0.95)
    share = find_likely_shares(given, expect_labels(table))
    inverses = draw_inverses(table, generator)[:, :, None]
    told, drawn = draw_shares((given * (size / posts)[:, None])[:, None], inverses, generator)
    if labelled:
        picked = generator.multivariate_hypergeometric(
            [each] * (posts // each), labelled, size=runs
        )
        said = np.eye(9)[cells] * picked[:, :, None]
        by_given = said.sum(axis=1).reshape(-1, 3, 3).swapaxes(1, 2)
        writers = _as_writers(said.reshape(runs, -1, 3, 3).sum(axis=3))
        share, drawn = join_labelled(
            share, drawn, told, scale_labelled(by_given, writers, 0.95), generator
        )
    low, high = find_interval(drawn, 0.95)
    return np.stack([np.minimum(low, share), np.maximum(high, share)])


def _as_writers(wrote):
    """Give posts by run, author and label as `Tally.writers` holds them."""
    rows = np.concatenate([np.ones((*wrote.shape[:2], 1)), wrote], axis=2)
    numbers = np.broadcast_to(np.arange(len(wrote))[:, None, None], (*wrote.shape[:2], 1))
    rows = np.concatenate([numbers, rows], axis=2).reshape(-1, 5)
    return rows[rows[:, 2:].any(axis=1)]
