"""A run is published with what it kept, at once or by whoever finds it undone."""

import pytest

import murmuration as mm
from murmuration.reports.manifest import load_run, show_run, stage_manifest
from murmuration.reports.publish import publish_run

from ..test_models import Constant, constant


@pytest.fixture
def keep(workspace, tmp_path, monkeypatch):
    """Give a run that kept a model under a name and is not published; its folder and the model's address."""
    monkeypatch.setitem(mm.models._LOADERS, "constant", Constant.load)

    def make(name, *shares, newest=True):
        saved = mm.models.save(constant(*shares, name="team"), make_newest=False)
        folder = tmp_path / name
        folder.mkdir()
        kept = [{"what": "segments", "model": saved.address, "newest": newest}]
        stage_manifest(folder, {"report": "audience", "status": "succeeded", "kept": kept})
        return folder, saved.address

    return make


def test_a_name_means_what_a_run_kept_once_that_is_published_however_often(keep):
    folder, address = keep("one", 0.2, 0.2, 0.6)
    for _ in range(2):
        publish_run(folder)
        assert load_run(folder).status == "succeeded"
        assert mm.models.find_newest("team").address == address


def test_what_was_published_half_way_is_finished_by_whoever_repeats_it(keep):
    folder, address = keep("one", 0.2, 0.2, 0.6)
    show_run(folder)  # so far it came
    assert mm.models.find_newest("team") is None
    publish_run(folder)
    assert mm.models.find_newest("team").address == address


def test_what_a_run_kept_beside_a_name_takes_nobodys_place(keep):
    folder, address = keep("one", 0.2, 0.2, 0.6)
    publish_run(folder)
    publish_run(keep("two", 0.1, 0.1, 0.8, newest=False)[0])
    assert mm.models.find_newest("team").address == address
