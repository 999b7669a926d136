"""stun_parse and stun_verify on anything."""

import hashlib
import hmac
from collections.abc import Hashable

from fastsfu._native.packet.stun import StunResult
from tests.fuzz.harness import fuzz
from tests.native.faces import stun
from tests.native.packet.test_stun_rfc5769 import PASSWORD, REQUEST, RESPONSE_IPV6
from tests.support.stun import request

CORPUS = [
    REQUEST,
    RESPONSE_IPV6,
    request(
        (0x0006, b"ours:theirs"), (0xC057, b"\0\1\0\2"), (0x802A, bytes(8)), (0x0025, b""),
        (0x0024, b"\x6e\x7f\x1e\xff"), password=PASSWORD,
    ),
]  # fmt: skip


def test_stun() -> None:
    fuzz("stun", read, CORPUS)


def read(datagram: bytes) -> Hashable:
    result, message = stun.parse(datagram)
    verified = stun.verify(datagram, PASSWORD)
    if message is None:
        return result
    assert message["transaction_id"] == datagram[8:20]
    assert (message["unknown_required"] != 0) == (result == StunResult.STUN_UNKNOWN_REQUIRED)
    if verified:
        assert message["integrity"] in signatures(datagram)
    return result, verified, *(key for key, value in message.items() if value)


def signatures(datagram: bytes) -> set[bytes]:
    """The right MESSAGE-INTEGRITY for each place where it could stand."""
    return {
        hmac.digest(
            PASSWORD,
            datagram[:2] + (end + 4).to_bytes(2, "big") + datagram[4:end],
            hashlib.sha1,
        )
        for end in range(20, len(datagram), 4)
        if datagram[end : end + 2] == b"\0\x08"
    }
