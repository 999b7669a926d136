"""What all routes of the REST interface have in common.

A request goes through here in this order: its key, scope and rate; the names in its query; its
body, bounded and JSON; the `Idempotency-Key` of a POST; then FastAPI reads it into the models of
the route's function.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from fastsfu.auth.api_keys import Scope
from fastsfu.config import Config
from fastsfu.errors import JoinError
from fastsfu.http.answers import HttpError, read_text
from fastsfu.http.api.idempotency import Idempotency
from fastsfu.http.api.turns import Turns
from fastsfu.http.keys import KeyCheck
from fastsfu.room.room import Room
from fastsfu.sfu import SFU

MAX_BODY_BYTES = 16 * 1024
BODILESS = ("GET", "HEAD", "DELETE")


class Body(BaseModel):
    """What a client sends. Unknown members are refused: one may be meant as a right."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Answer(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True)


class Refusal(Answer):
    """Each answer that is no success."""

    error: str  # kebab-case, for programs
    info: str  # one sentence, for people


@dataclass(frozen=True)
class Api:
    """What the routes work on; `app.state.api`."""

    sfu: SFU
    keys: KeyCheck
    idempotency: Idempotency
    turns: Turns = field(default_factory=Turns)
    streams: set[object] = field(default_factory=set)  # of server-sent events, that are open


class ApiRoute(APIRoute):
    """A route for keys of a scope."""

    scope: Scope = "rooms"
    is_secret = False  # its answers are kept nowhere but in memory

    def most_bytes(self, config: Config) -> int:
        """Of a body."""
        return MAX_BODY_BYTES

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        known, takes_body = _query_names(self.dependant), self.body_field is not None

        async def handle(request: Request) -> Response:
            api: Api = request.app.state.api
            key = api.keys.check(request, self.scope)
            for name in request.query_params.keys() - known:
                raise HttpError(400, "bad-request", f"{name[:64]}: there is no such parameter")
            if request.method in BODILESS:
                return await answer(request)
            limit = self.most_bytes(api.sfu.config)
            body = b""
            if takes_body or "content-type" in request.headers:
                body = (await read_text(request, "application/json", limit)).encode()
            read = Request(request.scope, _replaying(body))
            if request.method != "POST":
                return await answer(read)
            return await api.idempotency.once(
                key.id, request, body, lambda: answer(read), is_secret=self.is_secret
            )

        return handle


class TokensRoute(ApiRoute):
    scope = "tokens"
    is_secret = True


class SecretsRoute(ApiRoute):
    is_secret = True


def router(tag: str, route: type[ApiRoute] = ApiRoute) -> APIRouter:
    """For the routes of one resource."""
    key = HTTPBearer(auto_error=False, description="an API key")
    refusals = {status: {"model": Refusal} for status in ("4XX", "5XX")}
    return APIRouter(
        prefix="/v1",
        tags=[tag],
        route_class=route,
        dependencies=[Depends(key)],  # for the document: the route has checked it
        responses=refusals,  # type: ignore[arg-type]
    )


def _query_names(dependant: Dependant) -> set[str]:
    """What the query of a route may have, its own and that of what it depends on."""
    names = {each.alias for each in dependant.query_params}
    return names.union(*map(_query_names, dependant.dependencies))


async def _sfu(request: Request) -> SFU:
    api: Api = request.app.state.api
    return api.sfu


Sfu = Annotated[SFU, Depends(_sfu)]


async def _room(sfu: Sfu, room: str) -> Room:
    found = sfu.rooms.get(room)
    if found is None:
        raise JoinError("no-room", "There is no such room.")
    return found


TheRoom = Annotated[Room, Depends(_room)]


def _replaying(body: bytes) -> Callable[[], Coroutine[Any, Any, Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
