from .agreement import Agreement as Agreement
from .agreement import compare_labellers as compare_labellers
from .agreement import measure_agreement as measure_agreement
from .agreement import settle_labels as settle_labels
from .draw_posts import DrawParams as DrawParams
from .draw_posts import draw_posts as draw_posts
from .score import score_posts as score_posts
from .shares import VADER_ERRORS as VADER_ERRORS
from .shares import estimate_shares as estimate_shares
from .towards import score_towards as score_towards
from .vader import vader_scores as vader_scores

__all__ = [
    "VADER_ERRORS",
    "Agreement",
    "DrawParams",
    "compare_labellers",
    "draw_posts",
    "estimate_shares",
    "measure_agreement",
    "score_posts",
    "score_towards",
    "settle_labels",
    "vader_scores",
]
