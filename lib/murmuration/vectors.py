"""Vectors of texts that were embedded before, on the local disk.

::

    <folder>/<embedding>/<n>-<random>/keys.npy     hashes of texts, rising
                                      rows.npy     their vectors, a row a key

What is added is one folder that is moved into place as a whole and never changed, so a writer that is killed leaves
nothing behind that is read, and two writers do not meet. Files are mapped into memory: only the rows that are asked for
are read.
"""

import hashlib
import logging
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from murmuration.errors import ModelError
from murmuration.settings import get_settings
from murmuration.topics import Embedder
from murmuration.topics.embed import check_vectors

log = logging.getLogger(__name__)

Keys = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.float32]

_KEYS, _ROWS = "keys.npy", "rows.npy"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_BATCH = 4_096  # texts embedded between two writes: what is done stays done


@dataclass(frozen=True)
class VectorCache:
    """Vectors by text and embedding.

    Attributes
    ----------
    folder
        Where they lie.
    """

    folder: Path

    @classmethod
    def open(cls) -> Self:
        """Give the cache of this workspace."""
        return cls(get_settings().state / "vectors")

    def clear(self) -> bool:
        """Drop all that is kept, as it is made of what posts say; say whether there was anything."""
        there = self.folder.is_dir()
        shutil.rmtree(self.folder, ignore_errors=True)
        return there

    def embed(self, texts: Sequence[str], embedder: Embedder) -> Rows:
        """Give the vectors of texts, shape (n_texts, n_dimensions); those that are not kept yet are made, and kept.

        Raises
        ------
        ModelError
            If the embedder gives another width than is kept under its name, not a row a text, or numbers that are not
            finite: nothing of those is kept.
        """
        keys = _hash_texts(texts)
        new = np.flatnonzero(~self.knows(keys, embedder.name))
        _, first = np.unique(keys[new], return_index=True)
        rows = new[np.sort(first)]
        for at in range(0, len(rows), _BATCH):
            some = rows[at : at + _BATCH]
            made = np.asarray(embedder.embed([texts[row] for row in some]), np.float32)
            # What is kept is not asked for again.
            check_vectors(made, n=len(some), name=embedder.name)
            self._add(keys[some], made, embedder.name)
        log.info("%d of %d texts are embedded anew by %s", len(rows), len(texts), embedder.name)
        return self._read(keys, embedder.name)

    def knows(self, keys: Keys, name: str) -> npt.NDArray[np.bool_]:
        """Say of each key whether its vector is kept."""
        known = np.zeros(len(keys), bool)
        for part in self._parts(name):
            known |= part.find(keys) >= 0
        return known

    def _read(self, keys: Keys, name: str) -> Rows:
        found: Rows | None = None
        for part in self._parts(name):
            places = part.find(keys)
            there = np.flatnonzero(places >= 0)
            if found is None:
                found = np.zeros((len(keys), part.rows.shape[1]), np.float32)
            elif found.shape[1] != part.rows.shape[1]:
                raise ModelError(
                    f"{self._place(name)} keeps vectors of {found.shape[1]} and of {part.rows.shape[1]} numbers for the "
                    f"embedding {name!r}. Another model has that name now: remove the folder."
                )
            found[there] = part.rows[places[there]]
        return np.zeros((len(keys), 0), np.float32) if found is None else found

    def _add(self, keys: Keys, rows: Rows, name: str) -> None:
        place = self._place(name)
        place.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".", dir=place))
        try:
            order = np.argsort(keys)
            np.save(fresh / _KEYS, keys[order])
            np.save(fresh / _ROWS, rows[order])
            fresh.rename(place / f"{len(keys)}-{secrets.token_hex(8)}")
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise

    def _parts(self, name: str) -> Iterator["_Part"]:
        place = self._place(name)
        folders = sorted(place.glob("[0-9]*-*")) if place.is_dir() else []
        for folder in folders:
            part = _Part.open(folder)
            if part is not None:
                yield part

    def _place(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        return self.folder / f"{_UNSAFE.sub('-', name)[-60:]}-{digest}"


@dataclass(frozen=True, eq=False)
class _Part:
    keys: Keys
    rows: npt.NDArray[Any]

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        try:
            keys = np.load(folder / _KEYS, mmap_mode="r", allow_pickle=False)
            rows = np.load(folder / _ROWS, mmap_mode="r", allow_pickle=False)
            whole = len(keys) == len(rows) and rows.ndim == 2
        except (OSError, ValueError) as err:
            log.warning("left out vectors in %s: %s", folder, err)
            return None
        if not whole:
            log.warning("left out vectors in %s: keys and rows differ in number", folder)
            return None
        return cls(keys, rows)

    def find(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Give the row of each key, −1 where it is not kept."""
        places = np.searchsorted(self.keys, keys)
        places[places == len(self.keys)] = 0
        if not len(self.keys):
            return np.full(len(keys), -1)
        return np.where(self.keys[places] == keys, places, -1)


def _hash_texts(texts: Sequence[str]) -> Keys:
    digests = (hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8) for text in texts)
    return np.frombuffer(b"".join(one.digest() for one in digests), np.uint64)
