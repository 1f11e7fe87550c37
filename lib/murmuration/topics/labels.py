"""Terms of a topic, and the posts that have them → what a person would call it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from murmuration.errors import ModelError

Floats = npt.NDArray[np.float64]

# Told the terms of a topic, most telling first, gives its label. A language model can be one; none is by default.
Labeller = Callable[[Sequence[str]], str]

NO_TERMS = "no words"
_PARTS = 3
_BETWEEN = ", "
_NUMBER = re.compile(r" \(\d+\)$")
_MAX_CHARS = 80
_CANDIDATES = 60  # terms of a topic that are looked at
_OTHERS = 2.0  # a term that all other posts have half as often tells nothing
_TOLD_AGAIN = 0.1  # what a post that has a term of the label counts for the next one
STILL_SAID = 0.05  # of a topic's texts: those that say a word of its label, for it to stay
_LEAST_SHARE = 0.02  # of a topic's posts that have a term of its label; its first term may be rarer
_FOR_ITS_WORD = 0.4  # of the posts with a word that have the phrase which stands for it
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ss", "ss"), ("us", "us"), ("is", "is"), ("s", ""))
_LEAST_STEM = 3


def stem(word: str) -> str:
    """Give what the forms of an English word have in common, roughly: plural and tense go."""
    plain = word.removesuffix("'s")
    for ending, instead in _ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= _LEAST_STEM:
            plain = plain.removesuffix(ending) + instead
            break
    for ending in ("ing", "ed"):
        if plain.endswith(ending) and len(plain) - len(ending) >= _LEAST_STEM:
            plain = plain.removesuffix(ending)
            break
    plain = plain.removesuffix("e")
    return plain[:-1] if plain[-2:-1] == plain[-1:] else plain


@dataclass(frozen=True, eq=False)
class Said:
    """What texts say that labels are chosen by.

    Attributes
    ----------
    rows
        The topic (row) of each text, or another number where it has none, shape (n_texts,).
    posts
        How many posts each text stands for, shape (n_texts,).
    has
        Which terms texts have, shape (n_texts, n_terms); 1 where they do.
    terms
        Words and phrases.
    """

    rows: npt.NDArray[np.int64]
    posts: Floats
    has: sparse.csr_matrix
    terms: Sequence[str]

    @cached_property
    def posts_with(self) -> Floats:
        """How many posts have each term."""
        posts: Floats = self.posts @ self.has
        return posts


def choose_terms(said: Said, topic: int) -> list[str]:
    """Choose up to three terms by which a reader finds the posts of a topic.

    Parameters
    ----------
    said
        What its posts say, and those of all others.
    topic
        Its row.

    Returns
    -------
    list of str
        One by one the term that most posts have, less twice the share of all other posts that do; a post that has a
        chosen term already counts for a tenth. A phrase stands for its word where two in five of the posts with the
        word have it. Terms that share the stem of a word say the same, and one of them is enough.
    """
    mine = said.rows == topic
    posts, has = said.posts[mine], said.has[mine]
    share, worth = _weigh(said, posts, has)
    order = np.lexsort((np.arange(len(share)), -share * worth))
    order = order[share[order] * worth[order] > 0][:_CANDIDATES]
    names, share, worth = [said.terms[at] for at in order], share[order], worth[order]
    there = has[:, order].toarray() > 0
    whole = left = posts / max(posts.sum(), 1e-12)
    chosen, stems = list[str](), set[str]()
    while len(chosen) < _PARTS:
        unsaid = np.array([not stems & _stems(name) for name in names], np.bool_)
        free = unsaid & (share >= (_LEAST_SHARE if chosen else 0))
        if not free.any():
            break
        best = int(np.where(free, (left @ there) * worth, -1.0).argmax())
        best = _find_phrase(best, names, share, free)
        chosen.append(names[best])
        stems |= _stems(names[best])
        left = np.where(there[:, best], _TOLD_AGAIN * whole, left)
    return chosen


def _weigh(said: Said, posts: Floats, has: sparse.csr_matrix) -> tuple[Floats, Floats]:
    """Give the share of a topic's posts that have each term, and how well it tells them from all others, 0 to 1."""
    inside, total = posts @ has, posts.sum()
    share = inside / max(total, 1e-12)
    others = np.maximum(said.posts_with - inside, 0) / max(said.posts.sum() - total, 1e-12)
    worth = np.maximum(1 - _OTHERS * others / np.maximum(share, 1e-12), 0)
    return share, np.where(share > 0, worth, 0)


def _find_phrase(
    word: int, names: Sequence[str], share: Floats, free: npt.NDArray[np.bool_]
) -> int:
    """Give the phrase that stands for a word, or the word itself."""
    holding = [at for at, name in enumerate(names) if free[at] and names[word] in name.split(" ")]
    enough = [at for at in holding if at != word and share[at] >= _FOR_ITS_WORD * share[word]]
    return max(enough, key=lambda at: share[at], default=word)


def write_label(terms: Sequence[str]) -> str:
    """Give a label of up to three terms that say different things, such as ``customer service, refund, cancelled``.

    `terms` are those of a topic, most telling first.
    """
    parts: list[str] = []
    said: set[str] = set()
    for term in terms:
        if not _stems(term) & said and len(parts) < _PARTS:
            parts.append(term)
            said |= _stems(term)
    return _BETWEEN.join(parts) or NO_TERMS


def read_label(label: str) -> list[str]:
    """Give the terms that a label of `write_label` is made of; also of one that `tell_apart` numbered."""
    return [] if label == NO_TERMS else _NUMBER.sub("", label).split(_BETWEEN)


def _stems(term: str) -> set[str]:
    return {stem(part) for part in term.split()}


def ask_labeller(labeller: Labeller, terms: Sequence[str], *, topic: int) -> str:
    """Give what somebody else, such as a language model, calls a topic.

    Raises
    ------
    ModelError
        If that is no text.
    """
    label = labeller(tuple(terms))
    if not isinstance(label, str) or not label.strip():
        raise ModelError(
            f"The labeller gave {label!r} for topic {topic}. It has to give a short text; leave it out to have labels "
            "made of terms."
        )
    return " ".join(label.split())[:_MAX_CHARS]


def tell_apart(labels: Sequence[str], *, first: Sequence[bool] | None = None) -> list[str]:
    """Number labels that are the same, after those that come `first` and stay as they are."""
    stay = first or [False] * len(labels)
    told = [label if kept else "" for label, kept in zip(labels, stay, strict=True)]
    used = {label for label in told if label}
    for at, label in enumerate(labels):
        times, fresh = 1, label
        while not stay[at] and fresh in used:
            times += 1
            fresh = f"{label} ({times})"
        told[at] = fresh
        used.add(fresh)
    return told
