"""Posts → a topic model; posts → their topics; two models → how topics live on. No IO."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
