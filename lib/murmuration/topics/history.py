"""What a topic model knows of those before it: whose ids it goes on with, what became of topics that are not in it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from murmuration.sentiment.model import ModelCard

_BY_ID = ("went", "came", "gone", "joined", "named", "tension")


@dataclass(frozen=True)
class Gone:
    """A topic that died and may return, or was merged into another.

    Attributes
    ----------
    label, terms
        As they were.
    marks
        The words that marked it most, and how much; see `murmuration.topics.profiles`.
    """

    label: str
    terms: tuple[str, ...]
    marks: Mapping[str, float]


@dataclass(frozen=True)
class History:
    """Where the topics of a model come from.

    Attributes
    ----------
    root
        Of the first model: ids mean the same in all models with this root.
    previous
        Version of the model that it goes on from; empty for the first.
    previous_fit
        What that one was fitted to, see `TopicModel.fit`: the same whatever people said of its topics since.
    next_id
        The id of the next topic that is born. Ids are never given twice, as long as of two models that go on from one
        only one is gone on from; see `murmuration.registry`.
    went
        Into which topic others were merged, by the model or a person: id → id.
    came
        From which topic others parted: id → id.
    gone
        Topics that died, by id.
    named
        Labels that a person gave, by id.
    tension
        By how much the words of each topic are better explained as two: logarithm of the evidence, per text. None for
        one that a person merged: it is not parted again.
    shared
        Posts by previous id and id: ``(previous_id, id, posts)``.
    joined
        What topics that were merged into others were like, by id.
    """

    root: str = ""
    previous: str = ""
    previous_fit: str = ""
    next_id: int = 0
    went: Mapping[int, int] = field(default_factory=dict)
    came: Mapping[int, int] = field(default_factory=dict)
    gone: Mapping[int, Gone] = field(default_factory=dict)
    named: Mapping[int, str] = field(default_factory=dict)
    tension: Mapping[int, float | None] = field(default_factory=dict)
    shared: tuple[tuple[int, int, int], ...] = ()
    joined: Mapping[int, Gone] = field(default_factory=dict)

    def where(self, topic: int) -> int:
        """Follow a topic through all that it was merged into."""
        while topic in self.went:
            topic = self.went[topic]
        return topic

    def whence(self, topic: int, known: set[int]) -> int | None:
        """Give the nearest of `known` that a topic parted from; None if there is none."""
        while topic not in known:
            if topic not in self.came:
                return None
            topic = self.came[topic]
        return topic

    def with_label(self, topic: int, label: str) -> Self:
        """Remember a label that a person gave."""
        return replace(self, named={**self.named, topic: label})

    def with_topic(self, topic: int) -> Self:
        """Remember a topic that is new, or has returned."""
        gone = {key: value for key, value in self.gone.items() if key != topic}
        return replace(self, gone=gone, next_id=max(self.next_id, topic + 1))

    def with_gone(self, topic: int, gone: Gone) -> Self:
        """Remember a topic that died."""
        return replace(self, gone={**self.gone, topic: gone})

    def with_part(self, topic: int, of: int) -> Self:
        """Remember that a topic parted from another."""
        return replace(self, came={**self.came, topic: of})

    def with_merged(self, into: int, topic: int, lost: Gone) -> Self:
        """Remember that a topic was merged into another, and what it was like."""
        named = {key: value for key, value in self.named.items() if key != topic}
        joined = {**self.joined, topic: lost}
        return replace(self, went={**self.went, topic: into}, named=named, joined=joined)

    def with_tension(self, topic: int, tension: float | None) -> Self:
        """Remember how far a topic is from being two."""
        return replace(self, tension={**self.tension, topic: tension})

    def as_facts(self) -> dict[str, Any]:
        """Give what a model folder can hold; `from_facts` turns it back."""
        facts = asdict(self)
        for name in _BY_ID:
            facts[name] = {str(key): value for key, value in sorted(facts[name].items())}
        return facts | {"shared": [list(row) for row in self.shared]}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Read what `as_facts` gave."""
        by_id = {
            name: {int(key): value for key, value in facts.get(name, {}).items()} for name in _BY_ID
        }
        gone, joined = (
            {
                key: Gone(one["label"], tuple(one["terms"]), one["marks"])
                for key, one in by_id.pop(name).items()
            }
            for name in ("gone", "joined")
        )
        return cls(
            root=str(facts["root"]),
            previous=str(facts["previous"]),
            previous_fit=str(facts.get("previous_fit", "")),
            next_id=int(facts["next_id"]),
            shared=tuple((int(a), int(b), int(n)) for a, b, n in facts["shared"]),
            gone=gone,
            joined=joined,
            **by_id,
        )


def name_fit(card: ModelCard, previous: str) -> str:
    """Tell fits apart by all that ids hang on.

    That is their posts, their parameters, the libraries with their versions, whose estimators were used, and the version of
    the model that they go on from.
    """
    told = (
        f"{card.trained_on['fingerprint']} {sorted(card.params.items())} {previous} "
        f"{sorted(card.versions.items())} {card.trained_on.get('estimators')}"
    )
    return hashlib.sha256(told.encode()).hexdigest()[:16]
