"""Calls within a Starlette application, below a prefix of two parts.

uvicorn examples.starlette_app:app --ssl-certfile cert.pem --ssl-keyfile key.pem
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

import fastsfu

sfu = fastsfu.SFU(fastsfu.Config())


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    async with sfu:
        yield


async def invite(request: Request) -> JSONResponse:
    room = request.path_params["room"]
    token = sfu.token(room, name=request.query_params.get("guest", ""))
    link = request.url_for("calls", path=f"/r/{room}")
    return JSONResponse({"link": f"{link}?t={token}", "token": token})


app = Starlette(
    routes=[
        Mount("/team/calls", fastsfu.asgi_app(sfu), name="calls"),
        Route("/meetings/{room}/guests", invite, methods=["POST"]),
    ],
    lifespan=lifespan,
)
