"""Changes of one thing by several requests at once: each begins when the one before is whole.

What a request looks at before it waits for the database is still so when it goes on.
"""

import asyncio
from typing import Annotated
from weakref import WeakValueDictionary

from fastapi import Depends, Request


class Turns:
    """Of one application: `async with turns.of("room standup"):`."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, thing: str) -> asyncio.Lock:
        """The same for everybody who has it or waits for it now."""
        return self._locks.setdefault(thing, asyncio.Lock())


async def _turns(request: Request) -> Turns:
    turns: Turns = request.app.state.api.turns
    return turns


InTurn = Annotated[Turns, Depends(_turns)]
