"""People see what they were given, and nothing else."""

from dataclasses import replace

import pytest

from murmuration.dashboards.access import Access, read_access
from murmuration.dashboards.archive import find_newest, list_visible, open_run
from murmuration.dashboards.people import People, hash_password, is_password, save_person
from murmuration.dashboards.server import Dashboards, ServerOptions
from murmuration.errors import SettingsError, UnknownNameError
from murmuration.settings import get_settings

from .runs import make_run

VIEWER = Access(name="vera", role="viewer", brands=("aurora",), reports=("brand_health",))


def test_a_viewer_sees_runs_of_the_brands_and_reports_that_were_given(reports):
    make_run(reports, brand="velora", run_id="20260303T060000Z-0002")
    assert [run.folder.name for run in list_visible(reports, VIEWER)] == ["20260302T060000Z-0001"]
    assert find_newest(reports, VIEWER, "topics") is None


@pytest.mark.parametrize("parameters", [{}, {"data": "labels"}, {"brand": ""}])
def test_a_report_that_knows_no_brand_needs_all_brands(parameters):
    viewer = replace(VIEWER, reports=("*",))
    assert not viewer.may_see("sentiment_quality", parameters)
    assert replace(viewer, brands=("*",)).may_see("sentiment_quality", parameters)
    assert replace(viewer, role="admin").may_see("sentiment_quality", parameters)


def test_a_run_over_all_posts_needs_all_brands():
    assert not VIEWER.may_see("brand_health", {"brand": ""})
    everything = Access(name="olga", brands=("*",), reports=("brand_health",))
    assert everything.may_see("brand_health", {"brand": ""})


@pytest.mark.parametrize(
    "run_id",
    [
        "20260303T060000Z-0002", "none", "", "..", "../brand_health/20260302T060000Z-0001", "/etc/passwd", "*", "2026*", "a" * 101,
        "20260302T060000Z-0001/../20260302T060000Z-0001", "20260302T060000Z-0001\0", "[0-9]*",
    ],
)  # fmt: skip
def test_a_run_that_is_not_there_and_one_that_is_not_for_them_are_refused_alike(reports, run_id):
    make_run(reports, brand="velora", run_id="20260303T060000Z-0002")
    with pytest.raises(UnknownNameError, match="no such run, or it is not yours"):
        open_run(reports, VIEWER, run_id)


def test_a_half_written_run_is_no_run(reports):
    (reports / "brand_health" / "20260309T060000Z-0009").mkdir()
    broken = reports / "brand_health" / "20260310T060000Z-0010"
    broken.mkdir()
    (broken / "manifest.json").write_text('{"report": "brand_')
    assert find_newest(reports, VIEWER, "brand_health").folder.name == "20260302T060000Z-0001"


def test_access_survives_the_way_to_the_kernel():
    assert read_access(VIEWER.as_text()) == VIEWER


def test_a_password_is_kept_as_a_hash_that_only_it_fits():
    hashed = hash_password("correct horse")
    assert "correct" not in hashed
    assert is_password("correct horse", hashed)
    assert not is_password("correct horsf", hashed)
    assert not is_password("", "no hash")


def test_people_are_saved_for_the_owner_only_and_read_again_when_they_change(tmp_path):
    path = tmp_path / "users.yaml"
    save_person(path, "vera", "long enough", role="viewer", brands=["aurora"], reports=["*"])
    assert path.stat().st_mode & 0o077 == 0
    people = People(path)
    vera = people.check("vera", "long enough")
    assert vera is not None
    assert vera.access == Access(name="vera", role="viewer", brands=("aurora",), reports=("*",))
    assert people.check("vera", "wrong enough") is None
    assert people.check("nobody", "long enough") is None
    save_person(path, "vera", "another one", role="analyst", brands=["velora"])
    assert people.check("vera", "long enough") is None
    assert people.find("vera").stamp != vera.stamp


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("users:\n  vera: {role: boss}", "line 2.*role is 'boss'"),
        ("users:\n  vera: {rolle: viewer}", "no 'rolle'. Did you mean 'role'"),
        ("users:\n  vera: {password: secret}", "must be a hash"),
        ("users:\n  vera: {brands: aurora}", "brands is a list"),
        ("users:\n  'a b': {}", "letters, digits"),
        ("users: 3", "must hold `users:`"),
        ("[", "no valid YAML"),
    ],
)
def test_a_mistake_in_the_users_file_is_told_with_its_place(tmp_path, text, problem):
    (tmp_path / "users.yaml").write_text(text)
    with pytest.raises(SettingsError, match=problem):
        People(tmp_path / "users.yaml")


def test_outside_a_workspace_there_is_nothing_to_serve(tmp_path):
    settings = replace(get_settings(), root=tmp_path)
    with pytest.raises(SettingsError, match="Start the dashboards in a workspace"):
        Dashboards(ServerOptions(), settings, on_ready=print)
