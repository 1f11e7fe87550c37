from .aside import RULES as RULES
from .aside import find_aside as find_aside
from .describe import SegmentCards as SegmentCards
from .describe import describe_segments as describe_segments
from .describe import label_topics as label_topics
from .features import BLOCKS as BLOCKS
from .features import FEATURES as FEATURES
from .features import Feature as Feature
from .identity import Moved as Moved
from .identity import compare_segments as compare_segments
from .interests import InterestModel as InterestModel
from .interests import fit_interests as fit_interests
from .interests import foretell_interests as foretell_interests
from .interests import measure_interests as measure_interests
from .interests import similar_authors as similar_authors
from .params import SegmentParams as SegmentParams
from .places import place_authors as place_authors
from .policy import Policy as Policy
from .policy import drop_forbidden as drop_forbidden
from .profiles import profile_authors as profile_authors
from .reached import find_segment_posts as find_segment_posts
from .reached import join_segments as join_segments
from .reached import list_origins as list_origins
from .reached import list_segment_posts as list_segment_posts
from .reached import name_segments as name_segments
from .segments import SegmentModel as SegmentModel
from .segments import assign_segments as assign_segments
from .segments import fit_segments as fit_segments
from .segments import segment_authors as segment_authors
from .summary import check_export as check_export
from .summary import complete_cards as complete_cards
from .summary import count_audience_coverage as count_audience_coverage
from .summary import list_members as list_members
from .summary import measure_segments as measure_segments
from .times import count_times as count_times
from .times import find_best_times as find_best_times

__all__ = [
    "BLOCKS",
    "FEATURES",
    "RULES",
    "Feature",
    "InterestModel",
    "Moved",
    "Policy",
    "SegmentCards",
    "SegmentModel",
    "SegmentParams",
    "assign_segments",
    "check_export",
    "compare_segments",
    "complete_cards",
    "count_audience_coverage",
    "count_times",
    "describe_segments",
    "drop_forbidden",
    "find_aside",
    "find_best_times",
    "find_segment_posts",
    "fit_interests",
    "fit_segments",
    "foretell_interests",
    "join_segments",
    "label_topics",
    "list_members",
    "list_origins",
    "list_segment_posts",
    "measure_interests",
    "measure_segments",
    "name_segments",
    "place_authors",
    "profile_authors",
    "segment_authors",
    "similar_authors",
]
