"""WHIP (RFC 9725): encoders publish into a room with one POST."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request

from fastsfu.auth.tokens import Grant
from fastsfu.events import Failure
from fastsfu.http.answers import HttpError
from fastsfu.http.resources import Resource, SdpEndpoint
from fastsfu.session.arrival import Arrival
from fastsfu.session.session import Answer, Session


class Whip(SdpEndpoint):
    """A participant like others, who only publishes."""

    path = "/v1/whip"
    whole = True  # RFC 9725 section 4.4.3: half an ingest misleads who sends it
    trickles_blindly = False

    def rights(self, grant: Grant) -> Grant:
        if not grant.publish:
            raise HttpError(403, "not-allowed", "the token does not allow to publish")
        return replace(grant, subscribe=False)

    async def open(self, request: Request, room: str, grant: Grant, resource: Resource) -> Session:
        arrival = Arrival(grant=grant, name=request.query_params.get("name", ""))
        return await self.sfu.admit(room, arrival, resource)

    def check(self, answer: Answer, failures: Sequence[Failure]) -> None:
        """The offer was taken whole."""
