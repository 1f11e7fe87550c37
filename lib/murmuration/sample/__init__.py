"""Invented posts with a planted truth, for demonstrations and tests."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
