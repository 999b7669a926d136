"""What hosts can do, for who has the key: eject, mute, and change rights while a call runs."""

from dataclasses import replace
from typing import Annotated

from fastapi import status
from pydantic import Field

from fastsfu.auth.permissions import EVERYTHING, Permissions, publishable
from fastsfu.http.api.participants import (
    ParticipantAnswer,
    TheSession,
    participant_answer,
    session_of,
)
from fastsfu.http.api.route import Answer, Body, TheRoom, router
from fastsfu.http.model import SeenName, SessionId
from fastsfu.room.room import Room
from fastsfu.session.session import Session
from fastsfu.terms import Publishable

MOST = 1000  # ids of one request

moderation = router("moderation")
Ids = Annotated[list[SessionId], Field(max_length=MOST)]
UserIds = Annotated[list[Annotated[str, Field(max_length=256)]], Field(max_length=MOST)]


class Ejection(Body):
    """Who is to leave. Their tokens and resume keys open the room no more."""

    ids: Ids = Field([], description="session ids")
    user_ids: UserIds = Field([], description="all sessions of these users")
    ban: bool | Annotated[float, Field(gt=0)] = Field(
        False, description="keep their users out with any token, for so many seconds, or (true) "
        "until the room is deleted",
    )  # fmt: skip


class Ejected(Answer):
    """Who has left. Ids of nobody in the room were passed over."""

    ejectedIds: list[str] = Field(description="session ids")


class Mute(Body):
    """Which sources of a session are to be off. Its user may turn them on again."""

    session_id: SessionId
    sources: list[Publishable] = Field(sorted(EVERYTHING), min_length=1)


class PermissionsUpdate(Body):
    """The rights of a session that are to be different; the others stay."""

    publish: bool | list[Publishable] | None = None
    subscribe: bool | None = None
    messages: bool | None = None
    owner: bool | None = None

    def over(self, rights: Permissions) -> Permissions:
        """Those, but for what this says."""
        said = self.model_dump(exclude_none=True)
        if "publish" in said:
            said["publish"] = publishable(said["publish"])
        return replace(rights, **said)


class SessionPermissions(Body):
    """Whose rights are to be different, and how."""

    session_id: SessionId
    permissions: PermissionsUpdate


class ParticipantUpdate(Body):
    """What is to be different about a participant."""

    user_name: SeenName | None = Field(None, description="whatever the token says")
    permissions: PermissionsUpdate = PermissionsUpdate()


@moderation.post("/rooms/{room}/eject")
async def eject(room: TheRoom, wanted: Ejection) -> Ejected:
    """End sessions so that they do not come back."""
    before = set(room.sessions)
    users = {each.grant.user_id for each in room.sessions.values()}
    for session_id in wanted.ids:
        if session_id in room.sessions:
            room.eject(session_id, ban=wanted.ban)
    for user_id in users.intersection(wanted.user_ids):
        if any(each.grant.user_id == user_id for each in room.sessions.values()):
            room.eject(str(user_id), ban=wanted.ban)
    return Ejected(ejectedIds=sorted(before - set(room.sessions)))


@moderation.post("/rooms/{room}/mute", status_code=status.HTTP_204_NO_CONTENT)
async def mute(room: TheRoom, wanted: Mute) -> None:
    """Turn sources of a session off: nothing of them is passed on any more."""
    room.mute(session_of(room, wanted.session_id).id, sources=wanted.sources)


@moderation.post("/rooms/{room}/permissions")
async def set_permissions(room: TheRoom, wanted: SessionPermissions) -> ParticipantAnswer:
    """Change a session's rights; the engine passes on nothing that they do not allow."""
    return _permit(room, session_of(room, wanted.session_id), wanted.permissions)


@moderation.patch("/rooms/{room}/participants/{session_id}")
async def update_participant(
    room: TheRoom, session: TheSession, wanted: ParticipantUpdate
) -> ParticipantAnswer:
    """Give a participant another name, or other rights: both, or nothing of it."""
    if wanted.permissions != PermissionsUpdate():
        _permit(room, session, wanted.permissions)
    if wanted.user_name is not None:
        room.rename(session.id, wanted.user_name)
    return participant_answer(session)


def _permit(room: Room, session: Session, wanted: PermissionsUpdate) -> ParticipantAnswer:
    room.permit(session.id, wanted.over(session.permissions))
    return participant_answer(session)
