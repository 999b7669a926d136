"""WHIP and WHEP for the forwarders in Python, without what a browser would ask for besides."""

from collections.abc import Awaitable, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

HOST = "127.0.0.1"
Join = Callable[[str, str, bool], Awaitable[tuple[str, str]]]
Leave = Callable[[str], Awaitable[None]]


async def serve(join: Join, leave: Leave, port: int) -> None:
    """Until told to stop. `join` takes room, offer and whether it sends; it gives back a name for
    the client, which `leave` takes, and the lines that `describe` makes.
    """

    async def joined(request: Request) -> Response:
        offer, sends = (await request.body()).decode(), "/whip/" in request.url.path
        name, sdp = await join(request.path_params["room"], offer, sends)
        return PlainTextResponse(sdp, 201, {"location": f"/{name}"})

    async def left(request: Request) -> Response:
        await leave(request.path_params["name"])
        return Response()

    async def ready(_: Request) -> Response:
        return Response()

    routes = [
        Route("/", ready),
        Route("/v1/whip/{room}", joined, methods=["POST"]),
        Route("/v1/whep/{room}", joined, methods=["POST"]),
        Route("/{name}", left, methods=["DELETE"]),
    ]
    config = uvicorn.Config(Starlette(routes=routes), host=HOST, port=port, log_level="warning")
    await uvicorn.Server(config).serve()


def describe(ufrag: str, password: str, fingerprint: str, host: str, port: int) -> str:
    """What the load reads of an answer."""
    return (
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\na=fingerprint:sha-256 {fingerprint}\r\n"
        f"a=candidate:1 1 udp 1 {host} {port} typ host\r\n"
    )
