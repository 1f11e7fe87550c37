"""What only the report can judge: whether it is there, and whether it takes the schedule's parameters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import wrap
from typing import Any

from murmuration.catalog import load_catalog
from murmuration.errors import MurmurationError, StoreError
from murmuration.reports.parameters import Parameter, check_parameters, read_parameters
from murmuration.reports.period import resolve_period
from murmuration.reports.runner import report_path
from murmuration.schedule.clock import next_fires
from murmuration.schedule.spec import Schedule
from murmuration.settings import Settings

_TIMES = ("since", "until", "window", "timezone")


@dataclass(frozen=True, slots=True)
class Checked:
    """One run of a fire as it would be.

    Attributes
    ----------
    item
        Its name within a sweep; empty without one.
    parameters
        Effective values of all the report's parameters; empty where there is a problem.
    note
        What could not be checked.
    problem
        Why it would not run; empty where it would.
    """

    item: str
    parameters: Mapping[str, Any]
    note: str = ""
    problem: str = ""


def check_schedule(schedule: Schedule, settings: Settings, *, at: datetime) -> list[Checked]:
    """Check every run of a schedule as its report would.

    Parameters
    ----------
    schedule
        A schedule whose own fields are in order.
    settings
        Of this machine: where the reports and the catalog are.
    at
        The moment that the next fire is looked for from.

    Returns
    -------
    list of Checked
        One for each run of a fire.
    """
    fire = next(next_fires(schedule.cron, schedule.zone, after=at))
    return [_check_item(schedule, item, settings, at=fire.at) for item in schedule.items]


def _check_item(schedule: Schedule, item: str, settings: Settings, *, at: datetime) -> Checked:
    try:
        declared = read_parameters(report_path(settings.root, schedule.spec.report))
        given = given_parameters(schedule, item, declared)
        sources, note = _sources(given)
        values = check_parameters(
            declared, given, catalog=load_catalog(settings.catalog), sources=lambda: sources, at=at
        )
    except MurmurationError as err:
        return Checked(item, {}, problem=str(err))
    return Checked(item, values, note=note)


def sum_up(
    schedule: Schedule, checked: Sequence[Checked], *, at: datetime, width: int = 120
) -> list[str]:
    """Say what a schedule does in a few lines: its report, when it runs next, and what its runs are given.

    Parameters
    ----------
    schedule
        A schedule whose own fields are in order.
    checked
        From `check_schedule`.
    at
        The moment that the next fire is looked for from.
    width
        Of a line; longer ones go on in the next.
    """
    fire = next(next_fires(schedule.cron, schedule.zone, after=at)).at.astimezone(schedule.zone)
    fine = [one for one in checked if not one.problem]
    runs = f", {len(checked)} runs" if len(checked) > 1 else ""
    note = "".join({f" ({one.note})": None for one in fine if one.note})
    lines = [
        f"{'✓' if len(fine) == len(checked) else '✗'} {schedule.name}: {schedule.spec.report}, "
        f"{schedule.spec.cron} {schedule.spec.timezone}, next {fire:%a %Y-%m-%d %H:%M %Z}{runs}{note}"
    ]
    if len(checked) > 1:
        lines += _wrapped([one.item for one in fine], width)
    if fine:
        # What the runs of a sweep do not share stands in their names.
        shared = {
            name: _written(value)
            for name, value in fine[0].parameters.items()
            if name not in schedule.spec.for_each and value not in ("", [], None)
        }
        given = set(schedule.items[fine[0].item])
        ordered = sorted(shared, key=lambda name: name not in given)
        lines += _wrapped([f"{name}={shared[name]}" for name in ordered], width)
    return lines


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _wrapped(parts: Sequence[str], width: int) -> list[str]:
    text = " · ".join(part.replace(" ", "\0") for part in parts)
    lines = wrap(text, width, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)  # fmt: skip
    return [line.replace("\0", " ") for line in lines]


def given_parameters(
    schedule: Schedule, item: str, declared: Mapping[str, Parameter]
) -> dict[str, Any]:
    """Give what a schedule tells its report; its own zone too, where the report asks for one and none is given."""
    given = dict(schedule.items[item])
    if "timezone" in declared:
        given.setdefault("timezone", schedule.spec.timezone)
    return given


def _sources(given: Mapping[str, Any]) -> tuple[list[str], str]:
    """Names of the sources in the store; without a store, those asked for, which can't be checked then."""
    from murmuration.store.delta import list_sources, open_store

    try:
        store = open_store()
        return list_sources(store, store.open("posts").version()), ""
    except StoreError:
        asked = given.get("source") or []
        return [asked] if isinstance(asked, str) else list(
            asked
        ), "there is no store yet to look for sources in"


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A fire to come.

    Attributes
    ----------
    at
        UTC.
    local
        In the schedule's zone.
    note
        What the clocks did to it.
    changes
        Whether the clocks are moved on that local day.
    since, until
        The window that the run would read, UTC; None where the report has none.
    """

    at: datetime
    local: datetime
    note: str
    changes: bool
    since: datetime | None
    until: datetime | None


def upcoming(
    schedule: Schedule, settings: Settings, *, after: datetime, count: int
) -> Iterator[Upcoming]:
    """Simulate the next fires.

    Parameters
    ----------
    schedule
        The schedule.
    settings
        Of this machine.
    after
        Not included.
    count
        How many.

    Yields
    ------
    Upcoming
        With the window that the first run of each fire would read.

    Raises
    ------
    UnknownNameError, ParamError
        If there is no such report, or its parameters are refused.
    """
    declared = read_parameters(report_path(settings.root, schedule.spec.report))
    given = given_parameters(schedule, next(iter(schedule.items)), declared)
    values = {
        name: str(parameter.read(given[name]) if name in given else parameter.default)
        for name, parameter in declared.items()
        if name in _TIMES
    }
    ahead = next_fires(schedule.cron, schedule.zone, after=after)
    for _, fire in zip(range(count), ahead, strict=False):
        period = resolve_period(**values, at=fire.at) if values else None
        since, until = (period.since, period.until) if period else (None, None)
        local = fire.at.astimezone(schedule.zone)
        yield Upcoming(fire.at, local, fire.note, _clocks_move(local), since, until)


def _clocks_move(local: datetime) -> bool:
    morning = local.replace(hour=0, minute=0, fold=0)
    night = local.replace(hour=23, minute=59, fold=1)
    return morning.utcoffset() != night.utcoffset()


def describe_policy(schedule: Schedule) -> str:
    """Say in a sentence or two what happens to fires that were missed, overlap or fall on a change of the clocks."""
    spec = schedule.spec
    missed = {
        "skip": "Fires that nobody was there for are recorded as missed and not run",
        "latest": "Of fires that nobody was there for the newest runs, and the others are recorded as skipped",
        "all": "Fires that nobody was there for all run, oldest first, one at a time",
    }[spec.catch_up]
    stale = (
        f", unless they are {length_text(spec.max_staleness)} late" if spec.max_staleness else ""
    )
    overlap = {
        "skip": "is skipped",
        "queue": "waits",
        "replace": "takes its place",
    }[spec.overlap]
    clocks = (
        "It runs in every hour, so it follows real time across changes of the clocks"
        if schedule.cron.is_hourly
        else "A local time that does not exist runs at the first moment after it, and one that comes twice runs once"
    )
    return (
        f"{missed}{stale}. A fire that comes while the one before still runs {overlap}. {clocks}."
    )


def length_text(length: timedelta) -> str:
    """Give a length of time in its largest whole unit: “90 minutes”."""
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}" + ("s" if count != 1 else "")
    return f"{seconds} seconds"
