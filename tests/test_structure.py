"""Conventions that hold everywhere: names, docstrings, documents, imports."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import murmuration as mm
from murmuration.cli import app

from .conftest import ROOT

LIBRARY = ROOT / "lib" / "murmuration"
MODULES = sorted(LIBRARY.rglob("*.py"))
ROOMS = [path.parent for path in sorted(LIBRARY.glob("*/__init__.py"))]


def public_functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    bodies = [tree.body, *(node.body for node in classes)]
    return [
        node
        for body in bodies
        for node in body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_every_public_function_says_what_it_gives(path):
    for node in public_functions(path):
        assert ast.get_docstring(node), f"{node.name} has no docstring"
        assert node.returns is not None, f"{node.name} has no return type"


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_name_that_a_room_lists_is_there(room):
    module = importlib.import_module(f"murmuration.{room.name}")
    listed = getattr(module, "__all__", [])
    assert all(getattr(module, name) is not None for name in listed)


def test_the_names_that_others_call_are_there():
    for name in (
        "load_posts",
        "run_report",
        "sample.make_posts",
        "sentiment.vader_scores",
        "sentiment.score_posts",
    ):
        thing = mm
        for part in name.split("."):
            thing = getattr(thing, part)
        assert callable(thing)


def test_importing_does_nothing(tmp_path):
    code = "import murmuration, sys; print('pandas' in sys.modules, 'dask' in sys.modules, 'pyarrow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False False False"
    assert list(tmp_path.iterdir()) == []


def test_help_needs_no_heavy_library():
    code = (
        "import sys; sys.argv = ['murmuration', '--help']\n"
        "from murmuration.cli import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print(sorted({'pandas', 'pyarrow', 'dask', 'deltalake', 'duckdb', 'plotly'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize("name", sorted(get_command(app).commands))
def test_every_command_is_documented_where_users_look(name):
    words = (ROOT / "docs/usage.md").read_text(encoding="utf-8") + (ROOT / "README.md").read_text(
        encoding="utf-8"
    )
    assert re.search(rf"(`{name}[` ]|tasks\.py {name}\b)", words), (
        f"{name} is in neither the README nor docs/usage.md"
    )


@pytest.mark.parametrize(
    "name",
    [
        field
        for field in mm.settings.Settings.__dataclass_fields__
        if field not in ("root", "origins")
    ],
)
def test_every_setting_is_documented(name):
    assert f"MURMURATION_{name.upper()}" in (ROOT / "docs/install.md").read_text(encoding="utf-8")


def test_every_link_in_the_documents_leads_somewhere():
    for path in [
        ROOT / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted(ROOT.glob("*/README.md")),
    ]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_nothing_names_the_machine_it_was_written_on():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    home = str(Path.home())
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".yaml", ".yml", ".toml", ".ipynb", ".lock", ""}
            and path.is_file()
        ):
            text = path.read_text(encoding="utf-8")
            assert str(ROOT) + "/" not in text, name
            assert len(home) < 3 or home + "/" not in text, name


def test_a_notebook_that_begins_a_run_waits_for_no_estimators():
    """A run of any report imports this; sklearn alone takes a second."""
    code = "import sys, murmuration.reports.run as run; print(*{'sklearn', 'umap', 'bertopic', 'torch'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_daemon_holds_no_library_that_only_its_runs_need():
    """They would be 110 MB of 300, for as long as it lives."""
    parts = "daemon changes page retention execute check metrics".split()
    code = "".join(f"import murmuration.schedule.{part}\n" for part in parts) + (
        "import sys, murmuration.reports.runner\n"
        "print(*{'dask', 'duckdb', 'sklearn', 'scipy', 'plotly', 'numba'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
