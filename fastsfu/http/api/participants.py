"""The people in a room, as who runs it sees them: hidden ones too."""

from typing import Annotated

from fastapi import Depends
from pydantic import Field, JsonValue

from fastsfu.http.answers import HttpError
from fastsfu.http.api.route import Answer, TheRoom, router
from fastsfu.room.room import Room
from fastsfu.session.session import Session
from fastsfu.terms import SOURCES, Publishable

participants = router("participants")


class Rights(Answer):
    """What somebody may do now."""

    publish: list[Publishable]
    subscribe: bool
    messages: bool
    owner: bool


class ParticipantAnswer(Answer):
    """Somebody in a room."""

    session_id: str
    origin: str = Field(description="its first session id, kept when it has to join anew")
    user_id: str | None = Field(description="of the token")
    user_name: str
    owner: bool
    hidden: bool
    joined_at: float = Field(description="seconds since 1970")
    user_data: JsonValue
    tracks: dict[str, bool] = Field(description="by source: published and not muted")
    permissions: Rights
    muted: list[Publishable] = Field(description="turned off by a host")


class ParticipantList(Answer):
    """The people in a room, in order of joining."""

    total_count: int
    data: list[ParticipantAnswer]


class EjectedParticipant(Answer):
    """Somebody who is not in the room any more."""

    ejected: bool = True
    session_id: str


def session_of(room: Room, session_id: str) -> Session:
    """Raises HttpError when nobody in the room has this session id."""
    found = room.sessions.get(session_id)
    if found is None:
        raise HttpError(404, "no-participant", "there is no such session in the room")
    return found


async def _session(room: TheRoom, session_id: str) -> Session:
    return session_of(room, session_id)


TheSession = Annotated[Session, Depends(_session)]


@participants.get("/rooms/{room}/participants")
async def list_participants(room: TheRoom) -> ParticipantList:
    """All who are in a room now."""
    found = [participant_answer(each) for each in room.sessions.values()]
    return ParticipantList(total_count=len(found), data=found)


@participants.get("/rooms/{room}/participants/{session_id}")
async def get_participant(session: TheSession) -> ParticipantAnswer:
    """One of them, by session id."""
    return participant_answer(session)


@participants.delete("/rooms/{room}/participants/{session_id}")
async def eject_participant(room: TheRoom, session: TheSession) -> EjectedParticipant:
    """End a session; the token with which it came opens the room no more."""
    room.eject(session.id)
    return EjectedParticipant(session_id=session.id)


def participant_answer(session: Session) -> ParticipantAnswer:
    """Somebody, as they are now."""
    who = session.participant
    return ParticipantAnswer(
        session_id=who.session_id,
        origin=who.origin,
        user_id=session.grant.user_id,
        user_name=who.name,
        owner=who.owner,
        hidden=session.hidden,
        joined_at=who.joined_at,
        user_data=who.user_data,
        tracks={source: source in who.sources for source in SOURCES},
        permissions=Rights(
            publish=sorted(who.permissions.publish),
            subscribe=who.permissions.subscribe,
            messages=who.permissions.messages,
            owner=who.permissions.owner,
        ),
        muted=sorted(who.held),
    )
