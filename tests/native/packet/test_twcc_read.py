"""packet/twcc's reader, against packets written by hand from the draft
(draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1) and its slow decoder."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.bwe.test_twcc import decode
from tests.native.faces.twcc import STATUSES_READ, Twcc, read

LOST, SMALL, LARGE, RESERVED = range(4)


def run_length(symbol, count):
    return symbol << 13 | count


def vector(symbols, bits):
    places = 14 // bits
    assert len(symbols) == places
    chunk = 0x8000 if bits == 1 else 0xC000
    for i, symbol in enumerate(symbols):
        chunk |= symbol << (places - 1 - i) * bits
    return chunk


def feedback(base, count, chunks, deltas=b"", reference=1, padding=True):
    body = struct.pack("!IIHH", 1, 2, base & 0xFFFF, count)
    body += (reference & 0xFFFFFF).to_bytes(3, "big") + b"\0"
    body += b"".join(chunk.to_bytes(2, "big") for chunk in chunks) + deltas
    fill = -len(body) % 4
    return struct.pack("!BBH", 0x8F, 205, (len(body) + fill) // 4) + body + bytes(fill)


def test_a_run_of_small_deltas():
    packet = feedback(65_534, 4, [run_length(SMALL, 4)], bytes([0, 4, 255, 1]))
    assert read(packet) == [(65_534, 256), (65_535, 260), (0, 515), (1, 516)]


@pytest.mark.parametrize("statuses", [1, 3, 4])
def test_padded_as_libwebrtc_does(statuses):
    """With the P bit, by 1 to 3 bytes, where RFC 3550 section 6.4.1 wants whole words."""
    packet = bytearray(feedback(9, statuses, [run_length(SMALL, statuses)], bytes(statuses)))
    packet[0] |= 0x20
    packet[-1] = -(2 + statuses) % 4
    assert read(bytes(packet)) == [(9 + i, 256) for i in range(statuses)]


def test_a_run_of_lost_ones():
    assert read(feedback(7, 3, [run_length(LOST, 3)])) == [(7, None), (8, None), (9, None)]


def test_large_and_negative_deltas():
    deltas = struct.pack("!hhh", 0x7FFF, -0x8000, -5)
    assert read(feedback(0, 3, [run_length(LARGE, 3)], deltas)) == [
        (0, 256 + 0x7FFF), (1, 255), (2, 250),
    ]  # fmt: skip


def test_a_vector_of_one_bit_symbols():
    symbols = [SMALL, LOST, SMALL, SMALL, *[LOST] * 10]
    packet = feedback(10, 5, [vector(symbols, 1)], bytes([1, 2, 3]))
    assert read(packet) == [(10, 257), (11, None), (12, 259), (13, 262), (14, None)]


def test_a_vector_of_two_bit_symbols():
    symbols = [LARGE, LOST, SMALL, LOST, LOST, LOST, SMALL]
    packet = feedback(10, 7, [vector(symbols, 2)], struct.pack("!hBB", -6, 1, 2))
    assert [at for _, at in read(packet)] == [250, None, 251, None, None, None, 253]


def test_chunks_of_all_kinds_in_one():
    chunks = [run_length(LOST, 2), vector([SMALL] * 14, 1), run_length(0, 0), run_length(LARGE, 1)]
    packet = feedback(0, 17, chunks, bytes(14) + struct.pack("!h", 3))
    assert [at for _, at in read(packet)] == [None, None, *[256] * 14, 259]


def test_the_reference_time_is_modulo_2_to_the_32():
    packet = feedback(0, 2, [run_length(SMALL, 2)], bytes([255, 1]), reference=0xFFFFFF)
    assert [at for _, at in read(packet)] == [0xFFFFFFFF, 0]


@pytest.mark.parametrize(
    "packet",
    [
        feedback(0, 1, []),  # no chunk
        feedback(0, 4, [run_length(LARGE, 4)], bytes(4)),  # half of the deltas
        feedback(0, 15, [vector([SMALL] * 14, 1)], bytes(20)),  # one status too many
        feedback(0, 7, [vector([RESERVED, *[LOST] * 6], 2)], bytes(8)),
        feedback(0, 1, [run_length(RESERVED, 1)], bytes(8)),
        feedback(0, STATUSES_READ + 1, [run_length(LOST, STATUSES_READ + 1)]),
        feedback(0, 65_535, [run_length(LOST, 8191)] * 9),
        feedback(0, 5, [run_length(0, 0)] * 6),
        bytes.fromhex("8fcd0002 00000001 00000002"),  # ends before the statuses
        bytes.fromhex("81cd0005 00000001 00000002 00000001 00000100 20010000"),  # a NACK
    ],
)
def test_what_is_not_whole_is_refused(packet):
    assert read(packet) is None


def test_as_many_as_are_read_at_most():
    packet = feedback(0, STATUSES_READ, [run_length(LOST, STATUSES_READ)])
    assert len(read(packet)) == STATUSES_READ


def test_no_status_at_all_is_nothing():
    assert read(feedback(3, 0, [])) == []


packets = st.lists(
    st.tuples(st.integers(1, 9), st.one_of(st.integers(0, 3000), st.integers(-9000, 300_000))),
    min_size=1,
    max_size=150,
)


@given(packets, st.integers(0, 0xFFFF), st.integers(64, 1300), st.integers(1, 100))
def test_what_our_own_writer_tells(life, start, capacity, at_a_time):
    twcc, number, now_us = Twcc(), start, 1_000_000
    for jump, wait_us in life:
        number, now_us = number + jump, max(0, now_us + wait_us)
        twcc.packet(number & 0xFFFF, now_us)
    while (packet := twcc.write(capacity)) is not None:
        base, arrivals, _, _ = decode(packet)
        expected = [
            ((base + i) & 0xFFFF, None if at is None else at & 0xFFFFFFFF)
            for i, at in enumerate(arrivals)
        ]
        assert read(packet, at_a_time) == expected
