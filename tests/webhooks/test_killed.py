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
from collections import Counter, defaultdict
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
ROOMS = 100
MOST_FAILURES = 2  # of a letter
UNVERIFIED = ssl._create_unverified_context()

Seat = dict[str, str]  # `replaces`, as who comes anew says it
Inside = tuple[websockets.ClientConnection, Seat]


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
    """Come, hear that they are in, and go; each third comes anew in between, as who has lost its
    connection does. `heard` are the session ids of those who heard it.
    """

    def __init__(self, server: Server) -> None:
        self.heard: list[str] = []
        self._url = server.url.replace("https", "wss") + "v1/signal"
        self._tokens = Tokens(SECRET)

    async def come(self, many: int) -> None:
        """So many, some at a time; those whose server goes away are cut short."""
        numbers = iter(range(many))

        async def some() -> None:
            for number in numbers:
                with suppress(OSError, websockets.WebSocketException, EOFError):
                    await self._visit(f"room-{number % ROOMS}", again=number % 3 == 0)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))

    @asynccontextmanager
    async def inside(self, room: str, replaces: Seat | None = None) -> AsyncIterator[Inside]:
        """Somebody who has heard that they are in."""
        join = {"type": "join", "room": room, "token": self._tokens.sign(room)}
        async with websockets.connect(
            self._url, subprotocols=["fastsfu.v1"], ssl=UNVERIFIED
        ) as socket:
            await socket.send(json.dumps({**join, "replaces": replaces}))
            joined = json.loads(await socket.recv())
            assert joined["type"] == "joined", joined
            self.heard.append(joined["session_id"])
            yield socket, {name: joined[name] for name in ("session_id", "resume_key")}

    async def _visit(self, room: str, again: bool) -> None:
        async with self.inside(room) as (socket, seat):
            if again:
                async with self.inside(room, seat) as (anew, _):
                    await leave(anew)
            else:
                await leave(socket)


async def leave(socket: websockets.ClientConnection) -> None:
    await socket.send(json.dumps({"type": "leave"}))
    await socket.wait_closed()


async def killed_in_the_middle(
    server: Server, visitors: Visitors, many: int, lost: Seat | None
) -> Seat:
    """`many` come, and half of them have heard that they are in when the server is killed; one is
    in then for certain, and comes anew from life to life.
    """
    before = len(visitors.heard)
    coming = asyncio.create_task(visitors.come(many))
    async with visitors.inside("room-0", lost) as (_, seat), asyncio.timeout(120):
        while len(visitors.heard) < before + many // 2:
            await asyncio.sleep(0.005)
        server.end(signal.SIGKILL)
        await coming
    return seat


async def run(tmp_path: Path, port: int, many: int) -> tuple[Visitors, Receiver]:
    async with receiving(tmp_path) as receiver:
        told = Told()
        receiver.answer = told.answer
        server = Server(tmp_path, port, receiver)
        visitors = Visitors(server)
        await server.start()
        try:
            receiver.secret = await server.make_webhook(receiver.url)
            lost = None
            for _ in range(LIVES - 1):
                lost = await killed_in_the_middle(server, visitors, many, lost)
                await server.start()
            await visitors.come(many)
            await receiver.until(lambda: told.all_of(visitors), 400)
        finally:
            server.end(signal.SIGTERM)
        return visitors, receiver


class Told:
    """What has arrived, which a third of the attempts does not do; but no letter fails more than
    twice, or the pauses would grow too long.
    """

    def __init__(self) -> None:
        self.left: set[str] = set()  # session ids
        self.unfinished: set[str] = set()  # meetings: letters are missing of them
        self._numbers: dict[str, set[int]] = defaultdict(set)
        self._last: dict[str, int] = {}
        self._failures: Counter[str] = Counter()
        self._dice = random.Random(7)

    async def answer(self, said: dict[str, Any]) -> int:
        if self._dice.random() < 1 / 3 and self._failures[said["id"]] < MOST_FAILURES:
            self._failures[said["id"]] += 1
            return 503
        self._take(said, **said["data"])
        return 204

    def _take(self, said: dict[str, Any], *, meeting_id: str, **data: Any) -> None:
        numbers = self._numbers[meeting_id]
        numbers.add(said["sequence"])
        if said["type"] == "participant.left":
            self.left.add(data["session_id"])
        if said["type"] == "usage":  # the last of a meeting
            self._last[meeting_id] = said["sequence"]
        if len(numbers) == self._last.get(meeting_id):
            self.unfinished.discard(meeting_id)
        else:
            self.unfinished.add(meeting_id)

    def all_of(self, visitors: Visitors) -> bool:
        """Everybody's end has come, and of each meeting each number up to its last one."""
        return not self.unfinished and self.left.issuperset(visitors.heard)


def of_origins(told: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What was told of each, as it came for the first time."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    seen = set()
    for each in told:
        if each["type"].startswith("participant.") and each["id"] not in seen:
            seen.add(each["id"])
            found[each["data"]["origin"]].append(each)
    return found


@pytest.mark.parametrize(
    ("many", "webhooks"), [(40, 500), pytest.param(650, 10_000, marks=pytest.mark.slow)]
)
async def test_each_that_was_in_has_a_beginning_and_an_end(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], many: int, webhooks: int
) -> None:
    visitors, receiver = await run(tmp_path, unused_tcp_port_factory(), many)
    told = receiver.taken
    assert len({each["id"] for each in told}) >= webhooks
    assert receiver.refused > (len(told) + receiver.refused) / 4
    origins = of_origins(told)
    for origin, letters in origins.items():
        order = [(each["data"]["started_at"], each["sequence"]) for each in letters]
        assert order == sorted(order), origin
        words = [(each["type"], each["data"]["session_id"]) for each in letters]
        for begin, end in zip(words[::2], words[1::2], strict=True):
            assert (begin[0], end) == ("participant.joined", ("participant.left", begin[1]))
    ended = [each["data"] for letters in origins.values() for each in letters[1::2]]
    assert {each["session_id"] for each in ended}.issuperset(visitors.heard)
    assert len(ended) == len({each["session_id"] for each in ended})
    killed = [each for each in ended if each["reason"] == "end-of-life"]
    assert len(killed) >= LIVES - 1, "somebody was in each time that the server was killed"
    anew = max(origins.values(), key=len)
    assert len(anew) == 2 * (LIVES - 1), "one came anew from life to life"
