"""worker/ingress to the socket: a frame of seven packets of 1,100 bytes to each receiver of a room.

The CPU time of a round divided by 7 and the receivers is the cost of a packet, with what the kernel
takes to send it to a socket of this machine that nobody reads."""

import struct
import time
from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.scenarios.call import Call
from tests.scenarios.flows import FRAME_US, VIDEO_PT, rtp
from tests.scenarios.ladder import Encoding, film_ladder, watch_ladder
from tests.scenarios.participant import Participant

PACKETS, ROUNDS = 7, 300
APART_US = 6_000  # between frames
PAYLOAD = b"\x11\x00\x00" + bytes(1090)  # of VP8, within a frame


def silent(call: Call, name: str) -> Participant:
    """A receiver that never tells what it gets, as before the first feedback: of one that falls
    silent the link may be gone, so that its packets leave one by one.
    """
    receiver = call.join(name)
    receiver.tells = False
    return receiver


def frames(call: Call, publisher: Participant) -> Iterator[list[bytes]]:
    """As the publisher's browser would go on."""
    camera = publisher.cameras[0]
    for frame in range(ROUNDS):
        ts = camera.timestamp(call.world.now_us + frame * FRAME_US)
        protected = []
        for place in range(PACKETS):
            number = struct.pack("!BHB", 0x31, publisher.transport_seq & 0xFFFF, 0)
            packet = rtp(
                VIDEO_PT, camera.seq, ts, camera.ssrc, PAYLOAD,
                marker=place == PACKETS - 1, extension=number,
            )  # fmt: skip
            protected.append(publisher.outward.protect(packet))
            publisher.transport_seq += 1
            camera.seq += 1
        yield protected


@pytest.mark.benchmark(timer=time.thread_time)
@pytest.mark.parametrize("receivers", [1, 10, 100])
@pytest.mark.parametrize("numbered", [False, True], ids=["plain", "transport-wide"])
def test_frame(benchmark: BenchmarkFixture, receivers: int, numbered: bool) -> None:
    call = Call(1)
    publisher = call.join("publisher")
    inbound = call.film(publisher)
    for place in range(receivers):
        call.watch(silent(call, f"receiver {place}"), inbound, numbered=numbered)
    call.run(1.5)
    before = call.world.counters()["packets_forwarded"]
    waiting = list(frames(call, publisher))

    def next_frame() -> tuple[tuple[list[bytes], tuple[str, int]], dict[str, None]]:
        call.world.stall(APART_US)
        return (waiting.pop(0), publisher.address), {}

    deliver = call.world.deliver
    benchmark.pedantic(deliver, setup=next_frame, rounds=ROUNDS)  # type: ignore[no-untyped-call]
    sent = call.world.counters()["packets_forwarded"] - before
    assert sent == ROUNDS * PACKETS * receivers


SMALLER = (2, 1)  # packets of the same frame in the smaller encodings


def ladder_frames(publisher: Participant, encodings: list[Encoding]) -> Iterator[list[bytes]]:
    """Frames of all encodings; of a single one those of the largest alone."""
    for _ in range(ROUNDS):
        protected = []
        for encoding, count in zip(reversed(encodings), (PACKETS, *SMALLER), strict=False):
            encoding.frame += 1
            encoding.ts = (encoding.ts + 3000) & 0xFFFFFFFF
            for index in range(count):
                packet = encoding._packet(index, count, False, 3 * 1090 // (1 + encoding.rung))
                protected.append(publisher.outward.protect(packet))
        yield protected


@pytest.mark.benchmark(timer=time.thread_time)
@pytest.mark.parametrize("encodings", [1, 3])
def test_frame_of_encodings(benchmark: BenchmarkFixture, encodings: int) -> None:
    """The largest of them to each of a hundred, who have come to it as their links let them."""
    call, receivers = Call(1), 100
    publisher = call.join("publisher")
    ladder, handles = film_ladder(call, publisher, encodings)
    for place in range(receivers):
        watch_ladder(call, silent(call, f"receiver {place}"), handles[-1], numbered=True)
    call.run(1.5)
    before = call.world.counters()["packets_forwarded"]
    waiting = list(ladder_frames(publisher, ladder))

    def next_frame() -> tuple[tuple[list[bytes], tuple[str, int]], dict[str, None]]:
        call.world.stall(APART_US)
        return (waiting.pop(0), publisher.address), {}

    deliver = call.world.deliver
    benchmark.pedantic(deliver, setup=next_frame, rounds=ROUNDS)  # type: ignore[no-untyped-call]
    sent = call.world.counters()["packets_forwarded"] - before
    assert sent == ROUNDS * PACKETS * receivers
