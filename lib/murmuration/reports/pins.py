"""What a run reads, fixed before it starts, so that it can be replayed exactly."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from murmuration.catalog import load_catalog
from murmuration.models import current_models
from murmuration.store.delta import open_store


def pin_inputs(catalog_path: Path, as_of: int | str | datetime | None = None) -> dict[str, Any]:
    """Note the version of every table, the current models, and what the catalog says now."""
    catalog = load_catalog(catalog_path)
    store = open_store()
    tables = {"posts": store.open("posts", as_of).version()}
    for name in ("imports", "quarantine", "tombstones", "labels"):
        if store.has(name):
            tables[name] = store.open(name).version()
    return {
        "tables": tables,
        "brands": {name: asdict(catalog.brand(name)) for name in catalog.brands},
        "sources": {name: source.description or "" for name, source in catalog.sources.items()},
        "lexicons": {name: catalog.lexicon(name) for name in catalog.lexicons},
        "models": {
            language: {"model": saved.address, "version": saved.version, "digest": saved.digest}
            for language, saved in current_models(store=store).items()
        },
    }
