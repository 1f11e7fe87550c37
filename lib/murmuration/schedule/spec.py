"""``schedules/*.yaml``: which report runs when, and what to do when something is in the way.

The file's name is the schedule's name. A mistake is reported with file, line, field, what was found and
what is allowed; what only the report can judge (its parameters) is checked by `check.py`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from murmuration.catalog import Zone
from murmuration.errors import ScheduleError, suggest
from murmuration.schedule.cron import Cron, parse_cron
from murmuration.schema import SOURCE_NAME
from murmuration.yaml_file import Place, kind_of, read_yaml, validate

SUFFIXES = (".yaml", ".yml")
_LENGTH = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{1,80}")
_QUANTITY = re.compile(r"\d+(\.\d+)?(m|[kMGT]i?)?")

Scalar = str | int | float | bool
Event = Literal["success", "failure", "alert", "recovery", "missed"]


def _read_length(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    found = _LENGTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(
            f"found {value!r}, but a time with its unit must stand here, such as 90s, 15m, 12h, 7d"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _check_variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        # The value is not repeated: it may be the address itself, which is a secret.
        raise ValueError(
            "the name of an environment variable must stand here, such as NOTIFY_TEAM; the variable holds the "
            "address, which is a secret and must not stand in this file"
        )
    return name


def _check_cron(text: str) -> str:
    parse_cron(text)
    return text


def _check_quantity(text: str) -> str:
    if not _QUANTITY.fullmatch(text):
        raise ValueError(
            f"found {text!r}, but an amount such as 2, 500m, 512Mi or 4Gi must stand here"
        )
    return text


def _as_words(value: object) -> object:
    """Give a day or a time, for which YAML takes it without quotes, as the words of a command line."""
    return value.isoformat() if isinstance(value, date) else value


def _read_single(value: object) -> object:
    value = _as_words(value)
    if isinstance(value, Scalar):
        return value
    raise ValueError(f"found {kind_of(value)}, but text, a number, true or false must stand here")


def _read_given(value: object) -> object:
    value = _as_words(value)
    if isinstance(value, Scalar):
        return value
    if not isinstance(value, list):
        raise ValueError(
            f"found {kind_of(value)}, but text, a number, true, false or a list of texts must stand here"
        )
    words = [_as_words(part) for part in value]
    for part in words:
        if not isinstance(part, str):
            found = repr(part) if isinstance(part, Scalar) else kind_of(part)
            raise ValueError(f"found {found} in a list of texts. Put each of them in quotes")
    return words


Length = Annotated[timedelta, BeforeValidator(_read_length)]
Single = Annotated[Scalar, BeforeValidator(_read_single)]
Given = Annotated[Scalar | list[str], BeforeValidator(_read_given)]
Variable = Annotated[str, AfterValidator(_check_variable)]
Amount = Annotated[str, BeforeValidator(str), AfterValidator(_check_quantity)]


class _Entry(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True
    )


class Retries(_Entry):
    """How often and when a run that failed is tried again.

    Attributes
    ----------
    attempts
        All in all, the first one included.
    backoff, max_backoff
        Wait before the second attempt, doubled for each one after it, up to the latter; each wait is drawn
        from its upper half, so that many runs that failed together do not come back together.
    """

    attempts: Annotated[int, Field(ge=1, le=20, strict=True)] = 1
    backoff: Length = timedelta(minutes=5)
    max_backoff: Length = timedelta(hours=1)


class Keep(_Entry):
    """Which run folders stay: the last ones and the young ones; the rest expire. The ledger stays whole."""

    last: Annotated[int, Field(ge=1, strict=True)] | None = None
    days: Annotated[int, Field(ge=1, strict=True)] | None = None


class Notify(_Entry):
    """Who is told of what.

    Attributes
    ----------
    to
        Name of the environment variable that holds the address, as apprise writes it.
    when
        Which events; not "on", which YAML takes for true.
    attach
        Whether the report's HTML goes with it.
    gather
        Wait so long before the first message, so that what fails together is one message.
    at_most_every
        And then one message in so long, however much happens.
    """

    to: Variable
    when: Annotated[tuple[Event, ...], Field(min_length=1)] = (
        "failure",
        "recovery",
        "missed",
        "alert",
    )
    attach: bool = False
    gather: Length = timedelta(minutes=5)
    at_most_every: Length = timedelta(hours=6)


class Alerts(_Entry):
    """When an alert of a report is worth a notice.

    Attributes
    ----------
    min_severity
        Milder ones are in the report only.
    grace
        An alert that goes on, or comes back, is not told again so soon, unless it is severer by two or more.
    at_most, within
        And of one alert only so many notices in so long.
    """

    min_severity: Annotated[int, Field(ge=1, le=10, strict=True)] = 1
    grace: Length = timedelta(days=1)
    at_most: Annotated[int, Field(ge=1, le=1000, strict=True)] = 3
    within: Length = timedelta(days=7)


class Resources(_Entry):
    """What a run needs, for those who export to Kubernetes."""

    cpu: Amount = "1"
    memory: Amount = "2Gi"


class Spec(_Entry):
    """One schedule as its file writes it; see `docs/usage.md` for the meaning of each field."""

    report: Annotated[str, Field(min_length=1)]
    cron: Annotated[str, AfterValidator(_check_cron)]
    timezone: Zone
    description: str = ""
    parameters: dict[str, Given] = Field(default_factory=dict)
    for_each: dict[str, Annotated[list[Single], Field(min_length=1)]] = Field(default_factory=dict)
    catch_up: Literal["skip", "latest", "all"] = "latest"
    max_staleness: Length | None = None
    overlap: Literal["skip", "queue", "replace"] = "skip"
    deadline: Length = timedelta(hours=1)
    retries: Retries = Retries()
    keep: Keep = Keep()
    notify: list[Notify] = Field(default_factory=list)
    alerts: Alerts = Alerts()
    resources: Resources = Resources()

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> Self:
        if both := sorted(self.parameters.keys() & self.for_each.keys()):
            raise ValueError(
                f"{both[0]!r} stands in parameters and in for_each; keep one of the two"
            )
        for name, values in self.for_each.items():
            if len(set(map(repr, values))) < len(values):
                raise ValueError(f"for_each.{name} names a value twice; each is one run")
        return self


@dataclass(frozen=True)
class Schedule:
    """A schedule with its name.

    Attributes
    ----------
    name
        That of its file, without the ending.
    spec
        What the file says.
    path, lines
        The file, and the line of everything in it; nothing where it came from none.
    """

    name: str
    spec: Spec
    path: Path | None = field(default=None, compare=False)
    lines: Mapping[Place, int] = field(default_factory=dict, compare=False, repr=False)

    def place(self, *place: str | int) -> str:
        """Say where something stands: the file, and its line where that is known."""
        while place and place not in self.lines:
            place = place[:-1]
        said = str(self.path or self.name)
        return f"{said}, line {self.lines[place]}" if place else said

    @cached_property
    def cron(self) -> Cron:
        """The rule."""
        return parse_cron(self.spec.cron)

    @property
    def zone(self) -> ZoneInfo:
        """Whose wall clock it is about."""
        return ZoneInfo(self.spec.timezone)

    @cached_property
    def items(self) -> dict[str, Mapping[str, Any]]:
        """The runs of one fire: a name for each, and the parameters that it is given. Just one without `for_each`."""
        names = list(self.spec.for_each)
        return {
            item_name(dict(zip(names, values, strict=True))): self.spec.parameters
            | dict(zip(names, values, strict=True))
            for values in product(*self.spec.for_each.values())
        }

    @cached_property
    def digest(self) -> str:
        """Tells one state of the file from another."""
        return hashlib.sha256(self.spec.model_dump_json().encode()).hexdigest()[:16]


def item_name(values: Mapping[str, Any]) -> str:
    """Name one run of a sweep: ``brand=aurora``; empty for no sweep."""
    return " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in values.items()
    )


@dataclass(frozen=True)
class Schedules:
    """All schedules of a folder.

    Attributes
    ----------
    by_name
        Those that can be used.
    problems
        For each file that cannot, why not.
    """

    by_name: Mapping[str, Schedule]
    problems: Mapping[str, str]

    def get(self, name: str) -> Schedule:
        """Give a schedule by name.

        Raises
        ------
        ScheduleError
            If its file is wrong, or there is none of that name; says the nearest one.
        """
        if name in self.by_name:
            return self.by_name[name]
        if name in self.problems:
            raise ScheduleError(self.problems[name])
        known = [*self.by_name, *self.problems]
        raise ScheduleError(f"There is no schedule {name!r} in schedules/.{suggest(name, known)}")


def load_schedule(path: Path) -> Schedule:
    """Read and check one file.

    Raises
    ------
    ScheduleError
        If it is no YAML or a field is wrong; names file, line, field, what was found and what is allowed.
    """
    if not SOURCE_NAME.fullmatch(path.stem):
        raise ScheduleError(
            f"{path}: {path.stem!r} cannot be the name of a schedule; use up to 64 of a-z, 0-9, _ and -."
        )
    content, lines = read_yaml(path, ScheduleError)
    if not isinstance(content, dict):
        raise ScheduleError(
            f"{path} must hold the keys report, cron, timezone, …; found {kind_of(content)} instead."
        )
    spec = validate(
        Spec,
        content,
        where=(path, lines),
        error=ScheduleError,
        allowed=_allowed_keys,
        secret=("to",),
    )
    return Schedule(path.stem, spec, path, lines)


class Folder:
    """Reads a folder of schedules again and again, each file only when it has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[Path, tuple[tuple[int, int, int], Schedule | str]] = {}

    def load(self) -> Schedules:
        """Give what the folder holds now; a wrong file is a problem and keeps none of the others out."""
        files = sorted(_files(self.path))
        self._known = {path: self._read(path) for path in files}
        by_name: dict[str, Schedule] = {}
        problems: dict[str, str] = {}
        stems = [path.stem for path in files]
        for path in files:
            found = self._known[path][1]
            if stems.count(path.stem) > 1:
                twins = " and ".join(str(one) for one in files if one.stem == path.stem)
                problems[path.stem] = (
                    f"{twins} are two schedules of one name. Rename one of the two."
                )
            elif isinstance(found, str):
                problems[path.stem] = found
            else:
                by_name[path.stem] = found
        return Schedules(by_name, problems)

    def _read(self, path: Path) -> tuple[tuple[int, int, int], Schedule | str]:
        try:
            state = path.stat()
            mark = (state.st_mtime_ns, state.st_size, state.st_ino)
        except OSError:
            mark = (0, 0, 0)
        if path in self._known and self._known[path][0] == mark:
            return self._known[path]
        try:
            return mark, load_schedule(path)
        except ScheduleError as err:
            return mark, str(err)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())


def _allowed_keys(place: Place) -> list[str]:
    parts: dict[str, type[BaseModel]] = {
        "retries": Retries,
        "keep": Keep,
        "notify": Notify,
        "alerts": Alerts,
        "resources": Resources,
    }
    model = parts.get(str(place[0]), Spec) if len(place) > 1 else Spec
    return list(model.model_fields)
