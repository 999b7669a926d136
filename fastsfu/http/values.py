"""What the messages of the protocol tell of: participants, rooms, sections, relays."""

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from fastsfu.http.model import MAX_MESSAGE_BYTES, Model, SessionId
from fastsfu.terms import Publishable, SendingLimit, Source, Unfit
from fastsfu.transport.frames import MAX_USER_DATA_BYTES


class Permissions(Model):
    """What somebody may do now; whether it is an owner is a member of its own."""

    publish: list[Publishable]
    subscribe: bool = Field(description="receive what others publish")
    messages: bool = Field(description="send app messages")


class Participant(Model):
    """Somebody in the room. The four source members: published, permitted and not muted."""

    session_id: SessionId
    user_name: str
    owner: bool
    user_data: JsonValue = None
    audio: bool = False
    video: bool = False
    screenVideo: bool = False
    screenAudio: bool = False
    revision: int = Field(default=0, description="of user data and mute states; grows")
    joined_at: float = Field(description="seconds since 1970")
    origin: SessionId = Field(description="the first id of a client that had to join anew")
    user_id: str | None = Field(default=None, description="of its token")
    permissions: Permissions
    held: list[Publishable] = Field(
        default=[], description="a host has turned these off, until the participant unmutes"
    )
    limited_by: list[SendingLimit] = Field(
        default=[], description="what makes what it sends less than it could be, as it says"
    )


class ReceivingLimit(Model):
    """What keeps a picture of somebody from coming whole: a smaller size, or fewer pictures a
    second, or none.
    """

    session_id: SessionId
    source: Source
    limit: Unfit


class Sections(Model):
    """How many receiving media sections of each kind the client's next offer should have in all."""

    audio: int
    video: int


class RoomInfo(Model):
    """The room as far as its participants need to know it."""

    name: str
    max_participants: int
    ends_at: float | None = Field(
        default=None, description="seconds since 1970, when the room has an end"
    )
    locked: bool = Field(default=False, description="nobody new gets in but owners")
    enable_knocking: bool = Field(default=False, description="owners let in everybody else")


class WaitingParticipant(Model):
    """Somebody who asks to be let in."""

    id: SessionId
    user_name: str
    user_id: str | None
    since: float = Field(description="seconds since 1970")


class ClientConfig(Model):
    """What the server wants its clients to keep to."""

    resume_timeout: float = Field(description="seconds within which `resume` is possible")
    max_message_bytes: int = MAX_MESSAGE_BYTES
    max_user_data_bytes: int = MAX_USER_DATA_BYTES
    max_app_message_bytes: int
    can_send_messages: bool


class Subscribed(Model):
    """Whose source a media section of the answer carries."""

    session_id: SessionId
    source: Source


class VideoWish(Model):
    """How much of a picture is wanted, where its sender has several encodings or layers of it.

    What is absent is not limited; `layer` and `max_height` hold both.
    """

    max_height: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, description="lines: the largest encoding that has no more, else the smallest"
    )
    layer: Annotated[int, Field(ge=0, le=3)] | None = Field(
        default=None, description="this encoding or spatial layer at most; 0 is the smallest"
    )
    priority: Annotated[int, Field(ge=0, le=255)] = Field(
        default=0, description="what gets more first when there is not enough for all; greater wins"
    )
    last_n: Annotated[int, Field(ge=0, le=255)] | None = Field(
        default=None,
        description="of `video` under `*`: only the cameras of so many others who spoke last, "
        "beside those that have a setting of their own",
    )


class ReceiveSettings(Model):
    """Which sources to get: false declines one, true takes it back whole, a wish takes it back as
    far as it says, absent leaves it as it is.
    """

    audio: bool | None = None
    video: bool | VideoWish | None = None
    screenVideo: bool | VideoWish | None = None
    screenAudio: bool | None = None


class WantedEncoding(Model):
    """What the others want of one encoding of a source."""

    rid: str = Field(description="RFC 8851; empty for a source that has one encoding without")
    active: bool = Field(description="false: nobody wants it, so it may rest")
    max_height: int | None = Field(default=None, description="lines that somebody wants at most")
    max_framerate: float | None = None


class PreviousSession(Model):
    """A session that this client lost: its app messages go on in the new one, which ends it."""

    session_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    resume_key: Annotated[str, StringConstraints(max_length=256)] = Field(repr=False)


class IceServer(Model):
    """A TURN or STUN server, as an RTCIceServer. The credentials expire and come anew each time."""

    urls: list[str]
    username: str | None = None
    credential: str | None = Field(default=None, repr=False)
    peer_only: bool = Field(
        default=False,
        description="for connections to other clients: at its address the media port is, too, and "
        "a browser takes all that comes from there for the relay's",
    )
