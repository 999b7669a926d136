"""REST for the application that owns the rooms; its key is `Authorization: Bearer API-KEY`."""

import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from fastsfu.auth.tokens import MAX_NAME_LENGTH
from fastsfu.errors import first_fault
from fastsfu.http.answers import HttpError, read_text
from fastsfu.http.api_key import check_api_key
from fastsfu.http.model import RoomName, SessionId
from fastsfu.sfu import SFU

MAX_BODY_BYTES = 16 * 1024
DEFAULT_SECONDS = 3600.0


class MeetingToken(BaseModel):
    """What a meeting token is to say. Unknown members are refused: one may be meant as a right."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    room: RoomName
    name: str = Field("", max_length=MAX_NAME_LENGTH)
    owner: bool = False
    publish: bool = True
    subscribe: bool = True
    messages: bool = True
    hidden: bool = False
    exp: float | None = Field(None, description="seconds since 1970; default: in one hour")
    nbf: float | None = Field(None, description="seconds since 1970")
    eject_at_token_exp: bool = False
    user_id: str | None = Field(None, max_length=256)


class SaidMessage(BaseModel):
    """What `send-app-message` is to say, and to whom."""

    model_config = ConfigDict(extra="forbid", strict=True)

    data: JsonValue
    to: Literal["*"] | list[SessionId] = "*"


def routes(sfu: SFU) -> list[BaseRoute]:
    """POST /v1/meeting-tokens: a MeetingToken in, `{"token": "..."}` out.

    POST /v1/rooms/{room}/send-app-message: a SaidMessage in, 204 when its receivers have it queued.
    """

    async def meeting_tokens(request: Request) -> Response:
        check_api_key(sfu, request)  # before the body is read
        body = await read_text(request, "application/json", MAX_BODY_BYTES)
        try:
            wanted = MeetingToken.model_validate_json(body)
        except ValidationError as error:
            raise HttpError(400, "bad-request", first_fault(error)) from None
        return JSONResponse({"token": _sign(sfu, wanted)}, headers={"Cache-Control": "no-store"})

    async def send_app_message(request: Request) -> Response:
        check_api_key(sfu, request)
        limit = sfu.config.max_app_message_bytes + MAX_BODY_BYTES
        body = await read_text(request, "application/json", limit)
        try:
            said = SaidMessage.model_validate_json(body)
        except ValidationError as error:
            raise HttpError(400, "bad-request", first_fault(error)) from None
        room = sfu.rooms.get(request.path_params["room"])
        if room is None:
            raise HttpError(404, "no-room", "there is no such room")
        room.send_app_message(said.data, said.to)
        return Response(status_code=204)

    return [
        Route("/v1/meeting-tokens", meeting_tokens, methods=["POST"]),
        Route("/v1/rooms/{room}/send-app-message", send_app_message, methods=["POST"]),
    ]


def _sign(sfu: SFU, wanted: MeetingToken) -> str:
    expires_in = DEFAULT_SECONDS if wanted.exp is None else wanted.exp - time.time()
    if expires_in <= 0:
        raise HttpError(400, "bad-request", "exp lies in the past")
    try:
        return sfu.token(
            wanted.room,
            name=wanted.name,
            owner=wanted.owner,
            publish=wanted.publish,
            subscribe=wanted.subscribe,
            messages=wanted.messages,
            hidden=wanted.hidden,
            expires_in=expires_in,
            not_before=wanted.nbf,
            eject_at_expiry=wanted.eject_at_token_exp,
            user_id=wanted.user_id,
        )
    except ValueError as error:
        raise HttpError(400, "bad-request", str(error)) from None
