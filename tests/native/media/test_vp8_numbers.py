"""media/vp8_numbers: picture ids, TL0PICIDX and KEYIDX go on over switches and dropped layers."""

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.vp8_numbers import Vp8Numbers

LONG = 1 << 15


def packet(picture: int | None, tl0: int = 0, key: int = 0, tid: int = 0) -> bytes:
    """15-bit ids, as aiortc writes them always."""
    picture = None if picture is None else picture % LONG
    return bytes(VpxPayloadDescriptor(1, 0, picture, tl0 % 256, (tid, 0), key % 32)) + b"\x51"


def test_what_went_out_as_it_came_goes_on_so() -> None:
    numbers = Vp8Numbers(packet(7, 3, 1))
    assert numbers.map(packet(8, 4, 1)) == (8, 4, 1)
    assert numbers.map(packet(6, 3, 1)) == (6, 3, 1)


def test_another_source_goes_on_from_the_last_one() -> None:
    numbers = Vp8Numbers(packet(0x7FFF, 255, 31))
    numbers.start(packet(500, 9, 4))
    assert numbers.map(packet(500, 9, 4)) == (0, 0, 0)
    assert numbers.map(packet(501, 10, 4)) == (1, 1, 0)
    numbers.start(packet(70, 1, 30))
    assert numbers.map(packet(70, 1, 30)) == (2, 2, 1)


def test_dropped_pictures_leave_no_gap() -> None:
    numbers = Vp8Numbers(packet(10))
    numbers.skip(packet(11, tid=2))
    numbers.skip(packet(11, tid=2))  # its second packet
    assert numbers.map(packet(12)) == (11, 0, 0)
    numbers.skip(packet(13, tid=2))
    numbers.skip(packet(14, tid=1))
    assert numbers.map(packet(15)) == (12, 0, 0)
    assert numbers.map(packet(12)) == (11, 0, 0)  # again
    assert numbers.map(packet(13)) is None


def test_a_lost_picture_keeps_its_id() -> None:
    numbers = Vp8Numbers(packet(10))
    numbers.skip(packet(12, tid=2))
    assert numbers.map(packet(13)) == (12, 0, 0)
    assert numbers.map(packet(11)) == (11, 0, 0)


def test_the_rest_of_a_picture_may_be_dropped() -> None:
    numbers = Vp8Numbers(packet(10))
    assert numbers.map(packet(11)) == (11, 0, 0)
    numbers.skip(packet(11))
    assert numbers.map(packet(12)) == (12, 0, 0)


def test_a_late_packet_does_not_set_back_where_the_next_source_goes_on() -> None:
    numbers = Vp8Numbers(packet(10, 5, 1))
    numbers.map(packet(12, 7, 1))
    numbers.map(packet(11, 6, 1))
    numbers.start(packet(90, 40, 9))
    assert numbers.map(packet(90, 40, 9)) == (13, 8, 2)


def test_short_picture_ids_stay_below_128() -> None:
    def short(picture: int) -> bytes:
        return bytes([0x90, 0x80, picture, 0x51])

    numbers = Vp8Numbers(short(126))
    numbers.skip(short(127))
    assert numbers.map(short(0)) == (127, 0, 0)
    assert numbers.map(short(1)) == (0, 0, 0)
    numbers.start(packet(900))  # the next source has long ones
    assert numbers.map(packet(900))[0] % 128 == 1


@pytest.mark.parametrize("payload", [b"\x10\x51", bytes([0x90, 0x00, 0x51])])
def test_without_picture_ids_nothing_is_dropped(payload: bytes) -> None:
    numbers = Vp8Numbers(payload)
    numbers.skip(payload)
    numbers.start(payload)
    assert numbers.map(payload) is not None


@given(
    st.integers(0, LONG - 1),
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=200),
)
def test_no_gap_in_what_is_sent(first: int, life: list[tuple[int, bool, bool]]) -> None:
    """Pictures of three layers, of which those above 0 may be dropped; now and then the source is
    exchanged."""
    numbers, picture, tl0, key = Vp8Numbers(packet(first, 250, 30)), first, 250, 30
    sent = [(first, 250, 30)]
    for tid, dropped, exchanged in life:
        picture, tl0 = picture + 1, tl0 + (tid == 0)
        if exchanged:
            picture, tl0, key = picture * 7, tl0 * 3, key + 11
            numbers.start(packet(picture, tl0, key, tid))
        elif tid and dropped:
            numbers.skip(packet(picture, tl0, key, tid))
            continue
        before = sent[-1]
        now = numbers.map(packet(picture, tl0, key, tid))
        assert now[0] == (before[0] + 1) % LONG
        assert now[1] == (before[1] + (tid == 0 or exchanged)) % 256
        assert now[2] == (before[2] + exchanged) % 32
        assert numbers.map(packet(picture, tl0, key, tid)) == now
        sent.append(now)
