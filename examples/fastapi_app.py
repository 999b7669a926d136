"""Calls within a FastAPI application.

    uvicorn examples.fastapi_app:app --ssl-certfile cert.pem --ssl-keyfile key.pem

Options come from the environment (FASTSFU_SECRET, FASTSFU_MEDIA_IP, FASTSFU_MEDIA_TCP_PORT, ...).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

import fastsfu

sfu = fastsfu.SFU(fastsfu.Config())
calls = fastsfu.asgi_app(sfu)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with sfu:
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/calls", calls)


class Meeting(BaseModel):
    name: str
    seats: int = 10


@app.post("/meetings")
async def make_meeting(wanted: Meeting) -> dict[str, str]:
    """Verbs of rooms belong to the event loop: an endpoint that calls them is `async def`."""
    try:
        sfu.rooms.create(wanted.name, max_participants=wanted.seats)
    except fastsfu.RequestError as error:
        raise HTTPException(409, error.info) from None
    return {"room": wanted.name}


@app.post("/meetings/{name}/guests")
def invite(name: str, guest: str, host: bool = False) -> dict[str, str]:
    """Signing a token may happen in any thread."""
    token = sfu.token(name, name=guest, owner=host)
    return {"link": f"/calls/r/{name}?t={token}", "token": token}
