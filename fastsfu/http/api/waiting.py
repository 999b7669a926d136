"""The waiting room, for who has the key: who asks to be let in, and the answer."""

from fastapi import status
from pydantic import Field

from fastsfu.errors import RequestError
from fastsfu.http.answers import HttpError
from fastsfu.http.api.route import Answer, Body, TheRoom, router

waiting = router("waiting-participants")


class WaitingAnswer(Answer):
    """Somebody who asks to be let in."""

    id: str
    user_name: str
    user_id: str | None = Field(description="of the token")
    since: float = Field(description="seconds since 1970")


class WaitingList(Answer):
    """Who asks to be let in, in the order in which they came."""

    total_count: int
    data: list[WaitingAnswer]


class Verdict(Body):
    """Whether somebody is let in."""

    granted: bool


@waiting.get("/rooms/{room}/waiting-participants")
async def list_waiting_participants(room: TheRoom) -> WaitingList:
    """Who asks to be let into a room now."""
    found = [
        WaitingAnswer(id=each.id, user_name=each.name, user_id=each.user_id, since=each.since)
        for each in room.waiting
    ]
    return WaitingList(total_count=len(found), data=found)


@waiting.post(
    "/rooms/{room}/waiting-participants/{waiting_id}", status_code=status.HTTP_204_NO_CONTENT
)
async def answer_waiting_participant(room: TheRoom, waiting_id: str, verdict: Verdict) -> None:
    """Let somebody in who waits, or not."""
    try:
        room.answer(waiting_id, verdict.granted)
    except RequestError:
        raise HttpError(404, "no-participant", "nobody waits by this id") from None
