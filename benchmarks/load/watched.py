"""`fastsfu` with a watch on its event loop: `python -m benchmarks.load.watched serve ...`.

A heartbeat in the loop notes how much CPU time its thread has had since the one before: between two
of them is one long turn, or some short ones of at most PERIOD in all. What the process says last is
the longest of them.
"""

import asyncio
import heapq
import json
import re
import time
from collections.abc import Coroutine
from typing import Any

import typer
import uvloop

from fastsfu.cli import main

PERIOD = 0.005  # seconds
SAID = re.compile(r"^longest turns: (.*)$", re.M)
MOST = 50  # that are told of: starting and stopping have some as well


async def watched(serving: Coroutine[Any, Any, None]) -> None:
    """Serve, and say in the end how long the longest turns have been."""
    turns: list[tuple[float, float]] = []  # seconds of CPU, and when it ended
    beating = asyncio.create_task(beat(turns))
    try:
        await serving
    finally:
        beating.cancel()
        typer.echo(f"longest turns: {json.dumps(heapq.nlargest(MOST, turns))}")


async def beat(turns: list[tuple[float, float]]) -> None:
    before = time.thread_time()
    while True:
        await asyncio.sleep(PERIOD)
        now = time.thread_time()
        turns.append((now - before, time.monotonic()))
        before = now


def longest_turn_ms(output: str, begun: float, ended: float) -> float:
    """Of a watched process, from what it has said, between these times (time.monotonic())."""
    said = SAID.search(output)
    assert said, output
    turns = json.loads(said[1])
    return max((1000 * seconds for seconds, at in turns if begun < at < ended), default=0.0)


if __name__ == "__main__":
    run = uvloop.run
    uvloop.run = lambda serving: run(watched(serving))  # type: ignore[assignment, misc]
    main()
