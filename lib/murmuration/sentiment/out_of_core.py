"""Labelled texts that do not fit into memory → a linear model, part by part.

The features are those of `classifier`, but n-grams share a table of one size, as in scikit-learn's
HashingVectorizer, and one stochastic gradient descent (Bottou 2012, doi:10.1007/978-3-642-35289-8_25) goes through
the parts in their order, wrapped in dask-ml's Incremental.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import dask.array as da
import numpy as np
import numpy.typing as npt
import pandas as pd
from dask.base import compute
from dask.delayed import delayed
from dask_ml.model_selection import RandomizedSearchCV
from dask_ml.wrappers import Incremental
from scipy import sparse, stats
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import make_scorer

from murmuration.errors import ParamError
from murmuration.frames import is_dask
from murmuration.sentiment.classifier import class_weights, embedding_facts
from murmuration.sentiment.drift import Hashes, hash_texts, sketch_hashes, summarise_texts
from murmuration.sentiment.features import NGrams, count_ngrams, mask_text, read_texts
from murmuration.sentiment.judge import describe_judged, judge_scores
from murmuration.sentiment.labelled import check_enough, label_codes, read_times
from murmuration.sentiment.learner import count_matrix, count_words, measure_rarity, weigh_matrix
from murmuration.sentiment.linear import LinearModel, Weights, other_features
from murmuration.sentiment.model import LABELS, ErrorTable, ModelCard
from murmuration.sentiment.params import ClassifierParams
from murmuration.sentiment.search import count_confusion, macro_recall, make_folds

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[str, float], None]

_BITS = 19  # of a digest; half a million n-grams of words and as many of characters
_LEFT_OUT = 0.1  # of the texts, to judge by
_SEARCH_ROWS = 20_000
_PENALTIES = (3e-7, 3e-5)  # alpha of SGDClassifier
_EPOCHS = 3
_MARKS = ("alike", "group")  # columns by which the two sides are kept apart
_AT_ONCE = 8  # parts whose sums are in memory together
_DEFAULT_PENALTY = 3e-6
_SUMMED_UP = 20_000  # texts, spread evenly, whose words are counted for the card


def train_in_parts(
    texts: Any,
    labels: Any,
    *,
    groups: Any,
    times: Any,
    card: ModelCard,
    params: ClassifierParams,
    tell: Progress,
) -> LinearModel:
    """Train on Dask series that are partitioned alike; see `train_classifier`.

    A tenth of the texts (of the authors, or the latest) is left out to judge by. Texts that occur several
    times are not looked for, but what is a copy of a text that is left out, handles and links apart, is not
    learned from.
    """
    parts = _split(_frame(texts, labels, groups, times))
    ngrams = NGrams(params.words, params.chars_from, params.chars_to, _BITS)
    tell("counting n-grams", 0.0)
    known = _look_through(
        parts, ngrams, params, lambda share: tell("counting n-grams", 0.3 * share)
    )
    check_enough(known.labels, 2 * params.folds)
    make = delayed(_make_block, pure=True)
    blocks = [make(part, known.features) for part in parts]
    tell("searching", 0.3)
    weights = _label_weights(params, known.labels)
    penalty = _search(blocks, known, weights, params)
    learner = SGDClassifier(
        loss="log_loss", alpha=penalty, class_weight=weights, random_state=params.seed, average=True
    )  # fmt: skip
    fitted = _fit(learner, blocks, known, lambda share: tell("learning", 0.4 + 0.5 * share))
    tell("measuring quality", 0.9)
    scores, truth = _judge(fitted, blocks)
    quality = judge_scores(scores, truth, params)
    tell("done", 1.0)
    features = known.features
    terms, others = np.split(fitted.coef_.T, [len(features.keys)])
    made = Weights(
        features.keys, features.rarity, terms.astype(np.float32), np.ascontiguousarray(others, np.float64),
        np.asarray(fitted.intercept_, np.float64), quality.offsets,
    )  # fmt: skip
    described = replace(
        card,
        trained_on={"rows": sum(known.rows), "fingerprint": known.fingerprint}
        | {"summary": _summarise(known, card.languages)}
        | dict(card.trained_on),
        params=dict(card.params)
        | {"strength": None, "focus": 0.0, "penalty": penalty, "bits": _BITS}
        | embedding_facts(params)
        | {"judged": "a tenth left out" + (", the latest" if times is not None else "")},
        metrics=quality.metrics,
        errors=ErrorTable(quality.confusion, describe_judged(card, len(truth))),
    )
    return LinearModel(described, ngrams, made, quality.calibration, known.learned)


@dataclass(frozen=True, eq=False)
class _Features:
    """What is needed to turn a part into rows."""

    ngrams: NGrams
    keys: npt.NDArray[np.uint64]
    rarity: npt.NDArray[np.float32]
    params: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Known:
    """What one look through all parts tells."""

    features: _Features
    rows: list[int]
    labels: Counter[int]
    fingerprint: str
    learned: Hashes
    some_texts: list[str]


@dataclass(frozen=True, eq=False)
class _Looked:
    """The same of one part, and in how many texts each n-gram occurs."""

    n_texts: Rows
    labels: Counter[int]
    digest: bytes
    hashes: Hashes
    some_texts: list[str]


@dataclass(frozen=True, eq=False)
class _Block:
    """Rows of a part: those to learn from, and those to judge by."""

    fit: sparse.csr_matrix
    fit_truth: Rows
    groups: Rows
    judge: sparse.csr_matrix
    judge_truth: Rows


def _frame(texts: Any, labels: Any, groups: Any, times: Any) -> Any:
    columns = {"label": labels, "group": groups, "time": times}
    for name, column in columns.items():
        if column is not None and (not is_dask(column) or column.npartitions != texts.npartitions):
            raise ParamError(
                f"The texts are a Dask series of {texts.npartitions} partitions, but the {name}s are not. Take both "
                "from one Dask frame."
            )
    given = {name: column for name, column in columns.items() if column is not None}
    return texts.to_frame(name="text").assign(**given)


def _split(frame: Any) -> list[Any]:
    """Give each part, lazily, with `left_out`: whether a row is to judge by, is none of either (null), or not."""
    latest = None
    if "time" in frame.columns:
        moments = frame.dropna(subset=["label"])["time"].compute()
        latest = read_times(moments).quantile(1 - _LEFT_OUT)
    parts = [delayed(_prepare, pure=True)(part, latest) for part in frame.to_delayed()]
    if latest is None and "group" not in frame.columns:
        return parts  # told apart by text alone
    mark, drop = delayed(_left_out, pure=True), delayed(_drop_known, pure=True)
    marks = compute(*(mark(part) for part in parts))
    known = {name: np.unique(np.concatenate([one[name] for one in marks])) for name in _MARKS}
    return [drop(part, known) for part in parts]


def _prepare(part: pd.DataFrame, latest: pd.Timestamp | None) -> pd.DataFrame:
    read = pd.Series(read_texts(part["text"]), dtype=object)
    made = pd.DataFrame({"text": read, "label": part["label"].reset_index(drop=True)})
    made["alike"] = pd.util.hash_array(read.map(mask_text).to_numpy(object))
    made["group"] = made["alike"]
    if "group" in part:  # a text of nobody known is a group of its own
        owners = part["group"].reset_index(drop=True).astype("string")
        of_owner = pd.util.hash_array(owners.fillna("").to_numpy(object))
        made["group"] = np.where(owners.isna(), made["alike"], of_owner)
    if latest is None:
        made["left_out"] = made["group"] % 1000 < 1000 * _LEFT_OUT
    else:
        moments = pd.to_datetime(part["time"], utc=True, format="mixed")
        made["left_out"] = (moments > latest).to_numpy(bool)
    made = made[made["label"].notna() & made["text"].str.strip().ne("")]
    return made.assign(label=label_codes(made["label"]))


def _left_out(part: pd.DataFrame) -> dict[str, Hashes]:
    return {name: part.loc[part["left_out"], name].unique() for name in _MARKS}


def _drop_known(part: pd.DataFrame, known: dict[str, Hashes]) -> pd.DataFrame:
    """Leave out what would be learned from although its author or a copy of its text is judged by."""
    is_known = np.logical_or.reduce([part[name].isin(known[name]) for name in _MARKS])
    return cast(pd.DataFrame, part[part["left_out"] | ~is_known])


def _look_through(
    parts: list[Any], ngrams: NGrams, params: ClassifierParams, tell: Callable[[float], None]
) -> _Known:
    n_texts = np.zeros((2, 1 << _BITS), np.int64)
    rows: list[int] = []
    labels: Counter[int] = Counter()
    hashes, some_texts = [np.empty(0, np.uint64)], list[str]()
    digest, look = hashlib.sha256(), delayed(_look, pure=True)
    for at in range(0, len(parts), _AT_ONCE):
        few = -(-_SUMMED_UP // len(parts))
        for looked in compute(*(look(part, ngrams, few) for part in parts[at : at + _AT_ONCE])):
            n_texts += looked.n_texts
            rows.append(looked.labels.total())
            labels.update(looked.labels)
            digest.update(looked.digest)
            hashes.append(looked.hashes)
            some_texts += looked.some_texts
        tell(min(1.0, (at + _AT_ONCE) / len(parts)))
    least = params.min_texts or 2
    used = n_texts.ravel() >= least
    places = np.arange(1 << _BITS, dtype=np.uint64)
    keys = np.concatenate([places, places | np.uint64(1 << 63)])[used]
    rarity = measure_rarity(n_texts.ravel()[used], sum(rows), least)
    card = {"vader": params.vader, "embedding": params.embedding}
    features = _Features(ngrams, keys, rarity, card)
    learned = np.unique(np.concatenate(hashes))
    return _Known(features, rows, labels, digest.hexdigest(), learned, some_texts)


def _summarise(known: _Known, languages: Sequence[str]) -> dict[str, Any]:
    """Sum up what was learned from: its words and lengths from some of the texts, its sketch from all."""
    texts = known.some_texts
    codes = list(languages) * len(texts) if len(languages) == 1 else None
    return summarise_texts(texts, codes) | {"sketch": sketch_hashes(known.learned)}


def _look(part: pd.DataFrame, ngrams: NGrams, few: int) -> _Looked:
    digest = hashlib.sha256()
    for text, code in zip(part["text"], part["label"], strict=True):
        digest.update(f"{LABELS[code]}\0{text}\0".encode())
    fit = part[~part["left_out"]]
    keys = count_ngrams(fit["text"].tolist(), ngrams).keys
    is_chars = (keys >> np.uint64(63)).astype(np.int64)
    places = (keys & np.uint64((1 << _BITS) - 1)).astype(np.int64) + (is_chars << _BITS)
    counted = np.bincount(places, minlength=2 << _BITS).reshape(2, -1)
    texts = fit["text"].tolist()
    some = texts[:: 1 + len(texts) // few]
    return _Looked(
        counted, Counter(fit["label"].tolist()), digest.digest(), hash_texts(texts), some
    )


def _make_block(part: pd.DataFrame, features: _Features) -> _Block:
    left_out = part["left_out"].to_numpy(bool)
    texts = part["text"].tolist()
    counts = count_matrix(count_ngrams(texts, features.ngrams), features.keys)
    weighed = weigh_matrix(counts, features.rarity, count_words(features.keys))
    others = other_features(texts, features.params, alone=False)
    whole = sparse.hstack([weighed, sparse.csr_matrix(others, dtype=np.float32)], format="csr")
    truth, groups = part["label"].to_numpy(np.int64), part["group"].to_numpy()
    return _Block(
        whole[~left_out], truth[~left_out], groups[~left_out], whole[left_out], truth[left_out]
    )


def _label_weights(params: ClassifierParams, there: Counter[int]) -> dict[int, float] | None:
    given = class_weights(params)
    if not isinstance(given, str):
        return given
    return {code: sum(there.values()) / (len(LABELS) * there[code]) for code in range(len(LABELS))}


def _search(
    blocks: list[Any], known: _Known, weights: dict[int, float] | None, params: ClassifierParams
) -> float:
    """Give the penalty that does best on texts left out of the first parts."""
    if params.strength is not None:
        return _DEFAULT_PENALTY / params.strength
    some = list(_first(blocks, known.rows))
    truth = np.concatenate([block.fit_truth for block in some])
    groups = np.concatenate([block.groups for block in some])
    folds = make_folds(truth, groups=groups, times=None, folds=3, seed=params.seed)
    search = RandomizedSearchCV(
        SGDClassifier(loss="log_loss", class_weight=weights, random_state=params.seed, average=True, max_iter=_EPOCHS, tol=None),
        {"alpha": stats.loguniform(*_PENALTIES)},
        n_iter=params.trials,
        scoring=make_scorer(lambda true, given: macro_recall(count_confusion(true, given))),
        cv=folds,
        refit=False,
        random_state=params.seed,
        scheduler="synchronous",
    )  # fmt: skip
    search.fit(sparse.vstack([block.fit for block in some], format="csr"), truth)
    # dask-ml has no best_params_ where nothing is fitted again.
    tried = search.cv_results_
    return float(tried["params"][int(np.argmax(tried["mean_test_score"]))]["alpha"])


def _first(blocks: list[Any], rows: list[int]) -> Iterator[_Block]:
    enough = int(np.searchsorted(np.cumsum(rows), _SEARCH_ROWS)) + 1
    yield from compute(*blocks[:enough])


def _fit(
    learner: SGDClassifier, blocks: list[Any], known: _Known, tell: Callable[[float], None]
) -> SGDClassifier:
    width = len(known.features.keys) + _count_others(known.features)
    meta = sparse.csr_matrix((0, width), dtype=np.float32)
    used = [(block, rows) for block, rows in zip(blocks, known.rows, strict=True) if rows]
    table = da.concatenate(
        [da.from_delayed(block.fit, (rows, width), meta=meta) for block, rows in used]
    )
    truth = da.concatenate(
        [da.from_delayed(block.fit_truth, (rows,), dtype=np.int64) for block, rows in used]
    )
    incremental = Incremental(learner, shuffle_blocks=False, assume_equal_chunks=True)
    for epoch in range(_EPOCHS):
        tell(epoch / _EPOCHS)
        incremental.partial_fit(table, truth, classes=list(range(len(LABELS))))
    return cast(SGDClassifier, incremental.estimator_)


def _count_others(features: _Features) -> int:
    return int(other_features(["a"], features.params, alone=False).shape[1])


def _judge(learner: SGDClassifier, blocks: list[Any]) -> tuple[Floats, Rows]:
    """Give scores and labels of the texts left out."""
    judge = delayed(_score_block)
    scores, truth = [], []
    for at in range(0, len(blocks), _AT_ONCE):
        told = compute(*(judge(block, learner) for block in blocks[at : at + _AT_ONCE]))
        scores += [one for one, _ in told]
        truth += [codes for _, codes in told]
    return np.concatenate(scores), np.concatenate(truth)


def _score_block(block: _Block, learner: SGDClassifier) -> tuple[Floats, Rows]:
    scores: Floats = block.judge @ learner.coef_.T + learner.intercept_
    return scores, block.judge_truth
