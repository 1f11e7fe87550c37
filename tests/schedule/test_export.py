"""Schedules for cron, systemd and Kubernetes: the files say the same, and each tool takes them."""

import configparser
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from murmuration.errors import ScheduleError
from murmuration.schedule import parse_cron
from murmuration.schedule.export import Place, calendar_lines, export_schedules, write_exported
from murmuration.schedule.spec import Folder, Schedule, Spec

from ..conftest import ROOT
from .exported import calendar_minutes, check_manifests, local_minutes

PLACE = Place(Path("/srv/100% murmuration"), image="registry/murmuration:1")


def schedule(name: str = "one_morning", **fields: object) -> Schedule:
    given = {
        "report": "brand_health",
        "cron": "30 6 * * mon-fri",
        "timezone": "Europe/Berlin",
    } | fields
    return Schedule(name, Spec.model_validate(given))


def test_a_crontab_ticks_every_minute_as_cron_knows_no_zones():
    files = export_schedules([schedule()], "cron", PLACE)
    [line] = [one for one in files["murmuration.crontab"].splitlines() if not one.startswith("#")]
    assert line.startswith("* * * * * cd '/srv/100\\% murmuration' && ")
    assert line.endswith("schedule tick")
    assert "one_morning: 30 6 * * mon-fri Europe/Berlin" in files["murmuration.crontab"]


@pytest.mark.parametrize("target", ["systemd", "kubernetes"])
def test_files_of_schedules_that_are_no_longer_chosen_go_and_no_others(tmp_path, target):
    both = export_schedules([schedule(), schedule("two")], target, PLACE)
    assert write_exported(both, tmp_path, target, tidy=True) == []
    write_exported(export_schedules([schedule()], "cron", PLACE), tmp_path, "cron", tidy=True)
    (tmp_path / "murmuration-mine.service").write_text("[Unit]\n")
    one = export_schedules([schedule()], target, PLACE)
    assert write_exported(one, tmp_path, target, tidy=False) == []
    gone = write_exported(one, tmp_path, target, tidy=True)
    assert gone == sorted(set(both) - set(one))
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {*one, "murmuration.crontab", "murmuration-mine.service"}


@pytest.mark.parametrize(
    ("cron", "lines"),
    [
        ("30 6 * * mon-fri", ["Mon,Tue,Wed,Thu,Fri *-*-* 06:30:00"]),
        ("*/15 * * * *", ["*-*-* *:00,15,30,45:00"]),
        ("0 0 1,15 * *", ["*-*-01,15 00:00:00"]),
        ("0 0 13 * fri", ["*-*-13 00:00:00", "Fri *-*-* 00:00:00"]),
        ("0 9 * 1-3 7", ["Sun *-01,02,03-* 09:00:00"]),
    ],
)
def test_a_rule_is_said_as_systemd_says_it(cron, lines):
    assert calendar_lines(parse_cron(cron)) == lines
    if shutil.which("systemd-analyze"):
        subprocess.run(["systemd-analyze", "calendar", *lines], check=True, capture_output=True)


@pytest.mark.parametrize(
    "cron", ["30 6 * * mon-fri", "*/20 1-4 * * *", "0 0 13 * fri", "15 9 1,31 2-5 sun", "@monthly"]
)
def test_systemd_means_the_same_minutes_as_the_rule(cron):
    rule, begin, end = parse_cron(cron), datetime(2028, 2, 1), datetime(2028, 4, 2)  # a leap year
    found = set().union(*(calendar_minutes(one, begin, end) for one in calendar_lines(rule)))
    assert found == local_minutes(rule, begin, end)


def ours():
    """The schedules of this workspace, and one that tries everything that can be exported."""
    notify = [{"to": "TEAM", "gather": "10m"}]
    rich = schedule(
        "rich-_1", cron="5,35 */6 * * fri-sun", overlap="replace", max_staleness="30s", notify=notify,
        retries={"attempts": 3}, for_each={"brand": ["a", "b"]}, resources={"cpu": "500m", "memory": "1.5Gi"},
    )  # fmt: skip
    return [*Folder(ROOT / "schedules").load().by_name.values(), rich]


def test_kubernetes_finds_no_fault_with_any_field_of_ours():
    files = export_schedules(ours(), "kubernetes", PLACE)
    assert len(files) == len(ours()) + 2  # the volume, and what sends notices
    check_manifests([one for text in files.values() for one in yaml.safe_load_all(text)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("concurrencyPolicy: Forbid", "concurrencyPolicy: Never"),
        ("timeZone: Etc/UTC", "timezone: Etc/UTC"),
        ("memory: 512Mi", "memory: 512 MB"),
        ("activeDeadlineSeconds: 600", "activeDeadlineSeconds: '600'"),
        ("claimName: murmuration-kept", "claimName: murmuration-lost"),
        ("name: send", "name: Send_it"),
        ("schedule: '*/15 * * * *'", "schedule: '*/15 * * * fri-sun'"),
    ],
)
def test_the_reader_of_this_test_finds_faults(old, new):
    files = export_schedules(ours(), "kubernetes", PLACE)
    assert old in files["notices.yaml"]
    wrong = [files["volume.yaml"], files["notices.yaml"].replace(old, new)]
    with pytest.raises((AssertionError, ValueError)):
        check_manifests([one for text in wrong for one in yaml.safe_load_all(text)])


def test_units_are_what_systemd_reads():
    files = export_schedules(ours(), "systemd", PLACE)
    known = {
        "Unit": {"Description", "After"}, "Install": {"WantedBy"},
        "Service": {"Type", "WorkingDirectory", "ExecStart", "TimeoutStartSec", "KillMode", "TimeoutStopSec"},
        "Timer": {"OnCalendar", "AccuracySec", "Persistent"},
    }  # fmt: skip
    for name, text in files.items():
        reader = configparser.RawConfigParser(strict=False)
        reader.optionxform = str
        reader.read_string(text)
        assert set(reader.sections()) <= set(known), name
        assert all(set(reader[part]) <= known[part] for part in reader.sections()), name
        assert ("Timer" in reader) == name.endswith(".timer")
        if name.endswith(".timer"):  # each has the service of its name
            assert name.replace(".timer", ".service") in files


def test_what_is_held_back_is_sent_between_ticks():
    silent, told = schedule("a"), schedule("b", notify=[{"to": "TEAM"}])
    assert "murmuration.timer" not in export_schedules([silent], "systemd", PLACE)
    assert "notices.yaml" not in export_schedules([silent], "kubernetes", PLACE)
    units = export_schedules([silent, told], "systemd", PLACE)
    assert '"schedule" "send"\n' in units["murmuration.service"]
    assert "OnCalendar=*-*-* *:00,15,30,45:00 UTC\n" in units["murmuration.timer"]
    job = yaml.safe_load(export_schedules([silent, told], "kubernetes", PLACE)["notices.yaml"])
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["murmuration", "schedule", "send"]


def test_what_is_left_out_when_clocks_go_forward_is_said():
    for target, name in (
        ("systemd", "murmuration-{}.timer"),
        ("kubernetes", "murmuration-{}.yaml"),
    ):
        files = export_schedules(
            [schedule("daily"), schedule("hourly", cron="@hourly")], target, PLACE
        )
        assert "# A local time that does not exist" in files[name.format("daily")]
        _head, *rest = files[name.format("hourly")].splitlines()
        assert "#" not in "".join(rest)


def test_systemd_units_wait_for_retries_and_know_the_zone():
    retries = {"attempts": 3, "backoff": "10m", "max_backoff": "15m"}
    files = export_schedules([schedule(deadline="1h", retries=retries)], "systemd", PLACE)
    service, timer = (
        files["murmuration-one_morning.service"],
        files["murmuration-one_morning.timer"],
    )
    assert "WorkingDirectory=/srv/100%% murmuration\n" in service
    assert '"schedule" "tick" "--only" "one_morning" "--until-done"' in service
    assert f"TimeoutStartSec={3 * 3660 + 600 + 900}\n" in service
    assert "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 06:30:00 Europe/Berlin\n" in timer


def test_a_kubernetes_job_says_what_the_schedule_says():
    given = {
        "overlap": "replace", "max_staleness": "12h", "deadline": "30m", "cron": "@weekly",
        "resources": {"cpu": "2", "memory": "4Gi"}, "notify": [{"to": "TEAM", "gather": "10m"}],
    }  # fmt: skip
    files = export_schedules([schedule(**given)], "kubernetes", PLACE)
    job = yaml.safe_load(files["murmuration-one-morning.yaml"])
    spec = job["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("0 0 * * 0", "Europe/Berlin")
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Replace", 12 * 3600)
    run = spec["jobTemplate"]["spec"]
    assert (run["backoffLimit"], run["activeDeadlineSeconds"]) == (0, 41 * 60)
    [container] = run["template"]["spec"]["containers"]
    assert container["resources"]["requests"] == {"cpu": "2", "memory": "4Gi"}
    assert container["command"][-4:] == ["tick", "--only", "one_morning", "--until-done"]
    assert container["envFrom"][-1] == {"secretRef": {"name": "murmuration"}}  # the last one counts


def test_what_kubernetes_runs_keeps_its_reports_on_a_volume():
    files = export_schedules([schedule("volume")], "kubernetes", PLACE)
    claim, folders = yaml.safe_load_all(files["volume.yaml"])
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    pod = yaml.safe_load(files["murmuration-volume.yaml"])["spec"]["jobTemplate"]["spec"][
        "template"
    ]["spec"]
    [container], [volume] = pod["containers"], pod["volumes"]
    assert volume["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
    [mount] = container["volumeMounts"]
    assert mount["name"] == volume["name"]
    assert container["envFrom"][0] == {"configMapRef": {"name": folders["metadata"]["name"]}}
    assert folders["data"]["MURMURATION_REPORTS"].startswith(mount["mountPath"] + "/")


def test_kubernetes_reads_every_field_that_is_written(tmp_path):
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    files = export_schedules([schedule(cron="15 4 * * fri-sun")], "kubernetes", PLACE)
    name, text = "murmuration-one-morning.yaml", files["murmuration-one-morning.yaml"]
    (tmp_path / name).write_text(text)
    # Reads the file into Kubernetes' own types, which drop what they do not know, and asks no cluster.
    done = subprocess.run(
        ["kubectl", "set", "env", "--local", "-f", str(tmp_path / name), "ADDED=1", "-o", "yaml"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not missing(yaml.safe_load(text), yaml.safe_load(done.stdout))


def missing(wanted: object, there: object) -> list[object]:
    """What of the first is not in the second."""
    if isinstance(wanted, dict):
        found = there if isinstance(there, dict) else {}
        return [key for key in wanted if key not in found] + [
            part for key in wanted if key in found for part in missing(wanted[key], found[key])
        ]
    if isinstance(wanted, list):
        found = there if isinstance(there, list) else []
        pairs = zip(wanted, found, strict=False)
        return [part for one, two in pairs for part in missing(one, two)] + wanted[len(found) :]
    return [] if wanted == there else [wanted]


@pytest.mark.parametrize(
    ("names", "said"),
    [(["a_b", "a-b"], "are one name to Kubernetes"), (["x" * 64], "too long a name")],
)
def test_names_that_kubernetes_does_not_take_are_refused(names, said):
    with pytest.raises(ScheduleError, match=said):
        export_schedules([schedule(name) for name in names], "kubernetes", PLACE)
