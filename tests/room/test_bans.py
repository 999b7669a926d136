"""Who is ejected or banned stays out, also while the way in takes its time."""

import asyncio
from dataclasses import replace

import pytest

from fastsfu.errors import JoinError
from tests.room.test_moderation import EVE, room_of
from tests.support.sessions import Join


@pytest.mark.parametrize("ban", [False, True])
async def test_who_is_ejected_while_a_hook_decides_about_another_session_stays_out(
    join: Join, ban: bool
) -> None:
    asked, decided = asyncio.Event(), asyncio.Event()

    async def decide(_: object) -> None:
        asked.set()
        await decided.wait()

    eve = await join("Eve", grant=EVE)
    room = room_of(eve)
    room.on_join = decide
    again = asyncio.create_task(join("Eve", grant=replace(EVE, token_id="e2") if ban else EVE))
    await asked.wait()
    room.eject(eve.session.id, ban=ban)
    decided.set()
    with pytest.raises(JoinError, match="asked to leave"):
        await again
