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
from .quality import compare_with_labels as compare_with_labels
from .quality import count_windows as count_windows
from .quality import estimate_coherence as estimate_coherence
from .quality import estimate_diversity as estimate_diversity
from .quality import estimate_stability as estimate_stability

__all__ = [
    "Embedder",
    "EmergingParams",
    "Labeller",
    "TopicModel",
    "TopicParams",
    "Vectors",
    "assign_topics",
    "compare_with_labels",
    "count_topics",
    "count_windows",
    "estimate_coherence",
    "estimate_diversity",
    "estimate_stability",
    "find_emerging",
    "fit_topics",
    "match_topics",
]
