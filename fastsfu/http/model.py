"""What the messages of the protocol are made of: their base class and constrained types."""

from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from fastsfu.http.frame import text_frame
from fastsfu.names import shown

MAX_FIRST_BYTES = 64 * 1024  # of a message from who is not in
MAX_MESSAGE_BYTES = 1024 * 1024  # later: an offer of a large call
ROOM_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$"


class Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    @cached_property
    def text(self) -> str:
        """As a frame's text; what goes to many is written once."""
        return self.model_dump_json()

    @cached_property
    def frame(self) -> bytes:
        """All of a server's frame, likewise."""
        return text_frame(self.model_dump_json().encode())


def _seen(name: str) -> str:
    if not shown(name):
        raise ValueError("a name has to show something")
    return name


RoomName = Annotated[str, StringConstraints(pattern=ROOM_NAME_PATTERN)]
UserName = Annotated[str, StringConstraints(max_length=200)]
SeenName = Annotated[UserName, AfterValidator(_seen)]
SessionId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Mid = Annotated[str, StringConstraints(min_length=1, max_length=64)]
RequestId = Annotated[int, Field(ge=0, le=2**53)]
Capability = Annotated[str, StringConstraints(max_length=32)]
