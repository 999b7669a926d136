"""What WHIP and WHEP have in common: a session made by one POST, kept as an HTTP resource.

POST an offer, get 201 with the answer, the resource's address and its ETag (RFC 9725 section 4.2),
and the TURN and STUN servers to reach us by (section 4.6).
The ETag names the ICE session (section 4.3): PATCH with it trickles candidates, which an ICE-lite
server needs none of; PATCH with `*` restarts ICE. DELETE ends the session. Who may do so holds a
token for the room and knows the address, which cannot be guessed.
"""

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fastsfu.auth.tokens import Grant
from fastsfu.errors import FastSFUError
from fastsfu.events import Ended, Event, Failure
from fastsfu.http.answers import HttpError, bearer, read_text
from fastsfu.http.model import ROOM_NAME_PATTERN
from fastsfu.session.session import Answer, IceParameters, Session
from fastsfu.sfu import SFU
from fastsfu.transport.turn import IceServer

MAX_BODY_BYTES = 256 * 1024
MAX_FAILURES = 8
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"  # RFC 8840
UFRAG = re.compile(r"^a=ice-ufrag:([A-Za-z0-9+/]{4,256})\s*$", re.M)
PASSWORD = re.compile(r"^a=ice-pwd:([A-Za-z0-9+/]{22,256})\s*$", re.M)
MEDIA = re.compile(r"^m=[ -~]+", re.M)
MID = re.compile(r"^a=mid:[!-~]+", re.M)

# Publishing and watching from pages of other origins is what the two protocols are for; a token is
# in the header that the page itself sets, never in a cookie.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


class Resource:
    """One session as WHIP and WHEP know it; the `Signaler` that hears of its end."""

    def __init__(self, room: str, forget: Callable[[], None]) -> None:
        self.room = room
        self.session: Session | None = None
        self.failures: list[Failure] = []  # what the answer to the POST may tell of
        self._forget = forget

    def send(self, event: Event) -> None:
        """Nothing can be told to the client once it has its answer; then only the end matters."""
        if isinstance(event, Ended):
            self._forget()
        elif isinstance(event, Failure) and len(self.failures) < MAX_FAILURES:
            self.failures.append(event)


class SdpEndpoint(ABC):
    """The routes of one of the two protocols."""

    path: ClassVar[str]
    whole: ClassVar[bool]  # an offer of which a section cannot be taken is refused
    trickles_blindly: ClassVar[bool]  # PATCH may lack If-Match

    def __init__(self, sfu: SFU) -> None:
        self.sfu = sfu
        self._resources: dict[str, Resource] = {}

    def routes(self) -> list[BaseRoute]:
        """POST on the room, PATCH and DELETE on what it made, OPTIONS on both.

        With and without a slash at the end: browsers follow no redirect of a preflight.
        """
        return [route for end in ("", "/") for route in self._routes(end)]

    def _routes(self, end: str) -> list[BaseRoute]:
        room = f"{self.path}/{{room}}{end}"
        resource = f"{self.path}/{{room}}/{{resource}}{end}"
        return [
            Route(room, _guard(self._post_counted), methods=["POST"]),
            Route(room, _options("POST"), methods=["OPTIONS"]),
            Route(resource, _guard(self._patch), methods=["PATCH"]),
            Route(resource, _guard(self._delete), methods=["DELETE"]),
            Route(resource, _options("PATCH, DELETE"), methods=["OPTIONS"]),
        ]

    @abstractmethod
    def rights(self, grant: Grant) -> Grant:
        """The part of a token's rights that this protocol uses; raises HttpError."""

    @abstractmethod
    async def open(self, request: Request, room: str, grant: Grant, resource: Resource) -> Session:
        """Open the session; `resource` is its signaler. Raises HttpError or FastSFUError."""

    @abstractmethod
    def check(self, answer: Answer, failures: Sequence[Failure]) -> None:
        """Look at the answer before it goes out; raises HttpError to take all back."""

    async def _post_counted(self, request: Request) -> Response:
        try:
            return await self._post(request)
        except (FastSFUError, HttpError) as error:
            kind = error.type if isinstance(error, FastSFUError) else error.error
            self.sfu.rooms.outcomes.refused[kind] += 1
            raise

    async def _post(self, request: Request) -> Response:
        room = request.path_params["room"]
        grant = self.rights(self._authenticate(request, room))
        offer = await read_text(request, SDP, MAX_BODY_BYTES)
        name = secrets.token_urlsafe(16)
        resource = Resource(room, lambda: _drop(self._resources, name))
        session = resource.session = await self.open(request, room, grant, resource)
        self._resources[name] = resource
        try:
            answer = await session.offer(offer, whole=self.whole)
            self.check(answer, resource.failures)
        except BaseException:
            session.leave("bad-offer")  # and so it is forgotten
            raise
        headers = {
            **CORS,
            "Location": _location(request.url.path, name),
            "ETag": _entity_tag(session.ice),
            "Accept-Patch": FRAGMENT,
        }
        response = Response(answer.sdp, 201, headers, media_type=SDP)
        for link in _ice_server_links(session.ice_servers()):
            response.headers.append("Link", link)
        return response

    async def _patch(self, request: Request) -> Response:
        session = self._session(request)
        wanted = request.headers.get("if-match", "").strip()
        fragment = await read_text(request, FRAGMENT, MAX_BODY_BYTES)
        if wanted == "*":
            return _restart(session, fragment)
        if not wanted and not (self.trickles_blindly and _is_of(fragment, session.ice)):
            raise HttpError(428, "bad-request", "PATCH needs If-Match (RFC 9725 section 4.3.1)")
        if wanted and wanted != _entity_tag(session.ice):
            raise HttpError(412, "bad-request", "If-Match names another ICE session")
        # We are ICE-lite: the client's checks show us its addresses (RFC 8445 section 2.5).
        return Response(status_code=204, headers=CORS)

    async def _delete(self, request: Request) -> Response:
        self._session(request).leave()
        return Response(status_code=200, headers=CORS)

    def _session(self, request: Request) -> Session:
        room = request.path_params["room"]
        self._authenticate(request, room, begun=True)  # who knows the address has made it
        resource = self._resources.get(request.path_params["resource"])
        if resource is None or resource.room != room or resource.session is None:
            raise HttpError(404, "no-session", "there is no such session (any more)")
        return resource.session

    def _authenticate(self, request: Request, room: str, *, begun: bool = False) -> Grant:
        """What the request's token allows in `room`; raises HttpError."""
        if not re.fullmatch(ROOM_NAME_PATTERN, room):
            raise HttpError(404, "no-room", "this is no name that a room can have")
        token = bearer(request)
        if token is not None:
            return self.sfu.tokens.verify(token, room, begun=begun)
        if self.sfu.config.open_rooms:
            return Grant(room)
        raise HttpError(401, "not-allowed", "a token is needed: Authorization: Bearer TOKEN")


def _drop(resources: dict[str, Resource], name: str) -> None:
    resources.pop(name, None)


def _guard(
    handle: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Errors as answers that pages of other origins may read, too."""

    async def guarded(request: Request) -> Response:
        try:
            return await handle(request)
        except FastSFUError as error:
            fault = HttpError.of(error)
        except HttpError as error:
            fault = error
        response = fault.response()
        response.headers.update(CORS)
        return response

    return guarded


def _options(methods: str) -> Callable[[Request], Awaitable[Response]]:
    async def options(_: Request) -> Response:
        allow = f"{methods}, OPTIONS"
        accepts = {"Accept-Post": SDP} if methods == "POST" else {"Accept-Patch": FRAGMENT}
        headers = {"Allow": allow, "Access-Control-Allow-Methods": allow, **accepts}
        return Response(status_code=204, headers=CORS | PREFLIGHT | headers)

    return options


def _location(path: str, name: str) -> str:
    """Relative to the address of the POST, of which a proxy may have changed what comes before
    (RFC 9110 section 10.2.2).
    """
    return f"{path.rpartition('/')[2]}/{name}".removeprefix("/")


def _ice_server_links(servers: Iterable[IceServer]) -> Iterator[str]:
    """RFC 9725 section 4.6, for the connection to this server. No value needs an escape."""
    for server in servers:
        if server.peer_only:
            continue
        credential = ""
        if server.username is not None:
            credential = (
                f'; username="{server.username}"; credential="{server.credential}"; '
                'credential-type="password"'
            )
        yield from (f'<{url}>; rel="ice-server"{credential}' for url in server.urls)


def _restart(session: Session, fragment: str) -> Response:
    ufrag, password = UFRAG.search(fragment), PASSWORD.search(fragment)
    if not ufrag or not password:
        raise HttpError(400, "bad-request", "the fragment has no a=ice-ufrag and a=ice-pwd")
    ice = session.restart_ice(ufrag[1], password[1])
    headers = {**CORS, "ETag": _entity_tag(ice)}
    return Response(_fragment(fragment, ice), 200, headers, media_type=FRAGMENT)


def _is_of(fragment: str, ice: IceParameters | None) -> bool:
    """Whether it says nothing of an ICE session but the one that is."""
    ufrag = UFRAG.search(fragment)
    return ufrag is None or (ice is not None and ufrag[1] == ice.remote_ufrag)


def _entity_tag(ice: IceParameters | None) -> str:
    """The ETag of an ICE session: our username fragment is new with each."""
    return f'"{ice.ufrag}"' if ice else '""'


def _fragment(offered: str, ice: IceParameters) -> str:
    """Our side after an ICE restart (RFC 9725 section 4.3.3), for the media section asked about."""
    found = (pattern.search(offered) for pattern in (MEDIA, MID))
    lines = ["a=ice-lite", *(line[0].rstrip() for line in found if line)]
    lines += [f"a=ice-ufrag:{ice.ufrag}", f"a=ice-pwd:{ice.password}"]
    lines += [f"a={candidate}" for candidate in ice.candidates]
    return "\r\n".join([*lines, "a=end-of-candidates", ""])
