"""Two of our SCTP ends over a pipe in memory that loses, doubles and reorders, by a seed."""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsfu._native.engine import channels
from tests.native.faces.sctp import MAX_PACKET, Association, checksummed, handle_timers


def crc32c(data: bytes) -> int:
    """RFC 9260 appendix A, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Pipe:
    """Both ends, and what happens to packets between them."""

    def __init__(self, *, loss: float = 0.0, seed: int = 0, max_message: int = 65536) -> None:
        self.ends = [Association(5000, max_message), Association(5000, max_message)]
        self.chance = random.Random(seed)
        self.loss = loss
        self.events: list[list[tuple]] = [[], []]
        self.packets: list[bytes] = []

    def connect(self) -> "Pipe":
        loss, self.loss = self.loss, 0.0
        for end in self.ends:
            assert end.connect()
        self.run()
        assert [events.pop(0) for events in self.events] == [("up",), ("up",)]
        self.loss = loss
        return self

    def step(self) -> bool:
        """Carry what waits one way and the other; False: nothing did."""
        moved = False
        for near in (0, 1):
            packets = self.ends[near].take()
            self.packets += packets
            moved = moved or bool(packets)
            for packet in self._mangled(packets):
                self.ends[1 - near].receive(packet)
            self.events[1 - near] += self.ends[1 - near].read()
        return moved

    def run(self, until: Callable[[], bool] | None = None) -> None:
        """Until it holds, or just while packets go to and fro; usrsctp times by the real clock."""
        last = time.monotonic()
        limit = last + 20
        while self.step() or (until is not None and not until()):
            now = time.monotonic()
            assert now < limit, "nothing came any more"
            if now - last >= 0.01:
                handle_timers(round((now - last) * 1000))
                last = now

    def got(self, end: int) -> list[bytes]:
        return [event[3] for event in self.events[end] if event[0] == "message"]

    def close(self) -> None:
        for end in self.ends:
            end.close()

    def _mangled(self, packets: list[bytes]) -> list[bytes]:
        kept = [p for p in packets if self.chance.random() >= self.loss]
        if self.loss:
            kept += [p for p in kept if self.chance.random() < self.loss]
            self.chance.shuffle(kept)
        return kept


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe().connect()
    yield pipe
    pipe.close()


def test_packets_are_checksummed_and_fit_into_dtls(pipe: Pipe) -> None:
    assert crc32c(b"123456789") == 0xE3069283
    pipe.ends[0].send(1, bytes(10_000))
    pipe.run()
    for packet in pipe.packets:
        zeroed = packet[:8] + bytes(4) + packet[12:]
        assert packet[8:12] == crc32c(zeroed).to_bytes(4, "little")
    assert 1000 < max(map(len, pipe.packets)) <= MAX_PACKET


def test_a_packet_with_a_wrong_checksum_is_nothing(pipe: Pipe) -> None:
    pipe.ends[0].send(1, b"x")
    (packet,) = pipe.ends[0].take()
    pipe.ends[1].receive(packet[:-1] + b"\xff")
    assert pipe.ends[1].read() == []
    pipe.run(lambda: pipe.got(1) == [b"x"])


def test_a_parameter_without_length_is_no_endless_loop(pipe: Pipe) -> None:
    """usrsctp 0.9.5 would walk it for ever."""
    init = next(packet for packet in pipe.packets if packet[12] == 1)
    for length in (0, 3, 200):
        broken = init[:34] + length.to_bytes(2, "big") + init[36:]
        pipe.ends[1].receive(checksummed(broken))
        assert pipe.ends[1].take() == []


@settings(max_examples=20)
@given(
    st.lists(st.integers(1, 60_000) | st.integers(1, 3000), min_size=1, max_size=30),
    st.integers(0, 2**32),
)
def test_messages_arrive_whole_and_in_order(sizes: list[int], seed: int) -> None:
    transfer(sizes, seed, 0.0)


@pytest.mark.parametrize("seed", range(3))
def test_messages_arrive_whole_once_and_in_order_over_a_bad_path(seed: int) -> None:
    transfer([10, 1500, 40_000, 1, 20_000, 200] * 3, seed, 0.1)


def transfer(sizes: list[int], seed: int, loss: float) -> None:
    pipe = Pipe(loss=loss, seed=seed).connect()
    chance = random.Random(seed)
    messages = [chance.randbytes(size) for size in sizes]
    for message in messages:
        while pipe.ends[0].send(7, message, 51) != "sent":
            pipe.run(lambda: pipe.ends[0].writable)
    pipe.run(lambda: len(pipe.got(1)) == len(messages))
    try:
        assert pipe.got(1) == messages
        assert {event[1:3] for event in pipe.events[1]} == {(7, 51)}
    finally:
        pipe.close()


def test_lossy_messages_may_be_missing_but_stop_nothing() -> None:
    pipe = Pipe(loss=0.3, seed=4).connect()
    for number in range(200):
        pipe.ends[0].send(3, bytes([number]), 53, True, 0)
        pipe.step()
    pipe.loss = 0.0
    pipe.ends[0].send(3, b"last")
    pipe.run(lambda: pipe.got(1)[-1:] == [b"last"])
    got = [message for message in pipe.got(1) if message != b"last"]
    assert 20 <= len(got) < 200
    assert len(set(got)) == len(got)
    pipe.close()


def test_a_full_buffer_refuses_and_says_when_there_is_some_room(pipe: Pipe) -> None:
    sent = 0
    while (result := pipe.ends[0].send(0, bytes(10_000))) == "sent":
        sent += 1
    assert result == "no room"
    assert 10 <= sent <= 27
    while pipe.ends[0].send(0, b"x") == "sent":
        sent += 1
    assert not pipe.ends[0].writable
    pipe.run(lambda: pipe.ends[0].writable and len(pipe.got(1)) == sent)


def test_who_is_not_read_closes_the_window_and_holds_the_sender() -> None:
    pipe = Pipe().connect()
    for _ in range(26):
        pipe.ends[0].send(0, bytes(10_000))
    for _ in range(200):
        for near in (0, 1):
            for packet in pipe.ends[near].take():
                pipe.ends[1 - near].receive(packet)
    assert pipe.ends[0].send(0, bytes(200_000)) == "no room"
    got = pipe.ends[1].read()
    assert 10 <= len(got) < 26
    pipe.run(lambda: len(got) + len(pipe.got(1)) == 26)
    pipe.close()


@pytest.mark.parametrize("size", [1001, 70_000, 200_000])
def test_a_message_that_is_too_large_is_dropped_alone(size: int) -> None:
    pipe = Pipe(max_message=1000).connect()
    pipe.ends[0].send(1, bytes(size))
    pipe.ends[0].send(1, b"next")
    pipe.run(lambda: pipe.events[1] == [("too large",), ("message", 1, 53, b"next")])
    pipe.close()


def test_streams_are_reset_and_used_again(pipe: Pipe) -> None:
    pipe.ends[0].send(5, b"before")
    assert pipe.ends[0].reset(5)
    pipe.run(lambda: ("reset", [5]) in pipe.events[1])
    assert pipe.ends[0].send(5, b"after") == "sent"
    pipe.run(lambda: pipe.got(1) == [b"before", b"after"])


def test_an_abort_is_told_and_what_is_sent_then_refused(pipe: Pipe) -> None:
    pipe.ends[0].close()
    for packet in pipe.ends[0].take():
        pipe.ends[1].receive(packet)
    assert pipe.ends[1].read() == [("down",)]
    assert pipe.ends[1].send(0, b"x") == "refused"


def test_associations_belong_to_one_thread(pipe: Pipe) -> None:
    errors: list[str] = []

    def elsewhere() -> None:
        try:
            Association()
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert errors == ["SCTP associations live in one thread of a process"]


def test_ticks_are_as_long_as_usrsctp_counts() -> None:
    assert channels.TICK_SECONDS == 0.01
