"""People and their rights, from a file that an administrator keeps; passwords as hashes only."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from murmuration.dashboards.access import ALL, ROLES, Access, Role
from murmuration.errors import SettingsError, suggest
from murmuration.yaml_file import read_yaml

# 32 MB and about 0.1 s for each try: OWASP Password Storage, scrypt.
_N, _R, _P = 2**15, 8, 1
_MEMORY = 128 * _N * _R * 2
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_LEAST = 8  # letters of a password
_FIELDS = ("password", "role", "brands", "reports")


@dataclass(frozen=True, slots=True)
class Person:
    """One entry of the file: what the person may do, and the hash of the password."""

    access: Access
    hashed: str

    @property
    def stamp(self) -> str:
        """What a session holds on to: it ends when the password or the rights change."""
        return hashlib.sha256(f"{self.hashed} {self.access.as_text()}".encode()).hexdigest()[:24]


def hash_password(password: str) -> str:
    """Give a password as it is kept.

    Raises
    ------
    SettingsError
        If it is shorter than 8 letters.
    """
    if len(password) < _LEAST:
        raise SettingsError(
            f"The password has {len(password)} letters, but it needs {_LEAST} or more."
        )
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def is_password(password: str, hashed: str) -> bool:
    """Whether a password is the one that was hashed."""
    try:
        kind, n, r, p, salt, wanted = hashed.split("$")
        made = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
        return kind == "scrypt" and hmac.compare_digest(made, bytes.fromhex(wanted))
    except ValueError:
        return False


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass")[:1024],
        salt=salt,
        n=n,
        r=r,
        p=p,
        maxmem=_MEMORY,
        dklen=32,
    )


_NOBODY = "scrypt$32768$8$1$" + "00" * 16 + "$" + "00" * 32


class People:
    """The people of a file, read again when it changes.

    Parameters
    ----------
    path
        A YAML file, see docs/usage.md.

    Raises
    ------
    SettingsError
        If it cannot be read, or says something that is not allowed; says where.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._known: dict[str, Person] = {}
        self._look()

    def find(self, name: str) -> Person | None:
        """Give a person by name."""
        self._look()
        return self._known.get(name)

    def check(self, name: str, password: str) -> Person | None:
        """Give the person of a name and a password; takes as long for a name that is not there."""
        person = self.find(name)
        right = is_password(password, person.hashed if person else _NOBODY)
        return person if right else None

    def _look(self) -> None:
        try:
            facts = self.path.stat()
        except OSError as err:
            raise SettingsError(f"{self.path} cannot be read: {err.strerror}.") from err
        seen = (facts.st_mtime_ns, facts.st_size)
        if seen != self._seen:
            self._known, self._seen = read_people(self.path), seen


def read_people(path: Path) -> dict[str, Person]:
    """Read the people of a file.

    Raises
    ------
    SettingsError
        If something in it is not allowed; says what, and in which line.
    """
    said, lines = read_yaml(path, SettingsError)
    if said is None:
        return {}
    entries = said.get("users") if isinstance(said, Mapping) else None
    if not isinstance(entries, Mapping):
        raise SettingsError(f"{path} must hold `users:` and below it one entry for each person.")
    return {
        str(name): _person(
            str(name), entry, f"{path}, line {lines.get(('users', name), 1)}, {name}"
        )
        for name, entry in entries.items()
    }


def _person(name: str, entry: Any, where: str) -> Person:
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{where}: a name is made of letters, digits and . _ @ - only.")
    if not isinstance(entry, Mapping):
        raise SettingsError(f"{where}: below a name stand {', '.join(_FIELDS)}.")
    for key in entry:
        if key not in _FIELDS:
            raise SettingsError(f"{where}: there is no {key!r}.{suggest(str(key), _FIELDS)}")
    role = entry.get("role", "viewer")
    if role not in ROLES:
        raise SettingsError(f"{where}: role is {role!r}, but it must be one of {', '.join(ROLES)}.")
    hashed = entry.get("password", "")
    if hashed and not str(hashed).startswith("scrypt$"):
        raise SettingsError(
            f"{where}: password must be a hash. Set it with: python3 tasks.py dashboards --set-user {name}"
        )
    access = Access(
        name=name,
        role=role,
        brands=_names(entry, "brands", where),
        reports=_names(entry, "reports", where),
    )
    return Person(access, str(hashed))


def _names(entry: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if value == ALL:
        return (ALL,)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SettingsError(f"{where}: {key} is a list of names, or {ALL!r} in quotes for all.")
    return tuple(value)


def save_person(
    path: Path,
    name: str,
    password: str,
    *,
    role: Role = "viewer",
    brands: Iterable[str] = (),
    reports: Iterable[str] = (),
) -> None:
    """Add a person to the file, or change one; the file is readable for its owner only.

    Raises
    ------
    SettingsError
        If a value is not allowed; then the file stays as it is.
    """
    known = read_people(path) if path.exists() else {}
    entry = {
        "password": hash_password(password), "role": role, "brands": list(brands), "reports": list(reports),
    }  # fmt: skip
    known[name] = _person(name, entry, f"{path}, {name}")
    said = {
        "users": {
            one: {
                "password": person.hashed,
                "role": person.access.role,
                "brands": ALL if ALL in person.access.brands else list(person.access.brands),
                "reports": ALL if ALL in person.access.reports else list(person.access.reports),
            }
            for one, person in known.items()
        }
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        yaml.safe_dump(said, file, sort_keys=False, allow_unicode=True)
    fresh.replace(path)
