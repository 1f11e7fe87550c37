from .clock import Fire as Fire
from .clock import fires as fires
from .clock import next_fires as next_fires
from .cron import Cron as Cron
from .cron import parse_cron as parse_cron

__all__ = [
    "Cron",
    "Fire",
    "fires",
    "next_fires",
    "parse_cron",
]
