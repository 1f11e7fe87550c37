from .delta import Store as Store
from .delta import list_sources as list_sources
from .delta import open_store as open_store
from .labels import load_labels as load_labels
from .labels import save_labels as save_labels
from .moments import State as State
from .posts import count_rows as count_rows
from .posts import find_time_range as find_time_range
from .posts import load_posts as load_posts
from .pseudonyms import Pseudonyms as Pseudonyms

__all__ = [
    "Pseudonyms",
    "State",
    "Store",
    "count_rows",
    "find_time_range",
    "list_sources",
    "load_labels",
    "load_posts",
    "open_store",
    "save_labels",
]
