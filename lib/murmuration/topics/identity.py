"""Two topic models → how topics live on: which go on, which are new, gone, joined or parted."""

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from murmuration.errors import SchemaError
from murmuration.frames import TEXT, TEXTS, is_dask
from murmuration.topics.arguments import check_posts
from murmuration.topics.mixture import Floats
from murmuration.topics.model import TopicModel, assign_topics
from murmuration.topics.profiles import (
    PRESENT,
    compare_profiles,
    follow_words,
    make_profiles,
    measure_presence,
)

Event = Literal["continued", "drifted", "born", "absorbed", "died", "merged", "split", "returned"]

# Half of a topic's posts, or of the words that mark it: more than all other topics together can have. The usual
# threshold of cluster transitions (Spiliopoulou et al. 2006, MONIC, doi:10.1145/1150402.1150491).
MOST = 0.5
# Words share less than posts do, as no word is said in one topic alone.
_MOST_WORDS = 0.3
_ALIKE = 0.3  # words of a pair that is one topic
_DRIFTED = 0.6  # below, its words are others than before

_FEW = 10  # texts: fewer do not tell how a topic's words changed

_NONE = -1


@dataclass(frozen=True, slots=True)
class _Link:
    event: Event
    previous: int  # row of the table of topics, −1 for none
    current: int
    topic: int = _NONE  # id of one that is in neither table


@dataclass(frozen=True, eq=False)
class _Pairs:
    """What is known of each pair of topics, shape (n_previous, n_current), and of each topic.

    Attributes
    ----------
    alike
        How alike their words are.
    forth, back
        Which share of the previous topic went to the current one; which share of the current one came from the
        previous one.
    shared
        Posts that are in both, if that is known.
    lasting, known
        Which share of what marks a previous topic is still said; of a current one, was said before.
    """

    alike: Floats
    forth: Floats
    back: Floats
    shared: npt.NDArray[np.int64] | None
    lasting: Floats
    known: Floats


def match_topics(
    previous: TopicModel, current: TopicModel, *, posts: Any = None, column: str = "text"
) -> pd.DataFrame:
    """Tell how the topics of one model live on in another; computes.

    Parameters
    ----------
    previous, current
        From `fit_topics` or `murmuration.models.load`; the earlier one first.
    posts
        Posts that both are asked about, such as those of both periods: a pandas or Dask frame with `column`. Without
        them, topics are matched by their words.
    column
        The column with text.

    Returns
    -------
    pandas.DataFrame
        One row a link, in the order of `current.topics`, those that died last:

        - `event`: ``continued``; ``drifted`` (continued with other words, or so that its label fitted no
          more); ``born``; ``died``; ``merged`` (one of two or more that are one now); ``split`` (one of two or more that were
          one); ``returned`` (had died before); ``absorbed`` (born, and without a place among so many topics as were asked for:
          most of its posts are in `topic`);
        - `previous_id` (null for born; of an absorbed one its own id), `topic` (null for died), `label`, `previous_label`;
        - `similarity` of the words, 0 to 1; of a topic without a link, to the nearest other one;
        - `shared_posts` (null where unknown), `previous_posts`, `posts`;
        - `terms_gained`, `terms_lost` (lists).

    Raises
    ------
    SchemaError
        If one is no topic model, or `column` is missing or no text.
    """
    for model in (previous, current):
        if not isinstance(model, TopicModel):
            raise SchemaError(
                f"match_topics needs two TopicModels, not {type(model).__name__}. Fit them with mm.topics.fit_topics, or "
                "load them with mm.models.load."
            )
    shared = recall_shared(previous, current)
    if posts is not None:
        shared = count_shared(previous, current, posts, column=column)
    pairs = _compare(previous, current, shared)
    related = _are_related(previous, current)
    links = _read_links(previous, current, pairs) if related else _find_links(pairs)
    return _make_lineage(previous, current, links, pairs)


def _are_related(previous: TopicModel, current: TopicModel) -> bool:
    return bool(previous.history.root) and previous.history.root == current.history.root


def recall_shared(previous: TopicModel, current: TopicModel) -> npt.NDArray[np.int64] | None:
    """Give the posts in each pair of topics as `fit_topics` counted them; None unless one goes on from the other."""
    if current.history.previous != previous.version:
        return None
    shared = np.zeros((len(previous.topics), len(current.topics)), np.int64)
    rows, columns = (pd.Index(model.topics["id"]) for model in (previous, current))
    for before, now, posts in current.history.shared:
        if before in rows and now in columns:
            shared[rows.get_loc(before), columns.get_loc(now)] += posts
    return shared


def count_shared(
    previous: TopicModel, current: TopicModel, posts: Any, *, column: str = "text"
) -> npt.NDArray[np.int64]:
    """Count the posts that are in each pair of topics, shape (n_previous, n_current); computes."""
    check_posts(posts, [column], what="match_topics")
    shape = (len(previous.topics), len(current.topics))
    if not is_dask(posts):
        return _count_part(posts, previous, current, column, shape)
    from dask.base import compute
    from dask.delayed import delayed

    columns = [name for name in (column, "title", "lang") if name in posts.columns]
    parts = [
        delayed(_count_part)(part, previous, current, column, shape)
        for part in posts[columns].to_delayed()
    ]
    return cast(npt.NDArray[np.int64], np.sum(compute(*parts), axis=0))


def _count_part(
    posts: pd.DataFrame,
    previous: TopicModel,
    current: TopicModel,
    column: str,
    shape: tuple[int, int],
) -> npt.NDArray[np.int64]:
    rows, columns = (
        pd.Index(model.topics["id"]).get_indexer(
            assign_topics(posts, model, column=column)["topic"].to_numpy()
        )
        for model in (previous, current)
    )
    both = (rows >= 0) & (columns >= 0)
    shared = np.zeros(shape, np.int64)
    np.add.at(shared, (rows[both], columns[both]), 1)
    return shared


def _compare(
    previous: TopicModel, current: TopicModel, shared: npt.NDArray[np.int64] | None
) -> _Pairs:
    before, now = make_profiles(previous, current)
    forth, back = follow_words(before, now), follow_words(now, before).T
    if shared is not None:
        forth = shared / np.maximum(shared.sum(axis=1, keepdims=True), 1)
        back = shared / np.maximum(shared.sum(axis=0, keepdims=True), 1)
    alike = compare_profiles(before, now)
    if _are_related(previous, current):
        said = compare_profiles(*make_profiles(previous, current, said=True))
        many = (model.topics["weight"].to_numpy(np.int64) >= _FEW for model in (previous, current))
        alike = np.where(np.logical_and.outer(*many), said, alike)
    return _Pairs(
        alike,
        forth,
        back,
        shared,
        measure_presence(before, now),
        measure_presence(now, before),
    )


def _find_links(pairs: _Pairs) -> list[_Link]:
    worth = pairs.alike if pairs.shared is None else pairs.forth + pairs.back + pairs.alike
    rows, columns = linear_sum_assignment(worth, maximize=True)
    partner = {
        int(column): int(row)
        for row, column in zip(rows, columns, strict=True)
        if pairs.alike[row, column] >= _ALIKE
    }
    most = _MOST_WORDS if pairs.shared is None else MOST
    links = dict[tuple[int, int], Event]()
    for column, row in partner.items():
        links[row, column] = "continued" if pairs.alike[row, column] >= _DRIFTED else "drifted"
    _part(links, partner, pairs, most)
    _join(links, partner, pairs, most)
    return [_Link(event, row, column) for (row, column), event in links.items()]


def _read_links(previous: TopicModel, current: TopicModel, pairs: _Pairs) -> list[_Link]:
    """Read what became of topics from the history of a model that goes on from the other."""
    before, now = (
        {int(one): row for row, one in enumerate(model.topics["id"])}
        for model in (previous, current)
    )
    history = current.history
    links = dict[tuple[int, int], Event]()
    for topic in before.keys() & now.keys():
        row, column = before[topic], now[topic]
        same = pairs.alike[row, column] >= _DRIFTED and not _renamed(previous, current, row, column)
        links[row, column] = "continued" if same else "drifted"
    for topic in now.keys() - before.keys():
        of = history.whence(topic, set(before))
        # It had its id before; it may have parted from another then.
        if topic < previous.history.next_id:
            links[_NONE, now[topic]] = "returned"
        elif of is not None:
            links[before[of], now[topic]] = "split"
            if of in now:
                links[before[of], now[of]] = "split"
        else:
            links[_NONE, now[topic]] = "born"
    for topic in before.keys() - now.keys():
        into = history.where(topic)
        if into in now:
            links[before[topic], now[into]] = "merged"
            if into in before:
                links[before[into], now[into]] = "merged"
        elif not any(row == before[topic] for row, _ in links):
            links[before[topic], _NONE] = "died"
    absorbed = [
        _Link("absorbed", _NONE, now[history.where(topic)], topic)
        for topic in history.went
        if topic >= previous.history.next_id
        and topic not in history.came
        and history.where(topic) in now
    ]
    found = [_Link(event, row, column) for (row, column), event in links.items()]
    return [*found, *sorted(absorbed, key=lambda one: one.topic)]


def _renamed(previous: TopicModel, current: TopicModel, row: int, column: int) -> bool:
    """Say whether a topic that goes on has another label, which no person gave it."""
    was, now = (model.topics.iloc[at] for model, at in ((previous, row), (current, column)))
    return was["label"] != now["label"] and int(now["id"]) not in current.history.named


def _part(
    links: dict[tuple[int, int], Event], partner: dict[int, int], pairs: _Pairs, most: float
) -> None:
    """Name the current topics without a partner: part of a previous one, or new."""
    meets = {row: column for column, row in partner.items()}
    for column in set(range(pairs.alike.shape[1])) - set(partner):
        from_ = int(pairs.back[:, column].argmax()) if len(pairs.back) else _NONE
        old = from_ >= 0 and pairs.known[column] >= PRESENT and pairs.back[from_, column] >= most
        if old and from_ in meets:
            links[from_, column] = links[from_, meets[from_]] = "split"
        else:
            links[_NONE, column] = "born"


def _join(
    links: dict[tuple[int, int], Event], partner: dict[int, int], pairs: _Pairs, most: float
) -> None:
    """Name the previous topics without a partner: part of a current one, or gone."""
    for row in set(range(pairs.alike.shape[0])) - set(partner.values()):
        into = int(pairs.forth[row].argmax()) if pairs.forth.shape[1] else _NONE
        lives = into >= 0 and pairs.lasting[row] >= PRESENT and pairs.forth[row, into] >= most
        if lives and into in partner:
            links[row, into] = links[partner[into], into] = "merged"
        else:
            links[row, _NONE] = "died"


def _make_lineage(
    previous: TopicModel, current: TopicModel, links: list[_Link], pairs: _Pairs
) -> pd.DataFrame:
    end = len(current.topics)
    links = sorted(links, key=lambda one: (one.current if one.current >= 0 else end, one.previous))
    before, now = (
        model.topics.to_dict("records") if len(model.topics) else []
        for model in (previous, current)
    )
    gone = {
        topic: {"id": topic, "label": one.label, "terms": one.terms, "posts": None}
        for topic, one in {**current.history.joined, **previous.history.gone}.items()
    }
    rows = [
        _make_row(
            one,
            before[one.previous] if one.previous >= 0 else gone.get(_id_of(one, now)),
            now[one.current] if one.current >= 0 else None,
            pairs,
        )
        for one in links
    ]
    return pd.DataFrame(
        {name: pd.array([row[name] for row in rows], dtype=kind) for name, kind in _TYPES.items()}
    )


def _id_of(link: _Link, now: list[dict[Any, Any]]) -> int:
    return int(now[link.current]["id"]) if link.event == "returned" else link.topic


def _make_row(
    link: _Link, old: dict[Any, Any] | None, new: dict[Any, Any] | None, pairs: _Pairs
) -> dict[str, Any]:
    old_terms, new_terms = (list(one["terms"]) if one else [] for one in (old, new))
    shared = None
    if pairs.shared is not None and link.previous >= 0 and link.current >= 0:
        shared = int(pairs.shared[link.previous, link.current])
    return {
        "event": link.event,
        "previous_id": old["id"] if old else None,
        "topic": new["id"] if new else None,
        "label": new["label"] if new else None,
        "previous_label": old["label"] if old else None,
        "similarity": _similarity(link, pairs.alike),
        "shared_posts": shared,
        "previous_posts": old["posts"] if old else None,
        "posts": new["posts"] if new else None,
        "terms_gained": [term for term in new_terms if term not in old_terms],
        "terms_lost": [term for term in old_terms if term not in new_terms],
    }


def _similarity(link: _Link, alike: Floats) -> float:
    if link.event == "absorbed":  # its words are those of no topic
        return 0.0
    rows = slice(None) if link.previous < 0 else link.previous
    columns = slice(None) if link.current < 0 else link.current
    return float(np.max(alike[rows, columns], initial=0.0))


_TYPES: dict[str, Any] = {
    "event": TEXT, "previous_id": "Int64", "topic": "Int64", "label": TEXT, "previous_label": TEXT,
    "similarity": "float64", "shared_posts": "Int64", "previous_posts": "Int64", "posts": "Int64",
    "terms_gained": TEXTS, "terms_lost": TEXTS,
}  # fmt: skip
