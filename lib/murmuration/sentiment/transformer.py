"""Any Hugging Face text-classification model, as a model of how texts feel.

Wolf et al. 2020, “Transformers: State-of-the-Art Natural Language Processing”, EMNLP demos.

What a text is given never depends on its company, to the bit: matrix products round differently when they
have another shape (measured: up to 1.2e-7 of probability between a batch of 1 and one of 37, padding or not),
so a text's own length alone decides the shape it goes through, and rows that are missing there are filled. Where in a
batch a row stands changes nothing either, see `murmuration.compute.device.round_alike`.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.metadata import version as package_version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.compute.device import round_alike
from murmuration.errors import ModelError, suggest
from murmuration.frames import TEXT, text_list
from murmuration.model_folder import digest_contents, read_folder, write_folder
from murmuration.sentiment.calibration import calibration_error, fit_temperature, temper
from murmuration.sentiment.labelled import prepare_labelled_texts
from murmuration.sentiment.model import (
    LABELS,
    ErrorTable,
    ModelCard,
    card_facts,
    model_version,
    read_card,
)
from murmuration.sentiment.search import count_confusion, macro_f1, macro_recall

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

MAX_TOKENS = 512  # the longest that most models were trained on; a model may allow less
MAX_CHARS = 100_000  # no tokeniser makes 512 tokens of more

_NEEDED = ("torch", "transformers")
_CONFIG = "config.json"
# All that a classifier is read from; no other file of a repository is looked at.
_FILES = (
    _CONFIG, "model*.safetensors", "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "bpe.codes",
    "*.model",
)  # fmt: skip
_SUBFOLDER = "transformer"
_PARTS = 5  # of labelled posts, to measure quality on
_NAMES = {
    "negative": 0, "neg": 0, "very negative": 0, "1 star": 0, "2 stars": 0,
    "neutral": 1, "neu": 1, "3 stars": 1,
    "positive": 2, "pos": 2, "very positive": 2, "4 stars": 2, "5 stars": 2,
}  # fmt: skip
_UNNAMED = (
    "label_0",
    "label_1",
    "label_2",
)  # negative, neutral, positive in the models of TweetEval
# Lengths in tokens that texts are padded to, and tokens in a batch. One post alone pays for a whole batch; on
# a CPU 256 tokens reach 0.87 of the speed of 1024 (three layers of BERT's width, airline posts).
_WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_BATCH_TOKENS = {"cpu": 256, "cuda": 32_768}
# Tokenisers in threads of one process trip over each other (huggingface/tokenizers issue 537).
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, eq=False)
class TransformerModel:
    """A transformer with a head for classification; see `murmuration.sentiment.model.Model`.

    It travels to Dask's workers as the names of its files, which each process reads at first use; on other
    machines they must lie in the same place. Probabilities are as the network gives them until `calibrate` is
    given labelled posts.

    Attributes
    ----------
    card
        What is known about it.
    fold
        The network's labels, in its order, each to one of ours.
    files
        Name to path of what the network and its tokeniser are read from.
    device
        Where it runs: ``cpu`` or ``cuda``; `murmuration.compute.choose_device` chooses.
    """

    card: ModelCard
    fold: tuple[tuple[str, str], ...]
    files: Mapping[str, Path]
    device: str = "cpu"

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        languages: Sequence[str],
        called: str = "transformer",
        mapping: Mapping[str, str] | None = None,
        device: str = "cpu",
        licence: str = "",
    ) -> Self:
        """Take a Hugging Face model.

        Parameters
        ----------
        name
            A local folder, or a name on the hub: from the local cache where it is there, else from the
            network, unless HF_HUB_OFFLINE says not to.
        languages
            Codes of the languages that it may score.
        called
            What it is called here, ``[a-z0-9_-]{1,64}``.
        mapping
            Each of its labels to ``negative``, ``neutral`` or ``positive``; worked out unless given, where
            the labels say it, count stars, or are LABEL_0 to LABEL_2.
        device
            ``cpu`` or ``cuda``.
        licence
            What its makers allow.

        Raises
        ------
        ModelError
            If the libraries or the model are not there, its weights are pickles, or its labels are not ours.
        """
        _check_libraries()
        folder = Path(name).expanduser()
        if not folder.is_dir():
            folder = _find_on_hub(str(name))
        files = _choose_files(folder, str(name))
        labels = _read_labels(folder)
        card = ModelCard(
            name=called,
            kind="transformer",
            languages=tuple(languages),
            trained_on={"description": f"as published: {Path(name).name}"},
            params={"max_tokens": MAX_TOKENS},
            versions={one: package_version(one) for one in ("murmuration", *_NEEDED)},
            licence=licence,
        )
        made = cls(card, _fold_labels(labels, mapping), files, device)
        _ = made._network  # what cannot be used is said now
        return made

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu") -> Self:
        """Read a model folder; the network itself is read at first use.

        Raises
        ------
        ModelError
            If the folder is damaged or holds another kind of model, or the libraries are not there.
        """
        _check_libraries()
        contents = read_folder(folder)
        card = read_card(contents.facts)
        files = {name.removeprefix(f"{_SUBFOLDER}/"): path for name, path in contents.files.items()}
        if card.kind != "transformer" or _CONFIG not in files or "fold" not in contents.facts:
            raise ModelError(f"The model in {folder} is no transformer, but of kind {card.kind!r}.")
        fold = tuple((theirs, ours) for theirs, ours in contents.facts["fold"])
        return cls(card, fold, files, device)

    @cached_property
    def version(self) -> str:
        """``name-xxxxxxxx``."""
        return model_version(self.card, digest_contents(self._facts, {}, self._kept))

    def predict_proba(self, texts: Iterable[str | None]) -> Floats:
        """Give probabilities, shape (n_texts, 3); NaN rows for missing and empty texts.

        Those of one text never depend on the others. A text of more tokens than the model reads, 512 at
        most, is judged by its beginning; how many there were is logged.
        """
        known = isinstance(texts, pd.Series | pa.Array | pa.ChunkedArray)
        column = text_list(texts if known else list(texts))
        shares = np.full((len(column), len(LABELS)), np.nan)
        rows = [row for row, text in enumerate(column) if text and text.strip()]
        if rows:
            shares[rows] = self._fold(self._network.read([str(column[row]) for row in rows]))
        temperature = float(self.card.params.get("temperature", 1.0))
        return shares if temperature == 1.0 else temper(shares, temperature)

    def predict(self, texts: Iterable[str | None]) -> "pd.Series[Any]":
        """Name the most probable label of each text, null for missing and empty ones; a Series' index kept."""
        index = texts.index if isinstance(texts, pd.Series) else None
        codes = self.choose(self.predict_proba(texts))
        labels = pa.array(np.array(LABELS)[codes], pa.string(), mask=codes < 0)
        return pd.Series(pd.array(cast(Any, labels), dtype=TEXT), index=index)

    def choose(self, probabilities: Floats) -> npt.NDArray[np.int64]:
        """Give the number of the most probable label of each row; −1 for rows of NaN."""
        best = np.nan_to_num(probabilities, nan=-1.0).argmax(axis=1)
        return np.where(np.isnan(probabilities).any(axis=1), -1, best)

    def save(self, folder: Path) -> None:
        """Write a model folder, with copies of the network's files."""
        write_folder(folder, self._facts, {}, self._kept)

    def calibrate(
        self,
        texts: Iterable[str | None],
        labels: Iterable[str | None],
        *,
        description: str = "",
        seed: int = 0,
    ) -> Self:
        """Learn from labelled posts how sure the network may be, and how often it errs; computes.

        Parameters
        ----------
        texts, labels
            As for `train_classifier`: posts that the network was not trained on, 10 of each label or more.
        description
            Of the posts, for the card.
        seed
            Of the parts that quality is measured on.

        Returns
        -------
        TransformerModel
            The same network, which names the same labels; its probabilities are divided by one temperature, and
            its card has quality, measured on posts that the temperature was not chosen by, and errors, so that
            `estimate_shares` can correct for them.
        """
        from sklearn.metrics import log_loss
        from sklearn.model_selection import StratifiedKFold

        data = prepare_labelled_texts(texts, labels, None, None, least=2 * _PARTS)
        plain = replace(
            self, card=replace(self.card, params=dict(self.card.params) | {"temperature": 1.0})
        )
        shares = plain.predict_proba(data.texts)
        told = np.empty_like(shares)
        parts = StratifiedKFold(_PARTS, shuffle=True, random_state=seed)
        for known, left_out in parts.split(shares, data.truth):
            warmth = fit_temperature(shares[known], data.truth[known])
            told[left_out] = temper(shares[left_out], warmth)
        confusion = count_confusion(data.truth, self.choose(told))
        metrics = {
            "macro_recall": macro_recall(confusion),
            "macro_f1": macro_f1(confusion),
            "accuracy": float(np.trace(confusion) / confusion.sum()),
            "log_loss": float(log_loss(data.truth, told)),
            "calibration_error": calibration_error(told, data.truth),
        }
        measured_on = f"{len(told):,} labelled posts"
        card = replace(
            self.card,
            params=dict(self.card.params) | {"temperature": fit_temperature(shares, data.truth)},
            metrics=metrics,
            errors=ErrorTable(
                confusion, f"{description}: {measured_on}" if description else measured_on
            ),
        )
        return replace(self, card=card)

    @property
    def _facts(self) -> dict[str, Any]:
        return card_facts(self.card) | {"fold": [list(pair) for pair in self.fold]}

    @property
    def _kept(self) -> dict[str, Path]:
        return {f"{_SUBFOLDER}/{name}": path for name, path in self.files.items()}

    @property
    def _network(self) -> "_Network":
        with _ONE_AT_A_TIME:
            return _open_network(self.files[_CONFIG].parent, self.device)

    def _fold(self, theirs: Floats) -> Floats:
        shares = np.zeros((len(theirs), len(LABELS)))
        for place, (_, ours) in enumerate(self.fold):
            shares[:, LABELS.index(ours)] += theirs[:, place]
        return shares


@dataclass(frozen=True, eq=False)
class _Network:
    """A network in memory, with its tokeniser."""

    network: Any
    tokeniser: Any
    device: str
    widths: tuple[int, ...]

    def read(self, texts: Sequence[str]) -> Floats:
        """Give the network's probabilities, shape (n_texts, n_labels); NaN for texts of no tokens."""
        ids = self._tokenise(texts)
        lengths = np.array([len(one) for one in ids])
        shares = np.full((len(texts), self.network.config.num_labels), np.nan)
        for low, width in zip((0, *self.widths), self.widths, strict=False):
            rows = np.flatnonzero((lengths > low) & (lengths <= width))
            size = max(1, _BATCH_TOKENS[self.device] // width)
            for start in range(0, len(rows), size):
                some = rows[start : start + size]
                # Rows of its own fill the batch, as what fills it changes nothing.
                shares[some] = self._run([ids[row] for row in np.resize(some, size)], width)[
                    : len(some)
                ]
        return shares

    def _tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        with _ONE_AT_A_TIME:
            found = self.tokeniser(
                [text[:MAX_CHARS] for text in texts],
                truncation=True,
                max_length=self.widths[-1],
                return_overflowing_tokens=False,
                return_attention_mask=False,
                return_token_type_ids=False,
            )["input_ids"]
        full = sum(len(one) == self.widths[-1] for one in found)
        if full:
            log.info(
                "%d of %d texts fill all %d tokens: what follows was not read",
                full,
                len(texts),
                self.widths[-1],
            )
        return cast(list[list[int]], found)

    def _run(self, ids: Sequence[Sequence[int]], width: int) -> Floats:
        import torch

        with _ONE_AT_A_TIME:
            batch = self.tokeniser.pad(
                {"input_ids": list(ids)},
                padding="max_length",
                max_length=width,
                return_tensors="pt",
            )
        with torch.inference_mode():
            given = {name: batch[name].to(self.device) for name in ("input_ids", "attention_mask")}
            scores = self.network(**given).logits.double()
            shares: Floats = scores.softmax(dim=-1).cpu().numpy()
        return shares


@lru_cache(maxsize=4)
def _open_network(folder: Path, device: str) -> _Network:
    """Read a network and its tokeniser; from safetensors only, and without code that lies beside them."""
    round_alike()
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with _no_progress_bars():
            tokeniser = AutoTokenizer.from_pretrained(folder, **options)
            network, found = AutoModelForSequenceClassification.from_pretrained(
                folder,
                use_safetensors=True,
                dtype=torch.float32,
                # Others choose their way by what is in the batch.
                attn_implementation="eager",
                output_loading_info=True,
                **options,
            )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as err:
        raise ModelError(
            f"The transformer in {folder} cannot be read: {str(err).splitlines()[0]}"
        ) from err
    if missing := sorted(found["missing_keys"]):
        raise ModelError(
            f"The transformer in {folder} was not trained to classify: it lacks {', '.join(missing[:3])}. Name a "
            "text-classification model."
        )
    if tokeniser.pad_token_id is None:
        raise ModelError(f"The tokeniser in {folder} has no token for padding. Name another model.")
    return _Network(network.eval().to(device), tokeniser, device, _widths(network, tokeniser))


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    from transformers.utils import logging as told

    shown = told.is_progress_bar_enabled()
    told.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            told.enable_progress_bar()


def _widths(network: Any, tokeniser: Any) -> tuple[int, ...]:
    """Give the lengths in tokens that texts are padded to; the last is the longest that is read."""
    positions = getattr(network.config, "max_position_embeddings", None) or MAX_TOKENS
    # RoBERTa and its kin count positions from behind the one for padding.
    if "roberta" in network.config.model_type or network.config.model_type == "camembert":
        positions -= tokeniser.pad_token_id + 1
    longest = min(MAX_TOKENS, positions, tokeniser.model_max_length)
    return (*(width for width in _WIDTHS if width < longest), longest)


def _check_libraries() -> None:
    for name in _NEEDED:
        if find_spec(name) is None:
            raise ModelError(
                f"Transformers need {name}, which is not installed. Install murmuration with its extra "
                "'embeddings', or use a linear model."
            )


def _find_on_hub(name: str) -> Path:
    """Give the folder of a model of the hub: the local cache, else fetched."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return _snapshot(snapshot_download, name, local_files_only=True)
    except (OSError, ModelError):
        log.info("%s is not in the local cache", name)
    except HFValidationError as err:
        raise ModelError(
            f"{name!r} is neither a folder nor the name of a model on the hub."
        ) from err
    try:
        return _snapshot(snapshot_download, name)
    except OSError as err:
        raise ModelError(
            f"There is no folder {name!r}, and no model of that name could be fetched from the hub: "
            f"{str(err).splitlines()[0]} Name a folder, or fetch it where there is a network."
        ) from err


def _snapshot(download: Any, name: str, **options: Any) -> Path:
    folder = Path(download(name, allow_patterns=list(_FILES), **options))
    _choose_files(folder, name)
    return folder


def _choose_files(folder: Path, name: str) -> dict[str, Path]:
    found = {path.name: path for pattern in _FILES for path in sorted(folder.glob(pattern))}
    if _CONFIG not in found:
        raise ModelError(f"{name} holds no transformer: it has no {_CONFIG}.")
    if not any(path.suffix == ".safetensors" for path in found.values()):
        raise ModelError(
            f"{name} has no weights as safetensors. Pickled weights may hold code, so they are not read; "
            "convert them with save_pretrained, or name another model."
        )
    return found


def _read_labels(folder: Path) -> list[str]:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as err:
        raise ModelError(
            f"The transformer in {folder} cannot be read: {str(err).splitlines()[0]}"
        ) from err
    if config.problem_type in ("regression", "multi_label_classification"):
        raise ModelError(
            f"The transformer in {folder} does not choose among labels: {config.problem_type}."
        )
    return [str(config.id2label[place]) for place in range(config.num_labels)]


def _fold_labels(
    labels: Sequence[str], mapping: Mapping[str, str] | None
) -> tuple[tuple[str, str], ...]:
    """Say for each label of a network which of ours it is."""
    if mapping is not None:
        return tuple((label, _mapped(label, mapping)) for label in labels)
    plain = [label.strip().casefold().replace("_", " ") for label in labels]
    if tuple(label.replace(" ", "_") for label in plain) == _UNNAMED:
        return tuple(zip(labels, LABELS, strict=True))
    places = [_NAMES.get(label) for label in plain]
    if None in places or not {0, 2} <= set(places):
        raise ModelError(
            f"The model's labels are {', '.join(labels)}, and which of them are {', '.join(LABELS)} cannot be "
            f"told. Say it with mapping={{{labels[0]!r}: 'negative', …}}."
        )
    return tuple(
        (label, LABELS[place])
        for label, place in zip(labels, places, strict=True)
        if place is not None
    )


def _mapped(label: str, mapping: Mapping[str, str]) -> str:
    if label not in mapping:
        raise ModelError(f"mapping does not say what {label!r} is.{suggest(label, mapping)}")
    ours = mapping[label]
    if ours not in LABELS:
        raise ModelError(f"mapping makes {label!r} a {ours!r}.{suggest(ours, LABELS)}")
    return ours
