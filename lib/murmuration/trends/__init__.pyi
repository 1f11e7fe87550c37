from .alerts import ALERT_HISTORY as ALERT_HISTORY
from .alerts import choose_alert_bucket as choose_alert_bucket
from .alerts import find_alert_drivers as find_alert_drivers
from .alerts import find_alert_posts as find_alert_posts
from .alerts import find_alerts as find_alerts
from .alerts import find_posts_near as find_posts_near
from .levels import FEW_POSTS as FEW_POSTS
from .levels import Change as Change
from .levels import are_told as are_told
from .levels import compare_levels as compare_levels
from .levels import count_coverage as count_coverage
from .levels import estimate_sentiment as estimate_sentiment
from .levels import estimate_share_of_voice as estimate_share_of_voice
from .levels import explode_brands as explode_brands
from .levels import find_worst_period as find_worst_period
from .periods import Bucket as Bucket
from .periods import assign_period as assign_period
from .periods import assign_steps as assign_steps
from .periods import choose_bucket as choose_bucket
from .periods import fill_periods as fill_periods
from .periods import find_bucket as find_bucket
from .periods import list_periods as list_periods
from .reading import count_engagement as count_engagement
from .reading import find_engaged_posts as find_engaged_posts
from .reading import find_posts_to_read as find_posts_to_read
from .reading import find_telling_posts as find_telling_posts
from .reading import list_posts as list_posts
from .spike_drivers import find_spike_drivers as find_spike_drivers
from .spikes import SpikeParams as SpikeParams
from .spikes import find_spikes as find_spikes
from .terms import find_distinctive_terms as find_distinctive_terms
from .terms import find_terms_by_side as find_terms_by_side

__all__ = [
    "ALERT_HISTORY",
    "FEW_POSTS",
    "Bucket",
    "Change",
    "SpikeParams",
    "are_told",
    "assign_period",
    "assign_steps",
    "choose_alert_bucket",
    "choose_bucket",
    "compare_levels",
    "count_coverage",
    "count_engagement",
    "estimate_sentiment",
    "estimate_share_of_voice",
    "explode_brands",
    "fill_periods",
    "find_alert_drivers",
    "find_alert_posts",
    "find_alerts",
    "find_bucket",
    "find_distinctive_terms",
    "find_engaged_posts",
    "find_posts_near",
    "find_posts_to_read",
    "find_spike_drivers",
    "find_spikes",
    "find_telling_posts",
    "find_terms_by_side",
    "find_worst_period",
    "list_periods",
    "list_posts",
]
