"""Without being let in nothing but the login is served; with it, only what is one's own."""

import asyncio
import http.client
import re
from time import monotonic, sleep
from urllib.parse import urlencode, urlsplit

import pytest
import websockets

from murmuration.dashboards.handlers import local_path
from murmuration.dashboards.people import save_person

from .runs import make_run
from .serving import serve

KERNEL = "12345678-1234-1234-1234-123456789012"
RUN = "20260302T060000Z-0001"
# One address of every route that Voila or we have, and of those that Voila would have.
ROUTES = [
    "", "home", "brand_health", "topics", "audience", "runs", "static", "static/", "static/brand_health",
    f"static/brand_health/{RUN}/report.html", "assets/plotly.js", "assets/page.css", "login/x", "logout", "api", "api/kernels",
    f"api/kernels/{KERNEL}", f"api/kernels/{KERNEL}/channels", "api/contents", "voila/templates/lab/static/index.css",
    "voila/templates/base/static/voila.js", "voila/static/voila.js", "voila/static/", "voila/api/themes/x.css",
    f"voila/api/shutdown/{KERNEL}", f"voila/query/{KERNEL}", f"voila/execution/{KERNEL}", "voila/labextensions/anywidget/package.json",
    "voila/files/brand_health.ipynb", "voila/tree", "voila/tree/x", "voila/render/brand_health.ipynb", "voila/api/contents",
    "voila/api/contents/brand_health.ipynb", "metrics", "lab", "tree", "files/x", "favicon.ico", "../etc/passwd",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with a viewer of one brand, an analyst, and runs of two brands."""
    folder = tmp_path_factory.mktemp("server")
    reports = folder / "reports"
    make_run(reports)
    make_run(reports, brand="velora", name="Velora", run_id="20260303T060000Z-0002")
    users = folder / "users.yaml"
    save_person(users, "vera", "password of vera", brands=["aurora"], reports=["brand_health"])
    save_person(users, "anna", "password of anna", role="analyst", brands=["*"], reports=["*"])
    with serve(folder, reports, f"--users={users}", "--preheat=0") as running:
        yield running


def ask(server, path="", *, method="GET", body=None, **headers):
    """Send one request as it is; give status, headers and body."""
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=60)
    connection.request(
        method, f"/{path}", body, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    said = answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace")
    connection.close()
    return said


def log_in(server, name):
    form = urlencode({"name": name, "password": f"password of {name}"})
    status, headers, _ = ask(
        server,
        "login?next=/static/",
        method="POST",
        body=form,
        Content_Type="application/x-www-form-urlencoded",
    )
    assert (status, headers["Location"]) == (302, "/static/")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    return cookie.split(";")[0]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_the_login_is_served_to_those_who_were_not_let_in(server, method):
    for route in ROUTES:
        status, headers, body = ask(server, route, method=method)
        if status == 302:
            assert headers["Location"].startswith("/login?next="), route
        else:
            assert status in (403, 404, 405), (route, status)
        assert "Aurora" not in body, route
        assert "kernel" not in body.lower(), route


def test_a_forged_cookie_or_header_lets_nobody_in(server):
    for headers in (
        {"Cookie": "murmuration-session=x"},
        {"Cookie": 'murmuration-session="2|1:0|10:1|19:murmuration-session|4:e30=|00"'},
        {
            "X_Murmuration_Access": '{"name": "x", "role": "admin", "brands": ["*"], "reports": ["*"]}'
        },
        {"Remote_User": "anna"},
        {"Authorization": "token anything"},
    ):
        assert ask(server, "static/", **headers)[0] == 302


def open_socket(server, path, **headers):
    """Try to open a websocket; give the status that refuses it, or 101."""

    async def attempt() -> int:
        address = server.address.replace("http", "ws", 1) + path
        try:
            async with websockets.connect(address, additional_headers=headers, open_timeout=20):
                return 101
        except websockets.exceptions.InvalidStatus as refused:
            return refused.response.status_code

    return asyncio.run(attempt())


@pytest.mark.parametrize(
    "path", [f"api/kernels/{KERNEL}/channels", f"voila/query/{KERNEL}", f"x/voila/query/{KERNEL}", f"voila/execution/{KERNEL}"]
)  # fmt: skip
def test_no_websocket_opens_for_those_who_were_not_let_in(server, path):
    assert open_socket(server, path) in (302, 403, 404)


def test_a_kernel_answers_to_its_own_page_only(server):
    vera, anna = log_in(server, "vera"), log_in(server, "anna")
    status, _, page = ask(server, "brand_health", Cookie=vera)
    assert status == 200
    kernel = re.search(r'"kernelId": "([0-9a-f-]+)"', page)[1]
    channels = f"api/kernels/{kernel}/channels"
    origin = server.address.rstrip("/")
    assert open_socket(server, channels, Cookie=vera, Origin=origin) == 101
    assert open_socket(server, channels, Cookie=vera, Origin="http://evil.example") == 403
    assert open_socket(server, channels, Cookie=anna, Origin=origin) == 404
    assert ask(server, f"api/kernels/{kernel}", Cookie=anna)[0] == 404
    assert ask(server, f"voila/api/shutdown/{kernel}", method="POST", Cookie=anna)[0] == 404
    assert (
        ask(
            server,
            f"voila/api/shutdown/{kernel}",
            method="POST",
            Cookie=vera,
            Origin="http://evil.example",
        )[0]
        == 403
    )
    assert (
        ask(server, f"voila/api/shutdown/{kernel}", method="POST", Cookie=vera, Origin=origin)[0]
        == 204
    )


def test_a_page_that_is_open_ends_when_the_rights_of_its_person_change(server):
    users = server.log.parent / "users.yaml"
    save_person(users, "rita", "password of rita", brands=["aurora"], reports=["*"])
    rita = log_in(server, "rita")
    page = ask(server, "brand_health", Cookie=rita)[2]
    kernel = re.search(r'"kernelId": "([0-9a-f-]+)"', page)[1]
    assert ask(server, f"api/kernels/{kernel}", Cookie=rita)[0] == 200
    save_person(users, "rita", "password of rita", brands=["velora"], reports=["*"])
    assert ask(server, f"api/kernels/{kernel}", Cookie=rita)[0] == 302
    assert ask(server, f"api/kernels/{kernel}", Cookie=log_in(server, "rita"))[0] == 404
    deadline = monotonic() + 30
    while "the kernel of rita goes" not in server.log.read_text() and monotonic() < deadline:
        sleep(0.1)
    assert "the kernel of rita goes: the rights of its person changed" in server.log.read_text()


def test_a_page_of_another_site_cannot_log_out_or_in(server):
    vera = log_in(server, "vera")
    assert ask(server, "logout", method="POST", Cookie=vera, Origin="http://evil.example")[0] == 403
    assert (
        ask(
            server,
            "login",
            method="POST",
            body="name=vera&password=x",
            Origin="http://evil.example",
        )[0]
        == 403
    )


def test_a_report_without_kernel_is_served_to_those_who_may_see_it(server):
    vera = log_in(server, "vera")
    status, headers, _ = ask(server, "static/brand_health", Cookie=vera)
    assert (status, headers["Location"]) == (302, f"/static/brand_health/{RUN}/report.html")
    assert "The report" in ask(server, f"static/brand_health/{RUN}/report.html", Cookie=vera)[2]
    listed = ask(server, "static/", Cookie=vera)[2]
    assert "Aurora" in listed
    assert "Velora" not in listed


@pytest.mark.parametrize(
    "path",
    [
        "static/brand_health/20260303T060000Z-0002/report.html", "static/brand_health/../x/report.html", "static/topics",
        "static/brand_health/..%2f..%2f..%2fetc/report.html", f"static/brand_health/{RUN}/manifest.json",
        f"static/brand_health/{RUN}/tables/posts.parquet", "static/%2e%2e/%2e%2e/report.html", f"static/*/{RUN}/report.html",
        "assets/../handlers.py", "assets/login.html.j2", "voila/static/..%2f..%2f..%2fetc%2fpasswd",
    ],
)  # fmt: skip
def test_what_is_not_theirs_is_refused(server, path):
    status, _, body = ask(server, path, Cookie=log_in(server, "vera"))
    assert status in (403, 404), path
    assert "Traceback" not in body


def test_the_log_names_people_and_paths_but_no_words_and_no_token(server):
    vera = log_in(server, "vera")
    ask(server, "static/?words=secretwords&token=secrettoken", Cookie=vera)
    said = server.log.read_text()
    assert "GET /static/ vera" in said
    assert "secret" not in said
    assert "password of" not in said


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/brand_health?run=x", "/brand_health?run=x"), ("//evil.example", "/"), ("http://evil.example/", "/"), ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"), ("", "/"), ("/a\r\nSet-Cookie: x=y", "/"),
    ],
)  # fmt: skip
def test_after_the_login_only_this_server_is_opened(wanted, goes):
    assert local_path(wanted, "/") == goes
