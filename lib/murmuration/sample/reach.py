"""How posts are received: likes, views and what else is counted, with a heavy tail."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from murmuration.sample.draw import NEGATIVE, Facts, Stage

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

COUNTS = (
    "like_count", "repost_count", "reply_count", "quote_count", "view_count", "author_followers",
)  # fmt: skip
# Likes grow slower than followers, and the spread of ln(likes) is wide: lognormal, as Szabo & Huberman
# 2010 (CACM 53(8)) found for popularity online.
_POWER, _BASE, _SPREAD = 0.55, -1.2, 1.25
_VIRAL, _CRISIS = 2.2, 0.9  # added to ln(likes)
_PER_LIKE = {"repost_count": -1.6, "reply_count": -1.8, "quote_count": -3.2, "view_count": 3.4}
_NEGATIVE_REPLIES = 1.0
_NO_VIEWS = 0.35  # share of posts whose views the platform does not tell


def count_reactions(
    stage: Stage, facts: Facts, viral: Flags, passed_on: Flags, rng: np.random.Generator
) -> dict[str, pa.Array]:
    """Draw what the platform counts.

    Parameters
    ----------
    stage, facts
        What was decided, and the posts.
    viral
        Posts that are passed on by many.
    passed_on
        Reposts: the platform counts reactions where the original is. Both of shape (n_posts,).
    rng
        Source of chance.

    Returns
    -------
    dict
        Columns `COUNTS`, int64, null where the platform withholds them.
    """
    n = len(facts)
    followers = _followers(stage, facts)
    reception = np.array([group.reception for group in stage.plan.groups])[facts.writers.group]
    level = _BASE + _POWER * np.log1p(followers) + np.log(reception)
    level += _VIRAL * viral + _CRISIS * (facts.crisis >= 0)
    likes = np.exp(level + _SPREAD * rng.standard_normal(n))
    withheld = rng.random(n) < stage.plan.unknown_count_share
    found = {"like_count": likes}
    for name, per_like in _PER_LIKE.items():
        spread = rng.standard_normal(n) * 0.6
        more = _NEGATIVE_REPLIES * (facts.feeling == NEGATIVE) if name == "reply_count" else 0.0
        found[name] = likes * np.exp(per_like + more + spread)
    found["view_count"] += 0.1 * followers
    hidden = dict.fromkeys(found, withheld | passed_on)
    hidden["view_count"] = hidden["view_count"] | (rng.random(n) < _NO_VIEWS)
    counts = {name: pa.array(found[name].astype(np.int64), mask=hidden[name]) for name in found}
    return {**counts, "author_followers": pa.array(followers, mask=withheld)}


def _followers(stage: Stage, facts: Facts) -> Ints:
    length = stage.plan.days * 86_400_000_000
    progress = (facts.time_us - stage.volume.start_us) / length
    return stage.crowd.followers(facts.writers.group, facts.writers.number, progress)
