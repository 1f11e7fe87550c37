"""``murmuration schedule …``: each word parses, calls one library function and prints.

Heavy imports stand inside the commands, so that ``--help`` answers at once.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from murmuration.terminal import fields_of, number, print_json, print_table

if TYPE_CHECKING:
    from murmuration.schedule.spec import Schedules

schedule = typer.Typer(
    no_args_is_help=True, help="Reports that run by themselves: schedules/*.yaml."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Name = Annotated[str, typer.Argument(help="A file in schedules/, without its ending.")]


def _load() -> "Schedules":
    from murmuration.schedule.spec import Folder
    from murmuration.settings import get_settings

    return Folder(get_settings().root / "schedules").load()


@schedule.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Only these; else all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check all schedules, and print what each report would be given."""
    from murmuration.schedule.check import check_schedule
    from murmuration.settings import get_settings

    loaded = _load()
    wanted = names or sorted([*loaded.by_name, *loaded.problems])
    if names:
        for name in names:
            if name not in loaded.problems:
                loaded.get(name)
    facts: dict[str, Any] = {}
    problems = 0
    for name in wanted:
        if name in loaded.problems:
            facts[name] = {"problem": loaded.problems[name]}
            problems += 1
            _say_problem(name, loaded.problems[name], quiet=as_json)
            continue
        found = check_schedule(loaded.by_name[name], get_settings(), at=datetime.now(UTC))
        facts[name] = {"runs": [fields_of(one) for one in found]}
        problems += sum(bool(one.problem) for one in found)
        if not as_json:
            for one in found:
                _print_checked(" ".join(filter(None, [name, one.item])), one)
    if as_json:
        print_json({"schedules": facts, "problems": problems})
    else:
        typer.echo(f"{number(len(wanted), 'schedule')}, {number(problems, 'problem')}.")
    if problems:
        raise typer.Exit(1)


def _say_problem(name: str, problem: str, *, quiet: bool = False) -> None:
    if not quiet:
        typer.echo(f"✗ {name}")
        typer.secho(f"Error: {problem}", fg=typer.colors.RED, err=True)


def _print_checked(title: str, one: Any) -> None:
    if one.problem:
        _say_problem(title, one.problem)
        return
    typer.echo(f"✓ {title}" + (f" ({one.note})" if one.note else ""))
    for name, value in one.parameters.items():
        typer.echo(f"    {name} = {', '.join(value) if isinstance(value, list) else value}")


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
    rows = [
        [
            f"{one.local:%a %Y-%m-%d %H:%M %Z}", f"{one.at:%Y-%m-%d %H:%M}Z",
            f"{one.since:%Y-%m-%d %H:%M}Z to {one.until:%Y-%m-%d %H:%M}Z" if one.since and one.until else "",
            "; ".join(filter(None, ["clocks are moved" if one.changes else "", one.note])),
        ]
        for one in found
    ]  # fmt: skip
    print_table(["local", "UTC", "window of the posts", "note"], rows)
    typer.echo(policy)
