"""Shares of labels in groups of posts, corrected for how often the method errs.

Counted labels are biased: VADER calls a quarter of the negative tweets positive, so where most posts are negative
it finds too few. How often it errs is known from labelled posts; the estimate is the shares that bring forth what
was counted.

References
----------
- Adjusted counts: Forman 2008, Data Mining and Knowledge Discovery 17; as the most likely shares, by EM: Saerens,
  Latinne & Decaestecker 2002, Neural Computation 14(1).
- Draws for binomial counts, with Jeffreys' prior: Brown, Cai & DasGupta 2001, Statistical Science 16(2).
- Labelled posts by what the method said of them: post-stratification, Cochran 1977, Sampling Techniques, ch. 5A;
  prediction-powered inference, Angelopoulos et al. 2023, Science 382.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.errors import ParamError, suggest
from murmuration.sentiment.model import LABELS, ErrorTable, Model
from murmuration.sentiment.names import VADER, is_vader
from murmuration.sentiment.tally import Tally, count_effective_posts, count_labels

Floats = npt.NDArray[np.float64]
Errors = ErrorTable | Model | Mapping[str, ErrorTable | None]

# Counted with the plain lexicon and its authors' thresholds on the labelled tweets of SemEval's task on sentiment in
# Twitter, training parts of 2013 to 2016; `tests/sentiment/test_shares.py` counts them again.
VADER_ERRORS = ErrorTable(
    np.array([[4363, 1170, 1908], [4394, 8423, 8569], [1872, 3568, 13411]]),
    measured_on="47,678 English tweets of SemEval 2013 to 2016",
)

DRAWS = 1_000  # ends of an interval differ from those of endless draws by 2 % of its width
_PRIOR = 0.5  # Jeffreys': what was never seen stays possible
_ROUNDS, _CLOSE = (
    2_000,
    1e-7,
)  # of EM at most; a group is done when a round moves its shares less than that


def estimate_shares(
    scored: Any,
    by: str | Sequence[str] | None = None,
    *,
    errors: Errors | None = None,
    labels: "str | pd.Series[Any] | None" = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Estimate which share of each group's posts has which label, corrected for the method's known errors.

    Parameters
    ----------
    scored
        pandas or Dask frame as `score_posts` gives it: `sentiment_label`, and `sentiment_model` unless VADER
        scored all. Where there is `author_key`, authors are the sample, not posts. Computes a table of counts,
        one row for each author and label at most.
    by
        Columns whose values make groups; none makes one group of all.
    errors
        How often the method errs: a table, a model (its card has one), or one table for each value of
        `sentiment_model`, None where nothing is known: its posts are left out, as if not scored. VADER
        needs none.
    labels
        What people said of a random sample of the posts, null for the others: a column's name, or a Series with
        the index of `scored`. Narrows intervals, and corrects where the method errs otherwise than on
        the posts where its errors were counted; under 100 a group can hardly show that.
    confidence
        Of the intervals, between 0 and 1.
    seed
        Of the draws. A group's result does not depend on the other groups.

    Returns
    -------
    pandas.DataFrame
        One row a group and label, sorted by `by`: its columns, `label`, `posts` (scored), `unscored`, `raw` (share as
        counted), `share`, `low`, `high` (0 to 1). `share` sums to 1 in a group. Intervals are wide for few
        posts, and for labels that the method hardly tells apart; without a scored post `raw` and
        `share` are null, and the interval is 0 to 1.

    Raises
    ------
    ParamError
        If nothing tells how often a method errs, or a parameter is out of range.
    SchemaError
        If a column is missing, or a label is none of the three.

    Notes
    -----
    Intervals cover the chance of which posts (or authors) are in the group, and on which posts the errors were
    counted. In simulations with 500 and 2,000 posts and shares of 5 to 90 % those of 95 % cover 95 % on average, 93
    to 98 % each: ``tests/soak/test_share_coverage.py``; with labels, or few authors, 90 % and more each. That the method errs here as it did there is assumed. Where
    the counts cannot come from these errors, intervals widen; else only `labels` can show it.
    """
    if not 0 < confidence < 1:
        raise ParamError(f"confidence is {confidence}, but lies between 0 and 1, such as 0.95.")
    if seed < 0:
        raise ParamError(f"seed is {seed}, but is 0 or more.")
    keys = [by] if isinstance(by, str) else list(by or ())
    unknown = (
        [name for name, table in errors.items() if table is None]
        if isinstance(errors, Mapping)
        else []
    )
    tally = count_labels(scored, keys, labels, without=unknown)
    methods = [_know(version, errors, seed) for version in tally.versions]
    expected = np.reshape([method.expected for method in methods], (-1, 3, 3))
    likely = find_likely_shares(tally.given, expected[tally.version])
    size = count_effective_posts(tally.posts.astype(float), tally.writers, confidence)
    labelled = scale_labelled(tally.labelled, tally.labelled_writers, confidence)
    found = np.full((len(tally.groups), 3, 4), [np.nan, np.nan, 0, 1])
    for group in np.flatnonzero(tally.posts):
        cells = np.flatnonzero(tally.group == group)
        given, posts = tally.given[cells], tally.posts[group]
        raw, share = given.sum(axis=0) / posts, given.sum(axis=1) @ likely[cells] / posts
        inverses = [methods[version].inverses for version in tally.version[cells]]
        told, drawn = draw_shares(
            given * size[group] / posts, np.stack(inverses, axis=1), _generator(seed)
        )
        if labelled[group].any():
            people = _generator(seed, "people")
            share, drawn = join_labelled(share, drawn, told, labelled[group], people)
        low, high = find_interval(drawn, confidence)
        found[group] = np.column_stack(
            [raw, share, np.minimum(low, share), np.maximum(high, share)]
        )
    return _tabulate(tally, found)


def count_methods(scored: Any, errors: Errors | None = None) -> pd.DataFrame:
    """Count the posts that each method scored, and say where its errors were counted.

    Parameters
    ----------
    scored, errors
        As in `estimate_shares`.

    Returns
    -------
    pandas.DataFrame
        `method` (its version), `posts` (count), `measured_on` (null where nothing is known), sorted by method.
    """
    tally = count_labels(scored, [], None)
    tables = [_find_errors(version, errors) for version in tally.versions]
    posts = np.bincount(tally.version, tally.given.sum(axis=1), len(tables)).astype(np.int64)
    places = [table.measured_on if table else None for table in tables]
    return pd.DataFrame(
        {
            "method": _column(pa.array(tally.versions, pa.string())),
            "posts": _column(pa.array(posts, pa.int64())),
            "measured_on": _column(pa.array(places, pa.string())),
        }
    )


class _Method(NamedTuple):
    """What is known of a method's errors: what to expect, shape (3, 3), and draws of its inverse."""

    expected: Floats
    inverses: Floats


def _know(version: str, errors: Errors | None, seed: int) -> _Method:
    table = _find_errors(version, errors)
    if table is None:
        known = errors if isinstance(errors, Mapping) else {}
        near = suggest(version, known) if known else ""
        raise ParamError(
            f"How often {version!r} errs is not known, so shares cannot be corrected.{near} Pass errors=model, "
            f"errors={{{version!r}: model.card.errors}}, or an ErrorTable counted on labelled posts that it was "
            "not fitted to."
        )
    counts = _check_table(table)
    return _Method(expect_labels(counts), draw_inverses(counts, _generator(seed, version)))


def _find_errors(version: str, errors: Errors | None) -> ErrorTable | None:
    if isinstance(errors, ErrorTable):
        return errors
    usual = VADER_ERRORS if version == VADER or is_vader(version) else None
    if isinstance(errors, Mapping):
        return errors.get(version, usual)
    if errors is not None and version in (
        VADER,
        errors.version,
    ):  # VADER: no column says who scored
        return errors.card.errors
    return usual


def _check_table(table: ErrorTable) -> Floats:
    counts = np.asarray(table.counts, dtype=np.float64)
    if counts.shape != (3, 3) or not (np.isfinite(counts) & (counts >= 0)).all():
        raise ParamError(
            "An ErrorTable holds 3 × 3 counts of 0 or more, true labels in rows and given ones in columns, each in "
            f"the order {', '.join(LABELS)}; this one holds {np.asarray(table.counts).tolist()}."
        )
    return counts


def _generator(seed: int, name: str = "") -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def expect_labels(table: Floats) -> Floats:
    """Give how probable each given label is for each true one, shape (…, 3, 3), from counts."""
    return np.asarray((table + _PRIOR) / (table + _PRIOR).sum(axis=-1, keepdims=True))


def draw_inverses(table: Floats, generator: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Draw what an error table may be in truth, and invert it.

    Parameters
    ----------
    table
        Counts by true and given label, shape (…, 3, 3).
    generator, draws
        Where chance comes from, and how often.

    Returns
    -------
    numpy.ndarray
        Shape (draws, …, 3, 3); shares of given labels times it are shares of true ones.
    """
    drawn = _draw_rows(table + _PRIOR, generator, draws)
    first, second, third = (drawn[..., row, :] for row in range(3))
    columns = np.stack(
        [np.cross(second, third), np.cross(third, first), np.cross(first, second)], axis=-1
    )
    scale = (first * columns[..., 0]).sum(axis=-1)
    return np.asarray(columns / np.where(scale == 0, np.finfo(float).tiny, scale)[..., None, None])


def _draw_rows(parameters: Floats, generator: np.random.Generator, draws: int) -> Floats:
    """Draw from Dirichlet distributions along the last axis."""
    drawn = generator.standard_gamma(parameters, size=(draws, *parameters.shape))
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True))


def draw_shares(
    given: Floats, inverses: Floats, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw what the shares of a group may be in truth.

    Parameters
    ----------
    given
        Posts by method and given label, shape (…, methods, 3).
    inverses
        From `draw_inverses`, shape (draws, …, methods, 3, 3).
    generator
        Where chance comes from.

    Returns
    -------
    tuple
        Shares of given and of true labels, each of shape (draws, …, 3). They sum to 1, but those of true
        labels may lie below 0 or above 1: kept so, as cutting them one by one would move the interval.
    """
    drawn = generator.standard_gamma(given + _PRIOR, size=(len(inverses), *given.shape))
    drawn /= drawn.sum(axis=(-2, -1), keepdims=True)
    true = (drawn[..., None, :] @ inverses)[..., 0, :]
    return drawn.sum(axis=-2), true.sum(axis=-2)


def scale_labelled(labelled: Floats, writers: Floats, confidence: float) -> Floats:
    """Count labelled posts as the independent posts that they are worth, given who wrote them.

    Parameters
    ----------
    labelled, writers
        `labelled` and `labelled_writers` of a `Tally`.
    confidence
        Of the interval that is to be made.

    Returns
    -------
    numpy.ndarray
        Shape (n_groups, 3, 3), as `labelled`.
    """
    posts = labelled.sum(axis=(1, 2))
    size = count_effective_posts(posts, writers, confidence)
    return np.asarray(labelled * (size / np.maximum(posts, 1))[:, None, None])


def join_labelled(
    share: Floats, drawn: Floats, told: Floats, labelled: Floats, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Join what the error table says with what people said of some of the posts.

    Both are weighed by their variance, where that of the table counts their squared difference as well: a table
    that does not hold here loses its weight as labels grow in number.

    Parameters
    ----------
    share
        Estimate from the error table, shape (…, 3).
    drawn, told
        Draws of shares of true and of given labels, shape (draws, …, 3).
    labelled
        Labelled posts by given and true label, shape (…, 3, 3).
    generator
        Where chance comes from.

    Returns
    -------
    tuple
        The estimate and its draws, shaped as they came.
    """
    # One prior for the three shares, spread over what was given: one for each would pull them to thirds.
    meant = _draw_rows(labelled + _PRIOR / 3, generator, len(drawn))
    by_people = (told[..., None, :] @ meant)[..., 0, :]
    middle, spread = _find_spread(drawn)
    middle_by_people, spread_by_people = _find_spread(by_people)
    apart = (middle - middle_by_people) ** 2
    doubt = (spread**2 + apart).sum(axis=-1, keepdims=True)
    doubt_by_people = (spread_by_people**2).sum(axis=-1, keepdims=True)
    weight = doubt_by_people / (doubt_by_people + doubt)
    shift = generator.standard_normal((len(drawn), *np.ones_like(share.shape))) * np.sqrt(apart)
    estimate = weight * share + (1 - weight) * by_people.mean(axis=0)
    return estimate, weight * (drawn + shift) + (1 - weight) * by_people


def _find_spread(drawn: Floats) -> tuple[Floats, Floats]:
    """Give medians and standard deviations, the latter from quantiles, as inverses have long tails."""
    low, middle, high = np.quantile(drawn, [0.025, 0.5, 0.975], axis=0)
    return middle, (high - low) / 3.92


def find_interval(drawn: Floats, confidence: float) -> Floats:
    """Give low and high ends, shape (2, …, 3), of the draws along the first axis.

    A share beyond 0 or 1 means that the counts are not what these errors bring forth. As far as it lies outside,
    its interval reaches inside; and if chance does not explain it, so do those of the other labels, as
    the errors are then others here.
    """
    outside = (1 - confidence) / 2
    low, middle, high = np.quantile(drawn, [outside, 0.5, 1 - outside], axis=0)
    inside = np.clip(middle, 0, 1)
    beyond = np.abs(middle - inside)
    surely = np.where((high < 0) | (low > 1), beyond, 0).max(axis=-1, keepdims=True)
    reach = np.maximum(beyond, surely)
    ends = [np.minimum(low, inside - reach), np.maximum(high, inside + reach)]
    return np.asarray(np.clip(ends, 0, 1))


def find_likely_shares(given: Floats, expected: Floats) -> Floats:
    """Give the shares that make the given labels most probable.

    Parameters
    ----------
    given
        Posts by given label, shape (n, 3).
    expected
        Probability of each given label for each true one, shape (n, 3, 3).

    Returns
    -------
    numpy.ndarray
        Shape (n, 3), from 0 to 1, rows sum to 1; where all are equally probable, those nearest to thirds.
    """
    told = given / np.maximum(given.sum(axis=-1, keepdims=True), 1)
    shares = np.full(given.shape, 1 / 3)
    for _ in range(_ROUNDS):
        explained = (shares[:, None, :] @ expected)[:, 0, :]
        better = shares * (expected @ (told / explained)[..., None])[..., 0]
        moves = np.abs(better - shares).max(axis=-1, keepdims=True) > _CLOSE
        if not moves.any():
            break
        shares = np.where(moves, better, shares)
    return shares


def _tabulate(tally: Tally, found: Floats) -> pd.DataFrame:
    """Write results, shape (n_groups, 3, 4), as rows."""
    table = tally.groups.loc[tally.groups.index.repeat(3)].reset_index(drop=True)
    columns = {
        "label": pa.array(LABELS * len(found), pa.string()),
        "posts": pa.array(tally.posts.repeat(3), pa.int64()),
        "unscored": pa.array(tally.unscored.repeat(3), pa.int64()),
    }
    for place, name in enumerate(("raw", "share", "low", "high")):
        columns[name] = pa.array(found[:, :, place].ravel(), pa.float64(), from_pandas=True)
    return table.assign(**{name: _column(values) for name, values in columns.items()})


def _column(values: pa.Array) -> Any:
    return pd.array(values, dtype=pd.ArrowDtype(values.type))
