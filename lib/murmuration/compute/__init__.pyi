from .cluster import Cluster as Cluster
from .cluster import start_cluster as start_cluster
from .device import choose_device as choose_device

__all__ = ["Cluster", "choose_device", "start_cluster"]
