"""Who is where now."""

import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from fastsfu.http.api.route import Answer, Sfu, TheRoom, router
from fastsfu.room.room import Room

presence = router("presence")


class Present(Answer):
    """Somebody in a room whom everybody there sees. The names are those of Daily's interface."""

    room: str
    id: str = Field(description="session id")
    userId: str | None = Field(description="of the token")
    userName: str
    joinTime: datetime
    duration: float = Field(description="seconds until now")


class Presence(Answer):
    """Who is in one room, in order of joining."""

    total_count: int
    data: list[Present]


@presence.get("/rooms/{room}/presence")
async def get_room_presence(room: TheRoom) -> Presence:
    """Who is in a room now."""
    found = _present(room)
    return Presence(total_count=len(found), data=found)


@presence.get("/presence")
async def get_presence(
    sfu: Sfu,
    limit: Annotated[int, Query(ge=1, le=1000, description="rooms")] = 100,
    starting_after: Annotated[str, Query(description="the name of the last room before")] = "",
) -> dict[str, list[Present]]:
    """Who is in which room now: the rooms where somebody is, in order of their names."""
    busy = sorted({each.room.name for each in sfu.sessions.values() if not each.hidden})
    page = [name for name in busy if name > starting_after][:limit]
    found = (sfu.rooms.get(name) for name in page)
    return {room.name: _present(room) for room in found if room is not None}


def _present(room: Room) -> list[Present]:
    now = time.time()
    return [
        Present(
            room=room.name,
            id=each.id,
            userId=each.grant.user_id,
            userName=each.name,
            joinTime=datetime.fromtimestamp(each.joined_at, UTC),
            duration=max(0.0, now - each.joined_at),
        )
        for each in room.sessions.values()
        if not each.hidden
    ]
