"""How authors are segmented, in the words of the person who asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from types import MappingProxyType
from typing import Literal, get_args

from murmuration.audience.features import BLOCKS, TOLD_ONLY
from murmuration.errors import ParamError, suggest

KIND = "segments"  # of a model folder

Method = Literal["consensus", "kmeans", "gaussian", "dbscan", "hdbscan"]
Backend = Literal["auto", "cpu", "gpu"]

SEGMENT_BLOCKS: tuple[str, ...] = tuple(block for block in BLOCKS if block not in TOLD_ONLY)
# Chosen on the 492 authors of trolls, where what authors care for tells the five classes apart better than how they write;
# on other authors another balance may be better. How segments feel is a finding only where they are not made of it.
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        block: {"interests": 1.0, "text": 0.0, "feeling": 0.0}.get(block, 0.2)
        for block in SEGMENT_BLOCKS
    }
)


@dataclass(frozen=True, kw_only=True)
class SegmentParams:
    """How authors are segmented.

    Attributes
    ----------
    n_segments
        How many segments; None lets stability and separation decide.
    max_segments
        The most that are tried then.
    method
        ``consensus``: each block of features groups the authors several times over, and who is often grouped together
        is a segment (see `murmuration.audience.votes`); or one estimator on all blocks side by side:
        ``kmeans``, ``gaussian`` mixture, ``dbscan``, ``hdbscan``. The last two choose the number themselves.
    min_authors
        The smallest segment; smaller ones go to where their authors fit next best.
    weights
        How much each block counts, 0 to 100; blocks that are not named keep their usual weight.
    least_strength
        Authors who fit no segment by this much, 0 to 1, are left out.
    max_left_out
        Share of the authors, at most, that are left out for that when segments are found, 0 to 1.
    set_aside
        Whether bots and spam are set apart first.
    sample_authors
        Segments are found in at most so many authors; all others are assigned.
    bootstraps
        Samples of authors that stability is measured with, where the number is chosen.
    seed
        The same seed gives the same segments.
    backend
        Where estimators run: ``auto``, ``cpu`` or ``gpu``; see `murmuration.compute`.
    """

    n_segments: int | None = None
    max_segments: int = 10
    method: Method = "consensus"
    min_authors: int = 20
    weights: Mapping[str, float] = field(default_factory=dict)
    least_strength: float = 0.15
    max_left_out: float = 0.03
    set_aside: bool = True
    sample_authors: int = 1_500
    bootstraps: int = 6
    seed: int = 0
    backend: Backend = "auto"

    def __post_init__(self) -> None:
        for name, low, high in (
            ("n_segments", 1, 1_000), ("max_segments", 2, 100), ("min_authors", 1, 10_000_000),
            ("least_strength", 0, 1), ("max_left_out", 0, 1), ("sample_authors", 50, 10_000),
            ("bootstraps", 2, 1_000), ("seed", 0, 2**32 - 1),
        ):  # fmt: skip
            value = getattr(self, name)
            _check_number(name, value)
            if value is not None and not low <= value <= high:
                raise ParamError(
                    f"SegmentParams.{name} is {value}, but has to lie between {low} and {high}."
                )
        for name, known in (("method", get_args(Method)), ("backend", get_args(Backend))):
            value = getattr(self, name)
            if value not in known:
                raise ParamError(
                    f"SegmentParams.{name} cannot be {value!r}.{suggest(str(value), known)}"
                )
        if not isinstance(self.weights, Mapping):
            raise ParamError(
                f"SegmentParams.weights is a {type(self.weights).__name__}, but has to name blocks, such as {{'rhythm': 1}}."
            )
        for block, weight in self.weights.items():
            _check_number(f"weights[{block!r}]", weight)
            if block not in SEGMENT_BLOCKS:
                raise ParamError(
                    f"SegmentParams.weights names {block!r}.{suggest(block, SEGMENT_BLOCKS)}"
                )
            if not 0 <= weight <= 100:
                raise ParamError(
                    f"SegmentParams.weights gives {block!r} {weight}, but a weight lies between 0 and 100."
                )
        if not any(self.weight(block) for block in SEGMENT_BLOCKS):
            raise ParamError("SegmentParams.weights leaves no block that counts.")

    def weight(self, block: str) -> float:
        """Give the weight of a block."""
        return self.weights.get(block, WEIGHTS[block])


def _check_number(name: str, value: object) -> None:
    optional = name == "n_segments" and value is None
    if not optional and (not isinstance(value, Real) or isinstance(value, bool)):
        raise ParamError(f"SegmentParams.{name} is {value!r}, but has to be a number.")
