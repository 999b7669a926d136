"""WHEP (draft-ietf-wish-whep): players watch a room with one POST.

The answer's sections carry the room's publishers as they are at that time, `?participant=` (a
session id, or a name) picks one, and of several with that name the newest. Later comers need
another POST: WHEP has no way to ask for more. So a player whose publishers have all ended is ended
too, and may ask for who has come back.
"""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request

from fastsfu.auth.permissions import NOTHING
from fastsfu.auth.tokens import Grant
from fastsfu.events import Failure
from fastsfu.http.answers import HttpError
from fastsfu.http.resources import Resource, SdpEndpoint
from fastsfu.session.arrival import Arrival
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
        return replace(grant, publish=NOTHING)

    async def open(self, request: Request, room: str, grant: Grant, resource: Resource) -> Session:
        watch = request.query_params.get("participant")
        arrival = Arrival(
            grant=grant,
            name=request.query_params.get("name", ""),
            offers_once=True,
            watch=self._find(room, watch) if watch else None,
        )
        return await self.sfu.admit(room, arrival, resource)

    def check(self, answer: Answer, failures: Sequence[Failure]) -> None:
        if answer.subscriptions:
            return
        undecodable = [each for each in failures if each.error == "no-common-codec"]
        if undecodable:
            raise HttpError(409, "no-common-codec", " ".join(each.info for each in undecodable))
        raise HttpError(409, "no-publisher", "nobody publishes what was offered for", RETRY)

    def _find(self, room_name: str, who: str) -> str:
        room = self.sfu.rooms.get(room_name)
        found = [
            session
            for session in (room.sessions.values() if room else ())
            if not session.hidden and who in (session.id, session.name)
        ]
        if not found:
            raise HttpError(404, "no-participant", "no such participant is in the room", RETRY)
        # One that was lost and has come back is there twice until its old session times out.
        return max(found, key=lambda each: (bool(each.publisher.publications), each.joined_at)).id
