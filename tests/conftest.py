"""What holds for all tests."""

from hypothesis import settings

pytest_plugins = ["tests.support.sessions"]  # fixtures: an SFU over the recording engine

# How long an example takes says nothing on a machine that others use, too.
settings.register_profile("fastsfu", settings.default, deadline=None)
settings.load_profile("fastsfu")
