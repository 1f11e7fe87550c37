from .embed import Embedder as Embedder
from .embed import Vectors as Vectors
from .emerging import EmergingParams as EmergingParams
from .emerging import count_topics as count_topics
from .emerging import find_emerging as find_emerging
from .fit import fit_topics as fit_topics
from .geometry import count_kept_neighbours as count_kept_neighbours
from .geometry import join_topics as join_topics
from .geometry import place_topics as place_topics
from .identity import match_topics as match_topics
from .labels import Labeller as Labeller
from .merging import merge_topics as merge_topics
from .model import TopicModel as TopicModel
from .model import assign_topics as assign_topics
from .params import TopicParams as TopicParams
from .quality import compare_with_labels as compare_with_labels
from .quality import count_windows as count_windows
from .quality import estimate_coherence as estimate_coherence
from .quality import estimate_diversity as estimate_diversity
from .quality import estimate_stability as estimate_stability
from .reading import count_groups as count_groups
from .reading import count_topic_groups as count_topic_groups
from .reading import count_topic_terms as count_topic_terms
from .reading import find_topic_posts as find_topic_posts
from .reading import renew_labels as renew_labels
from .summary import count_topic_coverage as count_topic_coverage
from .summary import estimate_topics as estimate_topics
from .summary import fill_lineage as fill_lineage
from .summary import find_again as find_again
from .summary import find_growth as find_growth
from .summary import measure_topics as measure_topics

__all__ = [
    "Embedder",
    "EmergingParams",
    "Labeller",
    "TopicModel",
    "TopicParams",
    "Vectors",
    "assign_topics",
    "compare_with_labels",
    "count_groups",
    "count_kept_neighbours",
    "count_topic_coverage",
    "count_topic_groups",
    "count_topic_terms",
    "count_topics",
    "count_windows",
    "estimate_coherence",
    "estimate_diversity",
    "estimate_stability",
    "estimate_topics",
    "fill_lineage",
    "find_again",
    "find_emerging",
    "find_growth",
    "find_topic_posts",
    "fit_topics",
    "join_topics",
    "match_topics",
    "measure_topics",
    "merge_topics",
    "place_topics",
    "renew_labels",
]
