"""Schedules for what the house already runs: cron, systemd or Kubernetes call the same command, `schedule tick`.

They only decide when a tick happens. What is due, what was missed and what must not run twice stays with the ledger, so
a tick too many or too late does no harm.
"""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import yaml

from murmuration.errors import ScheduleError
from murmuration.schedule.cron import Cron, cron_words, parse_cron
from murmuration.schedule.spec import Schedule, Spec

Target = Literal["cron", "systemd", "kubernetes"]
_GRACE = timedelta(seconds=60)
# Kubernetes forgets a start after that, unless the schedule says another time.
_START_WITHIN = timedelta(hours=1)
_SEND_CRON, _SEND_WITHIN = "*/15 * * * *", timedelta(minutes=10)
_GAP = (
    "# A local time that does not exist on the day when clocks go forward is left out here; the next start takes its fire up, "
    "late, as catch_up says."
)
_LABELS = {"app.kubernetes.io/name": "murmuration"}
_LABEL_MAX = 52  # Kubernetes adds eleven signs to the name of a CronJob
_VOLUME, _MOUNT = "murmuration-kept", "/var/lib/murmuration"
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the commands run.

    Attributes
    ----------
    root
        The workspace.
    image
        The container image, for Kubernetes.
    secret
        Name of the Kubernetes secret with the environment: ledger, key, addresses.
    storage
        Room that is claimed for reports and posts, as Kubernetes writes it.
    """

    root: Path
    image: str = "murmuration:latest"
    secret: str = "murmuration"  # noqa: S105  a name, no secret
    storage: str = "20Gi"


def export_schedules(schedules: Sequence[Schedule], target: Target, place: Place) -> dict[str, str]:
    """Write schedules for another scheduler.

    Parameters
    ----------
    schedules
        Which.
    target
        For which.
    place
        Where the commands run.

    Returns
    -------
    dict
        File names and what goes into them.

    Raises
    ------
    ScheduleError
        If a schedule cannot be said there; says why.
    """
    files = _files(schedules, target, place)
    return {name: f"{_head(target)}\n{text}" for name, text in files.items()}


def write_exported(
    files: Mapping[str, str], folder: Path, target: Target, *, tidy: bool
) -> list[str]:
    """Write exported files into a folder.

    Parameters
    ----------
    files
        From `export_schedules`.
    folder
        Where; made if it is not there.
    target
        For which scheduler they are.
    tidy
        Whether to remove what an earlier export for that scheduler has left there besides, known by its first line.

    Returns
    -------
    list of str
        Names of the files that were removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if not tidy:
        return []
    head = _head(target).encode()
    removed = []
    for path in sorted(folder.iterdir()):
        if path.name in files or path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            ours = file.readline(200).rstrip() == head
        if ours:
            path.unlink()
            removed.append(path.name)
    return removed


def _head(target: Target) -> str:
    return f"# Written by murmuration schedule export --to {target}, which removes it when no schedule needs it."


def _files(schedules: Sequence[Schedule], target: Target, place: Place) -> dict[str, str]:
    if target == "cron":
        return {"murmuration.crontab": _crontab(schedules, place)}
    if target == "systemd":
        units = [pair for one in schedules for pair in _units(one, place)]
        if _tells_somebody(schedules):
            calendar = [f"{line} UTC" for line in calendar_lines(parse_cron(_SEND_CRON))]
            title, words = "Murmuration: notices that wait", ["schedule", "send"]
            units += _unit_files(
                "murmuration", title, words, place, longest=_SEND_WITHIN, calendar=calendar
            )
        return dict(units)
    _check_names(schedules)
    files = {
        f"{_label(one.name)}.yaml": _about(one) + _dumped(_cron_job(one, place))
        for one in schedules
    }
    # No name of a schedule makes files of these names.
    if _tells_somebody(schedules):
        files["notices.yaml"] = _dumped(_notices_job(place))
    return {"volume.yaml": _dumped(*_volume(place)), **files}


def _crontab(schedules: Sequence[Schedule], place: Place) -> str:
    command = shlex.join([_program(), "schedule", "tick"])
    lines = [
        "# Murmuration: a tick every minute. It knows each schedule's time zone, which cron does not.",
        "# flock keeps ticks apart; one that is at work looks every second for what comes due meanwhile.",
        *(f"#   {one.name}: {one.spec.cron} {one.spec.timezone}" for one in schedules),
        f"* * * * * cd {shlex.quote(str(place.root))} && mkdir -p .murmuration && "
        f"flock -n .murmuration/tick.lock {command}",
    ]
    # In a crontab a percent sign is a line break.
    return (
        "\n".join(line if line.startswith("#") else line.replace("%", "\\%") for line in lines)
        + "\n"
    )


def _program() -> str:
    return str(Path(sys.executable).with_name("murmuration"))


def _units(schedule: Schedule, place: Place) -> Iterator[tuple[str, str]]:
    spec = schedule.spec
    calendar = [f"{line} {spec.timezone}" for line in calendar_lines(schedule.cron)]
    yield from _unit_files(
        f"murmuration-{schedule.name}",
        f"Murmuration: {spec.description or spec.report}",
        ["schedule", "tick", "--only", schedule.name, "--until-done"],
        place,
        longest=_longest(spec),
        calendar=["" if schedule.cron.is_hourly else _GAP, *calendar],
    )


def _unit_files(
    name: str,
    title: str,
    words: Sequence[str],
    place: Place,
    *,
    longest: timedelta,
    calendar: Sequence[str],
) -> Iterator[tuple[str, str]]:
    title, root = title.replace("%", "%%"), str(place.root).replace("%", "%%")
    quoted = (word.replace("%", "%%").replace('"', '\\"') for word in (_program(), *words))
    command = " ".join(f'"{word}"' for word in quoted)
    yield (
        f"{name}.service",
        f"[Unit]\nDescription={title}\nAfter=network-online.target\n\n[Service]\nType=oneshot\n"
        f"WorkingDirectory={root}\nExecStart={command}\nTimeoutStartSec={int(longest.total_seconds())}\n"
        f"KillMode=mixed\nTimeoutStopSec={int(_GRACE.total_seconds()) + 30}\n",
    )
    lines = (line if line.startswith("#") else f"OnCalendar={line}" for line in calendar if line)
    yield (
        f"{name}.timer",
        f"[Unit]\nDescription={title}\n\n[Timer]\n" + "\n".join(lines) + "\nAccuracySec=1s\n"
        "Persistent=true\n\n[Install]\nWantedBy=timers.target\n",
    )


def _tells_somebody(schedules: Sequence[Schedule]) -> bool:
    """Whether notices may be held back by `at_most_every`, until after the tick that wrote them has ended."""
    return any(one.spec.notify for one in schedules)


def calendar_lines(cron: Cron) -> list[str]:
    """Give a rule as systemd writes it; a day of month *or* of week is two lines."""
    clock = f"{_some(cron.hours, 24)}:{_some(cron.minutes, 60)}:00"
    days, months = _some(cron.days, 31), _some(cron.months, 12)
    week = ",".join(_WEEKDAYS[day] for day in sorted(cron.weekdays, key=lambda day: (day + 6) % 7))
    if cron.either_day:
        return [f"*-{months}-{days} {clock}", f"{week} *-{months}-* {clock}"]
    return [f"{week + ' ' if len(cron.weekdays) < 7 else ''}*-{months}-{days} {clock}"]


def _some(values: frozenset[int], count: int) -> str:
    return "*" if len(values) == count else ",".join(f"{value:02d}" for value in sorted(values))


def _longest(spec: Spec) -> timedelta:
    """Give the longest that a tick for this schedule may take: all attempts and waits one after the other, then notices."""
    waits = sum(
        (
            min(spec.retries.backoff * 2**n, spec.retries.max_backoff)
            for n in range(spec.retries.attempts - 1)
        ),
        timedelta(0),
    )
    runs = 1
    for values in spec.for_each.values():
        runs *= len(values)
    gather = max((wish.gather for wish in spec.notify), default=timedelta(0))
    return (spec.deadline + _GRACE) * spec.retries.attempts * runs + waits + gather


def _label(name: str) -> str:
    return f"murmuration-{name.replace('_', '-').strip('-')}"


def _check_names(schedules: Sequence[Schedule]) -> None:
    labels: dict[str, str] = {}
    for one in schedules:
        label = _label(one.name)
        if len(label) > _LABEL_MAX or not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label):
            raise ScheduleError(
                f"{one.name!r} is too long a name for Kubernetes, which takes {_LABEL_MAX - len('murmuration-')} "
                "signs. Rename the file."
            )
        if label in labels:
            raise ScheduleError(
                f"{labels[label]!r} and {one.name!r} are one name to Kubernetes, {label}. Rename one of the two."
            )
        labels[label] = one.name


def _volume(place: Place) -> list[Mapping[str, Any]]:
    """Claim room for what must outlive a job: reports, STATE, and the store unless the secret names another."""
    about = {"name": _VOLUME, "labels": dict(_LABELS)}
    claim = {
        # Jobs of several schedules run at once, on any node.
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": place.storage}},
    }
    folders = {
        f"MURMURATION_{name.upper()}": f"{_MOUNT}/{name}" for name in ("store", "reports", "state")
    }
    return [
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": about, "spec": claim},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": dict(about), "data": folders},
    ]


def _dumped(*parts: Mapping[str, Any]) -> str:
    return yaml.safe_dump_all(parts, sort_keys=False)


def _about(schedule: Schedule) -> str:
    return "" if schedule.cron.is_hourly else f"{_GAP}\n"


def _cron_job(schedule: Schedule, place: Place) -> Mapping[str, Any]:
    spec = schedule.spec
    resources = {"cpu": spec.resources.cpu, "memory": spec.resources.memory}
    pod = _pod("tick", ["tick", "--only", schedule.name, "--until-done"], place, resources)
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {
            "name": _label(schedule.name),
            "labels": _LABELS | {"murmuration/schedule": schedule.name.strip("-_")},
        },
        "spec": {
            "schedule": " ".join(cron_words(schedule.cron)),
            "timeZone": spec.timezone,
            # A tick that is at work sees by itself what waits for it.
            "concurrencyPolicy": "Replace" if spec.overlap == "replace" else "Forbid",
            **_job(pod, start_within=spec.max_staleness or _START_WITHIN, longest=_longest(spec)),
        },
    }


def _notices_job(place: Place) -> Mapping[str, Any]:
    """Send what `at_most_every` holds back: the tick that wrote it has ended, and the next may be a month away."""
    pod = _pod("send", ["send"], place, {"cpu": "100m", "memory": "512Mi"})
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "murmuration", "labels": dict(_LABELS)},
        "spec": {
            "schedule": _SEND_CRON,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            **_job(pod, start_within=timedelta(minutes=10), longest=_SEND_WITHIN),
        },
    }


def _job(
    pod: Mapping[str, Any], *, start_within: timedelta, longest: timedelta
) -> Mapping[str, Any]:
    return {
        "startingDeadlineSeconds": max(60, int(start_within.total_seconds())),
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {
            "spec": {
                "backoffLimit": 0,  # the ledger knows what may be tried again
                "activeDeadlineSeconds": int(longest.total_seconds()),
                "template": {"spec": pod},
            }
        },
    }


def _pod(
    name: str, words: Sequence[str], place: Place, resources: Mapping[str, str]
) -> Mapping[str, Any]:
    container = {
        "name": name,
        "image": place.image,
        "command": ["murmuration", "schedule", *words],
        # The later one counts: a store on S3, for instance, stands in the secret.
        "envFrom": [{"configMapRef": {"name": _VOLUME}}, {"secretRef": {"name": place.secret}}],
        "volumeMounts": [{"name": "kept", "mountPath": _MOUNT}],
        "resources": {"requests": dict(resources), "limits": {"memory": resources["memory"]}},
    }
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": int(_GRACE.total_seconds()) + 30,
        "containers": [container],
        "volumes": [{"name": "kept", "persistentVolumeClaim": {"claimName": _VOLUME}}],
    }
