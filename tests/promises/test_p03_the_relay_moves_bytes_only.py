"""P3: a call through the TURN relay stays the two clients' own.

Two clients of a real server process whose only way to each other is its relay: what crosses is
encrypted, and neither what they say nor a key of theirs is anywhere in the server's memory.
"""

import asyncio
import ssl
from urllib.parse import urlsplit

import websockets
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)

from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.support.aiortc_client import Tone, client_tls
from tests.support.memory import find
from tests.support.secrets import keys_of
from tests.support.server import Socket

MARK = b"said between the two of us and to nobody else: "
TOKEN = Tokens(SECRET).sign("room")


async def relay_of(server: ServerProcess, tls: ssl.SSLContext) -> tuple[RTCIceServer, Socket]:
    """What `joined` tells a client of the relay by UDP; the session lives as long as the socket."""
    url = f"wss://127.0.0.1:{urlsplit(f'https://x:{server.port}').port}/v1/signal"
    connection = await websockets.connect(url, ssl=tls, subprotocols=["fastsfu.v1"])
    socket = Socket(connection)
    [told, *_] = (await socket.join("room", TOKEN))["ice_servers"]
    [by_udp, *_] = [each for each in told["urls"] if each.endswith("transport=udp")]
    return RTCIceServer(by_udp, told["username"], told["credential"]), socket


def relayed_only(description: RTCSessionDescription) -> RTCSessionDescription:
    """Without the candidates that are no relayed addresses."""
    lines = [
        line
        for line in description.sdp.splitlines(keepends=True)
        if not line.startswith("a=candidate") or " typ relay" in line
    ]
    assert any(" typ relay" in line for line in lines)
    return RTCSessionDescription("".join(lines), description.type)


async def test_the_relay_sees_only_ciphertext_and_holds_no_key() -> None:
    with ServerProcess() as server:
        servers = [await relay_of(server, client_tls()) for _ in range(2)]
        ada, bob = [RTCPeerConnection(RTCConfiguration([each])) for each, _ in servers]
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        bob.on("datachannel", lambda channel: channel.on("message", heard.put_nowait))
        channel = ada.createDataChannel("secret")
        ada.addTrack(Tone())
        await ada.setLocalDescription(await ada.createOffer())
        await bob.setRemoteDescription(relayed_only(ada.localDescription))
        await bob.setLocalDescription(await bob.createAnswer())
        await ada.setRemoteDescription(relayed_only(bob.localDescription))
        async with asyncio.timeout(30):
            while channel.readyState != "open":
                await asyncio.sleep(0.02)
            for number in range(50):
                channel.send(MARK + b"%d" % number)
            assert [await heard.get() for _ in range(50)][-1] == MARK + b"49"
        metrics = server.metrics()
        secrets = {"said": MARK, **keys_of(ada), **keys_of(bob)}
        found = await asyncio.to_thread(find, server.process.pid, {"t": TOKEN.encode(), **secrets})
        await asyncio.gather(ada.close(), bob.close())
        for _, socket in servers:
            await socket.connection.close()
    assert found.pop("t"), "the search finds nothing in ordinary memory"
    assert not any(found.values()), {name: places for name, places in found.items() if places}
    carried = len(MARK) * 50
    assert metrics["fastsfu_worker_turn_bytes_sent_total"] > carried
    assert metrics["fastsfu_worker_turn_bytes_received_total"] > carried
    assert metrics["fastsfu_worker_packets_forwarded_total"] == 0
