"""What people labelled → texts to learn from: each once, with the label that most people gave."""

import hashlib
import logging
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.errors import ParamError, suggest
from murmuration.sentiment.features import mask_text, read_texts
from murmuration.sentiment.model import LABELS

log = logging.getLogger(__name__)

_QUOTED = 40  # characters of a label that are shown


@dataclass(frozen=True, eq=False)
class Labelled:
    """Texts to learn from.

    Attributes
    ----------
    texts, truth
        Each text once, and the number of its label.
    alike
        The same number for texts that are equal once handles and addresses are masked.
    groups, times
        Who wrote each (as a number) and when; None where that is not known.
    facts
        For the model's card: ``rows``, ``fingerprint`` and what was left out.
    """

    texts: list[str]
    truth: npt.NDArray[np.int64]
    alike: npt.NDArray[np.int64]
    groups: npt.NDArray[Any] | None
    times: npt.NDArray[Any] | None
    facts: dict[str, Any]

    def without(self, texts: Collection[str]) -> Self:
        """Give those whose texts are no copies of these; of whom and when is no longer known."""
        known = {mask_text(text) for text in texts}
        kept = np.flatnonzero([mask_text(text) not in known for text in self.texts])
        return replace(
            self, texts=[self.texts[row] for row in kept], truth=self.truth[kept], alike=self.alike[kept],
            groups=None, times=None,
        )  # fmt: skip


def prepare_labelled_texts(
    texts: Iterable[str | None],
    labels: Iterable[str | None],
    groups: Iterable[Any] | None,
    times: Iterable[Any] | None,
    *,
    least: int,
) -> Labelled:
    """Leave out what has no text or label, what is said twice, and what contradicts itself.

    Raises
    ------
    ParamError
        If a label is unknown, if columns differ in length, or if a label has less than `least` texts.
    """
    read = read_texts(texts)
    frame = pd.DataFrame(
        {"text": pd.Series(read, dtype="str"), "label": _column(labels, len(read), "labels")}
    )
    for name, values in (("group", groups), ("time", times)):
        if values is not None:
            frame[name] = _column(values, len(read), f"{name}s")
    frame = frame[frame["label"].notna() & frame["text"].str.strip().ne("")]
    frame = frame.assign(label=label_codes(frame["label"]))
    kept = _settle(frame)
    facts = {
        "rows": len(kept), "fingerprint": _fingerprint(kept["text"], kept["label"]),
        "without_text_or_label": len(read) - len(frame), "repeated": len(frame) - len(kept),
        "contradictory": int(frame.groupby("text")["label"].nunique().gt(1).sum()),
    }  # fmt: skip
    if facts["contradictory"]:
        log.warning(
            "%d texts have several labels: the most frequent counts, or none",
            facts["contradictory"],
        )
    check_enough(Counter(kept["label"]), least)
    return Labelled(
        kept["text"].tolist(),
        kept["label"].to_numpy(np.int64),
        pd.factorize(kept["text"].map(mask_text))[0].astype(np.int64),
        _numbers(kept["group"]) if "group" in kept else None,
        np.asarray(read_times(kept["time"]).rank(method="dense")) if "time" in kept else None,
        facts,
    )


def label_codes(labels: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give the numbers of labels.

    Raises
    ------
    ParamError
        If one is unknown; says which, and the nearest known one.
    """
    codes = labels.map({label: code for code, label in enumerate(LABELS)})
    if codes.isna().any():
        wrong = labels[codes.isna()]
        raise ParamError(
            f"{len(wrong):,} of {len(labels):,} labels are none of {', '.join(LABELS)}; the first of them is "
            f"{_quote(wrong.iloc[0])}.{_mend(wrong)}"
        )
    return codes.astype(np.int64)


def _quote(label: object) -> str:
    """Give the start of a label as it may be shown: it could be a post, where columns were taken for each other."""
    shown = label.item() if isinstance(label, np.generic) else label
    text = repr(shown)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def _mend(wrong: "pd.Series[Any]") -> str:
    if pd.to_numeric(wrong, errors="coerce").notna().all():
        return (
            " Say which number means what and translate them first, for example with "
            'labels.map({0: "negative", 1: "neutral", 2: "positive"}).'
        )
    if str(wrong.iloc[0]).count(" ") > 2:
        return " Is this the column with the texts?"
    return suggest(str(wrong.iloc[0]), LABELS)


def check_enough(there: Counter[int], least: int) -> None:
    """Raise a ParamError where a label has less than `least` texts."""
    for code, label in enumerate(LABELS):
        if there[code] < least:
            found = f"Only {there[code]} texts are" if there[code] else "No text is"
            raise ParamError(
                f"{found} labelled {label!r}, but {least} of each label are needed to learn from and to judge "
                "by. Label more posts of this kind."
            )


def _column(values: Iterable[Any], n_rows: int, name: str) -> "pd.Series[Any]":
    column = pd.Series(values if isinstance(values, pd.Series) else list(values))
    if len(column) != n_rows:
        raise ParamError(
            f"There are {n_rows} texts but {len(column)} {name}. Give one for each text, in their order."
        )
    return column.reset_index(drop=True)


def _settle(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep each text once, with its most frequent label; none of those that have no such."""
    votes = frame.groupby(["text", "label"], sort=False).size()
    highest = votes.groupby("text", sort=False).transform("max")
    winners = votes[votes == highest].reset_index().drop_duplicates("text", keep=False)
    once = frame.drop_duplicates("text").drop(columns="label")
    return once.merge(winners[["text", "label"]], on="text", how="inner")


def _fingerprint(texts: "pd.Series[Any]", codes: "pd.Series[Any]") -> str:
    digest = hashlib.sha256()
    for text, code in zip(texts, codes, strict=True):
        digest.update(f"{LABELS[code]}\0{text}\0".encode())
    return digest.hexdigest()


def _numbers(groups: "pd.Series[Any]") -> npt.NDArray[np.int64]:
    """Number the groups; a text of nobody known is a group of its own."""
    codes = pd.factorize(groups)[0].astype(np.int64)
    unknown = codes < 0
    codes[unknown] = codes.max(initial=-1) + 1 + np.arange(unknown.sum())
    return codes


def read_times(times: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give times as such, in UTC; numbers stay in their order.

    Raises
    ------
    ParamError
        If some are missing, or they are of kinds that cannot be compared.
    """
    if times.isna().any():
        raise ParamError(
            f"{int(times.isna().sum()):,} of {len(times):,} times are missing. Leave these texts out, or times."
        )
    is_number = times.map(lambda one: isinstance(one, Real))
    try:
        if is_number.any() and not is_number.all():
            raise TypeError("numbers among them")
        return pd.to_datetime(times, utc=True, format="mixed")
    except (TypeError, ValueError) as err:
        kinds = sorted({type(one).__name__ for one in times})
        raise ParamError(
            f"Times are {', '.join(kinds)}, which cannot all be read as times. Give them all of one kind, for example "
            "with pandas.to_datetime(times, utc=True)."
        ) from err
