"""Posts → profiles of authors → segments of authors → cards that say what sets each apart. No IO."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
