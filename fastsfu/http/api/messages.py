"""What the server says in a room, and what is kept there for all to see."""

from typing import Any, Literal

from fastapi import status
from pydantic import ConfigDict, JsonValue

from fastsfu.config import Config
from fastsfu.http.api.route import Answer, ApiRoute, Body, TheRoom, router
from fastsfu.http.model import SessionId
from fastsfu.room.moderation import MAX_SESSION_DATA


class MessagesRoute(ApiRoute):
    def most_bytes(self, config: Config) -> int:
        return super().most_bytes(config) + max(config.max_app_message_bytes, MAX_SESSION_DATA)


messages = router("rooms", MessagesRoute)


class SaidMessage(Body):
    """What is to be said, and to whom: everybody, or these session ids."""

    model_config = ConfigDict(allow_inf_nan=True)  # the room says what is no JSON

    data: JsonValue
    to: Literal["*"] | list[SessionId] = "*"


@messages.post("/rooms/{room}/send-app-message", status_code=status.HTTP_204_NO_CONTENT)
async def send_app_message(room: TheRoom, said: SaidMessage) -> None:
    """Say something in a room; answered when its receivers have it queued."""
    room.send_app_message(said.data, said.to)


class NewSessionData(Body):
    """Data of the meeting as a whole, 16 KiB of JSON at most."""

    model_config = ConfigDict(allow_inf_nan=True)

    data: JsonValue
    mergeStrategy: Literal["replace", "shallow-merge"] = "replace"

    def over(self, before: Any) -> JsonValue:
        """What there is then; only objects can be merged."""
        merges = self.mergeStrategy == "shallow-merge"
        if merges and isinstance(self.data, dict) and isinstance(before, dict):
            return {**before, **self.data}
        return self.data


class MeetingData(Answer):
    """What there is now."""

    data: JsonValue


@messages.post("/rooms/{room}/session-data")
async def set_session_data(room: TheRoom, wanted: NewSessionData) -> MeetingData:
    """Set the data of the meeting, of which everybody is told, also who comes later."""
    room.set_session_data(wanted.over(room.session_data))
    return MeetingData(data=room.session_data)


@messages.get("/rooms/{room}/session-data")
async def get_session_data(room: TheRoom) -> MeetingData:
    """The data of the meeting; null when nobody has set any."""
    return MeetingData(data=room.session_data)
