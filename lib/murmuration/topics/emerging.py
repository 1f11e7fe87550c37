"""What is emerging: topics that grow beyond their own usual days, as far as chance can be ruled out.

Each topic is held against what is to be expected of it: its rate in the baseline, times what all other topics do on that day
(so that a busy day, or half a day, is no growth), times its own days of the week. Whether more is beyond chance is told by
`murmuration.trends.counts`, for the last day, the last two days, and so on to the whole window, so that young growth is seen
before it fills the window.

Of the topics that one call names as growing or new, a share of `fdr` is false on average, at most; likewise, apart from these,
of those that fade. That holds for each look. Who looks every day sees more: false alarms of the days add up, though mostly the same
ones; `tests/benchmarks/topics_emerging.py` counts them.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy.special import xlogy

from murmuration.errors import ParamError, SchemaError
from murmuration.frames import TEXT, check_frame, check_kind
from murmuration.topics.daily import Tally, move_topics, tally_posts
from murmuration.topics.lineage import Ancestry, read_lineage
from murmuration.trends.counts import CountModel, Judged, fit_counts, share_volume
from murmuration.trends.discoveries import combine_chances, q_values
from murmuration.trends.drivers import find_drivers

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

NO_TOPIC = -1
# In the order of the table.
STATUSES = ("emerging", "new", "growing", "fading", "gone", "perhaps", "steady", "too_small", "unknown")  # fmt: skip

_LEAST_BASELINE = 7  # days: one of each weekday
_STRAY = 0.05  # of the posts expected from the baseline, at most, for a topic to be new: a model's stray posts
_STRAY_BORN = 0.25  # the same where the lineage says that it was born
_GONE = 0.1  # of what is expected, at most
_PERHAPS, _MOST_FALSE = 4, 0.5  # times `fdr`, and of any list: false in one case of five by default


@dataclass(frozen=True, kw_only=True)
class EmergingParams:
    """When a topic counts as emerging.

    Attributes
    ----------
    window
        Days at the end that are looked at.
    baseline
        Days before them that say what is usual; fewer are used where there are fewer, but not under 7.
    min_posts
        The smallest topic, in posts of the window; it fades or goes only if so many were expected.
    min_growth
        Growth from which a topic is called emerging; slower growth that is beyond chance is growing. Likewise it fades
        from one over this on, and is steady where it lost less.
    fdr
        False share, on average and at most, of the topics that are named as growing or new.
    timezone
        Whose days count.
    weight
        Column that says how many posts a row counts for; every row counts once unless given.
    """

    window: int = 7
    baseline: int = 28
    min_posts: int = 20
    min_growth: float = 1.5
    fdr: float = 0.05
    timezone: str = "UTC"
    weight: str | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("window", 1, 92), ("baseline", _LEAST_BASELINE, 731), ("min_posts", 1, 10_000_000), ("min_growth", 1, 1_000),
            ("fdr", 1e-6, 0.5),
        ):  # fmt: skip
            value = getattr(self, name)
            if not isinstance(value, int | float | np.number):
                raise ParamError(f"EmergingParams.{name} has to be a number, not {value!r}.")
            if not low <= value <= high:
                raise ParamError(
                    f"EmergingParams.{name} is {value}, but has to lie between {low} and {high}."
                )
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as err:
            raise ParamError(
                f"EmergingParams.timezone is {self.timezone!r}, which is no time zone. Use a name such as "
                "'Europe/Berlin'."
            ) from err


def find_emerging(
    assigned: Any,
    params: EmergingParams | None = None,
    *,
    topics: Any = None,
    lineage: pd.DataFrame | None = None,
    until: datetime | None = None,
) -> pd.DataFrame:
    """Find which topics grow, are new, fade or are gone; computes a Dask frame.

    Parameters
    ----------
    assigned
        pandas or Dask frame with `created_at` and `topic` (−1 for none), of the window and the days before. `author_key`,
        `lang`, `text_hash` and `source` are used where they are there; posts of a source that has none before the
        window, or none in it, are left out.
    params
        When a topic counts as emerging; the defaults unless given.
    topics
        A `TopicModel`, or a table with `id` and `label`: labels of the topics. Topics of the table that have no post are
        told of as well.
    lineage
        From `match_topics`: what came of which earlier topic. Posts of the baseline may have the earlier ids, and a
        topic that came of others is not new.
    until
        End of the window; the end of the last day that is over unless given.

    Returns
    -------
    pandas.DataFrame
        One row a topic, what is emerging first:

        - `topic`, `label`, `status`: ``emerging``, ``new`` (hardly there before), ``growing`` (slower than
          `min_growth`), ``fading``, ``gone``, ``perhaps`` (changed as much, but named only by a list with four times `fdr` of false
          ones), ``steady``, ``too_small``, ``unknown`` (too few days before);
        - `posts` of the window, `posts_before` of the days before it, `expected` without a change, `growth` (posts over expected; null for new ones),
          `growth_low`, `growth_high` (95 % interval);
        - `since`: the start of the day from which on it has grown or faded, or after its last post, null for others; where that is in the window `since_posts`,
          `since_expected`, `since_growth`: the same figures from that day on;
        - `p_value` (chance of so much change, in the direction that it has, were nothing changed), `q_value`
          (false discovery rate of a list that ends with this topic);
        - who writes it in the window, as far as known: `authors`, `top_author_share`, `driven_by` (``few``,
          ``many``, ``unknown``), `langs` (largest first), `top_text_share` (of the most repeated text);
        - `baseline_days`.

    Raises
    ------
    SchemaError
        If a column is missing, or there is no post with a time.
    """
    params = _check(assigned, params, what="find_emerging")
    tally, ancestry = _prepare(assigned, params, lineage, until)
    labels = _read_labels(topics)
    ids = pd.Index(
        sorted({*tally.rows["topic"].tolist(), *labels} - {NO_TOPIC}), dtype="int64", name="topic"
    )
    table = pd.DataFrame({"topic": ids})
    table["label"] = pd.array(
        pa.array([labels.get(one) for one in ids.tolist()], pa.string()), dtype=TEXT
    )
    table = table.assign(**_measure(tally, ids, params, ancestry))
    table = table.join(find_drivers(tally.recent, ids), on="topic")
    table["baseline_days"] = tally.n_baseline
    log.info(
        "%d topics in %d days: %s", len(ids), len(tally.days), dict(table["status"].value_counts())
    )
    return _sorted(table)


def count_topics(
    assigned: Any,
    params: EmergingParams | None = None,
    *,
    lineage: pd.DataFrame | None = None,
    until: datetime | None = None,
) -> pd.DataFrame:
    """Count the posts of each topic on each day, beside what is expected; computes a Dask frame.

    Parameters
    ----------
    assigned, params, lineage, until
        See `find_emerging`.

    Returns
    -------
    pandas.DataFrame
        One row for each day and topic, in this order, those without posts too: `day` (its start, UTC), `topic`, `posts`,
        `authors` (null where they are not known), `expected` and `low` to `high`, between which nineteen of
        twenty days lie without a change (null where the days before are too few).
    """
    params = _check(assigned, params, what="count_topics")
    tally, _ = _prepare(assigned, params, lineage, until)
    ids = pd.Index(sorted({*tally.rows["topic"].tolist()} - {NO_TOPIC}), dtype="int64")
    counts = tally.as_matrix(ids)
    shape = counts.shape
    bands = [np.full(shape, np.nan)] * 3
    if tally.n_baseline >= _LEAST_BASELINE and len(ids):
        model = _fit(tally, ids)
        bands = [model.expected, *model.limits()]
    table = pd.DataFrame(
        {
            "day": np.tile(tally.days, shape[0]),
            "topic": np.repeat(ids.to_numpy(), shape[1]),
            "posts": counts.ravel(),
        }
    )
    table["authors"] = _count_authors(tally, table)
    for name, band in zip(("expected", "low", "high"), bands, strict=True):
        table[name] = band.ravel()
    if params.weight is None and lineage is None:
        table["posts"] = table["posts"].astype("int64")
    return table.sort_values(["day", "topic"], ignore_index=True)


def _check(assigned: object, params: EmergingParams | None, *, what: str) -> EmergingParams:
    """Make sure that arguments are posts and parameters; give these."""
    cure = "Assign topics with assign_topics(posts, model)."
    check_frame(assigned, what=what, of="posts with their topics", cure=cure)
    params = EmergingParams() if params is None else params
    check_kind(params, EmergingParams, what=what, cure="Write EmergingParams(window=7), for example.")  # fmt: skip
    return params


def _prepare(
    assigned: Any,
    params: EmergingParams,
    lineage: pd.DataFrame | None,
    until: datetime | None,
) -> tuple[Tally, Ancestry]:
    tally = tally_posts(
        assigned, window=params.window, baseline=params.baseline, timezone=params.timezone,
        weight=params.weight, until=until,
    )  # fmt: skip
    tally = _comparable(tally)
    ancestry = read_lineage(lineage, tally)
    return move_topics(tally, ancestry.moves), ancestry


def _comparable(tally: Tally) -> Tally:
    """Keep the sources that were there before and are still there: a new import is no growth."""
    if "source" not in tally.rows or not tally.n_baseline:
        return tally
    recent = tally.rows["day"] >= tally.days[tally.n_baseline]
    both = set(tally.rows.loc[recent, "source"]) & set(tally.rows.loc[~recent, "source"])
    kept = tally.rows["source"].isin(list(both)) | tally.rows["source"].isna()
    if kept.all() or not kept.any():
        return tally
    log.warning(
        "%d of %d posts are left out: their sources are not in both the window and the days before it",
        int(tally.rows.loc[~kept, "posts"].sum()), int(tally.rows["posts"].sum()),
    )  # fmt: skip
    return replace(tally, rows=tally.rows[kept])


def _fit(tally: Tally, ids: "pd.Index[Any]") -> CountModel:
    everything = tally.as_matrix(pd.Index([*ids.tolist(), NO_TOPIC]))
    baseline = np.arange(len(tally.days)) < tally.n_baseline
    exposure = share_volume(everything, baseline)[:-1]
    return fit_counts(everything[:-1], baseline, exposure=exposure, seasons=[tally.weekdays])


def _measure(
    tally: Tally, ids: "pd.Index[Any]", params: EmergingParams, ancestry: Ancestry
) -> dict[str, Any]:
    """Give the columns that say how much a topic changed."""
    counts = tally.as_matrix(ids)
    before, posts = (part.sum(axis=1) for part in np.split(counts, [tally.n_baseline], axis=1))
    nothing = np.full(len(ids), np.nan)
    names = (
        "expected", "growth", "growth_low", "growth_high", "since_posts", "since_expected", "since_growth", "p_value",
        "q_value",
    )  # fmt: skip
    columns: dict[str, Any] = {
        "status": None,
        "posts": posts,
        "posts_before": before,
    } | dict.fromkeys(names, nothing)
    columns["since"] = pd.DatetimeIndex([pd.NaT] * len(ids)).tz_localize("UTC").as_unit("us")
    if tally.n_baseline < _LEAST_BASELINE or not len(ids):
        status = np.where(posts < params.min_posts, "too_small", "unknown")
    else:
        status, measured = _judge(_fit(tally, ids), tally, ids, params, ancestry)
        columns |= measured
    columns["status"] = pd.Series(status, dtype=TEXT)
    if params.weight is None:
        columns |= {"posts": posts.astype(np.int64), "posts_before": before.astype(np.int64)}
    return columns


def _judge(
    model: CountModel,
    tally: Tally,
    ids: "pd.Index[Any]",
    params: EmergingParams,
    ancestry: Ancestry,
) -> tuple[Any, dict[str, Any]]:
    n_days = len(tally.days)
    looks = [model.judge(slice(first, n_days)) for first in range(tally.n_baseline, n_days)]
    whole = looks[0]
    more = combine_chances(np.array([look.more for look in looks]))
    less = combine_chances(np.array([look.less for look in looks]))
    large = whole.counted >= params.min_posts
    was_large = whole.expected >= params.min_posts
    # All topics are corrected for, also those too small to be named: what is large is so partly because it grew.
    q_more = q_values(more)
    q_less = q_values(np.where(was_large, less, np.nan))
    up = large & (q_more <= params.fdr) & ~((q_less <= params.fdr) & (less < more))
    falls = np.where(was_large, q_less, np.nan)
    down = (falls <= params.fdr) & ~up
    rising = up | (~down & (more <= less))
    start = _find_starts(looks, rising)
    best = np.array([[look.counted, look.expected, look.ratio] for look in looks])
    since = best[start, :, np.arange(len(ids))]
    much = np.where(rising, since[:, 2] >= params.min_growth, since[:, 2] <= 1 / params.min_growth)
    down &= much
    new = up & _hardly_there(whole, ids, ancestry)
    status = np.select(
        [
            new,
            up & much,
            up,
            down & (whole.high < 1) & (whole.ratio <= _GONE),
            down,
            ~large & ~was_large,
            much
            & (
                np.where(rising & large, q_more, np.where(rising, 1.0, falls))
                <= _PERHAPS * params.fdr
            ),
        ],
        ["new", "emerging", "growing", "gone", "fading", "too_small", "perhaps"],
        "steady",
    )
    changed = up | down
    begins = tally.n_baseline + start
    begins = np.where(down, _follow_last(tally.as_matrix(ids), begins), begins)
    days = tally.days[begins]
    inside = changed & (begins >= tally.n_baseline)
    moments = pd.Series(days, dtype="datetime64[us, UTC]").where(pd.Series(changed))

    def where_inside(values: Floats) -> Floats:
        return np.where(inside, values, np.nan)

    def unless_new(values: Floats) -> Floats:
        return np.where(new, np.nan, values)

    return status, {
        "expected": whole.expected,
        "growth": unless_new(whole.ratio),
        "growth_low": unless_new(whole.low),
        "growth_high": unless_new(whole.high),
        "since": pd.DatetimeIndex(moments),
        "since_posts": where_inside(since[:, 0]),
        "since_expected": where_inside(since[:, 1]),
        "since_growth": unless_new(where_inside(since[:, 2])),
        "p_value": np.where(rising, more, less),
        "q_value": np.where(rising, q_more, q_less),
    }


def _find_starts(looks: list[Judged], up: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Give for each topic the day of the window that its change most probably began on: the change point of most likelihood.

    The likelihood is Poisson's, of a rate that is another one from that day on (Page 1954, doi:10.1093/biomet/41.1-2.100). Days
    with nothing out of the usual before the first that is count against a start on them.
    """
    counted = np.array([look.counted for look in looks])
    expected = np.array([look.expected for look in looks])
    gain = xlogy(counted, counted / expected) - (counted - expected)
    return np.asarray(
        np.where((counted > expected) == up, gain, -1.0).argmax(axis=0), dtype=np.int64
    )


def _follow_last(counts: Floats, start: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give the day after the last post of topics that have none from `start` on; of others `start`."""
    n_days = counts.shape[1]
    after = np.where((counts > 0).any(axis=1), n_days - (counts > 0)[:, ::-1].argmax(axis=1), start)
    return np.minimum(after, start)


def _hardly_there(whole: Judged, ids: "pd.Index[Any]", ancestry: Ancestry) -> npt.NDArray[np.bool_]:
    stray = np.array([_STRAY_BORN if one in ancestry.born else _STRAY for one in ids.tolist()])
    descends = np.array([one in ancestry.descended for one in ids.tolist()], dtype=bool)
    # The half post that a rate has at least is none.
    hardly = whole.expected <= np.maximum(stray * whole.counted, 1.0)
    return np.asarray(hardly & ~descends, dtype=bool)


def _count_authors(tally: Tally, table: pd.DataFrame) -> Any:
    if "author_key" not in tally.rows:
        return pd.array([pd.NA] * len(table), dtype="Int64")
    found = tally.rows.groupby(["day", "topic"])["author_key"].nunique()
    wanted = pd.MultiIndex.from_frame(table[["day", "topic"]])
    return found.reindex(wanted, fill_value=0).astype("Int64").array


def _read_labels(topics: Any) -> dict[int, str | None]:
    if topics is None:
        return {}
    table = topics if isinstance(topics, pd.DataFrame) else getattr(topics, "topics", None)
    if not isinstance(table, pd.DataFrame) or not {"id", "label"} <= set(table.columns):
        raise SchemaError(
            "find_emerging: topics is neither a TopicModel nor a table with the columns id and label. Leave it out to "
            "have topics by number."
        )
    return dict(zip(table["id"].tolist(), table["label"].tolist(), strict=True))


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    rank = table["status"].map({name: place for place, name in enumerate(STATUSES)})
    rank = rank.replace({STATUSES.index("new"): STATUSES.index("emerging")})
    moved = (table["posts"] - table["expected"]).abs().fillna(table["posts"])
    keys = table.assign(_rank=rank, _moved=-moved).sort_values(["_rank", "_moved", "topic"])
    return table.loc[keys.index, list(_COLUMNS)].reset_index(drop=True)


_COLUMNS = (
    "topic", "label", "status", "posts", "posts_before", "expected", "growth", "growth_low", "growth_high", "p_value", "q_value", "since",
    "since_posts", "since_expected", "since_growth", "authors", "top_author_share", "driven_by", "langs", "top_text_share",
    "baseline_days",
)  # fmt: skip
