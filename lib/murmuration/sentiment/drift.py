"""Texts that a model was trained on, in few numbers → how far other texts are from them.

References
----------
- Jensen-Shannon divergence: Lin 1991, IEEE Transactions on Information Theory 37(1); in bits, 0 to 1.
- Population stability index, and its rule of thumb (under 0.1 none, above 0.25 large): Siddiqi 2006, Credit
  Risk Scorecards, ch. 8.
- Overlap of two sets from their smallest hashes: Beyer et al. 2007, SIGMOD, “On synopses for distinct-value
  estimation under multiset operations”.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.errors import SchemaError
from murmuration.frames import text_list
from murmuration.schema import NO_LANG
from murmuration.sentiment.model import Model
from murmuration.text.tokens import find_words

_WORDS = 5_000  # the most frequent ones; the others count as unknown
_COUNTED = 20_000  # texts whose words are counted, evenly spread over all
_SKETCH = 512  # smallest hashes of texts that are kept: shares to about 4 points
_LENGTH_ENDS = (20, 40, 60, 80, 100, 120, 140, 200, 280, 1_000)
_CHANCE_DRAWS = 20
_LEAST = 1e-4  # share that an empty cell of the stability index counts as

_KEYS = frozenset(("words", "tokens", "burstiness", "unknown", "lengths", "langs", "sketch"))

Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]


def summarise_texts(
    texts: Iterable[str | None], langs: Iterable[str | None] | None = None
) -> dict[str, Any]:
    """Sum up texts so that others can be held against them; for a model's folder.

    Parameters
    ----------
    texts, langs
        Texts and, where they are known, the codes of their languages.

    Returns
    -------
    dict
        Plain values for JSON: ``words`` (the 5,000 most frequent with their counts), ``tokens`` (how many
        words in all), ``burstiness`` (how much more two halves of the texts differ than words drawn one by
        one would), ``unknown`` (share of words of one half that are not frequent in the other), ``lengths`` (texts by length in characters), ``langs`` (texts by language), ``sketch``
        (the smallest hashes of texts, which tell whether others are among them). Words are those of 20,000
        texts at most. No text can be read from it, but that a text is among them can, and rare words of
        small collections.
    """
    read = [text or "" for text in text_list(_as_list(texts))]
    halves = Counter[str](), Counter[str]()
    for place, text in enumerate(read[:: 1 + len(read) // _COUNTED]):
        halves[place % 2].update(find_words(text))
    words = halves[0] + halves[1]
    places = np.searchsorted(_LENGTH_ENDS, [len(text) for text in read], side="right")
    codes = [] if langs is None else text_list(_as_list(langs), column="lang")
    spoken = Counter(code or NO_LANG for code in codes)
    return {
        "words": _most_frequent(words),
        "tokens": words.total(),
        "burstiness": _burstiness(*halves),
        "unknown": _share_unknown(*halves),
        "lengths": np.bincount(places, minlength=len(_LENGTH_ENDS) + 1).tolist(),
        "langs": dict(sorted(spoken.items())),
        "sketch": sketch_hashes(hash_texts(read)),
    }


def hash_texts(texts: Iterable[str]) -> Hashes:
    """Give 48 bits of each text, white space apart: JSON readers that know no longer integers keep them."""
    digests = (
        hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).digest()[:6]
        for text in texts
    )
    return np.fromiter((int.from_bytes(digest) for digest in digests), np.uint64)


def sketch_hashes(hashes: Hashes) -> list[int]:
    """Give the smallest hashes, rising, each once: which share of other texts is among these can be told from them."""
    return cast(list[int], np.unique(hashes)[:_SKETCH].tolist())


def measure_drift(
    summary: Mapping[str, Any], texts: Iterable[str | None], langs: Iterable[str | None]
) -> pd.DataFrame:
    """Measure how far texts are from those that a summary was made of.

    Parameters
    ----------
    summary
        Of `summarise_texts`.
    texts, langs
        The texts that are held against it.

    Returns
    -------
    pandas.DataFrame
        One row a measure: `measure`, `value`, `usual`. ``unknown_words`` is the share of words that are not
        among the summary's (`usual`: between two halves of its texts); ``vocabulary`` the Jensen-Shannon divergence of the
        words (`usual`: what chance gives for so many words of texts of one kind); ``length`` and ``language`` are stability
        indices (`usual`: 0.1, below which one speaks of no drift); ``seen`` is about the share of the texts
        that are among the summary's (`usual`: 0). Null where there is nothing to compare.

    Raises
    ------
    SchemaError
        If the summary is of another kind.
    """
    if not set(summary) >= _KEYS:
        raise SchemaError(f"This is no summary of texts: it needs {', '.join(sorted(_KEYS))}.")
    read = text_list(_as_list(texts))
    fresh = summarise_texts(read, langs)
    names = sorted(summary["words"])
    before = _with_rest([summary["words"][name] for name in names], summary["tokens"])
    seen = [fresh["words"].get(name, 0) for name in names]
    after = _with_rest(seen, fresh["tokens"])
    codes = sorted({*summary["langs"], *fresh["langs"]})
    chance = summary["burstiness"] * _divergence_by_chance(before, after)
    rows = [
        ("unknown_words", _last_share(after), summary["unknown"]),
        ("vocabulary", _divergence(before, after), chance),
        ("seen", _share_seen(summary["sketch"], hash_texts(text or "" for text in read).tolist()), 0.0),
        ("length", _stability(summary["lengths"], fresh["lengths"]), 0.1),
        ("language", _stability(*([one["langs"].get(code, 0) for code in codes] for one in (summary, fresh))), 0.1),
    ]  # fmt: skip
    columns = {
        "measure": pa.array([row[0] for row in rows]),
        "value": pa.array([row[1] for row in rows], pa.float64(), from_pandas=True),
        "usual": pa.array([row[2] for row in rows], pa.float64(), from_pandas=True),
    }
    frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def compare_with_training(
    models: Iterable[Model],
    texts: Iterable[str | None],
    langs: Iterable[str | None],
    *,
    posts: str,
) -> pd.DataFrame:
    """Measure drift for every model that says what it was trained on; see table `drift`.

    Parameters
    ----------
    models
        Those whose card has a ``summary`` of `summarise_texts` under `trained_on`.
    texts, langs
        As in `measure_drift`.
    posts
        What these posts are called in the table.
    """
    read, found = text_list(_as_list(texts)), []
    for model in {model.version: model for model in models}.values():
        summary = model.card.trained_on.get("summary")
        if summary:
            measured = measure_drift(summary, read, langs)
            measured.loc[measured["measure"] == "seen", "value"] = estimate_seen(model, read)
            found.append(measured.assign(model=model.version, posts=posts))
    names = ["model", "posts", "measure", "value", "usual"]
    return pd.concat(found)[names] if found else pd.DataFrame({name: [] for name in names})


def estimate_seen(model: Model, texts: Iterable[str | None]) -> float | None:
    """Tell which share of texts, each once, a model was trained on: 0 to 1; None where that cannot be told."""
    read = {text or "" for text in text_list(_as_list(texts))}
    if isinstance(model, _Remembers):
        learned = model.has_learned(read)
        if learned is not None:
            return float(learned.mean()) if len(learned) else None
    summary = model.card.trained_on.get("summary")
    share = _share_seen(summary["sketch"], hash_texts(read).tolist()) if summary else np.nan
    return None if math.isnan(share) else share


@runtime_checkable
class _Remembers(Protocol):
    def has_learned(self, texts: Iterable[str | None]) -> npt.NDArray[np.bool_] | None:
        """Say of each text whether the model was trained on it; None where that is not known."""


def _as_list(values: Iterable[str | None]) -> Any:
    return values if isinstance(values, pd.Series | pa.Array | pa.ChunkedArray) else list(values)


def _with_rest(counts: Sequence[int], total: int) -> Floats:
    """Give counts with, last, those of all other words."""
    return np.array([*counts, total - sum(counts)], dtype=np.float64)


def _last_share(counts: Floats) -> float:
    total = counts.sum()
    return float(counts[-1] / total) if total else np.nan


def _most_frequent(words: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))[:_WORDS])


def _share_unknown(known: Mapping[str, int], words: "Counter[str]") -> float:
    """Give the share of words that are not among the most frequent of other texts."""
    kept = _most_frequent(known)
    found = sum(number for word, number in words.items() if word not in kept)
    return round(found / max(1, words.total()), 4)


def _divergence(before: Floats, after: Floats) -> float:
    if not before.sum() or not after.sum():
        return np.nan
    p, q = before / before.sum(), after / after.sum()
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(one > 0, one * np.log2(one / middle), 0.0).sum() for one in (p, q)]
    return float(max(0.0, sum(parts) / 2))


def _divergence_by_chance(first: Floats, second: Floats) -> float:
    """Give the divergence to expect of as many words, drawn twice from all of them together."""
    if not first.sum() or not second.sum():
        return np.nan
    generator = np.random.default_rng(0)
    together = (first + second) / (first + second).sum()
    sizes = int(first.sum()), int(second.sum())
    drawn = [generator.multinomial(size, together, size=_CHANCE_DRAWS) for size in sizes]
    pairs = zip(*(one.astype(np.float64) for one in drawn), strict=True)
    return float(np.mean([_divergence(*pair) for pair in pairs]))


def _burstiness(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """Say how much more two halves differ than chance alone makes them: words of a text come together."""
    names = sorted({*first, *second})
    counts = [np.array([half.get(name, 0) for name in names], float) for half in (first, second)]
    usual = _divergence_by_chance(*counts)
    found = _divergence(*counts) / usual if usual > 0 else 1.0
    return round(max(1.0, found), 4)


def _share_seen(sketch: Sequence[int], hashes: Collection[int]) -> float:
    """Estimate which share of texts is in a collection, from those whose hash the sketch would hold."""
    reach = sketch[-1] if len(sketch) == _SKETCH else math.inf
    comparable = [one for one in set(hashes) if one <= reach]
    if not comparable or not sketch:
        return np.nan
    return len(set(sketch).intersection(comparable)) / len(comparable)


def _stability(before: Sequence[int], after: Sequence[int]) -> float:
    if not sum(before) or not sum(after):
        return np.nan
    p, q = (np.maximum(np.array(counts) / sum(counts), _LEAST) for counts in (before, after))
    return float(((p - q) * np.log(p / q)).sum())
