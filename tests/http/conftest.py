"""One server for most tests; each has its own room."""

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pytest_asyncio import is_async_test

from tests.support.server import LiveServer, live_server

API_KEY = "an-api-key-0123456789-0123456789-012"
_rooms = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The server lives in the loop of its tests, so they share one."""
    for item in items:
        if "tests/http/" in item.path.as_posix() and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[LiveServer]:
    async with live_server(api_key=API_KEY) as live:
        yield live


@pytest.fixture
def room() -> str:
    return f"room-{next(_rooms)}"
