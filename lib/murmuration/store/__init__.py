"""The posts table on disk or S3: append, compact, forget, open at a version."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
