"""The pages and the browser's library: files of fastsfu/web, with the right types and ETags.

Every URL in a page is relative, so that the application works below any prefix.
"""

import os
import re
from pathlib import Path

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from fastsfu.http.answers import HttpError, bearer
from fastsfu.http.model import ROOM_NAME_PATTERN
from fastsfu.sfu import SFU

WEB = Path(__file__).resolve().parent.parent / "web"

# Python asks the machine's own table otherwise, which may know .js as text/plain and .ts as a film.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ts": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}


class WebFiles(StaticFiles):
    """A folder of fastsfu/web. Browsers keep files, but ask each time whether they are current."""

    def __init__(self, folder: str, *, shared: bool = False) -> None:
        super().__init__(directory=WEB / folder, check_dir=False)
        self._shared = shared  # importable from pages of other origins

    async def page(self, name: str, request: Request) -> Response:
        """One of the files, whatever the request's own path."""
        return await self.get_response(name, request.scope)

    def file_response(
        self,
        full_path: "str | os.PathLike[str]",
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        if content_type := TYPES.get(Path(full_path).suffix):
            response.headers["Content-Type"] = content_type
        if self._shared:
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


CALL, LANDING, SDK = WebFiles("call"), WebFiles("landing"), WebFiles("sdk", shared=True)


def routes(sfu: SFU) -> list[BaseRoute]:
    """The landing page, the call page and the static folders."""

    async def landing(request: Request) -> Response:
        name = "index.html" if sfu.config.open_rooms else "closed.html"
        return await LANDING.page(name, request)

    async def may_join(request: Request) -> Response:
        """Whether the token opens the room: the page asks before it asks for devices."""
        sfu.grant(request.path_params["room"], bearer(request))
        return Response(status_code=204)

    return [
        Route("/", landing, name="landing"),
        Route("/r", _named_room),
        Route("/r/{room}", _room, name="room"),
        Route("/r/{room}/may-join", may_join),
        Mount("/call", CALL),
        Mount("/sdk", SDK),
        Mount("/landing", LANDING),
    ]


def wants_page(request: Request) -> bool:
    """A person looks at the answer, in a browser."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def lost(request: Request, status: int) -> Response:
    """The page for people who are where nothing is; its links work from wherever that is."""
    scope = request.scope
    path = str(scope["path"]).removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    up = "../" * max(0, path.count("/") - 1)
    page = (WEB / "landing" / "lost.html").read_text()
    return HTMLResponse(page.replace('href="', f'href="{up}'), status)


async def _room(request: Request) -> Response:
    if not re.fullmatch(ROOM_NAME_PATTERN, request.path_params["room"]):
        raise HttpError(404, "no-room", "this is no name that a room can have")
    return await CALL.page("index.html", request)


async def _named_room(request: Request) -> Response:
    """Where the landing page's form goes: from `r?room=NAME` on to `r/NAME`."""
    room = request.query_params.get("room", "").strip()
    if not re.fullmatch(ROOM_NAME_PATTERN, room):
        raise HttpError(404, "no-room", "this is no name that a room can have")
    here = URL(scope=request.scope).path.rstrip("/")
    return RedirectResponse(f"{here}/{room}", status_code=303)
