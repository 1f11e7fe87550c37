"""Who asks: by a token, a password, or the header of a reverse proxy."""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections import defaultdict
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from traitlets import Any as AnyTrait
from traitlets import List, Unicode

from murmuration.dashboards.access import ALL, EVERYTHING, ROLES, Access
from murmuration.dashboards.people import People, Person

log = logging.getLogger(__name__)

SESSION_DAYS = 1.0
COOKIE = "murmuration-session"
# What a proxy may say of a person, after the name of its header.
_BESIDE = ("Role", "Brands", "Reports")
_TRIES, _PAUSE_SECONDS = 5, 60.0  # wrong passwords of one name until it has to wait
_LONGEST_NAME = 64  # letters; no name in a users' file is longer
_AT_ONCE = 2  # passwords that are tried at a time: each takes a core for 0.1 s, and 32 MB


class Visitor(User):
    """A person who is let in, with what the person may do.

    Attributes
    ----------
    stamp
        What the person's rights hang on: another one, once they have changed.
    session
        Of this login; empty where a proxy lets people in.
    """

    access: Access = EVERYTHING
    stamp: str = ""
    session: str = ""

    @classmethod
    def of(cls, access: Access, *, stamp: str, session: str = "") -> "Visitor":
        """Give the visitor of an access."""
        visitor = cls(username=access.name)
        visitor.access, visitor.stamp, visitor.session = access, stamp, session
        return visitor


class Identity(IdentityProvider):
    """Let people in by a token, a password or a reverse proxy's header; nobody else.

    Attributes
    ----------
    people
        The users' file, or None: then whoever has the token sees everything.
    proxy_header
        Header in which a reverse proxy names the person; empty where there is no proxy. The role and what the
        person may see come from the users' file, or from headers beside it: ``NAME-Role``, ``NAME-Brands``,
        ``NAME-Reports``.
    proxies
        Addresses that the header is believed from, and that a page is asked for by HTTPS.
    """

    people: People | None = AnyTrait(None, allow_none=True)  # type: ignore[assignment]
    proxy_header = Unicode()
    proxies = List(Unicode(), ["127.0.0.1", "::1"])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._wrong: dict[str, list[float]] = defaultdict(list)
        self._ended: dict[str, float] = {}  # sessions that were logged out
        # Stamps of those whom only the proxy knows, as it gave them last.
        self._named: dict[str, str] = {}
        self._trying = asyncio.Semaphore(_AT_ONCE)

    @property
    def auth_enabled(self) -> bool:
        """Nobody is ever let in without asking."""
        return True

    def get_user(self, handler: Any) -> Visitor | None:
        """Give the person who asks, or None."""
        known = getattr(handler, "_jupyter_current_user", None)
        if isinstance(known, Visitor):
            return known
        return self._from_proxy(handler) if self.proxy_header else self._from_cookie(handler)

    def stamp_of(self, name: str) -> str | None:
        """Give the stamp that a person has now, or None for who may do nothing any more."""
        if self.people and (person := self.people.find(name)):
            return person.stamp
        if self.proxy_header:
            return self._named.get(name)
        return self._token_stamp() if self.people is None and name == EVERYTHING.name else None

    async def let_in(self, *, name: str, password: str) -> tuple[Access, str] | None:
        """Give what a person may do, and the stamp of the session, if the password, or the token, is right."""
        name = name[:_LONGEST_NAME]
        if self._must_wait(name):
            return None
        # Noted before it is known, so that many at once are no more tries than one after the other.
        self._wrong[name].append(time.monotonic())
        found = await self._check(name, password)
        if found is None:
            log.warning("someone was not let in as %r", name)
        else:
            self._wrong.pop(name, None)
        return found

    async def _check(self, name: str, password: str) -> tuple[Access, str] | None:
        if self.people is None:
            right = bool(self.token) and _same(password, self.token)
            return (EVERYTHING, self._token_stamp()) if right else None
        async with self._trying:
            loop = asyncio.get_running_loop()
            person = await loop.run_in_executor(None, self.people.check, name, password)
        return (person.access, person.stamp) if person else None

    def knows_token(self, text: str) -> bool:
        """Whether a text is the token; where there are users, no token is taken."""
        return self.people is None and bool(self.token) and _same(text, self.token)

    def remember(self, handler: Any, access: Access, stamp: str) -> None:
        """Set the cookie of a session."""
        session = {"name": access.name, "stamp": stamp, "session": secrets.token_hex(8)}
        handler.set_secure_cookie(
            COOKIE, json.dumps(session), expires_days=SESSION_DAYS, httponly=True, samesite="Lax",
            secure=self.is_https(handler.request), path=handler.settings["base_url"],
        )  # fmt: skip

    def is_https(self, request: Any) -> bool:
        """Whether the browser asks by HTTPS: of us, or of a proxy that is believed."""
        if request.protocol == "https":
            return True
        said = request.headers.get("X-Forwarded-Proto", "").split(",")[-1].strip().lower()
        return request.remote_ip in self.proxies and said == "https"

    def forget(self, handler: Any, visitor: Visitor) -> None:
        """Take the cookie away, and let nobody in any more with a copy of it."""
        handler.clear_cookie(COOKIE, path=handler.settings["base_url"])
        oldest = time.monotonic() - SESSION_DAYS * 86_400
        self._ended = {one: moment for one, moment in self._ended.items() if moment > oldest}
        if visitor.session:
            self._ended[visitor.session] = time.monotonic()

    def token_session(self) -> tuple[Access, str]:
        """Give what the holder of the token may do, and the stamp of the session."""
        return EVERYTHING, self._token_stamp()

    def get_handlers(self) -> list[tuple[str, object]]:
        """Give no routes: the login is ours."""
        return []

    def _token_stamp(self) -> str:
        return hmac.new(self.token.encode(), b"session", "sha256").hexdigest()[:24]

    def _from_cookie(self, handler: Any) -> Visitor | None:
        raw = handler.get_secure_cookie(COOKIE, max_age_days=SESSION_DAYS)
        if not raw:
            return None
        said = json.loads(raw)
        name, stamp, session = said["name"], said["stamp"], said.get("session", "")
        now = self.stamp_of(name)
        if session in self._ended or now is None or not _same(stamp, now):
            return None
        person = self.people.find(name) if self.people else None
        return Visitor.of(person.access if person else EVERYTHING, stamp=stamp, session=session)

    def _from_proxy(self, handler: Any) -> Visitor | None:
        if handler.request.remote_ip not in self.proxies:
            return None
        headers = handler.request.headers
        name = headers.get(self.proxy_header, "").strip()
        # A header that stands there twice was not written by the proxy alone.
        parts = [self.proxy_header, *(f"{self.proxy_header}-{one}" for one in _BESIDE)]
        if not name or any(len(headers.get_list(one)) > 1 for one in parts):
            return None
        person = self.people.find(name) if self.people else None
        if person:
            return Visitor.of(person.access, stamp=person.stamp)
        role = headers.get(f"{self.proxy_header}-Role", "viewer").strip()
        access = Access(
            name=name[:_LONGEST_NAME],
            role=role if role in ROLES else "viewer",
            brands=_listed(headers.get(f"{self.proxy_header}-Brands", "")),
            reports=_listed(headers.get(f"{self.proxy_header}-Reports", "")),
        )
        stamp = hashlib.sha256(access.as_text().encode()).hexdigest()[:24]
        self._named[access.name] = stamp
        return Visitor.of(access, stamp=stamp)

    def _must_wait(self, name: str) -> bool:
        since = time.monotonic() - _PAUSE_SECONDS
        recent = [moment for moment in self._wrong[name] if moment > since]
        self._wrong[name] = recent
        if len(self._wrong) > 10_000:  # made-up names shall not fill the memory
            self._wrong.clear()
        return len(recent) >= _TRIES


def _listed(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    return (ALL,) if ALL in names else names


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


__all__ = ["COOKIE", "Identity", "Person", "Visitor"]
