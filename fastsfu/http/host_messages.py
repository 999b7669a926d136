"""The part of the protocol about moderation: what owners of a room ask for, and what it comes to.

What an owner asks for is answered by `done`, or by an `error` whose `re` is its id, and then
nothing of it has happened.
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from fastsfu.http.model import Model, RequestId, SessionId, UserName
from fastsfu.http.values import RoomInfo, WaitingParticipant
from fastsfu.terms import Publishable

Publishables = Annotated[list[Publishable], Field(max_length=8)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

# Client -> server


class Unmute(Model):
    """Sources that a host has turned off are as the client says again: its user wants them on."""

    type: Literal["unmute"] = "unmute"
    sources: Publishables


class PermissionsUpdate(Model):
    """Rights to give or take; what is absent stays as it is."""

    publish: bool | Publishables | None = Field(
        default=None, description="all, nothing, or what is in the list"
    )
    subscribe: bool | None = None
    messages: bool | None = None
    owner: bool | None = None


class ParticipantUpdate(Model):
    """What an owner does to a participant."""

    user_name: UserName | None = Field(default=None, description="whatever its token says")
    mute: Publishables = Field(default=[], description="turn these off, until it unmutes")
    permissions: PermissionsUpdate | None = None
    eject: bool = False
    ban: bool | Seconds = Field(
        default=False,
        description="with `eject`: no token of this user opens the room, for so many seconds or "
        "until it is deleted",
    )


class UpdateParticipants(Model):
    """Moderation, for owners; `*` is everybody else."""

    type: Literal["update-participants"] = "update-participants"
    id: RequestId
    participants: Annotated[dict[SessionId, ParticipantUpdate], Field(max_length=1024)]


class UpdateRoom(Model):
    """What the room is, for owners; what is absent stays as it is."""

    type: Literal["update-room"] = "update-room"
    id: RequestId
    locked: bool | None = None
    enable_knocking: bool | None = None
    max_participants: Annotated[int, Field(ge=1)] | None = None
    ends_at: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        default=None, description="seconds since 1970; null, when it is there: never"
    )


class SetSessionData(Model):
    """Data of the meeting as a whole, for owners: everybody is told, also who comes later."""

    type: Literal["set-session-data"] = "set-session-data"
    id: RequestId
    data: JsonValue


class RequestAccess(Model):
    """Asks the hosts to be let in, while the client waits for that (`waiting`)."""

    type: Literal["request-access"] = "request-access"
    name: UserName | None = Field(default=None, description="a name in the token wins")


class UpdateWaitingParticipants(Model):
    """Lets in who waits (true) or not (false), for owners; `*` is all of them."""

    type: Literal["update-waiting-participants"] = "update-waiting-participants"
    id: RequestId
    participants: Annotated[dict[SessionId, bool], Field(max_length=1024)]


# Server -> client


class Waiting(Model):
    """The answer to `join` where a host has to let the client in: `joined` or an `error` follows.

    Meanwhile `request-access`, `ping` and `leave` can be said. Only a client that `knocks` gets it.
    """

    type: Literal["waiting"] = "waiting"
    id: SessionId = Field(description="by which the hosts know it")
    heartbeat: float = Field(description="seconds between two `ping`s of the client")


class WaitingParticipantsMessage(Model):
    """Who asks to be let in now, all of them; for owners."""

    type: Literal["waiting-participants"] = "waiting-participants"
    participants: list[WaitingParticipant]


class Muted(Model):
    """A host has turned off sources of this client: it sends no more of them, until it unmutes."""

    type: Literal["muted"] = "muted"
    sources: list[Publishable]


class RoomUpdated(Model):
    """The room is like this now."""

    type: Literal["room-updated"] = "room-updated"
    room: RoomInfo


class SessionData(Model):
    """The data of the meeting as a whole, as an owner or the application has set it."""

    type: Literal["session-data"] = "session-data"
    data: JsonValue


class Done(Model):
    """What the message of that id asked for has happened."""

    type: Literal["done"] = "done"
    id: RequestId
