"""Social-media posts → scheduled, reproducible, interactive reports.

    import murmuration as mm

Names are loaded at first use, so that the import itself costs nothing.
"""

import lazy_loader as lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
