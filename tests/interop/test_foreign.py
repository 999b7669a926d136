"""Foreign WebRTC implementations by WHIP and WHEP: frames counted at the far end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from fastsfu.errors import RequestError
from fastsfu.session.channels import Channel
from fastsfu.session.session import Session
from fastsfu.transport.addresses import reachable_addresses
from tests.interop import table
from tests.interop.foreign import (
    PEERS,
    Connection,
    ForeignError,
    Process,
    built,
    far_end,
    film,
    running,
)
from tests.support.aiortc_client import Sink
from tests.support.lossy import Wire, lossy
from tests.support.page import until
from tests.support.server import LiveServer, live_server

CLIENTS = ("@roamhq/wrtc", "node-datachannel", "werift")
PION = "pion/webrtc"  # is built first: among the slow ones
GSTREAMER = "GStreamer webrtcbin"  # is started by Debian's Python
# libdatachannel's ICE has no restart, and werift sends no checks after one.
RESTARTING = ("@roamhq/wrtc", PION)
ENOUGH = 10
FRAMES = f"{ENOUGH} frames"
LOSS = 0.04


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[LiveServer]:
    async with live_server(workers=1) as server:
        yield server


@pytest.fixture(scope="session")
def film_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with film(tmp_path_factory.mktemp("film")) as path:
        yield path


@pytest_asyncio.fixture(loop_scope="session")
async def client(
    request: pytest.FixtureRequest, film_path: Path, server: LiveServer, tmp_path: Path
) -> AsyncIterator[Process]:
    """The adapter of the implementation that the test is about."""
    certificate = tmp_path / "server.pem"
    certificate.write_bytes(server.certificate.pair.chain)
    adapter = request.param.rpartition("/")[2]
    command = ["node", str(PEERS / "main.mjs"), adapter, str(film_path)]
    if request.param == PION:
        command = [str(await built(PEERS / "pion")), str(film_path)]
    if request.param == GSTREAMER:
        command = ["/usr/bin/python3", str(PEERS / "gstreamer.py")]
    async with running(command, NODE_EXTRA_CA_CERTS=str(certificate)) as process:
        process.name = request.param
        table.note(process.name, version=process.version)
        yield process


@pytest_asyncio.fixture(loop_scope="session")
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


class Case:
    """A client's connections in a room of their own, and what is seen of them."""

    def __init__(self, client: Process, server: LiveServer, room: str, stack: AsyncExitStack):
        self.client, self.server, self.room, self._stack = client, server, room, stack

    async def publishes(self, **what: Any) -> tuple[Connection, list[Sink]]:
        """One that publishes, and what decodes that at the far end."""
        publisher = await self._connect("whip", publish=True, **what)
        return publisher, await self._stack.enter_async_context(
            far_end(self.server, f"whep/{self.room}")
        )

    async def watches(self, **what: Any) -> Connection:
        return await self._connect("whep", watch=True, **what)

    async def wire(self, seed: int) -> Wire:
        """One to the server that loses; at an address that also libnice takes."""
        (engine,), (host, *_) = self.server.sfu.engines, reachable_addresses("0.0.0.0")
        return await self._stack.enter_async_context(lossy(engine.port, LOSS, seed, host))

    async def _connect(self, protocol: str, **what: Any) -> Connection:
        connection = Connection(self.client, self.server, self.room)
        await connection.connect(f"{protocol}/{self.room}", **what)
        self._stack.push_async_callback(connection.close)
        return connection

    def note(self, **cells: str) -> None:
        table.note(self.client.name, **cells)


@pytest.fixture
def case(client: Process, server: LiveServer, room: str, stack: AsyncExitStack) -> Case:
    return Case(client, server, room, stack)


def each_of(*clients: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("client", clients, indirect=True)


@each_of(*CLIENTS)
async def test_publishes_watches_and_talks(case: Case) -> None:
    await publish_watch_and_talk(case)


@pytest.mark.slow
@each_of(PION, GSTREAMER)
async def test_others_publish_watch_and_talk(case: Case) -> None:
    await publish_watch_and_talk(case)


async def publish_watch_and_talk(case: Case) -> None:
    case.server.sfu.rooms.create(case.room).on_channel = echo
    publisher, sinks = await case.publishes(channels=["first", "unwanted"])
    await enough_at(sinks)
    case.note(publishes=FRAMES)
    await enough_of(await case.watches())
    case.note(watches=FRAMES)
    await channel_is(publisher, "first", "open", [])
    await publisher.ask("say", label="first", text="hello")
    await channel_is(publisher, "first", "open", ["hello back"])
    await channel_is(publisher, "unwanted", "closed", [])
    case.note(data_channels="answered, refused")


@each_of("whip-whep")
async def test_browser_library_publishes_and_watches(case: Case) -> None:
    """It speaks HTTP itself: ETag, trickle, and where the session is."""
    server, room, token = case.server, case.room, case.server.token(case.room)
    client = case.client
    await client.ask("publish", peer="a", url=f"{server.url}v1/whip/{room}", token=token)
    async with far_end(server, f"whep/{room}") as sinks:
        await enough_at(sinks)
    case.note(publishes=FRAMES)
    await client.ask("view", peer="b", url=f"{server.url}v1/whep/{room}", token=token)

    async def watched() -> bool:
        return int((await client.ask("state", peer="b"))["frames"]) >= ENOUGH

    await until("frames in the browser library", watched)
    case.note(watches=FRAMES, trickle="yes", data_channels="not in it")
    await client.ask("stop", peer="b")
    await client.ask("stop", peer="a")
    assert room not in server.sfu.rooms, "both have ended their sessions by DELETE"


@pytest.mark.slow
@each_of("whip-whep")
async def test_browser_library_goes_on_with_loss(case: Case) -> None:
    server, room, client = case.server, case.room, case.client
    token = server.token(room)
    for peer, verb, protocol in (("a", "publish", "whip"), ("b", "view", "whep")):
        wire = await case.wire(seed=ord(peer))
        url = f"{server.url}v1/{protocol}/{room}"
        await client.ask(verb, peer=peer, url=url, token=token, candidate=wire.candidate)

    async def more_frames(count: int) -> None:
        before = int((await client.ask("state", peer="b"))["frames"])

        async def came() -> bool:
            return int((await client.ask("state", peer="b"))["frames"]) >= before + count

        await until("frames in the browser library", came)

    await more_frames(5 * ENOUGH)
    case.note(**{"4_%_loss": f"{5 * ENOUGH} frames each way"})
    # It puts a comma between the candidates of the answer; with one alone it would get along.
    with pytest.raises(ForeignError, match="Invalid SDP line"):
        await client.ask("restart", peer="a")
    case.note(ICE_restart="breaks down by itself")
    for peer in ("b", "a"):
        await client.ask("stop", peer=peer)


@pytest.mark.slow
@each_of(*CLIENTS, PION, GSTREAMER)
async def test_trickles(case: Case) -> None:
    """The offer has no candidates; they come by PATCH (RFC 9725 section 4.3.2)."""
    _, sinks = await case.publishes(trickle=True)
    player = await case.watches(trickle=True)
    await enough_at(sinks)
    await enough_of(player)
    case.note(trickle="yes")


@pytest.mark.slow
@each_of(*RESTARTING)
async def test_goes_on_after_an_ice_restart(case: Case) -> None:
    publisher, sinks = await case.publishes()
    await enough_at(sinks)
    player = await case.watches()
    await enough_of(player)
    for connection in (publisher, player):
        session = session_of(case, connection)
        paths: list[str] = []
        session.path.on_path = paths.append  # type: ignore[method-assign]
        await connection.restart()
        await until("a path with the new credentials", lambda paths=paths: found(paths))
        await enough_at(sinks)
        await enough_of(player)
    case.note(ICE_restart="yes, both ways")


@pytest.mark.slow
@each_of(*CLIENTS, PION, GSTREAMER)
async def test_goes_on_with_loss(case: Case) -> None:
    wires = [await case.wire(seed) for seed in (1, 2)]
    publisher, sinks = await case.publishes(wire=wires[0], channels=["lossy"])
    player = await case.watches(wire=wires[1])
    await enough_at(sinks, 5 * ENOUGH)
    await enough_of(player, 5 * ENOUGH)
    await channel_is(publisher, "lossy", "closed", [])
    assert all(wire.lost for wire in wires)
    case.note(**{"4_%_loss": f"{5 * ENOUGH} frames each way"})


async def found(paths: list[str]) -> bool:
    return bool(paths)


def session_of(case: Case, connection: Connection) -> Session:
    room = case.server.sfu.rooms.get(case.room)
    assert room is not None
    etag = connection.etag.strip('"')
    return next(s for s in room.sessions.values() if s.ice and s.ice.ufrag == etag)


def echo(session: Session, channel: Channel) -> None:
    if channel.label == "unwanted":
        raise RequestError("Not here.")

    async def answer() -> None:
        async for message in channel:
            await channel.send(f"{message} back")

    channel.task = asyncio.create_task(answer())  # type: ignore[attr-defined]


async def channel_is(connection: Connection, label: str, state: str, got: list[str]) -> None:
    async def is_so() -> bool:
        seen = await connection.channel(label)
        return (seen["state"], seen["got"]) == (state, got)

    await until(f"the channel {label} to be {state} and to have got {got}", is_so)


async def enough_at(sinks: list[Sink], more: int = ENOUGH) -> None:
    """Wait for so many more decoded frames at the far end."""
    before = sum(sink.frames for sink in sinks)

    async def came() -> bool:
        return sum(sink.frames for sink in sinks) >= before + more

    await until(f"{more} frames at the far end", came)


async def enough_of(player: Connection, more: int = ENOUGH) -> None:
    """Wait for so many more frames in an implementation."""
    before = await player.frames()

    async def came() -> bool:
        return await player.frames() >= before + more

    await until(f"{more} frames in {player.name}", came)
