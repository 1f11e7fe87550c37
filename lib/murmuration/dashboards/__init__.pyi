from .access import Access as Access
from .brand_health import build_brand_health as build_brand_health
from .home import build_home as build_home
from .page import show_page as show_page
from .page import wait_for_request as wait_for_request

__all__ = ["Access", "build_brand_health", "build_home", "show_page", "wait_for_request"]
