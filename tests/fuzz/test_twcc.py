"""Any arrival of transport-wide numbers, told in feedback that the slow decoder reads back."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.bwe.test_twcc import SlowTwcc, decode
from tests.native.faces.twcc import Twcc

# A packet is 4 bytes: distance from the highest number (16 bits, signed), wait, whether to write
CORPUS = [
    bytes([0, 1, 4, 0] * 60 + [0, 1, 4, 1]),
    bytes([0, 1, 4, 0, 0, 3, 255, 0, 255, 255, 1, 1, 0, 1, 9, 2]),
    bytes([0, 1, 0, 0, 100, 0, 0, 1, 255, 0, 200, 1]),
    bytes([0, 1, 255, 1, 0, 9, 255, 1] * 8),
]


def test_twcc() -> None:
    fuzz("twcc", live, CORPUS, largest=800, inputs=2500)


def live(data: bytes) -> Hashable:
    twcc, slow, now, count, outcomes = Twcc(), SlowTwcc(), 0, 0, set()
    for at in range(0, len(data) - 3, 4):
        jump = int.from_bytes(data[at : at + 2], "big", signed=True)
        now += data[at + 2] ** 3 * 3  # up to 50 s
        number = 0x30000 if slow.highest is None else slow.highest + jump
        slow.packet(number, now)
        twcc.packet(number & 0xFFFF, now)
        capacity = 64 + 8 * data[at + 3]
        while data[at + 3] & 1:
            packet = twcc.write(capacity)
            assert packet is None or len(packet) <= capacity
            if not slow.check(packet, count):
                break
            count += 1
            outcomes.add((min(decode(packet)[3], 4), len(packet) // 64))
    return frozenset(outcomes)
