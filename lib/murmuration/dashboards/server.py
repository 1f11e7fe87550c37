"""The server of the dashboards: Voila, with our guard before each of its routes."""

import asyncio
import logging
import os
import secrets
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import HTTPError
from traitlets.config import Config
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import AllowListFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from murmuration.dashboards.access import ACCESS_HEADER
from murmuration.dashboards.handlers import (
    PAGES,
    AssetHandler,
    LoginHandler,
    LogoutHandler,
    PageHandler,
    StaticHandler,
    WaitingKernel,
    guarded,
    note_request,
)
from murmuration.dashboards.identity import Identity
from murmuration.dashboards.kernels import Kernels
from murmuration.dashboards.people import People
from murmuration.dashboards.warm import use_warm_kernels
from murmuration.errors import SettingsError
from murmuration.settings import Settings

log = logging.getLogger(__name__)

_NOT_SERVED = (
    TornadoVoilaTreeHandler, TornadoVoilaHandler, VoilaContentsHandler, AllowListFileHandler, RequestInfoSocketHandler,
)  # fmt: skip
_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
_TIDY_SECONDS = 5.0
_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  as a person may say it
_EXTENSIONS = [
    "anywidget",
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How dashboards are served.

    Attributes
    ----------
    ip, port
        Where the server listens.
    token
        Whoever has it sees everything; only without `users`. Made anew at each start unless given.
    users
        File of people with hashed passwords; none: the token is asked for.
    proxy_header
        Header in which a reverse proxy names the person; none: no proxy is believed.
    proxies
        Addresses that the header is believed from.
    base_url
        What all addresses begin with, behind a proxy.
    most
        Pages open at once.
    idle_minutes
        After so long without anything done a page's kernel goes.
    preheat
        Kernels of each page that wait for somebody.
    """

    ip: str = "127.0.0.1"
    port: int = 8866
    token: str = ""
    users: Path | None = None
    proxy_header: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    base_url: str = "/"
    most: int = 40
    idle_minutes: float = 60.0
    preheat: int = 1


class Dashboards(Voila):  # type: ignore[misc]
    """Voila with our pages, our guard, and nothing else that it could serve."""

    name = "voila"

    def __init__(
        self, options: ServerOptions, settings: Settings, *, on_ready: Callable[[str], None]
    ) -> None:
        super().__init__(config=_configure(options), config_file_paths=[])
        self._options, self._settings, self._on_ready = options, settings, on_ready
        self._people = People(options.users) if options.users else None
        pages = settings.root / "notebooks" / "dashboards"
        if not pages.is_dir():
            raise SettingsError(
                f"There is no folder {pages}. Start the dashboards in a workspace, where data_catalog.yaml is."
            )
        self.root_dir = str(pages)
        self.ip, self.port, self.base_url = options.ip, options.port, options.base_url
        self.token = options.token or secrets.token_urlsafe(24)
        self.identity_provider_class = Identity
        self.open_browser = False
        self.log_level = logging.WARNING
        # Said of every notebook that was not run by hand before; nothing that an administrator could mend.
        self.log.addFilter(lambda record: "is not trusted" not in record.getMessage())
        self._waiting = secrets.token_urlsafe(24)

    def setup_template_dirs(self) -> None:
        """Take our page before Voila's."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(Path(__file__).parent / "web"))

    def init_settings(self) -> dict[str, Any]:
        """Add what our handlers need."""
        os.environ["VOILA_WS_BASE_URL"] = url_path_join(self.base_url, self._waiting, "/")
        os.environ["VOILA_APP_IP"] = reach(self.ip)
        settings: dict[str, Any] = super().init_settings()
        identity: Identity = settings["identity_provider"]
        identity.people = self._people
        identity.proxy_header = self._options.proxy_header
        identity.proxies = list(self._options.proxies)
        settings["murmuration_kernels"] = Kernels(
            self.kernel_manager,
            most=self._options.most,
            idle=timedelta(minutes=self._options.idle_minutes),
            stamp_of=identity.stamp_of,
        )
        settings["murmuration_waiting"] = self._waiting
        settings["murmuration_reports"] = self._settings.reports
        return settings | {
            "log_function": note_request,
            "xheaders": False,
            "disable_check_xsrf": True,
            "ws_ping_timeout": 30_000,
        }

    def init_handlers(self) -> list[Any]:
        """Put our guard before Voila's routes, leave out those that show files, and add ours."""
        routes = []
        for route in super().init_handlers():
            pattern, kind, *more = route
            if not issubclass(kind, _NOT_SERVED):
                ends = issubclass(kind, VoilaShutdownKernelHandler)
                routes.append((pattern, guarded(kind, takes_kernel=ends), *more))
        return [*self._own_routes(), *routes]

    def _own_routes(self) -> list[Any]:
        def at(path: str) -> str:
            return str(url_path_join(self.server_url, path))

        page = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        pages = [
            (at(f"/{name}"), PageHandler, page | {"notebook_path": f"{name}.ipynb"})
            for name in PAGES
        ]
        return [
            (at("/"), PageHandler, page | {"notebook_path": "home.ipynb"}),
            *pages,
            (at("/login"), LoginHandler),
            (at("/logout"), LogoutHandler),
            (at(r"/assets/([a-z.]+)"), AssetHandler),
            (at(r"/static/?"), StaticHandler),
            (at(r"/static/([^/]+)/?"), StaticHandler),
            (at(r"/static/([^/]+)/([^/]+)/report\.html"), StaticHandler),
            (at(rf"/{self._waiting}/voila/query/{_KERNEL}"), WaitingKernel),
        ]

    def listen(self) -> None:
        """Serve until Ctrl-C or SIGTERM."""
        try:
            self.app.listen(self.port, self.ip, max_body_size=1_000_000)
        except OSError as err:
            raise SettingsError(
                f"Nothing can listen on {self.ip}, port {self.port}: {err.strerror}. Choose another one with --port."
            ) from err
        self.ioloop = IOLoop.current()
        kernels: Kernels = self.app.settings["murmuration_kernels"]
        PeriodicCallback(kernels.tidy, _TIDY_SECONDS * 1000).start()
        self._on_ready(self._address())
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            log.info("stopping")
        finally:
            self.stop()

    def stop(self) -> None:
        """End all kernels; some may have ended just now."""
        with suppress(HTTPError):
            super().stop()

    def _address(self) -> str:
        address = f"http://{as_host(self.ip)}:{self.port}{self.base_url}"
        asks = self._people is None and not self._options.proxy_header
        return f"{address}?token={self.token}" if asks else address


def as_host(ip: str) -> str:
    """Give an IP address as it stands in web addresses."""
    return f"[{ip}]" if ":" in ip else ip


def reach(ip: str) -> str:
    """Give the host under which this machine reaches a server that listens on an IP address."""
    return as_host(_ANYWHERE.get(ip, ip))


def _configure(options: ServerOptions) -> Config:
    config = Config()
    voila = config.VoilaConfiguration
    voila.template = "lab"
    voila.allow_template_override = voila.allow_theme_override = "NO"
    voila.show_tracebacks = False
    voila.strip_sources = True
    voila.http_header_envs = [ACCESS_HEADER]
    voila.extension_allowlist = _EXTENSIONS
    voila.preheat_kernel = options.preheat > 0
    voila.default_pool_size = options.preheat
    config.VoilaExecutor.iopub_timeout = 60  # seconds; where many open pages at once, 4 are too few
    config.KernelManager.autorestart = False  # without its page's state it would answer nothing
    config.KernelManager.transport = "ipc"  # no port of this machine that others could listen on
    config.ZMQChannelsWebsocketConnection.limit_rate = False  # a page's charts come in one go
    config.MappingKernelManager.cull_idle_timeout = 0  # ours goes by pages, see `Kernels.tidy`
    return config


def serve(
    options: ServerOptions,
    settings: Settings,
    *,
    on_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the dashboards until Ctrl-C or SIGTERM.

    Parameters
    ----------
    options
        How.
    settings
        Of this workspace.
    on_ready
        Told the address, with the token where one is needed, when the server listens.

    Raises
    ------
    SettingsError
        If the port is taken, or the users' file is wrong.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(settings.root)
    app = Dashboards(options, settings, on_ready=on_ready)
    if hasattr(os, "fork"):
        use_warm_kernels()
    app.initialize([])
    app.start()
