"""Any order of packets and NACK ticks, against the slow tracker."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.loss import DUPLICATE_OR_OLD, Loss
from tests.native.media.test_loss import SlowLoss

# A packet is 3 bytes: its distance from the highest number (signed), ms since the last, what to ask
CORPUS = [
    bytes([1, 0, 0] * 20),
    bytes([1, 5, 0, 3, 5, 1, 255, 5, 0, 1, 60, 1, 1, 250, 1]),
    bytes([1, 0, 0, 127, 0, 1, 127, 0, 1, 127, 0, 1, 200, 0, 1]),
    bytes([4, 1, 0] + [1, 100, 3] * 14),
]


def test_loss() -> None:
    fuzz("loss", live, CORPUS, largest=600, inputs=5000)


def live(data: bytes) -> Hashable:
    loss, slow, now, new, outcomes = Loss(), SlowLoss(), 0, set(), set()
    for step, wait_ms, ask in zip(data[::3], data[1::3], data[2::3], strict=False):
        now += wait_ms * 1000
        number = max(0, max(slow.highest, 1000) + (step - 256 if step > 127 else step))
        verdict = loss.packet(number, now)
        assert verdict == slow.packet(number, now)
        if verdict != DUPLICATE_OR_OLD:
            assert number not in new
            new.add(number)
        outcomes.add(verdict)
        if ask & 1:
            rtt_us = (ask >> 1) * 10_000
            asked = loss.due(now, rtt_us)
            assert asked == slow.due(now, rtt_us)
            outcomes.add((len(asked[0]) > 1, asked[1]))
        assert loss.missing == sorted(slow.missing)
        assert loss.given_up == slow.given_up
    return frozenset(outcomes)
