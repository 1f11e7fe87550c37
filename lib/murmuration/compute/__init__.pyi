from .cluster import Cluster as Cluster
from .cluster import start_cluster as start_cluster

__all__ = ["Cluster", "start_cluster"]
