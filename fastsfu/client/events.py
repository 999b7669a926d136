"""Who hears of what happens in a call."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

Event = dict[str, Any]
Handler = Callable[[Event], Awaitable[None] | None]


class Events:
    """Handlers by the event's name; what they raise goes to the event loop's handler."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = {}
        self._running: set[asyncio.Future[None]] = set()

    def on(self, name: str, handler: Handler) -> None:
        self._handlers.setdefault(name, []).append(handler)

    def once(self, name: str, handler: Handler) -> None:
        def first(event: Event) -> Awaitable[None] | None:
            self.off(name, first)
            return handler(event)

        self.on(name, first)

    def off(self, name: str, handler: Handler) -> None:
        if handler in self._handlers.get(name, ()):
            self._handlers[name].remove(handler)

    def emit(self, name: str, **details: Any) -> None:
        """Call them, in the order in which they came; coroutines run on by themselves."""
        for handler in list(self._handlers.get(name, ())):
            try:
                result = handler({"action": name, **details})
            except Exception as error:
                self._fault(name, error)
                continue
            if inspect.isawaitable(result):
                running = asyncio.ensure_future(self._finish(name, result))
                self._running.add(running)
                running.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Nobody hears anything more; what runs is cancelled."""
        self._handlers.clear()
        running = self._running - {asyncio.current_task()}
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _finish(self, name: str, result: Awaitable[None]) -> None:
        try:
            await result
        except Exception as error:
            self._fault(name, error)

    def _fault(self, name: str, error: Exception) -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"a handler of {name} failed", "exception": error}
        )
