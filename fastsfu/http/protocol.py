"""The signaling protocol `fastsfu.v1`: which messages there are, each way, and their frames.

Text frames, one JSON object each, told apart by `type`. `read_client` parses what a client sends,
`write` serialises what the server sends. Unknown members are ignored, for newer clients on an older
server; members of a wrong type are not.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from fastsfu.errors import first_fault
from fastsfu.http import (
    host_messages,
    messages,
    move_messages,
    participant_messages,
    peer_messages,
)
from fastsfu.http.model import Model, RequestId

SUBPROTOCOL = "fastsfu.v1"


class CloseCode(IntEnum):
    """Why the server closed the WebSocket (RFC 6455 section 7.4; 4000 and up are ours)."""

    NORMAL = 1000  # after `leave` or `ejected`
    GOING_AWAY = 1001  # the server stops; join again elsewhere or later
    TOO_LARGE = 1009
    INTERNAL = 1011
    TRY_AGAIN_LATER = 1013  # the server is full
    BAD_MESSAGE = 4400  # not a first message, too many malformed ones, a binary frame
    NOT_ALLOWED = 4401  # the token, or the resume key, is no good
    REFUSED = 4403  # the room is full, over, not yet open or unknown; an origin not allowed
    TIMEOUT = 4408  # no `join` or no `ping` in time, or the client does not read
    REPLACED = 4409  # another WebSocket resumed this session; do not resume it again
    RATE = 4429  # too many messages


ClientMessage = Annotated[
    messages.Join
    | messages.Resume
    | messages.Offer
    | messages.Confirm
    | messages.Update
    | messages.ReceiveSettingsMessage
    | peer_messages.PeerDescriptionMessage
    | peer_messages.PeerCandidateMessage
    | peer_messages.PeerState
    | peer_messages.CarriedMessage
    | peer_messages.SetTopology
    | host_messages.Unmute
    | host_messages.UpdateParticipants
    | host_messages.UpdateRoom
    | host_messages.SetSessionData
    | host_messages.RequestAccess
    | host_messages.UpdateWaitingParticipants
    | messages.RefreshToken
    | messages.Ping
    | messages.Leave,
    Field(discriminator="type"),
]
ServerMessage = Annotated[
    messages.Joined
    | messages.Resumed
    | messages.Answer
    | messages.SectionsMessage
    | participant_messages.ParticipantJoined
    | participant_messages.ParticipantUpdated
    | participant_messages.ParticipantLeft
    | participant_messages.Batch
    | participant_messages.HiddenParticipants
    | messages.VideoSuspended
    | messages.LimitsMessage
    | messages.ActiveSpeaker
    | messages.Encodings
    | messages.Connection
    | peer_messages.TopologyMessage
    | peer_messages.PeerDescriptionMessage
    | peer_messages.PeerCandidateMessage
    | host_messages.Muted
    | host_messages.RoomUpdated
    | host_messages.SessionData
    | host_messages.Done
    | host_messages.Waiting
    | host_messages.WaitingParticipantsMessage
    | messages.TokenRefreshed
    | messages.Pong
    | messages.Error
    | move_messages.Moved
    | messages.Ejected,
    Field(discriminator="type"),
]
CLIENT_MESSAGES: Sequence[type[Model]] = get_args(get_args(ClientMessage)[0])
SERVER_MESSAGES: Sequence[type[Model]] = get_args(get_args(ServerMessage)[0])


class _Numbered(Model):
    """All that is read of a message that is wrong."""

    id: RequestId


_client: TypeAdapter[Any] = TypeAdapter(ClientMessage)
_server: TypeAdapter[Any] = TypeAdapter(ServerMessage)


class MessageError(ValueError):
    """A frame that is no message of the protocol; the text says where, and what was expected.

    Attribute: `re`, the `id` in it; None when it has none that an answer could name.
    """

    def __init__(self, info: str, re: int | None = None) -> None:
        super().__init__(info)
        self.re = re


def read_client(frame: str | bytes) -> Model:
    """Parse a client's frame into one of CLIENT_MESSAGES; raises MessageError."""
    return _read(_client, frame)


def read_server(frame: str | bytes) -> Model:
    """Parse a server's frame into one of SERVER_MESSAGES (for clients); raises MessageError."""
    return _read(_server, frame)


def write(message: Model) -> str:
    """One message as the text of a frame, with all its members (null when there is no value)."""
    return message.text


def _read(adapter: TypeAdapter[Any], frame: str | bytes) -> Model:
    try:
        message: Model = adapter.validate_json(frame)
    except ValidationError as error:
        raise MessageError(_explain(error), _id_of(frame)) from None
    return message


def _id_of(frame: str | bytes) -> int | None:
    try:
        return _Numbered.model_validate_json(frame).id
    except ValidationError:
        return None


def _explain(error: ValidationError) -> str:
    """The first fault in one sentence; all known types where the message's is none of them."""
    if error.errors(include_input=False)[0]["type"].startswith("union_tag"):
        known = ", ".join(model.model_fields["type"].default for model in CLIENT_MESSAGES)
        return f"the member type has to be one of {known}"
    return first_fault(error)
