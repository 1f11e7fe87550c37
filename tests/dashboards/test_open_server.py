"""The dashboards as one person starts them: by a token, with kernels that wait; and nothing of them stays."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import psutil
import pytest

from murmuration.dashboards.server import reach

from .runs import make_run
from .serving import serve
from .test_server import ask, open_socket

HEAVY = (
    "bertopic", "dask", "deltalake", "distributed", "duckdb", "hdbscan", "llvmlite", "numba", "sklearn", "torch", "umap",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with a token, two places, and a kernel of each page that waits."""
    folder = tmp_path_factory.mktemp("open")
    make_run(folder / "reports")
    with serve(folder, folder / "reports", "--most=2") as running:
        yield running


def enter(server, **headers):
    status, said, _ = ask(server, f"?run=x&token={server.token}", **headers)
    assert (status, said["Location"]) == (302, "/?run=x")
    return said["Set-Cookie"]


def test_the_token_lets_in_and_leaves_every_address(server):
    cookie = enter(server)
    assert "Secure" not in cookie
    assert "Secure" in enter(server, X_Forwarded_Proto="https")
    mine = cookie.split(";")[0]
    for path in (f"?token={server.token}", "?token=wrong", f"?token=a&token={server.token}"):
        status, headers, _ = ask(server, path, Cookie=mine)
        assert (status, headers["Location"]) == (302, "/")
    status, headers, _ = ask(server, f"brand_health?lang=de&token={server.token}&brand=", Cookie=mine)  # fmt: skip
    assert "token" not in headers["Location"]
    assert headers["Location"].startswith("/brand_health?lang=de")


@pytest.mark.parametrize("path", ["", "brand_health", "runs", "static/", "assets/page.css", "api/kernels", "?token=wrong"])  # fmt: skip
def test_without_the_token_nothing_but_the_login_is_served(server, path):
    status, headers, body = ask(server, path)
    assert "Aurora" not in body
    assert status in (302, 404)
    if status == 302:
        wanted = "/" if path.startswith("?") else "/login?next="
        assert headers["Location"].startswith(wanted)
        assert "token" not in headers["Location"]
    assert "Set-Cookie" not in headers


def test_two_people_at_once_get_a_page_each_a_third_waits_and_logging_out_makes_room(server):
    cookies = [enter(server).split(";")[0] for _ in range(3)]
    with ThreadPoolExecutor() as many:
        answers = list(many.map(lambda one: ask(server, "brand_health", Cookie=one), cookies))
    assert sorted(status for status, _, _ in answers) == [200, 200, 503]
    pages = {cookie: body for cookie, (status, _, body) in zip(cookies, answers, strict=True) if status == 200}  # fmt: skip
    full = next(one for one in answers if one[0] == 503)
    assert "2 people look at dashboards" in full[2]
    assert full[1]["Retry-After"]
    kernels = {one: re.search(r'"kernelId": "([0-9a-f-]+)"', page)[1] for one, page in pages.items()}  # fmt: skip
    assert len(set(kernels.values())) == 2
    assert all("widget-view+json" in page for page in pages.values())
    leaving, staying = kernels
    origin = server.address.rstrip("/")
    assert ask(server, "logout", method="POST", Cookie=leaving, Origin=origin)[0] == 302
    assert ask(server, f"api/kernels/{kernels[leaving]}", Cookie=staying)[0] == 404
    assert ask(server, f"api/kernels/{kernels[staying]}", Cookie=staying)[0] == 200
    assert ask(server, f"api/kernels/{kernels[staying]}", Cookie=leaving)[0] == 302
    channels = f"api/kernels/{kernels[staying]}/channels"
    assert open_socket(server, channels, Cookie=leaving, Origin=origin) in (302, 403)
    assert ask(server, "brand_health", Cookie=cookies[2])[0] in (200, 503)


def test_the_log_does_not_tell_where_kernels_wait(server):
    deadline = monotonic() + 30
    while "/voila/query/" not in server.log.read_text() and monotonic() < deadline:
        sleep(0.1)
    waited = [line for line in server.log.read_text().splitlines() if "/voila/query/" in line]
    assert all("GET /…/voila/query/" in line for line in waited)
    assert waited
    assert server.token not in "".join(waited)


def test_pages_import_nothing_heavy():
    words = (
        "import sys\nfrom murmuration import dashboards\n[getattr(dashboards, one) for one in dashboards.__all__]\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("ip", "host"),
    [("::1", "[::1]"), ("::", "[::1]"), ("0.0.0.0", "127.0.0.1"), ("", "127.0.0.1"), ("10.0.0.7", "10.0.0.7")],
)  # fmt: skip
def test_kernels_find_the_server_wherever_it_listens(ip, host):
    assert reach(ip) == host


def test_nothing_stays_of_a_server_that_was_killed(tmp_path):
    make_run(tmp_path / "reports")
    with serve(tmp_path, tmp_path / "reports", "--ip=::1") as running:
        parent = psutil.Process(running.process.pid)
        deadline = monotonic() + 60
        while len(parent.children(recursive=True)) < 6 and monotonic() < deadline:
            sleep(0.1)
        family = parent.children(recursive=True)
        assert len(family) >= 6  # the warm process, and a kernel of each page
        os.kill(parent.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=20)
        for process in alive:
            process.kill()
        assert alive == []
