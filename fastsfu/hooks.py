"""Calls of what an application gave us: its gates, hooks and observers. One that takes its time is
named in the log, since everybody else waits for it, or somebody does.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

logger = logging.getLogger("fastsfu.hooks")

BLOCKED = 0.1  # seconds in which the event loop does nothing else, so that all calls wait
PATIENCE = 5.0  # seconds that a coroutine takes before it is named
AGAIN = 60.0  # seconds until the same one is named again

_named: dict[tuple[str, str], float] = {}  # by hook and fault; as many as an application has


def call(hook: Callable[..., Any], *arguments: Any) -> Any:
    """What a plain function returns, or a coroutine function makes."""
    began = time.monotonic()
    try:
        return hook(*arguments)
    finally:
        seconds = time.monotonic() - began
        if seconds > BLOCKED:
            warn(hook, f"held up the event loop for {seconds:.1f} s: all calls waited")


async def ask(hook: Callable[..., Awaitable[Any] | Any], *arguments: Any) -> Any:
    """What it returns, whether it is a coroutine function or not."""
    result = call(hook, *arguments)
    return await finish(hook, result) if inspect.isawaitable(result) else result


async def finish(hook: Callable[..., Any], begun: Awaitable[Any]) -> Any:
    """What a coroutine of it returns, which has begun now."""
    late = f"has not ended for {PATIENCE:.0f} s"
    timer = asyncio.get_running_loop().call_later(PATIENCE, warn, hook, late)
    try:
        return await begun
    finally:
        timer.cancel()


def warn(hook: Callable[..., Any], fault: str) -> None:
    """Name it in the log, if that was not done lately."""
    name = f"{getattr(hook, '__module__', '')}.{getattr(hook, '__qualname__', type(hook).__name__)}"
    key, now = (name, fault.split(" for ")[0]), time.monotonic()
    if now - _named.get(key, -AGAIN) >= AGAIN:
        _named[key] = now
        logger.warning("%s %s", name, fault)
