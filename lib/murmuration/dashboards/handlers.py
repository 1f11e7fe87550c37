"""What the server answers: nothing without being let in, and to each person only what is theirs."""

import asyncio
import logging
from collections.abc import Awaitable, MutableMapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, PackageLoader
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler

from murmuration.dashboards.access import ACCESS_HEADER, IN_ADDRESS, Access
from murmuration.dashboards.archive import (
    NAME,
    describe_run,
    find_newest,
    list_visible,
    newest_of_each,
    open_run,
)
from murmuration.dashboards.identity import Identity, Visitor
from murmuration.dashboards.kernels import Kernels, Owner
from murmuration.errors import UnknownNameError
from murmuration.reports.manifest import RunResult

log = logging.getLogger(__name__)

PAGES = {
    "home": "Home",
    "brand_health": "Brand health",
    "topics": "Topics",
    "audience": "Audience",
    "runs": "Runs",
}
_POLICY = (
    # JupyterLab's frontend checks settings with code that it makes; nothing of it comes from elsewhere.
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'"
)
_LISTED = 500  # runs that the list of reports has, beside the newest of each
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_SAID = {
    403: "This is not open to you.",
    404: "There is nothing here, or it is not yours to see.",
    405: "That cannot be done here.",
    503: "All places are taken at the moment.",
}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("murmuration.dashboards", "web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def is_same_origin(request: HTTPServerRequest) -> bool:
    """Whether a request comes from a page of this server, or from no page at all."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == request.host.lower()
    site = request.headers.get("Sec-Fetch-Site", "none")
    return site in ("same-origin", "none")


class Answer(RequestHandler):
    """What all answers have: headers that keep others out, and errors in one sentence."""

    def set_default_headers(self) -> None:
        """Allow no page of others to use ours."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.clear_header("Server")

    @property
    def base(self) -> str:
        """The address that all others begin with."""
        return str(self.settings["base_url"])

    @property
    def identity(self) -> Identity:
        """Who lets people in."""
        provider: Identity = self.settings["identity_provider"]
        return provider

    def check_request(self) -> None:
        """Refuse what another site has a browser send."""
        unsafe = self.request.method not in _SAFE_METHODS or isinstance(self, WebSocketHandler)
        if unsafe and not is_same_origin(self.request):
            raise HTTPError(403)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in one sentence that something went wrong; never how."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        said = getattr(error, "sentence", None) or _SAID.get(
            status_code, "Something went wrong here."
        )
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.render_page("notice.html.j2", title="Not here", sentence=said))

    def render_page(self, template: str, **values: Any) -> str:
        """Fill a page of ours."""
        return (
            _templates()
            .get_template(template)
            .render(base=self.base, css=read_web("page.css"), **values)
        )


@cache
def read_web(name: str) -> str:
    """Read a file of the pages."""
    return (Path(__file__).parent / "web" / name).read_text(encoding="utf-8")


class Guarded(Answer):
    """Lets nobody pass who was not let in, and nobody to the kernel of somebody else."""

    async def prepare(self) -> None:
        """Check who asks, before anything else is done."""
        self.check_request()
        visitor = self.identity.get_user(self)
        self.current_user = self._jupyter_current_user = visitor
        if self._take_token(visitor):
            return
        if visitor is None:
            if self.request.method in ("GET", "HEAD") and not isinstance(self, WebSocketHandler):
                after = urlencode({"next": self.request.uri or self.base})
                self.redirect(f"{self.base}login?{after}")
                return
            raise HTTPError(403)
        self._check_kernel(visitor)
        done = super().prepare()
        if isinstance(done, Awaitable):
            await done

    @property
    def access(self) -> Access:
        """What the person who asks may do."""
        visitor: Visitor = self.current_user
        return visitor.access

    def _take_token(self, visitor: Visitor | None) -> bool:
        """Let the holder of the token in, and take it out of the address, whoever comes: addresses are kept and shared."""
        asked = self.request.query_arguments
        if (
            IN_ADDRESS not in asked
            or self.request.method != "GET"
            or isinstance(self, WebSocketHandler)
        ):
            return False
        if visitor is None and self.identity.knows_token(self.get_query_argument(IN_ADDRESS, "")):
            self.identity.remember(self, *self.identity.token_session())
        others = [
            (name, value.decode("utf-8", "replace"))
            for name, values in asked.items()
            if name != IN_ADDRESS
            for value in values
        ]
        self.redirect(self.request.path + (f"?{urlencode(others)}" if others else ""))
        return True

    def _check_kernel(self, visitor: Visitor) -> None:
        kernels: Kernels = self.settings["murmuration_kernels"]
        named = self.path_kwargs.get("kernel_id") or (
            self.path_args[0] if self.takes_kernel else None
        )
        if named is not None and not kernels.belongs_to(
            str(named), visitor.username, visitor.stamp
        ):
            raise HTTPError(404)

    takes_kernel = False


class TakesKernel:
    """Marks routes whose first part names a kernel."""

    takes_kernel = True


@cache
def guarded(kind: type[RequestHandler], *, takes_kernel: bool = False) -> type[RequestHandler]:
    """Give a handler of others behind our guard."""
    bases: tuple[type, ...] = (TakesKernel, Guarded, kind) if takes_kernel else (Guarded, kind)
    return type(f"Guarded{kind.__name__}", bases, {})


class PageHandler(Guarded, TornadoVoilaHandler):  # type: ignore[misc]
    """A dashboard, by a kernel that works for one person."""

    async def prepare(self) -> None:
        """Say so where all kernels are taken."""
        await super().prepare()
        if self._finished:
            return
        kernels: Kernels = self.settings["murmuration_kernels"]
        # Whatever the browser sent under this name is gone.
        self.request.headers[ACCESS_HEADER] = self.access.as_text()
        self._has_place = kernels.take_place()
        if not self._has_place:
            self.set_status(503)
            self.set_header("Retry-After", "60")
            self.finish(
                self.render_page(
                    "notice.html.j2",
                    title="All places are taken",
                    sentence=f"{kernels.most} people look at dashboards at the moment, which is the most that this machine "
                    "serves. Load this page again in a minute, or read the reports without a place of your own.",
                )
            )

    _has_place = False

    def give_place(self) -> None:
        """Give the place back that was kept for this page's kernel."""
        if self._has_place:
            self._has_place = False
            self.settings["murmuration_kernels"].give_place()

    def on_finish(self) -> None:
        """Keep no place for a kernel that did not come."""
        self.give_place()
        super().on_finish()

    @property
    def kernel_manager(self) -> Any:
        """The kernels; notes for whom one is started."""
        who: Visitor = self.current_user
        owner = Owner(who.username, who.stamp, who.session)
        return self.settings["murmuration_kernels"].working_for(owner, self.give_place)


class WaitingKernel(Answer, RequestInfoSocketHandler):  # type: ignore[misc]
    """Where a kernel that was started beforehand waits for somebody; the secret in the path keeps others out."""

    def prepare(self) -> None:
        """Refuse what is not a kernel: a browser says which page it comes from."""
        if "Origin" in self.request.headers:
            raise HTTPError(403)

    def on_close(self) -> None:
        """Forget a kernel that was asked; one that asked in vain was never known."""
        waiting = RequestInfoSocketHandler._waiters  # noqa: SLF001  Voila's own fails for those
        for known, waiter in list(waiting.items()):
            if waiter is self:
                del waiting[known]


class LoginHandler(Answer):
    """The only page for those who were not let in yet."""

    def get(self) -> None:
        """Ask for a name and a password, or for the token."""
        self._show("")

    async def post(self) -> None:
        """Let somebody in."""
        self.check_request()
        name = self.get_body_argument("name", "").strip()
        password = self.get_body_argument("password", "")
        found = await self.identity.let_in(name=name, password=password)
        if found is None:
            self.set_status(401)
            wrong = "name or password" if self.identity.people else "token"
            self._show(
                f"That {wrong} is not right. After five wrong ones you have to wait for a minute."
            )
            return
        self.identity.remember(self, *found)
        self.redirect(local_path(self.get_query_argument("next", ""), self.base))

    def _show(self, problem: str) -> None:
        self.finish(
            self.render_page(
                "login.html.j2",
                people=self.identity.people is not None,
                problem=problem,
                proxy=bool(self.identity.proxy_header),
            )
        )


def local_path(wanted: str, base: str) -> str:
    """Give an address of this server as it was asked for, or the start page for any other."""
    parts = urlsplit(wanted)
    local = wanted.startswith(base) and not wanted.startswith("//") and "\\" not in wanted
    return (
        wanted if local and not parts.scheme and not parts.netloc and wanted.isprintable() else base
    )


class LogoutHandler(Guarded):
    """The way out."""

    async def post(self) -> None:
        """End the session, and the pages that were opened in it."""
        who: Visitor = self.current_user
        self.identity.forget(self, who)
        await self.settings["murmuration_kernels"].end_session(who.username, who.session)
        self.redirect(f"{self.base}login")


class AssetHandler(Guarded):
    """Our style sheet, and plotly's script once for all charts of a page."""

    def get(self, name: str) -> None:
        """Give one of them; browsers keep it for a day."""
        if name == "plotly.js":
            body: str | bytes = _plotly()
            self.set_header("Content-Type", "text/javascript; charset=utf-8")
        elif name == "page.css":
            body = read_web("page.css")
            self.set_header("Content-Type", "text/css; charset=utf-8")
        else:
            raise HTTPError(404)
        self.set_header("Cache-Control", "private, max-age=86400")
        self.finish(body)


@cache
def _plotly() -> bytes:
    return (files("plotly") / "package_data" / "plotly.min.js").read_bytes()


class StaticHandler(Guarded):
    """Reports without a kernel: the newest of each, or one of them."""

    async def get(self, report: str = "", run_id: str = "") -> None:
        """Give the list of reports, the newest run of one, or a run's page."""
        reports = self.settings["murmuration_reports"]
        if not report:
            loop = asyncio.get_running_loop()
            runs = await loop.run_in_executor(None, _listed, reports, self.access)
            self.finish(
                self.render_page(
                    "static.html.j2", runs=[describe_run(run) for run in runs if run.page.exists()]
                )
            )
            return
        if not run_id:
            if not NAME.fullmatch(report):
                raise HTTPError(404)
            run = find_newest(reports, self.access, report)
            if run is None:
                raise HTTPError(404)
            self.redirect(f"{self.base}static/{report}/{run.folder.name}/report.html")
            return
        try:
            page = open_run(reports, self.access, run_id, report=report).page.read_bytes()
        except (UnknownNameError, OSError):
            raise HTTPError(404) from None
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header(  # the page says itself which scripts it has
            "Content-Security-Policy", "frame-ancestors 'none'"
        )
        self.finish(page)


def _listed(reports: Path, access: Access) -> list[RunResult]:
    """Give the newest runs, and of each report and brand the newest one."""
    runs = list_visible(reports, access, most=_LISTED)
    there = {run.folder for run in runs}
    older = newest_of_each(reports, access) if len(runs) == _LISTED else []
    return [*runs, *(run for run in older if run.folder not in there)]


def note_request(handler: RequestHandler) -> None:
    """Write a line about a request: no address beyond its path, so no search words and no token."""
    status = handler.get_status()
    level = logging.INFO if status < 500 else logging.ERROR
    visitor = getattr(handler, "_jupyter_current_user", None)
    who = visitor.username if isinstance(visitor, Visitor) else "-"
    request = handler.request
    # Who knows where kernels wait could ask for what they are told.
    path = request.path.replace(handler.settings["murmuration_waiting"], "…")
    log.log(
        level,
        "%d %s %s %s %.0f ms",
        status,
        request.method,
        path[:200],
        who,
        1000 * request.request_time(),
    )


Settings = MutableMapping[str, Any]
