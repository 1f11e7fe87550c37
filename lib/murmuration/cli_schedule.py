"""``murmuration schedule …``: each word parses, calls one library function and prints.

Heavy imports stand inside the commands, so that ``--help`` answers at once.
"""

import logging
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from murmuration.terminal import fields_of, number, print_json, print_table

if TYPE_CHECKING:
    from murmuration.schedule.ledger import Ledger
    from murmuration.schedule.spec import Schedules

schedule = typer.Typer(
    no_args_is_help=True, help="Reports that run by themselves: schedules/*.yaml."
)

_NOTICES_SHOWN = 5
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
At = Annotated[str | None, typer.Option("--at", help="Logical time of a fire.")]
Item = Annotated[
    str | None, typer.Option("--item", help="Only this run of a sweep, such as brand=aurora.")
]
AtOnce = Annotated[int, typer.Option(min=1, max=64, help="How many runs at once.")]
Grace = Annotated[
    float,
    typer.Option(
        min=0, help="On SIGTERM: seconds that runs get to finish; then they are handed back."
    ),
]
Name = Annotated[str, typer.Argument(help="A file in schedules/, without its ending.")]


def _load() -> "Schedules":
    from murmuration.schedule.spec import Folder
    from murmuration.settings import get_settings

    return Folder(get_settings().root / "schedules").load()


@schedule.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Only these; else all.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Each parameter of each run in a line of its own.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check all schedules, and print when each runs next and what its report would be given."""
    from murmuration.schedule.check import Known, check_schedule, problems_of, sum_up, warnings_of
    from murmuration.schedule.overview import typical_seconds
    from murmuration.settings import get_settings, read_environ

    loaded, now, settings = _load(), datetime.now(UTC), get_settings()
    known, typical = Known(settings), typical_seconds(settings)
    environ = read_environ(os.environ, settings.root)
    wanted = names or sorted([*loaded.by_name, *loaded.problems])
    facts: dict[str, Any] = {}
    problems, warnings = 0, 0
    lines: list[str] = []
    for name in wanted:
        if name in loaded.problems:
            facts[name] = {"problem": loaded.problems[name]}
            wrong = loaded.problems[name].splitlines()
            lines += [f"✗ {name}", *(f"    {said}" for said in wrong)]
            problems += len(wrong)
            continue
        chosen = loaded.get(name)
        found = check_schedule(chosen, settings, at=now, known=known)
        wrong = problems_of(found)
        doubts = warnings_of(chosen, environ, typical=typical.get(name))
        facts[name] = {"runs": [fields_of(one) for one in found], "warnings": doubts}
        problems, warnings = problems + len(wrong), warnings + len(doubts)
        lines += sum_up(chosen, found, at=now, width=_width())[: 1 if every else None]
        lines += [f"    {said}" for said in wrong] + [f"    Warning: {said}" for said in doubts]
        for one in found if every else ():
            lines += _each_parameter(" ".join(filter(None, [name, one.item])), one)
    if as_json:
        print_json({"schedules": facts, "problems": problems, "warnings": warnings})
    else:
        also = f", {number(warnings, 'warning')}" if warnings else ""
        for line in [
            *lines,
            f"{number(len(wanted), 'schedule')}, {number(problems, 'problem')}{also}.",
        ]:
            typer.echo(line)
    if problems:
        raise typer.Exit(1)


def _warn(sentences: list[str]) -> None:
    for said in sentences:
        typer.secho(f"Warning: {said}", fg=typer.colors.YELLOW, err=True)


def _width() -> int:
    return min(max(shutil.get_terminal_size((120, 24)).columns, 60), 160)


def _each_parameter(title: str, one: Any) -> list[str]:
    if one.problem:
        return []
    values = {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in one.parameters.items()
    }
    return [f"  {title}", *(f"    {name} = {value}" for name, value in values.items())]


@schedule.command("next")
def next_(
    name: Name,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many fires.")] = 10,
    since: Annotated[
        str | None, typer.Option("--from", help="A date or time; now unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate the next fires: local time, UTC, and the window that each run would read."""
    from murmuration.reports.period import read_time
    from murmuration.schedule.check import describe_policy, upcoming
    from murmuration.settings import get_settings

    chosen = _load().get(name)
    after = read_time(since, chosen.zone, "--from") if since else datetime.now(UTC)
    found = list(upcoming(chosen, get_settings(), after=after.astimezone(UTC), count=count))
    policy = describe_policy(chosen)
    if as_json:
        print_json({"schedule": name, "policy": policy, "fires": [fields_of(one) for one in found]})
        return
    notes = ["; ".join(filter(None, ["clocks are moved" if one.changes else "", one.note])) for one in found]  # fmt: skip
    _print_fires(found, "note", notes)
    typer.echo(policy)


def _print_fires(found: list[Any], last: str, notes: list[str]) -> None:
    rows = [
        [
            f"{one.local:%a %Y-%m-%d %H:%M %Z}", f"{one.at:%Y-%m-%d %H:%M}Z",
            f"{one.since:%Y-%m-%d %H:%M}Z to {one.until:%Y-%m-%d %H:%M}Z" if one.since and one.until else "",
            note,
        ]
        for one, note in zip(found, notes, strict=True)
    ]  # fmt: skip
    print_table(["local", "UTC", "window of the posts", last], rows)


@schedule.command()
def tick(
    at_once: AtOnce = 1,
    only: Annotated[str | None, typer.Option(help="Nothing but this schedule.")] = None,
    until_done: Annotated[
        bool,
        typer.Option(
            "--until-done",
            help="Wait for retries, which cron's next tick would do, and until notices are gathered.",
        ),
    ] = False,
    grace: Grace = 60.0,
) -> None:
    """Do what is due, wait for it, and return. Cron, systemd or Kubernetes may call it at any time.

    It ends with 1 if a run failed for good.
    """
    from murmuration.schedule.daemon import run_tick
    from murmuration.settings import get_settings

    _log_to_terminal(get_settings().log)
    if only is not None:
        _load().get(only)
    done = run_tick(
        get_settings(), os.environ, at_once=at_once, only=only, grace_seconds=grace, until_done=until_done,
    )  # fmt: skip
    typer.echo(f"{done.describe()} Ledger: {_ledger_name()}")
    if done.failed:
        raise typer.Exit(1)


@schedule.command()
def run(
    at_once: AtOnce = 1,
    grace: Grace = 60.0,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus metrics on this port of 127.0.0.1.")
    ] = None,
    metrics_host: Annotated[
        str, typer.Option(help="Where metrics may be asked from.")
    ] = "127.0.0.1",
) -> None:
    """Run what is due, until it is stopped."""
    from murmuration.schedule.daemon import run_daemon
    from murmuration.settings import get_settings

    _log_to_terminal(get_settings().log)
    metrics = (metrics_host, metrics_port) if metrics_port else None
    run_daemon(get_settings(), os.environ, at_once=at_once, grace_seconds=grace, metrics=metrics)


def _ledger_name() -> str:
    from murmuration.settings import get_settings

    return get_settings().describe()["ledger"]


def _log_to_terminal(form: str) -> None:
    from murmuration.schedule.logs import JsonFormatter

    log = logging.getLogger("murmuration")
    log.setLevel(min(log.level or logging.INFO, logging.INFO))
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    chosen = JsonFormatter() if form == "json" else plain
    handler.setFormatter(chosen)
    log.handlers, log.propagate = [handler], False
    for other in logging.getLogger().handlers:
        if type(other) is logging.StreamHandler:  # what libraries say has the same form
            other.setFormatter(chosen)


def _open() -> "Ledger":
    from murmuration.schedule.ledger import open_ledger
    from murmuration.settings import get_settings

    return open_ledger(get_settings())


def _look() -> "Ledger":
    """Open the ledger for those who only look, who need no right to write it; one that is not there yet is made."""
    from murmuration.errors import LedgerError
    from murmuration.schedule.ledger import look_at_ledger, open_ledger
    from murmuration.settings import get_settings

    try:
        found = look_at_ledger(get_settings())
    except LedgerError:  # of an older version, or it says so again in a moment
        found = None
    return found or open_ledger(get_settings())


def _moment(text: str | None, name: str, option: str) -> datetime | None:
    """Read a time of a schedule; without an offset it is local to the schedule's zone."""
    from murmuration.reports.period import check_zone, read_time

    found = _load().by_name.get(name)
    zone = found.zone if found else check_zone("UTC")
    return read_time(text, zone, option).astimezone(UTC) if text else None


@schedule.command()
def now(name: Name, at: At = None) -> None:
    """Queue a schedule's runs at once, for now or for a logical time; a daemon or the next tick runs them."""
    from murmuration.schedule.check import refuse_broken
    from murmuration.schedule.requests import is_paused, run_now, say_moment
    from murmuration.settings import get_settings

    chosen, asked, moment = _load().get(name), datetime.now(UTC), _moment(at, name, "--at")
    _warn(refuse_broken(chosen, get_settings(), fire=moment or asked))
    ledger = _open()
    found = run_now(ledger, chosen, asked, at=moment)
    typer.echo(
        f"{number(len(found), 'run')} of {name} queued for {say_moment(chosen, moment or asked)}. "
        + (f"{name} is paused; what is asked for by hand runs all the same. " if is_paused(ledger, name) else "")
        + f"Ledger: {_ledger_name()}"
    )  # fmt: skip


@schedule.command()
def pause(name: Name, why: Annotated[str, typer.Option(help="For those who look.")] = "") -> None:
    """Let a schedule's fires pass by, each recorded as skipped."""
    from murmuration.schedule.requests import pause as stop

    stop(_open(), _load().get(name), datetime.now(UTC), why=why)
    typer.echo(f"{name} is paused; murmuration schedule resume {name} goes on.")


@schedule.command()
def resume(name: Name) -> None:
    """Let a paused schedule go on with its next fire."""
    from murmuration.schedule.requests import resume as go_on

    was = go_on(_open(), _load().get(name), datetime.now(UTC))
    typer.echo(f"{name} {'goes on' if was else 'was not paused'}.")


@schedule.command()
def cancel(name: Name, at: At = None, item: Item = None) -> None:
    """End what runs of a schedule, with all that it started, and what waits."""
    from murmuration.schedule import requests

    ledger = _open()
    requests.check_name(ledger, list(_load().by_name), name)
    moment = _moment(at, name, "--at")
    done = requests.cancel(ledger, name, datetime.now(UTC), at=moment, item=item)
    said = (
        [f"{number(done.ended, 'run')} of {name} cancelled"]
        if done.ended or not done.running
        else []
    )
    if done.running:
        said.append(
            f"{number(done.running, 'run')} of {name} asked to end, which takes some seconds"
        )
    typer.echo("; ".join(said) + ".")


@schedule.command()
def backfill(
    name: Name,
    since: Annotated[str, typer.Option(help="First day or time.")],
    until: Annotated[str, typer.Option(help="Day or time after the last.")],
    at_once: AtOnce = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be queued.")
    ] = False,
    sure: Annotated[bool, typer.Option("--yes", help="Also where it is more than 1,000.")] = False,
    as_json: AsJson = False,
) -> None:
    """Queue the fires of a stretch of the past that have not succeeded."""
    from murmuration.schedule import requests
    from murmuration.schedule.check import refuse_broken, with_windows
    from murmuration.schedule.clock import Fire
    from murmuration.settings import get_settings

    begin, end = _moment(since, name, "--since"), _moment(until, name, "--until")
    assert begin is not None  # noqa: S101  both are given
    assert end is not None  # noqa: S101
    chosen = _load().get(name)
    _warn(refuse_broken(chosen, get_settings(), fire=end))
    done = requests.backfill(
        _open(), chosen, datetime.now(UTC), since=begin, until=end, at_once=at_once, dry_run=dry_run, sure=sure,
    )  # fmt: skip
    if as_json:
        fires = [{"at": moment, "item": item} for moment, item in done.queued]
        print_json({"schedule": name, "dry_run": dry_run, "fires": fires, "left": done.left})
        return
    if dry_run:
        moments = [Fire(moment) for moment, _ in done.queued]
        windows = list(with_windows(chosen, get_settings(), moments))
        _print_fires(windows, "run of sweep", [item for _, item in done.queued])
    verb = "would be queued" if dry_run else "queued"
    typer.echo(
        f"{number(len(done.queued), 'run')} of {name} {verb}, {done.left:,} left as they are."
    )


@schedule.command()
def export(
    names: Annotated[list[str] | None, typer.Argument(help="Only these; else all.")] = None,
    *,
    to: Annotated[
        Literal["cron", "systemd", "kubernetes"], typer.Option(help="For which scheduler.")
    ],
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("schedules/export"),
    image: Annotated[
        str, typer.Option(help="Container image, for Kubernetes.")
    ] = "murmuration:latest",
    secret: Annotated[
        str,
        typer.Option(
            help="Kubernetes secret that holds the environment: MURMURATION_LEDGER and so on."
        ),
    ] = "murmuration",  # noqa: S107  a name, no secret
    storage: Annotated[
        str, typer.Option(help="Room that is claimed for reports and posts, for Kubernetes.")
    ] = "20Gi",
) -> None:
    """Write files for cron, systemd or Kubernetes, which then call the same commands; earlier ones that are left over go."""
    from murmuration.schedule.export import Place, export_schedules, write_exported
    from murmuration.settings import get_settings

    loaded = _load()
    for problem in [] if names else loaded.problems.values():
        typer.secho(f"Error: {problem}", fg=typer.colors.RED, err=True)
    chosen = [loaded.get(name) for name in names or sorted(loaded.by_name)]
    place = Place(get_settings().root, image, secret, storage)
    files = export_schedules(chosen, to, place)
    # What a broken file stands for is not gone.
    tidy = not names and not loaded.problems
    removed = write_exported(files, folder, to, tidy=tidy)
    if removed:
        typer.echo(f"Removed, as no schedule chosen needs them: {', '.join(removed)}")
    typer.echo(f"{number(len(files), 'file')} for {to}: {folder}")
    if loaded.problems and not names:
        raise typer.Exit(1)


@schedule.command()
def send() -> None:
    """Send the notices whose time has come; a daemon and every tick do that too."""
    from murmuration.schedule.notices import count_waiting, deliver_by_apprise, send_due
    from murmuration.settings import get_settings, read_environ

    ledger, settings = _open(), get_settings()
    sent = send_due(
        ledger, read_environ(os.environ, settings.root), datetime.now(UTC), links=settings.links, deliver=deliver_by_apprise,
    )  # fmt: skip
    left = number(count_waiting(ledger), "notice")
    typer.echo(f"{number(sent, 'message')} sent, {left} left. Ledger: {_ledger_name()}")


@schedule.command()
def pin(
    run: Annotated[str, typer.Argument(help="A run's id, or a beginning of it.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it expire again.")] = False,
) -> None:
    """Keep a run's folder for good, whatever its schedule says."""
    from murmuration.reports import find_run
    from murmuration.schedule.retention import pin_run
    from murmuration.settings import get_settings

    found = find_run(get_settings().reports, run)
    pin_run(_open(), found.folder, pinned=not undo)
    typer.echo(f"{found.folder} {'may expire' if undo else 'is kept'}.")


@schedule.command()
def status(
    name: Annotated[str | None, typer.Argument(help="Only this one, with its last fires.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also schedules that are long gone, and every notice.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what ran, what is late, what comes next and how long runs take."""
    from murmuration.schedule.overview import look

    loaded = _load()
    found = look(_look(), loaded, datetime.now(UTC), every=every or name is not None)
    chosen = [one for one in found.schedules if name in (None, one.name)]
    if name is not None and not chosen:
        loaded.get(name)
    if as_json:
        facts = [
            fields_of(one)
            | {
                "last": [fields_of(fire) for fire in one.last],
                "last_real": one.last_real and fields_of(one.last_real),
                "open": [fields_of(fire) for fire in one.open],
            }
            | {"late": one.late and one.late.total_seconds()}
            for one in chosen
        ]
        undelivered = [fields_of(one) for one in found.undelivered]
        print_json(
            {
                "at": found.at, "workers": found.workers, "unsent": len(undelivered), "undelivered": undelivered,
                "schedules": facts,
            }
        )  # fmt: skip
        return
    _print_status(found, chosen, detail=name is not None, every=every)


def _print_status(found: Any, chosen: list[Any], *, detail: bool, every: bool) -> None:
    rows = []
    for one in chosen:
        last = one.last[0] if one.last else None
        rows.append([
            one.name,
            "no longer there" if one.gone else f"paused {one.paused}" if one.paused
            else f"{one.next_at:%Y-%m-%d %H:%M}Z" if one.next_at else "–",
            _describe_last(last, one.last_real),
            ", ".join(f"{sum(fire.state == state for fire in one.open)} {state}" for state in sorted({fire.state for fire in one.open})),
            one.trend,
            one.problem or (f"late by {int(one.late.total_seconds() // 60):,} min" if one.late else "")
            or (last.sentence if last and last.state != "succeeded" and not one.paused else "")
            or next(iter(one.alerts), ""),
        ])  # fmt: skip
    rows.sort(key=lambda row: row[1] == "no longer there")
    print_table(["schedule", "next", "last", "open", "takes", "note"], rows)
    if detail:
        print_table(
            ["fire", "run of sweep", "kind", "state", "attempt", "seconds", "what was said or made"],
            [
                [
                    f"{fire.at:%Y-%m-%d %H:%M}Z", fire.item, fire.kind, fire.state, str(fire.attempt),
                    "" if fire.seconds is None else f"{fire.seconds:.1f}", fire.sentence or fire.run_folder or "",
                ]
                for one in chosen
                for fire in [*one.open, *one.last]
            ],
        )  # fmt: skip
    shown = found.undelivered if every else found.undelivered[:_NOTICES_SHOWN]
    for one in shown:
        typer.echo(f"Not delivered: {one.describe()}")
    if len(found.undelivered) > len(shown):
        typer.echo(
            f"And {len(found.undelivered) - len(shown):,} more notices not delivered; --all names them."
        )
    there = f"{number(found.daemons, 'daemon')} alive" if found.daemons else "No daemon is alive"
    unsent = (
        f", {number(len(found.undelivered), 'notice')} not delivered" if found.undelivered else ""
    )
    typer.echo(f"{there}{unsent}. Ledger: {_ledger_name()}")


def _describe_last(last: Any, real: Any) -> str:
    """Say how the last fire ended; where it did not run, also how the last one did that ran."""
    if last is None:
        return "never"
    said = f"{last.state} {last.at:%Y-%m-%d %H:%M}Z"
    if real is None or real == last:
        return said
    return f"{real.state} {real.at:%Y-%m-%d %H:%M}Z, then {said}"
