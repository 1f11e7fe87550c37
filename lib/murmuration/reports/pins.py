"""What a run reads, fixed before it starts, so that it can be replayed exactly."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from murmuration.audience.params import KIND as SEGMENTS
from murmuration.catalog import load_catalog
from murmuration.models import current_models, newest_models
from murmuration.store.delta import Store, open_store
from murmuration.store.moments import as_moment, as_state
from murmuration.topics.params import KIND as TOPICS
from murmuration.topics.params import choose_embedding

PINNED = ("brands", "sources", "policies", "lexicons", "models", "topics", "segments", "embedding")
NAMED = "named_models"  # those that a report names by itself, by the names that it gave
MODELS = ("models", "topics", "segments")  # those that lie in the store


def pin_inputs(catalog_path: Path, as_of: int | str | datetime | None = None) -> dict[str, Any]:
    """Note the version of every table, the current models, and what the catalog says now.

    Posts and labels are those of `as_of`: what people said later is not known then.
    """
    catalog = load_catalog(catalog_path)
    store = open_store()
    moment = datetime.now(UTC)
    tables = {"posts": store.open("posts", as_of).version()}
    for name in ("imports", "quarantine", "tombstones"):
        if store.has(name):
            tables[name] = store.open(name).version()
    if store.has("labels"):
        tables["labels"] = _labels_version(store, as_of, tables["posts"])
    return {
        "moment": moment.isoformat(),
        "tables": tables,
        "brands": {name: asdict(catalog.brand(name)) for name in catalog.brands},
        "sources": {name: source.description or "" for name, source in catalog.sources.items()},
        "policies": {name: source.policy.model_dump() for name, source in catalog.sources.items()},
        "lexicons": {name: catalog.lexicon(name) for name in catalog.lexicons},
        "models": {
            language: {"model": saved.address, "version": saved.version, "digest": saved.digest}
            for language, saved in current_models(store=store).items()
        },
        "topics": _newest(TOPICS, store),
        "segments": _newest(SEGMENTS, store),
        "embedding": {"auto": choose_embedding("auto")},
    }


def _newest(kind: str, store: Store) -> dict[str, dict[str, str]]:
    """Give the version that was saved last of each model of a kind."""
    return {
        name: {"model": saved.address, "version": saved.version, "digest": saved.digest}
        for name, saved in newest_models(kind, store=store).items()
    }


def _labels_version(store: Store, as_of: int | str | datetime | None, posts: int) -> int:
    """Give the version of the labels at a state of the posts; the empty one if nobody had labelled yet."""
    table = store.open("labels")
    state = as_state(as_of) if isinstance(as_of, str) else as_of
    if isinstance(state, datetime):
        moment = as_moment(state, "as_of")
        known = [each.version for each in store.commits(table) if moment and each.at <= moment]
        return max(known, default=0)
    later = store.commits(store.open("posts"), after=posts)
    if state is None or not later:
        return table.version()
    # A version of the posts holds until the next one.
    known = [each.version for each in store.commits(table) if each.at < later[0].at]
    return max(known, default=0)
