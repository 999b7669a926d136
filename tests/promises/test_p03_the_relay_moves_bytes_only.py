"""P3: a call through the TURN relay stays the two clients' own.

Two clients of a real server process whose only way to each other is its relay: what crosses is
encrypted and goes on as it came, and neither what they say nor a key of theirs is anywhere in the
server's memory.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import websockets
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtp import is_rtcp

from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.support.aiortc_client import Tone, client_tls
from tests.support.calls import calling
from tests.support.domain_peer import until
from tests.support.memory import find
from tests.support.secrets import keys_of, masters_of, sent_by
from tests.support.server import Socket
from tests.support.tap import LOOPBACK, relayed, tapped

MARK = b"said between the two of us and to nobody else: "
PIECE = 40  # bytes of a packet that no other memory holds by chance
TOKEN = Tokens(SECRET).sign("room")


async def test_the_relay_sees_only_ciphertext_and_holds_no_key() -> None:
    with ServerProcess() as server:
        async with talking(server, server.port, server.port) as clients:
            metrics = server.metrics()
            secrets = {"said": MARK, **keys_of(clients[0]), **keys_of(clients[1])}
            search = {"t": TOKEN.encode(), **secrets}
            found = await asyncio.to_thread(find, server.process.pid, search)
    assert found.pop("t"), "the search finds nothing in ordinary memory"
    assert not any(found.values()), {name: places for name, places in found.items() if places}
    least = len(MARK) * 50
    assert metrics["fastsfu_worker_turn_bytes_sent_total"] > least
    assert metrics["fastsfu_worker_turn_bytes_received_total"] > least
    assert metrics["fastsfu_worker_packets_forwarded_total"] == 0


async def test_what_is_captured_goes_on_as_it_came_and_opens_for_the_two_clients_alone() -> None:
    """While the same two are on the SFU, too: so the server does have keys of theirs."""
    with ServerProcess() as server:
        async with (
            calling(server.url, "room", TOKEN) as on_the_sfu,
            tapped(server.port) as by_ada,
            tapped(server.port) as by_bob,
            talking(server, by_ada.port, by_bob.port) as (ada, bob),
        ):
            servers_keys = [key for each in on_the_sfu for key in masters_of(each.connection)]
            clients_keys = masters_of(ada)
            await until(
                "sound in both directions",
                lambda: all(len(media_of(tap.received)) > 100 for tap in (by_ada, by_bob)),
            )
            said = [payloads_of(connection) for connection in (ada, bob)]
            crossed = pieces_of(by_ada.received + by_bob.received)
            stored = find(server.process.pid, {"token": TOKEN.encode(), **crossed})
    assert stored.pop("token"), "the search finds nothing in ordinary memory"
    # What came last still stands where it was received and gathered; nothing else does.
    assert sum(map(bool, stored.values())) < len(stored) / 2
    for way_in, way_out, known in ((by_ada, by_bob, said[0]), (by_bob, by_ada, said[1])):
        plain = [MARK, *(payload for payload in known.values() if len(payload) > 16)]
        captured = way_in.sent + way_out.received
        assert not any(each in datagram for each in plain for datagram in captured)
        came, went = Counter(carried(way_in.sent)), Counter(carried(way_out.received))
        assert not went - came, "changed, invented or doubled on its way"
        media = media_of(way_out.received)
        assert not any(key.opens(media) for key in servers_keys)
        # And yet it can be opened: by the key of the one direction, to what was said.
        opened, nothing = sorted((key.opens(media) for key in clients_keys), key=len, reverse=True)
        assert (len(opened), len(nothing)) == (len(media), 0)
        common = opened.keys() & known.keys()
        assert len(common) > 10
        assert all(opened[seq] == known[seq] for seq in common)


def carried(datagrams: list[bytes]) -> list[bytes]:
    """What they have within their TURN framing."""
    return [data for each in datagrams if (data := relayed(each)) is not None]


def media_of(datagrams: list[bytes]) -> list[bytes]:
    """The SRTP packets of it (RFC 7983 section 7)."""
    return [each for each in carried(datagrams) if 127 < each[0] < 192 and not is_rtcp(each)]


def pieces_of(datagrams: list[bytes]) -> dict[str, bytes]:
    """The ends of its SRTP packets, as they were encrypted."""
    return {f"packet {n}": packet[-PIECE:] for n, packet in enumerate(media_of(datagrams))}


def payloads_of(connection: RTCPeerConnection) -> dict[int, bytes]:
    """What it has sent of late, by sequence number, as it was before SRTP."""
    packets = [packet for each in connection.getTransceivers() for packet in sent_by(each)]
    return {packet.sequence_number: packet.payload for packet in packets}


@asynccontextmanager
async def talking(
    server: ServerProcess, *relay_ports: int
) -> AsyncIterator[tuple[RTCPeerConnection, RTCPeerConnection]]:
    """Two who talk through the relay, at these ports of the loopback; MARK has been said 50 times
    by data channel.
    """
    async with AsyncExitStack() as stack:
        ada, bob = [await relayed_connection(server, port, stack) for port in relay_ports]
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        bob.on("datachannel", lambda channel: channel.on("message", heard.put_nowait))
        for connection in (ada, bob):
            connection.addTrack(Tone())
        channel = ada.createDataChannel("secret")
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
        yield ada, bob


async def relayed_connection(
    server: ServerProcess, relay_port: int, stack: AsyncExitStack
) -> RTCPeerConnection:
    """One with the credentials that `joined` tells, which comes to the relay by `relay_port`."""
    url = f"wss://{LOOPBACK}:{server.port}/v1/signal"
    signaling = websockets.connect(url, ssl=client_tls(), subprotocols=["fastsfu.v1"])
    socket = Socket(await stack.enter_async_context(signaling))
    [told, *_] = (await socket.join("room", TOKEN))["ice_servers"]
    relay = RTCIceServer(
        f"turn:{LOOPBACK}:{relay_port}?transport=udp", told["username"], told["credential"]
    )
    configuration = RTCConfiguration([relay], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    connection = RTCPeerConnection(configuration)
    stack.push_async_callback(connection.close)
    return connection


def relayed_only(description: RTCSessionDescription) -> RTCSessionDescription:
    """Without the candidates that are no relayed addresses."""
    lines = [
        line
        for line in description.sdp.splitlines(keepends=True)
        if not line.startswith("a=candidate") or " typ relay" in line
    ]
    assert any(" typ relay" in line for line in lines)
    return RTCSessionDescription("".join(lines), description.type)
