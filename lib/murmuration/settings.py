"""What this machine is told: where things are kept and what may be used.

Settings come from the environment, then from a ``.env`` file beside ``data_catalog.yaml``, then from
the defaults; the prefix is ``MURMURATION_``. They are read once, here and nowhere else.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dotenv import dotenv_values

from murmuration.errors import SettingsError, suggest

PREFIX = "MURMURATION_"
CATALOG_NAME = "data_catalog.yaml"
BACKENDS = ("auto", "cpu", "gpu")
CLUSTERS = ("auto", "threads", "local")
LOGS = ("text", "json")

_DEFAULTS = {
    "STORE": "",
    "REPORTS": "reports",
    "STATE": ".murmuration",
    "LEDGER": "",
    "KEY": "",
    "BACKEND": "auto",
    "CLUSTER": "auto",
    "CATALOG": CATALOG_NAME,
    "REAL_DATA": "../shared/data",
    "LINKS": "",
    "LOG": "text",
    "PING": "",
}
# Read by other parts: the folder of the run that a report's kernel belongs to.
_OTHERS = ("RUN",)
_PASSWORD = re.compile(r"(://[^/@]*:).*(@)")  # a password may hold any sign, also @


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Effective settings of this machine.

    Attributes
    ----------
    root
        The workspace: the folder that holds the catalog.
    store
        Folder or ``s3://`` address of the store; empty means that the catalog says it.
    reports
        Folder that runs are written to.
    state
        Local folder for the pseudonym key, locks, caches and the ledger.
    ledger
        SQL address of the scheduler's ledger; empty means a file in `state`. Not shown.
    key
        Workspace key for pseudonyms; empty means that `state` holds it. Never shown.
    backend
        Which estimators may run: ``auto``, ``cpu`` or ``gpu``.
    cluster
        Where tasks run: ``auto``, ``threads``, ``local`` or a scheduler's address.
    catalog
        The catalog file.
    real_data
        Where tests find real posts.
    links
        Address under which `reports` is served, for links in notices; empty means paths of this machine.
    log
        How the scheduler's log is written: ``text`` or ``json``.
    ping
        Address that the scheduler's daemon calls while all is well. Never shown: whoever knows it can call it.
    origins
        For each setting, where its value came from.
    """

    root: Path
    store: str
    reports: Path
    state: Path
    ledger: str = field(repr=False)  # its address may hold a password
    key: str = field(repr=False)
    backend: str
    cluster: str
    catalog: Path
    real_data: Path
    links: str
    log: str
    ping: str = field(repr=False)
    origins: Mapping[str, str] = field(repr=False)

    def describe(self) -> dict[str, str]:
        """Give every setting as text that may be shown: no key, and no password of the ledger."""
        shown = {name: str(getattr(self, name)) for name in self.origins}
        shown["key"] = "(set)" if self.key else f"(in {self.state / 'key'})"
        ledger = self.ledger or f"sqlite:///{self.state / 'ledger.sqlite'}"
        shown["ping"] = "(set)" if self.ping else ""
        return shown | {"ledger": _PASSWORD.sub(r"\1***\2", ledger)}


def find_root(start: Path) -> Path:
    """Give the nearest folder at or above `start` that holds a catalog, else `start` itself."""
    for folder in (start, *start.parents):
        if (folder / CATALOG_NAME).is_file():
            return folder
    return start


def load_settings(environ: Mapping[str, str], *, start: Path) -> Settings:
    """Read the settings of this machine.

    Parameters
    ----------
    environ
        The environment, usually ``os.environ``.
    start
        Folder where the search for the workspace begins.

    Returns
    -------
    Settings
        Checked values; relative paths are taken from the workspace's folder.

    Raises
    ------
    SettingsError
        If a name with the prefix is unknown or a value is not allowed.
    """
    root = find_root(start.resolve())
    file_values = _read_file(root / ".env")
    _check_names(environ, "The environment")
    _check_names(file_values, str(root / ".env"))
    values, origins = {}, {}
    for name, default in _DEFAULTS.items():
        full = PREFIX + name
        # An empty variable means "not set", as in most shells' scripts.
        if environ.get(full):
            values[name], origins[name.lower()] = environ[full], f"environment, {full}"
        elif file_values.get(full):
            values[name], origins[name.lower()] = file_values[full], f"{root / '.env'}, {full}"
        else:
            values[name], origins[name.lower()] = default, "default"
    return Settings(
        root=root,
        store=values["STORE"],
        reports=_path(root, "REPORTS", values["REPORTS"]),
        state=_path(root, "STATE", values["STATE"]),
        ledger=values["LEDGER"],
        key=values["KEY"],
        backend=_choice("BACKEND", values["BACKEND"], BACKENDS),
        cluster=_cluster(values["CLUSTER"]),
        catalog=_path(root, "CATALOG", values["CATALOG"]),
        real_data=_path(root, "REAL_DATA", values["REAL_DATA"]),
        links=values["LINKS"],
        log=_choice("LOG", values["LOG"], LOGS),
        ping=values["PING"],
        origins=origins,
    )


@cache
def get_settings() -> Settings:
    """Give the settings of this process; the environment is read at the first call only."""
    return load_settings(os.environ, start=Path.cwd())


def read_environ(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """Give what stands under the names of variables: that of the environment, else that of ``.env`` beside the catalog.

    For secrets that a file names by their variable, such as the addresses of notices.
    """
    return _read_file(root / ".env") | {name: value for name, value in environ.items() if value}


def _read_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        # No ${NAME} is filled in: what stands in the file is the value, also in a key.
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as err:
        raise SettingsError(f"{path} cannot be read as UTF-8 text: {err}.") from err
    return {name: value or "" for name, value in values.items()}


def _check_names(names: Mapping[str, str], place: str) -> None:
    known = [PREFIX + name for name in (*_DEFAULTS, *_OTHERS)]
    for name in names:
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(f"{place} sets {name}, which is no setting.{suggest(name, known)}")


def _path(root: Path, name: str, value: str) -> Path:
    if "://" in value:
        raise SettingsError(
            f"{PREFIX}{name} is {value!r}, but it must be a folder or file of this machine."
        )
    try:
        return root / Path(value).expanduser()
    except RuntimeError as err:
        raise SettingsError(f"{PREFIX}{name} is {value!r}, but there is no such user.") from err


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise SettingsError(
            f"{PREFIX}{name} is {value!r}, but it must be one of {', '.join(allowed)}."
        )
    return value


def _cluster(value: str) -> str:
    if value in CLUSTERS or "://" in value:
        return value
    raise SettingsError(
        f"{PREFIX}CLUSTER is {value!r}, but it must be one of {', '.join(CLUSTERS)} "
        "or a scheduler's address such as tcp://10.0.0.5:8786."
    )
