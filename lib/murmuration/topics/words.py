"""Posts → counts of words and phrases.

A vocabulary is made of the sample that topics are found in, the rest of the posts is counted by it; so memory
does not grow with the number of posts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from murmuration.frames import text_array
from murmuration.text import drop_stop_words, prepare_texts

Counts: TypeAlias = sparse.csr_matrix
Words = npt.NDArray[Any]

_LEAST_TEXTS = 2  # a word of one text alone joins nothing
_MAX_CHARS = 60  # of a word or phrase; a longer one is a string of letters
_LEAST_PHRASE = 5  # texts that have a phrase
# Normalised pointwise mutual information from which on two words are a phrase: "new york" has .6, "good morning" .4,
# "new phone" .1. Bouma 2009, https://svn.spraakdata.gu.se/repos/gerlof/pub/www/Docs/npmi-pfd.pdf.
_PHRASE_TIE = 0.35
_BETWEEN_WORDS = r"[^\p{L}\p{M}']+"
# As `drop_stop_words` has it; where it was left, as in English, there is no such word to count.
_ELIDED = r"(^|[^\p{L}\p{M}'])(?:[cdjlmnst]|qu|jusqu|lorsqu|(?:d|n|qu)?[aeou]ll|un|quest)'"


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Terms that are counted.

    Attributes
    ----------
    words
        In order of the alphabet.
    phrases
        Pairs of words with a space between, likewise.
    hashtag_words
        How often words are written, from `murmuration.text.count_words`: hashtags are split by it.
    fillers
        Words that carry no topic, by language, of languages that have no list of them.
    """

    words: list[str]
    phrases: list[str]
    hashtag_words: "pd.Series[Any]"
    fillers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def terms(self) -> list[str]:
        """Words, then phrases."""
        return [*self.words, *self.phrases]

    def prepare(self, posts: pd.DataFrame, column: str) -> pd.DataFrame:
        """Put `topic_text` and `topic_words` beside posts."""
        texts = prepare_texts(posts, column=column, words=self.hashtag_words)
        return drop_stop_words(texts, fillers=self.fillers)

    def count_words(self, prepared: pd.DataFrame) -> Counts:
        """Count the words of posts, shape (n_posts, n_words)."""
        return _count(*_split(prepared["topic_words"], " "), self._word_set, len(prepared))

    def count_terms(self, prepared: pd.DataFrame) -> Counts:
        """Tell which words and phrases posts have, shape (n_posts, n_terms); 1 where they do."""
        phrases = _count(*_pairs(prepared), self._phrase_set, len(prepared))
        found = sparse.hstack([self.count_words(prepared), phrases], format="csr")
        found.data[:] = 1
        return found

    def as_arrays(self) -> dict[str, Words]:
        """Give what a model folder can hold; `from_arrays` turns it back."""
        fillers = sorted(f"{lang} {word}" for lang, own in self.fillers.items() for word in own)
        more = {} if not fillers else {"fillers": np.array(fillers, np.dtypes.StringDType())}
        return more | {
            "words": np.array(self.words, np.dtypes.StringDType()),
            "phrases": np.array(self.phrases, np.dtypes.StringDType()),
            "hashtag_words": np.array(self.hashtag_words.index.tolist(), np.dtypes.StringDType()),
            "hashtag_counts": self.hashtag_words.to_numpy(np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Words]) -> Self:
        """Read what `as_arrays` gave."""
        index = pd.Index(
            arrays["hashtag_words"].tolist(), dtype=pd.ArrowDtype(pa.string()), name="word"
        )
        counts = pd.Series(arrays["hashtag_counts"], index=index, name="count")
        fillers: dict[str, frozenset[str]] = {}
        for pair in arrays["fillers"].tolist() if "fillers" in arrays else ():
            lang, word = pair.split(" ")
            fillers[lang] = fillers.get(lang, frozenset()) | {word}
        return cls(arrays["words"].tolist(), arrays["phrases"].tolist(), counts, fillers)

    @cached_property
    def _word_set(self) -> pa.Array:
        return pa.array(self.words, pa.string())

    @cached_property
    def _phrase_set(self) -> pa.Array:
        return pa.array(self.phrases, pa.string())


def make_vocabulary(
    prepared: pd.DataFrame,
    hashtag_words: "pd.Series[Any]",
    *,
    max_terms: int,
    fillers: Mapping[str, frozenset[str]],
) -> Vocabulary:
    """Choose the words and phrases to count.

    Parameters
    ----------
    prepared
        Posts with `topic_text` and `topic_words`, each text once.
    hashtag_words, fillers
        See `Vocabulary`.
    max_terms
        How many words, and how many phrases, at most.

    Returns
    -------
    Vocabulary
        Words of two texts and more; phrases of five and more whose words seek each other. A function word is
        in no phrase.
    """
    rows, words = _split(prepared["topic_words"], " ")
    texts_of = _count_texts(rows, words)
    least = _LEAST_TEXTS if len(prepared) > 20 else 1
    kept = _most(texts_of[texts_of >= least], max_terms)
    phrases = _find_phrases(prepared, texts_of)
    return Vocabulary(kept, _most(phrases, max_terms // 2), hashtag_words, fillers)


def count_all(prepared: pd.DataFrame) -> tuple[list[str], Counts]:
    """Give all words of posts, and count them, shape (n_posts, n_words)."""
    rows, words = _split(prepared["topic_words"], " ")
    names = _count_texts(rows, words).index
    found = sorted(str(name) for name in names)
    return found, _count(rows, words, pa.array(found, pa.string()), len(prepared))


def weigh_terms(counts: Counts, rarity: npt.NDArray[np.float64]) -> Counts:
    """Give TF-IDF rows of length 1, counts on a logarithmic scale."""
    weighed = counts.astype(np.float64)
    weighed.data = (1 + np.log(weighed.data)) * rarity[weighed.indices]
    lengths = np.sqrt(weighed.multiply(weighed).sum(axis=1)).A1
    weighed.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(weighed.indptr))
    return weighed


def find_rarity(counts: Counts) -> npt.NDArray[np.float64]:
    """Give the smoothed inverse document frequency of each word."""
    texts_of = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity: npt.NDArray[np.float64] = np.log((1 + counts.shape[0]) / (1 + texts_of)) + 1
    return rarity


def _split(
    texts: Any, between: str, *, pattern: bool = False
) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Give the row and the text of each word."""
    array = pc.fill_null(text_array(texts), "")
    split = pc.split_pattern_regex(array, between) if pattern else pc.split_pattern(array, between)
    rows = pc.list_parent_indices(split).to_numpy(zero_copy_only=False).astype(np.int64)
    words = pc.list_flatten(split)
    return rows, words.combine_chunks() if isinstance(words, pa.ChunkedArray) else words


def _pairs(prepared: pd.DataFrame) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Give the row and the text of each pair of neighbours; both are words that their post is counted by."""
    plain = pc.replace_substring_regex(
        pc.utf8_lower(text_array(prepared["topic_text"])), _ELIDED, r"\1"
    )
    rows, words = _split(plain, _BETWEEN_WORDS, pattern=True)
    if len(words) < 2:
        return rows[:0], words.slice(0, 0)
    counted = _among(rows, words, *_split(prepared["topic_words"], " "))
    together = np.flatnonzero((rows[1:] == rows[:-1]) & counted[1:] & counted[:-1])
    pairs = pc.binary_join_element_wise(
        words.take(pa.array(together)), words.take(pa.array(together + 1)), " "
    )
    return rows[together], pairs


def _among(
    rows: npt.NDArray[np.int64],
    words: pa.Array,
    other_rows: npt.NDArray[np.int64],
    others: pa.Array,
) -> npt.NDArray[np.bool_]:
    """Tell which words are among the others of the same row."""
    names = pc.unique(others)
    places, theirs = (
        pc.fill_null(pc.index_in(some, value_set=names), -1).to_numpy(zero_copy_only=False)
        for some in (words, others)
    )
    n = len(names)
    found: npt.NDArray[np.bool_] = (places >= 0) & np.isin(
        rows * n + places, other_rows * n + theirs
    )
    return found


def _count(rows: npt.NDArray[np.int64], words: pa.Array, known: pa.Array, n: int) -> Counts:
    places = pc.index_in(words, value_set=known)
    there = places.is_valid().to_numpy(zero_copy_only=False)
    columns = pc.fill_null(places, 0).to_numpy(zero_copy_only=False)[there]
    counts = sparse.csr_matrix(
        (np.ones(len(columns)), (rows[there], columns)), shape=(n, len(known))
    )
    counts.sum_duplicates()
    return counts


def _count_texts(rows: npt.NDArray[np.int64], words: pa.Array) -> "pd.Series[Any]":
    """Count the texts that have a word."""
    coded = pc.dictionary_encode(words)
    codes, names = coded.indices.to_numpy(), coded.dictionary.to_pylist()
    pairs = np.unique(rows * max(len(names), 1) + codes)
    counts = pd.Series(np.bincount(pairs % max(len(names), 1), minlength=len(names)), index=names)
    return counts[[0 < len(name) <= _MAX_CHARS for name in names]]


def _most(counts: "pd.Series[Any]", most: int) -> list[str]:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return sorted(str(word) for word, _ in ranked[:most])


def _find_phrases(prepared: pd.DataFrame, texts_of: "pd.Series[Any]") -> "pd.Series[Any]":
    pairs = _count_texts(*_pairs(prepared))
    pairs = pairs[pairs >= _LEAST_PHRASE]
    parts = (
        pairs.index.str.split(" ", expand=True)
        if len(pairs)
        else pd.MultiIndex.from_arrays([[], []])
    )
    one, other = (texts_of.reindex(parts.get_level_values(at)).to_numpy() for at in (0, 1))
    n = max(len(prepared), 1)
    both = pairs.to_numpy() / n
    tie = np.log(both / (one / n * other / n)) / -np.log(np.minimum(both, 1 - 1e-9))
    tied: pd.Series[Any] = pairs[np.nan_to_num(tie, nan=-1.0) >= _PHRASE_TIE]
    return tied
