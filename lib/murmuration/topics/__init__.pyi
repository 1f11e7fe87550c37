from .embed import Embedder as Embedder
from .embed import Vectors as Vectors
from .emerging import EmergingParams as EmergingParams
from .emerging import count_topics as count_topics
from .emerging import find_emerging as find_emerging
from .fit import fit_topics as fit_topics
from .identity import match_topics as match_topics
from .labels import Labeller as Labeller
from .model import TopicModel as TopicModel
from .model import assign_topics as assign_topics
from .params import TopicParams as TopicParams

__all__ = [
    "Embedder",
    "EmergingParams",
    "Labeller",
    "TopicModel",
    "TopicParams",
    "Vectors",
    "assign_topics",
    "count_topics",
    "find_emerging",
    "fit_topics",
    "match_topics",
]
