"""Labelled texts → a linear model of how texts feel.

One logistic regression per label over n-grams of words and characters, VADER's scores and, if asked for, vectors
of a network (Joachims 1998, doi:10.1007/BFb0026683; Wang & Manning 2012, https://aclanthology.org/P12-2018),
its strength found by search, its scores turned into probabilities on posts that it was not fitted to.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version as package_version
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import RandomizedSearchCV

from murmuration.errors import ParamError
from murmuration.frames import is_dask
from murmuration.sentiment.calibration import fit_scaling
from murmuration.sentiment.drift import hash_texts, summarise_texts
from murmuration.sentiment.embedding import digest_embedding
from murmuration.sentiment.features import NGrams
from murmuration.sentiment.judge import describe_judged, judge_scores
from murmuration.sentiment.labelled import Labelled, prepare_labelled_texts
from murmuration.sentiment.learner import Learner, Table, count_table, count_words
from murmuration.sentiment.linear import LinearModel, Weights, other_features
from murmuration.sentiment.model import LABELS, ErrorTable, ModelCard
from murmuration.sentiment.params import ClassifierParams
from murmuration.sentiment.search import Fold, make_folds

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Progress = Callable[[str, float], None]

_NAME = re.compile(r"[a-z0-9_-]{1,64}")
_SEARCH_FOLDS = 3  # of those that the quality is measured on, for each try
_SEARCH_ROWS = 12_000  # of each fold: the best strength hardly depends on how many there are
_STRENGTHS = (0.3, 10.0)  # C of logistic regression
_MANY = 20_000  # texts, from which on n-grams that occur once are left out


def train_classifier(
    texts: Iterable[str | None],
    labels: Iterable[str | None],
    *,
    groups: Iterable[Any] | None = None,
    times: Iterable[Any] | None = None,
    others: tuple[Iterable[str | None], Iterable[str | None]] | None = None,
    languages: Sequence[str] = ("en",),
    params: ClassifierParams | None = None,
    name: str = "sentiment",
    description: str = "",
    licence: str = "",
    on_progress: Progress | None = None,
) -> LinearModel:
    """Train a model on labelled texts; computes.

    Parameters
    ----------
    texts, labels
        Each label one of ``negative``, ``neutral`` and ``positive``; pairs with a missing or empty part are
        left out. Of a text that occurs several times with different labels the most frequent one counts, and
        none where there is no such. Dask series (then all columns are, of one frame) are learned from part by
        part, in order, so rows should lie in no order of labels; a tenth of the texts or authors, or the
        latest tenth, is left out to judge by.
    groups
        Who wrote each text: nobody's texts are both learned from and judged by.
    times
        When each was written: what is judged by is later than what was learned from.
    others
        Texts and labels of other languages or fields, to learn what they have in common with these (emoji,
        names, borrowed words): what all texts say counts as much as what these say; never judged by.
    languages
        Codes of the languages of the texts.
    params
        See `ClassifierParams`.
    name
        What the model is called.
    description, licence
        Of the texts, for the model's card.
    on_progress
        Told what is being done, and the share that is done. Each step is logged as INFO in any case.

    Returns
    -------
    LinearModel
        Its card holds quality and confusion on texts it was not fitted to. Where `strength` is searched, by the log
        loss on the last three folds, what judges a fold has the strength that did best on the others.

    Raises
    ------
    ParamError
        If a label is unknown, or there are too few texts of one.
    SchemaError
        If the texts are none.
    """
    params = params or ClassifierParams()
    if not _NAME.fullmatch(name):
        raise ParamError(
            f"A model cannot be called {name!r}: a name has 1 to 64 of a-z, 0-9, _ and -."
        )
    card = ModelCard(
        name=name,
        kind="linear",
        languages=(languages,) if isinstance(languages, str) else tuple(languages),
        trained_on={"description": description},
        params=asdict(params),
        versions={one: package_version(one) for one in ("murmuration", "scikit-learn", "numpy")},
        licence=licence,
    )
    tell = _tell_log(on_progress)
    if is_dask(texts):
        if others is not None:
            raise ParamError(
                "Texts of others cannot be put beside a Dask series. Join them with it (dask.dataframe.concat), or "
                "leave them out."
            )
        from murmuration.sentiment.out_of_core import train_in_parts

        return train_in_parts(
            texts, labels, groups=groups, times=times, card=card, params=params, tell=tell
        )
    data = prepare_labelled_texts(texts, labels, groups, times, least=2 * params.folds)
    beside = prepare_labelled_texts(*(others or ((), ())), None, None, least=0)
    return _train(data, beside.without(data.texts), card, params, tell)


def _tell_log(on_progress: Progress | None) -> Progress:
    """Log each step with the seconds since the start, and hand on what is told."""
    started, steps = time.perf_counter(), set[str]()

    def tell(step: str, share: float) -> None:
        if step not in steps:
            steps.add(step)
            log.info("training: %s, after %.1f s", step, time.perf_counter() - started)
        if on_progress:
            on_progress(step, share)

    return tell


def _train(
    data: Labelled, beside: Labelled, card: ModelCard, params: ClassifierParams, tell: Progress
) -> LinearModel:
    folds = make_folds(
        data.truth,
        alike=data.alike,
        groups=data.groups,
        times=data.times,
        folds=params.folds,
        seed=params.seed,
    )
    tell("counting n-grams", 0.0)
    ngrams = NGrams(words=params.words, chars_from=params.chars_from, chars_to=params.chars_to)
    posts = _count_posts(data, beside, ngrams, params)
    learner = Learner(
        n_words=count_words(posts.table.keys), n_ngrams=len(posts.table.keys), min_texts=posts.min_texts,
        class_weight=class_weights(params), seed=params.seed, strength=params.strength or 1.0, focus=params.focus,
    )  # fmt: skip
    tell("searching", 0.1)
    strengths = _search(learner, posts, folds, params)
    tell("measuring quality", 0.6)
    judged = np.concatenate([judge for _, judge in folds])
    learner.set_params(rarity=learner.count_rarity(posts.table.counts))
    scores, models = _leave_out(
        learner, posts, folds, strengths, lambda share: tell("measuring quality", 0.6 + 0.3 * share)
    )
    quality = judge_scores(scores, data.truth[judged], params)
    tell("learning from all texts", 0.9)
    learner.set_params(strength=strengths.all)
    if data.times is None:
        learner.average(models)
    else:  # those of the folds know less the earlier they are
        learner.fit(posts.table.counts, posts.truth, posts.own)
    tell("done", 1.0)
    known = replace(
        card,
        trained_on=data.facts
        | {"beside": len(beside.texts), "summary": _summarise(data, beside, card.languages)}
        | dict(card.trained_on),
        params=dict(card.params)
        | {"strength": learner.strength, "min_texts": posts.min_texts}
        | embedding_facts(params)
        | {"judged": _describe_split(data, folds), "strength_searched": params.strength is None},
        metrics=quality.metrics,
        errors=ErrorTable(quality.confusion, describe_judged(card, len(judged))),
    )
    weights = _weights(learner, posts.table.keys, quality.offsets)
    learned = np.unique(hash_texts(data.texts + beside.texts))
    return LinearModel(known, ngrams, weights, quality.calibration, learned)


def _summarise(data: Labelled, beside: Labelled, languages: Sequence[str]) -> dict[str, Any]:
    texts = data.texts + beside.texts
    is_known = len(languages) == 1 and not beside.texts
    return summarise_texts(texts, list(languages) * len(texts) if is_known else None)


@dataclass(frozen=True, eq=False)
class _Posts:
    """Features and labels of the texts, and behind them those of others."""

    table: Table
    truth: Rows
    own: npt.NDArray[np.bool_]
    min_texts: int

    def with_others(self, rows: Rows) -> Rows:
        return np.concatenate([rows, np.flatnonzero(~self.own)])


def _count_posts(
    data: Labelled, beside: Labelled, ngrams: NGrams, params: ClassifierParams
) -> _Posts:
    texts = data.texts + beside.texts
    min_texts = params.min_texts or (2 if len(texts) >= _MANY else 1)
    features = other_features(texts, asdict(params), alone=False)
    return _Posts(
        count_table(texts, features, ngrams, min_texts),
        np.concatenate([data.truth, beside.truth]),
        np.arange(len(texts)) < len(data.texts),
        min_texts,
    )


def _weights(learner: Learner, keys: npt.NDArray[np.uint64], offsets: Floats) -> Weights:
    used = learner.rarity_ > 0
    terms, others = np.split(learner.coef_, [learner.n_ngrams])
    return Weights(
        keys[used], learner.rarity_[used], terms[used].astype(np.float32),
        np.ascontiguousarray(others), learner.intercept_, offsets,
    )  # fmt: skip


def embedding_facts(params: ClassifierParams) -> dict[str, str]:
    """Give the digest of the embedding that vectors came from, for the card: another of that name is refused."""
    return {"embedding_digest": digest_embedding(params.embedding)} if params.embedding else {}


def class_weights(params: ClassifierParams) -> str | dict[int, float] | None:
    """Give the weights of labels as scikit-learn takes them."""
    given = params.class_weight
    if isinstance(given, str):
        return None if given == "none" else given
    return {code: float(given.get(label, 1.0)) for code, label in enumerate(LABELS)}


class _Strengths(NamedTuple):
    """The strength that does best over all folds, and for each fold over the others."""

    all: float
    without: list[float]


def _search(
    learner: Learner, posts: _Posts, folds: list[Fold], params: ClassifierParams
) -> _Strengths:
    """Find the strength that does best on texts left out; on texts of one's own, as others change it little.

    What judges a fold has the strength that did best on other folds, so that no fold is judged by what was
    chosen for it.
    """
    if params.strength is not None:
        return _Strengths(params.strength, [params.strength] * len(folds))
    rng = np.random.default_rng(params.seed)
    search = RandomizedSearchCV(
        learner,
        {"strength": stats.loguniform(*_STRENGTHS)},
        n_iter=params.trials,
        scoring=_calibrated_loss,
        cv=[(_draw(fit, rng), judge) for fit, judge in folds[-_SEARCH_FOLDS:]],
        refit=False,
        random_state=params.seed,
        error_score="raise",
    ).fit(posts.table.counts, posts.truth)
    tried = np.array([one["strength"] for one in search.cv_results_["params"]])
    losses = np.array(
        [
            search.cv_results_[f"split{number}_test_score"]
            for number in range(len(folds[-_SEARCH_FOLDS:]))
        ]
    )
    return choose_strengths(tried, losses, len(folds))


def choose_strengths(tried: Floats, scores: Floats, n_folds: int) -> _Strengths:
    """Choose by the scores, shape (n_searched, n_tried), of the last folds: for each fold by those of the others."""
    first = n_folds - len(scores)
    without = [
        tried[np.delete(scores, number - first, axis=0).mean(axis=0).argmax()]
        if number >= first
        else tried[scores.mean(axis=0).argmax()]
        for number in range(n_folds)
    ]
    return _Strengths(float(tried[scores.mean(axis=0).argmax()]), [float(one) for one in without])


def _calibrated_loss(learner: Learner, counts: Any, truth: Rows) -> float:
    """Give the log loss, negative, that is left once scores are calibrated: it varies less than shares of hits."""
    scores = learner.decision_function(counts)
    return -float(log_loss(truth, fit_scaling(scores, truth).apply(scores)))


def _draw(rows: Rows, rng: np.random.Generator) -> Rows:
    if len(rows) <= _SEARCH_ROWS:
        return rows
    return np.sort(rng.choice(rows, _SEARCH_ROWS, replace=False))


def _leave_out(
    learner: Learner,
    posts: _Posts,
    folds: list[Fold],
    strengths: _Strengths,
    tell: Callable[[float], None],
) -> tuple[Floats, list[Learner]]:
    """Give the scores of the rows that are judged, each by a model that was not fitted to it, and these models."""
    scores, models = [], list[Learner]()
    for (fit, judge), strength in zip(folds, strengths.without, strict=True):
        rows = posts.with_others(fit)
        model = clone(learner).set_params(strength=strength)
        model.fit(posts.table.counts[rows], posts.truth[rows], posts.own[rows])
        scores.append(model.decision_function(posts.table.counts[judge]))
        models.append(model)
        tell(len(scores) / len(folds))
    return np.concatenate(scores), models


def _describe_split(data: Labelled, folds: list[Fold]) -> str:
    split = "in time" if data.times is not None else "at random"
    apart = ", no author on both sides" if data.groups is not None else ""
    return f"each text of {len(folds)} folds {split}{apart}"
