from .aside import RULES as RULES
from .aside import find_aside as find_aside
from .features import BLOCKS as BLOCKS
from .features import FEATURES as FEATURES
from .features import Feature as Feature
from .params import SegmentParams as SegmentParams
from .profiles import profile_authors as profile_authors
from .segments import SegmentModel as SegmentModel
from .segments import assign_segments as assign_segments
from .segments import fit_segments as fit_segments
from .segments import segment_authors as segment_authors

__all__ = [
    "BLOCKS",
    "FEATURES",
    "RULES",
    "Feature",
    "SegmentModel",
    "SegmentParams",
    "assign_segments",
    "find_aside",
    "fit_segments",
    "profile_authors",
    "segment_authors",
]
