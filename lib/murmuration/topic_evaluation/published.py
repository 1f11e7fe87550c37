"""What papers report on the same posts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from murmuration.topic_evaluation.run import TopicEvaluation

# BBC News: mean over 10 to 50 topics, NPMI and diversity; Grootendorst 2022, arXiv:2203.05794, table 1. Labelled sets:
# Zhang et al. 2021, arXiv:2103.12953, table 1, on 20,000 titles of which 16,407 are in the set here.
_FIGURES: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("BBC", "BERTopic (2022)", {"npmi": 0.167, "diversity": 0.794}),
    ("BBC", "NMF (2022)", {"npmi": 0.012, "diversity": 0.549}),
    ("BBC", "LDA (2022)", {"npmi": 0.014, "diversity": 0.577}),
    ("StackOverflow", "SCCL, a trained network (2021)", {"nmi": 0.745}),
    ("Tweet", "SCCL, a trained network (2021)", {"nmi": 0.892}),
)


def published(names: Iterable[str]) -> list[TopicEvaluation]:
    """Give the published figures for sets of posts, by their names."""
    there = set(names)
    return [
        replace(TopicEvaluation(name, method, published=True), **figures)
        for name, method, figures in _FIGURES
        if name in there
    ]
