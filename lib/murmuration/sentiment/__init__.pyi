from .score import score_posts as score_posts
from .vader import vader_scores as vader_scores

__all__ = ["score_posts", "vader_scores"]
