from . import audience as audience
from . import catalog as catalog
from . import collect as collect
from . import compute as compute
from . import dashboards as dashboards
from . import errors as errors
from . import evaluation as evaluation
from . import models as models
from . import registry as registry
from . import reports as reports
from . import sample as sample
from . import schedule as schedule
from . import schema as schema
from . import sentiment as sentiment
from . import settings as settings
from . import show as show
from . import store as store
from . import text as text
from . import topic_evaluation as topic_evaluation
from . import topics as topics
from . import trends as trends
from .reports.run import start_run as start_run
from .reports.runner import run_report as run_report
from .store.labels import load_labels as load_labels
from .store.labels import save_labels as save_labels
from .store.posts import load_posts as load_posts

__version__: str
__all__ = [
    "audience",
    "catalog",
    "collect",
    "compute",
    "dashboards",
    "errors",
    "evaluation",
    "load_labels",
    "load_posts",
    "models",
    "registry",
    "reports",
    "run_report",
    "sample",
    "save_labels",
    "schedule",
    "schema",
    "sentiment",
    "settings",
    "show",
    "start_run",
    "store",
    "text",
    "topic_evaluation",
    "topics",
    "trends",
]
