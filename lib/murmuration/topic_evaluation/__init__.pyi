from .methods import METHODS as METHODS
from .published import published as published
from .run import TopicEvaluation as TopicEvaluation
from .run import evaluate as evaluate
from .sets import TopicSet as TopicSet
from .sets import find_sets as find_sets
from .sets import read_set as read_set

__all__ = [
    "METHODS",
    "TopicEvaluation",
    "TopicSet",
    "evaluate",
    "find_sets",
    "published",
    "read_set",
]
