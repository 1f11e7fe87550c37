from .files import write_posts as write_posts
from .plan import Plan as Plan
from .planned import PlannedBrand as PlannedBrand
from .planned import PlannedCrisis as PlannedCrisis
from .planned import PlannedGroup as PlannedGroup
from .planned import PlannedTopic as PlannedTopic
from .posts import make_posts as make_posts
from .truth import planted_crises as planted_crises
from .truth import planted_topics as planted_topics

__all__ = [
    "Plan",
    "PlannedBrand",
    "PlannedCrisis",
    "PlannedGroup",
    "PlannedTopic",
    "make_posts",
    "planted_crises",
    "planted_topics",
    "write_posts",
]
