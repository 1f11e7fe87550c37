"""The word `dashboards`: pages for those who read reports."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from murmuration.errors import ParamError


def dashboards(
    *,
    port: Annotated[int, typer.Option(help="Where the server listens.", min=1, max=65535)] = 8866,
    ip: Annotated[
        str, typer.Option(help="Address that it listens on; 0.0.0.0 for all of this machine's.")
    ] = "127.0.0.1",
    token: Annotated[
        str,
        typer.Option(
            help="Opens everything; made anew at each start unless given.", envvar="JUPYTER_TOKEN"
        ),
    ] = "",
    users: Annotated[
        Path | None, typer.Option(help="File of people with passwords, roles and rights.")
    ] = None,
    set_user: Annotated[
        str,
        typer.Option(
            help="Add or change this person in the users' file, ask for the password, and end."
        ),
    ] = "",
    role: Annotated[
        str, typer.Option(help="With --set-user: viewer, analyst or admin.")
    ] = "viewer",
    brand: Annotated[
        list[str] | None,
        typer.Option(help="With --set-user: a brand that the person may see; * for all."),
    ] = None,
    report: Annotated[
        list[str] | None,
        typer.Option(help="With --set-user: a report that the person may see; * for all."),
    ] = None,
    proxy_header: Annotated[
        str,
        typer.Option(
            help="Header in which a reverse proxy names the person, for instance Remote-User."
        ),
    ] = "",
    proxy: Annotated[
        list[str] | None,
        typer.Option(help="Address that the header is believed from; this machine unless given."),
    ] = None,
    base_url: Annotated[str, typer.Option(help="What addresses begin with, behind a proxy.")] = "/",
    most: Annotated[int, typer.Option(help="Pages that can be open at once.", min=1)] = 40,
    idle_minutes: Annotated[
        float, typer.Option(help="After so long without anything done a page lets go.", min=1)
    ] = 60.0,
    preheat: Annotated[
        int, typer.Option(help="Kernels of each page that wait for somebody.", min=0, max=20)
    ] = 1,
) -> None:
    """Dashboards in the browser, for those who read reports; ends with Ctrl-C."""
    from murmuration.dashboards.server import ServerOptions, serve
    from murmuration.settings import get_settings

    settings = get_settings()
    if set_user:
        _set_user(users or settings.state / "users.yaml", set_user, role, brand or [], report or [])
        return
    logging.getLogger("murmuration.dashboards").setLevel(logging.INFO)
    base = "/" + base_url.strip("/") + "/" if base_url.strip("/") else "/"
    options = ServerOptions(
        ip=ip, port=port, token=token, users=users, proxy_header=proxy_header, base_url=base, most=most,
        proxies=tuple(proxy) if proxy else ("127.0.0.1", "::1"), idle_minutes=idle_minutes, preheat=preheat,
    )  # fmt: skip
    serve(options, settings, on_ready=_tell_address)


def _tell_address(address: str) -> None:
    typer.echo("The first page takes some seconds. Ctrl-C ends the dashboards.")
    if "token=" in address:
        typer.echo("Whoever has this address may see all reports: pass it on with care.")
    typer.echo(f"Dashboards: {address}")


def _set_user(path: Path, name: str, role: str, brands: list[str], reports: list[str]) -> None:
    from murmuration.dashboards.access import ROLES
    from murmuration.dashboards.people import save_person

    if role not in ROLES:
        raise ParamError(f"--role is {role!r}, but it must be one of {', '.join(ROLES)}.")
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    save_person(path, name, password, role=role, brands=brands, reports=reports)
    typer.echo(f"Users: {path}")
