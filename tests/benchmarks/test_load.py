"""The load generator measures itself right: a sender wired straight to its receivers."""

import contextlib
import secrets
import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi

from benchmarks.load import trace as traces
from benchmarks.load.floor import forward
from benchmarks.load.peer import srtp_addresses
from benchmarks.load.player import Player
from benchmarks.load.sends import measure

PROFILE = Policy.SRTP_PROFILE_AEAD_AES_128_GCM


def session(key: bytes, kind: int) -> Session:
    return Session(Policy(key, kind, srtp_profile=PROFILE))


def address(one: Session) -> int:
    return int(ffi.cast("uintptr_t", one._srtp[0]))


@pytest.fixture
def wire() -> Iterator[list[socket.socket]]:
    """A sender's and a receiver's socket, without a server in between."""
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for end in ends:
        end.bind(("127.0.0.1", 0))
    ends[0].connect(ends[1].getsockname())
    ends[1].connect(ends[0].getsockname())
    yield ends
    for end in ends:
        end.close()


@pytest.fixture
def idle() -> Iterator[socket.socket]:
    """The socket of a receiver to whom nobody sends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        yield one


class Rig:
    """A player with a trace to play, its sender wired to the last of its receivers."""

    def __init__(
        self,
        wire: list[socket.socket],
        receiver_key: bytes | None = None,
        idle: socket.socket | None = None,
    ) -> None:
        key = secrets.token_bytes(28)
        self.sessions = [session(key, Policy.SSRC_ANY_OUTBOUND) for _ in range(2)]
        self.sessions += [session(k, Policy.SSRC_ANY_INBOUND) for k in (key, receiver_key or key)]
        sender_out, receiver_out, sender_in, receiver_in = map(address, self.sessions)
        self.player = Player(2, srtp_addresses())
        self.player.add_sender(wire[0].fileno(), sender_out, sender_in, b"", (1, 2))
        for end in [idle, wire[1]] if idle else [wire[1]]:
            self.player.add_receiver(end.fileno(), receiver_out, receiver_in, b"")
        trace = traces.load("vp9_720p", audio=True)
        rates = (48000, 90000)
        self.player.set_trace(trace.rows, trace.period_us, (111, 98), rates)

    def play(self) -> tuple[list[int], list[list[int]]]:
        """Warm up, pause, play; what was sent and, for each receiver, what came of it."""
        self.player.run(0.1)
        self.player.drain()
        self.player.open_window()
        self.player.run(0.5)
        (sent,) = self.player.close_window()
        self.player.drain()
        return sent, self.player.report()[0].tolist()


def test_counts_what_arrives(wire: list[socket.socket]) -> None:
    rig = Rig(wire)
    sent, received = rig.play()
    assert min(sent) > 0
    assert received == [[*sent, 0, 0, 0, 0]]
    latency = rig.player.latency_histogram()
    assert latency.sum() == sum(sent)
    assert np.flatnonzero(latency).size > 1


def test_notices_a_wrong_key(wire: list[socket.socket]) -> None:
    rig = Rig(wire, secrets.token_bytes(28))
    sent, received = rig.play()
    assert received == [[0, 0, 0, sum(sent), 0, 0]]
    assert rig.player.latency_histogram().sum() == 0


def test_sends_nothing_while_it_drains(wire: list[socket.socket]) -> None:
    rig = Rig(wire)
    rig.player.run(0.1)
    rig.player.drain()
    rig.player.open_window()
    deadline = time.monotonic() + 0.1
    while time.monotonic() < deadline:
        rig.player.drain()
    assert rig.player.close_window() == [[0, 0]]


def test_consent_is_renewed_for_everybody(ends: list[socket.socket]) -> None:
    server, *clients = ends[:4]
    player = Player(2, srtp_addresses())
    for client in clients:
        client.connect(server.getsockname())
    player.add_sender(clients[0].fileno(), 0, 0, b"first", (1, 2))
    for client, check in zip(clients[1:], (b"second", b"third"), strict=True):
        player.add_receiver(client.fileno(), 0, 0, check)
    player.renew()
    assert [server.recv(99) for _ in clients] == [b"first", b"second", b"third"]


def test_plays_as_many_senders_as_it_is_told(wire: list[socket.socket]) -> None:
    key = secrets.token_bytes(28)
    way = session(key, Policy.SSRC_ANY_OUTBOUND)
    player = Player(1, srtp_addresses(), 2)
    for number in range(2):
        ssrcs = (2 * number + 1, 2 * number + 2)
        player.add_sender(wire[0].fileno(), address(way), address(way), b"", ssrcs)
    trace = traces.load("vp9_720p", audio=True)
    player.set_trace(trace.rows, trace.period_us, (111, 98), (48000, 90000))
    sent = []
    for playing in (1, 2, 1):
        player.play(playing)
        player.open_window()
        player.run(0.3)
        sent.append([sum(kinds) for kinds in player.close_window()])
    assert [other for _, other in sent][::2] == [0, 0]
    assert all(0 < packets < 200 for packets in [*sent[0], *sent[1], *sent[2]] if packets)
    assert sent[1][1] > 0


def test_counts_what_the_kernel_drops(wire: list[socket.socket], idle: socket.socket) -> None:
    rig = Rig(wire, idle=idle)
    rig.player.drop_except(1)
    sent, received = rig.play()
    assert received == [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, sum(sent)]]


@pytest.mark.parametrize(("first_sender", "senders"), [(0, 2), (0, 1), (1, 1)])
def test_tells_the_senders_of_its_room_from_others(
    wire: list[socket.socket], first_sender: int, senders: int
) -> None:
    keys = [secrets.token_bytes(28) for _ in range(2)]
    ways = [session(key, Policy.SSRC_ANY_OUTBOUND) for key in keys]
    arriving = session(keys[0], Policy.SSRC_ANY_INBOUND)
    player = Player(1, srtp_addresses(), 2)
    for number in range(2):  # both through one socket, as one BUNDLE brings them
        way = address(ways[0])
        player.add_sender(wire[0].fileno(), way, way, b"", (2 * number + 1, 2 * number + 2))
    arrival = address(arriving)
    player.add_receiver(wire[1].fileno(), address(ways[1]), arrival, b"", first_sender, senders)
    trace = traces.load("vp9_720p", audio=True)
    player.set_trace(trace.rows, trace.period_us, (111, 98), (48000, 90000))
    player.open_window()
    player.run(0.5)
    sent = player.close_window()
    player.drain()
    ours = [sum(kind) for kind in zip(*sent[first_sender : first_sender + senders], strict=True)]
    strangers = sum(map(sum, sent)) - sum(ours)
    assert min(map(min, sent)) > 0
    assert sent[0] != sent[1]  # each plays from a place of its own
    assert player.report()[0].tolist() == [[*ours, 0, 0, strangers, 0]]


def rtp(second: int, ssrc: int, size: int) -> bytes:
    return bytes([0x80, second, *bytes(6), *ssrc.to_bytes(4, "big")]).ljust(size)


@pytest.fixture
def ends() -> Iterator[list[socket.socket]]:
    """Five sockets on loopback ports."""
    with contextlib.ExitStack() as stack:
        ends = [
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(5)
        ]
        for end in ends:
            end.bind(("127.0.0.1", 0))
        yield ends


def ports(ends: list[socket.socket]) -> list[int]:
    return [end.getsockname()[1] for end in ends]


@pytest.mark.parametrize("gso", [True, False])
def test_the_floor_sends_every_frame_to_its_room(ends: list[socket.socket], gso: bool) -> None:
    taker, sender, *receivers = ends
    rooms = [ports(receivers[:2]), ports(receivers[2:])]
    sender.connect(taker.getsockname())
    rtcp, stranger = rtp(201, 2, 100), rtp(0xE0, 9, 100)
    first, last, voice = rtp(0x60, 2, 900), rtp(0xE0, 2, 899), rtp(111, 3, 80)
    for packet in (rtcp, stranger, first, last, voice, first):
        sender.send(packet)
    assert forward(taker.fileno(), rooms, 1, gso) == 2 * 2 + 1
    for end in receivers[:2]:
        assert [len(end.recv(2000)) for _ in range(2)] == [900, 900]
    assert len(receivers[2].recv(2000)) == 80
    for end in receivers:
        with pytest.raises(BlockingIOError):
            end.recv(2000, socket.MSG_DONTWAIT)


def test_single_sends_go_every_way(ends: list[socket.socket]) -> None:
    one, *connected, receiver = ends[:4]
    for end in connected:
        end.connect(receiver.getsockname())
    to = ports([receiver, receiver])
    found = measure(one.fileno(), [end.fileno() for end in connected], to, 99, 2)
    assert sorted(found) == ["connected", "sendmmsg", "sendto"]
    assert min(found.values()) > 0
    assert [len(receiver.recv(2000)) for _ in range(12)] == [99] * 12
    with pytest.raises(BlockingIOError):
        receiver.recv(2000, socket.MSG_DONTWAIT)
    with pytest.raises(ValueError, match="size is 0"):
        measure(one.fileno(), [], to, 0, 1)


@pytest.mark.parametrize("name", traces.names())
def test_traces_begin_with_a_frame(name: str) -> None:
    trace = traces.load(name, audio=True)
    video = trace.rows[trace.rows["stream"] == traces.VIDEO]
    assert video["first"][0]
    assert np.array_equal(video["first"][1:], video["marker"][:-1])
    assert (np.diff(trace.rows["time_us"]) >= 0).all()
    assert trace.period_us > trace.rows["time_us"][-1]
