from .access import Access as Access
from .audience import build_audience as build_audience
from .brand_health import build_brand_health as build_brand_health
from .home import build_home as build_home
from .page import show_page as show_page
from .page import wait_for_request as wait_for_request
from .pieces import posts_table as posts_table
from .pieces import sentiment_explorer as sentiment_explorer
from .runs import build_runs as build_runs
from .topics import build_topics as build_topics

__all__ = [
    "Access",
    "build_audience",
    "build_brand_health",
    "build_home",
    "build_runs",
    "build_topics",
    "posts_table",
    "sentiment_explorer",
    "show_page",
    "wait_for_request",
]
