"""Notebooks are committed clean, read like reports, and leave the work to the library."""

import ast
import json
from pathlib import Path

import pytest

from murmuration.reports.parameters import cell_source, cell_tags, read_parameters

from ..conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
REPORTS = [path for path in NOTEBOOKS if path.parent.name == "reports"]
MOST_LINES = 15
FORBIDDEN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try, ast.While)


def code_cells(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} >= {"brand_health", "getting_started"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs_and_with_its_kernel(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in code_cells(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_defines_nothing_and_names_no_path(path):
    for number, cell in enumerate(code_cells(path)):
        source = cell_source(cell)
        tree = ast.parse(source)
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)], (
            f"code cell {number}"
        )
        texts = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        assert not [text for text in texts if text.startswith(("/", "~", "../", "C:\\"))], (
            f"code cell {number}"
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_fits_on_a_screen(path):
    for cell in code_cells(path):
        if "parameters" not in cell_tags(cell):
            lines = [
                line
                for line in cell_source(cell).splitlines()
                if line.strip() and not line.strip().startswith("#")
            ]
            assert len(lines) <= MOST_LINES


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_every_report_has_typed_and_explained_parameters(path):
    assert all(parameter.help for parameter in read_parameters(path).values())


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_every_parameter_of_a_report_is_in_the_usage_guide(path):
    guide = (ROOT / "docs/usage.md").read_text(encoding="utf-8")
    assert f"`{path.stem}`" in guide
    for name in read_parameters(path):
        assert f"`{name}`" in guide, f"docs/usage.md does not explain {name}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_passes_the_linter(path):
    import subprocess
    import sys

    done = subprocess.run(
        [str(Path(sys.executable).parent / "ruff"), "check", "--extend-ignore", "D,INP,B018,E402,T20", str(path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
