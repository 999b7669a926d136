"""What the messages of the protocol are made of: their base class and constrained types."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError, to_json

MAX_USER_DATA_BYTES = 4096
ROOM_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$"


class Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


def _within_user_data_limit(value: JsonValue) -> JsonValue:
    if len(to_json(value)) > MAX_USER_DATA_BYTES:
        raise PydanticCustomError(
            "too_large", f"user data is larger than {MAX_USER_DATA_BYTES} bytes of JSON"
        )
    return value


UserData = Annotated[JsonValue, AfterValidator(_within_user_data_limit)]
RoomName = Annotated[str, StringConstraints(pattern=ROOM_NAME_PATTERN)]
UserName = Annotated[str, StringConstraints(max_length=200)]
SessionId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Mid = Annotated[str, StringConstraints(min_length=1, max_length=64)]
RequestId = Annotated[int, Field(ge=0, le=2**53)]
Source = Literal["audio", "video", "screenVideo", "screenAudio"]
Capability = Annotated[str, StringConstraints(max_length=32)]


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
