"""What the server says in a room."""

from typing import Literal

from fastapi import status
from pydantic import ConfigDict, JsonValue

from fastsfu.config import Config
from fastsfu.http.api.route import ApiRoute, Body, TheRoom, router
from fastsfu.http.model import SessionId


class MessagesRoute(ApiRoute):
    def most_bytes(self, config: Config) -> int:
        return super().most_bytes(config) + config.max_app_message_bytes


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
