"""The messages of the signaling protocol as pydantic models; protocol.py reads and writes them.

Those about P2P are in peer_messages.py, what messages tell of in values.py.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from fastsfu.http.model import Capability, Mid, Model, RequestId, RoomName, SessionId, UserName
from fastsfu.http.peer_messages import Topology
from fastsfu.http.values import (
    ClientConfig,
    IceServer,
    Participant,
    PreviousSession,
    ReceiveSettings,
    ReceivingLimit,
    RoomInfo,
    Sections,
    Subscribed,
    WaitingParticipant,
    WantedEncoding,
)
from fastsfu.terms import SOURCES, SendingLimit, Source
from fastsfu.transport.frames import Number, UserData

Token = Annotated[str, StringConstraints(max_length=8192)]

# Client -> server


class Join(Model):
    """The first message of a new session, within 10 seconds. Answered by `joined` or `error`."""

    type: Literal["join"] = "join"
    room: RoomName
    token: Token | None = Field(default=None, repr=False)
    name: UserName | None = Field(default=None, description="a name in the token wins")
    user_data: UserData = None
    sdk: Annotated[str, StringConstraints(max_length=64)] | None = None
    capabilities: Annotated[list[Capability], Field(max_length=16)] = Field(
        default_factory=list,
        description="`p2p`: can connect to another client directly; `confirms`: sends `confirm`; "
        "`maps`: takes `subscriptions` of `sections`, and confirms them too; "
        "`knocks`: can wait to be let in; `moves`: follows `moved`; `batches`: takes `batch`; "
        "`limits`: takes `limits`",
    )
    replaces: PreviousSession | None = None


class Resume(Model):
    """The first message after a dropped WebSocket, to go on with the same session."""

    type: Literal["resume"] = "resume"
    session_id: SessionId
    resume_key: Annotated[str, StringConstraints(max_length=256)] = Field(repr=False)


class Offer(Model):
    """An SDP offer; one in flight at a time. New ICE credentials in it restart ICE."""

    type: Literal["offer"] = "offer"
    id: RequestId
    sdp: Annotated[str, StringConstraints(min_length=1)]
    tracks: Annotated[dict[Mid, Source], Field(max_length=256)] = Field(
        default_factory=dict,
        description="source of each sending section, by its mid",
    )


class Confirm(Model):
    """What is new in the last answer or in `sections` is in force: it may come now, not before."""

    type: Literal["confirm"] = "confirm"
    revision: int | None = Field(
        default=None, description="all that was told until then; null: until the last answer"
    )


class Update(Model):
    """Changes to what others see of me. The source members: whether it is on, not muted."""

    type: Literal["update"] = "update"
    audio: bool | None = None
    video: bool | None = None
    screenVideo: bool | None = None
    screenAudio: bool | None = None
    name: UserName | None = None
    user_data: UserData = Field(default=None, description="replaces the old value when present")
    revision: Number | None = Field(
        default=None,
        description="for a client that says the same by data channel (`metadata`): all sources and "
        "`user_data` have to be there, and what is not newer than what is known is ignored",
    )
    limited_by: Annotated[list[SendingLimit], Field(max_length=2)] | None = Field(
        default=None, description="what makes what I send less than it could be"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Parts of different revisions could not be told apart when they come out of order."""
        sources = [getattr(self, source) for source in SOURCES]
        whole = "user_data" in self.model_fields_set and None not in sources
        if self.revision is not None and not whole:
            raise PydanticCustomError("not_whole", "with a revision all of the rest is needed")
        return self


class ReceiveSettingsMessage(Model):
    """What to receive of one participant, or of everybody else under `*`."""

    type: Literal["receive-settings"] = "receive-settings"
    settings: Annotated[dict[SessionId, ReceiveSettings], Field(max_length=1024)]


class RefreshToken(Model):
    """A newer token of the same holder, with the same rights: its time limits count from now on.
    Answered by `token-refreshed` or `error`.
    """

    type: Literal["refresh-token"] = "refresh-token"
    id: RequestId
    token: Token = Field(repr=False)


class Ping(Model):
    """Answered by `pong`. One is due every `heartbeat` seconds."""

    type: Literal["ping"] = "ping"
    id: RequestId


class Leave(Model):
    """Ends the session; the server closes the WebSocket with 1000."""

    type: Literal["leave"] = "leave"


# Server -> client

HiddenCount = Annotated[int, Field(description="how many watch hidden now")]
ActiveSpeakerId = Annotated[
    SessionId | None, Field(description="who speaks now; null when nobody does")
]


SessionDataValue = Annotated[
    JsonValue, Field(description="data of the meeting as a whole, null at first")
]


WaitingList = Annotated[
    list[WaitingParticipant], Field(description="who asks to be let in, for owners")
]


class Joined(Model):
    """The session stands. `participants` are the others; offer next, with `sections`, also when
    media is to go directly: the SFU then stands ready, and is sent nothing.
    """

    type: Literal["joined"] = "joined"
    session_id: SessionId
    resume_key: str = Field(description="secret, for `resume`", repr=False)
    room: RoomInfo
    session_data: SessionDataValue
    waiting_participants: WaitingList
    you: Participant
    participants: list[Participant]
    hidden_participants: HiddenCount
    active_speaker: ActiveSpeakerId
    sections: Sections
    topology: Topology
    heartbeat: float = Field(description="seconds between two `ping`s of the client")
    ice_servers: list[IceServer] = []
    config: ClientConfig
    alternates: list[str] = Field(
        default_factory=list,
        description="base URLs of servers that go on with the calls of this one when it is gone",
    )


class Resumed(Model):
    """The session goes on; `room`, `participants`, `sections` and `topology` as they are now."""

    type: Literal["resumed"] = "resumed"
    session_id: SessionId
    room: RoomInfo
    session_data: SessionDataValue
    waiting_participants: WaitingList
    you: Participant
    participants: list[Participant]
    hidden_participants: HiddenCount
    active_speaker: ActiveSpeakerId
    sections: Sections
    ice_servers: list[IceServer] = []
    topology: Topology


class Answer(Model):
    """The answer to the offer of that id. Sections absent from `subscriptions` carry nothing."""

    type: Literal["answer"] = "answer"
    id: RequestId
    sdp: str
    subscriptions: dict[Mid, Subscribed]
    revision: int = Field(description="for `confirm`")


class SectionsMessage(Sections):
    """What to receive in. A client that `maps` is told here what sections carry, besides what the
    last answer said, as soon as it confirms that; it needs no offer for it.
    """

    type: Literal["sections"] = "sections"
    offer: bool = Field(
        description="please offer, with at least so many receiving sections in all (after a "
        "pending answer)"
    )
    subscriptions: dict[Mid, Subscribed]
    revision: int = Field(description="of `subscriptions`, for `confirm`")


class LimitsMessage(Model):
    """All pictures of which less comes, or nothing, since no more fits through the way to the
    client; when that changes, at most twice a second, to a client that takes `limits`.
    """

    type: Literal["limits"] = "limits"
    sources: list[ReceivingLimit]


class VideoSuspended(Model):
    """A video of that session does not fit through the way to the client, or does again."""

    type: Literal["video-suspended"] = "video-suspended"
    session_id: SessionId
    source: Source
    suspended: bool


class ActiveSpeaker(Model):
    """Who speaks now; null when nobody does."""

    type: Literal["active-speaker"] = "active-speaker"
    session_id: SessionId | None


class Encodings(Model):
    """What others want of a source of the client now: each such message replaces the one before.

    Until the first one all is wanted.
    """

    type: Literal["encodings"] = "encodings"
    source: Source
    encodings: list[WantedEncoding]


class Connection(Model):
    """The media path as the server sees it."""

    type: Literal["connection"] = "connection"
    state: Literal["connected", "interrupted"]


class TokenRefreshed(Model):
    """The token of the `refresh-token` of that id is the session's now."""

    type: Literal["token-refreshed"] = "token-refreshed"
    id: RequestId
    expires_at: float | None = Field(description="seconds since 1970; null: never")


class Pong(Model):
    """The answer to the `ping` of that id."""

    type: Literal["pong"] = "pong"
    id: RequestId


class Error(Model):
    """A message was refused, or (fatal) the session: then the WebSocket closes."""

    type: Literal["error"] = "error"
    fatal: bool
    error: str = Field(description="kebab-case type, see Errors")
    info: str = Field(description="one sentence for a person")
    re: RequestId | None = Field(default=None, description="`id` of what it answers, if it has one")


class Ejected(Model):
    """The session was ended by the server; the WebSocket closes with 1000."""

    type: Literal["ejected"] = "ejected"
    reason: str
