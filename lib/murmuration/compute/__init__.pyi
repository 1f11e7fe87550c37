from .backends import Choice as Choice
from .backends import choose_backend as choose_backend
from .backends import make_estimator as make_estimator
from .cluster import Cluster as Cluster
from .cluster import start_cluster as start_cluster
from .device import DeviceChoice as DeviceChoice
from .device import choose_device as choose_device

__all__ = [
    "Choice",
    "Cluster",
    "DeviceChoice",
    "choose_backend",
    "choose_device",
    "make_estimator",
    "start_cluster",
]
