"""A room belongs to the event loop's thread: its verbs raise elsewhere."""

import asyncio

import pytest

from fastsfu.auth.permissions import NOTHING, Permissions
from fastsfu.auth.tokens import Grant
from fastsfu.room.room import Room
from tests.support.sessions import Join

EVE = Grant("standup", token_id="e1", user_id="eve")


async def test_from_another_thread_nothing_is_changed(join: Join) -> None:
    eve = await join("Eve", grant=EVE)
    room, session_id = eve.session.room, eve.session.id
    assert isinstance(room, Room)
    for act in (
        lambda: room.eject(session_id),
        lambda: room.mute(session_id),
        lambda: room.permit(session_id, Permissions(publish=NOTHING)),
        lambda: room.rename(session_id, "Adam"),
        lambda: room.lock(),
        lambda: room.set_session_data(1),
    ):
        with pytest.raises(RuntimeError, match="no running event loop"):
            await asyncio.to_thread(act)
    assert eve.session.ended is None
    assert (eve.session.rights.held, eve.session.permissions) == (frozenset(), Permissions())
    assert eve.session.name == "Eve"
    assert (room.locked, room.session_data) == (False, None)
    await join("Eve", grant=EVE)
