"""A call through a real server's SFU, for tests of what may happen to it or beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.aiortc_client import AiortcClient
from tests.support.domain_peer import until


@asynccontextmanager
async def calling(url: str, room: str, token: str) -> AsyncIterator[list[AiortcClient]]:
    """Two who see and hear each other."""
    clients = [AiortcClient(), AiortcClient()]
    for client in clients:
        await client.join(url, room, token)
    sinks = [client.sinks for client in clients]
    await until(
        "picture and sound",
        lambda: all(len(each) == 2 and min(sink.frames for sink in each) > 5 for each in sinks),
    )
    try:
        yield clients
    finally:
        for client in clients:
            await client.leave()
