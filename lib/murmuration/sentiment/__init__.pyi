from .agreement import Agreement as Agreement
from .agreement import compare_labellers as compare_labellers
from .agreement import measure_agreement as measure_agreement
from .agreement import settle_labels as settle_labels
from .classifier import train_classifier as train_classifier
from .drift import compare_with_training as compare_with_training
from .drift import measure_drift as measure_drift
from .drift import summarise_texts as summarise_texts
from .linear import LinearModel as LinearModel
from .params import ClassifierParams as ClassifierParams
from .people import count_joined as count_joined
from .people import find_random as find_random
from .people import join_labels as join_labels
from .quality import count_confusion as count_confusion
from .quality import estimate_by_class as estimate_by_class
from .quality import estimate_calibration as estimate_calibration
from .quality import estimate_quality as estimate_quality
from .quality import estimate_slices as estimate_slices
from .quality import find_mistakes as find_mistakes
from .quality import judge as judge
from .quality import prepare_labelled as prepare_labelled
from .sampling import DrawParams as DrawParams
from .sampling import draw_posts as draw_posts
from .score import score_posts as score_posts
from .shares import VADER_ERRORS as VADER_ERRORS
from .shares import count_methods as count_methods
from .shares import estimate_shares as estimate_shares
from .towards import judge_mentions as judge_mentions
from .towards import score_towards as score_towards
from .vader import vader_scores as vader_scores

__all__ = [
    "VADER_ERRORS",
    "Agreement",
    "ClassifierParams",
    "DrawParams",
    "LinearModel",
    "compare_labellers",
    "compare_with_training",
    "count_confusion",
    "count_joined",
    "count_methods",
    "draw_posts",
    "estimate_by_class",
    "estimate_calibration",
    "estimate_quality",
    "estimate_shares",
    "estimate_slices",
    "find_mistakes",
    "find_random",
    "join_labels",
    "judge",
    "judge_mentions",
    "measure_agreement",
    "measure_drift",
    "prepare_labelled",
    "score_posts",
    "score_towards",
    "settle_labels",
    "summarise_texts",
    "train_classifier",
    "vader_scores",
]
