from .brand_figures import plot_brands as plot_brands
from .brand_figures import plot_over_time as plot_over_time
from .brand_figures import plot_share_of_voice as plot_share_of_voice
from .brand_figures import plot_shares as plot_shares
from .brand_figures import plot_terms as plot_terms
from .brand_health import COLUMNS as COLUMNS
from .brand_health import describe_gaps as describe_gaps
from .brand_health import describe_health as describe_health
from .brand_health import describe_limits as describe_limits
from .brand_health import headline as headline
from .brand_health import show_levels as show_levels
from .labelling import label_posts as label_posts
from .labels import caption_shares as caption_shares
from .labels import describe_agreement as describe_agreement
from .labels import describe_labels as describe_labels
from .labels import describe_retrained as describe_retrained
from .labels import describe_settled as describe_settled
from .posts import Html as Html
from .posts import Markdown as Markdown
from .posts import show_posts as show_posts
from .posts import show_table as show_table
from .progress import ProgressBar as ProgressBar
from .sentiment_figures import plot_calibration as plot_calibration
from .sentiment_figures import plot_classes as plot_classes
from .sentiment_figures import plot_confusion as plot_confusion
from .sentiment_figures import plot_slices as plot_slices
from .sentiment_quality import LabelledCounts as LabelledCounts
from .sentiment_quality import describe_quality as describe_quality
from .sentiment_quality import describe_quality_limits as describe_quality_limits
from .sentiment_quality import describe_speed as describe_speed
from .sentiment_quality import quality_headline as quality_headline
from .sentiment_quality import show_drift as show_drift
from .sentiment_quality import show_mistakes as show_mistakes
from .sentiment_quality import show_published as show_published
from .sentiment_quality import show_quality as show_quality
from .theme import apply_theme as apply_theme
from .theme import describe_figure as describe_figure

__all__ = [
    "COLUMNS",
    "Html",
    "LabelledCounts",
    "Markdown",
    "ProgressBar",
    "apply_theme",
    "caption_shares",
    "describe_agreement",
    "describe_figure",
    "describe_gaps",
    "describe_health",
    "describe_labels",
    "describe_limits",
    "describe_quality",
    "describe_quality_limits",
    "describe_retrained",
    "describe_settled",
    "describe_speed",
    "headline",
    "label_posts",
    "plot_brands",
    "plot_calibration",
    "plot_classes",
    "plot_confusion",
    "plot_over_time",
    "plot_share_of_voice",
    "plot_shares",
    "plot_slices",
    "plot_terms",
    "quality_headline",
    "show_drift",
    "show_levels",
    "show_mistakes",
    "show_posts",
    "show_published",
    "show_quality",
    "show_table",
]
