"""What a host has changed stays when somebody has to join anew."""

import pytest

from fastsfu.errors import RequestError
from fastsfu.events import ParticipantUpdated
from tests.room.test_moderation import EVE, room_of
from tests.support.sessions import Join, turn


async def test_a_name_that_a_host_gave_stays(join: Join) -> None:
    eve = await join("Eve", grant=EVE, listens=True)
    room = room_of(eve)
    with pytest.raises(RequestError, match="show something"):
        room.rename(eve.session.id, " \u202e ")
    assert eve.session.name == "Eve"
    room.rename(eve.session.id, " Adam\n")
    await turn()
    assert eve.of(ParticipantUpdated)[-1].participant.name == "Adam"
    with pytest.raises(RequestError, match="a host"):
        eve.session.update_local(name="Eve")
    eve.session.leave("connection-error")
    lost = (eve.session.id, eve.session.resume_key)
    again = await join("Eve", grant=EVE, listens=True, replaces=lost)
    assert again.session.name == "Adam"
    other = await join("Eve", grant=EVE, listens=True)
    assert other.session.name == "Eve", "of a token that may be that of many"
    with pytest.raises(KeyError):
        room.rename("nobody", "Adam")
