"""How good topics are, next to plain BERTopic, NMF, LDA, k-means and the published figures."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
