"""The way in where a host has to open: that the participant waits, asks, and what came of it."""

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from fastsfu.client.errors import CallError


class Access:
    """One call's. It asks by itself as soon as it waits: nobody is there to click."""

    def __init__(
        self,
        ask: Callable[[str | None], None],
        tell: Callable[[Literal["waiting", "full"]], None],
    ) -> None:
        """`ask` says `request-access`, under another name if one is given."""
        self._ask = ask
        self._tell = tell
        self._granted: asyncio.Future[bool] | None = None  # while it waits

    def waits(self) -> None:
        """A host has to let it in; also once more, when the connection was lost meanwhile."""
        if self._granted is None:
            self._granted = asyncio.get_running_loop().create_future()
        self._ask(None)
        self._tell("waiting")

    async def request(self, name: str | None) -> dict[str, Any]:
        """Ask, and wait for the answer: `{"granted": ...}`."""
        if self._granted is None:
            raise CallError("bad-request", "Nobody has to let us in now.")
        self._ask(name)
        return {"granted": await asyncio.shield(self._granted)}

    def end(self, *, granted: bool) -> None:
        """It waits no longer. Idempotent."""
        if self._granted is None:
            return
        self._granted.set_result(granted)
        self._granted = None
        if granted:
            self._tell("full")
