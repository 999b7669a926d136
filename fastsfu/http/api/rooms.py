"""Rooms: made to stay, looked at, changed while their calls run, deleted."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request, status
from pydantic import ConfigDict, Field

from fastsfu.errors import JoinError, RecordError, RequestError
from fastsfu.http.answers import HttpError
from fastsfu.http.api.route import Answer, Body, Sfu, TheRoom, router
from fastsfu.http.api.turns import InTurn
from fastsfu.http.model import RoomName
from fastsfu.room.options import RoomOptions
from fastsfu.room.records import RoomRecord
from fastsfu.room.room import Room
from fastsfu.sfu import SFU

NAMES = {"starts_at": "nbf", "ends_at": "exp"}
NAME_BYTES = 12  # of a name that is made up

rooms = router("rooms")


def _without_defaults(schema: dict[str, Any]) -> None:
    """A generated client would say them, and so change what nobody has said anything of."""
    for member in schema["properties"].values():
        member.pop("default", None)


class RoomProperties(RoomOptions):
    """What a room is. `nbf` and `exp` are seconds since 1970."""

    model_config = ConfigDict(
        alias_generator=lambda name: NAMES.get(name, name), json_schema_extra=_without_defaults
    )


class NewRoom(Body):
    """A room that is to be."""

    name: RoomName | None = Field(None, description="default: one that nobody guesses")
    properties: RoomProperties = Field(
        RoomProperties(), description="what is not said is as the server is configured"
    )


class RoomUpdate(Body):
    """What is to be different; what is not said stays, and null takes back what was said."""

    properties: RoomProperties


class RoomAnswer(Answer):
    """A room."""

    name: str
    api_created: bool = Field(description="it stays until it is deleted; false: goes with the last")
    url: str = Field(description="of its call page; a meeting token is needed there")
    created_at: datetime
    config: RoomProperties


class RoomPage(Answer):
    """Some of the rooms, in order of their names."""

    total_count: int = Field(description="of all rooms")
    data: list[RoomAnswer]


class DeletedRoom(Answer):
    """A room that is no more."""

    deleted: bool = True
    name: str


@rooms.get("/rooms")
async def list_rooms(
    sfu: Sfu,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
    starting_after: Annotated[str, Query(description="the name of the last one before")] = "",
) -> RoomPage:
    """All rooms that are there now."""
    pages = _pages(request)
    found = sfu.rooms.page(starting_after, limit)
    return RoomPage(total_count=len(sfu.rooms), data=[_answer(each, sfu, pages) for each in found])


@rooms.post("/rooms", status_code=status.HTTP_201_CREATED)
async def make_room(sfu: Sfu, turns: InTurn, request: Request, wanted: NewRoom) -> RoomAnswer:
    """Make a room that stays until it is deleted."""
    name = wanted.name or secrets.token_hex(NAME_BYTES)
    async with turns.of(_turn(name)):
        if name in sfu.rooms:
            raise HttpError(409, "room-exists", f"there is a room {name} already")
        room = sfu.rooms.create(name, wanted.properties)
        try:
            await sfu.records.keep_room(_record(room, room.options))
        except RecordError:
            if sfu.rooms.get(name) is room:
                sfu.rooms.delete(name)
            raise
    return _answer(room, sfu, _pages(request))


@rooms.get("/rooms/{room}")
async def get_room(sfu: Sfu, request: Request, room: TheRoom) -> RoomAnswer:
    """One room."""
    return _answer(room, sfu, _pages(request))


@rooms.post("/rooms/{room}")
async def update_room(
    sfu: Sfu, turns: InTurn, request: Request, room: TheRoom, wanted: RoomUpdate
) -> RoomAnswer:
    """Change a room, also while its call runs: who is in is told and stays, unless it has ended."""
    async with turns.of(_turn(room.name)):
        _require_there(sfu, room)
        options = room.possible(wanted.properties)
        if sfu.rooms.stays(room):
            await sfu.records.keep_room(_record(room, options))
        try:
            room.update(wanted.properties)
        except RequestError:  # it was possible until somebody came
            await sfu.records.keep_room(_record(room, room.options))
            raise
    return _answer(room, sfu, _pages(request))


rooms.patch("/rooms/{room}", name="patch_room")(update_room)


@rooms.delete("/rooms/{room}")
async def delete_room(sfu: Sfu, turns: InTurn, room: TheRoom) -> DeletedRoom:
    """End everybody's session in a room, and forget it."""
    async with turns.of(_turn(room.name)):
        _require_there(sfu, room)
        await sfu.records.forget_room(room.name)
        if sfu.rooms.get(room.name) is room:  # the last of those in it may have left
            sfu.rooms.delete(room.name)
    return DeletedRoom(name=room.name)


def _turn(name: str) -> str:
    return f"room {name}"


def _require_there(sfu: SFU, room: Room) -> None:
    """It was when the request came."""
    if sfu.rooms.get(room.name) is not room:
        raise JoinError("no-room", "There is no such room.")


def _record(room: Room, options: RoomOptions) -> RoomRecord:
    return RoomRecord(room.name, options, room.created_at)


def _pages(request: Request) -> str:
    """The URL below which rooms have their call pages."""
    return str(request.url_for("room", room="x")).removesuffix("x")


def _answer(room: Room, sfu: SFU, pages: str) -> RoomAnswer:
    options = room.options.model_dump()
    return RoomAnswer(
        name=room.name,
        api_created=sfu.rooms.stays(room),
        url=pages + quote(room.name, safe=""),
        created_at=datetime.fromtimestamp(room.created_at, UTC),
        config=RoomProperties(**{NAMES.get(name, name): value for name, value in options.items()}),
    )
