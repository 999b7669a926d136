"""Fixtures of pytest: `pytest_plugins = ["fastsfu.testing.fixtures"]` in a conftest.py.

Tests that want another server have a fixture `sfu_config` of their own.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from fastsfu.config import Config
from fastsfu.sfu import SFU
from fastsfu.testing.loopback import loopback


@pytest.fixture
def sfu_config() -> Config:
    """What the server of the test is like."""
    return loopback()


@pytest_asyncio.fixture
async def sfu(sfu_config: Config) -> AsyncIterator[SFU]:
    """A server, entered, in the event loop of the test."""
    async with SFU(sfu_config) as found:
        yield found
