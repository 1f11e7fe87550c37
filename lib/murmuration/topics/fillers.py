"""Function words of languages that have no list: frequent in the language, and beside every other word alike."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.schema import NO_LANG
from murmuration.text.tokens import LISTED
from murmuration.topics.words import Counts, count_all

# Measured on tweets in eight languages whose lists are known, 2,000 or 400 texts of each: of the words that are called fillers
# 92 or 86 % are on a list, and 84 or 77 % of those as frequent that are on one are found.
_LEAST_TEXTS = 300
_LEAST_SHARE = 0.03
_MOST_UNEVEN = 0.001


def find_fillers(prepared: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Find the words of each language without a list that say nothing of a subject.

    Parameters
    ----------
    prepared
        Posts with `topic_words`, each text once, and `lang` where it is known.

    Returns
    -------
    dict
        Words by language: those that three in a hundred of its texts have, and whose texts have all other words about as often as they are in the
        language (overdispersion of their counts, per word). Nothing for languages of fewer than 300 texts.
    """
    if "lang" not in prepared:
        return {}
    langs = prepared["lang"].fillna(NO_LANG)
    sizes = langs.value_counts()
    asked = [
        str(lang)
        for lang, n in sizes.items()
        if n >= _LEAST_TEXTS and lang not in LISTED and lang != NO_LANG
    ]
    found = {}
    for lang in sorted(asked):
        words, counts = count_all(prepared[(langs == lang).to_numpy(bool)])
        even = _spread_evenly(counts)
        found[lang] = frozenset(words[at] for at in even)
    return {lang: words for lang, words in found.items() if words}


def _spread_evenly(counts: Counts) -> npt.NDArray[np.int64]:
    """Give the columns of frequent words whose texts are like all others."""
    there = counts.copy()
    there.data[:] = 1
    texts_of = np.asarray(there.sum(axis=0)).ravel()
    frequent = np.flatnonzero(texts_of >= _LEAST_SHARE * there.shape[0])
    beside = (there.T.tocsr()[frequent] @ there).toarray()
    own = np.arange(len(frequent))
    beside[own, frequent] = 0
    usual = np.tile(texts_of, (len(frequent), 1))
    usual[own, frequent] = 0
    usual *= beside.sum(axis=1, keepdims=True) / np.maximum(usual.sum(axis=1, keepdims=True), 1)
    judged = usual >= 1
    off = np.where(judged, (beside - usual) ** 2 / np.maximum(usual, 1), 0).sum(axis=1)
    chi = off / np.maximum(judged.sum(axis=1), 1)
    uneven = (chi - 1) / np.maximum(beside.sum(axis=1), 1)
    even: npt.NDArray[np.int64] = frequent[uneven <= _MOST_UNEVEN]
    return even
