"""Workspaces in which whole reports run, each made once."""

import json
from pathlib import Path
from typing import Any

import pytest

from murmuration.reports import RunResult, load_run
from murmuration.reports.parameters import cell_source, cell_tags

from ..browser.conftest import Workspace

UNITED = {
    "source": "airline", "brand": "united", "since": "2015-02-16", "until": "2015-02-25",
}  # fmt: skip


@pytest.fixture(scope="session")
def airline_workspace(tmp_path_factory, real_data) -> Workspace:
    """A workspace with the real airline posts, taken in as a person would."""
    workspace = Workspace(tmp_path_factory.mktemp("airline"))
    workspace.run("import", str(real_data("airline/Tweets.csv")), "--source", "airline")
    return workspace


@pytest.fixture(scope="session")
def united(airline_workspace: Workspace) -> RunResult:
    """The report of the README's example."""
    return load_run(airline_workspace.report("brand_health", **UNITED))


def values_of(run: RunResult) -> dict[str, str]:
    """Give the hash of each result table's values."""
    return {
        artefact["path"]: artefact["values_sha256"]
        for artefact in run.manifest["artefacts"]
        if "values_sha256" in artefact
    }


def run_cells(notebook: Path, **parameters: object) -> dict[str, Any]:
    """Run a notebook's cells in this process, as a draft; give the names it leaves."""
    names: dict[str, Any] = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile(cell_source(cell), str(notebook), "exec"), names)
            if "parameters" in cell_tags(cell):
                names.update(parameters)
    return names
