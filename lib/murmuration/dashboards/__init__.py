"""Result tables → pages in the browser: reads what runs have made, and computes nothing that a run has computed."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
