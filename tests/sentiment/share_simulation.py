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
)

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
]  # fmt: skip
SHARES = [np.array(shares) for shares in dict.fromkeys(SHARES)]


def count_hits(
    shares, method, *, posts, table_posts, runs, seed, labelled=0, errs_here=None, batch=250
):
    """Give for each label how often the interval holds the true share, and its mean width."""
    generator = np.random.default_rng(seed)
    found = [
        _intervals(shares, method, posts, table_posts, size, generator, labelled, errs_here)
        for size in _sizes(runs, batch)
    ]
    low, high = np.concatenate(found, axis=1)
    return ((low <= shares) & (shares <= high)).mean(axis=0), (high - low).mean(axis=0)


def _sizes(runs, batch) -> Iterator[int]:
    yield from (min(batch, runs - done) for done in range(0, runs, batch))


def _intervals(shares, method, posts, table_posts, runs, generator, labelled, errs_here):
    """Estimate once for each run, as `estimate_shares` does for a group; the error table is drawn anew as well."""
    rows = np.round(table_posts * MIX).astype(int)
    table = np.stack(
        [generator.multinomial(rows[true], method[true], size=runs) for true in range(3)], axis=1
    ).astype(float)
    here = method if errs_here is None else errs_here
    joint = generator.multinomial(posts, (shares[:, None] * here).ravel(), size=runs)
    given = joint.reshape(-1, 3, 3).sum(axis=1).astype(float)
    share = find_likely_shares(given, expect_labels(table))
    inverses = draw_inverses(table, generator)[:, :, None]
    told, drawn = draw_shares(given[:, None], inverses, generator)
    if labelled:
        people = [generator.multivariate_hypergeometric(row, labelled) for row in joint]
        by_given = np.reshape(people, (-1, 3, 3)).swapaxes(1, 2).astype(float)
        share, drawn = join_labelled(share, drawn, told, by_given, generator)
    low, high = find_interval(drawn, 0.95)
    return np.stack([np.minimum(low, share), np.maximum(high, share)])
