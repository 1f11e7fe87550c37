"""tasks.py on a bare machine: what it says, and that it mends itself."""

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT

OLD = ("python3.6", "python3.8", "python3.9", "python3.10")


def bare(folder: Path) -> Path:
    """A workspace with nothing but what the set-up reads."""
    folder.mkdir(exist_ok=True)
    for name in ("tasks.py", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def start(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("CONDA", "PIP_"))
    }
    return subprocess.run(
        [base_python(), "tasks.py", *words],
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def base_python() -> str:
    """The Python that this environment was made with: what a newcomer has."""
    return str(Path(sys.base_prefix) / "bin" / "python3")


def no_network() -> dict[str, str]:
    # Port 9 answers nobody; find-links and extra indexes of this machine are switched off as well.
    return {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0",
            "PIP_NO_CACHE_DIR": "1"}  # fmt: skip


def tasks_module():
    spec = importlib.util.spec_from_file_location("tasks_under_test", ROOT / "tasks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def old_pythons() -> list[str]:
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(name) for name in OLD]
    candidates += [str(path) for path in sorted(versions.glob("3.[6-9].*/bin/python"))]
    candidates += [str(path) for path in sorted(versions.glob("3.10.*/bin/python"))]
    return [
        path
        for path in candidates
        if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0
    ]


def test_a_python_that_is_too_old_says_so_in_one_sentence():
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python older than 3.11 is on this machine")
    for python in pythons:
        done = subprocess.run(
            [python, "tasks.py", "demo"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith(
            "Murmuration needs Python 3.11 or newer, but this is Python 3."
        )
        assert done.stderr.count("\n") == 1


def test_the_file_has_no_syntax_that_old_pythons_cannot_read():
    import ast

    ast.parse((ROOT / "tasks.py").read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_says_how_to_get_it(tmp_path, module):
    folder = bare(tmp_path / "clone")
    code = (
        f"import sys, runpy; sys.modules[{module!r}] = None; sys.argv = ['tasks.py', 'runs'];"
        "runpy.run_path('tasks.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1
    assert "sudo apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.soak
def test_without_a_network_it_says_so_and_the_next_call_begins_anew(tmp_path):
    folder = bare(tmp_path / "clone")
    first = start(folder, "runs", **no_network())
    assert first.returncode == 1
    assert first.stderr.strip().endswith(
        "Connect and run the same command again; what was downloaded is kept."
    )
    assert "Traceback" not in first.stderr
    second = start(folder, "runs", **no_network())
    assert "unfinished" in second.stderr


@contextlib.contextmanager
def setting_up(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A set-up on its way; at the end it is killed with all that it started, as by a power cut."""
    child = subprocess.Popen(
        [base_python(), "tasks.py", "runs"],
        cwd=folder,
        env=os.environ | no_network(),
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself, which the test says
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def wait_for_another(place: Path, child: subprocess.Popen[bytes], before: int = 0) -> int:
    """Wait until a set-up has written a file that is not the one of `before`; give its number on disk."""
    while True:
        with contextlib.suppress(FileNotFoundError):
            if (number := place.stat().st_ino) != before:
                return number
        assert child.poll() is None
        time.sleep(0.01)


def test_a_set_up_that_was_killed_is_begun_anew(tmp_path):
    folder = bare(tmp_path / "clone")
    place = folder / ".venv" / "pyvenv.cfg"
    with setting_up(folder) as child:
        first = wait_for_another(place, child)
    os.link(place, tmp_path / "kept")  # so that no other file gets its number
    with setting_up(folder) as child:
        assert "making it anew" in child.stderr.readline().decode()
        wait_for_another(place, child, before=first)


def test_a_changed_lock_makes_the_environment_anew(tmp_path, monkeypatch):
    module = tasks_module()
    folder = bare(tmp_path / "clone")
    for name, path in {
        "ROOT": "",
        "LOCK": "requirements.lock",
        "VENV": ".venv",
        "STAMP": ".venv/murmuration-setup.json",
    }.items():
        monkeypatch.setattr(module, name, str(folder / path).rstrip("/"))
    python = Path(module.venv_python())
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert not module.is_whole()
    Path(module.STAMP).write_text(json.dumps(module.wanted_stamp()))
    assert module.is_whole()
    with (folder / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    assert not module.is_whole()


def test_an_environment_whose_python_moved_on_is_made_anew(tmp_path, monkeypatch):
    module = tasks_module()
    for name, path in {"VENV": ".venv", "STAMP": ".venv/murmuration-setup.json"}.items():
        monkeypatch.setattr(module, name, str(tmp_path / path))
    python = Path(module.venv_python())
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    Path(module.STAMP).write_text(json.dumps(module.wanted_stamp()))
    assert module.is_whole()
    Path(module.STAMP).write_text(json.dumps(module.wanted_stamp() | {"python": "3.1"}))
    assert not module.is_whole()


KILLED = """
import os, shutil, signal, sys
sys.argv = ["tasks.py"]
import tasks
owner, name, number = {owner}, "{name}", {number}
real, calls = getattr(owner, name), [0]
def deadly(*words, **options):
    calls[0] += 1
    if calls[0] == number:
        if name == "rmtree":  # half-way: the marks are among the first to go
            for mark in ("murmuration-setup.json", "murmuration-setup.begun"):
                path = os.path.join(words[0], mark)
                os.path.exists(path) and os.remove(path)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*words, **options)
setattr(owner, name, deadly)
tasks.run_step = lambda *words, **options: sys.exit(0)
tasks.build_environment()
"""


@pytest.mark.parametrize(
    ("owner", "name", "number"),
    [("shutil", "rmtree", 3), ("os", "rename", 2)],
)
def test_a_set_up_that_is_killed_while_it_clears_the_place_goes_on(tmp_path, owner, name, number):
    folder = bare(tmp_path / "clone")
    (folder / ".venv" / "lib").mkdir(parents=True)
    (folder / ".venv" / "murmuration-setup.json").write_text("{}")
    (folder / ".venv" / "lib" / "old").write_text("old")
    code = KILLED.format(owner=owner, name=name, number=number)
    killed = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    code = KILLED.format(owner=owner, name=name, number=99)
    again = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    there = {path.name for path in folder.glob(".venv*/*")}
    assert there == {"murmuration-setup.begun"}


def test_a_full_disk_and_any_other_failure_are_one_sentence():
    module = tasks_module()
    assert "disk is full" in module.explain(
        ["OSError: [Errno 28] No space left on device"], "installing packages"
    )
    sentence = module.explain(
        ["...", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES."], "installing packages"
    )
    assert sentence.startswith(
        "Installing packages failed: ERROR: THESE PACKAGES DO NOT MATCH THE HASHES. All it said is in"
    )


def test_an_active_conda_environment_is_used_and_base_is_not(tmp_path, monkeypatch):
    module = tasks_module()
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path))
    monkeypatch.setenv("CONDA_DEFAULT_ENV", "murmuration")
    assert module.conda_prefix() == str(tmp_path)
    monkeypatch.setenv("CONDA_DEFAULT_ENV", "base")
    assert module.conda_prefix() == ""


def test_an_environment_that_somebody_else_made_is_left_alone(tmp_path):
    folder = bare(tmp_path / "clone")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "precious").write_text("mine")
    done = start(folder, "runs", **no_network())
    assert done.returncode == 1
    assert "did not make" in done.stderr
    assert (folder / ".venv" / "precious").read_text() == "mine"


def test_without_a_word_it_prints_every_word_there_is():
    code = "import sys; sys.argv = ['tasks.py']; import tasks; tasks.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for word in (
        "demo",
        "test",
        "soak",
        "bench",
        "lab",
        "import",
        "report",
        "runs",
        "compact",
        "forget",
        "doctor",
        "config",
    ):
        assert f"\n  {word} " in done.stdout


def test_lab_opens_on_the_notebook_that_shows_the_way():
    with (
        socket.socket() as free,
        subprocess.Popen(
            [sys.executable, "tasks.py", "lab", "--no-browser", "--port", str(unused(free))],
            cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True,
        ) as lab,
    ):  # fmt: skip
        try:
            said = iter(lab.stderr.readline, "")
            url = next(line.strip() for line in said if line.strip().startswith("http://"))
            assert "/lab/tree/notebooks/explore/getting_started.ipynb?token=" in url
            assert "JupyterLab" in fetch(url)
        finally:
            os.killpg(lab.pid, signal.SIGKILL)


def fetch(url, seconds=60):
    """Read a page of a server that may say its address before it listens there."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as page:
                return page.read().decode()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def unused(free):
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    return port
