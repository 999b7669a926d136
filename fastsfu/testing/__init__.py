"""For the tests of applications that embed the server (extra `testing`).

    pytest_plugins = ["fastsfu.testing.fixtures"]        # in conftest.py: the fixture `sfu`

    async def test_a_guest_is_muted(sfu):
        async with testing.guest(sfu, "standup", "Ada") as ada:
            sfu.rooms.get("standup").mute(ada.session.id)
            assert "audio" in (await ada.expect(fastsfu.events.Muted)).sources

A `guest` is in the test's own process, without network and media: for rooms, rights, hooks and
messages. Who is to send and hear joins the application that `serving` serves by `fastsfu.client`.
"""

from fastsfu.testing.guests import Guest, guest
from fastsfu.testing.loopback import Served, loopback, serving, trusting

__all__ = ["Guest", "Served", "guest", "loopback", "serving", "trusting"]
