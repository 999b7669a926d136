"""Calls beside an aiohttp application: one process and event loop, a port for each.

    python examples/aiohttp_app.py cert.pem key.pem

aiohttp is no ASGI server, so uvicorn has the port of the calls (8443). The views of both use the
same rooms.
"""

import asyncio
import sys
from collections.abc import AsyncIterator

import uvicorn
from aiohttp import web

import fastsfu

sfu = fastsfu.SFU(fastsfu.Config())
calls = fastsfu.asgi_app(sfu)


async def make_meeting(request: web.Request) -> web.Response:
    room = request.match_info["room"]
    try:
        sfu.rooms.create(room, max_participants=10)
    except fastsfu.RequestError as error:
        return web.json_response({"error": error.info}, status=409)
    return web.json_response({"room": room})


async def invite(request: web.Request) -> web.Response:
    room = request.match_info["room"]
    token = sfu.token(room, name=request.query.get("guest", ""))
    return web.json_response({"link": f"/r/{room}?t={token}", "token": token})


def application(options: dict[str, object]) -> web.Application:
    """`options` are uvicorn's, for the port of the calls."""

    async def serve_calls(_: web.Application) -> AsyncIterator[None]:
        async with sfu:
            server = uvicorn.Server(uvicorn.Config(calls, log_level="warning", **options))
            running = asyncio.create_task(server.serve())
            yield
            server.should_exit = True
            await running

    app = web.Application()
    app.add_routes(
        [web.post("/meetings/{room}", make_meeting), web.post("/meetings/{room}/guests", invite)]
    )
    app.cleanup_ctx.append(serve_calls)
    return app


if __name__ == "__main__":
    cert, key = sys.argv[1:]
    tls = {"ssl_certfile": cert, "ssl_keyfile": key}
    web.run_app(application({"host": "0.0.0.0", "port": 8443, **tls}), port=8080)
