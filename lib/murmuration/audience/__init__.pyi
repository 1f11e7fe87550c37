from .features import BLOCKS as BLOCKS
from .features import FEATURES as FEATURES
from .features import Feature as Feature
from .profiles import profile_authors as profile_authors

__all__ = ["BLOCKS", "FEATURES", "Feature", "profile_authors"]
