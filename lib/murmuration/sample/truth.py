"""What is planted, as tables to measure against."""

from datetime import datetime, timedelta

import pandas as pd
import pyarrow as pa

from murmuration.sample.plan import Plan
from murmuration.sample.planned import PlannedTopic
from murmuration.sample.words.book import WORDS
from murmuration.schema import STRINGS, UTC_TIME

_CRISES = pa.schema(
    [
        ("crisis", pa.string()),
        ("brand", pa.string()),
        ("topic", pa.string()),
        ("start", UTC_TIME),
        ("end", UTC_TIME),
        ("hours", pa.float64()),
        ("factor", pa.float64()),
        ("negative_share", pa.float64()),
        ("accounts", pa.int64()),
        ("cause_words", STRINGS),
    ]
)
_TOPICS = pa.schema(
    [
        ("topic", pa.string()),
        ("brand", pa.string()),
        ("shape", pa.string()),
        ("start", UTC_TIME),
        ("end", UTC_TIME),
        ("changes_at", UTC_TIME),
        ("over_days", pa.int64()),
        ("factor", pa.float64()),
        ("weight", pa.float64()),
        ("parents", STRINGS),
        ("children", STRINGS),
        ("words", STRINGS),
    ]
)


def planted_crises(plan: Plan | None = None) -> pd.DataFrame:
    """Give the crises of a plan.

    Parameters
    ----------
    plan
        The usual one unless given.

    Returns
    -------
    pandas.DataFrame
        One row a crisis, in order of time, Arrow types: `crisis` (as in `truth_crisis`), `brand`,
        `topic` (as in `truth_topic`), `start` (included) and `end` (excluded) in UTC, `hours`,
        `factor` (volume of the brand over the usual), `negative_share` (0 to 1, of the additional
        posts), `accounts` (that write nearly all of them; null for many), `cause_words` (what the
        posts call its cause, and its hashtags; English).
    """
    plan = plan or Plan()
    rows: list[dict[str, object]] = [
        {
            "crisis": crisis.key,
            "brand": crisis.brand,
            "topic": f"crisis/{crisis.key}",
            "start": plan.start + timedelta(days=crisis.day),
            "end": plan.start + timedelta(days=crisis.day, hours=crisis.hours),
            "hours": crisis.hours,
            "factor": crisis.factor,
            "negative_share": crisis.negative,
            "accounts": crisis.accounts,
            "cause_words": _words((crisis.words,)),
        }
        for crisis in plan.all_crises
    ]
    return _as_frame(rows, _CRISES)


def planted_topics(plan: Plan | None = None) -> pd.DataFrame:
    """Give the topics of a plan and how they live.

    Parameters
    ----------
    plan
        The usual one unless given.

    Returns
    -------
    pandas.DataFrame
        One row a topic, Arrow types: `topic` (as in `truth_topic`), `brand` (null for chatter),
        `shape` (see `PlannedTopic`; ``crisis`` for what a crisis is about), `start` (included) and
        `end` (excluded) in UTC, `changes_at` (when growth, birth, death, split or merger begins; null
        for topics that only go on) and `over_days` that it takes, `factor` of growth (null for
        others), `weight` within the brand (null for crises), `parents` and `children` (topics that it
        came from or went into; a topic that ends without children died), `words` (what posts call
        it, and its hashtags; English).
    """
    plan = plan or Plan()
    rows = [_topic_row(topic, plan) for topic in plan.all_topics]
    rows += [
        {
            "topic": f"crisis/{crisis.key}",
            "brand": crisis.brand,
            "shape": "crisis",
            "start": plan.start + timedelta(days=crisis.day),
            "end": plan.start + timedelta(days=crisis.day, hours=crisis.hours),
            "parents": [],
            "children": [],
            "words": _words((crisis.words,)),
        }
        for crisis in plan.all_crises
    ]
    return _as_frame(rows, _TOPICS)


def _topic_row(topic: PlannedTopic, plan: Plan) -> dict[str, object]:
    children = [child for child in plan.all_topics if topic.key in child.parents]
    own = _moment(plan, topic.day)
    ending = topic if topic.shape == "died" else next(iter(children), None)
    end = plan.end
    if ending is not None and ending.day is not None:
        end = min(end, plan.start + timedelta(days=ending.day + ending.over_days - 1))
    changing = topic if topic.day is not None else ending
    return {
        "topic": topic.key,
        "brand": topic.brand,
        "shape": topic.shape,
        "start": own if topic.shape in ("born", "split", "merged") else plan.start,
        "end": end,
        "changes_at": _moment(plan, changing.day) if changing else None,
        "over_days": changing.over_days if changing else None,
        "factor": topic.factor if topic.shape == "growing" else None,
        "weight": topic.weight,
        "parents": list(topic.parents),
        "children": [child.key for child in children],
        "words": _words(topic.words),
    }


def _moment(plan: Plan, day: int | None) -> datetime | None:
    return None if day is None else plan.start + timedelta(days=day)


def _words(names: tuple[str, ...]) -> list[str]:
    return [word for name in names for word in (*WORDS[name].things["en"], *WORDS[name].tags)]


def _as_frame(rows: list[dict[str, object]], schema: pa.Schema) -> pd.DataFrame:
    table = pa.Table.from_pylist(rows, schema=schema)
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
