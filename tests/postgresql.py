"""A PostgreSQL of its own for a test: in a temporary folder, reached by a socket, never run as root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl: on the path, or where Debian keeps them."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@contextmanager
def private_postgresql() -> Iterator[str]:
    """Start one and give its address, or skip the test where none is installed."""
    binaries = find_binaries()
    if binaries is None:
        assert not os.environ.get("REQUIRE_POSTGRESQL"), "PostgreSQL must be here, and is not"
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(
        tempfile.mkdtemp(prefix="pg-")
    )  # short, as the path of a socket may have 107 signs
    who: dict[str, object] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = next(name for name in ("postgres", "nobody") if _is_user(name))
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def call(*words: str) -> None:
        environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C"}
        done = subprocess.run(
            words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            timeout=120, **who,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    data = folder / "data"
    call(
        str(binaries / "initdb"), "-D", str(data), "-U", "tests", "-A", "trust", "-N", "-E", "UTF8"
    )
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c shared_buffers=16MB"
    control = (str(binaries / "pg_ctl"), "-D", str(data), "-w")
    call(*control, "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://tests@/postgres?host={folder}"
    finally:
        call(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
