"""What an owner's messages do to the room."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fastsfu.auth.permissions import Permissions, publishable
from fastsfu.errors import RequestError
from fastsfu.http import host_messages
from fastsfu.http.model import Model
from fastsfu.names import seen
from fastsfu.room.options import RoomOptions
from fastsfu.session.session import Session

EVERYBODY = "*"


def handle(session: Session, message: Model) -> host_messages.Done:
    """Do what an owner asks for; raises RequestError, and then nothing has changed."""
    if not session.permissions.owner:
        raise RequestError("Only an owner of the room may do that.", "not-allowed")
    HANDLERS[type(message)](session, message)
    return host_messages.Done(id=message.id)  # type: ignore[attr-defined]


def _update_participants(session: Session, message: host_messages.UpdateParticipants) -> None:
    """All of them are looked up before anything happens to one."""
    sessions = session.room.sessions
    updates: list[tuple[Session, host_messages.ParticipantUpdate]] = []
    for who, update in message.participants.items():
        if update.user_name is not None:
            seen(update.user_name)
        if who == EVERYBODY:
            others = (each for each in sessions.values() if each is not session)
            updates += [(each, update) for each in others if not each.hidden]
        elif who in sessions:
            updates.append((sessions[who], update))
        else:
            raise RequestError(f"There is no participant {who!r}.")
    for other, update in updates:
        _update_participant(session, other, update)


def _update_participant(
    session: Session, other: Session, update: host_messages.ParticipantUpdate
) -> None:
    room = session.room
    if update.user_name is not None:
        room.rename(other.id, update.user_name)
    if update.mute:
        room.mute(other.id, sources=update.mute)
    if update.permissions is not None:
        room.permit(other.id, _permissions(other.permissions, update.permissions))
    if update.eject:
        room.eject(other.id, ban=update.ban)


def _permissions(before: Permissions, update: host_messages.PermissionsUpdate) -> Permissions:
    said = update.model_dump(exclude_none=True)
    if update.publish is not None:
        said["publish"] = publishable(update.publish)
    return replace(before, **said)


def _update_room(session: Session, message: host_messages.UpdateRoom) -> None:
    said = message.model_dump(exclude_unset=True, exclude={"type", "id"})
    options = {name: value for name, value in said.items() if value is not None}
    if "ends_at" in said:
        options["ends_at"] = said["ends_at"]
    session.room.update(RoomOptions(**options))


def _update_waiting(session: Session, message: host_messages.UpdateWaitingParticipants) -> None:
    room = session.room
    waiting = {each.id for each in room.waiting}
    for who in message.participants.keys() - waiting - {EVERYBODY}:
        raise RequestError(f"Nobody waits as {who!r}.")
    everybody = message.participants.get(EVERYBODY)
    for who in waiting:
        granted = message.participants.get(who, everybody)
        if granted is not None:
            room.answer(who, granted)


def _set_session_data(session: Session, message: host_messages.SetSessionData) -> None:
    session.room.set_session_data(message.data)


HANDLERS: Mapping[type[Model], Callable[[Session, Any], None]] = {
    host_messages.UpdateParticipants: _update_participants,
    host_messages.UpdateRoom: _update_room,
    host_messages.UpdateWaitingParticipants: _update_waiting,
    host_messages.SetSessionData: _set_session_data,
}
