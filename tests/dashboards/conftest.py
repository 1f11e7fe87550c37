"""Widgets without a browser, and a folder of runs."""

import comm
import pytest
from comm import DummyComm

from .runs import make_run


@pytest.fixture(autouse=True)
def _comms(monkeypatch):
    """Give widgets somebody to talk to who does not answer."""
    monkeypatch.setattr(comm, "create_comm", DummyComm)
    monkeypatch.delenv("VOILA_BASE_URL", raising=False)


@pytest.fixture
def reports(tmp_path):
    make_run(tmp_path / "reports")
    return tmp_path / "reports"
