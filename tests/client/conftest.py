"""A server of its own for each test: nothing of it is left when that has ended."""

from collections.abc import AsyncIterator

import pytest

from tests.support.server import LiveServer, live_server


@pytest.fixture
async def server() -> AsyncIterator[LiveServer]:
    async with live_server() as live:
        yield live


@pytest.fixture
def room() -> str:
    return "standup"
