"""Calls beside the views of a Django project, in one process and at one port.

    uvicorn examples.django_app:app --ssl-certfile cert.pem --ssl-keyfile key.pem

In a project of its own the settings are where they always are, and `app` stands in asgi.py. Django
answers everything but what is below /calls/; its views stay as they are, with two rules: one that
calls a verb of a room is `async def`, and one that signs a token may be either.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from starlette.applications import Starlette
from starlette.routing import Mount

import fastsfu

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="of the example")
django.setup()

sfu = fastsfu.SFU(fastsfu.Config())


async def make_meeting(request: HttpRequest, room: str) -> JsonResponse:
    try:
        sfu.rooms.create(room, max_participants=10)
    except fastsfu.RequestError as error:
        return JsonResponse({"error": error.info}, status=409)
    return JsonResponse({"room": room})


def invite(request: HttpRequest, room: str) -> JsonResponse:
    token = sfu.token(room, name=request.GET.get("guest", ""))
    return JsonResponse({"link": f"/calls/r/{room}?t={token}", "token": token})


urlpatterns = [
    path("meetings/<slug:room>", make_meeting),
    path("meetings/<slug:room>/guests", invite),
]


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    async with sfu:
        yield


app = Starlette(
    routes=[Mount("/calls", fastsfu.asgi_app(sfu)), Mount("/", get_asgi_application())],
    lifespan=lifespan,
)
