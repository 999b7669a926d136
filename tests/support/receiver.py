"""A server that is told things: TLS on a loopback port, signatures checked by another library."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fastsfu.http.tls import self_signed

Answer = Callable[[dict[str, Any]], Awaitable[int]]


async def takes(_: dict[str, Any]) -> int:
    return 204


@dataclass
class Receiver:
    """`taken` is what it answered with 2xx; `answer` says how it answers, `says` what beside it;
    `clients` are the ports from which it came.
    """

    url: str
    certificate: Path
    answer: Answer = takes
    secret: str | None = None
    taken: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    says: bytes = b""
    clients: set[int] = field(default_factory=set)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    async def take(self, request: Request) -> Response:
        assert request.client is not None
        self.clients.add(request.client.port)
        body = await request.body()
        if self.secret is not None:
            Webhook(self.secret).verify(body, dict(request.headers))  # 500 for a wrong signature
        said = json.loads(body)
        assert said["id"] == request.headers["webhook-id"]
        status = await self.answer(said)
        if status < 300:
            async with self.news:
                self.taken.append(said)
                self.news.notify_all()
        else:
            self.refused += 1
        return Response(self.says, status, headers={"Location": "https://localhost/"})

    async def until(self, holds: Callable[[], bool], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds), self.news:
            await self.news.wait_for(holds)


@asynccontextmanager
async def receiving(folder: Path, port: int = 0) -> AsyncIterator[Receiver]:
    pair = self_signed(["localhost"], ["127.0.0.1"])
    certificate, key = folder / "receiver.pem", folder / "receiver.key"
    certificate.write_bytes(pair.chain)
    key.write_bytes(pair.key)
    receiver = Receiver("", certificate)
    app = Starlette(routes=[Route("/told", receiver.take, methods=["POST"])])
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=port, log_config=None, lifespan="off",
            ssl_certfile=str(certificate), ssl_keyfile=str(key),
        )
    )  # fmt: skip
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    receiver.url = f"https://localhost:{server.servers[0].sockets[0].getsockname()[1]}/told"
    try:
        yield receiver
    finally:
        server.should_exit = True
        await running
