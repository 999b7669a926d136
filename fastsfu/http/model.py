"""What the messages of the protocol are made of: their base class and constrained types."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError, to_json

MAX_MESSAGE_BYTES = 256 * 1024
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
