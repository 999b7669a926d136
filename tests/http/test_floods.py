"""Who floods meets a quota, and a call of two others goes on meanwhile."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from urllib.parse import urlsplit

import pytest_asyncio

from fastsfu.session.channel import MAX_RECEIVED, Channel
from fastsfu.session.channels import MAX_CHANNELS
from tests.support.aiortc_client import AiortcClient
from tests.support.calls import calling
from tests.support.domain_peer import until
from tests.support.messages_client import MessagesClient
from tests.support.server import LiveServer, live_server
from tests.support.turn import (
    ALLOCATE,
    CHANNEL_BIND,
    UDP,
    UdpClient,
    error_of,
    number,
    peer,
    plain,
)

QUOTA_REACHED, INSUFFICIENT_CAPACITY = 486, 508  # RFC 8656 section 17
TURN_CHANNELS = 32  # of one allocation
FRAMES = 15  # of each picture and voice while the flood lasts
ELSEWHERE = "127.0.0.2"  # as other hosts: to the server's own address come bridges of TCP
PAUSE = 0.001  # seconds between two bursts: a flood of the server, not of this machine


class Call:
    """Two who see and hear each other in the room "call"."""

    def __init__(self, server: LiveServer, clients: list[AiortcClient]) -> None:
        self.server = server
        self.sinks = [sink for client in clients for sink in client.sinks]

    async def goes_on(self) -> None:
        """Wait until each picture and voice has brought FRAMES more."""
        wanted = [(sink, sink.frames + FRAMES) for sink in self.sinks]
        what = "picture and sound during the flood"
        await until(what, lambda: all(sink.frames >= frames for sink, frames in wanted), 30)


@pytest_asyncio.fixture(loop_scope="session")
async def call() -> AsyncIterator[Call]:
    async with (
        live_server() as server,
        calling(server.url.rstrip("/"), "call", server.token("call")) as clients,
    ):
        yield Call(server, clients)


@asynccontextmanager
async def flooding(burst: Callable[[], None]) -> AsyncIterator[None]:
    """`burst` comes again and again, from another thread."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(PAUSE):
            burst()

    running = asyncio.create_task(asyncio.to_thread(run))
    try:
        yield
    finally:
        over.set()
        await running


async def test_allocations_and_their_channels(call: Call) -> None:
    async with call.server.caller("call") as eve:
        told = eve.joined["ice_servers"][0]
        port = urlsplit(told["urls"][0].replace("turn:", "turn://")).port
        assert port
        with ExitStack() as stack:
            flood = [
                stack.enter_context(closing(UdpClient(port, host=ELSEWHERE))) for _ in range(20)
            ]
            for each in flood:
                each.told = told["username"], told["credential"]
            asked = [each.request(ALLOCATE, UDP) for each in flood]
            codes = [error_of(each.ask(one)) for each, one in zip(flood, asked, strict=True)]
            assert codes == [0] * 16 + [QUOTA_REACHED] * 4
            first = flood[0]
            binds = [
                first.request(CHANNEL_BIND, number(0x4000 + n), peer("203.0.113.9", 1000 + n))
                for n in range(TURN_CHANNELS + 1)
            ]
            codes = [error_of(first.ask(each)) for each in binds]
            assert codes == [0] * TURN_CHANNELS + [INSUFFICIENT_CAPACITY]

            def burst() -> None:
                for each, one in zip(flood, asked, strict=True):
                    each.socket.send(one)
                    each.socket.send(plain(ALLOCATE, UDP))

            async with flooding(burst):
                await call.goes_on()
            assert call.server.sfu.counters()["turn_allocations"] == 16
            assert call.server.sfu.counters()["turn_requests_throttled"] > 0


async def test_messages(call: Call) -> None:
    async with call.server.socket() as one, call.server.socket() as other:
        eve, ben = MessagesClient(), MessagesClient()
        await eve.join(call.server, one, "call")
        await ben.join(call.server, other, "call")
        for _ in range(200):
            eve.send(*range(40))  # small, or sending them would take longer than the rate allows
        await ben.until(lambda: len(ben.got) >= 200)
        await call.goes_on()
        ben.send("not held up")
        await eve.until(lambda: "not held up" in eve.data())
        assert call.server.sfu.rooms.message_counts.received < eve.number / 2
        await eve.close()
        await ben.close()


async def test_channels(call: Call) -> None:
    held: list[Channel] = []
    room = call.server.sfu.rooms.get("call")
    assert room is not None
    room.on_channel = lambda _, channel: held.append(channel)
    async with call.server.socket() as socket:
        eve = MessagesClient()
        await eve.join(call.server, socket, "call")
        channels = [eve.connection.createDataChannel(str(each)) for each in range(MAX_CHANNELS + 8)]
        await eve.until(lambda: all(each.readyState in ("open", "closed") for each in channels))
        taken = [each for each in channels if each.readyState == "open"]
        assert len(taken) == len(held) == MAX_CHANNELS
        for each in taken:
            for _ in range(400):
                each.send(bytes(1000))
        await eve.until(lambda: max(len(each._received) for each in held) > MAX_RECEIVED)
        await call.goes_on()
        assert max(len(each._received) for each in held) <= MAX_RECEIVED + 4
        assert sum(each.bufferedAmount for each in taken) > 0, "it all was taken at once"
        await eve.close()
