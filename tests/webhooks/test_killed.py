"""Nothing that a client was told of is lost, by a receiver that fails a third of the time and a
server that is killed three times in the middle of it.
"""

import asyncio
import json
import os
import random
import signal
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from fastsfu.auth.tokens import Tokens
from tests.support.receiver import Receiver, receiving

SECRET = "only-for-the-tests-0123456789-abcdef"
API_KEY = "an-api-key-0123456789-0123456789-012"
LIVES = 4
AT_ONCE = 20  # clients
ROOMS = 10
MOST_FAILURES = 2  # of a letter
UNVERIFIED = ssl._create_unverified_context()


class Server:
    """A process on one port and one database, over and over."""

    def __init__(self, folder: Path, port: int, receiver: Receiver) -> None:
        self.url = f"https://127.0.0.1:{port}/"
        self._environment = {
            **os.environ,
            "FASTSFU_DATABASE": f"sqlite:///{folder}/calls.db",
            "FASTSFU_SECRET": SECRET,
            "FASTSFU_API_KEY": API_KEY,
            "FASTSFU_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
            "FASTSFU_DRAIN_TIMEOUT": "0",
            "SSL_CERT_FILE": str(receiver.certificate),
        }
        self._port = port
        self._process: subprocess.Popen[str] | None = None

    async def start(self) -> None:
        address = ["--host", "127.0.0.1", "--port", f"{self._port}", "--media-port", "0"]
        command = [sys.executable, "-m", "fastsfu", "serve", *address, "--log-level", "error"]
        process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        self._process = process
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        assert "ready" in line

    def end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.communicate(timeout=30)

    async def make_webhook(self, url: str) -> str:
        async with httpx.AsyncClient(base_url=self.url, verify=UNVERIFIED) as http:
            headers = {"Authorization": f"Bearer {API_KEY}"}
            answer = await http.post("v1/webhooks", json={"url": url}, headers=headers)
        secret: str = answer.json()["secret"]
        return secret


class Visitors:
    """Come, hear that they are in, and go; `heard` is who heard it."""

    def __init__(self, server: Server) -> None:
        self.heard: list[str] = []
        self._url = server.url.replace("https", "wss") + "v1/signal"
        self._tokens = Tokens(SECRET)

    async def come(self, many: int) -> None:
        """So many, some at a time; those whose server goes away are cut short."""
        numbers = iter(range(many))

        async def some() -> None:
            for number in numbers:
                await self._visit(f"room-{number % ROOMS}")

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))

    @asynccontextmanager
    async def inside(self, room: str) -> AsyncIterator[websockets.ClientConnection]:
        """Somebody who has heard that they are in."""
        join = {"type": "join", "room": room, "token": self._tokens.sign(room)}
        async with websockets.connect(
            self._url, subprotocols=["fastsfu.v1"], ssl=UNVERIFIED
        ) as socket:
            await socket.send(json.dumps(join))
            joined = json.loads(await socket.recv())
            assert joined["type"] == "joined", joined
            self.heard.append(joined["session_id"])
            yield socket

    async def _visit(self, room: str) -> None:
        with suppress(OSError, websockets.WebSocketException, EOFError):
            async with self.inside(room) as socket:
                await socket.send(json.dumps({"type": "leave"}))
                await socket.wait_closed()


async def killed_in_the_middle(server: Server, visitors: Visitors, many: int) -> None:
    """`many` come, and half of them have heard that they are in when the server is killed."""
    before = len(visitors.heard)
    coming = asyncio.create_task(visitors.come(many))
    async with visitors.inside("room-0"), asyncio.timeout(120):  # who is in then for certain
        while len(visitors.heard) < before + many // 2:
            await asyncio.sleep(0.005)
        server.end(signal.SIGKILL)
        await coming


async def run(tmp_path: Path, port: int, many: int) -> tuple[Visitors, list[dict[str, Any]]]:
    dice = random.Random(7)

    failures: Counter[str] = Counter()

    async def fails_a_third(said: dict[str, Any]) -> int:
        """Of the attempts; but no letter more than twice, or the pauses would grow too long."""
        if dice.random() >= 1 / 3 or failures[said["id"]] == MOST_FAILURES:
            return 204
        failures[said["id"]] += 1
        return 503

    async with receiving(tmp_path) as receiver:
        receiver.answer = fails_a_third
        server = Server(tmp_path, port, receiver)
        visitors = Visitors(server)
        await server.start()
        try:
            receiver.secret = await server.make_webhook(receiver.url)
            for _ in range(LIVES - 1):
                await killed_in_the_middle(server, visitors, many)
                await server.start()
            await visitors.come(many)
            await receiver.until(lambda: everybody_is_out(visitors, receiver), 240)
            told = list(receiver.taken)
        finally:
            server.end(signal.SIGTERM)
        assert receiver.refused > many
        return visitors, told


def everybody_is_out(visitors: Visitors, receiver: Receiver) -> bool:
    if len(receiver.taken) < 2 * len(visitors.heard):
        return False
    came, left = (
        {each["data"]["session_id"] for each in of(receiver.taken, f"participant.{word}")}
        for word in ("joined", "left")
    )
    return left.issuperset(visitors.heard) and came == left


def of(told: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in told if each["type"] == kind]


@pytest.mark.parametrize("many", [40, pytest.param(1300, marks=pytest.mark.slow)])
async def test_each_that_was_in_has_a_beginning_and_an_end(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], many: int
) -> None:
    visitors, told = await run(tmp_path, unused_tcp_port_factory(), many)
    assert len(visitors.heard) > 2 * many
    first: dict[tuple[str, str], int] = {}
    for at, each in enumerate(told):
        if each["type"].startswith("participant."):
            first.setdefault((each["data"]["origin"], each["type"]), at)
    for session_id in visitors.heard:
        begin, end = (first[session_id, f"participant.{word}"] for word in ("joined", "left"))
        assert begin < end
    killed = {
        each["data"]["session_id"]
        for each in of(told, "participant.left")
        if each["data"]["reason"] == "end-of-life"
    }
    assert len(killed) >= LIVES - 1, "somebody was in each time that the server was killed"
