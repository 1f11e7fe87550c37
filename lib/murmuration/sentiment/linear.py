"""A linear model of how texts feel: what it has learned, and how it is applied, explained, kept and read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.errors import ModelError
from murmuration.frames import TEXT
from murmuration.model_folder import digest_contents, read_folder, write_folder
from murmuration.sentiment.calibration import Calibration
from murmuration.sentiment.drift import Hashes, hash_texts
from murmuration.sentiment.embedding import embed_texts
from murmuration.sentiment.features import (
    READING,
    Counted,
    NGrams,
    add_up,
    count_ngrams,
    find_places,
    in_batches,
    name_ngrams,
    read_texts,
    weigh,
)
from murmuration.sentiment.learner import count_words
from murmuration.sentiment.model import LABELS, ModelCard, card_facts, model_version, read_card
from murmuration.sentiment.vader import SCORES, vader_scores

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Weights:
    """What a linear model has learned.

    Attributes
    ----------
    keys, rarity, terms
        Of each n-gram its digest (rising), how rare it is, and its weight per label, shape (n_ngrams, n_labels).
    others
        The weights of VADER's scores and of vectors, shape (n_others, n_labels).
    bias
        Shape (n_labels,).
    offsets
        What is added to the logarithms of probabilities before the highest is named, shape (n_labels,).
    """

    keys: npt.NDArray[np.uint64]
    rarity: Singles
    terms: Singles
    others: Floats
    bias: Floats
    offsets: Floats


class LinearModel:
    """A trained linear model; see `murmuration.sentiment.model.Model`."""

    def __init__(
        self,
        card: ModelCard,
        ngrams: NGrams,
        weights: Weights,
        calibration: Calibration,
        learned: Hashes | None = None,
    ) -> None:
        self._card, self._ngrams, self._weights = card, ngrams, weights
        self._calibration, self._learned = calibration, learned
        self._n_words = count_words(weights.keys)

    def __repr__(self) -> str:
        return f"LinearModel({self.version!r})"

    def __dask_tokenize__(self) -> object:
        return self.version

    @property
    def card(self) -> ModelCard:
        """What is known about it."""
        return self._card

    @cached_property
    def version(self) -> str:
        """``name-xxxxxxxx``."""
        return model_version(self._card, digest_contents(self._facts(), self._arrays()))

    def predict_proba(self, texts: Iterable[str | None]) -> Floats:
        """Give probabilities, shape (n_texts, n_labels); NaN rows for missing and empty texts.

        Those of one text never depend on the others.
        """
        read = read_texts(texts)
        parts = [self._scores(batch) for batch in in_batches(read)]
        told = self._calibration.apply(np.concatenate([np.empty((0, len(LABELS))), *parts]))
        told[[not text.strip() for text in read]] = np.nan
        return told

    def predict(self, texts: Iterable[str | None]) -> "pd.Series[Any]":
        """Name the label of each text, null for missing and empty ones; the index of a Series kept.

        It is the most probable one once the probabilities are weighed as the model's aim asks for.
        """
        index = texts.index if isinstance(texts, pd.Series) else None
        probabilities = self.predict_proba(texts)
        codes = self.choose(probabilities)
        labels = pa.array(np.array(LABELS)[np.maximum(codes, 0)], pa.string(), mask=codes < 0)
        return pd.Series(pd.array(labels, dtype=TEXT), index=index)

    def choose(self, probabilities: Floats) -> Rows:
        """Give the number of the label to name for each row of probabilities; −1 for rows of NaN."""
        logs = logarithms(probabilities) + self._weights.offsets
        codes = np.where(np.isnan(logs), -np.inf, logs).argmax(axis=1)
        return np.where(np.isnan(probabilities[:, 0]), -1, codes)

    def has_learned(self, texts: Iterable[str | None]) -> npt.NDArray[np.bool_] | None:
        """Say of each text whether the model was trained on it; None where the model does not know.

        White space does not count. What it was trained on is kept as hashes, from which no text can be read.
        """
        if self._learned is None:
            return None
        return np.isin(hash_texts(read_texts(texts)), self._learned)

    def save(self, folder: Path) -> None:
        """Write a model folder."""
        write_folder(folder, self._facts(), self._arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder.

        Raises
        ------
        ModelError
            If the folder is damaged, holds another kind of model, or one that learned words read otherwise.
        """
        contents = read_folder(folder)
        facts, arrays = dict(contents.facts), contents.arrays
        ngrams, kind = facts.pop("ngrams", None), facts.pop("calibration", None)
        if ngrams is not None and facts.pop("reading", 1) != READING:
            raise ModelError(
                f"The model in {folder} was trained by a version that reads words otherwise. Train it again."
            )
        try:
            weights = Weights(**{name: arrays[name] for name in Weights.__annotations__})
            calibration = Calibration(cast(Any, kind), arrays["values"], arrays["knots"])
            learned = arrays.get("learned")  # not in folders that older versions wrote
            return cls(read_card(facts), NGrams(**cast(Any, ngrams)), weights, calibration, learned)
        except (KeyError, TypeError) as err:
            raise ModelError(f"The model in {folder} is no linear one: {err!r}.") from err

    def explain(
        self, texts: Iterable[str | None], *, count: int = 8
    ) -> list[list[tuple[str, float]]]:
        """Give the terms that weighed most for or against the label that each text is given.

        Parameters
        ----------
        texts
            As for `predict`.
        count
            How many terms a text.

        Returns
        -------
        list of lists of (term, weight)
            Largest size first: words (with the n-grams of characters within them), runs of words, ``VADER`` and
            ``embedding``; how much more a term adds to the score of the label than to those of the others
            on average. Empty for missing and empty texts.
        """
        read = read_texts(texts)
        given = self.choose(self.predict_proba(read))
        return [
            self._explain(text, int(code))[:count] if code >= 0 else []
            for text, code in zip(read, given, strict=True)
        ]

    def _explain(self, text: str, code: int) -> list[tuple[str, float]]:
        against = np.full(len(LABELS), -1 / (len(LABELS) - 1))
        against[code] = 1.0
        counted, places, values = self._values([text])
        worth = values * (self._weights.terms[places] @ against) * (places >= 0) / counted.counts
        worth_of = dict(zip(counted.keys.tolist(), worth.tolist(), strict=True))
        terms: dict[str, float] = {}
        for key, name in zip(*name_ngrams(text, self._ngrams), strict=True):
            terms[name] = terms.get(name, 0.0) + worth_of[int(key)]
        others = other_features([text], self._card.params)[0] * (self._weights.others @ against)
        n_vader = len(SCORES) if self._card.params.get("vader") else 0
        terms["VADER"], terms["embedding"] = others[:n_vader].sum(), others[n_vader:].sum()
        ranked = sorted(terms.items(), key=lambda term: (-abs(term[1]), term[0]))
        return [(name, float(value)) for name, value in ranked if value]

    def _facts(self) -> dict[str, Any]:
        return card_facts(self._card) | {
            "ngrams": self._ngrams._asdict(), "reading": READING, "calibration": self._calibration.kind,
        }  # fmt: skip

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        learned = {} if self._learned is None else {"learned": self._learned}
        return vars(self._weights) | learned | {
            "values": self._calibration.values, "knots": self._calibration.knots,
        }  # fmt: skip

    def _scores(self, texts: list[str]) -> Floats:
        counted, places, values = self._values(texts)
        scores = np.tile(self._weights.bias, (len(texts), 1))
        add_up(counted.starts, places, values, self._weights.terms, scores)
        others = other_features(texts, self._card.params)
        for column, weight in zip(others.T, self._weights.others, strict=True):
            scores += column[:, None] * weight
        return scores

    def _values(self, texts: list[str]) -> tuple[Counted, npt.NDArray[np.int32], Singles]:
        """Give the n-grams of texts, their places among those known (-1 for others), and their values."""
        counted = count_ngrams(texts, self._ngrams)
        places = np.empty(len(counted.keys), np.int32)
        find_places(counted.keys, self._weights.keys, places)
        values = np.empty(len(places), np.float32)
        rarity = self._weights.rarity
        weigh(counted.starts, places, counted.counts, rarity, self._n_words, values)
        return counted, places, values


def other_features(texts: list[str], params: Mapping[str, Any], *, alone: bool = True) -> Floats:
    """Give VADER's scores and vectors, as `params` says, shape (n_texts, any)."""
    parts = [np.empty((len(texts), 0))]
    if params["vader"]:
        scores = vader_scores(texts)[list(SCORES)].to_numpy(np.float64, na_value=np.nan)
        parts.append(np.nan_to_num(scores))
    if params["embedding"]:
        parts.append(embed_texts(texts, params["embedding"], alone=alone))
    return np.hstack(parts)


def logarithms(probabilities: Floats) -> Floats:
    """Give logarithms that are never infinite."""
    return np.log(np.maximum(probabilities, 1e-12))
