"""Workspaces in which whole reports run, each made once."""

import pytest

from ..browser.conftest import Workspace


@pytest.fixture(scope="session")
def airline_workspace(tmp_path_factory, real_data) -> Workspace:
    """A workspace with the real airline posts, taken in as a person would."""
    workspace = Workspace(tmp_path_factory.mktemp("airline"))
    workspace.run("import", str(real_data("airline/Tweets.csv")), "--source", "airline")
    return workspace
