"""Folders of STATE for rows that wait on disk: named by the store, so that leftovers can be told apart.

Whoever uses one holds the store's write lock; so what lies there already was left by a kill.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from murmuration.errors import StoreError
from murmuration.store.delta import Store, explain


def short_name(store: Store) -> str:
    """Sixteen hex digits that stand for a store in names of files."""
    return sha256(store.location.encode()).hexdigest()[:16]


@contextmanager
def spill_folder(store: Store, state: Path) -> Iterator[Path]:
    """Give an empty folder that is removed again; the caller holds the write lock."""
    remove_leftovers(store, state)
    try:
        (state / "tmp").mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=state / "tmp", prefix=_prefix(store))
    except OSError as err:
        raise StoreError(
            f"The folder {state} cannot be used: {explain(err)} Nothing was lost."
        ) from err
    with folder as path:
        yield Path(path)


def remove_leftovers(store: Store, state: Path) -> None:
    """Remove what killed imports and compactions spilled; the caller holds the write lock."""
    for folder in (state / "tmp").glob(f"{_prefix(store)}*"):
        shutil.rmtree(folder)


def _prefix(store: Store) -> str:
    return f"merge-{short_name(store)}-"
