"""What every sentiment model is, and what is known about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.errors import ModelError

LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True, eq=False)
class ErrorTable:
    """How often a method names posts of each true label how, counted on labelled posts it was not fitted to.

    Attributes
    ----------
    counts
        Posts by true label (rows) and given label (columns), in the order of `LABELS`; shape (3, 3).
    measured_on
        Which posts, in words.
    """

    counts: npt.NDArray[np.int64]
    measured_on: str


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a model folder says about the model.

    Attributes
    ----------
    name
        What people call it, ``[a-z0-9_-]{1,64}``.
    kind
        ``linear`` or ``transformer``: who reads the folder.
    labels
        What `predict_proba` gives, in order.
    languages
        Codes of the languages it was trained for.
    trained_on
        ``rows``, ``fingerprint`` (SHA-256 of texts and labels), ``description``.
    params
        How it was trained, seed included.
    metrics
        Quality on posts it was not fitted to, such as ``macro_recall``.
    errors
        The same in full, for `estimate_shares`.
    versions
        Of the packages that made it.
    licence
        What the training data allow.
    """

    name: str
    kind: str
    languages: tuple[str, ...]
    labels: tuple[str, ...] = LABELS
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    errors: ErrorTable | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""


def card_facts(card: ModelCard) -> dict[str, Any]:
    """Give a card as JSON can hold it; `read_card` turns it back."""
    facts = {part.name: getattr(card, part.name) for part in fields(card)}
    if card.errors is not None:
        facts["errors"] = {
            "counts": card.errors.counts.tolist(),
            "measured_on": card.errors.measured_on,
        }
    return facts


def read_card(facts: Mapping[str, Any]) -> ModelCard:
    """Read what `card_facts` gave; other facts, which a kind of model adds, are left alone.

    Raises
    ------
    ModelError
        If something is missing or of another shape.
    """
    try:
        values = {part.name: facts[part.name] for part in fields(ModelCard)}
        if values.get("errors") is not None:
            table = values["errors"]
            counts = np.array(table["counts"], np.int64).reshape(len(LABELS), len(LABELS))
            values["errors"] = ErrorTable(counts, str(table["measured_on"]))
        for name in ("languages", "labels"):
            values[name] = tuple(str(part) for part in values[name])
        return ModelCard(**values)
    except (TypeError, ValueError, KeyError, AttributeError) as err:
        raise ModelError(
            f"The model's card cannot be read: {err!r}. Save the model again."
        ) from err


def model_version(card: ModelCard, digest: str) -> str:
    """Name one state of a model, as `Model.version` does; `digest` is that of its folder."""
    return f"{card.name}-{digest[:8]}"


@runtime_checkable
class Model(Protocol):
    """Tells how texts feel.

    Attributes
    ----------
    card
        What is known about it.
    version
        ``name-xxxxxxxx``: the name and the start of a digest of the weights; written beside every score.

    Notes
    -----
    A model may have ``has_learned(texts)`` as well: whether it learned from each text, shape (n_texts,), None where
    it does not know. Labels of posts that a model without it scored do not correct its shares (`join_labels`).
    """

    @property
    def card(self) -> ModelCard:
        """What is known about it."""

    @property
    def version(self) -> str:
        """``name-xxxxxxxx``."""

    def predict_proba(self, texts: Iterable[str | None]) -> npt.NDArray[np.float64]:
        """Give calibrated probabilities, shape (n_texts, n_labels); NaN rows for missing and empty texts.

        Those of one text never depend on the others.
        """

    def predict(self, texts: Iterable[str | None]) -> "pd.Series[Any]":
        """Name the label of each text, null likewise; the index of a Series kept."""

    def choose(self, probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Give the number of the label that `predict` names for each row of probabilities; −1 for NaN."""

    def save(self, folder: Path) -> None:
        """Write a model folder; see `murmuration.model_folder`."""
