"""A careful reader of what we write for Kubernetes and systemd: fields, types and rules as their references state them.

Neither `kubectl` nor `systemd-analyze` is everywhere, and their schemas may not be downloaded in a test. Whatever is not listed here is
an error, as it is to `kubectl apply` with strict validation; so a field that is written anew is looked up first.

References: kubernetes.io, API reference, CronJob v1 and PersistentVolumeClaim v1; Names and IDs (RFC 1035, RFC 1123); Labels;
Quantity. systemd.time(7), calendar events.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")  # RFC 1123
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
LABEL_KEY = re.compile(
    r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
QUANTITY = re.compile(r"(\d+|\d+\.\d+|\.\d+)([numkMGTPE]|[KMGTPE]i|e-?\d+)?")
IMAGE = re.compile(r"[\w.-]+(:\d+)?(/[\w.-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CRON_ENDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def name(value):
    assert isinstance(value, str)
    assert LABEL.fullmatch(value), value


def job_name(value):
    name(value)
    assert len(value) <= 52, "the controller adds eleven signs"


def labels(value):
    assert isinstance(value, dict)
    for key, one in value.items():
        assert LABEL_KEY.fullmatch(key), key
        assert LABEL_VALUE.fullmatch(one), one


def variables(value):
    for key, one in value.items():
        assert VARIABLE.fullmatch(key), key
        assert isinstance(one, str)


def quantity(value):
    assert isinstance(value, str)
    assert QUANTITY.fullmatch(value), value


def quantities(value):
    assert set(value) <= {"cpu", "memory"}
    for one in value.values():
        quantity(one)


def resources(value):
    assert set(value) <= {"requests", "limits"}
    for one in value.values():
        quantities(one)
    for what, most in value.get("limits", {}).items():
        assert value["requests"][what] == most  # a limit below what is asked for is refused


def storage(value):
    assert set(value) == {"requests"}
    assert set(value["requests"]) == {"storage"}
    quantity(value["requests"]["storage"])


def whole(least):
    def check(value):
        assert type(value) is int, value  # True is an int, too
        assert value >= least

    return check


def zone(value):
    ZoneInfo(value)
    assert value not in ("", "Local")  # what a cluster's own zone is called is refused


def cron(value):
    words = value.split()
    assert len(words) == 5, value
    for word, (low, high) in zip(words, _CRON_ENDS, strict=True):
        for part in word.split(","):
            span, _, step = part.partition("/")
            first, _, last = span.partition("-")
            numbers = [] if first == "*" else [_number(first, high), _number(last or first, high)]
            assert all(low <= number <= high for number in numbers), part
            assert numbers == sorted(numbers), part
            assert not step or int(step) > 0


def _number(word, high):
    names = {6: _DAYS, 12: _MONTHS}.get(high, ())
    return names.index(word.lower()) + (high == 12) if word.lower() in names else int(word)


def one_of(*values):
    def check(value):
        assert value in values

    return check


def text(pattern):
    def check(value):
        assert isinstance(value, str)
        assert re.fullmatch(pattern, value), value

    return check


def fields(**known):
    """A mapping with no other fields than these; those with a star must be there."""
    rules = {key.rstrip("_"): rule for key, rule in known.items()}
    needed = {key.rstrip("_") for key in known if key.endswith("_")}

    def check(value):
        assert isinstance(value, dict), value
        assert set(value) <= set(rules), set(value) - set(rules)
        assert needed <= set(value), needed - set(value)
        for key, one in value.items():
            rules[key](one)

    return check


def listed(rule):
    def check(value):
        assert isinstance(value, list)
        assert value
        for one in value:
            rule(one)

    return check


def words(value):
    assert isinstance(value, list)
    assert all(isinstance(one, str) for one in value)


ENV = fields(configMapRef=fields(name_=name), secretRef=fields(name_=name))
MOUNT = fields(name_=name, mountPath_=text(r"/[^:]*"))
CONTAINER = fields(
    name_=name, image_=text(IMAGE), command=words, envFrom=listed(ENV),
    volumeMounts=listed(MOUNT), resources=resources,
)  # fmt: skip
VOLUME = fields(name_=name, persistentVolumeClaim_=fields(claimName_=name))
POD = fields(
    restartPolicy_=one_of("Never", "OnFailure"), terminationGracePeriodSeconds=whole(0),
    containers_=listed(CONTAINER), volumes=listed(VOLUME),
)  # fmt: skip
JOB = fields(
    backoffLimit=whole(0), activeDeadlineSeconds=whole(1), template_=fields(spec_=POD)
)  # fmt: skip
KINDS = {
    "CronJob": fields(
        apiVersion_=one_of("batch/v1"), kind_=str, metadata_=fields(name_=job_name, labels=labels),
        spec_=fields(
            schedule_=cron, timeZone=zone, concurrencyPolicy=one_of("Allow", "Forbid", "Replace"),
            startingDeadlineSeconds=whole(10), successfulJobsHistoryLimit=whole(0),  # under 10 s may never start
            failedJobsHistoryLimit=whole(0), jobTemplate_=fields(spec_=JOB),
        ),
    ),
    "PersistentVolumeClaim": fields(
        apiVersion_=one_of("v1"), kind_=str, metadata_=fields(name_=name, labels=labels),
        spec_=fields(accessModes_=listed(one_of("ReadWriteOnce", "ReadWriteMany")), resources_=storage),
    ),
    "ConfigMap": fields(
        apiVersion_=one_of("v1"), kind_=str, metadata_=fields(name_=name, labels=labels), data_=variables
    ),
}  # fmt: skip


def check_manifests(manifests):
    """Check each manifest, and that what a pod names is there."""
    seen = set()
    for one in manifests:
        KINDS[one["kind"]](one)
        key = (one["kind"], one["metadata"]["name"])
        assert key not in seen
        seen.add(key)
    for one in manifests:
        if one["kind"] == "CronJob":
            _check_names(one["spec"]["jobTemplate"]["spec"]["template"]["spec"], seen)


def _check_names(pod, seen):
    volumes = {one["name"]: one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"]}
    assert all(("PersistentVolumeClaim", claim) in seen for claim in volumes.values())
    for container in pod["containers"]:
        assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
        maps = [
            one["configMapRef"]["name"] for one in container["envFrom"] if "configMapRef" in one
        ]
        assert all(("ConfigMap", one) in seen for one in maps)


_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CALENDAR = re.compile(
    r"(?:(?P<week>\w{3}(?:,\w{3})*) )?\*-(?P<months>\*|\d\d(?:,\d\d)*)-(?P<days>\*|\d\d(?:,\d\d)*) "
    r"(?P<hours>\*|\d\d(?:,\d\d)*):(?P<minutes>\*|\d\d(?:,\d\d)*):00"
)


def calendar_minutes(line, begin, end):
    """The local minutes that a calendar event of systemd means, without a zone, from one to another."""
    found = _CALENDAR.fullmatch(line)
    assert found, line
    week = found["week"].split(",") if found["week"] else _WEEK
    assert set(week) <= set(_WEEK)
    sets = {
        part: None if found[part] == "*" else set(map(int, found[part].split(",")))
        for part in ("months", "days", "hours", "minutes")
    }
    for part, (low, high) in {
        "months": (1, 12),
        "days": (1, 31),
        "hours": (0, 23),
        "minutes": (0, 59),
    }.items():
        assert all(low <= one <= high for one in sets[part] or ())
    moment, minutes = begin, set()
    while moment < end:
        parts = (moment.month, moment.day, moment.hour, moment.minute)
        matches = all(
            chosen is None or one in chosen
            for one, chosen in zip(parts, sets.values(), strict=True)
        )
        if matches and _WEEK[moment.weekday()] in week:
            minutes.add(moment)
        moment += timedelta(minutes=1)
    return minutes


def local_minutes(cron, begin: datetime, end: datetime):
    """The local minutes that a rule means, without a zone."""
    day, minutes = begin, set()
    while day < end:
        if cron.matches_day(day.date()):
            minutes |= {day + timedelta(minutes=one) for one in cron.minutes_of_day}
        day += timedelta(days=1)
    return minutes
