"""The load generator measures itself right: a sender wired straight to its receivers."""

import secrets
import socket

import numpy as np
import pytest
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi

from benchmarks.load import trace as traces
from benchmarks.load.peer import srtp_addresses
from benchmarks.load.player import Player

PROFILE = Policy.SRTP_PROFILE_AEAD_AES_128_GCM


def session(key: bytes, kind: int) -> Session:
    return Session(Policy(key, kind, srtp_profile=PROFILE))


def address(one: Session) -> int:
    return int(ffi.cast("uintptr_t", one._srtp[0]))


@pytest.fixture
def wire():
    """A player whose sender reaches its only receiver without a server; the receiver's key."""
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for end in ends:
        end.bind(("127.0.0.1", 0))
    ends[0].connect(ends[1].getsockname())
    ends[1].connect(ends[0].getsockname())
    yield ends
    for end in ends:
        end.close()


def play(wire: list[socket.socket], receiver_key: bytes | None = None) -> tuple:
    key = secrets.token_bytes(28)
    outbound = [session(key, Policy.SSRC_ANY_OUTBOUND) for _ in range(2)]
    inbound = [session(k, Policy.SSRC_ANY_INBOUND) for k in (key, receiver_key or key)]
    player = Player(1, srtp_addresses())
    player.set_sender(wire[0].fileno(), address(outbound[0]), address(inbound[0]), b"\0" * 20)
    player.add_receiver(wire[1].fileno(), address(outbound[1]), address(inbound[1]), b"\0" * 20)
    trace = traces.load("vp9_720p", audio=True)
    player.set_trace(trace.rows, trace.period_us, (1, 2), (111, 98), (48000, 90000))
    player.run(0.1)
    player.open_window()
    player.run(0.5)
    sent = player.close_window()
    player.run(0.05)
    received, _ = player.report()
    return sent, received[0], player.latency_histogram()


def test_counts_what_arrives(wire: list[socket.socket]) -> None:
    sent, received, latency = play(wire)
    assert min(sent) > 0
    assert received.tolist() == [*sent, 0, 0, 0, 0]
    assert latency.sum() == sum(sent)
    assert np.flatnonzero(latency).size > 1


def test_notices_a_wrong_key(wire: list[socket.socket]) -> None:
    sent, received, latency = play(wire, secrets.token_bytes(28))
    assert received[3] >= sum(sent) > 0
    assert received[:2].tolist() == [0, 0]
    assert latency.sum() == 0


@pytest.mark.parametrize("name", traces.names())
def test_traces_begin_with_a_frame(name: str) -> None:
    trace = traces.load(name, audio=True)
    video = trace.rows[trace.rows["stream"] == traces.VIDEO]
    assert video["first"][0]
    assert np.array_equal(video["first"][1:], video["marker"][:-1])
    assert (np.diff(trace.rows["time_us"]) >= 0).all()
    assert trace.period_us > trace.rows["time_us"][-1]
