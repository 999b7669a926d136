"""The TURN server on anything: what is not authentic makes no allocation and moves no data."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.turn import Turn, channel_size
from tests.native.packet.test_stun_rfc5769 import REQUEST, REQUEST_LONG_TERM
from tests.native.turn.test_turn import CLIENT, PEER, Caller
from tests.support.turn import (
    ALLOCATE,
    CHANNEL_BIND,
    CREATE_PERMISSION,
    DATA,
    FAMILY,
    REFRESH,
    UDP,
    indication,
    lifetime,
    number,
    options,
    peer,
    plain,
)

OWNER = Caller(Turn(options()))
assert OWNER.ask(ALLOCATE, UDP) == 0
assert OWNER.ask(CREATE_PERMISSION, peer(*PEER)) == 0
STRANGER = ("198.51.100.200", 1)
SIGNED = {
    OWNER.request(ALLOCATE, UDP, (FAMILY, b"\1\0\0\0")),
    OWNER.request(REFRESH, lifetime(600)),
    OWNER.request(CREATE_PERMISSION, peer(*PEER), peer("2a00:1450::1")),
    OWNER.request(CHANNEL_BIND, number(0x4000), peer(*PEER)),
}
CORPUS = [
    *SIGNED,
    plain(ALLOCATE, UDP),
    indication(peer(*PEER), (DATA, b"hello")),
    b"\x40\0\0\5hello",
    REQUEST,
    bytes.fromhex("000300002112a44230010fbf34353637c0000032"),  # so short that no answer may be
    REQUEST_LONG_TERM,
]


def test_turn() -> None:
    fuzz("turn", read, CORPUS)


def read(datagram: bytes) -> Hashable:
    turn = OWNER.turn
    turn.now_us += 1000
    before = turn.allocations
    answer, sent = turn.receive(datagram, STRANGER)
    assert sent is None
    assert turn.allocations == before
    assert answer is None or len(answer) <= 3 * len(datagram)
    size = channel_size(datagram)
    assert size <= len(datagram) - 4 or size == -1
    mine, sent = turn.receive(datagram, CLIENT)
    assert sent is None or sent[1][0] == PEER[0]
    assert turn.allocations == before
    outcome = None if answer is None else answer[:2] + answer[24:28]
    return outcome, None if mine is None else mine[:2] + mine[24:28], sent is None
