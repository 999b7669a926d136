"""Any bytes as transport-wide feedback: read within its bounds, or refused whole."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.estimator import Estimator
from tests.native.faces.twcc import STATUSES_READ, read
from tests.native.packet.test_twcc_read import feedback, run_length, vector

CORPUS = [
    feedback(65_534, 4, [run_length(1, 4)], bytes([0, 4, 255, 1])),
    feedback(0, 3, [run_length(2, 3)], b"\x7f\xff\x80\x00\xff\xfb"),
    feedback(9, 17, [run_length(0, 2), vector([1] * 14, 1), run_length(2, 1)], bytes(16)),
    feedback(10, 7, [vector([2, 0, 1, 0, 0, 0, 1], 2)], bytes(4)),
    feedback(0, 2000, [run_length(0, 2000)]),
]


def test_twcc_read() -> None:
    fuzz("twcc_read", take, CORPUS)


def take(data: bytes) -> Hashable:
    found = read(data, 1 + len(data) % 70)
    if found is None:
        return None
    assert len(found) <= STATUSES_READ
    assert all(
        number == (found[0][0] + i) & 0xFFFF and (at is None or 0 <= at < 1 << 32)
        for i, (number, at) in enumerate(found)
    )
    estimator = Estimator(0, first=found[0][0] if found else 0)
    for _ in found[:100]:
        estimator.sends(1000, 1000)
    estimator.feedback(found, 200_000)
    received = [at for _, at in found if at is not None]
    return min(len(found), 20), min(len(received), 20), estimator.bps > 300_000
