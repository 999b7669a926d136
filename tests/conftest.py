"""What holds for all tests."""

import faulthandler
import sys

import pytest
from hypothesis import settings

pytest_plugins = ["tests.support.sessions"]  # fixtures: an SFU over the recording engine

SLOW_SECONDS = 600.0  # after which a slow test is ended as others are after faulthandler_timeout

# How long an example takes says nothing on a machine that others use, too.
settings.register_profile("fastsfu", settings.default, deadline=None)
settings.load_profile("fastsfu")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a slow test its own time, in place of what pytest has just set."""
    if item.get_closest_marker("slow"):
        faulthandler.dump_traceback_later(SLOW_SECONDS, exit=True, file=sys.__stderr__)
