"""Where tasks run, and which estimator runs. The only room that starts a Dask client or asks for a GPU."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
