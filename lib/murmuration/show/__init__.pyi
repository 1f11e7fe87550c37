from .brand_figures import plot_brands as plot_brands
from .brand_figures import plot_over_time as plot_over_time
from .brand_figures import plot_share_of_voice as plot_share_of_voice
from .brand_figures import plot_terms as plot_terms
from .brand_health import COLUMNS as COLUMNS
from .brand_health import describe_gaps as describe_gaps
from .brand_health import describe_health as describe_health
from .brand_health import describe_limits as describe_limits
from .brand_health import headline as headline
from .brand_health import show_levels as show_levels
from .posts import Html as Html
from .posts import Markdown as Markdown
from .posts import show_posts as show_posts
from .posts import show_table as show_table
from .progress import ProgressBar as ProgressBar
from .theme import apply_theme as apply_theme
from .theme import describe_figure as describe_figure

__all__ = [
    "COLUMNS",
    "Html",
    "Markdown",
    "ProgressBar",
    "apply_theme",
    "describe_figure",
    "describe_gaps",
    "describe_health",
    "describe_limits",
    "headline",
    "plot_brands",
    "plot_over_time",
    "plot_share_of_voice",
    "plot_terms",
    "show_levels",
    "show_posts",
    "show_table",
]
