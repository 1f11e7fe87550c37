"""Who asks: by a token, a password, or the header of a reverse proxy."""

import hmac
import json
import logging
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
_TRIES, _PAUSE_SECONDS = 5, 60.0  # wrong passwords of one name until it has to wait


class Visitor(User):
    """A person who is let in, with what the person may do."""

    access: Access = EVERYTHING

    @classmethod
    def of(cls, access: Access) -> "Visitor":
        """Give the visitor of an access."""
        visitor = cls(username=access.name)
        visitor.access = access
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
        Addresses that the header is believed from.
    """

    people: People | None = AnyTrait(None, allow_none=True)  # type: ignore[assignment]
    proxy_header = Unicode()
    proxies = List(Unicode(), ["127.0.0.1", "::1"])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._wrong: dict[str, list[float]] = defaultdict(list)

    @property
    def auth_enabled(self) -> bool:
        """Nobody is ever let in without asking."""
        return True

    def get_user(self, handler: Any) -> Visitor | None:
        """Give the person who asks, or None."""
        known = getattr(handler, "_jupyter_current_user", None)
        if isinstance(known, Visitor):
            return known
        access = self._from_proxy(handler) if self.proxy_header else self._from_cookie(handler)
        return Visitor.of(access) if access else None

    def let_in(self, *, name: str, password: str) -> tuple[Access, str] | None:
        """Give what a person may do, and the stamp of the session, if the password, or the token, is right."""
        if self._must_wait(name):
            return None
        if self.people is None:
            right = bool(self.token) and _same(password, self.token)
            found = (EVERYTHING, self._token_stamp()) if right else None
        else:
            person = self.people.check(name, password)
            found = (person.access, person.stamp) if person else None
        if found is None:
            self._wrong[name].append(time.monotonic())
            log.warning("someone was not let in as %r", name[:64])
        return found

    def knows_token(self, text: str) -> bool:
        """Whether a text is the token; where there are users, no token is taken."""
        return self.people is None and bool(self.token) and _same(text, self.token)

    def remember(self, handler: Any, access: Access, stamp: str) -> None:
        """Set the cookie of a session."""
        handler.set_secure_cookie(
            COOKIE, json.dumps({"name": access.name, "stamp": stamp}), expires_days=SESSION_DAYS, httponly=True,
            samesite="Lax", secure=handler.request.protocol == "https", path=handler.settings["base_url"],
        )  # fmt: skip

    def forget(self, handler: Any) -> None:
        """Take the cookie away."""
        handler.clear_cookie(COOKIE, path=handler.settings["base_url"])

    def token_session(self) -> tuple[Access, str]:
        """Give what the holder of the token may do, and the stamp of the session."""
        return EVERYTHING, self._token_stamp()

    def get_handlers(self) -> list[tuple[str, object]]:
        """Give no routes: the login is ours."""
        return []

    def _token_stamp(self) -> str:
        return hmac.new(self.token.encode(), b"session", "sha256").hexdigest()[:24]

    def _from_cookie(self, handler: Any) -> Access | None:
        raw = handler.get_secure_cookie(COOKIE, max_age_days=SESSION_DAYS)
        if not raw:
            return None
        session = json.loads(raw)
        if self.people is None:
            return EVERYTHING if _same(session["stamp"], self._token_stamp()) else None
        person = self.people.find(session["name"])
        return person.access if person and _same(session["stamp"], person.stamp) else None

    def _from_proxy(self, handler: Any) -> Access | None:
        if handler.request.remote_ip not in self.proxies:
            return None
        headers = handler.request.headers
        name = headers.get(self.proxy_header, "").strip()
        if not name or len(headers.get_list(self.proxy_header)) != 1:
            return None
        person = self.people.find(name) if self.people else None
        if person:
            return person.access
        role = headers.get(f"{self.proxy_header}-Role", "viewer").strip()
        return Access(
            name=name[:64],
            role=role if role in ROLES else "viewer",
            brands=_listed(headers.get(f"{self.proxy_header}-Brands", "")),
            reports=_listed(headers.get(f"{self.proxy_header}-Reports", "")),
        )

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
