"""How good topics are: by their terms, by labels that people gave, and by another fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from murmuration.errors import ParamError, suggest
from murmuration.frames import call_given, check_kind
from murmuration.topics.arguments import check_terms, read_topics

Floats = npt.NDArray[np.float64]
Coherence = Literal["npmi", "c_v"]

TOP_TERMS = 10  # of a topic, as in most papers
# Words of a window: Röder et al. 2015, tables 1 and 2.
WINDOWS: Mapping[Coherence, int] = {"npmi": 10, "c_v": 110}

_EPSILON = 1e-12  # there as well: two words that never meet
_CHUNK = 500  # texts at once


@dataclass(frozen=True, eq=False)
class Windows:
    """How often words stand near each other.

    Attributes
    ----------
    places
        Where a word stands in `together`; words that were not asked for, or not met, are not there.
    together
        In how many windows two words stand, shape (n_words, n_words).
    n
        How many windows there are.
    """

    places: Mapping[str, int]
    together: Floats
    n: int

    def mutual_information(self, terms: Sequence[str]) -> Floats:
        """Give the normalised pointwise mutual information of each two terms that were met, −1 to 1."""
        at = [self.places[term] for term in dict.fromkeys(terms) if term in self.places]
        both = self.together[np.ix_(at, at)] / max(self.n, 1)
        alone = both.diagonal()
        both = both + _EPSILON
        # Words of all windows always meet.
        information = np.where(both >= 1, 1.0, np.log(both / np.outer(alone, alone)))
        usual: Floats = np.where(both >= 1, 1.0, -np.log(both))
        found: Floats = information / np.where(usual == 0, 1.0, usual)
        return found


def count_windows(
    texts: Iterable[Sequence[str]], terms: Iterable[str], *, size: int = WINDOWS["npmi"]
) -> Windows:
    """Count in how many windows of texts terms stand, and stand together.

    Parameters
    ----------
    texts
        Words of each text, in their order.
    terms
        Those to count.
    size
        Words of a window, which moves word by word; a shorter text is one window.
    """
    if not isinstance(terms, Iterable):
        raise ParamError(
            f"count_windows needs terms, a list of words, but was given {call_given(terms)}. Take those of model.topics['terms']."
        )
    check_terms([] if isinstance(texts, Iterator) else texts, what="count_windows")
    columns = {term: at for at, term in enumerate(dict.fromkeys(terms))}
    together, n = np.zeros((len(columns), len(columns))), 0
    for some in _chunks(texts):
        there = _find_windows(some, columns, size)
        together += (there.T @ there).toarray()
        n += there.shape[0]
    met = np.flatnonzero(together.diagonal())
    names = list(columns)
    places = {names[column]: at for at, column in enumerate(met)}
    return Windows(places, together[np.ix_(met, met)], n)


def _chunks(texts: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    some: list[Sequence[str]] = []
    for text in texts:
        some.append(text)
        if len(some) == _CHUNK:
            yield some
            some = []
    if some:
        yield some


def _find_windows(
    texts: Sequence[Sequence[str]], columns: Mapping[str, int], size: int
) -> sparse.csr_matrix:
    """Tell which terms stand in which window, shape (n_windows, n_terms)."""
    lengths = np.array([len(text) for text in texts], np.int64)
    windows = np.maximum(lengths - size + 1, 1)
    starts = np.cumsum(windows) - windows
    words = np.fromiter(
        (columns.get(word, -1) for word in chain.from_iterable(texts)), np.int64, lengths.sum()
    )
    at = np.arange(len(words)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    last = np.repeat(windows - 1, lengths)
    known = words >= 0
    first = np.maximum(at - size + 1, 0)[known]
    many = np.minimum(at, last)[known] - first + 1
    # A word stands in the windows that begin up to `size` words before it.
    rows = np.repeat(first + np.repeat(starts, lengths)[known], many)
    rows += np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
    shape = (int(windows.sum()), len(columns))
    there = sparse.csr_matrix((np.ones(len(rows)), (rows, np.repeat(words[known], many))), shape)
    there.sum_duplicates()
    there.data[:] = 1
    return there


def estimate_coherence(
    topics: Sequence[Sequence[str]], windows: Windows, *, measure: Coherence = "npmi"
) -> float:
    """Say how much the terms of topics belong together.

    Parameters
    ----------
    topics
        Terms of each topic, most telling first; the first ten count.
    windows
        From `count_windows`, of the size in `WINDOWS`.
    measure
        ``npmi``: mean over the pairs of a topic of how much more often they meet than by chance, −1 to 1. ``c_v``: mean
        likeness (cosine) of each term's row of those numbers with the sum of all rows; the one that agrees most with
        people in that paper.

    Returns
    -------
    float
        Mean over topics. Terms that the texts do not have are left out; a topic of fewer than two others has 0.
        gensim 4.4 gives the same where no word repeats in a text; where one does, it forgets it as soon as it leaves the
        window at one place, so that its numbers are lower (by .01 and .05 on BBC News).

    References
    ----------
    Röder, Both and Hinneburg 2015, doi:10.1145/2684822.2685324.
    """
    if measure not in get_args(Coherence):
        raise ParamError(
            f"estimate_coherence: there is no measure {measure!r}.{suggest(measure, get_args(Coherence))}"
        )
    check_terms(topics, what="estimate_coherence")
    check_kind(windows, Windows, what="estimate_coherence", cure="Make them with count_windows.")
    found = [windows.mutual_information(terms[:TOP_TERMS]) for terms in topics]
    of_one = _npmi if measure == "npmi" else _c_v
    return float(np.mean([of_one(one) if len(one) > 1 else 0.0 for one in found] or [0.0]))


def _npmi(information: Floats) -> float:
    return float(information[np.triu_indices(len(information), 1)].mean())


def _c_v(information: Floats) -> float:
    whole = information.sum(axis=0)
    lengths = np.linalg.norm(information, axis=1) * np.linalg.norm(whole)
    return float((information @ whole / np.maximum(lengths, _EPSILON)).mean())


def estimate_diversity(topics: Sequence[Sequence[str]]) -> float:
    """Give the share of different terms among the first ten of all topics, 0 to 1 (doi:10.1162/tacl_a_00325)."""
    check_terms(topics, what="estimate_diversity")
    terms = list(chain.from_iterable(topic[:TOP_TERMS] for topic in topics))
    return len(set(terms)) / max(len(terms), 1)


def compare_with_labels(topics: npt.ArrayLike, labels: npt.ArrayLike) -> dict[str, float]:
    """Say how far topics are the groups that people made.

    Parameters
    ----------
    topics
        Topic of each post; −1 for none, which counts as wrong.
    labels
        What people called each post.

    Returns
    -------
    dict
        `nmi` (normalised mutual information) and `ari` (adjusted Rand index): the lower one of two ways to count
        posts without a topic, all as one group or each as its own, so that leaving out wins nothing; `purity`: the share of posts whose topic has mostly posts of
        their label, those without a topic beside it.
    """
    found = read_topics(topics, what="compare_with_labels")
    truth = np.unique(np.asarray(labels), return_inverse=True)[1]
    pure = _count_pairs(found[found >= 0], truth[found >= 0]).max(axis=1, initial=0).sum()
    apart = np.where(found < 0, -1 - np.arange(len(found)), found)
    return {
        "nmi": float(min(normalized_mutual_info_score(truth, way) for way in (found, apart))),
        "ari": float(min(adjusted_rand_score(truth, way) for way in (found, apart))),
        "purity": float(pure / max(len(found), 1)),
    }


def estimate_stability(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Give the share of posts that two fits put into the same topic, if topics of one are renamed as well as can be.

    Parameters
    ----------
    one, other
        Topics of the same posts; posts without a topic in either are left out.
    """
    first, second = (read_topics(each, what="estimate_stability") for each in (one, other))
    both = (first >= 0) & (second >= 0)
    pairs = _count_pairs(first[both], second[both])
    return float(pairs[linear_sum_assignment(-pairs)].sum() / max(both.sum(), 1))


def _count_pairs(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Count posts by topic in one and in the other, shape (n_one, n_other)."""
    rows, at_row = np.unique(one, return_inverse=True)
    columns, at_column = np.unique(other, return_inverse=True)
    counts = np.bincount(at_row * len(columns) + at_column, minlength=len(rows) * len(columns))
    return counts.reshape(len(rows), len(columns))
