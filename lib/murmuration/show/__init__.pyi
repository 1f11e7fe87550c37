from .alerts import answer_alerts as answer_alerts
from .alerts import describe_alerts as describe_alerts
from .alerts import describe_watch as describe_watch
from .alerts import show_alerts as show_alerts
from .audience import AUDIENCE_COLUMNS as AUDIENCE_COLUMNS
from .audience import advise_segments as advise_segments
from .audience import describe_audience as describe_audience
from .audience import describe_audience_limits as describe_audience_limits
from .audience import describe_choice as describe_choice
from .audience import show_audience_quality as show_audience_quality
from .audience import show_cards as show_cards
from .audience import show_choice as show_choice
from .audience import show_segments as show_segments
from .audience_figures import plot_audience_map as plot_audience_map
from .audience_figures import plot_flows as plot_flows
from .audience_figures import plot_segment_feelings as plot_segment_feelings
from .audience_figures import plot_segment_times as plot_segment_times
from .audience_figures import plot_traits as plot_traits
from .audience_figures import segment_names as segment_names
from .audience_figures import short_segment as short_segment
from .brand_figures import plot_brands as plot_brands
from .brand_figures import plot_over_time as plot_over_time
from .brand_figures import plot_share_of_voice as plot_share_of_voice
from .brand_figures import plot_shares as plot_shares
from .brand_figures import plot_terms as plot_terms
from .brand_health import COLUMNS as COLUMNS
from .brand_health import describe_gaps as describe_gaps
from .brand_health import describe_health as describe_health
from .brand_health import describe_limits as describe_limits
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
from .topic_figures import plot_topic_groups as plot_topic_groups
from .topic_figures import plot_topic_growth as plot_topic_growth
from .topic_figures import plot_topic_sentiment as plot_topic_sentiment
from .topic_figures import plot_topic_terms as plot_topic_terms
from .topic_figures import plot_topics_over_time as plot_topics_over_time
from .topic_maps import plot_topic_map as plot_topic_map
from .topic_maps import plot_topic_tree as plot_topic_tree
from .topic_maps import plot_word_cloud as plot_word_cloud
from .topics import TOPIC_COLUMNS as TOPIC_COLUMNS
from .topics import changed_topics as changed_topics
from .topics import describe_lineage as describe_lineage
from .topics import describe_topic_gaps as describe_topic_gaps
from .topics import describe_topic_limits as describe_topic_limits
from .topics import describe_topics as describe_topics
from .topics import show_lineage as show_lineage
from .topics import show_repeats as show_repeats
from .topics import show_topic_posts as show_topic_posts
from .topics import show_topic_quality as show_topic_quality
from .topics import show_topics as show_topics
from .words import headline as headline

__all__ = [
    "AUDIENCE_COLUMNS",
    "COLUMNS",
    "TOPIC_COLUMNS",
    "Html",
    "LabelledCounts",
    "Markdown",
    "ProgressBar",
    "advise_segments",
    "answer_alerts",
    "apply_theme",
    "caption_shares",
    "changed_topics",
    "describe_agreement",
    "describe_alerts",
    "describe_audience",
    "describe_audience_limits",
    "describe_choice",
    "describe_figure",
    "describe_gaps",
    "describe_health",
    "describe_labels",
    "describe_limits",
    "describe_lineage",
    "describe_quality",
    "describe_quality_limits",
    "describe_retrained",
    "describe_settled",
    "describe_speed",
    "describe_topic_gaps",
    "describe_topic_limits",
    "describe_topics",
    "describe_watch",
    "headline",
    "label_posts",
    "plot_audience_map",
    "plot_brands",
    "plot_calibration",
    "plot_classes",
    "plot_confusion",
    "plot_flows",
    "plot_over_time",
    "plot_segment_feelings",
    "plot_segment_times",
    "plot_share_of_voice",
    "plot_shares",
    "plot_slices",
    "plot_terms",
    "plot_topic_groups",
    "plot_topic_growth",
    "plot_topic_map",
    "plot_topic_sentiment",
    "plot_topic_terms",
    "plot_topic_tree",
    "plot_topics_over_time",
    "plot_traits",
    "plot_word_cloud",
    "quality_headline",
    "segment_names",
    "short_segment",
    "show_alerts",
    "show_audience_quality",
    "show_cards",
    "show_choice",
    "show_drift",
    "show_levels",
    "show_lineage",
    "show_mistakes",
    "show_posts",
    "show_published",
    "show_quality",
    "show_repeats",
    "show_segments",
    "show_table",
    "show_topic_posts",
    "show_topic_quality",
    "show_topics",
]
