"""Keyed pseudonyms: the store never learns who wrote a post.

``author_key`` is HMAC-SHA256(workspace key, source ‖ 0x00 ‖ author id), the first 128 bits in hex. Without
the key nobody can go from a guess of an author's id to the pseudonym; with another key the same author
gets another pseudonym, so a store remembers a fingerprint of its key and refuses a different one.
"""

import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from murmuration.errors import SettingsError
from murmuration.settings import Settings

KEY_FILE = "key"
_HEX_DIGITS = 32
_SHORTEST_KEY = 16  # characters

TombstoneKind = Literal["post", "author", "mention"]


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes pseudonyms with one workspace key, which it never shows."""

    key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that tell keys apart and say nothing about them."""
        return self._digest(b"murmuration key fingerprint")[:16]

    def author_key(self, source: str, author_id: str) -> str:
        """Pseudonym of an author within a source, 32 hex digits."""
        return self._digest(source.encode() + b"\x00" + author_id.encode())

    def author_keys(self, source: str, author_ids: Iterable[str]) -> dict[str, str]:
        """Pseudonyms of several authors, each worked out once."""
        prefix = hmac.new(self.key, source.encode() + b"\x00", "sha256")
        found = {}
        for author_id in author_ids:
            if author_id not in found:
                digest = prefix.copy()
                digest.update(author_id.encode())
                found[author_id] = digest.hexdigest()[:_HEX_DIGITS]
        return found

    def hidden_key(self, kind: TombstoneKind, source: str, identifier: str) -> str:
        """What a tombstone keeps of a post id or an author's pseudonym, 32 hex digits."""
        return self._digest(
            b"\x00".join((b"tombstone", kind.encode(), source.encode(), identifier.encode()))
        )

    def _digest(self, message: bytes) -> str:
        return hmac.digest(self.key, message, "sha256").hex()[:_HEX_DIGITS]


NO_KEY = Pseudonyms(b"")  # for whoever reads posts and names nobody


def load_pseudonyms(settings: Settings) -> Pseudonyms:
    """Give the workspace key: ``MURMURATION_KEY``, else the one in STATE, made at first use.

    Raises
    ------
    SettingsError
        If the key is too short to keep a secret, or its file is damaged or cannot be read or made.
    """
    if settings.key:
        if len(settings.key) < _SHORTEST_KEY:
            raise SettingsError(
                f"MURMURATION_KEY has {len(settings.key)} characters, but a key needs {_SHORTEST_KEY} or more. "
                "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        return Pseudonyms(settings.key.encode())
    path = settings.state / KEY_FILE
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_bytes().strip()
    except OSError as err:
        raise SettingsError(
            f"The workspace key in {path} cannot be read or made: {err.strerror}. "
            "Set MURMURATION_STATE to a folder that can be written."
        ) from err
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(
            f"The workspace key in {path} is cut short. Put back a copy of it: with another key the "
            "same author would get two pseudonyms."
        )
    return Pseudonyms(key)


def _make_key(path: Path) -> None:
    """Write a new key, readable by its owner only; of two that race, the first one stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not named by the process: containers that share the folder have the same numbers.
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
