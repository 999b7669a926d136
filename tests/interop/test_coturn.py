"""coturn's own clients against our TURN server."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing

import pytest

from fastsfu._native.engine.engine import Engine
from fastsfu.transport.turn import credentials
from tests.native.turn.test_relay import LOOPBACK, open_engine
from tests.support.turn import SECRET

PACKETS = 40


@pytest.fixture
def engine() -> Iterator[Engine]:
    with closing(open_engine()) as engine:
        yield engine


@asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    """coturn's peer, which sends back what it gets; its port."""
    with socket.socket(type=socket.SOCK_DGRAM) as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *("turnutils_peer", "-L", LOOPBACK, "-p", str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


async def output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(60):
        return (await process.communicate())[0].decode()


def uclient(port: int, *options: str, password: str = "", expires_in: float = 1000) -> list[str]:
    """Its command line: one session of PACKETS packets of 1,000 bytes, without RTCP's port."""
    username, right = credentials(SECRET, "ada", time.time() + expires_in)
    common = f"-c -n {PACKETS} -l 1000 -z 5 -p {port} -u {username} -w {password or right}"
    return ["turnutils_uclient", *common.split(), *options, LOOPBACK]


async def test_data_goes_there_and_back(engine: Engine) -> None:
    """On channels, in indications, with DF, from relay to relay; several at a time."""
    async with echoing() as peer:
        to_peer = ("-e", LOOPBACK, "-r", str(peer))
        said = await asyncio.gather(
            output(*uclient(engine.port, *to_peer, "-m", "3")),
            output(*uclient(engine.port, *to_peer, "-s")),
            output(*uclient(engine.port, *to_peer, "-s", "-g")),
            output(*uclient(engine.extra_port or 0, "-y", "-m", "2")),
        )
    for text in said:
        assert "Total lost packets 0 (0.000000%)" in text, text
    counters = engine.counters()
    assert counters["turn_allocations_created"] >= 7  # each tries whether it can first
    assert counters["turn_packets_sent"] >= 7 * PACKETS
    assert counters["drop_turn_no_permission"] == counters["drop_turn_no_allocation"] == 0


async def test_the_common_secret_as_coturn_uses_it(engine: Engine) -> None:
    """`-W`: the client makes user name and password by the REST scheme itself."""
    async with echoing() as peer:
        command = f"turnutils_uclient -c -n 10 -z 5 -p {engine.port} -u ada -W {SECRET.decode()}"
        text = await output(*command.split(), "-e", LOOPBACK, "-r", str(peer), LOOPBACK)
    assert "Total lost packets 0 (0.000000%)" in text, text


@pytest.mark.parametrize(
    ("changes", "peer", "says"),
    [
        ({"password": "wrong"}, LOOPBACK, "Cannot complete Allocation"),
        ({"expires_in": -1}, LOOPBACK, "Cannot complete Allocation"),
        ({}, "10.0.0.1", "error 403"),
        ({}, "169.254.169.254", "error 403"),
    ],
)
async def test_refused(engine: Engine, changes: dict[str, object], peer: str, says: str) -> None:
    text = await output(*uclient(engine.port, "-e", peer, **changes))  # type: ignore[arg-type]
    assert says in text, text
    assert engine.counters()["turn_packets_sent"] == 0


async def test_a_pair_of_ports_is_refused(engine: Engine) -> None:
    """RFC 8656 section 7.2: without `-c` it wants the next port reserved, for RTCP."""
    command = uclient(engine.port, "-e", LOOPBACK)
    command.remove("-c")
    text = await output(*command)
    assert "error 508" in text, text
    assert engine.counters()["turn_allocations_created"] == 0


async def test_stunclient(engine: Engine) -> None:
    text = await output("turnutils_stunclient", "-p", str(engine.port), LOOPBACK)
    assert re.search(r"UDP reflexive addr: 127\.0\.0\.1:\d+", text), text


async def test_needs_no_browser(request: pytest.FixtureRequest) -> None:
    """Else `make test-sanitize` would leave all of this out, and so would `make test-fast`."""
    assert request.node.get_closest_marker("browser") is None
