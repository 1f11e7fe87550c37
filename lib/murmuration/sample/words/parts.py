"""How the words of one topic are written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Theme = Literal["problem", "price", "product", "news", "people", "green", "talk", "advert"]
FEELINGS = ("negative", "neutral", "positive")

Phrases = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicWords:
    """What is said about one topic.

    Attributes
    ----------
    theme
        What kind of talk it is; author groups have a taste in themes.
    feelings
        Usual shares of negative and of positive posts, 0 to 1; the rest is neutral.
    things
        What it is about, by language: noun phrases.
    clauses
        English clauses without an end mark, by feeling (`FEELINGS`).
    details
        English remarks without a feeling.
    tags
        Hashtags with their sign.
    """

    theme: Theme
    feelings: tuple[float, float]
    things: Mapping[str, Phrases]
    clauses: Mapping[str, Phrases]
    details: Phrases
    tags: Phrases


def phrases(block: str) -> Phrases:
    """Split a block of text at its bars; line ends count as spaces."""
    parts = (" ".join(part.split()) for part in block.split("|"))
    return tuple(part for part in parts if part)


def topic(
    theme: Theme,
    feelings: tuple[float, float],
    *,
    tags: str,
    negative: str = "",
    neutral: str = "",
    positive: str = "",
    details: str = "",
    **things: str,
) -> TopicWords:
    """Write down a topic; `things` are given by language code, e.g. ``en="the battery | ..."``."""
    blocks = zip(FEELINGS, (negative, neutral, positive), strict=True)
    return TopicWords(
        theme=theme,
        feelings=feelings,
        things={lang: phrases(block) for lang, block in things.items()},
        clauses={feeling: phrases(block) for feeling, block in blocks},
        details=phrases(details),
        tags=phrases(tags),
    )
