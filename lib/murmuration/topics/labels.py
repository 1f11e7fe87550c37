"""Terms of a topic → what a person would call it."""

from collections.abc import Callable, Sequence

from murmuration.errors import ModelError

# Told the terms of a topic, most telling first, gives its label. A language model can be one; none is by default.
Labeller = Callable[[Sequence[str]], str]

NO_TERMS = "no words"
_PARTS = 3
_MAX_CHARS = 80
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


def write_label(words: Sequence[str], phrases: Sequence[str]) -> str:
    """Give a label of up to three terms that say different things.

    Parameters
    ----------
    words, phrases
        Of a topic, most telling first. A phrase stands for its words.

    Returns
    -------
    str
        Such as ``customer service, refund, cancelled``.
    """
    parts: list[str] = []
    said: set[str] = set()
    for word in words:
        stems = {stem(part) for part in word.split()}
        if stems & said or len(parts) == _PARTS:
            continue
        holding = [phrase for phrase in phrases if word in phrase.split()]
        best = holding[0] if holding and not _stems(holding[0]) & said else word
        parts.append(best)
        said |= _stems(best)
    return ", ".join(parts) or NO_TERMS


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
