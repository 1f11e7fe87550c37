"""How a classifier is trained: the words of the user."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, get_args

import numpy as np

from murmuration.errors import ParamError, suggest
from murmuration.sentiment.model import LABELS

Aim = Literal["macro_recall", "macro_f1", "accuracy"]


@dataclass(frozen=True, kw_only=True)
class ClassifierParams:
    """How a classifier is trained.

    Attributes
    ----------
    seed
        The same seed gives the same model.
    words
        N-grams of up to so many words.
    chars_from, chars_to
        N-grams of so many characters within words; none where `chars_to` is 0.
    vader
        Whether VADER's scores are features. They help beyond English too, by emoji and borrowed words.
    embedding
        Name or folder of a sentence-transformers or model2vec model whose vectors are features; needs the
        extra ``embeddings``, where the model is trained and where it is used.
    min_texts
        In how many texts an n-gram has to occur; None: 1, or 2 from 20,000 texts on.
    class_weight
        ``"balanced"`` gives each label the same weight, ``"none"`` each text, or a weight per label.
    aim
        What the naming of labels is to make high.
    strength
        How closely the weights follow the texts (C); None searches.
    focus
        How far n-grams count by how well they set a label apart, 0 to 1.
    trials
        How many strengths are tried in the search.
    folds
        Into how many parts the texts are split to measure quality.
    """

    seed: int = 0
    words: int = 2
    chars_from: int = 2
    chars_to: int = 5
    vader: bool = True
    embedding: str | None = None
    min_texts: int | None = None
    class_weight: Literal["balanced", "none"] | Mapping[str, float] = "balanced"
    aim: Aim = "macro_recall"
    strength: float | None = None
    focus: float = 0.5
    trials: int = 6
    folds: int = 5

    def __post_init__(self) -> None:
        for name, low, high in (
            ("seed", 0, 2**32 - 1), ("words", 1, 5), ("chars_from", 1, 10), ("chars_to", 0, 10), ("min_texts", 1, 1000),
            ("strength", 1e-6, 1e6), ("focus", 0, 1), ("trials", 1, 1000), ("folds", 2, 20),
        ):  # fmt: skip
            value = getattr(self, name)
            self._check_type(name, value)
            if value is not None and not low <= value <= high:
                raise ParamError(
                    f"ClassifierParams.{name} is {value}, but has to lie between {low} and {high}."
                )
        if 0 < self.chars_to < self.chars_from:
            raise ParamError(
                f"ClassifierParams.chars_from is {self.chars_from}, above chars_to, {self.chars_to}. Give the shorter "
                "length first, or chars_to=0 for no n-grams of characters."
            )
        if self.aim not in get_args(Aim):
            raise ParamError(
                f"ClassifierParams.aim cannot be {self.aim!r}.{suggest(str(self.aim), get_args(Aim))}"
            )
        self._check_weights()

    def _check_type(self, name: str, value: object) -> None:
        is_optional = name in ("min_texts", "strength")
        kinds, wanted = (
            (Real, "a number") if name in ("strength", "focus") else (Integral, "a whole number")
        )
        if (value is None and is_optional) or (
            isinstance(value, kinds) and not isinstance(value, bool)
        ):
            return
        raise ParamError(f"ClassifierParams.{name} is {value!r}, but has to be {wanted}.")

    def _check_weights(self) -> None:
        given = self.class_weight
        if not isinstance(given, str | Mapping):
            raise ParamError(
                f"ClassifierParams.class_weight cannot be {given!r}. Give 'balanced', 'none', or a weight per label."
            )
        for name in [given] if isinstance(given, str) else given:
            known = ("balanced", "none") if isinstance(given, str) else LABELS
            if name not in known:
                raise ParamError(
                    f"ClassifierParams.class_weight cannot be {name!r}.{suggest(str(name), known)}"
                )
        for label, weight in () if isinstance(given, str) else given.items():
            is_number = isinstance(weight, Real) and not isinstance(weight, bool)
            if not is_number or not 0 < weight < np.inf:
                raise ParamError(
                    f"ClassifierParams.class_weight[{label!r}] is {weight!r}, but has to be a number above 0."
                )
