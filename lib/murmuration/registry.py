"""The registry of topics in the store: what topics there are under a name, and what people said of them.

::

    models/<name>/<8 hex digits>/            a version of the model, with the history of its topics
    models/<name>/topics/<time>-<hex>.json   one thing that a person said: a label, or topics that are one

Under a name topics go on from each other. A model that does not go on from the one before (another start, or one of two
that went on from the same) does not take its place: its ids would mean other topics.

What people say is only ever added, one small file each, so that nobody waits for anybody. It is applied whenever topics
are loaded or saved here: also to a model that went on from one before it was said.
"""

import json
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pandas as pd

from murmuration import models
from murmuration.errors import ModelError, ParamError
from murmuration.frames import TEXT
from murmuration.sentiment.model import read_card
from murmuration.store.delta import Store, open_store, translated
from murmuration.topics.history import History, name_fit
from murmuration.topics.known import drop_texts, hash_in_any_form
from murmuration.topics.merging import merge_topics as merge_in_model
from murmuration.topics.model import TopicModel
from murmuration.topics.params import KIND as TOPICS

log = logging.getLogger(__name__)

_FOLDER = "topics"
_ENTRY = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{8}\.json")
_MAX_LABEL = 80


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of topics.

    Attributes
    ----------
    at
        When, as in the name of its file.
    root
        Of the models whose ids these are, see `murmuration.topics.history.History`.
    topics
        Ids: one that has the label, or those that are one.
    label
        Empty where topics are one.
    """

    at: str
    root: str
    topics: tuple[int, ...]
    label: str


def load_topics(name: str, *, store: Store | None = None) -> TopicModel:
    """Load topics with all that people said of them; what `fit_topics` is to go on from.

    Parameters
    ----------
    name
        As `murmuration.models.load` knows it.
    store
        That of this workspace unless given.

    Raises
    ------
    UnknownNameError, ModelError
        See `murmuration.models.load`; also if the model is of another kind.
    """
    store = store or open_store()
    model = models.load(name, store=store)
    if not isinstance(model, TopicModel):
        raise ModelError(f"The model {name!r} does not hold topics. Name one that fit_topics made.")
    return _apply(model, _read_said(model.card.name, store))


def save_topics(
    model: TopicModel,
    name: str | None = None,
    *,
    overwrite: bool = False,
    store: Store | None = None,
) -> TopicModel:
    """Keep topics in the store, with what people said since the model before was loaded.

    Parameters
    ----------
    model
        From `fit_topics`.
    name
        What it is called from now on; its own name unless given.
    overwrite
        Whether it may take the place of topics that it does not go on from.
    store
        That of this workspace unless given.

    Returns
    -------
    TopicModel
        As it was saved: to be used from now on.

    Raises
    ------
    ModelError
        If it does not go on from the topics that the name means now.
    """
    store = store or open_store()
    called = name or model.card.name
    newest = models.find_newest(called, store=store)
    if (
        newest
        and not overwrite
        and not _goes_on(model.fit, model.history.previous_fit, newest, store)
    ):
        raise ModelError(
            f"These topics do not go on from {newest.address}, so that their ids mean others. Fit them with "
            f"continue_from=load_topics({called!r}), give them another name, or say overwrite=True."
        )
    model = apply_said(model, name, store=store)
    saved = models.save(model, name, store=store)
    return load_topics(saved.address, store=store)


def goes_on(address: str, *, store: Store | None = None) -> bool:
    """Say whether saved topics go on from those that their name means now, so that they may take their place."""
    store = store or open_store()
    newest = models.find_newest(address.partition("@")[0], store=store)
    if newest is None:
        return True
    facts = models.read_facts(address, store=store)
    history = History.from_facts(facts["history"])
    fit = name_fit(read_card(facts), history.previous)
    return _goes_on(fit, history.previous_fit, newest, store)


def _goes_on(fit: str, previous_fit: str, newest: models.SavedModel, store: Store) -> bool:
    """Compare fits: what people said of the topics meanwhile changes versions, but no fit."""
    history = models.read_facts(newest.address, store=store)["history"]
    return name_fit(newest.card, str(history["previous"])) in (fit, previous_fit)


def apply_said(
    model: TopicModel, name: str | None = None, *, store: Store | None = None
) -> TopicModel:
    """Give a model with what people said of the topics under a name (its own unless given), saved or not."""
    return _apply(model, _read_said(name or model.card.name, store or open_store()))


def rename_topic(name: str, topic: int, label: str, *, store: Store | None = None) -> TopicModel:
    """Give a topic a label, for good.

    Raises
    ------
    ModelError
        If there is no such topic.
    ParamError
        If the label is empty or longer than 80 characters, or another topic has it.
    """
    plain = " ".join(label.split())
    if not 0 < len(plain) <= _MAX_LABEL:
        raise ParamError(
            f"A label of a topic has 1 to {_MAX_LABEL} characters, but this one has {len(plain)}."
        )
    return _say(name, (topic,), plain, store or open_store())


def merge_topics(name: str, topics: Sequence[int], *, store: Store | None = None) -> TopicModel:
    """Make one topic of several, for good; it has the id and label of the first.

    Raises
    ------
    ModelError
        If there is no such topic, or fewer than two are named.
    """
    return _say(name, tuple(int(topic) for topic in topics), "", store or open_store())


def list_topics(name: str, *, store: Store | None = None) -> pd.DataFrame:
    """Give every topic that there is or was under a name.

    Returns
    -------
    pandas.DataFrame
        One row an id: `topic`, `label`, `state` (``alive``, ``died``, ``merged``), `into` (the topic that it was merged
        into), `came_from` (the topic that it parted from), `posts` (in the newest model; null unless alive).
    """
    model = load_topics(name, store=store)
    history = model.history
    columns = (model.topics[name].tolist() for name in ("id", "label", "posts"))
    alive = {topic: (label, posts) for topic, label, posts in zip(*columns, strict=True)}
    ids = sorted({*alive, *history.gone, *history.went})
    lost = {**history.joined, **history.gone}
    labels = {one: gone.label for one, gone in lost.items()} | {
        one: label for one, (label, _) in alive.items()
    }
    states = [
        "merged" if one in history.went else "alive" if one in alive else "died" for one in ids
    ]
    into = [history.where(one) if one in history.went else None for one in ids]
    return pd.DataFrame(
        {
            "topic": pd.Series(ids, dtype="int64"),
            "label": pd.Series([labels.get(one) for one in ids], dtype=TEXT),
            "state": pd.Series(states, dtype=TEXT),
            "into": pd.Series(into, dtype="Int64"),
            "came_from": pd.Series([history.came.get(one) for one in ids], dtype="Int64"),
            "posts": pd.Series([alive.get(one, (None, None))[1] for one in ids], dtype="Int64"),
        }
    )


def list_versions(*, store: Store | None = None) -> pd.DataFrame:
    """Give every version of topics in the store, by name and by the end of their period.

    Returns
    -------
    pandas.DataFrame
        One row a version: `model` (its address), `since` and `until` (of its period, ISO 8601 in UTC; null where it was not
        kept), `newest` (whether its name means it now), `trained_on` (what its card says of its posts).
    """
    store = store or open_store()
    saved = [one for one in models.list_models(store=store) if one.card.kind == TOPICS]
    names = dict.fromkeys(one.card.name for one in saved)
    newest = {one.address for name in names if (one := models.find_newest(name, store=store))}
    rows = []
    for one in saved:
        facts = models.read_facts(one.address, store=store)
        when = {name: facts.get(name) or None for name in ("since", "until")}
        rows.append({"name": one.card.name, "model": one.address, **when, "newest": one.address in newest, "trained_on": one.card.trained_on})  # fmt: skip
    rows.sort(key=lambda row: (row["name"], row["until"] or "", row["newest"], row["model"]))
    return pd.DataFrame(rows, columns=["model", "since", "until", "newest", "trained_on"])


def forget_texts(posts: pd.DataFrame, *, store: Store | None = None) -> int:
    """Erase from all saved topics what they know of the texts of some posts: a hash, the topic and its strength.

    Parameters
    ----------
    posts
        With `text`, `title` and `lang`, as they are in the store.
    store
        That of this workspace unless given.

    Returns
    -------
    int
        Versions that knew one. They stay what they are, and runs stay pinned to them. Their words and counts stay:
        these are nobody's text.
    """
    store = store or open_store()
    keys = hash_in_any_form(posts)
    saved = (one.address for one in models.list_models(store=store) if one.card.kind == TOPICS)
    choose = partial(drop_texts, keys=keys)
    return sum(models.erase_from(address, choose, store=store) for address in saved)


def _say(name: str, topics: tuple[int, ...], label: str, store: Store) -> TopicModel:
    asked = load_topics(name, store=store)
    called = asked.card.name
    newest = models.find_newest(called, store=store)
    model = load_topics(newest.address, store=store) if newest else asked
    if model.history.root != asked.history.root:
        raise ModelError(
            f"{asked.version} is from another start than {model.version}, which {called!r} means now: its ids mean other "
            f"topics. Say {called!r} for what is there now."
        )
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    root = model.history.root
    _apply_one(model, Said(at, root, topics, label))  # refuses what cannot be
    if label:
        _check_free(model, topics[0], label)
    content = json.dumps({"root": root, "topics": list(topics), "label": label}).encode() + b"\n"
    with translated(store.location):
        place = f"{_place(store, called)}/{at}-{secrets.token_hex(4)}.json"
        store.files.makedirs(place.rpartition("/")[0], exist_ok=True)
        store.files.pipe_file(place, content)
    changed = _save_said(called, asked.version, store)
    log.info("topics %s of %s: %s", list(topics), model.version, "renamed" if label else "merged")
    return changed


def _check_free(model: TopicModel, topic: int, label: str) -> None:
    """Make sure that no other topic has a label, in capital letters or not."""
    for other, called in zip(model.topics["id"].tolist(), model.topics["label"], strict=True):
        if other != topic and str(called).casefold() == label.casefold():
            raise ParamError(
                f"Topic {other} is called {called!r} already: give topic {topic} another label, or merge the two."
            )


def _save_said(name: str, asked: str, store: Store) -> TopicModel:
    """Save the newest model of a name with all that was said; never in the place of one that came meanwhile."""
    while True:
        newest = models.find_newest(name, store=store)
        changed = load_topics(newest.address if newest else asked, store=store)
        saved = models.save(changed, make_newest=False, store=store)
        now = models.find_newest(name, store=store)
        if newest is None or now is None:  # kept under versions only
            return changed
        if now.address == newest.address:
            models.set_newest(saved.address, store=store)
            return changed


def _place(store: Store, name: str) -> str:
    return f"{store.uri('models')}/{name}/{_FOLDER}"


def _read_said(name: str, store: Store) -> list[Said]:
    """Give all that people said, in order of time."""
    said = []
    with translated(store.location):
        for path in sorted(store.files.find(_place(store, name))):
            file = path.rpartition("/")[2]
            if _ENTRY.fullmatch(file):
                said.append(_parse(file, store.files.cat_file(path)))
    return said


def _parse(file: str, content: bytes) -> Said:
    try:
        entry: dict[str, Any] = json.loads(content)
        topics = tuple(int(topic) for topic in entry["topics"])
        return Said(file.partition("-")[0], str(entry["root"]), topics, str(entry["label"]))
    except (ValueError, TypeError, KeyError) as err:
        raise ModelError(f"{file} is damaged. Remove it, and say again what it said.") from err


def _apply(model: TopicModel, said: Sequence[Said]) -> TopicModel:
    """Apply what people said, as far as it is about topics of these that are there and not done yet."""
    for one in said:
        if one.root != model.history.root:
            continue
        if one.label and any(topic in model.history.went for topic in one.topics):
            continue  # the label of a topic that was merged into another since
        there = set(model.topics["id"].tolist())
        topics = tuple(dict.fromkeys(model.history.where(topic) for topic in one.topics))
        left = tuple(topic for topic in topics if topic in there)
        done = one.label and all(model.history.named.get(topic) == one.label for topic in left)
        if len(left) >= (1 if one.label else 2) and not done:
            model = _apply_one(model, replace(one, topics=left))
    return model


def _apply_one(model: TopicModel, said: Said) -> TopicModel:
    if said.label:
        return model.with_labels(dict.fromkeys(said.topics, said.label))
    return merge_in_model(model, said.topics)
