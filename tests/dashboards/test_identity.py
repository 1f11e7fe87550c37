"""Who is let in: by a password, the token, or a proxy; and whose kernels go when that changes."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from murmuration.dashboards.identity import Identity
from murmuration.dashboards.kernels import UNSEEN, Kernels, Owner
from murmuration.dashboards.people import People, save_person


def asked(address="127.0.0.1", *pairs, protocol="http"):
    """Give a handler whose request came from an address with these headers."""
    headers = HTTPHeaders({"Host": "dashboards.example"})
    for name, value in pairs:
        headers.add(name, value)
    context = SimpleNamespace(remote_ip=address, protocol=protocol)
    connection = SimpleNamespace(context=context)
    return SimpleNamespace(request=HTTPServerRequest(start_line=RequestStartLine("GET", "/", "HTTP/1.1"), headers=headers, connection=connection))  # fmt: skip


def behind_proxy(**traits):
    identity = Identity(token="")
    identity.proxy_header, identity.proxies = "Remote-User", ["10.0.0.1"]
    for name, value in traits.items():
        setattr(identity, name, value)
    return identity


VERA = ("Remote-User", "vera"), ("Remote-User-Brands", "aurora"), ("Remote-User-Reports", "*")


def test_the_header_of_a_trusted_proxy_names_a_person_with_rights():
    access = behind_proxy().get_user(asked("10.0.0.1", *VERA)).access
    assert (access.name, access.role, access.brands, access.reports) == ("vera", "viewer", ("aurora",), ("*",))  # fmt: skip


@pytest.mark.parametrize("address", ["10.0.0.2", "127.0.0.1", "::1"])
def test_the_header_of_anybody_else_is_not_believed(address):
    assert behind_proxy().get_user(asked(address, *VERA)) is None


@pytest.mark.parametrize("twice", [("Remote-User", "admin"), ("Remote-User-Brands", "*"), ("Remote-User-Role", "admin")])  # fmt: skip
def test_a_header_that_stands_there_twice_lets_nobody_in(twice):
    role = ("Remote-User-Role", "viewer")
    assert behind_proxy().get_user(asked("10.0.0.1", *VERA, role, twice)) is None


def test_rights_in_the_users_file_go_before_those_of_headers(tmp_path):
    save_person(tmp_path / "users.yaml", "vera", "long enough", brands=["velora"], reports=["topics"])  # fmt: skip
    identity = behind_proxy(people=People(tmp_path / "users.yaml"))
    assert identity.get_user(asked("10.0.0.1", *VERA)).access.brands == ("velora",)


def test_what_a_proxy_says_anew_of_a_person_is_another_stamp():
    identity = behind_proxy()
    first = identity.get_user(asked("10.0.0.1", *VERA)).stamp
    assert identity.stamp_of("vera") == first
    identity.get_user(asked("10.0.0.1", VERA[0], ("Remote-User-Brands", "velora")))
    assert identity.stamp_of("vera") not in (first, None)
    assert identity.stamp_of("nobody") is None


@pytest.mark.parametrize(
    ("handler", "secure"),
    [
        (asked("10.0.0.1", ("X-Forwarded-Proto", "https")), True), (asked("10.0.0.1", ("X-Forwarded-Proto", "http, https")), True),
        (asked("10.0.0.1", ("X-Forwarded-Proto", "http")), False), (asked("10.0.0.1"), False),
        (asked("10.0.0.2", ("X-Forwarded-Proto", "https")), False), (asked("10.0.0.2", protocol="https"), True),
    ],
)  # fmt: skip
def test_a_cookie_is_for_https_only_where_the_browser_asks_by_https(handler, secure):
    assert behind_proxy().is_https(handler.request) == secure


def test_after_five_wrong_passwords_at_once_or_one_by_one_the_right_one_has_to_wait(tmp_path):
    save_person(tmp_path / "users.yaml", "vera", "long enough")
    identity = Identity(token="", people=People(tmp_path / "users.yaml"))

    async def attempt(password, name="vera"):
        return await identity.let_in(name=name, password=password)

    async def attack():
        assert (await attempt("long enough"))[0].name == "vera"
        assert await asyncio.gather(*map(attempt, ["wrong"] * 5)) == [None] * 5
        return await attempt("long enough"), await attempt("x", "v" * 1_000_000)

    assert asyncio.run(attack()) == (None, None)
    assert max(map(len, identity._wrong)) == 64


def test_a_password_is_tried_while_others_are_answered(tmp_path):
    save_person(tmp_path / "users.yaml", "vera", "long enough")
    identity = Identity(token="", people=People(tmp_path / "users.yaml"))

    async def race():
        trying = asyncio.ensure_future(identity.let_in(name="vera", password="long enough"))
        turns = 0
        while not trying.done():
            await asyncio.sleep(0.001)
            turns += 1
        return turns

    assert asyncio.run(race()) > 3


def test_a_session_that_was_logged_out_lets_nobody_in_again():
    identity = Identity(token="the token")
    kept = {}
    handler = asked()
    handler.settings = {"base_url": "/"}
    handler.set_secure_cookie = lambda name, value, **_: kept.update(value=value)
    handler.get_secure_cookie = lambda name, **_: kept["value"]
    handler.clear_cookie = lambda name, **_: None
    identity.remember(handler, *identity.token_session())
    visitor = identity.get_user(handler)
    assert visitor.username == "token"
    identity.forget(handler, visitor)
    assert identity.get_user(handler) is None


class Rooms:
    """Kernels as Voila's manager has them, without processes."""

    def __init__(self):
        self.known, self.dead = {}, set()

    def __contains__(self, kernel_id):
        return kernel_id in self.known

    def add(self, kernel_id, *, connections=1, seen=timedelta()):
        moment = datetime.now(UTC) - seen
        self.known[kernel_id] = {"last_activity": moment.isoformat(), "connections": connections}

    def kernel_model(self, kernel_id):
        return self.known[kernel_id]

    def is_alive(self, kernel_id):
        return kernel_id not in self.dead

    def shutdown_kernel(self, kernel_id, *, now):
        del self.known[kernel_id]


def keep(rooms, *, most=3, stamps=None):
    stamps = {"vera": "1", "anna": "1"} if stamps is None else stamps
    return Kernels(rooms, most=most, idle=timedelta(hours=1), stamp_of=stamps.get)


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_kernels_go_that_died_whose_page_is_gone_that_are_idle_or_whose_person_has_other_rights():
    rooms, stamps = Rooms(), {"vera": "1", "anna": "1"}
    kernels = keep(rooms, most=9, stamps=stamps)
    rooms.add("open", seen=timedelta(minutes=30))
    rooms.add("gone", connections=0, seen=2 * UNSEEN)
    rooms.add("new", connections=0, seen=UNSEEN / 2)
    rooms.add("idle", seen=timedelta(hours=2))
    rooms.add("died")
    rooms.dead.add("died")
    for kernel_id in list(rooms.known):
        kernels.note(kernel_id, Owner("vera", "1", "s", LONG_AGO))
    rooms.add("hers")
    kernels.note("hers", Owner("anna", "1", "s", LONG_AGO))
    rooms.add("waiting", connections=0, seen=timedelta(days=1))  # for somebody; nobody's yet
    asyncio.run(kernels.tidy())
    assert set(rooms.known) == {"open", "new", "hers", "waiting"}
    stamps["anna"] = "2"
    asyncio.run(kernels.tidy())
    assert set(rooms.known) == {"open", "new", "waiting"}
    del stamps["vera"]
    asyncio.run(kernels.tidy())
    assert set(rooms.known) == {"waiting"}


def test_a_kernel_belongs_to_who_opened_it_for_as_long_as_the_rights_are_the_same():
    kernels = keep(Rooms())
    kernels.note("k", Owner("vera", "1"))
    assert kernels.belongs_to("k", "vera", "1")
    assert not kernels.belongs_to("k", "vera", "2")
    assert not kernels.belongs_to("k", "anna", "1")
    assert not kernels.belongs_to("other", "vera", "1")


def test_logging_out_ends_the_pages_of_that_login_only():
    rooms = Rooms()
    kernels = keep(rooms)
    for kernel_id, session in (("a", "one"), ("b", "two")):
        rooms.add(kernel_id)
        kernels.note(kernel_id, Owner("vera", "1", session))
    asyncio.run(kernels.end_session("vera", "one"))
    assert set(rooms.known) == {"b"}


def test_places_are_kept_from_the_question_on_so_that_many_at_once_are_not_too_many():
    rooms = Rooms()
    kernels = keep(rooms, most=2)
    assert [kernels.take_place() for _ in range(3)] == [True, True, False]
    rooms.add("a")
    kernels.note("a", Owner("vera", "1"))
    kernels.give_place()
    assert not kernels.take_place()
    kernels.give_place()  # the second one never came
    assert kernels.take_place()
