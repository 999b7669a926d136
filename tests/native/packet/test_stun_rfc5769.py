"""The test vectors of RFC 5769."""

from hashlib import md5
from ipaddress import ip_address

import pytest

from fastsfu._native.packet.stun import StunResult
from tests.native.faces import stun

PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")

REQUEST = bytes.fromhex(  # section 2.1
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
RESPONSE_IPV4 = bytes.fromhex(  # section 2.2
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)
RESPONSE_IPV6 = bytes.fromhex(  # section 2.3
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c"
)
REQUEST_LONG_TERM = bytes.fromhex(  # section 2.4
    "000100602112a44278ad3433c6ad72c029da412e"
    "00060012e3839ee38388e383aae38383e382afe382b90000"
    "0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b"
    "6578616d706c652e6f726700"
    "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666"
)


def test_request() -> None:
    result, message = stun.parse(REQUEST)
    assert result == StunResult.STUN_OK
    assert message["type"] == 0x0001
    assert message["transaction_id"] == TRANSACTION
    assert message["username"] == b"evtj:h6vY"
    assert message["priority"] == 0x6E0001FF
    assert message["ice_controlled"]
    assert not message["ice_controlling"]
    assert message["tie_breaker"] == 0x932FF9B151263B36
    assert message["has_fingerprint"]
    assert stun.verify(REQUEST, PASSWORD)


@pytest.mark.parametrize("response", [RESPONSE_IPV4, RESPONSE_IPV6])
def test_responses(response: bytes) -> None:
    result, message = stun.parse(response)
    assert result == StunResult.STUN_OK
    assert message["type"] == 0x0101
    assert message["has_fingerprint"]
    assert stun.verify(response, PASSWORD)


def test_request_with_long_term_credential() -> None:
    result, message = stun.parse(REQUEST_LONG_TERM)
    assert result == StunResult.STUN_OK
    assert message["username"].decode() == "マトリックス"
    key = md5("マトリックス:example.org:TheMatrIX".encode()).digest()
    assert stun.verify(REQUEST_LONG_TERM, key)


@pytest.mark.parametrize("vector", [REQUEST, RESPONSE_IPV4, RESPONSE_IPV6])
def test_every_flipped_bit_is_noticed(vector: bytes) -> None:
    for bit in range(8 * len(vector)):
        wrong = bytearray(vector)
        wrong[bit // 8] ^= 1 << bit % 8
        result, message = stun.parse(bytes(wrong))
        # A flip that makes FINGERPRINT another attribute leaves a message without one, but says so.
        assert result != StunResult.STUN_OK or not message["has_fingerprint"]


@pytest.mark.parametrize(
    ("address", "response"),
    [("192.0.2.1", RESPONSE_IPV4), ("2001:db8:1234:5678:11:2233:4455:6677", RESPONSE_IPV6)],
)
def test_our_mapped_address_is_theirs(address: str, response: bytes) -> None:
    ours = stun.write_success(TRANSACTION, ip_address(address).packed, 32853, PASSWORD)
    software = 16
    mapped = response[20 + software : -32]
    assert ours[20:-32] == mapped
