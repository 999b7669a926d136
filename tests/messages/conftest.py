"""A real server and clients that talk to it through aiortc's data channels."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.support.messages_client import MessagesClient
from tests.support.server import LiveServer, live_server

API_KEY = "an-api-key-0123456789-0123456789-012"
Joins = Callable[..., Awaitable[MessagesClient]]


@pytest.fixture
def options() -> dict[str, object]:
    """Options of the server's Config."""
    return {}


@pytest.fixture
async def server(options: dict[str, object]) -> AsyncIterator[LiveServer]:
    async with live_server(api_key=API_KEY, **options) as server:
        yield server


@pytest.fixture
async def joined(server: LiveServer) -> AsyncIterator[Joins]:
    """`await joined()` is a client in the room "r"."""
    async with AsyncExitStack() as stack:

        async def join(room: str = "r", **members: object) -> MessagesClient:
            client = MessagesClient()
            stack.push_async_callback(client.close)
            socket = await stack.enter_async_context(server.socket())
            await client.join(server, socket, room, **members)
            return client

        yield join
