"""Parts that many tests stand on: a store in a folder, real posts, a workspace of its own."""

import csv
import gc
import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from hypothesis import settings as hypothesis_settings

from murmuration.collect import ImportOptions, Receipt, import_files
from murmuration.garbage import collect_seldom
from murmuration.settings import get_settings
from murmuration.store import Pseudonyms, Store

ROOT = Path(__file__).resolve().parents[1]
PSEUDONYMS = Pseudonyms(b"a key for tests, 32 bytes long ..")
SEEN = datetime(2026, 3, 1, tzinfo=UTC)  # when test files were "seen", unless they say otherwise
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


# The same examples every time, and no time limit of their own: machines do much else.
hypothesis_settings.register_profile("here", derandomize=True, deadline=None)
hypothesis_settings.load_profile("here")

# As in the processes that are ours; what was collected stays until the end.
collect_seldom()


def pytest_collection_finish() -> None:
    """Look no more at what thousands of tests are made of."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Let what was set aside be taken apart: some libraries complain of what is left."""
    gc.unfreeze()


# Whole runs, browsers and servers: begun first, so that no core is left with one of them at the end.
LONG = (
    "notebooks",
    "browser",
    "test_tasks.py",
    "reports",
    "test_cli.py",
    "schedule",
    "store",
    "topics",
    "compute",
    "dashboards",
)


def soak_but(values: Iterable[Any], *kept: Any) -> list[Any]:
    """Give values of a test's parameter: those named are tried each time, all others in `soak`."""
    some = list(values)
    assert set(kept) <= set(some)
    return [
        one
        if one in kept
        else pytest.param(*(one if isinstance(one, tuple) else (one,)), marks=pytest.mark.soak)
        for one in some
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take long first; their order says what `--no-loadscope-reorder` keeps."""

    def rank(item: pytest.Item) -> int:
        first = item.path.relative_to(ROOT / "tests").parts[0]
        return LONG.index(first) if first in LONG else len(LONG)

    items.sort(key=rank)  # stable: a file stays whole


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the settings of the person who runs the tests out of them, and the tests out of their store."""
    for name in list(os.environ):
        if name.startswith("MURMURATION_") and name != "MURMURATION_REAL_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("MURMURATION_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("MURMURATION_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MURMURATION_REPORTS", str(tmp_path / "reports"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def _log_of_a_library() -> None:
    """Let log lines go where tests look, whatever a command that ran in this process before made of them."""
    for name in ("murmuration", "murmuration.dashboards"):
        log = logging.getLogger(name)
        log.setLevel(logging.NOTSET)
        log.handlers, log.propagate = [], True


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Give a file or folder of the real posts, or skip the test."""
    root = Path(os.environ.get("MURMURATION_REAL_DATA") or ROOT / "../shared/data").resolve()

    def find(name: str) -> Path:
        path = root / name
        if not path.exists():
            assert not os.environ.get("REQUIRE_REAL_DATA"), f"{path} must be here, and is not"
            pytest.skip(
                f"real posts are not here: {name} (set MURMURATION_REAL_DATA to their folder)"
            )
        return path

    return find


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in a folder, not made yet."""
    return Store(str(tmp_path / "store"), PSEUDONYMS)


@pytest.fixture(scope="session")
def _made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without posts; copying it takes a tenth of the time that making one takes."""
    folder = tmp_path_factory.mktemp("made") / "store"
    Store(str(folder), PSEUDONYMS).make()
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The local folder for locks and spilled rows."""
    return tmp_path / "state"


@pytest.fixture
def take_in(store: Store, state: Path, _made_store: Path) -> Callable[..., Receipt]:
    """Import one file into `store` under the source "test"; keywords are those of ImportOptions."""

    def run(
        path: Path | str, *, source: str = "test", into: Store | None = None, **options: Any
    ) -> Receipt:
        options.setdefault("observed_at", SEEN)
        into = into or store
        if into.pseudonyms == PSEUDONYMS and not into.on_s3 and not Path(into.location).exists():
            shutil.copytree(_made_store, into.location)
        [receipt] = import_files(
            [str(path)],
            source=source,
            store=into,
            state=state,
            options=ImportOptions(**options),
        )
        return receipt

    return run


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str, Callable[[], object]], None]:
    """Do something once, just before a step is taken, as another machine may."""

    def plan(owner: Any, step: str, action: Callable[[], object]) -> None:
        real, done = getattr(owner, step), []

        def interrupted(*args: Any, **options: Any) -> Any:
            if not done:
                done.append(True)
                action()
            return real(*args, **options)

        monkeypatch.setattr(owner, step, interrupted)

    return plan


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a CSV file."""

    def write(rows: Sequence[Mapping[str, object]], name: str = "posts.csv") -> Path:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            columns = list(dict.fromkeys(column for row in rows for column in row))
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the catalog and the notebooks of this repository, and nothing else of it."""
    root = tmp_path / "workspace"
    root.mkdir()
    shutil.copy(ROOT / "data_catalog.yaml", root)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    monkeypatch.chdir(root)
    get_settings.cache_clear()
    return root


@pytest.fixture
def here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a command in the workspace, in this process; give exit code, output and errors."""
    from .commands import type_words

    def run(*words: str, code: int = 0, **environment: str) -> Any:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        done = type_words(*words)
        assert done.returncode == code, done.stderr
        return done

    return run


@pytest.fixture
def add_report(workspace: Path) -> Callable[..., str]:
    """Put a report with these code cells into the workspace and give its name."""

    def add(
        *cells: str, parameters: str = 'note: str = ""  # anything', name: str = "small"
    ) -> str:
        sources = [(parameters, ["parameters"]), *((cell, []) for cell in cells)]
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": KERNEL,
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "metadata": {"tags": tags},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
                for number, (source, tags) in enumerate(sources)
            ],
        }
        (workspace / "notebooks" / "reports" / f"{name}.ipynb").write_text(json.dumps(notebook))
        return name

    return add


@pytest.fixture
def some_posts(take_in: Any, write_csv: Any, store_of_settings: Store) -> None:
    """Three posts in the store of the workspace."""
    rows = [
        {"id": str(n), "text": f"post {n}", "created_at": "2026-01-01T00:00:00Z", "author": "a"}
        for n in range(3)
    ]
    take_in(write_csv(rows), into=store_of_settings)


@pytest.fixture
def store_of_settings(workspace: Path) -> Store:
    """The store of the workspace."""
    del workspace
    from murmuration.store import open_store

    return open_store()


@pytest.fixture
def make_office(workspace: Path, some_posts: None) -> Iterator[Callable[..., Any]]:
    """Give a workspace whose one schedule runs a real report, by fields of the schedule."""
    from .schedule.office import Office

    del some_posts
    made: list[Office] = []

    def make(**fields: Any) -> Office:
        made.append(Office(workspace, **fields))
        return made[-1]

    yield make
    for office in made:
        office.ledger.close()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Start a local S3 server; its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What a person sets to use the server, and nothing else; its address."""
    import fsspec

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    yield s3_server
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.fixture
def bucket(s3: str) -> str:
    """A bucket of its own; its name."""
    name = f"bucket-{secrets.token_hex(16)}"
    urlopen(Request(f"{s3}/{name}", method="PUT")).close()
    return name


@pytest.fixture
def on_s3(bucket: str, store: Store) -> Store:
    """A store on S3 with a bucket of its own."""
    return Store(f"s3://{bucket}/some prefix/data", store.pseudonyms)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a private PostgreSQL, or skip the test where it is not installed."""
    from .postgresql import private_postgresql

    with private_postgresql() as address:
        yield address


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """Give the address of an empty database."""
    import psycopg

    name = f"test_{secrets.token_hex(4)}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgresql_server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def daemon_server() -> Iterator[Any]:
    """The process that forks daemons of the scheduler, with a stand-in for the run of a report."""
    from .schedule.stand_in import server

    with server() as process:
        yield process


@pytest.fixture
def make_world(tmp_path: Path, daemon_server: Any) -> Iterator[Callable[..., Any]]:
    """Give a folder of schedules and their ledger, for daemons in processes of their own."""
    from .schedule.stand_in import World

    made: list[World] = []

    def make(**options: Any) -> World:
        made.append(World(tmp_path / "world", daemon_server, **options))
        return made[-1]

    yield make
    for world in made:
        world.ledger.close()
