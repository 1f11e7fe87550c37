"""What a page shows, in its address."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import anywidget
import traitlets

from murmuration.dashboards.access import IN_ADDRESS
from murmuration.dashboards.chart import WEB

LONGEST = 300  # letters of a value of an address


class Address(anywidget.AnyWidget):
    """The part of the page's address after the question mark; shows nothing itself.

    Parameters
    ----------
    opened
        What the address said when the page was opened.
    title
        Of the page.
    reload
        Names whose change needs the page anew, since they choose the run.
    same
        What may stand under these names for what the page shows anyway.
    on_back
        Told the state that the person went back to.
    """

    _esm = WEB / "address.js"
    state = traitlets.Dict().tag(sync=True)
    opened = traitlets.Dict().tag(sync=True)
    reload = traitlets.List(traitlets.Unicode()).tag(sync=True)
    same = traitlets.Dict().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        opened: Mapping[str, str],
        *,
        title: str = "",
        reload: tuple[str, ...] = ("run", "brand", "of"),
        same: Mapping[str, str] | None = None,
        on_back: Callable[[dict[str, str]], None] = lambda state: None,
    ) -> None:
        super().__init__(
            state=dict(opened),
            opened=dict(opened),
            reload=list(reload),
            same=dict(same or {}),
            title=title,
        )
        self._on_back = on_back
        self.on_msg(lambda _widget, message, _buffers: self._hear(message))

    def note(self, **values: str) -> None:
        """Put values into the address; empty ones go out of it."""
        state = {**self.state, **values}
        self.state = {name: value for name, value in state.items() if value != ""}

    def go(self, **values: str) -> None:
        """Open this page anew with an address."""
        from urllib.parse import urlencode

        self.send({"open": f"?{urlencode(values)}"})

    def _hear(self, message: Mapping[str, Any]) -> None:
        if isinstance(message.get("state"), Mapping):
            state = _clean(message["state"].items())
            self.set_trait("state", state)
            self._on_back(state)


def read_address(query: str) -> dict[str, str]:
    """Read what stands after the question mark of an address; the first of repeated names counts."""
    pairs = parse_qsl(query, max_num_fields=None)[::-1]
    return _clean(pairs[-50:])


def _clean(pairs: Any) -> dict[str, str]:
    # An address may be passed on, the token may not.
    return {str(name)[:40]: str(value)[:LONGEST] for name, value in pairs if name != IN_ADDRESS}
