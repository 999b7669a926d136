"""STUN messages: what is read, what is refused, what is written."""

import itertools
from ipaddress import ip_address
from secrets import token_bytes

import pytest
from aioice import stun as aioice_stun
from hypothesis import given
from hypothesis import strategies as st

from fastsfu._native.packet.stun import StunResult
from tests.native.faces import stun
from tests.support.stun import COOKIE, attribute, fingerprint, integrity, message, request

PASSWORD = b"0123456789abcdefghijklmn"
USERNAME = (0x0006, b"ours:theirs")


def test_full_request() -> None:
    datagram = request(
        USERNAME,
        (0xC057, b"\x00\x01\x00\x02"),  # Google's network cost
        (0x802A, bytes(range(8))),
        (0x0025, b""),
        (0x0024, b"\x6e\x7f\x1e\xff"),
        password=PASSWORD,
    )
    result, read = stun.parse(datagram)
    assert result == StunResult.STUN_OK
    assert read["username"] == b"ours:theirs"
    assert read["use_candidate"]
    assert read["ice_controlling"]
    assert not read["ice_controlled"]
    assert read["tie_breaker"] == 0x0001020304050607
    assert read["priority"] == 0x6E7F1EFF
    assert read["has_fingerprint"]
    assert stun.verify(datagram, PASSWORD)
    assert not stun.verify(datagram, PASSWORD[:-1] + b"!")
    assert not stun.verify(datagram, b"")


@given(st.binary(min_size=1, max_size=60), st.booleans(), st.integers(1, 2**32 - 1), st.booleans())
def test_reads_what_aioice_writes(
    username: bytes, controlling: bool, priority: int, nominate: bool
) -> None:
    theirs = aioice_stun.Message(
        message_method=aioice_stun.Method.BINDING, message_class=aioice_stun.Class.REQUEST
    )
    theirs.attributes["USERNAME"] = username.hex()
    theirs.attributes["PRIORITY"] = priority
    theirs.attributes["ICE-CONTROLLING" if controlling else "ICE-CONTROLLED"] = 77
    if nominate:
        theirs.attributes["USE-CANDIDATE"] = None
    theirs.add_message_integrity(PASSWORD)
    result, read = stun.parse(bytes(theirs))
    assert result == StunResult.STUN_OK
    assert read["username"] == username.hex().encode()
    assert read["priority"] == priority
    assert read["use_candidate"] == nominate
    assert (read["ice_controlling"], read["ice_controlled"]) == (controlling, not controlling)
    assert read["tie_breaker"] == 77
    assert stun.verify(bytes(theirs), PASSWORD)


@given(
    st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)),
    st.integers(0, 65535),
    st.binary(min_size=1, max_size=80),
)
def test_aioice_reads_our_success(address: object, port: int, password: bytes) -> None:
    transaction = token_bytes(12)
    packed = ip_address(str(address)).packed
    answer = stun.write_success(transaction, packed, port, password)
    assert len(answer) == (64 if len(packed) == 4 else 76)
    theirs = aioice_stun.parse_message(answer)
    assert theirs.check_message_integrity(password)
    assert theirs.transaction_id == transaction
    assert theirs.attributes["XOR-MAPPED-ADDRESS"] == (str(address), port)
    result, read = stun.parse(answer)
    assert result == StunResult.STUN_OK
    assert read["has_fingerprint"]
    assert stun.verify(answer, password)


@pytest.mark.parametrize(("code", "unknown"), [(487, 0), (400, 0), (420, 0x0077)])
def test_error_answer(code: int, unknown: int) -> None:
    answer = stun.write_error(b"abcdefghijkl", code, unknown, PASSWORD)
    theirs = aioice_stun.parse_message(answer)
    assert theirs.check_message_integrity(PASSWORD)
    assert theirs.attributes["ERROR-CODE"] == (code, "")
    result, read = stun.parse(answer)
    assert result == StunResult.STUN_OK
    assert (read["type"], read["error_code"]) == (0x0111, code)
    assert (attribute(0x000A, unknown.to_bytes(2, "big")) in answer) == bool(unknown)


def test_unknown_required_attribute_is_named_and_the_message_still_verified() -> None:
    datagram = request((0x0077, b"?"), (0x0078, b""), USERNAME, password=PASSWORD)
    result, read = stun.parse(datagram)
    assert result == StunResult.STUN_UNKNOWN_REQUIRED
    assert read["unknown_required"] == 0x0077
    assert read["username"] == b"ours:theirs"
    assert stun.verify(datagram, PASSWORD)


def test_known_attributes_without_meaning_here_are_no_error() -> None:
    known = [0x0001, 0x000A, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E, 0x0020]
    datagram = request(*((kind, b"some value") for kind in known), password=PASSWORD)
    assert stun.parse(datagram)[0] == StunResult.STUN_OK


def test_behind_integrity_only_the_fingerprint_counts() -> None:
    """RFC 8489 section 14.5: what stands there is not authenticated."""
    signed = integrity(message(attribute(*USERNAME)), PASSWORD)
    tail = attribute(0x0025, b"") + attribute(0x0024, b"1234") + attribute(0x0077, b"unknown")
    extended = fingerprint(message(signed[20:] + tail, transaction=signed[8:20]))
    result, read = stun.parse(extended)
    assert result == StunResult.STUN_OK
    assert not read["use_candidate"]
    assert read["priority"] == 0
    assert read["has_fingerprint"]
    assert stun.verify(extended, PASSWORD)


def test_first_of_repeated_attributes_counts() -> None:
    """RFC 8489 section 14."""
    datagram = request(
        (0x0006, b"first"), (0x0006, b"second"),
        (0x0024, b"\0\0\0\1"), (0x0024, b"\0\0\0\2"),
        (0x802A, bytes(8)), (0x8029, b"\1" * 8),
        password=PASSWORD,
    )  # fmt: skip
    read = stun.parse(datagram)[1]
    assert read["username"] == b"first"
    assert read["priority"] == 1
    assert (read["ice_controlling"], read["ice_controlled"]) == (True, False)
    assert read["tie_breaker"] == 0


def test_message_without_integrity_does_not_verify() -> None:
    datagram = fingerprint(message(attribute(*USERNAME)))
    assert stun.parse(datagram)[0] == StunResult.STUN_OK
    assert not stun.verify(datagram, PASSWORD)


def test_message_longer_than_a_buffer_does_not_verify() -> None:
    datagram = request((0x8000, bytes(4000)), password=PASSWORD)
    assert stun.parse(datagram)[0] == StunResult.STUN_OK
    assert not stun.verify(datagram, PASSWORD)


def test_wrong_fingerprint() -> None:
    datagram = request(USERNAME, password=PASSWORD)
    wrong = datagram[:-1] + bytes([datagram[-1] ^ 1])
    assert stun.parse(wrong) == (StunResult.STUN_BAD_FINGERPRINT, None)


def test_fingerprint_must_be_last() -> None:
    """RFC 8489 section 14.7."""
    datagram = fingerprint(message(b"")) + attribute(*USERNAME)
    longer = datagram[:2] + (len(datagram) - 20).to_bytes(2, "big") + datagram[4:]
    assert stun.parse(longer)[0] == StunResult.STUN_MALFORMED


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (0x0006, b"x" * 509),
        (0x0008, b"x" * 19),
        (0x0008, b"x" * 32),
        (0x0009, b"x"),
        (0x0024, b"x" * 3),
        (0x0024, b"x" * 8),
        (0x8028, b""),
        (0x8028, b"x" * 8),
        (0x8029, b"x" * 4),
        (0x802A, b""),
    ],
)
def test_attributes_of_impossible_size(kind: int, value: bytes) -> None:
    assert stun.parse(message(attribute(kind, value)))[0] == StunResult.STUN_MALFORMED


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\0\1\0\0" + COOKIE + bytes(11),
        b"\0\1\0\0" + bytes(16),  # without the cookie (RFC 3489)
        b"\x40\1\0\0" + COOKIE + bytes(12),  # the first two bits are 0
        b"\0\1\0\4" + COOKIE + bytes(12),  # shorter than it says
        b"\0\1\0\0" + COOKIE + bytes(16),  # longer than it says
        b"\0\1\0\3" + COOKIE + bytes(15),  # no multiple of 4
        message(b"\x80\x22\x00\x05abcd"),  # an attribute beyond the end
        message(b"\x80\x22\xff\xff"),
    ],
    ids=itertools.count(),  # not by the datagrams, whose transactions are random
)
def test_malformed(datagram: bytes) -> None:
    assert stun.parse(datagram) == (StunResult.STUN_MALFORMED, None)


def test_truncated_anywhere_is_malformed() -> None:
    datagram = request(USERNAME, (0x0025, b""), password=PASSWORD)
    for size in range(len(datagram)):
        assert stun.parse(datagram[:size])[0] == StunResult.STUN_MALFORMED


@given(st.binary(max_size=200))
def test_anything_behind_a_right_header(body: bytes) -> None:
    """Against a slow walk over the attributes."""
    body = body[: len(body) & ~3]
    datagram = message(body)
    offset, fits = 0, True
    while offset < len(body) and fits:
        size = int.from_bytes(body[offset + 2 : offset + 4], "big")
        fits = offset + 4 + size <= len(body)
        offset += 4 + (size + 3 & ~3)
    if not fits:
        assert stun.parse(datagram)[0] != StunResult.STUN_OK
    assert not stun.verify(datagram, PASSWORD)
