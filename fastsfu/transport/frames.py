"""The frames on a channel of app messages and metadata (docs/app-messages.md), and nowhere else.

Each is one text message of the channel (RFC 8831 PPID 51) with one JSON object, told apart by
`type`. Client and server, or two clients, speak the same. `read` parses what a client sends;
`fragment`, `messages_frame` and `metadata_frame` write what the server relays, at a cost that
20,000 a second allow.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError, to_json

from fastsfu.terms import SOURCES, Source

# The stream of the channel, which both ends negotiate in advance. In-band, clients pick the lowest
# free one, even (0, 2, ...) or odd by their part in DTLS (RFC 8832 section 6): not this one.
CHANNEL_ID = 127
LABEL = "fastsfu.messages"
PROTOCOL = "fastsfu.messages.v1"
SERVER = "server"  # `from` of what the server itself says
MAX_RECEIVERS = 1000
ENVELOPE_BYTES = 48 * 1024  # of a frame, besides its data: a thousand receivers
MAX_USER_DATA_BYTES = 4096

SessionId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Number = Annotated[int, Field(ge=1, le=2**53 - 1)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]


def json_of(value: Any) -> bytes:
    """A value as JSON (RFC 8259); raises ValueError for what JSON does not have.

    Our parser takes NaN and infinite numbers (1e999 is one), and a browser then none of a frame
    that they stand in.
    """
    written = to_json(value)
    may_hold_one = b"NaN" in written or b"Infinity" in written
    if may_hold_one and written != to_json(value, inf_nan_mode="null"):
        raise ValueError("NaN and infinite numbers are no JSON")
    return written


def _within_user_data_limit(value: JsonValue) -> JsonValue:
    if len(json_of(value)) > MAX_USER_DATA_BYTES:
        raise PydanticCustomError(
            "too_large", f"user data is larger than {MAX_USER_DATA_BYTES} bytes of JSON"
        )
    return value


UserData = Annotated[JsonValue, AfterValidator(_within_user_data_limit)]


class Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class WireMessage(Model):
    """One app message."""

    number: Number = Field(description="grows with each message of a sender")
    to: Literal["*"] | Annotated[list[SessionId], Field(max_length=MAX_RECEIVERS)] = Field(
        default="*",
        description="to the server: `*` for everybody else in the room, or session ids",
    )
    kind: Annotated[str, StringConstraints(max_length=32)] = Field(
        default="app",
        description="`app`; between browsers also what the call itself has to say",
    )
    data: JsonValue = Field(description="what was given to `sendAppMessage`")
    from_: str | None = Field(
        default=None,
        alias="from",
        description="from the server: session id of the sender, or `server`",
    )
    origin: str | None = Field(
        default=None,
        description="from the server, when it is not `from`: whose numbers these are, for a sender "
        "that had to join anew under another session id",
    )


class Hello(Model):
    """Says that this end is about to use the channel. Answered by `welcome`."""

    type: Literal["hello"] = "hello"


class Welcome(Model):
    """The last number that this end has of the other one's messages, 0 for none."""

    type: Literal["welcome"] = "welcome"
    received: Count


class Messages(Model):
    """App messages in the order of their numbers."""

    type: Literal["messages"] = "messages"
    messages: list[WireMessage]


class Ack(Model):
    """How many app messages have come over this channel so far, doubles too."""

    type: Literal["ack"] = "ack"
    count: Count


class Metadata(Model):
    """What a participant says of itself, all of it. The source members: whether it is on, not
    muted. What is not newer than what is known counts for nothing.
    """

    type: Literal["metadata"] = "metadata"
    revision: Number = Field(description="grows with each change")
    audio: bool
    video: bool
    screenVideo: bool
    screenAudio: bool
    user_data: UserData
    from_: str | None = Field(
        default=None, alias="from", description="from the server: session id of whom it is about"
    )

    @property
    def sources(self) -> Mapping[Source, bool]:
        """Whether each is on."""
        return {source: getattr(self, source) for source in SOURCES}


class Refused(Model):
    """From the server: nobody gets the message of this number."""

    type: Literal["refused"] = "refused"
    number: Count = Field(description="0: of a frame that could not be read, or is no message")
    error: str = Field(description="`too-large`, `not-allowed`, `bad-message`, or what a hook gave")
    info: str = Field(description="one sentence for a person")


class Lost(Model):
    """From the server: so many messages were not kept here, since this client read too slowly."""

    type: Literal["lost"] = "lost"
    count: Count


ClientFrame = Annotated[Hello | Welcome | Messages | Ack | Metadata, Field(discriminator="type")]
FRAMES: Sequence[type[Model]] = (Hello, Welcome, Messages, Ack, Metadata, Refused, Lost)
assert set(get_args(get_args(ClientFrame)[0])) <= set(FRAMES)


class _Uncertain(Model):
    """A frame of messages that need not be any."""

    type: Literal["messages"]
    messages: list[JsonValue]


_client: TypeAdapter[Any] = TypeAdapter(ClientFrame)


def read(frame: bytes) -> Hello | Welcome | Messages | Ack | Metadata:
    """Parse what a client sent; raises pydantic.ValidationError."""
    return _client.validate_json(frame)  # type: ignore[no-any-return]


def unreadable_messages(frame: bytes) -> int:
    """How many messages stand in a frame that `read` refuses, as far as can be told."""
    try:
        return len(_Uncertain.model_validate_json(frame).messages)
    except ValidationError:
        return 0


def write(frame: Model) -> bytes:
    """One frame as the bytes of a message."""
    return frame.model_dump_json().encode()


def fragment(number: int, data: bytes, sender: str, origin: str) -> bytes:
    """A message as it stands in the frames of all who receive it: made once for all of them.

    `data` is JSON already.
    """
    members = {"number": number, "from": sender}
    if origin != sender:
        members["origin"] = origin
    return b'%b,"data":%b}' % (to_json(members)[:-1], data)


def messages_frame(fragments: Iterable[bytes]) -> bytes:
    """The `messages` frame of these fragments."""
    return b'{"type":"messages","messages":[%b]}' % b",".join(fragments)


def metadata_frame(
    session_id: str, revision: int, sources: Collection[Source], user_data: Any
) -> bytes:
    """The `metadata` frame about a participant, whose `sources` are on."""
    members: dict[str, Any] = {
        "type": "metadata",
        "from": session_id,
        "revision": revision,
        **{source: source in sources for source in SOURCES},
        "user_data": user_data,
    }
    return to_json(members)
