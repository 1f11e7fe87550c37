"""Kernels: whose each is, how many there may be, and when one goes."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from jupyter_core.utils import ensure_async

log = logging.getLogger(__name__)

UNSEEN = timedelta(minutes=2)  # until a kernel goes whose page is gone, or never came


@dataclass(frozen=True, slots=True)
class Owner:
    """For whom a kernel works.

    Attributes
    ----------
    name
        The person.
    stamp
        What the person's rights hung on when the page was opened.
    session
        Of the login with which it was opened.
    since
        When that was.
    """

    name: str
    stamp: str = ""
    session: str = ""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class Kernels:
    """Who has which kernel.

    Parameters
    ----------
    manager
        Of Voila.
    most
        How many pages can be open at once; kernels that wait for somebody do not count.
    idle
        After so long without anything done a kernel goes, though its page is open.
    stamp_of
        Gives the stamp that a person has now: a kernel of another one goes.
    """

    def __init__(
        self, manager: Any, *, most: int, idle: timedelta, stamp_of: Callable[[str], str | None]
    ) -> None:
        self._manager, self.most, self._idle = manager, most, idle
        self._stamp_of = stamp_of
        self._owners: dict[str, Owner] = {}
        self._promised = 0

    def take_place(self) -> bool:
        """Keep a place for a page whose kernel is not noted yet; False where none is left."""
        if len(self._alive()) + self._promised >= self.most:
            return False
        self._promised += 1
        return True

    def give_place(self) -> None:
        """Give back a place that was kept: its kernel is noted, or will not come."""
        self._promised -= 1

    def belongs_to(self, kernel_id: str, name: str, stamp: str) -> bool:
        """Whether a kernel works for a person, and for all that the person may do now."""
        owner = self._owners.get(kernel_id)
        return owner is not None and name != "" and (owner.name, owner.stamp) == (name, stamp)

    def note(self, kernel_id: str, owner: Owner) -> None:
        """Say for whom a kernel works from now on."""
        self._owners[kernel_id] = owner

    def working_for(self, owner: Owner, on_start: Callable[[], None]) -> "ManagerFor":
        """Give the manager as somebody's page sees it; `on_start` is told when its kernel is noted."""
        return ManagerFor(self, self._manager, owner, on_start)

    async def end_session(self, name: str, session: str) -> None:
        """End the kernels of the pages that were opened by one login."""
        for kernel_id, owner in list(self._alive().items()):
            if (owner.name, owner.session) == (name, session):
                await self._end(kernel_id, "logged out")

    async def _end(self, kernel_id: str, why: str) -> None:
        log.info("the kernel of %s goes: %s", self._owners[kernel_id].name, why)
        await ensure_async(self._manager.shutdown_kernel(kernel_id, now=True))

    def _alive(self) -> dict[str, Owner]:
        known = {key: one for key, one in self._owners.items() if key in self._manager}
        self._owners = known
        return known

    async def tidy(self) -> None:
        """End the kernels whose pages are gone, that nobody has used for long, or whose people may do something else now."""
        now = datetime.now(UTC)
        for kernel_id, owner in list(self._alive().items()):
            try:
                facts: Mapping[str, Any] = self._manager.kernel_model(kernel_id)
                died = not await ensure_async(self._manager.is_alive(kernel_id))
            except KeyError:  # it went meanwhile
                continue
            last = max(owner.since, datetime.fromisoformat(str(facts["last_activity"])))
            if died:
                await self._end(kernel_id, "it died")
            elif self._stamp_of(owner.name) != owner.stamp:
                await self._end(kernel_id, "the rights of its person changed")
            elif not facts["connections"] and now - last > UNSEEN:
                await self._end(kernel_id, "its page is gone")
            elif now - last > self._idle:
                await self._end(kernel_id, "idle")


class ManagerFor:
    """Voila's manager of kernels, for the page of one person.

    Parameters
    ----------
    kernels
        Where it is noted for whom a kernel works.
    manager
        Voila's.
    owner
        The person.
    on_start
        Told when the kernel of the page is noted.
    """

    def __init__(
        self, kernels: Kernels, manager: Any, owner: Owner, on_start: Callable[[], None]
    ) -> None:
        self._kernels, self._manager = kernels, manager
        self._owner, self._on_start = owner, on_start

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def start_kernel(self, **options: Any) -> str:
        """Start a kernel for the person."""
        kernel_id: str = await ensure_async(self._manager.start_kernel(**options))
        self._note(kernel_id)
        return kernel_id

    def _note(self, kernel_id: str) -> None:
        self._kernels.note(kernel_id, self._owner)
        self._on_start()

    async def get_rendered_notebook(self, **options: Any) -> Any:
        """Take a kernel that was started beforehand."""
        # What is known of this request is not for the kernels that are started after it.
        options.pop("extra_kernel_env_variables", None)
        found = await self._manager.get_rendered_notebook(**options)
        self._note(found[2])
        return found
