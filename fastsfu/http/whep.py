"""WHEP (draft-ietf-wish-whep): players watch a room with one POST.

The answer's sections carry the room's publishers as they are at that time, `?participant=` (a
session id, or a name) picks one. Later comers need another POST: WHEP has no way to ask for more.
"""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request

from fastsfu.auth.tokens import Grant
from fastsfu.events import Failure
from fastsfu.http.answers import HttpError
from fastsfu.http.resources import Resource, SdpEndpoint
from fastsfu.session.session import Answer, Session

RETRY = {"Retry-After": "2"}


class Whep(SdpEndpoint):
    """A participant like others, who only watches; nobody sees one whose token says `hidden`."""

    path = "/v1/whep"
    whole = False  # a player may offer for more than there is
    trickles_blindly = True  # players do, and nothing of it is used

    def rights(self, grant: Grant) -> Grant:
        if not grant.subscribe:
            raise HttpError(403, "not-allowed", "the token does not allow to subscribe")
        return replace(grant, publish=False)

    async def open(self, request: Request, room: str, grant: Grant, resource: Resource) -> Session:
        watch = request.query_params.get("participant")
        return await self.sfu.open_session(
            room,
            grant=grant,
            name=request.query_params.get("name", ""),
            signaler=resource,
            watch=self._find(room, watch) if watch else None,
        )

    def check(self, answer: Answer, failures: Sequence[Failure]) -> None:
        if answer.subscriptions:
            return
        undecodable = [each for each in failures if each.error == "no-common-codec"]
        if undecodable:
            raise HttpError(409, "no-common-codec", " ".join(each.info for each in undecodable))
        raise HttpError(409, "no-publisher", "nobody publishes what was offered for", RETRY)

    def _find(self, room_name: str, who: str) -> str:
        room = self.sfu.rooms.get(room_name)
        for participant in room.participants if room else ():
            if who in (participant.session_id, participant.name):
                return participant.session_id
        raise HttpError(404, "no-participant", "no such participant is in the room", RETRY)
