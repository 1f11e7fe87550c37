"""Kernels: whose each is, how many there may be, and when one goes."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from jupyter_core.utils import ensure_async

log = logging.getLogger(__name__)

UNSEEN = timedelta(minutes=2)  # until a kernel goes whose page is gone, or never came


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
    """

    def __init__(self, manager: Any, *, most: int, idle: timedelta) -> None:
        self._manager, self.most, self._idle = manager, most, idle
        self._owners: dict[str, tuple[str, datetime]] = {}

    @property
    def is_full(self) -> bool:
        """Whether no further page can be opened."""
        return len(self._alive()) >= self.most

    def belongs_to(self, kernel_id: str, name: str) -> bool:
        """Whether a kernel works for a person."""
        return self._owners.get(kernel_id, ("", None))[0] == name and name != ""

    def note(self, kernel_id: str, name: str) -> None:
        """Say for whom a kernel works from now on."""
        self._owners[kernel_id] = (name, datetime.now(UTC))

    def working_for(self, name: str) -> "ManagerFor":
        """Give the manager as somebody's page sees it."""
        return ManagerFor(self, self._manager, name)

    def _alive(self) -> dict[str, tuple[str, datetime]]:
        known = {key: one for key, one in self._owners.items() if key in self._manager}
        self._owners = known
        return known

    async def tidy(self) -> None:
        """End the kernels whose pages are gone, and those that nobody has used for long."""
        now = datetime.now(UTC)
        for kernel_id, (name, since) in list(self._alive().items()):
            try:
                facts: Mapping[str, Any] = self._manager.kernel_model(kernel_id)
            except KeyError:
                continue
            if not await ensure_async(self._manager.is_alive(kernel_id)):
                log.warning("the kernel of %s died", name)
                await ensure_async(self._manager.shutdown_kernel(kernel_id, now=True))
                continue
            last = max(since, datetime.fromisoformat(str(facts["last_activity"])))
            gone = not facts["connections"] and now - last > UNSEEN
            if gone or now - last > self._idle:
                log.info("the kernel of %s goes: %s", name, "its page is gone" if gone else "idle")
                await ensure_async(self._manager.shutdown_kernel(kernel_id, now=True))


class ManagerFor:
    """Voila's manager of kernels, for the page of one person.

    Parameters
    ----------
    kernels
        Where it is noted for whom a kernel works.
    manager
        Voila's.
    name
        The person.
    """

    def __init__(self, kernels: Kernels, manager: Any, name: str) -> None:
        self._kernels, self._manager, self._name = kernels, manager, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def start_kernel(self, **options: Any) -> str:
        """Start a kernel for the person."""
        kernel_id: str = await ensure_async(self._manager.start_kernel(**options))
        self._kernels.note(kernel_id, self._name)
        return kernel_id

    async def get_rendered_notebook(self, **options: Any) -> Any:
        """Take a kernel that was started beforehand."""
        # What is known of this request is not for the kernels that are started after it.
        options.pop("extra_kernel_env_variables", None)
        found = await self._manager.get_rendered_notebook(**options)
        self._kernels.note(found[2], self._name)
        return found
