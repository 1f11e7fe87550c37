"""What only the report can judge: whether it is there, and whether it takes the schedule's parameters."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path
from textwrap import wrap
from typing import Any

from murmuration.catalog import Catalog, load_catalog
from murmuration.errors import MurmurationError, ScheduleError, StoreError
from murmuration.reports.parameters import TIMES, Parameter, find_problems, read_parameters
from murmuration.reports.period import resolve_period
from murmuration.reports.runner import report_path
from murmuration.schedule.clock import Fire, next_fires
from murmuration.schedule.spec import Schedule, Schedules
from murmuration.settings import Settings
from murmuration.yaml_file import Place

log = logging.getLogger(__name__)

_FIRES = 200  # whose distances are looked at
_SOME_DAY = datetime(2025, 1, 1, tzinfo=UTC)


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
        Why it would not run, one sentence a line, each with its place in the file; empty where it would.
    """

    item: str
    parameters: Mapping[str, Any]
    note: str = ""
    problem: str = ""


class Known:
    """What schedules are checked against, each read once: reports, the catalog, names of sources."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._declared: dict[str, Mapping[str, Parameter]] = {}

    def declared(self, report: str) -> Mapping[str, Parameter]:
        """Give what a report declares."""
        if report not in self._declared:
            self._declared[report] = read_parameters(report_path(self._settings.root, report))
        return self._declared[report]

    @cached_property
    def catalog(self) -> Catalog:
        """The catalog."""
        return load_catalog(self._settings.catalog)

    @cached_property
    def sources(self) -> list[str] | None:
        """Names of the sources in the store; None without a store."""
        from murmuration.store.delta import list_sources, open_store

        try:
            store = open_store()
            return list_sources(store, store.open("posts").version())
        except StoreError:
            return None


def check_schedule(
    schedule: Schedule,
    settings: Settings,
    *,
    at: datetime,
    fire: datetime | None = None,
    known: Known | None = None,
) -> list[Checked]:
    """Check every run of a schedule as its report would.

    Parameters
    ----------
    schedule
        A schedule whose own fields are in order.
    settings
        Of this machine: where the reports and the catalog are.
    at
        The moment that the next fire is looked for from.
    fire
        The logical time instead of that of the next fire.
    known
        What was read already for other schedules.

    Returns
    -------
    list of Checked
        One for each run of a fire.
    """
    known = known or Known(settings)
    fire = fire or next(next_fires(schedule.cron, schedule.zone, after=at)).at
    try:
        declared, catalog = known.declared(schedule.spec.report), known.catalog
    except MurmurationError as err:
        said = f"{schedule.place('report')}: {err}"
        return [Checked(item, {}, problem=said) for item in schedule.items]
    return [
        _check_item(schedule, item, declared, catalog, known, at=fire) for item in schedule.items
    ]


def _check_item(
    schedule: Schedule,
    item: str,
    declared: Mapping[str, Parameter],
    catalog: Catalog,
    known: Known,
    *,
    at: datetime,
) -> Checked:
    given = given_parameters(schedule, item, declared)
    sources, note = _sources(given, known)
    problems, values = find_problems(
        declared, given, catalog=catalog, sources=lambda: sources, at=at
    )
    if problems:
        said = (f"{schedule.place(*_place(schedule, name))}: {err}" for name, err in problems)
        return Checked(item, {}, problem="\n".join(said))
    return Checked(item, values, note=note)


def _place(schedule: Schedule, name: str) -> Place:
    return ("for_each" if name in schedule.spec.for_each else "parameters", name)


def problems_of(checked: Sequence[Checked]) -> list[str]:
    """Give the sentences that say why runs of a fire would not run; what several say is one."""
    return list(dict.fromkeys(said for one in checked for said in one.problem.splitlines()))


def refuse_broken(schedule: Schedule, settings: Settings, *, fire: datetime) -> list[str]:
    """Refuse to queue a schedule of which no run could begin; give what is wrong with some of a sweep.

    Raises
    ------
    ScheduleError
        Says why, as `schedule check` does.
    """
    checked = check_schedule(schedule, settings, at=fire, fire=fire)
    problems = problems_of(checked)
    if all(one.problem for one in checked):
        raise ScheduleError("\n".join(problems))
    return problems


def warnings_of(
    schedule: Schedule, environ: Mapping[str, str], *, typical: timedelta | None = None
) -> list[str]:
    """Say what is allowed and hardly meant.

    Parameters
    ----------
    schedule
        A schedule whose own fields are in order.
    environ
        The environment and .env, which hold the addresses for notices.
    typical
        How long its last runs took, where that is known.
    """
    found = [
        f"{schedule.place('notify', number, 'to')}: {wish.to} is set neither in the environment nor in .env beside the catalog. "
        "Set it where the scheduler runs, or nobody is told."
        for number, wish in enumerate(schedule.spec.notify)
        if not environ.get(wish.to)
    ]
    if schedule.spec.overlap == "replace" and typical is not None:
        some = islice(next_fires(schedule.cron, schedule.zone, after=_SOME_DAY), _FIRES)
        moments = [fire.at for fire in some]
        shortest = min(later - one for one, later in pairwise(moments))
        if typical > shortest:
            found.append(
                f"{schedule.place('overlap')}: its runs take {typical.total_seconds():,.0f} s, and the next fire, which "
                f"takes the place of one that runs, comes after {length_text(shortest)}: none may come to its end. "
                "Choose overlap: skip, or a rule that fires more seldom."
            )
    return found


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


def _sources(given: Mapping[str, Any], known: Known) -> tuple[list[str], str]:
    """Names of the sources in the store; without a store, those asked for, which can't be checked then."""
    asked = given.get("source") or []
    if known.sources is not None:
        return known.sources, ""
    names = [asked] if isinstance(asked, str) else list(asked)
    return names, "there is no store yet to look for sources in"


class Lookout:
    """Which schedules could not run: looked at again when their file, report or catalog changes, or while they are broken.

    Parameters
    ----------
    settings
        Of this machine.
    """

    def __init__(self, settings: Settings) -> None:
        self.problems: dict[str, list[str]] = {}
        self._settings = settings
        self._seen: dict[str, object] = {}

    def look(self, schedules: Schedules, now: datetime) -> None:
        """Check what is new or was broken, and log what is found, once for each state of it."""
        known, catalog = Known(self._settings), _stamp(self._settings.catalog)
        found: dict[str, list[str]] = {}
        for name, schedule in schedules.by_name.items():
            report = self._settings.root / "notebooks" / "reports" / f"{schedule.spec.report}.ipynb"
            state = (schedule.digest, _stamp(report), catalog)
            if self._seen.get(name) == state and name not in self.problems:
                continue
            self._seen[name] = state
            said = problems_of(check_schedule(schedule, self._settings, at=now, known=known))
            if said and said != self.problems.get(name):
                log.warning("%s is not in order: %s", name, " ".join(said))
            if said:
                found[name] = said
        self.problems = found


def _stamp(path: Path) -> object:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


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
    ahead = next_fires(schedule.cron, schedule.zone, after=after)
    yield from with_windows(schedule, settings, islice(ahead, count))


def with_windows(
    schedule: Schedule, settings: Settings, moments: Iterable[Fire]
) -> Iterator[Upcoming]:
    """Give fires with their local time, and the window that the first run of each would read."""
    declared = read_parameters(report_path(settings.root, schedule.spec.report))
    given = given_parameters(schedule, next(iter(schedule.items)), declared)
    values = {
        name: str(parameter.read(given[name]) if name in given else parameter.default)
        for name, parameter in declared.items()
        if name in TIMES
    }
    for fire in moments:
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
        "latest": "If nobody was there for several fires, only the newest of them runs, and the others are recorded as skipped",
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
