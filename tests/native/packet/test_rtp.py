"""RTP headers, extensions and padding, against a slow parse and aiortc."""

import pytest
from aiortc import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces import rtp
from tests.support.rtp import slow_extensions, slow_parse

SEQ, TS, SSRC = st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)


@given(st.integers(0, 255), st.binary(max_size=120))
def test_any_bytes_as_the_slow_parse(first: int, rest: bytes) -> None:
    packet = bytes([first]) + rest
    assert rtp.parse(packet) == slow_parse(packet)


@given(st.binary(max_size=40))
def test_any_bytes_behind_a_good_beginning(rest: bytes) -> None:
    packet = b"\x90\x60" + bytes(10) + b"\xbe\xde\x00" + rest
    assert rtp.parse(packet) == slow_parse(packet)


@given(SEQ, TS, SSRC, st.integers(0, 127), st.booleans(), st.lists(SSRC, max_size=15))
def test_reads_what_aiortc_writes(
    seq: int, ts: int, ssrc: int, pt: int, marker: bool, csrc: list[int]
) -> None:
    theirs = RtpPacket(pt, int(marker), seq, ts, ssrc, payload=b"payload")
    theirs.csrc = csrc
    theirs.padding_size = 5
    packet = theirs.serialize()
    header = rtp.parse(packet)
    assert header is not None
    assert (header["pt"], header["marker"], header["seq"]) == (pt, marker, seq)
    assert (header["ts"], header["ssrc"]) == (ts, ssrc)
    assert header["header_size"] == 12 + 4 * len(csrc)
    assert rtp.payload_size(packet) == len(b"payload")


def packet_with(profile: int, elements: bytes, payload: bytes = b"") -> bytes:
    elements += bytes(-len(elements) % 4)
    length = (len(elements) // 4).to_bytes(2, "big")
    return b"\x90\x60" + bytes(10) + profile.to_bytes(2, "big") + length + elements + payload


@given(
    st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=6),
    st.permutations(range(rtp.KINDS)),
)
def test_one_byte_elements(values: dict[int, bytes], kinds: list[int]) -> None:
    elements = b"".join(
        bytes([element_id << 4 | len(value) - 1]) + value + b"\0"
        for element_id, value in values.items()
    )
    wanted = dict(zip(values, kinds, strict=False))
    found, whole = rtp.extensions(packet_with(0xBEDE, elements), wanted)
    assert whole
    assert found == {wanted[element_id]: values[element_id] for element_id in wanted}


@given(
    st.dictionaries(st.integers(1, 255), st.binary(min_size=1, max_size=255), max_size=6),
    st.permutations(range(rtp.KINDS)),
    st.integers(0, 15),
)
def test_two_byte_elements(values: dict[int, bytes], kinds: list[int], application: int) -> None:
    elements = b"".join(
        bytes([element_id, len(value)]) + value + b"\0" for element_id, value in values.items()
    )
    wanted = dict(zip(values, kinds, strict=False))
    found, whole = rtp.extensions(packet_with(0x1000 | application, elements), wanted)
    assert whole
    assert found == {wanted[element_id]: values[element_id] for element_id in wanted}


def test_extensions_that_aiortc_writes() -> None:
    names = {1: "ssrc-audio-level", 4: "sdes:mid"}
    offered = [
        RTCRtpHeaderExtensionParameters(id=id_, uri=f"urn:ietf:params:rtp-hdrext:{name}")
        for id_, name in names.items()
    ]
    ids = HeaderExtensionsMap()
    ids.configure(RTCRtpParameters(headerExtensions=offered))
    theirs = RtpPacket(111, 0, 1, 2, 3, payload=b"opus")
    theirs.extensions.mid = "video1"
    theirs.extensions.audio_level = (True, 30)
    found, whole = rtp.extensions(theirs.serialize(ids), {4: 0, 1: 4})
    assert whole
    assert found == {0: b"video1", 4: bytes([0x80 | 30])}


@pytest.mark.parametrize(
    ("profile", "elements", "found", "whole"),
    [
        (0xBEDE, b"\x10a\xf0x\x20b", {0: b"a"}, True),  # id 15 ends the reading (RFC 8285 4.2)
        (0xBEDE, b"\x10a\x03xxxx\x20b", {0: b"a"}, True),  # so does id 0 with a length
        (0xBEDE, b"\x10a\x0f\x20", {0: b"a"}, True),
        (0xBEDE, b"\x10a\x10b", {0: b"a"}, True),  # the first of a kind counts
        (0xBEDE, b"\x10a\x23b", {0: b"a"}, False),
        (0xBEDE, b"\0\0\0\x20", {}, False),
        (0x1000, b"\x01\x01a\0\x02\x01b", {0: b"a", 1: b"b"}, True),
        (0x1000, b"\x01\x00\x02\x01b", {1: b"b"}, True),  # empty is absent
        (0x1000, b"\0\0\0\x01", {}, False),
        (0x1000, b"\x01\x01a\x02\x04", {0: b"a"}, False),
        (0x1234, b"\x10a\x20b", {}, True),  # a profile that is not RFC 8285's
        (0x0000, b"\x10a\x20b", {}, True),
    ],
)
def test_corners(profile: int, elements: bytes, found: dict[int, bytes], whole: bool) -> None:
    assert rtp.extensions(packet_with(profile, elements), {1: 0, 2: 1}) == (found, whole)


@given(
    st.sampled_from([0xBEDE, 0x1000, 0x100F, 0xBEDF]),
    st.binary(max_size=60),
    st.dictionaries(st.integers(0, 255), st.integers(0, 255), max_size=20),
)
def test_any_elements_as_the_slow_parse(
    profile: int, elements: bytes, kinds: dict[int, int]
) -> None:
    packet = packet_with(profile, elements, b"\xee" * 20)
    assert rtp.extensions(packet, kinds) == slow_extensions(packet, kinds)


def test_packet_without_extension_has_none() -> None:
    assert rtp.extensions(b"\x80\x60" + bytes(30), {1: 0}) == ({}, True)


@pytest.mark.parametrize(
    ("tail", "size"),
    [
        (b"", -1),  # the P bit, and no byte that could count
        (b"\x01", 0),
        (b"abc\x00", -1),  # the count includes itself
        (b"abc\x01", 3),
        (b"abc\x04", 0),  # padding only, as Chromium probes
        (b"abc\x05", -1),
        (b"abc\xff", -1),
    ],
)
def test_padding(tail: bytes, size: int) -> None:
    assert rtp.payload_size(b"\xa0\x60" + bytes(10) + tail) == size


def test_without_padding_everything_is_payload() -> None:
    assert rtp.payload_size(b"\x80\x60" + bytes(10) + b"abc\xff") == 4
    assert rtp.payload_size(b"\x80\x60" + bytes(10)) == 0
